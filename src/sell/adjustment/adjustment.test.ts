import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { balances, checkBalanced } from '../../book/account/index.ts'
import { finishRun, findRun, listBadRows, putBadRows, putRun } from '../import/index.ts'
import { adjustmentTotals, listAdjustments, postAdjustments, type NewAdjustment } from './index.ts'

let t: TestDb
let tenantId = 0
const ids = testIds('adjustments')
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'adjustments')
})
afterAll(() => t.close())

const adjustment = (key: string, amountFen: number, kind: NewAdjustment['kind'] = 'write-off'): NewAdjustment => ({ key, occurredAt: start, kind, personId: null, skuCode: 'A', quantity: 1, amountFen, reason: '破损', sourceRef: `file line ${key}` })
const post = (...list: NewAdjustment[]) => t.app(tenantId, (tx) => postAdjustments(tx, tenantId, list, 'owner · 店主', start, ids))

test('an adjustment is posted once per key, in another call and inside one, with its reason and who did it', async () => {
  expect(await post(adjustment('1', -500), adjustment('2', 0), adjustment('1', -500))).toBe(2)
  expect(await post(adjustment('1', -999))).toBe(0)
  expect(await post(adjustment('3', -100, 'refund-unlinked'))).toBe(1)
  expect(await t.app(tenantId, (tx) => adjustmentTotals(tx, tenantId))).toEqual({ count: 3, amountFen: -600, unlinkedRefunds: 1, kinds: [{ kind: 'refund-unlinked', count: 1, amountFen: -100 }, { kind: 'write-off', count: 2, amountFen: -500 }] })
  expect(await t.app(tenantId, (tx) => listAdjustments(tx, tenantId, { offset: 0, limit: 1 }))).toMatchObject([{ reason: '破损', actor: 'owner · 店主' }])
})

test('what it changes is in the ledger, and balances', async () => {
  expect(await t.app(tenantId, (tx) => balances(tx, tenantId, 'till:adjustment'))).toEqual([{ account: 'till:adjustment', unit: 'fen', amount: -600 }])
  expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toEqual([])
})

test('an import keeps its counters and the rows it could not use, each once, with line and reason', async () => {
  const runId = ids.next()
  await t.app(tenantId, async (tx) => {
    await putRun(tx, tenantId, { runId, kind: 'replay', source: { file: 'x' }, startedAt: start, finishedAt: null, counters: {} })
    await putBadRows(tx, tenantId, runId, [{ lineNo: 7, reason: 'bad date', content: 'a,\u0000b' }, { lineNo: 3, reason: 'no price', content: '' }])
    await putBadRows(tx, tenantId, runId, [{ lineNo: 7, reason: 'again', content: '' }])
    await finishRun(tx, tenantId, runId, start + 1, { rows: 9 })
  })
  expect(await t.app(tenantId, (tx) => findRun(tx, tenantId, 'replay'))).toMatchObject({ runId, finishedAt: start + 1, counters: { rows: 9 } })
  expect(await t.app(tenantId, (tx) => listBadRows(tx, tenantId, runId, 10))).toEqual([{ lineNo: 3, reason: 'no price', content: '' }, { lineNo: 7, reason: 'bad date', content: 'a,b' }])
})
