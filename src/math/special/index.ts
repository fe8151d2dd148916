/**
 * Special functions, quantiles, small linear algebra and a small optimiser, shared by the instruments.
 *
 * Γ, ψ, erfc and the incomplete gamma and beta functions are those of @stdlib (ports of Cephes and Boost); here they get the names
 * of statistics, and what @stdlib lacks or has only inside a large package (Lambert W₋₁, Student's quantile, BFGS).
 */
export { betaln, betaCdf, betaQuantile, chiSquareTail, digamma, gammaln, lambertWm1, logAddExp, normalCdf, normalDensity, normalQuantile, studentQuantile, studentTail, trigamma } from './functions.ts'
export { bisect, minimise, type Minimum, type Objective } from './minimise.ts'
export { cholesky, choleskySolve, inverseFromCholesky, logDetFromCholesky } from './cholesky.ts'
export { requireEqualLength, requireFinite, requireFrom, requirePositive, requireWhole } from './require.ts'
