import type { Instant, Timers } from './kernel/clock.ts'
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
  /** What else happens in the world by day (population); called before each day begins. */
  onDay(world: string, work: (dayStart: Instant) => Promise<void>): void
  close(): Promise<void>
}

type Course = { daySeconds: number | null; walkSteps: number; waiting: boolean; running: Promise<void> | undefined; onDay: Array<(dayStart: Instant) => Promise<void>> }

const stepMs = 250

export function createSea(options: { emulator: Emulator; house: House; timers: Timers; log: Log }): Sea {
  const { emulator, house, timers, log } = options
  const courses = new Map<string, Course>()
  const course = (world: string): Course => {
    let found = courses.get(world)
    if (!found) courses.set(world, (found = { daySeconds: null, walkSteps: 0, waiting: false, running: undefined, onDay: [] }))
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

  async function runTo(world: string, to: Instant): Promise<void> {
    const mine = course(world)
    while (!closed) {
      await quiet(world)
      const now = emulator.namespace(world).now
      if (now >= to) return
      const due = await nextDue(world)
      const midnight = dayStart(now) + dayMs
      const next = Math.min(due === undefined ? to : Math.max(due, now), to, mine.onDay.length > 0 ? midnight : to)
      await emulator.advanceTo(next, world)
      if (next === midnight) for (const work of mine.onDay) await work(midnight)
    }
  }

  const cancel = timers.every(stepMs, () => {
    for (const [world, mine] of courses) {
      const walking = mine.walkSteps > 0
      if (walking) mine.walkSteps--
      if (mine.daySeconds === null || closed) continue
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
      await mine.running
    },
    onDay: (world, work) => void course(world).onDay.push(work),
    async close() {
      closed = true
      cancel()
      await Promise.all([...courses.values()].map((mine) => mine.running))
    },
  }
}
