import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopId, shopRow, unixSeconds } from './shapes.ts'

/** Kinds of funds flow (资金类型), shop sheet 12; the first ones. */
export const fundsType = { orderIncome: 1, fee: 2, refund: 3, withdraw: 4, withdrawReturned: 5, sharerSplit: 6, leagueSplit: 7 } as const

export const fundsBalance = endpoint({
  ...shopRow,
  name: 'shop.funds.balance',
  path: '/channels/ec/funds/getbalance',
  effect: 'read',
  request: z.looseObject({}),
  /** Shop money is not in the merchant's own WeChat Pay account: `sub_mchid` is a second-level merchant of the platform. */
  response: outcome.extend({ balance_info: z.looseObject({ available_amount: fen.optional(), pending_amount: fen.optional(), sub_mchid: z.string().optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECFunds',
  verified: 'reading',
  zh: '获取账户余额',
})

export const fundsFlowList = endpoint({
  ...shopRow,
  name: 'shop.funds.flow-list',
  path: '/channels/ec/funds/getfundsflowlist',
  effect: 'read',
  request: z.looseObject({ page: z.int().optional(), page_size: z.int(), start_time: unixSeconds.optional(), end_time: unixSeconds.optional(), next_key: z.string().optional() }),
  response: outcome.extend({ flow_ids: z.array(shopId).optional(), has_more: z.boolean().optional(), next_key: z.string().optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECFunds',
  verified: 'reading',
  zh: '获取资金流水列表',
})

export const fundsFlowDetail = endpoint({
  ...shopRow,
  name: 'shop.funds.flow-detail',
  path: '/channels/ec/funds/getfundsflowdetail',
  effect: 'read',
  request: z.looseObject({ flow_id: shopId }),
  response: outcome.extend({
    funds_flow: z
      .looseObject({
        flow_id: shopId,
        funds_type: z.int(),
        /** 1 in, 2 out. */
        flow_type: z.int(),
        amount: fen,
        balance: fen,
        related_info_list: z.array(z.looseObject({ related_type: z.int().optional(), order_id: shopId.optional(), aftersale_id: shopId.optional(), transaction_id: z.string().optional() })).optional(),
        bookkeeping_time: unixSeconds,
        remark: z.string().optional(),
      })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'SK-M/ECFunds',
  verified: 'reading',
  zh: '获取资金流水详情',
})

/** CREATE_SUCCESS waits for an administrator's scan of the QR ticket; then SUCCESS, FAIL, or CLOSE. */
const withdraw = z.looseObject({ withdraw_id: shopId, amount: fen.optional(), status: z.string().optional(), create_time: unixSeconds.optional(), update_time: unixSeconds.optional(), reason: z.string().optional(), remark: z.string().optional() })

export const withdrawSubmit = endpoint({
  ...shopRow,
  name: 'shop.funds.withdraw',
  path: '/channels/ec/funds/submitwithdraw',
  effect: 'write',
  request: z.looseObject({ amount: fen, remark: z.string().optional(), bank_memo: z.string().optional() }),
  response: outcome.extend({ qrcode_ticket: z.string().optional(), withdraw_id: shopId.optional() }),
  repeat: { probe: 'shop.funds.withdraw-list' },
  doc: 'SK-X; WJ-B/message/fund',
  verified: 'reading',
  zh: '提交提现申请',
})
export const withdrawList = endpoint({ ...shopRow, name: 'shop.funds.withdraw-list', path: '/channels/ec/funds/getwithdrawlist', effect: 'read', request: z.looseObject({ page_num: z.int(), page_size: z.int(), start_time: unixSeconds.optional(), end_time: unixSeconds.optional() }), response: outcome.extend({ withdraw_ids: z.array(shopId).optional(), total_num: z.int().optional() }), repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '获取提现记录列表' })
export const withdrawDetail = endpoint({ ...shopRow, name: 'shop.funds.withdraw-detail', path: '/channels/ec/funds/getwithdrawdetail', effect: 'read', request: z.looseObject({ withdraw_id: shopId }), response: outcome.extend(withdraw.partial().shape), repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '获取提现记录' })

export const fundsRows = [fundsBalance, fundsFlowList, fundsFlowDetail, withdrawSubmit, withdrawList, withdrawDetail]
