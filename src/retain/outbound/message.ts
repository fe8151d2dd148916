import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { TouchKind } from '../../book/touch/index.ts'
import type { MessageKind, Purpose, SendRequest } from './send-gate.ts'

/**
 * States of a message. queued → sent | missed | not-friend | over-cap | cancelled | failed | unknown; refused is decided at once.
 * missed: too late, or the member left the contact out; not-friend and over-cap: results 2 and 3 of a mass send.
 */
export const messageStates = ['refused', 'queued', 'sent', 'missed', 'not-friend', 'over-cap', 'cancelled', 'failed', 'unknown'] as const
export type MessageState = (typeof messageStates)[number]

export type Message = SendRequest & {
  messageId: string
  taskId: string | null
  state: MessageState
  gateId: string | null
  gateReason: string | null
  clearAt: Instant | null
  askedAt: Instant
  weight: number
  sentAt: Instant | null
}

/** What a message says: text (≤ 4,000 bytes) and up to nine attachments, as the platform takes them. */
export type MessageContent = { text: string; attachments?: ReadonlyArray<Record<string, unknown>> }

export function contentOnWire(content: MessageContent): Record<string, unknown> {
  return { text: { content: content.text }, ...(content.attachments && content.attachments.length > 0 ? { attachments: content.attachments } : {}) }
}

export const textBytesMax = 4_000
export const targetsMax = 10_000

export const touchKindOf = (purpose: Purpose, messageKind: MessageKind): TouchKind => (purpose === 'welcome' ? 'message.welcome' : `message.${messageKind}`)

export type TaskState = 'queued' | 'waiting' | 'cancelling' | 'cancelled' | 'confirmed' | 'failed' | 'unknown' | 'expired'

/** What a member's task says of each contact (get_groupmsg_send_result). */
export type SendResult = { externalUserId: string; status: number; sentAt: Instant | null }

/** A message's state after the member has sent his task; status 0 then means that he left the contact out. */
export function stateOfResult(status: number): MessageState {
  return status === 1 ? 'sent' : status === 2 ? 'not-friend' : status === 3 ? 'over-cap' : 'missed'
}

/**
 * Nobody confirms after six days; then a task is taken back. What waits counts under every cap as if it went now, so a task must be over before next week's message
 * is asked for at the same hour: a day leaves room for the pause between two looks and for the cancelling.
 */
export const taskLifeMs = 6 * 86_400_000

/** A task is asked for again after half its age, between a quarter of an hour and six hours: late results are late in proportion, and polls stay few. */
export function nextPollAfter(ageMs: number): number {
  return Math.min(6 * 3_600_000, Math.max(15 * 60_000, Math.round(ageMs / 2)))
}

/** Told when a task of a campaign came to its end, inside the same transaction; wired in the composition root. */
export type TaskEnded = (tx: Tx, work: Pick<Work, 'tenantId' | 'now'>, campaign: string) => Promise<void>
