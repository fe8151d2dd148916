import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { saleDate, startOfDay } from '../../kernel/calendar.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { recordTouches } from '../../book/touch/index.ts'
import { allowAllSendGate, type SendRequest } from '../../retain/outbound/index.ts'
import { pressureSendGate, readPolicy, gateFacts, type DosePlace } from './pressure-send-gate.ts'
import { optedOut, pressureRows, putOptOut, waitingPersons } from './store.ts'

let t: TestDb
let tenantId = 0
let count = 0
let places: Map<string, DosePlace>
const ids = testIds('gate')
const gate = pressureSendGate({ dosesOf: async () => places })
const at = (now: number): Work => ({ tenantId, now, ids }) as Work

beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())
beforeEach(async () => {
  tenantId = await makeTenant(t, `gate-${++count}`)
  places = new Map()
})

const person = (name: string): Promise<string> => t.app(tenantId, async (tx) => (await resolvePersons(tx, tenantId, [{ unionid: name, seenAt: start, evidence: 'test' }], ids)).personIds[0])
const request = (key: string, personId: string, more: Partial<SendRequest> = {}): SendRequest => ({
  key, personId, line: 'wecom', purpose: 'broadcast', messageKind: 'sell', campaign: 'broadcast/1', corpId: 'corp', externalUserId: 'wm1', staff: 'wang', ...more,
})
const ask = (now: number, requests: SendRequest[]) => t.app(tenantId, (tx) => gate.ask(tx, at(now), requests))

describe('the gate with a database', () => {
  test('the same key gets the same answer, and the first answer is stored before anything is sent', async () => {
    const personId = await person('a')
    const [first] = await ask(start, [request('k', personId)])
    expect(first).toMatchObject({ allowed: true, touchWeight: 1 })
    expect(await ask(start + day, [request('k', personId)])).toEqual([first])
    const { rows } = await t.owner.query('select state, asked_at from gate_answer where tenant_id = $1', [tenantId])
    expect(rows).toEqual([{ state: 'reserved', asked_at: String(start) }])
  })

  test('a second message inside one question sees the first', async () => {
    const personId = await person('a')
    const answers = await ask(start, [request('1', personId), request('2', personId), request('3', personId, { messageKind: 'help' })])
    expect(answers.map((a) => a.allowed)).toEqual([true, false, false])
    expect(answers[1]).toMatchObject({ reason: 'platform-cap' })
  })

  test('control: the gate that lets everything pass lets the second one pass', async () => {
    const personId = await person('a')
    const answers = await t.app(tenantId, (tx) => allowAllSendGate.ask(tx, at(start), [request('1', personId), request('2', personId)]))
    expect(answers.every((a) => a.allowed)).toBe(true)
  })

  test('a message that was not sent gives its place back; one that waits keeps it, until the reservation runs out', async () => {
    const personId = await person('a')
    const [first] = await ask(start, [request('1', personId)])
    expect((await ask(start + day, [request('2', personId)]))[0].allowed).toBe(false)
    expect(await t.app(tenantId, (tx) => waitingPersons(tx, tenantId, start + day))).toEqual([personId])
    await t.app(tenantId, (tx) => gate.settle(tx, at(start + day), [{ gateId: (first as { gateId: string }).gateId, outcome: 'not-sent', at: start + day }]))
    expect((await ask(start + day, [request('3', personId)]))[0].allowed).toBe(true)
    // The third waits for ever: after its reservation it no longer counts.
    expect((await ask(start + 8 * day, [request('4', personId)]))[0].allowed).toBe(false)
    expect((await ask(start + 10 * day, [request('5', personId)]))[0].allowed).toBe(true)
  })

  test('a message sent after its reservation ran out counts from when it was sent', async () => {
    const personId = await person('a')
    const [first] = await ask(start, [request('1', personId)])
    const late = start + 12 * day
    await t.app(tenantId, (tx) => gate.settle(tx, at(late), [{ gateId: (first as { gateId: string }).gateId, outcome: 'sent', at: late }]))
    expect((await ask(late + minute, [request('2', personId)]))[0]).toMatchObject({ allowed: false, reason: 'platform-cap' })
    expect((await ask(late + day, [request('3', personId)]))[0].allowed).toBe(true)
  })

  test('an answer is settled once: what was dropped does not become sent', async () => {
    const personId = await person('a')
    const [first] = await ask(start, [request('1', personId)])
    const gateId = (first as { gateId: string }).gateId
    await t.app(tenantId, (tx) => gate.settle(tx, at(start), [{ gateId, outcome: 'not-sent', at: start }]))
    await t.app(tenantId, (tx) => gate.settle(tx, at(start), [{ gateId, outcome: 'sent', at: start }]))
    const { rows } = await t.owner.query('select state from gate_answer where tenant_id = $1', [tenantId])
    expect(rows).toEqual([{ state: 'released' }])
  })

  test('touches that reached the person are its pressure; those of a merged person count too', async () => {
    const one = await person('a')
    const other = await person('b')
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [one, other].flatMap((personId) => [1, 2, 3, 4].map((n) => ({
      personId, occurredAt: start - n * minute, kind: 'message.sell' as const, line: 'wecom', direction: 'outbound' as const, weight: 1, reason: 'broadcast/0', ref: `${personId}/${n}`,
    })))))
    expect((await ask(start, [request('1', one)]))[0].allowed).toBe(true)
    await t.app(tenantId, (tx) => tx.run('update person set merged_into = $2 where tenant_id = $1 and person_id = $3', [tenantId, one, other]))
    expect((await ask(start + 2 * day, [request('2', one)]))[0]).toMatchObject({ allowed: false })
    const facts = await t.app(tenantId, async (tx) => gateFacts(tx, tenantId, await readPolicy(tx, tenantId), [one], 'wecom', start, async () => places))
    expect(facts.get(one)!.pressure).toBeCloseTo(8, 2)
    expect((await t.app(tenantId, (tx) => pressureRows(tx, tenantId, 14 * day, start))).map((row) => row.pressure)).toEqual([expect.closeTo(4, 2), expect.closeTo(4, 2)])
  })

  test('a holdout stays one through a merge with a person who may be written to', async () => {
    const [kept, gone] = [await person('a'), await person('b')]
    const place = { epochId: '00000000-0000-7000-8000-000000000001', startsAt: start - day, endsAt: start + day }
    places = new Map([[kept, { ...place, dose: 4 }], [gone, { ...place, dose: 0 }]])
    expect((await ask(start, [request('1', kept), request('2', gone)])).map((a) => a.allowed)).toEqual([true, false])
    await t.app(tenantId, (tx) => tx.run('update person set merged_into = $2 where tenant_id = $1 and person_id = $3', [tenantId, kept, gone]))
    expect((await ask(start, [request('3', kept)]))[0]).toMatchObject({ allowed: false, reason: 'holdout', clearAt: start + day })
  })

  test('who opted out of a line or of all is known to the gate until they come back', async () => {
    const personId = await person('a')
    await t.app(tenantId, (tx) => putOptOut(tx, tenantId, { personId, line: '*', since: start, until: null, evidence: 'told a colleague' }))
    expect((await ask(start, [request('1', personId)]))[0]).toMatchObject({ allowed: false, reason: 'opted-out' })
    await t.app(tenantId, (tx) => putOptOut(tx, tenantId, { personId, line: '*', since: start, until: start + 1, evidence: 'came back' }))
    expect(await t.app(tenantId, (tx) => optedOut(tx, tenantId, 'wecom', start + 1))).toEqual(new Set())
    expect((await ask(start + 1, [request('2', personId)]))[0].allowed).toBe(true)
  })

  test('it says until when it is shut to marketing; help passes at night', async () => {
    const night = startOfDay(saleDate(start)) + 23 * hour
    const opens = (now: number, messageKind: 'help' | 'sell') => t.app(tenantId, (tx) => gate.opensAt(tx, at(now), { purpose: 'broadcast', messageKind }))
    expect(await opens(night, 'sell')).toBe(startOfDay(saleDate(start)) + day + 8.5 * hour)
    expect(await opens(night, 'help')).toBeNull()
    expect(await opens(night - 10 * hour, 'sell')).toBeNull()
  })

  test('two who ask at once about one person are answered one after the other', async () => {
    const personId = await person('a')
    const answers = await Promise.all(['1', '2', '3'].map((key) => ask(start, [request(key, personId)])))
    expect(answers.flat().filter((a) => a.allowed)).toHaveLength(1)
  })
})
