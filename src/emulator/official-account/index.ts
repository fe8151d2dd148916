/**
 * Official Account (公众号 / 服务号) of the emulator: followers, tags, codes with a scene, messages in and out with their windows, mass sends,
 * drafts and publishing, menu, web login, page ticket, daily figures. People act through `officialAccount.*`.
 * Not here: comments, conditional menus, article figures; a passive reply in the answer of a callback is accepted and not shown to anybody.
 */
export { officialAccountLine, officialAppid } from './line.ts'
export { recordOfficialPayment } from './acts.ts'
export { pushEvent, pushMessage, type EventFields } from './push-event.ts'
export { actAccount, allow, spend, officialState, type Allowance, type ReceivedMessage } from './state.ts'
