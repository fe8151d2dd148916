/**
 * Uplift: whom a touch changes, measured on randomised data.
 *
 * Metrics (`qini`, `auuc`, `upliftAtK`, curves) equal scikit-uplift 0.5.1 and take binary outcomes; money is judged by `policyValue`, the doubly robust mean
 * outcome of a policy with its interval. Effects are fitted by S, T, X and R learners over linear models or shallow boosted trees and chosen by the
 * cross-validated R-loss (`chooseLearner`). `compareOverSplits` gives the honest standard error over random splits of one file. Pure, seeded, no I/O.
 *
 * What it refuses: Qini or AUUC of money, a score whose perfect curve is a straight line, a k that leaves an arm empty, arms with one side missing.
 */
export type { Columns } from './check.ts'
export { auuc, perfectQiniCurve, perfectUpliftCurve, qini, qiniCurve, scoreOrder, upliftAtK, upliftCurve, type Curve } from './metrics.ts'
export { comparePolicies, crossFit, foldsOf, policyValue, type PolicyInput, type PolicyValue } from './policy.ts'
export { linearBase, logisticBase, type Base, type LinearOptions, type Predictor } from './linear.ts'
export { treesBase, type TreeOptions } from './trees.ts'
export {
  chooseLearner, constantEffect, expectedOutcome, pickRows, rLearner, sLearner, takeRows, tLearner, xLearner,
  type Candidate, type Choice, type EffectData, type EffectModel, type Learner, type LearnerOptions,
} from './learners.ts'
export { compareOverSplits, correction, halfSplit, type SplitComparison } from './splits.ts'
export { readHillstrom, type Hillstrom } from './hillstrom.ts'
export { nieWagerSample, nieWagerTruth, type NieWagerCase, type NieWagerData } from './nie-wager.ts'
