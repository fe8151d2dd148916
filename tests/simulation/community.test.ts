import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCluster, type Cluster } from '../../src/simulation/index.ts'
import { falseMost, simulateCommunity, type CommunityCanary, type CommunityReport } from '../../src/simulation/community/index.ts'

/** Honest readers and cheaters in a community; each checker is shown something broken, which it must find and the others must not. */
let cluster: Cluster
beforeAll(async () => {
  cluster = await openCluster()
})
afterAll(() => cluster.stop())

const live = (more: { seed?: number; days?: number; people?: number; canary?: CommunityCanary } = {}) => simulateCommunity({ cluster, seed: 4, days: 3, people: 24, ...more })
const broken = (report: CommunityReport) => Object.entries(report.checkers).filter(([, one]) => one.violations.length > 0).map(([name]) => name)

describe('a community of honest readers and cheaters', () => {
  test('feathers are conserved, cheaters gain nothing, honest people keep theirs, nobody posts while silenced', async () => {
    const report = await live({ days: 6, people: 40 })
    expect(broken(report)).toEqual([])
    for (const one of Object.values(report.checkers)) expect(one.checked).toBeGreaterThan(0)
    const gains = Object.values(report.gain)
    expect(Math.max(...gains.map((one) => one.most))).toBeLessThanOrEqual(0)
    // They did try, and would have got it.
    expect(gains.reduce((sum, one) => sum + one.tried, 0)).toBeGreaterThan(300)
    expect(report.honest.lots).toBeGreaterThan(40)
    expect(report.honest.share).toBeLessThanOrEqual(falseMost)
    expect(report.acts.refusedWhileSilenced).toBeGreaterThan(5)
  }, 120_000)

  test('the same seed lives the same, another seed another', async () => {
    const [one, two, other] = [await live({ days: 2, people: 20 }), await live({ days: 2, people: 20 }), await live({ days: 2, people: 20, seed: 5 })]
    expect([two.hash, other.hash === one.hash]).toEqual([one.hash, false])
  }, 120_000)

  test.each([
    ['conserved', 'balance'], ['gain', 'no-audit'], ['silence', 'no-gate'], ['codes', 'code-given'], ['caps', 'over-cap'], ['honest', 'harsh-audit'],
  ] as const)('%s finds what was broken by %s, and nobody else does', async (name, canary) => {
    expect(broken(await live({ canary }))).toEqual([name])
  }, 120_000)
})
