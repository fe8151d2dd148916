import type { RuleSet } from './rules.ts'

/** What a live benefit costs the merchant, and how much of it was taken in the last 28 days. Declared here; offers answer. */
export type OfferCost = { offerId: string; title: string; feathers: number; costFen: number; redeemed28: number; stock: number }
export type Activity = { byRule: ReadonlyArray<{ rule: string; acts: number; persons: number; feathers: number }>; persons28: number; held: number }

export type RuleEffect = { rule: string; zh: string; en: string; acts28: number; feathersNow: number; /** null: nothing to compare with, the rule is new or was off. */ feathersDraft: number | null; costNowFen: number | null; costDraftFen: number | null }
export type Effect = {
  /** Fen per feather over the live benefits: cheapest, as people redeem (a plain mean while nobody did), dearest. null: there is no benefit. */
  costPerFeather: { low: number; mean: number; high: number } | null
  rules: RuleEffect[]
  /** What one article gives one person at most, and the cheapest benefit: so many articles for one. */
  articleMost: number | null; cheapestBenefit: number | null
  /** Of one person a day at most; null: no cap. */
  personDayMost: number | null
  /** 28 days as the last 28 went, and at most: everybody active every day at the cap. */
  cost28Fen: number | null; cost28NowFen: number | null; most28Fen: number | null
  budgetFen: number | null; over: boolean
  /** What all held feathers would cost at once: as people redeem, and at the dearest. */
  held: number; liabilityFen: number | null; liabilityHighFen: number | null
}

const community = ['opening', 'restored', 'sale', 'adjustment']

/** What a set of rules would cost, told before it goes live. Pure; estimates lean on the last 28 days and say so by their name. */
export function effectOf(draft: RuleSet, live: RuleSet, offers: readonly OfferCost[], activity: Activity): Effect {
  const per = offers.map((offer) => ({ fen: offer.costFen / offer.feathers, weight: offer.redeemed28 * offer.feathers }))
  const weight = per.reduce((sum, one) => sum + one.weight, 0)
  const costPerFeather = per.length === 0 ? null : {
    low: Math.min(...per.map((one) => one.fen)), high: Math.max(...per.map((one) => one.fen)),
    mean: weight > 0 ? per.reduce((sum, one) => sum + one.fen * one.weight, 0) / weight : per.reduce((sum, one) => sum + one.fen, 0) / per.length,
  }
  const fen = (feathers: number, rate = costPerFeather?.mean): number | null => (rate === undefined ? null : Math.round(feathers * rate))
  const rules = draft.rules.filter((rule) => !community.includes(rule.rule)).map((rule): RuleEffect => {
    const now = activity.byRule.find((one) => one.rule === rule.rule)
    const before = live.rules.find((one) => one.rule === rule.rule)
    const feathersNow = now?.feathers ?? 0
    const feathersDraft = !rule.on || rule.feathers === 0 ? 0 : before === undefined || !before.on || before.feathers === 0 ? null : scaled(feathersNow, now?.acts ?? 0, rule.feathers, before.feathers)
    return { rule: rule.rule, zh: rule.zh, en: rule.en, acts28: now?.acts ?? 0, feathersNow, feathersDraft, costNowFen: fen(feathersNow), costDraftFen: feathersDraft === null ? null : fen(feathersDraft) }
  })
  const on = draft.rules.filter((rule) => rule.on && rule.feathers > 0 && rule.rule !== 'order' && rule.rule !== 'playbook' && !community.includes(rule.rule))
  const sum = (values: ReadonlyArray<number | null>): number | null => (values.includes(null) ? null : values.reduce<number>((total, one) => total + (one ?? 0), 0))
  const caps = sum(on.map((rule) => rule.caps.personDay))
  const personDayMost = caps === null ? draft.personDay : draft.personDay === null ? caps : Math.min(caps, draft.personDay)
  const cost28Fen = sum(rules.map((rule) => rule.costDraftFen))
  return {
    costPerFeather, rules,
    articleMost: sum(on.map((rule) => rule.caps.personArticle)), cheapestBenefit: offers.length === 0 ? null : Math.min(...offers.map((offer) => offer.feathers)),
    personDayMost, cost28Fen, cost28NowFen: sum(rules.map((rule) => rule.costNowFen)),
    most28Fen: personDayMost === null || costPerFeather === null ? null : Math.round(personDayMost * 28 * activity.persons28 * costPerFeather.high),
    budgetFen: draft.budgetFen, over: draft.budgetFen !== null && (cost28Fen ?? 0) > draft.budgetFen,
    held: activity.held, liabilityFen: fen(activity.held), liabilityHighFen: fen(activity.held, costPerFeather?.high),
  }
}

/** As many acts as before at the new price. Caps that cut before cut again, so the price scales what was given and not what was done. */
function scaled(feathers: number, acts: number, price: number, before: number): number {
  return acts === 0 ? 0 : Math.round((feathers * price) / before)
}
