import type { Instant } from '../../kernel/clock.ts'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Ids } from '../../kernel/ids.ts'
import { payPrivateKey, signJsapi, type JsapiPayParams } from '../../wechat/codec/index.ts'
import { checkoutFault, payFenOf, type MallOrder, type Recorder } from '../checkout/index.ts'
import type { PaymentPlatform } from './ports.ts'
import { settlePayments } from './settle.ts'
import { openAttempt, type PayBill } from './store.ts'

/** Something that can be paid: an order or a bill. */
export type Payable = { target: string; title: string; amountFen: number; expiresAt: Instant; miniConnectionId: string; payConnectionId: string; sharing: boolean }

/** At most 127 characters of three bytes or fewer: emoji are refused (pay sheet, basic rules). */
function describe(text: string): string {
  return [...(text.replace(/[\u{10000}-\u{10ffff}]/gu, '') || '商品')].slice(0, 120).join('')
}

export const payableOf = (order: MallOrder, sharing: boolean): Payable => ({
  target: order.orderId, title: describe(`${order.lines[0].title}${order.lines.length > 1 ? ` 等 ${order.lines.length} 种` : ''}`), amountFen: payFenOf(order), expiresAt: order.expiresAt, miniConnectionId: order.miniConnectionId, payConnectionId: order.payConnectionId, sharing,
})
export const payableOfBill = (bill: PayBill): Payable => ({ target: bill.billId, title: describe(bill.title), amountFen: bill.amountFen, expiresAt: bill.expiresAt, miniConnectionId: bill.miniConnectionId, payConnectionId: bill.payConnectionId, sharing: false })

/** Who asks for the money, as each mode writes it. */
export function merchantFields(platform: PaymentPlatform, tenantId: number, payConnectionId: string, appid?: string): Record<string, string> {
  const mchid = platform.accountOf(tenantId, payConnectionId)
  const mode = platform.modeOf?.(tenantId, payConnectionId) ?? { kind: 'direct' }
  if (mode.kind === 'direct') return { mchid, ...(appid === undefined ? {} : { appid }) }
  return { sp_mchid: mchid, sub_mchid: mode.subMchid, ...(appid === undefined ? {} : { sp_appid: mode.spAppid, sub_appid: appid }) }
}
/** Name of a trade endpoint in the mode of the merchant: `pay.transaction.jsapi` or `pay.partner-transaction.jsapi`. */
export const tradeEndpoint = (platform: PaymentPlatform, tenantId: number, payConnectionId: string, verb: string): string =>
  `${(platform.modeOf?.(tenantId, payConnectionId) ?? { kind: 'direct' }).kind === 'direct' ? 'pay.transaction' : 'pay.partner-transaction'}.${verb}`
/** Fields of calls that a provider makes for a sub-merchant; none for a direct one. */
export function subMerchant(platform: Pick<PaymentPlatform, 'modeOf'>, tenantId: number, payConnectionId: string): { sub_mchid?: string } {
  const mode = platform.modeOf?.(tenantId, payConnectionId)
  return mode?.kind === 'provider' ? { sub_mchid: mode.subMchid } : {}
}

async function create(platform: PaymentPlatform, tenantId: number, payable: Payable, number: string, verb: 'jsapi' | 'h5' | 'native', more: Record<string, unknown>): Promise<Record<string, string>> {
  const appid = platform.accountOf(tenantId, payable.miniConnectionId)
  const answer = await platform.call(tenantId, payable.payConnectionId, tradeEndpoint(platform, tenantId, payable.payConnectionId, verb), {
    ...merchantFields(platform, tenantId, payable.payConnectionId, appid), description: payable.title, out_trade_no: number, time_expire: shanghaiRfc3339(payable.expiresAt), notify_url: platform.notifyUrl(tenantId, payable.payConnectionId),
    amount: { total: payable.amountFen, currency: 'CNY' }, ...(payable.sharing ? { settle_info: { profit_sharing: true } } : {}), ...more,
  })
  if (answer.kind === 'no-answer') throw checkoutFault('mall/wechat-silent')
  if (answer.kind === 'refused') throw checkoutFault('mall/pay-refused', { orderId: payable.target, code: answer.code, text: answer.text })
  return answer.result as Record<string, string>
}

/**
 * The payable at WeChat Pay (JSAPI), and what `wx.requestPayment` needs. Its number is the key: asking again gives a fresh prepay_id of the same
 * order, never a second one.
 * @throws Fault mall/pay-refused, mall/wechat-silent
 */
export async function jsapiParams(platform: PaymentPlatform, tenantId: number, payable: Payable, openid: string, now: Instant): Promise<JsapiPayParams> {
  const appid = platform.accountOf(tenantId, payable.miniConnectionId)
  const provider = platform.modeOf?.(tenantId, payable.payConnectionId)?.kind === 'provider'
  const { prepay_id: prepayId } = await create(platform, tenantId, payable, payable.target, 'jsapi', { payer: provider ? { sub_openid: openid } : { openid } })
  return signJsapi({ appid, prepayId, timestamp: Math.floor(now / 1000), nonce: platform.nonce() }, payPrivateKey(platform.merchantKey(tenantId, payable.payConnectionId)))
}

/** @returns null when nothing is left to pay: the order is paid by what was paid before, and is booked. */
export async function payParams(platform: PaymentPlatform, tenantId: number, order: MallOrder, openid: string, work: Recorder): Promise<JsapiPayParams | null> {
  if (payFenOf(order) === 0) {
    await platform.db.tx({ role: 'app', tenantId }, (tx) => settlePayments(tx, work, platform, [{ number: order.orderId, transactionId: '', paidAt: work.now, totalFen: 0, currency: 'CNY', coupons: [] }], 'backfill'))
    return null
  }
  return jsapiParams(platform, tenantId, payableOf(order, await sharingOf(platform, tenantId, order, work.now)), openid, work.now)
}

export const sharingOf = (platform: PaymentPlatform, tenantId: number, order: MallOrder, now: Instant): Promise<boolean> =>
  platform.sharing ? platform.db.tx({ role: 'app', tenantId }, (tx) => platform.sharing!(tx, tenantId, order, now)) : Promise.resolve(false)

export type WebWay = { way: 'h5'; ip: string } | { way: 'native' }

/**
 * Paying outside the mini program: a page that leads into WeChat (h5, lives 5 minutes) or a code to scan (native, 2 hours). Each way has a number of its own,
 * because a number belongs to one kind of trade (pay sheet 5).
 */
export async function webPayment(platform: PaymentPlatform, tenantId: number, payable: Payable, web: WebWay, now: Instant, ids: Ids): Promise<{ way: 'h5'; url: string } | { way: 'native'; code: string }> {
  const attempt = await platform.db.tx({ role: 'app', tenantId }, (tx) =>
    openAttempt(tx, tenantId, { number: ids.next().replaceAll('-', ''), target: payable.target, way: web.way, payConnectionId: payable.payConnectionId, amountFen: payable.amountFen, state: 'open', madeAt: now, paidAt: null, transactionId: null }))
  const answer = await create(platform, tenantId, payable, attempt.number, web.way, web.way === 'h5' ? { scene_info: { payer_client_ip: web.ip, h5_info: { type: 'Wap' } } } : {})
  return web.way === 'h5' ? { way: 'h5', url: answer.h5_url } : { way: 'native', code: answer.code_url }
}
