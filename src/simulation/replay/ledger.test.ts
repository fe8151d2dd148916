import { expect, test } from 'vitest'
import { seededRandom } from '../../kernel/random.ts'
import { createLedger } from './ledger.ts'

test('a cancellation takes the newest lines of its buyer and SKU first, each up to what is left; nothing twice', () => {
  const ledger = createLedger()
  ledger.add('b', 'cup', { invoice: '1', line: 0, quantity: 3, fen: 300 })
  ledger.add('b', 'cup', { invoice: '2', line: 4, quantity: 2, fen: 100 })
  ledger.add('b', 'plate', { invoice: '2', line: 5, quantity: 9, fen: 900 })
  ledger.add('c', 'cup', { invoice: '3', line: 0, quantity: 9, fen: 900 })
  // Two pieces at 100 would be 200, but only 100 fen were paid for that line.
  expect(ledger.take('b', 'cup', 4, 100)).toEqual([{ invoice: '2', line: 4, count: 2, amountFen: 100 }, { invoice: '1', line: 0, count: 2, amountFen: 200 }])
  expect(ledger.take('b', 'cup', 4, 100)).toEqual([{ invoice: '1', line: 0, count: 1, amountFen: 100 }])
  expect(ledger.take('b', 'cup', 1, 100)).toEqual([])
  expect(ledger.take('nobody', 'cup', 1, 100)).toEqual([])
})

test('a long history agrees with a plain list of objects', () => {
  const random = seededRandom('ledger')
  const pick = (n: number, what: string, at: number): number => Math.floor(random.u(what, at) * n)
  const ledger = createLedger()
  const lists = new Map<string, Array<{ invoice: string; line: number; quantity: number; fen: number }>>()
  for (let n = 0; n < 20_000; n++) {
    const [buyer, sku] = [`b${pick(40, 'buyer', n)}`, `s${pick(60, 'sku', n)}`]
    const list = lists.get(`${buyer}/${sku}`) ?? []
    lists.set(`${buyer}/${sku}`, list)
    if (random.u('kind', n) < 0.7) {
      const left = { invoice: `i${Math.floor(n / 5)}`, line: n % 5, quantity: 1 + pick(9, 'quantity', n), fen: pick(1_000, 'fen', n) }
      ledger.add(buyer, sku, left)
      list.push({ ...left })
      continue
    }
    let open = 1 + pick(12, 'wanted', n)
    const taken = ledger.take(buyer, sku, open, 90)
    const expected = []
    for (const left of [...list].reverse()) {
      const count = Math.min(open, left.quantity)
      const amountFen = Math.min(count * 90, left.fen)
      if (count <= 0 || amountFen <= 0) continue
      left.quantity -= count
      left.fen -= amountFen
      open -= count
      expected.push({ invoice: left.invoice, line: left.line, count, amountFen })
    }
    expect(taken).toEqual(expected)
  }
  expect(ledger.size()).toBeGreaterThan(13_000)
})
