import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { writeSetting } from '../../src/kernel/tenancy/index.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { holdToRules } from '../setup/test-db.ts'

/** How much is too much, through the real protocols: an epoch that starts by itself, a plan approved by one click, and a holdout that nobody writes to. */
const start = Date.parse('2026-03-08T10:00:00+08:00') // a Sunday
const minute = 60_000
const world = 'main'
const people = 72

const statements = new Set<string>()
let runtime: Runtime
let tenantId: number
let staff: string
const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
const act = (name: string, args: Record<string, unknown>): Promise<any> => runtime.emulator!.act(world, name, args)
const now = (): number => runtime.emulator!.namespace(world).now
const runTo = (at: number): Promise<void> => runtime.sea!.runTo(world, at)
const rows = <T>(sql: string): Promise<T[]> => app((tx) => tx.query<T>(sql, [tenantId]))

/** A route as the console calls it. */
async function call<T>(method: string, path: string, body: unknown = {}, query: unknown = {}): Promise<T> {
  const route = runtime.house.routes.find((one) => one.method === method && one.path === path)!
  const { context } = runtime.house
  const answer = await app((tx) => route.handle({
    tenantId, tx, db: context.db, clock: context.clockOf(tenantId), ids: context.ids, role: 'owner', actor: 'owner', session: undefined as never, simulated: true, language: 'zh', params: undefined, query: route.query?.parse(query), body: route.body?.parse(body),
  }))
  runtime.house.wake(tenantId)
  return answer as T
}

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, statementHook: (text) => void statements.add(text), anyPort: true, seaStart: start, journal: false })
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'restraint', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['contacts', 'broadcasts', 'dosage', 'cases'], lines: ['wecom'], ownerId: undefined,
  })
  await app((tx) => writeSetting(tx, tenantId, 'restrain.pressure', { perWeekMax: 2 }, now()))
  await runTo(now() + 5 * minute)
  staff = (await rows<{ staff: string }>(`select staff from staff where tenant_id = $1 order by staff`))[0].staff
  for (let n = 0; n < people; n++) await act('wecom.addContact', { userid: staff, person: `p-${n}` })
  await runTo(now() + 10 * minute)
}, 120_000)
afterAll(async () => {
  await runtime?.close()
  await holdToRules(statements)
})

describe('restraint', () => {
  test('the night after the first contacts an epoch starts by itself: everybody has an arm before anything was sent', async () => {
    expect(await rows(`select 1 from dose_epoch where tenant_id = $1`)).toEqual([])
    await runTo(Date.parse('2026-03-09T03:20:00+08:00'))
    expect(await rows(`select n, roster, status, doses from dose_epoch where tenant_id = $1`)).toMatchObject([{ n: 1, roster: people, status: 'running', doses: [0, 2, 4] }])
    expect(await rows(`select 1 from gate_answer where tenant_id = $1 and purpose <> 'welcome'`)).toEqual([])
  })

  test('a plan is approved by one click, waits half an hour, and reaches exactly the chosen by the hand of the member', async () => {
    await runTo(Date.parse('2026-03-09T10:00:00+08:00'))
    await call('POST', '/plan/campaigns', { name: '新茶上市', messageKind: 'sell', content: { text: '今年的白茶到了' } })
    const { plan } = await call<{ plan: { planId: string; summary: { messages: number } } }>('POST', '/plan/make')
    expect(plan.summary.messages).toBeGreaterThan(20)
    await call('POST', '/plan/approve', { planId: plan.planId })
    await runTo(now() + 29 * minute)
    expect(await rows(`select 1 from send_task where tenant_id = $1`)).toEqual([])
    await runTo(now() + 3 * minute)
    const [task] = await rows<{ msgid: string; state: string; targets: number }>(`select msgid, state, targets from send_task where tenant_id = $1`)
    expect(task).toMatchObject({ state: 'waiting' })
    await act('wecom.confirmBroadcast', { msgid: task.msgid, userid: staff })
    await runTo(now() + 20 * minute)
    const chosen = new Set((await rows<{ id: string }>(`select person_id as id from plan_row where tenant_id = $1 and chosen and state = 'handed'`)).map((row) => row.id))
    const touched = (await rows<{ id: string }>(`select person_id as id from touch where tenant_id = $1 and kind = 'message.sell'`)).map((row) => row.id)
    expect(touched.length).toBe(task.targets)
    expect(new Set(touched)).toEqual(chosen)
    expect(await rows(`select state, count(*) as n from gate_answer where tenant_id = $1 and purpose = 'broadcast' group by state`)).toEqual([{ state: 'sent', n: task.targets }])
  })

  test('a broadcast to everybody stops at the holdout and at who has had their message; nothing of it arrives there', async () => {
    const holdout = new Set((await rows<{ id: string }>(`select person_id as id from v_dose where tenant_id = $1 and dose = 0`)).map((row) => row.id))
    expect(holdout.size).toBeGreaterThan(3)
    await runTo(Date.parse('2026-03-10T10:00:00+08:00'))
    const { broadcastId } = await call<{ broadcastId: string }>('POST', '/broadcasts', { name: '发给所有人', messageKind: 'sell', rules: { all: [] }, content: { text: '全场九折' } })
    const route = runtime.house.routes.find((one) => one.method === 'POST' && one.path === '/broadcasts/:broadcastId/approve')!
    const { context } = runtime.house
    await app((tx) => route.handle({ tenantId, tx, db: context.db, clock: context.clockOf(tenantId), ids: context.ids, role: 'owner', actor: 'owner', session: undefined as never, simulated: true, language: 'zh', params: { broadcastId }, query: undefined, body: route.body?.parse({}) }))
    runtime.house.wake(tenantId)
    await runTo(now() + 35 * minute)
    const messages = await rows<{ id: string; state: string; reason: string | null }>(`select person_id as id, state, gate_reason as reason from outbound_message where tenant_id = $1 and campaign like 'broadcast/%'`)
    expect(messages).toHaveLength(people)
    expect(messages.filter((one) => one.reason === 'holdout').map((one) => one.id).sort()).toEqual([...holdout].sort())
    expect(messages.some((one) => one.state === 'queued')).toBe(true)
    const [task] = await rows<{ msgid: string }>(`select msgid from send_task where tenant_id = $1 and campaign like 'broadcast/%'`)
    await act('wecom.confirmBroadcast', { msgid: task.msgid, userid: staff })
    await runTo(now() + 30 * minute)
    const external = new Set((await rows<{ id: string; external: string }>(`select person_id as id, external_userid as external from v_contact where tenant_id = $1`)).filter((row) => holdout.has(row.id)).map((row) => row.external))
    const { arrivals } = (await act('wecom.arrivals', {})) as { arrivals: Array<{ kind: string; to: string }> }
    expect(arrivals.filter((one) => one.kind === 'broadcast' && external.has(one.to))).toEqual([])
    expect(arrivals.filter((one) => one.kind === 'broadcast').length).toBeGreaterThan(30)
  })

  test('the pages say what was seen and claim nothing yet', async () => {
    const dosage = await call<{ epoch: { roster: number }; segments: Array<{ verdict: string; arms: Array<{ dose: number; touches: number }> }> }>('GET', '/dosage')
    expect(dosage.epoch.roster).toBe(people)
    const arms = dosage.segments.flatMap((segment) => segment.arms)
    expect(arms.filter((arm) => arm.dose === 0).reduce((sum, arm) => sum + arm.touches, 0)).toBe(0)
    expect(arms.reduce((sum, arm) => sum + arm.touches, 0)).toBeGreaterThan(30)
    expect(dosage.segments.every((segment) => segment.verdict === 'not-enough-evidence')).toBe(true)
    const pressure = await call<{ contacts: number; mean: number; over: number }>('GET', '/pressure')
    expect(pressure).toMatchObject({ contacts: people, over: 0 })
    expect(pressure.mean).toBeGreaterThan(0.3)
    expect(await call('GET', '/case')).toMatchObject({ case: { badge: 'before-after-only', effect: { enough: false } } })
  })
})
