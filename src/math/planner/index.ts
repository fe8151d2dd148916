/**
 * Planner (规划): which touches to send, under capacities, minimums and per-person caps, with a proven bound on what any plan could earn.
 *
 * Columns in (candidates with person, value and consumption), a plan out: chosen candidates, bound, gap, price and slack per row, and for
 * every candidate left out what kept it out. Pure: no clock, no I/O, no randomness; `step(units)` hands back control.
 *
 * Invariants
 * - Every plan keeps every row and cap; `value ≤ best possible ≤ bound`.
 * - Forced candidates are in, forbidden ones out; a person's whole-epoch cap (dose arm) is never exceeded.
 * - The same input gives the same plan, whatever the steps and the number of parallel tasks.
 */
export { buildModel, PlanInputError, useFromColumns } from './problem.ts'
export type { PlanCap, PlanProblem, PlanRow, PlanUse } from './problem.ts'
export { createPlanner, dualBound, makePlan, worthOfMore } from './planner.ts'
export type { KeptOut, Plan, PlanChange, Planner, PlanOptions, PlanPrices, PlanRowResult, Relaxation, Worth } from './planner.ts'
export { runPlanTask } from './sweep.ts'
export type { PlanParallel, PlanPart, PlanTask } from './sweep.ts'
export { createStreamPlanner, runStreamTask } from './stream.ts'
export type { PlanBlock, PlanStream, StreamOptions, StreamParallel, StreamPart, StreamPlan, StreamPlanner, StreamTask } from './stream.ts'
