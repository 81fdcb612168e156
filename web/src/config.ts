/** What counts as low in a workspace, and when that pauses the AI (R3.8). */
import { body, GET, type Schemas } from './api/client'
import { isSettings, query, type Query } from './query.svelte'

/** A query of the component that calls this. */
export const configOf = (workspaceId: string): Query<Schemas['CsatConfig']> =>
  query(
    (signal) => body(GET('/api/workspaces/{workspaceId}/csat-config', { params: { path: { workspaceId } }, signal })),
    isSettings,
  )
