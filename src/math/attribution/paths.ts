/**
 * Customer paths as columns: the input of every attribution model here.
 *
 * One row per path (or per group of identical paths, with counts). `channels` holds all touches of all paths one after the
 * other in time order; path p owns `channels[offsets[p] .. offsets[p + 1])`. A path without touches is allowed: its conversions
 * go to `unknown`.
 */
export type Paths = {
  /** Channels are the integers 0 … channelCount − 1. */
  channelCount: number
  /** Length pathCount + 1, non-decreasing, offsets[0] = 0, last = channels.length. */
  offsets: ArrayLike<number>
  channels: ArrayLike<number>
  /** Conversions that ended with this path (count, ≥ 0). */
  conversions: ArrayLike<number>
  /** Worth of those conversions, in any unit (fen, yuan); absent = all zero. */
  values?: ArrayLike<number>
  /** How often this path ended without a conversion (count, ≥ 0); absent = all zero. */
  nulls?: ArrayLike<number>
  /** Days between each touch and the end of its path (≥ 0), parallel to `channels`; only time decay needs it. */
  ages?: ArrayLike<number>
}

/** Credit of one model. Shapes: `conversions` and `values` have one element per channel, in the units of the input. */
export type Credit = {
  model: string
  conversions: Float64Array
  values: Float64Array
  /** Conversions of paths without any touch. */
  unknown: { conversions: number; value: number }
  /**
   * What would have been bought without any marketing. Zero for every model that has not been held against a holdout:
   * credit + unknown + this row is always the total, so no table can claim more than was sold.
   */
  wouldHaveBoughtAnyway: { conversions: number; value: number }
}

/** Totals of the input: what every credit table has to add up to. */
export type PathTotals = { paths: number; touches: number; conversions: number; value: number; nulls: number }

function countAt(name: string, column: ArrayLike<number>, index: number): number {
  const value = column[index]
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`attribution: ${name}[${index}] is ${value}, expected a finite number ≥ 0`)
  return value
}

/**
 * Checks a set of paths and returns its totals. One pass, O(touches).
 * @throws RangeError naming the column, the element and what was found against what was expected.
 */
export function checkPaths(paths: Paths): PathTotals {
  const { channelCount, offsets, channels, conversions, values, nulls, ages } = paths
  if (!Number.isInteger(channelCount) || channelCount < 1 || channelCount > 65_535) {
    throw new RangeError(`attribution: channelCount is ${channelCount}, expected an integer from 1 to 65535`)
  }
  const pathCount = offsets.length - 1
  if (pathCount < 0) throw new RangeError('attribution: offsets is empty, expected at least one element (0)')
  if (offsets[0] !== 0) throw new RangeError(`attribution: offsets[0] is ${offsets[0]}, expected 0`)
  for (let p = 0; p < pathCount; p++) {
    if (!(offsets[p + 1] >= offsets[p]) || !Number.isInteger(offsets[p + 1])) {
      throw new RangeError(`attribution: offsets[${p + 1}] is ${offsets[p + 1]}, expected an integer ≥ offsets[${p}] = ${offsets[p]}`)
    }
  }
  if (offsets[pathCount] !== channels.length) {
    throw new RangeError(`attribution: the last offset is ${offsets[pathCount]}, expected ${channels.length}, the number of touches`)
  }
  for (const [name, column, length] of [
    ['conversions', conversions, pathCount], ['values', values, pathCount], ['nulls', nulls, pathCount], ['ages', ages, channels.length],
  ] as const) {
    if (column && column.length !== length) throw new RangeError(`attribution: ${name} has ${column.length} elements, expected ${length}`)
  }
  for (let i = 0; i < channels.length; i++) {
    const channel = channels[i]
    if (!(channel >= 0 && channel < channelCount) || channel !== (channel | 0)) {
      throw new RangeError(`attribution: channels[${i}] is ${channel}, expected an integer from 0 to ${channelCount - 1}`)
    }
  }
  const totals: PathTotals = { paths: pathCount, touches: channels.length, conversions: 0, value: 0, nulls: 0 }
  for (let p = 0; p < pathCount; p++) {
    totals.conversions += countAt('conversions', conversions, p)
    if (nulls) totals.nulls += countAt('nulls', nulls, p)
    if (values) {
      // A value may be negative (more refunded than paid); it only has to be a number.
      if (!Number.isFinite(values[p])) throw new RangeError(`attribution: values[${p}] is ${values[p]}, expected a finite number`)
      totals.value += values[p]
    }
  }
  return totals
}

/** Builds columns from plain lists: `[{ path: [0, 1], conversions: 2, nulls: 1, value: 9.5, ages: [3, 0] }]`. For tests and small inputs. */
export function pathsFromLists(
  channelCount: number,
  rows: ReadonlyArray<{ path: readonly number[]; conversions: number; nulls?: number; value?: number; ages?: readonly number[] }>,
): Paths {
  const offsets = new Uint32Array(rows.length + 1)
  rows.forEach((row, p) => { offsets[p + 1] = offsets[p] + row.path.length })
  const channels = new Uint16Array(offsets[rows.length])
  const ages = new Float64Array(channels.length)
  rows.forEach((row, p) => {
    for (const channel of row.path) {
      if (!Number.isInteger(channel) || channel < 0 || channel >= channelCount) {
        throw new RangeError(`attribution: row ${p} has channel ${channel}, expected an integer from 0 to ${channelCount - 1}`)
      }
    }
    if (row.ages && row.ages.length !== row.path.length) {
      throw new RangeError(`attribution: row ${p} has ${row.ages.length} ages for ${row.path.length} touches`)
    }
    channels.set(row.path, offsets[p])
    if (row.ages) ages.set(row.ages, offsets[p])
  })
  return {
    channelCount, offsets, channels,
    conversions: Float64Array.from(rows, row => row.conversions),
    nulls: Float64Array.from(rows, row => row.nulls ?? 0),
    values: Float64Array.from(rows, row => row.value ?? 0),
    ...(rows.some(row => row.ages) ? { ages } : {}),
  }
}

export function emptyCredit(model: string, channelCount: number): Credit {
  return {
    model, conversions: new Float64Array(channelCount), values: new Float64Array(channelCount),
    unknown: { conversions: 0, value: 0 }, wouldHaveBoughtAnyway: { conversions: 0, value: 0 },
  }
}
