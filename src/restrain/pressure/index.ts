/**
 * Pressure (打扰度): how hard a person has been touched lately, and whether one more message is allowed.
 *
 * Owns: gate_answer, gate_person, opt_out.  Publishes: v_gate, v_opt_out.  Reads: touches.
 * Implements: SendGate (declared by retain/outbound), FactSource (declared by retain/segment).  Asks: DoseSource.
 *
 * Invariants
 * - Only touches raise pressure; it halves every `halfLifeDays`; it is never negative.
 * - The gate's answer is stored before the send it allows, so a crash can over-count but never under-count.
 * - Unfollowing the Official Account and refusing messages of the mini program are opt-outs of that line; a person's own word counts for every line.
 * - A person in the holdout is never allowed marketing; nobody gets more marketing in an epoch than their dose.
 */
export { countMessage, decideGate, gateReasons, gatherFacts, pressureOf, quietEnd, type CountedMessage, type GateDecision, type GateFacts, type GateReason } from './decide-gate.ts'
export { defaultPressurePolicy, isMarketing, pressurePolicySchema, touchWeights, weightOf, type Line, type PressurePolicy } from './policy.ts'
export { gateFacts, pressureSendGate, policyKey, readPolicy, type DosePlace, type DoseSource } from './pressure-send-gate.ts'
export { fillWords, gateWords, whenWords } from './words.ts'
export { pressureFacts } from './fact-source.ts'
export { refusalFacts, refusalIn } from './line-refusals.ts'
export { pressureRoutes } from './routes.ts'
export { pressureFault } from './errors.ts'
export { countedOfAll, optedOut, optOutsBetween, pressureRows, putOptOut, waitingPersons } from './store.ts'
