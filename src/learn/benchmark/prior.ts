import type { Clock } from '../../kernel/clock.ts'
import { dayMs } from '../../kernel/calendar.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { readSetting, type Tenant } from '../../kernel/tenancy/index.ts'
import { suppressTable } from '../../math/disclosure/index.ts'
import { fitDosePrior, type DoseCells, type DosePrior } from '../../math/evidence/index.ts'
import { readDosageSettings, readLessons, segments, type PriorSource } from '../../restrain/experiment/index.ts'

/** Consent of one merchant to teach and be taught; off until somebody with the right says so. */
export const sharingKey = 'learn.sharing'
export type Sharing = { dosage: boolean }

/** What one merchant's closed epochs can teach: cells in shares of what was expected, so that shops of any size and price are one scale. */
export type Lesson = { tenantId: number; epochDays: number; doses: readonly number[]; epochs: readonly DoseCells[] }

/** Merchants behind every arm, and the part no single one may exceed, as in every other release (`math/disclosure`). */
export const teachersMin = 5

/**
 * The prior of a newcomer from other merchants' lessons on the same arms: null when it may not or cannot be made, and why. Every arm needs five merchants,
 * five persons, and nobody with more than half of it; one arm that fails withholds the whole. Only the fitted curve leaves, never a merchant's cells.
 */
export function poolLessons(lessons: readonly Lesson[], doses: readonly number[], epochDays: number): { prior: DosePrior; teachers: number } | { prior: null; teachers: number; why: 'too-few' | 'withheld' } {
  const same = lessons.filter((lesson) => lesson.epochDays === epochDays && lesson.doses.join() === doses.join() && lesson.epochs.length > 0)
  if (same.length < teachersMin) return { prior: null, teachers: same.length, why: 'too-few' }
  const arms = doses.length
  const persons = new Float64Array(arms)
  const largest = new Float64Array(arms)
  const merchants = new Float64Array(arms)
  for (const { epochs } of same) {
    for (let a = 0; a < arms; a++) {
      let mine = 0
      for (const cells of epochs) for (let c = a; c < cells.persons.length; c += arms) mine += cells.persons[c]
      persons[a] += mine
      largest[a] = Math.max(largest[a], mine)
      if (mine > 0) merchants[a]++
    }
  }
  const table = suppressTable(persons, 1, arms, { largest, merchants, minMerchants: teachersMin })
  if (table.state !== 'published' || table.primary.length > 0) return { prior: null, teachers: same.length, why: 'withheld' }
  const histories = same.map(({ epochs }) => ({ segments: segments.length, epochs, scale: new Float64Array(segments.length).fill(1) }))
  return { prior: fitDosePrior(Float64Array.from(doses), histories), teachers: same.length }
}

export type TeacherPorts = { db: Db; log: Log; processClock: Clock; tenants(): readonly Tenant[] }

/**
 * The prior from other merchants of this installation. Simulated merchants never teach real ones, nor the other way round; only those teach and learn who agreed.
 * Lessons are read in the background once a day, each in its own merchant's transaction; until then, and while there are too few, the source
 * knows nothing and the built-in cautious default decides: weak, fewer arms, the habit kept.
 */
export function createTeachers(ports: TeacherPorts): PriorSource {
  const { db, log, processClock, tenants } = ports
  let lessons: Lesson[] = []
  let readAt: number | undefined
  let reading = false
  const made = new Map<string, DosePrior | undefined>()

  async function read(): Promise<void> {
    const found: Lesson[] = []
    for (const { tenantId } of tenants()) {
      const mine = await db.tx({ role: 'app', tenantId }, async (tx) => ((await readSetting<Sharing>(tx, tenantId, sharingKey))?.dosage === true ? readLessons(tx, tenantId) : []))
      found.push(...mine.map((lesson) => ({ tenantId, ...lesson })))
    }
    lessons = found
    made.clear()
  }

  return async (tx: Tx, tenantId: number, doses: readonly number[]) => {
    const all = tenants()
    const simulated = (id: number): boolean => all.find((one) => one.tenantId === id)?.world !== 'real'
    const others = all.filter((one) => one.tenantId !== tenantId && simulated(one.tenantId) === simulated(tenantId))
    if (others.length < teachersMin || (await readSetting<Sharing>(tx, tenantId, sharingKey))?.dosage !== true) return undefined
    const now = processClock.now()
    if (!reading && (readAt === undefined || now - readAt > dayMs)) {
      reading = true
      readAt = now
      // Not awaited: a request that holds one connection must not wait for others.
      void read().catch((error: unknown) => log.warn({ error: String(error) }, 'the lessons of other merchants could not be read')).finally(() => (reading = false))
    }
    const { epochDays } = await readDosageSettings(tx, tenantId)
    const key = `${tenantId} ${epochDays} ${doses.join()}`
    if (!made.has(key)) {
      const ids = new Set(others.map((one) => one.tenantId))
      made.set(key, poolLessons(lessons.filter((lesson) => ids.has(lesson.tenantId)), doses, epochDays).prior ?? undefined)
    }
    return made.get(key)
  }
}
