import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { absorptionFromStart, type Chain } from './chain.ts'
import { normalCdf, poolIntegrated, poolPlugIn } from './calibrate.ts'
import {
  applyCalibration, calibrateToHoldouts, creditByRule, creditTable, markovCredit, pathsFromLists, refundFen, ruleNames, shapleyCredit, shapleyOfGame,
  shapleySampled, splitFen, touchWeights, type Paths,
} from './index.ts'

const [A, B, C] = [0, 1, 2]
const tiny = pathsFromLists(3, [
  { path: [A, B], conversions: 2, nulls: 1 },
  { path: [A], conversions: 1, nulls: 3 },
  { path: [B, C, A], conversions: 1, nulls: 0 },
  { path: [C], conversions: 0, nulls: 2 },
])
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0)

const pathDataFile = new URL('../../../../shared/data/path_data/path_data.csv.gz', import.meta.url)
const channelNames = ['alpha', 'beta', 'delta', 'epsilon', 'eta', 'gamma', 'iota', 'kappa', 'lambda', 'mi', 'theta', 'zeta']
function readPathData(): Paths {
  const lines = gunzipSync(readFileSync(pathDataFile)).toString('utf8').trim().split('\n').slice(1)
  return pathsFromLists(12, lines.map(line => {
    const [path, conversions, value, nulls] = line.trim().split(',')
    const channels = path.replaceAll('"', '').split(' > ').map(name => channelNames.indexOf(name))
    return { path: channels, conversions: Number(conversions), value: Number(value), nulls: Number(nulls) }
  }))
}
const byName = (values: Float64Array): Record<string, number> => Object.fromEntries(channelNames.map((name, i) => [name, values[i]]))
const expectDigits = (found: Record<string, number>, wanted: Record<string, number>, digits: number): void => {
  for (const [name, value] of Object.entries(wanted)) expect(found[name], name).toBeCloseTo(value, digits)
}

describe('credit rules', () => {
  test('time decay over many paths equals the weights of each path, also for ages beyond all half-lives (property)', () => {
    const ages = fc.array(fc.oneof(fc.double({ min: 0, max: 60, noNaN: true }), fc.constantFrom(0, 7, 7 / 1024, 7_518, 1e6, 1e300)), { minLength: 1, maxLength: 6 })
    fc.assert(fc.property(fc.array(ages, { minLength: 1, maxLength: 5 }), list => {
      const paths = pathsFromLists(6, list.map(one => ({ path: one.map((_, i) => i), conversions: 1, ages: one })))
      const credit = creditByRule(paths, 'time-decay').conversions
      const plain = new Float64Array(6)
      for (const one of list) touchWeights('time-decay', one.length, one).forEach((weight, i) => { plain[i] += weight })
      plain.forEach((value, i) => expect(Math.abs(credit[i] - value)).toBeLessThanOrEqual(1e-14 * list.length))
    }), { numRuns: 300 })
  })
  test('weights of four touches follow each rule, and time decay gives the known shares', () => {
    expect([...touchWeights('first', 4)]).toEqual([1, 0, 0, 0])
    expect([...touchWeights('last', 4)]).toEqual([0, 0, 0, 1])
    expect([...touchWeights('linear', 4)]).toEqual([0.25, 0.25, 0.25, 0.25])
    expect([...touchWeights('position', 4)]).toEqual([0.4, 0.1, 0.1, 0.4])
    expect([...touchWeights('position', 2)]).toEqual([0.5, 0.5])
    expect([...touchWeights('position', 1)]).toEqual([1])
    const decay = touchWeights('time-decay', 4, [10, 6, 1, 0])
    // Computed with 40-digit decimals: 2^(−age/7) normalised.
    ;[0.13130559015915, 0.19511935710825, 0.32012661455476, 0.35344843817781].forEach((value, i) => expect(decay[i]).toBeCloseTo(value, 13))
  })
  test('a very old path still has shares instead of 0/0', () => {
    expect([...touchWeights('time-decay', 2, [20_000, 20_000])]).toEqual([0.5, 0.5])
  })
  test('99.99 yuan and its refund of 33.33 are split to the fen', () => {
    const weights = touchWeights('time-decay', 4, [10, 6, 1, 0])
    const paid = splitFen(weights, 9999)
    expect([...paid]).toEqual([1313, 1951, 3201, 3534])
    const refund = refundFen(weights, 9999, 0, 3333)
    expect([...refund].map((fen, i) => fen + paid[i])).toEqual([875, 1301, 2134, 2356])
  })
  test('parts always sum exactly to the net, whatever the weights and the refunds (property)', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 }), fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (raw, net) => {
      const total = sum(raw)
      const weights = raw.map(value => (total === 0 ? 1 / raw.length : value / total))
      const parts = splitFen(weights, net)
      expect(sum(parts)).toBe(net)
      parts.forEach((part, i) => expect(Math.abs(part - weights[i] * net)).toBeLessThan(1 + 1e-6))
    }), { numRuns: 300 })
  })
  test('control: rounding each part on its own loses fen', () => {
    const weights = [1 / 3, 1 / 3, 1 / 3]
    expect(sum(weights.map(weight => Math.round(weight * 100)))).not.toBe(100)
    expect(sum(splitFen(weights, 100))).toBe(100)
  })
  test('an order without a touch is credited to unknown, by every model', () => {
    const paths = pathsFromLists(2, [{ path: [], conversions: 3, value: 9 }, { path: [0], conversions: 1, value: 2, ages: [1] }])
    for (const credit of [...ruleNames.map(rule => creditByRule(paths, rule)), markovCredit(paths), shapleyCredit(paths)]) {
      expect(credit.unknown).toEqual({ conversions: 3, value: 9 })
      expect(credit.conversions[0]).toBeCloseTo(1, 12)
      expect(creditTable(credit).map(row => row.channel)).toEqual([0, 'unknown', 'would have bought anyway'])
    }
  })
})

describe('Markov', () => {
  test('the small example gives the published removal effects and credits', () => {
    const first = markovCredit(tiny)
    ;[0.875, 0.5208333333, 0.109375].forEach((value, i) => expect(first.removalEffect[i]).toBeCloseTo(value, 9))
    ;[2.3252595156, 1.384083045, 0.2906574394].forEach((value, i) => expect(first.conversions[i]).toBeCloseTo(value, 9))
    const second = markovCredit(tiny, { order: 2 })
    ;[1, 0.75, 0.25].forEach((value, i) => expect(second.removalEffect[i]).toBeCloseTo(value, 12))
    ;[2, 1.5, 0.5].forEach((value, i) => expect(second.conversions[i]).toBeCloseTo(value, 12))
  })
  test('elimination and enclosure agree on random chains to 1e-12', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), seed => {
      const small = randomChain(seed, 40)
      // The same chain with unreachable states appended is large enough for the other method.
      const large = padChain(small, 400)
      const removed = Uint8Array.from({ length: 40 }, (_, s) => (s > 0 && (s * 7 + seed) % 5 === 0 ? 1 : 0))
      const removedLarge = new Uint8Array(440)
      removedLarge.set(removed)
      const a = absorptionFromStart(small, removed)
      const b = absorptionFromStart(large, removedLarge)
      expect([a.method, b.method]).toEqual(['elimination', 'enclosure'])
      expect(Math.abs(a.fromStart - b.fromStart)).toBeLessThan(1e-12)
    }), { numRuns: 60 })
  })
  test('a channel in every converting path has removal effect 1; a channel in none has 0', () => {
    const credit = markovCredit(pathsFromLists(3, [{ path: [0, 1], conversions: 5, nulls: 2 }, { path: [0], conversions: 1, nulls: 2 }, { path: [2], conversions: 0, nulls: 4 }]))
    expect(credit.removalEffect[0]).toBe(1)
    expect(credit.removalEffect[2]).toBe(0)
  })
  test('without any conversion nothing is credited, and the chain says probability 0', () => {
    const credit = markovCredit(pathsFromLists(2, [{ path: [0, 1], conversions: 0, nulls: 5 }]))
    expect(credit.baseProbability).toBe(0)
    expect(sum(credit.conversions)).toBe(0)
  })
})

function randomChain(seed: number, n: number): Chain {
  let x = seed >>> 0
  const next = (): number => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const rowStarts = new Uint32Array(n + 1)
  const targets: number[] = []
  const probabilities: number[] = []
  const success = new Float64Array(n)
  const failure = new Float64Array(n)
  for (let s = 0; s < n; s++) {
    const to = [1 + Math.floor(next() * (n - 1)), 1 + Math.floor(next() * (n - 1)), 1 + Math.floor(next() * (n - 1))]
    const weights = [next(), next(), next(), next() * 0.3, next() * 0.5 + 0.01]
    const total = sum(weights)
    to.forEach((target, i) => { targets.push(target); probabilities.push(weights[i] / total) })
    success[s] = weights[3] / total
    failure[s] = weights[4] / total
    rowStarts[s + 1] = targets.length
  }
  return { stateCount: n, rowStarts, targets: Uint32Array.from(targets), probabilities: Float64Array.from(probabilities), success, failure }
}
function padChain(chain: Chain, extra: number): Chain {
  const n = chain.stateCount + extra
  const rowStarts = new Uint32Array(n + 1).fill(chain.targets.length)
  rowStarts.set(chain.rowStarts)
  const pad = (values: Float64Array): Float64Array => { const out = new Float64Array(n); out.set(values); return out }
  const failure = pad(chain.failure)
  failure.fill(1, chain.stateCount)
  return { ...chain, stateCount: n, rowStarts, success: pad(chain.success), failure }
}

describe('Shapley', () => {
  test('the small example', () => {
    ;[2 + 1 / 3, 1 + 1 / 3, 1 / 3].forEach((value, i) => expect(shapleyCredit(tiny).conversions[i]).toBeCloseTo(value, 12))
  })
  test('the linear pass equals the subset lattice of the game it claims to solve (property)', () => {
    fc.assert(fc.property(arbitraryPaths(5), paths => {
      const linear = shapleyCredit(paths)
      const worth = new Float64Array(32)
      for (let mask = 0; mask < 32; mask++) {
        for (let p = 0; p < paths.conversions.length; p++) {
          let used = 0
          for (let i = paths.offsets[p]; i < paths.offsets[p + 1]; i++) used |= 1 << paths.channels[i]
          if (used !== 0 && (used & ~mask) === 0) worth[mask] += paths.conversions[p]
        }
      }
      shapleyOfGame(5, worth).forEach((value, i) => expect(value).toBeCloseTo(linear.conversions[i], 9))
    }), { numRuns: 100 })
  })
  test('sampling agrees with the lattice within its printed standard error, and is the same for a seed', () => {
    const worthOf = (members: Uint8Array): number => Math.sqrt(members.reduce((total, bit, i) => total + bit * (i + 1), 0)) + (members[0] && members[3] ? 1 : 0)
    const worth = Float64Array.from({ length: 64 }, (_, mask) => worthOf(Uint8Array.from({ length: 6 }, (_, i) => (mask >> i) & 1)))
    const exact = shapleyOfGame(6, worth)
    const sampled = shapleySampled(6, worthOf, { seed: 7, tolerance: 0.002 })
    expect(sampled.reached).toBe(true)
    exact.forEach((value, i) => expect(Math.abs(value - sampled.values[i])).toBeLessThan(4.5 * sampled.standardErrors[i] + 1e-12))
    expect(shapleySampled(6, worthOf, { seed: 7, tolerance: 0.002 }).values).toEqual(sampled.values)
    expect(shapleySampled(6, worthOf, { seed: 8, tolerance: 0.002 }).values).not.toEqual(sampled.values)
  })
  test('control: the game of conversion rates is refused, because it credits a rare channel with orders it never touched', () => {
    expect(() => shapleyCredit(tiny, { worth: 'conversion-rate' })).toThrow(/refused/)
    // Two channels: the big one makes 100 of 1,000, the rare one 1 of 1. By rate the rare one gets nearly everything.
    const rate = shapleyOfGame(2, [0, 100 / 1000, 1, 101 / 1001])
    expect(rate[1]).toBeGreaterThan(0.4)
    expect(rate[0]).toBeLessThan(-0.3)
    const honest = shapleyCredit(pathsFromLists(2, [{ path: [0], conversions: 100, nulls: 900 }, { path: [1], conversions: 1 }]))
    expect([...honest.conversions]).toEqual([100, 1])
  })
})

function arbitraryPaths(channels: number): fc.Arbitrary<Paths> {
  return fc.array(fc.record({
    path: fc.array(fc.integer({ min: 0, max: channels - 1 }), { minLength: 0, maxLength: 8 }),
    conversions: fc.integer({ min: 0, max: 5 }), nulls: fc.integer({ min: 0, max: 5 }), value: fc.integer({ min: 0, max: 500 }),
  }), { minLength: 1, maxLength: 25 }).map(rows => pathsFromLists(channels, rows.map(row => ({ ...row, ages: row.path.map((_, i) => row.path.length - i) }))))
}

describe('invariants', () => {
  test('every model adds up to what was sold, and the order of the paths does not matter (property)', () => {
    fc.assert(fc.property(arbitraryPaths(4), paths => {
      const total = sum(paths.conversions)
      const models = [...ruleNames.map(rule => creditByRule(paths, rule)), shapleyCredit(paths)]
      for (const order of [1, 2, 3, 4]) {
        const credit = markovCredit(paths, { order })
        if (credit.baseProbability > 0) models.push(credit)
      }
      for (const credit of models) {
        expect(sum(credit.conversions) + credit.unknown.conversions + credit.wouldHaveBoughtAnyway.conversions).toBeCloseTo(total, 8)
        expect(sum(credit.values) + credit.unknown.value + credit.wouldHaveBoughtAnyway.value).toBeCloseTo(sum(paths.values ?? []), 7)
        const shares = sum(creditTable(credit).map(row => row.share))
        expect(shares).toBeCloseTo(total > 0 ? 1 : 0, 9)
      }
    }), { numRuns: 80 })
  })
  test('grouping identical paths changes nothing (property)', () => {
    fc.assert(fc.property(arbitraryPaths(4), fc.integer({ min: 1, max: 3 }), (paths, order) => {
      const rows = Array.from(paths.conversions, (conversions, p) => ({
        path: Array.from(paths.channels).slice(paths.offsets[p], paths.offsets[p + 1]), conversions, nulls: paths.nulls![p], value: paths.values![p],
      }))
      const single = rows.flatMap(row => Array.from({ length: row.conversions + row.nulls }, (_, i) => ({ path: row.path, conversions: i < row.conversions ? 1 : 0, nulls: i < row.conversions ? 0 : 1 })))
      const grouped = markovCredit(paths, { order })
      const split = markovCredit(pathsFromLists(4, single.reverse()), { order })
      expect(split.states).toBe(grouped.states)
      split.conversions.forEach((value, i) => expect(value).toBeCloseTo(grouped.conversions[i], 9))
    }), { numRuns: 60 })
  })
  test('for order 1 each removal effect equals N_sc · v_c / N_cc of the fundamental matrix', () => {
    // Tiny example by hand: Q over (start, A, B, C), r to conversion; the dense inverse is computed here, independently of the solver.
    const q = [[0, 7 / 10, 1 / 10, 2 / 10], [0, 0, 3 / 8, 0], [0, 0, 0, 1 / 4], [0, 1 / 3, 0, 0]]
    const r = [0, 2 / 8, 2 / 4, 0]
    const n = inverse(q.map((row, i) => row.map((value, j) => (i === j ? 1 : 0) - value)))
    const v = n.map(row => row.reduce((total, value, j) => total + value * r[j], 0))
    const credit = markovCredit(tiny)
    for (const c of [1, 2, 3]) expect(credit.removalEffect[c - 1]).toBeCloseTo((n[0][c] * v[c]) / n[c][c] / v[0], 12)
  })
})

function inverse(matrix: number[][]): number[][] {
  const n = matrix.length
  const m = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let i = 0; i < n; i++) {
    const pivot = m[i][i]
    m[i] = m[i].map(value => value / pivot)
    for (let k = 0; k < n; k++) if (k !== i) { const factor = m[k][i]; m[k] = m[k].map((value, j) => value - factor * m[i][j]) }
  }
  return m.map(row => row.slice(n))
}

describe('calibration to holdouts', () => {
  const input = {
    credit: [100, 80, 60, 40], total: 280,
    tested: [{ channel: 0, incremental: 40, standardError: 10 }, { channel: 1, incremental: 50, standardError: 15 }, { channel: 2, incremental: 12, standardError: 9 }],
  }
  test('the plug-in form gives the known ratios', () => {
    const out = calibrateToHoldouts({ ...input, method: 'plug-in' })
    expect(out.betweenSd ** 2).toBeCloseTo(0.0164656069, 9)
    expect(out.meanRatio).toBeCloseTo(0.3906530917, 9)
    // Computed with 40-digit decimals from the exact Paule–Mandel root.
    ;[0.39646828115109, 0.46540174074268, 0.31008925333475].forEach((value, i) => expect(out.ratio[i]).toBeCloseTo(value, 12))
    expect(poolPlugIn([0.4, 0.625, 0.2], [0.1, 0.1875, 0.15]).meanSd).toBeCloseTo(0.1098833523, 9)
  })
  test('the integrated form gives the published means and intervals', () => {
    const pooled = poolIntegrated([3.1, -0.4, 1.8, 5.2, 0.6], [1, 0.8, 1.5, 2, 0.5], 1)
    expect(pooled.mean).toBeCloseTo(1.4541855416, 9)
    expect(pooled.tau).toBeCloseTo(1.3421842563, 9)
    ;[2.25503177, 0.25599258, 1.52093184, 2.48316692, 0.7558046].forEach((value, j) => expect(pooled.each[j].mean).toBeCloseTo(value, 7))
    ;[[0.5417, 4.2849], [-1.3342, 1.6133], [-0.4109, 3.7924], [0.2132, 6.0541], [-0.1865, 1.6624]].forEach(([low, high], j) => {
      expect(pooled.each[j].low).toBeCloseTo(low, 4)
      expect(pooled.each[j].high).toBeCloseTo(high, 4)
    })
  })
  test('credit and the row "would have bought anyway" add up to the orders; untested channels are marked and less certain', () => {
    const out = calibrateToHoldouts(input)
    expect(sum(out.credit) + out.wouldHaveBoughtAnyway).toBeCloseTo(280, 9)
    expect([...out.tested]).toEqual([1, 1, 1, 0])
    expect(out.priorMatters).toBe(true)
    expect(out.ratioHigh[3] - out.ratioLow[3]).toBeGreaterThan(Math.max(...[0, 1, 2].map(i => out.ratioHigh[i] - out.ratioLow[i])))
  })
  test('the row may be negative and is shown as such', () => {
    const out = calibrateToHoldouts({ credit: [50], total: 50, tested: [{ channel: 0, incremental: 70, standardError: 5 }] })
    expect(out.credit[0]).toBeCloseTo(70, 9)
    expect(out.wouldHaveBoughtAnyway).toBeCloseTo(-20, 9)
  })
  test('applied to a credit table, conversions and value keep their totals', () => {
    const credit = { model: 'x', conversions: Float64Array.from(input.credit), values: Float64Array.of(10, 20, 30, 40), unknown: { conversions: 5, value: 1 }, wouldHaveBoughtAnyway: { conversions: 0, value: 0 } }
    const out = applyCalibration(credit, calibrateToHoldouts(input))
    expect(sum(out.conversions) + out.unknown.conversions + out.wouldHaveBoughtAnyway.conversions).toBeCloseTo(285, 9)
    expect(sum(out.values) + out.unknown.value + out.wouldHaveBoughtAnyway.value).toBeCloseTo(101, 9)
  })
  test('control: last touch credits a channel that causes nothing; calibrated to its holdout the credit leaves it', () => {
    // 1,000 persons would buy anyway and see the "coupon" channel last; it adds 5 orders.
    const last = creditByRule(pathsFromLists(2, [{ path: [1, 0], conversions: 1000 }, { path: [1], conversions: 200 }]), 'last')
    expect(last.conversions[0]).toBe(1000)
    const out = calibrateToHoldouts({ credit: last.conversions, total: 1200, tested: [{ channel: 0, incremental: 5, standardError: 20 }, { channel: 1, incremental: 150, standardError: 20 }] })
    expect(out.credit[0]).toBeLessThan(60)
    expect(out.wouldHaveBoughtAnyway).toBeGreaterThan(950)
  })
  test('Φ agrees with known values on both sides of the switch', () => {
    expect(normalCdf(0)).toBe(0.5)
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14)
    expect(normalCdf(-5.5) / 1.8989562465887e-8).toBeCloseTo(1, 10)
    expect(normalCdf(-4.5) / 3.3976731247300e-6).toBeCloseTo(1, 9)
  })
})

describe('input that cannot be used is named', () => {
  test.each([
    ['offsets[0]', { channelCount: 1, offsets: [1, 1], channels: [0], conversions: [1] }, /offsets\[0\] is 1, expected 0/],
    ['a falling offset', { channelCount: 1, offsets: [0, 2, 1], channels: [0], conversions: [1, 1] }, /offsets\[2\] is 1/],
    ['a last offset', { channelCount: 1, offsets: [0, 2], channels: [0], conversions: [1] }, /last offset is 2, expected 1/],
    ['a channel', { channelCount: 2, offsets: [0, 2], channels: [0, 2], conversions: [1] }, /channels\[1\] is 2, expected an integer from 0 to 1/],
    ['NaN conversions', { channelCount: 1, offsets: [0, 1], channels: [0], conversions: [NaN] }, /conversions\[0\] is NaN/],
    ['infinite value', { channelCount: 1, offsets: [0, 1], channels: [0], conversions: [1], values: [Infinity] }, /values\[0\] is Infinity/],
    ['negative null', { channelCount: 1, offsets: [0, 1], channels: [0], conversions: [1], nulls: [-1] }, /nulls\[0\] is -1/],
    ['a short list', { channelCount: 1, offsets: [0, 1], channels: [0], conversions: [] }, /conversions has 0 elements, expected 1/],
  ] as Array<[string, Paths, RegExp]>)('%s', (_name, paths, message) => {
    expect(() => markovCredit(paths)).toThrow(message)
    expect(() => creditByRule(paths, 'linear')).toThrow(message)
    expect(() => shapleyCredit(paths)).toThrow(message)
  })
  test('parameters', () => {
    expect(() => markovCredit(tiny, { order: 5 })).toThrow(/order is 5/)
    expect(() => creditByRule(tiny, 'time-decay')).toThrow(/needs ages/)
    expect(() => touchWeights('time-decay', 2, [1, NaN])).toThrow(/ages\[1\] is NaN/)
    expect(() => touchWeights('time-decay', 1, [1], { halfLifeDays: 0 })).toThrow(/halfLifeDays is 0/)
    expect(() => splitFen([0.5, 0.4], 100)).toThrow(/sum to 0.9/)
    expect(() => shapleyOfGame(21, [])).toThrow(/from 1 to 20/)
    expect(() => shapleyOfGame(1, [0, NaN])).toThrow(/worth\[1\] is NaN/)
    expect(() => calibrateToHoldouts({ credit: [1], total: 1, tested: [] })).toThrow(/no holdout/)
    expect(() => calibrateToHoldouts({ credit: [0], total: 1, tested: [{ channel: 0, incremental: 1, standardError: 1 }] })).toThrow(/channel 0 no credit/)
    expect(() => calibrateToHoldouts({ credit: [1], total: 1, tested: [{ channel: 0, incremental: 1, standardError: 0 }] })).toThrow(/tested\[0\].standardError is 0/)
  })
})

// The table's licence (GPL) keeps it out of this repository; it lies beside a development checkout.
describe.skipIf(!existsSync(pathDataFile))('PathData (skipped when ../shared/data/path_data is absent)', () => {
  const paths = existsSync(pathDataFile) ? readPathData() : tiny
  test('first, last and linear touch', () => {
    expectDigits(byName(creditByRule(paths, 'first').conversions), { alpha: 6308, beta: 2831, delta: 1, epsilon: 99, eta: 3164, gamma: 165, iota: 4606, kappa: 74, lambda: 902, mi: 2, theta: 1606, zeta: 27 }, 9)
    expectDigits(byName(creditByRule(paths, 'last').conversions), { alpha: 8447, beta: 989, delta: 5, epsilon: 531, eta: 4167, gamma: 92, iota: 3355, kappa: 230, lambda: 1207, mi: 2, theta: 653, zeta: 107 }, 9)
    expectDigits(byName(creditByRule(paths, 'linear').conversions), {
      alpha: 7574.7186, beta: 2083.5001, delta: 1.725, epsilon: 272.1704, eta: 3539.9512, gamma: 121.0416, iota: 3857.0962, kappa: 137.9641, lambda: 1035.2576, mi: 2.2222, theta: 1022.8014, zeta: 136.5515,
    }, 4)
    expect(sum(creditByRule(paths, 'linear').values)).toBeCloseTo(74_802.972, 3)
  })
  test('Markov of order 1 with and without null paths, removal effects and probability', () => {
    const withNulls = markovCredit(paths)
    expect(withNulls.states).toBe(13)
    expect(withNulls.baseProbability).toBeCloseTo(0.2238451356, 10)
    expectDigits(byName(withNulls.conversions), {
      eta: 3340.8474, iota: 3884.6147, alpha: 5344.9477, beta: 2527.3522, theta: 1971.9129, lambda: 1282.8472, kappa: 274.3633, zeta: 381.0626, epsilon: 599.5707, gamma: 171.1454, delta: 4.6136, mi: 1.7224,
    }, 4)
    expectDigits(byName(withNulls.removalEffect), { alpha: 0.558399, beta: 0.264039, delta: 0.000482, epsilon: 0.062639, eta: 0.349026, gamma: 0.01788, iota: 0.405835, kappa: 0.028663, lambda: 0.134022, mi: 0.00018, theta: 0.20601, zeta: 0.039811 }, 6)
    const conversionsOnly = markovCredit(paths, { withNulls: false })
    expect(conversionsOnly.baseProbability).toBeCloseTo(1, 12)
    expectDigits(byName(conversionsOnly.conversions), {
      eta: 3347.7659, iota: 3899.2462, alpha: 5260.0696, beta: 2585.4063, theta: 1938.8461, lambda: 1295.4822, kappa: 276.6511, zeta: 394.5215, epsilon: 604.8315, gamma: 176.0281, delta: 4.2587, mi: 1.893,
    }, 4)
  })
  test.each([
    [2, 115, 1.896135, { alpha: 5724.7991, beta: 2425.7904, eta: 3400.6731, delta: 5.1827, mi: 2.1096 }],
    [3, 790, 1.857447, { alpha: 5812.9303, beta: 2400.7334, eta: 3394.5854, delta: 5.3349, mi: 2.1535 }],
    [4, 3154, 1.841002, { alpha: 5849.8632, beta: 2396.6615, eta: 3395.9126, delta: 5.6029, mi: 2.1727 }],
  ])('Markov of order %i', (order, states, effects, wanted) => {
    const credit = markovCredit(paths, { order })
    expect(credit.states).toBe(states)
    expect(credit.baseProbability).toBeCloseTo(0.2238451356, 10)
    expect(sum(credit.removalEffect)).toBeCloseTo(effects, 6)
    expect(credit.solvedWithin).toBeLessThan(1e-12)
    expectDigits(byName(credit.conversions), wanted, 4)
  })
  test('control: without collapsing repeats order 2 gives other figures', () => {
    const credit = markovCredit(paths, { order: 2, collapse: false })
    expect(credit.states).toBe(125)
    expectDigits(byName(credit.conversions), { alpha: 5617.4539, mi: 2.0732 }, 4)
  })
  test('Shapley', () => {
    expectDigits(byName(shapleyCredit(paths).conversions), {
      alpha: 7627.944, beta: 1982.7393, delta: 2.2929, epsilon: 374.6774, eta: 3613.656, gamma: 138.1857, iota: 3505.044, kappa: 159.0571, lambda: 987.7821, mi: 2.6667, theta: 1190.9631, zeta: 199.9917,
    }, 4)
  })
})
