import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { recordTouches } from '../../book/touch/index.ts'
import { makeEvent } from '../../events.ts'
import { touchKindOf, type MessageState } from './message.ts'
import type { SendGate } from './send-gate.ts'
import { endMessages } from './store.ts'

/**
 * Ends messages, once each: what was really sent becomes a touch and an event; the gate hears every end, so that it can give back what it reserved.
 * `unknown` (no answer, may have arrived) is settled as sent: counting one too many is the safe side. Comes last in a transaction.
 */
export async function settleMessages(tx: Tx, work: Work, gate: SendGate, ends: ReadonlyArray<{ messageId: string; state: MessageState; sentAt: Instant | null; reason?: string }>): Promise<void> {
  const ended = await endMessages(tx, work.tenantId, ends)
  if (ended.length === 0) return
  ended.sort((a, b) => (a.messageId < b.messageId ? -1 : 1))
  await gate.settle(tx, work, ended.flatMap((message) => (message.gateId === null ? [] : [{
    gateId: message.gateId, outcome: message.state === 'sent' || message.state === 'unknown' ? 'sent' as const : 'not-sent' as const, at: message.sentAt ?? work.now,
  }])))
  const sent = ended.filter((message) => message.state === 'sent')
  await work.emit(tx, sent.map((message) => makeEvent(work.ids, work.now, 'touch.sent', `person/${message.personId}`, message.sentAt!, {
    personId: message.personId, messageId: message.messageId, corpId: message.corpId, staff: message.staff, campaign: message.campaign, messageKind: message.messageKind, weight: message.weight, sentAt: message.sentAt!,
    gateId: message.gateId!,
  })))
  await recordTouches(tx, work.tenantId, sent.map((message) => ({
    personId: message.personId, occurredAt: message.sentAt!, kind: touchKindOf(message.purpose, message.messageKind), line: 'wecom', direction: 'outbound', weight: message.weight, reason: message.campaign, ref: `message/${message.messageId}`,
  })))
}
