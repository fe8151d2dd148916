import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assert, Bug, unreachable } from './assert.ts'
import { manualClock } from './clock.ts'
import { defineErrors, Fault } from './errors.ts'
import { uuidIds } from './ids.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { forgetPerson } from './personal-data.ts'
import { randomText, seededRandom, systemRandom } from './random.ts'

describe('random draws have addresses', () => {
  test('the same seed and keys give the same draw, whatever was drawn in between', () => {
    const [a, b] = [seededRandom('s'), seededRandom('s')]
    const first = a.u('who', 7, 'slot')
    for (let n = 0; n < 100; n++) b.u('other', n)
    expect(b.u('who', 7, 'slot')).toBe(first)
    expect(a.bytes(40, 'x')).toEqual(b.bytes(40, 'x'))
  })
  test('another seed, another key or another order of keys gives another draw', () => {
    const random = seededRandom('s')
    const draws = [random.u('a', 1), random.u('a', 2), random.u(1, 'a'), random.u('a'), seededRandom('t').u('a', 1)]
    expect(new Set(draws).size).toBe(draws.length)
  })
  test('draws lie strictly between 0 and 1 and are spread evenly', () => {
    const random = seededRandom('spread')
    const bins = Array.from({ length: 10 }, () => 0)
    for (let n = 0; n < 5000; n++) {
      const u = random.u('n', n)
      expect(u > 0 && u < 1).toBe(true)
      bins[Math.floor(u * 10)]++
    }
    // Chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand; the seed is fixed, so this is a fact, not a chance.
    expect(bins.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(27.9)
  })
  test('the system source ignores keys', () => {
    expect(systemRandom.bytes(16, 'k')).not.toEqual(systemRandom.bytes(16, 'k'))
    expect(randomText(systemRandom, 43)).toMatch(/^[0-9A-Za-z]{43}$/)
  })
})

describe('ids', () => {
  test('they are version 7, carry the clock, and never repeat inside a millisecond', () => {
    const clock = manualClock(Date.parse('2026-03-01T00:00:00Z'))
    const ids = uuidIds(clock, seededRandom('ids'))
    const made = Array.from({ length: 1000 }, () => ids.next())
    expect(new Set(made).size).toBe(1000)
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(made[0].replaceAll('-', '').slice(0, 12), 16)).toBe(clock.now())
  })
  test('later ids sort later', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: 1, max: 1e6 }), (at, later) => {
      const clock = manualClock(at)
      const ids = uuidIds(clock, seededRandom('x'))
      const first = ids.next()
      clock.advance(later)
      expect(ids.next() > first).toBe(true)
    }))
  })
})

test('a clock does not go back', () => {
  const clock = manualClock(10)
  clock.advance(5)
  expect(clock.now()).toBe(15)
  expect(() => clock.set(14)).toThrow(/cannot go back/)
})

describe('errors', () => {
  const fault = defineErrors({ 'order/short': { status: 409, zh: '{sku} 只剩 {left} 件', en: 'only {left} of {sku} are left{other}' } })
  test('a fault carries its code, its status and both wordings, filled', () => {
    const error = fault('order/short', { sku: 'A', left: 2 })
    expect(error).toBeInstanceOf(Fault)
    expect(error).toMatchObject({ code: 'order/short', status: 409, zh: 'A 只剩 2 件', message: 'only 2 of A are left{other}' })
  })
  test('a bug is no fault', () => {
    expect(() => assert(false, 'broken')).toThrow(Bug)
    expect(() => assert(true, 'fine')).not.toThrow()
    expect(() => unreachable('x' as never)).toThrow('"x"')
  })
})

test('logs hide what is secret or personal, at the top and two levels down', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  log.info({ openid: 'o-1', connection: { secret: 's-1', deep: { phone: '13800004471' } }, tenantId: 1 }, 'stored')
  expect(lines[0]).not.toMatch(/o-1|s-1|13800004471/)
  expect(JSON.parse(lines[0])).toMatchObject({ tenantId: 1, msg: 'stored', openid: '[hidden]' })
})

test('metrics are text that Prometheus reads, with values taken when asked', async () => {
  const metrics = createMetrics()
  let value = 1
  metrics.gauge('qz_test', 'a test', () => value)
  value = 2
  expect(await metrics.text()).toContain('# TYPE qz_test gauge\nqz_test 2')
})

test('a person is taken out of a kept text: ids wherever they stand, names and addresses by field; amounts stay', () => {
  const order = { order: { openid: 'o-1', price: 100, list: ['seen o-1 there'], address_info: { user_name: '王小明', tel_number: '138', province_name: '广东省', empty: '' } } }
  expect(forgetPerson(order, ['o-1'])).toEqual({ order: { openid: 'erased', price: 100, list: ['seen erased there'], address_info: { user_name: 'erased', tel_number: 'erased', province_name: '广东省', empty: '' } } })
})
