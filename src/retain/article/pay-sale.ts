import type { Instant } from '../../kernel/clock.ts'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { findPerson } from '../../book/person/index.ts'
import type { PaymentPlatform } from '../../sell/payment/index.ts'
import { payPrivateKey, signJsapi, type JsapiPayParams } from '../../wechat/codec/index.ts'
import type { Actor, CommunityWork } from '../reader/index.ts'
import { articleFault } from './errors.ts'
import { findSale, livingSale, lockSale, saleNumber, saleOfNumber, saveSale, type Sale } from './sale-store.ts'
import { endRefund, saleJobKind, settleSale } from './sell-article.ts'

/** Money for articles goes the way of the mall's money: made known to WeChat Pay, told by notice or by asking, closed there before it is given up. */
export type SalePlatform = PaymentPlatform & { /** The accounts to sell with; undefined: money cannot be taken. */ payAccounts(tenantId: number): { payConnectionId: string; miniConnectionId: string } | undefined }

type Loose = Record<string, unknown>
type Payment = { saleId: string; transactionId: string; paidAt: Instant; totalFen: number }
export const saleRefundKind = 'article.refund'
const pollMs = 10 * 60_000

const timeOf = (text: unknown, fallback: Instant): Instant => {
  const at = typeof text === 'string' ? Date.parse(text) : NaN
  return Number.isNaN(at) ? fallback : at
}
function readPayment(body: Loose, now: Instant): Payment | undefined {
  if (body.trade_state !== 'SUCCESS' && body.trade_state !== 'REFUND') return undefined
  const saleId = saleOfNumber(String(body.out_trade_no))
  return saleId === undefined ? undefined : { saleId, transactionId: String(body.transaction_id ?? ''), paidAt: timeOf(body.success_time, now), totalFen: Number((body.amount as Loose | undefined)?.total ?? 0) }
}

/** What the buyer pays with: `wx.requestPayment` inside the mini program, a code to scan on a web page. */
export type SalePay = { kind: 'jsapi'; params: JsapiPayParams } | { kind: 'native'; codeUrl: string } | { kind: 'gone' }

/**
 * Makes the sale known to WeChat Pay; its number is the key, so asking again gives the same payment.
 * @throws Fault article/pay-refused, article/pay-silent
 */
export async function payForSale(platform: SalePlatform, tenantId: number, actor: Actor, saleId: string, now: Instant): Promise<SalePay> {
  const accounts = platform.payAccounts(tenantId)
  const found = await platform.db.tx({ role: 'app', tenantId }, async (tx) => {
    const sale = await findSale(tx, tenantId, saleId)
    const person = sale && accounts ? await findPerson(tx, tenantId, actor.personId) : undefined
    const appid = accounts && platform.accountOf(tenantId, accounts.miniConnectionId)
    return { sale, openid: person?.identities.find((one) => one.kind === 'openid' && one.scope === appid)?.value, appid }
  })
  const { sale, openid, appid } = found
  if (!sale || !accounts || appid === undefined || sale.buyerPersonId !== actor.personId || sale.state !== 'unpaid' || sale.expiresAt === null || sale.expiresAt <= now || sale.payConnectionId === null) return { kind: 'gone' }
  const inApp = actor.surface === 'mini' && openid !== undefined
  const answer = await platform.call(tenantId, sale.payConnectionId, inApp ? 'pay.transaction.jsapi' : 'pay.transaction.native', {
    appid, mchid: platform.accountOf(tenantId, sale.payConnectionId), description: [...`文章《${sale.title}》`.replace(/[\u{10000}-\u{10ffff}]/gu, '')].slice(0, 120).join(''), out_trade_no: saleNumber(saleId), time_expire: shanghaiRfc3339(sale.expiresAt),
    notify_url: platform.notifyUrl(tenantId, sale.payConnectionId), amount: { total: sale.amountFen, currency: 'CNY' }, ...(inApp ? { payer: { openid } } : {}),
  })
  if (answer.kind === 'no-answer') throw articleFault('article/pay-silent')
  if (answer.kind === 'refused') throw articleFault('article/pay-refused', { saleId, code: answer.code, text: answer.text })
  if (!inApp) return { kind: 'native', codeUrl: String((answer.result as Loose).code_url) }
  const { prepay_id: prepayId } = answer.result as { prepay_id: string }
  return { kind: 'jsapi', params: signJsapi({ appid, prepayId, timestamp: Math.floor(now / 1000), nonce: platform.nonce() }, payPrivateKey(platform.merchantKey(tenantId, sale.payConnectionId))) }
}

/** Books payments; heard again nothing changes. Money for a sale that was closed meanwhile buys the article all the same, or goes back if it was bought another way. */
export async function settlePaidSales(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids' | 'emit'>, platform: SalePlatform, payments: readonly Payment[]): Promise<void> {
  for (const payment of payments) {
    const sale = await lockSale(tx, work.tenantId, payment.saleId)
    if (!sale || sale.paidAt !== null) continue
    if (payment.totalFen !== sale.amountFen) throw articleFault('article/amount-differs', { saleId: sale.saleId, found: payment.totalFen, expected: sale.amountFen })
    const other = sale.state === 'closed' ? await livingSale(tx, work.tenantId, sale.articleId, sale.buyerPersonId) : undefined
    if (other) {
      const twice: Sale = { ...sale, paidAt: payment.paidAt, transactionId: payment.transactionId, refundNo: saleNumber(work.ids.next()), refundReason: '已用别的方式买过，原路退回' }
      await saveSale(tx, work.tenantId, twice)
      await requestSaleRefund(tx, work, platform, twice)
    } else await settleSale(tx, work, sale, payment)
  }
}

/** The refund's own number is the key at WeChat Pay: repeated, it is one refund. The sale must be locked. */
export async function requestSaleRefund(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now' | 'ids'>, platform: Pick<SalePlatform, 'notifyUrl'>, sale: Sale): Promise<void> {
  if (sale.payConnectionId === null || sale.refundNo === null) return
  await enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: sale.payConnectionId, endpoint: 'pay.refund.create', lane: `refund/${saleNumber(sale.saleId)}`, dueAt: work.now, createdAt: work.now, reply: { kind: saleRefundKind, saleId: sale.saleId },
    request: { out_trade_no: saleNumber(sale.saleId), out_refund_no: sale.refundNo, reason: (sale.refundReason ?? '').slice(0, 26), notify_url: platform.notifyUrl(work.tenantId, sale.payConnectionId), amount: { refund: sale.amountFen, total: sale.amountFen, currency: 'CNY' } },
  }])
}

async function settleSaleRefund(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids' | 'emit'>, saleId: string, status: string, finishedAt: Instant): Promise<void> {
  const sale = await lockSale(tx, work.tenantId, saleId)
  if (!sale || sale.refundedAt !== null) return
  if (status === 'SUCCESS') {
    // Money that came for a closed sale was never booked: nothing to take back but the money itself.
    if (sale.state === 'closed') await saveSale(tx, work.tenantId, { ...sale, refundedAt: finishedAt })
    else await endRefund(tx, work, sale, finishedAt)
  } else if (status === 'CLOSED' && sale.state === 'refunding') await saveSale(tx, work.tenantId, { ...sale, state: 'paid', refundNo: null })
}

/** TRANSACTION.SUCCESS and REFUND.* notices about articles; those of the mall's orders are not ours. */
export function salePayNotices(platform: SalePlatform): FactHandler {
  return {
    line: 'pay',
    accepts: (event) => event === 'TRANSACTION.SUCCESS' || event.startsWith('REFUND.'),
    async handle(work, tx, facts) {
      for (const fact of facts) {
        const body = parseJson(fact.message) as Loose
        if (fact.event === 'TRANSACTION.SUCCESS') {
          const payment = readPayment(body, work.now)
          if (payment) await settlePaidSales(tx, work, platform, [payment])
        } else {
          const saleId = saleOfNumber(String(body.out_trade_no))
          if (saleId !== undefined) await settleSaleRefund(tx, work, saleId, String(body.refund_status), timeOf(body.success_time, work.now))
        }
      }
    },
  }
}

type Ending = { kind: 'none' } | { kind: 'paid'; payment: Payment } | { kind: 'closed' }

/** The end of a sale that was not paid in time: WeChat Pay is asked, then it is closed there, then here. */
export function expireSales(platform: SalePlatform): JobHandler {
  return {
    kind: saleJobKind,
    async prepare(work, job): Promise<Ending> {
      const { saleId } = job.state as { saleId: string }
      const { tenantId } = work
      const sale = await platform.db.tx({ role: 'app', tenantId }, (tx) => findSale(tx, tenantId, saleId))
      if (!sale || sale.state !== 'unpaid' || sale.payConnectionId === null) return { kind: 'none' }
      const mchid = platform.accountOf(tenantId, sale.payConnectionId)
      const unknown = (code: string): boolean => code === 'ORDER_NOT_EXIST' || code === 'ORDERNOTEXIST' || code === 'RESOURCE_NOT_EXISTS'
      const asked = await platform.call(tenantId, sale.payConnectionId, 'pay.transaction.query-by-out-trade-no', { out_trade_no: saleNumber(saleId), mchid })
      if (asked.kind === 'ok') {
        const payment = readPayment(asked.result as Loose, work.now)
        if (payment) return { kind: 'paid', payment }
        if ((asked.result as Loose).trade_state === 'CLOSED') return { kind: 'closed' }
      } else if (asked.kind === 'refused' && unknown(asked.code)) return { kind: 'closed' }
      else throw new Error(`sale ${saleId}: ${asked.text}`)
      const closed = await platform.call(tenantId, sale.payConnectionId, 'pay.transaction.close', { out_trade_no: saleNumber(saleId), mchid })
      if (closed.kind === 'ok' || (closed.kind === 'refused' && (closed.code === 'ORDER_CLOSED' || unknown(closed.code)))) return { kind: 'closed' }
      throw new Error(`sale ${saleId} could not be closed: ${closed.text}`)
    },
    async run(work, tx, job, prepared) {
      const ending = prepared as Ending
      const { saleId } = job.state as { saleId: string }
      if (ending.kind === 'paid') await settlePaidSales(tx, work, platform, [ending.payment])
      if (ending.kind === 'closed') {
        const sale = await lockSale(tx, work.tenantId, saleId)
        if (sale?.state === 'unpaid') await saveSale(tx, work.tenantId, { ...sale, state: 'closed' })
      }
      return null
    },
  }
}

/** 200 means accepted only: the end comes by notice, or by asking some minutes later. */
export const saleRefundReply: ReplyHandler = {
  kind: saleRefundKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { saleId } = call.reply as { saleId: string }
    if (outcome.kind === 'refused') {
      await settleSaleRefund(tx, work, saleId, 'CLOSED', work.now)
      await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
      return
    }
    if (outcome.kind === 'ok') {
      const body = outcome.result as Loose
      await settleSaleRefund(tx, work, saleId, String(body.status ?? ''), timeOf(body.success_time, work.now))
    }
    await putJobs(tx, work.tenantId, [{ kind: saleRefundKind, key: saleId, dueAt: work.now + pollMs, state: { saleId, asked: 0 } }])
  },
}

/** Asks how a refund ended when no notice said so; less and less often. */
export function saleRefundPoll(platform: SalePlatform): JobHandler {
  return {
    kind: saleRefundKind,
    async prepare(work, job): Promise<unknown> {
      const { saleId } = job.state as { saleId: string }
      const sale = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => findSale(tx, work.tenantId, saleId))
      if (!sale || sale.refundedAt !== null || sale.refundNo === null || sale.payConnectionId === null) return null
      const answer = await platform.call(work.tenantId, sale.payConnectionId, 'pay.refund.query', { out_refund_no: sale.refundNo })
      if (answer.kind !== 'ok') throw new Error(`refund of sale ${saleId}: ${answer.text}`)
      return answer.result
    },
    async run(work, tx, job, prepared) {
      if (prepared === null) return null
      const state = job.state as { saleId: string; asked: number }
      const body = prepared as Loose
      await settleSaleRefund(tx, work, state.saleId, String(body.status ?? ''), timeOf(body.success_time, work.now))
      if (body.status === 'SUCCESS' || body.status === 'CLOSED' || state.asked >= 12) return null
      return { dueAt: work.now + pollMs * 2 ** Math.min(state.asked, 6), state: { ...state, asked: state.asked + 1 } }
    },
  }
}
