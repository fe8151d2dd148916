import { z } from 'zod'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { courseFault } from './errors.ts'
import { settleCourse } from './follow-courses.ts'
import { findCourse, listCourses, passes, saveCourse } from './store.ts'

export type CoursePorts = {
  /** Published articles by id (null: the newest 200): title, and whether they ask anything. */
  articles(tx: Tx, tenantId: number, articleIds: readonly string[] | null): Promise<Map<string, { title: string; hasQuiz: boolean }>>
  /** Names of readers, by reader id. */
  names(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<Map<string, string>>
  emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void>
}

const block = 'community'

export function courseRoutes(ports: CoursePorts): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/courses', right: 'chain.read', block, what: 'courses with their articles and how many passed',
      async handle({ tx, tenantId }) {
        const rows = await listCourses(tx, tenantId)
        const articles = await ports.articles(tx, tenantId, [...new Set(rows.flatMap((row) => row.articles))])
        const done = await passes(tx, tenantId, {})
        return { rows: rows.map((row) => ({ ...row, articles: row.articles.map((articleId) => ({ articleId, title: articles.get(articleId)?.title ?? '', hasQuiz: articles.get(articleId)?.hasQuiz ?? false })), passed: done.filter((one) => one.courseId === row.courseId).length })) }
      },
    }),
    route({
      method: 'GET', path: '/courses/articles', right: 'chain.read', block, what: 'published articles a course may hold, newest first, and whether they ask anything',
      handle: async ({ tx, tenantId }) => ({ rows: [...(await ports.articles(tx, tenantId, null))].map(([articleId, one]) => ({ articleId, ...one })) }),
    }),
    route({
      method: 'GET', path: '/courses/:courseId/passes', right: 'people.read', block, what: 'who passed a course, when', params: z.object({ courseId: z.uuid() }),
      async handle({ tx, tenantId, params }) {
        const course = await findCourse(tx, tenantId, params.courseId)
        if (!course) throw courseFault('course/not-found', params)
        const rows = await passes(tx, tenantId, params)
        const names = await ports.names(tx, tenantId, rows.map((row) => row.readerId))
        return { course, rows: rows.map((row) => ({ ...row, name: names.get(row.readerId) ?? '' })) }
      },
    }),
    route({ method: 'GET', path: '/people/:personId/training', right: 'people.read', block, what: 'courses that a person passed', params: z.object({ personId: z.uuid() }), handle: async ({ tx, tenantId, params }) => ({ rows: await passes(tx, tenantId, params) }) }),
    route({
      method: 'PUT', path: '/courses/:courseId', right: 'content.write', block, audit: 'course.write', what: 'make or change a course; who had passed it stays passed', params: z.object({ courseId: z.uuid() }),
      body: z.object({ title: z.string().trim().min(1).max(60), intro: z.string().trim().max(500).default(''), state: z.enum(['draft', 'open', 'closed']), articles: z.array(z.uuid()).min(1).max(50) }),
      async handle({ tx, tenantId, params, body, clock, ids, actor }) {
        const now = clock.now()
        const twice = body.articles.findIndex((id, n) => body.articles.indexOf(id) !== n)
        if (twice >= 0) throw courseFault('course/twice', { a: body.articles.indexOf(body.articles[twice]) + 1, b: twice + 1 })
        const known = await ports.articles(tx, tenantId, body.articles)
        for (const articleId of body.articles) {
          const article = known.get(articleId)
          if (!article) throw courseFault('course/no-article', { articleId })
          if (!article.hasQuiz) throw courseFault('course/no-quiz', { title: article.title })
        }
        const before = await findCourse(tx, tenantId, params.courseId)
        const course = { ...body, courseId: params.courseId, madeAt: before?.madeAt ?? now, changedAt: now, madeBy: before?.madeBy ?? actor }
        await saveCourse(tx, tenantId, course)
        if (course.state === 'open') await settleCourse(tx, { tenantId, now, ids, emit: (t, events) => ports.emit(t, tenantId, events) }, course, null)
        return { courseId: params.courseId }
      },
    }),
  ]
}
