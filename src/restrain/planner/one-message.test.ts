import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { personId, plantShop } from '../experiment/fixtures/shop.ts'
import { worthOfOneMessage, type OneMessage } from './one-message.ts'

let t: TestDb
let tenantId: number
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'one-message')
  await plantShop(t, tenantId, 80)
})
afterAll(() => t.close())

const worth = (ids: readonly string[]): Promise<OneMessage> => t.app(tenantId, (tx) => worthOfOneMessage(tx, tenantId, ids, start))
const everybody = Array.from({ length: 80 }, (_, n) => personId(n))

test('what it brings and costs adds up over people, its interval is around it, and losses are never negative', async () => {
  const whole = await worth(everybody)
  const [one, other] = [await worth(everybody.slice(0, 30)), await worth(everybody.slice(30))]
  expect([whole.persons, one.persons, other.persons]).toEqual([80, 30, 50])
  expect(one.valueFen + other.valueFen).toBeCloseTo(whole.valueFen, 6)
  expect(one.lost + other.lost).toBeCloseTo(whole.lost, 9)
  expect(whole.lowFen).toBeLessThan(whole.valueFen)
  expect(whole.highFen).toBeGreaterThan(whole.valueFen)
  expect(whole.lostLow).toBeGreaterThanOrEqual(0)
  expect(whole.lostHigh).toBeGreaterThanOrEqual(whole.lost)
})

test('before any epoch nothing is known, and that is said instead of a figure', async () => {
  expect((await worth(everybody)).known).toBe(false)
})

test('strangers and nobody at all are worth nothing', async () => {
  expect(await worth([])).toMatchObject({ persons: 0, valueFen: 0, lost: 0, known: false })
  expect((await worth([personId(999)])).persons).toBe(0)
})
