import { z } from 'zod'
import { dayMs, dayNumber, minuteOfDay } from '../../kernel/calendar.ts'
import { slice, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, type Act, type LineModule } from '../core/registry.ts'
import { channelsLine } from '../channels/index.ts'
import { shopLine } from '../shop/index.ts'
import { arrivals, pendingTasks, wecomLine } from '../wecom/index.ts'
import { createChance, seedOf, slot, uniformAt } from './chance.ts'
import { createDays, happening, type Days } from './days.ts'
import { makeGraph, spread, type Graph } from './graph.ts'
import { defaultParameters, merchantOf, presetNames, readParameters, regimeNames, type LineName, type PresetName, type RegimeName } from './parameters.ts'
import { flag, fork, makePeople, topicCount, type People, type State } from './people.ts'
import { betaTable, normalAt, poissonAt, type Quantile } from './quantile.ts'
import { cardScene, cardSeen, dropCards, isOurs, keepCard, type Card } from './cards.ts'
import { groupsDay, groupsOf } from './groups.ts'
import { makeSeason } from './season.ts'
import { dawnOfWallets, priceIndex, rememberPaid, setHazards, shareOf, takenAt, takers, type Held, type Offer } from './wallets.ts'
import { confirmsAt } from './staff.ts'

/**
 * The population alive in a namespace. `population.day` does a whole day inside the engine and schedules what people do at its drawn second; what
 * reaches them (mass sends, Moments, welcomes) is felt when it arrives. All of it lies in the namespace's slice, so that journal
 * and snapshot rebuild it; the typed arrays are base64 there.
 */
export type PopulationState = {
  preset: PresetName
  regime: RegimeName | null
  people: number
  seed: number
  overrides: unknown
  shop: string | null
  corp: string | null
  /** Prefix of the persons' names in the emulator: `p12`. */
  prefix: string
  createdDay: number
  /** Last day that was lived. */
  day: number
  /** Last arrival that was felt. */
  arrival: number
  arrays: Record<string, string>
  /** Days since 1970 until which friends' word makes somebody curious. */
  curious: Record<string, number>
  /** member → day → tasks met, and task → what was decided of it. */
  /** Touches per person on a day: repeats have addresses of their own. */
  touched: { day: number; counts: Record<string, number> }
  tasks: Record<string, { reminders: number; day: number }>
  tasksToday: Record<string, { day: number; count: number }>
  members: Record<string, string>
  totals: Record<string, number>
  /** Share of a contact's orders that go to the merchant's own mall, and who is on the way there. */
  mall: number
  errands: Errand[]
  errandNo: number
  /** The live room of the evening, which orders of it name; absent before the first. */
  room?: { exportId: string; onAir: boolean }
  /** Absent in a world from before: cards of messages by their reference, and the last one that each person saw. */
  cards?: Record<string, { day: number; card: Card }>
  cardsSeen?: Record<string, string>
  /** First prices of goods, ln of the dawn's prices over them, when that dawn was; what single persons have in mind, and what they paid since. */
  prices?: Record<string, number>
  priceIndex?: number
  dawnAt?: number
  references?: Record<string, number>
  paid?: Array<[person: number, paid: number]>
  wallets?: Record<string, Held>
  /** Groups that each member makes, and in which chat somebody is; '': was in one and left. */
  groups?: number
  grouped?: Record<string, string>
}
/** Somebody opens the merchant's mini program to buy near a sum; `fen` 0: to look, after a tap on a message. `page` and `scene` are what its launch is told. */
type Errand = { n: number; person: string; at: number; day: number; fen: number; caused: boolean; page?: string; scene?: number }

/** A live evening begins at 20:00 in Shanghai and lasts two hours; this share of people looks in. */
const liveFromMs = 20 * 3_600_000
const liveMs = 2 * 3_600_000
const watchShare = 0.12

/** Phones in a pocket: nobody fetched these errands. */
const errandsKept = 2_000
/** Who is no contact finds the mall less often. */
const strangersMall = 0.2

const populationSlice: Slice<{ current: PopulationState | null }> = { name: 'population', init: () => ({ current: null }) }

type Live = { people: People; days: Days; graph: Graph; diligence: Quantile; hazard: Float32Array; borrowFactor: Float32Array }

/** Derived from the slice and rebuilt from it when lost. */
const lives = new WeakMap<PopulationState, Live>()

const rowTypes = { flags: Uint8Array, attention: Float32Array, annoyance: Float32Array, memory: Float32Array, borrow: Float32Array, felt: Int16Array, tolerance: Float32Array, spent: Float32Array, window: Int16Array } as const

/** The rows of the state as base64, written when somebody reads them (snapshot, hash): who lives a day does not pay for it. */
function reflect(state: PopulationState, people: People): void {
  for (const [name, array] of Object.entries(people.state)) {
    Object.defineProperty(state.arrays, name, { enumerable: true, configurable: true, get: () => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64') })
  }
}

function load(state: PopulationState, people: People): void {
  for (const name of Object.keys(rowTypes) as Array<keyof State>) {
    const text = state.arrays[name]
    if (text === undefined) continue
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
    people.state[name].set(new rowTypes[name](bytes.buffer) as never)
  }
}

function liveOf(state: PopulationState): Live {
  const known = lives.get(state)
  if (known) return known
  const parameters = readParameters(state.overrides ?? {}, defaultParameters())
  const merchant = merchantOf(parameters, state.preset, state.regime ?? undefined)
  const people = makePeople({ merchant, seed: state.seed, size: state.people })
  load(state, people)
  reflect(state, people)
  // Four years from the start; a world that outlives them repeats its last year's season by clamping below.
  const season = makeSeason(state.createdDay - 365, 365 * 6, merchant.shop.festivalExponent)
  const hazard = new Float32Array(people.size)
  const borrowFactor = new Float32Array(people.size)
  setHazards(state, people, hazard, borrowFactor)
  const live: Live = {
    people, hazard, borrowFactor, days: createDays(people, season, { origin: state.createdDay, dawn: true, hazard, borrowFactor }), graph: makeGraph(state.people, merchant.common, state.seed, 0, Math.min(1, 2000 / Math.max(state.people, 2000))),
    diligence: betaTable(merchant.common.diligenceA, merchant.common.diligenceB)
  }
  lives.set(state, live)
  return live
}

/** For what-ifs of the simulation: the people as they are now, on a state of their own; what happens to it does not happen in the world. Undefined: no population. */
export function forkPopulation(ns: Namespace): { people: People; seed: number; origin: number; members: Readonly<Record<string, string>>; indexOf(person: string): number | undefined } | undefined {
  const current = (ns.slices[populationSlice.name] as { current: PopulationState | null } | undefined)?.current
  if (!current) return undefined
  return { people: fork(liveOf(current).people), seed: current.seed, origin: current.createdDay, members: { ...current.members }, indexOf: (person) => personIndex(current, person) }
}

function stateOf(ns: Namespace): PopulationState {
  const { current } = slice(ns, populationSlice)
  if (!current) throw new PlatformError('NOT_FOUND', 'this world has no population: create one with population.create')
  return current
}

/** Runs another line's act inside this command; a refusal of the platform is an answer, not an end. */
function run(ns: Namespace, acts: readonly Act[], name: string, args: unknown): Record<string, unknown> | undefined {
  const found = acts.find((entry) => entry.name === name)
  if (!found) throw new PlatformError('NOT_FOUND', `there is no act ${name}`)
  try {
    return found.run(ns, found.args.parse(args)) as Record<string, unknown>
  } catch (error) {
    if (error instanceof PlatformError) return undefined
    throw error
  }
}

const personName = (state: PopulationState, i: number): string => `${state.prefix}${i}`
const personIndex = (state: PopulationState, name: string | undefined): number | undefined => {
  if (name === undefined || !name.startsWith(state.prefix)) return undefined
  const index = Number(name.slice(state.prefix.length))
  return Number.isInteger(index) && index >= 0 && index < state.people ? index : undefined
}

const count = (state: PopulationState, what: string, by = 1): void => void (state.totals[what] = (state.totals[what] ?? 0) + by)

/** An instant of that day at which this person looks at the phone: around the own peak hour, within 7:00 to 23:30. */
function instantOf(live: Live, day: number, i: number, k: number): number {
  const { chance, traits } = live.people
  chance.at(traits.keyHigh[i], traits.keyLow[i], day)
  const minute = Math.min(1409, Math.max(420, traits.hour[i] * 15 + 110 * normalAt(chance.u(slot.sendTime, k))))
  return day * dayMs - 28_800_000 + Math.round(minute * 60_000)
}

type Product = { productId: string; skus: Array<{ skuId: string; priceFen: number; stock: number }> }

/** Order lines near a sum: goods by taste (Zipf inside), pieces to come near the sum. */
function basket(live: Live, products: readonly Product[], i: number, day: number, fen: number, wanted?: string): Array<{ productId: string; skuId: string; count: number }> {
  const { chance, traits } = live.people
  chance.at(traits.keyHigh[i], traits.keyLow[i], day)
  let total = 0
  const weights = products.map((product, n) => {
    const taste = 16 + traits.taste[i * topicCount + (n % topicCount)]
    const price = product.skus[0].priceFen
    const near = price <= fen * 1.2 ? 1 : 1 / (1 + 20 * Math.log(price / fen) ** 2)
    const weight = (taste * near) / (1 + Math.floor(n / topicCount))
    total += weight
    return weight
  })
  let u = chance.u(slot.basket) * total
  let pick = 0
  while (pick < products.length - 1 && u > weights[pick]) u -= weights[pick++]
  const led = products.findIndex((product) => product.productId === wanted)
  if (led >= 0) pick = led
  const { productId, skus } = products[pick]
  return [{ productId, skuId: skus[0].skuId, count: Math.min(20, Math.max(1, Math.round(fen / Math.max(1, skus[0].priceFen)))) }]
}

function productsOf(ns: Namespace, state: PopulationState): Product[] {
  const answer = run(ns, shopLine.acts, 'shop.viewProducts', state.shop === null ? {} : { shop: state.shop })
  return ((answer?.products ?? []) as Product[]).filter((product) => product.skus.length > 0 && product.skus[0].stock > 0)
}

/** Codes that are out in the open, in a fixed order. */
function codesOf(ns: Namespace, state: PopulationState): string[] {
  const corps = ns.slices.wecom as { corps: Record<string, { contactWays: Record<string, { id: string; temporary: boolean; unionid?: string }> }> } | undefined
  const corp = corps && (state.corp === null ? Object.values(corps.corps)[0] : corps.corps[state.corp])
  return corp ? Object.values(corp.contactWays).filter((way) => !way.temporary && way.unionid === undefined).map((way) => way.id) : []
}

function membersOf(ns: Namespace, state: PopulationState): string[] {
  const corps = ns.slices.wecom as { corps: Record<string, { members: Record<string, { userid: string; customerContact: boolean }> }> } | undefined
  const corp = corps && (state.corp === null ? Object.values(corps.corps)[0] : corps.corps[state.corp])
  return corp ? Object.values(corp.members).filter((member) => member.customerContact).map((member) => member.userid) : []
}

/** 400 days as a customer leave a base as a shop has it: some who come back, many who bought once, some who never did. */
function givePast(live: Live, state: PopulationState): void {
  const { people } = live
  const { chance, traits, state: rows } = people
  const starts: number[][] = Array.from({ length: 364 }, () => [])
  for (let i = 0; i < people.size; i++) {
    chance.at(traits.keyHigh[i], traits.keyLow[i], 0)
    if (chance.u(slot.everBought) < 0.6) starts[Math.floor(chance.u(slot.tenure) * 364)].push(i)
  }
  const never = rows.flags.slice()
  const began = new Uint8Array(people.size)
  rows.flags.fill(0)
  for (let d = 0; d < 364; d++) {
    live.days.live(state.createdDay - 364 + d, () => {})
    for (const i of starts[d]) {
      rows.flags[i] = flag.alive | flag.bought
      began[i] = 1
    }
  }
  for (let i = 0; i < people.size; i++) if ((rows.flags[i] & (flag.alive | flag.bought)) === 0 && began[i] === 0) rows.flags[i] = never[i]
}

/** Coupons that can be taken now. */
function offersOf(ns: Namespace, state: PopulationState): Offer[] {
  return ((run(ns, shopLine.acts, 'shop.viewCoupons', state.shop === null ? {} : { shop: state.shop })?.coupons ?? []) as Offer[])
}

const corpState = (ns: Namespace, state: PopulationState) => {
  const corps = ns.slices.wecom as { corps: Record<string, Parameters<typeof groupsOf>[0] & { byKey: Record<string, string> }> } | undefined
  return corps && (state.corp === null ? Object.values(corps.corps)[0] : corps.corps[state.corp])
}

/** Does a purchase of this person on this day go through the card of a message? Attribution to it says nothing of what it caused. */
function tapped(live: Live, state: PopulationState, i: number, day: number, caused: boolean): Card | undefined {
  const card = cardSeen(state, i, day)
  if (card === undefined) return undefined
  const { chance, traits, state: { attention }, merchant: { common } } = live.people
  if (!caused && attention[i] <= 0.1) return undefined
  chance.at(traits.keyHigh[i], traits.keyLow[i], day)
  return chance.u(slot.click, 255) < (caused ? common.clickCaused : common.clickOwn) ? card : undefined
}

function lineOf(kind: string): LineName | undefined {
  return kind === 'broadcast' ? 'broadcast' : kind === 'moment' ? 'moment' : kind === 'welcome' ? 'service' : undefined
}

/** Repeats of a person's day have addresses of their own. */
function nthTouch(state: PopulationState, i: number, day: number): number {
  if (state.touched.day !== day) state.touched = { day, counts: {} }
  const k = state.touched.counts[i] ?? 0
  state.touched.counts[i] = Math.min(k + 1, 60)
  return k
}

/** What a message is about is not read from its text: its reference draws the topic, by the shop's own shares. */
function topicOf(state: PopulationState, { people }: Live, ref: string, topic: Float64Array): void {
  const { topics } = people.merchant.shop
  let u = uniformAt(createChance(), state.seed, 0, seedOf(ref) % 2 ** 40, 0, 92)
  let main = 0
  while (main < topicCount - 1 && u > topics[main]) u -= topics[main++]
  for (let t = 0; t < topicCount; t++) topic[t] = topics[t] + (t === main ? 0.2 : 0)
}

/** A message in a customer group: few look, and who has enough of it leaves the group, not the member. */
function feelInGroup(state: PopulationState, live: Live, chat: string, ref: string, day: number, leaves: (person: number) => void): number {
  const topic = new Float64Array(topicCount)
  topicOf(state, live, ref, topic)
  let felt = 0
  for (const [key, where] of Object.entries(state.grouped ?? {})) {
    if (where !== chat) continue
    const i = Number(key)
    const feeling = live.days.touch(i, day, nthTouch(state, i, day), live.people.merchant.common.lines.groupMessage, live.days.relevance(i, topic), 1, true)
    if (!feeling.seen) continue
    felt++
    count(state, 'seen')
    if (feeling.left) leaves(i)
  }
  return felt
}

/** Feels what arrived since the last time. Leaving and buying because of it follow within hours, as acts of their own. */
function feel(ns: Namespace, state: PopulationState, live: Live): number {
  const { people, days } = live
  const { common } = people.merchant
  const today = dayNumber(ns.now)
  const corps = ns.slices.wecom as { corps: Record<string, { customers: Record<string, { person?: string }> }> } | undefined
  if (!corps) return 0
  const customers = Object.values(corps.corps)[0]?.customers ?? {}
  const topic = new Float64Array(topicCount)
  let felt = 0
  for (const arrival of arrivals(ns, { after: state.arrival, ...(state.corp === null ? {} : { corpid: state.corp }) })) {
    state.arrival = arrival.n
    const line = lineOf(arrival.kind)
    const day = dayNumber(arrival.at)
    if (line === 'broadcast' && customers[arrival.to] === undefined) felt += feelInGroup(state, live, arrival.to, arrival.ref, day, (person) => schedule(ns, ns.now + 60_000, 'population.leaveGroup', { person }))
    const i = personIndex(state, customers[arrival.to]?.person)
    if (line === undefined || i === undefined) continue
    const k = nthTouch(state, i, day)
    topicOf(state, live, arrival.ref, topic)
    const off = Math.abs(minuteOfDay(arrival.at) / 15 - people.traits.hour[i])
    const feeling = days.touch(i, day, k, common.lines[line], days.relevance(i, topic), off < 14 ? 1 : 0.85)
    if (!feeling.seen) continue
    felt++
    count(state, 'seen')
    const wait = Math.round((2 + 90 * uniformAt(createChance(), state.seed, 0, i, day, slot.sendTime, 40 + k)) * 60_000)
    const card = keepCard(state, i, arrival.ref, day, arrival.content)
    let bought = false
    if (feeling.left) {
      count(state, 'left')
      schedule(ns, ns.now + wait, 'population.leave', { person: i })
    } else if (day === today) {
      days.impulse(i, day, (kind, person, fen) => {
        if (kind !== happening.causedPurchase) return
        bought = true
        count(state, 'caused')
        schedule(ns, ns.now + wait, 'population.order', { person, day, fen, caused: true, ...(tapped(live, state, person, day, true) === undefined ? {} : { card: arrival.ref }) })
      })
    }
    if (card !== undefined && feeling.clicked && !feeling.left && !bought) schedule(ns, ns.now + wait, 'population.tap', { person: i, card: arrival.ref })
  }
  return felt
}

/** A word to friends makes them curious. Draws at the place that the caller has set. */
function tell(state: PopulationState, live: Live, i: number, day: number): void {
  const { chance, merchant: { common } } = live.people
  if (chance.u(slot.tell) >= common.tellShare) return
  const told = 1 + poissonAt(chance.u(slot.tell, 1), common.tellMore)
  const from = live.graph.start[i]
  const friends = live.graph.start[i + 1] - from
  for (let n = 0; n < told && friends > 0; n++) state.curious[live.graph.neighbours[from + Math.floor(uniformAt(createChance(), state.seed, 0, i, day, slot.tell, 2 + n) * friends)]] = day + common.tellDays
}

/** Placed from something that somebody shared (order_scene 4). */
const sharedScene = 4

/** Somebody is on the way to the mini program; returns the number of the errand. */
function sendToMall(state: PopulationState, now: number, i: number, args: { day: number; fen: number; caused: boolean }, card?: { page: string }): number {
  count(state, 'mallVisits')
  state.errands.push({ n: ++state.errandNo, person: personName(state, i), at: now, day: args.day, fen: args.fen, caused: args.caused, ...(card === undefined ? {} : { page: card.page, scene: cardScene }) })
  if (state.errands.length > errandsKept) state.errands.splice(0, state.errands.length - errandsKept)
  return state.errandNo
}

const personArg = z.object({ person: z.int().nonnegative() })

const acts: Act[] = [
  act({
    name: 'population.create',
    en: 'People a world: a preset, how many, a seed; overrides are a part of the parameter file',
    args: z.object({
      preset: z.enum(presetNames as [PresetName, ...PresetName[]]).default('tea'),
      regime: z.enum(regimeNames as [RegimeName, ...RegimeName[]]).optional(),
      people: z.int().min(1).max(1_000_000).default(400),
      seed: z.union([z.int(), z.string()]).default(1),
      overrides: z.record(z.string(), z.unknown()).optional(),
      shop: z.string().optional(),
      corp: z.string().optional(),
      prefix: z.string().default('p'),
      mall: z.number().min(0).max(1).default(0).describe("share of a contact's orders that go to the merchant's mini program: a phone outside takes them with population.errands and plays them"),
      groups: z.int().min(0).max(5).default(0).describe('customer groups that each member makes once there are contacts enough; codes of groups made by the API are scanned all the same'),
      contacts: z.number().min(0).max(1).default(0.25).describe('share of those who have bought that adds a member during the first day'),
    }),
    run(ns, args) {
      const holder = slice(ns, populationSlice)
      if (holder.current) throw new PlatformError('ALREADY', 'this world has a population already')
      readParameters(args.overrides ?? {})
      const today = dayNumber(ns.now)
      const state: PopulationState = {
        preset: args.preset, regime: args.regime ?? null, people: args.people, seed: typeof args.seed === 'string' ? seedOf(args.seed) % 2 ** 40 : args.seed, overrides: args.overrides ?? null,
        shop: args.shop ?? null, corp: args.corp ?? null, prefix: args.prefix, createdDay: today, day: today - 1, arrival: 0, arrays: {}, curious: {}, touched: { day: 0, counts: {} }, tasks: {}, tasksToday: {}, members: {}, totals: {}, mall: args.mall, errands: [], errandNo: 0, groups: args.groups,
      }
      holder.current = state
      const live = liveOf(state)
      givePast(live, state)
      const { flags } = live.people.state
      for (let i = 0; i < args.people; i++) {
        if ((flags[i] & flag.bought) === 0 || uniformAt(live.people.chance, state.seed, 0, i, 0, slot.add) >= args.contacts) continue
        schedule(ns, Math.max(ns.now + 60_000, instantOf(live, today, i, 9)), 'population.add', { person: i, way: 'counter' })
      }
      return { people: state.people, seed: state.seed, bought: flags.reduce((sum, f) => sum + ((f & flag.bought) !== 0 ? 1 : 0), 0) }
    },
  }),
  act({
    name: 'population.day',
    en: 'One day of everybody: videos and live rooms, adding, leaving, buying; each act is scheduled at its second. Call at the start of each day',
    args: z.object({ start: z.int() }),
    run(ns, args) {
      const state = stateOf(ns)
      const day = dayNumber(args.start)
      if (day <= state.day) return { day, lived: false }
      const live = liveOf(state)
      const { people, days, graph } = live
      const { merchant, chance, traits } = people
      const { common, shop } = merchant
      feel(ns, state, live)
      state.day = day
      dropCards(state, day)
      dawnOfWallets(state, priceIndex(state, productsOf(ns, state)), ns.now, common.referencePull)
      setHazards(state, people, live.hazard, live.borrowFactor)
      const at = (instant: number): number => Math.max(ns.now + 1000, instant)
      const draw = (i: number, which: number, k = 0): number => {
        chance.at(traits.keyHigh[i], traits.keyLow[i], day)
        return chance.u(which, k)
      }
      let views = 0
      let adds = 0
      const curious = (i: number): number => ((state.curious[i] ?? 0) >= day ? common.tellBoost : 1)
      const mayAdd = (i: number): boolean => (people.state.flags[i] & (flag.contact | flag.gone)) === 0
      const add = (i: number, way: string, k: number): void => {
        adds++
        schedule(ns, at(instantOf(live, day, i, k)), 'population.add', { person: i, way })
      }
      // A video every third day, a live evening as often as the preset says.
      if (day % 3 === 0) {
        const roots: number[] = []
        const shown = poissonAt(uniformAt(createChance(), state.seed, 0, 0, day, slot.view), Math.min(shop.videoViews, people.size / 8))
        for (let n = 0; n < shown; n++) roots.push(Math.floor(uniformAt(createChance(), state.seed, 0, n, day, slot.view, 3) * people.size))
        const likes = (i: number): number => common.likeLow + ((common.likeHigh - common.likeLow) * traits.taste[i * topicCount + (day % topicCount)]) / 255
        for (const view of spread(graph, roots, common, likes, state.seed, 0, day)) {
          views++
          if (mayAdd(view.person) && draw(view.person, slot.add, 1) < common.addAfterView * curious(view.person)) add(view.person, 'video', 10)
        }
      }
      const liveEvening = (day * shop.liveEvenings) % 7 < shop.liveEvenings
      const evening = day * dayMs - 28_800_000 + liveFromMs
      if (liveEvening && evening > ns.now) {
        let watchers = 0
        let friends = 0
        for (let i = 0; i < people.size; i++) {
          if (draw(i, slot.view, 9) >= watchShare) continue
          watchers++
          if ((people.state.flags[i] & flag.contact) !== 0) friends++
        }
        schedule(ns, evening, 'population.goLive', { watchers, friends })
        schedule(ns, evening + liveMs, 'population.endLive', {})
      }
      if (liveEvening) {
        for (let i = 0; i < people.size; i++) if (mayAdd(i) && draw(i, slot.view, 9) < 0.02 * curious(i) && draw(i, slot.add, 2) < common.addInLive * 3) add(i, 'live', 11)
      }
      let orders = 0
      let leaves = 0
      days.live(day, (kind, i, fen) => {
        if (kind === happening.ownPurchase || kind === happening.causedPurchase) {
          orders++
          if (kind === happening.causedPurchase) count(state, 'caused')
          const inRoom = liveEvening && draw(i, slot.shelf, 3) < shop.liveShare
          const caused = kind === happening.causedPurchase
          const through = inRoom || tapped(live, state, i, day, caused) === undefined ? {} : { card: state.cardsSeen![i] }
          schedule(ns, at(inRoom ? evening + Math.round(liveMs * (0.05 + 0.9 * draw(i, slot.sendTime, 6))) : instantOf(live, day, i, 0)), 'population.order', { person: i, day, fen, caused, live: inRoom, ...through })
          if (mayAdd(i) && draw(i, slot.add, 3) < common.addAfterOrder) schedule(ns, at(instantOf(live, day, i, 12)) + 3 * dayMs, 'population.add', { person: i, way: 'parcel' })
        } else if (kind === happening.naturalLeave) {
          leaves++
          schedule(ns, at(instantOf(live, day, i, 1)), 'population.leave', { person: i })
        } else if (kind === happening.comeBack) {
          people.state.flags[i] &= ~flag.contact
          schedule(ns, at(instantOf(live, day, i, 2)), 'population.add', { person: i, way: 'back' })
        }
      })
      for (const offer of offersOf(ns, state)) {
        for (const i of takers(state, people, day, offer)) schedule(ns, takenAt(ns, state, day, i), 'population.coupon', { person: i, couponId: offer.couponId })
      }
      const inGroups = groupsDay(state, people, day, groupsOf(corpState(ns, state)))
      for (const one of inGroups.make) schedule(ns, at(evening - 8 * 3_600_000), 'population.makeGroup', one)
      for (const one of inGroups.join) schedule(ns, at(instantOf(live, day, one.person, 13)), 'population.joinGroup', one)
      for (const one of inGroups.leave) schedule(ns, at(instantOf(live, day, one.person, 14)), 'population.leaveGroup', one)
      for (const one of inGroups.write) schedule(ns, at(instantOf(live, day, one.person, 15)), 'population.writeInGroup', one)
      // Members look at their tasks every half hour of the working day.
      for (let minute = 9 * 60 + 30; minute <= 21 * 60 + 30; minute += 30) {
        const instant = day * dayMs - 28_800_000 + minute * 60_000
        if (instant > ns.now) schedule(ns, instant, 'population.tasks', {})
      }
      for (const [person, until] of Object.entries(state.curious)) if (until < day) delete state.curious[person]
      for (const [key, task] of Object.entries(state.tasks)) if (task.day < day - 40) delete state.tasks[key]
      count(state, 'views', views)
      return { day, lived: true, orders, leaves, views, adds }
    },
  }),
  act({
    name: 'population.goLive',
    en: 'Scheduled: the live room of the evening opens',
    args: z.object({ watchers: z.int().nonnegative(), friends: z.int().nonnegative() }),
    run(ns, args) {
      const state = stateOf(ns)
      const exportId = String(run(ns, channelsLine.acts, 'channels.startLive', {})!.exportId)
      const mine = args.watchers === 0 ? 0 : args.friends / args.watchers
      run(ns, channelsLine.acts, 'channels.watchLive', { exportId, audience: args.watchers, follows: Math.round(args.watchers * 0.04), comments: Math.round(args.watchers * 0.3), flow: { 1: 0.5 * (1 - mine), 4: 0.5 * (1 - mine), 5: mine } })
      state.room = { exportId, onAir: true }
      return { exportId }
    },
  }),
  act({
    name: 'population.endLive',
    en: 'Scheduled: the live room closes',
    args: z.object({}),
    run(ns) {
      const { room } = stateOf(ns)
      if (room === undefined || !room.onAir) return { ended: false }
      run(ns, channelsLine.acts, 'channels.endLive', { exportId: room.exportId })
      room.onAir = false
      return { ended: true }
    },
  }),
  act({
    name: 'population.add',
    en: 'Scheduled: somebody scans a code of the shop, or adds a member in person where there is none',
    args: personArg.extend({ way: z.string() }),
    run(ns, args) {
      const state = stateOf(ns)
      const live = liveOf(state)
      const { flags } = live.people.state
      const i = args.person
      if ((flags[i] & flag.contact) !== 0) return { added: false }
      const codes = codesOf(ns, state)
      const u = uniformAt(createChance(), state.seed, 0, i, dayNumber(ns.now), slot.staffOf)
      const members = membersOf(ns, state)
      if (codes.length === 0 && members.length === 0) return { added: false }
      const corp = state.corp === null ? {} : { corpid: state.corp }
      const who = { ...corp, person: personName(state, i), name: `顾客${i}` }
      const answer = codes.length > 0
        ? run(ns, wecomLine.acts, 'wecom.scanContactWay', { ...who, config_id: codes[Math.floor(u * codes.length)] })
        : run(ns, wecomLine.acts, 'wecom.addContact', { ...who, userid: members[Math.floor(u * members.length)] })
      if (answer?.added !== true) return { added: false }
      if (typeof answer.userid === 'string') state.members[i] = answer.userid
      else if (codes.length === 0) state.members[i] = members[Math.floor(u * members.length)]
      flags[i] = (flags[i] & ~(flag.gone | flag.muted)) | flag.contact | flag.everContact
      count(state, 'added')
      return { added: true }
    },
  }),
  act({
    name: 'population.leave',
    en: 'Scheduled: somebody deletes the member',
    args: personArg,
    run(ns, args) {
      const state = stateOf(ns)
      const userid = state.members[args.person]
      if (userid === undefined) return { deleted: false }
      count(state, 'deleted')
      return run(ns, wecomLine.acts, 'wecom.deleteByContact', { ...(state.corp === null ? {} : { corpid: state.corp }), userid, person: personName(state, args.person) }) ?? { deleted: false }
    },
  }),
  act({
    name: 'population.order',
    en: 'Scheduled: somebody orders on the Shop near a sum, pays, receives, perhaps returns, perhaps tells friends',
    args: personArg.extend({ day: z.int(), fen: z.int().positive(), caused: z.boolean(), live: z.boolean().optional(), card: z.string().optional().describe('reference of the message whose card or link led here') }),
    run(ns, args) {
      const state = stateOf(ns)
      const live = liveOf(state)
      const { people } = live
      const { chance, traits, merchant } = people
      const { common, shop } = merchant
      const i = args.person
      chance.at(traits.keyHigh[i], traits.keyLow[i], args.day)
      const card = args.card === undefined ? undefined : state.cards?.[args.card]?.card
      if (card !== undefined) count(state, 'taps')
      const led = card?.kind === 'mini' && isOurs(ns, card.appid) ? card : undefined
      const mall = args.live || card?.kind === 'product' ? 0 : ((state.mall ?? 0) * ((people.state.flags[i] & flag.contact) !== 0 ? 1 : strangersMall)) // absent in a world from before
      // Whom a card of the mall led there buys there, where there is a phone to play it.
      if (mall > 0 && (led !== undefined || chance.u(slot.shelf, 4) < mall)) return { errand: sendToMall(state, ns.now, i, args, led) }
      const products = productsOf(ns, state)
      if (products.length === 0) return { orderId: null }
      const product = card?.kind === 'product' ? card : undefined
      const lines = basket(live, products, i, args.day, args.fen, product?.productId)
      const held = state.wallets?.[i]
      const coupon = held !== undefined && held.used === undefined && held.until > ns.now ? held : undefined
      chance.at(traits.keyHigh[i], traits.keyLow[i], args.day)
      const road = Math.round((2 + 4 * chance.u(slot.returnDelay, 1)) * dayMs)
      const scene = args.live ? 2 : [3, 4, 5, 6, 1][Math.floor(chance.u(slot.show) * 5)]
      const anonymous = chance.u(slot.anonymous) < 0.05
      const order = (with_: { userCouponId?: string }) => (run(ns, shopLine.acts, 'shop.runOrders', {
        ...(state.shop === null ? {} : { shop: state.shop }),
        orders: [{ person: personName(state, i), anonymous, lines, scene: product === undefined ? scene : sharedScene, ...(product === undefined ? {} : { link: product.url }), ...with_, ...(args.live && state.room?.onAir === true ? { liveId: state.room.exportId } : {}), at: ns.now, payAt: ns.now + 30_000, shipAt: ns.now + 20 * 3_600_000, receiveAt: ns.now + road, settleAt: ns.now + road + 7 * dayMs }],
      }) as { orders: Array<{ orderId: string | null }> } | undefined)?.orders[0]?.orderId ?? null
      // A coupon whose condition the basket does not meet stays in the wallet.
      const reduced = coupon === undefined ? null : order({ userCouponId: coupon.userCouponId })
      const orderId = reduced ?? order({})
      if (orderId === null) return { orderId }
      count(state, 'orders')
      rememberPaid(state, i, (state.priceIndex ?? 0) + (reduced === null ? 0 : Math.log(1 - coupon!.share)))
      if (reduced !== null) {
        coupon!.used = true
        count(state, 'couponsUsed')
      }
      chance.at(traits.keyHigh[i], traits.keyLow[i], args.day)
      const returned = chance.u(slot.returned) < shop.returnRate * (1 + (args.live ? common.returnLive : 0))
      if (returned) {
        const delay = Math.min(30, Math.exp(Math.log(common.returnDelayDays) + common.returnDelaySd * normalAt(chance.u(slot.returnDelay)))) * dayMs
        schedule(ns, ns.now + road + Math.round(delay), 'population.return', { person: i, orderId, partial: chance.u(slot.partial) < common.returnPartial })
      } else tell(state, live, i, args.day)
      return { orderId }
    },
  }),
  act({
    name: 'population.tap',
    en: 'Scheduled: somebody taps the card or link of a message and buys nothing; what of it can be seen is a visit to the mini program, if it leads there',
    args: personArg.extend({ card: z.string() }),
    run(ns, args) {
      const state = stateOf(ns)
      const live = liveOf(state)
      const card = state.cards?.[args.card]?.card
      if (card === undefined) return { tapped: false }
      count(state, 'taps')
      const day = dayNumber(ns.now)
      if (card.kind === 'mini' && isOurs(ns, card.appid) && (state.mall ?? 0) > 0) sendToMall(state, ns.now, args.person, { day, fen: 0, caused: false }, card)
      if (card.kind === 'product') {
        for (const offer of offersOf(ns, state)) {
          if (takers(state, live.people, day, offer, args.person).length > 0) schedule(ns, ns.now + 60_000, 'population.coupon', { person: args.person, couponId: offer.couponId })
        }
      }
      return { tapped: true }
    },
  }),
  act({
    name: 'population.coupon',
    en: 'Scheduled: somebody takes a coupon of the Shop',
    args: personArg.extend({ couponId: z.string() }),
    run(ns, args) {
      const state = stateOf(ns)
      const { people } = liveOf(state)
      const i = args.person
      const offer = offersOf(ns, state).find((one) => one.couponId === args.couponId)
      if (offer === undefined || state.wallets?.[i] !== undefined) return { taken: false }
      const answer = run(ns, shopLine.acts, 'shop.receiveCoupon', { ...(state.shop === null ? {} : { shop: state.shop }), couponId: args.couponId, person: personName(state, i) })
      if (answer === undefined) return { taken: false }
      ;(state.wallets ??= {})[i] = { userCouponId: String(answer.userCouponId), from: ns.now, until: Number(answer.endAt), share: shareOf(offer, people.traits.mean[i]) }
      count(state, 'couponsTaken')
      return { taken: true }
    },
  }),
  act({
    name: 'population.makeGroup',
    en: 'Scheduled: a member makes a customer group in the client',
    args: z.object({ member: z.string(), n: z.int().positive() }),
    run(ns, args) {
      const state = stateOf(ns)
      const answer = run(ns, wecomLine.acts, 'wecom.createGroup', { ...(state.corp === null ? {} : { corpid: state.corp }), owner: args.member, name: `老客群 ${args.n}` })
      return { made: answer !== undefined }
    },
  }),
  act({
    name: 'population.joinGroup',
    en: 'Scheduled: somebody joins a customer group, by its code or because the owner asked',
    args: personArg.extend({ config: z.string().optional(), chat: z.string().optional(), invitor: z.string().optional() }),
    run(ns, args) {
      const state = stateOf(ns)
      const i = args.person
      if ((state.grouped?.[i] ?? '') !== '' || (liveOf(state).people.state.flags[i] & flag.contact) === 0) return { joined: false }
      const answer = run(ns, wecomLine.acts, 'wecom.groupJoin', {
        ...(state.corp === null ? {} : { corpid: state.corp }), person: personName(state, i), name: `顾客${i}`, ...(args.config === undefined ? { chat_id: args.chat, invitor: args.invitor, scene: 1 } : { config_id: args.config }),
      })
      if (answer?.joined !== true) return { joined: false }
      ;(state.grouped ??= {})[i] = String(answer.chat_id)
      count(state, 'joined')
      return { joined: true }
    },
  }),
  act({
    name: 'population.leaveGroup',
    en: 'Scheduled: somebody leaves a customer group; the member stays a contact',
    args: personArg,
    run(ns, args) {
      const state = stateOf(ns)
      const chat = state.grouped?.[args.person] ?? ''
      const id = corpState(ns, state)?.byKey[`p:${personName(state, args.person)}`]
      if (chat === '' || id === undefined) return { left: false }
      state.grouped![args.person] = ''
      const answer = run(ns, wecomLine.acts, 'wecom.groupLeave', { ...(state.corp === null ? {} : { corpid: state.corp }), chat_id: chat, id })
      if (answer?.left === true) count(state, 'leftGroup')
      return { left: answer?.left === true }
    },
  }),
  act({
    name: 'population.writeInGroup',
    en: 'Scheduled: somebody writes in a customer group',
    args: personArg.extend({ chat: z.string() }),
    run(ns, args) {
      const state = stateOf(ns)
      const id = corpState(ns, state)?.byKey[`p:${personName(state, args.person)}`]
      return { wrote: id !== undefined && run(ns, wecomLine.acts, 'wecom.groupMessage', { ...(state.corp === null ? {} : { corpid: state.corp }), chat_id: args.chat, from: id }) !== undefined }
    },
  }),
  act({
    name: 'population.errands',
    en: 'Who is on the way to the merchant\'s mini program: taken by the phones that play them, each once. `likes` (0 to 1) orders the goods by taste, `pieces` for a price comes near the sum',
    args: z.object({ goods: z.int().min(0).max(1000).default(0) }),
    run(ns, args) {
      const current = (ns.slices[populationSlice.name] as { current: PopulationState | null } | undefined)?.current
      if (!current || (current.errands ?? []).length === 0) return { errands: [] }
      const live = liveOf(current)
      const { chance, traits } = live.people
      const errands = current.errands.splice(0).map((errand) => {
        const i = personIndex(current, errand.person)!
        chance.at(traits.keyHigh[i], traits.keyLow[i], errand.day)
        return { ...errand, u: chance.u(slot.basket, 1), likes: Array.from({ length: args.goods }, (_, n) => (16 + traits.taste[i * topicCount + (n % topicCount)]) / (271 * (1 + Math.floor(n / topicCount)))) }
      })
      return { errands }
    },
  }),
  act({
    name: 'population.bought',
    en: 'A phone tells that somebody bought in the mini program: counted, and perhaps told to friends',
    args: z.object({ person: z.string(), day: z.int() }),
    run(ns, args) {
      const state = stateOf(ns)
      const i = personIndex(state, args.person)
      if (i === undefined) throw new PlatformError('NOT_FOUND', 'there is no such person in the population')
      count(state, 'mallOrders')
      const live = liveOf(state)
      live.people.chance.at(live.people.traits.keyHigh[i], live.people.traits.keyLow[i], args.day)
      tell(state, live, i, args.day)
      return { counted: true }
    },
  }),
  act({
    name: 'population.return',
    en: 'Scheduled: goods go back and the money is returned',
    args: personArg.extend({ orderId: z.string(), partial: z.boolean() }),
    run(ns, args) {
      const state = stateOf(ns)
      const viewed = run(ns, shopLine.acts, 'shop.applyAftersale', { ...(state.shop === null ? {} : { shop: state.shop }), orderId: args.orderId, line: 0, ...(args.partial ? { count: 1 } : {}), type: 'REFUND' })
      count(state, 'returns')
      return viewed ?? { aftersaleId: null }
    },
  }),
  act({
    name: 'population.tasks',
    en: 'Scheduled: members look at their mass-send tasks and Moments and decide whether and when to send; people feel what arrived',
    args: z.object({}),
    run(ns) {
      const state = stateOf(ns)
      const live = liveOf(state)
      const { common } = live.people.merchant
      const today = dayNumber(ns.now)
      let decided = 0
      for (const task of pendingTasks(ns, undefined, state.corp ?? undefined)) {
        const key = `${task.id}|${task.userid}`
        const known = state.tasks[key]
        if (known && known.reminders >= task.reminders) continue
        const met = state.tasksToday[task.userid]
        const nth = met && met.day === today ? met.count : 0
        state.tasksToday[task.userid] = { day: today, count: nth + 1 }
        state.tasks[key] = { reminders: task.reminders, day: today }
        decided++
        const minute = confirmsAt({ seed: state.seed, merchantId: 0, staff: seedOf(task.userid) % 2 ** 40, day: today, minute: minuteOfDay(ns.now), nth, reminded: known !== undefined }, common, live.diligence)
        if (minute === undefined) continue
        schedule(ns, Math.max(ns.now + 1000, today * dayMs - 28_800_000 + minute * 60_000), 'population.confirm', { kind: task.kind, id: task.id, userid: task.userid })
      }
      const felt = feel(ns, state, live)
      return { decided, felt }
    },
  }),
  act({
    name: 'population.confirm',
    en: 'Scheduled: a member sends a task; those who get it feel it',
    args: z.object({ kind: z.enum(['broadcast', 'moment']), id: z.string(), userid: z.string() }),
    run(ns, args) {
      const state = stateOf(ns)
      const live = liveOf(state)
      const corp = state.corp === null ? {} : { corpid: state.corp }
      const answer = args.kind === 'broadcast'
        ? run(ns, wecomLine.acts, 'wecom.confirmBroadcast', { ...corp, msgid: args.id, userid: args.userid })
        : run(ns, wecomLine.acts, 'wecom.publishMoment', { ...corp, moment_id: args.id, userid: args.userid })
      if (answer === undefined) return { sent: false }
      count(state, 'confirmed')
      const felt = feel(ns, state, live)
      return { sent: true, felt }
    },
  }),
  act({
    name: 'population.view',
    en: 'Counts of what people did so far: what a bystander could count, no traits (changes nothing)',
    args: z.object({}),
    run(ns) {
      const current = (ns.slices[populationSlice.name] as { current: PopulationState | null } | undefined)?.current
      if (!current) return { people: 0 }
      return { people: current.people, preset: current.preset, day: current.day, contacts: Object.keys(current.members).length, ...Object.fromEntries(['orders', 'mallVisits', 'mallOrders', 'added', 'deleted', 'returns', 'views', 'confirmed', 'joined', 'leftGroup', 'couponsTaken', 'couponsUsed'].map((key) => [key, current.totals[key] ?? 0])) }
    },
  }),
]

/** People of a world: acts `population.*`. */
export const populationModule: LineModule = { line: 'core', routes: [], acts }
