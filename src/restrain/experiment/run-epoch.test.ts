import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import type { SendRequest } from '../../retain/outbound/index.ts'
import { pressureSendGate } from '../pressure/index.ts'
import { epochEnd, nextNight } from './design.ts'
import { closeDueEpoch, measure, readDosage, readDosageSettings, settingsKey, startEpoch } from './run-epoch.ts'
import { personId, plantLoss, plantOrders, plantShop } from './fixtures/shop.ts'
import { assignmentsOf, placesAt, type Epoch } from './store.ts'

let t: TestDb
let tenantId = 0
let count = 0
const ids = testIds('epochs')
const at = (now: number): Work => ({ tenantId, now, ids, random: seededRandom('epochs'), emit: async () => {} }) as unknown as Work
const gate = pressureSendGate({ dosesOf: placesAt })
const request = (key: string, person: string): SendRequest => ({ key, personId: person, line: 'wecom', purpose: 'broadcast', messageKind: 'sell', campaign: 'broadcast/1', corpId: 'corp', externalUserId: 'wm1', staff: 'wang' })

beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())
beforeEach(async () => { tenantId = await makeTenant(t, `epochs-${++count}`) })

const begin = async (now = start): Promise<Epoch> => {
  const result = await t.app(tenantId, (tx) => startEpoch(tx, at(now)))
  if (!result.started) throw new Error(`the epoch did not start: ${result.reason}`)
  return result.epoch
}
const arms = async (epoch: Epoch): Promise<Map<string, number>> => new Map((await t.app(tenantId, (tx) => assignmentsOf(tx, tenantId, epoch.epochId))).map((row) => [row.personId, row.arm]))

describe('epochs', () => {
  test('a roster of too few is not started, and says how many are needed', async () => {
    await plantShop(t, tenantId, 20)
    expect(await t.app(tenantId, (tx) => startEpoch(tx, at(start)))).toEqual({ started: false, reason: 'roster-too-small', roster: 20, needed: 60 })
  })

  test('everybody who can be reached is assigned once, before anything is sent; a second start changes nothing', async () => {
    await plantShop(t, tenantId, 200)
    await plantLoss(t, tenantId, 7, start - day)
    const epoch = await begin()
    expect(epoch).toMatchObject({ n: 1, roster: 199, doses: [0, 2, 4], startsAt: start, endsAt: Date.parse('2026-03-29T03:00:00+08:00') })
    expect((await arms(epoch)).has(personId(7))).toBe(false)
    expect(await t.app(tenantId, (tx) => startEpoch(tx, at(start + hour)))).toMatchObject({ started: false, reason: 'running' })
    expect(await t.app(tenantId, (tx) => tx.run('update dose_assignment set arm = 0 where tenant_id = $1', [tenantId])).catch((error: { code: string }) => error.code)).toBe('42501')
  })

  test('a merchant who chose no length keeps that of the own epochs; one without epochs gets the usual one (control)', async () => {
    await plantShop(t, tenantId, 100)
    const days = async (): Promise<number> => (await t.app(tenantId, (tx) => readDosageSettings(tx, tenantId))).epochDays
    expect(await days()).toBe(28)
    await t.app(tenantId, (tx) => writeSetting(tx, tenantId, settingsKey, { epochDays: 14 }, start))
    expect((await begin()).design.epochDays).toBe(14)
    await t.owner.query('delete from setting where tenant_id = $1 and key = $2', [tenantId, settingsKey])
    expect(await days()).toBe(14)
    await t.app(tenantId, (tx) => writeSetting(tx, tenantId, settingsKey, { epochDays: 28 }, start))
    expect(await days()).toBe(28)
  })

  test('the gate refuses marketing to exactly the holdout', async () => {
    await plantShop(t, tenantId, 200)
    const epoch = await begin()
    const assigned = await arms(epoch)
    const persons = [...assigned.keys()]
    const answers = await t.app(tenantId, (tx) => gate.ask(tx, at(start + hour), persons.map((id) => request(`k/${id}`, id))))
    const refused = persons.filter((_, i) => !answers[i].allowed)
    expect(refused.sort()).toEqual(persons.filter((id) => assigned.get(id) === 0).sort())
    expect(refused.length).toBeGreaterThan(10)
  })

  test('who still waits for a message of before is left out of the next roster, so that no holdout is touched by it', async () => {
    await plantShop(t, tenantId, 100)
    await t.app(tenantId, (tx) => gate.ask(tx, at(start - 20 * 60_000), [request('late', personId(1))]))
    const assigned = await arms(await begin())
    expect(assigned.has(personId(1))).toBe(false)
    expect(assigned.size).toBe(99)
  })

  test('money and losses are counted by the assigned arm, refunds taken off, whatever was sent', async () => {
    await plantShop(t, tenantId, 120)
    const epoch = await begin()
    const assigned = await arms(epoch)
    const [holdout, treated] = [0, 2].map((arm) => [...assigned].filter(([, a]) => a === arm).map(([id]) => id))
    await plantOrders(t, tenantId, [
      { person: holdout[0], id: 'in', at: start + day, fen: 9000, refundedFen: 4000 }, { person: treated[0], id: 'in2', at: start + 27 * day, fen: 7000 },
      { person: treated[1], id: 'before', at: start - hour, fen: 70_000 }, { person: treated[1], id: 'after', at: start + 28 * day, fen: 70_000 },
    ])
    const lost = Array.from({ length: 120 }, (_, n) => n).find((n) => assigned.get(personId(n)) === 2 && personId(n) !== treated[0])!
    await plantLoss(t, tenantId, lost, start + 2 * day)
    const { cells } = await t.app(tenantId, (tx) => measure(tx, tenantId, epoch, start + 40 * day))
    const byArm = (values: Float64Array, arm: number): number => values.reduce((sum, x, c) => sum + (c % 3 === arm ? x : 0), 0)
    expect([0, 1, 2].map((arm) => byArm(cells.netFen, arm))).toEqual([5000, 0, 7000])
    expect([0, 1, 2].map((arm) => byArm(cells.losses, arm))).toEqual([0, 0, 1])
    expect(cells.persons.reduce((a, b) => a + b)).toBe(120)
  })

  test('an epoch closes when it is over, its cells stay, and the next begins with another draw', async () => {
    await plantShop(t, tenantId, 300)
    const first = await begin()
    expect(await t.app(tenantId, (tx) => closeDueEpoch(tx, at(first.endsAt - 1)))).toBeUndefined()
    await plantOrders(t, tenantId, Array.from({ length: 60 }, (_, i) => ({ person: personId(i), id: `n${i}`, at: start + day, fen: 6000 })))
    const end = start + 28 * day
    expect((await t.app(tenantId, (tx) => closeDueEpoch(tx, at(end))))!.epochId).toBe(first.epochId)
    const state = await t.app(tenantId, (tx) => readDosage(tx, tenantId, end))
    expect(state.judgement.basis).toBe('closed')
    const { steered, cells } = state.closed[0]
    expect(steered!.cells.persons).toEqual(cells.persons)
    // In shares of what was expected: about one for each person, whatever the prices.
    expect(steered!.cells.sum.reduce((a, b) => a + b) / 300).toBeGreaterThan(0.3)
    expect(steered!.cells.sum.reduce((a, b) => a + b) / 300).toBeLessThan(3)
    expect(state.judgement.segments.reduce((sum, s) => sum + s.persons, 0)).toBe(300)
    const second = await begin(end)
    expect(second.n).toBe(2)
    const [one, two] = [await arms(first), await arms(second)]
    expect([...one].filter(([id, arm]) => two.get(id) !== arm).length).toBeGreaterThan(20)
  })

  test('nights: the next three o\'clock in Shanghai', () => {
    expect(nextNight(start)).toBe(Date.parse('2026-03-02T03:00:00+08:00'))
    expect(nextNight(Date.parse('2026-03-02T02:59:00+08:00'))).toBe(Date.parse('2026-03-02T03:00:00+08:00'))
    expect(nextNight(Date.parse('2026-03-02T03:00:00+08:00'))).toBe(Date.parse('2026-03-03T03:00:00+08:00'))
    expect(epochEnd(Date.parse('2026-03-02T03:00:00+08:00'), 14)).toBe(Date.parse('2026-03-16T03:00:00+08:00'))
  })
})
