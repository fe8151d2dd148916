import { createHash } from 'node:crypto'
import { z } from 'zod'
import { dayMs, saleDate, shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { roundHalfUp } from '../../kernel/money.ts'
import { refundApplyAbnormal, refundCreate, refundGet } from '../../wechat/spec/pay/index.ts'
import { freshDigits, randomOf, type Namespace } from '../core/namespace.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { recordFullRefund } from '../mini-program/index.ts'
import { notifyRefund } from './notices.ts'
import {
  actMerchant,
  book,
  merchantState,
  orderByNumber,
  orderByTransaction,
  payCaller,
  refuse,
  type MerchantState,
  type PayOrder,
  type PayRefund,
} from './state.ts'

const refundableMs = 365 * dayMs
const maxParts = 50
const spacingMs = 60_000

function writeRefund(order: PayOrder, refund: PayRefund) {
  return {
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    transaction_id: refund.transactionId,
    out_trade_no: refund.outTradeNo,
    channel: refund.channel,
    user_received_account: refund.receivedAccount,
    ...(refund.successAt === null ? {} : { success_time: shanghaiRfc3339(refund.successAt) }),
    create_time: shanghaiRfc3339(refund.createdAt),
    status: refund.status,
    funds_account: refund.fundsAccount,
    amount: {
      total: order.totalFen,
      refund: refund.refundFen,
      from: [],
      payer_total: order.payerFen,
      payer_refund: refund.payerFen,
      settlement_refund: refund.refundFen,
      settlement_total: order.totalFen,
      discount_refund: refund.refundFen - refund.payerFen,
      currency: 'CNY',
      refund_fee: refund.feeBackFen,
    },
    promotion_detail: [],
  }
}

/** The share of `whole` that belongs to the first `part` of `total`; differences of it add up exactly over partial refunds. */
function share(whole: number, part: number, total: number): number {
  return roundHalfUp((whole * part) / total)
}

/** Takes the money of a refund from where it lies; NOT_ENOUGH when it is not there. */
function takeFunds(state: MerchantState, order: PayOrder, costFen: number, fundsAccount: PayRefund['fundsAccount']): void {
  const short = refuse('NOT_ENOUGH', '基本账户余额不足，请充值后重新发起', 403)
  if (order.held === 'frozen') {
    if (order.heldFen < costFen) throw short
    order.heldFen -= costFen
  } else if (fundsAccount === 'AVAILABLE') {
    if (state.availableFen < costFen) throw short
    state.availableFen -= costFen
  } else {
    if (state.unsettledFen < costFen) throw short
    state.unsettledFen -= costFen
    if (order.held === 'unsettled') order.heldFen = Math.max(0, order.heldFen - costFen)
  }
}

function giveBackFunds(state: MerchantState, order: PayOrder, costFen: number, fundsAccount: PayRefund['fundsAccount']): void {
  if (order.held === 'frozen') order.heldFen += costFen
  else if (fundsAccount === 'AVAILABLE') state.availableFen += costFen
  else {
    state.unsettledFen += costFen
    if (order.held === 'unsettled') order.heldFen += costFen
  }
}

function bookRefund(ns: Namespace, refund: PayRefund, back: boolean): void {
  const numbers = { businessNo: refund.refundId, voucherNo: refund.outRefundNo, outTradeNo: refund.outTradeNo, outRefundNo: refund.outRefundNo }
  book(ns, refund.mchid, { business: '退款', kind: back ? '收入' : '支出', amountFen: refund.refundFen, ...numbers })
  book(ns, refund.mchid, { business: '退还交易手续费', kind: back ? '支出' : '收入', amountFen: refund.feeBackFen, ...numbers })
}

function settleLater(ns: Namespace, state: MerchantState, refund: PayRefund): void {
  if (state.refunds === 'manual') return
  const delay = 2_000 + Math.floor(randomOf(ns).u('refund', refund.refundId, refund.channel) * 58_000)
  schedule(ns, ns.now + delay, 'pay.refundSettles', { mchid: refund.mchid, out_refund_no: refund.outRefundNo, result: 'SUCCESS' })
}

export const refundRoutes: Route[] = [
  serve(refundCreate, ({ ns, account, input }) => {
    const { id: mchid } = payCaller(account)
    const state = merchantState(ns, mchid)
    if (!/^[0-9A-Za-z_\-|*@]{1,64}$/.test(input.out_refund_no))
      throw refuse('PARAM_ERROR', '输入源“/body/out_refund_no”映射到字段“商户退款单号”字符串规则校验失败')
    if (input.reason !== undefined && Buffer.byteLength(input.reason) > 80)
      throw refuse('PARAM_ERROR', '输入源“/body/reason”映射到字段“退款原因”字符串规则校验失败，超过 80 字节')
    if (input.notify_url !== undefined && (input.notify_url.length > 256 || !/^https?:\/\/[^?\s]+$/.test(input.notify_url)))
      throw refuse('PARAM_ERROR', '输入源“/body/notify_url”不合规')
    if (input.transaction_id === undefined && input.out_trade_no === undefined) throw refuse('PARAM_ERROR', '微信支付订单号与商户订单号不能同时为空')
    if (input.amount.currency !== undefined && input.amount.currency !== 'CNY') throw refuse('PARAM_ERROR', '输入源“/body/amount/currency”只支持 CNY')
    if (input.amount.refund < 1) throw refuse('PARAM_ERROR', '输入源“/body/amount/refund”映射到数值字段“退款金额”规则校验失败，值低于最小值 1')
    const order =
      input.transaction_id === undefined ? orderByNumber(ns, mchid, input.out_trade_no ?? '') : orderByTransaction(ns, mchid, input.transaction_id)
    if (!order) throw refuse('RESOURCE_NOT_EXISTS', '订单不存在', 404)
    if (order.sub !== undefined && (input as { sub_mchid?: unknown }).sub_mchid !== order.sub.mchid) throw refuse('PARAM_ERROR', '参数 sub_mchid 与原订单不一致')
    if (order.state !== 'SUCCESS' || order.transactionId === null || order.paidAt === null) throw refuse('INVALID_REQUEST', '订单未支付，不能退款')
    const fingerprint = createHash('sha256')
      .update(canonicalJson({ order: order.outTradeNo, refund: input.amount.refund, total: input.amount.total }))
      .digest('hex')
    const known = state.refundsByNo[input.out_refund_no]
    if (known) {
      if (known.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试')
      return writeRefund(order, known)
    }
    if (input.amount.total !== order.totalFen) throw refuse('INVALID_REQUEST', '订单金额与原订单不一致')
    if (ns.now - order.paidAt > refundableMs) throw refuse('INVALID_REQUEST', '订单已超过可退款的最大期限')
    const left = order.totalFen - order.refundedFen
    if (input.amount.refund > left) throw refuse('INVALID_REQUEST', `申请退款金额大于可退金额，可退 ${left} 分`)
    if (order.refunds.length >= maxParts) throw refuse('INVALID_REQUEST', '单笔订单退款次数超过 50 次')
    if (order.lastRefundAt > 0 && ns.now - order.lastRefundAt < spacingMs) throw refuse('FREQUENCY_LIMITED', '同一笔订单多次退款需间隔 1 分钟', 429)
    // Money that was shared out must come back first.
    if (input.amount.refund > left - (order.split.sharedFen - order.split.returnedFen))
      throw refuse('NOT_ENOUGH', '分账资金未回退，可退余额不足', 403)
    const after = order.refundedFen + input.amount.refund
    const feeBackFen = share(order.feeFen, after, order.totalFen) - share(order.feeFen, order.refundedFen, order.totalFen)
    const refund: PayRefund = {
      mchid,
      refundId: freshDigits(ns, 'pay.refund', 29, '5030'),
      outRefundNo: input.out_refund_no,
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId,
      fingerprint,
      refundFen: input.amount.refund,
      payerFen: share(order.payerFen, after, order.totalFen) - share(order.payerFen, order.refundedFen, order.totalFen),
      feeBackFen,
      status: 'PROCESSING',
      channel: 'ORIGINAL',
      receivedAccount: order.bankType === 'OTHERS' ? '支付用户零钱' : '招商银行储蓄卡0403',
      fundsAccount: input.funds_account === 'AVAILABLE' ? 'AVAILABLE' : 'UNSETTLED',
      notifyUrl: input.notify_url ?? null,
      reason: input.reason ?? null,
      createdAt: ns.now,
      successAt: null,
    }
    takeFunds(state, order, refund.refundFen - feeBackFen, refund.fundsAccount)
    bookRefund(ns, refund, false)
    state.refundsByNo[refund.outRefundNo] = refund
    order.refunds.push(refund.outRefundNo)
    order.refundedFen = after
    order.lastRefundAt = ns.now
    settleLater(ns, state, refund)
    return writeRefund(order, refund)
  }),
  serve(refundGet, ({ ns, account, input }) => {
    const { id: mchid } = payCaller(account)
    const refund = merchantState(ns, mchid).refundsByNo[input.out_refund_no]
    const order = refund && orderByNumber(ns, mchid, refund.outTradeNo)
    if (!refund || !order) throw refuse('RESOURCE_NOT_EXISTS', '退款单不存在', 404)
    return writeRefund(order, refund)
  }),
  serve(refundApplyAbnormal, ({ ns, account, input }) => {
    const { id: mchid } = payCaller(account)
    const state = merchantState(ns, mchid)
    const refund = state.refundsByNo[input.out_refund_no]
    const order = refund && orderByNumber(ns, mchid, refund.outTradeNo)
    if (!refund || !order || refund.refundId !== input.refund_id) throw refuse('RESOURCE_NOT_EXISTS', '退款单不存在', 404)
    if (!['USER_BANK_CARD', 'MERCHANT_BANK_CARD'].includes(input.type)) throw refuse('PARAM_ERROR', '输入源“/body/type”不合规')
    if (refund.status !== 'ABNORMAL') throw refuse('INVALID_REQUEST', '退款单不是异常状态，不能发起异常退款')
    refund.status = 'PROCESSING'
    refund.channel = input.type === 'USER_BANK_CARD' ? 'OTHER_BANKCARD' : 'OTHER_BALANCE'
    settleLater(ns, state, refund)
    return writeRefund(order, refund)
  }),
]

export const refundActs: Act[] = [
  act({
    name: 'pay.refundSettles',
    en: "A refund ends: SUCCESS, ABNORMAL (the user's account cannot take it) or CLOSED (the money goes back to the merchant).",
    args: z.object({ mchid: z.string().optional(), out_refund_no: z.string(), result: z.enum(['SUCCESS', 'ABNORMAL', 'CLOSED']).default('SUCCESS') }),
    run: (ns, args) => {
      const { id: mchid } = actMerchant(ns, args.mchid)
      const state = merchantState(ns, mchid)
      const refund = state.refundsByNo[args.out_refund_no]
      const order = refund && orderByNumber(ns, mchid, refund.outTradeNo)
      if (!refund || !order) throw refuse('RESOURCE_NOT_EXISTS', `there is no refund ${args.out_refund_no}`, 404)
      if (refund.status !== 'PROCESSING') return { status: refund.status }
      refund.status = args.result
      if (args.result === 'SUCCESS') {
        refund.successAt = ns.now
        const day = (state.refundedOn[saleDate(ns.now)] ??= [])
        day.push(refund.outRefundNo)
        const done = order.refunds.reduce(
          (sum, number) => sum + (state.refundsByNo[number].status === 'SUCCESS' ? state.refundsByNo[number].refundFen : 0),
          0,
        )
        if (done === order.totalFen) recordFullRefund(ns, order.appid, refund.transactionId)
      }
      if (args.result === 'CLOSED') {
        order.refundedFen -= refund.refundFen
        giveBackFunds(state, order, refund.refundFen - refund.feeBackFen, refund.fundsAccount)
        bookRefund(ns, refund, true)
      }
      notifyRefund(ns, order, refund)
      return { status: refund.status }
    },
  }),
]
