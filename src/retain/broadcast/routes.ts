import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { campaignCounts, cancelTask, messageContent, messageKinds, refusalReasons, remindTask, tasksOfCampaign, wordsOf, type TextCheck } from '../outbound/index.ts'
import { countSegment, fieldsOf, listSegment, ruleSchema, type FactSource } from '../segment/index.ts'
import { after, campaignOf, holdMs, type BroadcastAct } from './broadcast.ts'
import { closeKind, dispatchKind } from './dispatch.ts'
import { broadcastFault } from './errors.ts'
import { changeBroadcast, findBroadcast, insertBroadcast, listBroadcasts, type Broadcast } from './store.ts'

const block = 'broadcasts'
const wish = z.object({ name: z.string().trim().min(1).max(60), messageKind: z.enum(messageKinds), rules: ruleSchema, content: messageContent })
const one = z.object({ broadcastId: z.uuid() })
const words: Record<BroadcastAct, string> = { edit: '修改', approve: '批准', dispatch: '交出', cancel: '取消', close: '结束', remind: '提醒' }

async function need(tx: Tx, tenantId: number, broadcastId: string, act: BroadcastAct): Promise<Broadcast> {
  const broadcast = await findBroadcast(tx, tenantId, broadcastId)
  if (!broadcast) throw broadcastFault('broadcast/not-found', { broadcastId })
  if (after(broadcast.status, act) === undefined) throw broadcastFault('broadcast/not-now', { name: broadcast.name, status: broadcast.status, act: words[act] })
  return broadcast
}

/** What one more message to these people is expected to bring and to cost; asked here, answered by restrain and wired in the composition root. Money in fen. */
export type WorthSource = (tx: Tx, tenantId: number, personIds: readonly string[], now: Instant) => Promise<{
  persons: number; valueFen: number; lowFen: number; highFen: number; lost: number; lostLow: number; lostHigh: number; known: boolean; daysUntilAnswer: number | null
}>

/** Who of these people is to hear the same words from the plan; asked here, answered by restrain and wired in the composition root. */
export type PlannedSource = (tx: Tx, tenantId: number, text: string, personIds: readonly string[]) => Promise<Array<{ campaignId: string; campaign: string; people: number }>>

export function broadcastRoutes(context: { wecomOf(tenantId: number): { connectionId: string; corpId: string } | undefined; checkText?: TextCheck }, sources: readonly FactSource[], worth?: WorthSource, planned?: PlannedSource): AnyRoute[] {
  const fields = fieldsOf(sources)
  return [
    route({
      method: 'GET', path: '/broadcasts', right: 'people.read', block, what: 'broadcasts, newest first, with what became of their messages',
      async handle({ tx, tenantId }) {
        const rows = await listBroadcasts(tx, tenantId, 200)
        const counts = await campaignCounts(tx, tenantId, rows.map((row) => campaignOf(row.broadcastId)))
        return { rows: rows.map((row) => ({ ...row, counts: counts.get(campaignOf(row.broadcastId)) })) }
      },
    }),
    route({
      method: 'GET', path: '/broadcasts/:broadcastId', right: 'people.read', block, what: 'one broadcast: messages by state, refusals by reason, the task of each member', params: one,
      async handle({ tx, tenantId, params, clock }) {
        const broadcast = await findBroadcast(tx, tenantId, params.broadcastId)
        if (!broadcast) throw broadcastFault('broadcast/not-found', params)
        const campaign = campaignOf(params.broadcastId)
        return {
          broadcast, counts: (await campaignCounts(tx, tenantId, [campaign])).get(campaign), refusals: await refusalReasons(tx, tenantId, campaign), tasks: await tasksOfCampaign(tx, tenantId, campaign),
          people: ['draft', 'held'].includes(broadcast.status) ? await countSegment(tx, tenantId, broadcast.rules, fields, clock.now()) : null,
        }
      },
    }),
    route({
      method: 'POST', path: '/broadcasts/estimate', right: 'people.read', block, what: 'what a message to whom the rules choose is expected to bring and how many would leave, with intervals; null where nothing measures it; and who of them is to hear the same words from the plan', body: z.object({ rules: ruleSchema, text: z.string().max(4000).optional() }),
      async handle({ tx, tenantId, body, clock }) {
        const personIds = await listSegment(tx, tenantId, body.rules, fields, clock.now())
        return { people: personIds.length, worth: worth === undefined ? null : await worth(tx, tenantId, personIds, clock.now()), planned: planned === undefined || body.text === undefined ? [] : await planned(tx, tenantId, body.text, personIds) }
      },
    }),
    route({
      method: 'POST', path: '/broadcasts', right: 'broadcasts.write', block, audit: 'broadcast.create', what: 'a draft', body: wish,
      async handle({ tx, tenantId, body, clock, ids, actor }) {
        const wecom = context.wecomOf(tenantId)
        if (!wecom) throw broadcastFault('broadcast/no-connection')
        const people = await countSegment(tx, tenantId, body.rules, fields, clock.now())
        const broadcastId = ids.next()
        await insertBroadcast(tx, tenantId, { ...wecom, ...body, broadcastId, status: 'draft', createdAt: clock.now(), createdBy: actor, approvedAt: null, approvedBy: null, heldUntil: null, closedAt: null })
        return { broadcastId, people }
      },
    }),
    route({
      method: 'PUT', path: '/broadcasts/:broadcastId', right: 'broadcasts.write', block, audit: 'broadcast.edit', what: 'change a draft, or an approved broadcast while it is held', params: one, body: wish.partial(),
      async handle({ tx, tenantId, params, body, clock }) {
        const { status } = await need(tx, tenantId, params.broadcastId, 'edit')
        // A draft may say anything; what is approved already may not be made worse.
        if (status === 'held' && body.content !== undefined) await context.checkText?.(tx, tenantId, wordsOf(body.content), clock.now())
        const people = body.rules === undefined ? null : await countSegment(tx, tenantId, body.rules, fields, clock.now())
        await changeBroadcast(tx, tenantId, params.broadcastId, body)
        return { people }
      },
    }),
    route({
      method: 'POST', path: '/broadcasts/:broadcastId/approve', right: 'broadcasts.approve', block, audit: 'broadcast.approve', what: 'approve: held for half an hour, then handed to the members', params: one,
      async handle({ tx, tenantId, params, clock, actor }) {
        const broadcast = await need(tx, tenantId, params.broadcastId, 'approve')
        await context.checkText?.(tx, tenantId, wordsOf(broadcast.content), clock.now())
        const heldUntil = clock.now() + holdMs
        await changeBroadcast(tx, tenantId, params.broadcastId, { status: after(broadcast.status, 'approve'), approvedAt: clock.now(), approvedBy: actor, heldUntil })
        await putJobs(tx, tenantId, [{ kind: dispatchKind, key: params.broadcastId, dueAt: heldUntil, state: {} }, { kind: closeKind, key: params.broadcastId, dueAt: heldUntil + 60_000, state: {} }])
        return { heldUntil }
      },
    }),
    route({
      method: 'POST', path: '/broadcasts/:broadcastId/cancel', right: 'broadcasts.write', block, audit: 'broadcast.cancel', what: 'cancel; while sending, stop members who have not sent', params: one,
      async handle({ tx, tenantId, params, clock, ids }) {
        const broadcast = await need(tx, tenantId, params.broadcastId, 'cancel')
        await changeBroadcast(tx, tenantId, params.broadcastId, { status: after(broadcast.status, 'cancel'), ...(broadcast.status === 'sending' ? {} : { closedAt: clock.now() }) })
        let stopped = 0
        for (const task of await tasksOfCampaign(tx, tenantId, campaignOf(params.broadcastId))) if (await cancelTask(tx, { tenantId, now: clock.now(), ids }, task)) stopped++
        return { stopped }
      },
    }),
    route({
      method: 'POST', path: '/broadcasts/:broadcastId/remind', right: 'broadcasts.write', block, audit: 'broadcast.remind', what: 'remind members who have not sent, at most three times a task', params: one,
      async handle({ tx, tenantId, params, clock, ids }) {
        await need(tx, tenantId, params.broadcastId, 'remind')
        let reminded = 0
        for (const task of await tasksOfCampaign(tx, tenantId, campaignOf(params.broadcastId))) if (await remindTask(tx, { tenantId, now: clock.now(), ids }, task)) reminded++
        return { reminded }
      },
    }),
  ]
}
