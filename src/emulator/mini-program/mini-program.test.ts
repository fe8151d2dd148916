import { describe, expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import { openCallback, payPrivateKey, signPayRequest } from '../../wechat/codec/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { createEmulator } from '../core/emulator.ts'
import { accountOf } from '../core/namespace.ts'
import { emulatorLines } from '../lines.ts'
import { officialAccountLine } from '../official-account/index.ts'
import { createPayIdentity, payLine, payMchid } from '../pay/index.ts'
import { miniAppid, miniProgramLine, readCodePicture } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const identity = createPayIdentity()
const shipped = 'SM00001-order-shipped-0000000000000000000000'

type Json = Record<string, any>

async function world() {
  const events: Json[] = []
  const emulator = createEmulator({
    modules: [officialAccountLine, miniProgramLine, payLine],
    seed: 'mini',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    send: async (push) => {
      if (!push.url.startsWith('http://merchant/')) return { status: 204, body: '' }
      const keys = { token: account.push.token, aesKey: account.push.aesKey, receiveId: account.id }
      events.push(openCallback(keys, { query: Object.fromEntries(new URL(push.url).searchParams), body: push.body }, 'weixin').value as Json)
      return { status: 200, body: 'success' }
    },
  })
  const account = accountOf(emulator.namespace(), 'mini-program') as WeixinAccount
  account.push.url = 'http://merchant/mini'
  const raw = (method: string, url: string, body = '', headers: Record<string, string> = {}) =>
    emulator.handle({ method, url, headers, body: Buffer.from(body), ip: '10.0.0.1' })
  const parse = (bytes: Buffer): Json => JSON.parse(bytes.toString('utf8')) as Json
  const fresh = async () =>
    parse(
      (await raw('POST', '/cgi-bin/stable_token', JSON.stringify({ grant_type: 'client_credential', appid: account.id, secret: account.secret })))
        .body,
    ).access_token as string
  let token = await fresh()
  const get = async (path: string): Promise<Json> => parse((await raw('GET', `${path}${path.includes('?') ? '&' : '?'}access_token=${token}`)).body)
  const bytes = (path: string, body: unknown) => raw('POST', `${path}?access_token=${token}`, JSON.stringify(body))
  const post = async (path: string, body: unknown): Promise<Json> => parse((await bytes(path, body)).body)
  const act = async (name: string, args: Json = {}): Promise<Json> =>
    (await emulator.act('main', name.includes('.') ? name : `miniProgram.${name}`, args)) as Json
  const pass = async (ms: number) => {
    await emulator.advanceTo(emulator.namespace().now + ms)
    token = await fresh()
  }
  const last = async (): Promise<Json> => {
    await emulator.pump()
    return events.at(-1) ?? {}
  }
  const session = (code: string, secret = account.secret) =>
    get(`/sns/jscode2session?appid=${account.id}&secret=${secret}&js_code=${code}&grant_type=authorization_code`)
  let nonce = 0
  const merchant = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const authorization = signPayRequest(
      { method, path, timestamp: start / 1000, nonce: `n${nonce++}`, body: text },
      { mchid: payMchid, serial: identity.merchant.serial, privateKey: payPrivateKey(identity.merchant.privateKey) },
    )
    return parse((await raw(method, path, text, { authorization })).body)
  }
  const paid = async (number: string, total = 1000): Promise<{ transaction_id: string; openid: string }> => {
    const { openid } = await act('login', { person: 'p1' })
    const { prepay_id } = await merchant('POST', '/v3/pay/transactions/jsapi', {
      appid: miniAppid,
      mchid: payMchid,
      description: '白茶',
      out_trade_no: number,
      notify_url: 'https://a.b/c',
      amount: { total },
      payer: { openid },
    })
    return (await act('pay.payOrder', { prepay_id })) as { transaction_id: string; openid: string }
  }
  return { emulator, account, events, get, post, bytes, act, pass, last, session, merchant, paid }
}

test('all default accounts are bound to one Open Platform account, so a person has one unionid everywhere and another openid in each', async () => {
  const emulator = createEmulator({
    modules: emulatorLines,
    seed: 'all',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    send: async () => ({ status: 200, body: '' }),
  })
  const ns = emulator.namespace()
  const accounts = ns.accounts.filter((account): account is WeixinAccount => 'openPlatform' in account && 'originalId' in account)
  expect(accounts.map((account) => account.kind)).toEqual(expect.arrayContaining(['official-account', 'mini-program', 'shop']))
  expect(new Set(accounts.map((account) => account.openPlatform)).size).toBe(1)
  const mini = (await emulator.act('main', 'miniProgram.login', { person: 'p1' })) as Json
  const official = (await emulator.act('main', 'officialAccount.follow', { person: 'p1' })) as Json
  expect(official.unionid).toBe(mini.unionid)
  expect(official.openid).not.toBe(mini.openid)
})

describe('login and phone', () => {
  test('a js_code gives openid, session_key and unionid once, within 5 minutes; without a binding there is no unionid', async () => {
    const { act, session, pass } = await world()
    const first = await act('login', { person: 'p1' })
    expect(await session(first.js_code)).toEqual({ openid: first.openid, session_key: expect.stringMatching(/^.{24}$/), unionid: first.unionid })
    expect((await session(first.js_code)).errcode).toBe(40163)
    expect((await session('wrong')).errcode).toBe(40029)
    expect((await session((await act('login', { person: 'p1' })).js_code, 'bad-secret')).errcode).toBe(40001)
    const late = await act('login', { person: 'p1' })
    await pass(6 * minute)
    expect((await session(late.js_code)).errcode).toBe(40029)
    await act('core.bindOpenPlatform', { kind: 'mini-program', openPlatform: null })
    expect(await session((await act('login', { person: 'p2' })).js_code)).not.toHaveProperty('unionid')
  })

  test("a user's 101st login in a minute is 45011", async () => {
    const { act, session } = await world()
    for (let n = 0; n < 100; n++) expect((await session((await act('login', { person: 'p1' })).js_code)).errcode).toBeUndefined()
    expect((await session((await act('login', { person: 'p1' })).js_code)).errcode).toBe(45011)
    expect((await session((await act('login', { person: 'p2' })).js_code)).errcode).toBeUndefined()
  })

  test("the phone code is another code, used once, and always gives the same person's number", async () => {
    const { act, post } = await world()
    const { code } = await act('authorisePhone', { person: 'p1' })
    const { phone_info } = await post('/wxa/business/getuserphonenumber', { code })
    expect(phone_info).toMatchObject({ purePhoneNumber: expect.stringMatching(/^199\d{8}$/), countryCode: '86', watermark: { appid: miniAppid } })
    expect((await post('/wxa/business/getuserphonenumber', { code })).errcode).toBe(40163)
    const again = await post('/wxa/business/getuserphonenumber', { code: (await act('authorisePhone', { person: 'p1' })).code })
    expect(again.phone_info.phoneNumber).toBe(phone_info.phoneNumber)
    expect((await post('/wxa/business/getuserphonenumber', { code: (await act('login', { person: 'p1' })).js_code })).errcode).toBe(40029)
  })
})

describe('codes and links', () => {
  test('an unlimited code is a picture, and a scan of it brings the scene; a bad scene is JSON', async () => {
    const { bytes, act, post } = await world()
    const answer = await bytes('/wxa/getwxacodeunlimit', { scene: 'c=live-7', page: 'pages/product/index' })
    expect(answer.headers['content-type']).toBe('image/png')
    expect(readCodePicture(answer.body)).toBe('scene:pages/product/index?c=live-7')
    expect(await act('visit', { person: 'p1', code: 'scene:pages/product/index?c=live-7' })).toMatchObject({
      path: 'pages/product/index',
      query: 'scene=c%3Dlive-7',
      scene: 1047,
    })
    expect((await post('/wxa/getwxacodeunlimit', { scene: 'x'.repeat(33) })).errcode).toBe(40129)
    expect((await post('/wxa/getwxacodeunlimit', {})).errcode).toBe(40129)
    await act('configure', { pages: ['pages/home/index'] })
    expect((await post('/wxa/getwxacodeunlimit', { scene: 'a', page: 'pages/nowhere/index' })).errcode).toBe(41030)
    expect((await bytes('/wxa/getwxacodeunlimit', { scene: 'a', page: 'pages/nowhere/index', check_path: false })).headers['content-type']).toBe(
      'image/png',
    )
  })

  test('links open with their query until they expire, 30 days at most', async () => {
    const { post, act, pass } = await world()
    const { url_link } = await post('/wxa/generate_urllink', {
      path: 'pages/home/index',
      query: 'c=1',
      is_expire: true,
      expire_type: 1,
      expire_interval: 2,
    })
    expect(await act('visit', { person: 'p1', link: url_link, outsideWechat: true })).toMatchObject({
      path: 'pages/home/index',
      query: 'c=1',
      scene: 1194,
    })
    expect((await post('/wxa/query_urllink', { url_link })).url_link_info).toMatchObject({ appid: miniAppid, query: 'c=1' })
    expect((await post('/wxa/generatescheme', { jump_wxa: { path: 'pages/home/index' }, expire_type: 1, expire_interval: 31 })).errcode).toBe(85400)
    expect((await post('/wxa/generatescheme', { jump_wxa: { path: 'pages/home/index' } })).openlink).toMatch(/^weixin:\/\/dl\/business\/\?t=/)
    await pass(3 * day)
    await expect(act('visit', { person: 'p1', link: url_link })).rejects.toThrow(/expired/)
  })
})

describe('messages', () => {
  test('each accepted prompt is one subscription message; then 43101; values and templates are checked', async () => {
    const { act, post, last } = await world()
    const { openid } = await act('login', { person: 'p1' })
    const send = (more: Json = {}) =>
      post('/cgi-bin/message/subscribe/send', {
        touser: openid,
        template_id: shipped,
        data: { thing1: { value: '白茶' }, character_string2: { value: 'SF123' } },
        ...more,
      })
    expect((await send()).errcode).toBe(43101)
    await act('subscribePopup', { person: 'p1', templates: { [shipped]: 'accept' } })
    expect(await last()).toMatchObject({
      Event: 'subscribe_msg_popup_event',
      List: { TemplateId: shipped, SubscribeStatusString: 'accept', PopupScene: '0' },
    })
    await act('subscribePopup', { person: 'p1', templates: { [shipped]: 'accept' } })
    expect((await send({ template_id: 'none' })).errcode).toBe(40037)
    expect((await send({ data: { thing1: { value: '白茶' } } })).errcode).toBe(47003)
    expect((await send({ data: { thing1: { value: '长'.repeat(21) }, character_string2: { value: '1' } } })).errcode).toBe(47003)
    expect((await send()).errcode).toBe(0)
    expect(await last()).toMatchObject({ Event: 'subscribe_msg_sent_event', List: { TemplateId: shipped, ErrorCode: '0', ErrorStatus: 'success' } })
    expect((await send()).errcode).toBe(0)
    expect((await send()).errcode).toBe(43101)
    expect(await act('received', { openid })).toHaveLength(2)
  })

  test('an account that chose XML gets its events in XML, lists under their own element', async () => {
    const { act, last } = await world()
    await act('core.setPush', { kind: 'mini-program', format: 'xml' })
    await act('subscribePopup', { person: 'p1', templates: { [shipped]: 'accept' } })
    expect(await last()).toMatchObject({
      Event: 'subscribe_msg_popup_event',
      SubscribeMsgPopupEvent: { List: { TemplateId: shipped, SubscribeStatusString: 'accept' } },
    })
  })

  test('a template switched off in the settings is refused although consents are left', async () => {
    const { act, post, last } = await world()
    const { openid } = await act('login', { person: 'p1' })
    await act('subscribePopup', { person: 'p1', templates: { [shipped]: 'accept' } })
    await act('changeSubscription', { person: 'p1', template: shipped })
    expect((await last()).Event).toBe('subscribe_msg_change_event')
    expect(
      (
        await post('/cgi-bin/message/subscribe/send', {
          touser: openid,
          template_id: shipped,
          data: { thing1: { value: 'a' }, character_string2: { value: 'b' } },
        })
      ).errcode,
    ).toBe(43101)
  })

  test('customer service: 5 in 48 hours after a message, 2 in a minute after entering', async () => {
    const { act, post, pass } = await world()
    const { openid } = await act('login', { person: 'p1' })
    const send = async () =>
      (await post('/cgi-bin/message/custom/send', { touser: openid, msgtype: 'text', text: { content: '您好' } })).errcode as number
    expect(await send()).toBe(45015)
    await act('enterSession', { person: 'p1' })
    expect([await send(), await send(), await send()]).toEqual([0, 0, 45047])
    await pass(2 * minute)
    expect(await send()).toBe(45015)
    await act('sendMessage', { person: 'p1' })
    expect([await send(), await send(), await send(), await send(), await send(), await send()]).toEqual([0, 0, 0, 0, 0, 45047])
  })

  test('text is checked for recent visitors only; pictures get their verdict as an event', async () => {
    const { act, post, pass, last } = await world()
    const { openid } = await act('login', { person: 'p1' })
    const check = (content: string) => post('/wxa/msg_sec_check', { content, version: 2, scene: 2, openid })
    expect(await check('好茶')).toMatchObject({ errcode: 0, result: { suggest: 'pass', label: 100 }, detail: [{ strategy: 'content_model' }] })
    expect((await check('快来赌博')).result).toEqual({ suggest: 'risky', label: 20006 })
    expect((await post('/wxa/msg_sec_check', { content: 'a', version: 1, scene: 2, openid })).errcode).toBe(40097)
    const { trace_id } = await post('/wxa/media_check_async', { media_url: 'https://a.b/risky.png', media_type: 2, version: 2, scene: 1, openid })
    await pass(2 * minute)
    expect(await last()).toMatchObject({ Event: 'wxa_media_check', trace_id, result: { suggest: 'risky' } })
    await pass(3 * hour)
    expect((await check('好茶')).errcode).toBe(61010)
  })
})

describe('shipping information', () => {
  const upload = (openid: string, transaction: string, more: Json = {}) => ({
    order_key: { order_number_type: 2, transaction_id: transaction },
    logistics_type: 1,
    delivery_mode: 1,
    upload_time: '2026-03-01T10:00:00.000+08:00',
    payer: { openid },
    shipping_list: [{ tracking_no: 'SF1', express_company: 'SF', item_desc: '白茶*1' }],
    ...more,
  })

  test('without it the money stays blocked; shipped, received and settled it is free, and events tell both', async () => {
    const { paid, post, act, pass, last } = await world()
    const { transaction_id, openid } = await paid('order-0001')
    expect((await post('/wxa/sec/order/get_order', { transaction_id })).order).toMatchObject({
      order_state: 1,
      paid_amount: 1000,
      openid,
      merchant_id: payMchid,
      merchant_trade_no: 'order-0001',
      shipping: {},
    })
    expect(await act('pay.settleFunds')).toMatchObject({ settledFen: 0, blocked: 1 })
    expect((await post('/wxa/sec/order/upload_shipping_info', upload(openid, transaction_id))).errcode).toBe(0)
    expect(await last()).toMatchObject({
      Event: 'trade_manage_order_settlement',
      transaction_id,
      shipped_time: start / 1000,
      estimated_settlement_time: expect.any(Number),
    })
    expect((await post('/wxa/sec/order/get_order', { merchant_id: payMchid, merchant_trade_no: 'order-0001' })).order).toMatchObject({
      order_state: 2,
      shipping: { finish_shipping: true, finish_shipping_count: 1, shipping_list: [{ tracking_no: 'SF1', express_company: 'SF' }] },
    })
    await act('confirmReceipt', { transaction_id })
    expect(await act('pay.settleFunds')).toMatchObject({ blocked: 1 })
    await pass(3 * day)
    expect(await last()).toMatchObject({ Event: 'trade_manage_order_settlement', confirm_receive_method: 2, settlement_time: expect.any(Number) })
    expect(await act('pay.settleFunds')).toMatchObject({ settledFen: 994, blocked: 0 })
    expect((await post('/wxa/sec/order/get_order', { transaction_id })).order.order_state).toBe(4)
  })

  test("the rules: an array, the payer's openid, a growing upload_time, express needs a number, split needs is_all_delivered", async () => {
    const { paid, post } = await world()
    const { transaction_id, openid } = await paid('order-0001')
    const send = async (more: Json) => (await post('/wxa/sec/order/upload_shipping_info', upload(openid, transaction_id, more))).errcode as number
    expect(await send({ shipping_list: { tracking_no: 'SF1' } })).toBe(47001)
    expect(await send({ payer: { openid: 'oOther' } })).toBe(10060031)
    expect(await send({ order_key: { order_number_type: 2, transaction_id: '4200000000000000000000000000' } })).toBe(10060001)
    expect(await send({ shipping_list: [{ item_desc: '茶' }] })).toBe(47001)
    expect(await send({ delivery_mode: 2, logistics_type: 2 })).toBe(10060006)
    expect(await send({ delivery_mode: 2 })).toBe(10060007)
    expect(
      await send({
        shipping_list: [
          { tracking_no: 'A', express_company: 'SF', item_desc: 'a' },
          { tracking_no: 'B', express_company: 'SF', item_desc: 'b' },
        ],
      }),
    ).toBe(47001)
    expect(await send({})).toBe(0)
    expect(await send({ shipping_list: [{ tracking_no: 'SF2', express_company: 'SF', item_desc: 'a' }] })).toBe(268485216)
    expect(
      await send({ upload_time: '2026-03-01T11:00:00+08:00', shipping_list: [{ tracking_no: 'SF2', express_company: 'SF', item_desc: 'a' }] }),
    ).toBe(0)
    expect(
      await send({ upload_time: '2026-03-01T12:00:00+08:00', shipping_list: [{ tracking_no: 'SF3', express_company: 'SF', item_desc: 'a' }] }),
    ).toBe(10060003)
  })

  test('a split shipment is shipped when everything is delivered', async () => {
    const { paid, post } = await world()
    const { transaction_id, openid } = await paid('order-0001')
    const part = (number: string, time: string, all: boolean) =>
      post(
        '/wxa/sec/order/upload_shipping_info',
        upload(openid, transaction_id, {
          delivery_mode: 2,
          is_all_delivered: all,
          upload_time: time,
          shipping_list: [{ tracking_no: number, express_company: 'SF', item_desc: number }],
        }),
      )
    expect((await part('SF1', '2026-03-01T10:00:00+08:00', false)).errcode).toBe(0)
    expect((await post('/wxa/sec/order/get_order', { transaction_id })).order.order_state).toBe(1)
    expect((await part('SF2', '2026-03-01T10:10:00+08:00', true)).errcode).toBe(0)
    const { order } = await post('/wxa/sec/order/get_order', { transaction_id })
    expect([order.order_state, order.shipping.shipping_list.length]).toEqual([2, 2])
  })

  test('after 48 hours the platform reminds; receipt confirms itself after its time; a full refund ends the order', async () => {
    const { paid, post, pass, last, events, merchant } = await world()
    const first = await paid('order-0001')
    await pass(49 * hour)
    expect((await last()).Event).toBe('trade_manage_remind_access_api')
    await post('/wxa/sec/order/upload_shipping_info', upload(first.openid, first.transaction_id))
    const second = await paid('order-0002')
    await pass(49 * hour)
    expect(await last()).toMatchObject({ Event: 'trade_manage_remind_shipping', transaction_id: second.transaction_id })
    await merchant('POST', '/v3/refund/domestic/refunds', { out_trade_no: 'order-0002', out_refund_no: 'r1', amount: { refund: 1000, total: 1000 } })
    await pass(2 * minute)
    expect((await post('/wxa/sec/order/get_order', { transaction_id: second.transaction_id })).order.order_state).toBe(5)
    await pass(13 * day)
    expect(events.at(-1)).toMatchObject({ Event: 'trade_manage_order_settlement', transaction_id: first.transaction_id, confirm_receive_method: 1 })
    const list = await post('/wxa/sec/order/get_order_list', { order_state: 4 })
    expect(list.order_list.map((order: Json) => order.transaction_id)).toEqual([first.transaction_id])
    const paged = await post('/wxa/sec/order/get_order_list', { page_size: 1 })
    expect([paged.has_more, paged.order_list.length]).toEqual([true, 1])
    expect((await post('/wxa/sec/order/get_order_list', { page_size: 1, last_index: paged.last_index })).order_list[0].transaction_id).toBe(
      second.transaction_id,
    )
  })
})

test("yesterday's figures count openings and people; today has none yet", async () => {
  const { act, post, pass } = await world()
  await act('login', { person: 'p1' })
  await act('login', { person: 'p1' })
  await act('login', { person: 'p2' })
  const ask = (path: string) => post(path, { begin_date: '20260301', end_date: '20260301' })
  expect((await ask('/datacube/getweanalysisappiddailyvisittrend')).errcode).toBe(61501)
  await pass(day)
  expect((await ask('/datacube/getweanalysisappiddailyvisittrend')).list).toMatchObject([
    { ref_date: '20260301', visit_pv: 3, visit_uv: 2, visit_uv_new: 2 },
  ])
  expect((await ask('/datacube/getweanalysisappiddailysummarytrend')).list[0].visit_total).toBe(2)
})
