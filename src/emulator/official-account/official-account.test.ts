import { describe, expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import { openCallback, sealReply, writeXml } from '../../wechat/codec/index.ts'
import { createEmulator } from '../core/emulator.ts'
import type { WeixinAccount } from '../core/account.ts'
import { accountOf } from '../core/namespace.ts'
import { miniAppid, miniProgramLine, readCodePicture } from '../mini-program/index.ts'
import { officialAccountLine, officialAppid, recordOfficialPayment } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Json = Record<string, any>

async function world() {
  const events: Array<{ at: number; value: Json }> = []
  const emulator = createEmulator({
    modules: [officialAccountLine, miniProgramLine],
    seed: 'oa',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    send: async (push) => {
      const account = accountOf(emulator.namespace(), 'official-account') as WeixinAccount
      const keys = { token: account.push.token, aesKey: account.push.aesKey, receiveId: account.id }
      const opened = openCallback(keys, { query: Object.fromEntries(new URL(push.url).searchParams), body: push.body }, 'weixin')
      events.push({ at: emulator.namespace().now, value: opened.value as Json })
      return { status: 200, body: answer(opened.value as Json) }
    },
  })
  let answer: (event: Json) => string = () => 'success'
  await emulator.act('main', 'core.setPush', { kind: 'official-account', url: 'http://merchant/wechat' })
  const account = accountOf(emulator.namespace(), 'official-account') as WeixinAccount
  const raw = (method: string, url: string, body?: Buffer, headers: Record<string, string> = {}) =>
    emulator.handle({ method, url, headers, body: body ?? Buffer.alloc(0), ip: '10.0.0.1' })
  const parse = (bytes: Buffer): Json => JSON.parse(bytes.toString('utf8')) as Json
  const tokenOf = async (who: WeixinAccount) =>
    parse((await raw('GET', `/cgi-bin/token?grant_type=client_credential&appid=${who.id}&secret=${who.secret}`)).body).access_token as string
  let token = await tokenOf(account)
  const url = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}access_token=${token}`
  const get = async (path: string): Promise<Json> => parse((await raw('GET', url(path))).body)
  const post = async (path: string, body: unknown): Promise<Json> => parse((await raw('POST', url(path), Buffer.from(JSON.stringify(body)))).body)
  const upload = async (path: string, filename: string, bytes = Buffer.from('picture')): Promise<Json> => {
    const body = Buffer.concat([
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="media"; filename="${filename}"\r\nContent-Type: image/png\r\n\r\n`),
      bytes,
      Buffer.from('\r\n--b--\r\n'),
    ])
    return parse((await raw('POST', url(path), body, { 'content-type': 'multipart/form-data; boundary=b' })).body)
  }
  const act = async (name: string, args: Json = {}): Promise<Json> => (await emulator.act('main', `officialAccount.${name}`, args)) as Json
  const pass = async (ms: number) => {
    await emulator.advanceTo(emulator.namespace().now + ms)
    if (ms >= hour) token = await tokenOf(account)
  }
  const last = async (): Promise<Json> => {
    await emulator.pump()
    return events.at(-1)?.value ?? {}
  }
  return { answerWith: (next: typeof answer) => (answer = next), emulator, account, events, get, post, raw, upload, act, pass, last, tokenOf, url }
}

const text = (openid: string, content = '您好') => ({ touser: openid, msgtype: 'text', text: { content } })

describe('followers', () => {
  test('following pushes subscribe and makes the user readable, with a unionid because the account is bound', async () => {
    const { get, act, last, emulator } = await world()
    const { openid, unionid } = await act('follow', { person: 'p1' })
    expect(await last()).toMatchObject({ FromUserName: openid, MsgType: 'event', Event: 'subscribe', CreateTime: String(start / 1000) })
    const info = await get(`/cgi-bin/user/info?openid=${openid}&lang=zh_CN`)
    expect(info).toMatchObject({ subscribe: 1, openid, unionid, subscribe_time: start / 1000, subscribe_scene: 'ADD_SCENE_SEARCH', tagid_list: [] })
    expect(Object.keys(info)).not.toContain('nickname')
    expect(((await emulator.act('main', 'miniProgram.login', { person: 'p1' })) as Json).unionid).toBe(unionid)
    await emulator.act('main', 'core.bindOpenPlatform', { kind: 'official-account', openPlatform: null })
    expect(await get(`/cgi-bin/user/info?openid=${openid}`)).not.toHaveProperty('unionid')
  })

  test('after unfollowing only subscribe 0 and openid are left; a foreign openid is refused', async () => {
    const { get, act, last, post } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    await act('unfollow', { person: 'p1' })
    expect((await last()).Event).toBe('unsubscribe')
    expect(await get(`/cgi-bin/user/info?openid=${openid}`)).toEqual({ subscribe: 0, openid })
    expect((await get('/cgi-bin/user/info?openid=oSomebodyElse')).errcode).toBe(40003)
    expect((await post('/cgi-bin/user/info/batchget', { user_list: [{ openid }] })).user_info_list).toEqual([{ subscribe: 0, openid }])
    expect((await post('/cgi-bin/user/info/batchget', { user_list: Array.from({ length: 101 }, () => ({ openid })) })).errcode).toBe(40032)
  })

  test('the list comes in the order of following and pages by next_openid', async () => {
    const { get, act } = await world()
    const openids: string[] = []
    for (let n = 0; n < 3; n++) openids.push((await act('follow', { person: `p${n}` })).openid)
    expect(await get('/cgi-bin/user/get')).toEqual({ total: 3, count: 3, data: { openid: openids }, next_openid: openids[2] })
    expect(await get(`/cgi-bin/user/get?next_openid=${openids[2]}`)).toEqual({ total: 3, count: 0, next_openid: '' })
  })

  test('tags: 100 for one account, 20 for one user, names once', async () => {
    const { post, get, act } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    const ids: number[] = []
    for (let n = 0; n < 100; n++) ids.push((await post('/cgi-bin/tags/create', { tag: { name: `tag ${n}` } })).tag.id)
    expect((await post('/cgi-bin/tags/create', { tag: { name: 'one more' } })).errcode).toBe(45056)
    expect((await post('/cgi-bin/tags/update', { tag: { id: ids[0], name: 'tag 1' } })).errcode).toBe(45157)
    for (let n = 0; n < 20; n++) expect((await post('/cgi-bin/tags/members/batchtagging', { openid_list: [openid], tagid: ids[n] })).errcode).toBe(0)
    expect((await post('/cgi-bin/tags/members/batchtagging', { openid_list: [openid], tagid: ids[20] })).errcode).toBe(45059)
    expect((await get('/cgi-bin/tags/get')).tags[0]).toMatchObject({ id: ids[0], count: 1 })
    expect((await post('/cgi-bin/user/tag/get', { tagid: ids[0] })).data.openid).toEqual([openid])
    await post('/cgi-bin/tags/delete', { tag: { id: ids[0] } })
    expect((await post('/cgi-bin/tags/getidlist', { openid })).tagid_list).toHaveLength(19)
  })
})

describe('codes with a scene', () => {
  test("a stranger's scan follows with qrscene_, a follower's gives SCAN; the scene stays on the user", async () => {
    const { post, act, last, get, raw } = await world()
    const code = await post('/cgi-bin/qrcode/create', {
      expire_seconds: 3600,
      action_name: 'QR_STR_SCENE',
      action_info: { scene: { scene_str: 'live-7' } },
    })
    expect(code).toMatchObject({ expire_seconds: 3600, url: expect.stringMatching(/^http:\/\/weixin\.qq\.com\/q\//) })
    const { openid } = await act('scan', { person: 'p1', ticket: code.ticket })
    expect(await last()).toMatchObject({ Event: 'subscribe', EventKey: 'qrscene_live-7', Ticket: code.ticket })
    await act('scan', { person: 'p1', scene: 'live-7' })
    expect(await last()).toMatchObject({ Event: 'SCAN', EventKey: 'live-7', Ticket: code.ticket })
    expect(await get(`/cgi-bin/user/info?openid=${openid}`)).toMatchObject({
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene: 0,
      qr_scene_str: 'live-7',
    })
    const picture = await raw('GET', `/cgi-bin/showqrcode?ticket=${encodeURIComponent(code.ticket)}`)
    expect(picture.headers['content-type']).toBe('image/png')
    expect(readCodePicture(picture.body)).toBe(code.ticket)
  })

  test('temporary codes expire; limits of scenes hold; a permanent scene has one ticket', async () => {
    const { post, act, pass } = await world()
    const create = (action_name: string, scene: Json, more: Json = {}) =>
      post('/cgi-bin/qrcode/create', { action_name, action_info: { scene }, ...more })
    const brief = await create('QR_SCENE', { scene_id: 5 }, { expire_seconds: 60 })
    await pass(2 * minute)
    await expect(act('scan', { person: 'p1', ticket: brief.ticket })).rejects.toThrow(/expired/)
    expect((await create('QR_LIMIT_SCENE', { scene_id: 100_001 })).errcode).toBe(40053)
    expect((await create('QR_LIMIT_STR_SCENE', { scene_str: 'x'.repeat(65) })).errcode).toBe(40053)
    expect((await create('QR_SCENE', { scene_id: 1 }, { expire_seconds: 2_592_001 })).errcode).toBe(40097)
    expect((await create('QR_LIMIT_STR_SCENE', { scene_str: 'shop' })).ticket).toBe(
      (await create('QR_LIMIT_STR_SCENE', { scene_str: 'shop' })).ticket,
    )
  })
})

describe('messages', () => {
  test('after a message 5 answers within 48 hours: the sixth is 45047, later ones 45015, and a new message opens the window anew', async () => {
    const { post, act, pass, last } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    await pass(2 * minute)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45015)
    await act('sendMessage', { person: 'p1', content: '有货吗' })
    expect(await last()).toMatchObject({ MsgType: 'text', Content: '有货吗', MsgId: expect.stringMatching(/^\d{17}$/) })
    for (let n = 0; n < 5; n++) expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(0)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45047)
    await pass(48 * hour + minute)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45015)
    await act('sendMessage', { person: 'p1' })
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(0)
    expect(await act('received', { person: 'p1' })).toHaveLength(6)
  })

  test('a passive reply, plain or sealed, reaches the person; a forged one and one for somebody else do not', async () => {
    const { act, answerWith, account, emulator } = await world()
    await act('follow', { person: 'p1' })
    await emulator.pump()
    const reply = (openid: unknown, content: string) =>
      writeXml({ ToUserName: String(openid), FromUserName: account.originalId, CreateTime: 1, MsgType: 'text', Content: content })
    const seal = (xml: string, token = account.push.token) =>
      sealReply({ token, aesKey: account.push.aesKey, receiveId: account.id }, xml, {
        format: 'xml',
        timestamp: start / 1000,
        nonce: '1',
        random16: Buffer.alloc(16, 1),
      }).body
    for (const write of [
      (event: Json) => reply(event.FromUserName, 'plain'),
      (event: Json) => seal(reply(event.FromUserName, 'sealed')),
      (event: Json) => seal(reply(event.FromUserName, 'forged'), 'another-token'),
      () => reply('oSomebodyElse', 'lost'),
    ]) {
      answerWith(write)
      await act('sendMessage', { person: 'p1' })
      await emulator.pump()
    }
    expect(((await act('received', { person: 'p1' })) as unknown as Json[]).map((message) => [message.kind, message.body.Content])).toEqual([
      ['reply', 'plain'],
      ['reply', 'sealed'],
    ])
  })

  test('3 in the minute after a follow and after a menu tap; a link in the menu opens nothing', async () => {
    const { post, act, pass } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    for (let n = 0; n < 3; n++) expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(0)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45047)
    await pass(2 * minute)
    await act('clickMenu', { person: 'p1', url: 'https://a.b' })
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45015)
    await act('clickMenu', { person: 'p1', key: 'NEW' })
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(0)
  })

  test('after paying on a page of the account there is no limit for 48 hours', async () => {
    const { post, act, pass, emulator, account } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    await pass(2 * minute)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(45015)
    recordOfficialPayment(emulator.namespace(), account, 'p1')
    for (let n = 0; n < 8; n++) expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(0)
  })

  test('a template message is told of by an event; a bad template, a missing value and a non-follower are refused; client_msg_id sends once', async () => {
    const { post, act, pass, last } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    const { template_id } = await act('addTemplate', { title: '发货', keys: ['thing1'] })
    const send = (more: Json = {}) =>
      post('/cgi-bin/message/template/send', { touser: openid, template_id, data: { thing1: { value: '白茶' } }, ...more })
    const first = await send({ client_msg_id: 'm1' })
    expect(first).toMatchObject({ errcode: 0, msgid: expect.any(Number) })
    expect((await send({ client_msg_id: 'm1' })).msgid).toBe(first.msgid)
    await pass(2_000)
    expect(await last()).toMatchObject({ Event: 'TEMPLATESENDJOBFINISH', MsgID: String(first.msgid), Status: 'success' })
    expect((await send({ template_id: 'nope' })).errcode).toBe(40037)
    expect((await send({ data: {} })).errcode).toBe(47003)
    await act('refuseMessages', { person: 'p1' })
    await send()
    await pass(2_000)
    expect((await last()).Status).toBe('failed:user block')
    await act('unfollow', { person: 'p1' })
    expect((await send()).errcode).toBe(43004)
  })

  test('a service account reaches one user with 4 mass messages a month; everybody once a day; the count comes as an event', async () => {
    const { post, act, pass, last } = await world()
    const openids = [(await act('follow', { person: 'p1' })).openid, (await act('follow', { person: 'p2' })).openid]
    const send = () => post('/cgi-bin/message/mass/send', { touser: openids, msgtype: 'text', text: { content: '上新' } })
    for (let n = 0; n < 4; n++) {
      expect((await send()).errcode).toBe(0)
      await pass(2 * minute)
      expect(await last()).toMatchObject({ Event: 'MASSSENDJOBFINISH', Status: 'send success', TotalCount: '2', SentCount: '2', ErrorCount: '0' })
    }
    await send()
    await pass(2 * minute)
    expect(await last()).toMatchObject({ SentCount: '0', ErrorCount: '2' })
    await pass(31 * day)
    await send()
    await pass(2 * minute)
    expect(await last()).toMatchObject({ SentCount: '2' })
    const all = () =>
      post('/cgi-bin/message/mass/sendall', { filter: { is_to_all: true }, msgtype: 'text', text: { content: '全员' }, clientmsgid: 'c1' })
    const sent = await all()
    expect(sent.errcode).toBe(0)
    expect((await all()).errcode).toBe(45066)
    await pass(2 * minute)
    expect((await all()).errcode).toBe(45065)
    expect((await post('/cgi-bin/message/mass/get', { msg_id: sent.msg_id })).msg_status).toBe('SEND_SUCCESS')
    expect((await post('/cgi-bin/message/mass/sendall', { filter: { is_to_all: true }, msgtype: 'text', text: { content: '再来' } })).errcode).toBe(
      45028,
    )
  })

  test('with protection a send to everybody waits for the admin and fails after 30 minutes without a yes', async () => {
    const { post, act, pass, last } = await world()
    await act('follow', { person: 'p1' })
    await act('configure', { massProtection: true })
    const send = (clientmsgid: string) =>
      post('/cgi-bin/message/mass/sendall', { filter: { is_to_all: true }, msgtype: 'text', text: { content: '全员' }, clientmsgid })
    const first = await send('a')
    await pass(5 * minute)
    expect((await post('/cgi-bin/message/mass/get', { msg_id: first.msg_id })).msg_status).toBe('SENDING')
    await pass(26 * minute)
    expect((await post('/cgi-bin/message/mass/get', { msg_id: first.msg_id })).msg_status).toBe('SEND_FAIL')
    expect((await last()).SentCount).toBe('0')
    const second = await send('b')
    await act('confirmMass', { msgId: String(second.msg_id) })
    await pass(2 * minute)
    expect(await last()).toMatchObject({ Status: 'send success', SentCount: '1' })
    expect((await act('massDelivered', { msgId: String(second.msg_id) })).openids).toHaveLength(1)
  })

  test('what a person on the black list writes is not pushed, and nothing can be sent to them', async () => {
    const { post, act, events, emulator } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    await emulator.pump()
    await post('/cgi-bin/tags/members/batchblacklist', { openid_list: [openid] })
    await act('sendMessage', { person: 'p1' })
    await emulator.pump()
    expect(events).toHaveLength(1)
    expect((await post('/cgi-bin/message/custom/send', text(openid))).errcode).toBe(50002)
    await post('/cgi-bin/tags/members/batchunblacklist', { openid_list: [openid] })
    await act('sendMessage', { person: 'p1' })
    await emulator.pump()
    expect(events).toHaveLength(2)
  })

  test('a subscription notice needs a consent, and each consent is one message', async () => {
    const { post, act, last } = await world()
    const { openid } = await act('follow', { person: 'p1' })
    const template = 'NT00001-new-arrival-notice-000000000000000000'
    const send = () => post('/cgi-bin/message/subscribe/bizsend', { touser: openid, template_id: template, data: { thing1: { value: '茶' } } })
    expect((await send()).errcode).toBe(43101)
    await act('subscribePopup', { person: 'p1', templates: { [template]: 'accept' } })
    expect(await last()).toMatchObject({
      Event: 'subscribe_msg_popup_event',
      SubscribeMsgPopupEvent: { List: { TemplateId: template, SubscribeStatusString: 'accept' } },
    })
    expect((await send()).errcode).toBe(0)
    expect((await send()).errcode).toBe(43101)
  })
})

describe('articles', () => {
  test('a draft is published with an event and an address; publishing tells no follower', async () => {
    const { post, get, upload, pass, last, act } = await world()
    await act('follow', { person: 'p1' })
    const thumb = (await upload('/cgi-bin/material/add_material?type=image', 'cover.png')).media_id as string
    expect((await post('/cgi-bin/draft/add', { articles: [{ title: '春茶', content: '<p>…</p>', thumb_media_id: 'nope' }] })).errcode).toBe(40007)
    const { media_id } = await post('/cgi-bin/draft/add', { articles: [{ title: '春茶', content: '<p>…</p>', thumb_media_id: thumb }] })
    expect((await get('/cgi-bin/draft/count')).total_count).toBe(1)
    const { publish_id } = await post('/cgi-bin/freepublish/submit', { media_id })
    expect((await post('/cgi-bin/freepublish/get', { publish_id })).publish_status).toBe(1)
    await pass(minute)
    expect(await last()).toMatchObject({
      Event: 'PUBLISHJOBFINISH',
      PublishEventInfo: { publish_id, publish_status: '0', article_detail: { count: '1', item: { idx: '1' } } },
    })
    const done = await post('/cgi-bin/freepublish/get', { publish_id })
    expect(done).toMatchObject({
      publish_status: 0,
      article_detail: { item: [{ idx: 1, article_url: expect.stringContaining('https://mp.weixin.qq.com/s/') }] },
    })
    expect((await post('/cgi-bin/freepublish/batchget', { offset: 0, count: 20 })).item[0].article_id).toBe(done.article_id)
    expect(await act('received')).toEqual([])
    expect((await get('/cgi-bin/draft/count')).total_count).toBe(0)
    await act('configure', { verified: false })
    expect((await post('/cgi-bin/freepublish/submit', { media_id })).errcode).toBe(48001)
  })

  test('pictures of article bodies are jpg or png up to 1 MB', async () => {
    const { upload } = await world()
    expect((await upload('/cgi-bin/media/uploadimg', 'a.png')).url).toMatch(/^http:\/\/mmbiz\.qpic\.cn\//)
    expect((await upload('/cgi-bin/media/uploadimg', 'a.gif')).errcode).toBe(40005)
    expect((await upload('/cgi-bin/media/uploadimg', 'a.png', Buffer.alloc((1 << 20) + 1))).errcode).toBe(40009)
  })
})

describe('web login, ticket, menu', () => {
  test('a code gives openid, unionid with userinfo scope only, is used once and expires', async () => {
    const { raw, act, account, pass } = await world()
    const change = async (code: string) =>
      JSON.parse(
        (
          await raw('GET', `/sns/oauth2/access_token?appid=${account.id}&secret=${account.secret}&code=${code}&grant_type=authorization_code`)
        ).body.toString(),
      ) as Json
    const base = await act('authorize', { person: 'p1' })
    expect(await change(base.code)).toMatchObject({ openid: base.openid, scope: 'snsapi_base' })
    expect((await change(base.code)).errcode).toBe(40163)
    expect((await change('wrong')).errcode).toBe(40029)
    const full = await change((await act('authorize', { person: 'p1', scope: 'snsapi_userinfo' })).code)
    expect(full.unionid).toMatch(/^o/)
    const who = JSON.parse((await raw('GET', `/sns/userinfo?access_token=${full.access_token}&openid=${full.openid}`)).body.toString()) as Json
    expect(who).toMatchObject({ openid: full.openid, unionid: full.unionid })
    const late = await act('authorize', { person: 'p1' })
    await pass(6 * minute)
    expect((await change(late.code)).errcode).toBe(40029)
    const refreshed = JSON.parse(
      (
        await raw('GET', `/sns/oauth2/refresh_token?appid=${account.id}&grant_type=refresh_token&refresh_token=${full.refresh_token}`)
      ).body.toString(),
    ) as Json
    expect(refreshed.openid).toBe(full.openid)
  })

  test('the consent page asks who looks at it, then goes back with code and state', async () => {
    const { raw, account } = await world()
    const path = `/connect/oauth2/authorize?appid=${account.id}&redirect_uri=${encodeURIComponent('https://shop.example/back?a=1')}&response_type=code&scope=snsapi_base&state=s%22%3E1`
    const page = (await raw('GET', path)).body.toString()
    expect(page).toContain('qz_person')
    expect(page).not.toContain('s">1')
    const back = /location\.replace\("([^"]+)"\)/.exec((await raw('GET', `${path}&qz_person=p1`)).body.toString())?.[1] ?? ''
    const target = new URL(back)
    expect([target.origin + target.pathname, target.searchParams.get('a'), target.searchParams.get('state')]).toEqual([
      'https://shop.example/back',
      '1',
      's">1',
    ])
    const answer = await raw(
      'GET',
      `/sns/oauth2/access_token?appid=${account.id}&secret=${account.secret}&code=${target.searchParams.get('code')}&grant_type=authorization_code`,
    )
    expect((JSON.parse(answer.body.toString()) as Json).openid).toMatch(/^o/)
  })

  test('the page ticket is the same while it lives, and no access token', async () => {
    const { get, pass, raw } = await world()
    const { ticket, expires_in } = await get('/cgi-bin/ticket/getticket?type=jsapi')
    expect(expires_in).toBe(7200)
    expect((await get('/cgi-bin/ticket/getticket?type=jsapi')).ticket).toBe(ticket)
    expect(JSON.parse((await raw('GET', `/cgi-bin/user/get?access_token=${ticket}`)).body.toString()).errcode).toBe(40001)
    await pass(3 * hour)
    expect((await get('/cgi-bin/ticket/getticket?type=jsapi')).ticket).not.toBe(ticket)
  })

  test('a menu has 3 entries with 5 below each', async () => {
    const { post, get } = await world()
    const entry = { type: 'click', name: '上新', key: 'NEW' }
    expect((await get('/cgi-bin/menu/get')).errcode).toBe(46003)
    expect((await post('/cgi-bin/menu/create', { button: [entry, entry, entry, entry] })).errcode).toBe(40016)
    expect((await post('/cgi-bin/menu/create', { button: [{ name: '更多', sub_button: Array(6).fill(entry) }] })).errcode).toBe(40023)
    expect((await post('/cgi-bin/menu/create', { button: [entry] })).errcode).toBe(0)
    expect((await get('/cgi-bin/menu/get')).menu.button).toEqual([entry])
  })
})

test('daily figures count new and lost followers of past days only', async () => {
  const { post, act, pass } = await world()
  await act('follow', { person: 'p1' })
  await act('follow', { person: 'p2' })
  await act('unfollow', { person: 'p2' })
  const ask = (path: string) => post(path, { begin_date: '2026-03-01', end_date: '2026-03-01' })
  expect((await ask('/datacube/getusersummary')).errcode).toBe(61501)
  await pass(day)
  expect((await ask('/datacube/getusersummary')).list).toEqual([{ ref_date: '2026-03-01', user_source: 1, new_user: 2, cancel_user: 1 }])
  expect((await ask('/datacube/getusercumulate')).list[0].cumulate_user).toBe(1)
})

test("a mini program's token is refused on paths of the Official Account, and serves the paths both share", async () => {
  const { emulator, raw, tokenOf, act } = await world()
  const mini = accountOf(emulator.namespace(), 'mini-program') as WeixinAccount
  const token = await tokenOf(mini)
  expect(JSON.parse((await raw('GET', `/cgi-bin/user/get?access_token=${token}`)).body.toString()).errcode).toBe(48001)
  expect((await raw('GET', `/wxaapi/newtmpl/gettemplate?access_token=${token}`)).body.toString()).toContain('SM00001')
  const { openid } = await act('follow', { person: 'p1' })
  expect(
    JSON.parse((await raw('POST', `/cgi-bin/message/custom/send?access_token=${token}`, Buffer.from(JSON.stringify(text(openid))))).body.toString())
      .errcode,
  ).toBe(40003)
  expect([officialAppid, miniAppid]).toEqual([accountOf(emulator.namespace(), 'official-account')?.id, mini.id])
})
