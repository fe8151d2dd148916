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
  // Channel by type; −1 = not a touch, −2 = read the column.
  const byType = new Int32Array(256).fill(-1)
  let channelCount = 1
  let channelColumn: string | null = null
  if ('byType' in query.channels) {
    for (let i = 0; i < query.channels.byType.length; i++) {
      byType[i] = query.channels.byType[i]
      channelCount = Math.max(channelCount, byType[i] + 1)
    }
  } else {
    channelColumn = query.channels.column
    channelCount = query.channels.channelCount
    for (const type of query.channels.types) byType[type] = -2
  }
  const out = makeOutput()
  for (const block of task.blocks) {
    const { offsets, seconds, type } = block
    const channels = channelColumn === null ? null : block.columns[channelColumn]
    const values = query.valueColumn === undefined ? null : block.columns[query.valueColumn]
    for (let i = 0; i < block.persons; i++) {
      const person = block.firstPerson + i
      const from = offsets[i]
      const to = offsets[i + 1]
      const addPath = (oldest: number, newest: number): void => {
        // From the first row of the window on; tails are short, so the search runs backwards from the end of the rows that may count.
        let r = to
        while (r > from && seconds[r - 1] >= oldest) r--
        for (; r < to && seconds[r] <= newest; r++) {
          const code = byType[type[r]]
          if (code === -1) continue
          const channel = code === -2 ? (channels as ArrayLike<number>)[r] : code
          if (!(channel >= 0 && channel < channelCount) || channel !== Math.floor(channel)) {
            throw new RangeError(`touch log: person ${person} has channel ${channel} in column ${channelColumn} at second ${seconds[r]}, expected an integer from 0 to ${channelCount - 1}`)
          }
          out.touch(channel, (newest - seconds[r]) / daySeconds)
        }
      }
      let previous = -1
      let earlier = -1
      let lastConversion = -Infinity
      for (let r = from; r < to; r++) {
        if (isConversion[type[r]] === 0) continue
        const t = seconds[r]
        if (nullsAt === undefined || t <= nullsAt) lastConversion = t
        // `earlier` is the newest conversion strictly before this second.
        if (t !== previous) {
          earlier = previous
          previous = t
        }
        if (t <= after || t > until) continue
        addPath(restart ? Math.max(t - lookBack, earlier + 1) : t - lookBack, t)
        out.path(person, t, 1, values === null ? 0 : values[r], 0)
      }
      if (nullsAt !== undefined && !(lastConversion > nullsAt - lookBack)) {
        const before = out.touches()
        addPath(nullsAt - lookBack + 1, nullsAt)
        if (out.touches() > before) out.path(person, nullsAt, 0, 0, 1)
      }
    }
  }
  return out.done(channelCount)
}

function makeOutput(): {
  touch(channel: number, age: number): void
  path(person: number, second: number, conversions: number, value: number, nulls: number): void
  touches(): number
  done(channelCount: number): PathsAnswer
} {
  let channels = new Uint16Array(1024)
  let ages = new Float64Array(1024)
  let touches = 0
  let paths = 0
  let offsets = new Float64Array(257)
  let conversions = new Uint8Array(256)
  let values = new Float64Array(256)
  let persons = new Uint32Array(256)
  let seconds = new Uint32Array(256)
  const grown = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, length: number): T => {
    const fresh = new (old.constructor as new (length: number) => T)(length)
    fresh.set(old)
    return fresh
  }
  return {
    touch(channel, age) {
      if (touches === channels.length) {
        channels = grown(channels, touches * 2)
        ages = grown(ages, touches * 2)
      }
      channels[touches] = channel
      ages[touches++] = age
    },
    path(person, second, converted, value) {
      if (paths === persons.length) {
        const length = paths * 2
        offsets = grown(offsets, length + 1)
        conversions = grown(conversions, length)
        values = grown(values, length)
        persons = grown(persons, length)
        seconds = grown(seconds, length)
      }
      conversions[paths] = converted
      values[paths] = value
      persons[paths] = person
      seconds[paths] = second
      offsets[++paths] = touches
    },
    touches: () => touches,
    done: channelCount => ({
      channelCount, offsets: offsets.slice(0, paths + 1), channels: channels.slice(0, touches), ages: ages.slice(0, touches),
      conversions: Float64Array.from(conversions.subarray(0, paths)), values: values.slice(0, paths),
      nulls: Float64Array.from(conversions.subarray(0, paths), converted => 1 - converted), persons: persons.slice(0, paths), seconds: seconds.slice(0, paths),
    }),
  }
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
