import { z } from 'zod'
import { html, pageRoute, type AnyPageRoute } from '../../kernel/http/index.ts'
import { listArticles, topicsOf, type ArticleCard, type Cursor } from '../../retain/article/index.ts'
import { friendsRead } from '../../retain/discussion/index.ts'
import { articleList, articleRow, authorLink } from './cards.ts'
import { page, tabs } from './layout.ts'
import { enterRoom, joined, shorten, signInUrl, type CommunityParts } from './room.ts'

const perPage = 20
export const cursorText = (cursor: Cursor): string => `${cursor.at}.${cursor.id}`
export function cursorOf(text: string | undefined): Cursor | undefined {
  const found = /^(\d{1,20})\.([0-9a-zA-Z-]{1,40})$/.exec(text ?? '')
  return found === null ? undefined : { at: Number(found[1]), id: found[2] }
}

const query = z.object({ order: z.enum(['newest', 'popular', 'rated', 'friends']).catch('newest'), topic: z.string().trim().max(40).optional(), q: z.string().trim().max(60).optional(), after: z.string().max(80).optional() })

export const homePages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '', what: 'lists of articles', perMinute: 240, query,
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      const { t, base } = room
      const { order, topic, q } = call.query
      const filtered = Boolean(topic) || Boolean(q)
      const friends = order === 'friends' && !filtered
      let rows: ArticleCard[] = []
      let next: Cursor | null = null
      let by: Awaited<ReturnType<typeof friendsRead>> = []
      if (friends) by = room.actor ? await friendsRead(tx, call.tenantId, room.actor.readerId, perPage) : []
      else ({ rows, next } = await listArticles(tx, call.tenantId, { order: order === 'friends' ? 'newest' : order, topic: topic || undefined, search: q || undefined, after: cursorOf(call.query.after), limit: perPage }))
      const topics = await topicsOf(tx, call.tenantId, 12)
      const link = (change: Record<string, string | undefined>): string => {
        const search = new URLSearchParams(Object.entries({ order: order === 'newest' ? undefined : order, topic, q, ...change }).flatMap(([key, value]) => (value ? [[key, value] as [string, string]] : [])))
        return search.size === 0 ? base : `${base}?${search}`
      }
      const sentence = q ? t(`搜“${shorten(q, 20)}”`, `Search: ${shorten(q, 20)}`) : topic ? t(`话题：${topic}`, `Topic: ${topic}`) : t('做生意的人写的，试过什么、结果怎样', 'Written by people who run shops: what they tried and how it went')
      const description = t(`${call.tenantName}的案例社区：有对照的案例、做法和得失。`, `The case community of ${call.tenantName}: measured cases, what was done and what it cost.`)
      return page(room, { title: filtered ? sentence : call.tenantName, description, canonical: filtered || friends || call.query.after !== undefined ? undefined : '', here: filtered ? undefined : 'home', data: { '@context': 'https://schema.org', '@type': 'Blog', name: call.tenantName, description, url: `${call.origin}${base}`, inLanguage: t('zh-CN', 'en') } }, html`
<h1>${sentence}</h1>
<form action="${base}" role="search" class="formrow"><label><span class="visually-hidden">${t('搜文章', 'Search articles')}</span><input type="search" name="q" value="${q ?? ''}" placeholder="${t('搜文章', 'Search articles')}" maxlength="60"></label><button class="btn plain">${t('搜', 'Search')}</button></form>
${tabs(room, t('排序', 'Order'), ([['newest', '最新', 'Newest'], ['popular', '最多人读完', 'Most read'], ['rated', '评分高', 'Best rated'], ['friends', '朋友在读', 'Read by friends']] as const).map(([key, zh, en]) => ({ to: link({ order: key === 'newest' ? undefined : key, after: undefined, ...(key === 'friends' ? { topic: undefined, q: undefined } : {}) }).slice(base.length), word: t(zh, en), here: order === key })))}
${topics.length === 0 || friends ? '' : html`<p class="meta" aria-label="${t('话题', 'Topics')}">${topics.map((row) => html`<a href="${link({ topic: row.topic === topic ? undefined : row.topic, after: undefined })}"${row.topic === topic ? html` aria-current="true"` : ''}>${row.topic}${row.topic === topic ? ' ×' : ''}</a>`)}</p>`}
${friends
    ? room.actor === null
      ? html`<p class="empty">${t('登录后，能看到和你互相关注、又愿意让人看见的朋友读完了什么。', 'Signed in, you see what friends finished who let it be seen.')} <a href="${signInUrl(room, call.path)}">${t('登录', 'Sign in')}</a></p>`
      : by.length === 0
        ? html`<p class="empty">${t('还没有。互相关注、又在“资料”里打开了“让朋友看见我读完的”，才会出现在这里。', 'Nothing yet. It shows what people finished who follow you back and let it be seen.')}</p>`
        : html`<ul class="list">${by.map((row) => articleRow(room, row, html`<span>${joined(row.by.map((one) => authorLink(room, one)), t('、', ', '))}${t(' 读完了', ' finished it')}</span>`))}</ul>`
    : articleList(room, rows, q ? t(`搜不到“${shorten(q, 20)}”。换个短一点的词试试。`, 'Nothing found. Try a shorter word.') : t('还没有文章。第一篇会出现在这里。', 'No articles yet. The first one will appear here.'))}
${next === null ? '' : html`<p><a class="btn plain" rel="next" href="${link({ after: cursorText(next) })}">${t('再往前', 'Older')}</a></p>`}`)
    }),
  }),
]
