import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Evidence, Piece, PieceKind, Surface } from '../../retain/reader/index.ts'
import type { Convention, ConventionBody } from './convention.ts'

// ---- versions ----

/** Number, time and a mark of the version in force at that instant; the text is read only when it is not at hand. Version 0: nothing is stored yet. */
export async function versionAt(tx: Tx, tenantId: number, at: Instant): Promise<{ version: number; effectiveAt: Instant } | undefined> {
  return (await tx.query<{ version: number; effectiveAt: Instant }>(`select version, effective_at as "effectiveAt" from convention_version where tenant_id = $1 and effective_at <= $2 order by version desc limit 1`, [tenantId, at]))[0]
}
export async function readVersion(tx: Tx, tenantId: number, version: number): Promise<Convention | undefined> {
  const [row] = await tx.query<{ version: number; effectiveAt: Instant; body: ConventionBody }>(`select version, effective_at as "effectiveAt", body from convention_version where tenant_id = $1 and version = $2`, [tenantId, version])
  return row === undefined ? undefined : { ...row.body, version: row.version, effectiveAt: row.effectiveAt }
}
export type VersionRow = { version: number; effectiveAt: Instant; note: string; madeAt: Instant; madeBy: string }
export function listVersions(tx: Tx, tenantId: number): Promise<VersionRow[]> {
  return tx.query(`select version, effective_at as "effectiveAt", note, made_at as "madeAt", made_by as "madeBy" from convention_version where tenant_id = $1 order by version desc`, [tenantId])
}
/** @returns false when somebody else wrote that version first. */
export async function insertVersion(tx: Tx, tenantId: number, row: VersionRow & { body: ConventionBody }): Promise<boolean> {
  return (await tx.run(
    `insert into convention_version (tenant_id, version, effective_at, body, note, made_at, made_by) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [tenantId, row.version, row.effectiveAt, JSON.stringify(row.body), row.note, row.madeAt, row.madeBy],
  )) === 1
}

// ---- pieces ----

export type PieceState = 'shown' | 'held' | 'rejected' | 'removed'
export type JudgedPiece = Piece & { state: PieceState; convention: number; fingerprint: string | null; contact: boolean; reports: number; reportWeight: number }
const pieceColumns = `piece_kind as kind, piece_id as id, version, reader_id as "readerId", person_id as "personId", surface, title, body as text, links, media, made_at as at, state, convention, fingerprint, contact, reports, report_weight as "reportWeight"`

/** What the house knows around these pieces; one row each, in order. */
export async function surroundings(tx: Tx, tenantId: number, pieces: ReadonlyArray<{ id: string; kind: string; readerId: string | null; at: Instant; fingerprint: string | null }>, days: { same: number }): Promise<Array<{ sameTextOthers: number; adsLately: number; piecesLastMinute: number; piecesLastHour: number }>> {
  const rows = await tx.query<{ n: number; others: number; ads: number; minute: number; hour: number }>(
    `select r.n,
       (select count(distinct p.reader_id) from judged_piece p where p.tenant_id = $1 and r.fingerprint is not null and p.fingerprint = r.fingerprint and p.made_at > r.at - $3::bigint and p.reader_id is not null and p.reader_id <> r.reader)::int as others,
       (select count(*) from judged_piece p where p.tenant_id = $1 and p.reader_id = r.reader and p.contact and p.made_at > r.at - 86400000 and p.made_at <= r.at and not (p.piece_id = r.id and p.piece_kind = r.kind))::int as ads,
       (select count(*) from judged_piece p where p.tenant_id = $1 and p.reader_id = r.reader and p.made_at > r.at - 60000 and p.made_at <= r.at and not (p.piece_id = r.id and p.piece_kind = r.kind))::int as minute,
       (select count(*) from judged_piece p where p.tenant_id = $1 and p.reader_id = r.reader and p.made_at > r.at - 3600000 and p.made_at <= r.at and not (p.piece_id = r.id and p.piece_kind = r.kind))::int as hour
     from jsonb_to_recordset($2::jsonb) as r(n int, id text, kind text, reader uuid, at bigint, fingerprint text) order by r.n`,
    [tenantId, JSON.stringify(pieces.map((one, n) => ({ n, id: one.id, kind: one.kind, reader: one.readerId, at: one.at, fingerprint: one.fingerprint }))), days.same * 86_400_000],
  )
  return rows.map((row) => ({ sameTextOthers: row.others, adsLately: row.ads, piecesLastMinute: row.minute, piecesLastHour: row.hour }))
}

/** A newer version takes the place of the older one; an older one that comes late is left out. */
export async function putPieces(tx: Tx, tenantId: number, rows: ReadonlyArray<Omit<JudgedPiece, 'reports' | 'reportWeight'>>, now: Instant): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into judged_piece (tenant_id, piece_kind, piece_id, version, reader_id, person_id, surface, title, body, links, media, made_at, judged_at, convention, state, fingerprint, contact, reports, report_weight)
     select $1, r.kind, r.id, r.version, r.reader_id, r.person_id, r.surface, r.title, r.text, r.links, r.media, r.at, $3, r.convention, r.state, r.fingerprint, r.contact, 0, 0
     from jsonb_to_recordset($2::jsonb) as r(kind text, id text, version int, reader_id uuid, person_id uuid, surface text, title text, text text, links jsonb, media jsonb, at bigint, convention int, state text, fingerprint text, contact boolean)
     on conflict (tenant_id, piece_kind, piece_id) do update set version = excluded.version, title = excluded.title, body = excluded.body, links = excluded.links, media = excluded.media, made_at = excluded.made_at, judged_at = excluded.judged_at,
       convention = excluded.convention, state = excluded.state, fingerprint = excluded.fingerprint, contact = excluded.contact, surface = excluded.surface
     where judged_piece.version <= excluded.version`,
    [tenantId, JSON.stringify(rows.map((r) => ({
      kind: r.kind, id: r.id, version: r.version, reader_id: r.readerId, person_id: r.personId, surface: r.surface, title: clean(r.title), text: clean(r.text), links: r.links, media: r.media, at: r.at, convention: r.convention, state: r.state, fingerprint: r.fingerprint, contact: r.contact,
    }))), now],
  )
}
/** PostgreSQL text holds no NUL; JSON no lone surrogates. */
const clean = (text: string): string => Buffer.from(text.replaceAll('\u0000', ' ')).toString()

export async function findPiece(tx: Tx, tenantId: number, kind: string, id: string): Promise<JudgedPiece | undefined> {
  return (await tx.query<JudgedPiece>(`select ${pieceColumns} from judged_piece where tenant_id = $1 and piece_kind = $2 and piece_id = $3`, [tenantId, kind, id]))[0]
}
export async function setPieceState(tx: Tx, tenantId: number, kind: string, id: string, version: number, state: PieceState): Promise<void> {
  tx.write(`update judged_piece set state = $5 where tenant_id = $1 and piece_kind = $2 and piece_id = $3 and version = $4`, [tenantId, kind, id, version, state])
}
export function piecesAfter(tx: Tx, tenantId: number, after: { kind: string; id: string }, limit: number): Promise<JudgedPiece[]> {
  return tx.query<JudgedPiece>(
    `select ${pieceColumns} from judged_piece where tenant_id = $1 and (piece_kind, piece_id) > ($2, $3) and state = 'shown' and piece_kind <> 'outgoing' order by piece_kind, piece_id limit $4`, [tenantId, after.kind, after.id, limit],
  )
}
/** What else this reader wrote, newest first. */
export function piecesOfReader(tx: Tx, tenantId: number, readerId: string, limit: number): Promise<JudgedPiece[]> {
  return tx.query<JudgedPiece>(`select ${pieceColumns} from judged_piece where tenant_id = $1 and reader_id = $2 order by made_at desc, piece_id limit $3`, [tenantId, readerId, limit])
}

/** What else was written in the same words lately, by others; newest first. */
export function sameWords(tx: Tx, tenantId: number, fingerprint: string, since: Instant, limit: number): Promise<JudgedPiece[]> {
  return tx.query<JudgedPiece>(`select ${pieceColumns} from judged_piece where tenant_id = $1 and fingerprint = $2 and made_at > $3 and state in ('shown', 'held') order by made_at desc, piece_id limit $4`, [tenantId, fingerprint, since, limit])
}
/** What was to be looked at anyway is now looked at for this. */
export async function pointCase(tx: Tx, tenantId: number, caseId: string, to: { rule: string; category: number; evidence: Evidence[]; priority: number }): Promise<void> {
  await tx.run(
    `update moderation_case set rule = $3, category = $4, evidence = $5, priority = greatest(priority, $6), opened_by = case when opened_by = 'review' then 'scan' else opened_by end where tenant_id = $1 and case_id = $2 and rule is null`,
    [tenantId, caseId, to.rule, to.category, JSON.stringify(to.evidence), to.priority],
  )
}

// ---- media ----

export async function mediaVerdicts(tx: Tx, tenantId: number, digests: readonly string[]): Promise<Map<string, { verdict: 'banned' | 'cleared'; rule: string | null }>> {
  if (digests.length === 0) return new Map()
  const rows = await tx.query<{ sha256: string; verdict: 'banned' | 'cleared'; rule: string | null }>(`select sha256, verdict, rule from media_verdict where tenant_id = $1 and sha256 = any($2)`, [tenantId, digests])
  return new Map(rows.map((row) => [row.sha256, row]))
}
export async function putMediaVerdicts(tx: Tx, tenantId: number, rows: ReadonlyArray<{ sha256: string; verdict: 'banned' | 'cleared'; rule: string | null; note: string }>, now: Instant, by: string): Promise<void> {
  if (rows.length === 0) return
  await tx.run(
    `insert into media_verdict (tenant_id, sha256, verdict, rule, note, added_at, added_by) select $1, r.sha256, r.verdict, r.rule, r.note, $3, $4 from jsonb_to_recordset($2::jsonb) as r(sha256 text, verdict text, rule text, note text)
     on conflict (tenant_id, sha256) do update set verdict = excluded.verdict, rule = excluded.rule, note = excluded.note, added_at = excluded.added_at, added_by = excluded.added_by
     where not (media_verdict.verdict = 'banned' and excluded.verdict = 'cleared' and excluded.note = '')`,
    [tenantId, JSON.stringify(rows), now, by],
  )
}
export async function dropMediaVerdict(tx: Tx, tenantId: number, sha256: string): Promise<number> {
  return tx.run(`delete from media_verdict where tenant_id = $1 and sha256 = $2`, [tenantId, sha256])
}
export function listMediaVerdicts(tx: Tx, tenantId: number, limit: number): Promise<Array<{ sha256: string; verdict: string; rule: string | null; note: string; addedAt: Instant; addedBy: string }>> {
  return tx.query(`select sha256, verdict, rule, note, added_at as "addedAt", added_by as "addedBy" from media_verdict where tenant_id = $1 order by added_at desc, sha256 limit $2`, [tenantId, limit])
}

// ---- cases ----

export type CaseState = 'open' | 'second' | 'third' | 'settling' | 'decided' | 'sample' | 'superseded'
export type OpenedBy = 'scan' | 'review' | 'report' | 'rescan' | 'member' | 'platform'
export type Snapshot = { title: string; text: string; links: string[]; media: Piece['media'] } | null
export type Case = {
  caseId: string; pieceKind: PieceKind; pieceId: string; pieceVersion: number; readerId: string | null; personId: string | null; surface: Surface; madeAt: Instant; convention: number; foundBy: number; openedBy: OpenedBy; openedAt: Instant
  machine: 'hold' | 'reject'; rule: string | null; category: number | null; evidence: Evidence[]; snapshot: Snapshot; purgedAt: Instant | null; state: CaseState; priority: number; queueAt: Instant
  claimedBy: string | null; claimedUntil: Instant | null; reports: number; reportWeight: number; decision: 'pass' | 'reject' | null; decidedRule: string | null; decidedAt: Instant | null; settlesAt: Instant | null
  penalty: 'proposed' | 'none' | null; minors: boolean; cheating: 'registered-by-cheating' | 'cheating' | null; reason: string | null; sampled: boolean; stateBefore: PieceState | null; restoredAt: Instant | null
}
const caseColumns = `case_id as "caseId", piece_kind as "pieceKind", piece_id as "pieceId", piece_version as "pieceVersion", reader_id as "readerId", person_id as "personId", surface, made_at as "madeAt", convention, found_by as "foundBy",
  opened_by as "openedBy", opened_at as "openedAt", machine, rule, category, evidence, snapshot, purged_at as "purgedAt", state, priority, queue_at as "queueAt", claimed_by as "claimedBy", claimed_until as "claimedUntil", reports, report_weight as "reportWeight",
  decision, decided_rule as "decidedRule", decided_at as "decidedAt", settles_at as "settlesAt", penalty, minors, cheating, reason, sampled, state_before as "stateBefore", restored_at as "restoredAt"`

export type NewCase = Pick<Case, 'caseId' | 'pieceKind' | 'pieceId' | 'pieceVersion' | 'readerId' | 'personId' | 'surface' | 'madeAt' | 'convention' | 'foundBy' | 'openedBy' | 'openedAt' | 'machine' | 'rule' | 'category' | 'evidence' | 'snapshot' | 'state' | 'priority' | 'sampled'>
  & { reports?: number; reportWeight?: number; decision?: 'reject' }

/** One open case for a version of a piece: where there is one already, it stays. @returns the ids of the cases that were made. */
export async function insertCases(tx: Tx, tenantId: number, rows: readonly NewCase[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const made = await tx.query<{ caseId: string }>(
    `insert into moderation_case (tenant_id, case_id, piece_kind, piece_id, piece_version, reader_id, person_id, surface, made_at, convention, found_by, opened_by, opened_at, machine, rule, category, evidence, snapshot, state, priority, queue_at, reports, report_weight,
       minors, sampled, decision, decided_rule, decided_at)
     select $1, r.case_id, r.piece_kind, r.piece_id, r.piece_version, r.reader_id, r.person_id, r.surface, r.made_at, r.convention, r.found_by, r.opened_by, r.opened_at, r.machine, r.rule, r.category, r.evidence, r.snapshot, r.state, r.priority, r.opened_at,
       r.reports, r.report_weight, false, r.sampled, r.decision, case when r.decision is null then null else r.rule end, case when r.decision is null then null else r.opened_at end
     from jsonb_to_recordset($2::jsonb) as r(case_id uuid, piece_kind text, piece_id text, piece_version int, reader_id uuid, person_id uuid, surface text, made_at bigint, convention int, found_by int, opened_by text, opened_at bigint, machine text, rule text,
       category int, evidence jsonb, snapshot jsonb, state text, priority int, reports int, report_weight real, sampled boolean, decision text)
     on conflict do nothing returning case_id as "caseId"`,
    [tenantId, JSON.stringify(rows.map((r) => ({
      case_id: r.caseId, piece_kind: r.pieceKind, piece_id: r.pieceId, piece_version: r.pieceVersion, reader_id: r.readerId, person_id: r.personId, surface: r.surface, made_at: r.madeAt, convention: r.convention, found_by: r.foundBy, opened_by: r.openedBy,
      opened_at: r.openedAt, machine: r.machine, rule: r.rule, category: r.category, evidence: r.evidence.map((one) => ({ ...one, found: clean(one.found) })),
      snapshot: r.snapshot === null ? null : { ...r.snapshot, title: clean(r.snapshot.title), text: clean(r.snapshot.text), links: r.snapshot.links.map(clean) }, state: r.state, priority: r.priority,
      reports: r.reports ?? 0, report_weight: r.reportWeight ?? 0, sampled: r.sampled, decision: r.decision ?? null,
    })))],
  )
  return new Set(made.map((row) => row.caseId))
}
/** An edited piece is judged anew: what was open about earlier versions has nothing left to decide, unless the law is concerned. */
export async function supersede(tx: Tx, tenantId: number, pieces: ReadonlyArray<{ kind: string; id: string; version: number }>): Promise<void> {
  if (pieces.length === 0) return
  tx.write(
    `update moderation_case set state = 'superseded', claimed_by = null, claimed_until = null from jsonb_to_recordset($2::jsonb) as r(kind text, id text, version int)
     where moderation_case.tenant_id = $1 and piece_kind = r.kind and piece_id = r.id and piece_version < r.version and state in ('open', 'second', 'third') and category is distinct from 1`,
    [tenantId, JSON.stringify(pieces)],
  )
}
export async function openCaseOf(tx: Tx, tenantId: number, kind: string, id: string, version: number): Promise<{ caseId: string; priority: number } | undefined> {
  return (await tx.query<{ caseId: string; priority: number }>(
    `select case_id as "caseId", priority from moderation_case where tenant_id = $1 and piece_kind = $2 and piece_id = $3 and piece_version = $4 and state in ('open', 'second', 'third', 'settling')`, [tenantId, kind, id, version],
  ))[0]
}
export async function addPlatformWord(tx: Tx, tenantId: number, caseId: string, evidence: Evidence, priority: number): Promise<void> {
  await tx.run(`update moderation_case set evidence = evidence || $3::jsonb, priority = greatest(priority, $4) where tenant_id = $1 and case_id = $2`, [tenantId, caseId, JSON.stringify([evidence]), priority])
}
export async function addReportsToCase(tx: Tx, tenantId: number, caseId: string, reports: number, weight: number, priority: number): Promise<void> {
  await tx.run(`update moderation_case set reports = reports + $3, report_weight = report_weight + $4, priority = greatest(priority, $5) where tenant_id = $1 and case_id = $2`, [tenantId, caseId, reports, weight, priority])
}
export async function findCase(tx: Tx, tenantId: number, caseId: string): Promise<Case | undefined> {
  return (await tx.query<Case>(`select ${caseColumns} from moderation_case where tenant_id = $1 and case_id = $2`, [tenantId, caseId]))[0]
}
export async function lockCase(tx: Tx, tenantId: number, caseId: string): Promise<Case | undefined> {
  return (await tx.query<Case>(`select ${caseColumns} from moderation_case where tenant_id = $1 and case_id = $2 for update`, [tenantId, caseId]))[0]
}
/** The next one nobody holds, for this moderator: the gravest first, then the oldest; a second look is for somebody who has not looked. */
export async function lockNext(tx: Tx, tenantId: number, filter: { by: string; wall: Instant; now: Instant; alone: boolean; category?: number }): Promise<Case | undefined> {
  return (await tx.query<Case>(
    `select ${caseColumns} from moderation_case c where c.tenant_id = $1 and c.state in ('open', 'second', 'third', 'sample') and c.queue_at <= $4 and (c.claimed_by is null or c.claimed_until <= $3 or c.claimed_by = $2)
       and ($6::int is null or c.category = $6)
       and (c.state = 'open' or (c.state <> 'sample' and $5) or not exists (select 1 from moderation_decision d where d.tenant_id = $1 and d.case_id = c.case_id and d.decided_by = $2 and d.undone_at is null and d.decision <> 'hold'))
     order by case when c.claimed_by = $2 and c.claimed_until > $3 then 0 else 1 end, c.priority desc, c.queue_at, c.case_id limit 1 for update skip locked`,
    [tenantId, filter.by, filter.wall, filter.now, filter.alone, filter.category ?? null],
  ))[0]
}
export async function changeCase(tx: Tx, tenantId: number, caseId: string, change: Partial<Pick<Case, 'state' | 'claimedBy' | 'claimedUntil' | 'decision' | 'decidedRule' | 'decidedAt' | 'settlesAt' | 'penalty' | 'minors' | 'cheating' | 'reason' | 'queueAt' | 'stateBefore' | 'restoredAt' | 'priority' | 'sampled'>>): Promise<void> {
  const names: Record<string, string> = { state: 'state', claimedBy: 'claimed_by', claimedUntil: 'claimed_until', decision: 'decision', decidedRule: 'decided_rule', decidedAt: 'decided_at', settlesAt: 'settles_at', penalty: 'penalty', minors: 'minors', cheating: 'cheating', reason: 'reason', queueAt: 'queue_at', stateBefore: 'state_before', restoredAt: 'restored_at', priority: 'priority', sampled: 'sampled' }
  const entries = Object.entries(change)
  if (entries.length === 0) return
  await tx.run(`update moderation_case set ${entries.map(([key], n) => `${names[key]} = $${n + 3}`).join(', ')} where tenant_id = $1 and case_id = $2`, [tenantId, caseId, ...entries.map(([, value]) => value)])
}
/** What waits, the gravest first; then what was decided, the newest first. Each half by its own index: a million decided ones cost nothing here. */
export async function listCases(tx: Tx, tenantId: number, filter: { states: readonly CaseState[]; category?: number; readerId?: string; limit: number }): Promise<Case[]> {
  const waiting = filter.states.filter((state) => waitingStates.includes(state))
  const over = filter.states.filter((state) => !waitingStates.includes(state))
  const rows = (states: readonly CaseState[], where: string, order: string): Promise<Case[]> => (states.length === 0 ? Promise.resolve([]) : tx.query<Case>(
    `select ${caseColumns} from moderation_case where tenant_id = $1 and state = any($2) and ($3::int is null or category = $3) and ($4::uuid is null or reader_id = $4) ${where} order by ${order}, case_id limit $5`,
    [tenantId, states, filter.category ?? null, filter.readerId ?? null, filter.limit],
  ))
  const [first, then] = [await rows(waiting, '', 'priority desc, queue_at'), await rows(over, over.includes('superseded') ? '' : 'and decided_at is not null', over.includes('superseded') ? 'opened_at desc' : 'decided_at desc')]
  return [...first, ...then].slice(0, filter.limit)
}
const waitingStates: readonly CaseState[] = ['open', 'second', 'third', 'sample']
export async function queueCounts(tx: Tx, tenantId: number): Promise<Array<{ state: CaseState; category: number | null; count: number; oldest: Instant }>> {
  return tx.query(`select state, category, count(*)::int as count, min(opened_at) as oldest from moderation_case where tenant_id = $1 and state in ('open', 'second', 'third', 'sample') group by state, category order by state, category nulls last`, [tenantId])
}

// ---- decisions ----

export type DecisionRow = { decisionId: string; caseId: string; seat: number; decidedBy: string; decision: 'pass' | 'hold' | 'reject'; rule: string | null; category: number | null; reason: string; decidedAt: Instant; wallAt: Instant; undoneAt: Instant | null }
const decisionColumns = `decision_id as "decisionId", case_id as "caseId", seat, decided_by as "decidedBy", decision, rule, category, reason, decided_at as "decidedAt", wall_at as "wallAt", undone_at as "undoneAt"`
export function decisionsOf(tx: Tx, tenantId: number, caseId: string): Promise<DecisionRow[]> {
  return tx.query<DecisionRow>(`select ${decisionColumns} from moderation_decision where tenant_id = $1 and case_id = $2 order by decided_at, decision_id`, [tenantId, caseId])
}
export async function insertDecision(tx: Tx, tenantId: number, row: Omit<DecisionRow, 'undoneAt'>): Promise<void> {
  await tx.run(
    `insert into moderation_decision (tenant_id, decision_id, case_id, seat, decided_by, decision, rule, category, reason, decided_at, wall_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [tenantId, row.decisionId, row.caseId, row.seat, row.decidedBy, row.decision, row.rule, row.category, row.reason, row.decidedAt, row.wallAt],
  )
}
export async function markUndone(tx: Tx, tenantId: number, decisionId: string, now: Instant): Promise<void> {
  await tx.run(`update moderation_decision set undone_at = $3 where tenant_id = $1 and decision_id = $2`, [tenantId, decisionId, now])
}
/** What each look at a case said, of cases that were looked at twice or more within the window. */
export async function looks(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ caseId: string; seat: number; decidedBy: string; decision: string; category: number | null }>> {
  return tx.query(
    `select d.case_id as "caseId", d.seat, d.decided_by as "decidedBy", d.decision, d.category from moderation_decision d
     where d.tenant_id = $1 and d.undone_at is null and d.decision <> 'hold' and d.decided_at >= $2 and d.decided_at < $3
       and exists (select 1 from moderation_decision o where o.tenant_id = $1 and o.case_id = d.case_id and o.undone_at is null and o.decision <> 'hold' and o.seat <> d.seat)
     order by d.case_id, d.seat`,
    [tenantId, from, to],
  )
}

// ---- reports ----

/** Each report once. @returns those that are new. */
export async function insertReports(tx: Tx, tenantId: number, rows: ReadonlyArray<{ reportId: string; kind: string; id: string; readerId: string | null; reason: string; weight: number; at: Instant }>): Promise<Set<string>> {
  const made = await tx.query<{ reportId: string }>(
    `insert into moderation_report (tenant_id, report_id, piece_kind, piece_id, reader_id, reason, weight, reported_at, outcome)
     select $1, r.report_id, r.kind, r.id, r.reader_id, r.reason, r.weight, r.at, 'open' from jsonb_to_recordset($2::jsonb) as r(report_id text, kind text, id text, reader_id uuid, reason text, weight real, at bigint)
     on conflict do nothing returning report_id as "reportId"`,
    [tenantId, JSON.stringify(rows.map((r) => ({ report_id: r.reportId, kind: r.kind, id: r.id, reader_id: r.readerId, reason: clean(r.reason), weight: r.weight, at: r.at })))],
  )
  return new Set(made.map((row) => row.reportId))
}
export async function addReports(tx: Tx, tenantId: number, kind: string, id: string, reports: number, weight: number): Promise<void> {
  await tx.run(`update judged_piece set reports = reports + $4, report_weight = report_weight + $5 where tenant_id = $1 and piece_kind = $2 and piece_id = $3`, [tenantId, kind, id, reports, weight])
}
export async function reporterRecords(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<Map<string, { upheld: number; dismissed: number }>> {
  if (readerIds.length === 0) return new Map()
  const rows = await tx.query<{ readerId: string; upheld: number; dismissed: number }>(`select reader_id as "readerId", upheld, dismissed from moderation_reporter where tenant_id = $1 and reader_id = any($2::uuid[]) order by reader_id`, [tenantId, readerIds])
  return new Map(rows.map((row) => [row.readerId, row]))
}
/** The reports of a piece were right or not: two statements, however many there are. */
export async function closeReports(tx: Tx, tenantId: number, kind: string, id: string, outcome: 'upheld' | 'dismissed'): Promise<void> {
  await tx.run(
    `insert into moderation_reporter (tenant_id, reader_id, upheld, dismissed)
     select $1, r.reader_id, case when $4 = 'upheld' then 1 else 0 end, case when $4 = 'dismissed' then 1 else 0 end from moderation_report r
     where r.tenant_id = $1 and r.piece_kind = $2 and r.piece_id = $3 and r.outcome = 'open' and r.reader_id is not null group by r.reader_id
     on conflict (tenant_id, reader_id) do update set upheld = moderation_reporter.upheld + excluded.upheld, dismissed = moderation_reporter.dismissed + excluded.dismissed`,
    [tenantId, kind, id, outcome],
  )
  await tx.run(`update moderation_report set outcome = $4 where tenant_id = $1 and piece_kind = $2 and piece_id = $3 and outcome = 'open'`, [tenantId, kind, id, outcome])
}
export function reasonsOf(tx: Tx, tenantId: number, kind: string, id: string): Promise<Array<{ reason: string; count: number }>> {
  return tx.query(`select reason, count(*)::int as count from moderation_report where tenant_id = $1 and piece_kind = $2 and piece_id = $3 group by reason order by count desc, reason limit 10`, [tenantId, kind, id])
}

// ---- looking again at old content ----

export type Rescan = { version: number; startedAt: Instant; finishedAt: Instant | null; atKind: string; atId: string; scanned: number; found: number }
export async function putRescan(tx: Tx, tenantId: number, version: number, now: Instant): Promise<void> {
  await tx.run(`insert into moderation_rescan (tenant_id, version, started_at, at_kind, at_id, scanned, found) values ($1, $2, $3, '', '', 0, 0) on conflict do nothing`, [tenantId, version, now])
}
export function listRescans(tx: Tx, tenantId: number): Promise<Rescan[]> {
  return tx.query<Rescan>(`select version, started_at as "startedAt", finished_at as "finishedAt", at_kind as "atKind", at_id as "atId", scanned, found from moderation_rescan where tenant_id = $1 order by version desc limit 20`, [tenantId])
}
export async function moveRescan(tx: Tx, tenantId: number, row: Rescan): Promise<void> {
  await tx.run(`update moderation_rescan set at_kind = $3, at_id = $4, scanned = $5, found = $6, finished_at = $7 where tenant_id = $1 and version = $2`, [tenantId, row.version, row.atKind, row.atId, row.scanned, row.found, row.finishedAt])
}

// ---- figures, retention, forgetting ----

export type ModerationFigures = {
  judged: number; opened: number; byOpener: Array<{ openedBy: OpenedBy; count: number }>; decided: Array<{ decision: string; category: number | null; count: number }>; restored: number; open: number
  byMachine: number; reports: { made: number; upheld: number; dismissed: number }; medianHours: number | null
}
export async function moderationFigures(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<ModerationFigures> {
  const [judged] = await tx.query<{ count: number }>(`select count(*)::int as count from judged_piece where tenant_id = $1 and judged_at >= $2 and judged_at < $3`, [tenantId, from, to])
  const byOpener = await tx.query<{ openedBy: OpenedBy; count: number }>(`select opened_by as "openedBy", count(*)::int as count from moderation_case where tenant_id = $1 and opened_at >= $2 and opened_at < $3 group by opened_by order by opened_by`, [tenantId, from, to])
  const decided = await tx.query<{ decision: string; category: number | null; count: number }>(
    `select c.decision, split_part(c.decided_rule, '.', 1) as category, count(*)::int as count from moderation_case c where c.tenant_id = $1 and c.decision is not null and c.decided_at >= $2 and c.decided_at < $3
     group by c.decision, split_part(c.decided_rule, '.', 1) order by c.decision, 2 nulls last`, [tenantId, from, to],
  )
  const [more] = await tx.query<{ restored: number; open: number; machine: number }>(
    `select (select count(*) from moderation_case c where c.tenant_id = $1 and c.restored_at >= $2 and c.restored_at < $3)::int as restored,
       (select count(*) from moderation_case c where c.tenant_id = $1 and c.state in ('open', 'second', 'third'))::int as open,
       (select count(*) from moderation_case c where c.tenant_id = $1 and c.opened_at >= $2 and c.opened_at < $3 and c.machine = 'reject' and c.decided_at = c.opened_at)::int as machine`, [tenantId, from, to],
  )
  const [reports] = await tx.query<{ made: number; upheld: number; dismissed: number }>(
    `select count(*)::int as made, (count(*) filter (where outcome = 'upheld'))::int as upheld, (count(*) filter (where outcome = 'dismissed'))::int as dismissed from moderation_report where tenant_id = $1 and reported_at >= $2 and reported_at < $3`, [tenantId, from, to],
  )
  const waits = await tx.query<{ ms: number }>(`select decided_at - opened_at as ms from moderation_case where tenant_id = $1 and decided_at >= $2 and decided_at < $3 and decided_at > opened_at order by decided_at - opened_at`, [tenantId, from, to])
  return {
    judged: judged.count, opened: byOpener.reduce((sum, row) => sum + row.count, 0), byOpener, decided: decided.map((row) => ({ ...row, category: row.category === null || Number.isNaN(Number(row.category)) ? null : Number(row.category) })),
    restored: more.restored, open: more.open, byMachine: more.machine, reports, medianHours: waits.length === 0 ? null : (waits[(waits.length - 1) >> 1].ms + waits[waits.length >> 1].ms) / 2 / 3_600_000,
  }
}

/** Texts that were kept long enough go; who decided what, when and by which rule stays. */
export async function purgeCases(tx: Tx, tenantId: number, before: { passed: Instant; rejected: Instant; illegal: Instant }, now: Instant): Promise<number> {
  return tx.run(
    `update moderation_case set snapshot = 'null'::jsonb, evidence = '[]'::jsonb, purged_at = $2 where tenant_id = $1 and purged_at is null and state in ('decided', 'superseded', 'sample')
       and coalesce(decided_at, opened_at) < case when coalesce(split_part(decided_rule, '.', 1), '') = '1' then $5::bigint when decision = 'reject' then $4::bigint else $3::bigint end`,
    [tenantId, now, before.passed, before.rejected, before.illegal],
  )
}
export async function purgePieces(tx: Tx, tenantId: number, before: Instant): Promise<number> {
  return tx.run(
    `delete from judged_piece where tenant_id = $1 and state in ('rejected', 'removed') and judged_at < $2
       and not exists (select 1 from moderation_case c where c.tenant_id = $1 and c.piece_kind = judged_piece.piece_kind and c.piece_id = judged_piece.piece_id and c.purged_at is null)`, [tenantId, before],
  )
}
export async function purgeReports(tx: Tx, tenantId: number, before: Instant): Promise<number> {
  return tx.run(`update moderation_report set reason = '' where tenant_id = $1 and reported_at < $2 and reason <> '' and outcome <> 'open'`, [tenantId, before])
}
/** A person is forgotten: texts go, except the evidence of what the law forbids, which stays until its own end. */
export async function forgetPieces(tx: Tx, tenantId: number, personId: string, readerIds: readonly string[], now: Instant): Promise<number> {
  await tx.run(`update moderation_case set snapshot = 'null'::jsonb, evidence = '[]'::jsonb, purged_at = $3 where tenant_id = $1 and (person_id = $2 or reader_id = any($4::uuid[])) and coalesce(split_part(decided_rule, '.', 1), category::text, '') <> '1'`, [tenantId, personId, now, readerIds])
  return tx.run(`delete from judged_piece where tenant_id = $1 and (person_id = $2 or reader_id = any($3::uuid[]))`, [tenantId, personId, readerIds])
}
