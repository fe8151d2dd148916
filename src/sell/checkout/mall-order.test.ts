import { describe, expect, it } from 'vitest'
import { start } from '../../../tests/setup/fixtures.ts'
import { advance, bookState, mallSteps, stepMall, type MallAct, type MallOrder, type MallState } from './mall-order.ts'

const order = (state: MallState): MallOrder => ({
  orderId: 'a'.repeat(32), personId: 'p', buyer: 'b', buyerKnown: true, clientKey: 'k', miniConnectionId: 'm', payConnectionId: 'y', state, goodsFen: 900, discountFen: 100, freightFen: 0, totalFen: 800, tenders: [], terms: {},
  lines: [{ lineNo: 1, productId: 'p', skuId: 's', skuCode: 'S', title: '茶', name: '', image: '', quantity: 1, unitFen: 900, paidFen: 800 }],
  placedAt: start, expiresAt: start, paidAt: null, transactionId: null, shippedAt: null, shipping: null, shippingReport: 'none', receivedAt: null, settledAt: null, cancelledAt: null, version: 1,
})
const states = Object.keys(mallSteps) as MallState[]
const acts: MallAct[] = ['pay', 'cancel', 'ship-part', 'ship', 'receive', 'refund']
const legal = new Set(['unpaid pay', 'unpaid cancel', 'paid ship-part', 'paid ship', 'paid refund', 'part_shipped ship-part', 'part_shipped ship', 'part_shipped refund', 'shipped receive', 'shipped refund', 'received refund'])

describe('an order of the mall', () => {
  for (const state of states) for (const act of acts) {
    const allowed = legal.has(`${state} ${act}`)
    it(`${allowed ? 'may' : 'may not'} ${act} when it is ${state}`, () => {
      expect(stepMall(state, act) !== undefined).toBe(allowed)
      if (!allowed) expect(() => advance(order(state), act, start)).toThrow(`cannot ${act}`)
    })
  }

  it('is booked as paid only with a time of payment', () => {
    expect(bookState(order('unpaid'))).toMatchObject({ paidFen: 0, status: 'unpaid', shelf: 'mall' })
    const paid = advance(order('unpaid'), 'pay', start + 5_000, { paidAt: start + 4_000, transactionId: 't' })
    expect(bookState(paid)).toMatchObject({ paidFen: 800, status: 'to_ship', updateTime: Math.floor((start + 5_000) / 1000) })
  })
})
