import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { orderErrors, tradeCap } from './errors.ts'
import { prepayRequest, transaction } from './transaction.ts'

/**
 * Orders in service-provider mode (服务商): the provider (`sp_…`) signs and is told, the sub-merchant (`sub_…`) gets the money. The payer is named by the openid of one of the
 * two appids. Refunds, bills and profit sharing use the paths of direct merchants with `sub_mchid`. Field names of the sheet's row and of SK/CreatePayPartnerTransaction*.
 */
const { appid: _appid, mchid: _mchid, payer: _payer, ...shared } = prepayRequest.shape

export const partnerPrepayRequest = z.looseObject({
  ...shared,
  sp_appid: z.string(),
  sp_mchid: z.string(),
  sub_appid: z.string().optional(),
  sub_mchid: z.string(),
  payer: z.looseObject({ sp_openid: z.string().optional(), sub_openid: z.string().optional() }).optional(),
})

const row = {
  line: 'pay',
  method: 'POST',
  credential: 'pay-signature',
  effect: 'write',
  caps: [tradeCap],
  errors: orderErrors,
  repeat: { keyed: 'out_trade_no' },
  verified: 'reading',
  request: partnerPrepayRequest,
} as const

export const partnerJsapiPrepay = endpoint({
  ...row,
  name: 'pay.partner-transaction.jsapi',
  path: '/v3/pay/partner/transactions/jsapi',
  response: z.looseObject({ prepay_id: z.string() }),
  doc: 'SK/CreatePayPartnerTransactionJsapi; PP',
  zh: '服务商JSAPI/小程序下单',
})

export const partnerH5Prepay = endpoint({
  ...row,
  name: 'pay.partner-transaction.h5',
  path: '/v3/pay/partner/transactions/h5',
  response: z.looseObject({ h5_url: z.string() }),
  doc: 'SK/CreatePayPartnerTransactionH5; PP',
  zh: '服务商H5下单',
})

export const partnerNativePrepay = endpoint({
  ...row,
  name: 'pay.partner-transaction.native',
  path: '/v3/pay/partner/transactions/native',
  response: z.looseObject({ code_url: z.string() }),
  doc: 'SK/CreatePayPartnerTransactionNative; PP',
  zh: '服务商Native下单',
})

const { appid: _a, mchid: _m, payer: _p, ...known } = transaction.shape

/** A transaction as the provider is answered and told. */
export const partnerTransaction = z.looseObject({
  ...known,
  sp_appid: z.string(),
  sp_mchid: z.string(),
  sub_appid: z.string().optional(),
  sub_mchid: z.string(),
  payer: z.looseObject({ sp_openid: z.string().optional(), sub_openid: z.string().optional() }).optional(),
})

export const partnerTransactionByNumber = endpoint({
  name: 'pay.partner-transaction.query-by-out-trade-no',
  line: 'pay',
  method: 'GET',
  path: '/v3/pay/partner/transactions/out-trade-no/{out_trade_no}',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ out_trade_no: z.string(), sp_mchid: z.string(), sub_mchid: z.string() }),
  response: partnerTransaction,
  caps: [tradeCap],
  errors: orderErrors,
  repeat: 'safe',
  doc: 'POP/…/partner-query-by-out-trade-no.html',
  verified: 'reading',
  zh: '服务商商户订单号查询订单',
})

export const partnerTransactionClose = endpoint({
  name: 'pay.partner-transaction.close',
  line: 'pay',
  method: 'POST',
  path: '/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close',
  credential: 'pay-signature',
  effect: 'write',
  request: z.looseObject({ out_trade_no: z.string(), sp_mchid: z.string(), sub_mchid: z.string() }),
  response: z.undefined().or(z.looseObject({})),
  caps: [tradeCap],
  errors: orderErrors,
  repeat: 'safe',
  doc: 'SK/ClosePayPartnerTransaction; PP',
  verified: 'reading',
  zh: '服务商关闭订单',
})

export const partnerRows = [partnerJsapiPrepay, partnerH5Prepay, partnerNativePrepay, partnerTransactionByNumber, partnerTransactionClose]
