import pg from 'pg'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { agreement, crossBridge, type BridgeReport } from '../../src/simulation/bridge/index.ts'
import type { Cluster } from '../../src/simulation/index.ts'
import { template } from '../setup/global.ts'

let cluster: Cluster
beforeAll(() => {
  const { host, port } = inject('postgres')
  cluster = { template, pid: 0, stop: async () => {}, config: (database, user = 'qz_owner'): pg.ClientConfig => ({ host, port, database, user }) }
})

describe('the policy harness against the full stack, same people, one word a week', () => {
  let report: BridgeReport
  test('touches, orders and losses of a month agree within the bounds', { timeout: 300_000 }, async () => {
    report = await crossBridge({ cluster, seed: 11, people: 200 })
    expect(report.contacts).toBeGreaterThan(30)
    expect(agreement(report)).toEqual([])
  })
  test('also where members leave tasks unsent: what was not sent last week does not refuse this week\'s message', { timeout: 300_000 }, async () => {
    const missing = await crossBridge({ cluster, seed: 12, people: 60 })
    expect(missing.policy.touches).toBeLessThan(3)
    expect(agreement(missing).filter((sentence) => sentence.startsWith('touches'))).toEqual([])
  })
  test('control: every day instead of once a week is seen at once', { timeout: 300_000 }, async () => {
    const other = await crossBridge({ cluster, seed: 11, people: 60, dose: 28 })
    expect(agreement(other).some((sentence) => sentence.startsWith('touches'))).toBe(true)
  })
})
