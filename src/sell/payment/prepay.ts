import type { Instant } from '../../kernel/clock.ts'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { payPrivateKey, signJsapi, type JsapiPayParams } from '../../wechat/codec/index.ts'
import { checkoutFault, type MallOrder } from '../checkout/index.ts'
import type { PaymentPlatform } from './ports.ts'

/** At most 127 characters of three bytes or fewer: emoji are refused (pay sheet, basic rules). */
function description(order: MallOrder): string {
  const [first] = order.lines
  const text = `${first.title}${order.lines.length > 1 ? ` 等 ${order.lines.length} 种` : ''}`.replace(/[\u{10000}-\u{10ffff}]/gu, '')
  return [...(text || '商品')].slice(0, 120).join('')
}

/**
 * The order at WeChat Pay (JSAPI), and what `wx.requestPayment` needs. The number of the order is the key: asking again gives a fresh prepay_id of the same
 * order, never a second one.
 * @throws Fault mall/pay-refused, mall/wechat-silent
 */
export async function payParams(platform: PaymentPlatform, tenantId: number, order: MallOrder, openid: string, now: Instant): Promise<JsapiPayParams> {
  const appid = platform.accountOf(tenantId, order.miniConnectionId)
  const answer = await platform.call(tenantId, order.payConnectionId, 'pay.transaction.jsapi', {
    appid, mchid: platform.accountOf(tenantId, order.payConnectionId), description: description(order), out_trade_no: order.orderId, time_expire: shanghaiRfc3339(order.expiresAt),
    notify_url: platform.notifyUrl(tenantId, order.payConnectionId), amount: { total: order.totalFen, currency: 'CNY' }, payer: { openid },
  })
  if (answer.kind === 'no-answer') throw checkoutFault('mall/wechat-silent')
  if (answer.kind === 'refused') throw checkoutFault('mall/pay-refused', { orderId: order.orderId, code: answer.code, text: answer.text })
  const { prepay_id: prepayId } = answer.result as { prepay_id: string }
  return signJsapi({ appid, prepayId, timestamp: Math.floor(now / 1000), nonce: platform.nonce() }, payPrivateKey(platform.merchantKey(tenantId, order.payConnectionId)))
}
