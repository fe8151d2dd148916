import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { collectModules } from '../../scripts/gen-coverage.ts'
import { emulatorLines } from '../../src/emulator/index.ts'
import { createEmulator, type Emulator } from '../../src/emulator/core/emulator.ts'
import { accountOf } from '../../src/emulator/core/namespace.ts'
import type { LineModule } from '../../src/emulator/core/registry.ts'
import { serveHttp } from '../../src/emulator/core/server.ts'
import { createPayIdentity } from '../../src/emulator/pay/fixtures/identity.ts'
import { manualClock } from '../../src/kernel/clock.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import {
  createHttpPort, createWechat, memoryTokenStore, miniProgram, officialAccount, pay, readBill, shop, wecom, WechatError,
  type AppidAccount, type CorpAppAccount, type HttpPort, type PayAccount, type WechatOptions,
} from '../../src/wechat/index.ts'

/** Our own client against the emulator, line by line: what it recovers from, and what it says when it cannot. */
const start = Date.parse('2026-06-01T02:00:00Z')
let modules: LineModule[]

beforeAll(async () => {
  modules = await collectModules()
})

function world(options: Partial<WechatOptions> = {}) {
  const wire = manualClock(start)
  const emulator = createEmulator({ modules, seed: 'own-client', start, clock: { kind: 'queue' }, wireClock: wire, send: async () => ({ status: 200, body: 'success' }) })
  const ns = () => emulator.namespace()
  const http = inMemory(emulator)
  const tokenStore = memoryTokenStore()
  const wechat = createWechat({ http, clock: { now: () => ns().now }, wireClock: wire, random: seededRandom(1), tokenStore, ...options })
  const appid = (kind: 'official-account' | 'mini-program' | 'shop'): AppidAccount => {
    const { id, secret } = accountOf(ns(), kind)!
    return { kind: 'appid', line: kind, appid: id, secret }
  }
  const corp = (): CorpAppAccount => {
    const found = accountOf(ns(), 'wecom')!
    const app = found.apps.find((one) => one.kind === 'contact')!
    return { kind: 'wecom', corpId: found.id, agentId: app.agentId, secret: app.secret }
  }
  const merchant = (publicMode = false): PayAccount => {
    const found = accountOf(ns(), 'pay')!
    const { publicKey } = createPayIdentity()
    return {
      kind: 'pay', mchid: found.id, serial: found.merchantSerial, privateKey: found.merchantPrivateKey, apiV3Key: found.apiV3Key,
      ...(publicMode ? { publicKey: { id: publicKey.serial, pem: publicKey.publicKey } } : {}),
    }
  }
  const fault = (endpoint: string, name: string, times = 1) => emulator.setFaults('main', { rules: [{ endpoint, fault: name as 'busy', times }] })
  const act = <T>(name: string, args: unknown) => emulator.act('main', name, args) as Promise<T>
  return { emulator, wechat, wire, ns, appid, corp, merchant, fault, act }
}

/** The emulator without a network: no answer is a rejection, as a cut connection is. */
function inMemory(emulator: Emulator): HttpPort {
  return async ({ method, url, headers, body }) => {
    const at = new URL(url)
    const answer = await emulator.handle({ method, url: at.pathname + at.search, headers: { ...headers, host: at.host }, body: Buffer.from(body ?? ''), ip: '127.0.0.1' })
    if (answer.status === 0) throw new Error('connection cut')
    return { status: answer.status, headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])), body: answer.body }
  }
}

async function refusal(work: Promise<unknown>): Promise<WechatError> {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof WechatError)) throw error
  return error
}

test('the emulator as shipped serves every line that has a front door', () => {
  expect([...emulatorLines].map((module) => module.line).filter((line) => line !== 'core').sort()).toEqual(modules.map((module) => module.line).sort())
})

describe('lines with tokens', () => {
  test('Official Account: success, business error, recovery from an expired and from a lost token', async () => {
    const { wechat, appid, act, emulator, fault } = world()
    const account = appid('official-account')
    const { openid } = await act<{ openid: string }>('officialAccount.follow', { person: 'p1' })
    const read = () => wechat.call(officialAccount.userInfo, { openid }, { account })
    expect((await read()).openid).toBe(openid)
    await act('core.expireTokens', {})
    expect((await read()).openid).toBe(openid)
    await fault('official-account.user.info', 'token-expired')
    expect((await read()).openid).toBe(openid)
    await emulator.advanceTo(start + 7_200_000)
    expect((await read()).openid).toBe(openid)
    expect(await refusal(wechat.call(officialAccount.userInfo, { openid: 'nobody' }, { account }))).toMatchObject({ errcode: 40003, retry: 'never', noAnswer: false })
    expect((await refusal(wechat.call(officialAccount.userInfo, { openid }, { account: { ...account, secret: 'wrong', tokenMode: 'classic' } }))).retry).toBe('never')
  })

  test('mini program: a code is bytes', async () => {
    const { wechat, appid } = world()
    const { bytes, contentType } = await wechat.download(miniProgram.unlimitedCode, { scene: 'a=1', check_path: false }, { account: appid('mini-program') })
    expect(contentType).toMatch(/^image\//)
    expect(bytes.length).toBeGreaterThan(50)
  })

  test('Shop: an order id of 19 digits goes there and back without losing one', async () => {
    const { wechat, appid, act } = world()
    const account = appid('shop')
    const { products } = await act<{ products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }>('shop.addProducts', { products: [{ title: '茶', skus: [{ priceFen: 990, stock: 5 }] }] })
    const placed = await act<{ orderId: string }>('shop.placeOrder', { buyer: 'b1', lines: [{ productId: products[0].productId, skuId: products[0].skus[0].skuId, count: 1 }] })
    expect(placed.orderId).toMatch(/^\d{19}$/)
    expect(Number.isSafeInteger(Number(placed.orderId))).toBe(false)
    const { order } = await wechat.call(shop.orderGet, { order_id: placed.orderId }, { account })
    expect(order?.order_id).toBe(placed.orderId)
    expect((await refusal(wechat.call(shop.orderGet, { order_id: '1' }, { account }))).retry).toBe('never')
  })

  test('WeCom: success, business error, recovery', async () => {
    const { wechat, corp, act } = world()
    const account = corp()
    expect((await wechat.call(wecom.followUserList, {}, { account })).follow_user.length).toBeGreaterThanOrEqual(0)
    await act('core.expireTokens', {})
    await wechat.call(wecom.followUserList, {}, { account })
    expect(await refusal(wechat.call(wecom.contactGet, { external_userid: 'wmNobody' }, { account }))).toMatchObject({ errcode: 40096, retry: 'never' })
  })

  test('faults: busy may be repeated now, too often later, and no answer says that nobody knows', async () => {
    const { wechat, corp, fault } = world()
    const account = corp()
    const list = () => wechat.call(wecom.followUserList, {}, { account })
    await list()
    const name = wecom.followUserList.name
    await fault(name, 'busy')
    expect(await refusal(list())).toMatchObject({ errcode: -1, retry: 'now', noAnswer: false })
    await fault(name, 'rate-limited')
    expect(await refusal(list())).toMatchObject({ errcode: 45009, retry: 'later', noAnswer: false })
    for (const which of ['no-answer-before', 'no-answer-after']) {
      await fault(name, which)
      expect(await refusal(list())).toMatchObject({ errcode: 'no-answer', retry: 'now', noAnswer: true })
    }
    await list()
  })

  test('our own count stops before the platform says 45009, and the platform would have (control)', async () => {
    const cap = wecom.followUserList.caps!.find((one) => one.per === 'account')!
    const own = world()
    const account = own.corp()
    let stopped: WechatError | undefined
    for (let i = 0; i <= cap.count && !stopped; i++) stopped = await own.wechat.call(wecom.followUserList, {}, { account }).then(() => undefined, (error: unknown) => error as WechatError)
    expect(stopped).toMatchObject({ errcode: 'cap', retry: 'later' })
    const heedless = createWechat({ http: inMemory(own.emulator), clock: { now: () => own.ns().now }, wireClock: own.wire, random: seededRandom(2), caps: null })
    expect((await refusal(heedless.call(wecom.followUserList, {}, { account }))).errcode).toBe(45009)
  }, 60_000)
})

describe('WeChat Pay', () => {
  const order = (account: PayAccount, appid: string, number: string) => ({ appid, mchid: account.mchid, description: '茶', out_trade_no: number, notify_url: 'https://merchant.example/n', amount: { total: 100 } })

  test('certificate mode, its rotation, the public key mode, and 204', async () => {
    const { wechat, merchant, appid, act, wire } = world()
    const { appid: mini } = appid('mini-program')
    const account = merchant()
    expect((await wechat.call(pay.nativePrepay, order(account, mini, 'OWN-0001'), { account })).code_url).toMatch(/^weixin:/)
    await act('pay.setKeys', { rotated: true })
    wire.advance(61_000)
    expect((await wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-0001', mchid: account.mchid }, { account })).trade_state).toBe('NOTPAY')
    await act('pay.setKeys', { mode: 'public-key' })
    const modern = merchant(true)
    expect((await wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-0001', mchid: account.mchid }, { account: modern })).trade_state).toBe('NOTPAY')
    await wechat.call(pay.transactionClose, { out_trade_no: 'OWN-0001', mchid: account.mchid }, { account: modern })
    expect((await wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-0001', mchid: account.mchid }, { account: modern })).trade_state).toBe('CLOSED')
  })

  test('a new merchant without the public key is told so: there are no certificates to fetch', async () => {
    const { wechat, merchant, act, emulator, wire } = world()
    await act('pay.setKeys', { mode: 'public-key' })
    const account = merchant()
    const query = () => refusal(wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-NONE', mchid: account.mchid }, { account }))
    for (let i = 0; i < 3; i++) expect(await query()).toMatchObject({ errcode: 'RESOURCE_NOT_EXISTS', api: 'pay.certificate.list', retry: 'never' })
    // Asked once a minute at most, not with every call.
    const asked = () => emulator.calls().filter((one) => one.path === '/v3/certificates').length
    expect(asked()).toBe(1)
    wire.advance(61_000)
    await query()
    expect(asked()).toBe(2)
  })

  test('a probing answer is refused although the call was made; the repeat with the same number is harmless', async () => {
    const { wechat, merchant, appid, fault } = world()
    const account = merchant()
    const make = () => wechat.call(pay.nativePrepay, order(account, appid('mini-program').appid, 'OWN-0002'), { account })
    await make()
    const name = pay.nativePrepay.name
    await fault(name, 'probe')
    expect(await refusal(make())).toMatchObject({ errcode: 'forged', noAnswer: true, retry: 'now' })
    expect((await make()).code_url).toMatch(/^weixin:/)
  })

  test('business errors, no answer, a wrong key, a wrong clock', async () => {
    const { wechat, merchant, fault, wire, emulator, ns } = world()
    const account = merchant()
    const query = () => wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-NONE', mchid: account.mchid }, { account })
    expect(await refusal(query())).toMatchObject({ status: 404, retry: 'never', noAnswer: false })
    await fault(pay.transactionByNumber.name, 'no-answer-after')
    expect(await refusal(query())).toMatchObject({ errcode: 'no-answer', noAnswer: true, retry: 'now' })
    expect(await refusal(wechat.call(pay.transactionByNumber, { out_trade_no: 'OWN-NONE', mchid: account.mchid }, { account: { ...account, privateKey: createPayIdentity().publicKey.privateKey } }))).toMatchObject({ errcode: 'SIGN_ERROR', status: 401 })
    const late = createWechat({ http: inMemory(emulator), clock: { now: () => ns().now }, wireClock: { now: () => wire.now() + 301_000 }, random: seededRandom(3) })
    // Our clock is wrong, so the platform refuses the request; its own answer looks stale to us and is not believed either.
    expect((await refusal(late.call(pay.transactionByNumber, { out_trade_no: 'OWN-NONE', mchid: account.mchid }, { account }))).errcode).toMatch(/SIGN_ERROR|forged/)
  })

  test('a bill: asked for the next day, downloaded, its hash and its summary right', async () => {
    const { wechat, merchant, appid, act, emulator, wire } = world()
    const account = merchant()
    await wechat.call(pay.nativePrepay, order(account, appid('mini-program').appid, 'OWN-0003'), { account })
    await act('pay.payOrder', { out_trade_no: 'OWN-0003', person: 'p1' })
    const at = async (hours: number) => {
      await emulator.advanceTo(start + hours * 3_600_000)
      wire.set(start + hours * 3_600_000)
    }
    await at(23)
    expect(await refusal(wechat.call(pay.tradeBill, { bill_date: '2026-06-01' }, { account }))).toMatchObject({ errcode: 'STATEMENT_CREATING', retry: 'later' })
    await at(26)
    const bill = await wechat.call(pay.tradeBill, { bill_date: '2026-06-01', bill_type: 'ALL' }, { account })
    const token = new URL(bill.download_url).searchParams.get('token') ?? ''
    const { bytes } = await wechat.download(pay.billDownload, { token }, { account })
    expect(createHash('sha1').update(bytes).digest('hex').toLowerCase()).toBe(bill.hash_value.toLowerCase())
    const lines = []
    for await (const line of readBill([bytes])) lines.push(line)
    expect(lines.filter((line) => line.kind === 'row')).toHaveLength(1)
    expect(lines.at(-1)).toMatchObject({ kind: 'summary' })
  })
})

test('over a real connection: kept alive, and a cut one is an error that says so', async () => {
  const { emulator, appid, act, ns, wire, fault } = world()
  const served = await serveHttp(emulator, { port: 0 })
  const http = createHttpPort({ timeoutMs: 2_000 })
  try {
    const wechat = createWechat({ http, clock: { now: () => ns().now }, wireClock: wire, random: seededRandom(4), baseUrls: { 'official-account': served.url } })
    const { openid } = await act<{ openid: string }>('officialAccount.follow', { person: 'p1' })
    const read = () => wechat.call(officialAccount.userInfo, { openid }, { account: appid('official-account') })
    expect((await Promise.all(Array.from({ length: 30 }, read))).every((user) => user.openid === openid)).toBe(true)
    await fault('official-account.user.info', 'no-answer-after')
    expect(await refusal(read())).toMatchObject({ errcode: 'no-answer', noAnswer: true, retry: 'now' })
    expect((await read()).openid).toBe(openid)
  } finally {
    await http.close()
    await served.close()
  }
})
