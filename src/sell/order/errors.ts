import { defineErrors } from '../../kernel/errors.ts'

export const orderFault = defineErrors({
  'order/not-found': {
    status: 404,
    zh: '没有找到订单 {orderId}。它可能属于别的商家，或者还没收到；可以在「系统」里补拉。',
    en: 'order {orderId} was not found; it may belong to another merchant or has not arrived yet: back-fill under System',
  },
  'order/unreadable': {
    status: 502,
    zh: '平台返回的订单 {orderId} 读不懂：{found}，应为 {expected}。原文已保存，稍后自动重试。',
    en: 'the platform answered order {orderId} with {found} where {expected} was expected; the text is kept and the read is repeated',
  },
})
