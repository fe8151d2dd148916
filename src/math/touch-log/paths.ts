/**
 * Paths for attribution: the channels a person met before each conversion. Blocks must come in person order without overlays.
 */
import { daySeconds, type PathsAnswer, type PathsQuery } from './query.ts'
import type { TouchTask } from './task.ts'

export function pathsPart(query: PathsQuery, task: TouchTask): PathsAnswer {
  const { lookBackSeconds: lookBack } = query
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const restart = query.restart ?? false
  const nullsAt = query.nullsAt
  const isConversion = new Uint8Array(256)
  for (const type of query.conversionTypes) isConversion[type] = 1
  const byType = new Int32Array(256).fill(-1)
  const isTouch = new Uint8Array(256)
  let channelCount = 1
  let channelColumn: string | null = null
  if ('byType' in query.channels) {
    for (let i = 0; i < query.channels.byType.length; i++) {
      byType[i] = query.channels.byType[i]
      isTouch[i] = byType[i] >= 0 ? 1 : 0
      channelCount = Math.max(channelCount, byType[i] + 1)
    }
  } else {
    channelColumn = query.channels.column
    channelCount = query.channels.channelCount
    for (const type of query.channels.types) isTouch[type] = 1
  }
  let channels = new Uint16Array(4096)
  let ages = new Float64Array(4096)
  let touches = 0
  let paths = 0
  let offsets = new Float64Array(1025)
  let converted = new Uint8Array(1024)
  let values = new Float64Array(1024)
  let persons = new Uint32Array(1024)
  let ends = new Uint32Array(1024)
  let picked = new Int32Array(256)
  for (const block of task.blocks) {
    const { seconds, type } = block
    const column = channelColumn === null ? null : block.columns[channelColumn]
    const worth = query.valueColumn === undefined ? null : block.columns[query.valueColumn]
    for (let i = 0; i < block.persons; i++) {
      const person = block.firstPerson + i
      const from = block.offsets[i]
      const to = block.offsets[i + 1]
      if (to - from > picked.length) picked = new Int32Array((to - from) * 2)
      let n = 0
      for (let r = from; r < to; r++) {
        picked[n] = r
        n += isConversion[type[r]]
      }
      if (n === 0 && nullsAt === undefined) continue
      let previous = -1
      let earlier = -1
      let lastConversion = -Infinity
      // One round per conversion, and one more for the null path.
      for (let j = 0; j <= n; j++) {
        let oldest = 0
        let newest = 0
        let near = to
        if (j < n) {
          near = picked[j]
          newest = seconds[near]
          if (nullsAt === undefined || newest <= nullsAt) lastConversion = newest
          // `earlier` is the newest conversion strictly before this second.
          if (newest !== previous) {
            earlier = previous
            previous = newest
          }
          if (newest <= after || newest > until) continue
          oldest = newest - lookBack
          if (restart && earlier >= oldest) oldest = earlier + 1
        } else {
          if (nullsAt === undefined || lastConversion > nullsAt - lookBack) continue
          newest = nullsAt
          oldest = nullsAt - lookBack + 1
        }
        const before = touches
        let r = near
        while (r > from && seconds[r - 1] >= oldest) r--
        if (touches + to - r > channels.length) {
          const length = Math.max(channels.length * 2, touches + to - r)
          channels = grown(channels, length)
          ages = grown(ages, length)
        }
        if (column === null) {
          // Written always, counted only when it is a touch: which type comes next cannot be predicted.
          for (; r < to && seconds[r] <= newest; r++) {
            const code = type[r]
            channels[touches] = byType[code]
            ages[touches] = (newest - seconds[r]) / daySeconds
            touches += isTouch[code]
          }
        } else {
          for (; r < to && seconds[r] <= newest; r++) {
            if (isTouch[type[r]] === 0) continue
            const channel = column[r]
            if (!(channel >= 0 && channel < channelCount) || channel !== Math.floor(channel)) {
              throw new RangeError(`touch log: person ${person} has channel ${channel} in column ${channelColumn} at second ${seconds[r]}, expected an integer from 0 to ${channelCount - 1}`)
            }
            channels[touches] = channel
            ages[touches++] = (newest - seconds[r]) / daySeconds
          }
        }
        if (j === n && touches === before) continue
        if (paths === persons.length) {
          const length = paths * 2
          offsets = grown(offsets, length + 1)
          converted = grown(converted, length)
          values = grown(values, length)
          persons = grown(persons, length)
          ends = grown(ends, length)
        }
        converted[paths] = j < n ? 1 : 0
        values[paths] = j < n && worth !== null ? worth[near] : 0
        persons[paths] = person
        ends[paths] = newest
        offsets[++paths] = touches
      }
    }
  }
  return {
    channelCount, offsets: offsets.subarray(0, paths + 1), channels: channels.subarray(0, touches), ages: ages.subarray(0, touches),
    conversions: Float64Array.from(converted.subarray(0, paths)), values: values.subarray(0, paths),
    nulls: Float64Array.from(converted.subarray(0, paths), one => 1 - one), persons: persons.subarray(0, paths), seconds: ends.subarray(0, paths),
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, length: number): T {
  const fresh = new (old.constructor as new (length: number) => T)(length)
  fresh.set(old)
  return fresh
}

export function joinPaths(parts: readonly PathsAnswer[]): PathsAnswer {
  if (parts.length === 1) return parts[0]
  const paths = parts.reduce((sum, part) => sum + part.persons.length, 0)
  const touches = parts.reduce((sum, part) => sum + part.channels.length, 0)
  const out: PathsAnswer = {
    channelCount: Math.max(1, ...parts.map(part => part.channelCount)), offsets: new Float64Array(paths + 1), channels: new Uint16Array(touches), ages: new Float64Array(touches),
    conversions: new Float64Array(paths), values: new Float64Array(paths), nulls: new Float64Array(paths), persons: new Uint32Array(paths), seconds: new Uint32Array(paths),
  }
  let path = 0
  let touch = 0
  for (const part of parts) {
    for (const name of ['conversions', 'values', 'nulls', 'persons', 'seconds'] as const) out[name].set(part[name], path)
    out.channels.set(part.channels, touch)
    out.ages.set(part.ages, touch)
    for (let p = 0; p < part.persons.length; p++) out.offsets[path + p + 1] = touch + part.offsets[p + 1]
    path += part.persons.length
    touch += part.channels.length
  }
  return out
}
