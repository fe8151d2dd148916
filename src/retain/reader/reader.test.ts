import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { manualClock } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { readFields, resolvePersons } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import {
  acceptConvention, acceptedConvention, allowAllConductGate, closeReader, createPhoneBox, decideProfile, endSession, linkedReaders, openSession, phoneOf, plainLine, readerOf, readerOfPerson, readerSubscriber, readSession, registerReader, reopenReader, saveProfile,
  startPhoneCode, trustPhone, verifyPhone, type Actor, type ConductGate,
} from './index.ts'

let t: TestDb
let tenantId: number
let other: number
let seed = 0
const seal = createSeal(Buffer.alloc(32, 7), seededRandom('seal'))
const work = (at = start) => testWork(tenantId, at, `reader-${seed++}`)
const app = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => t.app(tenantId, run)
const clock = manualClock(start)
const box = createPhoneBox({ emulated: () => true, clockOf: () => clock })
const parts = { seal, gate: allowAllConductGate, codes: box }

beforeAll(async () => {
  t = await openTestDb()
  ;[tenantId, other] = [await makeTenant(t, 'readers'), await makeTenant(t, 'readers-b')]
})
afterAll(() => t.close())

let people = 0
async function person(): Promise<string> {
  return app(async (tx) => (await resolvePersons(tx, tenantId, [{ unionid: `union-${people++}`, seenAt: start, evidence: 'test' }], work().ids)).personIds[0])
}
async function reader(deviceKey?: string): Promise<Actor> {
  const personId = await person()
  const { readerId } = await app((tx) => registerReader(tx, work(), { personId, surface: 'mini', deviceKey }))
  return { readerId, personId, surface: 'mini' }
}
const codeFor = (phone: string): string => box.recent(tenantId).find((one) => one.phone === phone)!.code
const ask = (phone: string, at: number) => app((tx) => startPhoneCode(tx, work(at), parts, { phone }))
const prove = (phone: string, code: string, at: number, actor?: Actor, deviceKey = '') => app((tx) => verifyPhone(tx, work(at), parts, { phone, code, surface: 'web', deviceKey, actor }))

describe('registering', () => {
  test('a person has one reader, however many doors open at once', async () => {
    const personId = await person()
    const desks = Array.from({ length: 8 }, () => work())
    const made = await Promise.all(desks.map((desk) => app((tx) => registerReader(tx, desk, { personId, surface: 'web' }))))
    expect(new Set(made.map((one) => one.readerId)).size).toBe(1)
    expect(made.filter((one) => one.fresh)).toHaveLength(1)
    expect(desks.flatMap((desk) => desk.told.map((event) => event.name))).toEqual(['reader.registered'])
  })

  test('a session is known by its token only, in its merchant only, until its time is over', async () => {
    const me = await reader()
    const { token, expiresAt } = await app((tx) => openSession(tx, work(), { readerId: me.readerId, surface: 'web', deviceKey: 'd' }))
    expect(await app((tx) => readSession(tx, tenantId, token, start + day))).toMatchObject({ readerId: me.readerId, personId: me.personId, surface: 'web' })
    for (const wrong of [undefined, '', `${token}x`, token.slice(1), 'x'.repeat(10_000)]) expect(await app((tx) => readSession(tx, tenantId, wrong, start))).toBeUndefined()
    expect(await t.app(other, (tx) => readSession(tx, other, token, start))).toBeUndefined()
    expect(await app((tx) => readSession(tx, tenantId, token, expiresAt))).toBeUndefined()
    expect((await t.owner.query(`select count(*)::int as n from reader_session where digest = $1`, [token])).rows).toEqual([{ n: 0 }])
    await app((tx) => endSession(tx, tenantId, token))
    expect(await app((tx) => readSession(tx, tenantId, token, start))).toBeUndefined()
  })

  test('closing ends every session at once; reopened, the reader can come back', async () => {
    const me = await reader()
    const { token } = await app((tx) => openSession(tx, work(), { readerId: me.readerId, surface: 'web', deviceKey: '' }))
    await app((tx) => closeReader(tx, work(), me.readerId, 'closed'))
    expect(await app((tx) => readSession(tx, tenantId, token, start))).toBeUndefined()
    await app((tx) => reopenReader(tx, tenantId, me.readerId))
    expect(await app((tx) => readerOf(tx, tenantId, me.readerId))).toMatchObject({ state: 'open' })
    await app((tx) => closeReader(tx, work(), me.readerId, 'erased'))
    await app((tx) => reopenReader(tx, tenantId, me.readerId))
    expect(await app((tx) => readerOf(tx, tenantId, me.readerId))).toMatchObject({ state: 'erased' })
  })

  test('the convention is accepted once for each version', async () => {
    const me = await reader()
    expect(await app((tx) => acceptedConvention(tx, tenantId, me.readerId))).toBe(0)
    for (const version of [1, 1, 3]) await app((tx) => acceptConvention(tx, work(), { readerId: me.readerId, version, surface: 'web' }))
    expect(await app((tx) => acceptedConvention(tx, tenantId, me.readerId))).toBe(3)
  })
})

describe('a phone', () => {
  test.each([['13800138000', '13800138000'], ['+86 138-0013-8000', '13800138000'], ['8613800138000', '13800138000'], ['12345678901', undefined], ['1380013800', undefined], ['+1 555 0100', undefined], ['abc', undefined]])('%s is %s', (text, phone) => expect(phoneOf(text)).toBe(phone))

  test('a code is sent once a minute and five times an hour, proves the phone once, and is guessed five times at most', async () => {
    const phone = '13900000001'
    expect(await ask(phone, start)).toMatchObject({ kind: 'sent', expiresAt: start + 5 * minute })
    expect(await ask(phone, start + minute - 1)).toEqual({ kind: 'too-soon', nextAt: start + minute })
    const right = codeFor(phone)
    const wrong = right === '000000' ? '111111' : '000000'
    for (let left = 4; left >= 0; left--) expect(await prove(phone, wrong, start + minute)).toEqual({ kind: 'wrong', left })
    expect(await prove(phone, right, start + minute)).toEqual({ kind: 'expired' })
    for (let n = 1; n < 5; n++) expect((await ask(phone, start + n * minute)).kind).toBe('sent')
    expect(await ask(phone, start + 10 * minute)).toEqual({ kind: 'too-soon', nextAt: start + hour })
    expect(await prove(phone, codeFor(phone), start + 9 * minute)).toEqual({ kind: 'expired' })
    expect((await ask(phone, start + hour)).kind).toBe('sent')
    const done = await prove(phone, codeFor(phone), start + hour)
    expect(done).toMatchObject({ kind: 'verified', fresh: true })
    expect(await prove(phone, codeFor(phone), start + hour)).toEqual({ kind: 'expired' })
    if (done.kind !== 'verified') return
    expect(await app((tx) => readerOf(tx, tenantId, done.readerId))).toMatchObject({ phoneAt: start + hour })
    // Signing in with it later is the same reader.
    await ask(phone, start + 3 * hour)
    expect(await prove(phone, codeFor(phone), start + 3 * hour)).toMatchObject({ kind: 'verified', readerId: done.readerId, fresh: false })
  })

  test('the number stands nowhere in clear; without a way to send, nothing is pretended', async () => {
    const phone = '13900000002'
    await ask(phone, start)
    await prove(phone, codeFor(phone), start)
    for (const table of ['reader', 'reader_code', 'reader_session', 'identity', 'person_field']) expect((await t.owner.query(`select count(*)::int as n from ${table} where ${table}::text like '%${phone}%'`)).rows, table).toEqual([{ n: 0 }])
    expect(await app((tx) => startPhoneCode(tx, work(), { seal, codes: { configured: () => false, send: async () => {} } }, { phone }))).toEqual({ kind: 'not-configured' })
  })

  test('a closed account cannot come back by its phone', async () => {
    const phone = '13900000003'
    await ask(phone, start)
    const done = await prove(phone, codeFor(phone), start)
    if (done.kind !== 'verified') throw new Error(done.kind)
    await app((tx) => closeReader(tx, work(), done.readerId, 'closed'))
    await ask(phone, start + hour)
    expect(await prove(phone, codeFor(phone), start + hour)).toEqual({ kind: 'closed' })
  })

  test('two accounts that prove one phone are linked, never merged; what WeChat vouches for counts the same', async () => {
    const [a, b] = [await reader(), await reader()]
    const phone = '13900000004'
    expect(await app((tx) => trustPhone(tx, work(), parts, { readerId: a.readerId, phone }))).toBe(true)
    expect(await app((tx) => trustPhone(tx, work(), parts, { readerId: b.readerId, phone }))).toBe(true)
    expect(await app((tx) => linkedReaders(tx, tenantId, a.readerId))).toEqual([a.readerId, b.readerId].sort())
    expect(await app((tx) => readFields(tx, tenantId, a.personId, seal))).toEqual({ phone })
    expect((await app((tx) => readerOfPerson(tx, tenantId, b.personId)))?.readerId).toBe(b.readerId)
  })
})

describe('accounts that belong together', () => {
  test('one browser, and what is linked with what is linked', async () => {
    const [a, b] = [await reader('tablet'), await reader('tablet')]
    const c = await reader('phone')
    await app((tx) => openSession(tx, work(), { readerId: b.readerId, surface: 'web', deviceKey: 'phone' }))
    const all = [a, b, c].map((one) => one.readerId).sort()
    for (const one of all) expect(await app((tx) => linkedReaders(tx, tenantId, one))).toEqual(all)
    expect(await app(async (tx) => linkedReaders(tx, tenantId, (await reader()).readerId))).toHaveLength(1)
  })

  test('two persons who turn out to be one: a lone reader moves, two are linked', async () => {
    const [a, b] = [await reader(), await reader()]
    const lone = await person()
    const hear = async (kept: string, gone: string) => {
      const desk = work()
      const event = makeEvent(desk.ids, start, 'person.merged', `person/${kept}`, start, { kept, gone })
      await app((tx) => readerSubscriber(() => true).handle(desk, tx, [{ ...event, subscriber: 'retain/reader', attempts: 0 }]))
    }
    await hear(a.personId, b.personId)
    expect(await app((tx) => linkedReaders(tx, tenantId, b.readerId))).toEqual([a.readerId, b.readerId].sort())
    const c = await reader()
    await hear(lone, c.personId)
    expect((await app((tx) => readerOf(tx, tenantId, c.readerId)))?.personId).toBe(lone)
  })
})

describe('a name', () => {
  const save = (me: Actor, name: string, gate: ConductGate = allowAllConductGate, bio = '') => app((tx) => saveProfile(tx, work(), { gate }, me, { name, bio, avatar: null }))
  const judged = (outcome: 'hold' | 'reject'): ConductGate => ({ ...allowAllConductGate, judge: async (_tx, _work, pieces) => pieces.map(() => ({ outcome, caseId: null, category: 5, rule: '5.3', zh: '冒充', en: 'impersonation', evidence: [] })) })

  test('is shown only after it passed; until then what was shown stays', async () => {
    const me = await reader()
    const shown = async () => (await app((tx) => readerOf(tx, tenantId, me.readerId)))?.name
    expect(await save(me, '  老 茶客\u202e\n ')).toEqual({ kind: 'shown' })
    expect(await shown()).toBe('老 茶客')
    expect(await save(me, '官方客服', judged('hold'))).toEqual({ kind: 'held', caseId: null })
    expect(await save(me, '腾讯', judged('reject'))).toMatchObject({ kind: 'rejected', rule: '5.3', zh: '冒充' })
    expect(await shown()).toBe('老 茶客')
    // The older one is decided late: the newest wish of the reader is another by now.
    await app((tx) => decideProfile(tx, tenantId, { pieceId: me.readerId, version: 2, decision: 'approve', rule: null }))
    expect(await shown()).toBe('老 茶客')
    await app((tx) => decideProfile(tx, tenantId, { pieceId: me.readerId, version: 1, decision: 'remove', rule: '5.3' }))
    expect(await shown()).toBe('')
    await app((tx) => decideProfile(tx, tenantId, { pieceId: me.readerId, version: 3, decision: 'restore', rule: null }))
    expect(await shown()).toBe('腾讯')
  })

  test('is one line of at most twenty characters, and markup in it is text', async () => {
    const me = await reader()
    expect(await save(me, ' \u200b ')).toEqual({ kind: 'empty' })
    expect(await save(me, '长'.repeat(21))).toEqual({ kind: 'too-long', most: 20 })
    expect(await save(me, '好', allowAllConductGate, '长'.repeat(61))).toEqual({ kind: 'too-long', most: 60 })
    expect(await app((tx) => saveProfile(tx, work(), { gate: allowAllConductGate }, me, { name: '好', bio: '', avatar: 'a'.repeat(64) }))).toEqual({ kind: 'no-media', sha256: 'a'.repeat(64) })
    expect(plainLine('<b>x</b>\u0000')).toBe('<b>x</b>')
  })
})
