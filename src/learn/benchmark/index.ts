/**
 * Benchmark (标杆案例): a case measured from the merchant's own voyage, never narrated.
 *
 * Owns: benchmark_case.  Emits: case.measured.  Implements: PriorSource (declared by experiment).  Reads: dosage, v_follow, v_order, v_contact_loss, v_gate, the audit trail, the light meter.
 *
 * Invariants
 * - An effect is a contrast with the holdout and carries its interval; without enough evidence it says so and claims nothing.
 * - A kept case is never changed.
 * - A merchant teaches others and is taught by them only by consent; every arm of a prior has five merchants behind it and none with more than half.
 */
export { caseSentence, effectOf, type CaseBody, type CaseEffect, type Move, type StartState } from './measure-case.ts'
export { caseRoutes, measureCase } from './routes.ts'
export { createTeachers, poolLessons, sharingKey, teachersMin, type Lesson, type Sharing, type TeacherPorts } from './prior.ts'
