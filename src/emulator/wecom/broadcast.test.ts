import { describe, expect, test } from 'vitest'
import { start, second, hour, day, type Json, world, wang, li } from './fixtures/world.ts'
import { arrivals, pendingTasks } from './index.ts'

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
