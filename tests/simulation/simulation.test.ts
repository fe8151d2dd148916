import pg from 'pg'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { checkers, openLanes, runWorld, shrink, type Canary, type Cluster, type WorldReport } from '../../src/simulation/index.ts'
import { template } from '../setup/global.ts'
import { canaries } from './canaries.ts'

let cluster: Cluster
beforeAll(() => {
  const { host, port } = inject('postgres')
  cluster = { template, pid: 0, stop: async () => {}, config: (database, user = 'qz_owner'): pg.ClientConfig => ({ host, port, database, user }) }
})

const minutes = 60_000
const run = (seed: number, size: { days?: number; people?: number; faults?: number; shuffle?: string; canary?: Canary } = {}) =>
  runWorld({ cluster, seed, days: 30, people: 20, faults: 1, ...size })
const violations = ({ checkers: found }: WorldReport): Record<string, string[]> => Object.fromEntries(Object.entries(found).filter(([, one]) => one.violations.length > 0).map(([name, one]) => [name, one.violations]))

describe('a merchant lives thirty days through storms and restarts, and nothing is lost, doubled or invented', () => {
  const seeds = Array.from({ length: 20 }, (_, n) => n + 1)
  test('twenty seeds', { timeout: 10 * minutes }, async () => {
    const looked = new Map<string, number>()
    let restarts = 0
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < seeds.length) {
        const report = await run(seeds[next++])
        expect(violations(report), report.replay).toEqual({})
        restarts += report.restarts
        for (const [name, one] of Object.entries(report.checkers)) looked.set(name, (looked.get(name) ?? 0) + one.checked)
      }
    }
    await Promise.all([lane(), lane()])
    expect(restarts).toBeGreaterThan(20)
    for (const name of ['stock', 'money', 'book', 'caps', 'gate', 'welcome', 'facts', 'credit', 'points', 'people', 'holdout']) expect(looked.get(name), name).toBeGreaterThan(20)
  })
})

describe('determinism', () => {
  test('the same seed gives the same hash, also beside another world and with rows of unordered statements in another order; another seed gives another', { timeout: 3 * minutes }, async () => {
    const size = { days: 8, people: 20, faults: 2 }
    const [first, again, other] = await Promise.all([run(31, size), run(31, { ...size, shuffle: 'another order' }), run(32, size)])
    expect(again.eventsHash).toBe(first.eventsHash)
    expect(first.events).toBeGreaterThan(20)
    expect(other.eventsHash).not.toBe(first.eventsHash)
  })
})

describe('lanes', () => {
  test('a world in a process of its own is the same world, and one that cannot be is told', { timeout: 3 * minutes }, async () => {
    const lanes = openLanes(cluster, 2)
    try {
      const size = { days: 2, people: 8, faults: 1 }
      const days: number[] = []
      const [one, two] = await Promise.all([lanes.run({ seed: 51, ...size }, (day) => days.push(day)), lanes.run({ seed: 52, ...size })])
      const [here, there] = [await run(51, size), await run(52, size)]
      expect([one.eventsHash, two.eventsHash]).toEqual([here.eventsHash, there.eventsHash])
      expect(days.slice(0, 3)).toEqual([0, 1, 2])
      expect(lanes.cpuMs).toBeGreaterThan(0)
      await expect(lanes.run({ seed: 51, ...size, population: { nothing: 1 } })).rejects.toThrow(/nothing/)
    } finally {
      await lanes.close()
    }
  })
})

describe('every checker can fail', () => {
  test('there is a canary for each', () => expect([...new Set(canaries.map((one) => one.checker))].sort()).toEqual(checkers.map((one) => one.name).sort()))

  test.each(canaries.map((canary) => [canary.checker, canary.what ?? '', canary] as const))('%s finds its canary %s, and nobody else does', { timeout: 3 * minutes }, async (name, _what, canary) => {
    const report = await run(41, { days: 8, people: 16, faults: 0, canary })
    const found = violations(report)
    expect(Object.keys(found), JSON.stringify(found)).toEqual([name])
  })

  test('control: without a canary nobody finds anything', { timeout: 3 * minutes }, async () => {
    expect(violations(await run(41, { days: 8, people: 16, faults: 0 }))).toEqual({})
  })
})

describe('a failing run', () => {
  test('is replayed by one line', { timeout: 3 * minutes }, async () => {
    expect((await run(7, { days: 1, people: 3, faults: 0.5 })).replay).toBe('npm run -s qz -- simulate --seed 7 --days 1 --people 3 --faults 0.5')
  })
  test('is shrunk to the smallest size that still fails', async () => {
    const fails = async ({ days, people, faults }: { days: number; people: number; faults: number }): Promise<boolean> => days >= 7 && people >= 3 && faults >= 0
    const { size, runs } = await shrink({ days: 60, people: 100, faults: 1 }, fails, 60)
    expect(size.faults).toBe(0)
    expect(size.days).toBeLessThanOrEqual(9)
    expect(size.people).toBeLessThanOrEqual(4)
    expect(await fails(size)).toBe(true)
    expect(runs).toBeLessThanOrEqual(61)
  })
  test('control: what does not fail smaller stays as it is', async () => {
    expect((await shrink({ days: 9, people: 9, faults: 1 }, async () => false)).size).toEqual({ days: 9, people: 9, faults: 1 })
  })
})
