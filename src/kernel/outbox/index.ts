/**
 * The outbox (发件箱): every call that changes something outside is a row written in the same transaction as the decision.
 * A row may stay in order with others in its `lane`; only the oldest open row of a lane is sent. What happens after no answer is the
 * endpoint's `repeat` rule. States: due → sent | unknown (no answer and it may not be repeated) | failed; unknown and failed rows
 * block their lane, visibly, until a person or a policy skips them. A call that must be proven by another endpoint (`probe`) is never repeated here:
 * it becomes unknown, its reply handler is told, and the module settles the row when it knows.
 *
 * Owns: outbox.
 */
export { enqueueCalls, claimCalls, finishCall, postponeCall, outboxDepth, listOpenCalls, skipCalls, withdrawCalls, withdrawUnsent, retryCalls, forgetCalls, type OutboxCall, type NewCall } from './store.ts'
export { afterAnswer, type Answer, type AfterAnswer, type RepeatRule } from './after-answer.ts'
