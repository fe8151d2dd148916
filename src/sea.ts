import { monotonicMs, type Instant, type Timers } from './kernel/clock.ts'
import { dayMs } from './kernel/calendar.ts'
import type { Log } from './kernel/log.ts'
import { nextWorkAfter, tenantsWithWork } from './kernel/tenancy/index.ts'
import type { Emulator } from './emulator/index.ts'
import type { House } from './house.ts'

/**
 * The sea (海): drives the clock of emulated worlds. A world's clock is a queue of due instants, never real time multiplied: it moves to the next
 * due instant only when nothing that became due is still in flight, here or in the house. A pace is therefore an upper speed: the sea waits
 * for the boat, and says so.
 */
export type Sea = {
  /** `daySeconds`: real seconds for a day at most; null: paused. */
  pace(world: string): number | null
  setPace(world: string, daySeconds: number | null): void
  now(world: string): Instant
  /** The world is behind its pace because the house is still working. */
  waiting(world: string): boolean
  /** Runs the world to an instant as fast as the house can follow. */
  runTo(world: string, to: Instant): Promise<void>
  /**
   * Keeps the world to the pace of a clock for so many ms from now, whatever its pace (not when paused): a person in a browser has minutes to log in
   * and pay, and a fast sea would have passed them. Resolves when no faster stretch is under way.
   */
  walk(world: string, ms: number): Promise<void>
  /**
   * Sails through a past (赶路) up to a midnight, leaping from one of these hours of the day to the next instead of stopping at every due instant: what
   * happens in between happens at its own second of the world, and the house hears of all of it at the hour. Hours are the grain of waiting: what is
   * held for half an hour has to end while people are awake. Stands still while paused, and keeps to `walk` while somebody needs it.
   */
  sailPast(world: string, to: Instant, hours: readonly number[]): Promise<void>
  /** The past that is still under way, with the real ms that it takes at the speed so far (undefined in its first day). */
  past(world: string): { now: Instant; to: Instant; leftMs: number | undefined } | undefined
  /** What else happens in the world every day when its clock comes to an hour (0 to 23, of Shanghai), before it goes on: population, somebody at the shop's desk. */
  onHour(world: string, hour: number, work: (at: Instant) => Promise<void>): void
  close(): Promise<void>
}

type Mark = { hour: number; work: (at: Instant) => Promise<void> }
type Past = { from: Instant; to: Instant; sailedMs: number; leap: Promise<void> | undefined }
type Course = { daySeconds: number | null; walkSteps: number; waiting: boolean; running: Promise<void> | undefined; marks: Mark[]; past: Past | undefined }

const stepMs = 250
const hourMs = 3_600_000

export function createSea(options: { emulator: Emulator; house: House; timers: Timers; log: Log }): Sea {
  const { emulator, house, timers, log } = options
  const courses = new Map<string, Course>()
  const course = (world: string): Course => {
    let found = courses.get(world)
    if (!found) courses.set(world, (found = { daySeconds: null, walkSteps: 0, waiting: false, running: undefined, marks: [], past: undefined }))
    return found
  }
  let closed = false

  async function quiet(world: string): Promise<void> {
    while (!closed && !(await house.quiet(world))) {
      for (const row of await tenantsWithWork(house.ports.db)) if (row.world === world) house.wake(row.tenantId)
      await timers.sleep(2)
    }
  }

  async function nextDue(world: string): Promise<Instant | undefined> {
    const now = emulator.namespace(world).now
    const due = [emulator.nextDue(world), await nextWorkAfter(house.ports.db, world, now)].filter((at): at is Instant => at !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  const dayStart = (at: Instant): Instant => Math.floor((at + 28_800_000) / dayMs) * dayMs - 28_800_000
  /** The first of these hours of the day after an instant. */
  const hourAfter = (at: Instant, hours: readonly number[]): Instant => Math.min(...hours.map((hour) => dayStart(at) + hour * hourMs + (dayStart(at) + hour * hourMs <= at ? dayMs : 0)))

  /** What is due at this hour, when the house has caught up. */
  async function atHour(world: string, at: Instant): Promise<void> {
    const due = course(world).marks.filter((mark) => dayStart(at) + mark.hour * hourMs === at)
    if (due.length > 0) await quiet(world)
    for (const { work } of due) if (!closed) await work(at)
  }

  async function runTo(world: string, to: Instant): Promise<void> {
    const mine = course(world)
    while (!closed) {
      await quiet(world)
      const now = emulator.namespace(world).now
      if (now >= to) return
      const due = await nextDue(world)
      const mark = hourAfter(now, mine.marks.map((one) => one.hour))
      const next = Math.min(due === undefined ? to : Math.max(due, now), to, mark)
      await emulator.advanceTo(next, world)
      if (next === mark) await atHour(world, mark)
    }
  }

  async function sailPast(world: string, to: Instant, hours: readonly number[]): Promise<void> {
    const mine = course(world)
    const from = emulator.namespace(world).now
    const past: Past = (mine.past = { from, to, sailedMs: 0, leap: undefined })
    try {
      if (from <= to) await atHour(world, from)
      while (!closed) {
        while (!closed && (mine.daySeconds === null || mine.walkSteps > 0 || mine.running !== undefined)) await timers.sleep(20)
        const now = emulator.namespace(world).now
        if (now >= to || closed) return
        const began = monotonicMs()
        const next = Math.min(to, hourAfter(now, [0, ...hours, ...mine.marks.map((one) => one.hour)]))
        await (past.leap = emulator.leapTo(next, world).then(() => quiet(world)).then(() => atHour(world, next)))
        past.sailedMs += monotonicMs() - began
      }
    } finally {
      mine.past = undefined
    }
  }

  const cancel = timers.every(stepMs, () => {
    for (const [world, mine] of courses) {
      const walking = mine.walkSteps > 0
      if (walking) mine.walkSteps--
      if (mine.daySeconds === null || closed || (mine.past !== undefined && !walking)) continue
      if (mine.running !== undefined) {
        mine.waiting = true
        continue
      }
      mine.waiting = false
      const to = emulator.namespace(world).now + (dayMs / (walking ? dayMs / 1000 : mine.daySeconds)) * (stepMs / 1000)
      mine.running = runTo(world, Math.round(to))
        .catch((error: unknown) => log.error({ world, error: String(error) }, 'the sea stopped at an error'))
        .finally(() => (mine.running = undefined))
    }
  })

  return {
    pace: (world) => course(world).daySeconds,
    setPace: (world, daySeconds) => void (course(world).daySeconds = daySeconds),
    now: (world) => emulator.namespace(world).now,
    waiting: (world) => course(world).waiting,
    runTo,
    async walk(world, ms) {
      const mine = course(world)
      mine.walkSteps = Math.max(mine.walkSteps, Math.ceil(ms / stepMs))
      await mine.past?.leap?.catch(() => {}) // who sails through the past is told
      await mine.running
    },
    sailPast,
    past(world) {
      const { past } = course(world)
      if (past === undefined) return undefined
      const { now } = emulator.namespace(world)
      return { now, to: past.to, leftMs: now - past.from < dayMs ? undefined : Math.round((past.sailedMs * (past.to - now)) / (now - past.from)) }
    },
    onHour: (world, hour, work) => void course(world).marks.push({ hour, work }),
    async close() {
      closed = true
      cancel()
      await Promise.all([...courses.values()].flatMap((mine) => [mine.running, mine.past?.leap?.catch(() => {})]))
    },
  }
}
