import { coreConstraints, coreSearch } from './core.ts'
import { denseRows, evaluate, rowPrices, searchPrices } from './dual.ts'
import { greedyPerson, makeScratch, reducedProfit, type Scratch } from './inner.ts'
import { choiceOf, choiceOfPack, densityPrices, fitsExactly, makePace, type Pace, pacedPrices, paceFrom, pacePass, packMatching, sweepBound } from './pace.ts'
import {
  type Choice, choiceValue, copyChoice, emptyChoice, excessCost, fill, greedyChoice, repair, settle, slackTolerance,
} from './primal.ts'
import { buildModel, buildSteps, checkShape, type Model, PlanInputError, type PlanProblem } from './problem.ts'
import { type PlanParallel, type PlanTask, runSlice } from './sweep.ts'
import type { Batch, Work } from './work.ts'

/** Prices per row: what one more unit of capacity, and one unit less of minimum, is worth at the margin. Both ≥ 0. */
export type PlanPrices = { capacity: Float64Array; minimum: Float64Array }

export type PlanOptions = {
  /** Stop as soon as (bound − value) / bound is at most this; default 0: as exact as the search gets. */
  gap?: number
  /** Prices of an earlier plan of nearly the same problem: a warm start. */
  prices?: PlanPrices
  /** Nodes of the exact search near the end; default 200,000, 0 turns it off. */
  nodes?: number
  /** Fill in `keptOut`; default true up to two million candidates. */
  explain?: boolean
  /** Keep the columns on SharedArrayBuffers, for {@link Planner.stepParallel}. The plan is the same without. */
  shared?: boolean
}

/** What changed since the last plan. Persons, uses, caps, forced and forbidden candidates stay; for those make a new planner from the old prices. */
export type PlanChange = {
  /** Candidates (the caller's numbers) and their new values. */
  values?: { candidate: Int32Array; value: Float64Array | Float32Array }
  /** Rows and their new capacities; a row without a capacity cannot get one so. */
  capacities?: ReadonlyArray<{ row: number; capacity: number }>
}

export type PlanRowResult = {
  name: string
  used: number
  /** Capacity left; 0 or more in every plan that is not relaxed. `Infinity` without a capacity. */
  slack: number
  /** Use above the minimum. */
  aboveMinimum: number
  /** The linear price of capacity (what a little more is worth, averaged over ties). In words use {@link worthOfMore}. */
  price: number
  /** What a little less minimum is worth. */
  minimumPrice: number
  /** Whether the row limits the plan at all; a row that does not has price 0 and should be called "not a limit". */
  limiting: boolean
}

/** Why an unchosen candidate stayed out: value − rowCharge − capCharge = −shortBy. */
export type KeptOut = {
  /** Per candidate, what its use costs at the rows' prices. 0 for chosen, forced and forbidden ones. */
  rowCharge: Float64Array
  /** What it would push out under the person's own caps, at the prices. */
  capCharge: Float64Array
  /** By how much its value falls short; ≤ 0 means it lost a tie or did not fit whole. */
  shortBy: Float64Array
  /** The row that charges it most; −1: the person's caps; −2: its own value is not positive; −3: forbidden or under a cap of 0; −4: chosen. */
  by: Int32Array
}

export type Relaxation = { row: number; name: string; limit: 'capacity' | 'minimum'; by: number }

export type Plan = {
  /**
   * `optimal`: no plan is better (to 1e-9). `feasible`: a plan within `gap` of the bound. `infeasible`: no plan meets all rows; `relaxations`
   * says what must give, and the plan is for the rows so relaxed. `no-plan-found`: none was found and none was excluded; also relaxed.
   * `searching`: asked too early, minimums not met yet.
   */
  status: 'optimal' | 'feasible' | 'infeasible' | 'no-plan-found' | 'searching'
  /** Chosen candidates, ascending, forced ones included. */
  chosen: Int32Array
  value: number
  /** No plan can be worth more. Rounded up. */
  bound: number
  /** g at `prices`, the certificate anyone can recompute with {@link dualBound}; `bound` is lower when the exact search proved more. */
  dualBound: number
  /** (bound − value) / |bound|. */
  gap: number
  prices: PlanPrices
  rows: PlanRowResult[]
  keptOut: KeptOut | null
  relaxations: Relaxation[]
  /** Least weighted relaxation that any plan needs, proven by prices (0 when feasible). */
  relaxationAtLeast: number
  /** Work done, in candidates visited. */
  work: number
}

export type Planner = {
  /**
   * Works for about `units` candidate visits (10–50 million a second) and returns whether the plan is finished. The columns are checked and sorted in
   * steps as well: a wrong element throws {@link PlanInputError} from the step that meets it.
   */
  step(units: number): boolean
  /**
   * The same, with sweeps over all persons cut into at most `taskCount` tasks for a port that runs {@link runPlanTask} on each, wherever it likes.
   * Other threads see the columns only with `shared`. Any number of tasks gives the plan that `step` gives, bit for bit.
   */
  stepParallel(units: number, parallel: PlanParallel, taskCount: number): Promise<boolean>
  /** The best plan so far. */
  plan(): Plan
  /**
   * Takes changes into a finished plan; then `step` again. Only persons that changed are visited before it is seen whether the old prices still
   * certify; further passes start from the old choices. Throws {@link PlanInputError}, also when the planner has not finished.
   */
  change(change: PlanChange): void
}

type State = {
  problem: PlanProblem
  model: Model | null
  scratch: Scratch
  choice: Choice | null
  value: number
  lambda: Float64Array
  dual: number
  proven: boolean
  status: 'fits' | 'infeasible' | 'no-plan-found' | 'searching'
  relaxations: Relaxation[]
  atLeast: number
  work: number
  pace: Pace | null
}
/** A state whose model is built. */
type Built = State & { model: Model }

function toLambda(model: Model, prices: PlanPrices): Float64Array {
  return Float64Array.from(model.constraints, (con) => Math.max(0, (con.sign > 0 ? prices.capacity : prices.minimum)[con.row] || 0))
}

/** Least weighted relaxation: prices with value 0 bounded by the relaxation costs, then a choice that attains it. */
function* elastic(state: Built, problem: PlanProblem): Work<void> {
  const { model, scratch } = state
  const amounts = model.constraints.map((con) => con.relaxCost * (model.amountScale[con.row] || 1))
  const zero: Model = { ...model, value: new Float64Array(model.count), valueScale: Math.max(1, ...amounts), forcedValue: 0 }
  const upper = Float64Array.from(model.constraints, (con) => con.relaxCost)
  // Start where minimums press and capacities do not.
  const lambda = Float64Array.from(model.constraints, (con) => (con.sign < 0 ? con.relaxCost : 0))
  let choice = emptyChoice(model)
  let cost = Infinity
  const consider = (candidate: Choice): void => {
    settle(model, candidate)
    const excess = excessCost(model, candidate.use)
    if (excess >= cost) return
    choice = copyChoice(candidate)
    cost = excess
  }
  function* attempt(point: Float64Array): Work<void> {
    const candidate = yield* greedyChoice(zero, scratch, point)
    yield* repair(zero, candidate, point)
    consider(candidate)
  }
  // Where minimums are easily met no prices are needed to see it.
  yield* attempt(lambda)
  if (cost > 0) yield* attempt(new Float64Array(lambda.length))
  if (cost === 0) {
    state.choice = choice
    state.status = 'fits'
    state.value = choiceValue(model, choice)
    return
  }
  const found = yield* searchPrices(zero, scratch, lambda, { from: 0.1, to: 1e-7, factor: 0.35, iterations: 6, stride: 1, upper })
  const atLeast = Math.max(0, -found.hard - 1e-9 * zero.valueScale)
  yield* attempt(found.lambda)
  if (cost > 0 && model.constraints.length <= coreConstraints && cost > atLeast * (1 + 1e-9)) {
    // First whether anything fits at all, then the least relaxation; a proven search is the integer truth where the linear bound says less.
    const fitting = atLeast > 0 ? null : yield* coreSearch(zero, scratch, found.lambda, Infinity, 200_000, false)
    if (fitting?.choice) consider(fitting.choice)
    if (cost > 0) {
      const result = yield* coreSearch(zero, scratch, found.lambda, found.hard + cost, 200_000, true)
      if (result.choice) consider(result.choice)
      if (result.proven) state.atLeast = cost
      else if (fitting?.proven) state.atLeast = Math.min(cost, 1e-6)
    }
  }
  state.atLeast = Math.max(state.atLeast, Math.min(cost, atLeast))
  state.choice = choice
  if (cost === 0) {
    state.status = 'fits'
    state.atLeast = 0
    state.value = choiceValue(model, choice)
    return
  }
  state.status = state.atLeast > 1e-7 ? 'infeasible' : 'no-plan-found'
  model.constraints.forEach((con) => {
    const excess = con.sign * choice.use[con.row] - con.limit
    if (excess <= slackTolerance(con.limit)) return
    state.relaxations.push({ row: con.row, name: problem.rows[con.row].name, limit: con.sign > 0 ? 'capacity' : 'minimum', by: excess })
    con.limit += excess
  })
  state.value = choiceValue(model, choice)
}

function offer(state: Built, choice: Choice): void {
  settle(state.model, choice)
  if (excessCost(state.model, choice.use) > 0) return
  const value = choiceValue(state.model, choice)
  if (state.choice && value <= state.value) return
  state.choice = copyChoice(choice)
  state.value = value
}

/**
 * Rounds a bound up by what its arithmetic may have lost (Higham 2002, section 3.1): sums run over blocks of 1,024 persons, a profit loses
 * at most (2 · rows of the candidate + 1) roundings of the largest value.
 */
export function roundUp(model: Pick<Model, 'persons' | 'constraints' | 'widest' | 'count' | 'maxPerPerson' | 'largest'>, hard: number, magnitude: number): number {
  const unit = 2 ** -52
  const terms = Math.min(1024, model.persons) + Math.ceil(model.persons / 1024) + model.constraints.length + 16
  return hard + unit * (terms * magnitude + (2 * model.widest + 1) * Math.min(model.count, model.persons * model.maxPerPerson) * model.largest)
}

/** The slope with which passes begin again after a change: enough for prices to move, not enough to shake the plan. */
const rewarm = 0.5
/** The share of the gap asked for that a paced plan may miss before it is worth packing. */
const nearEnough = 0.95
const mostPasses = 60

/** Prices and plans by pacing, until the gap is reached or passes stop helping. */
function* pacing(state: Built, options: PlanOptions, reached: () => boolean, every = 4): Work<void> {
  const { model } = state
  const pace = state.pace!
  const goal = options.gap ?? 0
  let stale = 0
  for (let pass = 1; pass <= mostPasses; pass++) {
    yield* pacePass(model, pace)
    const next = pacedPrices(model, pace)
    let over = 0
    model.constraints.forEach((con, k) => (over += next[k] * Math.max(0, con.sign * pace.total[con.row] - con.limit)))
    const near = (): boolean => state.dual - (pace.value + model.forcedValue - over) <= nearEnough * Math.max(goal, 1e-5) * Math.abs(state.dual)
    const before = state.dual
    if (pass % every === 0 && !near()) yield* certify(state, next)
    if (near() || pass === 5 || pass === mostPasses) {
      yield* packPaced(state, next, goal)
      if (reached()) return
      if (pass % every !== 0) yield* certify(state, next)
      if (reached()) return
    }
    pace.lambda = next
    pace.theta = Math.max(0.02, pace.theta * 0.8)
    if (pass % 4 !== 0) continue
    stale = before - state.dual < 0.2 * Math.max(goal, 1e-5) * Math.abs(state.dual) ? stale + 1 : 0
    if (stale >= 2) break
  }
  yield* packPaced(state, state.lambda, goal)
  if (!reached() && model.count <= 1_000_000) yield* repairPaced(state, state.lambda)
}

/** The bound at prices, kept when it is lower. */
function* certify(state: Built, lambda: Float64Array): Work<void> {
  const { model } = state
  let hard = yield* sweepBound(state.pace!, rowPrices(model, lambda))
  let magnitude = hard + Math.abs(model.forcedValue)
  hard += model.forcedValue
  model.constraints.forEach((con, k) => {
    hard += lambda[k] * con.limit
    magnitude += Math.abs(lambda[k] * con.limit)
  })
  const dual = roundUp(model, hard, magnitude)
  if (dual >= state.dual) return
  state.dual = dual
  state.lambda = lambda.slice()
}

function* packPaced(state: Built, lambda: Float64Array, goal: number, fresh = true): Work<void> {
  const { model } = state
  if (!model.matching || model.constraints.some((con) => con.sign < 0)) {
    yield* repairPaced(state, lambda)
    return
  }
  const packed = yield* packMatching(model, state.pace!, rowPrices(model, lambda), state.dual - goal * Math.abs(state.dual), fresh)
  if (!fitsExactly(model, packed.use) || (state.choice && packed.value <= state.value)) return
  state.choice = choiceOfPack(model, packed)
  state.value = packed.value
}

function* repairPaced(state: Built, lambda: Float64Array): Work<void> {
  const choice = choiceOf(state.model, state.pace!)
  yield* repair(state.model, choice, lambda)
  offer(state, choice)
  yield* fill(state.model, choice, lambda, 3)
  offer(state, choice)
}

function* solve(state: Built, problem: PlanProblem, options: PlanOptions): Work<void> {
  const { model, scratch } = state
  const gapGoal = options.gap ?? 0
  const empty = emptyChoice(model)
  if (excessCost(model, empty.use) === 0) {
    state.choice = empty
    state.value = model.forcedValue
    state.status = 'fits'
  } else yield* elastic(state, problem)

  const reached = (): boolean => state.choice !== null && state.dual - state.value <= gapGoal * Math.abs(state.dual)
  function* primal(at: Float64Array, rounds: number): Work<void> {
    const choice = yield* greedyChoice(model, scratch, at)
    yield* repair(model, choice, at)
    offer(state, choice)
    if (reached()) return
    yield* fill(model, choice, at, rounds)
    offer(state, choice)
    if (reached() || !state.choice) return
    if (choiceValue(model, choice) >= state.value && excessCost(model, choice.use) === 0) return
    // The plan in hand is another one (from the minimums' search): fill that up too.
    const polished = copyChoice(state.choice)
    yield* fill(model, polished, at, rounds)
    offer(state, polished)
  }
  /** Bound and plan at prices; keeps the better of old and new of each. */
  function* certifyAndPlan(at: Float64Array, rounds: number): Work<void> {
    const certificate = yield* evaluate(model, scratch, at, 0, null)
    const dual = roundUp(model, certificate.hard, certificate.magnitude)
    if (dual < state.dual) {
      state.dual = dual
      state.lambda = at.slice()
    }
    if (!reached()) yield* primal(at, rounds)
  }
  const start = options.prices ? toLambda(model, options.prices) : densityPrices(model)
  let pacedFirst = false
  if (model.constraints.length > 0 && ((gapGoal > 0 && model.count >= 20_000) || model.count > 300_000)) {
    pacedFirst = true
    state.pace = makePace(model, start, options.prices ? 0.3 : 1, options.shared ?? false)
    yield* certify(state, start)
    yield* pacing(state, options, reached)
    if (reached()) return
  }
  const few = model.rows <= denseRows
  const small = model.count <= 300_000
  const search = { iterations: few ? 8 : 2, factor: few ? 0.35 : 0.5, upper: null }
  // The smoothing at which the bound is about as tight as asked for; the last one when everything is asked for.
  const last = small && few ? 1e-6 : 1 / 8000
  let to = Math.max(last, gapGoal)
  let lambda: Float64Array = new Float64Array(model.constraints.length)
  let from = 0.5
  if (options.prices || pacedFirst) {
    lambda = pacedFirst ? state.lambda.slice() : start
    from = Math.max(to, 1e-2)
    if (gapGoal > 0 && !pacedFirst) {
      // Old prices often still certify: one look at the bound, one plan, and out.
      yield* certifyAndPlan(lambda, 8)
      if (reached()) return
    }
  } else {
    if (to < 0.02) {
      lambda = (yield* searchPrices(model, scratch, lambda, { ...search, from, to: 0.02, stride: 1 })).lambda
      from = 0.02
    }
    // A first plan early, so that whoever stops the planner has something better than nothing.
    yield* certifyAndPlan(lambda, small ? 8 : 0)
    if (reached()) return
  }
  for (;;) {
    lambda = (yield* searchPrices(model, scratch, lambda, { ...search, from, to, stride: 1 })).lambda
    yield* certifyAndPlan(lambda, 8)
    if (reached()) return
    if (to <= last) break
    from = to / 2
    to = Math.max(last, to / 4)
  }
  if (!state.choice) return
  lambda = state.lambda
  const nodes = options.nodes ?? 200_000
  if (reached() || nodes === 0 || model.constraints.length > coreConstraints || model.count > 1_000_000) return
  const result = yield* coreSearch(model, scratch, lambda, state.dual - state.value, nodes, false)
  if (result.choice) offer(state, result.choice)
  state.proven = result.proven
}

function keptOut(problem: PlanProblem, state: Built): KeptOut {
  const { model, scratch } = state
  const n = problem.person.length
  const out: KeptOut = { rowCharge: new Float64Array(n), capCharge: new Float64Array(n), shortBy: new Float64Array(n), by: new Int32Array(n).fill(-3) }
  for (const j of model.forced) out.by[j] = -4
  const origin = originOf(model)
  const price = rowPrices(model, state.lambda)
  for (let p = 0; p < model.persons; p++) {
    const start = model.first[p]
    const size = model.first[p + 1] - start
    for (let i = 0; i < size; i++) scratch.profit[i] = reducedProfit(model, price, start + i)
    greedyPerson(model, p, scratch)
    for (let i = 0; i < size; i++) {
      const j = start + i
      const mine = origin[j]
      if (state.choice!.in[j] === 1) {
        out.by[mine] = -4
        continue
      }
      let dearest = -1
      let most = 0
      for (let e = model.useFirst[j]; e < model.useFirst[j + 1]; e++) {
        const charge = price[model.useRow[e]] * model.useAmount[e]
        if (charge > most) {
          most = charge
          dearest = model.useRow[e]
        }
      }
      // The innermost full cap around j: its weakest member is what j would push out (it sits in every outer cap as well).
      let displaced = 0
      for (let s = model.leaf[j]; s >= 0 && scratch.taken[i] === 0; s = model.parent[s]) {
        let inside = 0
        let weakest = Infinity
        for (let h = 0; h < size; h++) {
          if (scratch.taken[h] === 0) continue
          for (let t = model.leaf[start + h]; t >= 0; t = model.parent[t]) {
            if (t !== s) continue
            inside++
            weakest = Math.min(weakest, scratch.profit[h])
          }
        }
        if (inside >= model.cap[s]) {
          displaced = weakest
          break
        }
      }
      out.rowCharge[mine] = model.value[j] - scratch.profit[i]
      out.capCharge[mine] = displaced
      out.shortBy[mine] = displaced - scratch.profit[i]
      out.by[mine] = model.value[j] <= 0 ? -2 : displaced > most || dearest < 0 ? -1 : dearest
    }
  }
  return out
}

/** Free candidate → the caller's candidate. */
function originOf(model: Model): Int32Array {
  if (model.origin) return model.origin
  const origin = new Int32Array(model.count)
  for (let j = 0; j < model.count; j++) origin[model.place ? model.place[j] : j] = j
  return origin
}

/** The caller's numbers of the chosen candidates, ascending. */
function chosenOf(problem: PlanProblem, model: Model, choice: Choice | null): Int32Array {
  const words = new Uint32Array((problem.person.length + 3) >> 2)
  const inside = new Uint8Array(words.buffer, 0, problem.person.length)
  let count = model.forced.length
  for (const j of model.forced) inside[j] = 1
  if (choice) {
    // Kept for the next plan.
    const origin = (model.origin ??= originOf(model))
    const take = (j: number): void => {
      inside[origin[j]] = 1
      count++
    }
    if (choice.pick) {
      for (const j of choice.pick) if (j >= 0) take(j)
    } else {
      const within = choice.in
      for (let j = 0; j < model.count; j++) if (within[j] === 1) take(j)
    }
  }
  const chosen = new Int32Array(count)
  for (let w = 0, at = 0; at < count; w++) {
    if (words[w] === 0) continue
    for (let j = 4 * w, end = Math.min(j + 4, inside.length); j < end; j++) if (inside[j] === 1) chosen[at++] = j
  }
  return chosen
}

function report(state: State, options: PlanOptions, finished: boolean): Plan {
  const { problem, model, choice } = state
  const none = new Float64Array(problem.rows.length)
  if (!model) {
    // Nothing is read yet: the empty plan, where it is one.
    const empty = (problem.forced?.length ?? 0) === 0 && problem.rows.every((row) => !row.minimum)
    const rows = problem.rows.map((row): PlanRowResult => ({ name: row.name, used: 0, slack: row.capacity, aboveMinimum: -(row.minimum ?? 0), price: 0, minimumPrice: 0, limiting: false }))
    return {
      status: 'searching', chosen: new Int32Array(0), value: empty ? 0 : NaN, bound: Infinity, dualBound: Infinity, gap: Infinity, prices: { capacity: none, minimum: none.slice() },
      rows, keptOut: null, relaxations: [], relaxationAtLeast: 0, work: state.work,
    }
  }
  const prices: PlanPrices = { capacity: new Float64Array(model.rows), minimum: new Float64Array(model.rows) }
  model.constraints.forEach((con, k) => ((con.sign > 0 ? prices.capacity : prices.minimum)[con.row] = state.lambda[k]))
  const value = choice ? state.value : NaN
  const bound = state.proven ? Math.max(value, Math.min(state.dual, value + 1e-9 * Math.max(1, Math.abs(value)))) : choice ? Math.max(state.dual, value) : state.dual
  const gap = choice ? Math.max(0, bound - value) / (Math.abs(bound) || 1) : Infinity
  const explain = options.explain ?? problem.person.length <= 2_000_000
  const rows = problem.rows.map((row, r): PlanRowResult => {
    const used = model.forcedUse[r] + (choice ? choice.use[r] : 0)
    return {
      name: row.name, used, slack: row.capacity - used, aboveMinimum: used - (row.minimum ?? 0),
      price: prices.capacity[r], minimumPrice: prices.minimum[r], limiting: prices.capacity[r] > 0 || prices.minimum[r] > 0,
    }
  })
  let status: Plan['status'] = state.proven || gap <= 1e-9 ? 'optimal' : 'feasible'
  if (!choice || (state.status === 'searching' && !finished)) status = 'searching'
  else if (state.status === 'infeasible' || state.status === 'no-plan-found') status = state.status
  return {
    status, chosen: chosenOf(problem, model, choice), value, bound, dualBound: state.dual, gap, prices, rows,
    keptOut: explain && choice ? keptOut(problem, state as Built) : null, relaxations: state.relaxations, relaxationAtLeast: state.atLeast, work: state.work,
  }
}

/** Σ of positive values, in blocks. */
function gains(value: Float64Array | Float32Array): number {
  let total = 0
  for (let from = 0; from < value.length; from += 1024) {
    let block = 0
    for (let j = from, to = Math.min(value.length, from + 1024); j < to; j++) if (value[j] > 0) block += value[j]
    total += block
  }
  return total
}

/** Builds the model, then plans. */
function* buildAndSolve(state: State, options: PlanOptions): Work<void> {
  const model = yield* buildSteps(state.problem, options.shared ?? false)
  const positive = model.forcedValue + gains(model.value)
  state.model = model
  state.scratch = makeScratch(model)
  state.lambda = new Float64Array(model.constraints.length)
  state.dual = roundUp(model, positive, positive)
  yield* solve(state as Built, state.problem, options)
}

/** A person's best profit at prices per row. */
function bestProfit(model: Model, scratch: Scratch, price: Float64Array, p: number): number {
  const start = model.first[p]
  const end = model.first[p + 1]
  if (model.matching) {
    let top = 0
    for (let j = start; j < end; j++) {
      const profit = model.value[j] - price[model.useRow[j]] * model.useAmount[j]
      if (profit > top) top = profit
    }
    return top
  }
  for (let j = start; j < end; j++) scratch.profit[j - start] = reducedProfit(model, price, j)
  return greedyPerson(model, p, scratch)
}

/** A copy on the same kind of memory. */
function copyFloats(column: Float64Array | Float32Array): Float64Array | Float32Array {
  if (!(column.buffer instanceof SharedArrayBuffer)) return column.slice()
  const buffer = new SharedArrayBuffer(column.byteLength)
  const copy = column instanceof Float32Array ? new Float32Array(buffer) : new Float64Array(buffer)
  copy.set(column)
  return copy
}

/** Applies a change to the model, and to the bound exactly: at the old prices only the persons that changed change it. Returns those persons. */
function applyChange(state: Built, change: PlanChange): Int32Array {
  const { model, problem } = state
  const n = problem.person.length
  const values = change.values
  const capacities = change.capacities ?? []
  if (values && values.candidate.length !== values.value.length) {
    throw new PlanInputError(`cannot plan again: ${values.candidate.length} candidates and ${values.value.length} values changed; the two must be equal`)
  }
  const forced = new Set(model.forced)
  values?.candidate.forEach((j, i) => {
    if (forced.has(j)) throw new PlanInputError(`cannot plan again: candidate ${j} is forced; its value cannot change in place`)
    if (!(j >= 0 && j < n)) throw new PlanInputError(`cannot plan again: change ${i} names candidate ${j}, expected 0 … ${n - 1}`)
    if (!Number.isFinite(values.value[i])) throw new PlanInputError(`cannot plan again: candidate ${j} has value ${values.value[i]}, expected a finite number`)
  })
  for (const { row, capacity } of capacities) {
    if (!problem.rows[row] || problem.rows[row].capacity === Infinity || !(capacity >= 0 && capacity < Infinity)) {
      throw new PlanInputError(`cannot plan again: row ${row} (${problem.rows[row]?.name ?? 'unknown'}) cannot get the capacity ${capacity}; expected a row that has one, and a finite number ≥ 0`)
    }
  }
  if (state.relaxations.length > 0) {
    // The last plan was for relaxed rows: the rows as they are come back, and nothing of that plan serves.
    model.constraints.forEach((con) => {
      const row = problem.rows[con.row]
      con.limit = con.sign > 0 ? row.capacity - model.forcedUse[con.row] : model.forcedUse[con.row] - (row.minimum ?? 0)
    })
    state.choice = null
    state.value = -Infinity
    state.pace = null
    state.dual = Infinity
  }
  const price = rowPrices(model, state.lambda)
  const mark = new Uint8Array(model.persons)
  const list: number[] = []
  for (const j of values?.candidate ?? []) {
    const p = problem.person[j]
    if (mark[p] === 0) list.push(p)
    mark[p] = 1
  }
  const persons = Int32Array.from(list).sort()
  let magnitude = 0
  const sum = (): number => {
    let total = 0
    for (let i = 0; i < persons.length; ) {
      let block = 0
      for (const end = Math.min(persons.length, i + 1024); i < end; i++) block += bestProfit(model, state.scratch, price, persons[i])
      total += block
    }
    magnitude += total
    return total
  }
  const before = sum()
  if (values) {
    // The caller's own column is not written to.
    if (model.value === problem.value) model.value = copyFloats(model.value)
    if (state.pace) state.pace.columns.value = model.value
    values.candidate.forEach((j, i) => {
      const at = model.place ? model.place[j] : j
      if (at < 0) return
      const old = model.value[at]
      model.value[at] = values.value[i]
      model.largest = Math.max(model.largest, Math.abs(model.value[at]))
      if (state.choice && (state.choice.pick ? state.choice.pick[problem.person[j]] === at : state.choice.in[at] === 1)) state.value += model.value[at] - old
      if (state.pace && (model.matching ? state.pace.columns.pick[problem.person[j]] === at : state.pace.columns.taken[at] === 1)) state.pace.value += model.value[at] - old
    })
  }
  let dual = state.dual + (sum() - before)
  if (capacities.length > 0) {
    const rows = [...problem.rows]
    for (const { row, capacity } of capacities) {
      model.constraints.forEach((con, k) => {
        if (con.row !== row || con.sign < 0) return
        const limit = capacity - model.forcedUse[row]
        dual += state.lambda[k] * (limit - con.limit)
        magnitude += Math.abs(state.lambda[k]) * (Math.abs(limit) + Math.abs(con.limit))
        con.limit = limit
      })
      rows[row] = { ...rows[row], capacity }
    }
    state.problem = { ...problem, rows }
  }
  if (state.dual === Infinity) {
    dual = model.forcedValue + gains(model.value)
  }
  state.dual = roundUp(model, dual, magnitude + Math.abs(dual))
  return persons
}

/** Plans again after a change: first from the persons that changed, then in passes from the old choices, then as a new plan from the old prices. */
function* again(state: Built, options: PlanOptions, touched: Int32Array): Work<void> {
  const { model } = state
  const goal = options.gap ?? 0
  const reached = (): boolean => state.choice !== null && state.dual - state.value <= goal * Math.abs(state.dual)
  state.proven = false
  state.relaxations = []
  state.atLeast = 0
  // The plan in hand stays while it fits the rows as they are now (its value was kept up with the change).
  if (state.choice && excessCost(model, state.choice.use) > 0) {
    const broken = copyChoice(state.choice)
    state.choice = null
    state.value = -Infinity
    yield* repair(model, broken, state.lambda)
    offer(state, broken)
  }
  state.status = state.choice ? 'fits' : 'searching'
  if (state.pace && state.choice) {
    state.pace.theta = 0.1
    state.pace.lambda = state.lambda.slice()
    const { pick, use } = state.choice
    if (pick) paceFrom(state.pace, { pick, use, value: state.value - model.forcedValue })
    yield* pacePass(model, state.pace, touched)
    yield* packPaced(state, pacedPrices(model, state.pace), goal, false)
    if (reached()) return
    state.pace.theta = rewarm
    yield* pacing(state, options, reached, 2)
    if (reached()) return
  }
  const prices: PlanPrices = { capacity: new Float64Array(model.rows), minimum: new Float64Array(model.rows) }
  model.constraints.forEach((con, k) => ((con.sign > 0 ? prices.capacity : prices.minimum)[con.row] = state.lambda[k]))
  yield* solve(state, state.problem, { ...options, prices })
}

/**
 * A planner that works in steps: `step` until it returns true or until the caller has no more time. The shape of the columns is checked at once,
 * their elements in the first steps; `plan()` is feasible whenever the empty plan is, and as soon as the minimums have been met otherwise.
 * Deterministic: the same problem and options give the same plan whatever the step sizes and the number of parallel tasks. The columns must
 * not be written to while the planner lives.
 *
 * Method: Lagrangian dual by pacing (large problems) or smoothing and Newton steps (Nesterov 2005; DuaLip, Basu et al. 2020; Zhang et al. 2020), exact
 * inner problems by the matroid greedy, repair and fill, then exact search among the choices that reduced costs leave open.
 */
export function createPlanner(problem: PlanProblem, options: PlanOptions = {}): Planner {
  checkShape(problem)
  const state: State = {
    problem, model: null, scratch: null as unknown as Scratch, choice: null, value: -Infinity, lambda: new Float64Array(0), dual: Infinity,
    proven: false, status: 'searching', relaxations: [], atLeast: 0, work: 0, pace: null,
  }
  let work = buildAndSolve(state, options)
  let finished = false
  let batch: Batch | null = null
  const spend = (units: number): number => {
    state.work += units
    return units
  }
  /** Runs one turn of the work that is not a batch; a batch is put aside. */
  const turn = (): number => {
    const next = work.next()
    if (next.done) finished = true
    else if (typeof next.value === 'number') return spend(next.value)
    else batch = next.value
    return 0
  }
  return {
    step(units) {
      for (let spent = 0; !finished && spent < units; ) {
        if (!batch) {
          spent += turn()
          continue
        }
        const slice = batch.slices[batch.parts.length]
        if (slice) {
          batch.parts.push(runSlice(batch.columns, batch.sweep, slice))
          spent += spend(Math.ceil(batch.units / batch.slices.length))
        } else batch = null
      }
      return finished
    },
    async stepParallel(units, parallel, taskCount) {
      if (!Number.isInteger(taskCount) || taskCount < 1) throw new RangeError(`planner: the number of tasks is ${taskCount}, expected an integer ≥ 1`)
      for (let spent = 0; !finished && spent < units; ) {
        if (!batch) {
          spent += turn()
          continue
        }
        const now: Batch = batch
        const left = now.slices.slice(now.parts.length)
        const each = Math.ceil(left.length / taskCount)
        const tasks: PlanTask[] = []
        for (let from = 0; from < left.length; from += each) tasks.push({ columns: now.columns, sweep: now.sweep, slices: left.slice(from, from + each) })
        const answers = await parallel(tasks)
        const parts = answers.flat()
        if (answers.length !== tasks.length || parts.length !== left.length) {
          throw new Error(`planner: the parallel port returned ${answers.length} answers with ${parts.length} parts for ${tasks.length} tasks of ${left.length} slices`)
        }
        now.parts.push(...parts)
        spent += spend(now.units)
        batch = null
      }
      return finished
    },
    plan: () => report(state, options, finished),
    change(change) {
      if (!finished || !state.model) throw new PlanInputError('cannot plan again: the planner has not finished; step until it has')
      const touched = applyChange(state as Built, change)
      finished = false
      work = again(state as Built, options, touched)
    },
  }
}

/** Plans to the end. */
export function makePlan(problem: PlanProblem, options: PlanOptions = {}): Plan {
  const planner = createPlanner(problem, options)
  while (!planner.step(1e9));
  return planner.plan()
}

/** The certificate recomputed: at any prices ≥ 0 no plan of the problem is worth more than this. */
export function dualBound(problem: PlanProblem, prices: PlanPrices): number {
  const model = buildModel(problem)
  const work = evaluate(model, makeScratch(model), toLambda(model, prices), 0, null)
  for (;;) {
    const turn = work.next()
    if (turn.done) return roundUp(model, turn.value.hard, turn.value.magnitude)
  }
}

export type Worth = {
  /** Value gained by the re-solved plan; exact when `low` = `high`. */
  worth: number
  /** What the true gain is certain to lie between. */
  low: number
  high: number
}

/**
 * What `amount` more capacity of one row is worth: the problem solved again, not the linear price (which is a slope and can be far off when
 * capacities are whole and few). A negative amount says what losing it costs (`worth` ≤ 0).
 */
export function worthOfMore(problem: PlanProblem, plan: Plan, row: number, amount = 1, options: PlanOptions = {}): Worth {
  const rows = problem.rows.map((each, r) => (r === row ? { ...each, capacity: each.capacity + amount } : each))
  const again = makePlan({ ...problem, rows }, { ...options, prices: plan.prices, explain: false })
  return { worth: again.value - plan.value, low: again.value - plan.bound, high: again.bound - plan.value }
}
