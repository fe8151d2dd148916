import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import {
  encryptSensitive,
  openCertificates,
  openPayNotice,
  payPlatformKeys,
  payPrivateKey,
  platformCertificate,
  platformPublicKey,
  readBill,
  signJsapi,
  signPayRequest,
  verifyPayMessage,
  type BillLine,
} from '../../wechat/codec/index.ts'
import { createEmulator, openEmulator, type EmulatorOptions } from '../core/emulator.ts'
import { memoryJournal } from '../core/journal.ts'
import type { Sealed } from '../core/wire.ts'
import { miniAppid, miniProgramLine } from '../mini-program/index.ts'
import { officialAccountLine, officialAppid } from '../official-account/index.ts'
import { createPayIdentity, payLine, payMchid } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const identity = createPayIdentity()
const signer = { mchid: payMchid, serial: identity.merchant.serial, privateKey: payPrivateKey(identity.merchant.privateKey) }
const keys = payPlatformKeys([
  platformCertificate(identity.platform.certificate),
  platformCertificate(identity.platformNext.certificate),
  platformPublicKey(identity.publicKey.serial, identity.publicKey.publicKey),
])

type Json = Record<string, any>

function world(more: Partial<EmulatorOptions> = {}) {
  const notices: Array<{ at: number; push: Sealed }> = []
  let answer = (): { status: number; body: string } => ({ status: 204, body: '' })
  const wireClock = manualClock(start)
  const emulator = createEmulator({
    modules: [payLine, miniProgramLine, officialAccountLine],
    seed: 'pay',
    start,
    clock: { kind: 'queue' },
    wireClock,
    concurrency: 1,
    send: async (push) => {
      notices.push({ at: emulator.namespace().now, push })
      return answer()
    },
    ...more,
  })
  let nonce = 0
  async function call(
    method: string,
    path: string,
    body?: unknown,
    change: { serial?: string; skewMs?: number; tamper?: boolean; headers?: Record<string, string> } = {},
  ) {
    const text = body === undefined ? '' : JSON.stringify(body)
    const timestamp = Math.floor((wireClock.now() + (change.skewMs ?? 0)) / 1000)
    const authorization = signPayRequest(
      { method, path, timestamp, nonce: `n${nonce++}`, body: text },
      { ...signer, serial: change.serial ?? signer.serial },
    )
    const raw = await emulator.handle({
      method,
      url: path,
      headers: { authorization, host: 'localhost:7070', ...change.headers },
      body: Buffer.from(change.tamper ? text.replace(/\d/, '9') + ' ' : text),
      ip: '10.0.0.1',
    })
    const json = (): Json => (raw.body.length > 0 ? (JSON.parse(raw.body.toString('utf8')) as Json) : {})
    return {
      status: raw.status,
      headers: raw.headers,
      body: raw.body,
      get json() {
        return json()
      },
    }
  }
  const openid = async (person: string): Promise<string> => ((await emulator.act('main', 'miniProgram.login', { person })) as Json).openid as string
  const order = async (number: string, total: number, more: Json = {}): Promise<Json> => {
    const answered = await call('POST', '/v3/pay/transactions/jsapi', {
      appid: miniAppid,
      mchid: payMchid,
      description: '白茶',
      out_trade_no: number,
      notify_url: 'https://shop.example/pay',
      amount: { total, currency: 'CNY' },
      payer: { openid: await openid('p1') },
      ...more,
    })
    return { status: answered.status, ...answered.json }
  }
  const pay = async (number: string, total: number, more: Json = {}): Promise<Json> => {
    const { prepay_id } = await order(number, total, more)
    return (await emulator.act('main', 'pay.payOrder', { prepay_id })) as Json
  }
  const pass = (ms: number) => emulator.advanceTo(emulator.namespace().now + ms)
  const notice = (index: number, at = start) =>
    openPayNotice({ headers: notices[index].push.headers, body: notices[index].push.body }, keys, identity.apiV3Key, at)
  const funds = async (): Promise<Json> => (await emulator.act('main', 'pay.funds')) as Json
  return { emulator, wireClock, notices, call, order, pay, pass, notice, funds, openid, answerWith: (next: typeof answer) => (answer = next) }
}

const refundOf = (number: string, refundNo: string, refund: number, total: number) => ({
  out_trade_no: number,
  out_refund_no: refundNo,
  notify_url: 'https://shop.example/refund',
  amount: { refund, total, currency: 'CNY' },
})

describe('signatures', () => {
  test('a signed request is served and its answer verifies; a tampered one is refused with what the platform signed', async () => {
    const { call } = world()
    const good = await call('GET', '/v3/certificates')
    expect(good.status).toBe(200)
    expect(verifyPayMessage({ headers: good.headers, body: good.body, status: 200 }, keys, start)).toEqual({
      signed: true,
      serial: identity.platform.serial,
    })
    expect(() => verifyPayMessage({ headers: good.headers, body: `${good.body.toString()} `, status: 200 }, keys, start)).toThrow(/signature/)

    const bad = await call('POST', '/v3/pay/transactions/jsapi', { amount: 1 }, { tamper: true })
    expect(bad.status).toBe(401)
    expect(bad.json).toMatchObject({
      code: 'SIGN_ERROR',
      detail: { field: 'signature', location: 'authorization', sign_information: { method: 'POST', url: '/v3/pay/transactions/jsapi' } },
    })
    expect(bad.json.detail.sign_information.truncated_sign_message).toContain('POST\n/v3/pay/transactions/jsapi\n')
  })

  test('five minutes of skew are too many, four are not; serials are compared without case; another serial is refused', async () => {
    const { call } = world()
    expect((await call('GET', '/v3/certificates', undefined, { skewMs: -4 * minute })).status).toBe(200)
    expect((await call('GET', '/v3/certificates', undefined, { skewMs: -6 * minute })).status).toBe(401)
    expect((await call('GET', '/v3/certificates', undefined, { skewMs: 6 * minute })).status).toBe(401)
    expect((await call('GET', '/v3/certificates', undefined, { serial: signer.serial.toLowerCase() })).status).toBe(200)
    expect((await call('GET', '/v3/certificates', undefined, { serial: 'ABCDEF' })).json.code).toBe('SIGN_ERROR')
  })

  test('the world may be years away from the wire: signatures follow the wire clock', async () => {
    const { call, pass, wireClock } = world()
    await pass(30 * day)
    const answered = await call('GET', '/v3/certificates')
    expect(answered.status).toBe(200)
    expect(() => verifyPayMessage({ headers: answered.headers, body: answered.body, status: 200 }, keys, wireClock.now())).not.toThrow()
  })

  test('204 is signed over an empty body, and error answers are signed too', async () => {
    const { call, order } = world()
    await order('order-0001', 100)
    const closed = await call('POST', '/v3/pay/transactions/out-trade-no/order-0001/close', { mchid: payMchid })
    expect([closed.status, closed.body.length]).toEqual([204, 0])
    expect(verifyPayMessage({ headers: closed.headers, body: '', status: 204 }, keys, start).signed).toBe(true)
    const missing = await call('GET', `/v3/pay/transactions/out-trade-no/nothing-here?mchid=${payMchid}`)
    expect([missing.status, missing.json.code]).toEqual([404, 'ORDER_NOT_EXIST'])
    expect(verifyPayMessage({ headers: missing.headers, body: missing.body, status: 404 }, keys, start).signed).toBe(true)
  })

  test('a base address with the namespace in it signs its own path', async () => {
    const { emulator } = world()
    const path = '/ns/main/v3/certificates'
    const authorization = signPayRequest({ method: 'GET', path, timestamp: start / 1000, nonce: 'x', body: '' }, signer)
    expect((await emulator.handle({ method: 'GET', url: path, headers: { authorization }, body: Buffer.alloc(0), ip: '' })).status).toBe(200)
  })
})

describe('key modes', () => {
  test('certificates decrypt with the APIv3 key; after a rotation both are listed and the new one signs', async () => {
    const { call, emulator } = world()
    expect(openCertificates(identity.apiV3Key, (await call('GET', '/v3/certificates')).json.data).map((key) => key.serial)).toEqual([
      identity.platform.serial,
    ])
    await emulator.act('main', 'pay.setKeys', { rotated: true })
    const rotated = await call('GET', '/v3/certificates')
    expect(openCertificates(identity.apiV3Key, rotated.json.data)).toHaveLength(2)
    expect(rotated.headers['Wechatpay-Serial']).toBe(identity.platformNext.serial)
  })

  test('the key the request names signs the answer; a merchant of the public key has no certificates', async () => {
    const { call, emulator } = world()
    const asked = { headers: { 'wechatpay-serial': identity.publicKey.serial } }
    expect((await call('GET', '/v3/certificates', undefined, asked)).headers['Wechatpay-Serial']).toBe(identity.publicKey.serial)
    await emulator.act('main', 'pay.setKeys', { mode: 'public-key' })
    const refused = await call('GET', '/v3/certificates')
    expect([refused.status, refused.json.code, refused.headers['Wechatpay-Serial']]).toEqual([404, 'RESOURCE_NOT_EXISTS', identity.publicKey.serial])
  })

  test('while a merchant switches, a share of the notices is signed by the public key', async () => {
    const { emulator, pay, notices } = world()
    await emulator.act('main', 'pay.setKeys', { noticeShare: 0.5 })
    for (let n = 0; n < 12; n++) await pay(`switch-${n}`, 100)
    await emulator.pump()
    const serials = new Set(notices.map(({ push }) => push.headers['Wechatpay-Serial']))
    expect([...serials].sort()).toEqual([identity.platform.serial, identity.publicKey.serial].sort())
  })
})

describe('orders', () => {
  test('an order is made, paid, told of by a notice that decrypts, and reads SUCCESS by both numbers', async () => {
    const { call, pay, emulator, notice, openid } = world()
    const paid = await pay('order-0001', 8800, { attach: 'code=live-1' })
    await emulator.pump()
    const { resource, eventType } = notice(0)
    expect(eventType).toBe('TRANSACTION.SUCCESS')
    expect(resource).toMatchObject({
      appid: miniAppid,
      mchid: payMchid,
      out_trade_no: 'order-0001',
      transaction_id: paid.transaction_id,
      trade_type: 'JSAPI',
      trade_state: 'SUCCESS',
      attach: 'code=live-1',
      payer: { openid: await openid('p1') },
      amount: { total: 8800, payer_total: 8800, currency: 'CNY', payer_currency: 'CNY' },
      success_time: '2026-03-01T09:00:00+08:00',
    })
    expect(JSON.stringify(resource)).not.toContain('unionid')
    for (const path of [`out-trade-no/order-0001`, `id/${paid.transaction_id}`]) {
      expect((await call('GET', `/v3/pay/transactions/${path}?mchid=${payMchid}`)).json).toMatchObject({
        trade_state: 'SUCCESS',
        transaction_id: paid.transaction_id,
      })
    }
  })

  test('re-entry: same parameters give a fresh prepay_id; a changed price is refused; paid and closed orders cannot be entered', async () => {
    const { call, order, pay } = world()
    const first = await order('order-0001', 100)
    const again = await order('order-0001', 100)
    expect(again.prepay_id).not.toBe(first.prepay_id)
    expect(await order('order-0001', 200)).toMatchObject({ status: 400, code: 'INVALID_REQUEST', message: '201 商户订单号重复' })
    const native = await call('POST', '/v3/pay/transactions/native', {
      appid: miniAppid,
      mchid: payMchid,
      description: '白茶',
      out_trade_no: 'order-0001',
      notify_url: 'https://a.b/c',
      amount: { total: 100 },
    })
    expect([native.status, native.json.code]).toEqual([403, 'OUT_TRADE_NO_USED'])
    await pay('order-0002', 100)
    expect(await order('order-0002', 100)).toMatchObject({ status: 400, code: 'ORDERPAID' })
    await call('POST', '/v3/pay/transactions/out-trade-no/order-0001/close', { mchid: payMchid })
    expect(await order('order-0001', 100)).toMatchObject({ status: 400, code: 'ORDER_CLOSED' })
    expect((await call('POST', '/v3/pay/transactions/out-trade-no/order-0002/close', { mchid: payMchid })).json.code).toBe('ORDERPAID')
  })

  test('what the platform checks: number, price, appid, openid of another account', async () => {
    const { order, emulator } = world()
    expect(await order('short', 100)).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
    expect(await order('order-0001', 0)).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
    expect(await order('order-0001', 1.5)).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
    expect(await order('order-0001', 100, { appid: 'wx0000000000000000' })).toMatchObject({ status: 400, code: 'APPID_MCHID_NOT_MATCH' })
    const other = (await emulator.act('main', 'officialAccount.follow', { person: 'p1' })) as Json
    expect(await order('order-0001', 100, { payer: { openid: other.openid } })).toMatchObject({ status: 500, code: 'OPENID_MISMATCH' })
    expect(await order('order-0001', 100, { notify_url: 'https://a.b/c?d=e' })).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
  })

  test('native and H5 are paid by their addresses, which expire after 2 hours and 5 minutes', async () => {
    const { call, emulator, pass } = world()
    const body = { appid: officialAppid, mchid: payMchid, description: '茶', notify_url: 'https://a.b/c', amount: { total: 5 } }
    const native = await call('POST', '/v3/pay/transactions/native', { ...body, out_trade_no: 'native-1' })
    const h5 = await call('POST', '/v3/pay/transactions/h5', {
      ...body,
      out_trade_no: 'h5-00001',
      scene_info: { payer_client_ip: '1.2.3.4', h5_info: { type: 'Wap' } },
    })
    expect((await call('POST', '/v3/pay/transactions/h5', { ...body, out_trade_no: 'h5-00002' })).json.code).toBe('PARAM_ERROR')
    await pass(6 * minute)
    await expect(emulator.act('main', 'pay.payOrder', { h5_url: h5.json.h5_url, person: 'p2' })).rejects.toThrow(/expired/)
    expect(await emulator.act('main', 'pay.payOrder', { code_url: native.json.code_url, person: 'p2' })).toMatchObject({ out_trade_no: 'native-1' })
  })

  test('the pay sheet opens for a rightly signed call only', async () => {
    const { order, emulator } = world()
    const { prepay_id } = await order('order-0001', 8800)
    const params = signJsapi({ appid: miniAppid, prepayId: prepay_id, timestamp: start / 1000, nonce: 'abc' }, signer.privateKey)
    expect(await emulator.act('main', 'pay.openSheet', { ...params, appId: miniAppid })).toMatchObject({
      out_trade_no: 'order-0001',
      totalFen: 8800,
      description: '白茶',
    })
    await expect(emulator.act('main', 'pay.openSheet', { ...params, appId: miniAppid, nonceStr: 'abd' })).rejects.toThrow(/签名/)
  })

  test('an h5_url opens a page that pays and goes back', async () => {
    const { call, emulator } = world()
    const made = await call('POST', '/v3/pay/transactions/h5', {
      appid: officialAppid,
      mchid: payMchid,
      description: '<茶>',
      out_trade_no: 'h5-00001',
      notify_url: 'https://a.b/c',
      amount: { total: 5 },
      scene_info: { payer_client_ip: '1.2.3.4', h5_info: { type: 'Wap' } },
    })
    const open = async (more: string) =>
      (
        await emulator.handle({
          method: 'GET',
          url: (made.json.h5_url as string).replace('https://wx.tenpay.com', '') + more,
          headers: {},
          body: Buffer.alloc(0),
          ip: '',
        })
      ).body.toString()
    expect(await open('')).toContain('&lt;茶&gt; ¥0.05')
    expect(await open(`&redirect_url=${encodeURIComponent('https://shop.example/done')}&qz_person=p5`)).toContain(
      'location.replace("https://shop.example/done")',
    )
    expect((await call('GET', `/v3/pay/transactions/out-trade-no/h5-00001?mchid=${payMchid}`)).json).toMatchObject({
      trade_state: 'SUCCESS',
      trade_type: 'MWEB',
    })
  })

  test('after time_expire nobody can pay; the order is still NOTPAY until the platform closes it', async () => {
    const { call, order, emulator, pass } = world()
    const { prepay_id } = await order('order-0001', 100, { time_expire: '2026-03-01T09:30:00+08:00' })
    await pass(31 * minute)
    await expect(emulator.act('main', 'pay.payOrder', { prepay_id })).rejects.toThrow(/passed/)
    const state = async () => (await call('GET', `/v3/pay/transactions/out-trade-no/order-0001?mchid=${payMchid}`)).json.trade_state as string
    expect(await state()).toBe('NOTPAY')
    await pass(15 * day)
    expect(await state()).toBe('CLOSED')
  })

  test('a failed payment changes nothing and tells nobody', async () => {
    const { call, order, emulator, notices } = world()
    const { prepay_id } = await order('order-0001', 100)
    await emulator.act('main', 'pay.failPayment', { prepay_id, reason: 'NOTENOUGH' })
    await emulator.pump()
    expect(notices).toHaveLength(0)
    expect((await call('GET', `/v3/pay/transactions/out-trade-no/order-0001?mchid=${payMchid}`)).json).toMatchObject({ trade_state: 'NOTPAY' })
  })
})

describe('notices', () => {
  test('an unanswered notice comes 16 times within 24 h 4 min, always with the same id, and stops at 204', async () => {
    const { pay, pass, notices, notice, answerWith } = world()
    answerWith(() => ({ status: 500, body: '' }))
    await pay('order-0001', 100)
    await pass(2 * day)
    expect(notices.map(({ at }) => (at - start) / 1000)).toEqual([
      0, 15, 30, 60, 240, 840, 2040, 3840, 5640, 7440, 11040, 21840, 32640, 43440, 65040, 86640,
    ])
    expect(new Set(notices.map((_, index) => notice(index).id)).size).toBe(1)
    answerWith(() => ({ status: 204, body: '' }))
    await pay('order-0002', 100)
    await pass(2 * day)
    expect(notices).toHaveLength(17)
  })

  test('a probe is signed wrongly on purpose and must be refused', async () => {
    const { emulator, pay, notices, notice } = world()
    await pay('order-0001', 100)
    await emulator.act('main', 'pay.repeatNotice', { out_trade_no: 'order-0001', probe: true })
    await emulator.pump()
    expect(notices).toHaveLength(2)
    expect(() => notice(1)).toThrow(/probing/)
    expect(() => notice(0)).not.toThrow()
  })
})

describe('refunds', () => {
  test('a refund is accepted, succeeds later, is notified, and the order reads REFUND', async () => {
    const { call, pay, pass, notices, notice } = world()
    await pay('order-0001', 1000)
    const accepted = await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'refund-1', 300, 1000))
    expect([accepted.status, accepted.json.status]).toEqual([200, 'PROCESSING'])
    await pass(2 * minute)
    expect(notice(notices.length - 1)).toMatchObject({
      eventType: 'REFUND.SUCCESS',
      resource: { out_refund_no: 'refund-1', refund_status: 'SUCCESS', amount: { total: 1000, refund: 300 } },
    })
    expect((await call('GET', '/v3/refund/domestic/refunds/refund-1')).json).toMatchObject({ status: 'SUCCESS', amount: { refund: 300 } })
    expect((await call('GET', `/v3/pay/transactions/out-trade-no/order-0001?mchid=${payMchid}`)).json.trade_state).toBe('REFUND')
  })

  test('parts come a minute apart, never exceed what was paid, and a repeat of the same number changes nothing', async () => {
    const { call, pay, pass, funds } = world()
    await pay('order-0001', 1000)
    await pay('order-0009', 5000)
    const refund = (no: string, amount: number, total = 1000) =>
      call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', no, amount, total))
    expect((await refund('r1', 600)).status).toBe(200)
    expect((await refund('r2', 400)).json.code).toBe('FREQUENCY_LIMITED')
    await pass(61_000)
    const before = await funds()
    expect((await refund('r1', 600)).json).toMatchObject({ out_refund_no: 'r1', status: 'SUCCESS' })
    expect(await funds()).toEqual(before)
    expect((await refund('r1', 500)).json.code).toBe('INVALID_REQUEST')
    expect((await refund('r2', 401)).json.code).toBe('INVALID_REQUEST')
    expect((await refund('r2', 400, 999)).json.code).toBe('INVALID_REQUEST')
    expect((await refund('r2', 400)).status).toBe(200)
    await pass(61_000)
    expect((await refund('r3', 1)).json.code).toBe('INVALID_REQUEST')
  })

  test('unsettled funds pay for it by default: NOT_ENOUGH when they are gone, and funds_account AVAILABLE helps', async () => {
    const { call, pay, emulator } = world()
    await emulator.act('main', 'miniProgram.configure', { tradeManaged: false })
    await pay('order-0001', 1000)
    expect(await emulator.act('main', 'pay.settleFunds')).toMatchObject({ settledFen: 994, blocked: 0, unsettledFen: 0 })
    const body = refundOf('order-0001', 'r1', 1000, 1000)
    const short = await call('POST', '/v3/refund/domestic/refunds', body)
    expect([short.status, short.json.code]).toEqual([403, 'NOT_ENOUGH'])
    expect((await call('POST', '/v3/refund/domestic/refunds', { ...body, funds_account: 'AVAILABLE' })).status).toBe(200)
  })

  test('a closed refund gives the money back; an abnormal one can be sent another way', async () => {
    const { call, pay, emulator, funds } = world()
    await emulator.act('main', 'pay.configure', { refunds: 'manual' })
    await pay('order-0001', 1000)
    const before = await funds()
    await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 1000, 1000))
    expect(await funds()).toMatchObject({ balanceFen: 0 })
    await emulator.act('main', 'pay.refundSettles', { out_refund_no: 'r1', result: 'CLOSED' })
    expect(await funds()).toEqual(before)
    await emulator.advanceTo(start + 2 * minute)
    const second = await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r2', 1000, 1000))
    await emulator.act('main', 'pay.refundSettles', { out_refund_no: 'r2', result: 'ABNORMAL' })
    const retried = await call('POST', `/v3/refund/domestic/refunds/${second.json.refund_id}/apply-abnormal-refund`, {
      out_refund_no: 'r2',
      type: 'MERCHANT_BANK_CARD',
    })
    expect(retried.json).toMatchObject({ status: 'PROCESSING' })
  })

  test("with a coupon the payer gets the payer's share; partial refunds add up to the fen", async () => {
    const { call, order, emulator, pass } = world()
    const { prepay_id } = await order('order-0001', 1000)
    await emulator.act('main', 'pay.payOrder', { prepay_id, couponFen: 101 })
    let payer = 0
    for (const [index, amount] of [333, 333, 334].entries()) {
      payer += (await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', `r${index}`, amount, 1000))).json.amount
        .payer_refund as number
      await pass(61_000)
    }
    expect(payer).toBe(899)
  })
})

describe('bills', () => {
  async function lines(bytes: Buffer): Promise<BillLine[]> {
    const all: BillLine[] = []
    for await (const line of readBill([bytes])) all.push(line)
    return all
  }

  test('the trade bill is ready at 10:00 next day, in yuan, with the hash of the unzipped file; a day without entries has none', async () => {
    const { call, pay, pass, wireClock } = world()
    await pay('order-0001', 8850)
    await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 850, 8850))
    const ask = (date: string, more = '') => call('GET', `/v3/bill/tradebill?bill_date=${date}&bill_type=ALL${more}`)
    expect((await ask('2026-03-01')).json.code).toBe('INVALID_REQUEST')
    await pass(day)
    expect((await ask('2026-03-01')).json.code).toBe('STATEMENT_CREATING')
    await pass(2 * hour)
    expect((await ask('2026-02-27')).json.code).toBe('NO_STATEMENT_EXIST')
    const plain = await ask('2026-03-01')
    const zipped = await ask('2026-03-01', '&tar_type=GZIP')
    expect(plain.json.hash_value).toBe(zipped.json.hash_value)
    const path = (url: string): string => url.slice(url.indexOf('/v3/'))
    const file = await call('GET', path(plain.json.download_url))
    expect(file.headers['Wechatpay-Signature']).toBeUndefined()
    expect(createHash('sha1').update(file.body).digest('hex')).toBe(plain.json.hash_value)
    expect(gunzipSync((await call('GET', path(zipped.json.download_url))).body).equals(file.body)).toBe(true)
    const read = await lines(file.body)
    expect(read.map((line) => line.kind)).toEqual(['row', 'row', 'summary'])
    expect(read[0]).toMatchObject({ cells: { 商户订单号: 'order-0001', 订单金额: '88.50', 手续费: '0.53000', 交易状态: 'SUCCESS' } })
    expect(read[1]).toMatchObject({ cells: { 商户退款单号: 'r1', 退款金额: '8.50', 退款状态: 'SUCCESS' } })
    expect(read[2]).toMatchObject({ cells: { 总交易单数: '2', 订单总金额: '88.50', 申请退款总金额: '8.50' } })
    wireClock.advance(6 * minute)
    expect((await call('GET', path(plain.json.download_url))).json.code).toBe('INVALID_REQUEST')
  })

  test('the fund-flow bill adds up to the balance of the day', async () => {
    const { call, pay, pass, funds } = world()
    await pay('order-0001', 8850)
    await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 850, 8850))
    await pass(26 * hour)
    const { json } = await call('GET', '/v3/bill/fundflowbill?bill_date=2026-03-01')
    const file = await call('GET', (json.download_url as string).slice((json.download_url as string).indexOf('/v3/')))
    const summary = (await lines(file.body)).at(-1) as { cells: Record<string, string> }
    expect(Number(summary.cells.收入金额) - Number(summary.cells.支出金额)).toBeCloseTo((await funds()).balanceFen / 100, 5)
  })
})

describe('profit sharing', () => {
  const splitBody = (transaction: string, number: string, amount: number, finish: boolean) => ({
    appid: miniAppid,
    transaction_id: transaction,
    out_order_no: number,
    receivers: [{ type: 'MERCHANT_ID', account: '1900000999', amount, description: '分账' }],
    unfreeze_unsplit: finish,
  })

  test('money of a sharing order is frozen, shared up to the cap, and the rest is released; the same number twice shares once', async () => {
    const { call, pay, pass, funds } = world()
    const { transaction_id } = await pay('order-0001', 10_000, { settle_info: { profit_sharing: true } })
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 1000, false))).json.code).toBe('INVALID_REQUEST')
    await pass(minute)
    await call('POST', '/v3/profitsharing/receivers/add', { type: 'MERCHANT_ID', account: '1900000999', relation_type: 'DISTRIBUTOR' })
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 3001, false))).json.code).toBe('RULE_LIMIT')
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 1000, false))).json.state).toBe('PROCESSING')
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 1000, false))).json.state).toBe('PROCESSING')
    await pass(minute)
    expect((await call('GET', `/v3/profitsharing/orders/s1?transaction_id=${transaction_id}`)).json).toMatchObject({
      state: 'FINISHED',
      receivers: [{ result: 'SUCCESS', amount: 1000 }],
    })
    expect((await call('GET', `/v3/profitsharing/transactions/${transaction_id}/amounts`)).json.unsplit_amount).toBe(10_000 - 60 - 1000)
    expect(await funds()).toMatchObject({ frozenFen: 8940, unsettledFen: 0, balanceFen: 8940 })
    await call('POST', '/v3/profitsharing/orders/unfreeze', { transaction_id, out_order_no: 's2', description: '完结' })
    await pass(minute)
    expect(await funds()).toMatchObject({ frozenFen: 0, unsettledFen: 8940, balanceFen: 8940 })
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's3', 100, false))).json.code).toBe('INVALID_REQUEST')
  })

  test('an unknown receiver is closed with NO_RELATION; shared money must come back before it can be refunded', async () => {
    const { call, pay, pass } = world()
    const { transaction_id } = await pay('order-0001', 10_000, { settle_info: { profit_sharing: true } })
    await pass(minute)
    await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 1000, false))
    await pass(minute)
    expect((await call('GET', `/v3/profitsharing/orders/s1?transaction_id=${transaction_id}`)).json.receivers[0]).toMatchObject({
      result: 'CLOSED',
      fail_reason: 'NO_RELATION',
    })
    await call('POST', '/v3/profitsharing/receivers/add', { type: 'MERCHANT_ID', account: '1900000999', relation_type: 'DISTRIBUTOR' })
    await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's2', 1000, false))
    await pass(minute)
    expect((await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 9500, 10_000))).json.code).toBe('NOT_ENOUGH')
    await call('POST', '/v3/profitsharing/return-orders', {
      out_order_no: 's2',
      out_return_no: 'b1',
      return_mchid: '1900000999',
      amount: 1000,
      description: '退货',
    })
    await pass(minute)
    expect((await call('GET', '/v3/profitsharing/return-orders/b1?out_order_no=s2')).json.result).toBe('SUCCESS')
    expect((await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 9500, 10_000))).status).toBe(200)
  })

  test('an order made without profit_sharing cannot be shared', async () => {
    const { call, pay, pass } = world()
    const { transaction_id } = await pay('order-0001', 10_000)
    await pass(minute)
    expect((await call('POST', '/v3/profitsharing/orders', splitBody(transaction_id, 's1', 1000, false))).json.code).toBe('INVALID_REQUEST')
  })
})

describe('transfers', () => {
  test('a transfer waits for the receiver, is told of when confirmed, and fails with the money back after a day without', async () => {
    const { call, emulator, pass, openid, notices, notice, funds } = world()
    const body = async (number: string) => ({
      appid: miniAppid,
      out_bill_no: number,
      transfer_scene_id: '1000',
      openid: await openid('p1'),
      transfer_amount: 500,
      transfer_remark: '奖励',
      notify_url: 'https://a.b/transfer',
      transfer_scene_report_infos: [{ info_type: '活动名称', info_content: '新会员有礼' }],
    })
    const create = async (number: string) => call('POST', '/v3/fund-app/mch-transfer/transfer-bills', await body(number))
    expect((await create('T1')).json.code).toBe('NOT_ENOUGH')
    await emulator.act('main', 'pay.topUp', { amountFen: 2000 })
    expect((await create('T1')).json).toMatchObject({ state: 'WAIT_USER_CONFIRM', package_info: expect.any(String) })
    expect((await create('T1')).json.state).toBe('WAIT_USER_CONFIRM')
    await create('T2')
    expect(await funds()).toMatchObject({ availableFen: 1000, balanceFen: 1000 })
    await emulator.act('main', 'pay.confirmTransfer', { out_bill_no: 'T1' })
    await emulator.pump()
    expect(notice(notices.length - 1)).toMatchObject({
      eventType: 'MCHTRANSFER.BILL.FINISHED',
      originalType: 'mch_payment',
      resource: { out_bill_no: 'T1', state: 'SUCCESS' },
    })
    await pass(25 * hour)
    expect((await call('GET', '/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/T2')).json).toMatchObject({
      state: 'FAIL',
      fail_reason: 'OVERDUE_CLOSE',
    })
    expect(await funds()).toMatchObject({ availableFen: 1500, balanceFen: 1500 })
  })
})

test("a receiver's name is read with the key the request names; without one, or encrypted for another key, it is refused", async () => {
  const { call } = world()
  const add = (name: string, serial?: string) =>
    call(
      'POST',
      '/v3/profitsharing/receivers/add',
      { type: 'MERCHANT_ID', account: '1900000999', name, relation_type: 'DISTRIBUTOR' },
      serial === undefined ? {} : { headers: { 'wechatpay-serial': serial } },
    )
  const publicKey = platformPublicKey(identity.publicKey.serial, identity.publicKey.publicKey)
  const name = encryptSensitive('示例商户', publicKey.publicKey)
  expect((await add(name, publicKey.serial)).status).toBe(200)
  expect((await add(name)).json.code).toBe('PARAM_ERROR')
  expect((await add(name, identity.platform.serial)).json.code).toBe('PARAM_ERROR')
})

test('money is conserved over a mixed day: unsettled, frozen and available are the balance, and a wrong sum would show', async () => {
  const { call, pay, pass, emulator, funds } = world()
  await emulator.act('main', 'miniProgram.configure', { tradeManaged: false })
  for (let n = 0; n < 8; n++) await pay(`mixed-${n}`, 1000 + n * 37, n % 2 === 0 ? { settle_info: { profit_sharing: true } } : {})
  await pass(2 * minute)
  for (let n = 0; n < 8; n++) await call('POST', '/v3/refund/domestic/refunds', refundOf(`mixed-${n}`, `r${n}`, 100 + n, 1000 + n * 37))
  await pass(2 * minute)
  await emulator.act('main', 'pay.settleFunds')
  await emulator.act('main', 'pay.topUp', { amountFen: 77 })
  const { unsettledFen, frozenFen, availableFen, balanceFen } = await funds()
  expect(unsettledFen + frozenFen + availableFen).toBe(balanceFen)
  expect(frozenFen).toBeGreaterThan(0)
  expect(availableFen).toBeGreaterThan(77)
})

test('an answer may be a probe too: the signature is wrong on purpose, and what was asked is done', async () => {
  const { call } = world()
  const probed = await call('GET', '/v3/certificates', undefined, { headers: { 'x-qz-fault': 'probe' } })
  expect(probed.status).toBe(200)
  expect(() => verifyPayMessage({ headers: probed.headers, body: probed.body, status: 200 }, keys, start)).toThrow(/probing/)
})

test('a world rebuilt from its journal is the same to the last digit, reads in between change nothing', async () => {
  const journal = memoryJournal()
  const { emulator, call, order, pay, pass, openid } = world({ journal })
  await pay('order-0001', 900, { settle_info: { profit_sharing: true } })
  await order('order-0002', 100)
  await pass(2 * minute)
  await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 100, 900))
  await call('GET', '/v3/refund/domestic/refunds/r1')
  await call('POST', '/v3/pay/transactions/out-trade-no/order-0002/close', { mchid: payMchid })
  const official = (await emulator.act('main', 'core.addAccount', { kind: 'official-account', name: '第二个公众号' })) as Json
  const token = (
    await emulator.handle({
      method: 'GET',
      url: `/cgi-bin/token?grant_type=client_credential&appid=${official.id}&secret=${official.secret}`,
      headers: {},
      body: Buffer.alloc(0),
      ip: '',
    })
  ).body
  const read = await emulator.handle({
    method: 'GET',
    url: `/cgi-bin/user/get?access_token=${(JSON.parse(token.toString()) as Json).access_token}`,
    headers: {},
    body: Buffer.alloc(0),
    ip: '',
  })
  expect(JSON.parse(read.body.toString())).toMatchObject({ total: 0 })
  await openid('p9')
  await pass(day)
  await emulator.settled()
  const again = await openEmulator({
    modules: [payLine, miniProgramLine, officialAccountLine],
    seed: 'pay',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    send: async () => ({ status: 204, body: '' }),
    journal,
  })
  expect(again.stateHash()).toBe(emulator.stateHash())
})

test('two runs of one seed end in the same state', async () => {
  const run = async () => {
    const { pay, pass, emulator, call } = world()
    await pay('order-0001', 100)
    await call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 100, 100))
    await pass(day)
    return emulator.stateHash()
  }
  expect(await run()).toBe(await run())
})

describe('a service provider and its sub-merchants', () => {
  const partner = async (w: ReturnType<typeof world>, number: string, more: Json = {}) =>
    w.call('POST', '/v3/pay/partner/transactions/jsapi', {
      sp_appid: miniAppid,
      sp_mchid: payMchid,
      sub_appid: miniAppid,
      sub_mchid: '1900000888',
      description: '白茶',
      out_trade_no: number,
      notify_url: 'https://shop.example/pay',
      amount: { total: 900, currency: 'CNY' },
      payer: { sub_openid: await w.openid('p1') },
      ...more,
    })
  test('orders are made, told, asked about and paid back under both numbers; without the relation they are refused', async () => {
    const w = world()
    expect(await partner(w, 'order-0001')).toMatchObject({ status: 403, json: { code: 'NO_AUTH' } })
    await w.emulator.act('main', 'pay.configure', { subMerchants: ['1900000888'] })
    const { prepay_id } = (await partner(w, 'order-0001')).json
    await w.emulator.act('main', 'pay.payOrder', { prepay_id })
    await w.pass(minute)
    expect(JSON.parse(w.notice(0).plaintext)).toMatchObject({ sp_mchid: payMchid, sub_mchid: '1900000888', trade_state: 'SUCCESS', payer: { sub_openid: expect.any(String) } })
    expect((await w.call('GET', `/v3/pay/partner/transactions/out-trade-no/order-0001?sp_mchid=${payMchid}&sub_mchid=1900000888`)).json).toMatchObject({ trade_state: 'SUCCESS', sub_mchid: '1900000888' })
    expect((await w.call('GET', `/v3/pay/transactions/out-trade-no/order-0001?mchid=${payMchid}`)).status).toBe(404)
    expect(await w.call('POST', '/v3/refund/domestic/refunds', refundOf('order-0001', 'r1', 100, 900))).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } })
    expect((await w.call('POST', '/v3/refund/domestic/refunds', { sub_mchid: '1900000888', ...refundOf('order-0001', 'r1', 100, 900) })).status).toBe(200)
    await partner(w, 'order-0002')
    expect((await w.call('POST', '/v3/pay/partner/transactions/out-trade-no/order-0002/close', { sp_mchid: payMchid, sub_mchid: '1900000888' })).status).toBe(204)
  })
})

describe('coupons of WeChat Pay', () => {
  test('given by API once for a request, taken off by itself when the owner pays, and kept out of what is settled when the merchant bears it', async () => {
    const w = world()
    const { stock_id } = (await w.emulator.act('main', 'pay.addCouponStock', { name: '满5减1', offFen: 100, fromFen: 500, count: 1, merchantBears: true })) as Json
    const openid = await w.openid('p1')
    const send = (request: string) => w.call('POST', `/v3/marketing/favor/users/${openid}/coupons`, { stock_id, out_request_no: request, appid: miniAppid, stock_creator_mchid: payMchid })
    const first = (await send('q1')).json
    expect((await send('q1')).json).toEqual(first)
    expect(await send('q2')).toMatchObject({ status: 403, json: { code: 'NOT_ENOUGH' } })
    expect((await w.call('GET', `/v3/marketing/favor/users/${openid}/coupons?appid=${miniAppid}`)).json).toMatchObject({ total_count: 1, data: [{ coupon_id: first.coupon_id, status: 'SENDED' }] })
    expect(await w.pay('order-0001', 400)).toMatchObject({ payer_total: 400 })
    expect(await w.pay('order-0002', 900)).toMatchObject({ payer_total: 800 })
    expect((await w.call('GET', `/v3/pay/transactions/out-trade-no/order-0002?mchid=${payMchid}`)).json.promotion_detail).toMatchObject([{ coupon_id: first.coupon_id, type: 'NOCASH', amount: 100, merchant_contribute: 100, wechatpay_contribute: 0 }])
    // 400 and 800 come in, less 0.6 % of each.
    expect(await w.funds()).toMatchObject({ unsettledFen: 1_200 - 2 - 5 })
  })
})
