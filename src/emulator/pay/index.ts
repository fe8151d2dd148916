/**
 * WeChat Pay v3 (微信支付) of the emulator: orders, refunds, bills, certificates, profit sharing, transfers, and signed notices with their
 * retries. People and the platform act through `pay.*`. Money is integer fen; the merchant's funds are conserved:
 * unsettled + frozen + available = balance.
 * Not here: combined orders, payment codes, service-provider mode, coupons, complaints, national cryptography (SM2).
 */
export { payLine, payMchid } from './line.ts'
export { createPayIdentity, type PayIdentity } from './fixtures/identity.ts'
export { merchantState, type MerchantState, type PayOrder, type PayRefund } from './state.ts'
