import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectionA, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { checkBalanced } from '../../book/account/index.ts'
import { putListings, saveShopProducts } from '../catalog/index.ts'
import { draftOf, emptySku } from './escrow.ts'
import {
  applyFlow, bookTake, changeSetting, changeStock, checkSku, correct, countTake, dropTake, ensureStock, expectedUnits, listAlarms, openShelf, openTake, picksOf, pickUnits, planRebalance, planShelves, putRule, putWarehouse, readSetting, readSkus, readTake,
  rebalanceByClock, reserveBaskets, sellThrough, settleReservations, unbooked, type Shelf,
} from './index.ts'

describe('where units are picked', () => {
  const free = (rows: Record<string, Record<string, number>>) => new Map(Object.entries(rows).map(([sku, places]) => [sku, new Map(Object.entries(places))]))
  const warehouses = [{ warehouseId: 'north', regions: ['11', '12'] }, { warehouseId: 'south', regions: ['44'] }]
  const picks = (rows: Record<string, Record<string, number>>, lines: Array<[string, number]>, region?: string) => Object.fromEntries(pickUnits(free(rows), warehouses, lines.map(([skuId, quantity]) => ({ skuId, quantity })), region))

  it('whole from one warehouse: near the buyer first, then the main one, then the others', () => {
    const all = { a: { '': 5, north: 5, south: 5 } }
    expect(picks(all, [['a', 2]], '44')).toEqual({ a: [['south', 2]] })
    expect(picks(all, [['a', 2]], '65')).toEqual({ a: [['', 2]] })
    expect(picks(all, [['a', 2]])).toEqual({ a: [['', 2]] })
    expect(picks({ a: { '': 0, north: 1, south: 9 } }, [['a', 2]])).toEqual({ a: [['south', 2]] })
    expect(picks({ a: { '': 9, south: 1 }, b: { '': 0, south: 1 } }, [['a', 1], ['b', 1]])).toEqual({ a: [['south', 1]], b: [['south', 1]] })
  })
  it('else line by line, and a line is split before anybody is refused', () => {
    expect(picks({ a: { '': 2, north: 0 }, b: { '': 0, north: 2 } }, [['a', 1], ['b', 2]])).toEqual({ a: [['', 1]], b: [['north', 2]] })
    expect(picks({ a: { '': 1, north: 1, south: 2 } }, [['a', 4]])).toEqual({ a: [['', 1], ['north', 1], ['south', 2]] })
  })
  it('takes exactly what is wanted whenever the sum is enough', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 15 }), ([main, north, south], quantity) => {
      fc.pre(main + north + south >= quantity)
      const taken = picks({ a: { '': main, north, south } }, [['a', quantity]]).a
      expect(taken.reduce((sum, [, n]) => sum + n, 0)).toBe(quantity)
      for (const [place, n] of taken) expect(n).toBeLessThanOrEqual({ '': main, north, south }[place]!)
    }), { numRuns: 200, seed: 7 })
  })
})

describe('the rebalancer', () => {
  const usual = { singleUnits: 3, home: 'auto' as const, pull: 'shop' as const }
  it('keeps a tiny stock on one shelf: the Shop where the mall can pull, else the shelf that sells more', () => {
    expect(planShelves({ mall: 2, shop: 1, reserve: 0 }, { mall: 3, shop: 0 }, usual)).toMatchObject([{ from: 'mall', to: 'shop', quantity: 2, why: 'single-shelf' }])
    expect(planShelves({ mall: 1, shop: 1, reserve: 1 }, { mall: 3, shop: 0 }, { ...usual, pull: 'off' })).toMatchObject([{ from: 'shop', to: 'mall', quantity: 1 }, { from: 'reserve', to: 'mall', quantity: 1 }])
    expect(planShelves({ mall: 1, shop: 1, reserve: 0 }, { mall: 0, shop: 9 }, { ...usual, home: 'mall' })).toMatchObject([{ from: 'shop', to: 'mall' }])
    expect(planShelves({ mall: 2, shop: 1, reserve: 0 }, { mall: 0, shop: 0 }, { ...usual, home: 'both' })).toEqual([])
    expect(planShelves({ mall: 9, shop: 9, reserve: 0 }, { mall: 0, shop: 0 }, usual)).toEqual([])
  })
  it('gives an empty Shop a share, for an empty shelf has no rate', () => {
    expect(planShelves({ mall: 9, shop: 0, reserve: 0 }, { mall: 3, shop: 0 }, usual)).toMatchObject([{ from: 'mall', to: 'shop', quantity: 5, why: 'empty-shelf' }])
  })
  it('follows the last two days, held back by four weeks', () => {
    expect(sellThrough(new Map([[100, 10]]), 100)).toBeCloseTo((3 * 10 / 28 + 10) / 5)
    expect(sellThrough(new Map([[90, 28]]), 100)).toBeCloseTo(3 / 5)
    expect(sellThrough(new Map([[60, 99], [101, 99]]), 100)).toBe(0)
  })
})

describe('drift and differences', () => {
  const shelf: Shelf = { connectionId: 'shop', productId: 'p', platformSkuId: 's', shop: 0, held: 0, elsewhere: 0, platformNum: 0, flowSecond: 0, flowSeen: 0, openedAt: null, reconciledAt: null }
  it('is said with the exact entries between the number we knew and the one found', () => {
    const draft = draftOf({ ...emptySku('k'), reserve: 2, received: 2, shelves: [{ ...shelf }] })
    openShelf(draft, draft.sku.shelves[0], { num: 10, second: 100, seen: 1 }, start)
    applyFlow(draft, draft.sku.shelves[0], [], new Map(), [{ second: 110, op: 4, before: 10, after: 9, orderId: 'o1' }, { second: 120, op: 3, before: 9, after: 14, orderId: '' }, { second: 130, op: 4, before: 13, after: 12, orderId: 'o2' }], () => false, start)
    expect(draft.alarms.find((alarm) => alarm.kind === 'drift')).toMatchObject({
      quantity: 4, detail: { from: 10, to: 12, entries: [{ as: 'order', before: 10, after: 9, orderId: 'o1' }, { as: 'by-hand', before: 9, after: 14 }, { as: 'missing', before: 14, after: 13 }, { as: 'order', orderId: 'o2' }] },
    })
    expect(checkSku(draft.sku)).toEqual([])
  })
  it('no alarm when orders and our own moves explain everything (control)', () => {
    const draft = draftOf({ ...emptySku('k'), shelves: [{ ...shelf }] })
    openShelf(draft, draft.sku.shelves[0], { num: 10, second: 100, seen: 1 }, start)
    applyFlow(draft, draft.sku.shelves[0], [], new Map(), [{ second: 110, op: 4, before: 10, after: 9, orderId: 'o1' }, { second: 120, op: 5, before: 9, after: 10, orderId: 'o1' }], () => false, start)
    expect(draft.alarms).toEqual([])
  })
  it('missing units leave the reserve, then the mall; what is promised already is an alarm', () => {
    const draft = draftOf({ ...emptySku('k'), reserve: 2, mall: 3, reserved: 4, received: 9 })
    expect(correct(draft, -7, null, 'k1', 'lost', start)).toEqual({ reserve: -2, mall: -3, unbacked: 2 })
    expect(checkSku(draft.sku)).toEqual([])
    expect(draft.alarms).toMatchObject([{ kind: 'unbacked', quantity: 2 }])
    expect(expectedUnits(draft.sku, null)).toBe(2)
    expect(correct(draft, 5, null, 'k2', 'found', start)).toEqual({ reserve: 3, mall: 0, unbacked: -2 })
    expect(checkSku(draft.sku)).toEqual([])
  })
})

describe('stock in depth, in the database', () => {
  let test: TestDb
  let tenantId: number
  let skuIds: string[]
  let north = ''
  const ids = testIds('depth')
  const app = <T>(work: Parameters<typeof test.app<T>>[1]) => test.app(tenantId, work)
  const units = async (index = 0) => (await app((tx) => readSkus(tx, tenantId, [skuIds[index]]))).get(skuIds[index])!
  const sound = async () => {
    for (const sku of (await app((tx) => readSkus(tx, tenantId, skuIds))).values()) expect(checkSku(sku)).toEqual([])
    expect(await app((tx) => unbooked(tx, tenantId))).toEqual([])
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  }
  beforeAll(async () => {
    test = await openTestDb()
    tenantId = await makeTenant(test, 'depth')
    north = ids.next()
    await app(async (tx) => {
      await saveShopProducts(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, ['A', 'B'].map((code, n) => ({ productId: `${n}`, title: code, image: '', images: [], description: '', status: 'listed' as const, skus: [{ skuId: `1${n}`, skuCode: code, attrs: {}, priceFen: 1_000 }] })), start, ids)
      const skus = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 order by sku_code`, [tenantId])
      skuIds = skus.map((sku) => sku.skuId)
      await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: start })))
      await ensureStock(tx, tenantId, skuIds, start)
      for (const [n, skuId] of skuIds.entries()) await changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: 20, reason: '' }, `r/${n}`, start, ids)
      await putWarehouse(tx, tenantId, { warehouseId: north, name: '北京仓', position: 1, regions: ['11'], closedAt: null, createdAt: start })
      await changeStock(tx, tenantId, skuIds[0], { kind: 'transfer', from: 'reserve', to: 'mall', quantity: 6 }, 't/1', start, ids)
      await changeStock(tx, tenantId, skuIds[0], { kind: 'transfer', from: 'reserve', to: 'mall', quantity: 4, warehouseId: north }, 't/2', start, ids)
    })
  })
  afterAll(() => test.close())
  const reserve = (orderId: string, quantity: number, region?: string) => app((tx) => reserveBaskets(tx, tenantId, [{ orderId, expiresAt: start, lines: [{ skuId: skuIds[0], quantity }], ...(region ? { region } : {}) }], start, ids))

  it('reserves near the buyer, splits before refusing, and gives back where it took', async () => {
    await app((tx) => changeSetting(tx, tenantId, { pull: 'off' }, start))
    expect(await reserve('near', 3, '11')).toEqual([{ reserved: true }])
    expect(await units()).toMatchObject({ mall: 7, reserved: 3, warehouses: [{ warehouseId: north, mall: 1, reserved: 3 }] })
    expect(await reserve('split', 7)).toEqual([{ reserved: true }])
    expect(await app((tx) => picksOf(tx, tenantId, ['split']))).toMatchObject([{ picks: [['', 6], [north, 1]] }])
    expect(await reserve('more', 1)).toMatchObject([{ reserved: false, available: 0 }])
    await sound()
    await app((tx) => settleReservations(tx, tenantId, ['near'], 'sold', start, ids))
    await app((tx) => settleReservations(tx, tenantId, ['split'], 'released', start, ids))
    expect(await units()).toMatchObject({ mall: 7, reserved: 0, sold: 3, warehouses: [{ mall: 1, reserved: 0 }] })
    await sound()
  })
  it('moves units between warehouses, and takes from the main one first when the mall gives some away', async () => {
    expect(await app((tx) => changeStock(tx, tenantId, skuIds[0], { kind: 'relocate', from: null, to: north, quantity: 7 }, 'w/1', start, ids))).toEqual({ kind: 'short', available: 6 })
    await app((tx) => changeStock(tx, tenantId, skuIds[0], { kind: 'relocate', from: null, to: north, quantity: 4 }, 'w/2', start, ids))
    await app((tx) => changeStock(tx, tenantId, skuIds[0], { kind: 'transfer', from: 'mall', to: 'reserve', quantity: 4 }, 'w/3', start, ids))
    expect(await units()).toMatchObject({ mall: 3, reserve: 14, warehouses: [{ mall: 3 }] })
    await sound()
  })
  it('fills a gap from the reserve, but never from the safety stock', async () => {
    await app((tx) => changeSetting(tx, tenantId, { pull: 'reserve' }, start))
    await app((tx) => putRule(tx, tenantId, { skuId: skuIds[0], safety: 10, home: 'auto' }, start))
    expect(await reserve('gap', 6)).toEqual([{ reserved: true }])
    expect(await units()).toMatchObject({ mall: 0, reserve: 11, reserved: 6 })
    expect(await reserve('too much', 2)).toMatchObject([{ reserved: false, available: 1 }])
    await sound()
  })
  it('counts in two steps: a difference needs a reason, what was shown is what is booked, and only once', async () => {
    const takeId = await app((tx) => openTake(tx, tenantId, { warehouseId: null, note: '月末', actor: 'owner' }, start, ids))
    const count = (counted: number, reason: 'lost' | '' = 'lost') => app((tx) => countTake(tx, tenantId, takeId, [{ skuId: skuIds[1], counted, reason }], 'owner', start))
    const book = (confirm: string) => app((tx) => bookTake(tx, tenantId, takeId, confirm, 'owner', start, ids))
    expect(await count(18, '')).toEqual({ kind: 'no-reason', skuId: skuIds[1], difference: -2 })
    const first = await count(18)
    const shown = await count(17)
    if (first.kind !== 'done' || shown.kind !== 'done') throw new Error('not counted')
    expect(await book(first.value.confirm)).toEqual({ kind: 'changed' })
    // Units come in between the steps: they stay.
    await app((tx) => changeStock(tx, tenantId, skuIds[1], { kind: 'receive', quantity: 5, reason: '' }, 'between', start, ids))
    expect(await book(shown.value.confirm)).toMatchObject({ kind: 'done' })
    expect(await book(shown.value.confirm)).toMatchObject({ kind: 'done' })
    expect(await units(1)).toMatchObject({ reserve: 22, received: 22 })
    expect(await app((tx) => dropTake(tx, tenantId, takeId, 'owner', start))).toEqual({ kind: 'wrong-state', state: 'booked' })
    expect((await app((tx) => readTake(tx, tenantId, takeId)))!.lines).toMatchObject([{ expected: 20, counted: 17, reason: 'lost', booked: { reserve: -3 } }])
    await sound()
  })
  it('says in a dry run what it would move and moves nothing; by the clock it keeps what it would have done', async () => {
    const before = await units(1)
    expect(await app(async (tx) => planRebalance(tx, tenantId, await readSetting(tx, tenantId), start))).toEqual([])
    await app((tx) => changeSetting(tx, tenantId, { rebalance: 'suggest', everyMs: 3_600_000 }, start))
    const work = { tenantId, now: start, ids } as Parameters<typeof rebalanceByClock.run>[0]
    expect(await app((tx) => rebalanceByClock.run(work, tx, { kind: 'stock.rebalance', key: 'all', dueAt: start, state: {}, attempts: 0 }, undefined))).toEqual({ dueAt: start + 3_600_000 })
    expect(await app((tx) => readSetting(tx, tenantId))).toMatchObject({ ranAt: start, last: { applied: false, moves: [] } })
    expect(await units(1)).toEqual(before)
    expect(await app((tx) => listAlarms(tx, tenantId, skuIds[1], 10))).toEqual([])
  })
})
