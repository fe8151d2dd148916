import { describe, expect, it } from 'vitest'
import { keyedUniform } from '../../math/random/index.ts'
import { fitBgNbd, fitGammaGamma } from '../../math/lifetime/index.ts'
import { createChance, slot } from './chance.ts'
import { createDays, happening, type DaysOptions } from './days.ts'
import { makeGraph, spread } from './graph.ts'
import { defaultParameters, fleetMerchant, merchantOf, readParameters, regimeNames, type Merchant, type Parameters, type RegimeName } from './parameters.ts'
import { bytesPerPerson, flag, fork, makePeople, makeTables, type People } from './people.ts'
import { betaTable, gammaQuantile } from './quantile.ts'
import { flatSeason, makeSeason } from './season.ts'
import { confirmsAt } from './staff.ts'
import { relationValue, twinOf } from './truth.ts'

const first = 20_500
const parameters = defaultParameters()
const customers = (merchant: Merchant, size: number, seed = 1): People => {
  const people = makePeople({ merchant, size, seed })
  people.state.flags.fill(flag.alive | flag.bought | flag.contact)
  return people
}
/** Runs days with a mass send every `every` days at this relevance; returns the log as integers. */
function runDays(people: People, days: number, every: number, relevance = 0.5, options: Partial<DaysOptions> = {}, only?: (i: number) => boolean): number[] {
  const engine = createDays(people, flatSeason(first, days + 1), { origin: first, ...options })
  const log: number[] = []
  const { broadcast } = people.merchant.common.lines
  for (let day = first; day < first + days; day++) {
    if (every > 0 && (day - first) % every === every - 1) {
      for (let i = 0; i < people.size; i++) {
        if (only && !only(i)) continue
        const felt = engine.touch(i, day, 0, broadcast, relevance)
        if (felt.left) log.push(day, i, happening.leave, 0)
      }
    }
    engine.live(day, (kind, i, fen) => log.push(day, i, kind, fen))
  }
  return log
}
const rows = (log: number[]): string[] => Array.from({ length: log.length / 4 }, (_, n) => log.slice(n * 4, n * 4 + 4).join(','))
const without = (part: Partial<Parameters['regimes']['fragile']>, shop: Partial<Merchant['shop']> = {}): Merchant => {
  const base = merchantOf(parameters, 'mother-and-baby', { ...parameters.regimes['loves-news'], ...part })
  return { ...base, shop: { ...base.shop, ...shop } }
}

describe('chance', () => {
  it('is SplitMix64 over (seed, merchant, person, day, slot), whatever was asked before', () => {
    const chance = createChance()
    chance.root(11, 3)
    const [high, low] = [chance.personHigh(7), chance.personLow()]
    chance.personHigh(8)
    chance.at(high, low, 20_000)
    chance.u(slot.buy)
    const reference = keyedUniform(11)
    // keyedUniform takes four keys; the first is the merchant.
    expect(chance.u(slot.leave)).toBe(reference(3, 7, 20_000, slot.leave))
    expect(chance.u(slot.buy, 2)).toBe(reference(3, 7, 20_000, slot.buy + 512))
  })
})

describe('quantile tables', () => {
  it('invert the distributions: mean and variance of a fine grid are right', () => {
    const moments = (quantile: (u: number) => number): [number, number] => {
      let one = 0
      let two = 0
      for (let n = 0; n < 20_000; n++) {
        const x = quantile((n + 0.5) / 20_000)
        one += x / 20_000
        two += (x * x) / 20_000
      }
      return [one, two - one * one]
    }
    const gamma = moments(gammaQuantile(0.7))
    expect(gamma[0]).toBeCloseTo(0.7, 3)
    expect(gamma[1]).toBeCloseTo(0.7, 2)
    const beta = moments(betaTable(0.6, 2.4))
    expect(beta[0]).toBeCloseTo(0.2, 4)
    expect(beta[1]).toBeCloseTo((0.6 * 2.4) / (9 * 4), 4)
  })
})

describe('people', () => {
  it('are the first rows of a larger population, except for types and ties, which go by rank', () => {
    const merchant = merchantOf(parameters, 'tea')
    const tables = makeTables(merchant)
    const small = makePeople({ merchant, tables, seed: 4, size: 300 })
    const large = makePeople({ merchant, tables, seed: 4, size: 500 })
    for (const name of ['rate', 'drop', 'mean', 'taste', 'hour'] as const) expect([...large.traits[name].subarray(0, small.traits[name].length)]).toEqual([...small.traits[name]])
    expect(bytesPerPerson(small)).toBeLessThan(120)
  })

  it('give one log for a seed, another for another, and a fork with no difference gives the same', () => {
    const merchant = merchantOf(parameters, 'mother-and-baby')
    const people = customers(merchant, 500)
    const twin = fork(people)
    const log = runDays(people, 60, 7)
    expect(runDays(twin, 60, 7)).toEqual(log)
    expect(runDays(customers(merchant, 500, 2), 60, 7)).not.toEqual(log)
  })

  it('differ in one row only when one person is spared, and only from that day on', () => {
    const merchant = merchantOf(parameters, 'tea', 'fragile')
    const people = customers(merchant, 800)
    const spared = fork(people)
    const all = rows(runDays(people, 90, 7))
    const some = rows(runDays(spared, 90, 7, 0.5, {}, (i) => i !== 17))
    const differ = [...all.filter((row) => !some.includes(row)), ...some.filter((row) => !all.includes(row))]
    for (const row of differ) expect(Number(row.split(',')[1])).toBe(17)
    for (const row of differ) expect(Number(row.split(',')[0])).toBeGreaterThanOrEqual(first + 6)
  })

  it('repeat as often in a year as the presets say, and message-free deletion is the natural rate', () => {
    for (const [preset, share, mean] of [['tea', 0.9, 12.8], ['mother-and-baby', 0.83, 5.4], ['fashion-live', 0.65, 2.7], ['knowledge', 0.27, 0.56]] as const) {
      const people = customers(merchantOf(parameters, preset), 1200)
      const orders = new Int32Array(1200)
      const log = runDays(people, 364, 0)
      for (let n = 0; n < log.length; n += 4) if (log[n + 2] === happening.ownPurchase) orders[log[n + 1]]++
      expect(Math.abs(orders.filter((x) => x > 0).length / 1200 - share)).toBeLessThan(0.04)
      expect(Math.abs(orders.reduce((sum, x) => sum + x, 0) / 1200 / mean - 1)).toBeLessThan(0.2)
    }
  })

  it('are BG/NBD when left alone: a fit recovers r, α and the mean drop-out; Gamma–Gamma recovers the order values', () => {
    // CDNOW's parameters in days. Its customers were watched for 27 to 39 weeks, on average 33: 40% bought again, 1.05 repeats each.
    const merchant = without({}, { r: 0.243, alpha: 4.414 * 7, a: 0.793, b: 2.426, leaveNatural: 0, heavy: 0, valueShape: 6.25, spendShape: 3.74 })
    const size = 7000
    const people = customers({ ...merchant }, size)
    people.traits.budget.fill(1e12)
    const x = new Float64Array(size)
    const t = new Float64Array(size)
    const spend = new Float64Array(size)
    const log = runDays(people, 231, 0)
    for (let n = 0; n < log.length; n += 4) {
      if (log[n + 2] !== happening.ownPurchase) continue
      x[log[n + 1]]++
      t[log[n + 1]] = log[n] - first + 1
      spend[log[n + 1]] += log[n + 3]
    }
    expect(Math.abs(x.filter((n) => n > 0).length / size - 0.4)).toBeLessThan(0.02)
    expect(Math.abs(x.reduce((sum, n) => sum + n, 0) / size - 1.05)).toBeLessThan(0.07)
    const { r, alpha, a, b } = fitBgNbd({ x, t, T: new Float64Array(size).fill(231) }).parameters
    expect(Math.abs(r / 0.243 - 1)).toBeLessThan(0.13)
    expect(Math.abs(alpha / 30.9 - 1)).toBeLessThan(0.2)
    expect(Math.abs(a / (a + b) / (0.793 / 3.219) - 1)).toBeLessThan(0.2)
    const buyers = x.map((_, i) => i).filter((i) => x[i] > 0)
    const values = fitGammaGamma({ x: buyers.map((i) => x[i]), spend: buyers.map((i) => spend[i] / x[i]) }).parameters
    expect(Math.abs(values.p / 6.25 - 1)).toBeLessThan(0.15)
    expect(Math.abs(values.q / 3.74 - 1)).toBeLessThan(0.15)
  })
})

describe('messages', () => {
  it('add purchases and take none away when nobody leaves and nothing is borrowed', () => {
    const merchant = { ...without({ delta: 0 }, { leaveNatural: 0 }), beta: 0, kappaW: 0, winBack: 0 }
    const people = customers(merchant, 1500)
    people.traits.budget.fill(1e12)
    const silent = fork(people)
    const own = (log: number[], kinds: number[]): Set<string> => new Set(rows(log).filter((row) => kinds.includes(Number(row.split(',')[2]))).map((row) => row.split(',').slice(0, 2).join()))
    const touched = runDays(people, 120, 4)
    const untouched = own(runDays(silent, 120, 0), [happening.ownPurchase])
    const any = own(touched, [happening.ownPurchase, happening.causedPurchase])
    for (const row of untouched) expect(any.has(row)).toBe(true)
    expect(any.size).toBeGreaterThan(untouched.size * 1.05)
    // What is flagged as caused is exactly what the twin does not share.
    expect(own(touched, [happening.causedPurchase]).size).toBe(any.size - untouched.size)
  })

  it('do nothing to purchases in the do-nothing regime, but drive people away', () => {
    const merchant = { ...merchantOf(parameters, 'tea', 'messages-do-nothing') }
    const people = customers(merchant, 3000)
    const twin = twinOf(people)
    const bought = (log: number[]): Map<number, number> => {
      const found = new Map<number, number>()
      for (let n = 0; n < log.length; n += 4) if (log[n + 2] <= 2) found.set(log[n + 1], (found.get(log[n + 1]) ?? 0) + 1)
      return found
    }
    const touched = runDays(people, 56, 2)
    const silent = bought(runDays(twin, 56, 0))
    const seen = bought(touched)
    let left = 0
    for (let i = 0; i < 3000; i++) {
      if ((people.state.flags[i] & flag.contact) !== 0) expect(seen.get(i) ?? 0).toBe(silent.get(i) ?? 0)
      else left++
    }
    expect(left).toBeGreaterThan(3000 * 0.03)
  })

  it('lose people as the regimes say: untouched, at four a month, and more at one a day', () => {
    const expected: Record<RegimeName, number> = { 'loves-news': 0.9, 'hump-shaped': 2.4, fragile: 4, 'segment-dependent': 2, drifting: 1.2, 'messages-do-nothing': 1.5 }
    for (const name of regimeNames) {
      const share = (every: number): number => {
        const people = customers(merchantOf(parameters, 'tea', name), 3000)
        runDays(people, 28, every)
        const before = people.state.flags.reduce((sum, f) => sum + ((f & flag.contact) !== 0 ? 1 : 0), 0)
        const log = runDays2(people, 28, 28, every)
        return (100 * log) / before
      }
      const four = share(7)
      expect(Math.abs(four - expected[name]), `${name}: ${four}`).toBeLessThan(0.35 + 0.25 * expected[name])
      expect(share(1)).toBeGreaterThan(four)
    }
  })

  it('annoy less and please more the more relevant they are', () => {
    const merchant = without({ delta: 0 })
    const dull = customers(merchant, 300)
    const apt = fork(dull)
    runDays(dull, 40, 4, 0)
    runDays(apt, 40, 4, 1)
    for (let i = 0; i < 300; i++) {
      expect(apt.state.annoyance[i]).toBeLessThanOrEqual(dull.state.annoyance[i])
      expect(apt.state.attention[i]).toBeGreaterThanOrEqual(dull.state.attention[i])
    }
  })

  it('are not seen by those who muted, who never leave because of one', () => {
    const people = customers(merchantOf(parameters, 'tea', 'fragile'), 1000)
    for (let i = 0; i < 1000; i++) people.state.flags[i] |= flag.muted
    expect(runDays(people, 60, 1).filter((_, n, log) => n % 4 === 2 && log[n] === happening.leave)).toEqual([])
    // Control: without muting many leave.
    expect(runDays(customers(people.merchant, 1000), 60, 1).filter((_, n, log) => n % 4 === 2 && log[n] === happening.leave).length).toBeGreaterThan(100)
  })
})

/** Leavers of a later stretch, any cause. */
function runDays2(people: People, offset: number, days: number, every: number): number {
  const engine = createDays(people, flatSeason(first, offset + days + 1), { origin: first })
  let left = 0
  for (let day = first + offset; day < first + offset + days; day++) {
    if (every > 0 && (day - first) % every === every - 1) for (let i = 0; i < people.size; i++) if (engine.touch(i, day, 0, people.merchant.common.lines.broadcast, 0.5).left) left++
    engine.live(day, (kind) => {
      if (kind === happening.naturalLeave) left++
    })
  }
  return left
}

describe('truth', () => {
  it('prices a relation like two forks with and without the deletion do, within a quarter', () => {
    const people = customers(without({ lift: 0 }, { leaveNatural: 0 }), 2500)
    let told = 0
    for (let i = 0; i < people.size; i++) told += relationValue(people, i, first, first)
    const worth = (gone: boolean): number => {
      const world = fork(people)
      if (gone) world.state.flags.fill(flag.alive | flag.bought | flag.gone)
      let fen = 0
      const engine = createDays(world, flatSeason(first, 365), { origin: first })
      for (let day = first; day < first + 364; day++) engine.live(day, (kind, _i, value) => void (kind <= 2 ? (fen += value) : 0))
      return fen * world.merchant.shop.margin
    }
    const { merchant } = people
    const measured = (worth(false) - worth(true)) * (1 - merchant.shop.returnRate)
    expect(Math.abs(told / measured - 1)).toBeLessThan(0.25)
  })

  it('agrees with itself: expected scoring equals the mean of realised revenue', () => {
    const people = customers(without({ delta: 0.001 }), 4000)
    people.traits.budget.fill(1e12)
    const value = new Float64Array(1)
    const log = runDays(people, 56, 7, 0.5, { score: { group: new Uint8Array(4000), value, alive: new Float64Array(4000).fill(1) } })
    let fen = 0
    for (let n = 0; n < log.length; n += 4) if (log[n + 2] <= 2) fen += log[n + 3]
    expect(Math.abs(fen / value[0] - 1)).toBeLessThan(0.06)
  })
})

describe('season, friends and staff', () => {
  it('has a mean of one over a year, a peak at Double 11 and a lull in the Spring Festival', () => {
    const season = makeSeason(20_454, 365, 1.3)
    expect(season.factor.reduce((sum, x) => sum + x, 0)).toBeCloseTo(365, 6)
    const on = (month: number, day: number): number => season.factor[Math.round(Date.UTC(2026, month - 1, day) / 86_400_000) - 20_454]
    expect(on(11, 11)).toBeGreaterThan(3 * on(4, 15))
    expect(on(2, 17)).toBeLessThan(0.6 * on(4, 14))
  })

  it('knits a graph like a social network, and a video travels through it like the crawled ones', () => {
    const graph = makeGraph(3000, parameters.common, 1, 0)
    const degree = Float64Array.from({ length: 3000 }, (_, i) => graph.start[i + 1] - graph.start[i])
    const mean = degree.reduce((sum, x) => sum + x, 0) / 3000
    expect(mean).toBeGreaterThan(22)
    expect(mean).toBeLessThan(66)
    const sorted = degree.slice().sort()
    expect(sorted[1500]).toBeGreaterThan(12)
    expect(sorted[1500]).toBeLessThan(50)
    let closed = 0
    let open = 0
    for (let i = 0; i < 3000; i += 7) {
      const mine = graph.neighbours.subarray(graph.start[i], graph.start[i + 1])
      for (const x of mine.subarray(0, 60)) {
        for (const y of mine.subarray(0, 60)) {
          if (x >= y) continue
          open++
          if (graph.neighbours.subarray(graph.start[x], graph.start[x + 1]).includes(y)) closed++
        }
      }
    }
    expect(closed / open).toBeGreaterThan(0.35)
    expect(closed / open).toBeLessThan(0.75)
    let deeper = 0
    let roots = 0
    for (let video = 0; video < 40; video++) {
      const views = spread(graph, Array.from({ length: 20 }, (_, n) => (n * 149 + video * 31) % 3000), parameters.common, () => 0.065, 1, 0, video)
      roots += views.filter((view) => view.depth === 0).length
      deeper += views.filter((view) => view.depth > 0).length
    }
    expect(deeper / roots).toBeGreaterThan(0.05)
    expect(deeper / roots).toBeLessThan(1.5)
  })

  it('has members who confirm most tasks within hours, none in the Spring Festival, and more when reminded', () => {
    const diligence = betaTable(8, 2)
    let sent = 0
    let late = 0
    let more = 0
    for (let n = 0; n < 2000; n++) {
      const task = { seed: 1, merchantId: 0, staff: n % 40, day: 20_550 + Math.floor(n / 40), minute: 600, nth: 0, reminded: false }
      const at = confirmsAt(task, parameters.common, diligence)
      if (at !== undefined) {
        sent++
        if (at > 1440) late++
      } else if (confirmsAt({ ...task, reminded: true }, parameters.common, diligence) !== undefined) more++
    }
    expect(sent / 2000).toBeGreaterThan(0.68)
    expect(sent / 2000).toBeLessThan(0.85)
    expect(late / sent).toBeLessThan(0.15)
    expect(more).toBeGreaterThan(50)
    expect(confirmsAt({ seed: 1, merchantId: 0, staff: 1, day: 20_501, minute: 600, nth: 0, reminded: false }, parameters.common, diligence)).toBeUndefined()
  })
})

describe('parameters', () => {
  it('can be replaced in part by a file, and name what they do not know', () => {
    const changed = readParameters({ common: { attentionDays: 3 }, presets: { tea: { meanOrderFen: 12_000 } } })
    expect(changed.common.attentionDays).toBe(3)
    expect(changed.presets.tea.meanOrderFen).toBe(12_000)
    expect(changed.presets.tea.r).toBe(0.7)
    expect(() => readParameters({ common: { atention: 1 } })).toThrow('population.common.atention is unknown')
    expect(() => readParameters({ fleet: { phi: 'much' } })).toThrow('population.fleet.phi is "much", expected a number')
  })

  it('draw fleets by seed: merchants of one seed stay when the fleet grows, and about one in ten is not moved by messages', () => {
    const one = Array.from({ length: 300 }, (_, m) => fleetMerchant(parameters, 5, m))
    expect(fleetMerchant(parameters, 5, 17)).toEqual(one[17])
    expect(fleetMerchant(parameters, 6, 17)).not.toEqual(one[17])
    const nothing = one.filter((merchant) => merchant.response.lift === 0).length
    expect(nothing).toBeGreaterThan(12)
    expect(nothing).toBeLessThan(54)
  })
})
