/** Settings in words: what they are called, what they are set to, and what is wrong with that. */
import type { Schemas } from '../../api/client'
import { count, exact } from '../../format'
import { named, t, translation } from '../../i18n.svelte'
import {
  dimensions,
  fieldOf,
  HEAVIEST,
  signalOf,
  type Field,
  type FieldName,
  type Settings,
  type Value,
} from './fields'

const percents = { style: 'percent', maximumFractionDigits: 1 } as const

/** Members of the history that are no settings of the page. */
const OTHERS = ['profile', 'profileHash', 'signalWeights', 'calibration'] as const
type Other = (typeof OTHERS)[number]

export function labelOf(name: string): string {
  const signal = signalOf(name)
  if (signal !== null) return t('settings.signal_named', { signal: named('signals', signal) })
  return OTHERS.includes(name as Other)
    ? t(`settings.label_${name as Other}`)
    : t(`settings.label_${name as FieldName}`)
}

/** Three parts as shares of the whole, in percent; null if they are none. */
export function sharesOf(parts: readonly unknown[]): string[] | null {
  const numbers = parts.map((part) => (part === '' ? NaN : Number(part)))
  const whole = numbers.reduce((sum, part) => sum + part, 0)
  if (!(whole > 0) || numbers.some((part) => part < 0)) return null
  return numbers.map((part) => new Intl.NumberFormat(translation.language, percents).format(part / whole))
}
function inShares(parts: readonly unknown[]): string {
  const shares = sharesOf(parts)
  if (!shares) return parts.join(' / ')
  return dimensions.map((name, index) => `${t(`common.${name}`)} ${shares[index]}`).join(', ')
}

function inUnits(field: Field): Intl.NumberFormat {
  const digits = field.kind === 'hundredths' ? { minimumFractionDigits: 2 } : {}
  const unit = field.unit && { style: 'unit', unit: field.unit, unitDisplay: 'long' }
  return new Intl.NumberFormat(translation.language, { ...digits, ...(unit as object) })
}
/** The word for the unit of a setting, as it stands behind the value. */
export const unitOf = (field: Field, value: number): string =>
  inUnits(field)
    .formatToParts(value)
    .filter(({ type }) => type === 'unit')
    .map(({ value: word }) => word)
    .join('')

export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(translation.language, { type: 'language', fallback: 'none' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

/** What a setting is set to, in words; the members of the history have the same. */
export function shown(name: string, value: unknown): string {
  const field = fieldOf(name)
  if (name === 'calibration')
    return (value as Schemas['Calibration'] | null)?.version ?? t('settings.nothing_calibration')
  if (value === null || value === undefined) return t(`settings.nothing_${field?.nothing ?? 'server'}`)
  if (value === '') return t('settings.unfinished')
  if (typeof value === 'boolean') return t(value ? 'settings.on' : 'settings.off')
  if (Array.isArray(value)) return inShares(value)
  if (typeof value === 'object' && 'weight' in value) {
    const { weight, loadings } = value as { weight: number; loadings?: number[] | null }
    const weighs = t('settings.weighs', { weight: exact(weight, 3) })
    return loadings ? `${weighs} (${sharesOf(loadings)?.join(' / ') ?? loadings.join(' / ')})` : weighs
  }
  if (typeof value === 'number') return field ? inUnits(field).format(value) : count(value)
  if (name === 'model') return t(`settings.model_${value as Settings['model']}`)
  if (name === 'defaultLanguage') return `${languageName(String(value))} (${String(value)})`
  return String(value)
}

export function limitsOf(field: Field): string | null {
  const { kind, min, max } = field
  if (kind === 'whole') return t('settings.limits_whole', { min, max })
  if (kind === 'hundredths') return t('settings.limits_hundredths', { min, max })
  if (kind === 'shares') return t('settings.fault_shares')
  return kind === 'language' ? t('settings.fault_language') : null
}

const isPart = (part: unknown) => typeof part === 'number' && part >= 0
const areShares = (parts: readonly unknown[]) => parts.every(isPart) && sharesOf(parts) !== null

/** What is wrong with a value, before the server is asked. */
export function faultOf(name: string, value: Value): string | null {
  const field = fieldOf(name)
  if (value === null) return null
  if (Array.isArray(value)) return areShares(value) ? null : t('settings.fault_shares')
  if (typeof value === 'object') {
    const { weight, loadings } = value
    if (typeof weight !== 'number' || weight < 0 || weight > HEAVIEST)
      return t('settings.fault_weight', { max: HEAVIEST })
    return areShares(loadings) ? null : t('settings.fault_shares')
  }
  if (field?.kind === 'language') return /^[a-z]{2,3}$/.test(String(value)) ? null : t('settings.fault_language')
  if (field?.kind !== 'whole' && field?.kind !== 'hundredths') return null
  const size = field.kind === 'whole' ? 1 : 100
  const isStep = typeof value === 'number' && Math.abs(value * size - Math.round(value * size)) < 1e-6
  return isStep && value >= field.min && value <= field.max ? null : limitsOf(field)
}
