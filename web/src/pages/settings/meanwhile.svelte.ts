/** What others have changed while the page was open. */
import { live, type Effect } from '../../live.svelte'
import type { Draft } from './draft.svelte'
import { same } from './fields'

export class Meanwhile {
  actor = $state<string | null>(null)
  names = $state.raw<string[]>([])

  constructor(private draft: Draft) {}

  /** Listens until what it returns is called. */
  listen(): () => void {
    return live.listen((effect) => effect?.type === 'settings.changed' && this.hear(effect.data))
  }
  forget = (): void => {
    this.names = []
  }

  private hear({ actor, changes }: Extract<Effect, { type: 'settings.changed' }>['data']): void {
    const saved = this.draft.saved
    const others = changes.filter(({ name, after }) => !(name in saved && same(saved[name], after)))
    if (!others.length) return
    this.actor = actor
    this.names = [...new Set([...this.names, ...others.map(({ name }) => name)])]
  }
}
