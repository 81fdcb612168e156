/** What came in of events (R4.12), as the server remembers it since its start. */
import { body, GET, type Schemas } from './client'

type Minute = Schemas['EventRate']
export type Rejection = Schemas['KeptRejection']

/** The last 60 whole minutes and the present one, the oldest first. */
export async function rates(workspaceId: string, signal: AbortSignal): Promise<Minute[]> {
  const params = { path: { workspaceId } }
  return (await body(GET('/api/workspaces/{workspaceId}/events/rates', { params, signal }))).items
}

/** The last 100, the newest first. */
export async function rejections(workspaceId: string, signal: AbortSignal): Promise<Rejection[]> {
  const params = { path: { workspaceId } }
  return (await body(GET('/api/workspaces/{workspaceId}/events/rejections', { params, signal }))).items
}

/** Whether nothing of a workspace was ever scored and no account is known: whoever looks at it has yet to begin. */
export async function isUntouched(workspaceId: string, signal: AbortSignal): Promise<boolean> {
  const params = { path: { workspaceId }, query: { limit: 1 } }
  const [conversations, accounts] = await Promise.all([
    body(GET('/api/workspaces/{workspaceId}/conversations', { params, signal })),
    body(GET('/api/workspaces/{workspaceId}/accounts', { params, signal })),
  ])
  return conversations.data.length === 0 && accounts.data.length === 0
}

export const total = (minutes: Minute[], what: 'accepted' | 'duplicates' | 'rejected') =>
  minutes.reduce((sum, minute) => sum + minute[what], 0)
