import { describe, expect, it } from 'vitest'
import { suggestMove } from './suggest-move.ts'

describe('a suggested move', () => {
  it('goes to the shelf that is empty first, from the reserve where there is one', () => {
    expect(suggestMove({ mall: 29, shop: 3, reserve: 32 }, { mall: 2.2, shop: 6.1 })).toMatchObject({ from: 'reserve', to: 'shop', quantity: 32 })
    expect(suggestMove({ mall: 29, shop: 3, reserve: 100 }, { mall: 2.2, shop: 6.1 })).toMatchObject({ from: 'reserve', to: 'shop', quantity: 40 })
  })
  it('lets both shelves last equally long when there is no reserve', () => {
    const move = suggestMove({ mall: 30, shop: 2, reserve: 0 }, { mall: 2, shop: 6 })!
    expect(move).toMatchObject({ from: 'mall', to: 'shop', quantity: 22 })
    expect((2 + move.quantity) / 6).toBeCloseTo((30 - move.quantity) / 2)
  })
  it('says nothing while both last, when nothing sells, and when there is nothing to move', () => {
    expect(suggestMove({ mall: 29, shop: 30, reserve: 9 }, { mall: 2, shop: 6 })).toBeNull()
    expect(suggestMove({ mall: 0, shop: 0, reserve: 9 }, { mall: 0, shop: 0 })).toBeNull()
    expect(suggestMove({ mall: 0, shop: 0, reserve: 0 }, { mall: 1, shop: 6 })).toBeNull()
  })
})
