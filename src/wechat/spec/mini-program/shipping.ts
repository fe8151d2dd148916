import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, wireInt } from '../official-account/index.ts'
import { shippingErrors } from './errors.ts'

/** Shipping information of payments (发货信息管理): without it the money of the order stays frozen. */

const write = {
  line: 'mini-program',
  method: 'POST',
  credential: 'access_token',
  effect: 'write',
  errors: shippingErrors,
  verified: 'reading',
} as const
const read = { ...write, effect: 'read', repeat: 'safe' } as const

const contact = z.looseObject({ consignor_contact: z.string().optional(), receiver_contact: z.string().optional() })

export const orderKey = z.looseObject({
  /** 1 the merchant's number (mchid + out_trade_no), 2 WeChat's transaction_id. */
  order_number_type: wireInt,
  transaction_id: z.string().optional(),
  mchid: z.string().optional(),
  out_trade_no: z.string().optional(),
})

export const shippingUpload = endpoint({
  ...write,
  name: 'mini-program.shipping.upload',
  path: '/wxa/sec/order/upload_shipping_info',
  request: z.looseObject({
    order_key: orderKey,
    /** 1 express, 2 same city, 3 virtual, 4 pick-up. */
    logistics_type: wireInt,
    /** 1 whole, 2 split. */
    delivery_mode: wireInt,
    is_all_delivered: z.boolean().optional(),
    /** 1 to 15; must be an array, else 47001. */
    shipping_list: z.array(
      z.looseObject({
        tracking_no: z.string().optional(),
        express_company: z.string().optional(),
        item_desc: z.string().optional(),
        contact: contact.optional(),
      }),
    ),
    /** RFC 3339, later than the one before. */
    upload_time: z.string(),
    payer: z.looseObject({ openid: z.string() }),
  }),
  response: outcome,
  repeat: { probe: 'mini-program.shipping.get' },
  doc: 'MP:server/API/order_shipping/api_uploadshippinginfo',
  sample: {
    request: {
      order_key: { order_number_type: 1, mchid: '1230000109', out_trade_no: 'TRADE_NO_1' },
      delivery_mode: 1,
      logistics_type: 1,
      shipping_list: [{ tracking_no: '323244567777', express_company: 'DHL', item_desc: 'tea*1', contact: { receiver_contact: '189****1234' } }],
      upload_time: '2022-12-15T13:29:35.120+08:00',
      payer: { openid: 'OPENID' },
    },
    response: { errcode: 0, errmsg: 'ok' },
  },
  verified: 'sample',
  zh: '发货信息录入',
})

export const shippingOrder = z.looseObject({
  transaction_id: z.string(),
  merchant_id: z.string(),
  sub_merchant_id: z.string().optional(),
  merchant_trade_no: z.string(),
  description: z.string(),
  /** fen */
  paid_amount: z.int(),
  openid: z.string(),
  trade_create_time: z.int(),
  pay_time: z.int(),
  /** 1 to ship, 2 shipped, 3 receipt confirmed, 4 finished, 5 refunded, 6 waiting for settlement (UNCONFIRMED). */
  order_state: z.int(),
  in_complaint: z.boolean(),
  shipping: z
    .looseObject({
      delivery_mode: z.int().optional(),
      logistics_type: z.int().optional(),
      finish_shipping: z.boolean().optional(),
      goods_desc: z.string().optional(),
      finish_shipping_count: z.int().optional(),
      shipping_list: z
        .array(z.looseObject({ tracking_no: z.string().optional(), express_company: z.string().optional(), upload_time: z.int().optional() }))
        .optional(),
    })
    .optional(),
})

export const shippingGet = endpoint({
  ...read,
  name: 'mini-program.shipping.get',
  path: '/wxa/sec/order/get_order',
  request: z.looseObject({
    transaction_id: z.string().optional(),
    merchant_id: z.string().optional(),
    sub_merchant_id: z.string().optional(),
    merchant_trade_no: z.string().optional(),
  }),
  response: outcome.extend({ order: shippingOrder }),
  doc: 'SKIT; MP page list',
  zh: '查询订单发货状态',
})

export const shippingList = endpoint({
  ...read,
  name: 'mini-program.shipping.list',
  path: '/wxa/sec/order/get_order_list',
  request: z.looseObject({
    /** Seconds; both ends optional. */
    pay_time_range: z.looseObject({ begin_time: wireInt.optional(), end_time: wireInt.optional() }).optional(),
    order_state: wireInt.optional(),
    openid: z.string().optional(),
    last_index: z.string().optional(),
    /** 100 when absent. */
    page_size: wireInt.optional(),
  }),
  response: outcome.extend({ last_index: z.string().optional(), has_more: z.boolean(), order_list: z.array(shippingOrder) }),
  doc: 'SKIT; MP page list',
  zh: '查询订单列表',
})

export const shippingRemindReceive = endpoint({
  ...write,
  name: 'mini-program.shipping.remind-receive',
  path: '/wxa/sec/order/notify_confirm_receive',
  request: z.looseObject({
    transaction_id: z.string().optional(),
    merchant_id: z.string().optional(),
    merchant_trade_no: z.string().optional(),
    /** Seconds. */
    received_time: wireInt,
  }),
  response: outcome,
  repeat: 'never',
  doc: 'SKIT; MP page list',
  zh: '确认收货提醒',
})

export const shippingJumpPath = endpoint({
  ...write,
  name: 'mini-program.shipping.jump-path',
  path: '/wxa/sec/order/set_msg_jump_path',
  request: z.looseObject({ path: z.string() }),
  response: outcome,
  repeat: 'safe',
  doc: 'SKIT; MP page list',
  zh: '消息跳转路径设置',
})

export const tradeManaged = endpoint({
  ...read,
  name: 'mini-program.shipping.is-managed',
  path: '/wxa/sec/order/is_trade_managed',
  request: z.looseObject({ appid: z.string() }),
  response: outcome.extend({ is_trade_managed: z.boolean() }),
  doc: 'SKIT; MP page list',
  zh: '查询是否已开通发货信息管理服务',
})

export const tradeManagementConfirmed = endpoint({
  ...read,
  name: 'mini-program.shipping.is-confirmed',
  path: '/wxa/sec/order/is_trade_management_confirmation_completed',
  request: z.looseObject({ appid: z.string() }),
  response: outcome.extend({ completed: z.boolean() }),
  doc: 'SKIT; MP page list',
  zh: '查询是否已完成交易结算管理确认',
})
