import { createHash } from 'node:crypto'
import { z } from 'zod'
import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { makePlan, worthOfMore, type PlanProblem } from '../../math/planner/index.ts'
import type { GateDecision, GateReason } from '../pressure/index.ts'

export const planSettingsSchema = z.object({
  /** Messages one member is asked to confirm on one day. */
  perStaffPerDay: z.number().int().min(1).max(10_000),
  /** Money for messages in a week, fen; null: no limit. */
  budgetFen: z.number().int().min(0).nullable(),
})
export type PlanSettings = z.output<typeof planSettingsSchema>
export const defaultPlanSettings: PlanSettings = { perStaffPerDay: 100, budgetFen: null }

/** Days of the week on which messages of a plan go out; a second message follows the first after some days. */
export const sendDays = 5
export const stepGapDays = 3

export type PlanPerson = {
  personId: string
  corpId: string
  staff: string
  segment: number
  /** Place in the epoch; null: not on its roster. */
  place: { dose: number; used: number; startsAt: Instant; endsAt: Instant } | null
  /** Marketing messages of the last seven days, sent or under way. */
  lastWeek: number
  /** Worth of this person against the mean of the segment. */
  ratio: number
  pressure: number
  /** Habit of buying, for the words. */
  rhythm: { gapDays: number; sinceDays: number } | null
  gate: GateDecision
}
export type PlanCampaign = { campaignId: string; name: string; messageKind: 'help' | 'news' | 'sell'; segments: readonly string[]; lift: number }

export type ChooseInput = {
  /** When the first messages would leave. */
  sendAt: Instant
  weekEnd: Instant
  epochDays: number
  segmentKeys: readonly string[]
  persons: readonly PlanPerson[]
  campaigns: readonly PlanCampaign[]
  doses: readonly number[]
  /** Net value per person and epoch against silence, segments × doses, fen, and its sd. */
  value: ArrayLike<number>
  valueSd: ArrayLike<number>
  /** Dose to go by where the person has no place, per segment; `known`: it is a finding and not a habit. */
  chosen: ReadonlyArray<{ dose: number; known: boolean }>
  perWeekMax: number
  settings: PlanSettings
  touchCostFen: number
}

export type OutReason = GateReason | 'not-due' | 'no-value' | 'no-campaign' | 'staff-full' | 'budget'
export type InReason = 'value' | 'explore' | 'habit'
export type PlanRow = {
  personId: string; corpId: string; staff: string; segment: number; dose: number | null; pressure: number; campaignId: string | null; chosen: boolean
  /** Expected net value in fen: of the message, or of the best one left out. */
  valueFen: number
  offsetDays: number
  reason: InReason | OutReason
  detail: Record<string, number>
  clearAt: Instant | null
}
export type PlanLimit = { kind: 'staff' | 'budget'; name: string; capacity: number; used: number; worthFen: number }
export type Chosen = {
  rows: PlanRow[]
  messages: number
  persons: number
  left: number
  /** Sum of expected values of the chosen, with the interval that comes from not knowing the curves; explorations count with what they are worth. */
  valueFen: number
  lowFen: number
  highFen: number
  /** What the explorations among them are expected to cost, ≥ 0. */
  learningFen: number
  /** No plan can be worth more than this above `valueFen`. */
  couldAddFen: number
  proven: boolean
  limits: PlanLimit[]
}

/** A draw in [0, 1) that spreads people over the weeks of an epoch; no secret, nothing depends on it but the day. */
export function phaseOf(personId: string): number {
  return createHash('sha256').update(personId).digest().readUInt32BE(0) / 4_294_967_296
}

/** Messages of the dose that should have gone by an instant, and when the next one falls due. */
export function dueBy(place: { dose: number; startsAt: Instant; endsAt: Instant }, phase: number, at: Instant): number {
  const elapsed = Math.min(1, Math.max(0, (at - place.startsAt) / (place.endsAt - place.startsAt)))
  return Math.min(place.dose, Math.floor(place.dose * elapsed + phase))
}
function dueAt(place: { dose: number; startsAt: Instant; endsAt: Instant }, phase: number, n: number): Instant {
  return Math.ceil(place.startsAt + Math.max(0, (n - phase) / place.dose) * (place.endsAt - place.startsAt))
}

/** Linear between measured doses on log₂(1 + dose), as the evidence models it; flat beyond the last. */
export function interpolate(doses: readonly number[], values: ArrayLike<number>, row: number, dose: number): number {
  const x = (d: number): number => Math.log2(1 + d)
  for (let k = 1; k < doses.length; k++) {
    if (dose > doses[k]) continue
    const w = (x(dose) - x(doses[k - 1])) / (x(doses[k]) - x(doses[k - 1]))
    return values[row + k - 1] + w * (values[row + k] - values[row + k - 1])
  }
  return values[row + doses.length - 1]
}

/** A touch of an experiment is worth at least this to the plan, fen: an arm that is not sent teaches nothing. */
const exploreFen = 1

/**
 * The week's plan: which person gets which message, and for everybody else why not. Candidates are marginal steps (this person's next message, the one
 * after it), each with the campaign that suits it best; rows of members and money limit them. Pure and deterministic.
 */
export function choosePlan(input: ChooseInput): Chosen {
  const { persons, doses, campaigns, segmentKeys, settings } = input
  // A plan stays inside its week: fewer days, fewer confirmations, and no second message when there is no room for a gap.
  const lastDay = Math.max(0, Math.floor((input.weekEnd - 1 - input.sendAt) / dayMs))
  const days = Math.min(sendDays, lastDay + 1)
  type Candidate = { person: number; campaign: PlanCampaign; value: number; sd: number; worth: number; reason: InReason }
  const candidates: Candidate[] = []
  const rows: PlanRow[] = []
  const firstOf = new Int32Array(persons.length + 1)
  const limit = new Int32Array(persons.length)
  const outOf = new Map<number, { reason: OutReason; detail: Record<string, number>; clearAt: Instant | null }>()
  const byLift = segmentKeys.map((key) => campaigns.filter((c) => c.segments.length === 0 || c.segments.includes(key)).sort((a, b) => b.lift - a.lift || (a.campaignId < b.campaignId ? -1 : 1)))
  persons.forEach((person, p) => {
    firstOf[p] = candidates.length
    if (!person.gate.allowed) {
      outOf.set(p, { reason: person.gate.reason, detail: person.gate.detail, clearAt: person.gate.clearAt ?? null })
      return
    }
    const phase = phaseOf(person.personId)
    const row = person.segment * doses.length
    const plain = input.chosen[person.segment]
    const used = person.place?.used ?? person.lastWeek
    const dose = person.place?.dose ?? plain.dose
    // Who is on no roster gets the week's part of the dose that everybody would get.
    const due = person.place !== null ? dueBy(person.place, phase, input.weekEnd) - person.place.used : Math.floor((plain.dose * 7) / input.epochDays + phase) - person.lastWeek
    const steps = Math.min(due, input.perWeekMax - person.lastWeek, byLift[person.segment].length, 1 + Math.floor(lastDay / stepGapDays))
    if (due <= 0 || input.perWeekMax - person.lastWeek <= 0) {
      outOf.set(p, { reason: 'not-due', detail: { dose, used }, clearAt: person.place === null || person.place.dose === 0 ? null : Math.max(input.weekEnd, dueAt(person.place, phase, person.place.used + 1)) })
      return
    }
    if (steps <= 0) {
      outOf.set(p, { reason: 'no-campaign', detail: {}, clearAt: null })
      return
    }
    limit[p] = steps
    const at = (d: number): number => interpolate(doses, input.value, row, Math.min(d, doses[doses.length - 1]))
    const marginal = Array.from({ length: steps }, (_, j) => at(used + j + 1) - at(used + j)).sort((a, b) => b - a)
    const arm = Math.max(1, doses.findIndex((d) => d >= used + 1))
    const sdPerTouch = input.valueSd[row + arm] / Math.max(1, doses[arm])
    marginal.forEach((step, j) => {
      const campaign = byLift[person.segment][j]
      const factor = person.ratio * campaign.lift
      const value = step * factor
      const bound = person.place !== null || !plain.known
      const reason: InReason = value > exploreFen ? 'value' : person.place !== null ? 'explore' : 'habit'
      candidates.push({ person: p, campaign, value, sd: sdPerTouch * factor, worth: bound ? Math.max(value, exploreFen) : value, reason })
    })
  })
  firstOf[persons.length] = candidates.length

  const staff = [...new Set(persons.map((person) => person.staff))].sort()
  const staffRow = new Map(staff.map((name, r) => [name, r]))
  const planRows = [
    ...staff.map((name) => ({ name, capacity: settings.perStaffPerDay * days })),
    ...(settings.budgetFen === null || input.touchCostFen <= 0 ? [] : [{ name: 'budget', capacity: settings.budgetFen }]),
  ]
  const per = planRows.length > staff.length ? 2 : 1
  const problem: PlanProblem = {
    persons: persons.length, person: Int32Array.from(candidates, (c) => c.person), value: Float64Array.from(candidates, (c) => c.worth), rows: planRows,
    use: {
      first: Int32Array.from({ length: candidates.length + 1 }, (_, j) => j * per),
      row: Int32Array.from(candidates.flatMap((c) => (per === 2 ? [staffRow.get(persons[c.person].staff)!, staff.length] : [staffRow.get(persons[c.person].staff)!]))),
      amount: Float64Array.from(candidates.flatMap(() => (per === 2 ? [1, input.touchCostFen] : [1]))),
    },
    caps: [{ name: 'due', limit }],
  }
  const plan = makePlan(problem, { nodes: 20_000 })
  const chosen = new Set(plan.chosen)

  // Best first, so that the most valuable messages of a member go on the first day.
  const order = [...plan.chosen].sort((a, b) => candidates[b].worth - candidates[a].worth || a - b)
  const load = new Map<string, number>()
  const dayOf = new Map<number, number>()
  const offset = new Map<number, number>()
  for (const j of order) {
    const { person } = candidates[j]
    const count = load.get(persons[person].staff) ?? 0
    load.set(persons[person].staff, count + 1)
    const first = dayOf.get(person)
    const day = first === undefined ? Math.min(days - 1, Math.floor(count / settings.perStaffPerDay)) : Math.min(lastDay, first + stepGapDays)
    dayOf.set(person, day)
    offset.set(j, day)
  }

  const result: Chosen = { rows, messages: 0, persons: 0, left: 0, valueFen: 0, lowFen: 0, highFen: 0, learningFen: 0, couldAddFen: Math.max(0, plan.bound - plan.value), proven: plan.status === 'optimal', limits: [] }
  let spread = 0
  persons.forEach((person, p) => {
    const base = { personId: person.personId, corpId: person.corpId, staff: person.staff, segment: person.segment, dose: person.place?.dose ?? null, pressure: person.pressure }
    let mine = 0
    let best = -1
    for (let j = firstOf[p]; j < firstOf[p + 1]; j++) {
      const candidate = candidates[j]
      if (!chosen.has(j)) {
        if (best < 0 || candidate.value > candidates[best].value) best = j
        continue
      }
      mine++
      result.messages++
      result.valueFen += candidate.value
      spread += candidate.sd
      if (candidate.value < 0) result.learningFen -= candidate.value
      rows.push({
        ...base, campaignId: candidate.campaign.campaignId, chosen: true, valueFen: candidate.value, offsetDays: offset.get(j)!, reason: candidate.reason, clearAt: null,
        detail: { ...person.rhythm, dose: person.place?.dose ?? input.chosen[person.segment].dose, n: (person.place?.used ?? person.lastWeek) + mine },
      })
    }
    if (mine > 0) {
      result.persons++
      return
    }
    result.left++
    const out = outOf.get(p) ?? keptOut(best)
    rows.push({ ...base, campaignId: null, chosen: false, valueFen: best < 0 ? 0 : candidates[best].value, offsetDays: 0, ...out })
  })
  function keptOut(j: number): { reason: OutReason; detail: Record<string, number>; clearAt: Instant | null } {
    const by = plan.keptOut?.by[j] ?? -2
    const shortBy = Math.max(0, plan.keptOut?.shortBy[j] ?? 0)
    if (by === -1) return { reason: 'not-due', detail: { dose: 0, used: 0 }, clearAt: input.weekEnd }
    if (by < 0) return { reason: 'no-value', detail: { valueFen: candidates[j].value }, clearAt: null }
    return { reason: by < staff.length ? 'staff-full' : 'budget', detail: { shortFen: shortBy }, clearAt: input.weekEnd }
  }
  result.lowFen = result.valueFen - 1.96 * spread
  result.highFen = result.valueFen + 1.96 * spread
  const limiting = plan.rows.map((row, r) => ({ row, r })).filter(({ row }) => row.limiting && row.slack < 1).sort((a, b) => b.row.price - a.row.price).slice(0, 6)
  result.limits = limiting.map(({ row, r }): PlanLimit => ({
    kind: r < staff.length ? 'staff' : 'budget', name: row.name, capacity: planRows[r].capacity, used: row.used,
    worthFen: Math.max(0, worthOfMore(problem, plan, r, r < staff.length ? 1 : Math.max(1, input.touchCostFen), { nodes: 5_000 }).worth),
  }))
  return result
}

/** Monday 00:00 after an instant, Shanghai. */
export function weekEndAfter(now: Instant): Instant {
  const offset = 8 * 3_600_000
  // 1970-01-01 was a Thursday.
  const dayNo = Math.floor((now + offset) / dayMs)
  const untilMonday = 7 - ((dayNo + 3) % 7)
  return (dayNo + untilMonday) * dayMs - offset
}
