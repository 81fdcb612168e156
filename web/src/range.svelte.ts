/**
 * The range of time that a page shows, kept in the address. Both ends are inclusive and today belongs to it, as in R3.1;
 * whole days, of UTC (as the API's `period` has them) or of the reader's own zone.
 */
import { ofInput, zone } from './format'
import { live } from './live.svelte'
import { route } from './router.svelte'

export const presets = { last_7d: 7, last_30d: 30, last_90d: 90 } as const
export type Preset = keyof typeof presets
const DAY = 86_400_000

class Range {
  isLocal = $derived(route.query.get('zone') === 'local')
  /** The zone's name, as `timeZone` of the API takes it. */
  timeZone = $derived(this.isLocal ? zone : 'UTC')
  preset = $derived.by((): Preset | null => {
    if (this.custom) return null
    const period = route.query.get('period') ?? ''
    return Object.hasOwn(presets, period) ? (period as Preset) : 'last_30d'
  })
  /** The first and the last day of a range of the reader's own, as `2026-03-25`. */
  get custom(): { from: string; to: string } | null {
    const [from, to] = [route.query.get('from'), route.query.get('to')]
    return from && to && this.isDay(from) && this.isDay(to) && from <= to ? { from, to } : null
  }

  // A page may stay open for days, so today is no constant.
  private today = $derived((this.isLocal ? ofInput(live.now) : new Date(live.now).toISOString()).slice(0, 10))
  /** Texts: equal ones are no change, so another change of the address loads nothing anew. */
  private firstAndLast = $derived.by(() => {
    if (this.custom) return `${this.custom.from} ${this.custom.to}`
    const first = Date.parse(this.today) - (presets[this.preset ?? 'last_30d'] - 1) * DAY
    return `${new Date(first).toISOString().slice(0, 10)} ${this.today}`
  })
  private ends = $derived.by(() => {
    const { from, to } = this.days
    return `${new Date(this.start(from)).toISOString()} ${new Date(this.end(to)).toISOString()}`
  })

  /** The days as `2026-03-25`. */
  get days(): { from: string; to: string } {
    return parted(this.firstAndLast)
  }
  /** As the API takes it. */
  get bounds(): { from: string; to: string } {
    return parted(this.ends)
  }
  /** How many days it has. */
  length = $derived.by(() => Math.round((Date.parse(this.days.to) - Date.parse(this.days.from)) / DAY) + 1)
  /** Buckets of a series of it: hours of up to two days, days of up to three months, else weeks. */
  bucket = $derived<'hour' | 'day' | 'week'>(this.length <= 2 ? 'hour' : this.length <= 92 ? 'day' : 'week')

  /** The address of another page's list, of the same range: `link` with a query. */
  address(page: string, query: Record<string, string>): string {
    const kept = ['period', 'from', 'to', 'zone'].flatMap((name) => {
      const value = route.query.get(name)
      return value ? [[name, value]] : []
    })
    return `${page}?${new URLSearchParams([...kept, ...Object.entries(query)])}`
  }

  private isDay(text: string): boolean {
    return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(this.start(text))
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

function parted(ends: string): { from: string; to: string } {
  const [from = '', to = ''] = ends.split(' ')
  return { from, to }
}

export const range = new Range()
