/** WeChat Shop (微信小店): endpoints and pushed events as rows. */
import { aftersaleRows } from './aftersale.ts'
import { basicsRows } from './basics.ts'
import { cooperationRows } from './cooperation.ts'
import { couponRows } from './coupon.ts'
import { fundsRows } from './funds.ts'
import { orderRows } from './order.ts'
import { productRows } from './product.ts'

export * from './aftersale.ts'
export * from './basics.ts'
export * from './cooperation.ts'
export * from './coupon.ts'
export * from './events.ts'
export * from './funds.ts'
export * from './order.ts'
export * from './product.ts'
export { shopErrors, shopId } from './shapes.ts'

export const shopRows = [...productRows, ...orderRows, ...aftersaleRows, ...couponRows, ...fundsRows, ...basicsRows, ...cooperationRows]
