/** What a number has changed by, in words. */
import { points } from '../../format'
import { t } from '../../i18n.svelte'

type Format = (change: number) => string

export const inPoints: Format = (change) =>
  t('overview.points', { change: points(change), n: Math.abs(Math.round(change * 100)) })

/** `better` is the direction that is good; `days` the length of either range. */
export function changed(
  change: number | null,
  format: Format,
  better: 'up' | 'down',
  days: number,
): { change: string; good: boolean | null } {
  if (change === null) return { change: t('overview.nothing_before', { n: days }), good: null }
  // What rounds to nothing is nothing.
  if (format(change) === format(0)) return { change: t('overview.as_before', { n: days }), good: null }
  return { change: t('overview.change', { change: format(change), n: days }), good: change > 0 === (better === 'up') }
}
