import { createHash } from 'node:crypto'
import { z } from 'zod'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { canonicalJson } from '../../kernel/json.ts'
import {
  relationTypes,
  splitAmounts,
  splitCreate,
  splitGet,
  splitReceiverAdd,
  splitReceiverDelete,
  splitReturnCreate,
  splitReturnGet,
  splitUnfreeze,
} from '../../wechat/spec/pay/index.ts'
import { freshDigits, type Namespace } from '../core/namespace.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { readSensitive, type PlatformKeys } from './keys.ts'
import { notify } from './notices.ts'
import {
  actMerchant,
  book,
  merchantState,
  orderByTransaction,
  payCaller,
  refuse,
  type MerchantState,
  type PayOrder,
  type SplitOrder,
  type SplitReturn,
} from './state.ts'

/** Earlier than this after the payment the order is still being processed (developer reports: 30 s to 1 min). */
const afterPayMs = 30_000
const maxReceivers = 50
const maxRequests = 50
const finishMs = 10_000

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

const receiverKey = (type: string, account: string): string => `${type}:${account}`

function splittable(ns: Namespace, mchid: string, transactionId: string): { state: MerchantState; order: PayOrder } {
  const state = merchantState(ns, mchid)
  const order = orderByTransaction(ns, mchid, transactionId)
  if (!order) throw refuse('RESOURCE_NOT_EXISTS', '订单不存在', 404)
  if (!order.split.enabled) throw refuse('INVALID_REQUEST', '非分账订单不支持分账')
  if (order.paidAt === null || ns.now - order.paidAt < afterPayMs) throw refuse('INVALID_REQUEST', '订单处理中，暂时无法分账，请稍后再试')
  return { state, order }
}

/** What may still be shared: frozen money less what open requests will take. */
function unsplit(state: MerchantState, order: PayOrder): number {
  if (!order.split.open) return 0
  const pending = order.split.requests
    .flatMap((number) => state.splits[number].receivers)
    .reduce((sum, receiver) => sum + (receiver.result === 'PENDING' ? receiver.amountFen : 0), 0)
  return order.heldFen - pending
}

function write(split: SplitOrder) {
  return {
    transaction_id: split.transactionId,
    out_order_no: split.outOrderNo,
    order_id: split.orderId,
    state: split.state,
    receivers: split.receivers.map((receiver) => ({
      type: receiver.type,
      account: receiver.account,
      amount: receiver.amountFen,
      description: receiver.description,
      result: receiver.result,
      ...(receiver.failReason === null ? {} : { fail_reason: receiver.failReason }),
      detail_id: receiver.detailId,
      create_time: shanghaiRfc3339(receiver.createdAt),
      ...(receiver.finishedAt === null ? {} : { finish_time: shanghaiRfc3339(receiver.finishedAt) }),
    })),
  }
}

function writeReturn(entry: SplitReturn) {
  return {
    order_id: entry.orderId,
    out_order_no: entry.outOrderNo,
    out_return_no: entry.outReturnNo,
    return_id: entry.returnId,
    return_mchid: entry.returnMchid,
    amount: entry.amountFen,
    description: entry.description,
    result: entry.result,
    ...(entry.failReason === null ? {} : { fail_reason: entry.failReason }),
    create_time: shanghaiRfc3339(entry.createdAt),
    ...(entry.finishedAt === null ? {} : { finish_time: shanghaiRfc3339(entry.finishedAt) }),
  }
}

/** Frozen money that nobody gets goes to the merchant's unsettled funds. */
function release(state: MerchantState, order: PayOrder): void {
  order.split.open = false
  if (order.held !== 'frozen') return
  order.held = 'unsettled'
  state.unsettledFen += order.heldFen
}

function addSplit(
  ns: Namespace,
  mchid: string,
  state: MerchantState,
  order: PayOrder,
  split: Pick<SplitOrder, 'outOrderNo' | 'fingerprint' | 'unfreeze' | 'receivers'>,
): SplitOrder {
  const made: SplitOrder = {
    ...split,
    mchid,
    orderId: freshDigits(ns, 'pay.split', 28, '3008'),
    transactionId: order.transactionId ?? '',
    state: 'PROCESSING',
    createdAt: ns.now,
  }
  state.splits[split.outOrderNo] = made
  order.split.requests.push(split.outOrderNo)
  if (split.unfreeze) order.split.open = false
  schedule(ns, ns.now + finishMs, 'pay.splitFinishes', { mchid, out_order_no: split.outOrderNo })
  return made
}

export function splitRoutes(keys: () => PlatformKeys): Route[] {
  return [
    serve(splitReceiverAdd, ({ ns, account, input, headers }) => {
      const state = merchantState(ns, payCaller(account).id)
      if (!['MERCHANT_ID', 'PERSONAL_OPENID'].includes(input.type)) throw refuse('PARAM_ERROR', '接收方类型不合规')
      if (input.type === 'PERSONAL_OPENID' && !input.appid) throw refuse('PARAM_ERROR', '接收方为个人时 appid 必填')
      if (!(relationTypes as readonly string[]).includes(input.relation_type)) throw refuse('PARAM_ERROR', '与分账方的关系类型不合规')
      if (input.relation_type === 'CUSTOM' && !input.custom_relation) throw refuse('PARAM_ERROR', '自定义的分账关系必填')
      readSensitive(keys(), headers, input.name)
      state.receivers[receiverKey(input.type, input.account)] = { type: input.type, account: input.account, relation: input.relation_type }
      return {
        type: input.type,
        account: input.account,
        ...(input.name === undefined ? {} : { name: input.name }),
        relation_type: input.relation_type,
        ...(input.custom_relation === undefined ? {} : { custom_relation: input.custom_relation }),
      }
    }),
    serve(splitReceiverDelete, ({ ns, account, input }) => {
      delete merchantState(ns, payCaller(account).id).receivers[receiverKey(input.type, input.account)]
      return { type: input.type, account: input.account }
    }),
    serve(splitCreate, ({ ns, account, input, headers }) => {
      const { id: mchid } = payCaller(account)
      const { out_order_no: number, receivers } = input
      if (!/^[0-9A-Za-z_\-|*@]{1,64}$/.test(number)) throw refuse('PARAM_ERROR', '商户分账单号不合规')
      if (receivers.length === 0 || receivers.length > maxReceivers) throw refuse('PARAM_ERROR', '分账接收方最多 50 个')
      if (receivers.some((receiver) => receiver.amount < 1 || [...receiver.description].length > 80))
        throw refuse('PARAM_ERROR', '分账金额或分账描述不合规')
      if (receivers.some((receiver) => receiver.type === 'PERSONAL_OPENID') && !input.appid) throw refuse('PARAM_ERROR', '接收方为个人时 appid 必填')
      const known = merchantState(ns, mchid).splits[number]
      const fingerprint = digest({ ...input, receivers: receivers.map(({ name: _, ...rest }) => rest) })
      if (known) {
        if (known.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '商户分账单号重复，且参数与之前请求不一致')
        return write(known)
      }
      const { state, order } = splittable(ns, mchid, input.transaction_id)
      if (!order.split.open) throw refuse('INVALID_REQUEST', '订单已完成分账，不能再次分账')
      if (order.split.requests.length >= maxRequests) throw refuse('RULE_LIMIT', '单笔订单分账次数超限', 403)
      for (const receiver of receivers) readSensitive(keys(), headers, receiver.name)
      const total = receivers.reduce((sum, receiver) => sum + receiver.amount, 0)
      if (total > unsplit(state, order)) throw refuse('NOT_ENOUGH', '分账金额不足', 403)
      const shared = order.split.requests
        .flatMap((other) => state.splits[other].receivers)
        .reduce((sum, receiver) => sum + (receiver.result === 'CLOSED' ? 0 : receiver.amountFen), 0)
      if ((shared + total) * 10_000 > order.totalFen * state.splitMax) throw refuse('RULE_LIMIT', '分账金额超过最大分账比例', 403)
      return write(
        addSplit(ns, mchid, state, order, {
          outOrderNo: number,
          fingerprint,
          unfreeze: input.unfreeze_unsplit,
          receivers: receivers.map((receiver) => ({
            type: receiver.type,
            account: receiver.account,
            amountFen: receiver.amount,
            description: receiver.description,
            result: 'PENDING',
            failReason: null,
            detailId: freshDigits(ns, 'pay.split-detail', 28, '3601'),
            createdAt: ns.now,
            finishedAt: null,
            returnedFen: 0,
          })),
        }),
      )
    }),
    serve(splitGet, ({ ns, account, input }) => {
      const split = merchantState(ns, payCaller(account).id).splits[input.out_order_no]
      if (!split || split.transactionId !== input.transaction_id) throw refuse('RESOURCE_NOT_EXISTS', '分账单不存在', 404)
      return write(split)
    }),
    serve(splitUnfreeze, ({ ns, account, input }) => {
      const { id: mchid } = payCaller(account)
      const known = merchantState(ns, mchid).splits[input.out_order_no]
      const fingerprint = digest({ unfreeze: input.transaction_id })
      if (known) {
        if (known.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '商户分账单号重复，且参数与之前请求不一致')
        return write(known)
      }
      const { state, order } = splittable(ns, mchid, input.transaction_id)
      if (!order.split.open) throw refuse('INVALID_REQUEST', '订单已完成分账')
      return write(addSplit(ns, mchid, state, order, { outOrderNo: input.out_order_no, fingerprint, unfreeze: true, receivers: [] }))
    }),
    serve(splitAmounts, ({ ns, account, input }) => {
      const { id: mchid } = payCaller(account)
      const order = orderByTransaction(ns, mchid, input.transaction_id)
      if (!order) throw refuse('RESOURCE_NOT_EXISTS', '订单不存在', 404)
      return { transaction_id: input.transaction_id, unsplit_amount: unsplit(merchantState(ns, mchid), order) }
    }),
    serve(splitReturnCreate, ({ ns, account, input }) => {
      const { id: mchid } = payCaller(account)
      const state = merchantState(ns, mchid)
      const fingerprint = digest(input)
      const known = state.splitReturns[input.out_return_no]
      if (known) {
        if (known.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '商户回退单号重复，且参数与之前请求不一致')
        return writeReturn(known)
      }
      const split =
        input.out_order_no === undefined
          ? Object.values(state.splits).find((entry) => entry.orderId === input.order_id)
          : state.splits[input.out_order_no]
      if (!split) throw refuse('RESOURCE_NOT_EXISTS', '分账单不存在', 404)
      const receiver = split.receivers.find(
        (entry) => entry.type === 'MERCHANT_ID' && entry.account === input.return_mchid && entry.result === 'SUCCESS',
      )
      if (!receiver) throw refuse('INVALID_REQUEST', '回退方不是该分账单的商户接收方')
      if (input.amount < 1 || input.amount > receiver.amountFen - receiver.returnedFen) throw refuse('INVALID_REQUEST', '回退金额超过可回退金额')
      receiver.returnedFen += input.amount
      const made: SplitReturn = {
        mchid,
        outReturnNo: input.out_return_no,
        returnId: freshDigits(ns, 'pay.split-return', 28, '3009'),
        outOrderNo: split.outOrderNo,
        orderId: split.orderId,
        returnMchid: input.return_mchid,
        amountFen: input.amount,
        description: input.description,
        fingerprint,
        result: 'PROCESSING',
        failReason: null,
        createdAt: ns.now,
        finishedAt: null,
      }
      state.splitReturns[made.outReturnNo] = made
      schedule(ns, ns.now + finishMs, 'pay.splitReturnFinishes', { mchid, out_return_no: made.outReturnNo, result: 'SUCCESS' })
      return writeReturn(made)
    }),
    serve(splitReturnGet, ({ ns, account, input }) => {
      const entry = merchantState(ns, payCaller(account).id).splitReturns[input.out_return_no]
      if (!entry || entry.outOrderNo !== input.out_order_no) throw refuse('RESOURCE_NOT_EXISTS', '回退单不存在', 404)
      return writeReturn(entry)
    }),
  ]
}

export const splitActs: Act[] = [
  act({
    name: 'pay.splitFinishes',
    en: 'A sharing request ends: receivers that were added get their part, others are CLOSED with NO_RELATION.',
    args: z.object({ mchid: z.string(), out_order_no: z.string() }),
    run: (ns, args) => {
      const state = merchantState(ns, args.mchid)
      const split = state.splits[args.out_order_no]
      const order = split && orderByTransaction(ns, args.mchid, split.transactionId)
      if (!split || !order || split.state === 'FINISHED') return
      split.state = 'FINISHED'
      for (const receiver of split.receivers) {
        receiver.finishedAt = ns.now
        if (!state.receivers[receiverKey(receiver.type, receiver.account)]) {
          receiver.result = 'CLOSED'
          receiver.failReason = 'NO_RELATION'
          continue
        }
        receiver.result = 'SUCCESS'
        order.heldFen -= receiver.amountFen
        order.split.sharedFen += receiver.amountFen
        book(ns, args.mchid, {
          business: '分账',
          kind: '支出',
          amountFen: receiver.amountFen,
          businessNo: receiver.detailId,
          voucherNo: split.outOrderNo,
          outTradeNo: order.outTradeNo,
        })
        if (receiver.type === 'MERCHANT_ID') {
          // The newest page and real traffic use TRANSACTION.SUCCESS for sharing: told apart by address and content.
          notify(ns, args.mchid, state.splitNotifyUrl, {
            eventType: 'TRANSACTION.SUCCESS',
            originalType: 'profitsharing',
            summary: '分账',
            content: {
              mchid: args.mchid,
              transaction_id: split.transactionId,
              order_id: split.orderId,
              out_order_no: split.outOrderNo,
              receiver: { type: receiver.type, account: receiver.account, amount: receiver.amountFen, description: receiver.description },
              success_time: shanghaiRfc3339(ns.now),
            },
          })
        }
      }
      if (split.unfreeze) release(state, order)
    },
  }),
  act({
    name: 'pay.splitReturnFinishes',
    en: 'A return of shared money ends; FAILED leaves it with the receiver.',
    args: z.object({
      mchid: z.string(),
      out_return_no: z.string(),
      result: z.enum(['SUCCESS', 'FAILED']).default('SUCCESS'),
      reason: z.enum(['ACCOUNT_ABNORMAL', 'BALANCE_NOT_ENOUGH', 'TIME_OUT_CLOSED']).default('BALANCE_NOT_ENOUGH'),
    }),
    run: (ns, args) => {
      const state = merchantState(ns, args.mchid)
      const entry = state.splitReturns[args.out_return_no]
      const split = entry && state.splits[entry.outOrderNo]
      const order = split && orderByTransaction(ns, args.mchid, split.transactionId)
      if (!entry || !split || !order || entry.result !== 'PROCESSING') return
      entry.result = args.result
      entry.finishedAt = ns.now
      if (args.result === 'FAILED') {
        entry.failReason = args.reason
        const receiver = split.receivers.find((candidate) => candidate.account === entry.returnMchid)
        if (receiver) receiver.returnedFen -= entry.amountFen
        return
      }
      order.split.returnedFen += entry.amountFen
      if (order.held === 'frozen') order.heldFen += entry.amountFen
      else {
        state.unsettledFen += entry.amountFen
        if (order.held === 'unsettled') order.heldFen += entry.amountFen
      }
      book(ns, args.mchid, {
        business: '分账回退',
        kind: '收入',
        amountFen: entry.amountFen,
        businessNo: entry.returnId,
        voucherNo: entry.outReturnNo,
        outTradeNo: order.outTradeNo,
      })
    },
  }),
  act({
    name: 'pay.releaseFrozen',
    en: 'Money frozen for sharing is released to the merchant 180 days after payment.',
    args: z.object({ mchid: z.string().optional(), transaction_id: z.string() }),
    run: (ns, args) => {
      const { id: mchid } = actMerchant(ns, args.mchid)
      const order = orderByTransaction(ns, mchid, args.transaction_id)
      if (order?.held === 'frozen') release(merchantState(ns, mchid), order)
    },
  }),
]
