import { describe, expect, test } from 'vitest'
import { changeExternalChat } from '../../wechat/spec/wecom/index.ts'
import { world, wang, li } from './fixtures/world.ts'

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
