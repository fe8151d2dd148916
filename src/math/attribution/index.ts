/**
 * Attribution: who gets the credit for an order, by convention, by removal, by Shapley, and against holdouts.
 *
 * Input everywhere: `Paths`, columns of channel codes with offsets (the touch log's `paths` query returns exactly this).
 * Output everywhere: `Credit` per channel, plus `unknown` (no touch) and `wouldHaveBoughtAnyway` (0 unless calibrated to holdouts), so that the
 * rows of every table add up to what was sold. Pure, deterministic, no clock, no I/O.
 *
 * What it refuses: Shapley values of a conversion rate, calibration without a holdout, a holdout on a channel the model gives nothing.
 */
export { checkPaths, pathsFromLists, type Credit, type Paths, type PathTotals } from './paths.ts'
export { creditByRule, refundFen, ruleNames, splitFen, touchWeights, type Rule, type RuleOptions } from './rules.ts'
export { countTransitions, markovCredit, type MarkovCredit, type MarkovOptions } from './markov.ts'
export { shapleyCredit, shapleyOfGame, shapleySampled, type SampledShapley } from './shapley.ts'
export { applyCalibration, calibrateToHoldouts, type Calibrated, type CalibrateInput, type HoldoutTest } from './calibrate.ts'
export { creditTable, type CreditRow } from './table.ts'
