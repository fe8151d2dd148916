import { dayNumber } from '../../kernel/calendar.ts'
import { accountOf } from '../../emulator/core/namespace.ts'
import { forkPopulation } from '../../emulator/population/live.ts'
import { seedOf } from '../../emulator/population/chance.ts'
import { betaTable } from '../../emulator/population/quantile.ts'
import { confirmsAt } from '../../emulator/population/staff.ts'
import { flag, type People } from '../../emulator/population/people.ts'
import { makeSeason } from '../../emulator/population/season.ts'
import { corpOf } from '../../emulator/wecom/state.ts'
import type { Emulator } from '../../emulator/index.ts'
import { play, type Confirmed, type Policy, type Start } from '../policy/index.ts'
import { runWorld, type Cluster } from '../world/index.ts'

/** Per month of 28 days: touches and losses for each contact, orders for each person. */
export type BridgeRates = { touches: number; orders: number; losses: number }
export type BridgeReport = { contacts: number; people: number; fullStack: BridgeRates; policy: BridgeRates }

/** What may differ: relative for touches and orders, absolute for losses, which are few. */
export const bounds = { touches: 0.05, orders: 0.05, losses: 0.02 } as const

const monthDays = 28
const halves = 2
/**
 * The world's people settle in before the two are compared: contacts are added during the first days. From this day on both sides write on the same days (the world
 * on days 9, 16, 23 and 30, the harness 5 and 12 days into each half), so that both ask for the same draws of the same members.
 */
const fromDay = 4

/**
 * One word a week to every contact, for a month, without faults. The people are forked from the running world at its start, so both sides have the same persons
 * in the same mood, and so are the members: who sends on which day is the population's draw on both sides. @param dose touches per 28 days on the policy side; another one than the world's 4 is the control.
 */
export async function crossBridge(options: { cluster: Cluster; seed: number; people: number; dose?: number; population?: Record<string, unknown> }): Promise<BridgeReport> {
  let start: Start | undefined
  let staff: Confirmed | undefined
  let before: Counts | undefined
  let after: Counts | undefined
  await runWorld({
    cluster: options.cluster, seed: options.seed, days: fromDay + monthDays, people: options.people, faults: 0, captain: 'weekly', contacts: 1, population: options.population,
    onMidnight(emulator, day) {
      if (day === fromDay) {
        start = startOf(emulator)
        staff = staffOf(emulator)
        before = countsOf(emulator)
      }
      if (day === fromDay + monthDays) after = countsOf(emulator)
    },
  })
  const { people } = start!
  const contact = Uint8Array.from(people.state.flags, (flags) => ((flags & flag.contact) !== 0 ? 1 : 0))
  const contacts = contact.reduce((sum, one) => sum + one, 0)
  let orders = 0
  const weekly: Policy = {
    name: 'weekly',
    choose: ({ present }, doses) => {
      for (let i = 0; i < people.size; i++) doses[i] = contact[i] === 1 && present[i] === 1 ? (options.dose ?? 4) : 0
    },
    after: (_view, _doses, seen) => {
      orders += seen.orders.reduce((sum, one) => sum + one, 0)
    },
  }
  const played = play(start!, weekly, halves, options.seed, staff)
  return {
    contacts, people: people.size,
    fullStack: { touches: (after!.touches - before!.touches) / contacts, orders: (after!.orders - before!.orders) / people.size, losses: (after!.losses - before!.losses) / contacts },
    policy: { touches: played.touches / contacts, orders: orders / people.size, losses: played.losses / contacts },
  }
}

/** Sentences about what lies outside the bounds; none when the two agree. */
export function agreement({ fullStack, policy }: BridgeReport): string[] {
  const off = (what: keyof BridgeRates, distance: number): string[] =>
    distance <= bounds[what] ? [] : [`${what}: ${fullStack[what].toFixed(3)} a month in the full stack, ${policy[what].toFixed(3)} in the policy harness, ${distance.toFixed(3)} apart, at most ${bounds[what]}`]
  const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(a, b, 1e-9)
  return [...off('touches', relative(fullStack.touches, policy.touches)), ...off('orders', relative(fullStack.orders, policy.orders)), ...off('losses', Math.abs(fullStack.losses - policy.losses))]
}

type Counts = { touches: number; orders: number; losses: number }

/** What reached and what was done by the population alone; the world's guests are not of it. */
function countsOf(emulator: Emulator): Counts {
  const ns = emulator.namespace('main')
  const { corp } = corpOf(ns, accountOf(ns, 'wecom')!.id)
  const { indexOf } = forkPopulation(ns)!
  const { totals } = (ns.slices.population as { current: { totals: Record<string, number> } }).current
  const ours = (external: string): boolean => indexOf(corp.customers[external]?.person ?? '') !== undefined
  return { touches: corp.arrivals.filter((arrival) => arrival.kind === 'broadcast' && ours(arrival.to)).length, orders: totals.orders ?? 0, losses: totals.deleted ?? 0 }
}

/** The members of the world: each person's own, the one who came last, sends the first task of a day or does not. */
function staffOf(emulator: Emulator): Confirmed {
  const ns = emulator.namespace('main')
  const { corp } = corpOf(ns, accountOf(ns, 'wecom')!.id)
  const { people, seed, indexOf } = forkPopulation(ns)!
  const { common } = people.merchant
  const diligence = betaTable(common.diligenceA, common.diligenceB)
  const memberOf = new Map<number, string>()
  for (const [external, members] of Object.entries(corp.followers)) {
    const person = indexOf(corp.customers[external]?.person ?? '')
    if (person !== undefined && members.length > 0) memberOf.set(person, members[members.length - 1])
  }
  return (person, day) => {
    const member = memberOf.get(person)
    return member !== undefined && confirmsAt({ seed, merchantId: 0, staff: seedOf(member) % 2 ** 40, day, minute: 600, nth: 0, reminded: false }, common, diligence) !== undefined
  }
}

/** The people of the world as they are now, without the year behind them that the harness gives its own. */
function startOf(emulator: Emulator): Start {
  const ns = emulator.namespace('main')
  const { people, origin } = forkPopulation(ns)! as { people: People; origin: number }
  const { merchant } = people
  const { size } = people
  const day = dayNumber(ns.now)
  return {
    merchant, people, day, season: makeSeason(origin - 365, 365 * 6, merchant.shop.festivalExponent),
    history: { first: Int32Array.from(people.state.flags, (flags) => ((flags & flag.bought) !== 0 ? day - 1 : -1)), last: new Int32Array(size).fill(day - 1), repeats: new Int32Array(size), spend: new Float64Array(size) },
    segment: new Uint8Array(size), purchases: { r: 1, alpha: 1, a: 1, b: 1 } as unknown as Start['purchases'], orderFen: new Float64Array(size).fill(merchant.shop.meanOrderFen), margin: merchant.shop.margin, valueLogSd: 1,
  }
}
