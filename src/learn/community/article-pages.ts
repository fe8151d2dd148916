import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { html, httpFault, pageRoute, type AnyPageCall, type AnyPageRoute, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { answerQuiz, buy, quoteSale, readArticle, type ArticleView } from '../../retain/article/index.ts'
import { comment, favourite, finishRead, follow, listThread, openShare, rate, report, reportReasons, share } from '../../retain/discussion/index.ts'
import type { Actor } from '../../retain/reader/index.ts'
import { findPlaybook } from '../playbook/index.ts'
import { articlePage, confirmBuy, type After } from './article-view.ts'
import { authorLink } from './cards.ts'
import { enquiryShape, makeEnquiry } from './enquiry.ts'
import { cursorOf, cursorText } from './home-pages.ts'
import { page, said } from './layout.ts'
import { qrPicture } from './qr.ts'
import { notNow } from './refusals.ts'
import { count, enterRoom, featherWord, minuteOf, priceWord, signInUrl, timeTag, wayBack, type CommunityParts, type Room } from './room.ts'

const slug = z.string().regex(/^[0-9a-zA-Z_-]{1,80}$/)
const params = z.object({ article: slug })
const onOff = z.object({ on: z.enum(['yes', 'no']) })

export const missing = (call: AnyPageCall) => httpFault('http/not-found', { path: call.path.split('?')[0] })

type Scene = { tx: Tx; room: Room; actor: Actor; article: ArticleView; here: string }
export type Outcome = { go: string } | After

export function articlePages(parts: CommunityParts): AnyPageRoute[] {
  /** An act of a signed-in reader on an article: whoever is not signed in is asked to, and comes back. */
  const act = <F extends z.ZodType>(path: string, what: string, perMinute: number, form: F, work: (scene: Scene, given: z.output<F>) => Promise<Outcome>): AnyPageRoute =>
    pageRoute({
      method: 'POST', path: `/a/:article/${path}`, what, perMinute, params, form,
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        const here = `${room.base}/a/${call.params.article}`
        if (room.actor === null) return { kind: 'go', to: signInUrl(room, here) }
        const article = await readArticle(tx, call.tenantId, { slug: call.params.article }, room.actor, parts.article)
        if (article === undefined) throw missing(call)
        const outcome = await work({ tx, room, actor: room.actor, article, here }, call.form as z.output<F>)
        if ('go' in outcome) return { kind: 'go', to: outcome.go }
        // What was done changes what the page shows of the reader, so it is asked again.
        const fresh = await enterRoom(tx, parts, call)
        const answer = await articlePage(tx, parts, fresh, call.params.article, {}, outcome)
        if (answer === undefined) throw missing(call)
        return answer
      }),
    })
  const gone = (room: Room): After => ({ note: room.t('这篇文章不在了。', 'This article is not there any more.'), kind: 'warn' })

  return [
    pageRoute({
      method: 'GET', path: '/a/:article', what: 'an article', perMinute: 240, params, query: z.object({ s: z.string().max(80).optional(), after: z.string().max(80).optional(), done: z.string().max(20).optional() }),
      handle: (call) => call.tx(async (tx) => {
        const room = await enterRoom(tx, parts, call)
        const answer = await articlePage(tx, parts, room, call.params.article, call.query, doneWord(room, call.query.done))
        if (answer === undefined) throw missing(call)
        return answer
      }),
    }),

    pageRoute({
      method: 'GET', path: '/a/:article/playbook/:playbookId', what: 'the playbook file of an article, for who may read the part it stands in', perMinute: 30, params: params.extend({ playbookId: z.uuid() }),
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        const article = await readArticle(tx, call.tenantId, { slug: call.params.article }, room.actor, parts.article)
        const held = article?.blocks.some((block) => block.type === 'playbook' && block.playbookId === call.params.playbookId)
        const playbook = held ? await findPlaybook(tx, call.tenantId, call.params.playbookId) : undefined
        if (playbook === undefined) throw missing(call)
        return { kind: 'file', contentType: 'application/json; charset=utf-8', content: JSON.stringify(playbook.file, null, 2), maxAge: 0 }
      }),
    }),

    pageRoute({
      method: 'GET', path: '/s/:token', what: 'a shared link', perMinute: 240, params: z.object({ token: z.string().max(80) }),
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const found = await openShare(tx, call.tenantId, call.params.token)
        return { kind: 'go', to: found === undefined ? `/c/${call.slug}` : `/c/${call.slug}/a/${found.slug}?s=${encodeURIComponent(call.params.token)}` }
      }),
    }),

    pageRoute({
      method: 'POST', path: '/a/:article/read', what: 'read to the end', perMinute: 120, params, form: z.object({ read: z.string().max(2000), quiet: z.string().optional() }),
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        const result = await finishRead(tx, room.work, parts.discussion, { ticket: call.form.read, depth: 1, actor: room.actor })
        if (call.form.quiet === undefined) return { kind: 'go', to: `${room.base}/a/${call.params.article}?done=${result.kept ? 'read' : 'too-fast'}` }
        return { kind: 'file', contentType: 'application/json; charset=utf-8', content: JSON.stringify({ kept: result.kept }), maxAge: 0 }
      }),
    }),

    act('quiz', 'answer the questions', 30, z.record(z.string().max(80), z.union([z.string().max(200), z.array(z.string().max(200))])), async ({ tx, room, actor, article }, given) => {
      const { t } = room
      const answers = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (name.startsWith('q.') && typeof value === 'string' && /^\d{1,2}$/.test(value) ? [[name.slice(2), Number(value)]] : [])))
      const result = await answerQuiz(tx, room.work, parts.article, actor, { articleId: article.articleId, answers })
      switch (result.kind) {
        case 'right':
          return { kind: 'ok', note: result.first ? t('答对了，羽毛记上了。', 'Right; the feathers are booked.') : t('答对了。以前答对过，不再加羽毛。', 'Right again; feathers come once.') }
        case 'wrong': {
          const sections = [...new Set(result.wrong.map((one) => one.section).filter((n) => n > 0))]
          return { kind: 'warn', note: t(`${sections.length > 0 ? `再读一遍第 ${sections.join('、')} 节` : '再读一遍'}，${minuteOf(room, result.retryAt)} 后可再答。`, `${sections.length > 0 ? `Read section ${sections.join(', ')} once more` : 'Read it once more'}; you may answer again after ${minuteOf(room, result.retryAt)}.`) }
        }
        case 'too-soon':
          return { kind: 'warn', note: t(`${minuteOf(room, result.retryAt)} 后可再答。`, `You may answer again after ${minuteOf(room, result.retryAt)}.`) }
        case 'not-now':
          return { kind: 'warn', note: notNow(room, result, `${room.base}/a/${article.slug}`) }
        default:
          return { kind: 'warn', note: t('这篇没有你能答的题。', 'There is no question here for you.') }
      }
    }),

    act('rate', 'rate an article', 60, z.object({ stars: z.coerce.number().int().min(1).max(5) }), async ({ tx, room, actor, article, here }, { stars }) => {
      const result = await rate(tx, room.work, parts.discussion, actor, { articleId: article.articleId, stars })
      if (result.kind === 'rated') return { kind: 'ok', note: room.t(`记下了：${result.mine} 分。随时可改。`, `Noted: ${result.mine} of 5. You can change it.`) }
      if (result.kind === 'not-now') return { kind: 'warn', note: notNow(room, result, here) }
      return result.kind === 'own' ? { kind: 'warn', note: room.t('自己的文章不评分。', 'One does not rate one’s own.') } : gone(room)
    }),

    act('favourite', 'keep an article', 60, onOff, async ({ tx, room, actor, article }, { on }) => {
      const result = await favourite(tx, room.work, actor, { articleId: article.articleId, on: on === 'yes' })
      return result.kind === 'gone' ? gone(room) : { kind: 'ok', note: on === 'yes' ? room.t('收藏了，在“我的”里。', 'Kept; it is under “Me”.') : room.t('不再收藏。', 'No longer kept.') }
    }),

    act('follow', 'follow its author', 60, onOff, async ({ tx, room, actor, article }, { on }) => {
      const result = await follow(tx, room.work, actor, { authorId: article.author.readerId, on: on === 'yes' })
      if (result.kind !== 'done') return gone(room)
      return { kind: 'ok', note: on === 'yes' ? room.t(`关注了${article.author.name}。`, `You follow ${article.author.name}.`) : room.t(`不再关注${article.author.name}。`, `You no longer follow ${article.author.name}.`) }
    }),

    act('comment', 'comment on an article', 20, z.object({ text: z.string().max(20_000), parent: z.uuid().optional() }), async ({ tx, room, actor, article, here }, { text, parent }) => {
      const { t } = room
      const result = await comment(tx, room.work, parts.discussion, actor, { articleId: article.articleId, parentId: parent ?? null, text })
      const kept = { comment: text, replyTo: parent }
      switch (result.kind) {
        case 'pending':
          return { kind: 'ok', note: t('收到。审核通过后别人就能看到，通过了会记羽毛。', 'Received. Others see it once it was looked at, and the feathers come then.') }
        case 'approved':
          return { kind: 'ok', note: t('发出了。', 'Sent.') }
        case 'rejected':
          return { kind: 'warn', note: html`${t(`没有发出：${result.zh}`, `Not sent: ${result.en}`)}${result.rule === null ? '' : t(`（依据：${result.rule}）`, ` (rule ${result.rule})`)} <a href="${`${room.base}/convention`}">${t('看公约', 'The convention')}</a>`, ...kept }
        case 'not-now':
          return { kind: 'warn', note: notNow(room, result, here), ...kept }
        case 'too-long':
          return { kind: 'warn', note: t(`最多 ${count(result.most)} 字，你写了 ${count(Array.from(text).length)}。删短些再发，字都还在。`, `At most ${count(result.most)} characters, you wrote ${count(Array.from(text).length)}. Your text is still there.`), ...kept }
        case 'empty':
          return { kind: 'warn', note: t('还没写字。', 'Nothing was written.') }
        default:
          return gone(room)
      }
    }),

    act('share', 'make a link of one’s own', 30, z.object({}), async ({ tx, room, actor, article, here }) => {
      const result = await share(tx, room.work, parts.discussion, actor, { articleId: article.articleId })
      if (result.kind === 'shared') return { go: `${here}?s=${encodeURIComponent(result.token)}#share` }
      return result.kind === 'not-now' ? { kind: 'warn', note: notNow(room, result, here) } : gone(room)
    }),

    pageRoute({
      method: 'GET', path: '/a/:article/buy', what: 'what is bought and for how much', perMinute: 60, params,
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        const here = `${room.base}/a/${call.params.article}`
        if (room.actor === null) return { kind: 'go', to: signInUrl(room, `${here}/buy`) }
        const article = await readArticle(tx, call.tenantId, { slug: call.params.article }, room.actor, parts.article)
        if (article === undefined) throw missing(call)
        const quote = await quoteSale(tx, room.work, { payReady: parts.pay.accountsOf(call.tenantId) !== undefined }, room.actor, article.articleId)
        if (quote.kind !== 'quote') return { kind: 'go', to: here }
        return page(room, { title: article.title }, html`<section class="card">${confirmBuy(room, call.params.article, quote)}</section>${quote.short > 0 ? html`<section class="card"><h2>${room.t('怎么得羽毛', 'How to earn feathers')}</h2>${earnList(room, quote.waysToEarn)}</section>` : ''}`)
      }),
    }),

    act('buy', 'buy an article', 20, z.object({ by: z.enum(['feathers', 'money']), expected: z.coerce.number().int().min(0) }), async ({ tx, room, actor, article, here }, { by, expected }) => {
      const { t } = room
      const result = await buy(tx, room.work, { pay: parts.pay.accountsOf(room.call.tenantId) }, actor, { articleId: article.articleId, by, expected })
      switch (result.kind) {
        case 'bought':
          return { go: `${here}?done=bought#paid` }
        case 'pay':
          return { go: `${here}/pay/${result.saleId}` }
        case 'short':
          return { kind: 'warn', note: html`${t(`你有 ${count(result.balance)} 羽毛，还差 ${count(result.short)}。可以这样得：`, `You have ${featherWord(room, result.balance)}, ${count(result.short)} short. Ways to earn:`)}${earnList(room, result.waysToEarn)}` }
        case 'price-changed':
          return { kind: 'warn', note: t(`价格变了，现在是 ${priceWord(room, result.price)}。没有扣羽毛，看好再买。`, `The price changed to ${priceWord(room, result.price)}. Nothing was taken.`) }
        case 'no-pay':
          return { kind: 'warn', note: t('店里还没接微信支付，暂时只能用羽毛买。', 'The shop has no WeChat Pay yet.') }
        case 'gone':
          return gone(room)
        default:
          return { go: here }
      }
    }),

    pageRoute({
      method: 'GET', path: '/a/:article/pay/:sale', what: 'a code to pay an article with', perMinute: 20, params: z.object({ article: slug, sale: z.uuid() }),
      async handle(call): Promise<PageAnswer> {
        const room = await call.tx((tx) => enterRoom(tx, parts, call))
        const here = `${room.base}/a/${call.params.article}`
        if (room.actor === null) return { kind: 'go', to: signInUrl(room, here) }
        const pay = await parts.pay.start(call.tenantId, room.actor, call.params.sale, room.now)
        // Paid meanwhile, or given up: the article says which.
        if (pay.kind !== 'native') return { kind: 'go', to: here }
        const { t } = room
        return page(room, { title: t('付款', 'Pay') }, html`<h1>${t('用微信扫码付款', 'Scan with WeChat to pay')}</h1><section class="card row"><div class="qr">${qrPicture(pay.codeUrl, t('付款码', 'Code to pay with'))}</div><p class="grow">${t('付好以后回到文章，全文就在。单子留 15 分钟。', 'After paying go back to the article; the whole text is there. The order is kept for 15 minutes.')}<br><a href="${here}">${t('我付好了', 'I have paid')}</a></p></section>`)
      },
    }),

    pageRoute({
      method: 'POST', path: '/a/:article/enquire', what: 'ask the merchant', perMinute: 6, params, form: enquiryShape.extend({ s: z.string().max(80).optional() }),
      handle: (call) => call.tx(async (tx) => {
        const room = await enterRoom(tx, parts, call)
        const article = await readArticle(tx, call.tenantId, { slug: call.params.article }, room.actor, parts.article)
        if (article === undefined) throw missing(call)
        const { s, ...asked } = call.form
        await makeEnquiry(tx, parts, { tenantId: call.tenantId, now: room.now, enquiryId: call.ids.next(), articleId: article.articleId, actor: room.actor, shareToken: s }, asked)
        return (await articlePage(tx, parts, room, call.params.article, {}, { kind: 'ok', note: room.t('收到，店里会联系你。', 'Received; the shop will get in touch.') }))!
      }),
    }),

    pageRoute({
      method: 'GET', path: '/a/:article/t/:root', what: 'one thread of comments', perMinute: 240, params: z.object({ article: slug, root: z.uuid() }), query: z.object({ after: z.string().max(80).optional() }),
      handle: (call) => call.tx(async (tx) => {
        const room = await enterRoom(tx, parts, call)
        const { t, base } = room
        const here = `${base}/a/${call.params.article}`
        const article = await readArticle(tx, call.tenantId, { slug: call.params.article }, room.actor, parts.article)
        if (article === undefined) throw missing(call)
        const thread = await listThread(tx, call.tenantId, { rootId: call.params.root, viewer: room.actor?.readerId ?? null, after: cursorOf(call.query.after), limit: 50 })
        return page(room, { title: article.title }, html`<p class="meta"><a href="${here}">${article.title}</a></p><h1>${t('一条评论和它的回复', 'A comment and its replies')}</h1>
${thread.rows.map((row) => html`<div class="comment" id="${`c-${row.commentId}`}"><p class="who"><b>${authorLink(room, row.author)}</b>${row.answers === null ? '' : html`<span>${t('回复 ', 'to ')}${row.answers.name}</span>`}<span>${timeTag(room, row.createdAt)}</span></p><p>${row.text}</p></div>`)}
${thread.next === null ? '' : html`<p><a class="btn plain" rel="next" href="${`${here}/t/${call.params.root}?after=${cursorText(thread.next)}`}">${t('后面的', 'More')}</a></p>`}`)
      }),
    }),

    pageRoute({
      method: 'POST', path: '/report', what: 'report something', perMinute: 20,
      form: z.object({ kind: z.enum(['article', 'comment', 'profile']), id: z.uuid(), reason: z.enum(reportReasons), detail: z.string().max(500).default(''), back: z.string().max(300) }),
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        const { t } = room
        const back = wayBack(room, call.form.back)
        if (room.actor === null) return { kind: 'go', to: signInUrl(room, back) }
        const result = await report(tx, room.work, parts.discussion, room.actor, { pieceKind: call.form.kind, pieceId: call.form.id, reason: call.form.reason, detail: call.form.detail })
        const note: Part = result.kind === 'reported' ? t('收到，有人会来看。结果在公示里看得到总数。', 'Received; somebody will look. The totals are on the transparency page.') : result.kind === 'again' ? t('你已经举报过了。', 'You reported this before.') : result.kind === 'not-now' ? notNow(room, result, back) : t('它已经不在了。', 'It is not there any more.')
        return page(room, { title: t('举报', 'Report') }, html`${said(note, result.kind === 'reported' ? 'ok' : 'warn')}<h1>${t('举报', 'Report')}</h1><p><a href="${back}">${t('回到刚才那页', 'Back')}</a></p>`)
      }),
    }),
  ]
}

export const earnList = (room: Room, ways: ReadonlyArray<{ zh: string; en: string; feathers: number }>): Part => html`<ul class="lines">${ways.map((way) => html`<li class="row apart"><span>${room.t(way.zh, way.en)}</span><span>+${way.feathers}</span></li>`)}</ul>`

function doneWord(room: Room, done: string | undefined): After {
  const { t } = room
  switch (done) {
    case 'bought':
      return { kind: 'ok', note: t('买好了，全文在下面，以后也在“买过的”里。', 'Bought; the whole text is below and stays under “Bought”.') }
    case 'read':
      return { kind: 'ok', note: t('记下了，你读完了这篇。', 'Noted: you have read it.') }
    case 'too-fast':
      return { kind: 'warn', note: t('这次没记：不到读完的时间，或者以前记过。', 'Not noted: too soon to have been read, or noted before.') }
    default:
      return {}
  }
}
