/** The rules of R6.5 and what would change them, in sentences. */
import type { Schemas } from '../../api/client'
import { count, percent, score, signed } from '../../format'
import { t, translation } from '../../i18n.svelte'

/** With digits enough that 59.7% is not called 60%, and then less than that. */
const rate = (value: number | null) => percent(value, 2)

/** Which rule gave the risk, with the account's own numbers. */
export function reasonOf(
  { rule }: Schemas['AccountExplanation'],
  health: Schemas['AccountHealth'],
  config: Schemas['CsatConfig'] | undefined,
): string {
  return t(`account.rule_${rule}`, {
    composite: score(health.rollingComposite),
    resolved: rate(health.resolutionRate),
    threshold: score(config?.thresholdLowComposite),
    n: health.consecutiveLow,
    of: count(config?.circuitBreakerCount),
    two: score(2),
    bound: score(3.5),
    most: rate(rule === 'resolution_rate_below_0_6' ? 0.6 : 0.8),
  })
}

const formats: Record<Schemas['ValueName'], (value: number | null) => string> = {
  activeBreakers: count,
  consecutiveLow: count,
  rollingComposite: score,
  resolutionRate: rate,
  trendChange: signed,
  conversationCount: count,
}

/** What a value has to become: "composite below 3.50 (now 3.62)". */
function changeOf({ value, now, needs, bound }: Schemas['ValueChange']): string {
  if (value === 'activeBreakers') return t(needs === 'atLeast' ? 'account.next_paused' : 'account.next_resolved')
  const format = formats[value]
  const needed = t(`account.needs_${needs}`, { bound: format(bound) })
  return t(`account.next_${value}`, { needed, now: format(now) })
}

/** Changes as one sentence: all of them, or any one. */
export function changesOf(changes: Schemas['ValueChange'][], how: 'conjunction' | 'disjunction'): string {
  const sentence = new Intl.ListFormat(translation.language, { type: how }).format(changes.map(changeOf))
  return sentence.charAt(0).toLocaleUpperCase(translation.language) + sentence.slice(1)
}
