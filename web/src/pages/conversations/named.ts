/** Members of the API that the OpenAPI document is about to have. */
import type { Schemas } from '../../api/client'

export type Named<T> = T & { accountName?: string | null }
export type Explanation = Named<Schemas['ConversationExplanation']> & {
  accountId?: string | null
  channel?: string | null
  intent?: string | null
  resolved?: boolean
  reopened?: boolean
}
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
