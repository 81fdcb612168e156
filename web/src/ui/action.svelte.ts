/**
 * Something that the reader does: under way, or failed. Its button is `aria-disabled` while it is busy: one that is
 * `disabled` loses the focus.
 */
import { announce } from './announce.svelte'

export class Action {
  busy = $state(false)
  error = $state.raw<unknown>(null)

  /** Does it, and tells whoever cannot see that it is done. Returns whether it succeeded. */
  async do(work: () => Promise<unknown>, done?: string): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.error = null
    try {
      await work()
      if (done) announce.say(done)
      return true
    } catch (cause) {
      this.error = cause
      return false
    } finally {
      this.busy = false
    }
  }
}
