import { createHash } from 'node:crypto'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { appealUntil, listAppeals, penaltiesOfReaders, penaltyFigures, runs, standingOf, type Appeal, type Excerpt, type Penalty, type PenaltyFigures, type Standing } from '../penalty/index.ts'
import { cohen, krippendorff } from './agreement.ts'
import { ruleOf } from './convention.ts'
import { excerptOf, type Desk } from './decide.ts'
import { decisionsOf, findCase, findPiece, listCases, looks, moderationFigures, piecesOfReader, reasonsOf, type Case, type DecisionRow, type ModerationFigures } from './store.ts'

export type CaseView = {
  case: Case; rule: { id: string; zh: string; en: string; severity: string; route: string } | null
  decisions: DecisionRow[]
  /** What else its author wrote and got, newest first. */
  history: { pieces: Array<{ kind: string; id: string; title: string; text: string; at: Instant; state: string }>; penalties: Penalty[]; accounts: number } | null
  reasons: Array<{ reason: string; count: number }>
  /** As it stands now: the newest version, and whether it is shown. */
  now: { version: number; state: string } | null
  rules: Array<{ id: string; category: number; zh: string; en: string; severity: string; minors: boolean; route: string }>
}

/** Item, context and history side by side. A second look does not see what the first said. */
export async function viewCase(tx: Tx, tenantId: number, desk: Desk, one: Case): Promise<CaseView> {
  const convention = (await desk.conventions.version(tx, tenantId, one.convention))!
  const finder = one.foundBy === one.convention ? convention : (await desk.conventions.version(tx, tenantId, one.foundBy))!
  const rule = ruleOf(convention, one.rule) ?? ruleOf(finder, one.rule)
  const piece = await findPiece(tx, tenantId, one.pieceKind, one.pieceId)
  const linked = one.readerId === null ? [] : await desk.parts.readers.linked(tx, tenantId, one.readerId)
  const blind = ['second', 'third', 'sample'].includes(one.state)
  return {
    case: blind ? { ...one, reason: null, decision: null, decidedRule: null, penalty: null } : one,
    rule: rule === undefined ? null : { id: rule.id, zh: rule.zh, en: rule.en, severity: rule.severity, route: rule.route },
    decisions: blind ? [] : await decisionsOf(tx, tenantId, one.caseId),
    history: one.readerId === null ? null : {
      pieces: (await piecesOfReader(tx, tenantId, one.readerId, 11)).filter((row) => row.id !== one.pieceId || row.kind !== one.pieceKind).slice(0, 10).map((row) => ({ kind: row.kind, id: row.id, title: row.title, text: row.text.slice(0, 280), at: row.at, state: row.state })),
      penalties: await penaltiesOfReaders(tx, tenantId, linked), accounts: linked.length,
    },
    reasons: await reasonsOf(tx, tenantId, one.pieceKind, one.pieceId), now: piece === undefined ? null : { version: piece.version, state: piece.state },
    rules: finder.rules.map((row) => ({ id: row.id, category: row.category, zh: row.zh, en: row.en, severity: row.severity, minors: row.minors, route: row.route })),
  }
}

/** Who decided a case against this reader and when; for an appeal. Undefined: nothing was taken from them there. */
export async function decidersOf(tx: Tx, tenantId: number, caseId: string, readerId: string): Promise<{ decidedAt: Instant; decidedBy: string[] } | undefined> {
  const one = await findCase(tx, tenantId, caseId)
  if (one === undefined || one.readerId !== readerId || one.decision !== 'reject' || one.decidedAt === null || one.state === 'settling') return undefined
  return { decidedAt: one.decidedAt, decidedBy: [...new Set((await decisionsOf(tx, tenantId, caseId)).filter((row) => row.undoneAt === null).map((row) => row.decidedBy))] }
}

export type PenaltyView = Pick<Penalty, 'penaltyId' | 'kind' | 'rule' | 'ruleZh' | 'ruleEn' | 'category' | 'caseId' | 'excerpt' | 'reason' | 'startsAt' | 'endsAt' | 'endedAt' | 'endedWhy' | 'feathers' | 'reckoning'> & { running: boolean; appealUntil: Instant; appeal: AppealView | null }
export type AppealView = Pick<Appeal, 'appealId' | 'state' | 'madeAt' | 'dueAt' | 'decision' | 'reason' | 'publicNote' | 'decidedAt' | 'ticketId'>
export type RejectionView = { caseId: string; pieceKind: string; pieceId: string; rule: string | null; ruleZh: string; ruleEn: string; category: number | null; excerpt: Excerpt; decidedAt: Instant; restored: boolean; appealUntil: Instant; appeal: AppealView | null }
export type ReaderRecord = { standing: Standing; convention: number; penalties: PenaltyView[]; rejections: RejectionView[] }

const appealView = (one: Appeal | undefined): AppealView | null => (one === undefined ? null : { appealId: one.appealId, state: one.state, madeAt: one.madeAt, dueAt: one.dueAt, decision: one.decision, reason: one.reason, publicNote: one.publicNote, decidedAt: one.decidedAt, ticketId: one.ticketId })

/** What a reader sees of it all: rule, own words with the part marked, the exact end, until when and how to appeal. Replaced penalties are not shown twice. */
export async function recordOf(tx: Tx, tenantId: number, desk: Desk, readerId: string, now: Instant): Promise<ReaderRecord> {
  const convention = await desk.conventions.at(tx, tenantId, now)
  const appeals = await listAppeals(tx, tenantId, { readerId, limit: 200 })
  const penalties = (await penaltiesOfReaders(tx, tenantId, [readerId])).filter((one) => one.replacedBy === null)
  const cases = await listCases(tx, tenantId, { states: ['decided', 'sample'], readerId, limit: 100 })
  const punished = new Set(penalties.flatMap((one) => one.caseId ?? []))
  const rejections: RejectionView[] = []
  for (const one of cases.filter((row) => row.decision === 'reject' && row.decidedAt !== null && !punished.has(row.caseId))) {
    const rule = ruleOf((await desk.conventions.version(tx, tenantId, one.convention)) ?? convention, one.decidedRule) ?? ruleOf(convention, one.decidedRule)
    rejections.push({
      caseId: one.caseId, pieceKind: one.pieceKind, pieceId: one.pieceId, rule: one.decidedRule, ruleZh: rule?.zh ?? '', ruleEn: rule?.en ?? '', category: rule?.category ?? null, excerpt: excerptOf(one.snapshot, one.evidence), decidedAt: one.decidedAt!,
      restored: one.restoredAt !== null, appealUntil: appealUntil(convention.ladder, one.decidedAt!), appeal: appealView(appeals.find((row) => row.caseId === one.caseId && row.penaltyId === null)),
    })
  }
  return {
    standing: await standingOf(tx, tenantId, desk.parts.readers, readerId, now), convention: convention.version,
    penalties: penalties.map((one) => ({
      penaltyId: one.penaltyId, kind: one.kind, rule: one.rule, ruleZh: one.ruleZh, ruleEn: one.ruleEn, category: one.category, caseId: one.caseId, excerpt: one.excerpt, reason: one.reason, startsAt: one.startsAt, endsAt: one.endsAt, endedAt: one.endedAt,
      endedWhy: one.endedWhy, feathers: one.feathers, reckoning: one.reckoning, running: runs(one, now), appealUntil: appealUntil(convention.ladder, one.startsAt), appeal: appealView(appeals.find((row) => row.penaltyId === one.penaltyId)),
    })),
    rejections,
  }
}

export type Agreement = { alpha: number | null; kappa: number | null; cases: number; looks: number }
/** How far those who looked at the same case agree: passed, or rejected under which category. */
export async function agreementOf(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Agreement> {
  const rows = await looks(tx, tenantId, from, to)
  const value = (row: (typeof rows)[number]): string => (row.decision === 'pass' ? 'pass' : String(row.category))
  const { alpha, units, values } = krippendorff(rows.map((row) => ({ unit: row.caseId, rater: row.decidedBy, value: value(row) })))
  const firsts = new Map(rows.filter((row) => row.seat === 1).map((row) => [row.caseId, value(row)]))
  return { alpha, kappa: cohen(rows.filter((row) => row.seat === 2 && firsts.has(row.caseId)).map((row) => [firsts.get(row.caseId)!, value(row)])), cases: units, looks: values }
}

export type Transparency = { from: Instant; to: Instant; moderation: ModerationFigures; penalties: PenaltyFigures; agreement: Agreement; retention: { passedDays: number; rejectedDays: number; illegalDays: number } }
/** The figures everybody may see; no person can be told from them. */
export async function transparency(tx: Tx, tenantId: number, desk: Pick<Desk, 'conventions'>, from: Instant, to: Instant): Promise<Transparency> {
  return {
    from, to, moderation: await moderationFigures(tx, tenantId, from, to), penalties: await penaltyFigures(tx, tenantId, from, to), agreement: await agreementOf(tx, tenantId, from, to),
    retention: (await desk.conventions.at(tx, tenantId, to)).retention,
  }
}

/** The evidence of one case for the authority: what was written, where and when, by which account, who decided; with a digest over all of it. */
export async function evidenceOf(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, one: Case): Promise<Record<string, unknown>> {
  const decisions = await decisionsOf(tx, work.tenantId, one.caseId)
  const body = {
    case: one.caseId, merchant: work.tenantId, exportedAt: shanghaiRfc3339(work.now), piece: { kind: one.pieceKind, id: one.pieceId, version: one.pieceVersion, surface: one.surface, writtenAt: shanghaiRfc3339(one.madeAt) },
    account: { reader: one.readerId, person: one.personId }, text: one.snapshot, found: one.evidence, convention: one.convention, rule: one.decidedRule, decidedAt: one.decidedAt === null ? null : shanghaiRfc3339(one.decidedAt),
    decisions: decisions.filter((row) => row.undoneAt === null).map((row) => ({ look: row.seat, by: row.decidedBy, decision: row.decision, rule: row.rule, reason: row.reason, at: shanghaiRfc3339(row.decidedAt) })),
  }
  return { ...body, sha256: createHash('sha256').update(JSON.stringify(body)).digest('hex') }
}
