import { csvFile, csvLine, type CsvCell } from '../../kernel/csv.ts'
import { saleDate, startOfDay, dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { fenToYuan, type Fen } from '../../kernel/money.ts'
import { accountSums, checkBalanced } from '../../book/account/index.ts'
import { shelfTotals } from '../order/index.ts'
import { storedTotals } from '../promotion/index.ts'
import { balancesSaid, fundTotals, listDays, listDifferences, listStatements, type DifferenceRow, type MoneyDay } from './store.ts'

/** One line of "does it agree": two figures that must be equal, and what they are. */
export type Check = { key: 'sales-mall' | 'sales-shop' | 'tender' | 'stored' | 'balanced' | 'till-pay'; ok: boolean; leftFen: Fen; rightFen: Fen }
export type Report = {
  from: string
  to: string
  shelves: Array<{ shelf: string; orders: number; paidFen: Fen; refundedFen: Fen }>
  accounts: Array<{ account: string; fen: Fen }>
  checks: Check[]
  days: MoneyDay[]
  differences: DifferenceRow[]
  statements: Awaited<ReturnType<typeof listStatements>>
  funds: Awaited<ReturnType<typeof fundTotals>>
}

/**
 * Both ledgers and the order book in one report. Checks are over all time: what the book says was paid and refunded is what the ledger calls sales, to the fen; the till is what
 * the last bill says is on the account, as far as nothing is on its way.
 */
export async function settlementReport(tx: Tx, tenantId: number, span: { from: string; to: string }, now: Instant): Promise<Report> {
  const [from, to] = [startOfDay(span.from), startOfDay(span.to) + dayMs]
  const shelves = await shelfTotals(tx, tenantId, from, to)
  const always = await shelfTotals(tx, tenantId, 0, now + dayMs)
  const sums = await accountSums(tx, tenantId, 'fen', now + dayMs)
  const of = (account: string): Fen => sums.find((one) => one.account === account)?.amount ?? 0
  const net = (shelf: string): Fen => always.filter((one) => one.shelf === shelf).reduce((sum, one) => sum + one.paidFen - one.refundedFen, 0)
  const stored = await storedTotals(tx, tenantId)
  const check = (key: Check['key'], leftFen: Fen, rightFen: Fen): Check => ({ key, ok: leftFen === rightFen, leftFen, rightFen })
  const said = (await balancesSaid(tx, tenantId)).filter((one) => one.balanceFen !== null)
  const lastDay = said.map((one) => one.day).sort()[0]
  const till = lastDay === undefined ? [] : await accountSums(tx, tenantId, 'fen', startOfDay(lastDay) + dayMs)
  const open = (await listDifferences(tx, tenantId, { open: false }, 500))
  const onWay = open.filter((one) => one.kind === 'balance-differs' && one.state === 'explained').reduce((sum, one) => sum + Number(one.detail.pendingFen ?? 0), 0)
  return {
    ...span, shelves, accounts: sums.map((one) => ({ account: one.account, fen: one.amount })),
    checks: [
      check('sales-mall', net('mall'), 0 - of('sales:mall')), check('sales-shop', net('shop'), 0 - of('sales:shop')), check('tender', of('tender:mall'), 0), check('stored', stored.principalFen + stored.giftFen, 0 - of('stored') - of('stored-gift')),
      check('balanced', (await checkBalanced(tx, tenantId)).length, 0),
      ...(lastDay === undefined ? [] : [check('till-pay', (till.find((one) => one.account === 'till:pay')?.amount ?? 0) - onWay, said.reduce((sum, one) => sum + one.balanceFen!, 0))]),
    ],
    days: await listDays(tx, tenantId, span.from, span.to), differences: open.filter((one) => one.state === 'open' || (one.day >= span.from && one.day <= span.to)), statements: await listStatements(tx, tenantId, 14), funds: await fundTotals(tx, tenantId, from, to),
  }
}

const row = (...cells: CsvCell[]): string => csvLine(cells)
const yuan = (fen: Fen | null): string => (fen === null ? '' : fenToYuan(fen))

/** The report as a file, for whoever keeps the books: one table under another. */
export function reportFile(report: Report, words: (key: string) => string): string {
  return csvFile([
    row('对账', `${report.from} 至 ${report.to}`), '',
    row('货架', '付款单数', '付款（元）', '退款（元）', '净额（元）'), ...report.shelves.map((one) => row(words(one.shelf), one.orders, yuan(one.paidFen), yuan(one.refundedFen), yuan(one.paidFen - one.refundedFen))), '',
    row('核对', '一边（元）', '另一边（元）', '一致'), ...report.checks.map((one) => row(words(one.key), yuan(one.leftFen), yuan(one.rightFen), one.ok ? '是' : '否')), '',
    row('科目', '余额（元）'), ...report.accounts.map((one) => row(one.account, yuan(one.fen))), '',
    row('日期', '货架', '账户', '订单', '对上', '有差异', '收款（元）', '退款（元）', '手续费（元）'), ...report.days.filter((one) => one.shelf !== 'fund').map((one) => row(one.day, words(one.shelf), one.account, one.orders, one.matched, one.differing, yuan(one.paidFen), yuan(one.refundedFen), yuan(one.feeFen))), '',
    row('日期', '货架', '单号', '差异', '状态', '订单（元）', '账本（元）', '账单（元）', '说明', '处理人'), ...report.differences.map((one) => row(one.day, words(one.shelf), `${one.number}\t`, words(one.kind), words(one.state), yuan(one.orderFen), yuan(one.ledgerFen), yuan(one.billFen), one.note ?? '', one.actor ?? '')),
  ])
}

/** Words of the file: the same in Chinese as on the page. */
export const reportWords: Readonly<Record<string, string>> = {
  mall: '商城', shop: '小店', open: '待查', explained: '已说明', settled: '已处理', 'sales-mall': '商城：订单净额 = 账本销售', 'sales-shop': '小店：订单净额 = 账本销售', tender: '储值、定金已两清', stored: '储值余额 = 欠会员的钱', balanced: '借贷不平的凭证数', 'till-pay': '微信支付账户余额 = 账本',
  'amount-differs': '金额不同', 'not-ours': '账单里有，我们没有', 'notice-lost': '付了款没收到通知', 'refund-unheard': '退了款没收到通知', 'missing-in-bill': '我们有，账单里没有', 'not-in-ledger': '没记账', 'ledger-differs': '记账金额不同', 'twice-in-bill': '账单里出现两次', 'given-back': '重复付款，已退回', 'day-edge': '跨零点', 'balance-differs': '余额不同', 'unreadable-line': '账单有一行读不了',
}

export const spanOf = (query: { from?: string; to?: string }, now: Instant): { from: string; to: string } => ({ from: query.from ?? saleDate(now - 30 * dayMs), to: query.to ?? saleDate(now) })
