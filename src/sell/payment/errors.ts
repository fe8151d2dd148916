import { defineErrors } from '../../kernel/errors.ts'

export const paymentFault = defineErrors({
  'payment/no-order': { status: 404, zh: '商城没有订单 {orderId}。', en: 'the mall has no order {orderId}' },
  'payment/not-paid': { status: 409, zh: '订单 {orderId} 还没付款，不能退。', en: 'order {orderId} is not paid, so nothing can be refunded' },
  'payment/too-much': { status: 409, zh: '订单 {orderId} 最多还能退 {left} 分，填的是 {asked} 分。', en: 'order {orderId} has {left} fen left to refund, asked for {asked}' },
  'payment/on-hold': { status: 409, zh: '订单 {orderId} 现在不能发货：{why}。', en: 'order {orderId} cannot be shipped yet: {why}' },
  'payment/invoice-issued': { status: 409, zh: '订单 {orderId} 的发票已经开出，要改请联系商家。', en: 'the invoice of order {orderId} is issued already' },
  'payment/no-alarm': { status: 404, zh: '没有这条提醒，或者已经处理过。', en: 'there is no open alarm {alarmId}' },
  'payment/no-invoice': { status: 404, zh: '订单 {orderId} 没有申请过发票。', en: 'nobody asked for an invoice of order {orderId}' },
})
