import { describe, expect, test } from 'vitest'
import { Annals, copyPacked, Shelf } from './packed.ts'

type Item = { id: string; done: boolean; parts: Array<{ n: number }>; maybe?: string }
const open = (): Shelf<Item, { done: boolean }> => new Shelf(({ done }) => ({ done }), (item) => item.done, 256)
const item = (n: number, done = true): Item => ({ id: `i${n}`, done, parts: [{ n }, { n: n + 1 }] })
const filled = (count: number, done: (n: number) => boolean = () => true) => {
  const shelf = open()
  for (let n = 0; n < count; n++) shelf.add(item(n, done(n)))
  return shelf
}

describe('a shelf', () => {
  test('packs what is done and keeps the order of adding; control: nothing that is not done is packed', () => {
    const shelf = filled(2_000)
    expect(shelf.liveSize).toBeLessThan(400)
    expect(filled(2_000, () => false).liveSize).toBe(2_000)
    expect([...shelf.ids()]).toEqual(Array.from({ length: 2_000 }, (_, n) => `i${n}`))
    expect([...shelf.values()]).toEqual(Array.from({ length: 2_000 }, (_, n) => item(n)))
    expect([...shelf.heads()].slice(0, 2)).toEqual([{ id: 'i0', done: true }, { id: 'i1', done: true }])
    expect(shelf.get('nobody')).toBeUndefined()
  })

  test('what is read cannot be changed by mistake; what is opened can, and stays changed', () => {
    const shelf = filled(1_000)
    expect(() => { (shelf.get('i3') as Item).parts[0].n = 9 }).toThrow(TypeError)
    shelf.open('i3')!.parts[0].n = 9
    expect(shelf.get('i3')!.parts[0].n).toBe(9)
    for (let n = 1_000; n < 2_000; n++) shelf.add(item(n))
    expect(shelf.pending('i3')).toBeUndefined() // packed again
    expect(shelf.get('i3')!.parts[0].n).toBe(9)
    expect([...shelf.ids()][3]).toBe('i3')
  })

  test('shows the same whatever is packed, and comes back from both forms', () => {
    const shelf = filled(700, (n) => n % 3 > 0)
    const whole = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`i${n}`, item(n, n % 3 > 0)]))
    expect(shelf.plain()).toEqual(whole)
    const packed = JSON.parse(JSON.stringify(copyPacked({ a: [shelf] }))) as { a: [{ shelf: string[] }] }
    expect(JSON.stringify(packed).length).toBeLessThan(JSON.stringify(whole).length / 3)
    for (const state of [JSON.parse(JSON.stringify(shelf)) as Record<string, Item>, packed.a[0]]) expect(open().fill(state).plain()).toEqual(whole)
  })
})

test('annals read from the first entry to the last, and come back from both forms', () => {
  const annals = new Annals<{ n: number }>()
  const all = Array.from({ length: 1_300 }, (_, n) => ({ n }))
  annals.push(...all)
  expect(annals.length).toBe(1_300)
  expect([...annals]).toEqual(all)
  expect(annals.find((entry) => entry.n === 7)).toEqual({ n: 7 })
  expect(annals.filter((entry) => entry.n >= 1_298)).toEqual([{ n: 1_298 }, { n: 1_299 }])
  for (const state of [annals.plain(), annals.packed()]) {
    const back = new Annals<{ n: number }>().fill(JSON.parse(JSON.stringify(state)) as typeof state)
    expect([back.length, [...back]]).toEqual([1_300, all])
  }
})
