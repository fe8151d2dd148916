import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { manualClock, systemClock, systemTimers } from '../../kernel/clock.ts'
import { seededRandom } from '../../kernel/random.ts'
import { openCallback } from '../../wechat/codec/index.ts'
import { shopLine } from '../shop/index.ts'
import type { WeixinAccount } from './account.ts'
import { httpSend } from './deliverer.ts'
import { drawOf, textKey } from './faults.ts'
import { createEmulator, openEmulator, type Emulator, type EmulatorOptions } from './emulator.ts'
import { memoryJournal } from './journal.ts'
import { serveHttp } from './server.ts'
import { readParts, type Sealed } from './wire.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const minute = 60_000

function world(more: Partial<EmulatorOptions> = {}) {
  const pushes: Array<{ at: number; event: string; push: Sealed }> = []
  let answer: (n: number) => { status: number; body: string } | Error = () => ({ status: 200, body: 'success' })
  const emulator: Emulator = createEmulator({
    modules: [shopLine],
    seed: 'test',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    send: async (push) => {
      const keys = { token: shop().push.token, aesKey: shop().push.aesKey, receiveId: shop().id }
      const opened = openCallback(keys, { query: Object.fromEntries(new URL(push.url).searchParams), body: push.body }, 'weixin')
      pushes.push({ at: emulator.namespace().now, event: String(opened.value.Event), push })
      const result = answer(pushes.length)
      if (result instanceof Error) throw result
      return result
    },
    ...more,
  })
  const shop = (): WeixinAccount => emulator.namespace().accounts.find((account): account is WeixinAccount => account.kind === 'shop')!
  return { emulator, pushes, shop, answerWith: (next: typeof answer) => (answer = next) }
}

async function connect(emulator: Emulator, name = 'main') {
  await emulator.act(name, 'core.setPush', { kind: 'shop', url: 'http://receiver/cb' })
}

async function call(emulator: Emulator, path: string, body?: unknown, headers: Record<string, string> = {}, method = body === undefined ? 'GET' : 'POST') {
  const answer = await emulator.handle({ method, url: path, headers, body: Buffer.from(body === undefined ? '' : JSON.stringify(body)), ip: '10.0.0.1' })
  return { status: answer.status, json: answer.body.length > 0 ? (JSON.parse(answer.body.toString()) as Record<string, any>) : {} }
}

async function tokenOf(emulator: Emulator, name = 'main', stable = true) {
  const shop = emulator.namespace(name).accounts.find((account): account is WeixinAccount => account.kind === 'shop')!
  const headers = { 'x-qz-namespace': name }
  const { json } = stable
    ? await call(emulator, '/cgi-bin/stable_token', { grant_type: 'client_credential', appid: shop.id, secret: shop.secret }, headers)
    : await call(emulator, `/cgi-bin/token?grant_type=client_credential&appid=${shop.id}&secret=${shop.secret}`, undefined, headers)
  return String(json.access_token)
}

async function product(emulator: Emulator, stock = 100, name = 'main') {
  const made = (await emulator.act(name, 'shop.addProducts', { products: [{ title: '杯子', skus: [{ outSkuId: 'cup', priceFen: 500, stock }] }] })) as any
  return { productId: made.products[0].productId as string, skuId: made.products[0].skus[0].skuId as string }
}

describe('routing and tokens', () => {
  test('an unknown path, a wrong method, a missing, false and expired token each get the platform\'s own error', async () => {
    const { emulator } = world()
    expect((await call(emulator, '/no/such/path')).json.errcode).toBe(40066)
    expect((await call(emulator, '/channels/ec/order/get')).json.errcode).toBe(43002)
    expect((await call(emulator, '/channels/ec/order/get', {})).json.errcode).toBe(41001)
    expect((await call(emulator, '/channels/ec/order/get?access_token=x', {})).json.errcode).toBe(40001)
    const token = await tokenOf(emulator)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {})).json).toMatchObject({ errcode: 0, total_num: 0 })
    await emulator.act('main', 'core.expireTokens', { token })
    const expired = await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {})
    expect(expired.json.errcode).toBe(42001)
    expect(expired.json.errmsg).toContain('rid: ')
  })

  test('a token of another account type is not authorised', async () => {
    const { emulator } = world()
    const other = (await emulator.act('main', 'core.addAccount', { kind: 'mini-program', name: 'm' })) as WeixinAccount
    const { json } = await call(emulator, '/cgi-bin/stable_token', { grant_type: 'client_credential', appid: other.id, secret: other.secret })
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${json.access_token}`, {})).json.errcode).toBe(48001)
  })

  test('a new classic token leaves the old one five minutes; the stable one stays the same until its last five minutes', async () => {
    const { emulator } = world()
    const first = await tokenOf(emulator, 'main', false)
    const second = await tokenOf(emulator, 'main', false)
    expect(second).not.toBe(first)
    const stable = await tokenOf(emulator)
    expect(await tokenOf(emulator)).toBe(stable)
    await emulator.advanceTo(start + 4 * minute)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${first}`, {})).json.errcode).toBe(0)
    await emulator.advanceTo(start + 6 * minute)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${first}`, {})).json.errcode).toBe(42001)
    expect(await tokenOf(emulator)).toBe(stable)
    await emulator.advanceTo(start + 116 * minute)
    expect(await tokenOf(emulator)).not.toBe(stable)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${stable}`, {})).json.errcode).toBe(0)
  })

  test('ids may be bare 64-bit numbers, bodies empty or null, and null fields are as good as absent', async () => {
    const { emulator } = world()
    const token = await tokenOf(emulator)
    const { productId, skuId } = await product(emulator)
    const { orderId } = (await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })) as any
    const raw = async (path: string, body: string) => JSON.parse((await emulator.handle({ method: 'POST', url: `${path}?access_token=${token}`, headers: {}, body: Buffer.from(body), ip: '' })).body.toString())
    expect((await raw('/channels/ec/order/get', `{"order_id":${orderId},"encode_sensitive_info":null}`)).order.order_id).toBe(orderId)
    expect((await raw('/channels/ec/product/list/get', 'null')).errcode).toBe(0)
    expect((await raw('/channels/ec/product/list/get', '')).errcode).toBe(0)
    expect((await raw('/channels/ec/product/list/get', '{"a":')).errcode).toBe(47001)
    expect((await raw('/channels/ec/order/get', '{}')).errcode).toBe(40097)
  })

  test('the daily cap of a row ends in 45009 and begins anew the next day; without limits it does not', async () => {
    const capped = world()
    const secretless = { grant_type: 'client_credential', appid: capped.shop().id, secret: capped.shop().secret }
    const path = `/cgi-bin/token?${new URLSearchParams(secretless).toString()}`
    for (let i = 0; i < 2_000; i++) await capped.emulator.handle({ method: 'GET', url: path, headers: {}, body: Buffer.alloc(0), ip: '' })
    expect((await call(capped.emulator, path)).json.errcode).toBe(45009)
    await capped.emulator.advanceTo(start + 24 * 60 * minute)
    expect((await call(capped.emulator, path)).json.access_token).toBeTruthy()
    const free = world({ limits: false })
    for (let i = 0; i < 2_001; i++) await free.emulator.handle({ method: 'GET', url: path, headers: {}, body: Buffer.alloc(0), ip: '' })
    expect((await call(free.emulator, path)).json.errcode).not.toBe(45009)
  })
})

describe('set-up', () => {
  test('an address is checked as the platform does it: the receiver must write the echo back', async () => {
    const answers: Array<(url: URL) => { status: number; body: string }> = [
      (url) => ({ status: 200, body: url.searchParams.get('echostr') ?? '' }),
      () => ({ status: 200, body: 'success' }),
      () => ({ status: 404, body: '' }),
    ]
    const { emulator, shop } = world({ send: async (push) => answers.shift()!(new URL(push.url)) })
    const check = () => emulator.checkAddress('main', { kind: 'shop', id: shop().id })
    expect(await check()).toBeUndefined()
    await connect(emulator)
    expect((await check())?.ok).toBe(true)
    expect((await check())?.ok).toBe(false)
    expect(await check()).toMatchObject({ ok: false, status: 404 })
  })

  test('with an IP allow list only listed addresses get a token', async () => {
    const { emulator, shop } = world()
    const ask = () => call(emulator, '/cgi-bin/stable_token', { grant_type: 'client_credential', appid: shop().id, secret: shop().secret })
    await emulator.act('main', 'core.setIpAllowList', { id: shop().id, ips: ['10.9.9.9'] })
    expect((await ask()).json.errcode).toBe(40164)
    await emulator.act('main', 'core.setIpAllowList', { id: shop().id, ips: ['10.0.0.1'] })
    expect((await ask()).json.access_token).toBeTruthy()
  })

  test('a multipart body is read part by part', () => {
    const body = Buffer.from('--b\r\ncontent-disposition: form-data; name="media"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n\x01\r\n\x02\r\n--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n', 'latin1')
    const parts = readParts('multipart/form-data; boundary=b', body)
    expect(parts.map((part) => [part.name, part.filename, part.contentType, Buffer.from(part.bytes).toString('latin1')])).toEqual([['media', 'a.png', 'image/png', '\x01\r\n\x02'], ['x', undefined, undefined, '1']])
    expect(readParts('application/json', body)).toEqual([])
  })
})

describe('pushes', () => {
  test('a push that fails is sent ten times over about 3.6 hours, then given up', async () => {
    const { emulator, pushes, answerWith } = world()
    await connect(emulator)
    answerWith((n) => (n % 2 === 0 ? new Error('no answer') : { status: 502, body: '' }))
    const { productId, skuId } = await product(emulator)
    await emulator.act('main', 'shop.setParameters', { parameters: { unpaidTimeoutMs: 24 * 60 * minute } })
    await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })
    await emulator.advanceTo(start + 6 * 60 * minute)
    const waits = pushes.map(({ at }) => at - start)
    const sums = [0, 0, 0, 10_000, minute, 5 * minute, 30 * minute, 60 * minute, 60 * minute, 60 * minute].map(((sum) => (wait: number) => (sum += wait))(0))
    expect(waits).toEqual(sums)
    expect(emulator.counts()).toMatchObject({ givenUp: 1, waiting: 0, acknowledged: 0, failedAttempts: 10 })
    expect(new Set(pushes.map(({ push }) => push.body)).size).toBe(10)
  })

  test('control: an acknowledged push is sent once', async () => {
    const { emulator, pushes } = world()
    await connect(emulator)
    const { productId, skuId } = await product(emulator)
    await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })
    await emulator.pump()
    expect(pushes.map(({ event }) => event)).toEqual(['channels_ec_order_new'])
  })

  test('without an address pushes are recorded and not sent', async () => {
    const { emulator, pushes } = world()
    const { productId, skuId } = await product(emulator)
    await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })
    await emulator.pump()
    expect(pushes).toEqual([])
    expect(emulator.deliveries()).toMatchObject([{ event: 'channels_ec_order_new', state: 'no-address' }])
  })

  test('the clock waits at every instant at which somebody was told something', async () => {
    const { emulator, pushes } = world()
    await connect(emulator)
    const { productId, skuId } = await product(emulator)
    await emulator.act('main', 'shop.runOrders', { orders: [1, 2, 3].map((n) => ({ person: `p${n}`, at: start + n * 1_000, payAt: start + n * 1_000 + 500, lines: [{ productId, skuId, count: 1 }] })) })
    await emulator.advanceTo(start + 10_000)
    expect(pushes.map(({ at, event }) => [at - start, event.replace('channels_ec_order_', '')])).toEqual([1, 2, 3].flatMap((n) => [[n * 1_000, 'new'], [n * 1_000 + 500, 'pay'], [n * 1_000 + 500, 'wait_shipping']]))
    await expect(emulator.advanceTo(start)).rejects.toMatchObject({ code: 'emulator/clock-back' })
  })
})

describe('faults', () => {
  async function run(plan: Parameters<Emulator['setFaults']>[1], order: readonly number[], advance = true) {
    const w = world()
    await connect(w.emulator)
    await w.emulator.setFaults('main', plan)
    const { productId, skuId } = await product(w.emulator, 10_000)
    await w.emulator.act('main', 'shop.setParameters', { parameters: { unpaidTimeoutMs: 9_000 * minute } })
    for (const n of order) await w.emulator.act('main', 'core.push', { kind: 'shop', id: w.shop().id, event: 'e', message: `{"Event":"e${n}"}` })
    expect(skuId).toBeTruthy()
    expect(productId).toBeTruthy()
    if (advance) await w.emulator.advanceTo(start + 60 * minute)
    return w
  }
  const many = Array.from({ length: 200 }, (_, n) => n)

  test('the same plan injects the same faults whatever the order of events', async () => {
    const plan = { lost: 0.1, duplicate: 0.1, late: 0.1, held: 0.1, reordered: 0.1 }
    const forward = await run(plan, many)
    const backward = await run(plan, [...many].reverse())
    const seen = (w: typeof forward) => w.pushes.map(({ event }) => event).sort()
    expect(seen(forward)).toEqual(seen(backward))
    const { injected } = forward.emulator.faults()
    expect(injected).toEqual(backward.emulator.faults().injected)
    for (const kind of ['lost', 'duplicate', 'late', 'held', 'reordered']) expect(injected[kind]).toBeGreaterThan(3)
    expect(forward.pushes.length).toBe(200 - injected.lost + injected.duplicate)
    const other = await run({ ...plan, seed: 'other' }, many)
    expect(seen(other)).not.toEqual(seen(forward))
  })

  test('draws are uniform, also over neighbouring keys, and independent between faults', () => {
    const bins = Array.from({ length: 20 }, () => 0)
    let both = 0
    const total = 40_000
    for (let n = 0; n < total; n++) {
      const key = textKey(`{"order_id":37000000${n}}`)
      bins[Math.floor(drawOf(key, 'lost') * 20)]++
      if (drawOf(key, 'lost') < 0.2 && drawOf(key, 'late') < 0.2) both++
    }
    // Chi-squared with 19 degrees of freedom: above 43.8 once in a thousand seeds.
    const chi = bins.reduce((sum, count) => sum + (count - total / 20) ** 2 / (total / 20), 0)
    expect(chi).toBeLessThan(43.8)
    expect(Math.abs(both / total - 0.04)).toBeLessThan(0.004)
  })

  test('control: without a plan everything arrives once, in order', async () => {
    const { pushes, emulator } = await run(null, many)
    expect(pushes.map(({ event }) => event)).toEqual(many.map((n) => `e${n}`))
    expect(emulator.faults().injected).toEqual({})
  })

  test('a late push is signed when it is sent, one held on the wire when it was made', async () => {
    const clock = manualClock(start)
    const times: number[] = []
    for (const kind of ['late', 'held'] as const) {
      const w = world({ wireClock: clock })
      await connect(w.emulator)
      await w.emulator.setFaults('main', { [kind]: 1, lateMs: [60_000, 60_000] })
      const made = clock.now()
      await w.emulator.act('main', 'core.push', { kind: 'shop', id: w.shop().id, event: 'e', message: '{"Event":"e"}' })
      clock.advance(60_000)
      await w.emulator.advanceTo(start + minute)
      times.push(Number(new URL(w.pushes[0].push.url).searchParams.get('timestamp')) * 1_000 - made)
    }
    expect(times).toEqual([60_000, 0])
  })

  test('calls suffer what a rule, a header or the plan says, and a repeat draws afresh', async () => {
    const { emulator } = world()
    const { productId, skuId } = await product(emulator)
    const token = await tokenOf(emulator)
    const update = (headers: Record<string, string> = {}) => call(emulator, `/channels/ec/product/stock/update?access_token=${token}`, { product_id: productId, sku_id: skuId, diff_type: 1, num: 1 }, headers)
    const stock = async () => (await call(emulator, `/channels/ec/product/stock/get?access_token=${token}`, { product_id: productId, sku_id: skuId })).json.data.normal_stock_num
    expect((await update({ 'x-qz-fault': 'busy' })).json.errcode).toBe(-1)
    expect(await stock()).toBe(100)
    expect((await update({ 'x-qz-fault': 'no-answer-before' })).status).toBe(0)
    expect(await stock()).toBe(100)
    expect((await update({ 'x-qz-fault': 'no-answer-after' })).status).toBe(0)
    expect(await stock()).toBe(101)
    expect((await update({ 'x-qz-fault': 'unchanged' })).json.errcode).toBe(0)
    expect(await stock()).toBe(101)
    expect((await update({ 'x-qz-fault': 'rate-limited' })).json.errcode).toBe(45011)
    await emulator.setFaults('main', { rules: [{ endpoint: 'shop.stock.update', fault: 'busy', times: 2 }] })
    expect([(await update()).json.errcode, (await update()).json.errcode, (await update()).json.errcode]).toEqual([-1, -1, 0])
    await emulator.setFaults('main', { calls: { busy: 0.5 }, endpoints: ['shop.stock.update'] })
    const codes: number[] = []
    for (let i = 0; i < 40; i++) codes.push((await update()).json.errcode)
    expect(codes.filter((code) => code === -1).length).toBeGreaterThan(8)
    expect(codes.filter((code) => code === 0).length).toBeGreaterThan(8)
    expect(emulator.faults().injected.busy).toBeGreaterThan(10)
    await emulator.setFaults('main', { rules: [{ fault: 'token-expired', times: 1 }] })
    expect((await update()).json.errcode).toBe(42001)
    expect((await update()).json.errcode).toBe(42001)
    expect(await tokenOf(emulator)).not.toBe(token)
  })
})

describe('state', () => {
  /** A long run of mixed commands; the receiver fails now and then. */
  async function life(emulator: Emulator, steps: number) {
    const random = seededRandom('life')
    await connect(emulator)
    await emulator.setFaults('main', { lost: 0.05, duplicate: 0.1, late: 0.1, held: 0.1, calls: { busy: 0.05, 'no-answer-after': 0.05 } })
    const { productId, skuId } = await product(emulator, 200)
    let token = await tokenOf(emulator)
    const orders: string[] = []
    for (let n = 0; n < steps; n++) {
      const draw = random.u('step', n)
      const pick = orders[Math.floor(random.u('order', n) * orders.length)]
      const attempt = async (name: string, args: unknown) => emulator.act('main', name, args).catch(() => undefined)
      if (draw < 0.3) {
        const made = (await attempt('shop.placeOrder', { person: `p${n % 7}`, lines: [{ productId, skuId, count: 1 + (n % 3) }] })) as { orderId: string } | undefined
        if (made) orders.push(made.orderId)
      } else if (draw < 0.45) await attempt('shop.pay', { orderId: pick ?? '' })
      else if (draw < 0.5) await attempt('shop.cancel', { orderId: pick ?? '' })
      else if (draw < 0.6) await attempt('shop.ship', { orderId: pick ?? '' })
      else if (draw < 0.65) await attempt('shop.applyAftersale', { orderId: pick ?? '' })
      else if (draw < 0.8) await call(emulator, `/channels/ec/product/stock/update?access_token=${token}`, { product_id: productId, sku_id: skuId, diff_type: 1 + (n % 2), num: n % 5 })
      else if (draw < 0.85) token = await tokenOf(emulator)
      else await emulator.advanceTo(emulator.namespace().now + Math.floor(random.u('wait', n) * 3_600_000))
    }
  }

  test('a journal rebuilds the state exactly, pushes under way included', async () => {
    const journal = memoryJournal()
    const first = world({ journal })
    first.answerWith((n) => ({ status: n % 3 === 0 ? 500 : 200, body: 'success' }))
    await life(first.emulator, 300)
    await first.emulator.settled()
    expect(first.emulator.counts().waiting).toBeGreaterThan(0)
    const again = await openEmulator({ modules: [shopLine], seed: 'test', start, clock: { kind: 'queue' }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }), journal })
    expect(again.stateHash()).toBe(first.emulator.stateHash())
    expect(again.counts().waiting).toBe(first.emulator.counts().waiting)
    const due = again.nextDue()
    expect(due).toBe(first.emulator.nextDue())
    await again.advanceTo(due! + 24 * 60 * minute)
    expect(again.counts().waiting).toBe(0)
  })

  test('control: a journal that lost one command leads elsewhere', async () => {
    const journal = memoryJournal()
    const first = world({ journal })
    await life(first.emulator, 60)
    const entries = journal.entries()
    const at = entries.findIndex(({ command }) => command.kind === 'act' && command.name === 'shop.placeOrder')
    const short = entries.filter((_, index) => index !== at).map((entry, index) => ({ ...entry, seq: index + 1 }))
    const again = await openEmulator({
      modules: [shopLine], seed: 'test', start, clock: { kind: 'queue' }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }),
      journal: { append: async () => {}, async *read() { yield* short } },
    })
    expect(again.stateHash()).not.toBe(first.emulator.stateHash())
  })

  test('a compacted journal, which begins with the states themselves, rebuilds and goes on', async () => {
    const first = world()
    await life(first.emulator, 80)
    const ns = first.emulator.namespace()
    const head = [
      { seq: 999, ns: 'main', command: { kind: 'create' as const, seed: ns.seed, now: ns.now, wireNow: ns.now } },
      { seq: 1000, ns: 'main', command: { kind: 'restore' as const, state: JSON.parse(JSON.stringify(first.emulator.snapshot())) as unknown, now: ns.now, wireNow: ns.now } },
    ]
    const written: unknown[] = []
    const settings = { modules: [shopLine], seed: 'test', start, clock: { kind: 'queue' as const }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }) }
    const again = await openEmulator({ ...settings, journal: { append: async (entries) => void written.push(...entries), async *read() { yield* head } } })
    expect(again.stateHash()).toBe(first.emulator.stateHash())
    expect(again.sequence()).toBe(1000)
    await again.act('main', 'core.expireTokens', {})
    expect(written).toMatchObject([{ seq: 1001 }])
    await expect(openEmulator({ ...settings, journal: { append: async () => {}, async *read() { yield head[0]; yield { ...head[1], seq: 1002 } } } })).rejects.toMatchObject({ code: 'emulator/journal-seed' })
  })

  test('the same seed and commands give the same world twice; another seed does not', async () => {
    const hashes: string[] = []
    for (const seed of ['test', 'test', 'other']) {
      const w = world({ seed })
      await life(w.emulator, 120)
      hashes.push(w.emulator.stateHash())
    }
    expect(hashes[1]).toBe(hashes[0])
    expect(hashes[2]).not.toBe(hashes[0])
  })

  test('an answer waits for the journal, and a journal that fails stops the answers', async () => {
    let fail = false
    const journal = { append: async () => { if (fail) throw new Error('disk full') }, async *read() {} }
    const { emulator } = world({ journal })
    const token = await tokenOf(emulator)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {})).json.errcode).toBe(0)
    fail = true
    expect((await call(emulator, '/cgi-bin/stable_token', { grant_type: 'client_credential', appid: 'x', secret: 'y' })).status).toBe(503)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {})).json.error.code).toBe('emulator/journal-lost')
  })

  test('a snapshot restores, and what happened since is gone', async () => {
    const { emulator } = world()
    const { productId, skuId } = await product(emulator)
    const before = emulator.snapshot()
    const hash = emulator.stateHash()
    await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })
    expect(emulator.stateHash()).not.toBe(hash)
    await emulator.restore('main', JSON.parse(JSON.stringify(before)))
    expect(emulator.stateHash()).toBe(hash)
  })

  test('namespaces do not see each other, by header and by path', async () => {
    const { emulator } = world()
    await emulator.createNamespace('suite-1')
    await product(emulator, 5, 'suite-1')
    const token = await tokenOf(emulator, 'suite-1')
    expect((await call(emulator, `/ns/suite-1/channels/ec/product/list/get?access_token=${token}`, {})).json.total_num).toBe(1)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {}, { 'x-qz-namespace': 'suite-1' })).json.total_num).toBe(1)
    expect((await call(emulator, `/channels/ec/product/list/get?access_token=${token}`, {})).json.errcode).toBe(40001)
    expect((await call(emulator, `/ns/nobody/cgi-bin/token`)).status).toBe(404)
  })
})

describe('admin API', () => {
  test('state, accounts, acts, faults, clock, snapshot, calls and deliveries can be read and moved', async () => {
    const { emulator, pushes } = world()
    const admin = (method: string, path: string, body?: unknown) => call(emulator, `/_emulator${path}`, body, {}, method)
    const shop = (await admin('GET', '/accounts')).json.accounts[0]
    expect(shop.kind).toBe('shop')
    expect((await admin('POST', '/push-settings', { kind: 'shop', url: 'http://receiver/cb' })).json.push.url).toBe('http://receiver/cb')
    expect((await admin('POST', '/acts', { act: 'shop.addProducts', args: { products: [] } })).json.result).toEqual({ products: [] })
    expect((await admin('POST', '/acts', { act: 'shop.nothing' })).json.error.code).toBe('emulator/act-unknown')
    expect((await admin('POST', '/acts', { act: 'shop.pay', args: { orderId: '1' } })).json.error).toMatchObject({ code: 'emulator/act-refused' })
    expect((await admin('GET', '/acts')).json.acts.map((item: { name: string }) => item.name)).toContain('shop.placeOrder')
    await admin('POST', '/callbacks', { kind: 'shop', event: 'hello', message: { Event: 'hello' } })
    expect(pushes.map(({ event }) => event)).toEqual(['hello'])
    expect((await admin('GET', '/deliveries')).json.deliveries).toMatchObject([{ event: 'hello', state: 'acknowledged' }])
    expect((await admin('POST', '/clock', { advanceMs: 1_000 })).json.now).toBe(start + 1_000)
    expect((await admin('PUT', '/faults', { lost: 1 })).json.plan).toEqual({ lost: 1 })
    expect((await admin('PUT', '/faults', { lost: 2 })).status).toBe(400)
    await admin('DELETE', '/faults')
    const { state } = (await admin('GET', '/snapshot')).json
    await admin('POST', '/reset', {})
    expect((await admin('GET', '/state')).json.now).toBe(start)
    await admin('POST', '/restore', { state })
    expect((await admin('GET', '/state?hash')).json).toMatchObject({ now: start + 1_000 })
    await call(emulator, '/cgi-bin/token')
    expect((await admin('GET', '/calls')).json.calls.at(-1)).toMatchObject({ endpoint: 'weixin.token.get', errcode: 41002 })
    expect((await admin('GET', '/nothing')).json.error.code).toBe('emulator/no-such-page')
    const page = await emulator.handle({ method: 'GET', url: '/_emulator/', headers: {}, body: Buffer.alloc(0), ip: '' })
    expect(page.headers['content-type']).toContain('text/html')
  })
})

describe('over HTTP', () => {
  test('a client calls and a receiver is called over real connections; a silent answer is a cut connection', async () => {
    const received: string[] = []
    let status = 500
    const receiver = createServer((incoming, outgoing) => {
      incoming.resume().on('end', () => {
        received.push(incoming.url ?? '')
        outgoing.statusCode = status
        status = 200
        outgoing.end('success')
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const send = httpSend(systemTimers)
    const emulator = createEmulator({ modules: [shopLine], seed: 'http', start, clock: { kind: 'queue' }, wireClock: systemClock, send, timers: systemTimers })
    const front = await serveHttp(emulator, { port: 0 })
    try {
      await emulator.act('main', 'core.setPush', { kind: 'shop', url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/cb?a=1` })
      const { productId, skuId } = await product(emulator)
      await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId, skuId, count: 1 }] })
      await emulator.pump()
      expect(received.length).toBe(2)
      expect(received[0]).toMatch(/^\/cb\?a=1&signature=/)
      const shop = emulator.namespace().accounts[0] as WeixinAccount
      const url = `${front.url}/cgi-bin/token?grant_type=client_credential&appid=${shop.id}&secret=${shop.secret}`
      expect(await (await fetch(url)).json()).toMatchObject({ expires_in: 7200 })
      await expect(fetch(url, { headers: { 'x-qz-fault': 'no-answer-after' } })).rejects.toThrow()
    } finally {
      await front.close()
      await emulator.close()
      send.close()
      receiver.closeAllConnections()
      receiver.close()
    }
  })
})
