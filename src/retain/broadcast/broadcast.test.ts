import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { allowAllSendGate, campaignCounts, listMessages, settleMessages, tasksOfCampaign } from '../outbound/index.ts'
import { fieldsOf, houseFacts, type Rule } from '../segment/index.ts'
import { after, broadcastClose, broadcastDispatch, broadcastStatuses, campaignOf, changeBroadcast, closeKind, dispatchKind, findBroadcast, holdMs, insertBroadcast, type BroadcastAct, type BroadcastStatus } from './index.ts'

describe('the way of a broadcast', () => {
  const legal: Record<BroadcastAct, BroadcastStatus[]> = { edit: ['draft', 'held'], approve: ['draft'], dispatch: ['held'], cancel: ['draft', 'held', 'sending'], close: ['sending'], remind: ['sending'] }
  test.each(Object.entries(legal).flatMap(([act, from]) => broadcastStatuses.map((status) => [act, status, from.includes(status)] as const)))('%s while %s: %s', (act, status, possible) => {
    expect(after(status, act as BroadcastAct) !== undefined).toBe(possible)
  })
})

describe('handing over', () => {
  let t: TestDb
  let tenantId: number
  let seed = 0
  const fields = fieldsOf([houseFacts])
  const work = (now: number) => testWork(tenantId, now, `broadcast-${seed++}`)
  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'broadcasts')
    const names = ['wm-1', 'wm-2', 'wm-3']
    await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, names.map((value) => ({ local: { kind: 'external_userid' as const, scope: 'corp', value }, seenAt: start, evidence: 'test' })), work(start).ids))
    for (const [n, name] of names.entries()) {
      await t.owner.query(`insert into contact (tenant_id, corp_id, external_userid, connection_id, kind, has_unionid, first_seen_at, read_at) values ($1, 'corp', $2, $3, 1, false, $4, $4)`, [tenantId, name, connectionA, start])
      await t.owner.query(`insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state) values ($1, 'corp', $2, $3, $4, false, 1, '')`, [tenantId, name, n === 2 ? 'li' : 'wang', start])
    }
  })
  afterAll(() => t.close())

  async function held(rules: Rule): Promise<string> {
    const broadcastId = work(start).ids.next()
    await t.app(tenantId, async (tx) => {
      await insertBroadcast(tx, tenantId, {
        broadcastId, connectionId: connectionA, corpId: 'corp', name: '新茶', messageKind: 'sell', rules, content: { text: '新茶到了' }, status: 'draft', createdAt: start, createdBy: 'test', approvedAt: null, approvedBy: null, heldUntil: null, closedAt: null,
      })
      await changeBroadcast(tx, tenantId, broadcastId, { status: 'held', approvedAt: start, approvedBy: 'test', heldUntil: start + holdMs })
    })
    return broadcastId
  }
  const run = (kind: string, broadcastId: string, now: number) => t.app(tenantId, (tx) => (kind === dispatchKind ? broadcastDispatch(allowAllSendGate, fields) : broadcastClose()).run(work(now), tx, { kind, key: broadcastId, dueAt: now, state: {}, attempts: 0 }, undefined))
  const tasks = (broadcastId: string) => t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, campaignOf(broadcastId)))
  const everybody: Rule = { field: 'contact.active', op: 'is', value: true }

  test('before the hold is over nothing leaves; then one task a member, each person once', async () => {
    const broadcastId = await held(everybody)
    expect(await run(dispatchKind, broadcastId, start + holdMs - 1)).toEqual({ dueAt: start + holdMs })
    expect(await tasks(broadcastId)).toEqual([])
    expect(await run(dispatchKind, broadcastId, start + holdMs)).toBeNull()
    expect((await tasks(broadcastId)).map((task) => [task.staff, task.targets])).toEqual([['li', 1], ['wang', 2]])
    await run(dispatchKind, broadcastId, start + holdMs + minute) // a job that runs again after a crash
    expect(await tasks(broadcastId)).toHaveLength(2)
  })

  test('while the gate is shut it is held on, and still may be cancelled', async () => {
    const broadcastId = await held(everybody)
    const opens = start + 10 * holdMs
    const shut = { ...allowAllSendGate, opensAt: async () => opens }
    expect(await t.app(tenantId, (tx) => broadcastDispatch(shut, fields).run(work(start + holdMs), tx, { kind: dispatchKind, key: broadcastId, dueAt: 0, state: {}, attempts: 0 }, undefined))).toEqual({ dueAt: opens })
    expect(await tasks(broadcastId)).toEqual([])
    expect(await t.app(tenantId, (tx) => findBroadcast(tx, tenantId, broadcastId))).toMatchObject({ status: 'held', heldUntil: opens })
    expect(await run(dispatchKind, broadcastId, opens)).toBeNull()
    expect(await tasks(broadcastId)).toHaveLength(2)
  })

  test('what was cancelled while held never leaves', async () => {
    const broadcastId = await held(everybody)
    await t.app(tenantId, (tx) => changeBroadcast(tx, tenantId, broadcastId, { status: 'cancelled' }))
    expect(await run(dispatchKind, broadcastId, start + holdMs)).toBeNull()
    expect(await tasks(broadcastId)).toEqual([])
  })

  test('the segment is chosen when the hold is over', async () => {
    const broadcastId = await held({ field: 'contact.staff', op: 'is', value: 'li' })
    await t.owner.query(`update follow set lost_at = $2, lost_by = 'contact' where tenant_id = $1 and external_userid = 'wm-3'`, [tenantId, start + minute])
    await run(dispatchKind, broadcastId, start + holdMs)
    expect((await t.app(tenantId, (tx) => campaignCounts(tx, tenantId, [campaignOf(broadcastId)]))).get(campaignOf(broadcastId))!.asked).toBe(0)
    await run(closeKind, broadcastId, start + 2 * holdMs)
    expect((await t.app(tenantId, (tx) => findBroadcast(tx, tenantId, broadcastId)))!.status).toBe('done')
  })

  test('it closes when no message is open any more, and says what came of it', async () => {
    const broadcastId = await held(everybody)
    await run(dispatchKind, broadcastId, start + holdMs)
    expect(await run(closeKind, broadcastId, start + holdMs)).toMatchObject({ dueAt: expect.any(Number) })
    const messages = await t.app(tenantId, (tx) => listMessages(tx, tenantId, { campaign: campaignOf(broadcastId) }, 10))
    await t.app(tenantId, (tx) => settleMessages(tx, work(start), allowAllSendGate, messages.map(({ messageId }, n) => (n === 0 ? { messageId, state: 'sent', sentAt: start + holdMs } : { messageId, state: 'over-cap', sentAt: null }))))
    const at = work(start + 2 * holdMs)
    expect(await t.app(tenantId, (tx) => broadcastClose().run(at, tx, { kind: closeKind, key: broadcastId, dueAt: 0, state: {}, attempts: 0 }, undefined))).toBeNull()
    expect(at.told.map((event) => event.payload)).toMatchObject([{ broadcastId, sent: 1, overCap: messages.length - 1, notFriend: 0 }])
  })
})
