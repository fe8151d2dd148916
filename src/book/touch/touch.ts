import type { Instant } from '../../kernel/clock.ts'

/**
 * Kinds of touch with their code in the index. Codes are stored in snapshots: add at the end, never renumber.
 * Outbound: what we said. Inbound: what the person did; it weighs nothing.
 */
export const touchKinds = {
  'message.help': 1, 'message.news': 2, 'message.sell': 3, 'message.welcome': 4, 'moment.shown': 5, 'group.message': 6, 'article.sent': 7,
  'contact.added': 20, 'contact.lost': 21, scan: 22, reply: 23, view: 24, order: 25, refund: 26, like: 27, click: 28,
} as const
export type TouchKind = keyof typeof touchKinds

export type Touch = {
  personId: string
  occurredAt: Instant
  kind: TouchKind
  /** wecom, official-account, mini-program, shop, … */
  line: string
  direction: 'outbound' | 'inbound'
  /** Intrusiveness, ≥ 0; 1 is one ordinary mass message; 0 for inbound. */
  weight: number
  /** Why, in words of the campaign: `broadcast/<id>`, `welcome`, `journey/<id>`. */
  reason: string
  /** Names the touch for ever; the same reference is recorded once. */
  ref: string
}
export type StoredTouch = Touch & { seq: number }
