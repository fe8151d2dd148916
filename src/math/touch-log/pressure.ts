/**
 * Pressure: a weighted sum over a person's rows that halves every half-life.
 */
import type { Column } from './columns.ts'
import { firstAfter, makeMask, markRows, type Mask } from './planes.ts'
import { daySeconds, type PressureQuery } from './query.ts'
import type { Block, TouchTask } from './task.ts'

export function pressurePart(query: PressureQuery, task: TouchTask): Float64Array {
  const { at } = query
  const halfLife = query.halfLifeDays * daySeconds
  const out = new Float64Array(task.to - task.from)
  const weights = new Float64Array(256)
  for (let i = 0; i < query.weights.length; i++) weights[i] = query.weights[i]
  // 2^(−Δ/H) for a whole number of seconds is the product of two table entries: one multiplication instead of a power per row.
  // Beyond 1100 half-lives every term is exactly 0 in a double.
  const oldest = Math.max(task.bounds.firstSecond, at - Math.floor(1100 * halfLife))
  if (at < oldest) return out
  const low = Float64Array.from({ length: 2048 }, (_, i) => 2 ** (-i / halfLife))
  const high = Float64Array.from({ length: ((at - oldest) >>> 11) + 1 }, (_, i) => 2 ** ((-i * 2048) / halfLife))
  const name = query.weightColumn
  // When at most half of the types weigh anything their rows are found by mask, else every row is added: a branch on the type could not be predicted and
  // would cost more than the multiplication. Both add the same terms in the same order; a weight of 0 adds exactly 0.
  const heavy = weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0)
  const wanted = Uint8Array.from(weights, weight => (weight > 0 ? 1 : 0))
  const sparse = heavy * 2 <= task.bounds.types.length
  const mask = makeMask()
  const work: Decay = { weights, low, high, oldest, at, sparse, firstOut: task.from, out }
  for (const block of task.blocks) {
    if (sparse) markRows(block, wanted, mask)
    addBlock(block, name === undefined ? null : block.columns[name], mask, work)
  }
  return out
}

type Decay = { weights: Float64Array; low: Float64Array; high: Float64Array; oldest: number; at: number; sparse: boolean; firstOut: number; out: Float64Array }

function addBlock(block: Block, column: Column | null, mask: Mask, work: Decay): void {
  const { offsets, seconds, type, skip, who, persons, firstPerson } = block
  const { weights, low, high, oldest, at, sparse, firstOut, out } = work
  const { bits, firstWord } = mask
  // Seconds fit 32 bits, so ages are taken modulo 2^32 in whole numbers and read as unsigned: exact, and without conversions.
  const instant = at | 0
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    let from = offsets[i]
    let to = offsets[i + 1]
    if (from < to && seconds[from] < oldest) from = firstAfter(seconds, from, to, oldest - 1)
    if (from < to && seconds[to - 1] > at) to = firstAfter(seconds, from, to, at)
    out[(who === null ? firstPerson + i : who[i]) - firstOut] = sparse ? sumMarked(seconds, type, column, weights, low, high, bits, firstWord, from, to, instant)
      : sumAll(seconds, type, column, weights, low, high, from, to, instant)
  }
}

function sumMarked(
  seconds: Uint32Array, type: Uint8Array, column: Column | null, weights: Float64Array, low: Float64Array, high: Float64Array, bits: Uint32Array, firstWord: number,
  from: number, to: number, instant: number,
): number {
  let sum = 0
  for (let r = from; r < to;) {
    const base = r & ~31
    let word = bits[(r >>> 5) - firstWord] & (-1 << (r & 31))
    r = base + 32
    if (r >= to) word &= -1 >>> (31 - ((to - 1) & 31))
    for (; word !== 0; word &= word - 1) {
      const row = base + 31 - Math.clz32(word & -word)
      const age = (instant - (seconds[row] | 0)) | 0
      const term = weights[type[row]] * low[age & 2047] * high[age >>> 11]
      sum += column === null ? term : term * column[row]
    }
  }
  return sum
}

function sumAll(
  seconds: Uint32Array, type: Uint8Array, column: Column | null, weights: Float64Array, low: Float64Array, high: Float64Array, from: number, to: number, instant: number,
): number {
  let sum = 0
  if (column === null) {
    for (let r = from; r < to; r++) {
      const age = (instant - (seconds[r] | 0)) | 0
      sum += weights[type[r]] * low[age & 2047] * high[age >>> 11]
    }
  } else {
    for (let r = from; r < to; r++) {
      const age = (instant - (seconds[r] | 0)) | 0
      sum += weights[type[r]] * low[age & 2047] * high[age >>> 11] * column[r]
    }
  }
  return sum
}

function checkState(pressure: number, halfLifeDays: number): void {
  if (!(pressure >= 0 && pressure < Infinity)) throw new RangeError(`touch log: pressure is ${pressure}, expected a finite number ≥ 0`)
  if (!(halfLifeDays > 0 && halfLifeDays < Infinity)) throw new RangeError(`touch log: halfLifeDays is ${halfLifeDays}, expected a finite number > 0`)
}

/** Moves a pressure from one instant to another (seconds): what decays on the way, forward; a late row is added with `lateSeconds` ago. */
export function decayPressure(pressure: number, seconds: number, halfLifeDays: number): number {
  checkState(pressure, halfLifeDays)
  if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`touch log: seconds is ${seconds}, expected a finite number ≥ 0: pressure only moves forward`)
  return pressure * 2 ** (-seconds / (halfLifeDays * daySeconds))
}

/**
 * Seconds until pressure has fallen so far that one more touch of `weight` stays within `limit`; 0 = allowed now.
 * @throws RangeError when weight > limit: such a touch could never be sent, which is an error of configuration
 */
export function secondsUntilAllowed(pressure: number, weight: number, limit: number, halfLifeDays: number): number {
  checkState(pressure, halfLifeDays)
  if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`touch log: weight is ${weight}, expected a finite number ≥ 0`)
  if (!(limit > 0 && limit < Infinity)) throw new RangeError(`touch log: limit is ${limit}, expected a finite number > 0`)
  if (weight > limit) throw new RangeError(`touch log: a touch of weight ${weight} can never be sent under a limit of ${limit}; raise the limit or lower the weight`)
  if (pressure + weight <= limit) return 0
  if (weight === limit) return Infinity
  return halfLifeDays * daySeconds * Math.log2(pressure / (limit - weight))
}

/** Whole-number histogram of values: bin i counts edges[i] ≤ value < edges[i + 1]; below the first edge bin 0 is not counted, above the last the last bin is. */
export function histogram(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  edges.forEach((edge, i) => { if (!Number.isFinite(edge) || (i > 0 && !(edge > edges[i - 1]))) throw new RangeError(`touch log: edges[${i}] is ${edge}, expected finite ascending numbers`) })
  const counts = new Float64Array(edges.length)
  for (let v = 0; v < values.length; v++) {
    let from = 0
    let to = edges.length
    while (from < to) {
      const mid = (from + to) >> 1
      if (edges[mid] <= values[v]) from = mid + 1
      else to = mid
    }
    if (from > 0) counts[from - 1]++
  }
  return counts
}

/** Nearest rank: the bin that holds the ⌈share · n⌉-th value of a histogram (at least the first); −1 when it is empty. */
export function nearestRank(counts: ArrayLike<number>, share: number): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`touch log: share is ${share}, expected 0 to 1`)
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i]
  const rank = Math.max(1, Math.ceil(share * total))
  let below = 0
  for (let i = 0; i < counts.length; i++) {
    below += counts[i]
    if (below >= rank) return i
  }
  return -1
}
