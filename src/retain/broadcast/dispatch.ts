import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { sendersOf } from '../contact/index.ts'
import { askToSend, campaignCounts, sendAsTasks, type SendGate, type TaskEnded } from '../outbound/index.ts'
import { listSegment, type SegmentField } from '../segment/index.ts'
import { makeEvent } from '../../events.ts'
import { after, campaignOf } from './broadcast.ts'
import { changeBroadcast, findBroadcast } from './store.ts'

export const dispatchKind = 'broadcast.dispatch'
export const closeKind = 'broadcast.close'
/** Looked at when a task ends; this is for what nobody told of. */
const lookMs = 6 * 3_600_000

/**
 * When the hold is over: who is in the segment now and can be reached, asked at the door one by one, handed to members as tasks. All in one
 * transaction; the calls follow from the outbox.
 */
export function broadcastDispatch(gate: SendGate, fields: ReadonlyMap<string, SegmentField>): JobHandler {
  return {
    kind: dispatchKind,
    async run(work, tx, job) {
      const broadcast = await findBroadcast(tx, work.tenantId, job.key)
      if (broadcast === undefined || broadcast.status !== 'held') return null
      if (broadcast.heldUntil! > work.now) return { dueAt: broadcast.heldUntil! }
      const opens = await gate.opensAt(tx, work, { purpose: 'broadcast', messageKind: broadcast.messageKind })
      if (opens !== null) {
        // Approved late in the evening: held over the quiet hours, and still editable.
        await changeBroadcast(tx, work.tenantId, broadcast.broadcastId, { heldUntil: opens })
        return { dueAt: opens }
      }
      const campaign = campaignOf(broadcast.broadcastId)
      const persons = await listSegment(tx, work.tenantId, broadcast.rules, fields, work.now)
      const senders = await sendersOf(tx, work.tenantId, broadcast.corpId, persons)
      const messages = await askToSend(tx, work, gate, senders.map((sender) => ({
        ...sender, key: `${campaign}/${sender.personId}`, line: 'wecom', purpose: 'broadcast', messageKind: broadcast.messageKind, campaign,
      })))
      await sendAsTasks(tx, work, { connectionId: broadcast.connectionId, campaign, content: broadcast.content, messages })
      await changeBroadcast(tx, work.tenantId, broadcast.broadcastId, { status: after(broadcast.status, 'dispatch') })
      return null
    },
  }
}

/** A task came to its end: perhaps it was the broadcast's last. */
export const broadcastTaskEnded: TaskEnded = async (tx, work, campaign) => {
  const [kind, broadcastId] = campaign.split('/')
  if (kind === 'broadcast') await putJobs(tx, work.tenantId, [{ kind: closeKind, key: broadcastId, dueAt: work.now, state: {} }])
}

/** Closes a broadcast when no message of it is open any more. */
export function broadcastClose(): JobHandler {
  return {
    kind: closeKind,
    async run(work, tx, job) {
      const broadcast = await findBroadcast(tx, work.tenantId, job.key)
      if (broadcast === undefined || broadcast.status === 'done' || broadcast.status === 'cancelled') return null
      if (broadcast.status !== 'sending') return { dueAt: work.now + lookMs }
      const campaign = campaignOf(broadcast.broadcastId)
      const counts = (await campaignCounts(tx, work.tenantId, [campaign])).get(campaign)!
      if (counts.queued > 0) return { dueAt: work.now + lookMs }
      await changeBroadcast(tx, work.tenantId, broadcast.broadcastId, { status: after(broadcast.status, 'close'), closedAt: work.now })
      await work.emit(tx, [makeEvent(work.ids, work.now, 'broadcast.closed', campaign, work.now, {
        broadcastId: broadcast.broadcastId, sent: counts.sent, notFriend: counts['not-friend'], overCap: counts['over-cap'], unsent: counts.missed + counts.cancelled + counts.failed + counts.unknown,
      })])
      return null
    },
  }
}
