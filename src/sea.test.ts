import { describe, expect, test } from 'vitest'
import { dayMs, startOfDay } from './kernel/calendar.ts'
import type { Timers } from './kernel/clock.ts'
import { silentLog } from './kernel/log.ts'
import type { Emulator } from './emulator/index.ts'
import type { House } from './house.ts'
import { createSea } from './sea.ts'

/** A world that only has a clock, a house that is always done, and a ticker that the test moves. */
const start = startOfDay('2026-03-02')
const hour = 3_600_000

function world() {
  const ns = { now: start }
  const moves: string[] = []
  let tick = (): void => {}
  const move = (kind: string) => async (to: number): Promise<void> => {
    moves.push(`${kind} ${(to - start) / hour}`)
    ns.now = to
  }
  const emulator = { namespace: () => ns, nextDue: () => undefined, advanceTo: move('step'), leapTo: move('leap') } as unknown as Emulator
  const house = { quiet: async () => true, wake: () => {}, ports: { db: { tx: async () => [], query: async () => [] } } } as unknown as House
  const timers = { every: (_ms: number, work: () => void) => ((tick = work), () => {}), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) } as unknown as Timers
  const sea = createSea({ emulator, house, timers, log: silentLog })
  return { sea, ns, moves, tick: () => tick(), breath: () => new Promise<void>((resolve) => setImmediate(resolve)) }
}

describe('sailing through a past', () => {
  test('goes from hour to hour, and what is due at an hour is done before it goes on', async () => {
    const { sea, ns, moves } = world()
    const done: string[] = []
    sea.onHour('main', 0, async (at) => void done.push(`day ${(at - start) / dayMs}`))
    sea.onHour('main', 10, async () => void done.push('ten'))
    sea.setPace('main', 60)
    await sea.sailPast('main', start + 2 * dayMs, [12, 20])
    expect(ns.now).toBe(start + 2 * dayMs)
    expect(moves).toEqual([10, 12, 20, 24, 34, 36, 44, 48].map((at) => `leap ${at}`))
    expect(done).toEqual(['day 0', 'ten', 'day 1', 'ten', 'day 2'])
    expect(sea.past('main')).toBeUndefined()
    await sea.close()
  })

  test('stands still while the sea is paused, and says how far it is', async () => {
    const { sea, ns, breath } = world()
    const sailed = sea.sailPast('main', start + 3 * dayMs, [12])
    for (let n = 0; n < 20; n++) await breath()
    expect(ns.now).toBe(start)
    expect(sea.past('main')).toEqual({ now: start, to: start + 3 * dayMs, leftMs: undefined })
    sea.onHour('main', 0, async (at) => void (at === start + dayMs && sea.setPace('main', null)))
    sea.setPace('main', 60)
    for (let n = 0; n < 50; n++) await breath()
    expect(ns.now).toBe(start + dayMs)
    expect(sea.past('main')?.leftMs).toBeGreaterThanOrEqual(0)
    sea.setPace('main', 60)
    await sailed
    expect(ns.now).toBe(start + 3 * dayMs)
    await sea.close()
  })

  test('walks at the pace of a clock while somebody needs it, then goes on; a world whose past is over is not held (control)', async () => {
    const { sea, ns, moves, tick, breath } = world()
    sea.setPace('main', 60)
    const sailed = sea.sailPast('main', start + dayMs, [12])
    await sea.walk('main', 1_000)
    const from = ns.now
    for (let n = 0; n < 50; n++) await breath()
    expect(ns.now).toBe(from)
    for (let n = 0; n < 3; n++) {
      tick()
      for (let m = 0; m < 5; m++) await breath()
    }
    expect(moves.filter((one) => one.startsWith('step'))).toHaveLength(3)
    expect(ns.now - from).toBe(750)
    tick()
    await sailed
    expect(ns.now).toBe(start + dayMs)
    tick()
    for (let m = 0; m < 5; m++) await breath()
    expect(ns.now).toBeGreaterThan(start + dayMs + 60_000)
    await sea.close()
  })
})
