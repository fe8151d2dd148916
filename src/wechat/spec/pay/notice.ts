import { z } from 'zod'
import { transaction } from './transaction.ts'

/** Notices (回调通知) of Pay: the envelope, and what its encrypted resource holds for each event. */

export const payNotice = z.looseObject({
  /** Same on every attempt: the key to recognise a repeat. */
  id: z.string(),
  create_time: z.string(),
  event_type: z.string(),
  resource_type: z.string(),
  summary: z.string().optional(),
  resource: z.looseObject({
    original_type: z.string().optional(),
    algorithm: z.string(),
    ciphertext: z.string(),
    associated_data: z.string().optional(),
    nonce: z.string(),
  }),
})

/** TRANSACTION.SUCCESS */
export const transactionNotice = transaction

/** REFUND.SUCCESS, REFUND.ABNORMAL, REFUND.CLOSED */
export const refundNotice = z.looseObject({
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string(),
  out_refund_no: z.string(),
  refund_id: z.string(),
  refund_status: z.string(),
  success_time: z.string().optional(),
  user_received_account: z.string(),
  amount: z.looseObject({ total: z.int(), refund: z.int(), payer_total: z.int(), payer_refund: z.int() }),
})

/** MCHTRANSFER.BILL.FINISHED */
export const transferNotice = z.looseObject({
  mch_id: z.string().optional(),
  mchid: z.string().optional(),
  out_bill_no: z.string(),
  transfer_bill_no: z.string(),
  state: z.string(),
  transfer_amount: z.int(),
  openid: z.string().optional(),
  fail_reason: z.string().optional(),
  create_time: z.string(),
  update_time: z.string(),
})

const s = 1000
const min = 60 * s
const h = 60 * min

/** Waits between attempts while the merchant does not answer 200 or 204: 24 h 4 min in all (PO payment-notice pages). */
export const noticeRetryMs = [
  15 * s,
  15 * s,
  30 * s,
  3 * min,
  10 * min,
  20 * min,
  30 * min,
  30 * min,
  30 * min,
  60 * min,
  3 * h,
  3 * h,
  3 * h,
  6 * h,
  6 * h,
]
/** A merchant answers within this time. */
export const noticeTimeoutMs = 5 * s
