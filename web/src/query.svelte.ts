/** Something that the page shows and the server knows: loaded, and loaded again when something has happened to it. */
import { untrack } from 'svelte'
import { live, type Effect } from './live.svelte'

/** So many milliseconds lie between two answers at least. */
const APART = 1500
/** How old an answer gets while nothing is heard of it; and while the stream leaves single conversations out. */
const OLDEST = 60_000
const OLDEST_NARROW = 5_000

export class Query<T> {
  data = $state.raw<T | undefined>()
  error = $state.raw<unknown>(null)
  loading = $state(true)
  /** When `data` was answered, milliseconds since 1970. */
  at = $state(0)
  /** When the last answer came, a refusal too. */
  triedAt = 0

  /** Whether something has happened while the present answer was on its way, which may not have it yet. */
  private isLate = false
  private running = new AbortController()
  private waiting: ReturnType<typeof setTimeout> | undefined

  constructor(private load: (signal: AbortSignal) => Promise<T>) {}

  /** Loads; the reactive state that `load` reads before it first awaits is what it depends on. */
  async run(): Promise<void> {
    this.cancel()
    const running = (this.running = new AbortController())
    const answer = this.load(running.signal)
    untrack(() => (this.loading = true))
    try {
      const data = await answer
      if (running.signal.aborted) return
      this.data = data
      this.error = null
      this.at = Date.now()
    } catch (cause) {
      if (running.signal.aborted) return
      this.error = cause
    }
    this.triedAt = Date.now()
    this.loading = false
    if (this.isLate) this.soon()
  }

  again = (): void => void untrack(() => this.run())

  /** Loads again soon; many such wishes are one. What is on its way is waited for, however slow it is. */
  soon(): void {
    if (this.loading) this.isLate = true
    else this.waiting ??= setTimeout(this.again, Math.max(0, this.triedAt + APART - Date.now()))
  }

  cancel(): void {
    clearTimeout(this.waiting)
    this.waiting = undefined
    this.isLate = false
    this.running.abort()
  }
}

/**
 * A query of the component that calls this. It loads at once, when the reactive state that `load` reads changes, when an
 * effect happens that `concerns` it (default: none), and when effects may have been missed. While it `isHeld`, only the
 * first two count.
 */
export function query<T>(
  load: (signal: AbortSignal) => Promise<T>,
  concerns: (effect: Effect) => boolean = () => false,
  isHeld: () => boolean = () => false,
): Query<T> {
  const made = new Query(load)
  $effect(() => {
    void made.run()
  })
  $effect(() => {
    const stop = live.listen((effect) => {
      if (!isHeld() && (effect === null || concerns(effect))) made.soon()
    })
    const timer = setInterval(() => {
      if (live.status !== 'live' || document.hidden || made.loading || isHeld()) return
      if (Date.now() - made.triedAt > (live.narrow ? OLDEST_NARROW : OLDEST)) made.soon()
    }, 1000)
    return () => {
      stop()
      clearInterval(timer)
      made.cancel()
    }
  })
  return made
}

/**
 * A query of what no effect tells of: it also loads every so many milliseconds, and at once when the page is looked at
 * again.
 */
export function polled<T>(load: (signal: AbortSignal) => Promise<T>, every: number): Query<T> {
  const made = query(load)
  $effect(() => {
    const look = () => !document.hidden && !made.loading && made.again()
    const timer = setInterval(look, every)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  })
  return made
}

/** What queries are concerned by. */
export const isBreaker = (effect: Effect) => effect.type.startsWith('breaker.')
export const isScore = (effect: Effect) => effect.type === 'conversation.scored'
export const isRisk = (effect: Effect) => effect.type === 'account.risk_changed'
export const isSettings = (effect: Effect) => effect.type === 'settings.changed'
/** Whatever changes the numbers of accounts. */
export const isOfAccounts = (effect: Effect) => isScore(effect) || isBreaker(effect) || isRisk(effect)
