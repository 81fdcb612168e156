/** What the reader has changed and not saved. It stays in this tab, so that leaving the page loses nothing. */
import { ApiFailure, body, PATCH } from '../../api/client'
import { session } from '../../session.svelte'
import {
  callOf,
  fieldOf,
  fields,
  isInBacktest,
  same,
  settingOfSignal,
  simplest,
  signalOf,
  type Call,
  type Csat,
  type Settings,
  type Value,
} from './fields'
import { faultOf } from './words'

const KEPT = 'tripswitch.settings.'
// Closing the tab would lose what could have been saved.
addEventListener('beforeunload', (event) => {
  if (!session.may('quality:write')) return
  if (Object.keys(sessionStorage).some((key) => key.startsWith(KEPT))) event.preventDefault()
})

/** Null switches it off, and a backtest takes that. */
const isOff = (name: string) => ['every', 'off'].includes(fieldOf(name)?.nothing ?? '')

/** `base` is what held when the reader began to change it. */
interface Change {
  value: Value
  base: Value
}
/** What the server says is wrong: `part` is the way within the setting (`weight`). */
interface Fault {
  part: string
  error: string
}
/** Saving is two calls: what the first has saved stays saved. */
export class SaveFailure extends Error {
  constructor(
    readonly saved: string[],
    readonly failed: string[],
    readonly why: unknown,
  ) {
    super('not all is saved')
  }
}

export class Draft {
  csat = $state.raw<Csat | null>(null)
  settings = $state.raw<Settings | null>(null)
  changes = $state.raw<Record<string, Change>>({})
  faults = $state.raw<Record<string, Fault[]>>({})
  /** What this page has saved last, by name: who hears of it again knows it already. */
  saved: Record<string, unknown> = {}
  private key: string

  constructor(
    readonly workspace: string,
    owner: string,
  ) {
    this.key = `${KEPT}${owner}.${workspace}`
    this.changes = JSON.parse(sessionStorage.getItem(this.key) ?? '{}') as Record<string, Change>
  }

  /** What holds now. */
  present(name: string): Value {
    const signal = signalOf(name)
    const weight = signal === null ? undefined : this.settings?.signalWeights[signal]
    if (signal !== null) return weight ? { ...weight, loadings: simplest(weight.loadings ?? []) } : null
    if (name === 'compositeWeights') return simplest(this.settings?.compositeWeights ?? [])
    return ((this.csat?.[name as keyof Csat] ?? this.settings?.[name as keyof Settings]) as Value | undefined) ?? null
  }
  value(name: string): Value {
    const change = this.changes[name]
    return change ? change.value : this.present(name)
  }
  isChanged(name: string): boolean {
    return name in this.changes
  }
  /** Somebody else has changed it since the reader began to. */
  hasMoved(name: string): boolean {
    const change = this.changes[name]
    return change !== undefined && !same(change.base, this.present(name))
  }
  /** The names of what is changed, in the order of the page. */
  names = $derived.by(() => {
    const order = new Map<string, number>(fields.map(({ name }, index) => [name, index]))
    return Object.keys(this.changes).sort((a, b) => (order.get(a) ?? 99) - (order.get(b) ?? 99) || (a < b ? -1 : 1))
  })
  /** Those that cannot be saved as they are. */
  wrong = $derived(this.names.filter((name) => this.faults[name] || faultOf(name, this.value(name))))

  set(name: string, value: Value): void {
    const { [name]: before, ...others } = this.changes
    const present = this.present(name)
    this.keep(same(value, present) ? others : { ...others, [name]: { value, base: before?.base ?? present } })
    const { [name]: _, ...faults } = this.faults
    this.faults = faults
  }
  discard(): void {
    this.faults = {}
    this.keep({})
  }
  /** The server has answered what holds; a change to just that is none. */
  arrived(csat: Csat, settings: Settings): void {
    this.csat = csat
    this.settings = settings
    const left = Object.entries(this.changes).filter(([name, { value }]) => !same(value, this.present(name)))
    this.keep(Object.fromEntries(left))
  }
  private keep(changes: Record<string, Change>): void {
    this.changes = changes
    if (Object.keys(changes).length) sessionStorage.setItem(this.key, JSON.stringify(changes))
    else sessionStorage.removeItem(this.key)
  }

  of(call: Call): string[] {
    return this.names.filter((name) => callOf(name) === call)
  }
  /** Some of the changes as a body has them. */
  body(names: string[]): Record<string, unknown> {
    const body: Record<string, unknown> = {}
    const signals: Record<string, unknown> = {}
    for (const name of names) {
      const signal = signalOf(name)
      if (signal !== null) signals[signal] = this.value(name)
      else body[name] = this.value(name)
    }
    return Object.keys(signals).length ? { ...body, signalWeights: signals } : body
  }
  /** The changes that a backtest takes: not those back to what only the server knows. */
  inBacktest = $derived(this.names.filter((name) => isInBacktest(name) && (this.value(name) !== null || isOff(name))))

  /** Saves all; throws a [SaveFailure], with the server's faults at their settings. */
  async save(): Promise<void> {
    const saved: string[] = []
    for (const call of ['csat', 'settings'] as const) {
      const names = this.of(call)
      if (!names.length) continue
      for (const name of names) this.saved[name] = this.value(name)
      try {
        await this.send(call, this.body(names))
      } catch (cause) {
        for (const name of names) delete this.saved[name]
        this.blame(cause)
        throw new SaveFailure(saved, this.names, cause)
      }
      saved.push(...names)
      this.keep(Object.fromEntries(Object.entries(this.changes).filter(([name]) => !names.includes(name))))
    }
  }
  private async send(call: Call, changes: Record<string, unknown>): Promise<void> {
    const params = { path: { workspaceId: this.workspace } }
    if (call === 'csat')
      this.csat = await body(PATCH('/api/workspaces/{workspaceId}/csat-config', { params, body: changes }))
    else this.settings = await body(PATCH('/api/workspaces/{workspaceId}/quality/settings', { params, body: changes }))
  }

  /** Takes the faults of a refused request to the settings that they point at; `within` is where those stand in it. */
  blame(cause: unknown, within = ''): void {
    if (!(cause instanceof ApiFailure)) return
    const faults: Record<string, Fault[]> = {}
    for (const { pointer, error } of cause.details) {
      if (!pointer.startsWith(`${within}/`)) continue
      const steps = pointer.slice(within.length + 1).split('/')
      const [first = '', ...rest] = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
      const name = first === 'signalWeights' && rest.length ? settingOfSignal(rest.shift()!) : first
      if (this.isChanged(name)) faults[name] = [...(faults[name] ?? []), { part: rest[0] ?? '', error }]
    }
    this.faults = faults
  }
}
