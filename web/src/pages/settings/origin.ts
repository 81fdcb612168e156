/** Where the value of a setting comes from, as far as the API tells: its history, and what holds where nothing is set. */
import type { Schemas } from '../../api/client'
import { fieldOf, same, signalOf, type Value } from './fields'

export type Entry = Schemas['SettingsHistoryEntry']
export interface Origin {
  kind: 'initial' | 'own' | 'server' | 'unknown'
  /** The change that made it so. */
  entry: Entry | null
}

/** What a change of the history made of a setting; undefined if it did not touch it. */
function madeBy(entry: Entry, name: string): unknown {
  const after = entry.after as Record<string, unknown>
  const signal = signalOf(name)
  if (signal === null) return after[name]
  const signals = after.signalWeights as Record<string, unknown> | null | undefined
  return signals === null ? null : signals?.[signal]
}

/** `history` is the newest first. */
export function originOf(name: string, present: Value, history: Entry[]): Origin {
  const entry = history.find((each) => madeBy(each, name) !== undefined) ?? null
  const field = fieldOf(name)
  if (field?.initial !== undefined) return { kind: same(present, field.initial) ? 'initial' : 'own', entry }
  if (!entry) return { kind: 'unknown', entry }
  return { kind: madeBy(entry, name) === null || entry.source === 'config_file' ? 'server' : 'own', entry }
}
