/**
 * The inbox (收件箱): a callback is verified and decrypted, de-duplicated and stored, and only then answered; work happens after.
 * The key is the SHA-256 of the decrypted message per connection, so the platform's retries and replays are harmless.
 *
 * Owns: inbox, inbox_repeat.
 */
export { createIntake, type Intake, type IncomingMessage } from './intake.ts'
export { claimFacts, finishFacts, failFact, inboxDepth, listFailedFacts, retryFacts, countFacts, forgetMessages, type CallbackFact } from './store.ts'
