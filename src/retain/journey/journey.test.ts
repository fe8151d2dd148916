import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import { allowAllSendGate, campaignCounts, type SendGate } from '../outbound/index.ts'
import { fieldsOf, houseFacts } from '../segment/index.ts'
import { enrolmentCounts, insertJourney, journeyKind, journeySubscriber, journeyTick, type Journey } from './index.ts'

let t: TestDb
let tenantId: number
let persons: string[]
let journeyId: string
let seed = 0
const names = ['wm-1', 'wm-2', 'wm-3', 'wm-4']
const work = (now: number) => testWork(tenantId, now, `journey-${seed++}`)
const gate: SendGate = { ...allowAllSendGate, ask: async (tx, at, requests) => (await allowAllSendGate.ask(tx, at, requests)).map((answer, n) => (requests[n].externalUserId === 'wm-4' ? { allowed: false, reason: 'holdout' } : answer)) }

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'journeys')
  persons = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, names.map((value) => ({ local: { kind: 'external_userid' as const, scope: 'corp', value }, seenAt: start, evidence: 'test' })), work(start).ids))).personIds
  for (const name of names) {
    await t.owner.query(`insert into contact (tenant_id, corp_id, external_userid, connection_id, kind, has_unionid, first_seen_at, read_at) values ($1, 'corp', $2, $3, 1, false, $4, $4)`, [tenantId, name, connectionA, start])
    await t.owner.query(`insert into follow (tenant_id, corp_id, external_userid, staff, followed_at, half, add_way, state) values ($1, 'corp', $2, 'wang', $3, false, 1, '')`, [tenantId, name, start])
  }
  journeyId = work(start).ids.next()
  const journey: Journey = { journeyId, connectionId: connectionA, corpId: 'corp', name: '问候', trigger: 'contact.added', rules: null, waitMs: day, messageKind: 'help', content: { text: '茶喝得惯吗' }, status: 'on', createdAt: start, changedAt: start }
  await t.app(tenantId, (tx) => insertJourney(tx, tenantId, journey))
})
afterAll(() => t.close())

const added = (person: number, at: number) => {
  const event = makeEvent(work(at).ids, at, 'contact.added', `person/${persons[person]}`, at, { corpId: 'corp', staff: 'wang', personId: persons[person], addedAt: at, state: '', addWay: 1, again: false })
  return { ...event, subscriber: 'retain/journey', attempts: 0 }
}
const hear = async (now: number, ...events: Array<ReturnType<typeof added>>) => {
  const at = work(now)
  await t.app(tenantId, (tx) => journeySubscriber(() => true).handle(at, tx, events))
  return at.told
}
const tick = async (now: number) => {
  const at = work(now)
  return { next: await t.app(tenantId, (tx) => journeyTick(gate, fieldsOf([houseFacts])).run(at, tx, { kind: journeyKind, key: 'all', dueAt: now, state: {}, attempts: 0 }, undefined)), told: at.told.filter((event) => event.name === 'journey.finished').map((event) => event.payload.state) }
}
const states = async () => Object.fromEntries((await t.app(tenantId, (tx) => enrolmentCounts(tx, tenantId))).map((row) => [row.state, row.n]))

describe('journeys', () => {
  test('what happened before the journey began starts nothing', async () => {
    await hear(start, added(0, start - hour))
    expect(await states()).toEqual({})
  })

  test('one event starts it once; nothing is due before the wait is over', async () => {
    const event = added(0, start + hour)
    await hear(start + hour, event)
    await hear(start + hour, event)
    expect(await states()).toEqual({ waiting: 1 })
    expect(await tick(start + 2 * hour)).toEqual({ next: { dueAt: start + hour + day }, told: [] })
  })

  test('all who are due are moved at once: handed on, refused by the gate, or told already', async () => {
    await hear(start + hour, added(1, start + hour), added(3, start + hour), added(0, start + 90 * 60_000))
    const { next, told } = await tick(start + 2 * day)
    expect(next).toBeNull()
    expect(told.sort()).toEqual(['handed', 'handed', 'left', 'refused'])
    expect(await states()).toEqual({ handed: 2, left: 1, refused: 1 })
    expect((await t.app(tenantId, (tx) => campaignCounts(tx, tenantId, [`journey/${journeyId}`]))).get(`journey/${journeyId}`)).toMatchObject({ queued: 2, refused: 1 })
  })

  test('what falls due while the gate is shut waits until it opens; asked then, it would be refused for good', async () => {
    const late = start + 2 * day
    await hear(late, added(1, late))
    const shut: SendGate = { ...gate, opensAt: async () => late + 2 * day }
    const at = work(late + day)
    const next = await t.app(tenantId, (tx) => journeyTick(shut, fieldsOf([houseFacts])).run(at, tx, { kind: journeyKind, key: 'all', dueAt: late + day, state: {}, attempts: 0 }, undefined))
    expect(next).toEqual({ dueAt: late + 2 * day })
    expect(at.told).toEqual([])
    expect((await tick(late + 2 * day - 1)).told).toEqual([])
    expect((await tick(late + 2 * day)).told).toEqual(['handed'])
  })

  test('whoever is lost to every member leaves at once', async () => {
    await hear(start + 3 * day, added(2, start + 3 * day))
    await t.owner.query(`update follow set lost_at = $2, lost_by = 'contact' where tenant_id = $1 and external_userid = 'wm-3'`, [tenantId, start + 3 * day + hour])
    const lost = makeEvent(work(start).ids, start, 'contact.lost', `person/${persons[2]}`, start, { corpId: 'corp', staff: 'wang', personId: persons[2], by: 'contact', lostAt: start, evidence: 'event', followedAt: start, lastTouches: [] })
    const told = await hear(start + 3 * day + hour, { ...lost, subscriber: 'retain/journey', attempts: 0 } as ReturnType<typeof added>)
    expect(told.map((event) => event.payload.state)).toEqual(['left'])
    expect((await tick(start + 5 * day)).told).toEqual([])
  })

  test('with the block off nobody enters', async () => {
    const before = await states()
    await t.app(tenantId, (tx) => journeySubscriber(() => false).handle(work(start + 6 * day), tx, [added(1, start + 6 * day)]))
    expect(await states()).toEqual(before)
  })
})
