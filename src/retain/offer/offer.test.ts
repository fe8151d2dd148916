import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, refusal, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { resolvePersons } from '../../book/person/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { earn, walletOf } from '../points/index.ts'
import { defaultOffers, generateCodes, importCodes, listOffers, makeDefaultOffers, makeOffers, offerCosts, putOffer, redeem, redemptionsOf, revealCode, settlementFile, settlePartner, takeBack } from './index.ts'
import { makeCodes, readCodes } from './codes.ts'
import { expiryOf } from './offer.ts'

let t: TestDb
let tenantId: number
let persons: string[]
let seed = 0
const seal = createSeal(Buffer.alloc(32, 7), seededRandom('offers'))
const work = (now = start) => testWork(tenantId, now, `offer-${seed++}`)
const app = <T>(act: (tx: Tx) => Promise<T>) => t.app(tenantId, act)
const reader = '01990000-0000-7000-8000-00000000abcd'

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'offers')
  persons = (await app((tx) => resolvePersons(tx, tenantId, ['a', 'b', 'c'].map((unionid) => ({ unionid, seenAt: start, evidence: 'test' })), work().ids))).personIds
  for (const [n, personId] of persons.entries()) await app((tx) => earn(tx, work(), Array.from({ length: 60 - 25 * n }, (_, k) => ({ rule: 'order', key: `k${k}`, personId, surface: 'web' as const, occurredAt: start }))))
})
afterAll(() => t.close())

const make = async (more: object = {}, codes = 3) => {
  const [offerId] = await app(async (tx) => makeOffers(tx, work(), [{ ...defaultOffers[0], perPerson: 0, ...more }]))
  if (codes > 0) await app((tx) => generateCodes(tx, work(), { seal }, { offerId, count: codes, by: 'ann' }))
  await app((tx) => putOffer(tx, work(), offerId, 'live'))
  return offerId
}
const get = (offerId: string, who: number, key: string, now = start) => app((tx) => redeem(tx, work(now), { personId: persons[who], readerId: reader, offerId, key }))
const balance = async (who: number) => (await app((tx) => walletOf(tx, tenantId, persons[who], start))).balance
const stock = async (offerId: string) => (await t.owner.query(`select o.stock, o.issued, (select count(*)::int from offer_code c where c.offer_id = o.offer_id and c.state = 'free') as free from offer o where o.offer_id = $1`, [offerId])).rows[0]

describe('a list of codes', () => {
  test('is read with dates, quotes, a heading and any line ends; what cannot be used is named with its line', () => {
    expect(readCodes('\uFEFF券码,有效期\nA-1\r\n"B-2", 2026-12-31\n\nC-3\t2026-12-31 12:00:00')).toEqual({ bad: [], codes: [
      { line: 2, code: 'A-1', expiresAt: null }, { line: 3, code: 'B-2', expiresAt: Date.parse('2026-12-31T23:59:59+08:00') }, { line: 5, code: 'C-3', expiresAt: Date.parse('2026-12-31T12:00:00+08:00') },
    ] })
    expect(readCodes(`A-1\nA-2\nA-1\nB,2026-13-01\n${'x'.repeat(200)}`).bad).toEqual([{ line: 3, code: 'A-1', why: 'repeated', first: 1 }, { line: 4, code: 'B', why: 'bad-date' }, { line: 5, code: `${'x'.repeat(24)}…`, why: 'too-long' }])
  })

  test('is imported whole or not at all, doubled lines and known codes are listed', async () => {
    const [offerId] = await app(async (tx) => makeOffers(tx, work(), [defaultOffers[2]]))
    const load = (text: string) => app((tx) => importCodes(tx, work(), { seal }, { offerId, text, by: 'ann' }))
    expect(await load('A-1\nA-2\nA-1\nA-3')).toEqual({ ok: false, good: 3, bad: [{ line: 3, code: 'A-1', why: 'repeated', first: 1 }] })
    expect((await stock(offerId)).free).toBe(0)
    expect(await load('A-1\nA-2')).toMatchObject({ ok: true, codes: 2 })
    expect(await load('A-3\nA-2')).toEqual({ ok: false, good: 1, bad: [{ line: 2, code: 'A-2', why: 'known' }] })
    expect(await load('A-9,2020-01-01')).toMatchObject({ ok: false, bad: [{ line: 1, why: 'bad-date' }] })
    expect(await load('  \n')).toEqual({ ok: false, good: 0, bad: [] })
    expect(await stock(offerId)).toEqual({ stock: 2, issued: 0, free: 2 })
  })

  test('two who import the same list at once import it once', async () => {
    const [offerId] = await app(async (tx) => makeOffers(tx, work(), [defaultOffers[2]]))
    const outcomes = await Promise.all([1, 2].map(() => app((tx) => importCodes(tx, work(), { seal }, { offerId, text: 'Z-1\nZ-2', by: 'ann' }))))
    expect(outcomes.map((one) => one.ok).sort()).toEqual([false, true])
    expect((await stock(offerId)).free).toBe(2)
  })

  test('is sealed: no table holds a code that can be read, and one moved to another offer does not open', async () => {
    const [offerId] = await app(async (tx) => makeOffers(tx, work(), [defaultOffers[2]]))
    await app((tx) => importCodes(tx, work(), { seal }, { offerId, text: 'PLAIN-SECRET-1', by: 'ann' }))
    const { rows } = await t.owner.query(`select encode(sealed, 'escape') || code_index as text, sealed from offer_code where offer_id = $1`, [offerId])
    expect(rows[0].text).not.toContain('PLAIN')
    expect(() => seal.open(rows[0].sealed, `offer code/${tenantId}/another`)).toThrow()
    expect(seal.open(rows[0].sealed, `offer code/${tenantId}/${offerId}`).toString()).toBe('PLAIN-SECRET-1') // control
  })

  test('generated codes are unlike each other and hold no letters that look alike', () => {
    const codes = makeCodes(seededRandom('g'), 2000, 'batch')
    expect(new Set(codes).size).toBe(2000)
    for (const code of codes) expect(code).toMatch(/^[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}$/)
    expect(makeCodes(seededRandom('g'), 5, 'other batch')).not.toEqual(codes.slice(0, 5))
  })
})

describe('redeeming', () => {
  test('takes the feathers with the code, once per wish, and tells when it is over', async () => {
    const offerId = await make()
    const first = await get(offerId, 0, 'k-1')
    expect(first).toMatchObject({ ok: true, feathers: 20, expiresAt: Date.parse('2026-03-17T00:00:00+08:00') })
    expect(await get(offerId, 0, 'k-1')).toEqual(first)
    expect([await balance(0), (await stock(offerId)).free]).toEqual([40, 2])
    expect(await get(offerId, 2, 'k-1')).toMatchObject({ ok: false, why: 'short', balance: 10, short: 10, waysToEarn: expect.any(Array) })
    expect(await stock(offerId)).toEqual({ stock: 2, issued: 1, free: 2 })
  })

  test('the code is shown to whoever redeemed it, as often as wanted, and to nobody else', async () => {
    const offerId = await make({}, 1)
    const done = await get(offerId, 0, 'k-show')
    const redemptionId = done.ok ? done.redemptionId : ''
    const show = (who: number, now = start) => app((tx) => revealCode(tx, tenantId, { seal }, { redemptionId, personId: persons[who] }, now))
    const first = await show(0)
    expect(first).toMatchObject({ ok: true, shown: 0, expired: false, code: expect.stringMatching(/^.{4}-.{4}-.{4}$/) })
    expect(await show(0, start + 20 * day)).toEqual({ ...first, shown: 1, expired: true })
    expect(await show(1)).toEqual({ ok: false, why: 'unknown' })
    expect(await app((tx) => redemptionsOf(tx, tenantId, persons[0], start + 20 * day))).toMatchObject([{ title: '15 天工具试用', state: 'expired', shown: 2 }, { state: 'expired', shown: 0 }])
    expect(JSON.stringify(await app((tx) => redemptionsOf(tx, tenantId, persons[0], start)))).not.toContain(first.ok ? first.code : '?')
  })

  test('what is sold out, paused, used up by this person or over is said so, and nothing is taken', async () => {
    const offerId = await make({ feathers: 1, perPerson: 1 }, 2)
    expect(await get(offerId, 0, 'a')).toMatchObject({ ok: true })
    expect(await get(offerId, 0, 'b')).toEqual({ ok: false, why: 'limit' })
    await app((tx) => putOffer(tx, work(), offerId, 'paused'))
    expect(await get(offerId, 1, 'c')).toEqual({ ok: false, why: 'not-live' })
    await app((tx) => putOffer(tx, work(), offerId, 'live'))
    expect(await get(offerId, 1, 'c')).toMatchObject({ ok: true })
    expect(await get(offerId, 2, 'd')).toEqual({ ok: false, why: 'sold-out' })
    expect(await refusal(app((tx) => putOffer(tx, work(), offerId, 'live')))).toBe('offer/no-codes')
    expect([await balance(1), await balance(2)]).toEqual([34, 10])
  })

  test('a code whose own last day is over is not given; the soonest goes first, and its day is the limit', async () => {
    const [offerId] = await app(async (tx) => makeOffers(tx, work(), [{ ...defaultOffers[2], feathers: 1 }]))
    await app((tx) => importCodes(tx, work(), { seal }, { offerId, text: 'L\nS,2026-03-02\nM,2026-03-20', by: 'ann' }))
    await app((tx) => putOffer(tx, work(), offerId, 'live'))
    const now = start + 5 * day
    expect(await get(offerId, 0, 'e1', now)).toMatchObject({ ok: true, expiresAt: Date.parse('2026-03-20T23:59:59+08:00') })
    expect(await get(offerId, 0, 'e2', now)).toMatchObject({ ok: true, expiresAt: Date.parse('2026-04-06T00:00:00+08:00') })
    expect(await get(offerId, 0, 'e3', now)).toEqual({ ok: false, why: 'sold-out' })
  })

  test('a silenced reader is refused by the door, with the time', async () => {
    const offerId = await make({ feathers: 1 })
    const gate = { mayAct: async () => ({ ok: false as const, why: 'silenced' as const, until: start + day, penaltyId: null, rule: '3.1' }) }
    expect(await app((tx) => redeem(tx, { ...work(), gate }, { personId: persons[0], readerId: reader, offerId, key: 's' }))).toMatchObject({ ok: false, why: 'silenced', until: start + day })
    expect((await stock(offerId)).free).toBe(3)
  })

  test.each([[1, '2026-03-01T00:00:00+08:00', '2026-03-03T00:00:00+08:00'], [15, '2024-02-28T23:59:59+08:00', '2024-03-15T00:00:00+08:00'], [7, '2026-12-28T12:00:00+08:00', '2027-01-05T00:00:00+08:00']])('valid %i days from %s ends at midnight %s', (days, from, to) => {
    expect(expiryOf(days, null, Date.parse(from))).toBe(Date.parse(to))
  })
})

describe('settlement', () => {
  test('each redemption of a partner is in one file, with its code and nobody named; taking back stops there', async () => {
    const offerId = await make({ partner: '同城跑腿', feathers: 2, costFen: 1800, faceFen: 2000, title: '=跑腿券' })
    const ids = [] as string[]
    for (const [who, now] of [[0, start], [1, start + day], [0, start + 2 * day]] as const) {
      const done = await get(offerId, who, `s-${now}`, now)
      if (done.ok) ids.push(done.redemptionId)
    }
    await app((tx) => takeBack(tx, work(start + day), ids[0], '发错了'))
    expect(await refusal(app((tx) => takeBack(tx, work(start + day), ids[0], '发错了')))).toBe('offer/taken-back-before')
    expect(await app((tx) => revealCode(tx, tenantId, { seal }, { redemptionId: ids[0], personId: persons[0] }, start))).toEqual({ ok: false, why: 'taken-back' })
    const settle = (now: number) => app((tx) => settlePartner(tx, work(now), { partner: '同城跑腿', until: start + 2 * day, by: 'ann' }))
    const settlement = await settle(start + 3 * day)
    expect(settlement).toMatchObject({ redemptions: 1, amountFen: 1800 })
    expect(await refusal(settle(start + 3 * day))).toBe('offer/nothing-to-settle')
    expect(await refusal(app((tx) => takeBack(tx, work(start + 3 * day), ids[1], 'x')))).toBe('offer/settled')
    const file = await app((tx) => settlementFile(tx, tenantId, { seal }, settlement.settlementId, true))
    const code = await app((tx) => revealCode(tx, tenantId, { seal }, { redemptionId: ids[1], personId: persons[1] }, start))
    const lines = file.content.split('\r\n')
    expect(file.name).toBe('模拟-结算-同城跑腿-2026-03-03.csv')
    expect(lines.slice(0, 2)).toEqual(['\uFEFF模拟', '"兑换编号","权益","码","兑换时间","有效期到","面值（元）","结算（元）"'])
    expect(lines[2]).toBe(`"${ids[1]}","'=跑腿券","${code.ok ? code.code : ''}","2026-03-02T09:00:00+08:00","2026-03-18T00:00:00+08:00","20.00","18.00"`)
    expect(file.content).not.toContain(persons[1])
  })

  test('the offers to begin with are drafts; what is live tells what a feather costs', async () => {
    const ids = await app(async (tx) => makeDefaultOffers(tx, work()))
    expect(ids).toHaveLength(3)
    expect((await app((tx) => listOffers(tx, tenantId))).some((one) => ids.includes(one.offerId))).toBe(false)
    expect(await refusal(app((tx) => putOffer(tx, work(), ids[0], 'live')))).toBe('offer/no-codes')
    expect((await app((tx) => offerCosts(tx, tenantId, start + day))).find((one) => one.feathers === 2)).toMatchObject({ costFen: 1800, redeemed28: 2 })
  })
})
