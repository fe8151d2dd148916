import { describe, expect, test } from 'vitest'
import { world, wang, li } from './fixtures/world.ts'
import { arrivals } from './index.ts'

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
