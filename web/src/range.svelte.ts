/**
 * The range of time that a page shows, kept in the address. Both ends are inclusive and today belongs to it, as in R3.1;
 * whole days, of UTC (as the API's `period` has them) or of the reader's own zone.
 */
import { route } from './router.svelte'
import { zone } from './format'

export const presets = { last_7d: 7, last_30d: 30, last_90d: 90 } as const
export type Preset = keyof typeof presets
const DAY = 86_400_000

class Range {
  get isLocal(): boolean {
    return route.query.get('zone') === 'local'
  }
  /** The zone's name, as `timeZone` of the API takes it. */
  get timeZone(): string {
    return this.isLocal ? zone : 'UTC'
  }
  get preset(): Preset | null {
    if (this.custom) return null
    const period = route.query.get('period') ?? ''
    return period in presets ? (period as Preset) : 'last_30d'
  }
  /** The first and the last day of a range of the reader's own, as `2026-03-25`. */
  get custom(): { from: string; to: string } | null {
    const [from, to] = [route.query.get('from'), route.query.get('to')]
    return from && to && !Number.isNaN(this.start(from) + this.start(to)) && from <= to ? { from, to } : null
  }

  /** The days as `2026-03-25`. */
  get days(): { from: string; to: string } {
    if (this.custom) return this.custom
    const now = new Date()
    const today = this.isLocal ? new Date(now.getTime() - now.getTimezoneOffset() * 60_000) : now
    const back = presets[this.preset ?? 'last_30d'] - 1
    const text = (date: number) => new Date(date).toISOString().slice(0, 10)
    return { from: text(today.getTime() - back * DAY), to: text(today.getTime()) }
  }

  /** As the API takes it. */
  get bounds(): { from: string; to: string } {
    const { from, to } = this.days
    return { from: new Date(this.start(from)).toISOString(), to: new Date(this.end(to)).toISOString() }
  }

  /** Buckets of a series of it: hours of up to two days, days of up to three months, else weeks. */
  get bucket(): 'hour' | 'day' | 'week' {
    const { from, to } = this.days
    const days = (Date.parse(to) - Date.parse(from)) / DAY + 1
    return days <= 2 ? 'hour' : days <= 92 ? 'day' : 'week'
  }

  private start(day: string): number {
    return new Date(`${day}T00:00:00${this.isLocal ? '' : 'Z'}`).getTime()
  }
  private end(day: string): number {
    const end = new Date(this.start(day))
    if (this.isLocal) end.setDate(end.getDate() + 1)
    else end.setUTCDate(end.getUTCDate() + 1)
    return end.getTime() - 1
  }
}

export const range = new Range()
