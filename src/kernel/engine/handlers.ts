import type { Clock, Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Delivery, DomainEvent } from '../event/index.ts'
import type { Ids } from '../ids.ts'
import type { CallbackFact } from '../inbox/index.ts'
import type { Bell, Ring } from '../doorbell/index.ts'
import type { Job } from '../job/index.ts'
import type { OutboxCall } from '../outbox/index.ts'
import type { Random } from '../random.ts'

/** What a handler may use. `now` is the world's time, fixed for the whole transaction. */
export type Work = {
  tenantId: number
  now: Instant
  clock: Clock
  ids: Ids
  random: Random
  emit(tx: Tx, events: readonly DomainEvent[]): Promise<void>
  ring(tx: Tx, bells: readonly Bell[]): Promise<void>
}

export type FactHandler = {
  /** Line of the connection the callback came in on. */
  line: string
  /** Names of events, or a test of the name. */
  accepts(event: string): boolean
  handle(work: Work, tx: Tx, facts: ReadonlyArray<CallbackFact & { line: string }>): Promise<void>
}

export type ReadResult = { ring: Ring; body: unknown; text: string } | { ring: Ring; error: string }

/** Reads objects again after a ring: first the network without a transaction, then one transaction that stores all of them. */
export type ObjectReader = {
  kind: string
  read(work: Work, rings: readonly Ring[]): Promise<ReadResult[]>
  save(work: Work, tx: Tx, reads: ReadonlyArray<{ ring: Ring; body: unknown; cause: 'callback' | 'backfill' | 'own' }>): Promise<void>
}

export type JobHandler = {
  kind: string
  /** Network work before the transaction, if any; its result goes to `run`. */
  prepare?(work: Work, job: Job): Promise<unknown>
  /** @returns when to run next, and the state to keep; null: finished. */
  run(work: Work, tx: Tx, job: Job, prepared: unknown): Promise<{ dueAt: Instant; state?: unknown } | null>
}

export type Subscriber = {
  name: string
  hears: readonly string[]
  /** Whether a tenant's events are delivered at all: false while the block behind it is off. Absent: always. */
  on?(tenantId: number): boolean
  handle(work: Work, tx: Tx, events: readonly Delivery[]): Promise<void>
}

/** Names of those who hear an event of that name of the tenant. */
export function listeners(subscribers: readonly Subscriber[], tenantId: number, event: string): string[] {
  return subscribers.filter((one) => one.hears.includes(event) && (one.on?.(tenantId) ?? true)).map((one) => one.name)
}

export type PlatformAnswer =
  | { kind: 'ok'; result: unknown }
  | { kind: 'refused'; retry: 'now' | 'later' | 'never'; code: string; text: string }
  | { kind: 'no-answer'; text: string }

/** Hears how an outbox call ended. `reply.kind` names the handler. */
export type ReplyHandler = { kind: string; handle(work: Work, tx: Tx, call: OutboxCall, outcome: PlatformAnswer & { final: boolean }): Promise<void> }

export type Handlers = { facts: FactHandler[]; readers: ObjectReader[]; jobs: JobHandler[]; subscribers: Subscriber[]; replies: ReplyHandler[] }
