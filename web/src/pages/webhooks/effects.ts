import type { Schemas } from '../../api/client'

export const effects: Schemas['EffectType'][] = [
  'breaker.triggered',
  'breaker.acknowledged',
  'breaker.resolved',
  'breaker.forgotten',
  'account.risk_changed',
  'conversation.scored',
  'conversation.resolved',
  'settings.changed',
]

export const isOfBreaker = (type: Schemas['EffectType']) => type.startsWith('breaker.')

/** The name that its message has: message files have no dots in names. */
export const wordOf = (type: Schemas['EffectType']) => `type_${type.replace('.', '_')}`
