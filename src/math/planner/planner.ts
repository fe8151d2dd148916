import { coreConstraints, coreSearch } from './core.ts'
import { denseRows, evaluate, rowPrices, searchPrices, type Work } from './dual.ts'
import { greedyPerson, makeScratch, reducedProfit, type Scratch } from './inner.ts'
import {
  type Choice, choiceValue, copyChoice, emptyChoice, excessCost, fill, greedyChoice, repair, settle, slackTolerance,
} from './primal.ts'
import { buildModel, type Model, type PlanProblem } from './problem.ts'

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
  /** Works for about `units` candidate visits (10–50 million a second) and returns whether the plan is finished. */
  step(units: number): boolean
  /** The best plan so far. */
  plan(): Plan
}

type State = {
  model: Model
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
}

function toLambda(model: Model, prices: PlanPrices): Float64Array {
  return Float64Array.from(model.constraints, (con) => Math.max(0, (con.sign > 0 ? prices.capacity : prices.minimum)[con.row] || 0))
}

/** Least weighted relaxation: prices with value 0 bounded by the relaxation costs, then a choice that attains it. */
function* elastic(state: State, problem: PlanProblem): Work<void> {
  const { model, scratch } = state
  const amounts = model.constraints.map((con) => con.relaxCost * (model.amountScale[con.row] || 1))
  const zero: Model = { ...model, value: new Float64Array(model.count), valueScale: Math.max(1, ...amounts), forcedValue: 0 }
  const upper = Float64Array.from(model.constraints, (con) => con.relaxCost)
  // Start where minimums press and capacities do not.
  const lambda = Float64Array.from(model.constraints, (con) => (con.sign < 0 ? con.relaxCost : 0))
  const found = yield* searchPrices(zero, scratch, lambda, { from: 0.1, to: 1e-7, factor: 0.35, iterations: 6, stride: 1, upper })
  const atLeast = Math.max(0, -found.hard - 1e-9 * zero.valueScale)
  let choice = emptyChoice(model)
  let cost = Infinity
  const consider = (candidate: Choice): void => {
    settle(model, candidate)
    const excess = excessCost(model, candidate.use)
    if (excess >= cost) return
    choice = copyChoice(candidate)
    cost = excess
  }
  const pressing = Float64Array.from(model.constraints, (con) => (con.sign < 0 ? con.relaxCost : 0))
  for (const point of [found.lambda, pressing, new Float64Array(pressing.length)]) {
    const attempt = yield* greedyChoice(zero, scratch, point)
    yield* repair(zero, attempt, point)
    consider(attempt)
    if (cost === 0) break
  }
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

function offer(state: State, choice: Choice): void {
  settle(state.model, choice)
  if (excessCost(state.model, choice.use) > 0) return
  const value = choiceValue(state.model, choice)
  if (state.choice && value <= state.value) return
  state.choice = copyChoice(choice)
  state.value = value
}

/** Rounds a bound up by what its summation may have lost. */
function roundUp(hard: number, magnitude: number): number {
  return hard + 4e-14 * magnitude
}

function* solve(state: State, problem: PlanProblem, options: PlanOptions): Work<void> {
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
    const dual = roundUp(certificate.hard, certificate.magnitude)
    if (dual < state.dual) {
      state.dual = dual
      state.lambda = at.slice()
    }
    if (!reached()) yield* primal(at, rounds)
  }
  const few = model.rows <= denseRows
  const small = model.count <= 300_000
  const search = { iterations: few ? 8 : 2, factor: few ? 0.35 : 0.5, upper: null }
  // The smoothing at which the bound is about as tight as asked for; the last one when everything is asked for.
  const last = small && few ? 1e-6 : 1 / 8000
  let to = Math.max(last, gapGoal)
  let lambda: Float64Array = new Float64Array(model.constraints.length)
  let from = 0.5
  if (options.prices) {
    lambda = toLambda(model, options.prices)
    from = Math.max(to, 1e-2)
    if (gapGoal > 0) {
      // Old prices often still certify: one look at the bound, one plan, and out.
      yield* certifyAndPlan(lambda, 8)
      if (reached()) return
    }
  } else {
    if (!small) {
      for (const [stride, until] of [[32, 0.1], [8, 0.02]]) {
        lambda = (yield* searchPrices(model, scratch, lambda, { ...search, iterations: 8, from, to: until, stride })).lambda
        from = until
      }
    } else if (to < 0.02) {
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

function keptOut(problem: PlanProblem, state: State): KeptOut {
  const { model, scratch } = state
  const n = problem.person.length
  const out: KeptOut = { rowCharge: new Float64Array(n), capCharge: new Float64Array(n), shortBy: new Float64Array(n), by: new Int32Array(n).fill(-3) }
  for (const j of model.forced) out.by[j] = -4
  const price = rowPrices(model, state.lambda)
  for (let p = 0; p < model.persons; p++) {
    const start = model.first[p]
    const size = model.first[p + 1] - start
    for (let i = 0; i < size; i++) scratch.profit[i] = reducedProfit(model, price, start + i)
    greedyPerson(model, p, scratch)
    for (let i = 0; i < size; i++) {
      const j = start + i
      const mine = model.origin[j]
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

function report(problem: PlanProblem, state: State, options: PlanOptions, finished: boolean): Plan {
  const { model, choice } = state
  const chosen: number[] = [...model.forced]
  if (choice) for (let j = 0; j < model.count; j++) if (choice.in[j] === 1) chosen.push(model.origin[j])
  const prices: PlanPrices = { capacity: new Float64Array(model.rows), minimum: new Float64Array(model.rows) }
  model.constraints.forEach((con, k) => ((con.sign > 0 ? prices.capacity : prices.minimum)[con.row] = state.lambda[k]))
  const value = choice ? state.value : NaN
  const bound = state.proven ? Math.max(value, Math.min(state.dual, value + 1e-9 * Math.max(1, Math.abs(value)))) : Math.max(state.dual, value)
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
    status, chosen: Int32Array.from(chosen).sort(), value, bound, dualBound: state.dual, gap, prices, rows,
    keptOut: explain && choice ? keptOut(problem, state) : null, relaxations: state.relaxations, relaxationAtLeast: state.atLeast, work: state.work,
  }
}

/**
 * A planner that works in steps. Checks the problem at once (throws PlanInputError naming the element), then `step` until it returns true
 * or until the caller has no more time: `plan()` is feasible whenever the empty plan is, and as soon as the minimums have been met otherwise.
 * Deterministic: the same problem and options give the same plan whatever the step sizes.
 *
 * Method: Lagrangian dual by smoothing and Newton steps (Nesterov 2005; DuaLip, Basu et al. 2020; Zhang et al. 2020), exact inner problems
 * by the matroid greedy, repair and fill, then exact search among the choices that reduced costs leave open.
 */
export function createPlanner(problem: PlanProblem, options: PlanOptions = {}): Planner {
  const model = buildModel(problem)
  const bound = (): number => {
    let positive = model.forcedValue
    for (let j = 0; j < model.count; j++) positive += Math.max(0, model.value[j])
    return positive
  }
  const state: State = {
    model, scratch: makeScratch(model), choice: null, value: -Infinity, lambda: new Float64Array(model.constraints.length), dual: bound(),
    proven: false, status: 'searching', relaxations: [], atLeast: 0, work: 0,
  }
  const work = solve(state, problem, options)
  let finished = false
  return {
    step(units) {
      for (let spent = 0; !finished && spent < units; ) {
        const turn = work.next()
        if (turn.done) finished = true
        else {
          spent += turn.value
          state.work += turn.value
        }
      }
      return finished
    },
    plan: () => report(problem, state, options, finished),
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
    if (turn.done) return roundUp(turn.value.hard, turn.value.magnitude)
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
