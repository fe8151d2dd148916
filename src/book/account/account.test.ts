import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, refusal, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { balances, book, checkBalanced, type Entry } from './index.ts'

let t: TestDb
let tenantId = 0
const ids = testIds('postings')
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'ledger')
})
afterAll(() => t.close())

const posting = (key: string, entries: Entry[]) => ({ postingId: ids.next(), key, occurredAt: start, recordedAt: start, reason: 'test', entries })
const move = (from: string, to: string, amount: number, unit = 'fen'): Entry[] => [{ account: from, unit, amount: 0 - amount }, { account: to, unit, amount }]
const post = (...postings: ReturnType<typeof posting>[]) => t.app(tenantId, (tx) => book(tx, tenantId, postings))

describe('the ledger', () => {
  test('the same key books once, in another call and inside one', async () => {
    expect(await post(posting('k1', move('a', 'b', 5)))).toEqual(['k1'])
    expect(await post(posting('k1', move('a', 'b', 5)), posting('k2', move('a', 'b', 1)), posting('k2', move('a', 'b', 1)))).toEqual(['k2'])
    expect(await t.app(tenantId, (tx) => balances(tx, tenantId, 'b'))).toEqual([{ account: 'b', unit: 'fen', amount: 6 }])
  })
  test.each([
    ['one that does not add up', [{ account: 'a', unit: 'fen', amount: 1 }]],
    ['one that adds up only across units', [{ account: 'a', unit: 'fen', amount: 1 }, { account: 'b', unit: 'feather', amount: -1 }]],
    ['a fraction of a fen', move('a', 'b', 0.5)],
    ['an amount that is no number', move('a', 'b', Number.NaN)],
  ])('%s is a bug, and nothing of its batch is booked', async (_what, entries) => {
    expect(await refusal(post(posting('good', move('a', 'b', 1)), posting('bad', entries)))).toMatch(/out of balance|not an integer/)
    expect(await t.app(tenantId, (tx) => tx.query(`select key from posting where tenant_id = $1 and key in ('good', 'bad')`, [tenantId]))).toEqual([])
  })
  test('after any mix of postings, repeats and units everything adds up to zero', async () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 30 }), from: fc.constantFrom('x', 'y', 'z'), to: fc.constantFrom('x', 'y', 'z'), unit: fc.constantFrom('fen', 'feather', 'sku:1'), amount: fc.integer({ min: -1000, max: 1000 }) })
    let run = 0
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      run++
      const expected = new Map<string, number>()
      const seen = new Set<number>()
      for (const s of steps) {
        if (seen.has(s.key)) continue
        seen.add(s.key)
        for (const entry of move(s.from, s.to, s.amount, s.unit)) expected.set(`r${run}:${entry.account}/${entry.unit}`, (expected.get(`r${run}:${entry.account}/${entry.unit}`) ?? 0) + entry.amount)
      }
      const half = Math.floor(steps.length / 2)
      for (const part of [steps.slice(0, half), steps.slice(half), steps]) await post(...part.map((s) => posting(`r${run}/${s.key}`, move(`r${run}:${s.from}`, `r${run}:${s.to}`, s.amount, s.unit))))
      const found = await t.app(tenantId, (tx) => balances(tx, tenantId, `r${run}:`))
      expect(new Map(found.map((row) => [`${row.account}/${row.unit}`, row.amount]))).toEqual(expected)
    }), { numRuns: 15 })
    expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toEqual([])
  })
  test('control: an entry written past this module is found', async () => {
    const { rows: [row] } = await t.owner.query('select posting_id from posting where tenant_id = $1 limit 1', [tenantId])
    await t.owner.query(`insert into entry (tenant_id, posting_id, n, account, unit, amount) values ($1, $2, 99, 'a', 'fen', 1)`, [tenantId, row.posting_id])
    expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toMatchObject([{ postingId: row.posting_id, unit: 'fen', off: 1 }])
  })
})
