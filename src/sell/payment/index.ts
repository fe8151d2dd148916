/**
 * Payment (收款): WeChat Pay of the mall. Orders and bills made known to Pay (mini program, h5, native; as a direct merchant or as a provider's), notices verified and
 * booked, unpaid ones closed there before their units are free, refunds through the outbox under their own number, shipping reported so that the money is settled.
 *
 * Owns: pay_bill, pay_attempt, pay_refund, pay_alarm, invoice_request.  Hears: notices of line pay, trade_manage_order_settlement.
 * Emits (through the order book): order.paid, order.cancelled, order.refunded.
 *
 * Invariants
 * - Money is booked once per order, bill and refund, whether a notice, an answer or a query told of it.
 * - An amount or currency that differs from what was asked for is not booked; it is an alarm.
 * - Money that comes for a cancelled order, or a second time, goes back by itself.
 * - Refunds of an order never exceed what was paid, in all and for each way it was paid with.
 */
export { payParams, jsapiParams, webPayment, payableOf, payableOfBill, subMerchant, type Payable } from './prepay.ts'
export { payNotices, expireOrders, settlePayments, readPayment, type Payment } from './settle.ts'
export { openBill, expireBills, billJobKind, type BillWish } from './bill.ts'
export { requestRefund, refundBill, settleRefunds, refundReply, refundPoll, refundJobKind, type RefundWish, type RefundOutcome } from './refund.ts'
export { splitRefund, type Paid } from './split-refund.ts'
export { shipOrder, shippingReply, shippingProbe, settlementFacts, type ShipHow, type ShipOutcome } from './report-shipping.ts'
export { paymentRoutes } from './routes.ts'
export { buyerPaymentRoutes } from './buyer-routes.ts'
export { type PaymentPlatform, type PayMode, type PayCoupon } from './ports.ts'
export { billsByIds, billsPaid, attemptTargets, refundsFinished, refundRows, paidNumbers, pendingRefunds, refundsOfTarget as refundsOfOrder, paidBillsOf, refundedOf, moveBills, raiseAlarm, countAlarms, listPayAlarms, type PayBill, type PayRefund, type AlarmKind } from './store.ts'
export { paymentFault } from './errors.ts'
