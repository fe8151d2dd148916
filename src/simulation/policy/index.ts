/**
 * The policy harness: the product's pure dosage decision against the population's truth, thousands of merchant-epochs without database or HTTP.
 *
 * A fleet of random merchants plays our policy, silence, blast, fixed 4 a month, an engagement rule and the oracle on forks of one population
 * with common random numbers, scored by expected value. What the figures mean: docs/population.md.
 *
 * What-ifs (如果) play the people of a living sea, or a merchant's estimated curves, under another dosage beside the present one. They read; they never
 * write into a world or a book.
 */
export { simulateDosage, type DosageOptions, type DosageReport } from './fleet.ts'
export type { PolicyName } from './compare.ts'
export { play, type Confirmed, type Policy } from './play.ts'
export type { Start } from './merchant.ts'
export { whatIfRoutes, type WhatIfPorts } from './what-if-routes.ts'
export { whatIfFault } from './errors.ts'
