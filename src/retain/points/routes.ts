import { z } from 'zod'
import { may, membersOfTenant, type Role } from '../../kernel/access/index.ts'
import type { Db } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { PointsWork } from './earn.ts'
import { askAdjustment, coolingOffMs, settleAdjustment } from './adjust.ts'
import { pardon, type AuditReport } from './audit.ts'
import { pointsFault } from './errors.ts'
import { draftRules, dropDraft, effectOfDraft, listRules, liveRules, publishRules, seenName, type OfferCosts } from './rule-book.ts'
import { defaultRules, ruleOf, ruleSetSchema } from './rules.ts'
import { redeem, statementOf, walletOf } from './spend.ts'
import { balanceOf, listAdjustments, listAudits, listBalances, listReversals, pointsTotals } from './store.ts'
import { wordsOf } from './words.ts'

const block = 'points'

/** How many others of the merchant may do this. */
async function othersWhoMay(db: Db, tenantId: number, userId: string): Promise<number> {
  const members = await db.tx({ role: 'auth' }, (tx) => membersOfTenant(tx, tenantId))
  return members.filter((one) => one.userId !== userId && may(one.role as Role, 'points.write')).length
}

export function pointsRoutes(ports: { costs: OfferCosts; workOf(tenantId: number): PointsWork }): AnyRoute[] {
  const person = z.object({ personId: z.uuid() })
  return [
    route({
      method: 'GET', path: '/points', right: 'people.read', block, what: 'feathers: totals, the rate, the largest balances, what they may cost',
      async handle({ tx, tenantId, clock }) {
        const live = await liveRules(tx, tenantId, clock.now())
        return {
          totals: await pointsTotals(tx, tenantId), perYuan: ruleOf(live.set, 'order')?.feathers ?? 0, version: live.version, rows: await listBalances(tx, tenantId, 200),
          effect: await effectOfDraft(tx, tenantId, live.set, ports.costs, clock.now()),
        }
      },
    }),
    route({
      method: 'GET', path: '/points/rules', right: 'people.read', block, what: 'rules of feathers: live, draft with what it would cost, earlier versions',
      async handle({ tx, tenantId, clock }) {
        const now = clock.now()
        const versions = await listRules(tx, tenantId)
        const live = await liveRules(tx, tenantId, now)
        const draft = versions.find((row) => row.state === 'draft')
        return {
          live: { ...live, effect: await effectOfDraft(tx, tenantId, live.set, ports.costs, now) }, defaults: defaultRules,
          draft: draft && { version: draft.version, set: draft.body, note: draft.note, madeBy: draft.madeBy, madeAt: draft.madeAt, seen: seenName(draft.version, draft.body), effect: await effectOfDraft(tx, tenantId, draft.body, ports.costs, now) },
          versions: versions.map(({ version, state, note, madeBy, madeAt, liveAt, endedAt }) => ({ version, state, note, madeBy, madeAt, liveAt, endedAt })),
        }
      },
    }),
    route({
      method: 'PUT', path: '/points/rules/draft', right: 'points.write', block, audit: 'points.draft', what: 'change the draft of the rules; what it would cost comes back', body: z.object({ set: ruleSetSchema, note: z.string().trim().max(200) }),
      async handle({ tx, tenantId, body, clock, actor }) {
        const version = await draftRules(tx, tenantId, { body: body.set, note: body.note, by: actor }, clock.now())
        return { version, seen: seenName(version, body.set), effect: await effectOfDraft(tx, tenantId, body.set, ports.costs, clock.now()) }
      },
    }),
    route({ method: 'DELETE', path: '/points/rules/draft', right: 'points.write', block, audit: 'points.draft-drop', what: 'drop the draft of the rules', handle: async ({ tx, tenantId }) => ({ dropped: await dropDraft(tx, tenantId) }) }),
    route({
      method: 'POST', path: '/points/rules/live', right: 'points.write', block, audit: 'points.rules', what: 'put the draft live; `seen` names what was shown', body: z.object({ version: z.int().min(1), seen: z.string().max(40) }),
      handle: async ({ tx, tenantId, body, clock }) => ({ effect: await publishRules(tx, tenantId, body, ports.costs, clock.now()) }),
    }),
    route({
      method: 'GET', path: '/points/reversals', right: 'people.read', block, what: 'audits of feathers, and what was taken back with its reason',
      async handle({ tx, tenantId }) {
        return {
          audits: await listAudits<AuditReport>(tx, tenantId, 30),
          reversals: (await listReversals(tx, tenantId, 200)).map(({ parts: _, ...row }) => ({ ...row, why: wordsOf(row.code) })),
        }
      },
    }),
    route({
      method: 'POST', path: '/points/reversals/:reversalId/restore', right: 'points.write', block, audit: 'points.restore', what: 'give back what was taken; the audit leaves it alone from then on',
      params: z.object({ reversalId: z.uuid() }), body: z.object({ note: z.string().trim().min(1).max(120) }),
      async handle({ tx, tenantId, params, body }) {
        const done = await pardon(tx, ports.workOf(tenantId), params.reversalId, body.note)
        if (done === 'unknown') throw pointsFault('points/no-reversal', { id: params.reversalId })
        if (done === 'restored-before') throw pointsFault('points/restored-before', { id: params.reversalId })
        return { restored: true }
      },
    }),
    route({
      method: 'GET', path: '/points/adjustments', right: 'people.read', block, what: 'corrections by hand: waiting and decided; whether somebody else could approve',
      handle: async ({ tx, tenantId, db, session, clock }) => ({ now: clock.now(), rows: await listAdjustments(tx, tenantId, 200), others: await othersWhoMay(db, tenantId, session.userId), me: session.userId, coolingOffMs }),
    }),
    route({
      method: 'POST', path: '/points/adjustments', right: 'points.write', block, audit: 'points.adjust-ask', what: "ask for a correction of somebody's feathers; nothing moves until another approves",
      body: z.object({ personId: z.uuid(), feathers: z.int().min(-10_000_000).max(10_000_000).refine((n) => n !== 0), reason: z.string().trim().min(1).max(120) }),
      handle: async ({ tx, tenantId, body, session }) => ({ adjustmentId: askAdjustment(tx, ports.workOf(tenantId), { ...body, by: { userId: session.userId, name: session.name } }) }),
    }),
    route({
      method: 'POST', path: '/points/adjustments/:adjustmentId', right: 'points.write', block, audit: 'points.adjust', what: 'approve, refuse or withdraw a correction', params: z.object({ adjustmentId: z.uuid() }),
      body: z.object({ decision: z.enum(['approve', 'refuse', 'withdraw']) }),
      handle: async ({ tx, tenantId, params, body, session, db }) => settleAdjustment(tx, ports.workOf(tenantId), { adjustmentId: params.adjustmentId, decision: body.decision, by: { userId: session.userId, name: session.name }, others: await othersWhoMay(db, tenantId, session.userId) }),
    }),
    route({
      method: 'GET', path: '/points/:personId', right: 'people.read', block, what: "one person's wallet and statement", params: person, query: z.object({ offset: z.coerce.number().int().min(0).max(1_000_000).default(0) }),
      handle: async ({ tx, tenantId, params, query, clock }) => ({ wallet: await walletOf(tx, tenantId, params.personId, clock.now()), ...(await statementOf(tx, tenantId, params.personId, { offset: query.offset, limit: 50 })) }),
    }),
    route({
      method: 'POST', path: '/points/:personId/redeem', right: 'adjustments.write', block, audit: 'points.redeem', what: 'spend feathers of a person, once per key', params: person,
      body: z.object({ feathers: z.number().int().min(1).max(10_000_000), key: z.string().min(1).max(80), reason: z.string().trim().min(1).max(120) }),
      async handle({ tx, tenantId, params, body, clock, ids }) {
        const result = await redeem(tx, tenantId, { personId: params.personId, ...body }, clock.now(), ids)
        if (!result.redeemed) throw pointsFault('points/not-enough', { wanted: body.feathers, balance: await balanceOf(tx, tenantId, params.personId) })
        return { balance: await balanceOf(tx, tenantId, params.personId) }
      },
    }),
  ]
}
