import { z } from 'zod'
import { dayMs, shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { FileAnswer, route, type AnyRoute } from '../../kernel/http/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { changePenalty, decideAppeal, findPenalty, givePenalty, listAppeals, listPenalties, penaltyFault, penaltyKinds } from '../penalty/index.ts'
import { changed, conventionText, noticeMs, ruleOf } from './convention.ts'
import { claimCase, decideCase, penaltyAhead, releaseCase, undoDecision, undoMs, type Decided, type Desk, type Moderator } from './decide.ts'
import { moderationFault } from './errors.ts'
import { rescanKind } from './follow-up.ts'
import { isSample, priorityOf } from './judge.ts'
import { agreementOf, evidenceOf, transparency, viewCase } from './read.ts'
import { categories } from './rules.ts'
import { dropMediaVerdict, findCase, findPiece, insertCases, insertVersion, listCases, listMediaVerdicts, listRescans, listVersions, openCaseOf, putMediaVerdicts, putRescan, queueCounts, type Case } from './store.ts'

export type ModerationContext = {
  desk: Desk
  workOf(tenantId: number): CommunityWork
  /** For leases and undo. */
  processClock: Clock
  /** Logins of those who may decide cases, and of those who may decide appeals. */
  reviewersOf(tenantId: number, what: 'cases' | 'appeals'): Promise<string[]>
  /** Figures of the feedback door; answered by its module, wired in the composition root. */
  ticketFigures(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<unknown>
  ticketsWaiting(tx: Tx, tenantId: number): Promise<{ tickets: number; ticketsLate: number }>
}

/** Answers of the use cases as faults of the API. */
const codes = {
  'not-found': 'moderation/not-found', over: 'moderation/over', 'looked-before': 'moderation/looked-before', 'too-late': 'moderation/too-late', 'unknown-rule': 'moderation/unknown-rule', 'illegal-stays': 'moderation/illegal-stays', 'bad-word': 'moderation/bad-word',
} as const
const penaltyCodes = { 'not-found': 'penalty/not-found', over: 'penalty/over', appealed: 'penalty/appealed' } as const
const appealCodes = { 'not-found': 'appeal/not-found', already: 'appeal/already', changed: 'appeal/changed', 'not-lighter': 'appeal/not-lighter' } as const

const block = 'community'
const one = z.object({ caseId: z.uuid() })
const ruleId = z.string().regex(/^\d\.\d{1,2}$/)
const windowQuery = z.object({ from: z.coerce.number().int().optional(), to: z.coerce.number().int().optional() })

export function moderationRoutes(context: ModerationContext): AnyRoute[] {
  const { desk } = context
  const moderator = async (tenantId: number, login: string): Promise<Moderator> => ({ login, wall: context.processClock.now(), reviewers: await context.reviewersOf(tenantId, 'cases') })
  const need = async (tx: Tx, tenantId: number, caseId: string): Promise<Case> => {
    const found = await findCase(tx, tenantId, caseId)
    if (found === undefined) throw moderationFault('moderation/not-found', { caseId })
    return found
  }
  const refuse = (result: Exclude<Decided, { kind: 'settling' | 'second' | 'third' | 'held' | 'sampled' }>, caseId: string, rule: string | null): never => {
    if (result.kind === 'taken') throw result.by === null ? moderationFault('moderation/lease-over', { caseId }) : moderationFault('moderation/taken', { caseId, by: result.by })
    if (result.kind === 'no-rule') throw moderationFault('moderation/no-rule', { version: result.version, rule: rule ?? '' })
    throw moderationFault(codes[result.kind], { caseId })
  }
  return [
    route({
      method: 'GET', path: '/moderation/queue', right: 'moderation.decide', block, what: 'what waits for a person, the gravest first; who holds what; how far moderators agree', query: z.object({ category: z.coerce.number().int().min(1).max(9).optional() }),
      async handle({ tx, tenantId, query, clock, session }) {
        const now = clock.now()
        const rows = await listCases(tx, tenantId, { states: ['open', 'second', 'third', 'sample'], category: query.category, limit: 100 })
        const wall = context.processClock.now()
        return {
          now, wall, me: session.login, undoMs, counts: await queueCounts(tx, tenantId), categories, reviewers: (await context.reviewersOf(tenantId, 'cases')).length, agreement: await agreementOf(tx, tenantId, now - 90 * dayMs, now + 1),
          rows: rows.map(({ snapshot, evidence, ...row }) => ({ ...row, claimedBy: row.claimedUntil !== null && row.claimedUntil > wall ? row.claimedBy : null, text: `${snapshot?.title ?? ''} ${snapshot?.text ?? ''}`.trim().slice(0, 160), found: evidence[0]?.found ?? '' })),
          decided: (await listCases(tx, tenantId, { states: ['settling', 'decided'], limit: 30 })).map(({ snapshot, evidence: _evidence, ...row }) => ({ ...row, text: `${snapshot?.title ?? ''} ${snapshot?.text ?? ''}`.trim().slice(0, 160) })),
        }
      },
    }),
    route({
      method: 'POST', path: '/moderation/claim', right: 'moderation.decide', block, what: 'take the next case, or a named one, for five minutes', body: z.object({ caseId: z.uuid().optional(), category: z.int().min(1).max(9).optional() }),
      async handle({ tx, tenantId, body, session }) {
        const result = await claimCase(tx, context.workOf(tenantId), await moderator(tenantId, session.login), body)
        if (result.kind === 'none') return { view: null }
        if (result.kind === 'taken') throw moderationFault('moderation/taken', { caseId: body.caseId ?? '', by: result.by })
        if (result.kind !== 'claimed') throw moderationFault(codes[result.kind], { caseId: body.caseId ?? '' })
        return { view: await viewCase(tx, tenantId, desk, result.case) }
      },
    }),
    route({
      method: 'POST', path: '/moderation/cases/:caseId/release', right: 'moderation.decide', block, what: 'put a case back', params: one,
      async handle({ tx, tenantId, params, session }) {
        await releaseCase(tx, context.workOf(tenantId), await moderator(tenantId, session.login), params.caseId)
      },
    }),
    route({
      method: 'GET', path: '/moderation/cases/:caseId', right: 'moderation.decide', block, what: 'one case: item, context, history; a second look does not see the first', params: one,
      handle: async ({ tx, tenantId, params }) => ({ view: await viewCase(tx, tenantId, desk, await need(tx, tenantId, params.caseId)) }),
    }),
    route({
      method: 'GET', path: '/moderation/cases/:caseId/ahead', right: 'moderation.decide', block, what: 'what rejecting by a rule would give the author', params: one, query: z.object({ rule: ruleId, minors: z.stringbool().default(false) }),
      handle: async ({ tx, tenantId, params, query }) => ({ reckoning: await penaltyAhead(tx, context.workOf(tenantId), desk, await need(tx, tenantId, params.caseId), query.rule, query.minors) }),
    }),
    route({
      method: 'POST', path: '/moderation/cases/:caseId/decide', right: 'moderation.decide', block, audit: 'moderation.decide', what: 'pass, put off or reject by a rule; takes effect after ten seconds, grave ones after a second look', params: one,
      body: z.object({ decision: z.enum(['pass', 'hold', 'reject']), rule: ruleId.nullable().default(null), minors: z.boolean().default(false), cheating: z.enum(['registered-by-cheating', 'cheating']).nullable().default(null), penalty: z.enum(['proposed', 'none']).default('proposed'), reason: z.string().trim().max(500).default('') }),
      async handle({ tx, tenantId, params, body, session }) {
        const result = await decideCase(tx, context.workOf(tenantId), desk, await moderator(tenantId, session.login), { caseId: params.caseId, ...body })
        if (result.kind === 'settling' || result.kind === 'second' || result.kind === 'third' || result.kind === 'held' || result.kind === 'sampled') return result
        return refuse(result, params.caseId, body.rule)
      },
    }),
    route({
      method: 'POST', path: '/moderation/cases/:caseId/undo', right: 'moderation.decide', block, audit: 'moderation.undo', what: "take one's own decision back within ten seconds", params: one,
      async handle({ tx, tenantId, params, session }) {
        const result = await undoDecision(tx, context.workOf(tenantId), desk, await moderator(tenantId, session.login), params.caseId)
        if (result.kind !== 'undone') throw moderationFault(codes[result.kind], params)
        return result
      },
    }),
    route({
      method: 'POST', path: '/moderation/cases', right: 'moderation.decide', block, audit: 'moderation.open', what: 'open a case about something that is shown', body: z.object({ pieceKind: z.enum(['article', 'comment', 'profile', 'media']), pieceId: z.string().max(80) }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const piece = await findPiece(tx, tenantId, body.pieceKind, body.pieceId)
        if (piece === undefined) throw moderationFault('moderation/no-piece', body)
        const open = await openCaseOf(tx, tenantId, body.pieceKind, body.pieceId, piece.version)
        if (open !== undefined) return { caseId: open.caseId }
        const scan = desk.conventions.scanner((await desk.conventions.version(tx, tenantId, piece.convention))!).scan({ ...piece, media: [] })
        const caseId = ids.next()
        await insertCases(tx, tenantId, [{
          caseId, pieceKind: piece.kind, pieceId: piece.id, pieceVersion: piece.version, readerId: piece.readerId, personId: piece.personId, surface: piece.surface, madeAt: piece.at, convention: piece.convention, foundBy: piece.convention, openedBy: 'member', openedAt: clock.now(),
          machine: 'hold', rule: scan.rule?.id ?? null, category: scan.rule?.category ?? null, evidence: scan.evidence, snapshot: { title: piece.title, text: piece.text, links: piece.links, media: piece.media }, state: 'open', priority: Math.max(30, priorityOf(scan.rule)), sampled: isSample(caseId),
        }])
        return { caseId }
      },
    }),
    route({
      method: 'GET', path: '/moderation/cases/:caseId/evidence', right: 'moderation.decide', block, audit: 'moderation.evidence', what: 'the evidence of a case of category 1, for the authority', params: one,
      async handle({ tx, tenantId, params, simulated }) {
        const found = await need(tx, tenantId, params.caseId)
        if (found.decision !== 'reject' || !(found.decidedRule ?? '').startsWith('1.') || found.state === 'settling') throw moderationFault('moderation/not-illegal', params)
        if (found.snapshot === null) throw moderationFault('moderation/no-text', params)
        const evidence = await evidenceOf(tx, context.workOf(tenantId), found)
        return new FileAnswer(`${simulated ? '模拟-' : ''}evidence-${params.caseId}.json`, 'application/json', JSON.stringify(simulated ? { simulated: true, ...evidence } : evidence, null, 2))
      },
    }),
    route({
      method: 'GET', path: '/moderation/convention', right: 'moderation.decide', block, what: 'the convention in force with its rules, earlier and coming versions, re-scans, media that were judged', query: z.object({ version: z.coerce.number().int().min(1).optional() }),
      async handle({ tx, tenantId, query, clock }) {
        const inForce = await desk.conventions.at(tx, tenantId, clock.now())
        const shown = query.version === undefined ? inForce : ((await desk.conventions.version(tx, tenantId, query.version)) ?? inForce)
        return { now: clock.now(), inForce: inForce.version, convention: shown, text: conventionText(shown), versions: await listVersions(tx, tenantId), rescans: await listRescans(tx, tenantId), media: await listMediaVerdicts(tx, tenantId, 100) }
      },
    }),
    route({
      method: 'POST', path: '/moderation/convention', right: 'settings.write', block, audit: 'convention.publish', what: 'publish a new version; acts before it are judged by the earlier one, and what is shown is looked at again',
      body: z.object({
        basedOn: z.int().min(1), note: z.string().trim().min(1).max(300), effectiveAt: z.int().optional(),
        rules: z.array(z.object({ id: ruleId, severity: z.enum(['light', 'medium', 'serious', 'severe']).optional(), machine: z.enum(['pass', 'hold', 'reject']).optional(), addWords: z.array(z.string().max(60)).max(500).optional(), dropWords: z.array(z.string().max(60)).max(500).optional() })).max(60).optional(),
        allow: z.array(z.string().trim().min(1).max(60)).max(500).optional(), hosts: z.array(z.string().trim().toLowerCase().regex(/^[a-z0-9.-]{3,253}$/)).max(200).optional(),
        review: z.object({ article: z.enum(['all', 'found']), comment: z.enum(['all', 'found']), profile: z.enum(['all', 'found']), media: z.enum(['all', 'found']) }).partial().optional(),
        limits: z.object({ adsPerDay: z.int().min(1).max(100), perMinute: z.int().min(1).max(100), perHour: z.int().min(1).max(1000), hideAtWeight: z.number().min(0.5).max(1000), headlineShare: z.number().min(0).max(1) }).partial().optional(),
        retention: z.object({ passedDays: z.int().min(1).max(3650), rejectedDays: z.int().min(30).max(3650), illegalDays: z.int().min(180).max(3650) }).partial().optional(),
      }),
      async handle({ tx, tenantId, body, clock, actor }) {
        const now = clock.now()
        const versions = await listVersions(tx, tenantId)
        const newest = versions[0] ?? { version: (await desk.conventions.at(tx, tenantId, now)).version, effectiveAt: 0 }
        if (newest.version !== body.basedOn) throw moderationFault('moderation/raced')
        const effectiveAt = body.effectiveAt ?? now + noticeMs
        const earliest = Math.max(now + noticeMs, newest.effectiveAt + 1)
        if (effectiveAt < earliest) throw moderationFault('moderation/too-soon', { earliest: shanghaiRfc3339(earliest) })
        const next = changed((await desk.conventions.version(tx, tenantId, newest.version))!, body)
        if ('problem' in next) throw moderationFault(codes[next.problem], { at: next.at })
        const { version: _version, effectiveAt: _effectiveAt, ...text } = next.body as typeof next.body & { version?: number; effectiveAt?: number }
        const version = newest.version + 1
        if (!(await insertVersion(tx, tenantId, { version, effectiveAt, body: text, note: body.note, madeAt: now, madeBy: actor }))) throw moderationFault('moderation/raced')
        await putRescan(tx, tenantId, version, now)
        await putJobs(tx, tenantId, [{ kind: rescanKind, key: String(version), dueAt: effectiveAt, state: {} }])
        return { version, effectiveAt }
      },
    }),
    route({
      method: 'PUT', path: '/moderation/media/:sha256', right: 'moderation.decide', block, audit: 'moderation.media', what: 'ban or clear a picture, recording or film by its SHA-256', params: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), body: z.object({ verdict: z.enum(['banned', 'cleared']), rule: ruleId.nullable().default(null), note: z.string().trim().min(1).max(200) }),
      async handle({ tx, tenantId, params, body, clock, session }) {
        await putMediaVerdicts(tx, tenantId, [{ sha256: params.sha256, ...body }], clock.now(), session.login)
        await desk.parts.blockMedia?.(tx, tenantId, params.sha256, body.verdict === 'banned' ? clock.now() : null)
      },
    }),
    route({
      method: 'DELETE', path: '/moderation/media/:sha256', right: 'moderation.decide', block, audit: 'moderation.media-drop', what: 'forget what was decided about a picture', params: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      handle: async ({ tx, tenantId, params }) => ({ dropped: await dropMediaVerdict(tx, tenantId, params.sha256) }),
    }),
    route({
      method: 'GET', path: '/moderation/transparency', right: 'moderation.decide', block, what: 'the figures that everybody may see', query: windowQuery,
      async handle({ tx, tenantId, query, clock }) {
        const to = query.to ?? clock.now() + 1
        const from = query.from ?? to - 90 * dayMs
        return { ...(await transparency(tx, tenantId, desk, from, to)), tickets: await context.ticketFigures(tx, tenantId, from, to) }
      },
    }),

    route({
      method: 'GET', path: '/moderation/waiting', right: 'appeals.decide', block, what: 'how much waits for a person: cases, appeals, tickets, and what is past its day',
      async handle({ tx, tenantId, clock }) {
        const counts = (await queueCounts(tx, tenantId)).filter((row) => row.state !== 'sample')
        const appeals = await listAppeals(tx, tenantId, { states: ['open', 'escalated'], limit: 200 })
        return {
          now: clock.now(), cases: counts.reduce((sum, row) => sum + row.count, 0), grave: counts.filter((row) => row.category === 1).reduce((sum, row) => sum + row.count, 0), oldest: counts.length === 0 ? null : Math.min(...counts.map((row) => row.oldest)),
          appeals: appeals.length, appealsLate: appeals.filter((row) => row.missed).length, ...(await context.ticketsWaiting(tx, tenantId)),
        }
      },
    }),

    // ---- penalties and appeals ----
    route({
      method: 'GET', path: '/penalties', right: 'moderation.decide', block, what: 'penalties, the newest first', query: z.object({ running: z.stringbool().optional() }),
      handle: async ({ tx, tenantId, query, clock }) => ({ now: clock.now(), kinds: penaltyKinds, rows: await listPenalties(tx, tenantId, { running: query.running, now: clock.now(), limit: 300 }) }),
    }),
    route({
      method: 'POST', path: '/penalties', right: 'moderation.decide', block, audit: 'penalty.give', what: 'a penalty by hand, reckoned by the ladder', body: z.object({ readerId: z.uuid(), rule: ruleId, aggravations: z.array(z.enum(['minors', 'registered-by-cheating', 'cheating'])).default([]), reason: z.string().trim().min(1).max(500) }),
      async handle({ tx, tenantId, body, clock, session }) {
        const convention = await desk.conventions.at(tx, tenantId, clock.now())
        const rule = ruleOf(convention, body.rule)
        if (rule === undefined) throw penaltyFault('penalty/no-rule', { version: convention.version, rule: body.rule })
        const given = await givePenalty(tx, context.workOf(tenantId), desk.parts.readers, { readerId: body.readerId, rule, ladder: convention.ladder, convention: convention.version, caseId: null, actedAt: clock.now(), aggravations: body.aggravations, excerpt: null, reason: body.reason, by: [session.login] })
        return { penalties: given.map((row) => ({ penaltyId: row.penaltyId, readerId: row.readerId, kind: row.kind, endsAt: row.endsAt })) }
      },
    }),
    route({
      method: 'PUT', path: '/penalties/:penaltyId', right: 'moderation.decide', block, audit: 'penalty.change', what: 'make a running penalty another one, or lift it (null)', params: z.object({ penaltyId: z.uuid() }), body: z.object({ to: z.enum(penaltyKinds).nullable(), reason: z.string().trim().min(1).max(500) }),
      async handle({ tx, tenantId, params, body, session }) {
        const result = await changePenalty(tx, context.workOf(tenantId), desk.parts.readers, { penaltyId: params.penaltyId, to: body.to, reason: body.reason, by: session.login })
        if (result.kind === 'changed' || result.kind === 'same') return result
        throw penaltyFault(penaltyCodes[result.kind], params)
      },
    }),
    route({
      method: 'GET', path: '/appeals', right: 'appeals.decide', block, what: 'appeals: overdue first, then by deadline, then those decided; each with its penalty or case', query: z.object({ state: z.enum(['open', 'escalated', 'decided']).optional() }),
      async handle({ tx, tenantId, query, clock, session }) {
        const rows = await listAppeals(tx, tenantId, { states: query.state === undefined ? undefined : [query.state], limit: 200 })
        const reviewers = await context.reviewersOf(tenantId, 'appeals')
        return {
          now: clock.now(), kinds: penaltyKinds, rows: await Promise.all(rows.map(async (row) => {
            const found = row.caseId === null ? undefined : await findCase(tx, tenantId, row.caseId)
            return {
              ...row, mine: row.decidedBefore.includes(session.login), others: reviewers.filter((login) => !row.decidedBefore.includes(login)).length, penalty: row.penaltyId === null ? null : ((await findPenalty(tx, tenantId, row.penaltyId)) ?? null),
              case: found === undefined ? null : { caseId: found.caseId, pieceKind: found.pieceKind, snapshot: found.snapshot, evidence: found.evidence, decidedRule: found.decidedRule, decidedAt: found.decidedAt, reason: found.reason },
            }
          })),
        }
      },
    }),
    route({
      method: 'POST', path: '/appeals/:appealId', right: 'appeals.decide', block, audit: 'appeal.decide', what: 'uphold, reduce or overturn, with the reason', params: z.object({ appealId: z.uuid() }),
      body: z.object({ decision: z.enum(['uphold', 'reduce', 'overturn']), penaltyId: z.uuid().nullable(), to: z.enum(penaltyKinds).nullable().optional(), reason: z.string().trim().min(1).max(1_000) }),
      async handle({ tx, tenantId, params, body, session }) {
        const result = await decideAppeal(tx, context.workOf(tenantId), desk.parts.readers, { appealId: params.appealId, seenPenaltyId: body.penaltyId, decision: body.decision, to: body.to, reason: body.reason, by: session.login, reviewers: await context.reviewersOf(tenantId, 'appeals') })
        if (result.kind === 'decided') return result
        if (result.kind === 'same-reviewer') throw penaltyFault('appeal/same-reviewer', { others: result.others })
        if (result.kind === 'cooling') throw penaltyFault('appeal/cooling', { from: shanghaiRfc3339(result.from).slice(0, 16).replace('T', ' ') })
        throw penaltyFault(appealCodes[result.kind], params)
      },
    }),
  ]
}
