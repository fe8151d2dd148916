import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { makeEvent } from '../../events.ts'
import { sendersOf } from '../../retain/contact/index.ts'
import { askToSend, sendAsTasks, type SendGate, type SendRequest } from '../../retain/outbound/index.ts'
import { nextNight, type PriorSource } from '../experiment/index.ts'
import { quietEnd, readPolicy } from '../pressure/index.ts'
import { holdMs, makeWeek } from './make-week.ts'
import { changePlan, latestPlan, listCampaigns, lockPlan, markRows, plannedRows, type PlanHead, type StoredRow } from './store.ts'

export const handJobKind = 'restrain.plan-hand'
export const planJobKind = 'restrain.plan'

export type Approval = { done: true; plan: PlanHead } | { done: false; reason: 'no-plan' | 'not-a-draft' | 'week-over' | 'empty'; status?: string }

/** One transaction: the plan is held for half an hour, then its messages leave by the one door; nothing is asked of any member before. */
export async function approvePlan(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids' | 'emit'>, planId: string, actor: string): Promise<Approval> {
  const { tenantId, now } = work
  const plan = await lockPlan(tx, tenantId, planId)
  if (plan === undefined) return { done: false, reason: 'no-plan' }
  if (plan.status !== 'draft') return { done: false, reason: 'not-a-draft', status: plan.status }
  if (now >= plan.weekEnd) return { done: false, reason: 'week-over' }
  const rows = await plannedRows(tx, tenantId, planId)
  if (rows.length === 0) return { done: false, reason: 'empty' }
  const heldUntil = now + holdMs
  await changePlan(tx, tenantId, planId, { status: 'held', approvedAt: now, approvedBy: actor, heldUntil })
  await putJobs(tx, tenantId, [{ kind: handJobKind, key: planId, dueAt: heldUntil, state: {} }])
  await work.emit(tx, [makeEvent(work.ids, now, 'plan.approved', `plan/${planId}`, now, { planId, persons: new Set(rows.map((row) => row.personId)).size, messages: rows.length, heldUntil })])
  return { done: true, plan: { ...plan, status: 'held', approvedAt: now, approvedBy: actor, heldUntil } }
}

export type Undo = { done: true; stopped: number; gone: number } | { done: false; reason: 'no-plan' | 'nothing-left'; status?: string }

/** Stops whatever of the plan has not been handed over. What members were asked already is not taken back here. */
export async function undoPlan(tx: Tx, work: Pick<Work, 'tenantId' | 'now'>, planId: string): Promise<Undo> {
  const plan = await lockPlan(tx, work.tenantId, planId)
  if (plan === undefined) return { done: false, reason: 'no-plan' }
  if (plan.status !== 'held' && plan.status !== 'sending') return { done: false, reason: 'nothing-left', status: plan.status }
  const rows = await plannedRows(tx, work.tenantId, planId)
  if (plan.status === 'held') {
    // Nothing left yet: the plan is a draft again, as it was.
    await changePlan(tx, work.tenantId, planId, { status: 'draft' })
    return { done: true, stopped: rows.length, gone: 0 }
  }
  await markRows(tx, work.tenantId, planId, rows.map((row) => row.rowNo), 'removed')
  await changePlan(tx, work.tenantId, planId, { status: 'undone', finishedAt: work.now })
  return { done: true, stopped: rows.length, gone: plan.summary.messages - rows.length }
}

export type HandPorts = { gate: SendGate; connectionOf(tenantId: number, corpId: string): string | undefined }

/** When a row of the plan leaves: days after the hold, never in quiet hours. */
function leavesAt(heldUntil: Instant, offsetDays: number, quiet: (at: Instant) => Instant | undefined): Instant {
  const at = heldUntil + offsetDays * dayMs
  return quiet(at) ?? at
}

/** Hands over what is due of an approved plan, day by day. The gate is asked again for every message, and has the last word. */
export function handJob(ports: HandPorts): JobHandler {
  return {
    kind: handJobKind,
    async run(work, tx, job) {
      const { tenantId, now } = work
      const plan = await lockPlan(tx, tenantId, job.key)
      if (plan === undefined || (plan.status !== 'held' && plan.status !== 'sending') || plan.heldUntil === null) return null
      const policy = await readPolicy(tx, tenantId)
      // Run late, into quiet hours: a refusal would be for good.
      const quiet = quietEnd(policy, now)
      if (quiet !== undefined) return { dueAt: quiet }
      const due = (row: StoredRow): Instant => leavesAt(plan.heldUntil!, row.offsetDays, (at) => quietEnd(policy, at))
      const rows = await plannedRows(tx, tenantId, plan.planId)
      const ready = rows.filter((row) => due(row) <= now)
      if (ready.length > 0) await hand(tx, work, plan.planId, ready)
      const later = rows.filter((row) => due(row) > now).map(due)
      if (later.length === 0) {
        await changePlan(tx, tenantId, plan.planId, { status: 'done', finishedAt: now })
        return null
      }
      if (ready.length > 0) await changePlan(tx, tenantId, plan.planId, { status: 'sending' })
      return { dueAt: Math.min(...later) }
    },
  }

  async function hand(tx: Tx, work: Work, planId: string, rows: readonly StoredRow[]): Promise<void> {
    const { tenantId } = work
    const campaigns = new Map((await listCampaigns(tx, tenantId, null)).map((row) => [row.campaignId, row]))
    const handed: number[] = []
    const refused: number[] = []
    const groups = new Map<string, StoredRow[]>()
    for (const row of rows) {
      const key = `${row.corpId}\n${row.campaignId}`
      const list = groups.get(key)
      if (list) list.push(row)
      else groups.set(key, [row])
    }
    for (const [, mine] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { corpId, campaignId } = mine[0]
      const campaign = campaigns.get(campaignId!)
      const connectionId = ports.connectionOf(tenantId, corpId)
      const senders = new Map((await sendersOf(tx, tenantId, corpId, mine.map((row) => row.personId))).map((sender) => [sender.personId, sender]))
      const name = `plan/${planId}/${campaignId}`
      const requests = mine.flatMap((row): SendRequest[] => {
        const sender = senders.get(row.personId)
        if (campaign === undefined || connectionId === undefined || sender === undefined) return []
        return [{ key: `${name}/${row.personId}`, personId: row.personId, line: 'wecom', purpose: 'broadcast', messageKind: campaign.messageKind, campaign: name, corpId, externalUserId: sender.externalUserId, staff: sender.staff }]
      })
      const messages = await askToSend(tx, work, ports.gate, requests)
      if (campaign !== undefined && connectionId !== undefined) await sendAsTasks(tx, work, { connectionId, campaign: name, content: campaign.content, messages })
      const queued = new Set(messages.filter((message) => message.state === 'queued').map((message) => message.personId))
      for (const row of mine) (queued.has(row.personId) ? handed : refused).push(row.rowNo)
    }
    await markRows(tx, tenantId, planId, handed, 'handed')
    await markRows(tx, tenantId, planId, refused, 'refused')
  }
}

/** Every night: when no plan covers this week any more, a new draft. Approving stays with people. */
export function planJob(ports: { blockOn(tenantId: number, block: 'dosage'): boolean; prior?: PriorSource }): JobHandler {
  return {
    kind: planJobKind,
    async run(work, tx) {
      const latest = await latestPlan(tx, work.tenantId)
      const covered = latest !== undefined && latest.weekEnd > work.now && latest.status !== 'undone' && (latest.status !== 'draft' || latest.madeAt > work.now - dayMs)
      if (ports.blockOn(work.tenantId, 'dosage') && !covered) await makeWeek(tx, work, ports.prior)
      // After the night's change of epochs.
      return { dueAt: nextNight(work.now) + 30 * 60_000 }
    },
  }
}
