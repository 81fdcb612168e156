/** What the list of accounts is narrowed to, and its order, as the address has them. */
import { addressOf } from '../../api/client'
import type { paths } from '../../api/schema'
import { route } from '../../router.svelte'

type Query = NonNullable<paths['/api/workspaces/{workspaceId}/accounts']['get']['parameters']['query']>

/** Filters beside the order. */
export const names = ['risk', 'paused', 'q'] as const
export const orders = ['churnRisk', 'composite', 'name', 'lastScoredAt'] as const
/** Risks that people ask for together. */
export const risks = ['critical,high', 'critical', 'high', 'medium', 'low'] as const
const known = ['critical', 'high', 'medium', 'low'] as const

export function filters(): Query {
  const asked = (route.query.get('risk') ?? '').split(',')
  const risk = known.filter((risk) => asked.includes(risk))
  return {
    sort: orders.find((order) => order === route.query.get('sort')) ?? 'churnRisk',
    risk: risk.length ? risk : undefined,
    paused: route.flag('paused'),
    q: route.query.get('q') || undefined,
  }
}

/** The same list as an address, for CSV. */
export const path = (workspace: string) => addressOf(`/api/workspaces/${workspace}/accounts`, filters())
