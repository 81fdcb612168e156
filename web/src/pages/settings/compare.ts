/** The breakers that tripped beside those that would have. */
import type { Schemas } from '../../api/client'

export type Tripped = Schemas['TrippedBreaker']
/** One of both, or a breaker that is in one of them only. */
export interface Pair {
  scopeKey: string
  accountName: string | null
  asIs: Tripped | null
  whatIf: Tripped | null
}

const end = ({ resolvedAt }: Tripped) => (resolvedAt ? Date.parse(resolvedAt) : Infinity)
const overlap = (one: Tripped, other: Tripped) =>
  Date.parse(one.triggeredAt) <= end(other) && Date.parse(other.triggeredAt) <= end(one)
const latest = ({ asIs, whatIf }: Pair) =>
  [asIs?.triggeredAt ?? '', whatIf?.triggeredAt ?? ''].reduce((one, other) => (one > other ? one : other))

/** Two of a scope that were active at the same time are one that tripped sooner or later. Newest first. */
export function pairs(asIs: Tripped[], whatIf: Tripped[]): Pair[] {
  const left = new Map<string, Tripped[]>()
  for (const each of whatIf) left.set(each.scopeKey, [...(left.get(each.scopeKey) ?? []), each])
  const take = (of: Tripped, fits: (other: Tripped) => boolean): Tripped | null => {
    const others = left.get(of.scopeKey) ?? []
    const at = others.findIndex(fits)
    return at < 0 ? null : (others.splice(at, 1)[0] ?? null)
  }
  const equal = asIs.map((of) => take(of, ({ triggeredAt }) => triggeredAt === of.triggeredAt))
  const known: Pair[] = asIs.map((of, index) => ({
    scopeKey: of.scopeKey,
    accountName: of.accountName,
    asIs: of,
    whatIf: equal[index] ?? take(of, (other) => overlap(of, other)),
  }))
  const added: Pair[] = [...left.values()].flat().map((of) => ({
    scopeKey: of.scopeKey,
    accountName: of.accountName,
    asIs: null,
    whatIf: of,
  }))
  return [...known, ...added].sort((a, b) => (latest(a) < latest(b) ? 1 : -1))
}

/** How much sooner (negative) or later the breaker would have tripped, in seconds. */
export const shift = ({ asIs, whatIf }: Pair): number =>
  asIs && whatIf ? (Date.parse(whatIf.triggeredAt) - Date.parse(asIs.triggeredAt)) / 1000 : 0
