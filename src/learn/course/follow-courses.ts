import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Subscriber, Work } from '../../kernel/engine/index.ts'
import { makeEvent, payloadOf } from '../../events.ts'
import { progressOf, type Course, type Progress } from './course.ts'
import { coursesWith, passedQuizzes, readersOf, recordPasses } from './store.ts'

const byPerson = (rows: ReadonlyArray<{ personId: string; articleId: string; passedAt: Instant }>): Map<string, Map<string, Instant>> => {
  const all = new Map<string, Map<string, Instant>>()
  for (const row of rows) {
    const mine = all.get(row.personId) ?? new Map<string, Instant>()
    mine.set(row.articleId, row.passedAt)
    all.set(row.personId, mine)
  }
  return all
}

/** How far one person is in these courses. */
export async function progressIn(tx: Tx, tenantId: number, personId: string, courses: readonly Course[]): Promise<Map<string, Progress>> {
  const articles = [...new Set(courses.flatMap((course) => course.articles))]
  const mine = byPerson(await passedQuizzes(tx, tenantId, [personId], articles)).get(personId) ?? new Map<string, Instant>()
  return new Map(courses.map((course) => [course.courseId, progressOf(course.articles, mine)]))
}

/** Puts on record who has passed all quizzes of a course; for everybody, or for these. */
export async function settleCourse(tx: Tx, work: Pick<Work, 'tenantId' | 'now' | 'ids' | 'emit'>, course: Course, readers: ReadonlyMap<string, string> | null): Promise<void> {
  const { tenantId, now, ids } = work
  const all = byPerson(await passedQuizzes(tx, tenantId, readers === null ? null : [...readers.keys()], course.articles))
  const passed = [...all].flatMap(([personId, mine]) => {
    const { passedAt } = progressOf(course.articles, mine)
    return passedAt === null ? [] : [{ personId, passedAt }]
  })
  const readerOf = readers ?? (await readersOf(tx, tenantId, passed.map((one) => one.personId)))
  const rows = passed.flatMap((one) => (readerOf.has(one.personId) ? [{ ...one, readerId: readerOf.get(one.personId)! }] : []))
  const fresh = new Set(await recordPasses(tx, tenantId, course.courseId, rows))
  await work.emit(tx, rows.filter((row) => fresh.has(row.personId)).map((row) => makeEvent(ids, now, 'course.passed', `course/${course.courseId}`, row.passedAt, { courseId: course.courseId, ...row })))
}

/** Hears passed quizzes and puts passed courses on record; heard twice it changes nothing. */
export function courseSubscriber(blockOn: (tenantId: number, block: 'community') => boolean): Subscriber {
  return {
    name: 'learn/course',
    hears: ['quiz.passed'],
    on: (tenantId) => blockOn(tenantId, 'community'),
    async handle(work, tx, events) {
      const heard = events.map((event) => payloadOf('quiz.passed', event))
      const readers = new Map(heard.map((one) => [one.personId, one.readerId]))
      for (const course of await coursesWith(tx, work.tenantId, heard.map((one) => one.articleId))) await settleCourse(tx, work, course, readers)
    },
  }
}
