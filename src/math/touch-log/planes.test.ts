import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runTouchTask, TouchLog, type Query } from './index.ts'
import { countIn, firstAfter, makeMask, makePlanes, markRows, newestIn, nextIn, planeTypes } from './planes.ts'

/** Rows of a made-up log: `types` many type codes spread over 0 … 255. */
function made(rows: number, persons: number, types: number, days: number, seed: number): { person: number[]; seconds: number[]; type: number[] } {
  let x = seed
  const next = (below: number): number => (x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0, Math.floor((x / 4_294_967_296) * below))
  const list = Array.from({ length: rows }, () => ({ person: next(persons), seconds: 1_700_000_000 + next(days * 86_400), type: Math.floor((next(types) * 255) / types) }))
  return { person: list.map(row => row.person), seconds: list.map(row => row.seconds), type: list.map(row => row.type) }
}

describe('planes', () => {
  test('marks from planes equal marks from bytes, for every number of types they can hold and any cut (property)', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 200 }), fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 65_535 }), fc.nat(199), (numbers, spread, which, cut) => {
      const type = Uint8Array.from(numbers, number => number * spread)
      const from = Math.min(cut, type.length)
      const wanted = Uint8Array.from({ length: 256 }, (_, code) => (code % spread === 0 && (which >>> (code / spread)) & 1 ? 1 : 0))
      const planes = makePlanes(type, false)
      if (planes === null) throw new Error('expected planes')
      const block = { offsets: Uint32Array.of(from, type.length), type, persons: 1 }
      const [a, b] = [makeMask(), makeMask()]
      markRows({ ...block, planes }, wanted, a)
      markRows({ ...block, planes: null }, wanted, b)
      const rows = Array.from({ length: type.length - from }, (_, i) => from + i).filter(row => wanted[type[row]] === 1)
      for (const mask of [a, b]) {
        const found: number[] = []
        for (let row = nextIn(mask.bits, mask.firstWord, from, type.length); row >= 0; row = nextIn(mask.bits, mask.firstWord, row + 1, type.length)) found.push(row)
        expect(found).toEqual(rows)
        expect(newestIn(mask.bits, mask.firstWord, from, type.length)).toBe(rows.at(-1) ?? -1)
        expect(countIn(mask.bits, mask.firstWord, from, type.length)).toBe(rows.length)
      }
    }), { numRuns: 300 })
  })
  test('more than 16 types have no planes', () => {
    expect(makePlanes(Uint8Array.from({ length: planeTypes }, (_, i) => i * 3), false)?.codes.length).toBe(planeTypes)
    expect(makePlanes(Uint8Array.from({ length: planeTypes + 1 }, (_, i) => i * 3), false)).toBeNull()
  })
  test('the first row after a second, as a plain search finds it (property)', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }), fc.integer({ min: -1, max: 21 }), fc.nat(40), (values, second, cut) => {
      const seconds = Uint32Array.from(values).sort()
      const from = Math.min(cut, seconds.length)
      let plain = from
      while (plain < seconds.length && seconds[plain] <= second) plain++
      expect(firstAfter(seconds, from, seconds.length, second)).toBe(plain)
    }), { numRuns: 300 })
  })
})

describe('answers do not depend on how rows are found', () => {
  const questions: Query[] = [
    { kind: 'funnel', steps: [0, 21, 42], windowSeconds: 20 * 86_400 }, { kind: 'segments', now: 1_704_000_000, types: [0, 63], recencyDays: [7, 30], windowDays: 30, frequency: [1, 3] },
    { kind: 'pressure', at: 1_704_000_000, halfLifeDays: 7, weights: [1] }, { kind: 'paths', conversionTypes: [42], lookBackSeconds: 864_000, channels: { byType: [0, -1, -1] } },
    { kind: 'distinct', by: ['type', 'day'] }, { kind: 'distinct', by: ['day', 'type'], types: [0, 21, 42] }, { kind: 'distinct', by: ['day'], types: [21] },
  ]
  test.each([[12, 90], [16, 250], [16, 300], [17, 90], [33, 90], [200, 3_000]])('%i types over %i days: whole partitions, single persons and three tasks agree with plain counting', async (types, days) => {
    const rows = made(6_000, 100, types, days, types * 7 + days)
    const log = new TouchLog({ partitionPersons: 64, dedupe: false })
    log.append(rows)
    const fresh = questions.map(query => log.ask(query))
    log.step(Infinity)
    for (const [i, query] of questions.entries()) {
      expect(log.ask(query), `${query.kind} merged`).toEqual(fresh[i])
      expect(await log.askParallel(query, tasks => tasks.map(runTouchTask), 3), `${query.kind} in three tasks`).toEqual(fresh[i])
    }
    // One person at a time reads the bytes, whole partitions read the planes.
    const alone = Array.from({ length: 100 }, (_, person) => log.pressure({ at: 1_704_000_000, halfLifeDays: 7, weights: [1], persons: { from: person, to: person + 1 } })[0])
    expect(alone).toEqual([...log.pressure({ at: 1_704_000_000, halfLifeDays: 7, weights: [1] })])
    const cells = new Map<string, Set<number>>()
    rows.person.forEach((person, r) => {
      const key = `${rows.type[r]} ${Math.floor((rows.seconds[r] + 28_800) / 86_400)}`
      cells.set(key, (cells.get(key) ?? new Set()).add(person))
    })
    const answer = log.distinct({ by: ['type', 'day'] })
    expect(answer.persons.length).toBe(cells.size)
    answer.persons.forEach((persons, i) => expect(cells.get(`${answer.keys[0][i]} ${answer.keys[1][i]}`)?.size).toBe(persons))
  })
  test.each([[256], [257]])('the last second of a day and the first of the next are told apart over %i days', days => {
    const log = new TouchLog({ dedupe: false })
    const midnights = Array.from({ length: days + 1 }, (_, day) => 1_700_000_000 - (1_700_000_000 + 28_800) % 86_400 + day * 86_400)
    const seconds = midnights.slice(0, days).flatMap((from, day) => [from, midnights[day + 1] - 1])
    log.append({ person: seconds.map((_, i) => i), seconds, type: seconds.map(() => 0) })
    const answer = log.distinct({ by: ['day'] })
    expect(answer.persons.every(persons => persons === 2)).toBe(true)
    expect([...answer.keys[0]]).toEqual(Array.from({ length: days }, (_, day) => (midnights[0] + 28_800) / 86_400 + day))
  })
  test('control: a type left out of the question is left out of the answer', () => {
    const log = new TouchLog({ dedupe: false })
    log.append({ person: [0, 0, 1], seconds: [1, 2, 3], type: [1, 2, 2] })
    expect([...log.distinct({ by: ['type'], types: [1] }).persons]).toEqual([1])
    expect([...log.distinct({ by: ['type'] }).persons]).toEqual([1, 2])
  })
})
