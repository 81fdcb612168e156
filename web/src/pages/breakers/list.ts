/** What a breaker stops, and the lists of breakers. */
import { addressOf, body, GET, type Schemas } from '../../api/client'
import { route } from '../../router.svelte'

export type ScopeKind = 'account' | 'workspace' | 'channel' | 'intent'
/** Of `account:acc_<uuid>`, `workspace:ws_<uuid>`, `channel:<name>` or `intent:<name>` what stands first. */
export const scopeKind = (scopeKey: string) => scopeKey.split(':')[0] as ScopeKind

export type Tab = 'active' | 'resolved' | 'all'
export const tabs: Tab[] = ['active', 'resolved', 'all']
/** Of the active ones those that nobody has come first. */
const ACTIVE: Schemas['BreakerState'][] = ['triggered', 'acknowledged']
/** Pages without a row may come one after another (R7.5). */
const MOST_EMPTY_PAGES = 20

type Query = { from?: string; to?: string; scopeKey?: string }
type Page = Schemas['BreakerPage']

/** The states that are asked for one after another; undefined: all in one list. */
const statesOf = (tab: Tab) => (tab === 'active' ? ACTIVE : [tab === 'resolved' ? tab : undefined])

/** A page of the list behind a tab; a cursor of ours names the list that it goes on with. */
export async function breakers(tab: Tab, query: Query, cursor: string | undefined, signal: AbortSignal): Promise<Page> {
  const states = statesOf(tab)
  const [at = '0', inside = ''] = (cursor ?? '').split(/:(.*)/s)
  let [index, next] = [Number(at), inside || undefined]
  const data: Schemas['BreakerRow'][] = []
  for (let pages = 0; pages < MOST_EMPTY_PAGES && index < states.length; pages++) {
    const page = await one({ ...query, state: states[index], cursor: next }, signal)
    data.push(...page.data)
    next = page.nextCursor
    if (next === undefined) index += 1
    else if (data.length > 0) break
  }
  return index < states.length ? { data, nextCursor: `${index}:${next ?? ''}` } : { data }
}

const one = (query: Query & { state?: Schemas['BreakerState']; cursor?: string }, signal: AbortSignal) =>
  body(
    GET('/api/workspaces/{workspaceId}/quality/circuit-breakers/history', {
      params: { path: { workspaceId: route.workspace! }, query },
      signal,
    }),
  )

/** The same lists as addresses, for CSV. */
export function paths(tab: Tab, query: Query): string[] {
  const states = statesOf(tab)
  const path = `/api/workspaces/${route.workspace}/quality/circuit-breakers/history`
  return states.map((state) => addressOf(path, { ...query, state }))
}
