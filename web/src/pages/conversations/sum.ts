/** The exact sum behind a score (R5.5), laid out so that what is shown adds up. */
import type { Schemas } from '../../api/client'

type Scoring = Schemas['Scoring']
type Share = Schemas['SignalShare']
export type Dimension = Schemas['PublishedDimension']['dimension']

/** A line of the sum: what it adds, as shown and in full, and where the score is before and after it. */
export interface Row extends Share {
  shown: number
  before: number
  after: number
}
interface Part {
  dimension: Dimension
  prior: { shown: number; exact: number }
  rows: Row[]
  total: { shown: number; exact: number }
  weight: number
  part: { shown: number; exact: number }
}
export interface Sum {
  parts: Part[]
  composite: { shown: number; exact: number }
  /** What the running sums reach: 1 to 5 at least. */
  from: number
  to: number
}

/** What is shown has four decimals. */
const UNIT = 10_000

/**
 * Rounds numbers so that they and `start` add up to their rounded sum: what rounding each of them has lost or gained goes
 * to those for which it changes least.
 */
function rounded(start: number, values: number[]): number[] {
  const scaled = values.map((value) => value * UNIT)
  const near = scaled.map(Math.round)
  const missing = Math.round(start * UNIT + scaled.reduce(plus, 0)) - Math.round(start * UNIT) - near.reduce(plus, 0)
  const step = Math.sign(missing)
  const order = scaled.map((value, i) => ({ i, lost: step * (value - near[i]!) })).sort((a, b) => b.lost - a.lost)
  for (const { i } of order.slice(0, Math.abs(missing))) near[i]! += step
  return near.map((value) => value / UNIT)
}
const plus = (a: number, b: number) => a + b

/** The strongest signals first; what the workspace's level, a rating or the scale does to the sum of them comes last. */
const RULES = ['level', 'rating', 'limit']
/** The same for every conversation, or none of its doing. */
const NO_SIGNALS = ['level', 'limit']
const byStrength = (a: Share, b: Share) =>
  RULES.indexOf(a.signal) - RULES.indexOf(b.signal) || Math.abs(b.contribution) - Math.abs(a.contribution)

export function sumOf(scoring: Scoring): Sum {
  const composites = scoring.dimensions.map(({ compositePart }) => compositePart)
  const shownParts = rounded(0, composites)
  const parts = scoring.dimensions.map((dimension, index): Part => {
    const shares = [...dimension.signals].sort(byStrength)
    const contributions = shares.map(({ contribution }) => contribution)
    const shown = rounded(dimension.prior, contributions)
    const prior = Math.round(dimension.prior * UNIT) / UNIT
    let at = dimension.prior
    const rows = shares.map((share, i): Row => {
      const before = at
      at += share.contribution
      return { ...share, shown: shown[i]!, before, after: at }
    })
    return {
      dimension: dimension.dimension,
      prior: { shown: prior, exact: dimension.prior },
      rows,
      total: { shown: Math.round((prior + shown.reduce(plus, 0)) * UNIT) / UNIT, exact: dimension.total },
      weight: dimension.compositeWeight,
      part: { shown: shownParts[index]!, exact: dimension.compositePart },
    }
  })
  const reached = parts.flatMap(({ rows }) => rows.map(({ after }) => after))
  return {
    parts,
    composite: { shown: Math.round(shownParts.reduce(plus, 0) * UNIT) / UNIT, exact: scoring.composite },
    from: Math.min(1, ...reached),
    to: Math.max(5, ...reached),
  }
}

/** What each signal moved the composite by, the strongest first. */
export function movers(scoring: Scoring, most: number): { signal: string; points: number }[] {
  const all = new Map<string, number>()
  for (const { compositeWeight, signals } of scoring.dimensions) {
    for (const { signal, contribution } of signals) {
      if (!NO_SIGNALS.includes(signal)) all.set(signal, (all.get(signal) ?? 0) + compositeWeight * contribution)
    }
  }
  return [...all]
    .map(([signal, points]) => ({ signal, points }))
    .filter(({ points }) => Math.abs(points) >= 0.005)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
    .slice(0, most)
}
