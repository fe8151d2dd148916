import { dayMs } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, Subscriber, Work } from '../../kernel/engine/index.ts'
import { payloadOf } from '../../events.ts'
import { emptyExcerpts } from '../penalty/index.ts'
import { hide, restoreCase, type Desk } from './decide.ts'
import { factsOf, isSample, priorityOf, retentionKind } from './judge.ts'
import {
  addReports, addReportsToCase, changeCase, findPiece, insertCases, insertReports, listRescans, lockCase, moveRescan, openCaseOf, piecesAfter, purgeCases, purgePieces, purgeReports, reporterRecords, setPieceState,
  type NewCase,
} from './store.ts'

/** What a report weighs: little from whom nobody knows, up to one from who was right before, towards nothing from who never was. */
export const reportWeight = (record: { upheld: number; dismissed: number } | undefined): number => ((record?.upheld ?? 0) + 1) / ((record?.upheld ?? 0) + (record?.dismissed ?? 0) * 2 + 4)
const reportPriority = (weight: number): number => 15 + Math.min(60, Math.round(weight * 6))

/** Reports and won appeals. A batch of reports on one piece is a handful of statements, and one case, however many there are. */
export function moderationSubscriber(desk: Desk, blockOn: (tenantId: number, block: 'community') => boolean): Subscriber {
  return {
    name: 'restrain/moderation', hears: ['piece.reported', 'comment.decided', 'appeal.decided'], on: (tenantId) => blockOn(tenantId, 'community'),
    async handle(work, tx, events) {
      const { tenantId, now } = work
      for (const event of events.filter((one) => one.name === 'appeal.decided')) {
        const { decision, caseId } = payloadOf('appeal.decided', event)
        if (decision === 'overturn' && caseId !== null) await restoreCase(tx, work, desk, caseId)
      }
      for (const event of events.filter((one) => one.name === 'comment.decided')) await followComment(tx, work, payloadOf('comment.decided', event))
      const reports = events.filter((one) => one.name === 'piece.reported').map((event) => ({ ...payloadOf('piece.reported', event), at: event.occurredAt }))
      if (reports.length === 0) return
      const readerOf = (report: (typeof reports)[number]): string | null => (typeof report.readerId === 'string' ? report.readerId : null)
      const records = await reporterRecords(tx, tenantId, [...new Set(reports.flatMap((one) => readerOf(one) ?? []))])
      const rows = reports.map((one) => ({ reportId: one.reportId, kind: one.pieceKind, id: one.pieceId, readerId: readerOf(one), reason: one.reason.slice(0, 500), weight: reportWeight(records.get(readerOf(one) ?? '')), at: one.at }))
      const fresh = await insertReports(tx, tenantId, rows)
      const byPiece = new Map<string, typeof rows>()
      for (const row of rows.filter((one) => fresh.has(one.reportId))) byPiece.set(`${row.kind}/${row.id}`, [...(byPiece.get(`${row.kind}/${row.id}`) ?? []), row])
      for (const mine of byPiece.values()) {
        const { kind, id } = mine[0]
        const weight = mine.reduce((sum, one) => sum + one.weight, 0)
        await addReports(tx, tenantId, kind, id, mine.length, weight)
        const piece = await findPiece(tx, tenantId, kind, id)
        if (piece === undefined || piece.state === 'rejected') continue
        let caseId = (await openCaseOf(tx, tenantId, kind, id, piece.version))?.caseId
        if (caseId !== undefined) await addReportsToCase(tx, tenantId, caseId, mine.length, weight, reportPriority(piece.reportWeight))
        else if (piece.state === 'shown') {
          caseId = work.ids.next()
          const convention = await desk.conventions.version(tx, tenantId, piece.convention)
          const scan = desk.conventions.scanner(convention!).scan({ ...piece, media: [] })
          await insertCases(tx, tenantId, [{
            caseId, pieceKind: piece.kind, pieceId: id, pieceVersion: piece.version, readerId: piece.readerId, personId: piece.personId, surface: piece.surface, madeAt: piece.at, convention: piece.convention, foundBy: piece.convention, openedBy: 'report',
            openedAt: now, machine: 'hold', rule: scan.rule?.id ?? null, category: scan.rule?.category ?? null, evidence: scan.evidence, snapshot: { title: piece.title, text: piece.text, links: piece.links, media: piece.media }, state: 'open',
            priority: Math.max(reportPriority(piece.reportWeight), priorityOf(scan.rule)), sampled: isSample(caseId), reports: mine.length, reportWeight: weight,
          }])
        }
        const limits = (await desk.conventions.at(tx, tenantId, now)).limits
        if (caseId !== undefined && piece.state === 'shown' && piece.reportWeight >= limits.hideAtWeight) await hide(tx, work, { caseId, pieceKind: piece.kind, pieceId: id, pieceVersion: piece.version, rule: null })
      }
    },
  }
}

/** A comment decided on its own page: the case about it has nothing left to ask. What the law forbids is not passed by one person anywhere, so there it is hidden again and the case stays. */
async function followComment(tx: Tx, work: Work, decided: { commentId: string; state: 'approved' | 'rejected' | 'removed' | 'restored' }): Promise<void> {
  const piece = await findPiece(tx, work.tenantId, 'comment', decided.commentId)
  if (piece === undefined) return
  const shown = decided.state === 'approved' || decided.state === 'restored'
  const state = shown ? 'shown' : decided.state === 'removed' ? 'removed' : 'rejected'
  const open = await openCaseOf(tx, work.tenantId, 'comment', decided.commentId, piece.version)
  if (piece.state !== state) await setPieceState(tx, work.tenantId, 'comment', decided.commentId, piece.version, state)
  const one = open === undefined ? undefined : await lockCase(tx, work.tenantId, open.caseId)
  if (one === undefined || one.state === 'settling' || !['open', 'second', 'third'].includes(one.state)) return
  if (one.category === 1) {
    if (shown) await hide(tx, work, one)
  } else if (one.openedBy !== 'report' || !shown) {
    await changeCase(tx, work.tenantId, one.caseId, { state: 'decided', decision: shown ? 'pass' : 'reject', decidedAt: work.now, claimedBy: null, claimedUntil: null, reason: 'comments' })
  }
}

export const rescanKind = 'moderation.rescan'
const rescanBatch = 200

/**
 * Looks at what is shown with the rules of a newer version, a batch at a time; where it stands is in the table, so a restart goes on there. What only the
 * newer rules find opens a case for a person: it may be taken down, and nobody is punished for it.
 */
export function rescanOld(desk: Desk): JobHandler {
  return {
    kind: rescanKind,
    async run(work, tx, job) {
      const { tenantId, now } = work
      const version = Number(job.key)
      const row = (await listRescans(tx, tenantId)).find((one) => one.version === version)
      const convention = await desk.conventions.version(tx, tenantId, version)
      if (row === undefined || row.finishedAt !== null || convention === undefined) return null
      if (convention.effectiveAt > now) return { dueAt: convention.effectiveAt }
      const pieces = await piecesAfter(tx, tenantId, { kind: row.atKind, id: row.atId }, rescanBatch)
      if (pieces.length === 0) {
        await moveRescan(tx, tenantId, { ...row, finishedAt: now })
        return null
      }
      const scanner = desk.conventions.scanner(convention)
      const facts = await factsOf(tx, work, desk.parts, pieces.map((piece) => ({ piece, fingerprint: null, sameDays: convention.limits.sameTextDays })))
      const cases: NewCase[] = []
      for (const [n, piece] of pieces.entries()) {
        if (piece.convention >= version) continue
        // How fast somebody wrote, and beside what, was judged then.
        const around = { media: facts[n].media, mediaRules: facts[n].mediaRules, names: facts[n].names }
        const house = piece.readerId !== null && (await desk.parts.readers.reader(tx, tenantId, piece.readerId))?.kind === 'house'
        const text = { ...piece, readerId: house ? null : piece.readerId, media: piece.media.filter((one) => facts[n].media?.[one.sha256] === 'banned') }
        const scan = scanner.scan(text, around)
        if (scan.rule === null) continue
        const then = await desk.conventions.version(tx, tenantId, piece.convention)
        // What the rules of its time found as well, somebody has looked at.
        if (then !== undefined && desk.conventions.scanner(then).scan(text, around).findings.some((one) => one.rule.id === scan.rule!.id)) continue
        const caseId = work.ids.next()
        cases.push({
          caseId, pieceKind: piece.kind, pieceId: piece.id, pieceVersion: piece.version, readerId: piece.readerId, personId: piece.personId, surface: piece.surface, madeAt: piece.at, convention: piece.convention, foundBy: version, openedBy: 'rescan', openedAt: now,
          machine: 'hold', rule: scan.rule.id, category: scan.rule.category, evidence: scan.evidence, snapshot: { title: piece.title, text: piece.text, links: piece.links, media: piece.media }, state: 'open', priority: priorityOf(scan.rule), sampled: false,
        })
      }
      const made = await insertCases(tx, tenantId, cases)
      const last = pieces[pieces.length - 1]
      await moveRescan(tx, tenantId, { ...row, atKind: last.kind, atId: last.id, scanned: row.scanned + pieces.length, found: row.found + made.size })
      return { dueAt: now }
    },
  }
}

/** Once a day: texts that were kept long enough go, as the convention says. */
export function retention(desk: Desk): JobHandler {
  return {
    kind: retentionKind,
    async run(work, tx) {
      const { passedDays, rejectedDays, illegalDays } = (await desk.conventions.at(tx, work.tenantId, work.now)).retention
      const before = (days: number): number => work.now - days * dayMs
      await purgeCases(tx, work.tenantId, { passed: before(passedDays), rejected: before(rejectedDays), illegal: before(illegalDays) }, work.now)
      await purgePieces(tx, work.tenantId, before(rejectedDays))
      await purgeReports(tx, work.tenantId, before(rejectedDays))
      await emptyExcerpts(tx, work.tenantId, { endedBefore: before(rejectedDays), categories: [2, 3, 4, 5, 6, 7, 8, 9] })
      await emptyExcerpts(tx, work.tenantId, { endedBefore: before(illegalDays), categories: [1] })
      return { dueAt: work.now + dayMs }
    },
  }
}
