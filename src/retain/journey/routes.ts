import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { campaignCounts, messageContent, messageKinds, wordsOf, type TextCheck } from '../outbound/index.ts'
import { countSegment, fieldsOf, ruleSchema, type FactSource } from '../segment/index.ts'
import { journeyFault } from './errors.ts'
import { enrolmentCounts, insertJourney, listJourneys, switchJourney, triggers } from './store.ts'

const block = 'journeys'
const yearMs = 365 * 86_400_000

export function journeyRoutes(context: { wecomOf(tenantId: number): { connectionId: string; corpId: string } | undefined; checkText?: TextCheck }, sources: readonly FactSource[]): AnyRoute[] {
  const fields = fieldsOf(sources)
  return [
    route({
      method: 'GET', path: '/journeys', right: 'people.read', block, what: 'journeys with who is where in them',
      async handle({ tx, tenantId }) {
        const rows = await listJourneys(tx, tenantId)
        const states = await enrolmentCounts(tx, tenantId)
        const counts = await campaignCounts(tx, tenantId, rows.map((row) => `journey/${row.journeyId}`))
        return { rows: rows.map((row) => ({ ...row, enrolments: Object.fromEntries(states.filter((one) => one.journeyId === row.journeyId).map((one) => [one.state, one.n])), messages: counts.get(`journey/${row.journeyId}`) })) }
      },
    }),
    route({
      method: 'POST', path: '/journeys', right: 'broadcasts.approve', block, audit: 'journey.create', what: 'a journey: when something happens, wait, then send; it begins with what happens from now on',
      body: z.object({ name: z.string().trim().min(1).max(60), trigger: z.enum(triggers), waitMs: z.number().int().min(0).max(yearMs), rules: ruleSchema.nullable().default(null), messageKind: z.enum(messageKinds), content: messageContent }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const wecom = context.wecomOf(tenantId)
        if (!wecom) throw journeyFault('journey/no-connection')
        await context.checkText?.(tx, tenantId, wordsOf(body.content), clock.now())
        if (body.rules !== null) await countSegment(tx, tenantId, body.rules, fields, clock.now())
        const journeyId = ids.next()
        await insertJourney(tx, tenantId, { ...wecom, ...body, journeyId, status: 'on', createdAt: clock.now(), changedAt: clock.now() })
        return { journeyId }
      },
    }),
    route({
      method: 'PUT', path: '/journeys/:journeyId/status', right: 'broadcasts.approve', block, audit: 'journey.switch', what: 'switch a journey on or off; off, whoever waits in it leaves', params: z.object({ journeyId: z.uuid() }), body: z.object({ status: z.enum(['on', 'off']) }),
      async handle({ tx, tenantId, params, body, clock }) {
        if (!(await switchJourney(tx, tenantId, params.journeyId, body.status, clock.now()))) throw journeyFault('journey/not-found', params)
      },
    }),
  ]
}
