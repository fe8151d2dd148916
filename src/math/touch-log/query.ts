/**
 * The questions, their answers, and the check of a question.
 *
 * Times are integer seconds; a range is (after, until]: "the last D days at now" is after = now − D·86400, until = now. `persons` limits a
 * question to persons from … to − 1; answers of disjoint ranges add up.
 */
import type { ColumnSpec } from './columns.ts'
import { maxSeconds } from './rows.ts'

export type PersonRange = { from: number; to: number }
type Scope = { after?: number; until?: number; persons?: PersonRange }

/**
 * Ordered funnel. A person reaches step m if distinct rows of types s_1 … s_m exist with non-decreasing times (strictly increasing
 * when `strict`) and the last at most `windowSeconds` after the first. Other rows may lie between; a type named twice needs two rows.
 */
export type FunnelQuery = Scope & {
  kind: 'funnel'
  steps: readonly number[]
  windowSeconds: number
  strict?: boolean
  /** A column: persons are split by its value on the first row of their best chain (longest; latest start; ties: smallest value). */
  breakdown?: string
}
export type FunnelAnswer = {
  /** reached[m − 1] = persons who reached at least step m. */
  reached: Float64Array
  /** Ascending by value; the reached of all groups add up to `reached`. Empty without `breakdown`. */
  groups: Array<{ value: number; reached: Float64Array }>
}

/** Exact number of distinct persons per cell. */
export type DistinctQuery = Scope & {
  kind: 'distinct'
  /** 'type', 'day' (Asia/Shanghai), or one column name; in any combination. */
  by: readonly string[]
  /** Only these types; absent = all. */
  types?: readonly number[]
}
export type DistinctAnswer = {
  /** Cells with at least one person, ascending; keys[i] belongs to by[i]. A day is the number of days since 1970-01-01 in Shanghai. */
  keys: Float64Array[]
  persons: Float64Array
}

/** Recency × frequency at an instant. */
export type SegmentsQuery = {
  kind: 'segments'
  now: number
  types?: readonly number[]
  /** Ascending days, e.g. [7, 30, 90]: band 0 = within 7 days, … then "older", then "never". */
  recencyDays: readonly number[]
  /** Frequency counts rows of the last `windowDays` days. */
  windowDays: number
  /** Ascending whole numbers, e.g. [1, 3, 10]: band = how many of them the count reaches. */
  frequency: readonly number[]
  /** Also return each person's cell. */
  perPerson?: boolean
  persons?: PersonRange
}
export type SegmentsAnswer = {
  recencyBands: number
  frequencyBands: number
  /** counts[recencyBand × frequencyBands + frequencyBand], all persons of the range (also those without a row). */
  counts: Float64Array
  cell: Uint16Array | null
}

/** Pressure of all persons: Σ weight(type) [× weightColumn] · 2^(−(at − t) / half life) over rows with t ≤ at. */
export type PressureQuery = {
  kind: 'pressure'
  at: number
  halfLifeDays: number
  /** One weight ≥ 0 per type code (256 elements; a shorter list is 0 beyond its end). */
  weights: ArrayLike<number>
  weightColumn?: string
  persons?: PersonRange
}

/** The last rows of each person, oldest first. */
export type TailsQuery = Scope & { kind: 'tails'; limit: number; types?: readonly number[] }
export type TailsAnswer = {
  firstPerson: number
  /** Person firstPerson + i owns rows offsets[i] … offsets[i + 1] − 1. */
  offsets: Float64Array
  seconds: Uint32Array
  type: Uint8Array
  columns: Record<string, Float64Array>
}

/** The channels before each conversion, ready for attribution. */
export type PathsQuery = Scope & {
  kind: 'paths'
  /** A row of one of these types is a conversion (one path each). It must not be a touch as well. */
  conversionTypes: readonly number[]
  /** Touches in [conversion − lookBackSeconds, conversion] count, those in the conversion's own second included. */
  lookBackSeconds: number
  /** Channel by type code (−1 = not a touch), or a whole-number column on rows of `types`. */
  channels: { byType: ArrayLike<number> } | { column: string; types: readonly number[]; channelCount: number }
  /** True: touches at or before an earlier conversion belong to that one. Default false: each conversion looks back on its own. */
  restart?: boolean
  /** Column with the worth of a conversion row. */
  valueColumn?: string
  /** If given, persons with touches but without a conversion in the look-back before this instant add one path that ended in nothing. */
  nullsAt?: number
}
export type PathsAnswer = {
  channelCount: number
  offsets: Uint32Array
  channels: Uint16Array
  /** Days between each touch and the end of its path. */
  ages: Float64Array
  /** 1 or 0: a path of one person either ends in one conversion or in nothing. */
  conversions: Uint8Array
  values: Float64Array
  nulls: Uint8Array
  /** Person and instant (seconds) of each path; ordered by person, then time, the null path last. */
  persons: Uint32Array
  seconds: Uint32Array
}

export type Query = FunnelQuery | DistinctQuery | SegmentsQuery | PressureQuery | TailsQuery | PathsQuery
export type AnswerTo<Q extends Query> = Q extends FunnelQuery ? FunnelAnswer
  : Q extends DistinctQuery ? DistinctAnswer
  : Q extends SegmentsQuery ? SegmentsAnswer
  : Q extends PressureQuery ? Float64Array
  : Q extends TailsQuery ? TailsAnswer
  : PathsAnswer

export const daySeconds = 86_400
/** Asia/Shanghai is UTC+8 all year. */
export const dayShift = 28_800

function fail(what: string, found: unknown, expected: string): never {
  throw new RangeError(`touch log: ${what} is ${String(found)}, expected ${expected}`)
}
function checkTypes(name: string, types: readonly number[] | undefined): void {
  types?.forEach((type, i) => { if (!Number.isInteger(type) || type < 0 || type > 255) fail(`${name}[${i}]`, type, 'an integer from 0 to 255') })
}
function checkInstant(name: string, value: number | undefined, lowest = 0): void {
  if (value !== undefined && (!Number.isInteger(value) || value < lowest || value > maxSeconds)) fail(name, value, `integer seconds from ${lowest} to ${maxSeconds}`)
}
function checkAscending(name: string, values: readonly number[], whole: boolean): void {
  if (values.length === 0) fail(name, 'empty', 'at least one element')
  values.forEach((value, i) => {
    if (!(value > 0 && value < Infinity) || (whole && !Number.isInteger(value))) fail(`${name}[${i}]`, value, whole ? 'an integer > 0' : 'a finite number > 0')
    if (i > 0 && !(value > values[i - 1])) fail(`${name}[${i}]`, value, `more than ${values[i - 1]}, the element before it`)
  })
}

/** @throws RangeError naming the parameter or element that cannot be used */
export function checkQuery(query: Query, spec: ColumnSpec): void {
  const column = (what: string, name: string): void => {
    if (!(name in spec)) fail(what, `'${name}'`, `one of the declared columns (${Object.keys(spec).join(', ') || 'none are declared'})`)
  }
  if (query.persons) {
    const { from, to } = query.persons
    if (!Number.isInteger(from) || from < 0) fail('persons.from', from, 'an integer ≥ 0')
    if (!Number.isInteger(to) || to < from) fail('persons.to', to, `an integer ≥ ${from}`)
  }
  if (query.kind === 'funnel' || query.kind === 'distinct' || query.kind === 'tails' || query.kind === 'paths') {
    checkInstant('after', query.after, -1)
    checkInstant('until', query.until)
  }
  switch (query.kind) {
    case 'funnel':
      if (query.steps.length < 1 || query.steps.length > 8) fail('the number of steps', query.steps.length, '1 to 8: split a longer funnel into two')
      checkTypes('steps', query.steps)
      if (!Number.isInteger(query.windowSeconds) || query.windowSeconds < 0) fail('windowSeconds', query.windowSeconds, 'an integer ≥ 0')
      if (query.breakdown !== undefined) column('breakdown', query.breakdown)
      return
    case 'distinct': {
      if (query.by.length === 0) fail('by', 'empty', "'type', 'day' and at most one column")
      if (new Set(query.by).size !== query.by.length) fail('by', query.by.join(', '), 'each key once')
      const names = query.by.filter(key => key !== 'type' && key !== 'day')
      names.forEach(name => column('by', name))
      if (names.length > 1) fail('by', query.by.join(', '), 'at most one column')
      checkTypes('types', query.types)
      return
    }
    case 'segments':
      checkInstant('now', query.now)
      checkTypes('types', query.types)
      checkAscending('recencyDays', query.recencyDays, false)
      checkAscending('frequency', query.frequency, true)
      if (!(query.windowDays > 0 && query.windowDays < Infinity)) fail('windowDays', query.windowDays, 'a finite number > 0')
      if ((query.recencyDays.length + 2) * (query.frequency.length + 1) > 65_536) fail('the number of cells', 'too large', 'at most 65536')
      return
    case 'pressure':
      checkInstant('at', query.at)
      if (!(query.halfLifeDays > 0 && query.halfLifeDays < Infinity)) fail('halfLifeDays', query.halfLifeDays, 'a finite number > 0')
      if (query.weights.length > 256) fail('the number of weights', query.weights.length, 'at most 256')
      for (let i = 0; i < query.weights.length; i++) if (!(query.weights[i] >= 0 && query.weights[i] < Infinity)) fail(`weights[${i}]`, query.weights[i], 'a finite number ≥ 0')
      if (query.weightColumn !== undefined) column('weightColumn', query.weightColumn)
      return
    case 'tails':
      if (!Number.isInteger(query.limit) || query.limit < 1) fail('limit', query.limit, 'an integer ≥ 1')
      checkTypes('types', query.types)
      return
    case 'paths': {
      if (query.conversionTypes.length === 0) fail('conversionTypes', 'empty', 'at least one type')
      checkTypes('conversionTypes', query.conversionTypes)
      if (!Number.isInteger(query.lookBackSeconds) || query.lookBackSeconds < 0) fail('lookBackSeconds', query.lookBackSeconds, 'an integer ≥ 0')
      checkInstant('nullsAt', query.nullsAt)
      if (query.valueColumn !== undefined) column('valueColumn', query.valueColumn)
      const channels = query.channels
      if ('byType' in channels) {
        for (let i = 0; i < channels.byType.length; i++) {
          const channel = channels.byType[i]
          if (!Number.isInteger(channel) || channel < -1 || channel > 65_534) fail(`channels.byType[${i}]`, channel, 'an integer from −1 to 65534')
          if (channel >= 0 && query.conversionTypes.includes(i)) fail(`channels.byType[${i}]`, channel, `−1, because type ${i} is a conversion`)
        }
      } else {
        column('channels.column', channels.column)
        checkTypes('channels.types', channels.types)
        const both = channels.types.find(type => query.conversionTypes.includes(type))
        if (both !== undefined) fail('channels.types', `with ${both}`, `without it, because type ${both} is a conversion`)
        if (!Number.isInteger(channels.channelCount) || channels.channelCount < 1 || channels.channelCount > 65_535) fail('channels.channelCount', channels.channelCount, 'an integer from 1 to 65535')
      }
      return
    }
    default:
      fail('the kind of query', (query as { kind: unknown }).kind, 'funnel, distinct, segments, pressure, tails or paths')
  }
}
