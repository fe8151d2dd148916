import { requireEqualLength, requireFinite } from '../special/index.ts'
import { requireArms, requireColumns, type Columns } from './check.ts'
import { linearBase, type Base, type Predictor } from './linear.ts'
import { crossFit } from './policy.ts'

export type EffectData = {
  /** [p][n] what was known before the draw. */
  x: Columns
  /** [n] 1 treated, 0 control. */
  treated: ArrayLike<number>
  /** [n] outcome. */
  y: Float64Array
  /** Probability of treatment: the design's, one for all or [n]; strictly between 0 and 1. */
  propensity: number | Float64Array
}
/** Predicted effect of the treatment, [rows], in the unit of y. */
export type EffectModel = Predictor
export type LearnerOptions = {
  /** Fits the outcome. Default: lasso. */
  outcome?: Base
  /** Fits the effect (X and R). Default: lasso, for R by the one-error rule, which says "the same for everybody" unless the data insist. */
  effect?: Base
  /** Folds of cross-fitting (R). Default 5. */
  folds?: number
  seed?: number
  /** Propensity at new points, for X; default: the mean over the training rows. */
  propensityAt?: Predictor
}
export type Learner = (data: EffectData, options?: LearnerOptions) => EffectModel

/** One model on [x, w, w·x]; the effect is its prediction at w = 1 minus at w = 0. */
export const sLearner: Learner = (data, options = {}) => {
  checkData(data)
  const wide = (x: Columns, w: ArrayLike<number>): Float64Array[] => {
    const column = Float64Array.from(w)
    return [...x, column, ...x.map(values => values.map((value, i) => value * column[i]))]
  }
  const predict = (options.outcome ?? linearBase({ seed: options.seed }))(wide(data.x, data.treated), data.y, null)
  return x => {
    const rows = x[0]?.length ?? 0
    const without = predict(wide(x, new Float64Array(rows)))
    return predict(wide(x, new Float64Array(rows).fill(1))).map((value, i) => value - without[i])
  }
}

/** Two models, one per arm. */
export const tLearner: Learner = (data, options = {}) => {
  checkData(data)
  const [control, treated] = armModels(data, options)
  return x => {
    const without = control(x)
    return treated(x).map((value, i) => value - without[i])
  }
}

/** Künzel, Sekhon, Bickel & Yu (2019): effects imputed with the other arm's model, fitted per arm, averaged by the propensity. */
export const xLearner: Learner = (data, options = {}) => {
  checkData(data)
  const models = armModels(data, options)
  const effectBase = options.effect ?? linearBase({ seed: options.seed })
  const imputed = [0, 1].map(arm => {
    const rows = rowsOfArm(data, arm)
    const x = takeRows(data.x, rows)
    const other = models[1 - arm](x)
    return effectBase(x, Float64Array.from(rows, (row, i) => arm === 1 ? data.y[row] - other[i] : other[i] - data.y[row]), null)
  })
  const mean = meanPropensity(data)
  return x => {
    const fromControl = imputed[0](x)
    const fromTreated = imputed[1](x)
    const e = options.propensityAt?.(x)
    return fromControl.map((value, i) => (e?.[i] ?? mean) * value + (1 - (e?.[i] ?? mean)) * fromTreated[i])
  }
}

/** Nie & Wager (2021): least squares of (Y − m̂)/(W − e) with weights (W − e)², m̂ cross-fitted. Robust to a poor m̂, because e is the design's. */
export const rLearner: Learner = (data, options = {}) => {
  checkData(data)
  const expected = expectedOutcome(data, options)
  const { target, weights } = residuals(data, expected)
  return (options.effect ?? linearBase({ seed: options.seed, rule: 'one-error' }))(data.x, target, weights)
}

/** The mean effect for everybody, by the same residuals: what a learner has to beat. */
export const constantEffect: Learner = (data, options = {}) => {
  checkData(data)
  const { target, weights } = residuals(data, expectedOutcome(data, options))
  let sum = 0
  let total = 0
  for (let i = 0; i < target.length; i++) {
    sum += weights[i] * target[i]
    total += weights[i]
  }
  return x => new Float64Array(x[0]?.length ?? 0).fill(sum / total)
}

export type Candidate = { name: string; fit: (data: EffectData) => EffectModel }
export type Choice = { name: string; model: EffectModel; losses: Array<{ name: string; loss: number }> }

/**
 * Chooses between learners by the cross-validated R-loss, mean of ((Y − m̂) − (W − e)·τ̂)², never by Qini; refits the chosen one on all rows.
 * `losses` are in the order of the candidates. Ties go to the earlier one, so put the simpler first.
 */
export function chooseLearner(data: EffectData, candidates: readonly Candidate[], options: LearnerOptions = {}): Choice {
  checkData(data)
  if (candidates.length === 0) throw new RangeError('cannot choose a learner: no candidates, expected at least 1')
  const expected = expectedOutcome(data, options)
  const losses = candidates.map(({ name, fit }) => {
    const effect = crossFit(data.y.length, options.folds ?? 5, (options.seed ?? 1) + 1, rows => {
      const model = fit(pickRows(data, rows))
      return out => model(takeRows(data.x, out))
    })
    let loss = 0
    for (let i = 0; i < effect.length; i++) loss += (data.y[i] - expected[i] - (data.treated[i] - at(data.propensity, i)) * effect[i]) ** 2
    return { name, loss: loss / effect.length }
  })
  let best = 0
  for (let i = 1; i < losses.length; i++) if (losses[i].loss < losses[best].loss) best = i
  return { name: candidates[best].name, model: candidates[best].fit(data), losses }
}

/** m̂(x) = E[Y | x] for every row, from fits on the other folds. */
export function expectedOutcome(data: EffectData, options: LearnerOptions = {}): Float64Array {
  const base = options.outcome ?? linearBase({ seed: options.seed })
  return crossFit(data.y.length, options.folds ?? 5, options.seed ?? 1, rows => {
    const predict = base(takeRows(data.x, rows), Float64Array.from(rows, row => data.y[row]), null)
    return out => predict(takeRows(data.x, out))
  })
}
/** The rows of a table. */
export function takeRows(x: Columns, rows: ArrayLike<number>): Float64Array[] {
  return x.map(column => {
    const taken = new Float64Array(rows.length)
    for (let i = 0; i < rows.length; i++) taken[i] = column[rows[i]]
    return taken
  })
}
export function pickRows(data: EffectData, rows: ArrayLike<number>): EffectData {
  const list = Array.from(rows)
  return {
    x: takeRows(data.x, rows), y: Float64Array.from(list, row => data.y[row]), treated: Uint8Array.from(list, row => data.treated[row]),
    propensity: typeof data.propensity === 'number' ? data.propensity : Float64Array.from(list, row => (data.propensity as Float64Array)[row]),
  }
}

function checkData({ x, treated, y, propensity }: EffectData): void {
  requireFinite('y', y)
  requireArms(treated, y)
  if (x.length === 0) throw new RangeError('cannot fit effects: x has no columns, expected at least 1')
  requireColumns(x, y.length)
  if (typeof propensity !== 'number') requireEqualLength('propensity', propensity, y.length, 'one per person')
  for (let i = 0; i < (typeof propensity === 'number' ? 1 : propensity.length); i++) {
    const e = at(propensity, i)
    if (!(e > 0 && e < 1)) throw new RangeError(`cannot fit effects: propensity${typeof propensity === 'number' ? '' : `[${i}]`} is ${e}, expected strictly between 0 and 1`)
  }
}
function at(propensity: number | Float64Array, i: number): number {
  return typeof propensity === 'number' ? propensity : propensity[i]
}
function meanPropensity({ propensity, y }: EffectData): number {
  return typeof propensity === 'number' ? propensity : propensity.reduce((sum, one) => sum + one, 0) / y.length
}
function rowsOfArm({ treated }: EffectData, arm: number): number[] {
  return Array.from(treated).flatMap((own, i) => own === arm ? [i] : [])
}
function armModels(data: EffectData, options: LearnerOptions): Predictor[] {
  const base = options.outcome ?? linearBase({ seed: options.seed })
  return [0, 1].map(arm => {
    const rows = rowsOfArm(data, arm)
    return base(takeRows(data.x, rows), Float64Array.from(rows, row => data.y[row]), null)
  })
}
function residuals(data: EffectData, expected: Float64Array): { target: Float64Array; weights: Float64Array } {
  const target = new Float64Array(data.y.length)
  const weights = new Float64Array(data.y.length)
  for (let i = 0; i < target.length; i++) {
    const w = data.treated[i] - at(data.propensity, i)
    target[i] = (data.y[i] - expected[i]) / w
    weights[i] = w * w
  }
  return { target, weights }
}
