import { normalQuantile, requireEqualLength, requireFinite, requireFrom, requirePositive } from '../special/index.ts'
import { randomStream } from '../random/index.ts'
import {
  doseKernel, gainEvidence, invertCovariance, lossEvidence, requireCells, requireDoses, solveJoint,
  type DoseCells, type DosePrior, type JointSolve,
} from './dose-model.ts'
import { lossGrid, lossSampler, weakLossPrior } from './loss-model.ts'

export type DoseQuestion = {
  segments: number
  /** Touches per epoch of each arm, ascending; doses[0] = 0 is the holdout. */
  doses: Float64Array
  /** Closed epochs, oldest first; may be empty (then the prior alone speaks). */
  epochs: readonly DoseCells[]
  /** Persons per segment who can be assigned in the next epoch. */
  roster: Float64Array
  /** Value of a contact from the end of the epoch on that is lost when the contact leaves, per segment, in the unit of `sum`. */
  lossCost: Float64Array
  /** sd of ln(loss cost): its own uncertainty, drawn once per draw for all arms. */
  lossCostLogSd?: number
  /** Staff cost per touch, unit of `sum`; one for all segments or one each. */
  touchCost?: number | ArrayLike<number>
  /** The dose the merchant sends today (index of an arm): kept while there is not enough evidence. */
  habitArm: number
  /** Usual net revenue per person and epoch of each segment, from before the experiment: gains are pooled as shares of it. Default 1. */
  scale?: Float64Array
  prior?: DosePrior
  /** 0 bars an arm (above the merchant's limit); arm 0 and the habit stay allowed. */
  allowed?: Uint8Array
  seed: number
  tuning?: Partial<DoseTuning>
}

/** Every number that shapes the decision; the defaults were chosen on simulated fleets (bench `evidence`). */
export type DoseTuning = {
  draws: number
  /** Holdout share: `holdout`·√(5000 / persons), within `holdoutMin` … `holdoutMax`. */
  holdout: number
  holdoutMin: number
  holdoutMax: number
  /** Floor of every other allowed arm, as a share of the holdout's floor; 0 lets arms die. */
  explore: number
  /** Thompson shares are raised to this power: above 1 they concentrate earlier. */
  sharpness: number
  /** Habit guard: all of the free share stays on the habit until P(best beats habit) exceeds ½, none from this level on; 0.5 turns it off. */
  habitGuard: number
  /**
   * Step-up guard: a dose above the habit gets none of its free share (the habit keeps it) until P(it beats the habit) exceeds ½, all from this level on; 0.5 turns
   * it off. What one epoch cannot see (sales only moved forward, annoyance that builds up, people who mute) all speaks against more.
   */
  stepUpGuard: number
  /** A non-zero dose is *claimed* only from this P(value > 0), and a change from the habit only from `changeLevel`. */
  claimLevel: number
  changeLevel: number
  /** From this many persons on, and once the posterior is more their own than borrowed, an unproven dose means silence; before, the habit. */
  silenceFrom: number
  /** With the verdict `silence`, the part of the free share that falls silent at once; the rest still explores. */
  silencePull: number
  /** Weight of each older epoch relative to the next younger one: below 1 follows a drifting truth. */
  memory: number
  /** Epochs ahead over which the regret of stopping now is weighed against one more epoch of exploring; 0 never stops exploring. */
  horizon: number
  /** 95% posterior intervals; false saves the sort. */
  intervals: boolean
}

export const doseTuning: Readonly<DoseTuning> = {
  draws: 2000,
  holdout: 0.02, holdoutMin: 0.01, holdoutMax: 0.1,
  explore: 0.1,
  sharpness: 3,
  habitGuard: 0.6,
  stepUpGuard: 0.5,
  claimLevel: 0.9, changeLevel: 0.8,
  silenceFrom: 10_000,
  silencePull: 0.25,
  memory: 1,
  horizon: 6,
  intervals: true,
}

export type DoseVerdict =
  /** Evidence enough to say that this dose earns more than silence and no less than the habit. */
  | 'dose'
  /** No dose is shown to earn more than silence, and there were persons enough to see it. */
  | 'silence'
  /** Not enough evidence: the merchant's habit is kept and called a habit, not a finding. */
  | 'not-enough-evidence'

export type DoseDecision = {
  segments: number
  arms: number
  /** Posterior per segment × arm, in the unit of `sum` per person and epoch, against silence. */
  gainMean: Float64Array
  gainSd: Float64Array
  valueMean: Float64Array
  valueSd: Float64Array
  valueLow: Float64Array
  valueHigh: Float64Array
  /** Posterior loss probability, and the part of it caused by the dose. */
  lossMean: Float64Array
  causedLossMean: Float64Array
  causedLossSd: Float64Array
  /** The segment's own gain figure and standard error (Infinity: none), and the share of the posterior that comes from elsewhere. */
  ownGain: Float64Array
  ownSd: Float64Array
  borrowed: Float64Array
  /** P(arm is best), P(value > 0), P(value > habit's). */
  probabilityBest: Float64Array
  probabilityPositive: Float64Array
  probabilityOverHabit: Float64Array
  /** Share of the segment's roster for each arm in the next epoch; rows sum to 1. */
  share: Float64Array
  /** Per segment: the arm to call best now, what may be said of it, and what perfect knowledge would still add per person and epoch. */
  chosen: Int32Array
  chosenProbability: Float64Array
  verdict: DoseVerdict[]
  regretOfStopping: Float64Array
  regretOfPlaying: Float64Array
  exploring: Uint8Array
  /** Epochs at the next epoch's shares until a confidence sequence can tell the best dose above 0 from silence; 0 if it should already, Infinity if never. */
  epochsToAnswer: Float64Array
}

type Node = { weight: number; mean: Float64Array; inverseG: Float64Array; logDetG: number; inverseH: Float64Array; logDetH: number }

function nodesFor(question: DoseQuestion, p: number, amplitude: number): Node[] {
  const nodes: Node[] = []
  if (question.prior) {
    const { gainMean, gainBetween, gainWithin } = question.prior
    const g = invertCovariance(gainBetween, p, 'prior.gainBetween')
    const h = invertCovariance(gainWithin, p, 'prior.gainWithin')
    // The second node lets a merchant unlike all others through.
    for (const [weight, wide] of [[0.85, 1], [0.15, 4]]) {
      nodes.push({
        weight, mean: gainMean,
        inverseG: g.inverse.map((x) => x / wide), logDetG: g.logDet + p * Math.log(wide),
        inverseH: h.inverse.map((x) => x / wide), logDetH: h.logDet + p * Math.log(wide),
      })
    }
    return nodes
  }
  const { inverse, logDet } = invertCovariance(doseKernel(question.doses), p, 'the kernel of the doses')
  const mean = new Float64Array(p)
  const count = 6
  for (let i = 0; i < count; i++) {
    const a = amplitude * Math.tan((Math.PI * ((i + 0.5) / count)) / 2)
    for (const ratio of [0.25, 0.6, 1.2]) {
      const h = a * ratio
      nodes.push({
        weight: 1 / (3 * count), mean,
        inverseG: inverse.map((x) => x / (a * a)), logDetG: logDet + 2 * p * Math.log(a),
        inverseH: inverse.map((x) => x / (h * h)), logDetH: logDet + 2 * p * Math.log(h),
      })
    }
  }
  return nodes
}

/**
 * From sufficient statistics to the next epoch's dosage, in one pure call: net value V = gain − caused loss·loss cost − touch cost·dose
 * per segment and arm, allocation for the next epoch, the dose to call best, and whether there is enough evidence to say so.
 *
 * Gains: two-level normal model over (merchant curve, segment departures), a smooth process over log₂(1 + dose), its amplitudes integrated (or
 * the prior of other merchants). Losses: p₀ plus a power of the dose, level per segment and merchant, on a grid. Allocation:
 * batched Thompson (Russo et al. 2018) under the holdout's and exploration floors. Deterministic for a seed.
 *
 * This decides; it does not prove. Sentences such as "earns ¥3 more" need `moneySequence` and `compareLosses`.
 *
 * Errors: RangeError naming the array and the segment and arm. About 3 ms for 3 segments × 5 arms and 1,000 draws without intervals.
 */
export function decideDose(question: DoseQuestion): DoseDecision {
  const { segments, doses, epochs, roster, lossCost, habitArm } = question
  const tuning: DoseTuning = { ...doseTuning, ...question.tuning }
  const arms = doses.length
  const p = arms - 1
  const size = segments * arms
  requireDoses(doses)
  if (!(Number.isInteger(segments) && segments > 0)) throw new RangeError(`cannot judge doses: segments is ${segments}, expected a whole number above 0`)
  if (!(Number.isInteger(habitArm) && habitArm >= 0 && habitArm < arms)) throw new RangeError(`cannot judge doses: habitArm is ${habitArm}, expected an arm below ${arms}`)
  epochs.forEach((cells, index) => requireCells(cells, segments, arms, `epochs[${index}]`))
  requireEqualLength('roster', roster, segments, 'segments')
  requireFrom('roster', roster, 0)
  requireEqualLength('lossCost', lossCost, segments, 'segments')
  requireFinite('lossCost', lossCost)
  const touchCost = typeof question.touchCost === 'object' ? question.touchCost : new Float64Array(segments).fill(question.touchCost ?? 0)
  requireEqualLength('touchCost', touchCost, segments, 'segments')
  const lossCostLogSd = question.lossCostLogSd ?? 0
  requireFinite('touchCost', touchCost)
  requireFrom('lossCostLogSd', [lossCostLogSd], 0)
  if (!(Number.isInteger(tuning.draws) && tuning.draws >= 100)) throw new RangeError(`cannot judge doses: draws is ${tuning.draws}, expected a whole number from 100`)
  if (!(tuning.memory > 0 && tuning.memory <= 1)) throw new RangeError(`cannot judge doses: memory is ${tuning.memory}, expected a number above 0 up to 1`)
  const scale = question.scale ?? new Float64Array(segments).fill(1)
  requireEqualLength('scale', scale, segments, 'segments')
  requirePositive('scale', scale)
  if (question.prior) {
    requireEqualLength('prior.gainMean', question.prior.gainMean, p, 'doses above 0')
    requireEqualLength('prior.gainBetween', question.prior.gainBetween, p * p, 'doses above 0, squared')
    requireEqualLength('prior.gainWithin', question.prior.gainWithin, p * p, 'doses above 0, squared')
  }
  const allowed = question.allowed ?? new Uint8Array(arms).fill(1)
  requireEqualLength('allowed', allowed, arms, 'doses')
  const mayPlay = (k: number): boolean => k === 0 || k === habitArm || allowed[k] !== 0

  // Gains.
  const evidence = gainEvidence(epochs, segments, arms, scale, tuning.memory)
  let trace = 0
  for (let s = 0; s < segments; s++) for (let i = 0; i < p; i++) trace += evidence.information[(s * p + i) * p + i]
  // The half-Cauchy's scale is twice the typical standard error of a gain; without data any scale will do.
  const amplitude = trace > 0 ? 2 * Math.sqrt((segments * p) / trace) : 1
  const nodes = nodesFor(question, p, amplitude)
  const solved: JointSolve[] = nodes.map(({ mean, inverseG, inverseH, logDetG, logDetH }) =>
    solveJoint(evidence, segments, p, mean, inverseG, inverseH, logDetG, logDetH))
  let top = -Infinity
  for (const solve of solved) top = Math.max(top, solve.logEvidence)
  const weights = nodes.map((node, i) => node.weight * Math.exp(solved[i].logEvidence - top))
  const total = weights.reduce((sum, weight) => sum + weight, 0)

  // Losses.
  const lost = lossEvidence(epochs, segments, arms, tuning.memory)
  const lossPrior = question.prior?.loss ?? weakLossPrior()
  const drawLosses = lossSampler(lossGrid(lost.losses, lost.exposure, segments, doses, lossPrior.withinSd), lossPrior)

  // Draws.
  const d = (segments + 1) * p
  const stream = randomStream(question.seed)
  const z = new Float64Array(d)
  const loss = new Float64Array(size)
  const sumGain = new Float64Array(size)
  const sumGain2 = new Float64Array(size)
  const sumValue = new Float64Array(size)
  const sumValue2 = new Float64Array(size)
  const sumLoss = new Float64Array(size)
  const sumCaused2 = new Float64Array(size)
  const bestCount = new Float64Array(size)
  const positive = new Float64Array(size)
  const overHabit = new Float64Array(size)
  const sumMax = new Float64Array(segments)
  const value = new Float64Array(arms)
  const kept = tuning.intervals ? new Float64Array(size * tuning.draws) : null
  let node = 0
  let cumulative = weights[0] / total
  for (let t = 0; t < tuning.draws; t++) {
    // Nodes are visited in order, each by its weight: stratified, so no noise from choosing them.
    while ((t + 0.5) / tuning.draws > cumulative && node < nodes.length - 1) cumulative += weights[++node] / total
    const { x, factor } = solved[node]
    for (let i = 0; i < d; i++) z[i] = stream.normal()
    for (let i = d - 1; i >= 0; i--) {
      let sum = z[i]
      for (let k = i + 1; k < d; k++) sum -= factor[k * d + i] * z[k]
      z[i] = sum / factor[i * d + i]
    }
    // Ranks by the golden ratio: stratified like the gains' nodes, and unrelated to them.
    drawLosses((t * 0.6180339887498949 + 0.5 / tuning.draws) % 1, stream, loss)
    const costFactor = lossCostLogSd > 0 ? Math.exp(lossCostLogSd * stream.normal()) : 1
    for (let s = 0; s < segments; s++) {
      const row = s * arms
      let best = 0
      value[0] = 0
      sumLoss[row] += loss[row]
      for (let k = 1; k < arms; k++) {
        const gain = scale[s] * (x[k - 1] + z[k - 1] + x[(s + 1) * p + k - 1] + z[(s + 1) * p + k - 1])
        const v = gain - lossCost[s] * costFactor * (loss[row + k] - loss[row]) - touchCost[s] * doses[k]
        value[k] = v
        const c = row + k
        sumGain[c] += gain
        sumGain2[c] += gain * gain
        sumValue[c] += v
        sumValue2[c] += v * v
        sumLoss[c] += loss[c]
        sumCaused2[c] += (loss[c] - loss[row]) ** 2
        if (v > 0) positive[c]++
        if (mayPlay(k) && v > value[best]) best = k
      }
      bestCount[row + best]++
      sumMax[s] += value[best]
      for (let k = 0; k < arms; k++) {
        if (value[k] > value[habitArm]) overHabit[row + k]++
        if (kept) kept[(row + k) * tuning.draws + t] = value[k]
      }
    }
  }

  const n = tuning.draws
  const sdOf = (sum: number, sum2: number): number => Math.sqrt(Math.max(0, sum2 / n - (sum / n) ** 2))
  const valueMean = sumValue.map((sum) => sum / n)
  const valueSd = sumValue.map((sum, c) => sdOf(sum, sumValue2[c]))
  const gainSd = sumGain.map((sum, c) => sdOf(sum, sumGain2[c]))
  const valueLow = new Float64Array(size)
  const valueHigh = new Float64Array(size)
  const lossMean = sumLoss.map((sum) => sum / n)
  const causedLossMean = new Float64Array(size)
  const borrowed = new Float64Array(size)
  for (let c = 0; c < size; c++) {
    const k = c % arms
    causedLossMean[c] = lossMean[c] - lossMean[c - k]
    borrowed[c] = k === 0 ? 0 : evidence.ownSd[c] === Infinity ? 1 : Math.min(1, Math.max(0, 1 - (gainSd[c] / evidence.ownSd[c]) ** 2))
    if (!kept || k === 0) continue
    const draws = kept.subarray(c * n, (c + 1) * n).sort()
    valueLow[c] = draws[Math.floor(0.025 * n)]
    valueHigh[c] = draws[Math.ceil(0.975 * n) - 1]
  }

  const decision: DoseDecision = {
    segments, arms,
    gainMean: sumGain.map((sum) => sum / n), gainSd, valueMean, valueSd, valueLow, valueHigh, lossMean, causedLossMean,
    causedLossSd: sumCaused2.map((sum, c) => Math.sqrt(Math.max(0, sum / n - causedLossMean[c] ** 2))),
    ownGain: evidence.ownGain, ownSd: evidence.ownSd, borrowed,
    probabilityBest: bestCount.map((count) => count / n),
    probabilityPositive: positive.map((count) => count / n),
    probabilityOverHabit: overHabit.map((count) => count / n),
    share: new Float64Array(size), chosen: new Int32Array(segments), chosenProbability: new Float64Array(segments), verdict: [],
    regretOfStopping: new Float64Array(segments), regretOfPlaying: new Float64Array(segments),
    exploring: new Uint8Array(segments), epochsToAnswer: new Float64Array(segments),
  }
  // Without any person seen and without other merchants only the weak defaults speak: they may plan an experiment, not change a habit.
  const informed = question.prior !== undefined || evidence.sigma.some((sigma) => sigma > 0)
  const persons = roster.reduce((sum, count) => sum + count, 0)
  for (let s = 0; s < segments; s++) {
    judge(decision, s, persons, informed, habitArm, mayPlay, tuning, sumMax[s] / n)
    decision.epochsToAnswer[s] = epochsLeft(decision, s, roster[s], evidence.sigma[s])
  }
  return decision
}

/** Verdict, chosen arm and next shares of one segment. */
function judge(
  decision: DoseDecision, s: number, persons: number, informed: boolean, habitArm: number,
  mayPlay: (k: number) => boolean, tuning: DoseTuning, expectedMax: number,
): void {
  const { arms, valueMean, probabilityBest, probabilityPositive, probabilityOverHabit } = decision
  const row = s * arms
  let best = 0
  for (let k = 1; k < arms; k++) if (mayPlay(k) && valueMean[row + k] > valueMean[row + best]) best = k
  const beats = best === habitArm ? 1 : probabilityOverHabit[row + best]

  let verdict: DoseVerdict
  let chosen: number
  if (!informed) {
    verdict = 'not-enough-evidence'
    chosen = habitArm
  } else if (best > 0 && probabilityPositive[row + best] >= tuning.claimLevel && beats >= tuning.changeLevel) {
    verdict = 'dose'
    chosen = best
  } else if (best > 0 && best !== habitArm && habitArm > 0 && probabilityPositive[row + habitArm] >= tuning.claimLevel) {
    // The habit is shown to earn money; that another dose earns more is not shown yet.
    verdict = 'dose'
    chosen = habitArm
  } else if (best === 0 && beats >= tuning.changeLevel) {
    verdict = 'silence'
    chosen = 0
  } else if (persons >= tuning.silenceFrom && decision.borrowed[row + (best > 0 ? best : Math.max(1, habitArm))] < 0.5) {
    // Many persons, and the posterior is by now mostly their own: had there been a gain, it would show.
    verdict = 'silence'
    chosen = 0
  } else {
    verdict = 'not-enough-evidence'
    chosen = habitArm
  }
  decision.chosen[s] = chosen
  decision.chosenProbability[s] = probabilityBest[row + chosen]
  decision.verdict.push(verdict)
  decision.regretOfStopping[s] = Math.max(0, expectedMax - valueMean[row + best])

  // Thompson shares, sharpened; the guard keeps part of them on the habit.
  const free = new Float64Array(arms)
  let sum = 0
  for (let k = 0; k < arms; k++) sum += free[k] = mayPlay(k) ? probabilityBest[row + k] ** tuning.sharpness : 0
  for (let k = 0; k < arms; k++) free[k] /= sum
  const playing = (): number => {
    let regret = 0
    for (let k = 0; k < arms; k++) regret += free[k] * (valueMean[row + best] - valueMean[row + k])
    return regret
  }
  const exploring = !(tuning.horizon > 0 && decision.regretOfStopping[s] * tuning.horizon < playing())
  decision.exploring[s] = exploring ? 1 : 0
  if (!exploring) free.fill(0)[best] = 1
  if (!informed) free.fill(0)[habitArm] = 1
  if (verdict === 'silence') {
    for (let k = 0; k < arms; k++) free[k] = (1 - tuning.silencePull) * free[k] + (k === 0 ? tuning.silencePull : 0)
  }
  if (verdict !== 'silence' && tuning.habitGuard > 0.5) {
    const keep = Math.min(1, Math.max(0, (tuning.habitGuard - beats) / (tuning.habitGuard - 0.5)))
    for (let k = 0; k < arms; k++) free[k] = (1 - keep) * free[k] + (k === habitArm ? keep : 0)
  }
  if (tuning.stepUpGuard > 0.5) {
    for (let k = habitArm + 1; k < arms; k++) {
      const kept = free[k] * Math.min(1, Math.max(0, (tuning.stepUpGuard - probabilityOverHabit[row + k]) / (tuning.stepUpGuard - 0.5)))
      free[k] -= kept
      free[habitArm] += kept
    }
  }
  const holdout = Math.min(tuning.holdoutMax, Math.max(tuning.holdoutMin, tuning.holdout * Math.sqrt(5000 / Math.max(1, persons))))
  let floors = holdout
  for (let k = 1; k < arms; k++) if (mayPlay(k)) floors += holdout * tuning.explore
  const shrink = floors > 0.5 ? 0.5 / floors : 1
  for (let k = 0; k < arms; k++) {
    const floor = k === 0 ? holdout * shrink : mayPlay(k) ? holdout * tuning.explore * shrink : 0
    decision.share[row + k] = floor + (1 - floors * shrink) * free[k]
  }
  for (let k = 0; k < arms; k++) decision.regretOfPlaying[s] += decision.share[row + k] * (valueMean[row + best] - valueMean[row + k])
}

/** Information still missing for the anytime interval (3.035 + z at 80% power), over what the next epoch's shares bring. */
function epochsLeft(decision: DoseDecision, s: number, persons: number, sigma: number): number {
  const { arms, valueMean, share, ownSd } = decision
  const row = s * arms
  let arm = decision.chosen[s]
  if (arm === 0) {
    arm = 1
    for (let k = 2; k < arms; k++) if (valueMean[row + k] > valueMean[row + arm]) arm = k
  }
  const delta = valueMean[row + arm]
  if (delta === 0 || persons === 0) return Infinity
  // Without any variance seen there is nothing to plan with.
  if (sigma === 0) return Infinity
  const needed = ((3.035 + normalQuantile(0.8)) / delta) ** 2
  const now = ownSd[row + arm] < Infinity ? 1 / ownSd[row + arm] ** 2 : 0
  const perEpoch = persons / (sigma * sigma) / (1 / share[row + arm] + 1 / share[row])
  return perEpoch > 0 ? Math.max(0, (needed - now) / perEpoch) : Infinity
}
