import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { recordAudit } from '../../kernel/audit/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { randomStream } from '../../math/random/index.ts'
import { closeDueEpoch, outcomeOf, startEpoch, type PersonOutcome } from '../../restrain/experiment/index.ts'
import { personId, plantLoss, plantOrders, plantShop } from '../../restrain/experiment/fixtures/shop.ts'
import { caseSentence, effectOf } from './measure-case.ts'
import { measureCase } from './routes.ts'
import { keepCase, listCases } from './store.ts'

/** Four segments, a tenth in the holdout; `lift` fen per treated person. */
function epoch(seed: number, persons: number, lift: number) {
  const draw = randomStream(seed)
  const rows = Array.from({ length: persons }, (_, i): PersonOutcome => {
    const arm = i % 10 < 3 ? 0 : 1
    return { segment: i % 4, arm, preFen: 0, netFen: Math.max(1, Math.round(5000 + (arm === 1 ? lift : 0) + 1500 * draw.normal())), lost: false, touches: arm }
  })
  return outcomeOf(rows, [[300, 700], [300, 700], [300, 700], [300, 700]], 2, 0)
}

describe('the effect of a case', () => {
  test('a true effect is told with an interval that holds it', () => {
    const effect = effectOf([epoch(1, 4000, 500), epoch(2, 4000, 500)], 2, false)
    expect(effect.enough).toBe(true)
    if (!effect.enough) return
    const truth = 2 * 2800 * 500
    expect(effect.lowFen).toBeLessThan(truth)
    expect(effect.highFen).toBeGreaterThan(truth)
    expect(effect.lowFen).toBeGreaterThan(0)
    expect(caseSentence({ effect, epochs: 2 }, 'zh')).toMatch(/^2 轮里，消息多带来净收入约 ¥[\d,]+（¥[\d,]+～¥[\d,]+）。$/)
  })

  test('control: without an effect nothing is claimed', () => {
    const effect = effectOf([epoch(3, 4000, 0)], 2, false)
    expect(effect.enough && effect.lowFen < 0 && effect.highFen > 0).toBe(true)
    expect(caseSentence({ effect, epochs: 1 }, 'zh')).toMatch(/分不清是多是少/)
  })

  test('control: too few buyers, no epoch, arms that do not match: not enough evidence, and why', () => {
    expect(effectOf([epoch(4, 400, 500)], 2, false)).toMatchObject({ enough: false, missing: 'buyers', needed: 200 })
    expect(effectOf([], 2, false)).toMatchObject({ enough: false, missing: 'no-epoch' })
    expect(effectOf([epoch(5, 4000, 500)], 2, true)).toMatchObject({ enough: false, missing: 'sample-ratio' })
    expect(caseSentence({ effect: effectOf([epoch(4, 400, 500)], 2, false), epochs: 1 }, 'zh')).toBe('证据不足：较小一组里买过的 120 人，要 200 人，先不说带来多少。')
  })
})

describe('a case of a merchant', () => {
  let t: TestDb
  beforeAll(async () => { t = await openTestDb() })
  afterAll(() => t.close())

  test('start, moves, losses, cost and lightness come from the books; a kept case stays as it was', async () => {
    const tenantId = await makeTenant(t, 'case')
    const ids = testIds('case')
    const at = (now: number): Work => ({ tenantId, now, ids, random: seededRandom('case'), emit: async () => {} }) as unknown as Work
    const ports = { processes: 2, accountsOf: () => [{ line: 'wecom', values: 3, openChecks: 0 }] }
    await plantShop(t, tenantId, 120)
    await t.app(tenantId, (tx) => recordAudit(tx, tenantId, [['block.switch', 'dosage'], ['orders.export', ''], ['pressure.policy', '']].map(([action, object], n) => ({ auditId: ids.next(), at: start + n, actor: 'owner', action, object, detail: n === 2 ? { worldAt: start + 86_400_000 } : {} }))))
    const before = await t.app(tenantId, (tx) => measureCase(tx, tenantId, start, ports))
    expect(before).toMatchObject({ badge: 'before-after-only', epochs: 0, effect: { enough: false, missing: 'no-epoch' } })
    await t.app(tenantId, (tx) => startEpoch(tx, at(start)))
    await plantOrders(t, tenantId, Array.from({ length: 30 }, (_, i) => ({ person: personId(i), id: `c${i}`, at: start + 3 * day, fen: 4000 })))
    await plantLoss(t, tenantId, 9, start + 4 * day)
    const end = start + 28 * day
    await t.app(tenantId, (tx) => closeDueEpoch(tx, at(end)))
    const body = await t.app(tenantId, (tx) => measureCase(tx, tenantId, end, ports))
    expect(body).toMatchObject({
      badge: 'with-holdout', epochs: 1, start: { at: start, contacts: 120, lost28: 0 }, now: { contacts: 119, net28Fen: 120_000, buyers28: 30, lost28: 1 }, effect: { enough: false, missing: 'buyers' },
      moves: [{ action: 'block.switch', object: 'dosage', at: start }, { action: 'pressure.policy', at: start + 86_400_000 }], cost: { messages: 0, messagesFen: 0, minutesPerDay: expect.closeTo(1, 2) },
    })
    await t.app(tenantId, (tx) => keepCase(tx, tenantId, ids.next(), body, 'owner'))
    expect((await t.app(tenantId, (tx) => listCases(tx, tenantId)))[0].body).toEqual(JSON.parse(JSON.stringify(body)))
  })
})
