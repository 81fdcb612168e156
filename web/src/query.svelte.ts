/** Something that the page shows and the server knows: loaded, and loaded again when something has happened to it. */
import { untrack } from 'svelte'
import { live, type Effect } from './live.svelte'

/** Not sooner after the last time. */
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
    this.loading = false
  }

  again = (): void => void untrack(() => this.run())

  /** Loads again soon; many such wishes are one. */
  soon(): void {
    this.waiting ??= setTimeout(this.again, Math.max(0, this.at + APART - Date.now()))
  }

  cancel(): void {
    clearTimeout(this.waiting)
    this.waiting = undefined
    this.running.abort()
  }
}

/**
 * A query of the component that calls this. It loads at once, when the reactive state that `load` reads changes, when an
 * effect happens that `concerns` it (default: none), and when effects may have been missed.
 */
export function query<T>(
  load: (signal: AbortSignal) => Promise<T>,
  concerns: (effect: Effect) => boolean = () => false,
): Query<T> {
  const made = new Query(load)
  $effect(() => {
    void made.run()
  })
  $effect(() => {
    const stop = live.listen((effect) => (effect === null || concerns(effect)) && made.soon())
    const timer = setInterval(() => {
      const oldest = live.narrow ? OLDEST_NARROW : OLDEST
      if (live.status === 'live' && !document.hidden && Date.now() - made.at > oldest) made.soon()
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

/** Of an account's effects, and of breakers. */
export const isBreaker = (effect: Effect) => effect.type.startsWith('breaker.')
export const isScore = (effect: Effect) => effect.type === 'conversation.scored'
