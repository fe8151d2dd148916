import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import { saleDate } from '../../src/kernel/calendar.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { holdToRules } from '../setup/test-db.ts'
import { accountSums, balances, checkBalanced } from '../../src/book/account/index.ts'
import { putListings } from '../../src/sell/catalog/index.ts'
import { findMallOrder, lockMallOrders, type MallOrder } from '../../src/sell/checkout/index.ts'
import { findOrder } from '../../src/sell/order/index.ts'
import { createMoney } from '../../src/money.ts'
import { listPayAlarms, requestRefund, settlePayments, shipOrder } from '../../src/sell/payment/index.ts'
import { ruleSchemas, savePlay, type Play, type PlayKind } from '../../src/sell/promotion/index.ts'
import { findShare, listDifferences, settlementReport } from '../../src/sell/settlement/index.ts'
import { changeStock, ensureStock } from '../../src/sell/stock/index.ts'
import { putConnection } from '../../src/wechat/connection/index.ts'

/** Money through the real protocols of an emulated world: plays at the checkout, every way to pay and to pay back, bills the next morning, and both ledgers against the order book. */
const start = Date.parse('2026-03-10T10:00:00+08:00')
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const world = 'main'
const statements = new Set<string>()
let runtime: Runtime
let tenantId: number
let shop: string
let skus: Array<{ skuId: string; productId: string; title: string }> = []
let platform: Array<{ productId: string; skuId: string }> = []

const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
const act = <T = Record<string, any>>(name: string, args: Record<string, unknown>): Promise<T> => runtime.emulator!.act(world, name, args) as Promise<T>
const now = (): number => runtime.emulator!.namespace(world).now
const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)
const recorder = () => ({ tenantId, now: now(), ids: runtime.house.ports.ids, emit: (tx: Tx, events: readonly any[]) => runtime.house.context.emit(tx, tenantId, events) })
const money = () => createMoney(runtime.house.context, () => undefined)
async function api<T = Record<string, any>>(method: 'GET' | 'POST', path: string, token?: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${runtime.url}/mall/money/api${path}`, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return { status: answer.status, body: (await answer.json()) as T }
}
async function signIn(person: string): Promise<string> {
  const { js_code: code } = await act('miniProgram.login', { person })
  return (await api('POST', '/login', undefined, { code })).body.token
}
let keys = 0
const key = (): string => `click-${keys++}-0000`
const buy = (token: string, lines: Array<[sku: number, quantity: number]>, more: Record<string, unknown> = {}) => api('POST', '/checkout', token, { key: key(), lines: lines.map(([n, quantity]) => ({ skuId: skus[n].skuId, quantity })), ...more })
const pay = (sheet: { package: string }, more: Record<string, unknown> = {}) => act('pay.payOrder', { prepay_id: sheet.package.replace('prepay_id=', ''), ...more })
const orderOf = async (orderId: string): Promise<MallOrder> => (await app((tx) => findMallOrder(tx, tenantId, orderId)))!
async function play(kind: PlayKind, name: string, rule: unknown, days = 30): Promise<string> {
  const promotionId = runtime.house.ports.ids.next()
  await app((tx) => savePlay(tx, tenantId, { promotionId, kind, name, state: 'on', rule: ruleSchemas[kind].parse(rule), startsAt: now() - 1, endsAt: now() + days * day } as Play, now()))
  return promotionId
}
const stop = (promotionId: string) => app((tx) => tx.run(`update promotion set state = 'off' where tenant_id = $1 and promotion_id = $2`, [tenantId, promotionId]))
const account = async (name: string): Promise<number> => (await app((tx) => balances(tx, tenantId, name))).filter((row) => row.unit === 'fen' && row.account === name).reduce((sum, row) => sum + row.amount, 0)
const refund = async (orderId: string, amountFen: number) => app(async (tx) => requestRefund(tx, recorder(), money().payment, (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)!, { amountFen, skuId: null, quantity: 0, reason: '测试' }))
/** What must hold at every stop. */
async function allAddsUp(): Promise<void> {
  expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  const { checks } = await app((tx) => settlementReport(tx, tenantId, { from: '2026-03-01', to: saleDate(now()) }, now()))
  expect(checks.filter((one) => !one.ok && one.key !== 'till-pay')).toEqual([])
}

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, statementHook: (text) => void statements.add(text), anyPort: true, seaStart: start, journal: false })
  shop = runtime.emulator!.namespace(world).accounts.find((one) => one.kind === 'shop')!.id
  await act('shop.addProducts', { shop, products: ['白茶', '红茶', '茶具'].map((title, n) => ({ title, outProductId: `p${n}`, image: 'https://img.example/t.jpg', skus: [{ outSkuId: `s${n}`, skuCode: `S${n}`, priceFen: [9_800, 6_800, 16_800][n], stock: 50 }] })) })
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, { slug: 'money', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'mall'], lines: ['shop', 'mini-program', 'pay'], ownerId: undefined })
  platform = (await act('shop.viewProducts', { shop })).products.map((one: any) => ({ productId: one.productId, skuId: one.skus[0].skuId }))
  await run(2 * minute)
  skus = await app((tx) => tx.query(`select s.sku_id as "skuId", s.product_id as "productId", p.title from sku s join product p on p.tenant_id = s.tenant_id and p.product_id = s.product_id where s.tenant_id = $1 order by s.sku_code`, [tenantId]))
  await app(async (tx) => {
    await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: sku.title, changedAt: now() })))
    await ensureStock(tx, tenantId, skus.map((sku) => sku.skuId), now())
    for (const [n, sku] of skus.entries()) {
      await changeStock(tx, tenantId, sku.skuId, { kind: 'receive', quantity: 100, reason: '收货' }, `r/${n}`, now(), runtime.house.ports.ids)
      await changeStock(tx, tenantId, sku.skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: 100 }, `t/${n}`, now(), runtime.house.ports.ids)
    }
  })
}, 120_000)
afterAll(async () => {
  await runtime?.close()
  await holdToRules(statements)
})

describe('plays at the checkout', { timeout: 60_000 }, () => {
  test('a coupon is taken, chosen with its reason, used on one order, and back when that order is not paid', async () => {
    const li = await signIn('li')
    const coupon = await play('coupon', '满90减10', { steps: [{ fromFen: 9_000, offFen: 1_000 }], quota: 3, perPerson: 2 })
    const first = (await api('POST', '/coupons/claim', li, { promotionId: coupon, key: 'tap-1' })).body
    expect(first).toMatchObject({ kind: 'claimed', fresh: true })
    expect((await api('POST', '/coupons/claim', li, { promotionId: coupon, key: 'tap-1' })).body).toMatchObject({ couponId: first.couponId, fresh: false })
    await api('POST', '/coupons/claim', li, { promotionId: coupon, key: 'tap-2' })
    expect((await api('POST', '/coupons/claim', li, { promotionId: coupon, key: 'tap-3' })).body).toMatchObject({ kind: 'price-refused', reason: 'coupon-enough' })
    const quote = (await api('POST', '/quote', li, { lines: [{ skuId: skus[0].skuId, quantity: 1 }], best: true })).body
    expect(quote).toMatchObject({ kind: 'priced', goodsFen: 9_800, totalFen: 8_800, best: { offFen: 1_000, text: '用“满90减10”省 10 元' }, lines: [{ paidFen: 8_800, discounts: [{ kind: 'coupon', fen: 1_000 }] }] })
    const placed = (await buy(li, [[0, 1]], { terms: quote.terms, totalFen: 8_800 })).body
    expect(placed).toMatchObject({ kind: 'placed', order: { totalFen: 8_800, payFen: 8_800 } })
    expect((await buy(li, [[0, 1]], { terms: quote.terms })).body).toMatchObject({ kind: 'price-refused', reason: 'coupon-used' })
    await run(20 * minute)
    expect((await orderOf(placed.order.orderId)).state).toBe('cancelled')
    const again = (await buy(li, [[0, 1]], { terms: quote.terms })).body
    expect(again.kind).toBe('placed')
    await pay(again.pay)
    await run(minute)
    expect((await api('GET', '/coupons', li)).body.mine.map((one: any) => one.state).sort()).toEqual(['usable', 'used'])
    // A stranger's coupon is no coupon.
    expect((await buy(await signIn('eve'), [[0, 1]], { terms: { couponIds: [first.couponId] } })).body).toMatchObject({ reason: 'coupon-unknown' })
    await allAddsUp()
  })

  test('a tampered price is refused with the right one, and nothing is placed', async () => {
    const wu = await signIn('wu')
    expect((await buy(wu, [[0, 1]], { totalFen: 1 })).body).toEqual({ kind: 'total-changed', totalFen: 9_800 })
    expect((await api('POST', '/checkout', wu, { key: key(), lines: [{ skuId: skus[0].skuId, quantity: 1, unitFen: 1 }], goodsFen: 1, discountFen: 9_799 })).body).toMatchObject({ kind: 'placed', order: { totalFen: 9_800 } })
    for (const bad of [{ quantity: -1 }, { quantity: 0 }, { quantity: 1e9 }, { quantity: 1.5 }]) expect((await api('POST', '/checkout', wu, { key: key(), lines: [{ skuId: skus[0].skuId, ...bad }] })).status).toBe(400)
    expect((await api('POST', '/checkout', wu, { key: key(), lines: Array.from({ length: 10_000 }, () => ({ skuId: skus[0].skuId, quantity: 1 })) })).status).toBe(400)
  })

  test('one coupon used by many orders at once: one wins', async () => {
    const zhou = await signIn('zhou')
    const coupon = await play('coupon', '抢着用', { steps: [{ offFen: 500 }], quota: 5 })
    const { couponId } = (await api('POST', '/coupons/claim', zhou, { promotionId: coupon, key: 'one' })).body
    const answers = await Promise.all(Array.from({ length: 12 }, () => buy(zhou, [[1, 1]], { terms: { couponIds: [couponId] } })))
    expect(answers.filter((one) => one.body.kind === 'placed')).toHaveLength(1)
    expect(answers.filter((one) => one.body.reason === 'coupon-used')).toHaveLength(11)
    await run(20 * minute)
  })

  test('a reduction, a member price and a flash sale with pieces of its own', async () => {
    const reduction = await play('full-reduction', '满200减30', { steps: [{ fromFen: 20_000, offFen: 3_000 }] })
    const buyer = await signIn('sun')
    expect((await api('POST', '/quote', buyer, { lines: skus.slice(0, 3).map((sku) => ({ skuId: sku.skuId, quantity: 1 })) })).body).toMatchObject({ totalFen: 30_400, discountFen: 3_000 })
    const flash = await play('flash', '整点秒杀', { prices: [{ skuId: skus[2].skuId, priceFen: 990, quota: 3 }], perPerson: 1 })
    expect((await api('GET', '/promotions')).body.flash).toMatchObject([{ prices: [{ priceFen: 990, left: 3 }] }])
    const tokens = await Promise.all(Array.from({ length: 8 }, (_, n) => signIn(`flash-${n}`)))
    const answers = await Promise.all(tokens.map((token) => buy(token, [[2, 1]], { totalFen: 990 })))
    expect(answers.filter((one) => one.body.kind === 'placed')).toHaveLength(3)
    // Sold out, the ordinary price is asked about, never charged unseen.
    expect(answers.filter((one) => one.body.kind === 'total-changed' && one.body.totalFen === 16_800)).toHaveLength(5)
    await pay(answers.find((one) => one.body.kind === 'placed')!.body.pay)
    await run(20 * minute)
    // Who did not pay gave the piece back; the one who did has had theirs.
    expect((await api('GET', '/promotions')).body.flash[0].prices[0].left).toBe(2)
    await stop(flash)
    await stop(reduction)
    await allAddsUp()
  })

  test('a group forms when enough have paid; one that does not is paid back and its units are for sale again', async () => {
    const group = await play('group', '两人团', { prices: [{ skuId: skus[1].skuId, priceFen: 4_000 }], size: 2, hours: 2 })
    const [an, bo, chen] = await Promise.all(['an', 'bo', 'chen'].map(signIn))
    const led = (await buy(an, [[1, 1]], { terms: { group: { promotionId: group } } })).body
    expect(led).toMatchObject({ kind: 'placed', order: { totalFen: 4_000 } })
    const { groupId } = led.order
    await pay(led.pay)
    await run(minute)
    await expect(app((tx) => shipOrder(tx, recorder(), money().payment, led.order.orderId, { company: 'SF', trackingNo: 'SF1' }))).resolves.toMatchObject({ kind: 'on-hold', why: '等拼团拼成' })
    expect((await api('GET', `/groups/${groupId}`, bo)).body.group).toMatchObject({ joined: 1, missing: 1, state: 'open', mine: false })
    expect((await buy(an, [[1, 1]], { terms: { group: { promotionId: group, groupId } } })).body.reason).toBe('group-twice')
    const joined = (await buy(bo, [[1, 1]], { terms: { group: { promotionId: group, groupId } } })).body
    expect((await buy(chen, [[1, 1]], { terms: { group: { promotionId: group, groupId } } })).body.reason).toBe('group-full')
    await pay(joined.pay)
    await run(minute)
    expect((await api('GET', `/groups/${groupId}`)).body.group).toMatchObject({ state: 'formed', paid: 2 })
    const alone = (await buy(chen, [[1, 1]], { terms: { group: { promotionId: group } } })).body
    await pay(alone.pay)
    const before = await app((tx) => tx.query<{ mall: number }>(`select mall from stock where tenant_id = $1 and sku_id = $2`, [tenantId, skus[1].skuId]))
    await run(2 * hour + 20 * minute)
    expect((await api('GET', `/groups/${alone.order.groupId}`)).body.group.state).toBe('failed')
    expect(await orderOf(alone.order.orderId)).toMatchObject({ state: 'refunded' })
    expect((await app((tx) => tx.query<{ mall: number }>(`select mall from stock where tenant_id = $1 and sku_id = $2`, [tenantId, skus[1].skuId])))[0].mall).toBe(before[0].mall + 1)
    await stop(group)
    await allAddsUp()
  })

  test('a pre-sale: a deposit holds the goods and counts for more; the rest is paid in its window; who does not come forfeits', async () => {
    const presale = await play('presale', '春茶预售', { prices: [{ skuId: skus[0].skuId, priceFen: 9_000, depositFen: 1_000, worthFen: 3_000 }], balanceFrom: now() + hour, balanceTo: now() + 2 * hour })
    const [du, fan] = await Promise.all(['du', 'fan'].map(signIn))
    const made = (await api('POST', '/presales/deposit', du, { promotionId: presale, skuId: skus[0].skuId, quantity: 2, key: 'deposit-1' })).body
    expect(made).toMatchObject({ kind: 'deposit', amountFen: 2_000, state: 'unpaid' })
    const other = (await api('POST', '/presales/deposit', fan, { promotionId: presale, skuId: skus[0].skuId, quantity: 1, key: 'deposit-2' })).body
    for (const [token, deposit] of [[du, made], [fan, other]] as const) await pay((await api('POST', `/bills/${deposit.billId}/pay`, token, {})).body.pay)
    await run(minute)
    expect((await buy(du, [[0, 2]], { terms: { depositId: made.depositId } })).body.reason).toBe('deposit-early')
    await run(hour + minute)
    expect((await api('GET', '/presales', du)).body.deposits).toMatchObject([{ state: 'paid', restFen: 12_000 }])
    const rest = (await buy(du, [[0, 2]], { terms: { depositId: made.depositId } })).body
    // 18,000 less 4,000 that the deposit counts for beyond what it cost: 14,000, of which 2,000 are paid.
    expect(rest).toMatchObject({ kind: 'placed', order: { totalFen: 14_000, payFen: 12_000, tenders: [{ kind: 'deposit', fen: 2_000 }] } })
    await pay(rest.pay)
    await run(minute)
    expect(await app((tx) => findOrder(tx, tenantId, 'mall', rest.order.orderId))).toMatchObject({ paidFen: 14_000 })
    expect(await account(`deposit:${made.depositId}`)).toBe(0)
    await run(hour + minute)
    expect((await api('GET', '/presales', fan)).body.deposits).toMatchObject([{ state: 'forfeited' }])
    expect(await account('sales:forfeit')).toBe(-1_000)
    // Paid back whole: each part the way it came.
    await refund(rest.order.orderId, 14_000)
    await run(10 * minute)
    expect(await orderOf(rest.order.orderId)).toMatchObject({ state: 'refunded' })
    expect((await act('pay.look', { out_trade_no: made.depositId })).trade_state).toBe('REFUND')
    expect(await account('tender:mall')).toBe(0)
    await stop(presale)
    await allAddsUp()
  })

  test('stored value is a debt: topped up with a gift, pays whole orders and parts, comes back to the fen', async () => {
    const plans = await play('top-up', '充100送10', { plans: [{ key: 'a', payFen: 10_000, giftFen: 1_000 }] })
    const gao = await signIn('gao')
    const bill = (await api('POST', '/wallet/top-up', gao, { promotionId: plans, plan: 'a', key: 'top-up-1' })).body
    await pay((await api('POST', `/bills/${bill.billId}/pay`, gao, {})).body.pay)
    await run(minute)
    expect((await api('GET', '/wallet', gao)).body).toMatchObject({ balanceFen: 11_000, principalFen: 10_000, giftFen: 1_000 })
    const whole = (await buy(gao, [[1, 1]], { terms: { storedFen: 99_999 } })).body
    expect(whole).toMatchObject({ kind: 'placed', pay: null, order: { totalFen: 6_800, payFen: 0 } })
    await run(minute)
    expect(await orderOf(whole.order.orderId)).toMatchObject({ state: 'paid' })
    const part = (await buy(gao, [[0, 1]], { terms: { storedFen: 4_000 } })).body
    expect(part.order).toMatchObject({ payFen: 5_800, tenders: [{ kind: 'stored', fen: 4_000 }] })
    expect((await api('GET', '/wallet', gao)).body.balanceFen).toBe(200)
    await pay(part.pay)
    await run(minute)
    for (const fen of [3_333, 3_333, 3_134]) {
      expect((await refund(part.order.orderId, fen)).kind).toBe('requested')
      await run(10 * minute)
    }
    expect(await refund(part.order.orderId, 1)).toEqual({ kind: 'too-much', leftFen: 0 })
    expect((await api('GET', '/wallet', gao)).body.balanceFen).toBe(4_200)
    expect((await act('pay.look', { out_trade_no: part.order.orderId })).amount.total).toBe(5_800)
    expect(await orderOf(part.order.orderId)).toMatchObject({ state: 'refunded' })
    // An order that is not paid gives its part back.
    const left = (await buy(gao, [[0, 1]], { terms: { storedFen: 4_200 } })).body
    await run(20 * minute)
    expect((await orderOf(left.order.orderId)).state).toBe('cancelled')
    expect((await api('GET', '/wallet', gao)).body.balanceFen).toBe(4_200)
    await allAddsUp()
  })

  test('who bought before the price fell is paid the difference, once', async () => {
    await play('price-protection', '7天价保', { days: 7 })
    const he = await signIn('he')
    const bought = (await buy(he, [[0, 2]])).body
    await pay(bought.pay)
    await run(minute)
    expect((await api('GET', `/orders/${bought.order.orderId}/price-protection`, he)).body).toMatchObject({ kind: 'none', reason: 'not-cheaper' })
    await app((tx) => tx.run(`update sku set price_fen = 8_800 where tenant_id = $1 and sku_id = $2`, [tenantId, skus[0].skuId]))
    expect((await api('POST', `/orders/${bought.order.orderId}/price-protection`, he)).body).toMatchObject({ kind: 'due', totalFen: 2_000 })
    expect((await api('POST', `/orders/${bought.order.orderId}/price-protection`, he)).body).toMatchObject({ kind: 'none', reason: 'claimed' })
    await run(10 * minute)
    expect(await app((tx) => findOrder(tx, tenantId, 'mall', bought.order.orderId))).toMatchObject({ refundedFen: 2_000 })
    await app((tx) => tx.run(`update sku set price_fen = 9_800 where tenant_id = $1 and sku_id = $2`, [tenantId, skus[0].skuId]))
  })
})

describe('every way to pay', { timeout: 60_000 }, () => {
  test('by a page and by a code; a second payment of one order goes back by itself and is told', async () => {
    const ma = await signIn('ma')
    const placed = (await buy(ma, [[1, 1]])).body
    const page = (await api('POST', `/orders/${placed.order.orderId}/pay-web`, ma, { way: 'h5', ip: '203.0.113.7' })).body
    expect(page.url).toMatch(/^https:\/\/wx\.tenpay\.com\//)
    const code = (await api('POST', `/orders/${placed.order.orderId}/pay-web`, ma, { way: 'native' })).body
    expect(code.code).toMatch(/^weixin:\/\//)
    await act('pay.payOrder', { h5_url: page.url, person: 'ma' })
    await act('pay.payOrder', { code_url: code.code, person: 'ma' })
    await run(10 * minute)
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'paid' })
    expect((await app((tx) => listPayAlarms(tx, tenantId, true, 10))).map((one) => one.kind)).toEqual(['paid-twice'])
    expect(await account('suspense:pay')).toBe(0)
    // The refund of the order finds the number it was paid under.
    await refund(placed.order.orderId, 6_800)
    await run(10 * minute)
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'refunded' })
    await allAddsUp()
  })

  test('another amount or currency is not booked: an alarm; a made-up notice is refused at the door', async () => {
    const qi = await signIn('qi')
    const placed = (await buy(qi, [[1, 1]])).body
    const told = (totalFen: number, currency: string) => app((tx) => settlePayments(tx, recorder(), money().payment, [{ number: placed.order.orderId, transactionId: '42', paidAt: now(), totalFen, currency, coupons: [] }], 'callback'))
    await told(1, 'CNY')
    await told(6_800, 'USD')
    await told(1, 'CNY')
    expect((await orderOf(placed.order.orderId)).state).toBe('unpaid')
    expect((await app((tx) => listPayAlarms(tx, tenantId, true, 10))).map((one) => one.kind).sort()).toEqual(['amount-differs', 'currency-differs', 'paid-twice'])
    const routeKey = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'pay')!.routeKey
    const forged = await fetch(`${runtime.url}/notify/${routeKey}`, { method: 'POST', headers: { 'wechatpay-timestamp': String(Math.floor(Date.parse('2026-03-10') / 1000)), 'wechatpay-nonce': 'n', 'wechatpay-signature': 'AAAA', 'wechatpay-serial': 'X' }, body: '{"id":"1","event_type":"TRANSACTION.SUCCESS"}' })
    expect(forged.status).toBeGreaterThanOrEqual(400)
    await pay(placed.pay)
    await run(minute)
    // Told again, and again later: once.
    await act('pay.repeatNotice', { out_trade_no: placed.order.orderId })
    await act('pay.repeatNotice', { out_trade_no: placed.order.orderId, probe: true })
    await run(minute)
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'paid' })
    await allAddsUp()
  })

  test('coupons of WeChat Pay are kept as costs of the lines, by who bears them', async () => {
    const ren = await signIn('ren')
    const placed = (await buy(ren, [[0, 1], [1, 1]])).body
    await pay(placed.pay, { couponFen: 1_000, couponMerchantFen: 400 })
    await run(minute)
    const uses = await app((tx) => tx.query<{ bearer: string; fen: number }>(`select bearer, sum(fen)::int as fen from promotion_use where tenant_id = $1 and order_id = $2 group by bearer order by bearer`, [tenantId, placed.order.orderId]))
    expect(uses).toEqual([{ bearer: 'merchant', fen: 400 }, { bearer: 'platform', fen: 600 }])
    expect(await account('cost:pay-coupon')).toBe(400)
    await allAddsUp()
  })

  test('as a sub-merchant of a service provider: paid, asked about, refunded in its name', async () => {
    const connection = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'pay')!
    const mini = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'mini-program')!
    await act('pay.configure', { subMerchants: ['1900000888'] })
    const set = async (more: Record<string, string>): Promise<void> => {
      const { subMchid: _sub, spAppid: _sp, ...secrets } = connection.secrets
      await app((tx) => putConnection(tx, tenantId, { ...connection, secrets: { ...secrets, ...more } }, runtime.house.ports.seal))
      await runtime.house.refresh(tenantId)
    }
    await set({ subMchid: '1900000888', spAppid: mini.accountId })
    const shen = await signIn('shen')
    const placed = (await buy(shen, [[1, 1]])).body
    expect(placed.kind, JSON.stringify(placed)).toBe('placed')
    await runtime.emulator!.setFaults(world, { lost: 1 })
    await pay(placed.pay)
    await run(20 * minute)
    await runtime.emulator!.setFaults(world, null)
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'paid' })
    await refund(placed.order.orderId, 6_800)
    await run(15 * minute)
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'refunded' })
    await set({ subMchid: '1900000999', spAppid: mini.accountId })
    expect((await buy(shen, [[1, 1]])).body.error.code).toBe('mall/pay-refused')
    await set({})
    await allAddsUp()
  })
})

describe('partners, rewards, and what platforms say', { timeout: 60_000 }, () => {
  test('an order is shared with a partner after it was received, and a refund brings the share back first', async () => {
    await app((tx) => tx.run(`insert into share_partner (tenant_id, partner_id, name, receiver, account, person_id, relation, rate_bp, scope, state, created_at) values ($1, $2, '供货商', 'MERCHANT_ID', '1900000200', null, 'SUPPLIER', 1000, 'all', 'on', $3)`, [tenantId, runtime.house.ports.ids.next(), now() - 1]))
    await run(2 * minute)
    const tan = await signIn('tan')
    const placed = (await buy(tan, [[0, 1]])).body
    await pay(placed.pay)
    await run(minute)
    expect((await act('pay.funds', {})).frozenFen).toBeGreaterThan(9_000)
    await app((tx) => shipOrder(tx, recorder(), money().payment, placed.order.orderId, { company: 'SF', trackingNo: 'SF1234567' }))
    await run(minute)
    const { transactionId } = await orderOf(placed.order.orderId)
    await act('miniProgram.confirmReceipt', { transaction_id: transactionId })
    await act('miniProgram.settle', { transaction_id: transactionId })
    await run(minute)
    // As if eight days had passed since.
    await app(async (tx) => {
      await tx.run(`update mall_order set paid_at = paid_at - 777600000 where tenant_id = $1 and order_id = $2`, [tenantId, placed.order.orderId])
      await tx.run(`update job set due_at = $3 where tenant_id = $1 and kind = 'pay.share' and key = $2`, [tenantId, placed.order.orderId, now()])
    })
    await run(15 * minute)
    expect(await app((tx) => findShare(tx, tenantId, placed.order.orderId))).toMatchObject({ state: 'done', totalFen: 980, receivers: [{ fen: 980, result: 'success' }] })
    expect(await account('commission:share')).toBe(980)
    await refund(placed.order.orderId, 9_800)
    await run(hour)
    await app((tx) => tx.run(`update mall_order set paid_at = paid_at + 777600000 where tenant_id = $1 and order_id = $2`, [tenantId, placed.order.orderId]))
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'refunded' })
    expect(await account('commission:share')).toBe(0)
    await app((tx) => tx.run(`update share_partner set state = 'off' where tenant_id = $1`, [tenantId]))
    await allAddsUp()
  })

  test('a reward waits for the person: confirmed it is paid, left alone it comes back', async () => {
    // Somebody buys in the Shop as well: both are looked at a day later.
    await act('shop.setParameters', { shop, parameters: { settleDelayMs: hour } })
    const shopConnection = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'shop')!.connectionId
    const asShop = async (endpoint: string, request: unknown): Promise<any> => ((await runtime.house.context.call(tenantId, shopConnection, endpoint, request)) as { result: unknown }).result
    const { data: { coupon_id: couponId } } = await asShop('shop.coupon.create', { type: 104, name: '立减两元', discount_info: { discount_fee: 200 }, receive_info: { total_num: 2, limit_num_one_person: 1 }, valid_info: { valid_type: 2, valid_day_num: 3 } })
    await asShop('shop.coupon.update-status', { coupon_id: couponId, status: 2 })
    const { userCouponId } = await act('shop.receiveCoupon', { shop, couponId, person: 'shopper-0' })
    await act('shop.runOrders', { shop, orders: [0, 1].map((n) => ({ person: `shopper-${n}`, ...(n === 0 ? { userCouponId } : {}), at: now(), payAt: now(), shipAt: now() + minute, receiveAt: now() + 2 * minute, lines: [{ ...platform[n], count: 1 }] })) })
    await act('pay.topUp', { amountFen: 100_000 })
    const uma = await signIn('uma')
    const { personId } = await orderOf((await buy(uma, [[1, 1]])).body.order.orderId)
    const accounts = runtime.house.connectionsOf(tenantId)
    const { makeTransfer } = await import('../../src/sell/settlement/index.ts')
    const send = (clientKey: string, amountFen: number) => app((tx) => makeTransfer(tx, tenantId, money().payment, { clientKey, personId, payConnectionId: accounts.find((one) => one.line === 'pay')!.connectionId, miniConnectionId: accounts.find((one) => one.line === 'mini-program')!.connectionId, kind: 'reward', amountFen, remark: '晒单奖励', actor: 'test' }, now(), runtime.house.ports.ids))
    expect(await send('reward-0', 5)).toEqual({ kind: 'bad-amount' })
    const first = await send('reward-1', 500)
    expect(await send('reward-1', 500)).toEqual(first)
    await send('reward-2', 300)
    await run(minute)
    const waiting = (await api('GET', '/transfers', uma)).body.transfers
    expect(waiting).toMatchObject([{ state: 'wait-confirm', pay: { package: expect.any(String) } }, { state: 'wait-confirm' }])
    await act('pay.confirmTransfer', { out_bill_no: waiting.find((one: any) => one.amountFen === 500).transferId })
    await run(minute)
    expect(await account('cost:reward')).toBe(500)
    await run(day + hour)
    expect((await api('GET', '/transfers', uma)).body.transfers.map((one: any) => one.state).sort()).toEqual(['done', 'failed'])
    expect(await account('transfer:pending')).toBe(0)
    await allAddsUp()
  })

  test('the Shop settles into a ledger of its own', async () => {
    expect(await account('wallet:shop')).toBeGreaterThan(0)
    const report = await app((tx) => settlementReport(tx, tenantId, { from: '2026-03-01', to: saleDate(now()) }, now()))
    expect(await app((tx) => tx.query<{ fen: number }>(`select sum(fen)::int as fen from promotion_use where tenant_id = $1 and shelf = 'shop' and kind = 'shop-coupon'`, [tenantId]))).toEqual([{ fen: 200 }])
    expect(report.funds.map((one) => one.fundsType)).toEqual(expect.arrayContaining([1, 2]))
    expect(report.differences.filter((one) => one.shelf === 'shop' && one.state === 'open')).toEqual([])
    // What orders brought is no longer owed by the Shop.
    expect(await account('till:shop')).toBe(0)
  })

  test('bills of every day agree with orders and ledger, and the account with the till', async () => {
    const report = await app((tx) => settlementReport(tx, tenantId, { from: '2026-03-01', to: saleDate(now()) }, now()))
    expect(report.days.filter((one) => one.shelf === 'mall').reduce((sum, one) => sum + one.matched, 0)).toBeGreaterThan(20)
    expect(report.differences.filter((one) => one.state === 'open').map((one) => [one.day, one.what, one.kind, one.orderFen, one.ledgerFen, one.billFen, one.detail])).toEqual([])
    expect(report.differences.map((one) => one.kind)).toContain('given-back')
    expect(report.checks.map((one) => [one.key, one.ok, one.leftFen, one.rightFen])).toEqual(report.checks.map((one) => [one.key, true, one.rightFen, one.rightFen]))
    expect(report.checks.map((one) => one.key)).toContain('till-pay')
    expect((await app((tx) => accountSums(tx, tenantId, 'fen', now()))).find((one) => one.account === 'fee:pay')!.amount).toBeGreaterThan(0)
  })

  test('what no notice told is found by the bill and asked for; what is not ours, or changed in the book, stays on the list (control)', async () => {
    const vera = await signIn('vera')
    const placed = (await buy(vera, [[1, 1]])).body
    await pay(placed.pay)
    await run(minute)
    // As if the book had never heard, and had been changed by hand elsewhere.
    const other = (await buy(vera, [[0, 1]])).body
    await pay(other.pay)
    await run(minute)
    await app(async (tx) => {
      await tx.run(`update mall_order set paid_at = null, transaction_id = null, state = 'cancelled' where tenant_id = $1 and order_id = $2`, [tenantId, placed.order.orderId])
      await tx.run(`update mall_order set total_fen = total_fen - 1 where tenant_id = $1 and order_id = $2`, [tenantId, other.order.orderId])
    })
    await run(2 * day)
    const found = await app((tx) => listDifferences(tx, tenantId, { open: false }, 100))
    expect(found.find((one) => one.number === placed.order.orderId)).toMatchObject({ kind: 'notice-lost', state: 'explained', note: 'asked for and booked' })
    // It had been called off meanwhile: booked, and paid back.
    expect(await orderOf(placed.order.orderId)).toMatchObject({ state: 'cancelled', paidAt: expect.any(Number) })
    expect((await act('pay.look', { out_trade_no: placed.order.orderId })).trade_state).toBe('REFUND')
    expect(found.find((one) => one.number === other.order.orderId)).toMatchObject({ kind: 'amount-differs', state: 'open', orderFen: 9_799, billFen: 9_800 })
  })
})
