import { describe, expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import { wecomRows } from '../../wechat/spec/wecom/index.ts'
import { createEmulator, openEmulator, type Emulator } from '../core/emulator.ts'
import { memoryJournal } from '../core/journal.ts'
import { start, hour, type Json, world, wang } from './fixtures/world.ts'
import { wecomLine } from './index.ts'

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
