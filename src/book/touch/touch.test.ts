import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { resolvePersons } from '../person/index.ts'
import { createTouchIndex, countTouches, recordTouches, touchesOf, type Touch } from './index.ts'

let t: TestDb
let tenantId: number
const ids = testIds('touch')
const day = 86_400_000
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'touch')
})
afterAll(() => t.close())

const person = async (value: string, unionid?: string): Promise<string> =>
  (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, [{ ...(unionid ? { unionid } : {}), local: { kind: 'external_userid', scope: 'corp', value }, seenAt: start, evidence: 'test' }], ids))).personIds[0]
const sent = (personId: string, at: number, ref: string, weight = 1): Touch => ({ personId, occurredAt: at, kind: 'message.sell', line: 'wecom', direction: 'outbound', weight, reason: 'broadcast/x', ref })

describe('touches', () => {
  test('the same reference is recorded once, within a call and between calls', async () => {
    const p = await person('wm-once')
    expect(await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'a'), sent(p, start, 'a'), sent(p, start + 1000, 'b')]))).toHaveLength(2)
    expect(await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'a')]))).toEqual([])
    expect(await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'c')]))).toHaveLength(1) // control: a new one counts
    expect((await t.app(tenantId, (tx) => touchesOf(tx, tenantId, [p]))).map((touch) => touch.ref).sort()).toEqual(['a', 'b', 'c'])
  })

  test('rows cannot be changed or deleted by the app', async () => {
    for (const sql of ['update touch set weight = 0 where tenant_id = $1', 'delete from touch where tenant_id = $1']) await expect(t.app(tenantId, (tx) => tx.run(sql, [tenantId]))).rejects.toThrow('permission denied')
  })

  test('writers at once get ranges that do not overlap, and a reader by seq misses nothing', async () => {
    const p = await person('wm-many')
    const made = await Promise.all(Array.from({ length: 8 }, (_, n) => t.app(tenantId, (tx) => recordTouches(tx, tenantId, Array.from({ length: 25 }, (__, k) => sent(p, start, `m-${n}-${k}`))))))
    expect(new Set(made.flat().map((touch) => touch.seq)).size).toBe(200)
  })

  test('pressure halves every half-life, inbound touches weigh nothing, and what comes later is not counted', async () => {
    const index = createTouchIndex()
    const p = await person('wm-pressure')
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [
      sent(p, start - 14 * day, 'p1'), sent(p, start - 7 * day, 'p2', 0.5), sent(p, start + day, 'p3'), { ...sent(p, start, 'p4', 5), kind: 'reply', direction: 'inbound' },
    ]))
    const ask = (at: number) => t.app(tenantId, (tx) => index.pressureOf(tx, tenantId, [p], at, 7))
    expect((await ask(start))[0]).toBeCloseTo(0.25 + 0.25, 6)
    expect((await ask(start + day))[0]).toBeCloseTo(0.5 * 2 ** (-1 / 7) + 1, 6)
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'p5')])) // control: the index keeps up
    expect((await ask(start))[0]).toBeCloseTo(1.5, 6)
  })

  test('rows of a transaction that was given up are not remembered', async () => {
    const index = createTouchIndex()
    const p = await person('wm-given-up')
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'g1')]))
    await expect(t.app(tenantId, async (tx) => {
      await recordTouches(tx, tenantId, [sent(p, start, 'g2'), sent(p, start, 'g3')])
      expect((await index.pressureOf(tx, tenantId, [p], start, 7))[0]).toBeCloseTo(3, 6)
      throw new Error('given up')
    })).rejects.toThrow('given up')
    expect((await t.app(tenantId, (tx) => index.pressureOf(tx, tenantId, [p], start, 7)))[0]).toBeCloseTo(1, 6)
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(p, start, 'g4', 4), sent(p, start, 'g5', 4)])) // the same seqs again
    expect((await t.app(tenantId, (tx) => index.pressureOf(tx, tenantId, [p], start, 7)))[0]).toBeCloseTo(9, 6)
  })

  test('after a merge the pressure and the touches of both belong to the one that is kept', async () => {
    const index = createTouchIndex()
    const first = await person('wm-first', 'union-1')
    const second = await person('wm-second')
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [sent(first, start, 'f'), sent(second, start, 's', 2)]))
    const ask = async (id: string) => (await t.app(tenantId, (tx) => index.pressureOf(tx, tenantId, [id], start, 7)))[0]
    expect(await ask(first)).toBeCloseTo(1, 6)
    expect(await person('wm-second', 'union-1')).toBe(first)
    expect(await ask(first)).toBeCloseTo(3, 6)
    expect((await t.app(tenantId, (tx) => touchesOf(tx, tenantId, [first]))).map((touch) => [touch.personId, touch.ref])).toEqual([[first, 's'], [first, 'f']])
  })

  test('another merchant sees none of it', async () => {
    const other = await makeTenant(t, 'touch-other')
    expect(await t.app(other, (tx) => countTouches(tx, other, 0, start * 2))).toEqual([])
    expect((await t.app(tenantId, (tx) => countTouches(tx, tenantId, 0, start * 2))).length).toBeGreaterThan(0)
  })
})
