/**
 * Planner (计划): who is written to this week and who is left in peace, with a reason for each and a bound on what any other plan could earn.
 *
 * Owns: plan, plan_row, plan_campaign.  Reads: dosage, pressure, contacts.  Sends by: retain/outbound.  Emits: plan.approved.
 *
 * Invariants
 * - Nobody is planned above their dose, the holdout never; the gate is asked again for each message and has the last word.
 * - A plan is handed over only after a person approved it and half an hour went by; until then undoing it leaves nothing behind.
 * - Every contact has a row: in, with what it is expected to bring, or out, with why and when that clears.
 */
export { choosePlan, defaultPlanSettings, dueBy, interpolate, phaseOf, planSettingsSchema, weekEndAfter, type Chosen, type ChooseInput, type PlanCampaign, type PlanLimit, type PlanPerson, type PlanRow, type PlanSettings } from './choose.ts'
export { worthOfOneMessage, type OneMessage } from './one-message.ts'
export { makeWeek, planSettingsKey, readPlanSettings, holdMs } from './make-week.ts'
export { approvePlan, undoPlan, handJob, planJob, handJobKind, planJobKind, type HandPorts } from './hand-over.ts'
export { plannedWithText, saidTwice, type PlanTwice, type SaidElsewhere, type SaidTwice } from './same-text.ts'
export { planRoutes } from './routes.ts'
export { planFault } from './errors.ts'
export { limitWords, planSentence, rowWords, yuan } from './words.ts'
export { insertCampaign, latestPlan, listCampaigns, listRows, type CampaignRow, type PlanHead, type StoredRow } from './store.ts'
