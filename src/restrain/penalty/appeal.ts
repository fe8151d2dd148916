import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { makeEvent } from '../../events.ts'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { settlePenalty, type Readers } from './issue.ts'
import { penaltyKinds, type Ladder, type PenaltyKind } from './ladder.ts'
import { appealFor, closeAppeal, escalate, findPenalty, insertAppeal, lockAppeal, lockPenalty, type AppealDecision } from './store.ts'

export const appealDueKind = 'appeal.due'

export type AppealMade = { kind: 'made'; appealId: string; dueAt: Instant } | { kind: 'not-found' } | { kind: 'too-late'; until: Instant } | { kind: 'already'; appealId: string }

/** Until when a penalty or a decided case can be appealed. */
export const appealUntil = (ladder: Pick<Ladder, 'appealDays'>, startsAt: Instant): Instant => startsAt + ladder.appealDays * dayMs

/**
 * Appeals once, within the window, by whom it hit. `against.case`: content that was taken away without a penalty; who decided it is told by the asker.
 */
export async function appeal(
  tx: Tx, work: CommunityWork, ladder: Pick<Ladder, 'appealDays' | 'answerDays' | 'coolingHours'>,
  wish: { readerId: string; text: string; ticketId: string | null; against: { penaltyId: string } | { caseId: string; decidedAt: Instant; decidedBy: string[] } },
): Promise<AppealMade> {
  const penalty = 'penaltyId' in wish.against ? await lockPenalty(tx, work.tenantId, wish.against.penaltyId) : undefined
  if ('penaltyId' in wish.against && (penalty === undefined || penalty.readerId !== wish.readerId)) return { kind: 'not-found' }
  // A penalty that was changed is appealed in its present form.
  const penaltyId = penalty === undefined ? null : penalty.replacedBy ?? penalty.penaltyId
  const from = penalty?.startsAt ?? (wish.against as { decidedAt: Instant }).decidedAt
  const until = appealUntil(ladder, from)
  if (work.now >= until) return { kind: 'too-late', until }
  const caseId = penalty === undefined ? (wish.against as { caseId: string }).caseId : penalty.caseId
  const appealId = work.ids.next()
  const dueAt = work.now + ladder.answerDays * dayMs
  const fresh = await insertAppeal(tx, work.tenantId, {
    appealId, penaltyId, caseId, readerId: wish.readerId, ticketId: wish.ticketId, body: wish.text, madeAt: work.now, dueAt, state: 'open', sameFrom: work.now + ladder.coolingHours * 3_600_000,
    decidedBefore: penalty?.issuedBy ?? (wish.against as { decidedBy: string[] }).decidedBy, decision: null, reason: null, publicNote: null, decidedAt: null, decidedBy: null, missed: false,
  })
  if (!fresh) return { kind: 'already', appealId: (await appealFor(tx, work.tenantId, penaltyId === null ? { caseId: caseId! } : { penaltyId }))!.appealId }
  await putJobs(tx, work.tenantId, [{ kind: appealDueKind, key: appealId, dueAt, state: {} }])
  return { kind: 'made', appealId, dueAt }
}

export type AppealDecided =
  | { kind: 'decided'; publicNote: string | null } | { kind: 'not-found' } | { kind: 'already' }
  /** The penalty was changed since the reviewer looked: look again. */
  | { kind: 'changed'; penaltyId: string | null }
  | { kind: 'same-reviewer'; others: number } | { kind: 'cooling'; from: Instant } | { kind: 'not-lighter' }

/**
 * Decides an appeal. Another reviewer than those who decided first; where there is none, the same after the cooling-off, with a public note.
 * @param reviewers logins of everybody who may decide appeals of this merchant, the provider's included.
 */
export async function decideAppeal(
  tx: Tx, work: CommunityWork, readers: Readers,
  wish: { appealId: string; seenPenaltyId: string | null; decision: AppealDecision; to?: PenaltyKind | null; reason: string; by: string; reviewers: readonly string[] },
): Promise<AppealDecided> {
  const one = await lockAppeal(tx, work.tenantId, wish.appealId)
  if (one === undefined) return { kind: 'not-found' }
  if (one.state === 'decided') return { kind: 'already' }
  if (one.penaltyId !== wish.seenPenaltyId) return { kind: 'changed', penaltyId: one.penaltyId }
  const others = wish.reviewers.filter((login) => !one.decidedBefore.includes(login))
  let publicNote: string | null = null
  if (one.decidedBefore.includes(wish.by)) {
    if (others.length > 0) return { kind: 'same-reviewer', others: others.length }
    if (work.now < one.sameFrom) return { kind: 'cooling', from: one.sameFrom }
    publicNote = '店里只有一位审核人：这次申诉由第一次的审核人隔 24 小时后再看。'
  }
  if (one.penaltyId !== null && wish.decision !== 'uphold') {
    const penalty = (await findPenalty(tx, work.tenantId, one.penaltyId))!
    if (wish.decision === 'reduce') {
      const to = wish.to ?? null
      if (to !== null && penaltyKinds.indexOf(to) >= penaltyKinds.indexOf(penalty.kind)) return { kind: 'not-lighter' }
      await settlePenalty(tx, work, readers, one.penaltyId, { decision: 'reduce', to }, wish.reason, wish.by)
    } else await settlePenalty(tx, work, readers, one.penaltyId, { decision: 'overturn' }, wish.reason, wish.by)
  }
  await closeAppeal(tx, work.tenantId, wish.appealId, { decision: wish.decision, reason: wish.reason, publicNote, at: work.now, by: wish.by })
  await work.emit(tx, [makeEvent(work.ids, work.now, 'appeal.decided', `appeal/${wish.appealId}`, work.now, {
    appealId: wish.appealId, penaltyId: one.penaltyId, caseId: one.caseId, readerId: one.readerId, ticketId: one.ticketId, decision: wish.decision, reason: wish.reason, publicNote,
  })])
  return { kind: 'decided', publicNote }
}

/** Past its deadline an appeal goes up to the owner, is counted as missed, and is asked for again after the same time. */
export function appealDue(answerMs: number): JobHandler {
  return {
    kind: appealDueKind,
    async run(work, tx, job) {
      const one = await lockAppeal(tx, work.tenantId, job.key)
      if (one === undefined || one.state === 'decided') return null
      if (one.dueAt > work.now) return { dueAt: one.dueAt }
      const dueAt = work.now + answerMs
      await escalate(tx, work.tenantId, one.appealId, dueAt)
      return { dueAt }
    },
  }
}
