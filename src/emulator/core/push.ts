import type { Instant } from '../../kernel/clock.ts'
import type { AccountKind } from './account.ts'
import { countFault, drawOf, planOf, textKey } from './faults.ts'
import { popDue, pushDue } from './heap.ts'
import { nextNumber, type Delivery, type Namespace, type Scheduled } from './namespace.ts'

export type PushRequest = {
  account: { kind: AccountKind; id: string; agentId?: string }
  /** e.g. `channels_ec_order_pay`, `change_external_contact/add_external_contact`. */
  event: string
  /** Plaintext in the account's format. */
  message: string
  envelope: 'weixin' | 'wecom' | 'pay'
  /** Pay notices: their own address. */
  url?: string
  headers?: Record<string, string>
  /** Sent this long from now; 0 when absent. */
  delayMs?: number
}

/**
 * The platform tells an account something. The push is queued now and sent by the pump; the world's fault plan may lose it, send it twice,
 * late, or out of order. Returns the id, or undefined when a fault lost it.
 */
export function push(ns: Namespace, request: PushRequest): string | undefined {
  const plan = planOf(ns)
  const first: Delivery = {
    id: '',
    account: request.account,
    event: request.event,
    message: request.message,
    url: request.url,
    headers: request.headers,
    createdAt: ns.now,
    dueAt: ns.now + (request.delayMs ?? 0),
    attempts: 0,
    envelope: request.envelope,
  }
  if (!plan) return enqueue(ns, first)
  // The draw's address is the message itself, so the order in which events happen changes nothing.
  const key = textKey(`${ns.seed}/${ns.name}|${plan.seed ?? ''}|${request.account.id}|${request.event}|${request.message}`)
  const hit = (kind: string, rate: number | undefined): boolean => rate !== undefined && rate > 0 && drawOf(key, kind) < rate
  const span = (kind: string): number => {
    const [low, high] = plan.lateMs ?? [1_000, 600_000]
    return Math.round(low + (high - low) * drawOf(key, `${kind} ms`))
  }
  if (hit('lost', plan.lost)) {
    countFault(ns, 'lost')
    return undefined
  }
  if (hit('held', plan.held)) {
    countFault(ns, 'held')
    first.heldSince = ns.now
    first.signedAt = ns.wireNow
    first.dueAt += span('held')
  } else if (hit('late', plan.late)) {
    countFault(ns, 'late')
    first.dueAt += span('late')
  } else if (hit('reordered', plan.reordered)) {
    countFault(ns, 'reordered')
    first.dueAt += 1 + Math.floor(drawOf(key, 'reordered ms') * (plan.reorderMs ?? 3_000))
  }
  const id = enqueue(ns, first)
  if (hit('duplicate', plan.duplicate)) {
    countFault(ns, 'duplicate')
    enqueue(ns, { ...first, heldSince: undefined, signedAt: undefined, dueAt: ns.now + Math.floor(drawOf(key, 'duplicate ms') * (plan.reorderMs ?? 3_000)) })
  }
  return id
}

function enqueue(ns: Namespace, delivery: Delivery): string {
  delivery.id = `d${nextNumber(ns, 'delivery')}`
  ns.deliveries[delivery.id] = delivery
  ns.queued.push(delivery.id)
  return delivery.id
}

const order = (a: Scheduled, b: Scheduled): number => a.dueAt - b.dueAt || a.n - b.n

/** The platform does `act` by itself at `dueAt`. Acts check for themselves whether they still apply: nothing is ever unscheduled. */
export function schedule(ns: Namespace, dueAt: Instant, act: string, args: unknown): void {
  pushDue(ns.scheduled, { n: nextNumber(ns, 'scheduled'), dueAt, act, args }, order)
}

/** Takes the next piece of work due at or before `at`. */
export function takeScheduled(ns: Namespace, at: Instant): Scheduled | undefined {
  return ns.scheduled.length > 0 && ns.scheduled[0].dueAt <= at ? popDue(ns.scheduled, order) : undefined
}
