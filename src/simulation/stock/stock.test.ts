import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { simulateStock, type StockRun } from './index.ts'

/** Fifty short lives here; a thousand long ones by `qz simulate stock --seeds 1000`. */
const steps = 45
let test: TestDb
beforeAll(async () => {
  test = await openTestDb()
})
afterAll(() => test.close())

const lanes = async (seeds: readonly number[], options: Partial<Parameters<typeof simulateStock>[0]> = {}): Promise<StockRun[]> => {
  const runs: StockRun[] = []
  const left = [...seeds]
  await Promise.all([0, 1].map(async () => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) runs.push(await simulateStock({ config: test.serviceConfig, seed, steps, ...options }))
  }))
  return runs.sort((a, b) => a.seed - b.seed)
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('two shelves that misbehave, and one stock', () => {
  it('never sell a unit twice, lose none, and refuse nobody what their own shelf has, in fifty lives', async () => {
    const runs = await lanes(range(1, 50))
    expect(runs.flatMap((run) => run.violations.map((sentence) => `seed ${run.seed}: ${sentence}`))).toEqual([])
    // The lives are lives: processes died, units were pulled for buyers, buyers were served about as often as one pool would have.
    const sum = (of: (run: StockRun) => number): number => runs.reduce((total, run) => total + of(run), 0)
    expect(sum((run) => run.kills)).toBeGreaterThan(50)
    expect(sum((run) => run.pulled)).toBeGreaterThan(10)
    expect(sum((run) => run.served)).toBeGreaterThan(0.85 * sum((run) => run.idealServed))
  }, 60_000)

  it('strand few sales in the mall when nothing fails: the last units are pulled from the Shop', async () => {
    const runs = await lanes(range(201, 206), { faults: false, steps: 110 })
    expect(runs.flatMap((run) => run.violations)).toEqual([])
    const demands = runs.reduce((total, run) => total + run.demands, 0)
    expect(runs.reduce((total, run) => total + run.stranded.mall, 0)).toBeLessThan(0.04 * demands)
  }, 30_000)

  it('the same seed lives the same life', async () => {
    const [first] = await lanes([301])
    const again = await openTestDb()
    try {
      expect(await simulateStock({ config: again.serviceConfig, seed: 301, steps })).toEqual(first)
    } finally {
      await again.close()
    }
  }, 20_000)

  it('are caught selling a unit twice when the guard of the checkout is taken away (control)', async () => {
    const runs = await lanes(range(401, 405), { control: 'no-guard', steps: 110 })
    expect(runs.filter((run) => run.violations.some((sentence) => sentence.includes('ever came in'))).length).toBeGreaterThanOrEqual(2)
  }, 30_000)

  it('are caught when stock is set instead of added to (control)', async () => {
    const runs = await lanes(range(501, 505), { control: 'set-instead-of-add', steps: 110 })
    expect(runs.filter((run) => run.violations.some((sentence) => sentence.includes('ever came in') || sentence.includes('nothing behind'))).length).toBeGreaterThanOrEqual(3)
  }, 30_000)
})
