/**
 * The policy harness: the product's pure dosage decision against the population's truth, thousands of merchant-epochs without database or HTTP.
 *
 * A fleet of random merchants plays our policy, silence, blast, fixed 4 a month, an engagement rule and the oracle on forks of one population
 * with common random numbers, scored by expected value. What the figures mean: docs/population.md.
 */
export { simulateDosage, type DosageOptions, type DosageReport, type PolicyName } from './fleet.ts'
