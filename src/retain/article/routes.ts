import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import { csvFile, csvLine } from '../../kernel/csv.ts'
import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { route, FileAnswer, type AnyRoute } from '../../kernel/http/index.ts'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import type { PaymentPlatform } from '../../sell/payment/index.ts'
import { houseReader, listReaders, readerCards, readerOf, type CommunityWork } from '../reader/index.ts'
import type { ArticleState, VersionState } from './article.ts'
import { draftInput, readDraft, type DraftProblem } from './blocks.ts'
import { cleanHtml } from './clean.ts'
import { diffLines } from './diff.ts'
import { articleFault } from './errors.ts'
import { requestSaleRefund } from './pay-sale.ts'
import { listPushes, startPush, type PushPlatform } from './push-article.ts'
import { quizRetrySetting } from './quiz.ts'
import { fillBlocks } from './read-article.ts'
import { listPayouts, listSales, soldOf } from './sale-store.ts'
import { decidePayout, incomeOf, readTerms, refundSale, termsSchema, termsSetting } from './sell-article.ts'
import { articleNames, versionNames } from './steps.ts'
import { countsOf, deskTotals, findArticle, findVersion, listDesk, listVersions } from './store.ts'
import { approve, deleteArticle, refuse, republish, restoreVersion, reviewSetting, saveDraft, schedule, submit, unschedule, withdraw, type ArticleParts } from './write-article.ts'

export type ArticleRouteParts = ArticleParts & { workOf(tenantId: number): CommunityWork; push: PushPlatform; payment: PaymentPlatform; nameOf(tenantId: number): string; commentsSetting: string; /** What the editor offers to put in. */ pieces(tx: Tx, tenantId: number): Promise<Record<'cases' | 'playbooks' | 'products', Array<{ id: string; title: string }>>> }

const block = 'community'
const params = z.object({ articleId: z.uuid() })
const version = z.object({ version: z.int().min(1) })
const wrongState = (state: VersionState | ArticleState) => articleFault('article/wrong-state', { state: state in versionNames ? versionNames[state as VersionState] : articleNames[state as ArticleState] })
const gone = (articleId: string) => articleFault('article/not-there', { article: articleId.slice(-6) })
const wrong = (problems: readonly DraftProblem[]) => articleFault('article/wrong', { where: problems[0].where, why: problems[0].zh, whyEn: problems[0].en })

/** The desk of the console: writing, reviewing, publishing, selling. Staff write in the name of the house or of an author. */
export function articleRoutes(parts: ArticleRouteParts): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/articles', right: 'content.write', block, what: 'articles at the desk, last changed first',
      query: z.object({ state: z.enum(['published', 'waiting', 'drafts', 'scheduled', 'gone']).optional(), search: z.string().trim().max(60).optional(), at: z.coerce.number().int().optional(), id: z.uuid().optional() }),
      handle: async ({ tx, tenantId, query }) => {
        const rows = await listDesk(tx, tenantId, { state: query.state, search: query.search || undefined, after: query.at !== undefined && query.id !== undefined ? { at: query.at, id: query.id } : undefined, limit: 51 })
        const last = rows.length > 50 ? rows[49] : undefined
        return { rows: rows.slice(0, 50), next: last ? { at: last.updatedAt, id: last.articleId } : null, totals: await deskTotals(tx, tenantId) }
      },
    }),
    route({
      method: 'GET', path: '/articles/authors', right: 'content.write', block, what: 'in whose name staff may write', query: z.object({ search: z.string().trim().max(40).optional() }),
      handle: async ({ tx, tenantId, query }) => {
        const house = await houseReader(tx, parts.workOf(tenantId), parts.nameOf(tenantId))
        const found = await listReaders(tx, tenantId, { search: query.search, limit: 20 })
        return { house, rows: [...(await readerCards(tx, tenantId, [house, ...found.map((one) => one.readerId)])).values()] }
      },
    }),
    route({ method: 'GET', path: '/articles/pieces', right: 'content.write', block, what: 'cases, playbooks and products that can be put into an article', handle: ({ tx, tenantId }) => parts.pieces(tx, tenantId) }),
    route({
      method: 'GET', path: '/articles/:articleId', right: 'content.write', block, what: 'an article with its latest version, its history and where it was sent', params, query: z.object({ version: z.coerce.number().int().optional() }),
      handle: async ({ tx, tenantId, params: { articleId }, query }) => {
        const article = await findArticle(tx, tenantId, articleId)
        const row = article && (await findVersion(tx, tenantId, articleId, query.version ?? article.latestVersion))
        if (!article || !row) throw gone(articleId)
        const author = (await readerCards(tx, tenantId, [article.authorReaderId])).get(article.authorReaderId)
        const reader = await readerOf(tx, tenantId, article.authorReaderId)
        return {
          article, author, counts: await countsOf(tx, tenantId, articleId), latest: { ...row, text: undefined }, shown: await fillBlocks(tx, tenantId, row.blocks, parts.fillers, reader?.contactMedia ?? null), versions: await listVersions(tx, tenantId, articleId),
          pushes: await listPushes(tx, tenantId, articleId), sold: await soldOf(tx, tenantId, articleId), home: parts.push.homeOf(tenantId, article.slug), canPush: parts.push.accountOfTenant(tenantId) !== undefined,
        }
      },
    }),
    route({
      method: 'GET', path: '/articles/:articleId/diff', right: 'content.write', block, what: 'what changed between two versions', params, query: z.object({ from: z.coerce.number().int(), to: z.coerce.number().int() }),
      handle: async ({ tx, tenantId, params: { articleId }, query }) => {
        const [a, b] = [await findVersion(tx, tenantId, articleId, query.from), await findVersion(tx, tenantId, articleId, query.to)]
        if (!a || !b) throw gone(articleId)
        const head = (row: typeof a): string => [row.title, row.summary, row.topics.map((topic) => `#${topic}`).join(' '), row.priceFeathers === null && row.priceFen === null ? '' : `${row.priceFeathers ?? 0} 羽毛 / ${row.priceFen ?? 0} 分`].filter((line) => line !== '').join('\n')
        return { from: query.from, to: query.to, lines: diffLines(`${head(a)}\n${a.text}`, `${head(b)}\n${b.text}`) }
      },
    }),
    route({
      method: 'POST', path: '/articles/preview', right: 'content.write', block, what: 'a draft as readers would see it, cleaned, without saving it', body: draftInput,
      handle: async ({ tx, tenantId, body }) => {
        const read = await readDraft(tx, tenantId, body)
        if (!read.ok) return { problems: read.problems, dropped: [], blocks: [] }
        return { problems: [], dropped: read.draft.dropped, minutes: read.draft.minutes, summary: read.draft.summary, blocks: await fillBlocks(tx, tenantId, read.draft.blocks, parts.fillers, null) }
      },
    }),
    route({
      method: 'POST', path: '/articles/clean', right: 'content.write', block, what: 'what is left of pasted HTML', body: z.object({ html: z.string().max(2_000_000) }),
      handle: async ({ body }) => cleanHtml(body.html),
    }),
    route({
      method: 'POST', path: '/articles', right: 'content.write', block, audit: 'article.write', what: 'begin an article', body: z.object({ draft: draftInput, authorReaderId: z.uuid().optional() }),
      handle: async ({ tx, tenantId, body, session }) => {
        const work = parts.workOf(tenantId)
        const saved = await saveDraft(tx, work, { staff: session.login, authorReaderId: body.authorReaderId ?? (await houseReader(tx, work, parts.nameOf(tenantId))) }, body.draft, null)
        if (saved.kind === 'wrong') throw wrong(saved.problems)
        if (saved.kind !== 'saved') throw gone('')
        return saved
      },
    }),
    route({
      method: 'PUT', path: '/articles/:articleId', right: 'content.write', block, what: 'save a draft made from a version', params, body: z.object({ draft: draftInput, version: z.int().min(1) }),
      handle: async ({ tx, tenantId, params: { articleId }, body, session }) => {
        const article = await findArticle(tx, tenantId, articleId)
        if (!article) throw gone(articleId)
        const saved = await saveDraft(tx, parts.workOf(tenantId), { staff: session.login, authorReaderId: article.authorReaderId }, body.draft, { articleId, version: body.version })
        if (saved.kind === 'wrong') throw wrong(saved.problems)
        if (saved.kind === 'changed-elsewhere') throw articleFault('article/changed-elsewhere', { latest: saved.latest, by: saved.by.replace(/^staff:/, '').replace(/^reader:.*/, '作者') })
        if (saved.kind !== 'saved') throw gone(articleId)
        return saved
      },
    }),
    route({
      method: 'POST', path: '/articles/:articleId/submit', right: 'content.write', block, audit: 'article.submit', what: 'through the door of conduct', params,
      handle: async ({ tx, tenantId, params: { articleId }, session }) => {
        const done = await submit(tx, parts.workOf(tenantId), parts, { readerId: null, name: session.login }, articleId, null)
        if (done.kind === 'gone') throw gone(articleId)
        if (done.kind === 'wrong-state') throw wrongState(done.state)
        return done
      },
    }),
    route({
      method: 'POST', path: '/articles/:articleId/approve', right: 'content.write', block, audit: 'article.approve', what: "agree to a reader's article; it is published by that", params, body: version,
      handle: async ({ tx, tenantId, params: { articleId }, body, session }) => {
        const done = await approve(tx, parts.workOf(tenantId), parts, { readerId: null, name: session.login }, articleId, body.version)
        if (done.kind === 'gone') throw gone(articleId)
        if (done.kind === 'wrong-state') throw wrongState(done.state)
        return done
      },
    }),
    route({
      method: 'POST', path: '/articles/:articleId/refuse', right: 'content.write', block, audit: 'article.refuse', what: "send a reader's article back with a reason", params, body: version.extend({ reason: z.string().trim().min(1).max(300) }),
      handle: async ({ tx, tenantId, params: { articleId }, body, session }) => {
        const done = await refuse(tx, parts.workOf(tenantId), { readerId: null, name: session.login }, articleId, body.version, body.reason)
        if (done.kind === 'gone') throw gone(articleId)
        if (done.kind === 'wrong-state') throw wrongState(done.state)
        return done
      },
    }),
    route({
      method: 'POST', path: '/articles/:articleId/schedule', right: 'content.write', block, audit: 'article.publish', what: 'publish an approved version, now or at a time', params, body: version.extend({ at: z.int().nullable().default(null) }),
      handle: async ({ tx, tenantId, params: { articleId }, body, clock }) => {
        const done = await schedule(tx, parts.workOf(tenantId), parts, articleId, body.version, body.at ?? clock.now(), null)
        if (done.kind === 'gone') throw gone(articleId)
        if (done.kind === 'wrong-state') throw wrongState(done.state)
        return done
      },
    }),
    ...(['unschedule', 'withdraw', 'republish', 'delete', 'restore'] as const).map((act) => route({
      method: 'POST', path: `/articles/:articleId/${act}`, right: 'content.write', block, audit: `article.${act}`, params, body: z.object({ version: z.int().min(1).optional() }),
      what: { unschedule: 'not at that time after all', withdraw: 'take down; who bought it can still read it', republish: 'show again as it was', delete: 'delete what nobody bought', restore: 'an old version as a new draft' }[act],
      handle: async ({ tx, tenantId, params: { articleId }, body, session }) => {
        const work = parts.workOf(tenantId)
        const at = body.version ?? 0
        const done = act === 'unschedule' ? await unschedule(tx, work, articleId, at) : act === 'withdraw' ? await withdraw(tx, work, articleId, null) : act === 'republish' ? await republish(tx, work, articleId, null)
          : act === 'restore' ? await restoreVersion(tx, work, { readerId: null, name: session.login }, articleId, at) : await deleteArticle(tx, work, articleId, null, await soldOf(tx, tenantId, articleId))
        if (done.kind === 'gone') throw gone(articleId)
        if (done.kind === 'wrong-state') throw wrongState(done.state)
        return done
      },
    })),
    route({
      method: 'POST', path: '/articles/:articleId/push', right: 'content.write', block, audit: 'article.push', what: 'send the published version to the Official Account: images, draft, publication', params,
      handle: async ({ tx, tenantId, params: { articleId }, session }) => {
        const started = await startPush(tx, parts.workOf(tenantId), parts.push, session.login, articleId)
        if (started.kind === 'gone') throw gone(articleId)
        if (started.kind === 'no-account') throw articleFault('article/no-account')
        return started
      },
    }),
    route({
      method: 'GET', path: '/article-sales', right: 'content.write', block, what: 'sales of articles, newest first', query: z.object({ articleId: z.uuid().optional(), at: z.coerce.number().int().optional(), id: z.uuid().optional() }),
      handle: async ({ tx, tenantId, query }) => ({ rows: await listSales(tx, tenantId, { articleId: query.articleId, after: query.at !== undefined && query.id !== undefined ? { at: query.at, id: query.id } : undefined, limit: 50 }) }),
    }),
    route({
      method: 'POST', path: '/article-sales/:saleId/refund', right: 'orders.refund', block, audit: 'article.refund', what: 'give a sale back, whatever the rule says to buyers', params: z.object({ saleId: z.uuid() }), body: z.object({ reason: z.string().trim().min(1).max(80) }),
      handle: async ({ tx, tenantId, params: { saleId }, body, session }) => {
        const work = parts.workOf(tenantId)
        const done = await refundSale(tx, work, { saleId, personId: null, reason: body.reason, hand: session.login })
        if (done.kind === 'refunding') await requestSaleRefund(tx, work, parts.payment, done.sale)
        return done.kind === 'refunding' ? { kind: 'refunding' } : done
      },
    }),
    route({
      method: 'GET', path: '/payouts', right: 'orders.refund', block, what: 'what authors ask to be paid, and what was', query: z.object({ open: z.coerce.boolean().optional() }),
      handle: async ({ tx, tenantId, query }) => {
        const rows = await listPayouts(tx, tenantId, { open: query.open, limit: 200 })
        const cards = await readerCards(tx, tenantId, rows.map((row) => row.readerId))
        return { rows: rows.map((row) => ({ ...row, author: cards.get(row.readerId) })) }
      },
    }),
    route({
      method: 'POST', path: '/payouts/:payoutId', right: 'orders.refund', block, audit: 'payout.decide', what: 'paid, with the number of the transfer; or not, with the reason', params: z.object({ payoutId: z.uuid() }),
      body: z.object({ paid: z.boolean(), proof: z.string().trim().max(80).default(''), reason: z.string().trim().max(200).default('') }),
      handle: ({ tx, tenantId, params: { payoutId }, body, session }) => decidePayout(tx, parts.workOf(tenantId), { payoutId, paid: body.paid, by: session.login, proof: body.proof || null, reason: body.reason || null }),
    }),
    route({
      method: 'GET', path: '/readers/:readerId/income', right: 'orders.refund', block, what: 'the income ledger of an author', params: z.object({ readerId: z.uuid() }),
      handle: async ({ tx, tenantId, params: { readerId }, clock }) => {
        const reader = await readerOf(tx, tenantId, readerId)
        if (!reader) throw gone(readerId)
        return incomeOf(tx, tenantId, reader.personId, clock.now())
      },
    }),
    route({
      method: 'GET', path: '/community/settings', right: 'content.write', block, what: 'how the community works: review, comments, terms of sale, quiz',
      handle: async ({ tx, tenantId }) => ({
        review: (await readSetting<string>(tx, tenantId, reviewSetting)) ?? 'house', comments: (await readSetting<string>(tx, tenantId, parts.commentsSetting)) ?? 'queue', quizRetryMinutes: (await readSetting<number>(tx, tenantId, quizRetrySetting)) ?? 10, terms: await readTerms(tx, tenantId),
      }),
    }),
    route({
      method: 'PUT', path: '/community/settings', right: 'settings.write', block, audit: 'community.settings', what: 'change them',
      body: z.object({ review: z.enum(['house', 'none']).optional(), comments: z.enum(['queue', 'convention']).optional(), quizRetryMinutes: z.int().min(0).max(1440).optional(), terms: termsSchema.optional() }),
      handle: async ({ tx, tenantId, body, clock }) => {
        const now = clock.now()
        if (body.review) await writeSetting(tx, tenantId, reviewSetting, body.review, now)
        if (body.comments) await writeSetting(tx, tenantId, parts.commentsSetting, body.comments, now)
        if (body.quizRetryMinutes !== undefined) await writeSetting(tx, tenantId, quizRetrySetting, body.quizRetryMinutes, now)
        if (body.terms) await writeSetting(tx, tenantId, termsSetting, body.terms, now)
        return { ok: true }
      },
    }),
    route({
      method: 'GET', path: '/article-sales.csv', right: 'orders.export', block, what: 'sales of articles as a file',
      handle: async ({ tx, tenantId, simulated }) => {
        const rows = await listSales(tx, tenantId, { limit: 10_000 })
        const lines = [...(simulated ? ['模拟'] : []), '购买编号,文章,羽毛,金额分,作者羽毛,作者分,状态,付款时间', ...rows.map((row) => csvLine([row.saleId, row.title, row.feathers, row.amountFen, row.authorFeathers, row.authorFen, row.state, row.paidAt === null ? '' : shanghaiRfc3339(row.paidAt)]))]
        return new FileAnswer(`${simulated ? '模拟-' : ''}付费文章.csv`, 'text/csv; charset=utf-8', csvFile(lines))
      },
    }),
  ]
}
