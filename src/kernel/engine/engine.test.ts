import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectionA, hour, makeTenant, minute, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { manualClock } from '../clock.ts'
import { listVersions, listFailedRings } from '../doorbell/index.ts'
import type { DomainEvent } from '../event/index.ts'
import { createIntake, inboxDepth, listFailedFacts, retryFacts } from '../inbox/index.ts'
import { listJobs, putJobs } from '../job/index.ts'
import { silentLog } from '../log.ts'
import { enqueueCalls, outboxDepth, type RepeatRule } from '../outbox/index.ts'
import { seededRandom } from '../random.ts'
import { readSetting, writeSetting } from '../tenancy/index.ts'
import { createEngine, type Engine, type Handlers, type PlatformAnswer, type Work } from './index.ts'

let t: TestDb
let tenantId = 0
let n = 0
let clock = manualClock(start)
beforeAll(async () => {
  t = await openTestDb()
})
afterAll(() => t.close())
beforeEach(async () => {
  tenantId = await makeTenant(t, `engine-${++n}`)
  clock = manualClock(start)
})

function engineWith(handlers: Partial<Handlers>, call: (request: unknown) => PlatformAnswer = () => ({ kind: 'ok', result: {} }), repeat: RepeatRule = 'safe'): Engine {
  return createEngine({
    db: t.db, ids: testIds(`engine ${n}`), random: seededRandom('engine'), log: silentLog, clockOf: () => clock, lineOf: () => 'shop', call: async (_tenant, _connection, _endpoint, request) => call(request), repeatOf: () => repeat,
  }, { facts: [], readers: [], jobs: [], subscribers: [], replies: [], ...handlers })
}
const receive = async (...digests: string[]): Promise<void> => {
  const door = createIntake(t.db, testIds(`door ${n}`), () => clock)
  for (const digest of digests) await door.store({ tenantId, connectionId: connectionA, digest, event: digest.startsWith('other') ? 'other' : 'test', message: '{}' })
}
const app: TestDb['app'] = (id, work) => t.app(id, work)
const settle = (engine: Engine) => engine.drain(tenantId, 100)

describe('callbacks', () => {
  const handler = (seen: string[][]): Handlers['facts'][number] => ({
    line: 'shop', accepts: (event) => event === 'test',
    async handle(work, tx, facts) {
      seen.push(facts.map((fact) => fact.digest))
      for (const fact of facts) await writeSetting(tx, work.tenantId, fact.digest, 'worked', work.now)
      if (facts.some((fact) => fact.digest === 'poison')) throw new Error('cannot be worked')
    },
  })

  test('due facts are worked together; what nobody accepts is done too', async () => {
    const seen: string[][] = []
    await receive('1', '2', 'other-3')
    await settle(engineWith({ facts: [handler(seen)] }))
    expect(seen).toEqual([['1', '2']])
    expect(await app(tenantId, (tx) => inboxDepth(tx, tenantId))).toMatchObject({ due: 0, failed: 0 })
  })

  test('one poisonous fact does not stop the others: they are worked once, it is named with its reason and tried again later', async () => {
    const seen: string[][] = []
    await receive('1', 'poison', '2')
    const engine = engineWith({ facts: [handler(seen)] })
    await settle(engine)
    expect(seen.slice(1)).toEqual([['1'], ['2'], ['poison']])
    const worked = (key: string) => app(tenantId, (tx) => readSetting(tx, tenantId, key))
    expect([await worked('1'), await worked('2'), await worked('poison')]).toEqual(['worked', 'worked', undefined])
    expect(await app(tenantId, (tx) => inboxDepth(tx, tenantId))).toMatchObject({ due: 1, failed: 0 })
    await settle(engine)
    expect(seen).toHaveLength(4) // it waits for its time
    for (let tries = 0; tries < 12; tries++) {
      clock.advance(24 * hour)
      await settle(engine)
    }
    expect(await app(tenantId, (tx) => listFailedFacts(tx, tenantId, 10))).toMatchObject([{ digest: 'poison', error: 'Error: cannot be worked', attempts: 8 }])
  })

  test('control: once the cause is gone, a retried fact goes through', async () => {
    await receive('poison')
    const broken = engineWith({ facts: [handler([])] })
    for (let tries = 0; tries < 12; tries++) {
      clock.advance(24 * hour)
      await settle(broken)
    }
    await app(tenantId, (tx) => retryFacts(tx, tenantId, ['poison'], clock.now()))
    await settle(engineWith({ facts: [{ ...handler([]), async handle() {} }] }))
    expect(await app(tenantId, (tx) => inboxDepth(tx, tenantId))).toMatchObject({ due: 0, failed: 0 })
  })
})

describe('doorbells', () => {
  const bell = (objectId: string) => ({ connectionId: connectionA, kind: 'thing', objectId, at: clock.now() })
  const ring = (...objectIds: string[]): Handlers['facts'][number] => ({ line: 'shop', accepts: () => true, handle: (work, tx) => work.ring(tx, objectIds.map(bell)) })

  test('a ringing object is read once, its state stored, and saved only when it changed', async () => {
    const saved: string[][] = []
    let state = 'a'
    const engine = engineWith({
      facts: [ring('x', 'x', 'y')],
      readers: [{
        kind: 'thing', read: async (_work, rings) => rings.map((one) => ({ ring: one, body: state, text: JSON.stringify({ id: one.objectId, state }) })),
        async save(_work, _tx, reads) {
          saved.push(reads.map((read) => read.ring.objectId).sort())
        },
      }],
    })
    await receive('1')
    await settle(engine)
    await receive('2')
    clock.advance(hour)
    await settle(engine)
    expect(saved).toEqual([['x', 'y']])
    state = 'b'
    await receive('3')
    clock.advance(hour)
    await settle(engine)
    expect(saved).toEqual([['x', 'y'], ['x', 'y']])
    expect((await app(tenantId, (tx) => listVersions(tx, tenantId, 'thing', 'x'))).map((v) => v.body)).toEqual(['{"id":"x","state":"a"}', '{"id":"x","state":"b"}'])
  })

  test('a read that fails, or a state that cannot be saved, is tried again and holds up nobody', async () => {
    const saved = new Set<string>()
    let broken = true
    const engine = engineWith({
      facts: [ring('good', 'unread', 'unsaved')],
      readers: [{
        kind: 'thing',
        read: async (_work, rings) => rings.map((one) => (broken && one.objectId === 'unread' ? { ring: one, error: '-1 busy' } : { ring: one, body: {}, text: `{"id":"${one.objectId}"}` })),
        async save(_work, _tx, reads) {
          if (broken && reads.some((read) => read.ring.objectId === 'unsaved')) throw new Error('no')
          for (const read of reads) saved.add(read.ring.objectId)
        },
      }],
    })
    await receive('1')
    await settle(engine)
    expect([...saved]).toEqual(['good'])
    expect((await app(tenantId, (tx) => listFailedRings(tx, tenantId, 10))).map((r) => [r.objectId, r.error]).sort()).toEqual([['unread', '-1 busy'], ['unsaved', 'Error: no']])
    expect(await app(tenantId, (tx) => listVersions(tx, tenantId, 'thing', 'unsaved'))).toEqual([])
    broken = false
    clock.advance(minute)
    await settle(engine)
    expect([...saved].sort()).toEqual(['good', 'unread', 'unsaved'])
  })
})

describe('events', () => {
  const paid = (ids: string[], aggregate: string): DomainEvent => ({ eventId: ids.shift()!, name: 'paid', v: 1, aggregate, occurredAt: start, recordedAt: clock.now(), payload: {} })

  test('behind a failed event of the same aggregate the next ones wait, in order; other aggregates go on', async () => {
    const made = testIds('events')
    const ids = Array.from({ length: 4 }, () => made.next())
    const all = [...ids]
    const done: string[] = []
    let broken = true
    const emitAll: Handlers['jobs'][number] = { kind: 'emit', run: async (work: Work, tx) => (await work.emit(tx, [paid(ids, 'o1'), paid(ids, 'o1'), paid(ids, 'o2'), paid(ids, 'o1')]), null) }
    const engine = engineWith({
      jobs: [emitAll],
      subscribers: [{
        name: 'points', hears: ['paid'],
        async handle(_work, _tx, events) {
          if (broken && events.some((event) => event.eventId === all[1])) throw new Error('no')
          done.push(...events.map((event) => event.eventId))
        },
      }],
    })
    await app(tenantId, (tx) => putJobs(tx, tenantId, [{ kind: 'emit', key: '1', dueAt: start, state: {} }]))
    await settle(engine)
    expect(done).toEqual([all[0], all[2]])
    broken = false
    clock.advance(minute)
    await settle(engine)
    expect(done).toEqual([all[0], all[2], all[1], all[3]])
  })

  test('for a subscriber whose block is off no delivery is made; control: switched on, it hears', async () => {
    let on = false
    const heard: string[] = []
    const emitOne: Handlers['jobs'][number] = { kind: 'emit', run: async (work: Work, tx) => (await work.emit(tx, [paid([work.ids.next()], 'o1')]), null) }
    const engine = engineWith({ jobs: [emitOne], subscribers: [{ name: 'points', hears: ['paid'], on: () => on, handle: async (_work, _tx, events) => void heard.push(...events.map((event) => event.aggregate)) }] })
    for (const key of ['off', 'on']) {
      await app(tenantId, (tx) => putJobs(tx, tenantId, [{ kind: 'emit', key, dueAt: start, state: {} }]))
      await settle(engine)
      expect(heard).toHaveLength(on ? 1 : 0)
      on = true
    }
  })
})

describe('jobs', () => {
  test('a job runs again when it says, keeps its state, and ends by itself', async () => {
    const runs: number[] = []
    const engine = engineWith({
      jobs: [{
        kind: 'count', prepare: async (_work, job) => (job.state as { at: number }).at * 10,
        run: async (work, _tx, job, prepared) => {
          runs.push(prepared as number)
          const at = (job.state as { at: number }).at + 1
          return at === 3 ? null : { dueAt: work.now + hour, state: { at } }
        },
      }],
    })
    await app(tenantId, (tx) => putJobs(tx, tenantId, [{ kind: 'count', key: '1', dueAt: start, state: { at: 0 } }]))
    for (let round = 0; round < 5; round++) {
      await settle(engine)
      clock.advance(hour)
    }
    expect(runs).toEqual([0, 10, 20])
    expect(await app(tenantId, (tx) => listJobs(tx, tenantId))).toEqual([])
  })
  test('a job that fails, or that nobody handles, is kept with its reason', async () => {
    const engine = engineWith({ jobs: [{ kind: 'bad', run: () => Promise.reject(new Error('no')) }] })
    await app(tenantId, (tx) => putJobs(tx, tenantId, [{ kind: 'bad', key: '1', dueAt: start, state: {} }, { kind: 'unknown', key: '1', dueAt: start, state: {} }]))
    await settle(engine)
    expect((await app(tenantId, (tx) => listJobs(tx, tenantId))).map((job) => job.error)).toEqual(['Error: no', 'Bug: no handler for jobs of kind unknown'])
  })
})

describe('calls', () => {
  const enqueue = () => app(tenantId, (tx) => enqueueCalls(tx, tenantId, [{ outboxId: testIds(`call ${n}`).next(), connectionId: connectionA, endpoint: 'x', request: { n }, lane: null, reply: { kind: 'hear' }, dueAt: start, createdAt: start }]))
  const depth = () => app(tenantId, (tx) => outboxDepth(tx, tenantId))

  test('the answer is heard by the handler that the call names', async () => {
    const heard: unknown[] = []
    await enqueue()
    await settle(engineWith({ replies: [{ kind: 'hear', handle: async (_work, _tx, _call, outcome) => void heard.push(outcome) }] }, () => ({ kind: 'ok', result: { id: 7 } })))
    expect(heard).toEqual([{ kind: 'ok', result: { id: 7 }, final: true }])
    expect(await depth()).toMatchObject({ due: 0, stuck: 0 })
  })
  test('no answer to a call that must not be repeated: it stops as unknown, and is sent once', async () => {
    let sent = 0
    await enqueue()
    const engine = engineWith({}, () => (sent++, { kind: 'no-answer', text: 'timeout' }), 'never')
    await settle(engine)
    clock.advance(24 * hour)
    await settle(engine)
    expect(sent).toBe(1)
    expect(await depth()).toMatchObject({ due: 0, stuck: 1 })
  })
  test('control: a call that is safe to repeat goes again after a pause, and stops in the end', async () => {
    let sent = 0
    await enqueue()
    const engine = engineWith({}, () => (sent++, { kind: 'no-answer', text: 'timeout' }), 'safe')
    await settle(engine)
    expect(sent).toBe(1)
    for (let round = 0; round < 12; round++) {
      clock.advance(24 * hour)
      await settle(engine)
    }
    expect(sent).toBe(8)
    expect(await depth()).toMatchObject({ due: 0, stuck: 1 })
  })
})
