import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { manualClock } from '../../kernel/clock.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { silentLog } from '../../kernel/log.ts'
import { seededRandom } from '../../kernel/random.ts'
import { listTenants, writeSetting, type Tenant } from '../../kernel/tenancy/index.ts'
import type { DoseCells } from '../../math/evidence/index.ts'
import { randomStream } from '../../math/random/index.ts'
import { closeDueEpoch, readDosage, settingsKey, startEpoch } from '../../restrain/experiment/index.ts'
import { plantOrders, plantShop, personId } from '../../restrain/experiment/fixtures/shop.ts'
import { createTeachers, poolLessons, sharingKey, teachersMin, type Lesson } from './prior.ts'

const doses = [0, 1, 2, 4]
const draw = randomStream(2)
const lesson = (tenantId: number, persons: number, strength = 0.1): Lesson => ({
  tenantId, epochDays: 14, doses,
  epochs: [0, 1].map((): DoseCells => {
    const n = new Float64Array(16).fill(persons)
    return {
      persons: n, sum: n.map((x, c) => x * (1 + strength * Math.log2(1 + doses[c % 4])) + Math.sqrt(x) * draw.normal()), sumSquares: n.map((x) => 3 * x), losses: n.map((x, c) => Math.round(x * (0.004 + 0.002 * doses[c % 4]))),
    }
  }),
})

describe('a prior from other merchants', () => {
  test('five merchants of one size teach a curve', () => {
    const pooled = poolLessons([1, 2, 3, 4, 5].map((n) => lesson(n, 300)), doses, 14)
    expect(pooled).toMatchObject({ teachers: 5 })
    pooled.prior!.gainMean.forEach((gain, i) => expect(gain).toBeCloseTo(0.1 * Math.log2(1 + doses[i + 1]), 1))
    expect(pooled.prior!.merchants).toBe(5)
  })

  test('control: four are too few, other arms or other lengths do not count, and nobody may carry more than half of an arm', () => {
    const four = [1, 2, 3, 4].map((n) => lesson(n, 300))
    expect(poolLessons(four, doses, 14)).toEqual({ prior: null, teachers: 4, why: 'too-few' })
    expect(poolLessons([...four, { ...lesson(5, 300), epochDays: 28 }], doses, 14)).toMatchObject({ prior: null, why: 'too-few' })
    expect(poolLessons([...four, { ...lesson(5, 300), doses: [0, 2, 4] }], doses, 14)).toMatchObject({ prior: null, why: 'too-few' })
    expect(poolLessons([...four, lesson(5, 2000)], doses, 14)).toEqual({ prior: null, teachers: 5, why: 'withheld' })
    expect(poolLessons([1, 2, 3, 4, 5].map((n) => ({ ...lesson(n, 300), epochs: [] })), doses, 14)).toMatchObject({ prior: null, teachers: 0 })
  })
})

describe('merchants of one installation', () => {
  let t: TestDb
  beforeAll(async () => { t = await openTestDb() })
  afterAll(() => t.close())

  test('who agreed is taught by the others that agreed, from the day after; who did not is not, and is not read', async () => {
    const clock = manualClock(start)
    const ids = testIds('teachers')
    const at = (tenantId: number, now: number): Work => ({ tenantId, now, ids, random: seededRandom(`teacher ${tenantId}`), emit: async () => {} }) as unknown as Work
    const tenantIds: number[] = []
    for (let n = 0; n < 7; n++) {
      const tenantId = await makeTenant(t, `teacher-${n}`)
      tenantIds.push(tenantId)
      await t.app(tenantId, async (tx) => {
        await writeSetting(tx, tenantId, settingsKey, { epochDays: 14, habitDose: 2, doseMax: 2 }, start)
        if (n !== 6) await writeSetting(tx, tenantId, sharingKey, { dosage: true }, start)
      })
      if (n >= 5) continue
      await plantShop(t, tenantId, 100)
      await t.app(tenantId, (tx) => startEpoch(tx, at(tenantId, start)))
      await plantOrders(t, tenantId, Array.from({ length: 40 }, (_, i) => ({ person: personId(i), id: `t${n}-${i}`, at: start + 3 * day, fen: 5000 })))
      await t.app(tenantId, (tx) => closeDueEpoch(tx, at(tenantId, start + 15 * day)))
    }
    const tenants: Tenant[] = (await t.db.tx({ role: 'auth' }, (tx) => listTenants(tx))).filter((one) => tenantIds.includes(one.tenantId))
    const source = createTeachers({ db: t.db, log: silentLog, processClock: clock, tenants: () => tenants })
    const [pupil, stranger] = [tenantIds[5], tenantIds[6]]
    const arms = await t.app(tenantIds[0], async (tx) => (await readDosage(tx, tenantIds[0], start + 15 * day)).doses)
    expect(await t.app(pupil, (tx) => source(tx, pupil, arms))).toBeUndefined()
    // The first question started the reading; its end is seen by asking again.
    let taught = await t.app(pupil, (tx) => source(tx, pupil, arms))
    for (let n = 0; n < 200 && taught === undefined; n++) taught = await t.app(pupil, (tx) => source(tx, pupil, arms))
    expect(taught?.merchants).toBe(teachersMin)
    expect(await t.app(stranger, (tx) => source(tx, stranger, arms))).toBeUndefined()
    // One of the five asks: four others are too few.
    expect(await t.app(tenantIds[0], (tx) => source(tx, tenantIds[0], arms))).toBeUndefined()
  })
})
