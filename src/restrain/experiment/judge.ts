import { compareLosses, moneyReady, moneySequence, ownContrasts, tuneMoney, type DoseCells, type DoseDecision, type DosePrior } from '../../math/evidence/index.ts'
import { segments } from './design.ts'
import { addCells, scaleMoney, type Cells } from './outcome.ts'
import { steer, type DosageSettings, type Leavers, type Steered } from '../steering/index.ts'

export type JudgeInput = {
  settings: DosageSettings
  doses: readonly number[]
  habitArm: number
  /** Closed epochs with these doses, oldest first. */
  closed: ReadonlyArray<{ cells: Cells; largest: readonly number[]; steered?: Steered }>
  /** The running epoch so far, and the share of it that is over. */
  running?: { cells: Cells; largest: readonly number[]; elapsed: number }
  /** Persons per segment who can be assigned. */
  roster: readonly number[]
  /** Usual net revenue per person and epoch in fen, and its spread, per segment. */
  usualFen: readonly number[]
  spreadFen: readonly number[]
  /** Expected contribution of a contact's year per segment, in fen. */
  valueFen: readonly number[]
  valueLogSd: number
  prior?: DosePrior
  seed: number
}

export type ArmView = {
  dose: number
  persons: number
  buyers: number
  touches: number
  losses: number
  /** Share of the segment in the next epoch. */
  share: number
  probabilityBest: number
  /** Per 100 persons and 28 days, fen: contribution gained against the holdout, value of the losses caused (≤ 0 is a cost), their sum less costs. */
  gainFen: number
  lossFen: number
  valueFen: number
  valueLow: number
  valueHigh: number
  /** Losses caused per 100 persons and 28 days with the interval that holds at every look; null: no losses yet. */
  causedPer100: number
  causedLow: number | null
  causedHigh: number | null
}
export type SegmentView = {
  key: string
  zh: string
  en: string
  roster: number
  persons: number
  verdict: DoseDecision['verdict'][number]
  /** From what was seen before any epoch closed: may still turn. */
  provisional: boolean
  chosenDose: number
  chosenProbability: number
  /** First dose from which one more touch loses, or null. */
  tooMuchFrom: number | null
  daysUntilAnswer: number | null
  /** Own data and other merchants': share of the posterior that was borrowed, for the chosen arm. */
  borrowed: number
  /** What may be claimed of the chosen dose against the holdout, contribution per 100 persons and 28 days in fen; null: no sentence yet, and why. */
  claim: { estimate: number; low: number; high: number; p: number } | null
  missing: { what: 'buyers' | 'one-person-dominates' | 'holdout' | 'time'; found: number; needed: number } | null
  exploring: boolean
  arms: ArmView[]
}
export type Judgement = {
  decision: DoseDecision
  segments: SegmentView[]
  losses: LossView
  basis: 'closed' | 'running' | 'prior' | 'nothing'
  /** Per segment and person, fen: usual net revenue of an epoch, and what is lost when a contact goes. */
  usualFen: number[]
  lossCostFen: number[]
}
export type LossView = { treatedPersons: number; holdoutPersons: number; treatedLosses: number; holdoutLosses: number; caused: number | null; causedLow: number | null; causedHigh: number | null; enough: boolean }

/** From cells to what may be said and to the next epoch's shares. Pure; deterministic for the seed. */
export function judgeDosage(input: JudgeInput): Judgement {
  const { settings, doses, habitArm, closed, running } = input
  const arms = doses.length
  const count = segments.length
  const size = count * arms
  const basis = closed.length > 0 ? 'closed' : running !== undefined && running.elapsed >= 0.25 ? 'running' : input.prior !== undefined ? 'prior' : 'nothing'
  // Decisions are made in shares of a segment's usual contribution; an epoch without figures for that lends its money.
  const level = input.usualFen.map((fen) => Math.max(1, fen * settings.margin))
  const epochs: DoseCells[] = basis === 'closed'
    ? closed.map((epoch) => epoch.steered?.cells ?? inShares(epoch.cells, settings.margin, level, arms))
    : basis === 'running' ? [inShares(running!.cells, settings.margin / running!.elapsed, level, arms)] : []
  const leavers: Leavers[] = closed.flatMap((epoch) => (epoch.steered === undefined ? [] : [epoch.steered.leavers]))
  const steered = steer({
    segments: count, doses, habitArm, epochs, leavers, roster: input.roster, spansAYear: input.valueFen.map((value, s) => value / level[s]), relationShare: settings.relationShare, valueLogSd: input.valueLogSd,
    touchCost: level.map((fen) => settings.touchCostFen / fen), prior: input.prior, seed: input.seed,
  })
  const decision = inMoney(steered.decision, level)
  const lossCost = steered.lossCost.map((share, s) => share * level[s])
  // What was really seen: closed epochs and the running one together.
  const make = (): Float64Array => new Float64Array(size)
  const seen: Cells = { persons: make(), sum: make(), sumSquares: make(), losses: make(), buyers: make(), netFen: make(), touches: make() }
  for (const epoch of closed) addCells(seen, epoch.cells)
  if (running) addCells(seen, running.cells)
  const k = (100 * 28) / settings.epochDays
  const views = segments.map((segment, s): SegmentView => {
    const row = s * arms
    const value = (arm: number): number => decision.valueMean[row + arm]
    const chosen = decision.chosen[s]
    let tooMuchFrom: number | null = null
    for (let a = chosen + 1; a < arms && tooMuchFrom === null; a++) if (value(a) < value(a - 1)) tooMuchFrom = doses[a - 1] + 1
    const claim = claimOf(input, decision, s, chosen === 0 ? bestAbove(decision, s) : chosen, closed, k)
    const left = decision.epochsToAnswer[s]
    const persons = sum(seen.persons, row, arms)
    return {
      key: segment.key, zh: segment.zh, en: segment.en, roster: input.roster[s], persons,
      verdict: decision.verdict[s], provisional: basis !== 'closed', chosenDose: doses[chosen], chosenProbability: decision.chosenProbability[s], tooMuchFrom,
      daysUntilAnswer: Number.isFinite(left) && left < 40 ? Math.max(0, Math.ceil((left - (basis === 'closed' ? (running?.elapsed ?? 0) : 0)) * settings.epochDays)) : null,
      borrowed: decision.borrowed[row + (chosen === 0 ? bestAbove(decision, s) : chosen)], ...claim, exploring: decision.exploring[s] === 1,
      arms: doses.map((dose, a): ArmView => {
        const c = row + a
        const caused = a === 0 ? null : causedOf(seen.losses[c], seen.losses[row], seen.persons[c], seen.persons[row])
        const exposure = closed.reduce((total, epoch) => total + epoch.cells.persons[c], 0) + (running === undefined ? 0 : running.cells.persons[c] * running.elapsed)
        const per = exposure > 0 ? k / exposure : 0
        const lossFen = a === 0 ? 0 : -decision.causedLossMean[c] * lossCost[s] * k
        return {
          dose, persons: seen.persons[c], buyers: seen.buyers[c], touches: seen.touches[c], losses: seen.losses[c], share: decision.share[c], probabilityBest: decision.probabilityBest[c],
          gainFen: a === 0 ? 0 : decision.gainMean[c] * k, lossFen, valueFen: value(a) * k, valueLow: decision.valueLow[c] * k, valueHigh: decision.valueHigh[c] * k,
          causedPer100: decision.causedLossMean[c] * k, causedLow: caused === null ? null : caused.low * per, causedHigh: caused === null ? null : caused.high * per,
        }
      }),
    }
  })
  return { decision, segments: views, losses: lossesOf(seen, arms), basis, usualFen: [...input.usualFen], lossCostFen: [...lossCost] }
}

/** Sums in shares of each segment's level. */
function inShares(cells: DoseCells, margin: number, level: readonly number[], arms: number): DoseCells {
  const scaled = scaleMoney(cells, margin)
  return { ...scaled, sum: scaled.sum.map((x, c) => x / level[Math.floor(c / arms)]), sumSquares: scaled.sumSquares.map((x, c) => x / level[Math.floor(c / arms)] ** 2) }
}

/** A decision made in shares, told in fen per person and epoch. */
function inMoney(decision: DoseDecision, level: readonly number[]): DoseDecision {
  const perCell = (values: Float64Array): Float64Array => values.map((x, c) => x * level[Math.floor(c / decision.arms)])
  const perSegment = (values: Float64Array): Float64Array => values.map((x, s) => x * level[s])
  return {
    ...decision, gainMean: perCell(decision.gainMean), gainSd: perCell(decision.gainSd), valueMean: perCell(decision.valueMean), valueSd: perCell(decision.valueSd), valueLow: perCell(decision.valueLow), valueHigh: perCell(decision.valueHigh),
    ownGain: perCell(decision.ownGain), ownSd: perCell(decision.ownSd), regretOfStopping: perSegment(decision.regretOfStopping), regretOfPlaying: perSegment(decision.regretOfPlaying),
  }
}

function bestAbove(decision: DoseDecision, s: number): number {
  let best = 1
  for (let a = 2; a < decision.arms; a++) if (decision.valueMean[s * decision.arms + a] > decision.valueMean[s * decision.arms + best]) best = a
  return best
}

/** The sentence about money: a confidence sequence of the person-level contrast, only when its start rule holds. */
function claimOf(input: JudgeInput, decision: DoseDecision, s: number, arm: number, closed: JudgeInput['closed'], k: number): Pick<SegmentView, 'claim' | 'missing'> {
  const { arms } = decision
  const c = s * arms + arm
  if (closed.length === 0) return { claim: null, missing: { what: 'time', found: input.running?.elapsed ?? 0, needed: 1 } }
  const buyers = (a: number): number => closed.reduce((total, epoch) => total + epoch.cells.buyers[s * arms + a], 0)
  const persons = (a: number): number => closed.reduce((total, epoch) => total + epoch.cells.persons[s * arms + a], 0)
  // The claim is about real money, whatever the decision was made from.
  const { gain, sd } = ownContrasts(closed.map((epoch) => scaleMoney(epoch.cells, input.settings.margin)), segments.length, arms)
  if (persons(0) < 2 || persons(arm) < 2 || !(sd[c] < Infinity)) return { claim: null, missing: { what: 'holdout', found: persons(0), needed: 2 } }
  const ready = moneyReady(Math.min(buyers(0), buyers(arm)), Math.max(...closed.map((epoch) => epoch.largest[s])))
  if (!ready.ready) return { claim: null, missing: { what: ready.missing, found: ready.found, needed: ready.needed } }
  // The spread was fixed before the epoch; three epochs like the last are what the interval is tuned for.
  const spread = input.spreadFen[s] * input.settings.margin
  const last = closed[closed.length - 1].cells.persons
  const information = spread > 0 ? 3 / (spread * spread * (1 / Math.max(1, last[s * arms]) + 1 / Math.max(1, last[c]))) : 1 / sd[c] ** 2
  const sequence = moneySequence(gain[c], sd[c], tuneMoney(information))
  return { claim: { estimate: gain[c] * k, low: sequence.low * k, high: sequence.high * k, p: sequence.p }, missing: null }
}

/** Losses among the treated that would not have happened: interval valid at every look; null while nobody left or an arm is empty. */
export function causedOf(treatedLosses: number, holdoutLosses: number, treated: number, holdout: number): { caused: number; low: number; high: number } | null {
  if (treated === 0 || holdout === 0 || treatedLosses + holdoutLosses === 0) return null
  const compared = compareLosses(treatedLosses, treatedLosses + holdoutLosses, treated / holdout)
  return { caused: compared.caused, low: Math.max(-treated, compared.causedLow), high: Math.min(treatedLosses, compared.causedHigh) }
}

/**
 * All segments and arms above 0 together against the holdout. Shares differ by segment, so the fair share of the losses is added up inside
 * the segments (as in a stratified log-rank test) before the two sides are compared.
 */
export function lossesOf(seen: Pick<Cells, 'persons' | 'losses'>, arms: number): LossView {
  const view: LossView = { treatedPersons: 0, holdoutPersons: 0, treatedLosses: 0, holdoutLosses: 0, caused: null, causedLow: null, causedHigh: null, enough: false }
  let fair = 0
  let compared = 0
  let comparedTreated = 0
  for (let row = 0; row < seen.persons.length; row += arms) {
    const holdout = seen.persons[row]
    const treated = sum(seen.persons, row + 1, arms - 1)
    const lost = sum(seen.losses, row + 1, arms - 1)
    view.holdoutPersons += holdout
    view.treatedPersons += treated
    view.holdoutLosses += seen.losses[row]
    view.treatedLosses += lost
    if (holdout === 0 || treated === 0) continue
    compared += lost + seen.losses[row]
    comparedTreated += lost
    fair += ((lost + seen.losses[row]) * treated) / (treated + holdout)
  }
  if (compared === 0) return view
  const result = compareLosses(comparedTreated, compared, fair / (compared - fair))
  view.caused = result.caused
  view.causedLow = Math.max(-view.treatedPersons, result.causedLow)
  view.causedHigh = Math.min(comparedTreated, result.causedHigh)
  view.enough = compared >= 20 && view.holdoutPersons >= 50
  return view
}

function sum(values: ArrayLike<number>, from: number, count: number): number {
  let total = 0
  for (let i = from; i < from + count; i++) total += values[i]
  return total
}
