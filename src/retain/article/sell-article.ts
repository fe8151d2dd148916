import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { balances, book, type Posting } from '../../book/account/index.ts'
import { openBill } from '../../sell/payment/index.ts'
import { makeEvent } from '../../events.ts'
import { giveBack, spend, walletOf, waysToEarn, type WayToEarn } from '../points/index.ts'
import { readerOf, type Actor, type CommunityWork } from '../reader/index.ts'
import type { Price } from './article.ts'
import { authorSums, dropSale, findSale, hasBought, insertPayout, insertSale, listPayouts, livingSale, lockPayout, lockSale, salesOfAuthor, salesOfBuyer, savePayout, saveSale, type Payout, type Sale, type SaleState } from './sale-store.ts'
import { bumpCounts, findArticle, findQuiz, heatOf, heatWeights, priceOf, type ArticleRow, type Cursor } from './store.ts'

/**
 * Buying is never stopped by a silence, so the door of conduct is not asked here. The rules of money, as data of the merchant:
 * what of a price is the author's, how long a buyer may give back, how long the author's part waits.
 */
export const termsSchema = z.object({
  /** The author's part in hundredths of a percent. */
  authorShareBp: z.int().min(0).max(10_000).default(8_000),
  /** A buyer may give back within these hours … */
  refundHours: z.int().min(0).max(720).default(24),
  /** … unless the quiz of the article was answered right since: what was learned cannot be given back. */
  notAfterQuiz: z.boolean().default(true),
  /** The least that an author can ask to be paid. */
  payoutLeastFen: z.int().min(1).default(5_000),
})
export type SaleTerms = z.output<typeof termsSchema>
export const termsSetting = 'community.saleTerms'
export const readTerms = async (tx: Tx, tenantId: number): Promise<SaleTerms> => termsSchema.parse((await readSetting(tx, tenantId, termsSetting)) ?? {})

const hourMs = 3_600_000

/** The money that buyers pay for articles; what an author is owed, and what of it was asked for; the house's part; what was paid out. */
export const accounts = {
  till: 'till:article', house: 'sales:article', out: 'bank:payout',
  author: (personId: string): string => `author:${personId}`, asked: (personId: string): string => `author-asked:${personId}`,
}
const authorPart = (total: number, shareBp: number): number => Math.floor((total * shareBp) / 10_000)

export type Quote =
  | { kind: 'quote'; articleId: string; title: string; price: Price; balance: number; short: number; waysToEarn: WayToEarn[]; refundHours: number; canPayMoney: boolean }
  | { kind: 'bought'; saleId: string } | { kind: 'pending'; saleId: string; amountFen: number; payBefore: Instant } | { kind: 'free' } | { kind: 'own' } | { kind: 'gone' }

async function sellable(tx: Tx, tenantId: number, actor: Actor, articleId: string): Promise<{ kind: 'ok'; article: ArticleRow; price: Price } | Exclude<Quote, { kind: 'quote' }>> {
  const article = await findArticle(tx, tenantId, articleId)
  if (!article || article.state !== 'published' || article.version === null) return { kind: 'gone' }
  const living = await livingSale(tx, tenantId, articleId, actor.personId)
  if (living && living.state !== 'unpaid') return { kind: 'bought', saleId: living.saleId }
  if (article.authorReaderId === actor.readerId) return { kind: 'own' }
  const price = priceOf(article)
  if (price === null) return { kind: 'free' }
  if (living) return { kind: 'pending', saleId: living.saleId, amountFen: living.amountFen, payBefore: living.expiresAt ?? living.createdAt }
  return { kind: 'ok', article, price }
}

/** What the confirm dialog says before anything is bought: title, price, what is there, what is lacking and how to earn it. */
export async function quoteSale(tx: Tx, work: CommunityWork, parts: { payReady: boolean }, actor: Actor, articleId: string): Promise<Quote> {
  const found = await sellable(tx, work.tenantId, actor, articleId)
  if (found.kind !== 'ok') return found
  const { balance } = await walletOf(tx, work.tenantId, actor.personId, work.now)
  const short = Math.max(0, (found.price.feathers ?? 0) - balance)
  return {
    kind: 'quote', articleId, title: found.article.title, price: found.price, balance, short, waysToEarn: short > 0 ? await waysToEarn(tx, work.tenantId, work.now) : [], refundHours: (await readTerms(tx, work.tenantId)).refundHours,
    canPayMoney: parts.payReady && found.price.fen !== null,
  }
}

/** The accounts that take money; undefined: feathers only. */
export type PayAccounts = { payConnectionId: string; miniConnectionId: string }

export type Bought =
  | { kind: 'bought'; saleId: string } | { kind: 'pay'; saleId: string; amountFen: number; payBefore: Instant } | { kind: 'short'; balance: number; short: number; waysToEarn: WayToEarn[] }
  | { kind: 'price-changed'; price: Price } | { kind: 'no-pay' } | { kind: 'free' } | { kind: 'own' } | { kind: 'gone' }

/** `expected` is what the dialog said; another price is told instead of taken. Money answers `pay`: what the phone needs comes from `payForSale`. */
export async function buy(tx: Tx, work: CommunityWork, parts: { pay: PayAccounts | undefined }, actor: Actor, wish: { articleId: string; by: 'feathers' | 'money'; expected: number }): Promise<Bought> {
  const { tenantId, now, ids } = work
  const found = await sellable(tx, tenantId, actor, wish.articleId)
  if (found.kind === 'pending') return { kind: 'pay', saleId: found.saleId, amountFen: found.amountFen, payBefore: found.payBefore }
  if (found.kind !== 'ok') return found
  const { article, price } = found
  const asked = wish.by === 'feathers' ? price.feathers : price.fen
  if (asked === null || asked !== wish.expected) return { kind: 'price-changed', price }
  if (wish.by === 'money' && parts.pay === undefined) return { kind: 'no-pay' }
  const author = await readerOf(tx, tenantId, article.authorReaderId)
  if (!author) return { kind: 'gone' }
  const terms = await readTerms(tx, tenantId)
  // What is sold in the merchant's own name is the merchant's, and so is what an author who left would have got.
  const part = author.kind === 'house' || author.state === 'erased' ? 0 : authorPart(asked, terms.authorShareBp)
  const feathers = wish.by === 'feathers'
  const sale: Sale = {
    saleId: ids.next(), articleId: article.articleId, version: article.version!, title: article.title, readerId: actor.readerId, buyerPersonId: actor.personId, authorReaderId: author.readerId, authorPersonId: author.personId,
    feathers: feathers ? asked : 0, amountFen: feathers ? 0 : asked, authorFeathers: feathers ? part : 0, authorFen: feathers ? 0 : part, state: 'unpaid', surface: actor.surface, createdAt: now, expiresAt: null,
    paidAt: null, settlesAt: null, billId: null, refundReason: null, refundedAt: null,
  }
  if (!(await insertSale(tx, tenantId, sale))) return buy(tx, work, parts, actor, wish) // somebody was faster: with the same account on another phone
  if (!feathers) {
    const bill = await openBill(tx, tenantId, { kind: 'article', personId: actor.personId, buyer: `reader:${actor.readerId}`, clientKey: sale.saleId, ...parts.pay!, title: `文章《${article.title}》`, amountFen: asked, terms: { saleId: sale.saleId } }, now, ids)
    await saveSale(tx, tenantId, { ...sale, billId: bill.billId, expiresAt: bill.expiresAt })
    return { kind: 'pay', saleId: sale.saleId, amountFen: sale.amountFen, payBefore: bill.expiresAt }
  }
  const spent = await spend(tx, work, {
    personId: actor.personId, feathers: asked, key: `article/${sale.saleId}`, reason: `《${article.title}》`, ...(part > 0 ? { payee: { personId: author.personId, feathers: part } } : {}),
  })
  if (!spent.ok) {
    await dropSale(tx, tenantId, sale.saleId)
    return { kind: 'short', balance: spent.balance, short: spent.short, waysToEarn: spent.waysToEarn }
  }
  await settleSale(tx, work, sale, { paidAt: now })
  return { kind: 'bought', saleId: sale.saleId }
}

/** The sale is paid: once, whatever is heard how often. The row must be locked, or made in this transaction. */
export async function settleSale(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now' | 'ids' | 'emit'>, sale: Sale, paid: { paidAt: Instant }): Promise<void> {
  const { tenantId, now, ids } = work
  const terms = await readTerms(tx, tenantId)
  await saveSale(tx, tenantId, { ...sale, state: 'paid', paidAt: paid.paidAt, settlesAt: paid.paidAt + terms.refundHours * hourMs })
  if (sale.amountFen > 0) await book(tx, tenantId, [posting(ids.next(), `article/sale/${sale.saleId}/paid`, paid.paidAt, now, '付费文章', sale, 1)])
  await work.emit(tx, [makeEvent(ids, now, 'article.sold', `article/${sale.articleId}`, now, { saleId: sale.saleId, articleId: sale.articleId, buyerPersonId: sale.buyerPersonId, authorPersonId: sale.authorPersonId, feathers: sale.feathers, amountFen: sale.amountFen })])
  bumpCounts(tx, tenantId, sale.articleId, { sales: 1 }, heatOf(heatWeights.sale, now))
}

function posting(postingId: string, key: string, occurredAt: Instant, recordedAt: Instant, reason: string, sale: Sale, sign: 1 | -1): Posting {
  const entries = [
    { account: accounts.till, unit: 'fen', amount: sign * sale.amountFen }, { account: accounts.author(sale.authorPersonId), unit: 'fen', amount: -sign * sale.authorFen },
    { account: accounts.house, unit: 'fen', amount: -sign * (sale.amountFen - sale.authorFen) },
  ].filter((entry) => entry.amount !== 0)
  return { postingId, key, occurredAt, recordedAt, reason, entries }
}

export type SaleRow = { saleId: string; articleId: string; title: string; state: SaleState; feathers: number; amountFen: number; createdAt: Instant; paidAt: Instant | null; refundableUntil: Instant | null }
export async function purchasesOf(tx: Tx, tenantId: number, personId: string, after: Cursor | null, limit: number): Promise<SaleRow[]> {
  const terms = await readTerms(tx, tenantId)
  return (await salesOfBuyer(tx, tenantId, personId, after, limit)).map((sale) => ({
    saleId: sale.saleId, articleId: sale.articleId, title: sale.title, state: sale.state, feathers: sale.feathers, amountFen: sale.amountFen, createdAt: sale.createdAt, paidAt: sale.paidAt,
    refundableUntil: sale.state === 'paid' && sale.paidAt !== null ? sale.paidAt + terms.refundHours * hourMs : null,
  }))
}

export type RefundAnswer = { kind: 'refunded' } | { kind: 'refunding'; sale: Sale } | { kind: 'refused'; why: 'too-late' | 'quiz-passed' | 'not-paid' | 'not-yours'; zh: string; en: string }

/** A buyer gives an article back by the rule; the house may give back at any time. Money goes through WeChat Pay: the caller sends it with `requestSaleRefund`. */
export async function refundSale(tx: Tx, work: CommunityWork, wish: { saleId: string; /** The buyer; null: the house decides. */ personId: string | null; reason: string; /** Who asks for it, for the record. */ hand?: string }): Promise<RefundAnswer> {
  const { tenantId, now } = work
  const refused = (why: Extract<RefundAnswer, { kind: 'refused' }>['why'], zh: string, en: string): RefundAnswer => ({ kind: 'refused', why, zh, en })
  const sale = await lockSale(tx, tenantId, wish.saleId)
  if (!sale || (wish.personId !== null && sale.buyerPersonId !== wish.personId)) return refused('not-yours', '没有这笔购买', 'there is no such purchase')
  if (sale.state === 'refunding') return { kind: 'refunding', sale }
  if (sale.state !== 'paid' || sale.paidAt === null) return refused('not-paid', '这笔没有付过，或已经退了', 'it was not paid, or was given back')
  if (wish.personId !== null) {
    const terms = await readTerms(tx, tenantId)
    if (now >= sale.paidAt + terms.refundHours * hourMs) return refused('too-late', `买后 ${terms.refundHours} 小时内能退，已经过了`, `it can be given back within ${terms.refundHours} hours, which are over`)
    const quiz = terms.notAfterQuiz ? await findQuiz(tx, tenantId, sale.articleId, sale.buyerPersonId) : undefined
    if (quiz?.passedAt !== null && quiz?.passedAt !== undefined && quiz.passedAt >= sale.paidAt) return refused('quiz-passed', '阅读题已经答对，学到的退不了', 'its quiz was answered right since')
  }
  if (sale.amountFen === 0) {
    await giveBack(tx, work, `article/${sale.saleId}`, wish.reason)
    await endRefund(tx, work, { ...sale, refundReason: wish.reason }, now)
    return { kind: 'refunded' }
  }
  const refunding: Sale = { ...sale, state: 'refunding', refundReason: wish.reason }
  await saveSale(tx, tenantId, refunding)
  return { kind: 'refunding', sale: refunding }
}

/** The money or the feathers are back. The row must be locked. */
export async function endRefund(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now' | 'ids' | 'emit'>, sale: Sale, finishedAt: Instant): Promise<void> {
  const { tenantId, now, ids } = work
  await saveSale(tx, tenantId, { ...sale, state: 'refunded', refundedAt: finishedAt })
  if (sale.amountFen > 0) await book(tx, tenantId, [posting(ids.next(), `article/sale/${sale.saleId}/refunded`, finishedAt, now, '付费文章退款', sale, -1)])
  await work.emit(tx, [makeEvent(ids, now, 'article.refunded', `article/${sale.articleId}`, now, { saleId: sale.saleId, articleId: sale.articleId, buyerPersonId: sale.buyerPersonId, authorPersonId: sale.authorPersonId, feathers: sale.feathers, amountFen: sale.amountFen })])
  bumpCounts(tx, tenantId, sale.articleId, { sales: -1 }, null)
}

export type Income = {
  sales: number; feathers: number; earnedFen: number; /** Can still be given back. */ settlingFen: number; payableFen: number; askedFen: number; paidFen: number
  rows: Array<{ saleId: string; articleId: string; title: string; at: Instant; feathers: number; amountFen: number; authorFen: number; authorFeathers: number; state: SaleState }>
  payouts: Payout[]
}

/** The author's ledger: what was earned, what may still go back, what can be paid out, what was asked for and paid. */
export async function incomeOf(tx: Tx, tenantId: number, personId: string, now: Instant, after: Cursor | null = null, limit = 50): Promise<Income> {
  const sums = await authorSums(tx, tenantId, personId, now)
  const { owedFen, askedFen } = await owed(tx, tenantId, personId)
  const payouts = await listPayouts(tx, tenantId, { personId, limit: 50 })
  return {
    ...sums, payableFen: Math.max(0, owedFen - sums.settlingFen), askedFen, paidFen: payouts.filter((one) => one.state === 'paid').reduce((sum, one) => sum + one.amountFen, 0), payouts,
    rows: (await salesOfAuthor(tx, tenantId, personId, after, limit)).map((sale) => ({
      saleId: sale.saleId, articleId: sale.articleId, title: sale.title, at: sale.paidAt ?? sale.createdAt, feathers: sale.feathers, amountFen: sale.amountFen, authorFen: sale.authorFen, authorFeathers: sale.authorFeathers, state: sale.state,
    })),
  }
}
async function owed(tx: Tx, tenantId: number, personId: string): Promise<{ owedFen: number; askedFen: number }> {
  const sum = async (account: string): Promise<number> => -(await balances(tx, tenantId, account)).filter((row) => row.account === account && row.unit === 'fen').reduce((total, row) => total + Number(row.amount), 0)
  return { owedFen: (await sum(accounts.author(personId))) || 0, askedFen: (await sum(accounts.asked(personId))) || 0 }
}

export type PayoutAsked = { kind: 'asked'; payoutId: string } | { kind: 'too-much'; payableFen: number } | { kind: 'too-little'; leastFen: number }

/** The author asks for money: what is asked for leaves what is owed at once, so that it cannot be asked for twice. */
export async function askPayout(tx: Tx, work: CommunityWork, actor: Actor, amountFen: number): Promise<PayoutAsked> {
  const { tenantId, now, ids } = work
  const terms = await readTerms(tx, tenantId)
  if (amountFen < terms.payoutLeastFen) return { kind: 'too-little', leastFen: terms.payoutLeastFen }
  await lockPayee(tx, tenantId, actor.personId)
  const { payableFen } = await incomeOf(tx, tenantId, actor.personId, now, null, 1)
  if (amountFen > payableFen) return { kind: 'too-much', payableFen }
  const payoutId = ids.next()
  insertPayout(tx, tenantId, { payoutId, personId: actor.personId, readerId: actor.readerId, amountFen, state: 'asked', askedAt: now, decidedAt: null, decidedBy: null, proof: null, reason: null })
  await move(tx, work, `article/payout/${payoutId}/asked`, '作者提现申请', accounts.asked(actor.personId), accounts.author(actor.personId), amountFen)
  return { kind: 'asked', payoutId }
}
/** One payout of a payee at a time, until commit. */
async function lockPayee(tx: Tx, tenantId: number, personId: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock($1::int, hashtext($2))`, [7239850 + (tenantId % 1000), personId])
}
async function move(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now' | 'ids'>, key: string, reason: string, owedTo: string, owedBefore: string, amountFen: number): Promise<void> {
  await book(tx, work.tenantId, [{ postingId: work.ids.next(), key, occurredAt: work.now, recordedAt: work.now, reason, entries: [{ account: owedTo, unit: 'fen', amount: -amountFen }, { account: owedBefore, unit: 'fen', amount: amountFen }] }])
}

/** The house has paid (with the number of the transfer as proof), or says why not: then the money is owed again. */
export async function decidePayout(tx: Tx, work: CommunityWork, wish: { payoutId: string; paid: boolean; by: string; proof: string | null; reason: string | null }): Promise<{ kind: 'done' } | { kind: 'gone' } | { kind: 'decided'; state: Payout['state'] }> {
  const row = await lockPayout(tx, work.tenantId, wish.payoutId)
  if (!row) return { kind: 'gone' }
  if (row.state !== 'asked') return { kind: 'decided', state: row.state }
  savePayout(tx, work.tenantId, { ...row, state: wish.paid ? 'paid' : 'refused', decidedAt: work.now, decidedBy: wish.by, proof: wish.proof, reason: wish.reason })
  if (wish.paid) await move(tx, work, `article/payout/${row.payoutId}/paid`, '作者提现', accounts.out, accounts.asked(row.personId), row.amountFen)
  else await move(tx, work, `article/payout/${row.payoutId}/refused`, '作者提现未付', accounts.author(row.personId), accounts.asked(row.personId), row.amountFen)
  return { kind: 'done' }
}

export { findSale, hasBought, type Sale, type SaleState, type Payout }
