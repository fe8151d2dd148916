import type { Instant } from '../../kernel/clock.ts'
import type { Fen } from '../../kernel/money.ts'

/**
 * An after-sale (售后) of either shelf. In the mall the steps are ours; at the Shop the platform steps and we follow: its states are read into the same
 * words, and what we may do there is what the same table allows the shop.
 */
export type Kind = 'refund' | 'return' | 'exchange'
export const states = ['asked', 'awaiting-buyer', 'awaiting-return', 'returning', 'awaiting-exchange', 'exchange-sent', 'refunding', 'refund-stuck', 'refused', 'arbitration', 'done', 'withdrawn', 'closed'] as const
export type State = (typeof states)[number]
export const acts = ['accept', 'refuse', 'withdraw', 'send-back', 'receive', 'refuse-return', 'send-exchange', 'confirm', 'escalate', 'rule-buyer', 'rule-shop', 'paid-back', 'pay-failed', 'pay-again', 'expire'] as const
export type Act = (typeof acts)[number]
export type Actor = 'buyer' | 'shop' | 'arbiter' | 'pay' | 'clock'

/** Who may do what: everything else is refused. */
export const actorOf: Readonly<Record<Act, Actor>> = {
  accept: 'shop', refuse: 'shop', withdraw: 'buyer', 'send-back': 'buyer', receive: 'shop', 'refuse-return': 'shop', 'send-exchange': 'shop', confirm: 'buyer', escalate: 'buyer',
  'rule-buyer': 'arbiter', 'rule-shop': 'arbiter', 'paid-back': 'pay', 'pay-failed': 'pay', 'pay-again': 'shop', expire: 'clock',
}

type Steps = Readonly<Partial<Record<State, Readonly<Partial<Record<Act, State>>>>>>
const judged: Steps = {
  refused: { escalate: 'arbitration', withdraw: 'withdrawn', expire: 'closed' },
  arbitration: { 'rule-buyer': 'refunding', 'rule-shop': 'closed', withdraw: 'withdrawn' },
  refunding: { 'paid-back': 'done', 'pay-failed': 'refund-stuck' },
  'refund-stuck': { 'pay-again': 'refunding', 'paid-back': 'done' },
}
const sentBack: Steps = {
  'awaiting-return': { 'send-back': 'returning', withdraw: 'withdrawn', expire: 'closed' },
  ...judged,
}
/** Every legal step, by kind. What is not here is illegal. Silence of the shop is a yes, silence of the buyer a no. */
export const steps: Readonly<Record<Kind, Steps>> = {
  refund: { asked: { accept: 'refunding', refuse: 'refused', withdraw: 'withdrawn', expire: 'refunding' }, ...judged },
  return: {
    asked: { accept: 'awaiting-return', refuse: 'refused', withdraw: 'withdrawn', expire: 'awaiting-return' },
    returning: { receive: 'refunding', 'refuse-return': 'refused', expire: 'refunding' },
    ...sentBack,
  },
  exchange: {
    asked: { accept: 'awaiting-return', refuse: 'refused', withdraw: 'withdrawn', expire: 'awaiting-return' },
    returning: { receive: 'awaiting-exchange', 'refuse-return': 'refused', expire: 'awaiting-exchange' },
    // Nothing left to send: the money goes back instead.
    'awaiting-exchange': { 'send-exchange': 'exchange-sent', accept: 'refunding', expire: 'refunding' },
    'exchange-sent': { confirm: 'done', expire: 'done', escalate: 'arbitration' },
    ...sentBack,
  },
}

/** @returns the next state; undefined: not allowed from here. */
export const step = (kind: Kind, state: State, act: Act): State | undefined => steps[kind][state]?.[act]

export const ended: ReadonlySet<State> = new Set(['done', 'withdrawn', 'closed'])

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/**
 * How long a state of the mall may last before silence decides (our defaults; the Shop tells its own seconds). null: it waits for a person.
 * While refunding, it is when we look whether the money came to nothing.
 */
export const patienceMs: Readonly<Record<State, number | null>> = {
  asked: 48 * hourMs, 'awaiting-buyer': null, 'awaiting-return': 7 * dayMs, returning: 7 * dayMs, 'awaiting-exchange': 3 * dayMs, 'exchange-sent': 10 * dayMs, refunding: hourMs, 'refund-stuck': null,
  refused: 7 * dayMs, arbitration: null, done: null, withdrawn: null, closed: null,
}
export const deadlineAfter = (state: State, now: Instant): Instant | null => (patienceMs[state] === null ? null : now + patienceMs[state])

/** The states in which the shop has to do something. */
export const needsShop: ReadonlySet<State> = new Set(['asked', 'returning', 'awaiting-exchange', 'refund-stuck', 'arbitration'])

/** The platform's state (shop sheet 9, its own spelling) in our words; undefined: one that the sheet does not know. */
const platformStates: Readonly<Record<string, State>> = {
  USER_CANCELD: 'withdrawn', MERCHANT_PROCESSING: 'asked', MERCHANT_OVERDUE_REFUND: 'asked', MERCHANT_REJECT_REFUND: 'refused', MERCHANT_REJECT_RETURN: 'refused', USER_WAIT_RETURN: 'awaiting-return', RETURN_CLOSED: 'closed',
  MERCHANT_WAIT_RECEIPT: 'returning', MERCHANT_REFUND_SUCCESS: 'done', MERCHANT_RETURN_SUCCESS: 'done', PLATFORM_REFUNDING: 'refunding', PLATFORM_REFUND_FAIL: 'refund-stuck', USER_WAIT_CONFIRM: 'awaiting-buyer',
  USER_WAIT_CONFIRM_UPDATE: 'awaiting-buyer', USER_WAIT_HANDLE_MERCHANT_AFTER_SALE: 'awaiting-buyer', MERCHANT_REFUND_RETRY_FAIL: 'closed', MERCHANT_FAIL: 'closed',
}
export const stateOfPlatform = (status: string): State | undefined => (Object.hasOwn(platformStates, status) ? platformStates[status] : undefined)
export const platformStateNames: readonly string[] = Object.keys(platformStates)

export type Asked = { kind: Kind; quantity: number; amountFen: Fen }
export type LineLeft = { quantity: number; paidFen: Fen; /** Asked for or given back already, without what ended in nothing. */ takenQuantity: number; takenFen: Fen; shipped: boolean; paid: boolean }
export type AskProblem = { kind: 'not-paid' } | { kind: 'not-shipped' } | { kind: 'too-many'; left: number } | { kind: 'too-much'; leftFen: Fen }

/** Whether a buyer may ask for this of a line. Goods that were not sent cannot come back; nobody gets back more than was paid for the line. */
export function checkAsked(asked: Asked, line: LineLeft): AskProblem | undefined {
  if (!line.paid) return { kind: 'not-paid' }
  if (asked.kind !== 'refund' && !line.shipped) return { kind: 'not-shipped' }
  if (asked.quantity > line.quantity - line.takenQuantity) return { kind: 'too-many', left: Math.max(0, line.quantity - line.takenQuantity) }
  const leftFen = line.paidFen - line.takenFen
  if (asked.kind !== 'exchange' && asked.amountFen > leftFen) return { kind: 'too-much', leftFen: Math.max(0, leftFen) }
  return undefined
}
