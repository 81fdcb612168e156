/** What the list of conversations is narrowed to, as the address has it. */
import { addressOf } from '../../api/client'
import type { paths } from '../../api/schema'
import { range } from '../../range.svelte'
import { route } from '../../router.svelte'

export type Filters = NonNullable<paths['/api/workspaces/{workspaceId}/conversations']['get']['parameters']['query']>

/** Filters beside the period and the order. */
export const names = [
  'low',
  'resolved',
  'reopened',
  'minConfidence',
  'minScore',
  'maxScore',
  'channel',
  'intent',
  'modelVersion',
] as const
export type Name = (typeof names)[number]
/** Those behind "More filters". */
export const rare: Name[] = ['reopened', 'minConfidence', 'minScore', 'maxScore', 'channel', 'intent', 'modelVersion']

/** The orders that people ask for. */
export const orders = {
  newest: 'scoredAt-desc',
  oldest: 'scoredAt-asc',
  lowest: 'composite-asc',
  highest: 'composite-desc',
}
export type Order = keyof typeof orders

const number = (name: Name) => {
  const value = Number(route.query.get(name) || NaN)
  return Number.isNaN(value) ? undefined : value
}
const text = (name: Name) => route.query.get(name) || undefined

export function order(): Order {
  const sort = route.query.get('sort') === 'composite' ? 'composite' : 'scoredAt'
  const way = route.query.get('order') ?? (sort === 'composite' ? 'asc' : 'desc')
  return (Object.keys(orders) as Order[]).find((name) => orders[name] === `${sort}-${way}`) ?? 'newest'
}

export function filters(): Filters {
  const [sort, way] = orders[order()].split('-') as ['scoredAt' | 'composite', 'asc' | 'desc']
  return {
    low: route.flag('low'),
    resolved: route.flag('resolved'),
    reopened: route.flag('reopened'),
    minConfidence: number('minConfidence'),
    minScore: number('minScore'),
    maxScore: number('maxScore'),
    channel: text('channel'),
    intent: text('intent'),
    modelVersion: text('modelVersion'),
    ...range.bounds,
    sort,
    order: way,
  }
}

/** The same list as an address, for CSV. */
export const path = () => addressOf(`/api/workspaces/${route.workspace}/conversations`, filters())
