import { z } from 'zod'
import { endpoint, type Cap } from '../endpoint.ts'
import { refundErrors } from './errors.ts'

/** Profit sharing (分账): part of a paid and frozen order goes to receivers. Asynchronous: the result comes by query. */

const errors = { ...refundErrors, ACCOUNTERROR: { retry: 'never', en: 'an account is abnormal (403)' } } as const
const cap: Cap = { count: 30, perMs: 1000, per: 'account', source: 'pay.weixin.qq.com/wiki/doc/api/allocation.php?chapter=27_1 (older page)' }

export const receiverTypes = ['MERCHANT_ID', 'PERSONAL_OPENID'] as const
export const relationTypes = [
  'STORE',
  'STAFF',
  'STORE_OWNER',
  'PARTNER',
  'HEADQUARTER',
  'BRAND',
  'DISTRIBUTOR',
  'USER',
  'SUPPLIER',
  'SERVICE_PROVIDER',
  'CUSTOM',
] as const

const receiver = z.looseObject({
  appid: z.string().optional(),
  type: z.string(),
  account: z.string(),
  /** Encrypted with the platform key. */
  name: z.string().optional(),
  relation_type: z.string(),
  custom_relation: z.string().optional(),
})

const shared = { line: 'pay', credential: 'pay-signature', caps: [cap], errors, verified: 'reading' } as const

export const splitReceiverAdd = endpoint({
  ...shared,
  name: 'pay.profit-sharing.receiver-add',
  method: 'POST',
  path: '/v3/profitsharing/receivers/add',
  effect: 'write',
  request: receiver,
  response: z.looseObject({
    type: z.string(),
    account: z.string(),
    name: z.string().optional(),
    relation_type: z.string(),
    custom_relation: z.string().optional(),
  }),
  repeat: 'safe',
  doc: 'GO/services/profitsharing/models.go',
  zh: '添加分账接收方',
})

export const splitReceiverDelete = endpoint({
  ...shared,
  name: 'pay.profit-sharing.receiver-delete',
  method: 'POST',
  path: '/v3/profitsharing/receivers/delete',
  effect: 'write',
  request: z.looseObject({ appid: z.string().optional(), type: z.string(), account: z.string() }),
  response: z.looseObject({ type: z.string(), account: z.string() }),
  repeat: 'safe',
  doc: 'GO/services/profitsharing/models.go',
  zh: '删除分账接收方',
})

export const splitOrder = z.looseObject({
  transaction_id: z.string(),
  out_order_no: z.string(),
  order_id: z.string(),
  /** PROCESSING or FINISHED. */
  state: z.string(),
  receivers: z
    .array(
      z.looseObject({
        type: z.string(),
        account: z.string(),
        amount: z.int(),
        description: z.string().optional(),
        /** PENDING, SUCCESS or CLOSED. */
        result: z.string(),
        fail_reason: z.string().optional(),
        detail_id: z.string(),
        create_time: z.string(),
        finish_time: z.string().optional(),
      }),
    )
    .optional(),
})

export const splitCreate = endpoint({
  ...shared,
  name: 'pay.profit-sharing.create',
  method: 'POST',
  path: '/v3/profitsharing/orders',
  effect: 'write',
  request: z.looseObject({
    appid: z.string().optional(),
    transaction_id: z.string(),
    /** 64 at most; the key that makes a repeat harmless. */
    out_order_no: z.string(),
    /** 50 at most. */
    receivers: z.array(
      z.looseObject({ type: z.string(), account: z.string(), name: z.string().optional(), amount: z.int(), description: z.string() }),
    ),
    /** true releases the rest: no further split is possible. */
    unfreeze_unsplit: z.boolean(),
  }),
  response: splitOrder,
  repeat: { keyed: 'out_order_no' },
  doc: 'PO/products/profit-sharing/apilist.html',
  zh: '请求分账',
})

export const splitGet = endpoint({
  ...shared,
  name: 'pay.profit-sharing.query',
  method: 'GET',
  path: '/v3/profitsharing/orders/{out_order_no}',
  effect: 'read',
  request: z.looseObject({ out_order_no: z.string(), transaction_id: z.string() }),
  response: splitOrder,
  repeat: 'safe',
  doc: 'GO/services/profitsharing/models.go',
  zh: '查询分账结果',
})

export const splitReturn = z.looseObject({
  order_id: z.string(),
  out_order_no: z.string(),
  out_return_no: z.string(),
  return_id: z.string(),
  return_mchid: z.string(),
  amount: z.int(),
  description: z.string().optional(),
  /** PROCESSING, SUCCESS or FAILED. */
  result: z.string(),
  fail_reason: z.string().optional(),
  create_time: z.string(),
  finish_time: z.string().optional(),
})

export const splitReturnCreate = endpoint({
  ...shared,
  name: 'pay.profit-sharing.return-create',
  method: 'POST',
  path: '/v3/profitsharing/return-orders',
  effect: 'write',
  request: z.looseObject({
    order_id: z.string().optional(),
    out_order_no: z.string().optional(),
    out_return_no: z.string(),
    return_mchid: z.string(),
    amount: z.int(),
    description: z.string(),
  }),
  response: splitReturn,
  repeat: { keyed: 'out_return_no' },
  doc: 'GO/services/profitsharing/models.go',
  zh: '请求分账回退',
})

export const splitReturnGet = endpoint({
  ...shared,
  name: 'pay.profit-sharing.return-query',
  method: 'GET',
  path: '/v3/profitsharing/return-orders/{out_return_no}',
  effect: 'read',
  request: z.looseObject({ out_return_no: z.string(), out_order_no: z.string() }),
  response: splitReturn,
  repeat: 'safe',
  doc: 'GO/services/profitsharing/models.go',
  zh: '查询分账回退结果',
})

export const splitUnfreeze = endpoint({
  ...shared,
  name: 'pay.profit-sharing.unfreeze',
  method: 'POST',
  path: '/v3/profitsharing/orders/unfreeze',
  effect: 'write',
  request: z.looseObject({ transaction_id: z.string(), out_order_no: z.string(), description: z.string() }),
  response: splitOrder,
  repeat: { keyed: 'out_order_no' },
  doc: 'SK/CreateProfitSharingOrderUnfreeze',
  zh: '解冻剩余资金',
})

export const splitAmounts = endpoint({
  ...shared,
  name: 'pay.profit-sharing.amounts',
  method: 'GET',
  path: '/v3/profitsharing/transactions/{transaction_id}/amounts',
  effect: 'read',
  request: z.looseObject({ transaction_id: z.string() }),
  response: z.looseObject({ transaction_id: z.string(), unsplit_amount: z.int() }),
  repeat: 'safe',
  doc: 'SK/GetProfitSharingTransactionAmounts',
  zh: '查询剩余待分金额',
})
