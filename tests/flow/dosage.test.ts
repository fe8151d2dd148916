import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../src/kernel/clock.ts'
import type { Work } from '../../src/kernel/engine/index.ts'
import type { AnyRoute } from '../../src/kernel/http/index.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { caseRoutes } from '../../src/learn/benchmark/index.ts'
import { lightRoutes } from '../../src/learn/meter/index.ts'
import { capacityRoutes } from '../../src/restrain/capacity/index.ts'
import { closeDueEpoch, experimentRoutes, placesAt, reachable } from '../../src/restrain/experiment/index.ts'
import { personId, plantLoss, plantOrders, plantShop } from '../../src/restrain/experiment/fixtures/shop.ts'
import { lossRoutes } from '../../src/restrain/loss/index.ts'
import { planRoutes } from '../../src/restrain/planner/index.ts'
import { pressureRoutes } from '../../src/restrain/pressure/index.ts'
import { day, makeTenant, testIds } from '../setup/fixtures.ts'
import { openTestDb, type TestDb } from '../setup/test-db.ts'

/** The pages of the dosage and case blocks, from the first epoch to a case, as the console reads them. */
const monday = Date.parse('2026-03-02T09:00:00+08:00')
let t: TestDb
let tenantId = 0
let now = monday
const ids = testIds('pages')
const clock: Clock = { now: () => now }
const workOf = (id: number): Work => ({ tenantId: id, now, clock, ids, random: seededRandom('pages'), emit: async () => {}, ring: async () => {} })
const light = { processes: 2, accountsOf: () => [{ line: 'wecom', values: 4, openChecks: 1 }] }
const routes: AnyRoute[] = [
  ...pressureRoutes({ dosesOf: placesAt, contactsOf: async (tx, id) => (await reachable(tx, id)).map((one) => one.personId) }), ...experimentRoutes({ workOf }), ...planRoutes({ workOf }), ...capacityRoutes, ...lossRoutes({}),
  ...lightRoutes(light), ...caseRoutes({ ...light, emit: async () => {} }),
]

async function call<T = Record<string, never>>(method: string, path: string, given: { query?: unknown; body?: unknown; params?: unknown; language?: 'zh' | 'en' } = {}): Promise<T> {
  const route = routes.find((one) => one.method === method && one.path === path)!
  return t.app(tenantId, (tx) => route.handle({
    tenantId, tx, db: t.db, clock, ids, role: 'owner', actor: 'owner', session: undefined as never, simulated: true, language: given.language ?? 'zh',
    params: given.params, query: route.query?.parse(given.query ?? {}), body: route.body?.parse(given.body ?? {}),
  })) as Promise<T>
}
type Plan = { plan: { planId: string; status: string; sentence: string; summary: { messages: number; reasons: Array<{ reason: string; words: string }> } } | null; rows: Array<{ why: string; chosen: boolean; personId: string; rowNo: number }>; total: number }

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'pages')
  await plantShop(t, tenantId, 150, monday)
})
afterAll(() => t.close())

describe('the pages of dosage', () => {
  test('before anything runs every page is there and claims nothing', async () => {
    const dosage = await call<{ epoch: null; segments: Array<{ sentence: string; verdict: string }> }>('GET', '/dosage')
    expect(dosage.epoch).toBeNull()
    expect(dosage.segments.every((one) => one.verdict === 'not-enough-evidence' && one.sentence.includes('还看不出来'))).toBe(true)
    expect(await call<Plan>('GET', '/plan')).toMatchObject({ plan: null, rows: [] })
    expect(await call('GET', '/case')).toMatchObject({ case: { badge: 'before-after-only', sentence: '证据不足：还没有一轮走完，先不说带来多少。' }, kept: [] })
    expect(await call('GET', '/pressure')).toMatchObject({ contacts: 150, median: 0, over: 0, pressureMax: 8 })
    expect(((await call('GET', '/light', { language: 'en' })) as { sentence: string }).sentence).toMatch(/^2 processes, 4 values set, 0 blocks, 1 step left/)
  })

  test('an epoch is started once; new rules are kept and read', async () => {
    expect(await call('POST', '/dosage/start')).toMatchObject({ epoch: { n: 1, roster: 150 } })
    await expect(call('POST', '/dosage/start')).rejects.toMatchObject({ code: 'experiment/running' })
    const policy = { halfLifeDays: 10, pressureMax: 6, perWeekMax: 2, quietFromMinute: 1290, quietToMinute: 510, platformRule: 'one-a-day', reserveDays: 8 }
    await call('PUT', '/pressure/policy', { body: policy })
    await expect(call('PUT', '/pressure/policy', { body: { ...policy, quietFromMinute: 600, quietToMinute: 590 } })).rejects.toMatchObject({ code: 'pressure/half-quiet' })
    expect(await call('GET', '/pressure')).toMatchObject({ pressureMax: 6 })
    expect(await call('GET', '/dosage')).toMatchObject({ epoch: { n: 1, doses: [0, 2, 4] }, contacts: 150, basis: 'nothing', alarm: false })
  })

  test('a plan is made, looked through, trimmed, approved and undone', async () => {
    await call('POST', '/plan/campaigns', { body: { name: '新茶上市', messageKind: 'sell', content: { text: '今年的白茶到了' } } })
    await call('PUT', '/opt-outs/:personId', { params: { personId: personId(3) }, body: { on: true, evidence: '聊天里说过' } })
    const { plan } = await call<Plan>('POST', '/plan/make')
    expect(plan!.sentence).toMatch(/^本周给 \d+ 人发 \d+ 条，还看不出能多赚多少；\d+ 人不打扰。$/)
    expect(plan!.summary.reasons.map((one) => one.words)).toContain('不愿收营销消息')
    for (const one of plan!.summary.reasons) expect(one.words).not.toMatch(/[{}]/)
    const page = await call<Plan>('GET', '/plan', { query: { chosen: 'true', pageSize: '10' } })
    expect(page.rows).toHaveLength(10)
    expect(page.total).toBe(plan!.summary.messages)
    expect((await call<Plan>('GET', '/plan', { query: { person: personId(3) } })).rows).toMatchObject([{ chosen: false, why: '不愿收营销消息' }])
    expect(await call('POST', '/plan/remove', { body: { planId: plan!.planId, rows: [page.rows[0].rowNo] } })).toEqual({ removed: 1 })
    expect(await call('POST', '/plan/approve', { body: { planId: plan!.planId } })).toMatchObject({ plan: { status: 'held', heldUntil: monday + 30 * 60_000 } })
    await expect(call('POST', '/plan/approve', { body: { planId: plan!.planId } })).rejects.toMatchObject({ code: 'plan/not-a-draft' })
    expect(await call('POST', '/plan/undo', { body: { planId: plan!.planId } })).toEqual({ done: true, stopped: plan!.summary.messages - 1, gone: 0 })
    await expect(call('POST', '/plan/undo', { body: { planId: plan!.planId } })).rejects.toMatchObject({ code: 'plan/nothing-to-stop' })
  })

  test('losses, capacity and removals of a month', async () => {
    await plantLoss(t, tenantId, 9, monday + 4 * day)
    await plantOrders(t, tenantId, Array.from({ length: 20 }, (_, i) => ({ person: personId(i * 3), id: `m${i}`, at: monday + 5 * day, fen: 8000 })))
    now = monday + 10 * day
    const losses = await call<{ left: number; sentence: string; rows: Array<{ lastTouches: unknown[] }>; oneSided: unknown[] }>('GET', '/losses/evidence')
    expect(losses).toMatchObject({ left: 1, sentence: '走了 1 位联系人；其中多少是消息惹走的还看不出来。' })
    expect(losses.rows[0].lastTouches).toHaveLength(1)
    expect(losses.oneSided).toHaveLength(1)
    expect(await call('GET', '/capacity')).toMatchObject({ rows: [{ staff: 'li' }, { staff: 'wang' }] })
    const removals = await call<{ rows: Array<{ personId: string; staff: string; corpId: string; words: string[] }> }>('GET', '/removals')
    expect(removals.rows[0]).toMatchObject({ personId: personId(9), words: ['6 天前已经删了你，只剩你这边还在'] })
    const { corpId, staff, personId: person } = removals.rows[0]
    expect(await call('POST', '/removals', { body: { decision: 'kept', rows: [{ corpId, staff, personId: person }] } })).toEqual({ changed: 1, unknown: 0 })
    expect((await call<{ rows: unknown[] }>('GET', '/removals')).rows).toHaveLength(0)
  })

  test('after the epoch the case is measured against the holdout, and kept', async () => {
    now = monday + 28 * day
    await t.app(tenantId, (tx) => closeDueEpoch(tx, workOf(tenantId)))
    expect(await call('GET', '/dosage')).toMatchObject({ epoch: null, epochsClosed: 1, basis: 'closed' })
    expect(await call('GET', '/case')).toMatchObject({ case: { badge: 'with-holdout', epochs: 1, effect: { enough: false, missing: 'buyers' }, start: { contacts: 150 } } })
    await call('POST', '/case/keep')
    expect((await call<{ kept: unknown[] }>('GET', '/case')).kept).toHaveLength(1)
    expect((await call<{ epochs: unknown[] }>('GET', '/dosage/epochs')).epochs).toHaveLength(1)
  })
})
