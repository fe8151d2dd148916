import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { findPerson } from '../../book/person/index.ts'
import { billsByIds, jsapiParams, payableOfBill, refundBill, webPayment, type PayBill, type PaymentPlatform } from '../../sell/payment/index.ts'
import type { JsapiPayParams } from '../../wechat/codec/index.ts'
import type { Actor, CommunityWork } from '../reader/index.ts'
import { findSale, livingSale, lockSale, saveSale, type Sale } from './sale-store.ts'
import { endRefund, settleSale } from './sell-article.ts'

/**
 * Money for articles goes the way of all money of the house: a sale has a bill, and bills are made known to WeChat Pay, told paid by a notice or by asking, closed
 * there when their time is over, and paid back by their own number. Here is only what a bill of this kind means.
 */
export type SalePlatform = PaymentPlatform & { ids: Ids }
type Recorder = Pick<CommunityWork, 'tenantId' | 'now' | 'ids' | 'emit'>

/** What the buyer pays with: `wx.requestPayment` inside the mini program, a code to scan on a web page. */
export type SalePay = { kind: 'jsapi'; params: JsapiPayParams } | { kind: 'native'; codeUrl: string } | { kind: 'gone' }

/**
 * The sale at WeChat Pay; asked again it is the same payment.
 * @throws Fault mall/pay-refused, mall/wechat-silent
 */
export async function payForSale(platform: SalePlatform, tenantId: number, actor: Actor, saleId: string, now: Instant): Promise<SalePay> {
  const { bill, openid } = await platform.db.tx({ role: 'app', tenantId }, async (tx) => {
    const sale = await findSale(tx, tenantId, saleId)
    if (!sale || sale.buyerPersonId !== actor.personId || sale.state !== 'unpaid' || sale.billId === null) return { bill: undefined, openid: undefined }
    const found = (await billsByIds(tx, tenantId, [sale.billId])).get(sale.billId)
    const person = found && actor.surface === 'mini' ? await findPerson(tx, tenantId, actor.personId) : undefined
    const appid = found && platform.accountOf(tenantId, found.miniConnectionId)
    return { bill: found, openid: person?.identities.find((one) => one.kind === 'openid' && one.scope === appid)?.value }
  })
  if (!bill || bill.state !== 'unpaid' || bill.expiresAt <= now) return { kind: 'gone' }
  if (openid !== undefined) return { kind: 'jsapi', params: await jsapiParams(platform, tenantId, payableOfBill(bill), openid, now) }
  const web = await webPayment(platform, tenantId, payableOfBill(bill), { way: 'native' }, now, platform.ids)
  return web.way === 'native' ? { kind: 'native', codeUrl: web.code } : { kind: 'gone' }
}

const saleOfBill = (bill: PayBill): string => String(bill.terms.saleId)

/** What a bill for an article means when it is paid, closed or paid back. */
export function articleBills(platform: PaymentPlatform) {
  return {
    /** Money for a sale that was given up meanwhile buys the article all the same, or goes back if it was bought another way. */
    async paid(tx: Tx, work: Recorder, bill: PayBill): Promise<void> {
      const sale = await lockSale(tx, work.tenantId, saleOfBill(bill))
      if (!sale || sale.paidAt !== null) return
      const other = sale.state === 'closed' ? await livingSale(tx, work.tenantId, sale.articleId, sale.buyerPersonId) : undefined
      if (other) await refundBill(tx, work, platform, bill.billId, bill.amountFen, '已用别的方式买过，原路退回')
      else await settleSale(tx, work, sale, { paidAt: bill.paidAt ?? work.now })
    },
    async closed(tx: Tx, work: Recorder, bill: PayBill): Promise<void> {
      const sale = await lockSale(tx, work.tenantId, saleOfBill(bill))
      if (sale?.state === 'unpaid') await saveSale(tx, work.tenantId, { ...sale, state: 'closed' })
    },
    async refunded(tx: Tx, work: Recorder, bill: PayBill): Promise<void> {
      const sale = await lockSale(tx, work.tenantId, saleOfBill(bill))
      if (sale && sale.paidAt !== null && sale.refundedAt === null) await endRefund(tx, work, sale, work.now)
    },
    /** The buyer keeps the article and may ask again. */
    async notRefunded(tx: Tx, work: Recorder, bill: PayBill): Promise<void> {
      const sale = await lockSale(tx, work.tenantId, saleOfBill(bill))
      if (sale?.state === 'refunding') await saveSale(tx, work.tenantId, { ...sale, state: 'paid', refundReason: null })
    },
  }
}

/** Sends the money of a sale back by the way it came. The sale must be locked. */
export async function requestSaleRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, sale: Sale): Promise<void> {
  if (sale.billId !== null) await refundBill(tx, work, platform, sale.billId, sale.amountFen, sale.refundReason ?? '')
}
