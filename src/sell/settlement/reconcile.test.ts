import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeBill } from '../../wechat/codec/index.ts'
import { checkHash, readFundBill, readTradeBill, type StatementRow } from './read-statement.ts'
import { explainedBy, reconcileDay, reconcileShop, shopAccount, type BookItem } from './reconcile.ts'
import { mostShareBp, returnsOf, sharesOf } from './share.ts'
import type { Partner, ShareReceiver } from './store.ts'

const from = Date.parse('2026-03-10T00:00:00+08:00')
const day = { from, to: from + 86_400_000 }
const noon = from + 12 * 3_600_000
const row = (number: string, amountFen: number, what: 'payment' | 'refund' = 'payment'): StatementRow => ({ what, number, platformNo: `wx${number}`, orderNo: number, amountFen, feeFen: 6, at: noon, label: '茶' })
const item = (number: string, fen: number | null, more: Partial<BookItem> = {}): BookItem => ({ what: 'payment', number, fen, at: fen === null ? null : noon, of: 'order', target: number, ...more })
const kinds = (book: BookItem[], ledger: Record<string, number>, bill: StatementRow[]) => reconcileDay(day, book, new Map(Object.entries(ledger)), bill).differences.map((one) => [one.number, one.kind, one.state])

describe('orders, ledger and bill of a day', () => {
  test.each([
    ['agree', [item('a', 100)], { 'payment a': 100 }, [row('a', 100)], []],
    ['another amount in the bill', [item('a', 100)], { 'payment a': 100 }, [row('a', 99)], [['a', 'amount-differs', 'open']]],
    ['a number that is not ours', [], {}, [row('x', 5)], [['x', 'not-ours', 'open']]],
    ['paid there, not heard of here', [item('a', null)], {}, [row('a', 100)], [['a', 'notice-lost', 'open']]],
    ['refunded there, not heard of here', [item('r', null, { what: 'refund' })], {}, [row('r', 100, 'refund')], [['r', 'refund-unheard', 'open']]],
    ['ours, missing in the bill', [item('a', 100)], { 'payment a': 100 }, [], [['a', 'missing-in-bill', 'open']]],
    ['ours, a minute before midnight', [item('a', 100, { at: day.to - 60_000 })], { 'payment a': 100 }, [], [['a', 'day-edge', 'open']]],
    ['of another day in the book, in this bill', [item('a', 100, { at: from - 60_000 })], { 'payment a': 100 }, [row('a', 100)], []],
    ['not in the ledger', [item('a', 100)], {}, [row('a', 100)], [['a', 'not-in-ledger', 'open']]],
    ['otherwise in the ledger', [item('a', 100)], { 'payment a': 90 }, [row('a', 100)], [['a', 'ledger-differs', 'open']]],
    ['twice in the bill', [item('a', 100)], { 'payment a': 100 }, [row('a', 100), row('a', 100)], [['a', 'twice-in-bill', 'open']]],
    ['a second payment that went back', [item('b', 100, { of: 'suspense', at: null })], { 'payment b': 100 }, [row('b', 100)], [['b', 'given-back', 'explained']]],
  ] as Array<[string, BookItem[], Record<string, number>, StatementRow[], unknown]>)('%s', (_what, book, ledger, bill, expected) => expect(kinds(book, ledger, bill)).toEqual(expected))

  test('the next bill explains what stood around midnight', () => {
    const [edge] = reconcileDay(day, [item('a', 100, { at: day.to - 1_000 })], new Map([['payment a', 100]]), []).differences
    expect(explainedBy(edge, [row('a', 100)])).toBe(true)
    expect(explainedBy(edge, [row('a', 99)])).toBe(false)
    expect(explainedBy({ ...edge, kind: 'amount-differs' }, [row('a', 100)])).toBe(false)
  })
  test('every number of any side is matched or named, once, whatever is changed', () => {
    const change = fc.constantFrom('none', 'no-bill', 'no-book', 'no-ledger', 'amount', 'unpaid', 'twice')
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 99_999 }), change), { maxLength: 40 }), (facts) => {
      const book: BookItem[] = []
      const bill: StatementRow[] = []
      const ledger = new Map<string, number>()
      facts.forEach(([fen, how], n) => {
        const number = `n${n}`
        if (how !== 'no-book') book.push(item(number, how === 'unpaid' ? null : fen))
        if (how !== 'no-ledger' && how !== 'unpaid' && how !== 'no-book') ledger.set(`payment ${number}`, fen)
        if (how !== 'no-bill') bill.push(row(number, how === 'amount' ? fen + 1 : fen), ...(how === 'twice' ? [row(number, fen)] : []))
      })
      const { matched, differences } = reconcileDay(day, book, ledger, bill)
      const changed = facts.filter(([, how]) => how !== 'none').length
      expect(differences.length).toBe(changed)
      expect(matched).toBe(facts.length - changed + facts.filter(([, how]) => how === 'twice').length)
    }), { numRuns: 200 })
  })
})

describe('bills as files', () => {
  const head = ['交易时间', '公众账号ID', '商户号', '特约商户号', '设备号', '微信订单号', '商户订单号', '用户标识', '交易类型', '交易状态', '付款银行', '货币种类', '应结订单金额', '代金券金额', '微信退款单号', '商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态', '商品名称', '商户数据包', '手续费', '费率', '订单金额', '申请退款金额', '费率备注']
  const paid = ['2026-03-10 12:00:00', 'wx1', '19', '0', '', '4200', 'a1', 'o', 'JSAPI', 'SUCCESS', 'CMB', 'CNY', '96.00', '2.00', '0', '0', '0.00', '0.00', '', '', '茶, 礼盒', '', '0.58000', '0.60%', '98.00', '0.00', '']
  const back = ['2026-03-10 13:00:00', 'wx1', '19', '0', '', '4200', 'a1', 'o', 'JSAPI', 'REFUND', 'CMB', 'CNY', '0.00', '0.00', '5030', 'r1', '8.00', '0.00', 'ORIGINAL', 'SUCCESS', '茶', '', '-0.05000', '0.60%', '0.00', '8.00', '']
  const bytes = (rows: string[][]) => Buffer.from(writeBill(head, rows, ['总交易单数'], [String(rows.length)]))
  test('payments and refunds with their numbers; what cannot be read is a line of its own and hides no other', async () => {
    const bill = await readTradeBill(bytes([paid, back, paid.with(24, '九十八')]))
    expect(bill.rows).toMatchObject([{ what: 'payment', number: 'a1', amountFen: 9_800, feeFen: 58, label: '茶, 礼盒' }, { what: 'refund', number: 'r1', orderNo: 'a1', amountFen: 800, feeFen: -5 }])
    expect(bill.bad).toEqual([{ line: 4, reason: '“九十八” is no amount' }])
  })
  test('a file that is not what was announced, or was cut off, is not read', async () => {
    const good = bytes([paid])
    expect(() => checkHash(good, createHash('sha1').update(good).digest('hex').toUpperCase())).not.toThrow()
    expect(() => checkHash(Buffer.concat([good, Buffer.from(' ')]), createHash('sha1').update(good).digest('hex'))).toThrow(/SHA-1/)
    await expect(readTradeBill(good.subarray(0, good.length - 40))).rejects.toThrow(/without its summary/)
  })
  test('fund flows say what they are, and the balance after the last', async () => {
    const flow = (kind: string, way: string, amount: string, balance: string): string[] => ['2026-03-10 12:00:00', '4200', '10', kind, kind, way, amount, balance, 'system', '', 'a1']
    const bill = await readFundBill(Buffer.from(writeBill(['记账时间', '微信支付业务单号', '资金流水单号', '业务名称', '业务类型', '收支类型', '收支金额(元)', '账户结余(元)', '资金变更提交申请人', '备注', '业务凭证号'], [flow('交易', '收入', '98.00', '98.00'), flow('扣除交易手续费', '支出', '0.58', '97.42'), flow('提现', '支出', '90.00', '7.42'), flow('新业务', '支出', '1.00', '6.42')], ['资金流水总笔数'], ['4'])))
    expect([bill.rows.map((one) => one.what), bill.balanceFen]).toEqual([['payment', 'fee', 'withdraw', 'other-out'], 642])
  })
})

describe('the wallet of the Shop', () => {
  const order = (orderId: string, paidFen: number, refundedFen = 0) => ({ orderId, paidFen, refundedFen, settledAt: noon })
  const flow = (orderId: string, fundsType: number, amountFen: number, direction = 1) => ({ flowId: `${orderId}/${fundsType}`, fundsType, direction, amountFen, orderId, at: noon })
  test('an order brings what was paid less what was refunded, over all its flows', () => {
    expect(reconcileShop([order('1', 100), order('2', 100, 30), order('3', 50, 50)], [flow('1', 1, 100), flow('1', 2, 6, 2), flow('2', 1, 100), flow('2', 3, 30, 2)], new Set())).toEqual({ matched: 3, differences: [] })
    expect(reconcileShop([order('1', 100), order('2', 100)], [flow('1', 1, 99)], new Set(['9'])).differences.map((one) => [one.number, one.kind])).toEqual([['9', 'not-ours'], ['1', 'amount-differs'], ['2', 'missing-in-bill']])
  })
  test('each kind of flow has its account', () => expect([1, 2, 3, 4, 5, 6, 11, 13, 16, 99].map(shopAccount)).toEqual(['till:shop', 'fee:shop', 'till:shop', 'bank:shop', 'bank:shop', 'commission:shop', 'commission:shop', 'other:shop', 'cost:freight-insurance', 'commission:shop']))
})

describe('shares of an order', () => {
  const partner = (n: number, rateBp: number, more: Partial<Partner> = {}): Partner => ({ partnerId: `${n}`, name: `p${n}`, receiver: 'MERCHANT_ID', account: `19000002${n}`, personId: null, relation: 'PARTNER', rateBp, scope: 'all', state: 'on', addedAt: null, createdAt: 0, ...more })
  test('partners get their rate, a referrer of whom they brought, nobody of themselves', () => {
    const referral = partner(2, 500, { receiver: 'PERSONAL_OPENID', account: '', scope: 'referred' })
    expect(sharesOf({ netFen: 9_999, personId: 'b' }, [partner(1, 1000), referral], 'a').map((one) => [one.partnerId, one.fen, one.personId])).toEqual([['1', 999, null], ['2', 499, 'a']])
    expect(sharesOf({ netFen: 9_999, personId: 'b' }, [referral], undefined)).toEqual([])
    expect(sharesOf({ netFen: 9_999, personId: 'b' }, [referral], 'b')).toEqual([])
    expect(sharesOf({ netFen: 9_999, personId: 'b' }, [{ ...referral, personId: 'c' }], 'a')).toEqual([])
    expect(sharesOf({ netFen: 9, personId: 'b' }, [partner(1, 1000)], undefined)).toEqual([])
  })
  test('never more than the cap, in whole fen', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 8 }), (netFen, rates) => {
      const shares = sharesOf({ netFen, personId: 'b' }, rates.map((rate, n) => partner(n, rate)), undefined)
      const sum = shares.reduce((total, one) => total + one.fen, 0)
      expect(sum * 10_000).toBeLessThanOrEqual(netFen * mostShareBp)
      expect(shares.every((one) => Number.isSafeInteger(one.fen) && one.fen >= 1)).toBe(true)
    }), { numRuns: 300 })
  })
  test('refunds bring shares back in proportion, all of them with the whole, from merchants only', () => {
    const receivers: ShareReceiver[] = [{ partnerId: '1', name: '', receiver: 'MERCHANT_ID', account: '1', personId: null, fen: 1_000, result: 'success' }, { partnerId: '2', name: '', receiver: 'PERSONAL_OPENID', account: '', personId: 'a', fen: 500, result: 'success' }]
    expect(returnsOf(receivers, 10_000, 3_333, [0, 0])).toEqual([334, 0])
    expect(returnsOf(receivers, 10_000, 10_000, [334, 0])).toEqual([666, 0])
    expect(returnsOf(receivers, 10_000, 10_000, [1_000, 0])).toEqual([0, 0])
  })
})
