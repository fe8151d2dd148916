import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day, hour, start } from '../../../tests/setup/fixtures.ts'
import { credit, emptyAccount, freeze, restore, reverse, settle, take, unfreeze, untake, walletFrom, type Desk, type Part, type Reversal, type Wallet } from './wallet.ts'

const me = '00000000-0000-7000-8000-000000000001'
const desk = (): Desk => {
  let n = 0
  return { now: start, ids: { next: () => `id-${String(n++).padStart(6, '0')}` } }
}
const fresh = () => ({ w: walletFrom(emptyAccount(me, start), []), d: desk() })
const grant = (w: Wallet, d: Desk, feathers: number, more: { vest?: number; expire?: number } = {}) =>
  credit(w, d, { rule: 'quiz', key: d.ids.next(), feathers, occurredAt: d.now, vestsAt: d.now + (more.vest ?? 0), expiresAt: more.expire === undefined ? null : d.now + more.expire, version: 0 })
const sums = (w: Wallet) => [w.account.balance, w.account.vesting, w.account.frozen, w.account.owed]

/** Everything that must hold of a wallet at any time. */
function check(w: Wallet): void {
  const { account: a } = w
  const lots = [...w.lots.values()]
  const of = (state: string) => lots.filter((lot) => lot.state === state).reduce((sum, lot) => sum + lot.remaining, 0)
  const ledger = (name: string) => w.postings.flatMap((one) => one.entries).filter((entry) => entry.account === `points:${name}:${me}`).reduce((sum, entry) => sum + entry.amount, 0)
  for (const value of [a.balance, a.vesting, a.frozen, a.owed, ...lots.map((lot) => lot.remaining)]) expect(value).toBeGreaterThanOrEqual(0)
  expect({ live: of('live'), vesting: of('vesting') }).toEqual({ live: a.balance + a.frozen, vesting: a.vesting })
  expect(a.earned - a.spent - a.expired).toBe(a.balance + a.vesting + a.frozen - a.owed)
  expect({ person: ledger('person'), vesting: ledger('vesting'), frozen: ledger('frozen') }).toEqual({ person: a.balance - a.owed, vesting: a.vesting, frozen: a.frozen })
  expect(w.lines.reduce((sum, line) => sum + line.feathers, 0)).toBe(a.balance + a.vesting + a.frozen - a.owed)
  for (const one of w.postings) expect(one.entries.reduce((sum, entry) => sum + entry.amount, 0)).toBe(0)
  if (a.holds > 0) expect(a.balance).toBe(0)
  else expect(a.frozen).toBe(0)
}

describe('a wallet', () => {
  test('spends what expires first, then what is oldest', () => {
    const { w, d } = fresh()
    const never = grant(w, d, 5)
    const late = grant(w, d, 5, { expire: 9 * day })
    const soon = grant(w, d, 5, { expire: 2 * day })
    expect(take(w, d, 12, 'k', 'tea')).toEqual([{ lotId: soon.lotId, feathers: 5 }, { lotId: late.lotId, feathers: 5 }, { lotId: never.lotId, feathers: 2 }])
    expect(take(w, d, 4, 'k2', 'tea')).toBeUndefined()
    check(w)
  })

  test('what vests cannot be spent a millisecond before, and is gone at its last instant', () => {
    const { w, d } = fresh()
    grant(w, d, 7, { vest: 24 * hour, expire: 30 * day })
    d.now = start + 24 * hour - 1
    settle(w, d)
    expect(take(w, d, 1, 'k', 'tea')).toBeUndefined()
    d.now += 1
    settle(w, d)
    expect(sums(w)).toEqual([7, 0, 0, 0])
    d.now = start + 30 * day
    settle(w, d)
    expect([...sums(w), w.account.expired]).toEqual([0, 0, 0, 0, 7])
    check(w)
  })

  test('what was spent before it was taken back is owed, and paid by what is earned next; undone, it is all there again', () => {
    const { w, d } = fresh()
    const lot = grant(w, d, 10)
    grant(w, d, 4)
    take(w, d, 12, 'k', 'tea')
    const back = reverse(w, d, lot, { cause: 'audit', causeId: 'x', code: 'ring' })!
    expect([back.feathers, back.owed, ...sums(w)]).toEqual([10, 8, 0, 0, 0, 8])
    grant(w, d, 5)
    expect(sums(w)).toEqual([0, 0, 0, 3])
    restore(w, d, back)
    expect(sums(w)).toEqual([7, 0, 0, 0])
    check(w)
  })

  test('frozen feathers neither leave nor run out, and live on for the time they were frozen', () => {
    const { w, d } = fresh()
    grant(w, d, 10, { expire: 3 * day })
    d.now = start + day
    freeze(w, d, 'p-1')
    freeze(w, d, 'p-2')
    d.now = start + 5 * day
    settle(w, d)
    expect(take(w, d, 1, 'k', 'tea')).toBeUndefined()
    unfreeze(w, d, 'p-1')
    expect(sums(w)).toEqual([0, 0, 10, 0])
    unfreeze(w, d, 'p-2')
    settle(w, d)
    expect(sums(w)).toEqual([10, 0, 0, 0])
    d.now = start + 7 * day
    settle(w, d)
    expect(sums(w)).toEqual([0, 0, 0, 0])
    check(w)
  })

  test('after any mix of acts everything adds up and nothing is below zero', () => {
    const step = fc.record({ act: fc.constantFrom('grant', 'grant', 'vest', 'expire', 'take', 'take', 'untake', 'reverse', 'restore', 'freeze', 'unfreeze', 'wait'), n: fc.integer({ min: 1, max: 40 }), pick: fc.nat(1000) })
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { w, d } = fresh()
      const spent: Array<{ parts: Part[]; spentAt: number; feathers: number; key: string }> = []
      const taken: Reversal[] = []
      for (const { act, n, pick } of steps) {
        settle(w, d)
        if (act === 'grant') grant(w, d, n)
        else if (act === 'vest') grant(w, d, n, { vest: n * hour })
        else if (act === 'expire') grant(w, d, n, { expire: n * day })
        else if (act === 'wait') d.now += n * 6 * hour
        else if (act === 'take') {
          const key = d.ids.next()
          const parts = take(w, d, n, key, 'tea')
          if (parts) spent.push({ parts, spentAt: d.now, feathers: n, key })
        } else if (act === 'untake' && spent.length > 0) {
          const [one] = spent.splice(pick % spent.length, 1)
          untake(w, d, one, `${one.key}/back`, 'tea')
        } else if (act === 'reverse') {
          const lots = [...w.lots.values()]
          const one = lots.length > 0 ? reverse(w, d, lots[pick % lots.length], { cause: 'audit', causeId: 'x', code: 'ring' }) : undefined
          if (one) taken.push(one)
        } else if (act === 'restore' && taken.length > 0) restore(w, d, taken.splice(pick % taken.length, 1)[0])
        else if (act === 'freeze' && w.account.holds < 3) freeze(w, d, 'p')
        else if (act === 'unfreeze' && w.account.holds > 0) unfreeze(w, d, 'p')
        check(w)
      }
    }), { numRuns: 300 })
  })

  test('taken back and restored in one go, a wallet is as it was to the feather', () => {
    fc.assert(fc.property(fc.array(fc.record({ n: fc.integer({ min: 1, max: 30 }), vest: fc.boolean() }), { minLength: 1, maxLength: 10 }), fc.nat(200), (grants, spend) => {
      const { w, d } = fresh()
      const lots = grants.map(({ n, vest }) => grant(w, d, n, { vest: vest ? hour : 0 }))
      take(w, d, Math.min(spend, w.account.balance), 'k', 'tea')
      const before = sums(w)
      const taken = lots.flatMap((lot) => reverse(w, d, lot, { cause: 'penalty', causeId: 'p', code: 'penalty' }) ?? [])
      for (const one of taken.reverse()) restore(w, d, one)
      expect(sums(w)).toEqual(before)
      check(w)
    }), { numRuns: 200 })
  })

  test('control: a wallet that spends without looking is found', () => {
    const { w, d } = fresh()
    grant(w, d, 3)
    w.account.balance -= 5
    expect(() => check(w)).toThrow()
  })
})
