/**
 * Playbooks (打法): a case's moves as configuration, in a signed file that another installation can try, apply in one transaction and undo. What was
 * expected and when to stop travel with it; where it lands it is measured again.
 *
 * Owns: playbook, playbook_application, playbook_receipt.  Hears: playbook.applied, playbook.undone.  Emits: playbook.applied, playbook.undone, playbook.stopped.
 *
 * Invariants
 * - A file holds configuration only: no person, member, account, secret or amount of goods; unknown moves refuse the whole file.
 * - Nothing is applied that the operator did not see in a dry run; all of it or nothing; undoing leaves what somebody changed since.
 * - A royalty is booked once for each who applied, never for oneself.
 */
export { openPlaybook, keyIdOf, signingKey, publicKeyOf, signValue, verifyValue, digestOf, stopRuleSchema, type PlaybookFile, type PlaybookBody, type Receipt, type StopRule } from './playbook-file.ts'
export { moveSchema, type Move, type MovePorts, type Step } from './moves.ts'
export { judgePlaybook, type Judged } from './judge-playbook.ts'
export { makePlaybook, movesHere, type MakePorts } from './make-playbook.ts'
export { applyPlaybook, tryPlaybook, undoApplication, judgeApplications, type ApplyPorts } from './apply-playbook.ts'
export { receiveReceipt, playbookSubscriber, type RoyaltyPort } from './receipts.ts'
export { playbookWatch, playbookWatchKind } from './watch-playbooks.ts'
export { playbookRoutes, playbookPublicRoutes, type PlaybookPorts } from './routes.ts'
export { playbookFigures, payRoyalty, royaltyNow } from './community-side.ts'
export { findPlaybook, listPlaybooks } from './store.ts'
export { moveName, verdictSentence } from './words.ts'
