/**
 * Channel codes (渠道活码): a QR code per place where people may come from, with a state that comes back with every contact, and members behind it.
 *
 * Owns: channel_code.  Emits: code.live.
 *
 * Invariants
 * - A state belongs to one code for ever, also when the code is closed.
 * - A code is live only when the platform has said so; a call without an answer is never repeated (the platform would make a second one).
 */
export { makeCode, editCode, closeCode, codeMade, codeChanged, type CodeWish } from './make-code.ts'
export { codeFind } from './find-code.ts'
export { channelsOfStates, findCode, listCodes, welcomeTextsOf, type ChannelCode, type CodeStatus } from './store.ts'
export { codeRoutes } from './routes.ts'
