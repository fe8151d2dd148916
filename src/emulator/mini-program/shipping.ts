import { z } from 'zod'
import {
  shippingGet,
  shippingJumpPath,
  shippingList,
  shippingRemindReceive,
  shippingUpload,
  tradeManaged,
  tradeManagementConfirmed,
} from '../../wechat/spec/mini-program/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { accountOf, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { pushMiniEvent } from './push-event.ts'
import { miniAccount, miniCaller, miniState, readMini, type MiniState, type ShippingState } from './state.ts'

/**
 * Shipping management (发货信息管理): the money of a payment stays frozen until shipping is reported and receipt confirmed.
 * How long auto-receipt and settlement take is not in the sheet (UNCONFIRMED); these are the emulator's own.
 */
const ok = { errcode: 0, errmsg: 'ok' }
const dayMs = 86_400_000
const remindMs = 48 * 3_600_000
const autoReceiveMs = { express: 10 * dayMs, other: 2 * dayMs }
const settleMs = 2 * dayMs

const seconds = (at: number): number => Math.floor(at / 1000)

type OrderKey = { transaction_id?: string; mchid?: string; merchant_id?: string; out_trade_no?: string; merchant_trade_no?: string }

function find(state: MiniState, key: OrderKey): ShippingState {
  const number = key.out_trade_no ?? key.merchant_trade_no
  const mchid = key.mchid ?? key.merchant_id
  const found =
    key.transaction_id !== undefined
      ? state.shipping[key.transaction_id]
      : mchid !== undefined
        ? state.shipping[state.shippingNumbers[`${mchid}/${number}`] ?? '']
        : Object.values(state.shipping).find((order) => order.outTradeNo === number)
  if (!found) throw new PlatformError(10060001, 'order not exist')
  return found
}

function write(order: ShippingState) {
  return {
    transaction_id: order.transactionId,
    merchant_trade_no: order.outTradeNo,
    merchant_id: order.mchid,
    sub_merchant_id: '',
    description: order.description,
    paid_amount: order.paidFen,
    openid: order.openid,
    trade_create_time: seconds(order.createdAt),
    pay_time: seconds(order.paidAt),
    in_complaint: false,
    order_state: order.state,
    shipping:
      order.parcels.length === 0
        ? {}
        : {
            delivery_mode: order.deliveryMode,
            logistics_type: order.logisticsType,
            finish_shipping: order.finished,
            finish_shipping_count: order.finishCount,
            goods_desc: order.parcels
              .map((parcel) => parcel.goods)
              .filter((goods) => goods !== '')
              .join(';'),
            shipping_list: order.parcels.map((parcel) => ({
              ...(parcel.trackingNo === '' ? {} : { tracking_no: parcel.trackingNo, express_company: parcel.company }),
              ...(parcel.goods === '' ? {} : { goods_desc: parcel.goods }),
              upload_time: seconds(parcel.uploadedAt),
            })),
          },
  }
}

function settlementEvent(ns: Namespace, account: WeixinAccount, order: ShippingState): void {
  pushMiniEvent(ns, account, order.openid, 'trade_manage_order_settlement', {
    transaction_id: order.transactionId,
    merchant_id: order.mchid,
    merchant_trade_no: order.outTradeNo,
    pay_time: seconds(order.paidAt),
    shipped_time: order.shippedAt === null ? undefined : seconds(order.shippedAt),
    estimated_settlement_time: order.shippedAt === null ? undefined : seconds((order.receivedAt ?? order.shippedAt + autoReceive(order)) + settleMs),
    confirm_receive_method: order.receiveMethod === 0 ? undefined : order.receiveMethod,
    confirm_receive_time: order.receivedAt === null ? undefined : seconds(order.receivedAt),
    settlement_time: order.settledAt === null ? undefined : seconds(order.settledAt),
  })
}

function autoReceive(order: ShippingState): number {
  return order.logisticsType === 1 ? autoReceiveMs.express : autoReceiveMs.other
}

function receive(ns: Namespace, account: WeixinAccount, order: ShippingState, method: 1 | 2): void {
  order.state = 3
  order.receiveMethod = method
  order.receivedAt = ns.now
  schedule(ns, ns.now + settleMs, 'miniProgram.settle', { account: account.id, transaction_id: order.transactionId })
}

export const shippingRoutes: Route[] = [
  serve(shippingUpload, ({ ns, account, input, faults }) => {
    const caller = miniCaller(account)
    const state = miniState(ns, caller.id)
    const { order_key: key } = input
    if (key.order_number_type === 1 ? !key.mchid || !key.out_trade_no : key.order_number_type !== 2 || !key.transaction_id)
      throw new PlatformError(47001, 'data format error: order_key')
    const order = find(state, key.order_number_type === 2 ? { transaction_id: key.transaction_id } : key)
    if (order.openid !== input.payer.openid) throw new PlatformError(10060031, 'the order does not belong to this openid')
    if (order.state >= 3) throw new PlatformError(10060004, 'the order cannot be shipped in its state')
    if (input.logistics_type < 1 || input.logistics_type > 4) throw new PlatformError(10060005, 'invalid logistics_type')
    const split = input.delivery_mode === 2
    if (![1, 2].includes(input.delivery_mode)) throw new PlatformError(47001, 'data format error: delivery_mode')
    if (split && input.logistics_type !== 1) throw new PlatformError(10060006, 'split delivery is for express only')
    if (split && input.is_all_delivered === undefined) throw new PlatformError(10060007, 'is_all_delivered is required')
    const list = input.shipping_list
    if (list.length === 0 || (!split && list.length > 1)) throw new PlatformError(47001, 'data format error: shipping_list')
    if (list.length > 15) throw new PlatformError(10060024, 'shipping_list too long')
    for (const parcel of list) {
      if (!parcel.item_desc) throw new PlatformError(10060008, 'item_desc is required')
      if ([...parcel.item_desc].length > 120) throw new PlatformError(10060009, 'item_desc too long')
      if (input.logistics_type === 1 && (!parcel.tracking_no || !parcel.express_company))
        throw new PlatformError(47001, 'data format error: tracking_no and express_company are required')
    }
    const uploadTime = Date.parse(input.upload_time)
    if (Number.isNaN(uploadTime)) throw new PlatformError(47001, 'data format error: upload_time')
    if (uploadTime <= order.uploadTime) throw new PlatformError(268485216, 'invalid upload_time')
    const again =
      order.finished || (order.parcels.length > 0 && (order.deliveryMode !== input.delivery_mode || order.logisticsType !== input.logistics_type))
    if (again && order.finishCount >= 2) throw new PlatformError(10060003, 'the order has used its re-report')
    const parcels = list.map((parcel) => ({
      trackingNo: parcel.tracking_no ?? '',
      company: parcel.express_company ?? '',
      goods: parcel.item_desc ?? '',
      uploadedAt: ns.now,
    }))
    if (faults.includes('unchanged')) return ok
    const kept = split && !again ? order.parcels.filter((old) => !parcels.some((parcel) => parcel.trackingNo === old.trackingNo)) : []
    if (kept.length + parcels.length > 15) throw new PlatformError(10060024, 'shipping_list too long')
    const before = JSON.stringify(order.parcels.map(({ trackingNo, company, goods }) => [trackingNo, company, goods]))
    const after = [...kept, ...parcels]
    if (again && before === JSON.stringify(after.map(({ trackingNo, company, goods }) => [trackingNo, company, goods])))
      throw new PlatformError(10060023, 'the shipping information did not change')
    // Changing mode or type before everything is delivered uses up the re-report as well.
    if (again && !order.finished) order.finishCount = Math.max(order.finishCount, 1)
    order.parcels = after
    order.uploadTime = uploadTime
    order.deliveryMode = input.delivery_mode
    order.logisticsType = input.logistics_type
    order.finished = split ? input.is_all_delivered === true : true
    state.everShipped = true
    if (order.finished) {
      order.finishCount++
      order.state = 2
      order.shippedAt = ns.now
      settlementEvent(ns, caller, order)
      schedule(ns, ns.now + autoReceive(order), 'miniProgram.autoReceive', {
        account: caller.id,
        transaction_id: order.transactionId,
        shippedAt: order.shippedAt,
      })
    }
    return ok
  }),
  serve(shippingGet, ({ ns, account, input }) => ({ ...ok, order: write(find(readMini(ns, miniCaller(account).id), input)) })),
  serve(shippingList, ({ ns, account, input, faults }) => {
    const state = readMini(ns, miniCaller(account).id)
    const size = Math.min(Math.max(input.page_size ?? 100, 1), 100)
    const begin = (input.pay_time_range?.begin_time ?? 0) * 1000
    const end = (input.pay_time_range?.end_time ?? 0xffffffff) * 1000
    const all = Object.values(state.shipping)
      .filter(
        (order) =>
          order.paidAt >= begin &&
          order.paidAt <= end &&
          (input.order_state === undefined || order.state === input.order_state) &&
          (input.openid === undefined || order.openid === input.openid),
      )
      .sort((a, b) => a.paidAt - b.paidAt || (a.transactionId < b.transactionId ? -1 : 1))
    const start = input.last_index ? all.findIndex((order) => order.transactionId === input.last_index) + 1 : 0
    const page = all.slice(start, start + (faults.includes('partial') ? Math.ceil(size / 2) : size))
    return { ...ok, last_index: page.at(-1)?.transactionId ?? '', has_more: start + page.length < all.length, order_list: page.map(write) }
  }),
  serve(shippingRemindReceive, ({ ns, account, input }) => {
    const order = find(miniState(ns, miniCaller(account).id), input)
    if (order.state !== 2) throw new PlatformError(10060004, 'the order is not shipped, or received already')
    if (order.reminded) throw new PlatformError(10060004, 'the payer was reminded already')
    order.reminded = true
    return ok
  }),
  serve(shippingJumpPath, ({ ns, account, input }) => {
    miniState(ns, miniCaller(account).id).jumpPath = input.path
    return ok
  }),
  serve(tradeManaged, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    if (input.appid !== caller.id) throw new PlatformError(40013, 'invalid appid')
    return { ...ok, is_trade_managed: readMini(ns, caller.id).tradeManaged }
  }),
  serve(tradeManagementConfirmed, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    if (input.appid !== caller.id) throw new PlatformError(40013, 'invalid appid')
    return { ...ok, completed: readMini(ns, caller.id).tradeManaged }
  }),
]

export type PaidOrder = {
  appid: string
  transactionId: string
  mchid: string
  outTradeNo: string
  description: string
  paidFen: number
  openid: string
  createdAt: number
}

/** WeChat Pay tells that an order with this appid was paid. True when its money is frozen until shipping is reported. */
export function recordPaidOrder(ns: Namespace, paid: PaidOrder): boolean {
  const account = accountOf(ns, 'mini-program', paid.appid)
  if (!account) return false
  const state = miniState(ns, paid.appid)
  if (!state.tradeManaged) return false
  const { appid: _, ...rest } = paid
  state.shipping[paid.transactionId] = {
    ...rest,
    paidAt: ns.now,
    state: 1,
    logisticsType: 0,
    deliveryMode: 0,
    finished: false,
    finishCount: 0,
    parcels: [],
    uploadTime: 0,
    shippedAt: null,
    receiveMethod: 0,
    receivedAt: null,
    settledAt: null,
    reminded: false,
  }
  state.shippingNumbers[`${paid.mchid}/${paid.outTradeNo}`] = paid.transactionId
  schedule(ns, ns.now + remindMs, 'miniProgram.remindShipping', { account: paid.appid, transaction_id: paid.transactionId })
  return true
}

/** WeChat Pay tells that everything of the order was refunded. */
export function recordFullRefund(ns: Namespace, appid: string, transactionId: string): void {
  const order = (ns.slices['mini-program'] as Record<string, MiniState> | undefined)?.[appid]?.shipping[transactionId]
  if (order) order.state = 5
}

/** Is the order's money frozen because shipping was not reported or receipt not confirmed? */
export function isSettlementBlocked(ns: Namespace, appid: string, transactionId: string): boolean {
  const order = (ns.slices['mini-program'] as Record<string, MiniState> | undefined)?.[appid]?.shipping[transactionId]
  return order !== undefined && order.state < 4
}

const which = z.object({ account: z.string().optional(), transaction_id: z.string() })

export const shippingActs: Act[] = [
  act({
    name: 'miniProgram.remindShipping',
    en: 'The platform reminds of a payment not shipped for 48 hours; an app that never shipped is told to use the API.',
    args: which,
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const state = miniState(ns, account.id)
      const order = state.shipping[args.transaction_id]
      if (!order || order.state !== 1) return
      if (!state.everShipped) {
        pushMiniEvent(ns, account, order.openid, 'trade_manage_remind_access_api', { msg: '小程序已产生交易但从未发货，请尽快接入发货信息管理服务' })
        return
      }
      pushMiniEvent(ns, account, order.openid, 'trade_manage_remind_shipping', {
        transaction_id: order.transactionId,
        merchant_id: order.mchid,
        sub_merchant_id: '',
        merchant_trade_no: order.outTradeNo,
        pay_time: seconds(order.paidAt),
        msg: '订单超过48小时未发货，请尽快录入发货信息',
      })
    },
  }),
  act({
    name: 'miniProgram.confirmReceipt',
    en: 'The payer confirms receipt; settlement follows.',
    args: which,
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const order = find(miniState(ns, account.id), args)
      if (order.state !== 2) throw new PlatformError(10060004, `the order is in state ${order.state}, only a shipped one (2) can be received`)
      receive(ns, account, order, 2)
      return { order_state: order.state }
    },
  }),
  act({
    name: 'miniProgram.autoReceive',
    en: 'The platform confirms receipt by itself after its waiting time.',
    args: which.extend({ shippedAt: z.number().optional() }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const order = find(miniState(ns, account.id), args)
      // A later re-report of shipping starts the waiting time again.
      if (order.state !== 2 || (args.shippedAt !== undefined && args.shippedAt !== order.shippedAt)) return
      receive(ns, account, order, 1)
    },
  }),
  act({
    name: 'miniProgram.settle',
    en: 'The platform settles a received order: its money is free.',
    args: which,
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const order = find(miniState(ns, account.id), args)
      if (order.state !== 3) return
      order.state = 4
      order.settledAt = ns.now
      settlementEvent(ns, account, order)
    },
  }),
]
