import { defineErrors } from '../../kernel/errors.ts'

export const orderFault = defineErrors({
  'order/not-found': {
    status: 404,
    zh: '没有找到订单 {orderId}。它可能属于别的商家，或者还没收到；可以在「系统」里补拉。',
    en: 'order {orderId} was not found; it may belong to another merchant or has not arrived yet: back-fill under System',
  },
})
