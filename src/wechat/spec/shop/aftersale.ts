import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopErrors, shopId, shopRow, unixSeconds } from './shapes.ts'

export const aftersaleErrors = {
  ...shopErrors,
  '10020050': { retry: 'never', en: 'no such after-sale order' },
  '10020065': { retry: 'never', en: 'the after-sale order is in the wrong state (code UNCONFIRMED by the sheet)' },
} as const

export const aftersaleOrder = z.looseObject({
  after_sale_order_id: shopId,
  order_id: shopId,
  /** REFUND money only, RETURN goods and money, or an exchange. */
  type: z.string().optional(),
  status: z.string(),
  openid: z.string().optional(),
  unionid: z.string().optional(),
  reason: z.string().optional(),
  product_info: z.looseObject({ product_id: shopId, sku_id: shopId, sku_code: z.string().optional(), count: z.int(), fast_refund: z.boolean().optional() }).optional(),
  details: z.looseObject({ desc: z.string().optional(), receive_product: z.boolean().optional(), cancel_time: unixSeconds.optional(), media_id_list: z.array(z.string()).optional(), tel_number: z.string().optional() }).optional(),
  refund_info: z.looseObject({ amount: fen, refund_reason: z.int().optional() }).optional(),
  return_info: z.looseObject({ delivery_id: z.string().optional(), delivery_name: z.string().optional(), waybill_id: z.string().optional() }).optional(),
  merchant_upload_info: z.looseObject({ reject_reason: z.string().optional() }).optional(),
  refund_resp: z.looseObject({ ret: z.int().optional(), code: z.string().optional(), message: z.string().optional() }).optional(),
  /** Seconds left for the merchant. */
  deadline: z.int().optional(),
  create_time: unixSeconds,
  update_time: unixSeconds,
  complete_time: unixSeconds.optional(),
})
export type AftersaleOrder = z.output<typeof aftersaleOrder>

const common = { ...shopRow, errors: aftersaleErrors } as const

export const aftersaleListGet = endpoint({
  ...common,
  name: 'shop.aftersale.list',
  path: '/channels/ec/aftersale/getaftersalelist',
  effect: 'read',
  /** By creation time only: later changes must be learned from events. The answer's ids name the after-sale orders. */
  request: z.looseObject({ begin_create_time: unixSeconds, end_create_time: unixSeconds, next_key: z.string().optional() }),
  response: outcome.extend({ after_sale_order_id_list: z.array(shopId).optional(), next_key: z.string().optional(), has_more: z.boolean().optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECAftersale',
  verified: 'reading',
  zh: '获取售后单列表',
})

export const aftersaleGet = endpoint({
  ...common,
  name: 'shop.aftersale.get',
  path: '/channels/ec/aftersale/getaftersaleorder',
  effect: 'read',
  request: z.looseObject({ after_sale_order_id: shopId }),
  response: outcome.extend({ after_sale_order: aftersaleOrder.optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECAftersale/ChannelsECAftersaleGetAftersaleOrderResponse.cs',
  verified: 'reading',
  zh: '获取售后单详情',
})

export const aftersaleAccept = endpoint({
  ...common,
  name: 'shop.aftersale.accept',
  path: '/channels/ec/aftersale/acceptapply',
  effect: 'write',
  /** Accepts a request, or confirms that the returned goods arrived. */
  request: z.looseObject({ after_sale_order_id: shopId, address_id: shopId.optional(), accept_type: z.int().optional() }),
  response: outcome,
  repeat: { probe: 'shop.aftersale.get' },
  doc: 'SK-M/ECAftersale',
  verified: 'reading',
  zh: '同意售后',
})

export const aftersaleReject = endpoint({
  ...common,
  name: 'shop.aftersale.reject',
  path: '/channels/ec/aftersale/rejectapply',
  effect: 'write',
  request: z.looseObject({ after_sale_order_id: shopId, reject_reason: z.string().optional(), reject_reason_type: z.int().optional() }),
  response: outcome,
  repeat: { probe: 'shop.aftersale.get' },
  doc: 'SK-M/ECAftersale; SK-X',
  verified: 'reading',
  zh: '拒绝售后',
})

export const aftersaleUploadCertificate = endpoint({
  ...common,
  name: 'shop.aftersale.upload-certificate',
  path: '/channels/ec/aftersale/uploadrefundcertificate',
  effect: 'write',
  request: z.looseObject({ after_sale_order_id: shopId, refund_certificates: z.array(z.string()).optional(), desc: z.string().optional() }),
  response: outcome,
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '上传退款凭证',
})

const reasons = z.array(z.looseObject({ reason: z.union([z.int(), z.string()]), reason_text: z.string() }))

export const aftersaleReasonGet = endpoint({
  ...common,
  name: 'shop.aftersale.reason',
  path: '/channels/ec/aftersale/reason/get',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ after_sale_reason: reasons.optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取全量售后原因',
})

export const aftersaleRejectReasonGet = endpoint({
  ...common,
  name: 'shop.aftersale.reject-reason',
  path: '/channels/ec/aftersale/rejectreason/get',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ reject_reason: z.array(z.looseObject({ reject_reason_type: z.int(), reject_reason_type_text: z.string() })).optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取拒绝售后原因',
})

export const aftersaleGenerate = endpoint({
  ...common,
  name: 'shop.aftersale.generate',
  path: '/channels/ec/aftersale/genaftersaleorder',
  effect: 'write',
  /** Merchant-initiated; the same `request_id` gives the same after-sale order. Fields beside order, SKU and amounts are our reading. */
  request: z.looseObject({
    request_id: z.string(),
    order_id: shopId,
    after_sale_infos: z.array(z.looseObject({ product_id: shopId, sku_id: shopId, count: z.int(), refund_amount: fen, reason: z.union([z.string(), z.int()]).optional() })).optional(),
    type: z.string().optional(),
  }),
  response: outcome.extend({ after_sale_order_id: shopId.optional(), after_sale_order_ids: z.array(shopId).optional() }),
  repeat: { keyed: 'request_id' },
  doc: 'SK-X; SK-M/ECAftersale',
  verified: 'reading',
  zh: '商家发起售后',
})

export const aftersaleRows = [aftersaleListGet, aftersaleGet, aftersaleAccept, aftersaleReject, aftersaleUploadCertificate, aftersaleReasonGet, aftersaleRejectReasonGet, aftersaleGenerate]
