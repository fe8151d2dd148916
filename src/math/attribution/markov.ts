/**
 * Markov attribution of order 1 to 4, exact (Anderl, Becker, von Wangenheim, Schumann: "Mapping the customer journey",
 * International Journal of Research in Marketing 33, 2016).
 *
 * Model: a person moves through states; a state is the last ≤ k channels. Each path adds (conversions + nulls) to its transitions and
 * ends in CONVERSION or NULL. The removal effect of channel c is the share of conversions lost when entering any state whose newest
 * channel is c leads to NULL. Credit is shared in proportion to the removal effects. Nothing is simulated: the absorption probabilities
 * are solved, so two runs agree to the last digits and rare channels are not noise.
 */
import { absorptionFromStart, type Chain } from './chain.ts'
import { checkPaths, emptyCredit, type Credit, type Paths } from './paths.ts'

export type MarkovOptions = {
  /** How many last channels make a state: 1 to 4. Default 1. */
  order?: number
  /** false = use converting paths only (then the base probability is 1). Default true. */
  withNulls?: boolean
  /** Collapse consecutive repeats of a channel (A > A > B is A > B). Makes no difference to order 1's credit, does to higher ones. Default true. */
  collapse?: boolean
}
export type MarkovCredit = Credit & {
  order: number
  /** States including the start, without the two ends. */
  states: number
  transitions: number
  /** Probability that a path converts, as the chain sees it. */
  baseProbability: number
  /** 1 − P(conversion without c) / P(conversion), one per channel, each in [0, 1]. */
  removalEffect: Float64Array
  /** Largest proven uncertainty of any absorption probability solved. */
  solvedWithin: number
}

const maxCells = 1 << 26

/** The transition counts of all paths; exported for tests and for the SQL comparison of the bench. */
export function countTransitions(paths: Paths, order: number, withNulls: boolean, collapse: boolean): {
  states: number; next: Int32Array; counts: Float64Array; conversions: Float64Array; nulls: Float64Array; newest: Int32Array
} {
  const { channelCount: width, offsets, channels, conversions, nulls: nullCounts } = paths
  const base = width + 1
  if (base ** order > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`attribution: order ${order} with ${width} channels has too many possible states; use a lower order or merge channels`)
  }
  let capacity = Math.max(2, Math.min(64, Math.floor(maxCells / width)))
  let next = new Int32Array(capacity * width).fill(-1)
  let counts = new Float64Array(capacity * width)
  let toConversion = new Float64Array(capacity)
  let toNull = new Float64Array(capacity)
  // A state's code is its channels + 1 as digits in base (channels + 1), oldest first: the start is 0.
  let codes = new Float64Array(capacity)
  let newest = new Int32Array(capacity).fill(-1)
  const stateOf = new Map<number, number>([[0, 0]])
  const oldest = base ** (order - 1)
  let states = 1
  const addState = (code: number, channel: number): number => {
    const known = stateOf.get(code)
    if (known !== undefined) return known
    if (states === capacity) {
      capacity *= 2
      if (capacity * width > maxCells * 2) {
        throw new RangeError(`attribution: order ${order} made more than ${states} states of ${width} channels; use a lower order or merge channels`)
      }
      const grownNext = new Int32Array(capacity * width).fill(-1)
      grownNext.set(next)
      next = grownNext
      counts = grow(counts, capacity * width)
      toConversion = grow(toConversion, capacity)
      toNull = grow(toNull, capacity)
      codes = grow(codes, capacity)
      const grownNewest = new Int32Array(capacity)
      grownNewest.set(newest)
      newest = grownNewest
    }
    codes[states] = code
    newest[states] = channel
    stateOf.set(code, states)
    return states++
  }
  for (let p = 0, pathCount = conversions.length; p < pathCount; p++) {
    const converted = conversions[p]
    const lost = withNulls && nullCounts ? nullCounts[p] : 0
    const weight = converted + lost
    const from = offsets[p]
    const to = offsets[p + 1]
    if (weight === 0 || from === to) continue
    let state = 0
    let last = -1
    for (let i = from; i < to; i++) {
      const channel = channels[i]
      if (channel === last && collapse) continue
      last = channel
      const cell = state * width + channel
      counts[cell] += weight
      const known = next[cell]
      if (known >= 0) state = known
      else {
        const target = addState((codes[state] % oldest) * base + channel + 1, channel)
        next[cell] = target
        state = target
      }
    }
    toConversion[state] += converted
    toNull[state] += lost
  }
  return { states, next, counts, conversions: toConversion, nulls: toNull, newest }
}

function grow(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(length)
  grown.set(values)
  return grown
}

/**
 * Exact Markov credit. O(touches) to count, then one solve per channel that occurs.
 * Input as in `Paths`; output conversions/values per channel, removal effects, and how exactly the chain was solved.
 */
export function markovCredit(paths: Paths, options: MarkovOptions = {}): MarkovCredit {
  const order = options.order ?? 1
  if (order !== 1 && order !== 2 && order !== 3 && order !== 4) throw new RangeError(`attribution: order is ${order}, expected 1, 2, 3 or 4`)
  checkPaths(paths)
  const counted = countTransitions(paths, order, options.withNulls ?? true, options.collapse ?? true)
  const chain = toChain(counted, paths.channelCount)
  const width = paths.channelCount
  const credit = emptyCredit(`markov-${order}`, width)
  let total = 0
  let totalValue = 0
  for (let p = 0; p < paths.conversions.length; p++) {
    const value = paths.values ? paths.values[p] : 0
    if (paths.offsets[p] === paths.offsets[p + 1]) {
      credit.unknown.conversions += paths.conversions[p]
      credit.unknown.value += value
    } else {
      total += paths.conversions[p]
      totalValue += value
    }
  }
  const base = absorptionFromStart(chain, null)
  const removalEffect = new Float64Array(width)
  const removed = new Uint8Array(counted.states)
  let effectSum = 0
  let solvedWithin = base.width
  if (base.fromStart > 0) {
    for (let channel = 0; channel < width; channel++) {
      let occurs = false
      for (let s = 0; s < counted.states; s++) {
        removed[s] = counted.newest[s] === channel ? 1 : 0
        if (removed[s]) occurs = true
      }
      if (!occurs) continue
      const without = absorptionFromStart(chain, removed)
      solvedWithin = Math.max(solvedWithin, without.width)
      removalEffect[channel] = Math.min(1, Math.max(0, 1 - without.fromStart / base.fromStart))
      effectSum += removalEffect[channel]
    }
  }
  if (effectSum > 0) {
    for (let channel = 0; channel < width; channel++) {
      credit.conversions[channel] = (total * removalEffect[channel]) / effectSum
      credit.values[channel] = (totalValue * removalEffect[channel]) / effectSum
    }
  } else {
    // No path with a touch converts, so there is nothing to share; value without a conversion has no owner.
    credit.unknown.value += totalValue
  }
  return {
    ...credit, order, states: counted.states, transitions: chain.targets.length, baseProbability: base.fromStart, removalEffect, solvedWithin,
  }
}

function toChain(counted: ReturnType<typeof countTransitions>, width: number): Chain {
  const { states, next, counts } = counted
  let edges = 0
  for (let cell = 0; cell < states * width; cell++) if (counts[cell] > 0) edges++
  const rowStarts = new Uint32Array(states + 1)
  const targets = new Uint32Array(edges)
  const probabilities = new Float64Array(edges)
  const success = new Float64Array(states)
  const failure = new Float64Array(states)
  let at = 0
  for (let s = 0; s < states; s++) {
    rowStarts[s] = at
    let out = counted.conversions[s] + counted.nulls[s]
    for (let c = 0; c < width; c++) out += counts[s * width + c]
    if (out === 0) continue
    let sum = 0
    for (let c = 0; c < width; c++) {
      const count = counts[s * width + c]
      if (count === 0) continue
      targets[at] = next[s * width + c]
      probabilities[at] = count / out
      sum += probabilities[at++]
    }
    success[s] = counted.conversions[s] / out
    failure[s] = counted.nulls[s] / out
    sum += success[s] + failure[s]
    if (!(Math.abs(sum - 1) < 1e-12)) throw new Error(`attribution: the probabilities leaving state ${s} sum to ${sum}, expected 1 within 1e-12`)
  }
  rowStarts[states] = at
  return { stateCount: states, rowStarts, targets, probabilities, success, failure }
}
