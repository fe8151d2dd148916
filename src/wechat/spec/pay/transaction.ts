import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { orderErrors, tradeCap } from './errors.ts'

/** Orders (支付单) of a direct merchant (直连商户): create for four clients, query, close. Money is integer fen, times are RFC 3339 +08:00. */

const goodsDetail = z.looseObject({
  merchant_goods_id: z.string(),
  wechatpay_goods_id: z.string().optional(),
  goods_name: z.string().optional(),
  quantity: z.int(),
  /** fen */
  unit_price: z.int(),
})

export const sceneInfo = z.looseObject({
  payer_client_ip: z.string().optional(),
  device_id: z.string().optional(),
  store_info: z
    .looseObject({ id: z.string(), name: z.string().optional(), area_code: z.string().optional(), address: z.string().optional() })
    .optional(),
  h5_info: z
    .looseObject({
      type: z.string(),
      app_name: z.string().optional(),
      app_url: z.string().optional(),
      bundle_id: z.string().optional(),
      package_name: z.string().optional(),
    })
    .optional(),
})

/** Fields that all four clients share. Lengths are the platform's limits, refused by the emulator with PARAM_ERROR. */
export const prepayRequest = z.looseObject({
  appid: z.string(),
  mchid: z.string(),
  /** 127 characters at most. */
  description: z.string(),
  /** 6 to 32 of digits, letters and `_ - | *`; unique for the merchant; the key that makes a repeat harmless. */
  out_trade_no: z.string(),
  /** Last moment to pay, read on the first request only. */
  time_expire: z.string().optional(),
  /** 128 at most; comes back in query and notice after payment. */
  attach: z.string().optional(),
  notify_url: z.string(),
  goods_tag: z.string().optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.looseObject({ total: z.int(), currency: z.string().optional() }),
  payer: z.looseObject({ openid: z.string() }).optional(),
  detail: z
    .looseObject({ cost_price: z.int().optional(), invoice_id: z.string().optional(), goods_detail: z.array(goodsDetail).optional() })
    .optional(),
  scene_info: sceneInfo.optional(),
  /** profit_sharing true freezes the money for splitting. */
  settle_info: z.looseObject({ profit_sharing: z.boolean().optional() }).optional(),
})

const prepayAnswer = z.looseObject({ prepay_id: z.string() })

const shared = {
  line: 'pay',
  method: 'POST',
  credential: 'pay-signature',
  effect: 'write',
  caps: [tradeCap],
  errors: orderErrors,
  repeat: { keyed: 'out_trade_no' },
  verified: 'reading',
} as const

export const jsapiPrepay = endpoint({
  ...shared,
  name: 'pay.transaction.jsapi',
  path: '/v3/pay/transactions/jsapi',
  request: prepayRequest,
  response: prepayAnswer,
  doc: 'PD/4012525167',
  zh: 'JSAPI/小程序下单',
})

export const appPrepay = endpoint({
  ...shared,
  name: 'pay.transaction.app',
  path: '/v3/pay/transactions/app',
  request: prepayRequest,
  response: prepayAnswer,
  doc: 'SK/CreatePayTransactionApp',
  zh: 'APP下单',
})

export const h5Prepay = endpoint({
  ...shared,
  name: 'pay.transaction.h5',
  path: '/v3/pay/transactions/h5',
  request: prepayRequest,
  /** Lives 5 minutes; the same request again gives a new one. */
  response: z.looseObject({ h5_url: z.string() }),
  doc: 'CM/pay/doc/0000228524cf1005f9fd83ee851400',
  zh: 'H5下单',
})

/** The page an h5_url opens in a browser outside WeChat: it leads into the payment, then to redirect_url. */
export const h5Page = endpoint({
  name: 'pay.transaction.h5-page',
  line: 'pay',
  method: 'GET',
  path: '/cgi-bin/mmpayweb-bin/checkmweb',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ prepay_id: z.string(), redirect_url: z.string().optional() }),
  response: z.unknown(),
  body: 'binary',
  errors: orderErrors,
  repeat: 'never',
  doc: 'PO h5 pages',
  verified: 'reading',
  zh: 'H5支付中间页',
})

export const nativePrepay = endpoint({
  ...shared,
  name: 'pay.transaction.native',
  path: '/v3/pay/transactions/native',
  request: prepayRequest,
  /** Text of a QR code, lives 2 hours. */
  response: z.looseObject({ code_url: z.string() }),
  doc: 'PW/apis/chapter7_3_10.shtml',
  zh: 'Native下单',
})

export const tradeStates = ['SUCCESS', 'REFUND', 'NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR', 'ACCEPT'] as const
export const tradeTypes = ['JSAPI', 'NATIVE', 'APP', 'MWEB', 'MICROPAY', 'FACEPAY'] as const

export const promotionDetail = z.looseObject({
  coupon_id: z.string(),
  name: z.string().optional(),
  scope: z.string().optional(),
  type: z.string().optional(),
  amount: z.int(),
  stock_id: z.string().optional(),
  wechatpay_contribute: z.int().optional(),
  merchant_contribute: z.int().optional(),
  other_contribute: z.int().optional(),
  currency: z.string().optional(),
})

/** A transaction as the query answers it and as TRANSACTION.SUCCESS carries it. */
export const transaction = z.looseObject({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string().optional(),
  trade_type: z.string().optional(),
  trade_state: z.string(),
  trade_state_desc: z.string(),
  bank_type: z.string().optional(),
  attach: z.string().optional(),
  success_time: z.string().optional(),
  /** The openid of the appid used; a unionid never comes. */
  payer: z.looseObject({ openid: z.string().optional() }).optional(),
  amount: z
    .looseObject({
      total: z.int().optional(),
      payer_total: z.int().optional(),
      currency: z.string().optional(),
      payer_currency: z.string().optional(),
    })
    .optional(),
  scene_info: z.looseObject({ device_id: z.string().optional() }).optional(),
  promotion_detail: z.array(promotionDetail).optional(),
})

export const transactionByNumber = endpoint({
  name: 'pay.transaction.query-by-out-trade-no',
  line: 'pay',
  method: 'GET',
  path: '/v3/pay/transactions/out-trade-no/{out_trade_no}',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ out_trade_no: z.string(), mchid: z.string() }),
  response: transaction,
  caps: [tradeCap],
  errors: orderErrors,
  repeat: 'safe',
  doc: 'PD/4012556352',
  verified: 'reading',
  zh: '商户订单号查询订单',
})

export const transactionById = endpoint({
  name: 'pay.transaction.query-by-id',
  line: 'pay',
  method: 'GET',
  path: '/v3/pay/transactions/id/{transaction_id}',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ transaction_id: z.string(), mchid: z.string() }),
  response: transaction,
  caps: [tradeCap],
  errors: orderErrors,
  repeat: 'safe',
  doc: 'PD/4012556352; vector V6',
  sample: { request: { transaction_id: '1217752501201407033233368018', mchid: '1230000109' } },
  verified: 'sample',
  zh: '微信支付订单号查询订单',
})

export const transactionClose = endpoint({
  name: 'pay.transaction.close',
  line: 'pay',
  method: 'POST',
  path: '/v3/pay/transactions/out-trade-no/{out_trade_no}/close',
  credential: 'pay-signature',
  effect: 'write',
  request: z.looseObject({ out_trade_no: z.string(), mchid: z.string() }),
  /** 204 without a body. */
  response: z.undefined().or(z.looseObject({})),
  caps: [tradeCap],
  errors: orderErrors,
  repeat: 'safe',
  doc: 'PW/apis/chapter3_4_3.shtml',
  verified: 'reading',
  zh: '关闭订单',
})
