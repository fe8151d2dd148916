import { z } from 'zod'
import { dayMs } from '../../kernel/calendar.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import { messageContent, wordsOf, type TextCheck } from '../../retain/outbound/index.ts'
import { segments, type PriorSource } from '../experiment/index.ts'
import { planSettingsSchema } from './choose.ts'
import { planFault } from './errors.ts'
import { approvePlan, undoPlan } from './hand-over.ts'
import { makeWeek, planSettingsKey, readPlanSettings } from './make-week.ts'
import { saidTwice, type SaidElsewhere } from './same-text.ts'
import { insertCampaign, latestPlan, listCampaigns, listRows, markRows, type PlanHead, type StoredRow } from './store.ts'
import { limitWords, planSentence, rowWords } from './words.ts'

type Language = 'zh' | 'en'
const headView = (plan: PlanHead, language: Language): Record<string, unknown> => ({
  ...plan, sentence: planSentence(plan.summary, plan.summary.known, language),
  summary: {
    ...plan.summary, limits: plan.summary.limits.map((limit) => ({ ...limit, words: limitWords(limit, language) })),
    reasons: plan.summary.reasons.map((row) => ({ ...row, words: rowWords({ reason: row.reason as StoredRow['reason'], detail: {}, clearAt: null }, language) })),
  },
})
const planIdOf = z.object({ planId: z.uuid() })

export function planRoutes(ports: { workOf(tenantId: number): Work; prior?: PriorSource; /** Broadcasts with the same words. */ saidElsewhere?: SaidElsewhere; checkText?: TextCheck }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/plan', right: 'chain.read', block: 'dosage', what: "the newest plan: totals with interval and proven bound, worth of each limit, a page of rows with the reason of each, the week's campaigns, and broadcasts that would tell the same people the same",
      query: z.object({
        chosen: z.stringbool().optional(), reason: z.string().max(40).optional(), staff: z.string().max(64).optional(), campaign: z.uuid().optional(), segment: z.enum(segments.map((s) => s.key)).optional(), person: z.uuid().optional(),
        page: z.coerce.number().int().min(1).max(100_000).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50),
      }),
      async handle({ tx, tenantId, query, clock, language }) {
        const campaigns = await listCampaigns(tx, tenantId, null)
        const settings = await readPlanSettings(tx, tenantId)
        const plan = await latestPlan(tx, tenantId)
        if (plan === undefined) return { plan: null, rows: [], total: 0, page: 1, pageSize: query.pageSize, campaigns, settings, twice: [] }
        const { rows, total } = await listRows(tx, tenantId, plan.planId, {
          chosen: query.chosen, reason: query.reason, staff: query.staff, campaignId: query.campaign, segment: query.segment === undefined ? undefined : segments.findIndex((s) => s.key === query.segment), personId: query.person,
        }, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })
        const names = new Map(campaigns.map((c) => [c.campaignId, c.name]))
        return {
          plan: headView(plan, language), stale: clock.now() >= plan.weekEnd, total, page: query.page, pageSize: query.pageSize, campaigns, settings, twice: ports.saidElsewhere === undefined ? [] : await saidTwice(tx, tenantId, plan, ports.saidElsewhere),
          rows: rows.map((row) => ({ ...row, campaign: row.campaignId === null ? null : (names.get(row.campaignId) ?? null), segmentKey: segments[row.segment].key, why: rowWords(row, language) })),
        }
      },
    }),
    route({
      method: 'POST', path: '/plan/make', right: 'plan.approve', block: 'dosage', audit: 'plan.make', what: 'plan the rest of the week anew; a draft that nobody approved is replaced',
      handle: async ({ tx, tenantId, language }) => ({ plan: headView(await makeWeek(tx, ports.workOf(tenantId), ports.prior), language) }),
    }),
    route({
      method: 'POST', path: '/plan/approve', right: 'plan.approve', block: 'dosage', audit: 'plan.approve', what: 'approve a draft: held for 30 minutes, then its messages leave by the one door', body: planIdOf,
      async handle({ tx, tenantId, body, actor, language }) {
        const result = await approvePlan(tx, ports.workOf(tenantId), body.planId, actor)
        if (result.done) return { plan: headView(result.plan, language) }
        if (result.reason === 'no-plan') throw planFault('plan/not-found', { planId: body.planId })
        if (result.reason === 'not-a-draft') throw planFault('plan/not-a-draft', { status: result.status ?? '' })
        throw planFault(result.reason === 'week-over' ? 'plan/week-over' : 'plan/empty')
      },
    }),
    route({
      method: 'POST', path: '/plan/undo', right: 'plan.approve', block: 'dosage', audit: 'plan.undo', what: 'stop what of a plan has not been handed over', body: planIdOf,
      async handle({ tx, tenantId, body }) {
        const result = await undoPlan(tx, ports.workOf(tenantId), body.planId)
        if (result.done) return result
        if (result.reason === 'no-plan') throw planFault('plan/not-found', { planId: body.planId })
        throw planFault('plan/nothing-to-stop', { status: result.status ?? '' })
      },
    }),
    route({
      method: 'POST', path: '/plan/remove', right: 'plan.approve', block: 'dosage', audit: 'plan.remove', what: 'take messages out of a plan before they are handed over', body: z.object({ planId: z.uuid(), rows: z.array(z.int().min(1)).min(1).max(1000) }),
      handle: async ({ tx, tenantId, body }) => ({ removed: await markRows(tx, tenantId, body.planId, body.rows, 'removed') }),
    }),
    route({
      method: 'POST', path: '/plan/campaigns', right: 'broadcasts.write', block: 'dosage', audit: 'plan.campaign', what: 'something worth saying, for whom, from when to when; the planner decides who gets it',
      body: z.object({
        name: z.string().trim().min(1).max(60), messageKind: z.enum(['news', 'sell']), content: messageContent, segments: z.array(z.enum(segments.map((s) => s.key))).max(4).default([]), lift: z.number().min(0.1).max(5).default(1),
        days: z.number().int().min(1).max(90).default(14),
      }),
      async handle({ tx, tenantId, body, clock, ids, actor }) {
        const now = clock.now()
        await ports.checkText?.(tx, tenantId, wordsOf(body.content), now)
        const { days, ...given } = body
        const campaign = { ...given, campaignId: ids.next(), fromAt: now, untilAt: now + days * dayMs, createdAt: now, createdBy: actor }
        await insertCampaign(tx, tenantId, campaign)
        return { campaign }
      },
    }),
    route({
      method: 'PUT', path: '/plan/settings', right: 'settings.write', block: 'dosage', audit: 'plan.settings', what: 'messages a member confirms a day, money a week', body: planSettingsSchema,
      async handle({ tx, tenantId, body, clock }) {
        await writeSetting(tx, tenantId, planSettingsKey, body, clock.now())
        return body
      },
    }),
  ]
}
