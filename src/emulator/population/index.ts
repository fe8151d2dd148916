/**
 * Population (人群): the people of a simulated world, who they are, what a message does to them, and how chance is drawn, so that "what if we had
 * kept silent" has an exact answer. Typed arrays and keyed draws; the same model serves the policy harness and, through the acts
 * `population.*`, a living namespace.
 *
 * The product never imports this. Its truth is `truth.ts`, for tests and the simulation only. Model and parameters: docs/population.md.
 */
export { populationModule } from './live.ts'
export { defaultParameters, fleetMerchant, merchantOf, presetNames, readParameters, regimeNames, type Merchant, type Parameters, type PresetName, type RegimeName } from './parameters.ts'
