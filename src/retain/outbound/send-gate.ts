import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'

/**
 * SendGate (闸门): asked before every message, answered by the stage that knows how much is too much. Declared here by the one who asks; wired in
 * `stages.ts`. The answer is stored with the message in the same transaction, before anything is sent, so a crash can over-count but never
 * under-count.
 */
export type SendGate = {
  /** One answer per request, in order. What is answered with `allowed` is reserved until `settle`. */
  ask(tx: Tx, work: Work, requests: readonly SendRequest[]): Promise<GateAnswer[]>
  /**
   * When the gate opens to messages of this kind; null: it is open. Between now and then (quiet hours) everybody would be refused, and a message is
   * asked for once, so whoever sends by himself waits until then instead of asking.
   */
  opensAt(tx: Tx, work: Pick<Work, 'tenantId' | 'now'>, request: Pick<SendRequest, 'purpose' | 'messageKind'>): Promise<Instant | null>
  /** What became of allowed messages: `not-sent` gives the reservation back. Each gateId is settled once. */
  settle(tx: Tx, work: Work, outcomes: readonly GateOutcome[]): Promise<void>
}

/** help: an answer or a service the person waits for; news: worth knowing; sell: asks for an order. */
export const messageKinds = ['help', 'news', 'sell'] as const
export type MessageKind = (typeof messageKinds)[number]
export type Purpose = 'welcome' | 'broadcast' | 'journey'

export type SendRequest = {
  /** Of this message for ever: the same key is asked once. */
  key: string
  personId: string
  line: 'wecom'
  purpose: Purpose
  messageKind: MessageKind
  /** `broadcast/<id>`, `journey/<id>`, `welcome`. */
  campaign: string
  /** The member it leaves by, on the account `corpId`. */
  corpId: string
  externalUserId: string
  staff: string
}

export type GateAnswer =
  /** `touchWeight`: intrusiveness of this touch, ≥ 0; 1 is one ordinary mass message. */
  | { allowed: true; gateId: string; touchWeight: number }
  /** `clearAt`: when the same message would pass; absent: not by waiting. */
  | { allowed: false; reason: string; clearAt?: Instant }

export type GateOutcome = { gateId: string; outcome: 'sent' | 'not-sent'; at: Instant }
