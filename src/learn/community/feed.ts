import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { escapeHtml, pageRoute, type AnyPageRoute } from '../../kernel/http/index.ts'
import { listArticles, type ArticleCard, type Cursor } from '../../retain/article/index.ts'
import { listCourses } from '../course/index.ts'

/** For machines that find and follow: a map of what is public, and the newest articles as a feed. */
const mostInMap = 45_000
const rfc822 = (at: number): string => new Date(at).toUTCString()

export const feedRoutes: AnyPageRoute[] = [
  pageRoute({
    method: 'GET', path: '/sitemap.xml', what: 'map of public pages', perMinute: 10,
    handle: (call) => call.tx(async (tx) => {
      const base = `${call.origin}/c/${call.slug}`
      const rows: ArticleCard[] = []
      for (let after: Cursor | undefined; rows.length < mostInMap;) {
        const page = await listArticles(tx, call.tenantId, { order: 'newest', after, limit: 500 })
        rows.push(...page.rows)
        if (page.next === null) break
        after = page.next
      }
      const authors = [...new Set(rows.filter((row) => !row.author.gone).map((row) => row.author.readerId))]
      const courses = await listCourses(tx, call.tenantId, ['open'])
      const place = (path: string, at?: number): string => `<url><loc>${escapeHtml(base + path)}</loc>${at === undefined ? '' : `<lastmod>${shanghaiRfc3339(at)}</lastmod>`}</url>`
      const content = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${place('', rows[0]?.publishedAt)}${place('/convention')}${place('/transparency')}${courses.length > 0 ? place('/courses') : ''}${courses.map((course) => place(`/courses/${course.courseId}`, course.changedAt)).join('')}${rows.map((row) => place(`/a/${row.slug}`, row.publishedAt)).join('')}${authors.map((id) => place(`/u/${id}`)).join('')}</urlset>\n`
      return { kind: 'file', contentType: 'application/xml; charset=utf-8', content, maxAge: 3600 }
    }),
  }),
  pageRoute({
    method: 'GET', path: '/feed.xml', what: 'the newest articles as RSS', perMinute: 60,
    handle: (call) => call.tx(async (tx) => {
      const base = `${call.origin}/c/${call.slug}`
      const { rows } = await listArticles(tx, call.tenantId, { order: 'newest', limit: 30 })
      const item = (row: ArticleCard): string => `<item><title>${escapeHtml(row.title)}</title><link>${escapeHtml(`${base}/a/${row.slug}`)}</link><guid isPermaLink="false">${row.articleId}</guid><pubDate>${rfc822(row.publishedAt)}</pubDate><description>${escapeHtml(row.summary)}</description><dc:creator>${escapeHtml(row.author.name)}</dc:creator></item>`
      const content = `<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>${escapeHtml(call.tenantName)}</title><link>${escapeHtml(base)}</link><description>${escapeHtml(`${call.tenantName} 的案例社区`)}</description><language>zh-cn</language><atom:link href="${escapeHtml(`${base}/feed.xml`)}" rel="self" type="application/rss+xml"/>${rows.map(item).join('')}</channel></rss>\n`
      return { kind: 'file', contentType: 'application/rss+xml; charset=utf-8', content, maxAge: 300 }
    }),
  }),
]
