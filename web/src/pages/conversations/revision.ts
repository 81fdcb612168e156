/** A scoring of before, of a route that the OpenAPI document is about to have. */
export interface Revision {
  at: string
  position: number
  compositeScore: number
  outcomeScore: number
  processScore: number
  environmentScore: number
  confidence: number
  signalCount: number
  overridden: boolean
  modelVersion: string
}
