import type { Instant } from '../../kernel/clock.ts'

export type CourseState = 'draft' | 'open' | 'closed'
export type Course = { courseId: string; title: string; intro: string; state: CourseState; articles: string[]; madeAt: Instant; changedAt: Instant; madeBy: string }

/** How far somebody is in a course: which articles' quizzes are passed, and since when all of them are. */
export type Progress = { done: string[]; left: string[]; passedAt: Instant | null }

/**
 * Progress from the passed quizzes. A course is passed with its last quiz; one without articles is never passed. An article added later
 * takes nothing from who had passed before: that is a record of its own.
 */
export function progressOf(articles: readonly string[], passedAt: ReadonlyMap<string, Instant>): Progress {
  const done = articles.filter((id) => passedAt.has(id))
  const left = articles.filter((id) => !passedAt.has(id))
  return { done, left, passedAt: articles.length > 0 && left.length === 0 ? Math.max(...done.map((id) => passedAt.get(id)!)) : null }
}
