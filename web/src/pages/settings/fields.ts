/** Every setting of a workspace: which call changes it, what it may be, and what nothing means. */
import type { Schemas } from '../../api/client'

export type Csat = Schemas['CsatConfig']
export type Settings = Schemas['QualitySettings']
export type SignalWeight = { weight: number; loadings: number[] }
type CsatName = Exclude<keyof Csat, 'workspaceId'>
type SettingName = Exclude<keyof Settings, 'workspaceId' | 'signalWeights'>
export type FieldName = CsatName | SettingName
/** The two calls that change them (R3.8, R6.9). */
export type Call = 'csat' | 'settings'
/** What is set: '' is a number that the reader has not finished. */
export type Value =
  number | string | boolean | null | (number | string)[] | { weight: number | string; loadings: (number | string)[] }

export interface Field {
  name: FieldName
  call: Call
  kind: 'whole' | 'hundredths' | 'switch' | 'model' | 'language' | 'shares'
  min: number
  max: number
  unit?: 'minute' | 'hour' | 'day'
  /** What holds where nothing was set; without it config.toml says so. */
  initial?: Value
  /** What null means; without it null is not taken. */
  nothing?: 'automatic' | 'every' | 'never' | 'off' | 'server'
  /** A backtest takes it (R10.7). */
  inBacktest: boolean
  /** From when on it holds: at once, for scores to come, or for links and mails to come. */
  holds: 'now' | 'later' | 'mails'
}

type Rest = Partial<Omit<Field, 'name' | 'call' | 'kind'>>
const make =
  (call: Call, holds: Field['holds']) =>
  <N extends FieldName>(name: N, kind: Field['kind'], rest: Rest = {}): Field => ({
    name,
    call,
    kind,
    min: 0,
    max: 0,
    inBacktest: false,
    holds,
    ...rest,
  })

const csat = make('csat', 'now')
const setting = make('settings', 'now')
const scoring = make('settings', 'later')
const baseline = make('csat', 'later')
const mail = make('csat', 'mails')
const inBacktest = true
const score = { min: 1, max: 5 }

/** The limits are those of the PATCH bodies in openapi.json. */
export const groups = {
  pause: [
    csat('circuitBreakerCount', 'whole', { min: 1, max: 100, initial: 3, inBacktest }),
    csat('circuitBreakerWindowHours', 'whole', { min: 1, max: 168, unit: 'hour', initial: 72, inBacktest }),
    setting('workspaceFactor', 'whole', { min: 1, max: 100, nothing: 'server', inBacktest }),
    setting('minConfidence', 'hundredths', { max: 1, initial: null, nothing: 'every', inBacktest }),
    setting('minSignals', 'whole', { max: 65_535, initial: null, nothing: 'every', inBacktest }),
    setting('channelBreakers', 'switch', { initial: false, nothing: 'off', inBacktest }),
    setting('intentBreakers', 'switch', { initial: false, nothing: 'off', inBacktest }),
  ],
  low: [
    csat('thresholdLowComposite', 'hundredths', { ...score, initial: 3, inBacktest }),
    csat('thresholdResolutionFailure', 'hundredths', { ...score, initial: 2 }),
  ],
  scores: [
    scoring('model', 'model', { nothing: 'server' }),
    scoring('defaultLanguage', 'language', { nothing: 'server' }),
    scoring('compositeWeights', 'shares', { nothing: 'server', inBacktest }),
    baseline('baselineOutcome', 'hundredths', { ...score, initial: null, nothing: 'automatic' }),
    baseline('baselineProcess', 'hundredths', { ...score, initial: null, nothing: 'automatic' }),
    baseline('baselineEnvironment', 'hundredths', { ...score, initial: null, nothing: 'automatic' }),
  ],
  windows: [
    setting('windowConversations', 'whole', { min: 1, max: 1000, nothing: 'server' }),
    setting('windowDays', 'whole', { min: 1, max: 3650, unit: 'day', nothing: 'server' }),
  ],
  reminders: [
    setting('forgottenAfterHours', 'whole', { min: 1, max: 720, unit: 'hour', initial: null, nothing: 'never' }),
  ],
  mails: [
    mail('emailInlineEnabled', 'switch', { initial: true }),
    mail('emailFollowupEnabled', 'switch', { initial: false }),
    mail('linkExpiryDays', 'whole', { min: 1, max: 90, unit: 'day', initial: 14 }),
    mail('followUpDelayMinutes', 'whole', { max: 10_080, unit: 'minute', initial: 60 }),
  ],
} satisfies Record<string, Field[]>

export type Group = keyof typeof groups
export const fields: Field[] = Object.values(groups).flat()
const byName = new Map<string, Field>(fields.map((field) => [field.name, field]))
export const fieldOf = (name: string): Field | undefined => byName.get(name)

export const models = ['support-2', 'task-1'] as const satisfies Schemas['ScoringModel'][]
export const dimensions = ['outcome', 'process', 'environment'] as const
export const HEAVIEST = 10

const SIGNAL = 'signalWeights.'
/** A signal's weight is a setting of its own, named as the stream names it: `signalWeights.thanks`. */
export const settingOfSignal = (signal: string) => SIGNAL + signal
export const signalOf = (name: string): string | null => (name.startsWith(SIGNAL) ? name.slice(SIGNAL.length) : null)
export const callOf = (name: string): Call => fieldOf(name)?.call ?? 'settings'
export const isInBacktest = (name: string) => fieldOf(name)?.inBacktest ?? signalOf(name) !== null
export const idOf = (name: string) => `setting-${name}`

/** Shares as the smallest whole numbers of the same ratio, where there are such: people think of 2 : 1 : 1. */
export function simplest(shares: number[]): number[] {
  for (let times = 1; times <= 20; times++) {
    const parts = shares.map((share) => share * times)
    if (parts.every((part) => Math.abs(part - Math.round(part)) < 1e-9)) return parts.map(Math.round)
  }
  return shares
}

export const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
