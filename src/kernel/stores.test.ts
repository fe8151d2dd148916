import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectionA, connectionB, hour, makeTenant, minute, postgresVersions, start, testIds } from '../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../tests/setup/test-db.ts'
import { recordAudit, listAudit } from './audit/index.ts'
import { manualClock } from './clock.ts'
import { claimRings, countRecovered, doorbellDepth, failRings, listFailedRings, listVersions, retryRings, ringDoorbells, settleRings, storeVersions, type ObjectVersion } from './doorbell/index.ts'
import { claimDeliveries, deliveryDepth, emit, failDelivery, finishDeliveries, listEvents, type DomainEvent } from './event/index.ts'
import { claimFacts, countFacts, createIntake, failFact, finishFacts, inboxDepth, listFailedFacts, retryFacts } from './inbox/index.ts'
import { claimJobs, failJob, listJobs, putJobs, settleJob } from './job/index.ts'
import { claimCalls, enqueueCalls, finishCall, listOpenCalls, outboxDepth, postponeCall, retryCalls, skipCalls, type NewCall } from './outbox/index.ts'
import { listBlocks, nextWorkAfter, readSetting, switchBlock, tenantsWithWork, writeSetting } from './tenancy/index.ts'

describe.each(postgresVersions)('stores of the kernel on PostgreSQL %s', (version) => {
  let t: TestDb
  let tenantId = 0
  let count = 0
  beforeAll(async () => {
    t = await openTestDb({ version })
  })
  afterAll(() => t.close())
  // A tenant per test: no test sees what another wrote.
  beforeEach(async () => {
    tenantId = await makeTenant(t, `merchant-${++count}`)
  })
  const app: TestDb['app'] = (id, work) => t.app(id, work)

  describe('inbox', () => {
    const message = (digest: string, text = '{}') => ({ tenantId, connectionId: connectionA, digest, event: 'test', message: text })
    const intake = () => createIntake(t.db, testIds(`intake ${count}`), () => manualClock(start))

    test('a message is stored once; its repeats are counted, also inside one batch', async () => {
      const door = intake()
      await Promise.all(['1', '2', '1', '1'].map((digest) => door.store(message(digest))))
      await door.store(message('2'))
      expect(await app(tenantId, (tx) => countFacts(tx, tenantId))).toEqual({ stored: 2, repeats: 3 })
      expect(door.idle()).toBe(true)
    })

    test('the same message on another connection is another message', async () => {
      const door = intake()
      await door.store(message('1'))
      await door.store({ ...message('1'), connectionId: connectionB })
      expect(await app(tenantId, (tx) => countFacts(tx, tenantId))).toEqual({ stored: 2, repeats: 0 })
    })

    test('a message that cannot be stored fails alone; those that waited beside it are stored', async () => {
      const door = intake()
      const outcomes = await Promise.allSettled([message('1'), { ...message('2'), event: 'zero \u0000 byte' }, message('3')].map((one) => door.store(one)))
      expect(outcomes.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((await app(tenantId, (tx) => countFacts(tx, tenantId))).stored).toBe(2)
    })

    test('two workers never take the same fact', async () => {
      const door = intake()
      for (const digest of ['1', '2', '3', '4']) await door.store(message(digest))
      const taken = await app(tenantId, async (one) => {
        const first = await claimFacts(one, tenantId, start, 2)
        const second = await app(tenantId, (two) => claimFacts(two, tenantId, start, 10))
        return [first.map((f) => f.digest), second.map((f) => f.digest)]
      })
      expect(taken).toEqual([['1', '2'], ['3', '4']])
    })

    test('a worked fact keeps its key and loses its content', async () => {
      const door = intake()
      await door.store(message('1', '{"openid":"o-1"}'))
      await app(tenantId, async (tx) => finishFacts(tx, tenantId, await claimFacts(tx, tenantId, start, 10)))
      expect(await app(tenantId, (tx) => tx.query('select state, message from inbox where tenant_id = $1', [tenantId]))).toEqual([{ state: 'done', message: null }])
      await door.store(message('1', '{"openid":"o-1"}'))
      expect(await app(tenantId, (tx) => inboxDepth(tx, tenantId))).toMatchObject({ due: 0, failed: 0 })
    })

    test('a failing fact waits longer each time, and after eight tries for a person', async () => {
      await intake().store(message('1'))
      let now = start
      const pauses: number[] = []
      for (let n = 0; n < 8; n++) {
        await app(tenantId, async (tx) => {
          const [fact] = await claimFacts(tx, tenantId, now, 1)
          await failFact(tx, tenantId, fact, 'no', now)
        })
        const [{ due_at }] = await app(tenantId, (tx) => tx.query<{ due_at: number }>('select due_at from inbox where tenant_id = $1', [tenantId]))
        pauses.push((due_at - now) / 1000)
        now = due_at
      }
      expect(pauses).toEqual([4, 16, 64, 256, 1024, 4096, 16384, 65536])
      expect(await app(tenantId, (tx) => inboxDepth(tx, tenantId))).toMatchObject({ due: 0, failed: 1 })
      expect(await app(tenantId, (tx) => listFailedFacts(tx, tenantId, 10))).toMatchObject([{ digest: '1', error: 'no', attempts: 8 }])
      expect(await app(tenantId, (tx) => retryFacts(tx, tenantId, ['1'], now))).toBe(1)
      expect(await app(tenantId, (tx) => claimFacts(tx, tenantId, now, 10))).toHaveLength(1)
    })
  })

  describe('doorbell', () => {
    const ring = (objectId: string, at = start, cause?: 'callback' | 'backfill') => app(tenantId, (tx) => ringDoorbells(tx, tenantId, [{ connectionId: connectionA, kind: 'order', objectId, at, cause }]))
    const claim = (now = start) => app(tenantId, (tx) => claimRings(tx, tenantId, 'order', now, 10))

    test('many rings cost one read', async () => {
      await app(tenantId, (tx) => ringDoorbells(tx, tenantId, [1, 2, 3].map(() => ({ connectionId: connectionA, kind: 'order', objectId: 'o1', at: start }))))
      await ring('o1')
      const rings = await claim()
      expect(rings).toMatchObject([{ objectId: 'o1', wanted: 4 }])
      await app(tenantId, (tx) => settleRings(tx, tenantId, rings))
      expect(await claim()).toEqual([])
    })

    test('a ring while the object is being read leaves it wanted', async () => {
      await ring('o1')
      const rings = await claim()
      await ring('o1') // after the read began
      await app(tenantId, (tx) => settleRings(tx, tenantId, rings))
      expect(await claim()).toMatchObject([{ objectId: 'o1', wanted: 2 }])
    })

    test('a callback wins over the back-fill as the cause of a read', async () => {
      await ring('o1', start, 'backfill')
      await ring('o1', start, 'callback')
      await ring('o2', start, 'callback')
      await ring('o2', start, 'backfill')
      await ring('o3', start, 'backfill')
      expect((await claim()).map((r) => r.cause)).toEqual(['callback', 'callback', 'backfill'])
    })

    test('a failed read is tried later, shown, and can be brought forward', async () => {
      await ring('o1')
      await app(tenantId, async (tx) => failRings(tx, tenantId, (await claimRings(tx, tenantId, 'order', start, 10)).map((r) => ({ ...r, error: '-1 busy' })), start))
      expect(await claim()).toEqual([])
      expect(await claim(start + 500)).toHaveLength(1)
      expect(await app(tenantId, (tx) => listFailedRings(tx, tenantId, 10))).toMatchObject([{ objectId: 'o1', attempts: 1, error: '-1 busy' }])
      expect(await app(tenantId, (tx) => retryRings(tx, tenantId, ['o1'], start))).toBe(1)
      expect(await claim()).toHaveLength(1)
      expect(await app(tenantId, (tx) => doorbellDepth(tx, tenantId))).toMatchObject({ due: 1, failing: 0 })
    })

    test('a state equal to the newest is not stored again; a state that comes back is', async () => {
      const put = (...digests: string[]) => app(tenantId, async (tx) => {
        const outcome: boolean[] = []
        for (const digest of digests) {
          const version: ObjectVersion = { connectionId: connectionA, kind: 'order', objectId: 'o1', readAt: start, cause: digest === 'c' ? 'backfill' : 'callback', digest, body: `{"state":"${digest}"}` }
          outcome.push((await storeVersions(tx, tenantId, [version]))[0].changed)
        }
        return outcome
      })
      expect(await put('a', 'a', 'b', 'b', 'a', 'c')).toEqual([true, false, true, false, true, true])
      expect((await app(tenantId, (tx) => listVersions(tx, tenantId, 'order', 'o1'))).map((v) => [v.version, v.body])).toEqual([[1, '{"state":"a"}'], [2, '{"state":"b"}'], [3, '{"state":"a"}'], [4, '{"state":"c"}']])
      expect(await app(tenantId, (tx) => countRecovered(tx, tenantId))).toBe(1)
    })
  })

  describe('outbox', () => {
    const ids = testIds('calls')
    const call = (lane: string | null, more: Partial<NewCall> = {}): NewCall => ({ outboxId: ids.next(), connectionId: connectionA, endpoint: 'x', request: { n: 1 }, lane, reply: null, dueAt: start, createdAt: start, ...more })
    const put = (...calls: NewCall[]) => app(tenantId, (tx) => enqueueCalls(tx, tenantId, calls))
    const claim = (now = start) => app(tenantId, (tx) => claimCalls(tx, tenantId, now, minute, 10))

    test('only the oldest open call of a lane goes out; calls without a lane go together', async () => {
      const [first, second, other, free1, free2] = [call('sku-1'), call('sku-1'), call('sku-2'), call(null), call(null)]
      await put(first, second, other, free1, free2)
      expect((await claim()).map((c) => c.outboxId).sort()).toEqual([first, other, free1, free2].map((c) => c.outboxId).sort())
      expect(await claim()).toEqual([]) // the first is leased, the second waits behind it
      await app(tenantId, (tx) => finishCall(tx, tenantId, first.outboxId, 'sent', start, { ok: true }, undefined))
      expect((await claim()).map((c) => c.outboxId)).toEqual([second.outboxId])
    })

    test('a call whose worker died comes back when its lease ends', async () => {
      const one = call('lane')
      await put(one)
      expect(await claim()).toHaveLength(1)
      expect(await claim(start + minute - 1)).toEqual([])
      expect(await claim(start + minute)).toMatchObject([{ outboxId: one.outboxId, attempts: 2 }])
    })

    test.each(['unknown', 'failed'] as const)('a call that ended %s blocks its lane, visibly, until it is skipped', async (state) => {
      const [first, second] = [call('lane'), call('lane')]
      await put(first, second)
      await claim()
      await app(tenantId, (tx) => finishCall(tx, tenantId, first.outboxId, state, start, undefined, { text: 'no' }))
      expect(await claim(start + hour)).toEqual([])
      expect(await app(tenantId, (tx) => outboxDepth(tx, tenantId))).toMatchObject({ due: 1, stuck: 1 })
      expect(await app(tenantId, (tx) => listOpenCalls(tx, tenantId, ['unknown', 'failed'], 10))).toMatchObject([{ outboxId: first.outboxId, state, error: { text: 'no' } }])
      expect(await app(tenantId, (tx) => skipCalls(tx, tenantId, [first.outboxId, second.outboxId], start))).toBe(1)
      expect((await claim(start + hour)).map((c) => c.outboxId)).toEqual([second.outboxId])
    })

    test('a stuck call can be tried again, and keeps its place in the lane', async () => {
      const [first, second] = [call('lane'), call('lane')]
      await put(first, second)
      await claim()
      await app(tenantId, (tx) => finishCall(tx, tenantId, first.outboxId, 'unknown', start, undefined, {}))
      expect(await app(tenantId, (tx) => retryCalls(tx, tenantId, [first.outboxId], start))).toBe(1)
      expect((await claim()).map((c) => c.outboxId)).toEqual([first.outboxId])
    })

    test('a postponed call waits and says why', async () => {
      const one = call(null)
      await put(one)
      await claim()
      await app(tenantId, (tx) => postponeCall(tx, tenantId, one.outboxId, start + hour, { code: '-1' }))
      expect(await claim(start + hour - 1)).toEqual([])
      expect(await claim(start + hour)).toHaveLength(1)
    })

    test('two workers never send the same call', async () => {
      await put(call(null), call(null), call(null))
      const both = await Promise.all([claim(), claim()])
      const taken = both.flat().map((c) => c.outboxId)
      expect(new Set(taken).size).toBe(taken.length)
    })
  })

  describe('jobs', () => {
    const job = (key: string, dueAt: number, state: unknown = {}) => ({ kind: 'k', key, dueAt, state })
    test('the same job again moves earlier, never later, and keeps its state', async () => {
      await app(tenantId, (tx) => putJobs(tx, tenantId, [job('1', start, { at: 'first' })]))
      await app(tenantId, (tx) => putJobs(tx, tenantId, [job('1', start + hour, { at: 'second' })]))
      expect(await app(tenantId, (tx) => listJobs(tx, tenantId))).toMatchObject([{ dueAt: start, state: { at: 'first' } }])
      await app(tenantId, (tx) => putJobs(tx, tenantId, [job('1', start - hour, {})]))
      expect(await app(tenantId, (tx) => listJobs(tx, tenantId))).toMatchObject([{ dueAt: start - hour, state: { at: 'first' } }])
    })
    test('a job is settled to its next time or gone; a failing one waits longer each time', async () => {
      await app(tenantId, (tx) => putJobs(tx, tenantId, [job('1', start), job('2', start)]))
      const [one, two] = await app(tenantId, (tx) => claimJobs(tx, tenantId, start, 10))
      await app(tenantId, async (tx) => {
        await settleJob(tx, tenantId, one, null, {})
        await failJob(tx, tenantId, two, 'no', start)
      })
      expect(await app(tenantId, (tx) => listJobs(tx, tenantId))).toMatchObject([{ key: '2', dueAt: start + 5_000, attempts: 1, error: 'no' }])
      await app(tenantId, async (tx) => {
        const [again] = await claimJobs(tx, tenantId, start + 5_000, 10)
        await settleJob(tx, tenantId, again, start + hour, { n: 1 })
      })
      expect(await app(tenantId, (tx) => listJobs(tx, tenantId))).toMatchObject([{ key: '2', dueAt: start + hour, state: { n: 1 }, attempts: 0, error: null }])
    })
  })

  describe('events', () => {
    const ids = testIds('events')
    const event = (aggregate: string, name = 'order.paid', at = start): DomainEvent => ({ eventId: ids.next(), name, v: 1, aggregate, occurredAt: at, recordedAt: at, payload: { aggregate } })
    const put = (events: DomainEvent[]) => app(tenantId, (tx) => emit(tx, tenantId, events, (name) => (name === 'order.paid' ? ['credit', 'points'] : [])))
    const claim = (subscriber: string, now = start) => app(tenantId, (tx) => claimDeliveries(tx, tenantId, subscriber, now, 10))

    test('every subscriber gets a delivery of its own; an event nobody hears is kept all the same', async () => {
      const [paid, placed] = [event('o1'), event('o1', 'order.placed')]
      await put([paid, placed])
      expect((await claim('credit')).map((d) => d.eventId)).toEqual([paid.eventId])
      await app(tenantId, (tx) => finishDeliveries(tx, tenantId, 'credit', [paid.eventId]))
      expect(await claim('credit')).toEqual([])
      expect((await claim('points')).map((d) => d.payload)).toEqual([{ aggregate: 'o1' }])
      expect(await app(tenantId, (tx) => listEvents(tx, tenantId, 'o1'))).toHaveLength(2)
    })

    test('order is kept per aggregate: what follows a failed event waits, other aggregates go on', async () => {
      const [first, second, other] = [event('o1'), event('o1'), event('o2')]
      await put([first, second, other])
      await app(tenantId, async (tx) => failDelivery(tx, tenantId, (await claimDeliveries(tx, tenantId, 'credit', start, 10))[0], 'no', start))
      expect((await claim('credit')).map((d) => d.eventId)).toEqual([other.eventId])
      expect((await claim('credit', start + 1_000)).map((d) => d.eventId)).toEqual([first.eventId, second.eventId, other.eventId])
      expect(await app(tenantId, (tx) => deliveryDepth(tx, tenantId))).toEqual({ due: 6, failing: 0 })
    })
  })

  describe('tenancy and audit', () => {
    test('settings and blocks are written over, and read back as they were given', async () => {
      await app(tenantId, async (tx) => {
        await writeSetting(tx, tenantId, 'k', { a: [1, '二'] }, start)
        await writeSetting(tx, tenantId, 'k', { a: [2, '二'] }, start)
        await switchBlock(tx, tenantId, 'shop', true, start)
        await switchBlock(tx, tenantId, 'codes', true, start)
        await switchBlock(tx, tenantId, 'codes', false, start + 1)
      })
      expect(await app(tenantId, (tx) => readSetting(tx, tenantId, 'k'))).toEqual({ a: [2, '二'] })
      expect(await app(tenantId, (tx) => listBlocks(tx, tenantId))).toEqual([{ block: 'codes', onSince: null }, { block: 'shop', onSince: start }])
    })

    test('the scheduler lists who has work and when the next is due', async () => {
      const world = `world-${tenantId}`
      const other = await makeTenant(t, `${world}-b`, world)
      await app(other, (tx) => putJobs(tx, other, [{ kind: 'k', key: '1', dueAt: start, state: {} }, { kind: 'k', key: '2', dueAt: start + hour, state: {} }]))
      expect((await tenantsWithWork(t.db)).filter((row) => row.world === world)).toEqual([{ tenantId: other, world, dueAt: start }])
      expect(await nextWorkAfter(t.db, world, start)).toBe(start + hour)
      expect(await nextWorkAfter(t.db, world, start + hour)).toBeUndefined()
    })

    test('the audit trail is read newest first', async () => {
      const ids = testIds('audit')
      const entry = (at: number) => ({ auditId: ids.next(), at, actor: 'owner', action: 'x', object: String(at), detail: {} })
      await app(tenantId, (tx) => recordAudit(tx, tenantId, [entry(start), entry(start + 2), entry(start + 1)]))
      expect((await app(tenantId, (tx) => listAudit(tx, tenantId, start + 2, 10))).map((row) => row.at)).toEqual([start + 1, start])
    })
  })
})
