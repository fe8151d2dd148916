/**
 * Disclosure (披露): what may leave the merchant. Two different promises, never both on one table.
 *
 * - `suppressTable`: k-anonymity for a table with margins, with complementary suppression and an audit of what an outsider can still infer.
 * - Noise: exact integer sampling of discrete Laplace and Gaussian noise (no floating point), an accountant in zero-concentrated
 *   differential privacy, and releases (sum and count, table of counts) built from them.
 *
 * The unit of the noise promise is the person inside a merchant; it does not hide the merchant. Randomness comes in as a port of
 * cryptographic bytes. Composition: costs ρ add over releases, also adaptive ones; releases about disjoint persons cost their maximum.
 */
export { suppressTable, auditCell } from './suppress-table.ts'
export type { CellAudit, SuppressOptions, SuppressedTable } from './suppress-table.ts'
export { bernoulliExp, discreteGaussian, discreteLaplace, integersFrom } from './integer-noise.ts'
export type { IntegerSource } from './integer-noise.ts'
export { deltaOf, epsilonOf, epsilonSimple, openAccount, remaining, rhoFor, spend } from './accountant.ts'
export type { Account, Release, Spending } from './accountant.ts'
export { releaseCounts, releaseMean, sigmaSquaredFor } from './release.ts'
export type { MeanRelease, CountsRelease } from './release.ts'
export { DisclosureInputError } from './input.ts'
