/**
 * Lifetime value: how often a customer will still buy, for how much, and whether they are still a customer at all.
 *
 * BG/NBD for purchases, Gamma–Gamma for spend, a flagged fallback where the data carry neither. Pure, typed arrays in and out.
 * Model, assumptions and figures: docs/instruments/lifetime.md.
 */
export {
  aliveProbability, bgNbdLogLikelihood, expectedIfAlive, expectedPurchases, fitBgNbd, groupHistory,
  type BgNbd, type Fit, type Groups, type PurchaseHistory,
} from './bg-nbd.ts'
export { expectedSpend, fitGammaGamma, spendCorrelation, type GammaGamma, type SpendHistory } from './gamma-gamma.ts'
export {
  fitLifetime, holdoutError, scoreLifetimes, valueLogSd,
  type CustomerHistory, type Earlier, type FallbackReason, type HoldoutError, type LifetimeModel, type LifetimeOptions, type LifetimeScores, type ScoreOptions, type SpendModel,
} from './lifetime.ts'
