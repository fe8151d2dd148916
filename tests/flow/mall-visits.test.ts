import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startOfDay } from '../../src/kernel/calendar.ts'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { createMallVisits, type MallVisits } from '../../src/mall-visits.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { createCaptain } from '../../src/simulation/world/index.ts'
import { readSkus } from '../../src/sell/stock/index.ts'
import { listOrders } from '../../src/sell/order/index.ts'

/** People of the population buy at the mall, through its own routes and the emulated pay sheet. */
describe('visits of the population to the mall', { timeout: 60_000 }, () => {
  const world = 'main'
  const start = startOfDay('2026-03-10')
  let runtime: Runtime
  let tenantId: number
  let skuId: string
  let visits: MallVisits
  const asked: string[] = []
  const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
  const act = (name: string, args: unknown) => runtime.emulator!.act(world, name, args) as Promise<Record<string, number>>

  beforeAll(async () => {
    runtime = await openRuntime({ config: { ...readConfig({}).config, sea: 'on' }, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false })
    const { house, emulator } = runtime
    tenantId = await onboard({ house, emulator: emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, { slug: 'visits', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['mall'], lines: ['mini-program', 'pay'], ownerId: undefined })
    const { ask } = createCaptain({ tenantId, clock: house.context.clockOf(tenantId), staff: undefined })
    const desk = async (path: string, body: unknown, params: Record<string, string> = {}) => (await ask(house, 'POST', path, body, params)) as { product: { productId: string; skus: Array<{ skuId: string }> } } | undefined
    const { product } = (await desk('/products', { title: '白茶 50g', skus: [{ skuCode: 'T', priceFen: 9_800 }] }))!
    skuId = product.skus[0].skuId
    await desk('/products/:id/list', { accept: true }, { id: product.productId })
    await desk('/stock/:sku/receive', { quantity: 50, key: 'first delivery' }, { sku: skuId })
    await desk('/stock/:sku/move', { from: 'reserve', to: 'mall', quantity: 45, key: 'first shelf' }, { sku: skuId })
    visits = createMallVisits({ house, emulator: emulator!, world, tenantId, slug: 'visits', delivery: 60, ask: (...call) => (asked.push(`${call[1]} ${call[2]}`), ask(...call)) })
    await act('population.create', { preset: 'tea', people: 2000, seed: 5, mall: 1 })
    await act('population.day', { start })
    await runtime.sea!.runTo(world, start + 86_300_000)
  }, 60_000)
  afterAll(async () => {
    await runtime?.close()
  })

  test('each who is on the way buys once, and the book has the order as paid', async () => {
    const { visits: came, paid } = await visits.run()
    expect(came).toBeGreaterThan(0)
    const units = (await app((tx) => readSkus(tx, tenantId, [skuId]))).get(skuId)
    expect({ came, paid, units }).toMatchObject({ paid: came })
    await runtime.sea!.runTo(world, start + 86_390_000)
    const { rows } = await app((tx) => listOrders(tx, tenantId, { shelf: 'mall' } as never, { offset: 0, limit: 50 }))
    expect(rows.filter((row) => row.status === 'to_ship')).toHaveLength(paid)
    expect(await act('population.view', {})).toMatchObject({ mallVisits: came, mallOrders: paid })
    expect(await visits.run()).toEqual({ visits: 0, paid: 0 })
  })

  test('the desk sends every parcel, once, and brings what runs out', async () => {
    const before = (await app((tx) => readSkus(tx, tenantId, [skuId]))).get(skuId)!.mall
    await visits.desk(start + 86_395_000)
    const parcels = asked.filter((one) => one === 'POST /mall-orders/:orderId/ship').length
    const { rows } = await app((tx) => listOrders(tx, tenantId, { shelf: 'mall' } as never, { offset: 0, limit: 50 }))
    expect(rows.filter((row) => row.status === 'to_receive')).toHaveLength(parcels)
    expect((await app((tx) => readSkus(tx, tenantId, [skuId]))).get(skuId)!.mall).toBe(before < 40 ? before + 60 : before)
    await visits.desk(start + 86_395_000)
    expect(asked.filter((one) => one === 'POST /mall-orders/:orderId/ship')).toHaveLength(parcels)
  })
})
