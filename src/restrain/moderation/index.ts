/**
 * Moderation (审核): the convention as data and in versions, what the machine finds, what people decide, and what is told in public.
 *
 * Owns: convention_version, judged_piece, moderation_case, moderation_decision, moderation_report, moderation_reporter, media_verdict, moderation_rescan.
 * Hears: piece.reported, comment.decided, appeal.decided.  Emits: piece.decided.  Implements: ConductGate (declared by retain/reader), ContentGate (declared by retain/outbound).
 *
 * Invariants
 * - An act is judged by the version in force when it was done; versions are never changed.
 * - What the law forbids is held and decided by two people who agree, never by the machine.
 * - A piece has at most one open case for each of its versions, however many report it; two moderators never decide the same case at once.
 * - Evidence names places in the text as it was written.
 */
export { builtInRules, categories, copyrightRule, type Rule } from './rules.ts'
export { builtInConvention, changed, conventionText, defaultLimits, noticeMs, ruleOf, type Convention, type ConventionBody, type ConventionChange, type ConventionText, type Limits } from './convention.ts'
export { createScanner, said, type Facts, type Scan, type Scanner } from './scan.ts'
export { conductGate, createConventions, type Conventions, type ModerationParts } from './judge.ts'
export { claimCase, decideCase, leaseMs, putUpAgain, restoreCase, settleCases, takeDown, undoDecision, undoMs, type Claimed, type Decided, type Desk, type Moderator, type Undone } from './decide.ts'
export { moderationSubscriber, reportWeight, rescanOld, retention } from './follow-up.ts'
export { platformSaid, type PlatformAccount } from './platform.ts'
export { agreementOf, decidersOf, recordOf, transparency, viewCase, type Agreement, type CaseView, type PenaltyView, type ReaderRecord, type RejectionView, type Transparency } from './read.ts'
export { cohen, krippendorff } from './agreement.ts'
export { contentGate, createOutgoingCheck, outgoingRules } from './outgoing.ts'
export { findCase, findPiece, forgetPieces, listCases, listVersions, type Case, type JudgedPiece } from './store.ts'
export { moderationRoutes, type ModerationContext } from './routes.ts'
export { moderationFault } from './errors.ts'
