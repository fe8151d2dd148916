import { dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { makeEvent } from '../../events.ts'
import { linkedPersons } from './linked.ts'
import { ruleOf, termsOf, type EarnSurface, type Rule, type RuleSet } from './rules.ts'
import { authorsOf, knownKeys, lockCounts, lotsOfPersons, openWallets, rulesAt, saveCounts, saveWallets, sumsOfArticles, sumsOfDays } from './store.ts'
import { credit, settle } from './wallet.ts'
import type { ReasonCode } from './words.ts'

/** What these functions need of the engine's `Work`; without `emit` nobody is told. */
export type PointsWork = { tenantId: number; now: Instant; ids: Ids; emit?(tx: Tx, events: readonly DomainEvent[]): Promise<void> }

/**
 * Something done that may earn feathers. `key` names the act and earns once per person and rule: for `comment` the comment; for `quiz`
 * the article is the key, for `recommend` and `share-read` the article with the reader, whatever key is given: so it does not matter which door hears first.
 */
export type EarnFact = { rule: string; key: string; personId: string; articleId?: string; surface: EarnSurface; /** Person who caused it: the reader of a share. */ becauseOf?: string; occurredAt: Instant; /** A friend's act by choice; see `deliberate`. */ deliberate?: boolean; /** 2: whoever had brought the sharer. */ level?: 1 | 2 }
export type Earned = { feathers: number; why?: ReasonCode; /** Cannot be spent until the audit has looked. */ waits?: true }

export function keyOf(rule: Rule, fact: EarnFact): string {
  if (rule.once === 'article' && fact.articleId !== undefined) return fact.articleId
  if (rule.once === 'reader' && fact.articleId !== undefined) return `${fact.articleId}/${fact.becauseOf ?? fact.key}`
  return fact.key
}

/** Room under the caps, kept while a batch is decided. */
export type Room = {
  known: Set<string>
  /** Feathers by `person/rule/day`, `person/day`, `person/rule/article`, and shared counters by `scope@day`. */
  days: Map<string, number>; personDays: Map<string, number>; articles: Map<string, number>; shared: Map<string, number>
  /** Accounts of one person, and who wrote an article. */
  linked: Map<string, ReadonlySet<string>>; authors: Map<string, string>
  /** `rule/article` that an account linked to the person has been given for: `person/rule/article`. */
  byLinked: Set<string>
}
export const sharedScopes = (rule: Rule, fact: EarnFact): Array<{ scope: string; cap: number; why: ReasonCode }> => [
  ...(rule.caps.articleDay !== null && fact.articleId !== undefined ? [{ scope: `article/${rule.rule}/${fact.articleId}`, cap: rule.caps.articleDay, why: 'cap-all' as const }] : []),
  ...(rule.caps.surfaceDay !== null ? [{ scope: `surface/${rule.rule}/${fact.surface}`, cap: rule.caps.surfaceDay, why: 'cap-all' as const }] : []),
]

/** What one act earns, and takes its room. Pure but for `room`. */
export function decideEarn(set: RuleSet, fact: EarnFact, room: Room): Earned {
  const rule = ruleOf(set, fact.rule)
  if (!rule || !rule.on) return { feathers: 0, why: 'rule-off' }
  const mode = rule.surfaces[fact.surface]
  if (mode === 'off' || (mode === 'deliberate' && !fact.deliberate)) return { feathers: 0, why: 'surface' }
  if (fact.level === 2 && rule.levels < 2) return { feathers: 0, why: 'rule-off' }
  const brought = fact.rule === 'recommend' || fact.rule === 'share-read'
  if (brought && fact.becauseOf === undefined) return { feathers: 0, why: 'not-registered' }
  if (fact.becauseOf !== undefined && fact.becauseOf === fact.personId) return { feathers: 0, why: 'self-read' }
  if (fact.becauseOf !== undefined && room.linked.get(fact.personId)?.has(fact.becauseOf)) return { feathers: 0, why: 'linked-account' }
  // Being right about one's own article, or talking under it, is no proof of reading; sharing it is allowed.
  if (!brought && fact.articleId !== undefined && rule.once !== 'reader' && fact.rule !== 'sale' && room.authors.get(fact.articleId) === fact.personId) return { feathers: 0, why: 'own-article' }
  const key = keyOf(rule, fact)
  const id = `${fact.personId}/${rule.rule}/${key}`
  if (room.known.has(id)) return { feathers: 0, why: 'already' }
  if (rule.once === 'article' && fact.articleId !== undefined && room.byLinked.has(`${fact.personId}/${rule.rule}/${fact.articleId}`)) return { feathers: 0, why: 'same-person' }
  const day = dayNumber(fact.occurredAt)
  const slots: Array<{ map: Map<string, number>; key: string; cap: number; why: ReasonCode }> = []
  if (rule.caps.personArticle !== null && fact.articleId !== undefined) slots.push({ map: room.articles, key: `${fact.personId}/${rule.rule}/${fact.articleId}`, cap: rule.caps.personArticle, why: 'cap-article' })
  if (rule.caps.personDay !== null) slots.push({ map: room.days, key: `${fact.personId}/${rule.rule}/${day}`, cap: rule.caps.personDay, why: 'cap-day' })
  if (set.personDay !== null) slots.push({ map: room.personDays, key: `${fact.personId}/${day}`, cap: set.personDay, why: 'cap-day' })
  for (const { scope, cap, why } of sharedScopes(rule, fact)) slots.push({ map: room.shared, key: `${scope}@${day}`, cap, why })
  let feathers = fact.level === 2 ? rule.secondLevel : rule.feathers
  let why: ReasonCode = 'rule-off'
  for (const slot of slots) {
    const left = Math.max(0, slot.cap - (slot.map.get(slot.key) ?? 0))
    if (left < feathers) {
      feathers = left
      why = slot.why
    }
  }
  if (feathers <= 0) return { feathers: 0, why }
  const today = `${fact.personId}/${rule.rule}/${day}`
  const before = room.days.get(today) ?? 0
  if (rule.caps.personDay === null) room.days.set(today, before + feathers)
  for (const slot of slots) slot.map.set(slot.key, (slot.map.get(slot.key) ?? 0) + feathers)
  room.known.add(id)
  return rule.freeDay !== null && before + feathers > rule.freeDay ? { feathers, waits: true } : { feathers }
}

/** Credits what was done, once per key, inside the caps, in one transaction with whatever called it. In the order given. */
export async function earn(tx: Tx, work: PointsWork, facts: readonly EarnFact[]): Promise<Earned[]> {
  if (facts.length === 0) return []
  const { tenantId, now } = work
  const sets = new Map<Instant, Awaited<ReturnType<typeof rulesAt>>>()
  for (const fact of facts) if (!sets.has(fact.occurredAt)) sets.set(fact.occurredAt, await rulesAt(tx, tenantId, fact.occurredAt))
  const setOf = (fact: EarnFact) => sets.get(fact.occurredAt)!
  const persons = [...new Set(facts.map((fact) => fact.personId))].sort()
  const wallets = await openWallets(tx, tenantId, persons, now)
  const days = [...new Set(facts.map((fact) => dayNumber(fact.occurredAt)))]
  const articles = [...new Set(facts.flatMap((fact) => (fact.articleId === undefined ? [] : [fact.articleId])))]
  const counts = facts.flatMap((fact) => {
    const rule = ruleOf(setOf(fact).set, fact.rule)
    return rule ? sharedScopes(rule, fact).map(({ scope }) => ({ scope, day: dayNumber(fact.occurredAt) })) : []
  })
  const room: Room = {
    known: await knownKeys(tx, tenantId, facts.flatMap((fact) => {
      const rule = ruleOf(setOf(fact).set, fact.rule)
      return rule ? [{ personId: fact.personId, rule: rule.rule, key: keyOf(rule, fact) }] : []
    })),
    days: new Map(), personDays: new Map(), articles: new Map(), shared: await lockCounts(tx, tenantId, counts),
    linked: await linkedPersons(tx, tenantId, persons), authors: articles.length === 0 ? new Map() : await authorsOf(tx, tenantId, articles), byLinked: new Set(),
  }
  const others = [...new Set([...room.linked.values()].flatMap((set) => [...set]))]
  if (others.length > 0 && articles.length > 0) {
    const theirs = await lotsOfPersons(tx, tenantId, others, [...new Set(facts.map((fact) => fact.rule))])
    for (const [personId, linked] of room.linked) for (const lot of theirs) if (linked.has(lot.personId) && lot.articleId !== null && lot.feathers > lot.reversed) room.byLinked.add(`${personId}/${lot.rule}/${lot.articleId}`)
  }
  const community = (rule: string): boolean => !['opening', 'restored', 'order', 'sale', 'adjustment'].includes(rule)
  for (const sum of await sumsOfDays(tx, tenantId, persons, days)) {
    room.days.set(`${sum.personId}/${sum.rule}/${sum.day}`, sum.feathers)
    if (community(sum.rule)) room.personDays.set(`${sum.personId}/${sum.day}`, (room.personDays.get(`${sum.personId}/${sum.day}`) ?? 0) + sum.feathers)
  }
  if (articles.length > 0) for (const sum of await sumsOfArticles(tx, tenantId, persons, articles)) room.articles.set(`${sum.personId}/${sum.rule}/${sum.articleId}`, sum.feathers)

  for (const wallet of wallets.values()) settle(wallet, work)
  const shared = new Map(room.shared)
  const told: DomainEvent[] = []
  const earned = facts.map((fact): Earned => {
    const { set, version } = setOf(fact)
    const outcome = decideEarn(set, fact, room)
    if (outcome.feathers <= 0) return outcome
    const rule = ruleOf(set, fact.rule)!
    const terms = termsOf(rule, fact.occurredAt, outcome.waits)
    credit(wallets.get(fact.personId)!, work, {
      rule: rule.rule, key: keyOf(rule, fact), feathers: outcome.feathers, articleId: fact.articleId, surface: fact.surface, causePersonId: fact.becauseOf, occurredAt: fact.occurredAt, vestsAt: terms.vestsAt, expiresAt: terms.expiresAt, version,
    })
    told.push(makeEvent(work.ids, now, 'points.granted', `person/${fact.personId}`, now, { personId: fact.personId, feathers: outcome.feathers, reason: `${rule.rule}/${keyOf(rule, fact)}` }))
    return outcome
  })
  await saveWallets(tx, tenantId, wallets.values())
  saveCounts(tx, tenantId, new Map([...room.shared].filter(([key, feathers]) => shared.get(key) !== feathers)))
  if (told.length > 0) await work.emit?.(tx, told)
  return earned
}
