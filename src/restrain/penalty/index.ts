/**
 * Penalties and appeals (处罚与申诉): who may not put things before others, until when, why; and a second look by somebody else.
 *
 * Owns: penalty, appeal.  Emits: penalty.started, penalty.ended, appeal.decided.
 *
 * Invariants
 * - A penalty runs by its times, to the second; no job has to have run for it to begin or to end.
 * - One answer for all surfaces and all accounts of a person; feedback and appeals are never stopped.
 * - A penalty is never altered: it ends, and another takes its place. While an appeal waits it can only become lighter.
 * - Who decided first does not decide the appeal, unless there is nobody else and a day has passed; then the decision says so.
 */
export { penaltyKinds, aggravations, defaultLadder, endOf, reckon, silenceDays, type Aggravation, type FeatherEffect, type Ladder, type PenaltyKind, type Reckoning, type Severity } from './ladder.ts'
export { decideAct, readerActs, runs, type Running } from './standing.ts'
export { changePenalty, givePenalty, penaltyEnd, proposePenalty, runningOf, standingOf, takeBack, type ChangeOutcome, type Readers, type Sentence, type Standing } from './issue.ts'
export { appeal, appealDue, appealUntil, decideAppeal, type AppealDecided, type AppealMade } from './appeal.ts'
export { appealFor, clearAppealTexts, emptyExcerpts, findPenalty, listAppeals, listPenalties, penaltiesOfCase, penaltiesOfReaders, penaltyFigures, type Appeal, type AppealDecision, type AppealState, type Excerpt, type Penalty, type PenaltyFigures } from './store.ts'
export { penaltyFault } from './errors.ts'
