import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { placesAt, readDosage, segments, type DosageState, type PriorSource } from '../experiment/index.ts'
import { countedOfAll, countMessage, decideGate, optedOut, pressureRows, quietEnd, readPolicy, type CountedMessage, type GateFacts } from '../pressure/index.ts'
import { choosePlan, defaultPlanSettings, weekEndAfter, type PlanPerson, type PlanSettings } from './choose.ts'
import { insertPlan, listCampaigns, openRows, replaceDrafts, type PlanHead } from './store.ts'

export const planSettingsKey = 'restrain.plan'
/** Between approval and the first message: everything can still be changed. */
export const holdMs = 30 * 60_000

export async function readPlanSettings(tx: Tx, tenantId: number): Promise<PlanSettings> {
  return { ...defaultPlanSettings, ...(await readSetting<Partial<PlanSettings>>(tx, tenantId, planSettingsKey)) }
}

/** Plans the rest of the week for everybody who can be reached, and keeps it as a draft; older drafts are replaced. */
export async function makeWeek(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids'>, prior?: PriorSource): Promise<PlanHead> {
  const { tenantId, now, ids } = work
  const dosage = await readDosage(tx, tenantId, now, prior)
  const policy = await readPolicy(tx, tenantId)
  const settings = await readPlanSettings(tx, tenantId)
  const campaigns = await listCampaigns(tx, tenantId, now)
  const sendAt = quietEnd(policy, now + holdMs) ?? now + holdMs
  const weekEnd = weekEndAfter(now)
  const persons = await planPersons(tx, tenantId, dosage, policy, now, sendAt)
  const { decision } = dosage.judgement
  const chosen = choosePlan({
    sendAt, weekEnd, epochDays: dosage.running?.design.epochDays ?? dosage.settings.epochDays, segmentKeys: segments.map((s) => s.key), persons, campaigns, doses: dosage.doses,
    value: decision.valueMean, valueSd: decision.valueSd, chosen: segments.map((_, s) => ({ dose: dosage.doses[decision.chosen[s]], known: decision.verdict[s] !== 'not-enough-evidence' })),
    perWeekMax: policy.perWeekMax, settings, touchCostFen: dosage.settings.touchCostFen,
  })
  const reasons = new Map<string, number>()
  for (const row of chosen.rows) if (!row.chosen) reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1)
  const { rows, ...totals } = chosen
  const plan: PlanHead = {
    planId: ids.next(), weekStart: weekEnd - 7 * dayMs, weekEnd, madeAt: now, status: 'draft', approvedAt: null, approvedBy: null, heldUntil: null, finishedAt: null,
    summary: {
      ...totals, known: dosage.judgement.basis === 'closed' && decision.verdict.some((verdict) => verdict === 'dose'), staff: new Set(rows.filter((row) => row.chosen).map((row) => row.staff)).size,
      reasons: [...reasons].map(([reason, count]) => ({ reason, persons: count })).sort((a, b) => b.persons - a.persons || (a.reason < b.reason ? -1 : 1)),
    },
  }
  await replaceDrafts(tx, tenantId)
  await insertPlan(tx, tenantId, plan, rows)
  return plan
}

async function planPersons(tx: Tx, tenantId: number, dosage: DosageState, policy: Awaited<ReturnType<typeof readPolicy>>, now: Instant, sendAt: Instant): Promise<PlanPerson[]> {
  const { people } = dosage
  const today = (id: string): string => people.merged.get(id) ?? id
  const pressure = new Map<string, number>()
  for (const row of await pressureRows(tx, tenantId, policy.halfLifeDays * dayMs, now)) pressure.set(today(row.personId), (pressure.get(today(row.personId)) ?? 0) + row.pressure)
  const out = new Set([...(await optedOut(tx, tenantId, 'wecom', now))].map(today))
  const places = new Map<string, { dose: number; startsAt: Instant; endsAt: Instant }>()
  for (const [id, place] of await placesAt(tx, tenantId, null, now)) {
    const known = places.get(today(id))
    if (known === undefined || place.dose < known.dose) places.set(today(id), place)
  }
  const facts = new Map<string, GateFacts>()
  for (const contact of people.contacts) {
    const place = places.get(contact.personId)
    facts.set(contact.personId, {
      pressure: pressure.get(contact.personId) ?? 0, reserved: 0, massAt: [], marketingAt: [], optedOut: out.has(contact.personId),
      dose: place === undefined ? null : { dose: place.dose, used: 0, endsAt: place.endsAt },
    })
  }
  const count = (personId: string, message: Omit<CountedMessage, 'line'>): void => {
    const fact = facts.get(today(personId))
    if (fact !== undefined) countMessage(fact, { ...message, line: 'wecom' }, places.get(today(personId))?.startsAt, now)
  }
  for (const message of await countedOfAll(tx, tenantId, now - 32 * dayMs, now)) count(message.personId, { ...message, waiting: message.state === 'reserved' })
  // What an approved plan has still to hand over counts as under way.
  for (const { personId } of await openRows(tx, tenantId)) count(personId, { purpose: 'broadcast', messageKind: 'sell', weight: 1, at: now, waiting: true })
  const meanOf = segments.map((_, s) => {
    const values = people.contacts.filter((c) => c.segment === s).map((c) => people.values.valueFen.get(c.personId) ?? 0)
    return values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length
  })
  const asked = { line: 'wecom', purpose: 'broadcast', messageKind: 'sell' } as const
  return people.contacts.map((contact): PlanPerson => {
    const fact = facts.get(contact.personId)!
    const place = places.get(contact.personId)
    const mean = meanOf[contact.segment]
    // A person's own value is an estimate too: drawn halfway to the segment's mean, and bounded.
    const ratio = mean > 0 ? Math.min(4, Math.max(0.25, 0.5 + (0.5 * (people.values.valueFen.get(contact.personId) ?? 0)) / mean)) : 1
    const history = people.histories.get(contact.personId)
    return {
      personId: contact.personId, corpId: contact.corpId, staff: contact.staff, segment: contact.segment, ratio, pressure: fact.pressure + fact.reserved,
      place: place === undefined ? null : { dose: place.dose, used: fact.dose!.used, startsAt: place.startsAt, endsAt: place.endsAt },
      lastWeek: fact.marketingAt.filter((at) => at > now - 7 * dayMs).length,
      rhythm: history === undefined || history.orders < 2 ? null : {
        gapDays: Math.max(1, Math.round((history.lastPaidAt - history.firstPaidAt) / (history.orders - 1) / dayMs)), sinceDays: Math.round((now - history.lastPaidAt) / dayMs),
      },
      gate: decideGate(policy, asked, fact, sendAt),
    }
  })
}
