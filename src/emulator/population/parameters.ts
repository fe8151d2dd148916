import { createChance, uniformAt } from './chance.ts'
import { normalAt } from './quantile.ts'

/**
 * Every parameter of the population, in one place. Marks: [D] computed from a public data set, [P] published figure, [V] vendor's claim,
 * [A] our assumption: a knob, and goals must hold over ranges of it. `--population FILE` replaces any of them (see `readParameters`).
 * Explanations and sources: docs/population.md. Rates are per day, money is fen.
 */
export type LineName = 'broadcast' | 'oneToOne' | 'groupMessage' | 'groupAll' | 'moment' | 'article' | 'subscription' | 'call' | 'service'

export type LineWeights = {
  /** Annoyance, attention, and the chance that an unmuted person sees it. */
  annoyance: number
  attention: number
  see: number
}

export type Common = {
  /** [A] half-lives in days. */
  attentionDays: number
  annoyanceDays: number
  memoryDays: number
  borrowDays: number
  /** [A] attention gained per seen touch at relevance ½; power of (annoyance / tolerance) in leaving; mute ratio. */
  attentionPerTouch: number
  leavePower: number
  muteRatio: number
  memoryGain: number
  /** [A] how much more a forgotten sender annoys. */
  forgottenAnnoys: number
  /** [A] relevance = clamp(base + slope·cos·fit). */
  relevanceBase: number
  relevanceSlope: number
  /** [A] drop-out is κ_W · memory lower while one is remembered; win-back per seen touch. */
  kappaW: number
  winBack: number
  /** [A] spread (sd of ln) of tolerance and its pull by the tie. */
  toleranceSd: number
  toleranceTie: number
  /** [A] price elasticity (ln median, sd), coupon liking sd, coupon effect, habit of the reference price. */
  elasticity: number
  elasticitySd: number
  couponSd: number
  couponEffect: number
  couponBorrow: number
  referencePull: number
  /** [A] who meets a coupon takes it with this × liking (at most 1); who taps a message meets the Shop's coupons with the second. */
  couponTake: number
  couponAfterClick: number
  /** [A] shelf choice. */
  shelfBase: number
  shelfContact: number
  shelfCoupon: number
  shelfHabit: number
  shelfPrice: number
  /** [A] returns. */
  returnDelayDays: number
  returnDelaySd: number
  returnLive: number
  returnFestival: number
  returnPartial: number
  /** [A] festival weeks: annoyance ×, seen ×. */
  crowdAnnoyance: number
  crowdSeen: number
  /** [A] clicks after a caused purchase, after an own one while attentive, and without a purchase (base + slope·relevance). */
  clickCaused: number
  clickOwn: number
  clickBase: number
  clickRelevance: number
  reply: number
  like: number
  complaint: number
  /** [A] those gone who come back within a year, and what is left of their tolerance. */
  comeBack: number
  comeBackTolerance: number
  /** [A] persons who are no contacts buy first at this share of a contact's rate (window, live room). */
  publicFirst: number
  /** [A] adding a member, by occasion; a gift multiplies it. */
  addAfterView: number
  addInLive: number
  addAfterOrder: number
  addFromFriend: number
  addGift: number
  giftOnlyShare: number
  /** [A] word of mouth. */
  tellShare: number
  tellMore: number
  tellBoost: number
  tellDays: number
  warnShare: number
  warnDamp: number
  warnDays: number
  /** [D] spread of a video among acquaintances; likes [A]. */
  viewFollower: number
  likeLow: number
  likeHigh: number
  showFriend: number
  viewShown: number
  /** [D] acquaintance graph: groups beyond the first, ln size median and sd, chance to know inside, hubs, their ties. */
  groupsMore: number
  groupMedian: number
  groupSd: number
  knowInside: number
  hubShare: number
  hubTies: number
  /** [A] referral. */
  /** [A] customer groups: chance a day that a contact meets a code or is asked (× the preset's liking × (½ + tie)), leaves, writes. */
  groupMeet: number
  groupLeave: number
  groupTalk: number
  inviteBase: number
  inviteTie: number
  inviteAdds: number
  cheaters: number
  /** [A] staff: Beta(a, b) of confirming, median delay, second task, reminder, bad weeks, leavers a month. */
  diligenceA: number
  diligenceB: number
  confirmMedianHours: number
  secondTask: number
  reminderGain: number
  badWeek: number
  resignMonthly: number
  lines: Record<LineName, LineWeights>
}

export type Preset = {
  zh: string
  /** [D]-shaped: Gamma(r, α) purchase rate (α in days), Beta(a, b) drop-out, first order factor χ. */
  r: number
  alpha: number
  a: number
  b: number
  chi: number
  meanOrderFen: number
  /** sd of ln m beyond Gamma–Gamma; 0 turns `heavy` off. The mean stays `meanOrderFen`. */
  heavy: number
  valueShape: number
  spendShape: number
  margin: number
  returnRate: number
  phi: number
  beta: number
  leaveNatural: number
  festivalExponent: number
  /** Share of orders in the live room, and live evenings a week. */
  liveShare: number
  liveEvenings: number
  /** Category share of the 12 topics. */
  topics: number[]
  /** Recommendation views of a video, mean. */
  videoViews: number
  /** [A] chance a day that a contact or buyer looks at what coupons the Shop has; liking of customer groups. */
  couponMeet: number
  groupJoin: number
  regime: RegimeName
}

export type RegimeName = 'loves-news' | 'hump-shaped' | 'fragile' | 'segment-dependent' | 'drifting' | 'messages-do-nothing'
export type PresetName = 'tea' | 'mother-and-baby' | 'fashion-live' | 'knowledge'

export type Regime = {
  lift: number
  tolerance: number
  /** Chance to leave per seen touch at A = K. */
  delta: number
  /** Factors for fans, ordinary, cold. */
  liftByType: number[]
  toleranceByType: number[]
  /** A year later lift is × (1 − driftLift) and δ × exp(driftDelta). */
  driftLift: number
  driftDelta: number
  /** Factors on κ_W and win-back. */
  kappaW: number
  winBack: number
  /** Factors on the preset's φ and β; the fleet draws its own. */
  phi: number | null
  beta: number | null
}

export type Fleet = {
  nothing: number
  lnLift: number
  lnLiftSd: number
  lnToleranceSd: number
  lnDelta: number
  lnDeltaSd: number
  typeSd: number
  lnBeta: number
  lnBetaSd: number
  phi: number
  phiSd: number
  drift: number
  driftLiftMax: number
  driftDeltaMax: number
}

export type Parameters = { common: Common; presets: Record<PresetName, Preset>; regimes: Record<RegimeName, Regime>; fleet: Fleet }

/** One merchant's truth: preset × regime. */
export type Merchant = { preset: PresetName; regime: RegimeName | 'fleet'; common: Common; shop: Preset; response: Regime; phi: number; beta: number; kappaW: number; winBack: number }

const plain = { liftByType: [1, 1, 1], toleranceByType: [1, 1, 1], driftLift: 0, driftDelta: 0, kappaW: 1, winBack: 1, phi: null, beta: null }
const topics = [0.2, 0.15, 0.12, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.02, 0.02]

export function defaultParameters(): Parameters {
  return {
    common: {
      attentionDays: 2.5, annoyanceDays: 10, memoryDays: 45, borrowDays: 14, attentionPerTouch: 0.6, leavePower: 1.2, muteRatio: 2, memoryGain: 0.35, forgottenAnnoys: 0.5,
      relevanceBase: 0.15, relevanceSlope: 1.2, kappaW: 0.3, winBack: 0.002, toleranceSd: 0.6, toleranceTie: 0.25,
      elasticity: 1.5, elasticitySd: 0.4, couponSd: 0.5, couponEffect: 2.5, couponBorrow: 1.5, referencePull: 0.05, couponTake: 0.5, couponAfterClick: 0.5,
      shelfBase: -1.2, shelfContact: 1.2, shelfCoupon: 1, shelfHabit: 1.5, shelfPrice: 8,
      returnDelayDays: 5, returnDelaySd: 0.6, returnLive: 0.3, returnFestival: 0.2, returnPartial: 0.15, crowdAnnoyance: 1.4, crowdSeen: 0.85,
      clickCaused: 0.8, clickOwn: 0.2, clickBase: 0.03, clickRelevance: 0.1, reply: 0.006, like: 0.01, complaint: 0.0002, comeBack: 0.05, comeBackTolerance: 0.7, publicFirst: 0.3,
      addAfterView: 0.004, addInLive: 0.02, addAfterOrder: 0.12, addFromFriend: 0.08, addGift: 1.8, giftOnlyShare: 0.2,
      tellShare: 0.15, tellMore: 0.7, tellBoost: 3, tellDays: 7, warnShare: 0.2, warnDamp: 0.3, warnDays: 28,
      viewFollower: 0.06, likeLow: 0.03, likeHigh: 0.1, showFriend: 0.1, viewShown: 0.5,
      groupsMore: 0.5, groupMedian: 8.5, groupSd: 1.05, knowInside: 0.75, hubShare: 0.002, hubTies: 400, groupMeet: 0.05, groupLeave: 0.002, groupTalk: 0.02, inviteBase: 0.03, inviteTie: 0.05, inviteAdds: 0.08, cheaters: 0.04,
      diligenceA: 8, diligenceB: 2, confirmMedianHours: 2, secondTask: 0.7, reminderGain: 0.5, badWeek: 0.1, resignMonthly: 0.02,
      lines: {
        broadcast: { annoyance: 1, attention: 1, see: 0.65 }, oneToOne: { annoyance: 0.6, attention: 1.5, see: 0.85 }, groupMessage: { annoyance: 0.25, attention: 0.3, see: 0.25 },
        groupAll: { annoyance: 0.5, attention: 0.5, see: 0.5 }, moment: { annoyance: 0.15, attention: 0.3, see: 0.3 }, article: { annoyance: 0.3, attention: 0.5, see: 0.2 },
        subscription: { annoyance: 0.4, attention: 0.7, see: 0.5 }, call: { annoyance: 3, attention: 2, see: 0.4 }, service: { annoyance: 0, attention: 0, see: 0.9 },
      },
    },
    presets: {
      tea: {
        zh: '茶饮', r: 0.7, alpha: 14, a: 0.25, b: 6, chi: 0.9, meanOrderFen: 3200, heavy: 0.3, valueShape: 8, spendShape: 6, margin: 0.55, returnRate: 0.01, phi: 0.35, beta: 0.3,
        leaveNatural: 0.00025, festivalExponent: 0.4, liveShare: 0.1, liveEvenings: 1, topics, videoViews: 40, couponMeet: 0.03, groupJoin: 0.4, regime: 'loves-news',
      },
      'mother-and-baby': {
        zh: '母婴', r: 0.75, alpha: 38, a: 0.35, b: 5, chi: 0.6, meanOrderFen: 18_000, heavy: 0.6, valueShape: 6, spendShape: 4, margin: 0.28, returnRate: 0.05, phi: 0.6, beta: 0.25,
        leaveNatural: 0.0002, festivalExponent: 0.8, liveShare: 0.2, liveEvenings: 2, topics, videoViews: 60, couponMeet: 0.02, groupJoin: 0.6, regime: 'hump-shaped',
      },
      'fashion-live': {
        zh: '服饰直播', r: 0.45, alpha: 40, a: 0.6, b: 4, chi: 0.5, meanOrderFen: 22_000, heavy: 0.8, valueShape: 6.25, spendShape: 3.74, margin: 0.45, returnRate: 0.45, phi: 0.7, beta: 0.2,
        leaveNatural: 0.0003, festivalExponent: 1.3, liveShare: 0.7, liveEvenings: 3, topics, videoViews: 120, couponMeet: 0.04, groupJoin: 0.5, regime: 'segment-dependent',
      },
      knowledge: {
        zh: '知识', r: 0.22, alpha: 110, a: 0.6, b: 2.4, chi: 0.15, meanOrderFen: 19_900, heavy: 1.1, valueShape: 3, spendShape: 3, margin: 0.85, returnRate: 0.03, phi: 0.8, beta: 0.15,
        leaveNatural: 0.00015, festivalExponent: 0.5, liveShare: 0.1, liveEvenings: 1, topics, videoViews: 80, couponMeet: 0.01, groupJoin: 0.5, regime: 'fragile',
      },
    },
    regimes: {
      'loves-news': { ...plain, lift: 2.2, tolerance: 1, delta: 0.0003 },
      'hump-shaped': { ...plain, lift: 1.6, tolerance: 1, delta: 0.003 },
      fragile: { ...plain, lift: 1, tolerance: 1, delta: 0.007 },
      'segment-dependent': { ...plain, lift: 1.7, tolerance: 1, delta: 0.002, liftByType: [0.3, 1.5, 1.5], toleranceByType: [0.3, 1.5, 2] },
      drifting: { ...plain, lift: 2, tolerance: 1, delta: 0.0007, driftLift: 0.6, driftDelta: 2.3 },
      'messages-do-nothing': { ...plain, lift: 0, tolerance: 1, delta: 0.0014, kappaW: 0, winBack: 0 },
    },
    fleet: {
      nothing: 0.1, lnLift: Math.log(1.5), lnLiftSd: 0.5, lnToleranceSd: 0.4, lnDelta: Math.log(0.0014), lnDeltaSd: 0.6, typeSd: 0.6, lnBeta: Math.log(0.25), lnBetaSd: 0.4, phi: 0.6, phiSd: 0.12,
      drift: 0.2, driftLiftMax: 0.6, driftDeltaMax: 2.3,
    },
  }
}

/** Overlays a (part of a) parameter file on the defaults. Error: names the first key that is unknown or of another kind. */
export function readParameters(file: unknown, base: Parameters = defaultParameters()): Parameters {
  return overlay(base, file, 'population') as Parameters
}

function overlay(base: unknown, given: unknown, path: string): unknown {
  if (given === undefined) return base
  if (typeof base === 'number' || base === null) {
    if (!(typeof given === 'number' && Number.isFinite(given)) && !(base === null && given === null)) throw new RangeError(`cannot read the population: ${path} is ${JSON.stringify(given)}, expected a number`)
    return given
  }
  if (typeof base === 'string') {
    if (typeof given !== 'string') throw new RangeError(`cannot read the population: ${path} is ${JSON.stringify(given)}, expected a text`)
    return given
  }
  if (Array.isArray(base)) {
    if (!Array.isArray(given) || given.length !== base.length) throw new RangeError(`cannot read the population: ${path} is ${JSON.stringify(given)}, expected ${base.length} numbers`)
    return base.map((value, i) => overlay(value, given[i], `${path}[${i}]`))
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new RangeError(`cannot read the population: ${path} is ${JSON.stringify(given)}, expected an object`)
  const known = base as Record<string, unknown>
  const result: Record<string, unknown> = { ...known }
  for (const [key, value] of Object.entries(given)) {
    if (!(key in known)) throw new RangeError(`cannot read the population: ${path}.${key} is unknown, expected one of ${Object.keys(known).join(', ')}`)
    result[key] = overlay(known[key], value, `${path}.${key}`)
  }
  return result
}

export function merchantOf(parameters: Parameters, preset: PresetName, regime?: RegimeName | Regime): Merchant {
  const shop = parameters.presets[preset]
  if (!shop) throw new RangeError(`cannot make a merchant: the preset ${preset} is unknown, expected one of ${Object.keys(parameters.presets).join(', ')}`)
  const response = typeof regime === 'object' ? regime : parameters.regimes[regime ?? shop.regime]
  if (!response) throw new RangeError(`cannot make a merchant: the regime ${String(regime)} is unknown, expected one of ${Object.keys(parameters.regimes).join(', ')}`)
  const { common } = parameters
  return {
    preset, regime: typeof regime === 'object' ? 'fleet' : (regime ?? shop.regime), common, shop, response,
    phi: response.phi ?? shop.phi, beta: response.beta ?? shop.beta, kappaW: common.kappaW * response.kappaW, winBack: common.winBack * response.winBack,
  }
}

export const presetNames: readonly PresetName[] = ['tea', 'mother-and-baby', 'fashion-live', 'knowledge']
export const regimeNames: readonly RegimeName[] = ['loves-news', 'hump-shaped', 'fragile', 'segment-dependent', 'drifting', 'messages-do-nothing']

/** Merchant number `index` of the fleet of a seed: the preset by number, the response drawn. */
export function fleetMerchant(parameters: Parameters, seed: number, index: number): Merchant {
  const { fleet } = parameters
  const chance = createChance()
  const u = (k: number): number => uniformAt(chance, seed, index, 0, 0, 90, k)
  const z = (k: number): number => normalAt(u(k))
  const nothing = u(0) < fleet.nothing
  const drifts = u(1) < fleet.drift
  const regime: Regime = {
    lift: nothing ? 0 : Math.exp(fleet.lnLift + fleet.lnLiftSd * z(2)),
    tolerance: Math.exp(fleet.lnToleranceSd * z(3)),
    delta: Math.exp(fleet.lnDelta + fleet.lnDeltaSd * z(4)),
    liftByType: [5, 6, 7].map((k) => Math.exp(fleet.typeSd * z(k))),
    toleranceByType: [8, 9, 10].map((k) => Math.exp(fleet.typeSd * z(k))),
    driftLift: drifts ? u(11) * fleet.driftLiftMax : 0,
    driftDelta: drifts ? u(12) * fleet.driftDeltaMax : 0,
    kappaW: nothing ? 0 : 1,
    winBack: nothing ? 0 : 1,
    phi: Math.min(0.9, Math.max(0.2, fleet.phi + fleet.phiSd * z(13))),
    beta: Math.exp(fleet.lnBeta + fleet.lnBetaSd * z(14)),
  }
  const preset = presetNames[Math.floor(u(15) * presetNames.length)]
  return merchantOf(parameters, preset, regime)
}
