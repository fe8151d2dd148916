/**
 * Official Account (公众号 / 服务号) of the emulator: followers, tags, codes with a scene, messages in and out with their windows, mass sends,
 * drafts and publishing, menu, web login, page ticket, daily figures. People act through `officialAccount.*`.
 * Passive replies (the answer of a push) reach the person who caused it.
 * Not here: comments, conditional menus, article figures.
 */
export { officialAccountLine, officialAppid } from './line.ts'
export { recordOfficialPayment } from './acts.ts'
export { pushEvent, pushMessage, type EventFields } from './push-event.ts'
export { actAccount, allow, spend, officialState, type Allowance, type ReceivedMessage } from './state.ts'
