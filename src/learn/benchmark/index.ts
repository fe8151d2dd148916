/**
 * Benchmark (标杆案例): a case measured from the merchant's own voyage, never narrated.
 *
 * Owns: benchmark_case, case_consent.  Emits: case.measured.  Implements: PriorSource (declared by experiment).  Reads: dosage, v_follow, v_order, v_contact_loss, v_gate, the audit trail, the light meter.
 *
 * Invariants
 * - An effect is a contrast with the holdout and carries its interval; without enough evidence it says so and claims nothing.
 * - A kept case is never changed.
 * - A case is private until its merchant agrees to show it, case by case; agreeing can be taken back for what is asked from then on.
 * - A merchant teaches others and is taught by them only by consent; every arm of a prior has five merchants behind it and none with more than half.
 */
export { caseSentence, effectOf, type CaseBody, type CaseEffect, type Move, type StartState } from './measure-case.ts'
export { discloseCase, publicSentence, outcomeOfEffect, type PublicCase, type PublicState } from './disclose-case.ts'
export { caseRoutes, measureCase, publicCase, publicCases } from './routes.ts'
export { caseFigures, figureOfCase } from './case-figure.ts'
export { findCase, stateAt } from './store.ts'
export { createTeachers, poolLessons, sharingKey, teachersMin, type Lesson, type Sharing, type TeacherPorts } from './prior.ts'
