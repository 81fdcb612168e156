/** A list that the API has in pages (R2.6), read on as far as the reader asks. */
import { query, type Query } from '../query.svelte'
import type { Effect } from '../live.svelte'

type PageOf<T> = { data: T[]; nextCursor?: string }
type Load<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>

export class Paged<T> {
  rows: Query<PageOf<T>>
  private further = $state.raw<T[]>([])
  private next = $state<string | undefined>()
  busy = $state(false)
  error = $state.raw<unknown>(null)

  constructor(
    private load: Load<T>,
    concerns?: (effect: Effect) => boolean,
  ) {
    // What was read on belongs to the first page of its time: while it is shown, the list stays as it is.
    this.rows = query(
      async (signal) => {
        const first = await load(undefined, signal)
        this.further = []
        this.next = first.nextCursor
        return first
      },
      concerns,
      () => this.busy || this.isExtended,
    )
  }

  get all(): T[] {
    return [...(this.rows.data?.data ?? []), ...this.further]
  }
  /** Whether there is more than the first page, and so nothing new. */
  get isExtended(): boolean {
    return this.further.length > 0
  }
  get hasMore(): boolean {
    return this.next !== undefined
  }

  more = async (): Promise<void> => {
    if (this.busy) return
    this.busy = true
    this.error = null
    try {
      let first, page
      do {
        first = this.rows.data
        page = await this.load(this.next, new AbortController().signal)
        // An answer that was on its way when the reader asked begins the list anew: its next page is another one.
      } while (first !== this.rows.data && this.hasMore)
      if (first !== this.rows.data) return
      this.further = [...this.further, ...page.data]
      this.next = page.nextCursor
    } catch (cause) {
      this.error = cause
    } finally {
      this.busy = false
    }
  }
}
