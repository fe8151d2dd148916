import { z } from 'zod'
import { endpoint, type Cap } from '../endpoint.ts'
import { refundErrors } from './errors.ts'

/** Refunds (退款). An answer of 200 means accepted only; the result comes by notice or query. */

const from = z.looseObject({ account: z.string(), amount: z.int() })

export const refundRequest = z.looseObject({
  transaction_id: z.string().optional(),
  out_trade_no: z.string().optional(),
  /** 64 at most of digits, letters and `_ - | * @`; a failed refund is retried under the same number. */
  out_refund_no: z.string(),
  /** 80 bytes at most, shown to the payer. */
  reason: z.string().optional(),
  notify_url: z.string().optional(),
  /** AVAILABLE takes the money from the available balance; default is unsettled funds. */
  funds_account: z.string().optional(),
  amount: z.looseObject({ refund: z.int(), total: z.int(), currency: z.string().optional(), from: z.array(from).optional() }),
  goods_detail: z.array(z.looseObject({})).optional(),
})

export const refundStatuses = ['SUCCESS', 'CLOSED', 'PROCESSING', 'ABNORMAL'] as const

export const refundAnswer = z.looseObject({
  refund_id: z.string(),
  out_refund_no: z.string(),
  transaction_id: z.string(),
  out_trade_no: z.string(),
  channel: z.string(),
  user_received_account: z.string(),
  success_time: z.string().optional(),
  create_time: z.string(),
  status: z.string(),
  funds_account: z.string().optional(),
  amount: z.looseObject({
    total: z.int(),
    refund: z.int(),
    from: z.array(from).optional(),
    payer_total: z.int(),
    payer_refund: z.int(),
    settlement_refund: z.int(),
    settlement_total: z.int(),
    discount_refund: z.int(),
    currency: z.string(),
    refund_fee: z.int().optional(),
  }),
  promotion_detail: z.array(z.looseObject({})).optional(),
})

const refundCap: Cap = { count: 150, perMs: 1000, per: 'account', source: 'PD/4012556457' }

export const refundCreate = endpoint({
  name: 'pay.refund.create',
  line: 'pay',
  method: 'POST',
  path: '/v3/refund/domestic/refunds',
  credential: 'pay-signature',
  effect: 'write',
  request: refundRequest,
  response: refundAnswer,
  caps: [refundCap],
  errors: refundErrors,
  repeat: { keyed: 'out_refund_no' },
  doc: 'PD/4012556457',
  verified: 'reading',
  zh: '申请退款',
})

export const refundGet = endpoint({
  name: 'pay.refund.query',
  line: 'pay',
  method: 'GET',
  path: '/v3/refund/domestic/refunds/{out_refund_no}',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ out_refund_no: z.string() }),
  response: refundAnswer,
  errors: refundErrors,
  repeat: 'safe',
  doc: 'SK/GetRefundDomesticRefundByOutRefundNumber',
  verified: 'reading',
  zh: '查询单笔退款',
})

export const refundApplyAbnormal = endpoint({
  name: 'pay.refund.apply-abnormal',
  line: 'pay',
  method: 'POST',
  path: '/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund',
  credential: 'pay-signature',
  effect: 'write',
  request: z.looseObject({
    refund_id: z.string(),
    out_refund_no: z.string(),
    /** USER_BANK_CARD or MERCHANT_BANK_CARD. */
    type: z.string(),
    bank_type: z.string().optional(),
    bank_account: z.string().optional(),
    real_name: z.string().optional(),
  }),
  response: refundAnswer,
  errors: refundErrors,
  repeat: { keyed: 'out_refund_no' },
  doc: 'SK/CreateRefundDomesticRefundApplyAbnormalRefund',
  verified: 'reading',
  zh: '发起异常退款',
})
