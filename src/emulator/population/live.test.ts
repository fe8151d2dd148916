import { describe, expect, it } from 'vitest'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { manualClock } from '../../kernel/clock.ts'
import { createEmulator, type Emulator } from '../core/emulator.ts'
import { shopLine } from '../shop/index.ts'
import { wecomLine } from '../wecom/index.ts'
import { populationModule } from './index.ts'

const start = startOfDay('2026-03-02')

function world(): Emulator {
  return createEmulator({
    seed: 'population', modules: [shopLine, wecomLine, populationModule], start, clock: { kind: 'queue' }, wireClock: manualClock(start), concurrency: 1, send: async () => ({ status: 200, body: 'success' }),
  })
}

async function liveDays(emulator: Emulator, from: number, days: number): Promise<void> {
  for (let d = from; d < from + days; d++) {
    await emulator.act('main', 'population.day', { start: start + d * dayMs })
    await emulator.advanceTo(start + (d + 1) * dayMs)
  }
}

async function setUp(emulator: Emulator): Promise<void> {
  await emulator.act('main', 'shop.addProducts', { products: [3200, 5800, 9900].map((priceFen, n) => ({ title: `茶 ${n}`, outProductId: `t${n}`, skus: [{ outSkuId: `t${n}`, skuCode: `T${n}`, priceFen, stock: 9000 }] })) })
  await emulator.act('main', 'population.create', { preset: 'tea', people: 300, seed: 5 })
}

describe('a population in a world', () => {
  it('orders, adds members, gets messages that members confirm, and leaves', async () => {
    const emulator = world()
    await setUp(emulator)
    await liveDays(emulator, 0, 3)
    const before = (await emulator.act('main', 'population.view')) as Record<string, number>
    expect(before.orders).toBeGreaterThan(5)
    expect(before.contacts).toBeGreaterThan(20)
    for (let d = 3; d < 17; d++) {
      await emulator.act('main', 'wecom.memberBroadcast', { userid: 'WangXiaoHe', text: `第 ${d} 天` })
      await liveDays(emulator, d, 1)
    }
    const after = (await emulator.act('main', 'population.view')) as Record<string, number>
    expect(after.orders).toBeGreaterThan(before.orders)
    const truth = emulator.namespace().slices.population as { current: { totals: Record<string, number> } }
    expect(truth.current.totals.seen).toBeGreaterThan(20)
    await emulator.close()
  })

  it('is the same world for a seed, and another after a restore only in what comes later', async () => {
    const one = world()
    await setUp(one)
    await liveDays(one, 0, 2)
    const kept = JSON.parse(JSON.stringify(one.snapshot())) as unknown
    await liveDays(one, 2, 2)
    const two = world()
    await two.restore('main', kept)
    await liveDays(two, 2, 2)
    expect(two.stateHash()).toBe(one.stateHash())
    const other = world()
    await other.act('main', 'population.create', { preset: 'tea', people: 300, seed: 6 })
    await liveDays(other, 0, 4)
    expect(other.stateHash()).not.toBe(one.stateHash())
    await Promise.all([one.close(), two.close(), other.close()])
  })

  it('sends some of its contacts to the mall, the same ones for a seed, each once; nobody where there is none (control)', async () => {
    const errandsOf = async (mall: number): Promise<Array<{ person: string; fen: number; likes: number[] }>> => {
      const emulator = world()
      await emulator.act('main', 'shop.addProducts', { products: [{ title: '茶', outProductId: 't', skus: [{ outSkuId: 't', skuCode: 'T', priceFen: 3200, stock: 9000 }] }] })
      await emulator.act('main', 'population.create', { preset: 'tea', people: 300, seed: 5, mall })
      await liveDays(emulator, 0, 6)
      const { errands } = (await emulator.act('main', 'population.errands', { goods: 3 })) as { errands: Array<{ person: string; day: number; fen: number; likes: number[] }> }
      expect((await emulator.act('main', 'population.errands', {})) as object).toEqual({ errands: [] })
      for (const { person, day } of errands) await emulator.act('main', 'population.bought', { person, day })
      expect(await emulator.act('main', 'population.view', {})).toMatchObject({ mallVisits: errands.length, mallOrders: errands.length })
      await emulator.close()
      return errands
    }
    const some = await errandsOf(0.5)
    expect(some.length).toBeGreaterThan(2)
    expect(some.every((one) => one.fen > 0 && one.likes.length === 3 && one.likes.every((like) => like > 0 && like <= 1))).toBe(true)
    expect(await errandsOf(0.5)).toEqual(some)
    expect(await errandsOf(0)).toEqual([])
  })

  it('answers that there is nobody before it is created', async () => {
    const emulator = world()
    await expect(emulator.act('main', 'population.day', { start })).rejects.toThrow('no population')
    await emulator.close()
  })
})
