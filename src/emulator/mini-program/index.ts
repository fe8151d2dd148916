/**
 * Mini program (小程序) of the emulator: login, phone, codes and links, subscription messages with their consents, customer service,
 * content safety, shipping management. People act through `miniProgram.*`.
 * Not here: combined shipping, NFC schemes, weekly and monthly figures, stay times.
 */
export { miniAppid, miniProgramLine } from './line.ts'
export { serveMiniProgram, type MiniProgramHost } from './host.ts'
export { phoneOf } from './acts.ts'
export { codePicture, readCodePicture } from './picture.ts'
export { checkText, miniCustomSend, miniNoticeTemplates } from './messages.ts'
export { isSettlementBlocked, recordFullRefund, recordPaidOrder, type PaidOrder } from './shipping.ts'
export { miniState, readMini, visit, type MiniReceived, type MiniUser, type ShippingState } from './state.ts'
