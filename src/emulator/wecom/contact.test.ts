import { describe, expect, test } from 'vitest'
import { changeExternalContact } from '../../wechat/spec/wecom/index.ts'
import { start, second, day, type Json, world, wang, li } from './fixtures/world.ts'
import { arrivals } from './index.ts'

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
