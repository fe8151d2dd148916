import { createHash } from 'node:crypto'
import { assert } from '../assert.ts'
import type { Clock, Instant } from '../clock.ts'
import type { Db, Tx } from '../db/index.ts'
import { failRings, ringDoorbells, settleRings, storeVersions, type Ring } from '../doorbell/index.ts'
import { claimDeliveries, emit, failDelivery, finishDeliveries, type Delivery } from '../event/index.ts'
import type { Ids } from '../ids.ts'
import { claimFacts, failFact, finishFacts, type CallbackFact } from '../inbox/index.ts'
import { claimJobs, failJob, settleJob, type Job } from '../job/index.ts'
import type { Log } from '../log.ts'
import { afterAnswer, claimCalls, finishCall, postponeCall, type OutboxCall, type RepeatRule } from '../outbox/index.ts'
import type { Random } from '../random.ts'
import { findDue, nothingDue, type Due } from './due.ts'
import { listeners, type Handlers, type ObjectReader, type PlatformAnswer, type Work } from './handlers.ts'

export type EnginePorts = {
  db: Db
  ids: Ids
  random: Random
  log: Log
  clockOf(tenantId: number): Clock
  /** Line of a connection of the tenant ('shop', 'wecom', …). */
  lineOf(tenantId: number, connectionId: string): string | undefined
  /** Sends one outbox call to the platform. */
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  repeatOf(endpoint: string): RepeatRule
  /** Callbacks are arriving right now: reads wait a moment, so that many rings of one object cost one read. */
  arriving?: () => boolean
}

export type Engine = {
  /** Works what is due for the tenant once, in batches. @returns how many items it touched; 0 means quiet. */
  tick(tenantId: number): Promise<number>
  /** Repeats until quiet, at most `rounds` times. */
  drain(tenantId: number, rounds?: number): Promise<number>
  /** When something becomes due next, as the last tick that found nothing saw it. */
  nextDue(tenantId: number): Instant | undefined
}

const batchSize = 200
const jobsAtOnce = 20
const maxWaits = 40
const leaseMs = 60_000

export function createEngine(ports: EnginePorts, handlers: Handlers): Engine {
  const workOf = (tenantId: number): Work => {
    const clock = ports.clockOf(tenantId)
    const now = clock.now()
    return {
      tenantId, now, clock, ids: ports.ids, random: ports.random,
      emit: (tx, events) => emit(tx, tenantId, events, (name) => listeners(handlers.subscribers, tenantId, name)),
      ring: (tx, bells) => ringDoorbells(tx, tenantId, bells),
    }
  }
  const waited = new Map<number, number>()
  const later = new Map<number, Instant | undefined>()
  // What the last statement of a tenant's last transaction saw. Any later transaction makes it old.
  const seen = new Map<number, { at: Instant; due: Due }>()
  const app = <T>(tenantId: number, run: (tx: Tx) => Promise<T>): Promise<T> => {
    seen.delete(tenantId)
    return ports.db.tx({ role: 'app', tenantId }, run)
  }
  /** The last transaction of a tick looks at what is left: it costs least there, and most ticks leave nothing. */
  const ending = async <T>({ tenantId, now }: Work, last: boolean, run: (tx: Tx) => Promise<T>): Promise<T> => {
    let due: Due | undefined
    const value = await app(tenantId, async (tx) => {
      const done = await run(tx)
      if (last) due = await findDue(tx, tenantId, now, batchSize, jobsAtOnce)
      return done
    })
    if (due !== undefined) {
      seen.set(tenantId, { at: now, due })
      later.set(tenantId, due.next)
    }
    return value
  }

  /** What is due; callbacks are worked at once, and what they rang is seen. */
  async function begin(work: Work): Promise<{ due: Due; count: number }> {
    const { tenantId, now } = work
    let facts: CallbackFact[] = []
    let due: Due
    try {
      due = await app(tenantId, async (tx) => {
        // While callbacks come in there are some to work, and what rings is looked at after them.
        const rings = ports.arriving?.() ? 0 : batchSize
        const [found, claimed] = await Promise.all([findDue(tx, tenantId, now, rings, jobsAtOnce), claimFacts(tx, tenantId, now, batchSize)])
        facts = claimed
        if (facts.length === 0 && rings > 0) return found
        if (facts.length > 0) await handleFacts(work, tx, facts)
        return findDue(tx, tenantId, now, batchSize, jobsAtOnce)
      })
      later.set(tenantId, due.next)
      if (!due.facts || facts.length < batchSize) return { due, count: facts.length }
    } catch (error) {
      if (facts.length === 0) throw error
      ports.log.warn({ tenantId, error: String(error) }, 'a batch of callbacks failed; trying its facts one by one')
      facts = await workAlone(work)
    }
    let count = facts.length
    for (let batch = facts.length; batch === batchSize; count += batch) batch = await workFacts(work)
    due = await app(tenantId, (tx) => findDue(tx, tenantId, now, batchSize, jobsAtOnce))
    later.set(tenantId, due.next)
    return { due, count }
  }

  async function workFacts(work: Work): Promise<number> {
    const { tenantId, now } = work
    try {
      return await app(tenantId, async (tx) => {
        const facts = await claimFacts(tx, tenantId, now, batchSize)
        if (facts.length > 0) await handleFacts(work, tx, facts)
        return facts.length
      })
    } catch (error) {
      ports.log.warn({ tenantId, error: String(error) }, 'a batch of callbacks failed; trying its facts one by one')
    }
    return (await workAlone(work)).length
  }

  /** One by one: the good ones pass, the poisonous one is marked with its reason. */
  async function workAlone(work: Work): Promise<CallbackFact[]> {
    const { tenantId, now } = work
    const facts = await app(tenantId, (tx) => claimFacts(tx, tenantId, now, batchSize))
    for (const fact of facts) {
      try {
        await app(tenantId, (tx) => handleFacts(work, tx, [fact]))
      } catch (error) {
        await app(tenantId, (tx) => failFact(tx, tenantId, fact, String(error), now))
      }
    }
    return facts
  }

  async function handleFacts(work: Work, tx: Tx, facts: readonly CallbackFact[]): Promise<void> {
    const known = facts.map((fact) => ({ ...fact, line: ports.lineOf(work.tenantId, fact.connectionId) ?? '' }))
    for (const handler of handlers.facts) {
      const mine = known.filter((fact) => fact.line === handler.line && handler.accepts(fact.event))
      if (mine.length > 0) await handler.handle(work, tx, mine)
    }
    await finishFacts(tx, work.tenantId, facts)
  }

  async function workRings(work: Work, reader: ObjectReader, rings: readonly Ring[], last: boolean): Promise<number> {
    const { tenantId, now } = work
    const results = await reader.read(work, rings)
    const failed = results.flatMap((r) => ('error' in r ? [{ ...r.ring, error: r.error }] : []))
    const good = results.flatMap((r) => ('error' in r ? [] : [r]))
    const store = async (tx: Tx, reads: typeof good): Promise<void> => {
      const outcome = await storeVersions(tx, tenantId, reads.map(({ ring, text }) => ({
        connectionId: ring.connectionId, kind: ring.kind, objectId: ring.objectId, readAt: now, cause: ring.cause, digest: createHash('sha256').update(text).digest('hex'), body: text,
      })))
      const fresh = reads.filter((_, index) => outcome[index].changed)
      if (fresh.length > 0) await reader.save(work, tx, fresh.map(({ ring, body }) => ({ ring, body, cause: ring.cause })))
      await settleRings(tx, tenantId, reads.map((r) => r.ring))
    }
    try {
      if (good.length > 0) await ending(work, last && failed.length === 0, (tx) => store(tx, good))
    } catch (error) {
      ports.log.warn({ tenantId, kind: reader.kind, error: String(error) }, 'a batch of reads could not be stored; trying one by one')
      for (const read of good) {
        try {
          await app(tenantId, (tx) => store(tx, [read]))
        } catch (one) {
          failed.push({ ...read.ring, error: String(one) })
        }
      }
    }
    if (failed.length > 0) await app(tenantId, (tx) => failRings(tx, tenantId, failed, now))
    return rings.length
  }

  async function workEvents(work: Work, names: ReadonlySet<string>, last: boolean): Promise<number> {
    const { tenantId, now } = work
    let count = 0
    const wanted = handlers.subscribers.filter((one) => names.has(one.name))
    for (const [n, subscriber] of wanted.entries()) {
      let claimed: Delivery[] = []
      try {
        count += await ending(work, last && n === wanted.length - 1, async (tx) => {
          claimed = await claimDeliveries(tx, tenantId, subscriber.name, now, batchSize)
          if (claimed.length === 0) return 0
          await subscriber.handle(work, tx, claimed)
          await finishDeliveries(tx, tenantId, subscriber.name, claimed.map((d) => d.eventId))
          return claimed.length
        })
      } catch (error) {
        ports.log.warn({ tenantId, subscriber: subscriber.name, error: String(error) }, 'a batch of events failed; trying one by one')
        const stopped = new Set<string>() // what follows a failed event of the same aggregate waits behind it
        for (const delivery of claimed) {
          if (stopped.has(delivery.aggregate)) continue
          try {
            await app(tenantId, async (tx) => {
              await subscriber.handle(work, tx, [delivery])
              await finishDeliveries(tx, tenantId, subscriber.name, [delivery.eventId])
            })
          } catch (one) {
            stopped.add(delivery.aggregate)
            await app(tenantId, (tx) => failDelivery(tx, tenantId, delivery, String(one), now))
          }
        }
        count += claimed.length
      }
    }
    return count
  }

  async function workJobs(work: Work, due: readonly Job[], last: boolean): Promise<number> {
    const { tenantId, now } = work
    for (const [index, job] of due.entries()) {
      const handler = handlers.jobs.find((h) => h.kind === job.kind)
      try {
        assert(handler, `no handler for jobs of kind ${job.kind}`)
        const prepared = await handler.prepare?.(work, job)
        await ending(work, last && index === due.length - 1, async (tx) => {
          const next = await handler.run(work, tx, job, prepared)
          await settleJob(tx, tenantId, job, next === null ? null : next.dueAt, next?.state ?? job.state)
        })
      } catch (error) {
        ports.log.warn({ tenantId, job: job.kind, key: job.key, error: String(error) }, 'a job failed and will be tried again')
        await app(tenantId, (tx) => failJob(tx, tenantId, job, String(error), now))
      }
    }
    return due.length
  }

  async function workCalls(work: Work): Promise<number> {
    const { tenantId } = work
    const calls = await app(tenantId, (tx) => claimCalls(tx, tenantId, work.now, leaseMs, 50))
    for (const [n, call] of calls.entries()) await send(work, call, n === calls.length - 1)
    return calls.length
  }

  async function send(work: Work, call: OutboxCall, last: boolean): Promise<void> {
    const { tenantId } = work
    const repeat = ports.repeatOf(call.endpoint)
    const repeatable = repeat === 'safe' || (typeof repeat === 'object' && 'keyed' in repeat)
    const answer: PlatformAnswer = call.interrupted && !repeatable
      ? { kind: 'no-answer', text: 'the process ended during an earlier attempt' }
      : await ports.call(tenantId, call.connectionId, call.endpoint, call.request)
    const now: Instant = work.clock.now()
    const next = afterAnswer(answer.kind === 'ok' ? { kind: 'ok' } : answer.kind === 'refused' ? answer : { kind: 'no-answer' }, repeat, call.attempts, now)
    await ending(work, last, async (tx) => {
      const error = answer.kind === 'ok' ? undefined : { kind: answer.kind, text: answer.text, ...(answer.kind === 'refused' ? { code: answer.code } : {}) }
      if (next.state === 'due') await postponeCall(tx, tenantId, call.outboxId, next.dueAt, error)
      else await finishCall(tx, tenantId, call.outboxId, next.state, now, answer.kind === 'ok' ? answer.result : undefined, error)
      const kind = (call.reply as { kind?: string } | null)?.kind
      const handler = handlers.replies.find((h) => h.kind === kind)
      if (handler) await handler.handle({ ...work, now }, tx, call, { ...answer, final: next.state !== 'due' })
    })
  }

  async function tick(tenantId: number): Promise<number> {
    const work = workOf(tenantId)
    const known = seen.get(tenantId)
    seen.delete(tenantId)
    // Within one instant the look at the end of one tick serves the next; facts come from outside and are asked for.
    const { due, count: facts } = known !== undefined && known.at === work.now && !known.due.facts ? { due: known.due, count: 0 } : await begin(work)
    let count = facts
    // While a storm of callbacks comes in, objects are left to ring; but never for longer than some rounds.
    if (facts > 0 && ports.arriving?.() && (waited.get(tenantId) ?? 0) < maxWaits) {
      waited.set(tenantId, (waited.get(tenantId) ?? 0) + 1)
      return count + 1
    }
    waited.delete(tenantId)
    const readers = handlers.readers.filter((reader) => due.rings.has(reader.kind))
    for (const [n, reader] of readers.entries()) count += await workRings(work, reader, due.rings.get(reader.kind)!, n === readers.length - 1 && due.events.size === 0 && due.jobs.length === 0 && !due.calls)
    if (due.events.size > 0) count += await workEvents(work, due.events, due.jobs.length === 0 && !due.calls)
    if (due.jobs.length > 0) {
      // What was just worked may have moved or ended some of them.
      const jobs = count === facts ? due.jobs : await app(tenantId, (tx) => claimJobs(tx, tenantId, work.now, jobsAtOnce))
      count += await workJobs(work, jobs, !due.calls)
    }
    if (due.calls) count += await workCalls(work)
    return count
  }

  return {
    tick,
    nextDue: (tenantId) => later.get(tenantId),
    async drain(tenantId, rounds = 10_000) {
      let total = 0
      seen.delete(tenantId)
      for (let round = 0; round < rounds; round++) {
        const count = await tick(tenantId)
        total += count
        const left = seen.get(tenantId)
        if (count === 0 || (left !== undefined && nothingDue(left.due))) return total
      }
      return total
    },
  }
}
