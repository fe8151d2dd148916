import { describe, expect, it } from 'vitest'
import { defaultParameters, merchantOf } from '../../emulator/population/parameters.ts'
import { makeTables } from '../../emulator/population/people.ts'
import { measures, playMerchant } from './compare.ts'
import { simulateDosage } from './fleet.ts'
import { makeStart, type Start } from './merchant.ts'
import { play } from './play.ts'
import { constantDose, fleetArms, learner } from './policies.ts'

const parameters = defaultParameters()
const startOf = (preset: 'tea' | 'knowledge', regime: 'loves-news' | 'fragile' | 'messages-do-nothing', contacts: number): Start => {
  const merchant = merchantOf(parameters, preset, regime)
  return makeStart(merchant, makeTables(merchant), 3, 1, contacts)
}
const total = (value: Float64Array): number => value.reduce((sum, x) => sum + x, 0)

describe('the policy harness', () => {
  it('plays one policy twice to the same end, and another seed to another', () => {
    const start = startOf('tea', 'loves-news', 200)
    const one = play(start, constantDose('fixed4', 4), 4, 3)
    expect(play(start, constantDose('fixed4', 4), 4, 3)).toEqual(one)
    expect(total(play(start, constantDose('fixed4', 4), 4, 4).value)).not.toBe(total(one.value))
  })

  it('finds that news pays where it is loved and silence where messages do nothing', () => {
    const worth = (start: Start, dose: number): number => total(play(start, constantDose('dose', dose), 8, 3).value)
    const loved = startOf('tea', 'loves-news', 400)
    expect(worth(loved, 4)).toBeGreaterThan(1.02 * worth(loved, 0))
    const idle = startOf('tea', 'messages-do-nothing', 400)
    expect(worth(idle, 28)).toBeLessThan(worth(idle, 4))
    expect(worth(idle, 4)).toBeLessThan(worth(idle, 0))
  })

  it('gives the learner arms by exact quotas, stores what each arm brought, and keeps a holdout', () => {
    const start = startOf('tea', 'fragile', 600)
    const policy = learner('ours', { seed: 3, tuning: { draws: 200 } })
    play(start, policy, 3, 3)
    const arms = fleetArms(600, false).doses.length
    expect(policy.cells).toHaveLength(3)
    for (const cells of policy.cells) {
      expect(total(cells.persons)).toBeGreaterThan(560)
      for (let s = 0; s < 3; s++) expect(cells.persons[s * arms]).toBeGreaterThan(0)
      for (let c = 0; c < cells.losses.length; c++) expect(cells.losses[c]).toBeLessThanOrEqual(cells.persons[c])
    }
  })

  it('puts the oracle together from whole plays, to the fen as if it had been played', () => {
    const start = startOf('tea', 'fragile', 200)
    const doses = [1, 4, 8]
    const played = play(start, { name: 'mixed', choose: ({ present, start: at }, out) => { for (let i = 0; i < present.length; i++) out[i] = doses[at.segment[i]] } }, 6, 3)
    const whole = doses.map((dose) => play(start, constantDose('dose', dose), 6, 3))
    played.value.forEach((value, c) => expect(value).toBe(whole[c % 3].value[c]))
    expect([...played.segmentLosses]).toEqual(whole.map((one, s) => one.segmentLosses[s]))
  })

  it('never lets a policy of one dose per segment beat the oracle', () => {
    const result = playMerchant(startOf('tea', 'loves-news', 300), 2, 3, { seed: 3, tuning: { draws: 200 } })
    for (const name of ['silence', 'fixed4'] as const) expect(total(result.policies[name].value)).toBeLessThanOrEqual(total(result.policies.oracle.value) + 1)
    expect(measures(result, 2).regret).toBeGreaterThan(-5)
  })

  it('reports the shape that others read, the same for a seed', async () => {
    const options = { contacts: 150, merchants: 3, epochs: 4, seed: 9, perRegime: 1, priorMerchants: 0, tuning: { draws: 100 } }
    const report = await simulateDosage(options)
    expect(await simulateDosage({ ...options, threads: 2 })).toEqual(report)
    expect(Object.keys(report.fleet.policies).sort()).toEqual(['blast', 'engagement', 'fixed4', 'oracle', 'ours', 'silence'])
    expect(report.regimes.map((regime) => regime.name)).toEqual(['loves-news', 'hump-shaped', 'fragile', 'segment-dependent', 'drifting', 'messages-do-nothing'])
    expect(report.fleet.policies.blast.losses).toBeGreaterThan(report.fleet.policies.silence.losses)
    for (const { netFen } of Object.values(report.fleet.policies)) expect(Number.isSafeInteger(netFen)).toBe(true)
  })
})
