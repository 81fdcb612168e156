/** Where the dots of ratings against scores stand. */
import type { Schemas } from '../../api/client'

export type Pair = Schemas['RatedConversation']
export const ratings = [1, 2, 3, 4, 5] as const

/** As far do dots of one rating stand aside of it, either way. */
const ASIDE = 0.32
/** The golden ratio: steps of it fill a span evenly, however many there are. */
const STEP = (Math.sqrt(5) - 1) / 2

/** Each pair with its place on both scales; the same list has the same places each time. */
export function placed(pairs: Pair[]): { pair: Pair; x: number; y: number }[] {
  const seen = new Map<string, number>()
  return pairs.map((pair) => {
    const key = `${pair.rating} ${pair.compositeScore}`
    const nth = seen.get(key) ?? 0
    seen.set(key, nth + 1)
    // The first of a place is not always in the middle, or neighbours would make a line.
    const start = pair.compositeScore * 100 * STEP
    const share = (start + nth * STEP) % 1
    return { pair, x: pair.rating + ASIDE * (2 * share - 1), y: pair.compositeScore }
  })
}

/** How many conversations have each rating, and their mean score. */
export function byRating(pairs: Pair[]): { rating: number; count: number; mean: number | null }[] {
  return ratings.map((rating) => {
    const scores = pairs.filter((pair) => pair.rating === rating).map((pair) => pair.compositeScore)
    const mean = scores.length ? scores.reduce((sum, score) => sum + score, 0) / scores.length : null
    return { rating, count: scores.length, mean }
  })
}
