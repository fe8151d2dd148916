import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { checkBalanced } from '../../book/account/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { checkPoints, earn, spend } from '../points/index.ts'
import { defaultOffers, generateCodes, makeOffers, putOffer, redeem } from './index.ts'

/** Many at once on real connections of one PostgreSQL: what the locks hold, and that it does not hold without them. */
let t: TestDb
let tenantId: number
let seed = 0
const seal = createSeal(Buffer.alloc(32, 7), seededRandom('races'))
const work = () => testWork(tenantId, start, `races-${seed++}`)
const reader = '01990000-0000-7000-8000-00000000abcd'

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'races')
})
afterAll(() => t.close())

const people = async (count: number, feathers: number): Promise<string[]> => {
  const { personIds } = await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, Array.from({ length: count }, () => ({ unionid: `r-${seed++}`, seenAt: start, evidence: 'test' })), work().ids))
  await t.app(tenantId, (tx) => earn(tx, work(), personIds.map((personId) => ({ rule: 'order', key: `gift-${personId}`, personId, surface: 'web' as const, occurredAt: start })).flatMap((fact) => Array.from({ length: feathers }, (_, n) => ({ ...fact, key: `${fact.key}-${n}` })))))
  return personIds
}
const offer = async (codes: number, feathers: number): Promise<string> => {
  const [offerId] = await t.app(tenantId, async (tx) => makeOffers(tx, work(), [{ ...defaultOffers[0], feathers, perPerson: 0 }]))
  await t.app(tenantId, (tx) => generateCodes(tx, work(), { seal }, { offerId, count: codes, by: 'x' }))
  await t.app(tenantId, (tx) => putOffer(tx, work(), offerId, 'live'))
  return offerId
}
/** The same transaction with every row lock taken out, and everybody waiting for each other where one was. */
const unlocked = (tx: Tx, meet: (nth: number) => Promise<void>): Tx => {
  let nth = 0
  return {
    ...tx,
    query: async <R,>(text: string, params?: readonly unknown[]) => {
      const rows = await tx.query<R>(text.replace(/ for update$/, ''), params)
      if (/ for update$/.test(text)) await meet(nth++)
      return rows
    },
  }
}
/** At each of its places lets nobody on before `count` have come. */
function meeting(count: number): (nth: number) => Promise<void> {
  const places: Array<{ here: number; open: () => void; opened: Promise<void> }> = []
  return async (nth) => {
    if (!places[nth]) {
      let open = (): void => {}
      const opened = new Promise<void>((resolve) => (open = resolve))
      places[nth] = { here: 0, open, opened }
    }
    const place = places[nth]
    if (++place.here >= count) place.open()
    await place.opened
  }
}
const issued = async (offerId: string) => (await t.owner.query(
  `select o.stock, (select count(*)::int from offer_code c where c.offer_id = o.offer_id and c.state = 'free') as free, (select count(distinct code_index)::int from offer_code c where c.offer_id = o.offer_id and c.state = 'issued') as given,
     (select count(*)::int from offer_redemption r where r.offer_id = o.offer_id) as redeemed, (select count(*)::int from offer_redemption r join offer_code c on c.redemption_id = r.redemption_id where r.offer_id = o.offer_id) as with_code
   from offer o where o.offer_id = $1`, [offerId])).rows[0]

describe('many at once', () => {
  test('no balance goes below zero, no code is given twice, nobody pays without a code: any mix of redeeming, buying and earning', async () => {
    await fc.assert(fc.asyncProperty(
      fc.record({ codes: fc.integer({ min: 1, max: 5 }), persons: fc.integer({ min: 1, max: 4 }), feathers: fc.integer({ min: 0, max: 25 }), price: fc.integer({ min: 1, max: 12 }) }),
      fc.array(fc.record({ act: fc.constantFrom('redeem', 'redeem', 'buy', 'earn', 'again'), who: fc.nat(3), n: fc.integer({ min: 1, max: 15 }) }), { minLength: 6, maxLength: 16 }),
      async ({ codes, persons, feathers, price }, acts) => {
        const [offerId, ids] = [await offer(codes, price), await people(persons, feathers)]
        let earned = persons * feathers
        let spent = 0
        const wins = new Set<string>()
        await Promise.all(acts.map((one, n) => t.app(tenantId, async (tx) => {
          const personId = ids[one.who % persons]
          if (one.act === 'earn') {
            const [{ feathers: got }] = await earn(tx, work(), [{ rule: 'quiz', key: 'k', articleId: `a-${n}`, personId, surface: 'web', occurredAt: start }])
            earned += got
          } else if (one.act === 'buy') {
            // The author is among those who redeem at the same moment.
            const payee = ids[(one.who + 1) % persons]
            const done = await spend(tx, work(), { personId, feathers: one.n, key: `buy-${offerId}-${n}`, reason: 'x', ...(payee === personId ? {} : { payee: { personId: payee, feathers: Math.floor(one.n / 2) } }) })
            if (done.ok) spent += one.n - (payee === personId ? 0 : Math.floor(one.n / 2))
          } else {
            // The same wish sent twice is one wish.
            const key = one.act === 'again' ? `wish-${one.who}` : `wish-${n}`
            const done = await redeem(tx, work(), { personId, readerId: reader, offerId, key })
            if (done.ok && !wins.has(done.redemptionId)) {
              wins.add(done.redemptionId)
              spent += price
            }
          }
        })))
        const stock = await issued(offerId)
        expect(stock).toEqual({ stock: codes - wins.size, free: codes - wins.size, given: wins.size, redeemed: wins.size, with_code: wins.size })
        const { rows: [sums] } = await t.owner.query(`select coalesce(sum(balance), 0)::int as held, min(balance)::int as least from points_account where person_id = any($1)`, [ids])
        expect(sums.held).toBe(earned - spent)
        expect(sums.least).toBeGreaterThanOrEqual(0)
        expect(await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).toEqual([])
      },
    ), { numRuns: 12 })
    expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toEqual([])
  })

  test('the last code goes to one of many', async () => {
    for (let round = 0; round < 5; round++) {
      const [offerId, ids] = [await offer(1, 5), await people(6, 5)]
      const outcomes = await Promise.all(ids.map((personId) => t.app(tenantId, (tx) => redeem(tx, work(), { personId, readerId: reader, offerId, key: 'last' }))))
      expect(outcomes.filter((one) => one.ok)).toHaveLength(1)
      expect(outcomes.filter((one) => !one.ok && one.why === 'sold-out')).toHaveLength(5)
      const { rows } = await t.owner.query(`select sum(balance)::int as held from points_account where person_id = any($1)`, [ids])
      expect(rows[0].held).toBe(25)
    }
  })

  test('control: without the lock of the account the same feathers are spent twice', async () => {
    const [personId] = await people(1, 10)
    const meet = meeting(3)
    const outcomes = await Promise.all([1, 2, 3].map((n) => t.app(tenantId, (tx) => spend(unlocked(tx, meet), work(), { personId, feathers: 10, key: `twice-${n}`, reason: 'x' }))))
    expect(outcomes.filter((one) => one.ok).length).toBeGreaterThan(1)
    expect((await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).map((one) => one.personId)).toContain(personId)
    const { rows } = await t.owner.query(`select coalesce(sum(amount), 0)::int as n from entry where account = $1`, [`points:person:${personId}`])
    expect(rows[0].n).toBeLessThan(0)
  })

  test('control: without the lock of the offer the database still refuses the second; without that too, the last code is given twice', async () => {
    const race = async () => {
      const [offerId, ids] = [await offer(1, 5), await people(2, 5)]
      const meet = meeting(2)
      const outcomes = await Promise.allSettled(ids.map((personId) => t.app(tenantId, (tx) => redeem(unlocked(tx, meet), work(), { personId, readerId: reader, offerId, key: 'last' }))))
      return { won: outcomes.filter((one) => one.status === 'fulfilled' && one.value.ok).length, ...(await issued(offerId)) }
    }
    expect(await race()).toMatchObject({ won: 1, given: 1, redeemed: 1 })
    await t.owner.query(`alter table offer drop constraint offer_stock_check`)
    expect(await race()).toMatchObject({ won: 2, given: 1, redeemed: 2 })
  })
})
