import { z } from 'zod'
import { endpoint, type Cap } from '../endpoint.ts'
import { payErrors } from './errors.ts'

/** Merchant transfer (商家转账, the product of 2025): rewards and commission in cash. The receiver confirms in WeChat within 24 hours. */

const errors = {
  ...payErrors,
  NOT_ENOUGH: { retry: 'later', en: 'not enough available balance (403)' },
  NOT_FOUND: { retry: 'never', en: 'no such transfer (404)' },
} as const
const queryCap: Cap = { count: 100, perMs: 1000, per: 'account', source: 'PP/4015469131' }

/** TRANSFERING is the platform's spelling. */
export const transferStates = ['ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM', 'TRANSFERING', 'SUCCESS', 'FAIL', 'CANCELING', 'CANCELLED'] as const

const shared = { line: 'pay', credential: 'pay-signature', errors, verified: 'reading' } as const

export const transferCreate = endpoint({
  ...shared,
  name: 'pay.transfer.create',
  method: 'POST',
  path: '/v3/fund-app/mch-transfer/transfer-bills',
  effect: 'write',
  request: z.looseObject({
    appid: z.string(),
    /** 32 digits and letters at most; never change it after an unknown error. */
    out_bill_no: z.string(),
    /** 1000 cash marketing, 1005 commission; opened in the console. */
    transfer_scene_id: z.string(),
    openid: z.string(),
    /** Encrypted; required from 2000 yuan. */
    user_name: z.string().optional(),
    /** fen, at least 10 */
    transfer_amount: z.int(),
    transfer_remark: z.string(),
    notify_url: z.string().optional(),
    user_recv_perception: z.string().optional(),
    transfer_scene_report_infos: z.array(z.looseObject({ info_type: z.string(), info_content: z.string() })).optional(),
  }),
  response: z.looseObject({
    out_bill_no: z.string(),
    transfer_bill_no: z.string(),
    create_time: z.string(),
    state: z.string(),
    /** For `wx.requestMerchantTransfer`. */
    package_info: z.string().optional(),
  }),
  repeat: { keyed: 'out_bill_no' },
  doc: 'PD/4013778940',
  zh: '发起转账',
})

export const transferBill = z.looseObject({
  mch_id: z.string(),
  out_bill_no: z.string(),
  transfer_bill_no: z.string(),
  appid: z.string(),
  state: z.string(),
  transfer_amount: z.int(),
  transfer_remark: z.string(),
  fail_reason: z.string().optional(),
  openid: z.string().optional(),
  create_time: z.string(),
  update_time: z.string(),
})

export const transferByNumber = endpoint({
  ...shared,
  name: 'pay.transfer.query-by-out-bill-no',
  method: 'GET',
  path: '/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}',
  effect: 'read',
  request: z.looseObject({ out_bill_no: z.string() }),
  response: transferBill,
  caps: [queryCap],
  repeat: 'safe',
  doc: 'PP/4015469131',
  zh: '商户单号查询转账单',
})

export const transferById = endpoint({
  ...shared,
  name: 'pay.transfer.query-by-transfer-bill-no',
  method: 'GET',
  path: '/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/{transfer_bill_no}',
  effect: 'read',
  request: z.looseObject({ transfer_bill_no: z.string() }),
  response: transferBill,
  caps: [queryCap],
  repeat: 'safe',
  doc: 'PP/4015469131',
  zh: '微信单号查询转账单',
})

export const transferCancel = endpoint({
  ...shared,
  name: 'pay.transfer.cancel',
  method: 'POST',
  path: '/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel',
  effect: 'write',
  request: z.looseObject({ out_bill_no: z.string() }),
  response: z.looseObject({ out_bill_no: z.string(), transfer_bill_no: z.string(), state: z.string(), update_time: z.string() }),
  repeat: 'safe',
  doc: 'SK/CancelFundAppMerchantTransferBill',
  zh: '撤销转账',
})
