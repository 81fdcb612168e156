/** Numbers and times as the reader's language writes them. */
import { translation } from './i18n.svelte'

/** The zone that days are cut in: the browser's. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

const NONE = '–'
const number = (value: number | null | undefined, options: Intl.NumberFormatOptions) =>
  value === null || value === undefined ? NONE : new Intl.NumberFormat(translation.language, options).format(value)
const date = (value: string | number | Date, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(translation.language, { timeZone: zone, ...options }).format(new Date(value))

/** A score from 1 to 5, with as many digits as the API has. */
export const score = (value: number | null | undefined) =>
  number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
/** A part of the exact sum behind a score. */
export const exact = (value: number | null | undefined, digits = 4) =>
  number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits })
export const signed = (value: number | null | undefined, digits = 2) =>
  number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'exceptZero' })
export const count = (value: number | null | undefined) => number(value, {})
/** A rate from 0 to 1, as a percentage. */
export const percent = (value: number | null | undefined, digits = 0) =>
  number(value, { style: 'percent', maximumFractionDigits: digits })
export const points = (value: number | null | undefined) =>
  number(value === null || value === undefined ? value : value * 100, {
    maximumFractionDigits: 0,
    signDisplay: 'exceptZero',
  })

/** Of another zone than the browser's where `timeZone` names one. */
export const day = (value: string | number | Date, timeZone = zone) => date(value, { dateStyle: 'medium', timeZone })
/** Day and month alone, and hours and minutes alone, for axes. */
export const shortDay = (value: number, timeZone = zone) => date(value, { day: 'numeric', month: 'short', timeZone })
export const clock = (value: number, timeZone = zone) => date(value, { timeStyle: 'short', timeZone })
/** The time of day, and the day where that is not today. */
export const time = (value: string | number | Date) =>
  date(value, { timeStyle: 'medium', ...(day(value) !== day(Date.now()) && { dateStyle: 'medium' }) })
export const moment = (value: string | number | Date, timeZone = zone) =>
  date(value, { dateStyle: 'medium', timeStyle: 'short', timeZone })
export const full = (value: string | number | Date) => date(value, { dateStyle: 'full', timeStyle: 'long' })

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Infinity],
]

/** Day and time of the reader's zone as inputs of dates have them: `2026-03-25T09:30`. */
export const ofInput = (at: number) =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

/** How long ago `value` was at `now` (milliseconds since 1970). */
export function ago(value: string, now: number): string {
  let span = Math.min(0, (Date.parse(value) - now) / 1000)
  const format = new Intl.RelativeTimeFormat(translation.language, { numeric: 'auto' })
  for (const [unit, size] of STEPS) {
    if (Math.abs(span) < size) return format.format(Math.round(span), unit)
    span /= size
  }
  return moment(value)
}

/** A span of seconds in its largest unit. */
export function span(seconds: number): string {
  if (seconds > 0 && seconds < 1)
    return number(seconds * 1000, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 })
  const [value, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 5400
        ? [seconds / 60, 'minute']
        : seconds < 172800
          ? [seconds / 3600, 'hour']
          : [seconds / 86400, 'day']
  return number(value as number, { style: 'unit', unit: unit as string, unitDisplay: 'long', maximumFractionDigits: 0 })
}

export function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return number(value / 1000 ** step, {
    style: 'unit',
    unit: units[step]!,
    unitDisplay: step ? 'short' : 'long',
    maximumFractionDigits: step ? 1 : 0,
  })
}

/** The first eight characters of an id, for where the whole would be noise. */
export const shortId = (id: string) => id.slice(0, 8)
