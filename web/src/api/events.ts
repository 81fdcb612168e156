/** What came in of events (R4.12), as the server remembers it since its start. */
import { base, body, GET, request } from './client'

export interface Minute {
  minute: string
  accepted: number
  duplicates: number
  rejected: number
}
export interface Rejection {
  at: string
  code: string
  error: string
  pointer: string | null
  type: string | null
  requestId: string
}

async function items<T>(workspace: string, what: string, signal: AbortSignal): Promise<T[]> {
  const response = await request(`${base}/api/workspaces/${workspace}/events/${what}`, { signal })
  return ((await response.json()) as { items: T[] }).items
}

/** The last 60 whole minutes and the present one, the oldest first. */
export const rates = (workspace: string, signal: AbortSignal) => items<Minute>(workspace, 'rates', signal)
/** The last 100, the newest first. */
export const rejections = (workspace: string, signal: AbortSignal) => items<Rejection>(workspace, 'rejections', signal)

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
