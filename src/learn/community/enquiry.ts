import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { html, httpFault, route, type AnyRoute, type Markup } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { articleCards, type ArticleView } from '../../retain/article/index.ts'
import { openShare } from '../../retain/discussion/index.ts'
import type { Actor } from '../../retain/reader/index.ts'
import { answerEnquiry, insertEnquiry, listEnquiries } from './store.ts'
import { form, imageUrl, type CommunityParts, type Room } from './room.ts'

/** An enquiry (咨询): a question to the merchant below an article. A lead whose source is known: the article, and whose share brought it. */
export type Enquiry = { name: string; contact: string; text: string }
export const enquiryShape = z.object({ name: z.string().trim().min(1).max(40), contact: z.string().trim().min(3).max(80), text: z.string().trim().min(1).max(1000) })
const purpose = (enquiryId: string): string => `enquiry ${enquiryId}`

export async function makeEnquiry(tx: Tx, parts: CommunityParts, where: { tenantId: number; now: Instant; enquiryId: string; articleId: string; actor: Actor | null; shareToken: string | undefined }, asked: Enquiry): Promise<void> {
  const share = where.shareToken === undefined ? undefined : await openShare(tx, where.tenantId, where.shareToken)
  await insertEnquiry(tx, where.tenantId, {
    enquiryId: where.enquiryId, articleId: where.articleId, readerId: where.actor?.readerId ?? null, personId: where.actor?.personId ?? null, shareId: share?.shareId ?? null, sharerPersonId: share?.personId ?? null,
    sealed: parts.seal.seal(JSON.stringify(asked), purpose(where.enquiryId)), at: where.now,
  })
}

export const enquiryForm = {
  /** The merchant's code that tells where a contact came from: the one of this article (channel `article-<slug>`), else that of the community (channel `community`). */
  async codeFor(tx: Tx, parts: CommunityParts, tenantId: number, slug: string): Promise<string | null> {
    const live = (await parts.codes(tx, tenantId)).filter((code) => code.status === 'live' && code.qrCode !== null)
    const mine = live.find((code) => code.channel === `article-${slug}`) ?? live.find((code) => code.channel === 'community')
    return mine?.qrCode ?? null
  },
  section(room: Room, article: ArticleView, contactMedia: string | null, code: string | null, share: string | undefined): Markup {
    const { t } = room
    const picture = contactMedia !== null ? html`<div class="stack"><img class="qr" src="${imageUrl(room, contactMedia)}" alt="${t('作者的二维码', "The author's code")}" width="160" height="160"><p class="small third">${t('扫码加作者', 'Scan to reach the author')}</p></div>` : code !== null ? html`<p class="acts"><a class="btn plain" href="${code}" rel="noreferrer">${t('加店里的企业微信', 'Add the shop on WeCom')}</a></p>` : ''
    return html`<section class="card" id="enquire"><h2>${t('问一句', 'Ask')}</h2><div class="row">${picture}<details class="grow"><summary>${t('给店里留个话，会有人联系你', 'Leave word; somebody will get in touch')}</summary>${form(room, `/a/${article.slug}/enquire`, html`${share === undefined ? '' : html`<input type="hidden" name="s" value="${share}">`}<div class="stack"><div class="formrow"><label class="field"><span>${t('怎么称呼', 'Name')}</span><input type="text" name="name" maxlength="40" required autocomplete="name" value="${room.reader?.name ?? ''}"></label><label class="field"><span>${t('手机或微信', 'Phone or WeChat')}</span><input type="text" name="contact" maxlength="80" required></label></div><label class="field"><span>${t('想问什么', 'Question')}</span><textarea name="text" maxlength="1000" required></textarea></label><p><button class="btn plain">${t('留话', 'Send')}</button></p></div>`, 'enquire')}</details></div></section>`
  },
}

/** Enquiries in the console: newest first, with their source. */
export const enquiryRoutes = (parts: { seal: Seal }): AnyRoute[] => [
  route({
    method: 'GET', path: '/community/enquiries', right: 'people.read', block: 'community', what: 'what readers asked, with the article and the share that brought them',
    query: z.object({ open: z.enum(['yes', 'no']).optional() }),
    async handle({ tx, tenantId, query }) {
      const rows = await listEnquiries(tx, tenantId, query.open === 'yes', 200)
      const cards = await articleCards(tx, tenantId, [...new Set(rows.map((row) => row.articleId))])
      return { rows: rows.map(({ sealed, ...row }) => ({ ...row, article: cards.get(row.articleId)?.title ?? '', ...(JSON.parse(parts.seal.open(sealed, purpose(row.enquiryId)).toString('utf8')) as Enquiry) })) }
    },
  }),
  route({
    method: 'POST', path: '/community/enquiries/:enquiryId/answered', right: 'content.write', block: 'community', audit: 'enquiry.answered', what: 'somebody got in touch', params: z.object({ enquiryId: z.uuid() }),
    async handle({ tx, tenantId, params, actor, clock }) {
      if (!(await answerEnquiry(tx, tenantId, params.enquiryId, clock.now(), actor))) throw httpFault('http/not-found', { path: params.enquiryId })
      return { ok: true }
    },
  }),
]
