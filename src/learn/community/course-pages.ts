import { z } from 'zod'
import { html, pageRoute, type AnyPageRoute } from '../../kernel/http/index.ts'
import { articleCards } from '../../retain/article/index.ts'
import { findCourse, listCourses, passes, progressIn } from '../course/index.ts'
import { missing } from './article-pages.ts'
import { page } from './layout.ts'
import { count, dayOf, enterRoom, shorten, signInUrl, type CommunityParts } from './room.ts'

/** Courses: articles to read in order, each with its questions; who answered all of them has passed, and that stays on record. */
export const coursePages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/courses', what: 'courses', perMinute: 240,
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      const { t, base } = room
      const courses = await listCourses(tx, call.tenantId, ['open'])
      const progress = room.actor === null ? undefined : await progressIn(tx, call.tenantId, room.actor.personId, courses)
      return page(room, { title: t('课程', 'Courses'), description: t('一组文章，读完答题，全对就算学完。', 'Articles with questions; all of them right is a pass.'), canonical: '/courses', here: 'courses' }, html`<h1>${courses.length === 0 ? t('还没有课程', 'No courses yet') : t('一组文章，读完答题，全对就算学完', 'Articles with questions; all of them right is a pass')}</h1>
${courses.length === 0 ? html`<p class="empty">${t('排好的课程会出现在这里。先去读文章。', 'Courses will appear here.')} <a href="${base}">${t('文章', 'Articles')}</a></p>` : html`<ul class="list">${courses.map((course) => {
        const mine = progress?.get(course.courseId)
        return html`<li><h2><a href="${`${base}/courses/${course.courseId}`}">${course.title}</a></h2>${course.intro === '' ? '' : html`<p class="sum">${course.intro}</p>`}<p class="meta"><span>${t(`${count(course.articles.length)} 篇`, `${count(course.articles.length)} articles`)}</span>${mine === undefined ? '' : html`<span>${mine.passedAt !== null ? t(`${dayOf(room, mine.passedAt)}学完`, `passed on ${dayOf(room, mine.passedAt)}`) : t(`答对 ${mine.done.length} 篇`, `${mine.done.length} answered`)}</span>`}</p></li>`
      })}</ul>`}`)
    }),
  }),
  pageRoute({
    method: 'GET', path: '/courses/:course', what: 'a course with its articles and one’s progress', perMinute: 240, params: z.object({ course: z.uuid() }),
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      const { t, base } = room
      const course = await findCourse(tx, call.tenantId, call.params.course)
      if (course === undefined || course.state === 'draft') throw missing(call)
      const cards = await articleCards(tx, call.tenantId, course.articles)
      const mine = room.actor === null ? undefined : (await progressIn(tx, call.tenantId, room.actor.personId, [course])).get(course.courseId)
      const onRecord = room.actor === null ? undefined : (await passes(tx, call.tenantId, { courseId: course.courseId, personId: room.actor.personId }))[0]
      return page(room, { title: course.title, description: shorten(course.intro, 120), canonical: `/courses/${course.courseId}`, here: 'courses', data: { '@context': 'https://schema.org', '@type': 'Course', name: course.title, description: course.intro, provider: { '@type': 'Organization', name: call.tenantName } } }, html`<h1>${course.title}</h1>${course.intro === '' ? '' : html`<p class="lead">${course.intro}</p>`}
<p>${onRecord !== undefined ? t(`${dayOf(room, onRecord.passedAt)}学完，记在你的名下。`, `Passed on ${dayOf(room, onRecord.passedAt)}; it is on your record.`) : mine !== undefined ? t(`${course.articles.length} 篇答对了 ${mine.done.length} 篇。`, `${mine.done.length} of ${course.articles.length} answered right.`) : html`<a href="${signInUrl(room, `${base}/courses/${course.courseId}`)}">${t('登录后答题，才算学完', 'Sign in, so that answers count')}</a>`}${course.state === 'closed' ? t('这门课已经收了。', ' This course is closed.') : ''}</p>
<ol class="lines">${course.articles.map((articleId, n) => {
        const card = cards.get(articleId)
        return html`<li class="row apart"><span>${n + 1}. ${card === undefined ? t('这篇不在了', 'not there any more') : html`<a href="${`${base}/a/${card.slug}`}">${card.title}</a>`}</span><span class="small">${mine?.done.includes(articleId) ? t('答对了', 'right') : card === undefined ? '' : t(`${card.minutes} 分钟`, `${card.minutes} min`)}</span></li>`
      })}</ol>`)
    }),
  }),
]
