import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopErrors, shopId, shopRow, timeRange, unixSeconds } from './shapes.ts'

/** Order states (订单状态), shop sheet 4.2. */
export const orderStatus = { unpaid: 10, giftWaiting: 12, groupForming: 13, toShip: 20, partlyShipped: 21, toReceive: 30, completed: 100, oversold: 190, refunded: 200, cancelled: 250 } as const

export const orderErrors = {
  ...shopErrors,
  '10020050': { retry: 'never', en: 'no such order or product, or no permission for it' },
  // The sheet names no code for an order in the wrong state; the emulator answers 10020065 and says so in its own documents.
  '10020065': { retry: 'never', en: 'the object is in the wrong state (code UNCONFIRMED by the sheet)' },
} as const

export const orderAddress = z.looseObject({
  user_name: z.string().optional(),
  postal_code: z.string().optional(),
  province_name: z.string().optional(),
  city_name: z.string().optional(),
  county_name: z.string().optional(),
  detail_info: z.string().optional(),
  tel_number: z.string().optional(),
  house_number: z.string().optional(),
  hash_code: z.string().optional(),
})

/** One goods line (SKU 行). `real_price` is what the whole line cost the buyer. */
export const orderProduct = z.looseObject({
  product_id: shopId,
  sku_id: shopId,
  sku_cnt: z.int(),
  sku_code: z.string().optional(),
  out_product_id: z.string().optional(),
  out_sku_id: z.string().optional(),
  title: z.string().optional(),
  thumb_img: z.string().optional(),
  sku_attrs: z.array(z.looseObject({ attr_key: z.string(), attr_value: z.string() })).optional(),
  product_unique_id: z.string().optional(),
  on_aftersale_sku_cnt: z.int().optional(),
  finish_aftersale_sku_cnt: z.int().optional(),
  market_price: fen.optional(),
  sale_price: fen.optional(),
  real_price: fen.optional(),
  estimate_price: fen.optional(),
  is_change_price: z.boolean().optional(),
  change_price: fen.optional(),
  is_discounted: z.boolean().optional(),
  merchant_discounted_price: fen.optional(),
  finder_discounted_price: fen.optional(),
  order_product_coupon_info_list: z
    .array(z.looseObject({ coupon_type: z.int().optional(), user_coupon_id: shopId.optional(), coupon_id: shopId.optional(), discounted_price: fen.optional() }))
    .optional(),
  out_warehouse_id: z.string().optional(),
  delivery_deadline: unixSeconds.optional(),
})

/** Where a line came from (成交来源), shop sheet 5. */
export const orderSource = z.looseObject({
  sku_id: shopId.optional(),
  /** 0 related, 1 cooperation, 2 authorised account, 100 talent, 101 agency, 102 other. */
  sale_channel: z.int().optional(),
  /** 1 Channels, 2 Official Account, 3 mini program, 4 WeCom, 5 talent, 6 service account, 1000 agency. */
  account_type: z.int().optional(),
  account_id: z.string().optional(),
  account_nickname: z.string().optional(),
  /** 1: forwarded by a WeCom member, whose id in the Shop's id space is `content_id`. */
  content_type: z.int().optional(),
  content_id: z.string().optional(),
})

export const shopOrder = z.looseObject({
  order_id: shopId,
  status: z.int(),
  openid: z.string().optional(),
  /** Only when the shop is bound to an Open Platform account, and only for orders placed after binding. */
  unionid: z.string().optional(),
  create_time: unixSeconds,
  update_time: unixSeconds,
  is_present: z.boolean().optional(),
  order_detail: z
    .looseObject({
      product_infos: z.array(orderProduct).optional(),
      pay_info: z
        .looseObject({
          prepay_id: z.string().optional(),
          prepay_time: unixSeconds.optional(),
          transaction_id: z.string().optional(),
          pay_time: unixSeconds.optional(),
          /** 1 WeChat Pay, 2 buy now pay later, 3 lottery, 4 points. */
          payment_method: z.int().optional(),
        })
        .optional(),
      price_info: z
        .looseObject({
          product_price: fen.optional(),
          /** What the buyer pays, freight included. */
          order_price: fen.optional(),
          freight: fen.optional(),
          discounted_price: fen.optional(),
          is_discounted: z.boolean().optional(),
          original_order_price: fen.optional(),
          estimate_product_price: fen.optional(),
          change_down_price: fen.optional(),
          change_freight: fen.optional(),
          is_change_freight: z.boolean().optional(),
          merchant_receieve_price: fen.optional(),
        })
        .optional(),
      delivery_info: z
        .looseObject({
          address_info: orderAddress.optional(),
          delivery_product_info: z
            .array(
              z.looseObject({
                waybill_id: z.string().optional(),
                delivery_id: z.string().optional(),
                delivery_name: z.string().optional(),
                delivery_time: unixSeconds.optional(),
                deliver_type: z.int().optional(),
                product_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, product_cnt: z.int() })).optional(),
              }),
            )
            .optional(),
          ship_done_time: unixSeconds.optional(),
          deliver_method: z.int().optional(),
        })
        .optional(),
      ext_info: z
        .looseObject({
          customer_notes: z.string().optional(),
          merchant_notes: z.string().optional(),
          confirm_receipt_time: unixSeconds.optional(),
          finder_id: z.string().optional(),
          live_id: z.string().optional(),
          /** 1 other, 2 live room, 3 short video, 4 product share, 5 shop window, 6 Official Account card. */
          order_scene: z.int().optional(),
          commission_handling_progress: z.int().optional(),
        })
        .optional(),
      coupon_info: z.looseObject({ user_coupon_id: shopId.optional() }).optional(),
      commission_infos: z
        .array(z.looseObject({ sku_id: shopId.optional(), nickname: z.string().optional(), type: z.int().optional(), status: z.int().optional(), amount: fen.optional(), finder_id: z.string().optional() }))
        .optional(),
      source_infos: z.array(orderSource).optional(),
      settle_info: z.looseObject({ predict_commission_fee: fen.optional(), commission_fee: fen.optional(), settle_time: unixSeconds.optional() }).optional(),
      refund_info: z.looseObject({ refund_freight: fen.optional() }).optional(),
    })
    .optional(),
  aftersale_detail: z
    .looseObject({
      aftersale_order_list: z.array(z.looseObject({ aftersale_order_id: shopId, status: z.int().optional() })).optional(),
      on_aftersale_order_cnt: z.int().optional(),
    })
    .optional(),
})
export type ShopOrder = z.output<typeof shopOrder>

export const orderListGet = endpoint({
  ...shopRow,
  name: 'shop.order.list',
  path: '/channels/ec/order/list/get',
  effect: 'read',
  /** At least one range; a range spans at most 7 days. `update_time` moves at payment, shipping, settlement and other order events. */
  request: z.looseObject({
    create_time_range: timeRange.optional(),
    update_time_range: timeRange.optional(),
    status: z.int().optional(),
    openid: z.string().optional(),
    page_size: z.int(),
    next_key: z.string().optional(),
  }),
  response: outcome.extend({ order_id_list: z.array(shopId).optional(), next_key: z.string().optional(), has_more: z.boolean().optional() }),
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/API/order/list_get.html',
  sample: {
    request: { create_time_range: { start_time: 1658505600, end_time: 1658509200 }, page_size: 10 },
    response: { errcode: 0, errmsg: 'ok', order_id_list: ['3705115058471208928'], next_key: 'NEXT', has_more: true },
  },
  verified: 'sample',
  zh: '获取订单列表',
})

export const orderGet = endpoint({
  ...shopRow,
  name: 'shop.order.get',
  path: '/channels/ec/order/get',
  effect: 'read',
  request: z.looseObject({ order_id: shopId, encode_sensitive_info: z.boolean().optional() }),
  response: outcome.extend({ order: shopOrder.optional() }),
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/API/order/get; SK-M/ECOrder/ChannelsECOrderGetResponse.cs',
  sample: {
    request: { order_id: '3705115058471208928' },
    response: { errcode: 0, errmsg: 'ok', order: { order_id: '3705115058471208928', status: 20, openid: 'OPENID', unionid: '', create_time: 1658505600, update_time: 1658509200, order_detail: {} } },
  },
  verified: 'sample',
  zh: '获取订单详情',
})

export const orderSearch = endpoint({
  ...shopRow,
  name: 'shop.order.search',
  path: '/channels/ec/order/search',
  effect: 'read',
  request: z.looseObject({
    search_condition: z.looseObject({
      title: z.string().optional(),
      sku_code: z.string().optional(),
      user_name: z.string().optional(),
      tel_number: z.string().optional(),
      tel_number_last4: z.string().optional(),
      order_id: shopId.optional(),
      merchant_notes: z.string().optional(),
      customer_notes: z.string().optional(),
      address_under_review: z.boolean().optional(),
      present_order_id: shopId.optional(),
    }),
    on_aftersale_order_exist: z.int().optional(),
    status: z.int().optional(),
    page_size: z.int(),
    next_key: z.string().optional(),
  }),
  response: outcome.extend({ orders: z.array(shopId).optional(), next_key: z.string().optional(), has_more: z.boolean().optional() }),
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/API/order/search.html',
  verified: 'reading',
  zh: '订单搜索',
})

export const orderPriceUpdate = endpoint({
  ...shopRow,
  name: 'shop.order.price.update',
  path: '/channels/ec/order/price/update',
  effect: 'write',
  /** Unpaid orders only; only lower; `change_price` is the new total of that SKU line; at most 50 changes per order. */
  request: z.looseObject({
    order_id: shopId,
    change_express: z.boolean(),
    express_fee: fen.optional(),
    change_order_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, change_price: fen })).optional(),
  }),
  response: outcome,
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/API/order/price_update.html',
  verified: 'reading',
  zh: '修改订单价格',
})

export const orderMerchantNotesUpdate = endpoint({
  ...shopRow,
  name: 'shop.order.merchant-notes.update',
  path: '/channels/ec/order/merchantnotes/update',
  effect: 'write',
  request: z.looseObject({ order_id: shopId, merchant_notes: z.string() }),
  response: outcome,
  errors: orderErrors,
  repeat: 'safe',
  doc: 'SK-X; WJ-U',
  verified: 'reading',
  zh: '修改订单备注',
})

export const orderAddressUpdate = endpoint({
  ...shopRow,
  name: 'shop.order.address.update',
  path: '/channels/ec/order/address/update',
  effect: 'write',
  /** Before shipping; at most 5 times. */
  request: z.looseObject({ order_id: shopId, user_address: orderAddress }),
  response: outcome,
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/shop/API/order/address_update.html',
  verified: 'reading',
  zh: '修改订单地址',
})

export const deliverySend = endpoint({
  ...shopRow,
  name: 'shop.order.delivery.send',
  path: '/channels/ec/order/delivery/send',
  effect: 'write',
  /** deliver_type: 1 own courier, 3 virtual goods without logistics (2 and 4 are retired). Several calls may ship one order in parts. */
  request: z.looseObject({
    order_id: shopId,
    delivery_list: z.array(
      z.looseObject({
        delivery_id: z.string().optional(),
        waybill_id: z.string().optional(),
        deliver_type: z.int(),
        product_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, product_cnt: z.int() })),
      }),
    ),
  }),
  response: outcome,
  errors: orderErrors,
  repeat: { probe: 'shop.order.get' },
  doc: 'SK-M/ECOrder/Delivery; DS/shop/API/channels-shop-delivery/delivery/api_senddelivery',
  verified: 'reading',
  zh: '订单发货',
})

export const deliveryInfoUpdate = endpoint({
  ...shopRow,
  name: 'shop.order.delivery-info.update',
  path: '/channels/ec/order/deliveryinfo/update',
  effect: 'write',
  /** At most 3 times, before the order is complete. */
  request: z.looseObject({
    order_id: shopId,
    delivery_list: z.array(
      z.looseObject({
        delivery_id: z.string().optional(),
        waybill_id: z.string().optional(),
        deliver_type: z.int(),
        product_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, product_cnt: z.int() })),
      }),
    ),
  }),
  response: outcome,
  errors: orderErrors,
  repeat: 'safe',
  doc: 'DS/shop/API/order/api_changedeliveryinfo',
  verified: 'reading',
  zh: '修改物流信息',
})

const orderId = z.looseObject({ order_id: shopId })

export const addressModifyAccept = endpoint({ ...shopRow, name: 'shop.order.address-modify.accept', path: '/channels/ec/order/addressmodify/accept', effect: 'write', request: orderId, response: outcome, errors: orderErrors, repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '同意买家修改地址' })
export const addressModifyReject = endpoint({ ...shopRow, name: 'shop.order.address-modify.reject', path: '/channels/ec/order/addressmodify/reject', effect: 'write', request: orderId, response: outcome, errors: orderErrors, repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '拒绝买家修改地址' })

const companies = z.array(z.looseObject({ delivery_id: z.string(), delivery_name: z.string() }))

export const deliveryCompanyList = endpoint({
  ...shopRow,
  name: 'shop.order.delivery-company.list',
  path: '/channels/ec/order/deliverycompanylist/get',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ company_list: companies.optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取快递公司列表',
})

export const deliveryCompanyNewList = endpoint({
  ...shopRow,
  name: 'shop.order.delivery-company.new-list',
  path: '/channels/ec/order/deliverycompanylist/new/get',
  effect: 'read',
  request: z.looseObject({ ewaybill_only: z.boolean().optional() }),
  response: outcome.extend({ company_list: companies.optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取快递公司列表（新）',
})

export const orderRows = [
  orderListGet, orderGet, orderSearch, orderPriceUpdate, orderMerchantNotesUpdate, orderAddressUpdate, deliverySend, deliveryInfoUpdate, deliveryCompanyList,
  deliveryCompanyNewList, addressModifyAccept, addressModifyReject,
]
