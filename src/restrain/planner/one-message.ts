import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { touchesInEpoch, readDosage, segments, type PriorSource } from '../experiment/index.ts'
import { interpolate } from './choose.ts'

/** What one more message to each of these people is expected to bring and to cost. Money is contribution in fen, net of the losses' value and the message's cost. */
export type OneMessage = {
  /** Of the given people, who are contacts with a segment. */
  persons: number
  valueFen: number
  lowFen: number
  highFen: number
  /** Contacts who would leave because of it. */
  lost: number
  lostLow: number
  lostHigh: number
  /** The experiment can tell for at least one of the segments; otherwise the figures are a guess and are not to be said. */
  known: boolean
  /** Days until it can, where that can be foreseen. */
  daysUntilAnswer: number | null
}

/**
 * The marginal step of each person's own dose on the estimated curve of the segment, added up. Errors of one segment are shared by everybody in it, so they
 * add up in full; segments are taken as independent. Deterministic for a state of the book.
 */
export async function worthOfOneMessage(tx: Tx, tenantId: number, personIds: readonly string[], now: Instant, prior?: PriorSource): Promise<OneMessage> {
  const state = await readDosage(tx, tenantId, now, prior)
  const { people, doses, judgement } = state
  const { decision } = judgement
  const today = (id: string): string => people.merged.get(id) ?? id
  const wanted = new Set(personIds.map(today))
  const since = state.running?.startsAt ?? now - state.settings.epochDays * dayMs
  const used = new Map<string, number>()
  for (const row of await touchesInEpoch(tx, tenantId, since, now + 1)) used.set(today(row.personId), (used.get(today(row.personId)) ?? 0) + row.touches)
  const meanOf = segments.map((_, s) => mean(people.contacts.filter((c) => c.segment === s).map((c) => people.values.valueFen.get(c.personId) ?? 0)))
  const last = doses[doses.length - 1]
  const answer: OneMessage = { persons: 0, valueFen: 0, lowFen: 0, highFen: 0, lost: 0, lostLow: 0, lostHigh: 0, known: false, daysUntilAnswer: null }
  const spread = segments.map(() => ({ money: 0, lost: 0 }))
  for (const contact of people.contacts) {
    if (!wanted.has(contact.personId)) continue
    const s = contact.segment
    const row = s * doses.length
    const from = Math.min(used.get(contact.personId) ?? 0, last)
    const to = Math.min(from + 1, last)
    const arm = Math.max(1, doses.findIndex((dose) => dose >= to))
    const ratio = meanOf[s] > 0 ? Math.min(4, Math.max(0.25, 0.5 + (0.5 * (people.values.valueFen.get(contact.personId) ?? 0)) / meanOf[s])) : 1
    const step = (values: ArrayLike<number>): number => interpolate(doses, values, row, to) - interpolate(doses, values, row, from)
    answer.persons++
    answer.valueFen += step(decision.valueMean) * ratio
    answer.lost += step(decision.causedLossMean)
    spread[s].money += (decision.valueSd[row + arm] / Math.max(1, doses[arm])) * ratio
    spread[s].lost += decision.causedLossSd[row + arm] / Math.max(1, doses[arm])
    const view = judgement.segments[s]
    if (judgement.basis !== 'nothing' && !state.alarm && view.verdict !== 'not-enough-evidence') answer.known = true
    if (view.daysUntilAnswer !== null) answer.daysUntilAnswer = Math.min(answer.daysUntilAnswer ?? Infinity, view.daysUntilAnswer)
  }
  const half = (key: 'money' | 'lost'): number => 1.96 * Math.hypot(...spread.map((one) => one[key]))
  answer.lowFen = answer.valueFen - half('money')
  answer.highFen = answer.valueFen + half('money')
  answer.lostLow = Math.max(0, answer.lost - half('lost'))
  answer.lostHigh = answer.lost + half('lost')
  return answer
}

const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length)
