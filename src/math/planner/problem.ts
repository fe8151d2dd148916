import type { Work } from './work.ts'

/**
 * A planning problem as columns, and the checked, person-sorted model the solver works on.
 *
 * max Σ v_j x_j  subject to  m_r ≤ Σ a_rj x_j ≤ b_r per resource row, and per person a laminar family of count caps; x_j ∈ {0, 1}.
 */

export type PlanRow = {
  /** What the row is called in errors and explanations, for example `staff 7` or `budget`. */
  name: string
  /** The most that may be used, in the row's own unit; `Infinity` when only a minimum matters. */
  capacity: number
  /** The least that must be used; absent or 0 when there is none. */
  minimum?: number
  /**
   * What giving way by one unit costs when no plan fits, in the merchant's own order of what may give. A row's minimum gives first
   * (default 1), a capacity last (default 1000). `Infinity` is not accepted: forced candidates alone may exceed a capacity.
   */
  relaxCost?: { minimum?: number; capacity?: number }
}

/** One level of caps: at most `limit` of a person's candidates with the same key. Levels of one person must nest or be disjoint. */
export type PlanCap = {
  name: string
  /** Per candidate the group inside its person (week number, campaign, channel); −1 is outside this cap. Absent: all candidates of the person. */
  key?: Int32Array
  /** One limit for all; or one per key value; or, without `key`, one per person (the dose arm). */
  limit: number | Int32Array
}

/** What each candidate uses, candidate by candidate: entries `first[j] … first[j + 1] − 1` hold row and amount (≥ 0). */
export type PlanUse = { first: Int32Array; row: Int32Array; amount: Float64Array | Float32Array }

export type PlanProblem = {
  /** Number of persons; persons are 0 … persons − 1 and need not all have candidates (holdout persons have none). */
  persons: number
  /** Per candidate its person, in any order. */
  person: Int32Array
  /** Per candidate its expected value, any unit (the product uses fen). Posterior means, never draws or maxima. */
  value: Float64Array | Float32Array
  rows: readonly PlanRow[]
  use: PlanUse
  caps?: readonly PlanCap[]
  /** Candidates that are in whatever they cost (already confirmed), and candidates that are out. */
  forced?: Int32Array
  forbidden?: Int32Array
}

/** Internal: one inequality `sign · use(row) ≤ limit`; a capacity has sign +1, a minimum −1 with limit −m. */
export type Constraint = { row: number; sign: 1 | -1; limit: number; relaxCost: number }

export type Model = {
  persons: number
  count: number
  rows: number
  /** Free candidates of person p are `first[p] … first[p + 1] − 1`. */
  first: Int32Array
  /** Free candidate → the caller's candidate; null where `place` says it the other way round or the two are equal. */
  origin: Int32Array | null
  value: Float64Array | Float32Array
  useFirst: Int32Array
  useRow: Int32Array
  useAmount: Float64Array | Float32Array
  /** 0: no cap binds; 1: choose at most one; 2: a tree of caps. */
  kind: Uint8Array
  /** Innermost cap set of a candidate (−1: none), the parent of a set (−1: none), what remains of its cap after forced candidates. */
  leaf: Int32Array
  parent: Int32Array
  cap: Int32Array
  constraints: Constraint[]
  forced: Int32Array
  forcedValue: number
  forcedUse: Float64Array
  /** Mean |value|, and per row the mean amount: scales for steps and tolerances (amounts may be heavy-tailed, a largest one says little). */
  valueScale: number
  amountScale: Float64Array
  maxPerPerson: number
  /** Every candidate uses exactly one row: entry j belongs to candidate j. */
  oneRowEach: boolean
  /** Every person chooses at most one, and every candidate uses one row: the shape of matching, with straight loops of its own. */
  matching: boolean
  /** Per row the value of its candidates per unit of it (0 without any): a first guess of its price and the scale of its changes. */
  density: Float64Array
  /** Largest |value| and most rows of a candidate: what rounding depends on. */
  largest: number
  widest: number
  /** The caller's candidate → free candidate (−1: forced or out); null when the caller's columns were sorted and serve as they are. */
  place: Int32Array | null
}

export class PlanInputError extends Error {
  override name = 'PlanInputError'
}

function refuse(message: string): never {
  throw new PlanInputError(message)
}

const someCandidates = 200_000

/** What can be seen without looking at every candidate. */
export function checkShape(problem: PlanProblem): void {
  const { persons, person, value, rows, use } = problem
  const n = person.length
  if (!Number.isInteger(persons) || persons < 0) refuse(`cannot plan: persons is ${persons}, expected a whole number ≥ 0`)
  if (value.length !== n) refuse(`cannot plan: value has ${value.length} entries for ${n} candidates in person`)
  if (use.first.length !== n + 1) refuse(`cannot plan: use.first has ${use.first.length} entries, expected ${n + 1} (candidates + 1)`)
  if (use.first[0] !== 0) refuse(`cannot plan: use.first[0] is ${use.first[0]}, expected 0`)
  if (use.row.length !== use.amount.length || use.first[n] !== use.row.length) {
    refuse(`cannot plan: use has ${use.row.length} rows, ${use.amount.length} amounts and ends at ${use.first[n]}; the three must be equal`)
  }
  rows.forEach((row, r) => {
    const minimum = row.minimum ?? 0
    if (Number.isNaN(row.capacity) || row.capacity < 0) refuse(`cannot plan: row ${r} (${row.name}) has capacity ${row.capacity}, expected ≥ 0 or Infinity`)
    if (!Number.isFinite(minimum) || minimum < 0) refuse(`cannot plan: row ${r} (${row.name}) has minimum ${minimum}, expected a finite number ≥ 0`)
    for (const cost of [row.relaxCost?.minimum, row.relaxCost?.capacity]) {
      if (cost !== undefined && !(cost > 0 && Number.isFinite(cost))) refuse(`cannot plan: row ${r} (${row.name}) has relaxCost ${cost}, expected a finite number > 0`)
    }
  })
}

/** Checks candidates `from` … `to` − 1; returns whether they stand in order of persons. */
function checkCandidates({ persons, person, value, use }: PlanProblem, from: number, to: number): boolean {
  const { first } = use
  let before = from > 0 ? person[from - 1] : 0
  let sorted = true
  for (let j = from; j < to; j++) {
    const p = person[j]
    if (p < 0 || p >= persons) refuse(`cannot plan: candidate ${j} names person ${p}, expected 0 … ${persons - 1}`)
    if (!Number.isFinite(value[j])) refuse(`cannot plan: candidate ${j} has value ${value[j]}, expected a finite number`)
    if (first[j + 1] < first[j]) refuse(`cannot plan: use.first falls after candidate ${j}`)
    if (p < before) sorted = false
    before = p
  }
  return sorted
}

function checkEntries({ rows, use }: PlanProblem, from: number, to: number): void {
  const { row, amount } = use
  const end = rows.length
  for (let e = from; e < to; e++) {
    const ok = row[e] >= 0 && row[e] < end && amount[e] >= 0 && amount[e] < Infinity
    if (!ok) refuse(`cannot plan: use entry ${e} is row ${row[e]}, amount ${amount[e]}; expected a row 0 … ${end - 1} and a finite amount ≥ 0`)
  }
}

function checkCaps(problem: PlanProblem): void {
  const { persons } = problem
  const n = problem.person.length
  for (const cap of problem.caps ?? []) {
    if (cap.key && cap.key.length !== n) refuse(`cannot plan: cap "${cap.name}" has ${cap.key.length} keys for ${n} candidates`)
    if (typeof cap.limit === 'number') {
      if (!Number.isInteger(cap.limit) || cap.limit < 0) refuse(`cannot plan: cap "${cap.name}" is ${cap.limit}, expected a whole number ≥ 0`)
    } else {
      if (!cap.key && cap.limit.length !== persons) refuse(`cannot plan: cap "${cap.name}" has ${cap.limit.length} limits for ${persons} persons`)
      const bad = cap.limit.findIndex((limit) => limit < 0)
      if (bad >= 0) refuse(`cannot plan: cap "${cap.name}" has limit ${cap.limit[bad]} at ${bad}, expected ≥ 0`)
    }
    if (cap.key) {
      const end = typeof cap.limit === 'number' ? Infinity : cap.limit.length
      const bad = cap.key.findIndex((key) => key < -1 || key >= end)
      if (bad >= 0) refuse(`cannot plan: cap "${cap.name}" has key ${cap.key[bad]} at candidate ${bad}, expected −1 … ${end - 1}`)
    }
  }
  for (const [name, list] of [['forced', problem.forced], ['forbidden', problem.forbidden]] as const) {
    const bad = list?.findIndex((j) => j < 0 || j >= n) ?? -1
    if (bad >= 0) refuse(`cannot plan: ${name}[${bad}] is ${list![bad]}, expected a candidate 0 … ${n - 1}`)
  }
}

/** A cap set of one person while the tree is built. */
type CapSet = { members: number[]; limit: number; label: string }

/** Where a model's columns live: memory that worker threads can see as well, or plain memory. */
export type Room = { f64(length: number): Float64Array; f32(length: number): Float32Array; i32(length: number): Int32Array; u8(length: number): Uint8Array }

export function makeRoom(shared: boolean): Room {
  return shared
    ? {
        f64: (n) => new Float64Array(new SharedArrayBuffer(8 * n)), f32: (n) => new Float32Array(new SharedArrayBuffer(4 * n)),
        i32: (n) => new Int32Array(new SharedArrayBuffer(4 * n)), u8: (n) => new Uint8Array(new SharedArrayBuffer(n)),
      }
    : { f64: (n) => new Float64Array(n), f32: (n) => new Float32Array(n), i32: (n) => new Int32Array(n), u8: (n) => new Uint8Array(n) }
}

/**
 * Checks a problem and sorts it by person. Throws {@link PlanInputError} naming the element that is wrong; for caps that cross
 * it names the two sets. Forced candidates are taken out of the caps and rows, forbidden ones and those under a cap of 0 are dropped.
 * Columns that already stand in order of persons, with nothing forced or forbidden and at most one cap, are used as they are, not copied.
 */
export function buildModel(problem: PlanProblem): Model {
  const work = buildSteps(problem, false)
  for (;;) {
    const turn = work.next()
    if (turn.done) return turn.value
  }
}

/** {@link buildModel} in steps; `shared` puts the columns where worker threads can see them. */
export function* buildSteps(problem: PlanProblem, shared: boolean): Work<Model> {
  checkShape(problem)
  const n = problem.person.length
  const entries = problem.use.row.length
  let sorted = true
  for (let from = 0; from < n; from += someCandidates) {
    const to = Math.min(n, from + someCandidates)
    sorted = checkCandidates(problem, from, to) && sorted
    yield to - from
  }
  for (let from = 0; from < entries; from += someCandidates) {
    const to = Math.min(entries, from + someCandidates)
    checkEntries(problem, from, to)
    yield to - from
  }
  checkCaps(problem)
  const caps = problem.caps ?? []
  const free = (problem.forced?.length ?? 0) === 0 && (problem.forbidden?.length ?? 0) === 0
  const one = caps.length === 0 || (caps.length === 1 && !caps[0].key && (typeof caps[0].limit === 'number' ? caps[0].limit > 0 : !caps[0].limit.includes(0)))
  return free && one ? yield* buildPlain(problem, sorted, shared) : yield* buildTree(problem, shared)
}

function isOneRowEach(useFirst: Int32Array, count: number, entries: number): boolean {
  if (entries !== count) return false
  for (let j = 0; j < count; j++) if (useFirst[j + 1] !== j + 1) return false
  return true
}

function limitsOf(problem: PlanProblem, forcedUse: Float64Array): Constraint[] {
  const constraints: Constraint[] = []
  problem.rows.forEach((row, r) => {
    if (row.capacity < Infinity) constraints.push({ row: r, sign: 1, limit: row.capacity - forcedUse[r], relaxCost: row.relaxCost?.capacity ?? 1000 })
    if ((row.minimum ?? 0) > 0) constraints.push({ row: r, sign: -1, limit: forcedUse[r] - row.minimum!, relaxCost: row.relaxCost?.minimum ?? 1 })
  })
  return constraints
}

type Sums = { value: Float64Array; amount: Float64Array; users: Int32Array; total: number; largest: number; widest: number }

/** Adds candidates `from` … `to` − 1 to the sums by row. */
function addSums(sums: Sums, value: Float64Array | Float32Array, useFirst: Int32Array, useRow: Int32Array, useAmount: Float64Array | Float32Array, from: number, to: number): void {
  for (let j = from; j < to; j++) {
    const v = value[j]
    const size = Math.abs(v)
    sums.total += size
    if (size > sums.largest) sums.largest = size
    if (useFirst[j + 1] - useFirst[j] > sums.widest) sums.widest = useFirst[j + 1] - useFirst[j]
    for (let e = useFirst[j], end = useFirst[j + 1]; e < end; e++) {
      const a = useAmount[e]
      if (!(a > 0)) continue
      const r = useRow[e]
      sums.amount[r] += a
      sums.users[r]++
      if (v > 0) sums.value[r] += v
    }
  }
}

/** One cap at most and nothing forced or forbidden: candidates go straight to their places. */
function* buildPlain(problem: PlanProblem, sorted: boolean, shared: boolean): Work<Model> {
  const { persons, person, value, use } = problem
  const n = person.length
  const rows = problem.rows.length
  const room = makeRoom(shared)
  const floats = (like: Float64Array | Float32Array, length: number): Float64Array | Float32Array => (like instanceof Float32Array ? room.f32(length) : room.f64(length))
  const seen = (column: { buffer: ArrayBufferLike }): boolean => !shared || column.buffer instanceof SharedArrayBuffer
  const first = room.i32(persons + 1)
  for (let from = 0; from < n; from += someCandidates) {
    const to = Math.min(n, from + someCandidates)
    countPersons(first, person, from, to)
    yield to - from
  }
  addUp(first)
  const oneRowEach = isOneRowEach(use.first, n, use.row.length)
  let place: Int32Array | null = null
  let columns = { value, useFirst: use.first, useRow: use.row, useAmount: use.amount }
  if (!sorted || ![value, use.first, use.row, use.amount].every(seen)) {
    const at = new Int32Array(n)
    place = at
    const cursor = first.slice(0, persons)
    columns = { value: floats(value, n), useFirst: room.i32(n + 1), useRow: room.i32(use.row.length), useAmount: floats(use.amount, use.row.length) }
    for (let from = 0; from < n; from += someCandidates) {
      const to = Math.min(n, from + someCandidates)
      if (oneRowEach) scatterOne(problem, columns, cursor, at, from, to)
      else scatterMany(problem, columns, cursor, at, from, to)
      yield to - from
    }
    if (oneRowEach) countUp(columns.useFirst)
    else {
      addUp(columns.useFirst)
      for (let from = 0; from < n; from += someCandidates) {
        const to = Math.min(n, from + someCandidates)
        scatterUse(problem, columns, at, from, to)
        yield to - from
      }
    }
  }
  const cap = problem.caps?.[0]
  const limit = cap?.limit
  const kind = room.u8(persons)
  const parent: number[] = []
  const capLeft: number[] = []
  const leaf = room.i32(cap ? n : 0)
  let maxPerPerson = 0
  let matching = oneRowEach
  // A plain function: engines compile long loops in generators late.
  const placeCaps = (): void => {
    for (let p = 0; p < persons; p++) {
      const size = first[p + 1] - first[p]
      if (size > maxPerPerson) maxPerPerson = size
      const most = limit === undefined ? Infinity : typeof limit === 'number' ? limit : limit[p]
      const binds = most < size
      if (cap) {
        const id = binds ? parent.length : -1
        for (let j = first[p], end = first[p + 1]; j < end; j++) leaf[j] = id
      }
      if (binds) {
        parent.push(-1)
        capLeft.push(most)
      }
      kind[p] = !binds ? 0 : most === 1 ? 1 : 2
      if (size > 1 && kind[p] !== 1) matching = false
    }
  }
  placeCaps()
  yield persons
  const sums: Sums = { value: new Float64Array(rows), amount: new Float64Array(rows), users: new Int32Array(rows), total: 0, largest: 0, widest: 0 }
  for (let from = 0; from < n; from += someCandidates) {
    const to = Math.min(n, from + someCandidates)
    addSums(sums, columns.value, columns.useFirst, columns.useRow, columns.useAmount, from, to)
    yield to - from
  }
  const shareInts = (list: number[]): Int32Array => {
    const out = room.i32(list.length)
    out.set(list)
    return out
  }
  return {
    persons, count: n, rows, first, origin: null, ...columns, kind, leaf: cap ? leaf : room.i32(n).fill(-1), parent: shareInts(parent), cap: shareInts(capLeft),
    constraints: limitsOf(problem, new Float64Array(rows)), forced: new Int32Array(0), forcedValue: 0, forcedUse: new Float64Array(rows),
    valueScale: n > 0 ? sums.total / n : 0, amountScale: sums.amount.map((sum, r) => (sums.users[r] > 0 ? sum / sums.users[r] : 0)), maxPerPerson, oneRowEach, matching,
    density: sums.value.map((sum, r) => (sums.amount[r] > 0 ? sum / sums.amount[r] : 0)), place, largest: sums.largest, widest: sums.widest,
  }
}

type PlainColumns = { value: Float64Array | Float32Array; useFirst: Int32Array; useRow: Int32Array; useAmount: Float64Array | Float32Array }

/** Running sums in place. */
function addUp(list: Int32Array): void {
  for (let i = 1; i < list.length; i++) list[i] += list[i - 1]
}

function countUp(list: Int32Array): void {
  for (let i = 0; i < list.length; i++) list[i] = i
}

function countPersons(first: Int32Array, person: Int32Array, from: number, to: number): void {
  for (let j = from; j < to; j++) first[person[j] + 1]++
}

function scatterOne({ person, value, use }: PlanProblem, columns: PlainColumns, cursor: Int32Array, place: Int32Array, from: number, to: number): void {
  for (let j = from; j < to; j++) {
    const at = cursor[person[j]]++
    place[j] = at
    columns.value[at] = value[j]
    columns.useRow[at] = use.row[j]
    columns.useAmount[at] = use.amount[j]
  }
}

function scatterMany({ person, value, use }: PlanProblem, columns: PlainColumns, cursor: Int32Array, place: Int32Array, from: number, to: number): void {
  for (let j = from; j < to; j++) {
    const at = cursor[person[j]]++
    place[j] = at
    columns.value[at] = value[j]
    columns.useFirst[at + 1] = use.first[j + 1] - use.first[j]
  }
}

function scatterUse({ use }: PlanProblem, columns: PlainColumns, place: Int32Array, from: number, to: number): void {
  for (let j = from; j < to; j++) {
    let at = columns.useFirst[place[j]]
    for (let e = use.first[j]; e < use.first[j + 1]; e++) {
      columns.useRow[at] = use.row[e]
      columns.useAmount[at++] = use.amount[e]
    }
  }
}

/** Nested caps, forced and forbidden candidates. */
function* buildTree(problem: PlanProblem, shared: boolean): Work<Model> {
  const { persons, person, value, use } = problem
  const n = person.length
  const rows = problem.rows.length
  const room = makeRoom(shared)
  const state = new Uint8Array(n) // 0 free, 1 forced, 2 out
  for (const j of problem.forced ?? []) state[j] = 1
  for (const j of problem.forbidden ?? []) {
    if (state[j] === 1) refuse(`cannot plan: candidate ${j} is both forced and forbidden`)
    state[j] = 2
  }
  const forcedUse = new Float64Array(rows)
  const forced: number[] = []
  let forcedValue = 0
  for (let j = 0; j < n; j++) {
    if (state[j] !== 1) continue
    forced.push(j)
    forcedValue += value[j]
    for (let e = use.first[j]; e < use.first[j + 1]; e++) forcedUse[use.row[e]] += use.amount[e]
  }

  // Counting sort by person, stable, so that the lower candidate comes first inside a person.
  const all = new Int32Array(persons + 1)
  for (let j = 0; j < n; j++) all[person[j] + 1]++
  for (let p = 0; p < persons; p++) all[p + 1] += all[p]
  const order = new Int32Array(n)
  const cursor = all.slice()
  for (let j = 0; j < n; j++) order[cursor[person[j]]++] = j

  const caps = problem.caps ?? []
  // One cap on everything is the common case (choose at most k per person) and needs no tree building.
  const simple = caps.length === 1 && !caps[0].key
  const leafOf = new Int32Array(n).fill(-1)
  const parent: number[] = []
  const capLeft: number[] = []
  if (caps.length > 0) {
    for (let p = 0, seen = 0; p < persons; p++) {
      const members = order.subarray(all[p], all[p + 1])
      if (members.length === 0) continue
      seen += members.length
      if (seen > 20_000) {
        yield 20 * seen
        seen = 0
      }
      if (simple) {
        const limit = typeof caps[0].limit === 'number' ? caps[0].limit : caps[0].limit[p]
        placeSimple(p, members, limit, caps[0].name)
        continue
      }
      placeTree(p, members)
    }
  }

  function placeSimple(p: number, members: Int32Array, limit: number, name: string): void {
    let free = 0
    let left = limit
    for (const j of members) {
      if (state[j] === 0) free++
      else if (state[j] === 1) left--
    }
    if (left < 0) refuse(`cannot plan: person ${p} has ${limit - left} forced candidates under cap "${name}" of ${limit}`)
    if (left >= free) return
    if (left === 0) {
      for (const j of members) if (state[j] === 0) state[j] = 2
      return
    }
    const id = parent.length
    parent.push(-1)
    capLeft.push(left)
    for (const j of members) leafOf[j] = id
  }

  function placeTree(p: number, members: Int32Array): void {
    const sets: CapSet[] = []
    for (const cap of caps) {
      const groups = new Map<number, number[]>()
      for (const j of members) {
        const key = cap.key ? cap.key[j] : 0
        if (key < 0) continue
        const group = groups.get(key)
        if (group) group.push(j)
        else groups.set(key, [j])
      }
      for (const [key, group] of groups) {
        const limit = typeof cap.limit === 'number' ? cap.limit : cap.limit[cap.key ? key : p]
        sets.push({ members: group, limit, label: cap.key ? `"${cap.name}" key ${key}` : `"${cap.name}"` })
      }
    }
    sets.sort((a, b) => b.members.length - a.members.length)
    const inner = new Map<number, number>() // candidate → index into sets of its innermost set so far
    const parentSet = sets.map((set, s) => {
      const outer = inner.get(set.members[0]) ?? -1
      for (const j of set.members) {
        const other = inner.get(j) ?? -1
        if (other !== outer) {
          const crossing = sets[other >= 0 && (outer < 0 || sets[other].members.length <= sets[outer].members.length) ? other : outer]
          refuse(`cannot plan: caps of person ${p} cross: ${set.label} (candidates ${set.members.join(', ')}) and ${crossing.label}` +
            ` (candidates ${crossing.members.join(', ')}); two caps must be nested or disjoint`)
        }
      }
      for (const j of set.members) inner.set(j, s)
      return outer
    })
    // What is left after forced candidates; sets that cannot bind any more are skipped, a set with nothing left drops its members.
    const left = sets.map((set) => {
      const taken = set.members.reduce((sum, j) => sum + (state[j] === 1 ? 1 : 0), 0)
      if (taken > set.limit) refuse(`cannot plan: person ${p} has ${taken} forced candidates under cap ${set.label} of ${set.limit}`)
      return set.limit - taken
    })
    sets.forEach((set, s) => {
      if (left[s] === 0) for (const j of set.members) if (state[j] === 0) state[j] = 2
    })
    const ids = sets.map(() => -1)
    const idOf = (s: number): number => {
      let at = s
      while (at >= 0 && ids[at] < 0) at = parentSet[at]
      return at < 0 ? -1 : ids[at]
    }
    sets.forEach((set, s) => {
      const free = set.members.reduce((sum, j) => sum + (state[j] === 0 ? 1 : 0), 0)
      if (free === 0 || left[s] >= free) return
      const above = idOf(parentSet[s])
      if (above >= 0 && capLeft[above] <= left[s]) return
      ids[s] = parent.length
      parent.push(above)
      capLeft.push(left[s])
      for (const j of set.members) leafOf[j] = ids[s]
    })
  }

  let count = 0
  let entries = 0
  for (let j = 0; j < n; j++) {
    if (state[j] !== 0) continue
    count++
    entries += use.first[j + 1] - use.first[j]
  }
  const first = room.i32(persons + 1)
  const origin = new Int32Array(count)
  const modelValue = value instanceof Float32Array ? room.f32(count) : room.f64(count)
  const useFirst = room.i32(count + 1)
  const useRow = room.i32(entries)
  const useAmount = use.amount instanceof Float32Array ? room.f32(entries) : room.f64(entries)
  const leaf = room.i32(count)
  const kind = room.u8(persons)
  const place = new Int32Array(n).fill(-1)
  let maxPerPerson = 0
  let at = 0
  let entry = 0
  let several = false
  for (let p = 0, seen = 0; p < persons; p++) {
    first[p] = at
    for (let i = all[p]; i < all[p + 1]; i++) {
      const j = order[i]
      if (state[j] !== 0) continue
      origin[at] = j
      place[j] = at
      modelValue[at] = value[j]
      leaf[at] = leafOf[j]
      for (let e = use.first[j]; e < use.first[j + 1]; e++) {
        useRow[entry] = use.row[e]
        useAmount[entry++] = use.amount[e]
      }
      useFirst[++at] = entry
    }
    const size = at - first[p]
    maxPerPerson = Math.max(maxPerPerson, size)
    let capped = 0
    let one = true
    for (let j = first[p]; j < at; j++) {
      if (leaf[j] >= 0) capped++
      if (leaf[j] < 0 || parent[leaf[j]] >= 0 || capLeft[leaf[j]] !== 1 || leaf[j] !== leaf[first[p]]) one = false
    }
    kind[p] = size <= 1 || capped === 0 ? 0 : one ? 1 : 2
    if (kind[p] === 0) for (let j = first[p]; j < at; j++) leaf[j] = -1
    if (size > 1 && kind[p] !== 1) several = true
    seen += size
    if (seen > someCandidates / 4) {
      yield seen
      seen = 0
    }
  }
  first[persons] = at
  const sums: Sums = { value: new Float64Array(rows), amount: new Float64Array(rows), users: new Int32Array(rows), total: 0, largest: 0, widest: 0 }
  for (let from = 0; from < count; from += someCandidates) {
    const to = Math.min(count, from + someCandidates)
    addSums(sums, modelValue, useFirst, useRow, useAmount, from, to)
    yield to - from
  }
  const oneRowEach = isOneRowEach(useFirst, count, entries)
  const shareInts = (list: number[]): Int32Array => {
    const out = room.i32(list.length)
    out.set(list)
    return out
  }
  return {
    persons, count, rows, first, origin, value: modelValue, useFirst, useRow, useAmount, kind, leaf, parent: shareInts(parent), cap: shareInts(capLeft),
    constraints: limitsOf(problem, forcedUse), forced: Int32Array.from(forced), forcedValue, forcedUse, valueScale: count > 0 ? sums.total / count : 0,
    amountScale: sums.amount.map((sum, r) => (sums.users[r] > 0 ? sum / sums.users[r] : 0)), maxPerPerson, oneRowEach, matching: oneRowEach && !several,
    density: sums.value.map((sum, r) => (sums.amount[r] > 0 ? sum / sums.amount[r] : 0)), place, largest: sums.largest, widest: sums.widest,
  }
}

/** Consumption from one dense column per row: `columns[r][j]` is what candidate j uses of row r; zeros are left out. */
export function useFromColumns(columns: ReadonlyArray<Float64Array | Float32Array | Int32Array>, candidates: number): PlanUse {
  let entries = 0
  columns.forEach((column, r) => {
    if (column.length !== candidates) refuse(`cannot plan: use column ${r} has ${column.length} entries for ${candidates} candidates`)
    for (const amount of column) if (amount !== 0) entries++
  })
  const first = new Int32Array(candidates + 1)
  const row = new Int32Array(entries)
  const amount = new Float64Array(entries)
  let at = 0
  for (let j = 0; j < candidates; j++) {
    for (let r = 0; r < columns.length; r++) {
      if (columns[r][j] === 0) continue
      row[at] = r
      amount[at++] = columns[r][j]
    }
    first[j + 1] = at
  }
  return { first, row, amount }
}
