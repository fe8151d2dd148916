import { z } from 'zod'
import { shopId, unixSeconds } from './shapes.ts'

/**
 * What the Shop pushes (JSON, secure mode only; shop sheet 19). Ids come as text or as bare 64-bit numbers, times and small codes as text or
 * numbers; there is no message id, so a repeat is recognised by its content, and the object is always read again.
 */
const code = z.union([z.int(), z.string().regex(/^-?\d+$/).transform(Number)])
const head = {
  ToUserName: z.string(),
  /** The buyer's openid on order and user-coupon events; a fixed platform openid on the others. */
  FromUserName: z.string(),
  CreateTime: unixSeconds,
  MsgType: z.literal('event'),
}

export const orderEventNames = [
  'channels_ec_order_new', 'channels_ec_order_pay', 'channels_ec_order_wait_shipping', 'channels_ec_order_deliver', 'channels_ec_order_confirm', 'channels_ec_order_settle',
  'channels_ec_order_cancel', 'channels_ec_order_ext_info_update',
] as const

export const orderEvent = z.looseObject({
  ...head,
  Event: z.enum(orderEventNames),
  order_info: z.looseObject({
    order_id: shopId,
    pay_time: unixSeconds.optional(),
    settle_time: unixSeconds.optional(),
    /** 0 partly, 1 all. */
    finish_delivery: code.optional(),
    /** 1 user, 2 timeout. */
    confirm_type: code.optional(),
    /** 1 user, 2 timeout, 3 all refunded, 4 oversold. */
    cancel_type: code.optional(),
    /** Of ext_info_update: 1 commission, 2 address, 3 merchant note, 6 sharer, 12 price … */
    type: code.optional(),
  }),
})

export const aftersaleEvent = z.looseObject({
  ...head,
  Event: z.literal('channels_ec_aftersale_update'),
  finder_shop_aftersale_status_update: z.looseObject({ status: z.string(), after_sale_order_id: shopId, order_id: shopId }),
})

export const productAuditEvent = z.looseObject({
  ...head,
  Event: z.literal('product_spu_audit'),
  /** status 2 refused, 3 passed; audit_info is a JSON text naming failing fields. */
  ProductSpuAudit: z.looseObject({ product_id: shopId, status: code, reason: z.string().optional(), audit_info: z.string().optional() }),
})

export const productListingEvent = z.looseObject({
  ...head,
  Event: z.literal('product_spu_listing'),
  ProductSpuListing: z.looseObject({ product_id: shopId, status: code, reason: z.string().optional() }),
})

export const productUpdateEvent = z.looseObject({
  ...head,
  Event: z.literal('product_spu_update'),
  ProductSpuUpdate: z.looseObject({ product_id: shopId, status: code.optional(), reason: z.string().optional() }),
})

/** Members nested or at the root, as sources differ. */
export const stockLowEvent = z.looseObject({ ...head, Event: z.literal('channels_ec_stock_no_enough'), product_id: shopId.optional(), sku_id: shopId.optional(), remaining_stock_amount: code.optional() })

export const couponReceiveEvent = z.looseObject({ ...head, Event: z.literal('channels_ec_coupon_receive'), receive_info: z.looseObject({ coupon_id: shopId, user_coupon_id: shopId, receive_time: unixSeconds.optional() }) })
export const couponUseEvent = z.looseObject({ ...head, Event: z.literal('channels_ec_user_coupon_use'), use_info: z.looseObject({ coupon_id: shopId, user_coupon_id: shopId, order_id: shopId.optional(), use_time: unixSeconds.optional() }) })

/** By event name. */
export const shopEvents: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(orderEventNames.map((name) => [name, orderEvent])),
  channels_ec_aftersale_update: aftersaleEvent,
  product_spu_audit: productAuditEvent,
  product_spu_listing: productListingEvent,
  product_spu_update: productUpdateEvent,
  channels_ec_stock_no_enough: stockLowEvent,
  channels_ec_coupon_receive: couponReceiveEvent,
  channels_ec_user_coupon_use: couponUseEvent,
}
