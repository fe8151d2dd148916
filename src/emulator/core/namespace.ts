import type { Instant } from '../../kernel/clock.ts'
import { seededRandom, type Random, type RandomKey } from '../../kernel/random.ts'
import type { Account, AccountKind, WeixinAccount } from './account.ts'

/**
 * A namespace (命名空间) is one emulated platform: accounts, state, time and pending pushes. Test suites run in parallel in several.
 * Everything in it is plain JSON-able data (or `Packed`, which turns into it), changed only by commands executed in order, so that (seed, commands) rebuilds it exactly:
 * that is how the journal, snapshots and the simulator work. Handlers are therefore synchronous and draw randomness only from `u`.
 */
export type Namespace = {
  readonly name: string
  readonly seed: string
  /** The world's business time. Set by the command being executed. */
  now: Instant
  /** Wire time of the command being executed: real unless simulated. For signatures, never for business. */
  wireNow: Instant
  accounts: Account[]
  /** One plain object per slice name; see `slice`. */
  slices: Record<string, unknown>
  counters: Record<string, number>
  /** Pushes not yet acknowledged, by id. Made with `push` (push.ts). */
  deliveries: Record<string, Delivery>
  /** Work the platform does later by itself (auto-receipt, settlement, audits): a binary heap. Made with `schedule` (push.ts). */
  scheduled: Scheduled[]
  /** Ids of pushes made by the command being executed; the engine empties it after each command. */
  queued: string[]
}

/** A push to one account's configured address: one logical message, sent until acknowledged or given up. */
export type Delivery = {
  id: string
  account: { kind: AccountKind; id: string; agentId?: string }
  /** For logs and the admin page, e.g. `channels_ec_order_pay` or `change_external_contact/add_external_contact`. */
  event: string
  /** The plaintext, already in the account's format (XML text or JSON text), or a Pay notice body. */
  message: string
  /** Pay notices carry their own address and extra headers. */
  url?: string
  headers?: Record<string, string>
  createdAt: Instant
  /** When it may next be sent. */
  dueAt: Instant
  attempts: number
  /** How the envelope is made: 'weixin' (Official Account, Shop), 'wecom', 'pay'. */
  envelope: 'weixin' | 'wecom' | 'pay'
  /** Set by a fault: the envelope is made (signed) now but sent at dueAt. */
  heldSince?: Instant
  /** Set by a fault: signed at this wire time whatever the clock says when it is sent. */
  signedAt?: Instant
}

/** `n` keeps the order of work due at the same instant. */
export type Scheduled = { n: number; dueAt: Instant; act: string; args: unknown }

export function createNamespace(name: string, seed: string, now: Instant): Namespace {
  return { name, seed, now, wireNow: now, accounts: [], slices: {}, counters: {}, deliveries: {}, scheduled: [], queued: [] }
}

/** A line's own state inside a namespace, made on first use. `T` must be JSON-able (use records, not Maps). */
export type Slice<T> = { name: string; init: () => T }

export function slice<T>(ns: Namespace, definition: Slice<T>): T {
  const found = ns.slices[definition.name]
  if (found !== undefined) return found as T
  const made = definition.init()
  ns.slices[definition.name] = made
  return made
}

/** The next number of a counter, from 1. */
export function nextNumber(ns: Namespace, counter: string): number {
  const value = (ns.counters[counter] ?? 0) + 1
  ns.counters[counter] = value
  return value
}

const randoms = new WeakMap<Namespace, Random>()

/** The namespace's keyed randomness: same seed, name and keys, same draw. Mix in a counter where a fresh draw is meant. */
export function randomOf(ns: Namespace): Random {
  let random = randoms.get(ns)
  if (!random) randoms.set(ns, (random = seededRandom(`${ns.seed}/${ns.name}`)))
  return random
}

export function u(ns: Namespace, ...keys: RandomKey[]): number {
  return randomOf(ns).u(...keys)
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'

/** A fresh platform-looking id: prefix and `length` characters, e.g. `freshId(ns, 'wm', 30)`. */
export function freshId(ns: Namespace, prefix: string, length: number): string {
  const count = nextNumber(ns, `id:${prefix}`)
  let text = prefix
  for (const byte of randomOf(ns).bytes(length, 'id', prefix, count)) text += alphabet[byte & 63]
  return text
}

/** A fresh id of digits, 19 long like Shop orders when `length` is 19: above 2^53, so it must stay text. */
export function freshDigits(ns: Namespace, counter: string, length: number, prefix = ''): string {
  const count = String(nextNumber(ns, `digits:${counter}`))
  const body = length - prefix.length
  let noise = ''
  for (const byte of randomOf(ns).bytes(Math.max(0, body - 8), 'digits', counter, count)) noise += byte % 10
  return prefix + count.padStart(Math.min(8, body), '0') + noise
}

/** The shape of an account of that kind; four kinds share `WeixinAccount`. */
export type AccountFor<K extends AccountKind> = K extends WeixinAccount['kind'] ? WeixinAccount : Extract<Account, { kind: K }>

export function accountOf<K extends AccountKind>(ns: Namespace, kind: K, id?: string): AccountFor<K> | undefined {
  return ns.accounts.find((account) => account.kind === kind && (id === undefined || account.id === id)) as AccountFor<K> | undefined
}
