import { createHash } from 'node:crypto'
import { z } from 'zod'
import { dayMs, saleDate, shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { fenToYuan, roundHalfUp } from '../../kernel/money.ts'
import {
  appPrepay,
  h5Page,
  h5Prepay,
  jsapiPrepay,
  nativePrepay,
  partnerH5Prepay,
  partnerJsapiPrepay,
  partnerNativePrepay,
  partnerPrepayRequest,
  partnerTransaction,
  transaction,
  partnerTransactionByNumber,
  partnerTransactionClose,
  prepayRequest,
  transactionById,
  transactionByNumber,
  transactionClose,
} from '../../wechat/spec/pay/index.ts'
import { payVerify } from '../../wechat/codec/index.ts'
import type { PayMerchant } from '../core/account.ts'
import { freshTransactionId } from '../core/core-module.ts'
import { accountOf, freshDigits, freshId, nextNumber, randomOf, type Namespace } from '../core/namespace.ts'
import { openidOf, personOf } from '../core/people.ts'
import { schedule } from '../core/push.ts'
import { act, BinaryAnswer, serve, type Act, type Route } from '../core/registry.ts'
import { recordPaidOrder } from '../mini-program/index.ts'
import { recordOfficialPayment } from '../official-account/index.ts'
import type { PlatformKeys } from './keys.ts'
import { notifyPaid, writeTransaction } from './notices.ts'
import {
  actMerchant,
  book,
  merchantState,
  orderByNumber,
  orderByTransaction,
  ownMchid,
  payState,
  refuse,
  type PayOrder,
  type TradeType,
} from './state.ts'

const prepayMs = 2 * 3_600_000
const h5Ms = 5 * 60_000
const defaultPayMs = 7 * dayMs
const longestPayMs = 90 * dayMs
/** The platform closes unpaid orders by itself after 7 to 14 days, not published exactly. */
const autoCloseMs = 14 * dayMs

type Prepay = z.output<typeof prepayRequest>

function checkFields(tradeType: TradeType, input: Prepay): void {
  const { out_trade_no: number, description, attach, goods_tag: tag, notify_url: url, amount } = input
  if (!/^[0-9A-Za-z_\-|*]{6,32}$/.test(number)) throw refuse('PARAM_ERROR', '输入源“/body/out_trade_no”映射到字段“商户订单号”字符串规则校验失败')
  if (description === '' || [...description].length > 127)
    throw refuse('PARAM_ERROR', '输入源“/body/description”映射到字段“商品描述”字符串规则校验失败')
  if (attach !== undefined && [...attach].length > 128) throw refuse('PARAM_ERROR', '输入源“/body/attach”映射到字段“附加数据”字符串规则校验失败')
  if (tag !== undefined && [...tag].length > 32) throw refuse('PARAM_ERROR', '输入源“/body/goods_tag”字符串规则校验失败')
  if (url.length > 255 || !/^https?:\/\/[^?\s]+$/.test(url))
    throw refuse('PARAM_ERROR', '输入源“/body/notify_url”映射到字段“通知地址”不合规：须为不带参数的 URL')
  if (amount.total < 1) throw refuse('PARAM_ERROR', '输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1')
  if (amount.currency !== undefined && amount.currency !== 'CNY') throw refuse('PARAM_ERROR', '输入源“/body/amount/currency”只支持 CNY')
  if (tradeType === 'JSAPI' && !input.payer?.openid) throw refuse('PARAM_ERROR', '输入源“/body/payer/openid”映射到字段“用户标识”必填性规则校验失败')
  if (tradeType === 'MWEB' && (!input.scene_info?.payer_client_ip || !input.scene_info.h5_info?.type))
    throw refuse('PARAM_ERROR', '输入源“/body/scene_info”映射到字段“场景信息”必填性规则校验失败')
  // Characters of four bytes (emoji) cannot travel (basic-rules).
  if (/[\u{10000}-\u{10ffff}]/u.test(`${description}${attach ?? ''}`)) throw refuse('PARAM_ERROR', '参数含有不支持的字符')
}

function checkAppid(ns: Namespace, merchant: PayMerchant, appid: string, openid: string | undefined): void {
  const bound =
    merchantState(ns, merchant.id).appids.includes(appid) || accountOf(ns, 'official-account', appid) || accountOf(ns, 'mini-program', appid)
  if (!bound) throw refuse('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配，请检查后再试')
  if (openid === undefined) return
  const owner = personOf(ns, openid)
  if (owner !== undefined && owner.appid !== appid) throw refuse('OPENID_MISMATCH', 'openid和appid不匹配', 500)
}

function fingerprintOf(input: Prepay): string {
  const { time_expire: _, scene_info: __, ...rest } = input
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

function deadline(ns: Namespace, text: string | undefined): number {
  if (text === undefined) return ns.now + defaultPayMs
  const at = Date.parse(text)
  if (Number.isNaN(at) || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text))
    throw refuse('PARAM_ERROR', '输入源“/body/time_expire”映射到字段“交易结束时间”格式错误，须为 RFC 3339')
  if (at > ns.now + longestPayMs) throw refuse('PARAM_ERROR', '输入源“/body/time_expire”超过最长 90 天')
  return Math.max(at, ns.now + 60_000)
}

/** Creates the order, or finds it again by the re-entry rule: same number and parameters, a fresh prepay_id. */
function enter(ns: Namespace, account: unknown, tradeType: TradeType, input: Prepay, sub?: PayOrder['sub']): { order: PayOrder; prepayId: string } {
  const merchant = ownMchid(account, input.mchid)
  checkFields(tradeType, input)
  checkAppid(ns, merchant, input.appid, input.payer?.openid)
  const state = merchantState(ns, merchant.id)
  const fingerprint = fingerprintOf(input)
  let order = state.orders[input.out_trade_no]
  if (order) {
    if (order.state === 'SUCCESS') throw refuse('ORDERPAID', '该订单已支付')
    if (order.state === 'CLOSED') throw refuse('ORDER_CLOSED', '该订单已关闭，请重新下单')
    if (order.tradeType !== tradeType || order.appid !== input.appid) throw refuse('OUT_TRADE_NO_USED', '商户订单号已被使用', 403)
    if (order.fingerprint !== fingerprint) throw refuse('INVALID_REQUEST', '201 商户订单号重复')
    if (order.expiresAt <= ns.now) throw refuse('INVALID_REQUEST', '订单已过支付截止时间，请更换商户订单号')
  } else {
    const splitting = input.settle_info?.profit_sharing === true
    if (splitting && !state.profitSharing) throw refuse('NO_AUTH', '商户未开通分账', 403)
    order = {
      mchid: merchant.id,
      appid: input.appid,
      ...(sub === undefined ? {} : { sub }),
      outTradeNo: input.out_trade_no,
      tradeType,
      description: input.description,
      attach: input.attach ?? null,
      notifyUrl: input.notify_url,
      totalFen: input.amount.total,
      openid: input.payer?.openid ?? null,
      deviceId: input.scene_info?.device_id ?? null,
      fingerprint,
      createdAt: ns.now,
      expiresAt: deadline(ns, input.time_expire),
      state: 'NOTPAY',
      transactionId: null,
      paidAt: null,
      payerOpenid: null,
      payerFen: 0,
      bankType: '',
      coupons: [],
      feeFen: 0,
      failures: [],
      refunds: [],
      refundedFen: 0,
      lastRefundAt: 0,
      split: { enabled: splitting, open: splitting, requests: [], sharedFen: 0, returnedFen: 0 },
      heldFen: 0,
      held: 'none',
    }
    state.orders[order.outTradeNo] = order
    schedule(ns, Math.max(order.expiresAt, ns.now + autoCloseMs), 'pay.autoClose', { mchid: merchant.id, out_trade_no: order.outTradeNo })
  }
  const { prepays } = payState(ns)
  const stamp = shanghaiRfc3339(ns.now).slice(0, 19).replace(/\D/g, '')
  const n = nextNumber(ns, 'pay.prepay')
  const prepayId = `wx${stamp}${randomOf(ns).bytes(10, 'prepay', n).toString('hex')}`
  if (n % 500 === 0) for (const [id, held] of Object.entries(prepays)) if (held.expiresAt < ns.now - dayMs) delete prepays[id]
  prepays[prepayId] = { mchid: merchant.id, outTradeNo: order.outTradeNo, expiresAt: ns.now + (tradeType === 'MWEB' ? h5Ms : prepayMs) }
  return { order, prepayId }
}

/** A provider's order: kept under the provider, who signs and is told. */
function enterFor(ns: Namespace, account: unknown, tradeType: TradeType, input: z.output<typeof partnerPrepayRequest>) {
  subOf(ns, account, input.sp_mchid, input.sub_mchid)
  const { sp_appid: spAppid, sp_mchid: mchid, sub_appid: subAppid, sub_mchid: subMchid, payer, ...rest } = input
  if (payer?.sub_openid !== undefined && subAppid === undefined) throw refuse('PARAM_ERROR', '传入 sub_openid 时 sub_appid 必填')
  const openid = payer?.sub_openid ?? payer?.sp_openid
  const appid = payer?.sp_openid === undefined && subAppid !== undefined ? subAppid : spAppid
  return enter(ns, account, tradeType, { ...rest, appid, mchid, ...(openid === undefined ? {} : { payer: { openid } }) } as Prepay, { mchid: subMchid, appid: subAppid ?? null, spAppid })
}

function subOf(ns: Namespace, account: unknown, spMchid: string, subMchid: string): string {
  const { id } = ownMchid(account, spMchid)
  if (!(merchantState(ns, id).subMerchants ?? []).includes(subMchid)) throw refuse('NO_AUTH', '特约商户号与服务商号不存在受理关系', 403)
  return id
}

function found(order: PayOrder | undefined): PayOrder {
  if (!order) throw refuse('ORDER_NOT_EXIST', '订单不存在', 404)
  return order
}

/** A provider's order is asked for by the provider's own path. */
function direct(order: PayOrder): z.input<typeof transaction> {
  if (order.sub !== undefined) throw refuse('ORDER_NOT_EXIST', '订单不存在', 404)
  return writeTransaction(order) as z.input<typeof transaction>
}

export const transactionRoutes: Route[] = [
  serve(jsapiPrepay, ({ ns, account, input }) => ({ prepay_id: enter(ns, account, 'JSAPI', input).prepayId })),
  serve(appPrepay, ({ ns, account, input }) => ({ prepay_id: enter(ns, account, 'APP', input).prepayId })),
  serve(h5Page, ({ ns, input }) => {
    const text = (words: string): BinaryAnswer =>
      new BinaryAnswer('text/html; charset=utf-8', Buffer.from(`<!doctype html><meta charset="utf-8"><title>微信支付</title>${words}`))
    const order = ordered(ns, { prepay_id: input.prepay_id })
    const person = typeof input.qz_person === 'string' && input.qz_person !== '' ? input.qz_person : undefined
    const back = input.redirect_url !== undefined && /^https?:\/\//.test(input.redirect_url) ? input.redirect_url : undefined
    if (person === undefined && order.state === 'NOTPAY') {
      const hidden = (name: string, value: string): string => `<input type="hidden" name="${name}" value="${escape(value)}">`
      return text(
        `<p>${escape(order.description)} ¥${fenToYuan(order.totalFen)}</p><form action="">${hidden('prepay_id', input.prepay_id)}${back === undefined ? '' : hidden('redirect_url', back)}` +
          '<label>模拟的微信用户 <input name="qz_person" value="me"></label> <button>确认支付</button></form>',
      )
    }
    if (order.state === 'NOTPAY') payOrder(ns, { prepay_id: input.prepay_id, person, couponFen: 0 })
    return text(
      back === undefined
        ? '<p>支付完成</p>'
        : `<script>location.replace(${JSON.stringify(back).replaceAll('<', '\\u003c')})</script><a href="${escape(back)}">返回商家</a>`,
    )
  }),
  // The address is the platform's; the emulator serves its page under the same path.
  serve(h5Prepay, ({ ns, account, input }) => {
    const { prepayId } = enter(ns, account, 'MWEB', input)
    return { h5_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}&package=${Number.parseInt(prepayId.slice(-8), 16)}` }
  }),
  serve(nativePrepay, ({ ns, account, input }) => {
    const { prepayId } = enter(ns, account, 'NATIVE', input)
    const code = `weixin://wxpay/bizpayurl?pr=${freshId(ns, '', 9)}`
    payState(ns).prepays[code] = payState(ns).prepays[prepayId]
    return { code_url: code }
  }),
  serve(transactionByNumber, ({ ns, account, input }) => direct(found(orderByNumber(ns, ownMchid(account, input.mchid).id, input.out_trade_no)))),
  serve(transactionById, ({ ns, account, input }) => direct(found(orderByTransaction(ns, ownMchid(account, input.mchid).id, input.transaction_id)))),
  serve(transactionClose, ({ ns, account, input }) => {
    const order = found(orderByNumber(ns, ownMchid(account, input.mchid).id, input.out_trade_no))
    if (order.state === 'SUCCESS') throw refuse('ORDERPAID', '订单已支付，不能关单')
    order.state = 'CLOSED'
    return undefined
  }),
]

const partnerOrder = (ns: Namespace, account: unknown, input: { sp_mchid: string; sub_mchid: string; out_trade_no: string }): PayOrder => {
  const order = found(orderByNumber(ns, subOf(ns, account, input.sp_mchid, input.sub_mchid), input.out_trade_no))
  if (order.sub?.mchid !== input.sub_mchid) throw refuse('ORDER_NOT_EXIST', '订单不存在', 404)
  return order
}

export const partnerRoutes: Route[] = [
  serve(partnerJsapiPrepay, ({ ns, account, input }) => ({ prepay_id: enterFor(ns, account, 'JSAPI', input).prepayId })),
  serve(partnerH5Prepay, ({ ns, account, input }) => {
    const { prepayId } = enterFor(ns, account, 'MWEB', input)
    return { h5_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}&package=${Number.parseInt(prepayId.slice(-8), 16)}` }
  }),
  serve(partnerNativePrepay, ({ ns, account, input }) => {
    const { prepayId } = enterFor(ns, account, 'NATIVE', input)
    const code = `weixin://wxpay/bizpayurl?pr=${freshId(ns, '', 9)}`
    payState(ns).prepays[code] = payState(ns).prepays[prepayId]
    return { code_url: code }
  }),
  serve(partnerTransactionByNumber, ({ ns, account, input }) => writeTransaction(partnerOrder(ns, account, input)) as z.input<typeof partnerTransaction>),
  serve(partnerTransactionClose, ({ ns, account, input }) => {
    const order = partnerOrder(ns, account, input)
    if (order.state === 'SUCCESS') throw refuse('ORDERPAID', '订单已支付，不能关单')
    order.state = 'CLOSED'
    return undefined
  }),
]

/** `pay.payOrder` names the order by what the payer's phone has (prepay_id, code_url, h5_url), or by the merchant's number. */
const which = {
  prepay_id: z.string().optional(),
  code_url: z.string().optional(),
  h5_url: z.string().optional(),
  out_trade_no: z.string().optional(),
  mchid: z.string().optional(),
}

function ordered(ns: Namespace, args: { prepay_id?: string; code_url?: string; h5_url?: string; out_trade_no?: string; mchid?: string }): PayOrder {
  const key =
    args.prepay_id?.replace(/^prepay_id=/, '') ??
    args.code_url ??
    (args.h5_url === undefined ? undefined : /prepay_id=([^&]+)/.exec(args.h5_url)?.[1])
  if (key !== undefined) {
    const prepay = payState(ns).prepays[key]
    if (!prepay) throw refuse('ORDER_NOT_EXIST', `there is no prepay ${key}`, 404)
    if (prepay.expiresAt <= ns.now)
      throw refuse('INVALID_REQUEST', 'the prepay_id, code_url or h5_url has expired: order again with the same parameters')
    return found(orderByNumber(ns, prepay.mchid, prepay.outTradeNo))
  }
  if (args.out_trade_no === undefined) throw refuse('PARAM_ERROR', 'name the order by prepay_id, code_url, h5_url or out_trade_no')
  return found(orderByNumber(ns, actMerchant(ns, args.mchid).id, args.out_trade_no))
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const banks = ['OTHERS', 'CMB_DEBIT', 'ICBC_DEBIT', 'CCB_DEBIT', 'ABC_DEBIT', 'CMB_CREDIT']

type PayArgs = {
  prepay_id?: string
  code_url?: string
  h5_url?: string
  out_trade_no?: string
  mchid?: string
  openid?: string
  person?: string
  couponFen: number
  couponMerchantFen?: number
}

/** A person pays: the order is paid, its money booked, its shipping watched, the merchant told. */
function payOrder(ns: Namespace, args: PayArgs) {
  const order = ordered(ns, args)
  if (order.state === 'SUCCESS') throw refuse('ORDERPAID', 'the order is paid already')
  if (order.state === 'CLOSED') throw refuse('ORDER_CLOSED', 'the order is closed')
  if (order.expiresAt <= ns.now) throw refuse('ORDER_CLOSED', 'the last moment to pay (time_expire) has passed')
  const asked = args.openid ?? (args.person === undefined ? undefined : openidOf(ns, order.appid, args.person))
  if (order.openid !== null && asked !== undefined && asked !== order.openid) throw refuse('OPENID_MISMATCH', 'the order was made for another openid')
  const openid = order.openid ?? asked ?? openidOf(ns, order.appid, `payer-of-${order.outTradeNo}`)
  const state = merchantState(ns, order.mchid)
  // The best coupon that the payer was given is taken off by WeChat itself.
  const hand = (state.couponsOf?.[openid] ?? []).flatMap((one) => {
    const stock = state.couponStocks?.[one.stockId]
    return one.status === 'SENDED' && stock && order.totalFen >= stock.fromFen && stock.offFen < order.totalFen ? [{ one, stock }] : []
  })
  const given = args.couponFen > 0 ? undefined : hand.sort((a, b) => b.stock.offFen - a.stock.offFen)[0]
  const couponFen = given?.stock.offFen ?? args.couponFen
  const merchantFen = given ? (given.stock.merchantBears ? couponFen : 0) : Math.min(couponFen, args.couponMerchantFen ?? 0)
  if (couponFen >= order.totalFen) throw refuse('PARAM_ERROR', 'a coupon pays less than the whole')
  if (given) given.one.status = 'USED'
  order.state = 'SUCCESS'
  order.transactionId = freshTransactionId(ns)
  order.paidAt = ns.now
  order.payerOpenid = openid
  order.payerFen = order.totalFen - couponFen
  order.bankType = banks[Math.floor(randomOf(ns).u('bank', order.transactionId) * banks.length)]
  if (couponFen > 0) order.coupons = [{ couponId: given?.one.couponId ?? freshDigits(ns, 'pay.coupon', 16), name: given?.stock.name ?? '微信支付立减', amountFen: couponFen, ...(merchantFen > 0 ? { merchantFen } : {}) }]
  // What the merchant bears of a coupon without cash is not settled, and costs no fee.
  const settleFen = order.totalFen - merchantFen
  order.feeFen = roundHalfUp((settleFen * state.feeRate) / 10_000)
  order.heldFen = settleFen - order.feeFen
  order.held = order.split.enabled ? 'frozen' : 'unsettled'
  if (order.held === 'unsettled') state.unsettledFen += order.heldFen
  state.byTransaction[order.transactionId] = order.outTradeNo
  const day = (state.paidOn[saleDate(ns.now)] ??= [])
  day.push(order.outTradeNo)
  const numbers = { businessNo: order.transactionId, voucherNo: order.outTradeNo, outTradeNo: order.outTradeNo }
  book(ns, order.mchid, { business: '交易', kind: '收入', amountFen: settleFen, ...numbers })
  book(ns, order.mchid, { business: '扣除交易手续费', kind: '支出', amountFen: order.feeFen, ...numbers })
  if (order.split.enabled) schedule(ns, ns.now + 180 * dayMs, 'pay.releaseFrozen', { mchid: order.mchid, transaction_id: order.transactionId })
  recordPaidOrder(ns, {
    appid: order.appid,
    transactionId: order.transactionId,
    mchid: order.mchid,
    outTradeNo: order.outTradeNo,
    description: order.description,
    paidFen: order.payerFen,
    openid,
    createdAt: order.createdAt,
  })
  const official = accountOf(ns, 'official-account', order.appid)
  const payer = personOf(ns, openid)
  if (official && payer?.appid === official.id) recordOfficialPayment(ns, official, payer.person)
  notifyPaid(ns, order)
  return { transaction_id: order.transactionId, out_trade_no: order.outTradeNo, openid, payer_total: order.payerFen }
}

export const transactionActs = (keys: () => PlatformKeys): Act[] => [
  act({
    name: 'pay.payOrder',
    en: 'A person pays. JSAPI orders are paid by the openid they were made for; others by `openid` or `person`. `couponFen` is what a coupon pays for them, `couponMerchantFen` the part of it that the merchant bears (a coupon without cash); a coupon given by API is used by itself.',
    args: z.object({ ...which, openid: z.string().optional(), person: z.string().optional(), couponFen: z.int().min(0).default(0), couponMerchantFen: z.int().min(0).default(0) }),
    run: payOrder,
  }),
  act({
    name: 'pay.failPayment',
    en: 'A person tries to pay and fails (balance, cancelled): the order stays NOTPAY and nothing is notified.',
    args: z.object({ ...which, reason: z.string().default('USER_CANCEL') }),
    run: (ns, args) => {
      const order = ordered(ns, args)
      if (order.state !== 'NOTPAY') throw refuse('INVALID_REQUEST', `the order is ${order.state}`)
      order.failures.push({ at: ns.now, reason: args.reason })
      return { out_trade_no: order.outTradeNo, trade_state: order.state, failures: order.failures.length }
    },
  }),
  act({
    name: 'pay.autoClose',
    en: 'The platform closes an order that nobody paid.',
    args: z.object({ mchid: z.string(), out_trade_no: z.string() }),
    run: (ns, args) => {
      const order = orderByNumber(ns, args.mchid, args.out_trade_no)
      if (order?.state === 'NOTPAY') order.state = 'CLOSED'
    },
  }),
  act({
    name: 'pay.repeatNotice',
    en: 'The platform sends the notice of a paid order once more, under a new id; `probe` signs it wrongly on purpose (签名探测).',
    args: z.object({ ...which, probe: z.boolean().default(false) }),
    run: (ns, args) => {
      const order = ordered(ns, args)
      if (order.state !== 'SUCCESS') throw refuse('INVALID_REQUEST', 'the order is not paid')
      notifyPaid(ns, order, args.probe)
    },
  }),
  act({
    name: 'pay.openSheet',
    en: "A page calls wx.requestPayment or WeixinJSBridge: the phone checks paySign with the merchant's key and shows what is to be paid.",
    args: z.object({
      appId: z.string(),
      timeStamp: z.string(),
      nonceStr: z.string(),
      package: z.string(),
      signType: z.string().default('RSA'),
      paySign: z.string(),
    }),
    run: (ns, args) => {
      const prepayId = /^prepay_id=(.+)$/.exec(args.package)?.[1]
      if (prepayId === undefined) throw refuse('PARAM_ERROR', 'package must read prepay_id=…')
      if (args.signType !== 'RSA') throw refuse('PARAM_ERROR', 'signType must be RSA')
      const order = ordered(ns, { prepay_id: prepayId })
      const key = keys().merchantKey(actMerchant(ns, order.mchid).merchantCertificate)
      if (order.appid !== args.appId || !payVerify(`${args.appId}\n${args.timeStamp}\n${args.nonceStr}\n${args.package}\n`, args.paySign, key))
        throw refuse('SIGN_ERROR', '支付验证签名失败')
      if (order.state !== 'NOTPAY') throw refuse(order.state === 'SUCCESS' ? 'ORDERPAID' : 'ORDER_CLOSED', `the order is ${order.state}`)
      if (order.expiresAt <= ns.now) throw refuse('ORDER_CLOSED', 'the last moment to pay (time_expire) has passed')
      return {
        out_trade_no: order.outTradeNo,
        mchid: order.mchid,
        prepay_id: prepayId,
        description: order.description,
        totalFen: order.totalFen,
        merchant: actMerchant(ns, order.mchid).name,
      }
    },
  }),
  act({
    name: 'pay.look',
    en: 'An order as the platform keeps it (for tests and the pay sheet): amount, description, state.',
    args: z.object(which),
    run: (ns, args) => {
      const order = ordered(ns, args)
      return { ...writeTransaction(order), description: order.description, expires_at: order.expiresAt, created_at: order.createdAt }
    },
  }),
]
