/**
 * Payment (收款): WeChat Pay of the mall. Orders made known to Pay, notices verified and booked, unpaid orders closed there before their units are free,
 * refunds through the outbox under their own number, shipping reported so that the money is settled.
 *
 * Hears: notices of line pay, trade_manage_order_settlement.  Emits (through the order book): order.paid, order.cancelled, order.refunded.
 *
 * Invariants
 * - Money is booked once per order and refund, whether a notice, an answer or a query told of it.
 * - An amount that differs from the order's is not booked.
 * - Money that comes for a cancelled order goes back by itself.
 */
export { payParams } from './prepay.ts'
export { payNotices, expireOrders, settlePayments, type Payment } from './settle.ts'
export { requestRefund, settleRefunds, refundReply, refundPoll, type RefundWish, type RefundOutcome } from './refund.ts'
export { shipOrder, shippingReply, shippingProbe, settlementFacts, type ShipOutcome } from './report-shipping.ts'
export { paymentRoutes } from './routes.ts'
export { buyerPaymentRoutes } from './buyer-routes.ts'
export { type PaymentPlatform } from './ports.ts'
export { paymentFault } from './errors.ts'
