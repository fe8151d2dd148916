import { z } from 'zod'
import { html, pageRoute, type AnyPageRoute, type PageAnswer } from '../../kernel/http/index.ts'
import { authorPage, listArticles } from '../../retain/article/index.ts'
import { follow, followersOf, followingOf } from '../../retain/discussion/index.ts'
import { articleList, face } from './cards.ts'
import { reportSection } from './article-view.ts'
import { missing } from './article-pages.ts'
import { cursorOf, cursorText } from './home-pages.ts'
import { page } from './layout.ts'
import { count, enterRoom, form, imageUrl, dayOf, signInUrl, type CommunityParts } from './room.ts'

const params = z.object({ reader: z.uuid() })

export const authorPages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/u/:reader', what: 'an author and what they published', perMinute: 240, params, query: z.object({ after: z.string().max(80).optional() }),
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      const { t, base } = room
      const found = await authorPage(tx, call.tenantId, call.params.reader)
      if (found === undefined) throw missing(call)
      const { author } = found
      const list = await listArticles(tx, call.tenantId, { order: 'newest', authorReaderId: author.readerId, after: cursorOf(call.query.after), limit: 20 })
      const follows = room.actor === null ? false : (await followingOf(tx, call.tenantId, room.actor.readerId, null, 500)).rows.some((one) => one.readerId === author.readerId)
      const followers = await followersOf(tx, call.tenantId, author.readerId)
      const here = `/u/${author.readerId}`
      const description = author.bio || t(`${author.name}发表过 ${found.articles} 篇。`, `${author.name} published ${found.articles}.`)
      return page(room, { title: author.name, description, canonical: author.gone || found.articles === 0 ? undefined : here, kind: 'profile', image: author.avatar === null ? undefined : imageUrl(room, author.avatar), data: { '@context': 'https://schema.org', '@type': 'ProfilePage', mainEntity: { '@type': author.kind === 'house' ? 'Organization' : 'Person', name: author.name, description: author.bio, url: `${call.origin}${base}${here}` } } }, html`
<div class="author">${face(room, author, true)}<div class="who"><h1>${author.name}</h1><span>${author.bio}</span></div>${author.gone || room.actor?.readerId === author.readerId ? '' : form(room, `${here}/follow`, html`<button class="btn plain" name="on" value="${follows ? 'no' : 'yes'}" aria-pressed="${follows ? 'true' : 'false'}">${follows ? t('已关注', 'Following') : t('关注', 'Follow')}</button>`)}</div>
<p class="meta"><span>${t(`发表 ${count(found.articles)} 篇`, `${count(found.articles)} published`)}</span><span>${t(`读完 ${count(found.keptReads)} 次`, `read to the end ${count(found.keptReads)} times`)}</span><span>${t(`关注者 ${count(followers)}`, `${count(followers)} followers`)}</span><span>${t(`${dayOf(room, found.since)}起`, `since ${dayOf(room, found.since)}`)}</span></p>
${articleList(room, list.rows, t('还没有发表文章。', 'Nothing published yet.'))}
${list.next === null ? '' : html`<p><a class="btn plain" rel="next" href="${`${base}${here}?after=${cursorText(list.next)}`}">${t('再往前', 'Older')}</a></p>`}
${found.contactMedia === null ? '' : html`<section class="card row"><img class="qr" src="${imageUrl(room, found.contactMedia)}" alt="${t('作者的二维码', "The author's code")}" width="160" height="160"><p>${t('扫码加作者。', 'Scan to reach the author.')}</p></section>`}
${room.actor?.readerId === author.readerId || author.gone ? '' : reportSection(room, { kind: 'profile', id: author.readerId }, here, false)}`)
    }),
  }),
  pageRoute({
    method: 'POST', path: '/u/:reader/follow', what: 'follow an author', perMinute: 60, params, form: z.object({ on: z.enum(['yes', 'no']) }),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      const here = `${room.base}/u/${call.params.reader}`
      if (room.actor === null) return { kind: 'go', to: signInUrl(room, here) }
      await follow(tx, room.work, room.actor, { authorId: call.params.reader, on: call.form.on === 'yes' })
      return { kind: 'go', to: here }
    }),
  }),
]
