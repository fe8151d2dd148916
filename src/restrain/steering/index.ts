/**
 * Steering (掌舵): from what each arm brought to the next epoch's doses. Pure and light, so that a merchant's live epochs and the fleets of
 * `qz simulate dosage` are steered by the same code.
 *
 * Invariants
 * - No database, no clock, no routes; deterministic for a seed.
 * - Persons count by the arm they were assigned; a decision is not a claim (see docs/instruments/evidence.md).
 */
export { armsFor, defaultDosageSettings, dosageSettingsSchema, smallRoster, type DosageSettings } from './arms.ts'
export { expectedOrders, fitPurchases, orderWorth, spansAYear, type OrderPast } from './expect.ts'
export { leaverWorth, steer, steerCells, steering, type Leavers, type RosterFacts, type Steered, type SteerQuestion } from './steer.ts'
