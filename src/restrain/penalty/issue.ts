import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { makeEvent } from '../../events.ts'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { endOf, penaltyKinds, reckon, type Aggravation, type Ladder, type PenaltyKind, type Severity } from './ladder.ts'
import { runs, type Running } from './standing.ts'
import { appealFor, insertPenalties, lockAppeal, lockPenalty, markEnded, markOverturned, moveAppeal, openPenalties, penaltiesOfCase, penaltiesOfReaders, type EndWhy, type Excerpt, type Penalty } from './store.ts'

/** What this module asks about readers: answered by retain/reader, wired in the composition root. */
export type Readers = {
  /** All accounts of the same person, this one included. */
  linked(tx: Tx, tenantId: number, readerId: string): Promise<string[]>
  reader(tx: Tx, tenantId: number, readerId: string): Promise<{ personId: string | null; phoneAt: Instant | null; kind: string } | undefined>
  /** The newest version of the convention accepted; 0: none. */
  accepted(tx: Tx, tenantId: number, readerId: string): Promise<number>
  close(tx: Tx, work: CommunityWork, readerId: string): Promise<void>
  reopen(tx: Tx, tenantId: number, readerId: string): Promise<void>
}

export const penaltyEndKind = 'penalty.end'

/** All penalties that may run, of the reader and of the other accounts of the same person: a second account is no way round a silence. */
export async function runningOf(tx: Tx, tenantId: number, readers: Readers, readerId: string, now: Instant): Promise<Running[]> {
  return (await openPenalties(tx, tenantId, await readers.linked(tx, tenantId, readerId), now)).filter((one) => runs(one, now))
}

export type Standing = { state: 'free' | 'silenced' | 'closed'; until: Instant | null; penaltyId: string | null; rule: string | null }
/** Where a reader stands now. */
export async function standingOf(tx: Tx, tenantId: number, readers: Readers, readerId: string, now: Instant): Promise<Standing> {
  const running = await runningOf(tx, tenantId, readers, readerId, now)
  const closed = running.find((one) => one.kind === 'closure')
  if (closed) return { state: 'closed', until: null, penaltyId: closed.penaltyId, rule: closed.rule }
  const longest = running.toSorted((a, b) => (b.endsAt ?? Infinity) - (a.endsAt ?? Infinity))[0]
  return longest ? { state: 'silenced', until: longest.endsAt, penaltyId: longest.penaltyId, rule: longest.rule } : { state: 'free', until: null, penaltyId: null, rule: null }
}

export type Sentence = {
  readerId: string; rule: { id: string; zh: string; en: string; category: number; severity: Severity }; ladder: Ladder; convention: number; caseId: string | null
  /** When the act was done: recidivism is reckoned at this instant. */
  actedAt: Instant; aggravations: readonly Aggravation[]; excerpt: Excerpt; reason: string; by: readonly string[]
}

/** What the ladder would give now, without giving it: shown to the moderator before the yes. */
export async function proposePenalty(tx: Tx, tenantId: number, readers: Readers, sentence: Pick<Sentence, 'readerId' | 'rule' | 'ladder' | 'actedAt' | 'aggravations'>): Promise<{ reckoning: ReturnType<typeof reckon>; linked: string[]; earlier: Penalty[] }> {
  const linked = await readers.linked(tx, tenantId, sentence.readerId)
  const earlier = await penaltiesOfReaders(tx, tenantId, linked)
  // Another account of the same person has been punished before, or is silenced as this one acts: both are one hand.
  const others = earlier.some((one) => one.readerId !== sentence.readerId && one.endedWhy !== 'overturned' && one.startsAt <= sentence.actedAt)
  const aggravations = [...new Set([...sentence.aggravations, ...(others ? (['several-accounts'] as const) : [])])]
  return { reckoning: reckon(sentence.ladder, { severity: sentence.rule.severity, earlier, aggravations, at: sentence.actedAt }), linked, earlier }
}

/**
 * Gives a penalty: it starts now and ends by its own time. Where several accounts were used, every account of the person gets the same one.
 * @returns one per account, the offender's first.
 */
export async function givePenalty(tx: Tx, work: CommunityWork, readers: Readers, sentence: Sentence): Promise<Penalty[]> {
  const { reckoning, linked } = await proposePenalty(tx, work.tenantId, readers, sentence)
  const targets = reckoning.raised.includes('several-accounts') ? [sentence.readerId, ...linked.filter((one) => one !== sentence.readerId)] : [sentence.readerId]
  const rows: Penalty[] = []
  for (const readerId of targets) {
    const reader = await readers.reader(tx, work.tenantId, readerId)
    rows.push({
      penaltyId: work.ids.next(), readerId, personId: reader?.personId ?? null, kind: reckoning.kind, rule: sentence.rule.id, ruleZh: sentence.rule.zh, ruleEn: sentence.rule.en, category: sentence.rule.category, caseId: sentence.caseId,
      convention: sentence.convention, excerpt: sentence.excerpt, reckoning, reason: sentence.reason, feathers: reckoning.feathers, startsAt: work.now, endsAt: endOf(reckoning.kind, work.now), issuedAt: work.now, issuedBy: [...sentence.by],
      endedAt: null, endedWhy: null, endedBy: null, replaces: null, replacedBy: null,
    })
  }
  await start(tx, work, readers, rows)
  return rows
}

async function start(tx: Tx, work: CommunityWork, readers: Readers, rows: readonly Penalty[]): Promise<void> {
  await insertPenalties(tx, work.tenantId, rows)
  await putJobs(tx, work.tenantId, rows.flatMap((row) => (row.endsAt === null ? [] : [{ kind: penaltyEndKind, key: row.penaltyId, dueAt: row.endsAt, state: {} }])))
  for (const row of rows) if (row.kind === 'closure') await readers.close(tx, work, row.readerId)
  await work.emit(tx, rows.map((row) => makeEvent(work.ids, work.now, 'penalty.started', `reader/${row.readerId}`, row.startsAt, {
    penaltyId: row.penaltyId, readerId: row.readerId, personId: row.personId, kind: row.kind, startsAt: row.startsAt, endsAt: row.endsAt, rule: row.rule, caseId: row.caseId, feathers: row.feathers,
  })))
}

async function end(tx: Tx, work: CommunityWork, readers: Readers, penalty: Penalty, how: { why: EndWhy; by: string; at: Instant; replacedBy?: string; stays?: boolean }): Promise<void> {
  if (how.why === 'overturned') await markOverturned(tx, work.tenantId, penalty.penaltyId, how.at, how.by)
  else await markEnded(tx, work.tenantId, penalty.penaltyId, how)
  if (penalty.kind === 'closure' && !how.stays && penalty.endedAt === null) await readers.reopen(tx, work.tenantId, penalty.readerId)
  await work.emit(tx, [makeEvent(work.ids, work.now, 'penalty.ended', `reader/${penalty.readerId}`, how.at, { penaltyId: penalty.penaltyId, readerId: penalty.readerId, personId: penalty.personId, why: how.why })])
}

/** A penalty's own end. Whoever acts is asked by the times; this tells the others (feathers thaw). */
export function penaltyEnd(readers: Readers): JobHandler {
  return {
    kind: penaltyEndKind,
    async run(work, tx, job) {
      const penalty = await lockPenalty(tx, work.tenantId, job.key)
      if (penalty === undefined || penalty.endedAt !== null || penalty.endsAt === null) return null
      if (penalty.endsAt > work.now) return { dueAt: penalty.endsAt }
      await end(tx, work, readers, penalty, { why: 'expired', by: 'time', at: penalty.endsAt })
      return null
    },
  }
}

export type ChangeOutcome = { kind: 'changed'; penaltyId: string | null } | { kind: 'not-found' } | { kind: 'over' } | { kind: 'appealed' } | { kind: 'same' }

/**
 * Changes a running penalty (to null: lifts it). The old one ends and a new one takes its place, with the same start, so what was served counts.
 * While an appeal waits it can only become lighter, and the appeal goes along with it.
 */
export async function changePenalty(tx: Tx, work: CommunityWork, readers: Readers, change: { penaltyId: string; to: PenaltyKind | null; reason: string; by: string }): Promise<ChangeOutcome> {
  // The appeal first, then the penalty: the same order as the one who decides it, so that neither waits for the other for ever.
  const waiting = await appealFor(tx, work.tenantId, { penaltyId: change.penaltyId })
  if (waiting !== undefined) await lockAppeal(tx, work.tenantId, waiting.appealId)
  const penalty = await lockPenalty(tx, work.tenantId, change.penaltyId)
  if (penalty === undefined) return { kind: 'not-found' }
  if (!runs(penalty, work.now)) return { kind: 'over' }
  if (change.to === penalty.kind) return { kind: 'same' }
  const lighter = change.to === null || penaltyKinds.indexOf(change.to) < penaltyKinds.indexOf(penalty.kind)
  const appeal = await appealFor(tx, work.tenantId, { penaltyId: penalty.penaltyId })
  if (!lighter && appeal !== undefined && appeal.state !== 'decided') return { kind: 'appealed' }
  return { kind: 'changed', penaltyId: await replace(tx, work, readers, penalty, { to: change.to, lighter, reason: change.reason, by: change.by }) }
}

/** @returns the one that took its place; null when nothing is left to serve. */
async function replace(tx: Tx, work: CommunityWork, readers: Readers, penalty: Penalty, change: { to: PenaltyKind | null; lighter: boolean; reason: string; by: string }): Promise<string | null> {
  const endsAt = change.to === null ? work.now : endOf(change.to, penalty.startsAt)
  const left = change.to !== null && (endsAt === null || endsAt > work.now)
  const next: Penalty | undefined = change.to === null ? undefined : {
    ...penalty, penaltyId: work.ids.next(), kind: change.to, endsAt, reason: change.reason, issuedAt: work.now, issuedBy: [...new Set([...penalty.issuedBy, change.by])], replaces: penalty.penaltyId, replacedBy: null,
    feathers: change.lighter && ['silence-1'].includes(change.to) && penalty.feathers === 'freeze' ? 'none' : penalty.feathers,
  }
  await end(tx, work, readers, penalty, { why: change.lighter ? 'reduced' : 'replaced', by: change.by, at: work.now, replacedBy: next?.penaltyId, stays: change.to === 'closure' })
  if (next === undefined) return null
  if (left) await start(tx, work, readers, [next])
  else {
    // Served already: it stays on the record as what it is now, and nothing begins.
    await insertPenalties(tx, work.tenantId, [next])
    await markEnded(tx, work.tenantId, next.penaltyId, { at: work.now, why: 'expired', by: 'time' })
  }
  await moveAppeal(tx, work.tenantId, penalty.penaltyId, next.penaltyId)
  return left ? next.penaltyId : null
}

/** An appeal's outcome for a penalty; the same for the accounts that got it with this one. */
export async function settlePenalty(tx: Tx, work: CommunityWork, readers: Readers, penaltyId: string, outcome: { decision: 'reduce'; to: PenaltyKind | null } | { decision: 'overturn' }, reason: string, by: string): Promise<void> {
  const penalty = await lockPenalty(tx, work.tenantId, penaltyId)
  if (penalty === undefined) return
  const siblings = penalty.caseId === null ? [penalty] : (await penaltiesOfCase(tx, work.tenantId, penalty.caseId)).filter((one) => one.replacedBy === null)
  for (const one of siblings) {
    if (outcome.decision === 'overturn') {
      if (one.endedWhy !== 'overturned') await end(tx, work, readers, one, { why: 'overturned', by, at: work.now })
    } else if (runs(one, work.now)) await replace(tx, work, readers, one, { to: outcome.to, lighter: true, reason, by })
  }
}

/** A decision taken back within its ten seconds: what it gave never was. */
export async function takeBack(tx: Tx, work: CommunityWork, readers: Readers, caseId: string, by: string): Promise<void> {
  for (const one of await penaltiesOfCase(tx, work.tenantId, caseId)) if (one.endedWhy !== 'overturned') await end(tx, work, readers, one, { why: 'overturned', by, at: work.now })
}
