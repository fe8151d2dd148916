/**
 * Shapley values: of the path game in one linear pass, and of a supplied game exactly or by sampling.
 */
import { checkPaths, emptyCredit, type Credit, type Paths } from './paths.ts'

export type PathWorth = 'conversions-within' | 'conversion-rate'

/**
 * Shapley credit of paths. The worth of a set S of channels is the number of conversions whose path uses only channels of S. That game is a
 * sum of unanimity games, one per path, so each path's worth is shared equally among its distinct channels: exact for any number of
 * channels, no 2^n and no sampling (Zhao, Mahboobi, Bagheri: "Shapley value methods for attribution modeling", 2018).
 * @throws RangeError for `worth: 'conversion-rate'`: a rate is not a worth (a channel seen twice, both times before an order, would get 100%
 *   and with it thousands of orders of other channels), so that game is refused.
 */
export function shapleyCredit(paths: Paths, options: { worth?: PathWorth } = {}): Credit {
  const worth = options.worth ?? 'conversions-within'
  if (worth === 'conversion-rate') {
    throw new RangeError('attribution: Shapley values of the conversion rate are refused: rare channels get credit for orders they never touched; use conversions-within')
  }
  if (worth !== 'conversions-within') throw new RangeError(`attribution: worth is '${String(worth)}', expected 'conversions-within'`)
  checkPaths(paths)
  const { offsets, channels, conversions, values } = paths
  const credit = emptyCredit('shapley', paths.channelCount)
  const seenIn = new Int32Array(paths.channelCount).fill(-1)
  const distinct = new Int32Array(paths.channelCount)
  for (let p = 0; p < conversions.length; p++) {
    const count = conversions[p]
    const value = values ? values[p] : 0
    if (count === 0 && value === 0) continue
    let found = 0
    for (let i = offsets[p]; i < offsets[p + 1]; i++) {
      const channel = channels[i]
      if (seenIn[channel] !== p) { seenIn[channel] = p; distinct[found++] = channel }
    }
    if (found === 0) {
      credit.unknown.conversions += count
      credit.unknown.value += value
    }
    for (let i = 0; i < found; i++) {
      credit.conversions[distinct[i]] += count / found
      credit.values[distinct[i]] += value / found
    }
  }
  return credit
}

/**
 * Exact Shapley values of a supplied game (for example a fitted conversion model), up to 20 players. O(n 2^n).
 * @param worth length 2^players; worth[mask] for the set whose players are the set bits; worth[0] is the empty set
 * @returns one value per player; they sum to worth[all] − worth[0]
 */
export function shapleyOfGame(players: number, worth: ArrayLike<number>): Float64Array {
  if (!Number.isInteger(players) || players < 1 || players > 20) {
    throw new RangeError(`attribution: players is ${players}, expected an integer from 1 to 20; use shapleySampled for more`)
  }
  const sets = 2 ** players
  if (worth.length !== sets) throw new RangeError(`attribution: worth has ${worth.length} elements, expected ${sets} (2^${players})`)
  for (let mask = 0; mask < sets; mask++) {
    if (!Number.isFinite(worth[mask])) throw new RangeError(`attribution: worth[${mask}] is ${worth[mask]}, expected a finite number`)
  }
  // weight[s] = s! (n − s − 1)! / n!, by recurrence so that nothing overflows.
  const weight = new Float64Array(players)
  weight[0] = 1 / players
  for (let s = 1; s < players; s++) weight[s] = (weight[s - 1] * s) / (players - s)
  const size = new Uint8Array(sets)
  for (let mask = 1; mask < sets; mask++) size[mask] = size[mask >> 1] + (mask & 1)
  const shapley = new Float64Array(players)
  for (let player = 0; player < players; player++) {
    const bit = 1 << player
    let sum = 0
    for (let mask = 0; mask < sets; mask++) if ((mask & bit) === 0) sum += weight[size[mask]] * (worth[mask | bit] - worth[mask])
    shapley[player] = sum
  }
  return shapley
}

export type SampledShapley = { values: Float64Array; standardErrors: Float64Array; permutations: number; reached: boolean }

/**
 * Shapley values by permutation sampling with antithetic pairs (each order and its reverse; the pair is the unit of the standard error).
 * Stops when every standard error is at most `tolerance` × |worth(all) − worth(none)|, or at `maxPermutations`; `reached` says which.
 * @param worth of a set given as a 0/1 mask of length `players`; must not keep or change the mask
 * @param seed 32-bit integer; the same seed gives the same answer
 */
export function shapleySampled(players: number, worth: (members: Uint8Array) => number, options: { seed: number; tolerance?: number; maxPermutations?: number }): SampledShapley {
  if (!Number.isInteger(players) || players < 1 || players > 65_535) throw new RangeError(`attribution: players is ${players}, expected an integer from 1 to 65535`)
  const tolerance = options.tolerance ?? 0.01
  if (!(tolerance > 0)) throw new RangeError(`attribution: tolerance is ${tolerance}, expected a number > 0`)
  const maxPermutations = options.maxPermutations ?? 200_000
  if (!(maxPermutations >= 4)) throw new RangeError(`attribution: maxPermutations is ${maxPermutations}, expected at least 4`)
  const random = seeded(options.seed)
  const members = new Uint8Array(players)
  const askWorth = (): number => {
    const value = worth(members)
    if (!Number.isFinite(value)) throw new RangeError(`attribution: the supplied worth returned ${value} for a set of ${members.reduce((a, b) => a + b, 0)} of ${players} players`)
    return value
  }
  const none = askWorth()
  members.fill(1)
  const scale = Math.abs(askWorth() - none)
  const order = Uint16Array.from({ length: players }, (_, i) => i)
  const mean = new Float64Array(players)
  const squares = new Float64Array(players)
  const standardErrors = new Float64Array(players)
  const pair = new Float64Array(players)
  const walk = (reverse: boolean): void => {
    members.fill(0)
    let before = none
    for (let i = 0; i < players; i++) {
      const player = order[reverse ? players - 1 - i : i]
      members[player] = 1
      const after = askWorth()
      pair[player] += (after - before) / 2
      before = after
    }
  }
  let pairs = 0
  let reached = false
  while (pairs * 2 < maxPermutations) {
    for (let i = players - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      const held = order[i]
      order[i] = order[j]
      order[j] = held
    }
    pair.fill(0)
    walk(false)
    walk(true)
    pairs++
    for (let i = 0; i < players; i++) {
      const delta = pair[i] - mean[i]
      mean[i] += delta / pairs
      squares[i] += delta * (pair[i] - mean[i])
    }
    // At least 32 pairs: a standard error of a handful of pairs is itself noise.
    if (pairs >= 32 && pairs % 16 === 0) {
      let worst = 0
      for (let i = 0; i < players; i++) worst = Math.max(worst, Math.sqrt(squares[i] / (pairs - 1) / pairs))
      if (worst <= tolerance * scale) { reached = true; break }
    }
  }
  for (let i = 0; i < players; i++) standardErrors[i] = pairs > 1 ? Math.sqrt(squares[i] / (pairs - 1) / pairs) : Infinity
  return { values: mean, standardErrors, permutations: pairs * 2, reached }
}

/** Uniform numbers in [0, 1) from a 32-bit seed: a Weyl sequence through two rounds of multiply and shift. */
function seeded(seed: number): () => number {
  if (!Number.isInteger(seed)) throw new RangeError(`attribution: seed is ${seed}, expected an integer`)
  let counter = seed >>> 0
  const next = (): number => {
    counter = (counter + 0x9e3779b9) >>> 0
    let x = counter
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    return (x ^ (x >>> 15)) >>> 0
  }
  return () => (next() * 0x200000 + (next() >>> 11)) / 0x20000000000000
}
