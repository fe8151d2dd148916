import { createHash } from 'node:crypto'
import { dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { effectOf, type Effect, type OfferCost } from './budget.ts'
import { pointsFault } from './errors.ts'
import { rateSetting } from './grant-points.ts'
import type { RuleSet } from './rules.ts'
import { activePersons, dropDraft, earnedByRule, goLive, listRules, lockRules, pointsTotals, rulesAt, saveDraft, type RulesRow } from './store.ts'

export type OfferCosts = (tx: Tx, tenantId: number, now: Instant) => Promise<OfferCost[]>

/** The rules in force, with the rate of a merchant that set one before rules were kept. */
export async function liveRules(tx: Tx, tenantId: number, now: Instant): Promise<{ version: number; set: RuleSet }> {
  const live = await rulesAt(tx, tenantId, now)
  const rate = live.version === 0 ? await readSetting<number>(tx, tenantId, rateSetting) : undefined
  return rate === undefined ? live : { version: 0, set: { ...live.set, rules: live.set.rules.map((rule) => (rule.rule === 'order' ? { ...rule, feathers: rate } : rule)) } }
}

export async function effectOfDraft(tx: Tx, tenantId: number, draft: RuleSet, costs: OfferCosts, now: Instant): Promise<Effect> {
  const since = dayNumber(now) - 27
  const totals = await pointsTotals(tx, tenantId)
  return effectOf(draft, (await liveRules(tx, tenantId, now)).set, await costs(tx, tenantId, now), {
    byRule: await earnedByRule(tx, tenantId, since), persons28: await activePersons(tx, tenantId, since), held: totals.balance + totals.vesting + totals.frozen - totals.owed,
  })
}

/** Names what was shown: whoever puts rules live says this name, so nobody puts live what another changed meanwhile. */
export const seenName = (version: number, body: RuleSet): string => createHash('sha256').update(`${version}/${JSON.stringify(body)}`).digest('hex').slice(0, 16)

export async function draftRules(tx: Tx, tenantId: number, wish: { body: RuleSet; note: string; by: string }, now: Instant): Promise<number> {
  const rows = await lockRules(tx, tenantId)
  const draft = rows.find((row) => row.state === 'draft')
  const version = draft?.version ?? (rows[0]?.version ?? 0) + 1
  await saveDraft(tx, tenantId, { version, body: wish.body, note: wish.note, madeBy: wish.by, madeAt: now })
  return version
}

/** Draft to live, as a whole. What it was shown to cost is kept with it. @throws when the draft changed, is gone, or breaks its own budget. */
export async function publishRules(tx: Tx, tenantId: number, wish: { version: number; seen: string }, costs: OfferCosts, now: Instant): Promise<Effect> {
  const draft = (await lockRules(tx, tenantId)).find((row) => row.state === 'draft')
  if (!draft || draft.version !== wish.version) throw pointsFault('points/no-draft', { version: wish.version })
  if (seenName(draft.version, draft.body) !== wish.seen) throw pointsFault('points/draft-changed', { version: wish.version })
  const effect = await effectOfDraft(tx, tenantId, draft.body, costs, now)
  if (effect.over) throw pointsFault('points/over-budget', { cost: Math.round((effect.cost28Fen ?? 0) / 100), budget: Math.round((effect.budgetFen ?? 0) / 100) })
  goLive(tx, tenantId, draft.version, effect, now)
  return effect
}

export { dropDraft, listRules, type RulesRow }
