import { describe, expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import { openCallback } from '../../wechat/codec/index.ts'
import { changeExternalChat, changeExternalContact, wecomRows } from '../../wechat/spec/wecom/index.ts'
import type { Corp } from '../core/account.ts'
import { createEmulator, openEmulator, type Emulator } from '../core/emulator.ts'
import { memoryJournal } from '../core/journal.ts'
import { arrivals, pendingTasks, wecomLine } from './index.ts'

const start = Date.parse('2026-03-10T10:00:00+08:00')
const second = 1000
const hour = 3_600_000
const day = 24 * hour

type Json = Record<string, any>
type Event = { at: number; agentId: string } & Record<string, any>

/** A corp with both apps' callbacks configured; every push is opened as the receiver would and kept. */
async function world(options: { connected?: boolean; seed?: string } = {}) {
  const events: Event[] = []
  const emulator: Emulator = createEmulator({
    modules: [wecomLine],
    seed: options.seed ?? 'wecom',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    send: async (push) => {
      const url = new URL(push.url)
      const app = corp().apps.find(({ kind }) => url.pathname === `/${kind}`)!
      const opened = openCallback(
        { token: app.push.token, aesKey: app.push.aesKey, receiveId: corp().id },
        { query: Object.fromEntries(url.searchParams), body: push.body },
        'wecom',
      )
      events.push({ at: emulator.namespace().now, agentId: app.agentId, ...(opened.value as Json) })
      return { status: 200, body: '' }
    },
  })
  const corp = (): Corp => emulator.namespace().accounts.find((account): account is Corp => account.kind === 'wecom')!
  if (options.connected !== false) await emulator.act('main', 'core.setPush', { kind: 'wecom', agentId: '2000003', url: 'http://receiver/contact' })
  let token = ''
  const call = async (
    path: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
    headers: Record<string, string> = {},
  ): Promise<Json> => {
    const url = `/cgi-bin/${path}${path.includes('?') ? '&' : '?'}access_token=${token}`
    const answer = await emulator.handle({
      method,
      url,
      headers,
      body: typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      ip: '10.0.0.1',
    })
    return JSON.parse(answer.body.toString('utf8')) as Json
  }
  const tokenFor = async (kind: 'contact' | 'app'): Promise<string> => {
    const answer = await call(`gettoken?corpid=${corp().id}&corpsecret=${corp().apps.find((app) => app.kind === kind)!.secret}`)
    return String(answer.access_token)
  }
  const use = async (kind: 'contact' | 'app'): Promise<void> => void (token = await tokenFor(kind))
  await use('contact')
  const act = (name: string, args: Json = {}): Promise<any> => emulator.act('main', `wecom.${name}`, args)
  const add = (person: string, userid = 'WangXiaoHe', more: Json = {}): Promise<any> => act('addContact', { person, name: person, userid, ...more })
  const after = (ms: number): Promise<void> => emulator.advanceTo(emulator.namespace().now + ms)
  const upload = async (path: string, bytes = 'PNG-BYTES-HERE'): Promise<string> => {
    const body = `--b\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n${bytes}\r\n--b--\r\n`
    return (await call(path, body, 'POST', { 'content-type': 'multipart/form-data; boundary=b' })).media_id as string
  }
  return { emulator, events, corp, call, use, act, add, after, upload, setToken: (text: string) => (token = text) }
}

const wang = 'WangXiaoHe'
const li = 'LiMingYue'

describe('tokens', () => {
  test('gettoken answers one token per app until it ends, and the codes of WeCom', async () => {
    const { call, corp, emulator, after, setToken } = await world()
    const contact = corp().apps[0]
    const path = `gettoken?corpid=${corp().id}&corpsecret=${contact.secret}`
    const first = await call(path)
    expect(first).toMatchObject({ errcode: 0, expires_in: 7200 })
    expect((await call(path)).access_token).toBe(first.access_token)
    expect((await call(`gettoken?corpid=${corp().id}&corpsecret=${corp().apps[1].secret}`)).access_token).not.toBe(first.access_token)
    expect((await call(`gettoken?corpid=wwno&corpsecret=x`)).errcode).toBe(40013)
    const wrong = await call(`gettoken?corpid=${corp().id}&corpsecret=x`)
    expect(wrong.errcode).toBe(40001)
    expect(wrong.errmsg).toMatch(/hint: \[\d+\], from ip: 10\.0\.0\.1, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=40001$/)
    setToken('nonsense')
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(40014)
    setToken('')
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(41001)
    setToken(first.access_token)
    await after(2 * hour)
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(42001)
    expect((await call(path)).access_token).not.toBe(first.access_token)
    await emulator.act('main', 'wecom.configure', { trustedIps: ['10.0.0.2'] })
    setToken((await call(path)).access_token)
    expect((await call('externalcontact/get_follow_user_list')).errcode).toBe(60020)
  })

  test('each row of the spec is served, and every read row changes nothing', async () => {
    const served = new Set(wecomLine.routes.map(({ endpoint }) => endpoint.name))
    expect(wecomRows.filter(({ name }) => !served.has(name)).map(({ name }) => name)).toEqual([])
    const { emulator, call } = await world()
    for (const row of wecomRows.filter(({ effect }) => effect === 'read')) {
      const before = emulator.stateHash()
      const request = (row.sample?.request ?? {}) as Json
      if (row.method === 'GET')
        await call(
          `${row.path.slice(9)}?${new URLSearchParams(Object.entries(request).map(([key, value]): [string, string] => [key, String(value)])).toString()}`,
        )
      else await call(row.path.slice(9), request)
      expect(emulator.stateHash(), row.name).toBe(before)
    }
  })
})

describe('a new contact', () => {
  test('a contact way brings the state to the event and to the details, and the welcome code works once within 20 seconds', async () => {
    const { call, act, events, emulator, after } = await world()
    const way = await call('externalcontact/add_contact_way', { type: 2, scene: 2, state: 'store-1', user: [wang, li] })
    expect(way.config_id).toMatch(/^[0-9a-f]{32}$/)
    const added = await act('addContact', { person: 'p-1', name: '王语禾', config_id: way.config_id })
    expect(added).toMatchObject({ added: true, state: 'store-1' })
    await emulator.pump()
    expect(events).toHaveLength(1)
    const event = changeExternalContact.parse(events[0])
    expect(event).toMatchObject({
      Event: 'change_external_contact',
      ChangeType: 'add_external_contact',
      FromUserName: 'sys',
      UserID: added.userid,
      ExternalUserID: added.external_userid,
      State: 'store-1',
      WelcomeCode: added.welcome_code,
    })
    const code = event.WelcomeCode!
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: code })).errcode).toBe(40063)
    await after(19 * second)
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: code, text: { content: '你好' } })).errcode).toBe(0)
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: code, text: { content: '你好' } })).errcode).toBe(41051)
    expect(arrivals(emulator.namespace())).toMatchObject([{ kind: 'welcome', to: added.external_userid, content: { text: '你好' } }])
    const details = await call(`externalcontact/get?external_userid=${added.external_userid}`)
    expect(details.external_contact).toMatchObject({ type: 1, name: '王语禾', unionid: added.unionid })
    expect(details.follow_user).toMatchObject([{ userid: added.userid, state: 'store-1', add_way: 1, tags: [] }])
    expect(details.next_cursor).toBeUndefined()
  })

  test('a welcome code older than 20 seconds, an unknown one and none are told apart; chatting first ends it', async () => {
    const { call, add, act, after } = await world()
    const late = await add('p-1')
    await after(20 * second + 1)
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: late.welcome_code, text: { content: 'x' } })).errcode).toBe(41050)
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: 'no', text: { content: 'x' } })).errcode).toBe(41050)
    expect((await call('externalcontact/send_welcome_msg', { text: { content: 'x' } })).errcode).toBe(41049)
    const chatty = await add('p-2')
    await act('chat', { userid: wang, external_userid: chatty.external_userid, from: 'customer' })
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: chatty.welcome_code, text: { content: 'x' } })).errcode).toBe(41051)
  })

  test('no welcome code for a WeCom user, with a welcome configured by an administrator, or when they chatted before', async () => {
    const { add, act } = await world()
    expect((await add('p-1', wang, { wecomUser: true })).welcome_code).toBeUndefined()
    expect((await add('p-1b')).welcome_code).toBeDefined()
    await act('changeMember', { userid: li, adminWelcome: true })
    expect((await add('p-2', li)).welcome_code).toBeUndefined()
    const { external_userid } = await add('p-3')
    await act('chat', { userid: wang, external_userid, from: 'customer' })
    await act('deleteByContact', { userid: wang, external_userid })
    expect(await add('p-3')).toMatchObject({ added: true, again: true })
    expect((await add('p-3')).reason).toBe('already')
  })

  test('a half add has its own welcome code; used there, the accepted add has none', async () => {
    const { add, act, call, emulator, events } = await world()
    const half = await add('p-1', wang, { half: true })
    expect((await call(`externalcontact/get?external_userid=${half.external_userid}`)).errcode).toBe(84061)
    expect((await call('externalcontact/remark', { userid: wang, external_userid: half.external_userid, remark: 'x' })).errcode).toBe(84061)
    expect((await call('externalcontact/send_welcome_msg', { welcome_code: half.welcome_code, text: { content: 'x' } })).errcode).toBe(0)
    expect((await act('accept', { userid: wang, external_userid: half.external_userid })).welcome_code).toBeUndefined()
    await emulator.pump()
    expect(events.map(({ ChangeType }) => ChangeType)).toEqual(['add_half_external_contact', 'add_external_contact'])
    const other = await add('p-2', wang, { half: true })
    expect((await act('accept', { userid: wang, external_userid: other.external_userid })).welcome_code).toBeDefined()
  })

  test('a member at his capacity gets nobody more; the code then goes to the colleague with room', async () => {
    const { add, act, call } = await world()
    await act('configure', { contactMax: 2 })
    await add('p-1')
    await add('p-2')
    expect(await add('p-3')).toMatchObject({ added: false, reason: 'member-full' })
    const { config_id } = await call('externalcontact/add_contact_way', { type: 2, scene: 2, user: [wang, li] })
    expect(await act('addContact', { person: 'p-3', config_id })).toMatchObject({ added: true, userid: li })
  })

  test('contact ways refuse what the platform refuses', async () => {
    const { call, act, after } = await world()
    const ask = async (body: Json): Promise<number> => (await call('externalcontact/add_contact_way', body)).errcode
    expect(await ask({ scene: 2, user: [wang] })).toBe(41037)
    expect(await ask({ type: 1, user: [wang] })).toBe(41038)
    expect(await ask({ type: 3, scene: 2, user: [wang] })).toBe(41039)
    expect(await ask({ type: 1, scene: 3, user: [wang] })).toBe(41040)
    expect(await ask({ type: 1, scene: 2, user: [wang, li] })).toBe(40058)
    expect(await ask({ type: 2, scene: 2, user: ['nobody'] })).toBe(60111)
    expect(await ask({ type: 2, scene: 2, user: [wang], state: 'x'.repeat(31) })).toBe(40058)
    await call('user/create', { userid: 'NewOne', name: '新人', department: [1] })
    expect(await ask({ type: 1, scene: 2, user: ['NewOne'] })).toBe(41054)
    await act('configure', { peopleMax: 1 })
    expect(await ask({ type: 2, scene: 2, user: [wang, li] })).toBe(41041)
    expect((await call('externalcontact/get_contact_way', {})).errcode).toBe(41043)
    expect((await call('externalcontact/get_contact_way', { config_id: 'no' })).errcode).toBe(41044)
    const temporary = await call('externalcontact/add_contact_way', { type: 1, scene: 2, user: [wang], is_temp: true, expires_in: 60 })
    const { config_id } = await call('externalcontact/add_contact_way', { type: 1, scene: 2, user: [wang], state: 'a' })
    expect((await call('externalcontact/list_contact_way', {})).contact_way).toEqual([{ config_id }])
    await after(61 * second)
    await expect(act('addContact', { person: 'p-1', config_id: temporary.config_id })).rejects.toThrow('41044')
    expect((await call('externalcontact/update_contact_way', { config_id, user: [li], state: 'b' })).errcode).toBe(0)
    expect((await call('externalcontact/get_contact_way', { config_id })).contact_way).toMatchObject({ user: [li], state: 'b', type: 1 })
    expect((await call('externalcontact/del_contact_way', { config_id })).errcode).toBe(0)
    expect((await call('externalcontact/list_contact_way', {})).contact_way).toEqual([])
  })

  test('with verification on, the customer waits until the member accepts', async () => {
    const { call, act, emulator, events } = await world()
    const { config_id } = await call('externalcontact/add_contact_way', { type: 1, scene: 2, user: [wang], skip_verify: false })
    const asked = await act('addContact', { person: 'p-1', config_id })
    expect(asked).toMatchObject({ added: false, reason: 'waiting' })
    expect((await call(`externalcontact/list?userid=${wang}`)).external_userid).toEqual([])
    await act('accept', { userid: wang, external_userid: asked.external_userid })
    await emulator.pump()
    expect(events.map(({ ChangeType }) => ChangeType)).toEqual(['add_external_contact'])
  })
})

describe('deletions', () => {
  test('the customer who deleted the member stays reachable by API; the one whom the member deleted does not', async () => {
    const { add, act, call, emulator, events } = await world()
    const one = await add('p-1')
    const two = await add('p-2')
    await act('deleteByContact', { userid: wang, person: 'p-1' })
    await act('deleteByStaff', { userid: wang, external_userid: two.external_userid })
    await emulator.pump()
    expect(events.slice(2).map(({ ChangeType, ExternalUserID }) => [ChangeType, ExternalUserID])).toEqual([
      ['del_follow_user', one.external_userid],
      ['del_external_contact', two.external_userid],
    ])
    expect((await call('externalcontact/remark', { userid: wang, external_userid: one.external_userid, remark: '走了' })).errcode).toBe(0)
    expect((await call('externalcontact/remark', { userid: wang, external_userid: two.external_userid, remark: '走了' })).errcode).toBe(84061)
    expect((await call(`externalcontact/list?userid=${wang}`)).external_userid).toEqual([one.external_userid])
    expect((await call(`externalcontact/get?external_userid=${two.external_userid}`)).errcode).toBe(84061)
    expect((await call('externalcontact/get?external_userid=wmNobody')).errcode).toBe(40096)
    expect((await call('externalcontact/list?userid=nobody')).errcode).toBe(60111)
  })

  test('statistics count deletions and blocks of the day as negative feedback, from the next day on', async () => {
    const { add, act, call, after, emulator, use } = await world()
    for (const person of ['p-1', 'p-2', 'p-3']) await add(person)
    await act('deleteByContact', { userid: wang, person: 'p-1' })
    await act('blockByContact', { userid: wang, person: 'p-2' })
    await act('chat', { userid: wang, person: 'p-3', from: 'customer' })
    await after(10 * 60 * second)
    await act('chat', { userid: wang, person: 'p-3', from: 'member' })
    const ask = { userid: [wang, li], start_time: start / 1000, end_time: start / 1000 }
    expect((await call('externalcontact/get_user_behavior_data', ask)).behavior_data).toEqual([])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/get_user_behavior_data', ask)).behavior_data).toEqual([
      {
        stat_time: Date.parse('2026-03-10T00:00:00+08:00') / 1000,
        chat_cnt: 1,
        message_cnt: 1,
        reply_percentage: 100,
        avg_reply_time: 10,
        negative_feedback_cnt: 2,
        new_apply_cnt: 3,
        new_contact_cnt: 3,
      },
    ])
    expect((await call('externalcontact/get_user_behavior_data', { ...ask, end_time: ask.start_time + 40 * 86_400 })).errcode).toBe(40058)
    expect((await call('externalcontact/get_user_behavior_data', { start_time: 1 })).errcode).toBe(40063)
    // Control: blocking has no event of its own.
    await emulator.pump()
    expect(emulator.deliveries().some(({ message }) => message.includes('block'))).toBe(false)
  })
})

describe('contacts and tags', () => {
  test('batch/get_by_user pages by cursor, with follow_info and tag_id', async () => {
    const { add, call } = await world()
    for (let n = 0; n < 5; n++) await add(`p-${n}`, n < 3 ? wang : li)
    const seen: string[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const answer: Json = await call('externalcontact/batch/get_by_user', { userid_list: [wang, li], cursor, limit: 2 })
      seen.push(...answer.external_contact_list.map((item: Json) => `${item.follow_info.userid}/${item.external_contact.name}`))
      expect(answer.external_contact_list[0].follow_info.tag_id).toEqual([])
      cursor = answer.next_cursor
      pages++
    } while (cursor)
    expect(pages).toBe(3)
    expect(seen).toEqual([`${wang}/p-0`, `${wang}/p-1`, `${wang}/p-2`, `${li}/p-3`, `${li}/p-4`])
    expect((await call('externalcontact/batch/get_by_user', { userid_list: [wang], cursor: 'rubbish!' })).errcode).toBe(40058)
    expect((await call('externalcontact/batch/get_by_user', { userid_list: [wang], limit: 101 })).errcode).toBe(40058)
  })

  test('an API change of remark or tags fires nothing; the same change in the client does', async () => {
    const { add, act, call, emulator, events } = await world()
    const { external_userid } = await add('p-1')
    const { tag_group } = await call('externalcontact/add_corp_tag', {
      group_name: '口味',
      tag: [{ name: '乌龙' }, { name: '乌龙' }, { name: '普洱' }],
    })
    expect(tag_group.tag).toHaveLength(2)
    const tag = tag_group.tag[0].id as string
    expect((await call('externalcontact/mark_tag', { userid: wang, external_userid, add_tag: [tag] })).errcode).toBe(0)
    expect((await call('externalcontact/remark', { userid: wang, external_userid, remark: '老客' })).errcode).toBe(0)
    await emulator.pump()
    expect(events).toHaveLength(1)
    await act('editByStaff', { userid: wang, external_userid, mobiles: ['138'] })
    await act('editByStaff', { userid: wang, external_userid, remove_tag: [tag] })
    await emulator.pump()
    expect(events.slice(1).map(({ ChangeType }) => ChangeType)).toEqual(['edit_external_contact'])
  })

  test('a tag belongs to the pair, and a group emptied of tags disappears', async () => {
    const { add, call } = await world()
    const { external_userid } = await add('p-1')
    await add('p-1', li)
    const { tag_group } = await call('externalcontact/add_corp_tag', { group_name: '口味', tag: [{ name: '乌龙' }] })
    const id = tag_group.tag[0].id as string
    await call('externalcontact/mark_tag', { userid: li, external_userid, add_tag: [id] })
    const tags = async (): Promise<Json> =>
      Object.fromEntries(
        ((await call(`externalcontact/get?external_userid=${external_userid}`)).follow_user as Json[]).map((follow) => [
          follow.userid,
          follow.tags.map((tag: Json) => tag.tag_name),
        ]),
      )
    expect(await tags()).toEqual({ [wang]: [], [li]: ['乌龙'] })
    expect((await call('externalcontact/add_corp_tag', { group_name: '口味', tag: [{ name: '乌龙' }] })).errcode).toBe(40071)
    expect((await call('externalcontact/add_corp_tag', { group_name: '空', tag: [] })).errcode).toBe(40063)
    expect((await call('externalcontact/mark_tag', { userid: li, external_userid, add_tag: ['etNo'] })).errcode).toBe(40068)
    expect((await call('externalcontact/edit_corp_tag', { id, name: '岩茶' })).errcode).toBe(0)
    expect(await tags()).toEqual({ [wang]: [], [li]: ['岩茶'] })
    expect((await call('externalcontact/del_corp_tag', { tag_id: [id] })).errcode).toBe(0)
    expect((await call('externalcontact/get_corp_tag_list', {})).tag_group).toEqual([])
    expect(await tags()).toEqual({ [wang]: [], [li]: [] })
  })

  test('a self-built app may not edit a tag that it did not make', async () => {
    const { call, use } = await world()
    const made = await call('externalcontact/add_corp_tag', { group_name: 'g', tag: [{ name: 'a' }] })
    await use('app')
    expect((await call('externalcontact/edit_corp_tag', { id: made.tag_group.tag[0].id, name: 'b' })).errcode).toBe(301002)
    // Control: its own tag.
    const own = await call('externalcontact/add_corp_tag', { group_name: 'g', tag: [{ name: 'c' }] })
    expect((await call('externalcontact/edit_corp_tag', { id: own.tag_group.tag[0].id, name: 'd' })).errcode).toBe(0)
  })

  test('a unionid finds its customer; somebody unknown gets a pending id, the same one again', async () => {
    const { add, call, act } = await world()
    const { external_userid, unionid } = await add('p-1')
    const ask = (id: string): Promise<Json> => call('idconvert/unionid_to_external_userid', { unionid: id, openid: 'oOpenid', subject_type: 0 })
    expect((await ask(unionid)).external_userid).toBe(external_userid)
    const pending = await ask('oSomebodyElse0000000000000000')
    expect(pending.external_userid).toBeUndefined()
    expect((await ask('oSomebodyElse0000000000000000')).pending_id).toBe(pending.pending_id)
    expect((await call('externalcontact/unionid_to_external_userid', { unionid })).external_userid).toBe(external_userid)
    expect((await call('externalcontact/unionid_to_external_userid', { unionid: 'oSomebodyElse0000000000000000' })).errcode).toBe(84061)
    await act('configure', { openPlatform: null })
    expect((await ask(unionid)).errcode).toBe(610017)
    expect((await call(`externalcontact/get?external_userid=${external_userid}`)).external_contact.unionid).toBeUndefined()
  })
})

describe('mass sends', () => {
  test('nothing reaches anybody before the member confirms; results are 1, 2 for a lost friend, 3 over the limit', async () => {
    const { add, act, call, emulator, after } = await world()
    await act('configure', { sendRule: 'day-1' })
    const [one, two, three] = [await add('p-1'), await add('p-2'), await add('p-3')]
    await act('memberBroadcast', { userid: wang, external_userid: [three.external_userid], text: '早' })
    await act('deleteByContact', { userid: wang, person: 'p-2' })
    const created = await call('externalcontact/add_msg_template', {
      chat_type: 'single',
      external_userid: [one.external_userid, two.external_userid, three.external_userid, 'wmNo'],
      sender: wang,
      text: { content: '新茶' },
    })
    expect(created).toMatchObject({ errcode: 0, fail_list: ['wmNo'] })
    const results = async (): Promise<number[]> =>
      (await call('externalcontact/get_groupmsg_send_result', { msgid: created.msgid, userid: wang })).send_list.map((row: Json) => row.status)
    expect((await call('externalcontact/get_groupmsg_task', { msgid: created.msgid })).task_list).toEqual([{ userid: wang, status: 0 }])
    expect(await results()).toEqual([0, 0, 0])
    expect(pendingTasks(emulator.namespace(), wang)).toMatchObject([{ kind: 'broadcast', id: created.msgid, targets: 3 }])
    await after(hour)
    const sent = await act('confirmBroadcast', { msgid: created.msgid, userid: wang })
    expect(sent).toMatchObject({ sent: [{ target: one.external_userid, person: 'p-1', arrived: true }], failed: [{ status: 2 }, { status: 3 }] })
    expect(await results()).toEqual([1, 2, 3])
    const rows = (await call('externalcontact/get_groupmsg_send_result', { msgid: created.msgid, userid: wang })).send_list as Json[]
    expect(rows.map((row) => row.send_time !== undefined)).toEqual([true, false, false])
    expect((await call('externalcontact/get_groupmsg_task', { msgid: created.msgid })).task_list).toEqual([
      { userid: wang, status: 2, send_time: (start + hour) / 1000 },
    ])
    await expect(act('confirmBroadcast', { msgid: created.msgid, userid: wang })).rejects.toThrow('sent')
    expect(pendingTasks(emulator.namespace())).toEqual([])
    expect(arrivals(emulator.namespace(), { to: two.external_userid })).toEqual([])
  })

  test('by default a customer gets as many a month as it has days, corp-made and member-made together; the next month starts anew', async () => {
    const { add, act, emulator } = await world()
    const { external_userid } = await add('p-1')
    const send = async (): Promise<number> =>
      (await act('memberBroadcast', { userid: wang, external_userid: [external_userid], text: 'x' })).sent.length
    let sent = 0
    for (let n = 0; n < 31; n++) sent += await send()
    expect(sent).toBe(31)
    expect(await send()).toBe(0)
    await emulator.advanceTo(Date.parse('2026-04-01T00:00:01+08:00'))
    expect(await send()).toBe(1)
  })

  test('seven a week, when the corp switched its rule to that', async () => {
    const { add, act, emulator } = await world()
    await act('configure', { sendRule: 'week-7' })
    const { external_userid } = await add('p-1')
    const send = async (): Promise<number> =>
      (await act('memberBroadcast', { userid: wang, external_userid: [external_userid], text: 'x' })).sent.length
    let sent = 0
    for (let n = 0; n < 10; n++) sent += await send()
    expect(sent).toBe(7)
    await emulator.advanceTo(Date.parse('2026-03-15T23:59:00+08:00'))
    expect(await send()).toBe(0)
    await emulator.advanceTo(Date.parse('2026-03-16T00:01:00+08:00'))
    expect(await send()).toBe(1)
  })

  test("without a sender each customer's task goes to the member who chatted with him last", async () => {
    const { add, act, call, after } = await world()
    const { external_userid } = await add('p-1', wang)
    await after(second)
    await add('p-1', li)
    const who = async (): Promise<string[]> => {
      const { msgid } = await call('externalcontact/add_msg_template', { external_userid: [external_userid], text: { content: 'x' } })
      return (await call('externalcontact/get_groupmsg_task', { msgid })).task_list.map((row: Json) => row.userid)
    }
    expect(await who()).toEqual([li])
    await after(second)
    await act('chat', { userid: wang, external_userid, from: 'customer' })
    expect(await who()).toEqual([wang])
  })

  test('tags select: or inside a list, and between lists', async () => {
    const { add, call } = await world()
    const { tag_group } = await call('externalcontact/add_corp_tag', { group_name: 'g', tag: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })
    const [a, b, c] = tag_group.tag.map((tag: Json) => tag.id as string)
    const ids: string[] = []
    for (const [n, tags] of [[a], [a, c], [b, c], [c]].entries()) {
      const { external_userid } = await add(`p-${n}`)
      ids.push(external_userid)
      await call('externalcontact/mark_tag', { userid: wang, external_userid, add_tag: tags })
    }
    const created = await call('externalcontact/add_msg_template', {
      sender: wang,
      tag_filter: { group_list: [{ tag_list: [a, b] }, { tag_list: [c] }] },
      text: { content: 'x' },
    })
    const { send_list } = await call('externalcontact/get_groupmsg_send_result', { msgid: created.msgid, userid: wang })
    expect(send_list.map((row: Json) => row.external_userid)).toEqual([ids[1], ids[2]])
  })

  test('three reminders within 24 hours, a cancelled task answers 41093, a fresh one may still be handed out', async () => {
    const { add, act, call, after, use } = await world()
    await add('p-1')
    const create = async (): Promise<string> => (await call('externalcontact/add_msg_template', { sender: wang, text: { content: 'x' } })).msgid
    const msgid = await create()
    const remind = async (id = msgid): Promise<number> => (await call('externalcontact/remind_groupmsg_send', { msgid: id })).errcode
    expect([await remind(), await remind(), await remind(), await remind()]).toEqual([0, 0, 0, 41094])
    await after(day + second)
    await use('contact')
    expect(await remind()).toBe(0)
    expect((await call('externalcontact/cancel_groupmsg_send', { msgid })).errcode).toBe(0)
    expect((await call('externalcontact/cancel_groupmsg_send', { msgid })).errcode).toBe(41093)
    expect(await remind()).toBe(41093)
    await expect(act('confirmBroadcast', { msgid, userid: wang })).rejects.toThrow('41093')
    await act('configure', { dispatchMs: 3000 })
    const fresh = await create()
    expect((await call('externalcontact/get_groupmsg_task', { msgid: fresh })).errcode).toBe(41063)
    await after(3 * second)
    expect((await call('externalcontact/get_groupmsg_task', { msgid: fresh })).errcode).toBe(0)
    expect((await call('externalcontact/get_groupmsg_task', {})).errcode).toBe(41046)
    expect((await call('externalcontact/get_groupmsg_task', { msgid: 'msgNo' })).errcode).toBe(41047)
    expect((await call('externalcontact/add_msg_template', { external_userid: ['wmNo'], text: { content: 'x' } })).errcode).toBe(41048)
    expect((await call('externalcontact/add_msg_template', { text: { content: 'x' } })).errcode).toBe(40063)
    expect((await call('externalcontact/add_msg_template', { sender: wang, text: { content: '茶'.repeat(1334) } })).errcode).toBe(40058)
    expect(
      (await call('externalcontact/add_msg_template', { sender: wang, attachments: [{ msgtype: 'image', image: { media_id: 'no' } }] })).errcode,
    ).toBe(40007)
  })

  test('the record lists corp-made tasks without a creator and member-made ones with him, within one month', async () => {
    const { add, act, call } = await world()
    const { external_userid } = await add('p-1')
    const { msgid } = await call('externalcontact/add_msg_template', { sender: wang, text: { content: 'corp' } })
    await act('memberBroadcast', { userid: wang, external_userid: [external_userid], text: 'own' })
    const range = { chat_type: 'single', start_time: start / 1000 - 10, end_time: start / 1000 + 86_400 }
    const { group_msg_list } = await call('externalcontact/get_groupmsg_list_v2', range)
    expect(group_msg_list).toMatchObject([
      { msgid, create_type: 0, text: { content: 'corp' } },
      { create_type: 1, creator: wang, text: { content: 'own' } },
    ])
    expect(group_msg_list[0].creator).toBeUndefined()
    expect((await call('externalcontact/get_groupmsg_list_v2', { ...range, filter_type: 1 })).group_msg_list).toHaveLength(1)
    expect((await call('externalcontact/get_groupmsg_list_v2', { ...range, end_time: range.start_time + 32 * 86_400 })).errcode).toBe(40058)
    expect((await call('externalcontact/get_groupmsg_list_v2', { ...range, limit: 101 })).errcode).toBe(40058)
  })

  test('media of three days ago can no longer be sent', async () => {
    const { add, call, upload, after, use } = await world()
    await add('p-1')
    const media_id = await upload('media/upload?type=image')
    const ask = async (): Promise<number> =>
      (await call('externalcontact/add_msg_template', { sender: wang, attachments: [{ msgtype: 'image', image: { media_id } }] })).errcode
    expect(await ask()).toBe(0)
    await after(3 * day + hour)
    await use('contact')
    expect(await ask()).toBe(40007)
  })
})

describe('customer groups', () => {
  test('joining by a code carries its state, tells the version before and after, and opens a new group when full', async () => {
    const { act, call, events, emulator } = await world()
    await act('configure', { groupSizeMax: 3 })
    const { chat_id } = await act('createGroup', { owner: wang, name: '老茶客' })
    const { config_id } = await call('externalcontact/groupchat/add_join_way', {
      scene: 2,
      chat_id_list: [chat_id],
      state: 'shelf',
      room_base_name: '老茶客',
      room_base_id: 2,
    })
    const before = (await call('externalcontact/groupchat/get', { chat_id })).group_chat.member_version
    const joined = [
      await act('groupJoin', { person: 'p-1', config_id }),
      await act('groupJoin', { person: 'p-2', config_id }),
      await act('groupJoin', { person: 'p-3', config_id }),
    ]
    expect(joined[1].chat_id).toBe(chat_id)
    expect(joined[2].chat_id).not.toBe(chat_id)
    await emulator.pump()
    expect(events.map(({ ChangeType }) => ChangeType)).toEqual(['create', 'update', 'update', 'create', 'update'])
    const first = changeExternalChat.parse(events[1])
    expect(first).toMatchObject({
      UpdateDetail: 'add_member',
      JoinScene: '3',
      MemChangeCnt: '1',
      MemChangeList: { Item: joined[0].external_userid },
      LastMemVer: before,
    })
    expect(events[2].LastMemVer).toBe(first.CurMemVer)
    const { group_chat } = await call('externalcontact/groupchat/get', { chat_id, need_name: 1 })
    expect(group_chat.member_version).toBe(events[2].CurMemVer)
    expect(group_chat.member_list).toMatchObject([{ userid: wang, type: 1, name: '王小禾' }, { type: 2, join_scene: 3, state: 'shelf' }, { type: 2 }])
    expect((await call('externalcontact/groupchat/list', { limit: 1 })).next_cursor).not.toBe('')
    expect((await call('externalcontact/groupchat/list', {})).errcode).toBe(40058)
    expect((await call('externalcontact/groupchat/get', { chat_id: 'wrNo' })).errcode).toBe(90501)
  })

  test("a group send goes to the owner's groups; leaving says why; dismissal is one event", async () => {
    const { act, call, events, emulator } = await world()
    const { chat_id } = await act('createGroup', { owner: wang, name: 'g' })
    const { external_userid } = await act('groupJoin', { person: 'p-1', chat_id })
    const created = await call('externalcontact/add_msg_template', { chat_type: 'group', sender: wang, text: { content: 'x' } })
    await act('confirmBroadcast', { msgid: created.msgid, userid: wang })
    expect((await call('externalcontact/get_groupmsg_send_result', { msgid: created.msgid, userid: wang })).send_list).toMatchObject([
      { chat_id, status: 1 },
    ])
    await act('groupLeave', { chat_id, id: external_userid })
    await act('groupDismiss', { chat_id })
    await emulator.pump()
    expect(events.slice(2)).toMatchObject([{ UpdateDetail: 'del_member', QuitScene: '1' }, { ChangeType: 'dismiss' }])
    expect((await call('externalcontact/groupchat/get', { chat_id })).errcode).toBe(90501)
  })

  test('groups of somebody who left are handed over by the one endpoint, those of present owners by the other', async () => {
    const { act, call } = await world()
    const { chat_id } = await act('createGroup', { owner: wang, name: 'g' })
    expect((await call('externalcontact/groupchat/transfer', { chat_id_list: [chat_id], new_owner: li })).failed_chat_list).toMatchObject([
      { errcode: 90500 },
    ])
    expect((await call('externalcontact/groupchat/onjob_transfer', { chat_id_list: [chat_id], new_owner: li })).failed_chat_list).toEqual([])
    await act('resign', { userid: li })
    expect((await call('externalcontact/groupchat/list', { status_filter: 1, limit: 10 })).group_chat_list).toEqual([{ chat_id, status: 1 }])
    expect((await call('externalcontact/groupchat/onjob_transfer', { chat_id_list: [chat_id], new_owner: wang })).failed_chat_list).toMatchObject([
      { errcode: 90502 },
    ])
    expect((await call('externalcontact/groupchat/transfer', { chat_id_list: [chat_id], new_owner: wang })).failed_chat_list).toEqual([])
  })
})

describe('Moments', () => {
  test('members post a corp-made Moment by hand; four a month are shown to a customer', async () => {
    const { add, act, call, upload } = await world()
    const { external_userid } = await add('p-1')
    const post = async (): Promise<Json> => {
      const { jobid } = await call('externalcontact/add_moment_task', {
        text: { content: '新茶' },
        visible_range: { sender_list: { user_list: [wang, 'nobody'] } },
      })
      const job = await call(`externalcontact/get_moment_task_result?jobid=${jobid}`)
      expect(job).toMatchObject({ status: 3, type: 'add_moment_task', result: { invalid_sender_list: { user_list: ['nobody'] } } })
      expect(await call('externalcontact/get_moment_task_result', { jobid })).toEqual(job)
      return job.result
    }
    const { moment_id } = await post()
    expect((await call('externalcontact/get_moment_task', { moment_id })).task_list).toEqual([{ userid: wang, publish_status: 0 }])
    expect((await call('externalcontact/get_moment_send_result', { moment_id, userid: wang })).errcode).toBe(41062)
    expect((await call('externalcontact/get_moment_customer_list', { moment_id, userid: wang })).customer_list).toEqual([
      { userid: wang, external_userid },
    ])
    expect((await act('publishMoment', { moment_id, userid: wang })).shown).toEqual([{ external_userid, person: 'p-1' }])
    await act('reactToMoment', { moment_id, userid: wang, external_userid, kind: 'like' })
    expect(await call('externalcontact/get_moment_comments', { moment_id, userid: wang })).toMatchObject({
      like_list: [{ external_userid }],
      comment_list: [],
    })
    for (let n = 0; n < 3; n++) expect((await act('publishMoment', { moment_id: (await post()).moment_id, userid: wang })).shown).toHaveLength(1)
    const fifth = (await post()).moment_id
    expect((await act('publishMoment', { moment_id: fifth, userid: wang })).shown).toEqual([])
    expect((await call('externalcontact/get_moment_send_result', { moment_id: fifth, userid: wang })).customer_list).toEqual([])
    expect((await call('externalcontact/get_moment_list', { start_time: start / 1000 - 1, end_time: start / 1000 + 10 })).moment_list).toHaveLength(5)
    expect((await call('externalcontact/get_moment_list', { start_time: 1, end_time: start / 1000 })).errcode).toBe(40058)
    expect((await call('externalcontact/get_moment_task', { moment_id: 'momNo' })).errcode).toBe(41060)
    expect((await call('externalcontact/add_moment_task', {})).errcode).toBe(41089)
    const wrong = await upload('media/upload?type=image')
    expect((await call('externalcontact/add_moment_task', { attachments: [{ msgtype: 'image', image: { media_id: wrong } }] })).errcode).toBe(41072)
    const right = await upload('media/upload_attachment?media_type=image&attachment_type=1')
    expect((await call('externalcontact/add_moment_task', { attachments: [{ msgtype: 'image', image: { media_id: right } }] })).errcode).toBe(0)
  })
})

describe('transfers', () => {
  test('a customer passes to the colleague after 24 hours, with a deletion that says so and no welcome code', async () => {
    const { add, call, events, after, use } = await world()
    const { external_userid } = await add('p-1')
    const sides = { handover_userid: wang, takeover_userid: li }
    const begin = await call('externalcontact/transfer_customer', {
      ...sides,
      external_userid: [external_userid, 'wmNo'],
      transfer_success_msg: '以后由小李',
    })
    expect(begin.customer).toEqual([
      { external_userid, errcode: 0 },
      { external_userid: 'wmNo', errcode: 40096 },
    ])
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 40129 },
    ])
    expect((await call('externalcontact/transfer_result', sides)).customer).toMatchObject([{ status: 2 }])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_result', sides)).customer).toEqual([
      { external_userid, status: 1, takeover_time: (start + day) / 1000 },
    ])
    expect(events.slice(1)).toMatchObject([
      { ChangeType: 'del_external_contact', UserID: wang, Source: 'DELETE_BY_TRANSFER' },
      { ChangeType: 'add_external_contact', UserID: li },
    ])
    expect(events[2].WelcomeCode).toBeUndefined()
    expect((await call(`externalcontact/get?external_userid=${external_userid}`)).follow_user).toMatchObject([{ userid: li, add_way: 202 }])
    expect(
      (await call('externalcontact/transfer_customer', { handover_userid: li, takeover_userid: li, external_userid: [external_userid] })).errcode,
    ).toBe(40130)
    expect(
      (await call('externalcontact/transfer_customer', { handover_userid: li, takeover_userid: wang, external_userid: [external_userid] })).customer,
    ).toEqual([{ external_userid, errcode: 0 }])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 40128 },
    ])
  })

  test('a refusal and a full successor fail with their reasons', async () => {
    const { add, act, call, events, after, use } = await world()
    const one = await add('p-1')
    const two = await add('p-2')
    const sides = { handover_userid: wang, takeover_userid: li }
    await call('externalcontact/transfer_customer', { ...sides, external_userid: [one.external_userid, two.external_userid] })
    await act('refuseTransfer', { external_userid: one.external_userid, takeover_userid: li })
    await act('configure', { contactMax: 1 })
    await add('p-3', li)
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_result', sides)).customer.map((row: Json) => row.status)).toEqual([3, 4])
    expect(events.filter(({ ChangeType }) => ChangeType === 'transfer_fail').map(({ FailReason, UserID }) => [FailReason, UserID])).toEqual([
      ['customer_refused', li],
      ['customer_limit_exceed', li],
    ])
    // Control: both stay with the first member.
    expect((await call(`externalcontact/list?userid=${wang}`)).external_userid).toHaveLength(2)
  })

  test('customers of somebody who left wait in the unassigned list and are handed over by the resigned endpoint only', async () => {
    const { add, act, call, after, use } = await world()
    const { external_userid } = await add('p-1')
    const sides = { handover_userid: wang, takeover_userid: li }
    expect((await call('externalcontact/resigned/transfer_customer', { ...sides, external_userid: [external_userid] })).errcode).toBe(40097)
    await act('resign', { userid: wang })
    expect(await call('externalcontact/get_unassigned_list', { page_size: 100 })).toMatchObject({
      info: [{ handover_userid: wang, external_userid }],
      is_last: true,
    })
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).errcode).toBe(60111)
    expect((await call('externalcontact/resigned/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 0 },
    ])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/resigned/transfer_result', sides)).customer).toMatchObject([{ external_userid, status: 1 }])
    expect((await call('externalcontact/get_unassigned_list', {})).info).toEqual([])
    expect((await call(`externalcontact/list?userid=${li}`)).external_userid).toEqual([external_userid])
  })
})

describe('acquisition links', () => {
  test('the channel comes back as state, each customer uses a unit, and an empty quota closes the links', async () => {
    const { act, call, emulator, events } = await world()
    const { link } = await call('externalcontact/customer_acquisition/create_link', { link_name: '直播间', range: { user_list: [wang] } })
    expect(link.url).toBe(`https://work.weixin.qq.com/ca/${link.link_id}`)
    const added = await act('addContact', { person: 'p-1', link_id: link.link_id, customer_channel: 'room-7' })
    expect(added).toMatchObject({ added: true, state: 'room-7' })
    await act('clickLink', { link_id: link.link_id })
    const spoke = await act('chat', { userid: wang, person: 'p-1', from: 'customer' })
    expect((await call('externalcontact/customer_acquisition/customer', { link_id: link.link_id, limit: 10 })).customer_list).toEqual([
      { external_userid: added.external_userid, userid: wang, chat_status: 1, state: 'room-7' },
    ])
    expect(await call('externalcontact/customer_acquisition/get_chat_info', { chat_key: spoke.chat_key })).toMatchObject({
      userid: wang,
      chat_info: { recv_msg_cnt: 1, link_id: link.link_id, state: 'room-7' },
    })
    const quota = await call('externalcontact/customer_acquisition_quota')
    expect(quota).toMatchObject({ total: 1000, balance: 999 })
    expect(await call('externalcontact/customer_acquisition_quota', {})).toEqual(quota)
    expect(
      await call('externalcontact/customer_acquisition/statistic', { link_id: link.link_id, start_time: start / 1000, end_time: start / 1000 }),
    ).toMatchObject({ click_link_customer_cnt: 2, new_customer_cnt: 1 })
    expect(
      await call(`externalcontact/customer_acquisition/statistic?link_id=${link.link_id}&start_time=${start / 1000}&end_time=${start / 1000}`),
    ).toMatchObject({ click_link_customer_cnt: 2 })
    for (let n = 2; n <= 1000; n++) await act('addContact', { person: `p-${n}`, link_id: link.link_id })
    expect(await act('addContact', { person: 'p-late', link_id: link.link_id })).toMatchObject({ added: false, reason: 'link-unavailable' })
    await emulator.pump()
    expect(events.filter(({ Event }) => Event === 'customer_acquisition').map(({ ChangeType }) => ChangeType)).toEqual([
      'customer_start_chat',
      'balance_low',
      'balance_exhausted',
      'link_unavailable',
    ])
    expect((await call('externalcontact/customer_acquisition/get', { link_id: 'no' })).errcode).toBe(40058)
  })
})

describe('members and messages', () => {
  test('members and departments are read and changed with the codes of the address book; the API fires no event', async () => {
    const { call, act, emulator, events } = await world()
    expect((await call('externalcontact/get_follow_user_list')).follow_user).toEqual([wang, li, 'ChenYiFan'])
    expect(await call(`user/get?userid=${wang}`)).toMatchObject({ userid: wang, name: '王小禾', department: [1], status: 1, gender: '2' })
    expect(await call('department/create', { name: '门店', parentid: 1 })).toEqual({ errcode: 0, errmsg: 'created', id: 2 })
    expect((await call('department/create', { name: '门店', parentid: 1 })).errcode).toBe(60008)
    expect((await call('user/create', { userid: wang, name: 'x', department: [1] })).errcode).toBe(60102)
    expect((await call('user/create', { userid: 'A1', name: '甲', department: [9] })).errcode).toBe(60123)
    expect((await call('user/create', { userid: 'A1', name: '甲', department: [2], mobile: '13800000001' })).errcode).toBe(60104)
    expect((await call('user/create', { userid: 'A1', name: '甲', department: [2] })).errcode).toBe(0)
    expect((await call('user/simplelist?department_id=1')).userlist).toHaveLength(3)
    expect((await call('user/simplelist?department_id=1&fetch_child=1')).userlist).toHaveLength(4)
    expect((await call('department/delete?id=2')).errcode).toBe(60005)
    expect((await call('user/delete?userid=A1')).errcode).toBe(0)
    expect((await call('user/get?userid=A1')).errcode).toBe(60111)
    const { openid } = await call('user/convert_to_openid', { userid: wang })
    expect((await call('user/convert_to_userid', { openid })).userid).toBe(wang)
    await emulator.pump()
    expect(events).toEqual([])
    await act('hire', { userid: 'B1', name: '乙' })
    await emulator.pump()
    expect(events).toMatchObject([{ Event: 'change_contact', ChangeType: 'create_user', UserID: 'B1' }])
  })

  test('an app message names the receivers who are not valid; none valid is 81013; a repeat is swallowed', async () => {
    const { call, use, emulator } = await world()
    const text = { msgtype: 'text', agentid: 1000002, text: { content: '有新任务' } }
    expect((await call('message/send', { ...text, touser: wang })).errcode).toBe(40056)
    await use('app')
    expect(await call('message/send', { ...text, touser: `${wang}|nobody` })).toMatchObject({ errcode: 0, invaliduser: 'nobody' })
    expect((await call('message/send', { ...text, touser: 'nobody' })).errcode).toBe(81013)
    expect((await call('message/send', text)).errcode).toBe(82001)
    expect((await call('message/send', { ...text, touser: wang, text: { content: '' } })).errcode).toBe(44004)
    expect((await call('message/send', { ...text, touser: wang, text: { content: '茶'.repeat(700) } })).errcode).toBe(45002)
    const once = { ...text, touser: li, enable_duplicate_check: 1 }
    await call('message/send', once)
    await call('message/send', once)
    expect(arrivals(emulator.namespace(), { to: li })).toHaveLength(1)
    for (let n = 0; n < 40; n++) await call('message/send', { ...text, touser: wang })
    expect(arrivals(emulator.namespace(), { to: wang })).toHaveLength(30)
    const sent = await call('message/send', { ...text, touser: '@all' })
    expect((await call('message/recall', { msgid: sent.msgid })).errcode).toBe(0)
  })

  test('an empty upload is 44001, a repeatable upload gives a media id', async () => {
    const { upload, call } = await world()
    expect(await upload('media/upload?type=image')).toMatch(/^3/)
    expect((await call('media/upload?type=image', '', 'POST')).errcode).toBe(44001)
  })
})

describe('as a whole', () => {
  test('every answer fits the response schema of its row', async () => {
    const { add, act, call, emulator } = await world()
    const { external_userid } = await add('p-1')
    await act('createGroup', { owner: wang, name: 'g', external_userid: [external_userid] })
    await call('externalcontact/add_corp_tag', { group_name: 'g', tag: [{ name: 'a' }] })
    const { msgid } = await call('externalcontact/add_msg_template', { sender: wang, text: { content: 'x' } })
    await act('confirmBroadcast', { msgid, userid: wang })
    for (const path of [
      `externalcontact/get?external_userid=${external_userid}`,
      `externalcontact/list?userid=${wang}`,
      `user/get?userid=${wang}`,
      'department/list',
      'user/list?department_id=1',
    ])
      await call(path)
    await call('externalcontact/batch/get_by_user', { userid_list: [wang] })
    await call('externalcontact/contact_list', {})
    await call('externalcontact/groupchat/list', { limit: 10 })
    await call('externalcontact/get_corp_tag_list', {})
    await call('externalcontact/get_groupmsg_task', { msgid })
    await call('externalcontact/get_groupmsg_send_result', { msgid, userid: wang })
    let checked = 0
    for (const record of emulator.calls()) {
      const row = wecomRows.find(({ name }) => name === record.endpoint)!
      const value = JSON.parse(record.answer) as Json
      if (value.errcode !== 0) continue
      expect(row.response.safeParse(value).error, row.name).toBeUndefined()
      checked++
    }
    expect(checked).toBeGreaterThan(12)
  })

  test('one seed and one order of doings give one state; another seed another', async () => {
    const run = async (seed: string): Promise<string> => {
      const { add, act, call, emulator, after } = await world({ seed })
      await add('p-1')
      const { msgid } = await call('externalcontact/add_msg_template', { sender: wang, text: { content: 'x' } })
      await act('confirmBroadcast', { msgid, userid: wang })
      await after(hour)
      return emulator.stateHash()
    }
    expect(await run('a')).toBe(await run('a'))
    expect(await run('a')).not.toBe(await run('b'))
  })

  test('the journal rebuilds the corp exactly, and so does a snapshot that went through JSON', async () => {
    const journal = memoryJournal()
    const settings = {
      modules: [wecomLine],
      seed: 'j',
      start,
      clock: { kind: 'queue' as const },
      wireClock: manualClock(start),
      send: async () => ({ status: 200, body: '' }),
    }
    const first = createEmulator({ ...settings, journal })
    const live = async (emulator: Emulator, person: string): Promise<void> => {
      const { external_userid } = (await emulator.act('main', 'wecom.addContact', { person, userid: wang })) as Json
      await emulator.act('main', 'wecom.createGroup', { owner: wang, name: 'g', external_userid: [external_userid] })
      await emulator.act('main', 'wecom.memberBroadcast', { userid: wang, text: 'x' })
      await emulator.act('main', 'wecom.deleteByContact', { userid: wang, external_userid })
    }
    await live(first, 'p-1')
    await first.advanceTo(start + hour)
    const again = await openEmulator({ ...settings, journal })
    expect(again.stateHash()).toBe(first.stateHash())
    const copy = createEmulator(settings)
    await copy.restore('main', JSON.parse(JSON.stringify(first.snapshot())))
    expect(copy.stateHash()).toBe(first.stateHash())
    await live(first, 'p-2')
    await live(copy, 'p-2')
    expect(copy.stateHash()).toBe(first.stateHash())
  })

  test('apps that share one address get one copy', async () => {
    const { add, emulator, events } = await world()
    await emulator.act('main', 'core.setPush', { kind: 'wecom', url: 'http://receiver/contact' })
    await add('p-1')
    await emulator.pump()
    expect(events.map(({ agentId }) => agentId)).toEqual(['2000003'])
  })

  test('without an address the event is recorded and nothing is sent', async () => {
    const { add, emulator, events } = await world({ connected: false })
    await add('p-1')
    await emulator.pump()
    expect(events).toEqual([])
    expect(emulator.deliveries().map(({ event, state }) => [event, state])).toEqual([['change_external_contact/add_external_contact', 'no-address']])
  })

  test('both apps get their own copy when both have an address', async () => {
    const { add, emulator, events } = await world()
    await emulator.act('main', 'core.setPush', { kind: 'wecom', agentId: '1000002', url: 'http://receiver/app' })
    await add('p-1')
    await emulator.pump()
    expect(events.map(({ agentId }) => agentId).sort()).toEqual(['1000002', '2000003'])
    expect(events[0].WelcomeCode).toBe(events[1].WelcomeCode)
  })
})
