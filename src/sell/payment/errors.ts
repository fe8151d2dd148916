import { defineErrors } from '../../kernel/errors.ts'

export const paymentFault = defineErrors({
  'payment/amount-differs': { status: 502, zh: '微信支付说订单 {orderId} 付了 {found} 分，应为 {expected} 分；没有入账，请人工核对。', en: 'WeChat Pay reports {found} fen paid for order {orderId}, expected {expected}; nothing was booked' },
  'payment/no-order': { status: 404, zh: '商城没有订单 {orderId}。', en: 'the mall has no order {orderId}' },
  'payment/not-paid': { status: 409, zh: '订单 {orderId} 还没付款，不能退。', en: 'order {orderId} is not paid, so nothing can be refunded' },
  'payment/too-much': { status: 409, zh: '订单 {orderId} 最多还能退 {left} 分，填的是 {asked} 分。', en: 'order {orderId} has {left} fen left to refund, asked for {asked}' },
})
