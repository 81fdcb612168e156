/** Calibrations and how far ratings and scores agree, in words. */
import type { Schemas } from '../../api/client'
import { percent, score, signed } from '../../format'
import { t, translation } from '../../i18n.svelte'

type Agreement = Schemas['Agreement']
type Level = Schemas['Level']

/** `2026-11` as the reader's language names it. */
export const monthName = (month: string) =>
  new Intl.DateTimeFormat(translation.language, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${month}-01T00:00:00Z`),
  )

/** The interval of the correlation. */
export function intervalOf({ spearmanInterval }: Agreement): string {
  const [from, to] = spearmanInterval ?? []
  if (from === undefined || to === undefined) return t('ratings.no_interval')
  return t('ratings.interval', { from: score(from), to: score(to) })
}

/** How sure it is that ratings and scores have to do with each other. */
export function sureness({ spearman, spearmanInterval }: Agreement): string {
  const [from, to] = spearmanInterval ?? []
  if (spearman === null || from === undefined || to === undefined) return t('ratings.sure_unknown')
  const kind = from > 0 ? 'together' : to < 0 ? 'against' : 'chance'
  return t(`ratings.sure_${kind}`, { rho: score(spearman), from: score(from), to: score(to) })
}

export function gainOf(key: 'gain' | 'weights_gain', { share, interval }: Schemas['Gain']): string {
  const [from = 0, to = 0] = interval
  return t(`ratings.${key}`, { share: percent(share), from: percent(from), to: percent(to) })
}

/** What a score becomes by a level. */
const moved = ({ shift, spread, center }: Level, from: number) =>
  Math.min(5, Math.max(1, center + shift + spread * (from - center)))

export function levelOf(level: Level): string[] {
  const { shift, spread } = level
  const words = []
  if (shift === 0) words.push(t('ratings.level_same'))
  else words.push(t(`ratings.level_${shift > 0 ? 'higher' : 'lower'}`, { shift: signed(shift) }))
  if (spread !== 1) words.push(t(`ratings.spread_${spread < 1 ? 'closer' : 'apart'}`, { spread: score(spread) }))
  if (shift !== 0 || spread !== 1) {
    const [low, high] = [2, 4]
    const after = { lowAfter: score(moved(level, low)), highAfter: score(moved(level, high)) }
    words.push(t('ratings.example', { low: score(low), high: score(high), ...after }))
  }
  return words
}

/** What one part of an offer has come to. */
export function stateOf({ state, missingRatings, missingAccounts }: Schemas['OfferPart']): string {
  if (state !== 'missing') return t(`ratings.state_${state}`)
  const what = []
  if (missingRatings) what.push(t('ratings.more_ratings', { n: missingRatings }))
  if (missingAccounts) what.push(t('ratings.more_accounts', { n: missingAccounts }))
  return t('ratings.state_missing', { what: what.join(', ') })
}
