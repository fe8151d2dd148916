import { requireEqualLength, requireFinite } from '../special/index.ts'
import { requireArms, requireBinary } from './check.ts'

/** Points of a curve by number of persons, best scored first; begins at (0, 0). */
export type Curve = { x: Float64Array; y: Float64Array }
type Binary = ArrayLike<number>

/** Best first: stable ascending by score, then reversed, so of equal scores the last row comes first (as scikit-uplift 0.5.1 orders them). */
export function scoreOrder(score: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: score.length }, (_, i) => i)
  order.sort((a, b) => score[a] - score[b] || a - b)
  return order.reverse()
}

/** Uplift curve: (Y_t/N_t − Y_c/N_c)·N after the first N persons, with 0 for an empty arm; evaluated at the last of each group of equal scores. */
export function upliftCurve(y: Binary, score: ArrayLike<number>, treated: Binary): Curve {
  check(y, score, treated)
  return curveOf(y, score, treated, (n, nt, yt, yc) => ((nt === 0 ? 0 : yt / nt) - (n === nt ? 0 : yc / (n - nt))) * n)
}
/** Qini curve: Y_t − Y_c·N_t/N_c (Radcliffe 2007), with 0 for an empty control. */
export function qiniCurve(y: Binary, score: ArrayLike<number>, treated: Binary): Curve {
  check(y, score, treated)
  return curveOf(y, score, treated, (n, nt, yt, yc) => yt - (n === nt ? 0 : yc * nt / (n - nt)))
}
/** What a score could reach that knew every outcome: the reference's definition, not a reachable model. */
export function perfectUpliftCurve(y: Binary, treated: Binary): Curve {
  let rescued = 0
  let lost = 0
  for (let i = 0; i < y.length; i++) {
    if (y[i] === 1 && treated[i] === 0) rescued++
    if (y[i] === 0 && treated[i] === 1) lost++
  }
  const score = Float64Array.from({ length: y.length }, (_, i) => 2 * (y[i] === treated[i] ? 1 : 0) + (rescued > lost ? y[i] : treated[i]))
  return upliftCurve(y, score, treated)
}
/** `negativeEffect` false: nobody is put off by the treatment, so the best curve rises to the total effect and stays there. */
export function perfectQiniCurve(y: Binary, treated: Binary, negativeEffect = true): Curve {
  if (negativeEffect) return qiniCurve(y, Float64Array.from({ length: y.length }, (_, i) => y[i] * treated[i] - y[i] * (1 - treated[i])), treated)
  let yt = 0, yc = 0, nt = 0
  for (let i = 0; i < y.length; i++) {
    nt += treated[i]
    if (treated[i] === 1) yt += y[i]
    else yc += y[i]
  }
  const total = yt - nt * yc / (y.length - nt)
  return { x: Float64Array.of(0, total, y.length), y: Float64Array.of(0, total, total) }
}

/** Area under the uplift curve over the chord, as a share of the perfect one's. y and treated are 0/1, the score any finite number. Errors: RangeError naming the element; a perfect curve that is its own chord. */
export function auuc(y: Binary, score: ArrayLike<number>, treated: Binary): number {
  return normalised(upliftCurve(y, score, treated), perfectUpliftCurve(y, treated), 'AUUC')
}
/** Qini coefficient: the same of the Qini curve. */
export function qini(y: Binary, score: ArrayLike<number>, treated: Binary, negativeEffect = true): number {
  return normalised(qiniCurve(y, score, treated), perfectQiniCurve(y, treated, negativeEffect), 'Qini')
}

/**
 * Difference of mean outcome between the arms among the best scored. `k` a share in (0, 1) or a whole number of persons. `overall` takes the first of
 * the common order, `by-group` the first of each arm; a share takes trunc(n·k) of the double product, as the reference does. Errors: RangeError when an arm is empty there.
 */
export function upliftAtK(y: Binary, score: ArrayLike<number>, treated: Binary, k: number, strategy: 'overall' | 'by-group' = 'overall'): number {
  check(y, score, treated)
  const isShare = k > 0 && k < 1
  if (!isShare && !(Number.isInteger(k) && k >= 1 && k <= y.length)) throw new RangeError(`cannot compute uplift@k: k is ${k}, expected a share in (0, 1) or a whole number of persons up to ${y.length}`)
  const order = scoreOrder(score)
  const arms = [0, 1].map(arm => order.filter(row => treated[row] === arm))
  const take = (rows: Int32Array): number => isShare ? Math.trunc(rows.length * k) : k
  const picked = strategy === 'overall' ? [0, 1].map(arm => order.subarray(0, take(order)).filter(row => treated[row] === arm)) : arms.map(rows => rows.subarray(0, take(rows)))
  const means = picked.map((rows, arm) => {
    if (rows.length === 0) throw new RangeError(`cannot compute uplift@k: no ${arm === 1 ? 'treated' : 'control'} person among the first ${k}; take a larger k`)
    let sum = 0
    for (const row of rows) sum += y[row]
    return sum / rows.length
  })
  return means[1] - means[0]
}

function check(y: Binary, score: ArrayLike<number>, treated: Binary): void {
  requireEqualLength('score', score, y.length, 'one per person')
  requireArms(treated, y)
  requireBinary('y', y)
  requireFinite('score', score)
}
function curveOf(y: Binary, score: ArrayLike<number>, treated: Binary, value: (n: number, nt: number, yt: number, yc: number) => number): Curve {
  const order = scoreOrder(score)
  const xs = [0]
  const ys = [0]
  let nt = 0, yt = 0, yc = 0
  for (let i = 0; i < order.length; i++) {
    const row = order[i]
    nt += treated[row]
    if (treated[row] === 1) yt += y[row]
    else yc += y[row]
    if (i + 1 < order.length && score[order[i + 1]] === score[row]) continue
    xs.push(i + 1)
    ys.push(value(i + 1, nt, yt, yc))
  }
  return { x: Float64Array.from(xs), y: Float64Array.from(ys) }
}
function area({ x, y }: Curve): number {
  let sum = 0
  for (let i = 1; i < x.length; i++) sum += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2
  return sum
}
function normalised(curve: Curve, perfect: Curve, name: string): number {
  const chord = perfect.x.at(-1)! * perfect.y.at(-1)! / 2
  const best = area(perfect) - chord
  if (best === 0) throw new RangeError(`cannot compute ${name}: the perfect curve is a straight line (all outcomes equal?), so there is nothing to divide by`)
  return (area(curve) - chord) / best
}
