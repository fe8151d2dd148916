import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decayPressure, encodeBatch, histogram, nearestRank, openTouchLog, readJournal, secondsUntilAllowed, TouchLog, type TouchRows,
} from './index.ts'
import { creditByRule } from '../attribution/index.ts'

type Row = { person: number; seconds: number; type: number; id?: number; campaign?: number }
function rowsOf(rows: readonly Row[], withCampaign = false): TouchRows {
  return {
    person: rows.map(row => row.person), seconds: rows.map(row => row.seconds), type: rows.map(row => row.type),
    ...(rows.length > 0 && rows.every(row => row.id !== undefined) ? { id: rows.map(row => row.id as number) } : {}),
    ...(withCampaign ? { columns: { campaign: rows.map(row => row.campaign ?? 0) } } : {}),
  }
}
function logOf(rows: readonly Row[]): TouchLog {
  const log = new TouchLog()
  log.append(rowsOf(rows))
  return log
}
const [A, B, C, D] = [0, 1, 2, 3]
const path = (text: string): Row[] => text.split(' ').map(word => ({ person: 0, type: 'ABCD'.indexOf(word[0]), seconds: Number(word.slice(1)) }))
const reachedBy = (log: TouchLog, steps: number[], windowSeconds: number, strict = false): number => log.funnel({ steps, windowSeconds, strict }).reached.reduce((sum, n) => sum + n, 0)

describe('funnel', () => {
  const log = logOf(path('A0 B3 C3 A5 B9 C9 D12'))
  test.each([[7, 4, 2], [5, 3, 2], [12, 4, 4]])('window %i reaches step %i, strictly %i', (window, loose, strict) => {
    expect(reachedBy(log, [A, B, C, D], window)).toBe(loose)
    expect(reachedBy(log, [A, B, C, D], window, true)).toBe(strict)
  })
  test('a type named twice needs two rows, also in one second', () => {
    expect(reachedBy(logOf(path('A5 B5 A5')), [A, B, A], 0)).toBe(3)
    expect(reachedBy(logOf(path('A5 B5')), [A, B, A], 0)).toBe(2)
  })
  test('control: taking the first A as the only start misses the chain that a later A begins', () => {
    // First-entry counting (start at the first A, window from there) sees A0 B3 C9 and D12 outside 7 seconds.
    const first = path('A0 B3 C3 A5 B9 C9 D12')
    const start = first[0].seconds
    expect(first.some(row => row.type === D && row.seconds - start <= 7)).toBe(false)
    expect(reachedBy(log, [A, B, C, D], 7)).toBe(4)
  })
})

describe('pressure', () => {
  const day = 86_400
  const log = new TouchLog({ columns: { weight: 'f64' } })
  log.append({ person: [0, 0, 0, 0], seconds: [0, 3 * day, 3 * day, 10 * day], type: [1, 1, 1, 1], columns: { weight: [1, 2, 0.5, 1] } })
  test.each([[3, 3.2429971446], [10, 2.6214985723], [14, 1.7641377167], [17, 1.3107492861]])('at day %i', (at, wanted) => {
    expect(log.pressure({ at: at * day, halfLifeDays: 7, weights: [0, 1], weightColumn: 'weight' })[0]).toBeCloseTo(wanted, 9)
  })
  test('when one more touch is allowed again', () => {
    const now = log.pressure({ at: 14 * day, halfLifeDays: 7, weights: [0, 1], weightColumn: 'weight' })[0]
    expect(14 + secondsUntilAllowed(now, 1, 1.5, 7) / day).toBeCloseTo(26.732742321, 8)
    expect(14 + secondsUntilAllowed(now, 0, 1, 7) / day).toBeCloseTo(19.732742321, 8)
    expect(secondsUntilAllowed(0.2, 1, 1.5, 7)).toBe(0)
    expect(() => secondsUntilAllowed(0, 2, 1.5, 7)).toThrow(/can never be sent/)
  })
  test('steady peaks: weekly 2, twice weekly 3.414, daily 10.607', () => {
    for (const [gap, wanted] of [[7, 2], [3.5, 3.4142135624], [1, 10.6071156902]]) {
      const seconds = Array.from({ length: 800 }, (_, i) => i * gap * day)
      const steady = new TouchLog()
      steady.append({ person: seconds.map(() => 0), seconds, type: seconds.map(() => 0) })
      expect(steady.pressure({ at: seconds[799], halfLifeDays: 7, weights: [1] })[0]).toBeCloseTo(wanted, 9)
    }
  })
  test('a pressure carried forward with late rows added equals the full sum to 1e-12 (property)', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (seconds, halfLifeDays) => {
      const at = 5_000_000
      const carried = seconds.reduce((sum, t) => sum + decayPressure(1, at - t, halfLifeDays), 0)
      const full = logOf(seconds.map(t => ({ person: 0, seconds: t, type: 0 }))).pressure({ at, halfLifeDays, weights: [1] })[0]
      expect(Math.abs(full - carried)).toBeLessThanOrEqual(1e-12 * full)
    }), { numRuns: 100 })
  })
  test('a rank of the pressures comes from a whole-number histogram', () => {
    const counts = histogram([0, 0.4, 1, 1.2, 5], [0, 0.5, 1, 2])
    expect([...counts]).toEqual([2, 0, 2, 1])
    expect([nearestRank(counts, 0.5), nearestRank(counts, 0.9), nearestRank(counts, 0), nearestRank([0, 0], 0.5)]).toEqual([2, 3, 0, -1])
  })
})

const arbitraryRows = fc.array(fc.record({
  person: fc.constantFrom(0, 1, 2, 63, 64, 65, 300), seconds: fc.integer({ min: 0, max: 30 }), type: fc.integer({ min: 0, max: 3 }), campaign: fc.integer({ min: 0, max: 2 }),
}), { maxLength: 60 }).map(rows => rows.map((row, id) => ({ ...row, id })))

describe('the log', () => {
  test('the bytes of a snapshot depend on the rows alone: any order, any batches, any merging, duplicates sent again (property)', () => {
    fc.assert(fc.property(arbitraryRows, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (rows, keys, batch) => {
      const make = (list: readonly Row[], size: number, merge: boolean): TouchLog => {
        const log = new TouchLog({ columns: { campaign: 'u8' }, partitionPersons: 64, dedupe: true })
        for (let at = 0; at < list.length; at += size) {
          log.append(rowsOf(list.slice(at, at + size), true))
          if (merge) log.step(10)
        }
        return log
      }
      const shuffled = rows.map((row, i) => ({ row, key: keys[i] })).sort((a, b) => a.key - b.key).map(({ row }) => row)
      const one = make(rows, 1000, false)
      const two = make([...shuffled, ...shuffled.slice(0, 5)], batch, true)
      expect(two.rowCount).toBe(rows.length)
      expect(two.snapshot()).toEqual(one.snapshot())
    }), { numRuns: 150 })
  })
  test('control: without ids a batch sent twice counts twice', () => {
    const rows = [{ person: 0, seconds: 1, type: 0, id: 9 }]
    const withIds = new TouchLog()
    const without = new TouchLog({ dedupe: false })
    for (let i = 0; i < 2; i++) { withIds.append(rowsOf(rows)); without.append(rowsOf(rows)) }
    expect([withIds.rowCount, without.rowCount]).toEqual([1, 2])
  })
  test('partitions of persons add up (property)', () => {
    fc.assert(fc.property(arbitraryRows, fc.integer({ min: 1, max: 300 }), (rows, cut) => {
      const log = new TouchLog({ partitionPersons: 64 })
      log.append(rowsOf(rows))
      const parts = [{ from: 0, to: cut }, { from: cut, to: 301 }]
      const whole = log.funnel({ steps: [0, 1], windowSeconds: 9, persons: { from: 0, to: 301 } }).reached
      const sums = parts.map(persons => log.funnel({ steps: [0, 1], windowSeconds: 9, persons }).reached)
      expect([...whole]).toEqual([sums[0][0] + sums[1][0], sums[0][1] + sums[1][1]])
      const types = (persons?: { from: number; to: number }): number[] => {
        const counts = [0, 0, 0, 0]
        const answer = log.distinct({ by: ['type'], ...(persons ? { persons } : {}) })
        answer.persons.forEach((n, i) => { counts[answer.keys[0][i]] = n })
        return counts
      }
      const [low, high] = parts.map(types)
      expect(types()).toEqual(low.map((n, i) => n + high[i]))
    }), { numRuns: 80 })
  })
  test('a merge of persons re-read from the source equals a rebuild (property)', () => {
    fc.assert(fc.property(arbitraryRows, rows => {
      const log = new TouchLog({ partitionPersons: 64, dedupe: true })
      log.append(rowsOf(rows))
      const merged = rows.map(row => (row.person === 63 ? { ...row, person: 300 } : row))
      log.replacePersons([63, 300], rowsOf(merged.filter(row => row.person === 300)))
      const rebuilt = new TouchLog({ partitionPersons: 64, dedupe: true })
      rebuilt.append(rowsOf(merged))
      for (const person of [0, 63, 64, 300]) expect(log.tail(person, { limit: 99 })).toEqual(rebuilt.tail(person, { limit: 99 }))
      expect(log.rowCount).toBe(rebuilt.rowCount)
    }), { numRuns: 80 })
  })
  test('rows from the future are put aside and named; their ids stay free', () => {
    const log = new TouchLog()
    const rows = rowsOf([{ person: 0, seconds: 1000, type: 0, id: 1 }, { person: 0, seconds: 1301, type: 0, id: 2 }, { person: 0, seconds: 1300, type: 0, id: 3 }])
    const first = log.append(rows, { now: 1000 })
    expect([first.added, [...first.quarantined]]).toEqual([2, [1]])
    expect(log.append(rows, { now: 1001 })).toMatchObject({ added: 1, duplicates: 2 })
  })
  test('step keeps to its budget of rows, one partition at a time', () => {
    const log = new TouchLog({ partitionPersons: 64 })
    log.append(rowsOf(Array.from({ length: 640 }, (_, i) => ({ person: i, seconds: i, type: 0 }))))
    expect(log.step(1)).toEqual({ rowsWritten: 64, rowsWaiting: 576 })
    expect(log.step(Infinity)).toEqual({ rowsWritten: 576, rowsWaiting: 0 })
    expect(log.memory().waiting).toBe(0)
  })
  test('a merged log takes at most six bytes a touch', () => {
    const log = new TouchLog()
    const count = 200_000
    log.append({ person: Uint32Array.from({ length: count }, (_, i) => i % 8192), seconds: Uint32Array.from({ length: count }, (_, i) => i), type: new Uint8Array(count), id: Uint32Array.from({ length: count }, (_, i) => i) })
    log.step(Infinity)
    expect(log.memory().perTouch).toBeLessThan(6)
  })
  test('large unsorted histories of one person are sorted like small ones', () => {
    const seconds = Array.from({ length: 500 }, (_, i) => (i * 7919) % 487)
    const tail = logOf(seconds.map((t, i) => ({ person: 3, seconds: t, type: (i * 31) % 256 }))).tail(3, { limit: 1000 })
    expect(tail.map(row => row.seconds * 256 + row.type)).toEqual(seconds.map((t, i) => t * 256 + ((i * 31) % 256)).sort((a, b) => a - b))
  })
  test('its paths go straight into attribution', () => {
    const log = logOf([{ person: 0, seconds: 0, type: 1 }, { person: 0, seconds: 86_400, type: 2 }, { person: 0, seconds: 2 * 86_400, type: 9 }, { person: 1, seconds: 5, type: 9 }])
    const paths = log.paths({ conversionTypes: [9], lookBackSeconds: 7 * 86_400, channels: { byType: [-1, 0, 1] } })
    expect([...paths.ages]).toEqual([2, 1])
    const credit = creditByRule(paths, 'last')
    expect([...credit.conversions, credit.unknown.conversions]).toEqual([0, 1, 1])
  })
  test('an empty log answers with zeros', () => {
    const log = new TouchLog()
    log.ensurePersons(3)
    expect([...log.pressure({ at: 10, halfLifeDays: 7, weights: [1] })]).toEqual([0, 0, 0])
    expect([...log.funnel({ steps: [1], windowSeconds: 0 }).reached]).toEqual([0])
    expect(log.distinct({ by: ['type', 'day'] }).persons.length).toBe(0)
    expect(log.segments({ now: 5, recencyDays: [1], windowDays: 1, frequency: [1] }).counts.reduce((a, b) => a + b)).toBe(3)
    expect(log.paths({ conversionTypes: [0], lookBackSeconds: 5, channels: { byType: [] } }).persons.length).toBe(0)
    expect(openTouchLog(log.snapshot()).ok).toBe(true)
  })
})

describe('snapshot', () => {
  const make = (): TouchLog => {
    const log = new TouchLog({ columns: { campaign: 'u16', fen: 'f64' }, partitionPersons: 64 })
    const rows = Array.from({ length: 90 }, (_, i) => ({ person: (i * 13) % 200, seconds: (i * 37) % 50, type: i % 4, id: i * 3 }))
    log.append({ ...rowsOf(rows), columns: { campaign: rows.map((_, i) => i * 700), fen: rows.map((_, i) => i / 8) } })
    return log
  }
  const source = make()
  const bytes = source.snapshot(4711)
  const everything = (log: TouchLog): unknown => [log.tails({ limit: 99 }), log.personCount, log.rowCount, log.distinct({ by: ['campaign', 'type', 'day'] })]
  test('opens to the same log, with the source position, ids and a working delta', () => {
    const opened = openTouchLog(bytes.slice())
    if (!opened.ok) throw new Error(opened.message)
    expect(opened.seq).toBe(4711)
    expect(everything(opened.log)).toEqual(everything(source))
    const more = { person: [5, 5], seconds: [1, 1], type: [0, 7], id: [3, 1_000_000], columns: { campaign: [1, 1], fen: [0, 0] } }
    expect(opened.log.append(more)).toMatchObject({ added: 1, duplicates: 1 })
    expect(opened.log.tail(5, { limit: 99 }).some(row => row.type === 7)).toBe(true)
  })
  test('every flipped byte is found, and the section that holds it is named', () => {
    for (let at = 0; at < bytes.length; at++) {
      const broken = bytes.slice()
      broken[at] ^= 1 << (at % 8)
      const opened = openTouchLog(broken)
      if (opened.ok) throw new Error(`a flip at byte ${at} was not found`)
      expect(opened.damage.length).toBeGreaterThan(0)
      expect(opened.damage[0].byteFrom, `byte ${at}`).toBeLessThanOrEqual(at)
      expect(opened.damage[0].byteTo, `byte ${at}`).toBeGreaterThan(at)
    }
  })
  test('every torn length is found, and so are bytes too many', () => {
    for (let length = 0; length < bytes.length; length++) {
      const opened = openTouchLog(bytes.slice(0, length))
      if (opened.ok) throw new Error(`a file torn at byte ${length} was not found`)
      expect(opened.damage.some(one => one.kind === 'torn')).toBe(true)
    }
    const long = new Uint8Array(bytes.length + 8)
    long.set(bytes)
    expect(openTouchLog(long)).toMatchObject({ ok: false, damage: [{ kind: 'too-long' }] })
  })
  test('a damaged partition is rebuilt from the source by re-reading only its persons', () => {
    const broken = bytes.slice()
    // The third partition holds persons 128 to 191; any byte in the middle of the file's partitions will do.
    let damaged = 0
    for (let at = 200; at < bytes.length - 100; at += 97) {
      broken.set(bytes)
      broken[at] ^= 255
      const opened = openTouchLog(broken.slice())
      if (opened.ok) throw new Error('not found')
      if (!opened.salvaged) continue
      damaged++
      const { log, reread } = opened.salvaged
      for (const range of reread) {
        const tails = source.tails({ limit: 99, persons: range })
        const person: number[] = []
        for (let p = range.from; p < range.to; p++) for (let r = tails.offsets[p - range.from]; r < tails.offsets[p - range.from + 1]; r++) person.push(p)
        log.replacePersons(range, { person, seconds: tails.seconds, type: tails.type, columns: tails.columns })
      }
      expect(everything(log)).toEqual(everything(source))
    }
    expect(damaged).toBeGreaterThan(5)
  })
  test('control: the salvaged log without re-reading is not the whole log', () => {
    const broken = bytes.slice()
    broken[Math.floor(bytes.length / 2)] ^= 255
    const opened = openTouchLog(broken)
    if (opened.ok || !opened.salvaged) throw new Error('expected a damaged partition')
    expect(everything(opened.salvaged.log)).not.toEqual(everything(source))
  })
})

describe('journal', () => {
  const spec = { campaign: 'u8' } as const
  const batches = [[{ person: 1, seconds: 5, type: 2, id: 10, campaign: 3 }], [{ person: 0, seconds: 6, type: 1, id: 11, campaign: 1 }, { person: 2, seconds: 7, type: 1, id: 12, campaign: 2 }]]
  const frames = batches.map((rows, i) => encodeBatch(rowsOf(rows, true), spec, 100 + i))
  const file = new Uint8Array(frames[0].length + frames[1].length)
  file.set(frames[0])
  file.set(frames[1], frames[0].length)
  test('gives back its batches, and replaying them twice changes nothing', () => {
    const read = readJournal(file, spec)
    expect(read.damage).toBeNull()
    expect(read.batches.map(batch => batch.seq)).toEqual([100, 101])
    const log = new TouchLog({ columns: spec })
    for (const batch of [...read.batches, ...read.batches]) log.append(batch.rows)
    expect(log.rowCount).toBe(3)
    expect(log.tail(2, { limit: 5 })).toEqual([{ seconds: 7, type: 1, columns: { campaign: 2 } }])
  })
  test('a torn end keeps the whole frames before it; a flipped byte anywhere is called flipped, not torn', () => {
    for (let length = frames[0].length + 1; length < file.length; length++) {
      expect(readJournal(file.slice(0, length), spec)).toMatchObject({ goodBytes: frames[0].length, damage: { kind: 'torn' } })
    }
    for (let at = 0; at < frames[0].length; at++) {
      const broken = file.slice()
      broken[at] ^= 4
      expect(readJournal(broken, spec), `byte ${at}`).toMatchObject({ goodBytes: 0, damage: { kind: 'flipped' } })
    }
  })
})

describe('input that cannot be used is named, and nothing of it is taken', () => {
  test.each([
    ['person', { person: [0, 1.5], seconds: [1, 1], type: [0, 0] }, /person\[1\] is 1.5/],
    ['seconds', { person: [0], seconds: [1.5], type: [0] }, /seconds\[0\] is 1.5, expected an integer/],
    ['NaN', { person: [0], seconds: [NaN], type: [0] }, /seconds\[0\] is NaN/],
    ['type', { person: [0, 0], seconds: [1, 1], type: [0, 256] }, /type\[1\] is 256/],
    ['id', { person: [0], seconds: [1], type: [0], id: [-1] }, /id\[0\] is -1/],
    ['length', { person: [0], seconds: [1, 2], type: [0] }, /seconds has 2 rows, expected 1/],
    ['missing column', { person: [0], seconds: [1], type: [0], columns: {} }, /lack column 'campaign'/],
    ['column value', { person: [0], seconds: [1], type: [0], columns: { campaign: [256] } }, /columns.campaign\[0\] is 256/],
    ['unknown column', { person: [0], seconds: [1], type: [0], columns: { campaign: [1], other: [1] } }, /column 'other'/],
  ] as Array<[string, TouchRows, RegExp]>)('%s', (name, rows, message) => {
    const log = new TouchLog({ columns: name.includes('column') ? { campaign: 'u8' } : {} })
    expect(() => log.append(rows)).toThrow(message)
    expect(log.rowCount).toBe(0)
  })
  test('questions', () => {
    const log = new TouchLog({ columns: { campaign: 'u8' } })
    expect(() => log.funnel({ steps: [0, 1, 2, 3, 4, 5, 6, 7, 8], windowSeconds: 1 })).toThrow(/number of steps is 9/)
    expect(() => log.funnel({ steps: [0, 300], windowSeconds: 1 })).toThrow(/steps\[1\] is 300/)
    expect(() => log.funnel({ steps: [0], windowSeconds: 1, breakdown: 'city' })).toThrow(/declared columns \(campaign\)/)
    expect(() => log.pressure({ at: 1, halfLifeDays: 0, weights: [] })).toThrow(/halfLifeDays is 0/)
    expect(() => log.pressure({ at: 1, halfLifeDays: 7, weights: [1, -1] })).toThrow(/weights\[1\] is -1/)
    expect(() => log.segments({ now: 1, recencyDays: [7, 7], windowDays: 1, frequency: [1] })).toThrow(/recencyDays\[1\] is 7, expected more than 7/)
    expect(() => log.distinct({ by: [] })).toThrow(/by is empty/)
    expect(() => log.paths({ conversionTypes: [1], lookBackSeconds: 1, channels: { byType: [-1, 0] } })).toThrow(/byType\[1\] is 0, expected −1/)
    expect(() => log.tail(0, { limit: 0 })).toThrow(/limit is 0/)
    expect(() => new TouchLog({ partitionPersons: 100 })).toThrow(/power of two/)
    expect(() => new TouchLog({ columns: { 'a b': 'u8' } })).toThrow(/column name 'a b'/)
  })
})
