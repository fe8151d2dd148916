/**
 * Evidence: does a message help, how sure are we, and what should the next epoch's dosage be.
 *
 * Claim with confidence sequences, decide with posteriors; the person is the unit. Pure: no clock, no I/O; randomness by seed or by the
 * digest the caller hands in. Model, assumptions and figures: docs/instruments/evidence.md.
 */
export { assignArms, buildStrata, draw, drawFromDigest, quotas, spendTerciles, type Assignment, type Digest } from './randomiser.ts'
export { attrition, sampleRatio, sequentialSampleRatio, type RatioTest } from './sample-ratio.ts'
export { addPerson, adjust, adjustPersons, difference, emptyMoments, mergeMoments, type Adjusted, type Moments } from './adjustment.ts'
export {
  bernsteinSequence, bettingLogE, bettingSequence, catoniSequence, compareLosses, discoveries, largestShare, moneyCap, moneyReady, moneySequence, rateLogE, rateSequence, tuneMoney,
  type Interval, type LossComparison, type MoneyReady, type MoneySequence,
} from './sequence.ts'
export { pauleMandel, poolNormal, poolPlugIn, poolRates, rateKernel, type NormalPool, type PlugInPool, type RatePool } from './pool.ts'
export { isotonic, monotoneBounds } from './monotone.ts'
export { bestArm, netValue, regretOf, regretOfTwo, type BestArm, type RegretAccount } from './value.ts'
export { epochsToAnswer, lossesNeeded, personsPerArm, personsPerArmForRates, smallestHoldout, visibleDifference, type Ask, type Comparison } from './sample-size.ts'
export { decideDose, doseTuning, type DoseDecision, type DoseQuestion, type DoseTuning, type DoseVerdict } from './decide-dose.ts'
export { doseKernel, ownContrasts, type DoseCells, type DosePrior } from './dose-model.ts'
export { weakLossPrior, type LossPrior } from './loss-model.ts'
export { fitDosePrior, type DoseHistory } from './dose-prior.ts'
