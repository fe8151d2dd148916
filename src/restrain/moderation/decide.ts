import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { makeEvent } from '../../events.ts'
import type { CommunityWork, Evidence } from '../../retain/reader/index.ts'
import { givePenalty, proposePenalty, takeBack, type Excerpt, type Penalty } from '../penalty/index.ts'
import { ruleOf } from './convention.ts'
import type { Conventions, ModerationParts } from './judge.ts'
import type { Rule } from './rules.ts'
import { changeCase, closeReports, decisionsOf, findPiece, insertDecision, lockCase, lockNext, markUndone, putMediaVerdicts, setPieceState, type Case, type DecisionRow, type PieceState } from './store.ts'

/** A case is held for one moderator this long, by the process clock like every lease. */
export const leaseMs = 5 * 60_000
/** How long a decision can be taken back. */
export const undoMs = 10_000
/** A case that was put off comes back after this. */
const putOffMs = 10 * 60_000
export const settleKind = 'moderation.settle'

export type Desk = { parts: ModerationParts; conventions: Conventions }
/** `wall`: the process clock, for leases and undo. `reviewers`: logins of everybody who may decide here. */
export type Moderator = { login: string; wall: Instant; reviewers: readonly string[] }
const aloneOf = (who: Moderator): boolean => who.reviewers.every((login) => login === who.login)

export type Claimed = { kind: 'claimed'; case: Case } | { kind: 'none' } | { kind: 'not-found' } | { kind: 'over' } | { kind: 'taken'; by: string; until: Instant } | { kind: 'looked-before' }

/** Takes the next case, or a named one, for five minutes. Whoever comes second gets another one, or is told who has it. */
export async function claimCase(tx: Tx, work: CommunityWork, who: Moderator, wish: { caseId?: string; category?: number }): Promise<Claimed> {
  const alone = aloneOf(who)
  const found = wish.caseId === undefined ? await lockNext(tx, work.tenantId, { by: who.login, wall: who.wall, now: work.now, alone, category: wish.category }) : await lockCase(tx, work.tenantId, wish.caseId)
  if (found === undefined) return { kind: wish.caseId === undefined ? 'none' : 'not-found' }
  if (!['open', 'second', 'third', 'sample'].includes(found.state)) return { kind: 'over' }
  if (found.claimedBy !== null && found.claimedBy !== who.login && found.claimedUntil! > who.wall) return { kind: 'taken', by: found.claimedBy, until: found.claimedUntil! }
  if (wish.caseId !== undefined && found.state !== 'open' && (found.state === 'sample' || !alone) && (await looked(tx, work.tenantId, found.caseId)).some((one) => one.decidedBy === who.login)) return { kind: 'looked-before' }
  const until = who.wall + leaseMs
  await changeCase(tx, work.tenantId, found.caseId, { claimedBy: who.login, claimedUntil: until })
  return { kind: 'claimed', case: { ...found, claimedBy: who.login, claimedUntil: until } }
}
export async function releaseCase(tx: Tx, work: CommunityWork, who: Moderator, caseId: string): Promise<void> {
  const found = await lockCase(tx, work.tenantId, caseId)
  if (found?.claimedBy === who.login) await changeCase(tx, work.tenantId, caseId, { claimedBy: null, claimedUntil: null })
}

const looked = async (tx: Tx, tenantId: number, caseId: string): Promise<DecisionRow[]> => (await decisionsOf(tx, tenantId, caseId)).filter((one) => one.undoneAt === null && one.decision !== 'hold')

export type Wish = { caseId: string; decision: 'pass' | 'hold' | 'reject'; rule: string | null; minors: boolean; cheating?: 'registered-by-cheating' | 'cheating' | null; penalty: 'proposed' | 'none'; reason: string }
export type Decided =
  | { kind: 'settling'; settlesAt: Instant } | { kind: 'second' } | { kind: 'third' } | { kind: 'held'; until: Instant } | { kind: 'sampled' }
  | { kind: 'not-found' } | { kind: 'over' } | { kind: 'taken'; by: string | null } | { kind: 'no-rule'; version: number } | { kind: 'looked-before' }

/** The rule a case is decided by: of the version in force when it was done, or of a later one that found it. */
async function ruleFor(tx: Tx, tenantId: number, desk: Desk, one: Case, id: string | null): Promise<{ rule: Rule | undefined; penal: boolean }> {
  const then = ruleOf((await desk.conventions.version(tx, tenantId, one.convention))!, id)
  if (one.foundBy === one.convention) return { rule: then, penal: true }
  return { rule: then ?? ruleOf((await desk.conventions.version(tx, tenantId, one.foundBy))!, id), penal: false }
}

/**
 * One look at a case. The first look at an ordinary case decides; grave ones need two who agree, and a third where they do not. A decision takes effect
 * after ten seconds; until then nothing has happened.
 */
export async function decideCase(tx: Tx, work: CommunityWork, desk: Desk, who: Moderator, wish: Wish): Promise<Decided> {
  const { tenantId, now } = work
  const one = await lockCase(tx, tenantId, wish.caseId)
  if (one === undefined) return { kind: 'not-found' }
  if (!['open', 'second', 'third', 'sample'].includes(one.state)) return { kind: 'over' }
  // The lease is what keeps two from deciding at once: without it, nothing is decided.
  if (one.claimedBy !== who.login || one.claimedUntil! <= who.wall) return { kind: 'taken', by: one.claimedBy !== who.login && one.claimedUntil !== null && one.claimedUntil > who.wall ? one.claimedBy : null }
  const { rule } = await ruleFor(tx, tenantId, desk, one, wish.rule)
  if (wish.decision === 'reject' && rule === undefined) return { kind: 'no-rule', version: one.convention }
  const before = await looked(tx, tenantId, one.caseId)
  const alone = aloneOf(who)
  if (before.some((row) => row.decidedBy === who.login) && (!alone || one.state === 'sample')) return { kind: 'looked-before' }
  const seat = before.length + 1
  await insertDecision(tx, tenantId, {
    decisionId: work.ids.next(), caseId: one.caseId, seat, decidedBy: who.login, decision: wish.decision, rule: wish.decision === 'reject' ? rule!.id : null, category: wish.decision === 'reject' ? rule!.category : null,
    reason: wish.reason, decidedAt: now, wallAt: who.wall,
  })
  const free = { claimedBy: null, claimedUntil: null }
  if (wish.decision === 'hold') {
    await changeCase(tx, tenantId, one.caseId, { ...free, queueAt: now + putOffMs })
    return { kind: 'held', until: now + putOffMs }
  }
  if (one.state === 'sample') {
    await changeCase(tx, tenantId, one.caseId, { ...free, state: 'decided' })
    return { kind: 'sampled' }
  }
  const grave = [rule, (await ruleFor(tx, tenantId, desk, one, one.rule)).rule].some((row) => row !== undefined && row.route !== 'queue')
  const value = (row: { decision: string; category: number | null }): string => (row.decision === 'pass' ? 'pass' : String(row.category))
  const mine = { decision: wish.decision, category: wish.decision === 'reject' ? rule!.category : null }
  const { coolingHours } = (await desk.conventions.version(tx, tenantId, one.convention))!.ladder
  if (grave && seat === 1) {
    // Nobody else is here: the same may look again after the cooling-off.
    await changeCase(tx, tenantId, one.caseId, { ...free, state: 'second', queueAt: alone ? now + coolingHours * 3_600_000 : now, minors: wish.minors, penalty: wish.penalty, cheating: wish.cheating ?? null, reason: wish.reason })
    if (wish.decision === 'reject') await hide(tx, work, one)
    return { kind: 'second' }
  }
  let final = wish.decision
  let finalRule = rule
  if (grave && seat === 2 && value(before[0]) !== value(mine)) {
    const others = who.reviewers.filter((login) => login !== who.login && !before.some((row) => row.decidedBy === login))
    if (others.length > 0) {
      await changeCase(tx, tenantId, one.caseId, { ...free, state: 'third', queueAt: now })
      return { kind: 'third' }
    }
    // Two who do not agree, and nobody to ask: in doubt it stays.
    final = 'pass'
    finalRule = undefined
  }
  const settlesAt = now + undoMs
  await changeCase(tx, tenantId, one.caseId, {
    ...free, state: 'settling', decision: final, decidedRule: final === 'reject' ? finalRule!.id : null, decidedAt: now, settlesAt, penalty: wish.penalty, minors: wish.minors || one.minors, cheating: wish.cheating ?? one.cheating,
    reason: wish.reason,
  })
  await putJobs(tx, tenantId, [{ kind: settleKind, key: one.caseId, dueAt: settlesAt, state: {} }])
  return { kind: 'settling', settlesAt }
}

/** Taken away while people still look; told as removed, and put back if they let it pass. */
export async function hide(tx: Tx, work: CommunityWork, one: Pick<Case, 'caseId' | 'pieceKind' | 'pieceId' | 'pieceVersion' | 'rule'>): Promise<boolean> {
  const piece = await findPiece(tx, work.tenantId, one.pieceKind, one.pieceId)
  if (piece === undefined || piece.version !== one.pieceVersion || piece.state !== 'shown') return false
  await setPieceState(tx, work.tenantId, one.pieceKind, one.pieceId, one.pieceVersion, 'removed')
  await changeCase(tx, work.tenantId, one.caseId, { stateBefore: 'shown' })
  await tell(tx, work, one, 'remove', one.rule)
  return true
}

async function tell(tx: Tx, work: CommunityWork, one: Pick<Case, 'caseId' | 'pieceKind' | 'pieceId' | 'pieceVersion'>, decision: 'approve' | 'reject' | 'remove' | 'restore', rule: string | null): Promise<void> {
  await work.emit(tx, [makeEvent(work.ids, work.now, 'piece.decided', `piece/${one.pieceKind}/${one.pieceId}`, work.now, { pieceKind: one.pieceKind, pieceId: one.pieceId, version: one.pieceVersion, decision, caseId: one.caseId, rule })])
}

/** The words around what was found, with the place in them. */
export function excerptOf(snapshot: Case['snapshot'], evidence: readonly Evidence[]): Excerpt {
  if (snapshot === null) return null
  const found = evidence.find((one) => one.where === 'text' || one.where === 'title' || one.where === 'profile')
  const text = found === undefined ? snapshot.text || snapshot.title : found.where === 'title' || (found.where === 'profile' && snapshot.title.includes(found.found)) ? snapshot.title : snapshot.text
  if (found === undefined) return { where: 'text', text: text.slice(0, 200), from: 0, to: 0 }
  const start = Math.max(0, found.from - 60)
  return { where: found.where, text: text.slice(start, found.to + 60), from: found.from - start, to: found.to - start }
}

/** What a decision leads to. @returns the penalties given. */
async function apply(tx: Tx, work: CommunityWork, desk: Desk, one: Case): Promise<Penalty[]> {
  const { tenantId } = work
  const piece = await findPiece(tx, tenantId, one.pieceKind, one.pieceId)
  // An edited piece has been judged again; this decision says nothing of its new words.
  const state: PieceState | null = piece !== undefined && piece.version === one.pieceVersion ? piece.state : null
  const media = (one.snapshot?.media ?? []).map((row) => row.sha256)
  let given: Penalty[] = []
  if (one.decision === 'pass') {
    if (state === 'held' || state === 'rejected') await tell(tx, work, one, 'approve', null)
    else if (state === 'removed') await tell(tx, work, one, 'restore', null)
    if (state !== null) await setPieceState(tx, tenantId, one.pieceKind, one.pieceId, one.pieceVersion, 'shown')
    await putMediaVerdicts(tx, tenantId, media.map((sha256) => ({ sha256, verdict: 'cleared', rule: null, note: '' })), work.now, 'review')
    await closeReports(tx, tenantId, one.pieceKind, one.pieceId, 'dismissed')
  } else {
    const { rule, penal } = await ruleFor(tx, tenantId, desk, one, one.decidedRule)
    await tell(tx, work, one, state === 'held' || state === 'rejected' || state === null ? 'reject' : 'remove', one.decidedRule)
    if (state !== null) await setPieceState(tx, tenantId, one.pieceKind, one.pieceId, one.pieceVersion, state === 'held' || state === 'rejected' ? 'rejected' : 'removed')
    // Pictures are banned when it was the picture that was looked at.
    if (one.pieceKind === 'media' || (rule?.category === 4 && one.evidence.every((row) => row.where === 'media'))) {
      await putMediaVerdicts(tx, tenantId, media.map((sha256) => ({ sha256, verdict: 'banned', rule: one.decidedRule, note: one.caseId })), work.now, 'review')
      for (const sha256 of media) await desk.parts.blockMedia?.(tx, tenantId, sha256, work.now)
    }
    await closeReports(tx, tenantId, one.pieceKind, one.pieceId, 'upheld')
    if (one.penalty === 'proposed' && one.readerId !== null && penal && rule !== undefined && (await desk.parts.readers.reader(tx, tenantId, one.readerId))?.kind !== 'house') {
      const convention = (await desk.conventions.version(tx, tenantId, one.convention))!
      given = await givePenalty(tx, work, desk.parts.readers, {
        readerId: one.readerId, rule, ladder: convention.ladder, convention: one.convention, caseId: one.caseId, actedAt: work.now, aggravations: [...(one.minors && rule.minors ? (['minors'] as const) : []), ...(one.cheating === null ? [] : [one.cheating])],
        excerpt: excerptOf(one.snapshot, one.evidence), reason: one.reason ?? '', by: [...new Set((await looked(tx, tenantId, one.caseId)).map((row) => row.decidedBy))],
      })
    }
  }
  await changeCase(tx, tenantId, one.caseId, { state: one.sampled && (await looked(tx, tenantId, one.caseId)).length === 1 ? 'sample' : 'decided', stateBefore: one.stateBefore ?? state, queueAt: work.now })
  return given
}

/** Ten seconds after a decision it takes effect. */
export function settleCases(desk: Desk): JobHandler {
  return {
    kind: settleKind,
    async run(work, tx, job) {
      const one = await lockCase(tx, work.tenantId, job.key)
      if (one === undefined || one.state !== 'settling') return null
      if (one.settlesAt! > work.now) return { dueAt: one.settlesAt! }
      await apply(tx, work, desk, one)
      return null
    },
  }
}

export type Undone = { kind: 'undone' } | { kind: 'too-late' } | { kind: 'not-found' }

/**
 * Takes one's own last decision back, within ten seconds of the process clock. In a world that runs faster than ours it may have taken effect already; then
 * its effects are taken back too.
 */
export async function undoDecision(tx: Tx, work: CommunityWork, desk: Desk, who: Moderator, caseId: string): Promise<Undone> {
  const { tenantId } = work
  const one = await lockCase(tx, tenantId, caseId)
  if (one === undefined) return { kind: 'not-found' }
  const rows = (await decisionsOf(tx, tenantId, caseId)).filter((row) => row.undoneAt === null)
  const last = rows[rows.length - 1]
  if (last === undefined || last.decidedBy !== who.login || who.wall - last.wallAt > undoMs) return { kind: 'too-late' }
  // Somebody else is looking already.
  if (one.claimedBy !== null && one.claimedBy !== who.login && one.claimedUntil! > who.wall) return { kind: 'too-late' }
  await markUndone(tx, tenantId, last.decisionId, work.now)
  const settled = last.decision !== 'hold' && (one.state === 'decided' || one.state === 'sample') && last.seat === rows.filter((row) => row.decision !== 'hold').length && one.decision !== null && !(one.sampled && last.seat > 1)
  const back = last.decision === 'hold' ? one.state : one.sampled && last.seat === 2 && one.state === 'decided' ? 'sample' : last.seat === 1 ? 'open' : last.seat === 2 ? 'second' : 'third'
  if (settled) {
    const piece = await findPiece(tx, tenantId, one.pieceKind, one.pieceId)
    if (piece !== undefined && piece.version === one.pieceVersion && one.stateBefore !== null && piece.state !== one.stateBefore) {
      await setPieceState(tx, tenantId, one.pieceKind, one.pieceId, one.pieceVersion, one.stateBefore)
      if (piece.state === 'shown') await tell(tx, work, one, 'remove', null)
      else if (one.stateBefore === 'shown') await tell(tx, work, one, 'restore', null)
    }
    await takeBack(tx, work, desk.parts.readers, caseId, who.login)
  } else if (last.decision === 'reject' && one.stateBefore === 'shown' && last.seat === 1) {
    // It was taken away for the second look.
    await setPieceState(tx, tenantId, one.pieceKind, one.pieceId, one.pieceVersion, 'shown')
    await tell(tx, work, one, 'restore', null)
  }
  await changeCase(tx, tenantId, caseId, { state: back, claimedBy: who.login, claimedUntil: who.wall + leaseMs, queueAt: work.now, ...(back === 'sample' || last.decision === 'hold' ? {} : { decision: null, decidedRule: null, decidedAt: null, settlesAt: null, ...(last.seat === 1 ? { stateBefore: null } : {}) }) })
  return { kind: 'undone' }
}

/** An appeal was won: what was taken away is put back, for good. */
export async function restoreCase(tx: Tx, work: CommunityWork, desk: Desk, caseId: string): Promise<boolean> {
  const one = await lockCase(tx, work.tenantId, caseId)
  if (one === undefined || one.decision !== 'reject' || one.restoredAt !== null) return false
  await changeCase(tx, work.tenantId, caseId, { restoredAt: work.now })
  const piece = await findPiece(tx, work.tenantId, one.pieceKind, one.pieceId)
  if (piece === undefined || piece.version !== one.pieceVersion || piece.state === 'shown') return false
  await setPieceState(tx, work.tenantId, one.pieceKind, one.pieceId, one.pieceVersion, 'shown')
  // It is cleared on purpose, so the note says which case did it.
  await putMediaVerdicts(tx, work.tenantId, (one.snapshot?.media ?? []).map((row) => ({ sha256: row.sha256, verdict: 'cleared', rule: null, note: `appeal ${caseId}` })), work.now, 'appeal')
  for (const row of one.snapshot?.media ?? []) await desk.parts.blockMedia?.(tx, work.tenantId, row.sha256, null)
  await tell(tx, work, one, 'restore', null)
  return true
}

/** Taken down for another reason than the convention (copyright): no case, no penalty. */
export async function takeDown(tx: Tx, work: CommunityWork, piece: { kind: Case['pieceKind']; id: string }, rule: string): Promise<boolean> {
  const found = await findPiece(tx, work.tenantId, piece.kind, piece.id)
  if (found === undefined || found.state !== 'shown') return false
  await setPieceState(tx, work.tenantId, piece.kind, piece.id, found.version, 'removed')
  await work.emit(tx, [makeEvent(work.ids, work.now, 'piece.decided', `piece/${piece.kind}/${piece.id}`, work.now, { pieceKind: piece.kind, pieceId: piece.id, version: found.version, decision: 'remove', caseId: null, rule })])
  return true
}
export async function putUpAgain(tx: Tx, work: CommunityWork, piece: { kind: Case['pieceKind']; id: string }): Promise<boolean> {
  const found = await findPiece(tx, work.tenantId, piece.kind, piece.id)
  if (found === undefined || found.state !== 'removed') return false
  await setPieceState(tx, work.tenantId, piece.kind, piece.id, found.version, 'shown')
  await work.emit(tx, [makeEvent(work.ids, work.now, 'piece.decided', `piece/${piece.kind}/${piece.id}`, work.now, { pieceKind: piece.kind, pieceId: piece.id, version: found.version, decision: 'restore', caseId: null, rule: null })])
  return true
}

/** What rejecting a case by this rule would give its author, before anybody says yes. */
export async function penaltyAhead(tx: Tx, work: CommunityWork, desk: Desk, one: Case, ruleId: string, minors: boolean): Promise<Awaited<ReturnType<typeof proposePenalty>>['reckoning'] | null> {
  const { rule, penal } = await ruleFor(tx, work.tenantId, desk, one, ruleId)
  if (rule === undefined || !penal || one.readerId === null) return null
  const { ladder } = (await desk.conventions.version(tx, work.tenantId, one.convention))!
  return (await proposePenalty(tx, work.tenantId, desk.parts.readers, { readerId: one.readerId, rule, ladder, actedAt: work.now, aggravations: minors && rule.minors ? ['minors'] : [] })).reckoning
}
