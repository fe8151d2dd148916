import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectionA, day, makeTenant, minute, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { listJobs } from '../../kernel/job/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { placesAt, startEpoch } from '../experiment/index.ts'
import { personId, plantShop } from '../experiment/fixtures/shop.ts'
import { pressureSendGate } from '../pressure/index.ts'
import { approvePlan, handJob, handJobKind, undoPlan } from './hand-over.ts'
import { holdMs, makeWeek } from './make-week.ts'
import { insertCampaign, latestPlan, listRows, type PlanHead, type StoredRow } from './store.ts'

let t: TestDb
let tenantId = 0
let count = 0
const ids = testIds('plans')
const monday = Date.parse('2026-03-02T09:00:00+08:00')
const at = (now: number): Work => ({ tenantId, now, ids, random: seededRandom('plans'), emit: async () => {}, ring: async () => {} }) as unknown as Work
const gate = pressureSendGate({ dosesOf: placesAt })
const hands = handJob({ gate, connectionOf: () => connectionA })

beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())
beforeEach(async () => {
  tenantId = await makeTenant(t, `plans-${++count}`)
  await plantShop(t, tenantId, 150, monday)
  await t.app(tenantId, (tx) => startEpoch(tx, at(monday - 6 * 60 * minute)))
  await t.app(tenantId, (tx) => insertCampaign(tx, tenantId, {
    campaignId: ids.next(), name: '新茶上市', messageKind: 'sell', content: { text: '今年的白茶到了' }, segments: [], lift: 1, fromAt: monday - day, untilAt: monday + 30 * day, createdAt: monday - day, createdBy: 'test',
  }))
})

const make = (now = monday): Promise<PlanHead> => t.app(tenantId, (tx) => makeWeek(tx, at(now)))
const rows = (plan: PlanHead, chosen?: boolean): Promise<StoredRow[]> => t.app(tenantId, async (tx) => (await listRows(tx, tenantId, plan.planId, { chosen }, { offset: 0, limit: 1000 })).rows)
const approve = (plan: PlanHead, now = monday) => t.app(tenantId, (tx) => approvePlan(tx, at(now), plan.planId, 'owner'))
const run = (plan: PlanHead, now: number) => t.app(tenantId, (tx) => hands.run(at(now), tx, { kind: handJobKind, key: plan.planId, dueAt: now, state: {}, attempts: 0 }, undefined))
const calls = async (): Promise<Array<{ request: { sender: string; external_userid: string[] } }>> => (await t.owner.query('select request from outbox where tenant_id = $1 order by seq', [tenantId])).rows

describe('a week', () => {
  test('every contact has a row; the holdout is named as such; nobody else is kept from a dose that is due', async () => {
    const plan = await make()
    const all = await rows(plan)
    expect(new Set(all.map((row) => row.personId)).size).toBe(150)
    const holdout = all.filter((row) => row.dose === 0)
    expect(holdout.length).toBeGreaterThan(5)
    expect(holdout.every((row) => !row.chosen && row.reason === 'holdout' && row.clearAt === monday - 6 * 60 * minute + 28 * day)).toBe(true)
    expect(plan.summary.messages).toBeGreaterThan(80)
    expect(plan.summary.known).toBe(false)
  })

  test('approved, it is held for half an hour; then one task a member leaves, for exactly the chosen', async () => {
    const plan = await make()
    const approval = await approve(plan)
    expect(approval).toMatchObject({ done: true, plan: { status: 'held', heldUntil: monday + holdMs } })
    expect(await t.app(tenantId, (tx) => listJobs(tx, tenantId))).toMatchObject([{ kind: handJobKind, key: plan.planId, dueAt: monday + holdMs }])
    expect(await run(plan, monday + holdMs - 1)).toEqual({ dueAt: monday + holdMs })
    expect(await calls()).toEqual([])
    const chosen = await rows(plan, true)
    await run(plan, monday + holdMs)
    const sent = await calls()
    expect(sent.map((call) => call.request.sender).sort()).toEqual(['li', 'wang'])
    expect(sent.flatMap((call) => call.request.external_userid).length).toBe(chosen.filter((row) => row.offsetDays === 0).length)
    expect(new Set((await rows(plan, true)).filter((row) => row.offsetDays === 0).map((row) => row.state))).toEqual(new Set(['handed']))
    // Nobody of the holdout is among them.
    const holdout = new Set((await rows(plan, false)).filter((row) => row.reason === 'holdout').map((row) => row.personId))
    const asked = (await t.owner.query('select person_id from gate_answer where tenant_id = $1', [tenantId])).rows.map((row: { person_id: string }) => row.person_id)
    expect(asked.filter((id: string) => holdout.has(id))).toEqual([])
  })

  test('undone while held, it is a draft again and nothing leaves; approved anew, it waits its half hour', async () => {
    const plan = await make()
    await approve(plan)
    expect(await t.app(tenantId, (tx) => undoPlan(tx, at(monday + minute), plan.planId))).toMatchObject({ done: true, gone: 0 })
    expect(await run(plan, monday + holdMs)).toBeNull()
    expect(await calls()).toEqual([])
    expect((await t.app(tenantId, (tx) => latestPlan(tx, tenantId)))!.status).toBe('draft')
    await approve(plan, monday + 10 * minute)
    expect(await run(plan, monday + holdMs)).toEqual({ dueAt: monday + 10 * minute + holdMs })
  })

  test('control: after the messages left there is nothing to undo', async () => {
    const plan = await make()
    await approve(plan)
    for (let now = monday + holdMs, next: { dueAt: number } | null = { dueAt: now }; next !== null; now = next?.dueAt ?? now) next = await run(plan, now)
    expect(await t.app(tenantId, (tx) => undoPlan(tx, at(monday + 6 * day), plan.planId))).toEqual({ done: false, reason: 'nothing-left', status: 'done' })
  })

  test('a plan is approved once, and a newer draft replaces an older one', async () => {
    const [first, second] = [await make(), await make(monday + minute)]
    expect(await approve(first)).toEqual({ done: false, reason: 'not-a-draft', status: 'replaced' })
    expect((await approve(second)).done).toBe(true)
    expect(await approve(second)).toEqual({ done: false, reason: 'not-a-draft', status: 'held' })
    expect(await approve({ ...second, planId: ids.next() })).toEqual({ done: false, reason: 'no-plan' })
  })

  test('approved late in the evening, the messages wait for the end of the quiet hours', async () => {
    const evening = Date.parse('2026-03-02T21:20:00+08:00')
    const plan = await make(evening)
    await approve(plan, evening)
    expect(await run(plan, evening + holdMs)).toEqual({ dueAt: Date.parse('2026-03-03T08:30:00+08:00') })
    expect(await calls()).toEqual([])
    await run(plan, Date.parse('2026-03-03T08:30:00+08:00'))
    expect((await calls()).length).toBe(2)
  })

  test('a plan made while another one is under way leaves those people out', async () => {
    const first = await make()
    await approve(first)
    const second = await make(monday + minute)
    const one = new Set((await rows(first, true)).map((row) => row.personId))
    expect((await rows(second, true)).filter((row) => one.has(row.personId))).toEqual([])
  })

  test('what the gate refuses after all is marked and does not leave', async () => {
    const plan = await make()
    await approve(plan)
    const [one] = await rows(plan, true)
    await t.owner.query(`insert into opt_out (tenant_id, person_id, line, since, until, evidence) values ($1, $2, '*', $3, null, 'told a colleague')`, [tenantId, one.personId, monday])
    await run(plan, monday + holdMs)
    expect((await rows(plan, true)).find((row) => row.personId === one.personId)!.state).toBe('refused')
    expect((await t.owner.query('select gate_reason from outbound_message where tenant_id = $1 and person_id = $2', [tenantId, one.personId])).rows).toEqual([{ gate_reason: 'opted-out' }])
  })

  test('a person who deleted us is not in the plan', async () => {
    await t.owner.query(`update follow set lost_at = $2, lost_by = 'contact' where tenant_id = $1 and external_userid = 'wm5'`, [tenantId, monday])
    const plan = await make()
    expect((await rows(plan)).some((row) => row.personId === personId(5))).toBe(false)
  })
})
