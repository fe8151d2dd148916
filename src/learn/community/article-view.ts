import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { html, trusted, type Markup, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { authorPage, quoteSale, readArticle, relatedArticles, type ArticleCard, type ArticleView, type ShownBlock } from '../../retain/article/index.ts'
import { beginRead, listComments, mineOf, openShare, reportReasons, type CommentView, type ReportReason } from '../../retain/discussion/index.ts'
import { offersShown } from './shop-pages.ts'
import { articleList, authorLink, caseCard, face, ratingWord } from './cards.ts'
import { enquiryForm } from './enquiry.ts'
import { cursorOf, cursorText } from './home-pages.ts'
import { page, said } from './layout.ts'
import { count, dayOf, featherWord, form, imageUrl, joined, minuteOf, priceWord, shorten, signInUrl, stars, timeTag, yuan, type CommunityParts, type Room } from './room.ts'
import { qrPicture } from './qr.ts'

/** What an act on an article left behind: a sentence on top, and what was typed and could not be taken. */
export type After = { note?: Part; kind?: 'ok' | 'warn'; comment?: string; replyTo?: string; status?: number }
export type ArticleQuery = { s?: string; after?: string; thread?: string }

const reasonNames: Record<ReportReason, [zh: string, en: string]> = {
  illegal: ['违法违规', 'illegal'], unfriendly: ['不友善', 'unfriendly'], spam: ['垃圾广告', 'spam'], vulgar: ['色情低俗', 'vulgar'], false: ['不实信息', 'false'], superstition: ['封建迷信', 'superstition'], clickbait: ['标题党', 'clickbait'],
  'fan-club': ['饭圈乱象', 'fan-club conduct'], minors: ['伤到未成年人', 'harm to minors'], copyright: ['侵权', 'copyright'], other: ['其他危害', 'other harm'],
}

/** What the page of an article is drawn from. */
export type ArticleScene = {
  article: ArticleView
  mine: Awaited<ReturnType<typeof mineOf>>
  author: Awaited<ReturnType<typeof authorPage>>
  comments: Awaited<ReturnType<typeof listComments>>
  related: ArticleCard[]
  offers: Array<{ title: string; feathers: number }>
  quote: Awaited<ReturnType<typeof quoteSale>> | undefined
  /** Address of a code of the merchant's. */
  code: string | null
  /** Of a read that begins with this page. */
  ticket: string | undefined
  /** The token of the share it was opened by, and whether it is the reader's own. */
  share: { token: string; own: boolean } | undefined
}

/** The whole page of one article; undefined when there is none to show. */
export async function articlePage(tx: Tx, parts: CommunityParts, room: Room, slug: string, query: ArticleQuery, after: After = {}): Promise<PageAnswer | undefined> {
  const { call, actor } = room
  const { tenantId } = call
  const article = await readArticle(tx, tenantId, { slug }, actor, parts.article)
  if (article === undefined || article.state === 'removed' || article.state === 'deleted' || (article.state !== 'published' && !article.mine)) return undefined
  const { articleId } = article
  const shared = query.s === undefined ? undefined : await openShare(tx, tenantId, query.s)
  return drawArticle(room, {
    article,
    mine: actor ? await mineOf(tx, tenantId, actor.readerId, articleId) : { stars: null, favourite: false, follows: false, keptRead: false, reported: false },
    author: await authorPage(tx, tenantId, article.author.readerId),
    comments: await listComments(tx, tenantId, { articleId, viewer: actor?.readerId ?? null, after: cursorOf(query.after), limit: 20, answers: 3 }),
    related: await relatedArticles(tx, tenantId, articleId, 4),
    offers: (await offersShown(tx, tenantId)).slice(0, 3),
    quote: article.locked !== null && actor ? await quoteSale(tx, room.work, { payReady: parts.pay.accountsOf(tenantId) !== undefined }, actor, articleId) : undefined,
    code: await enquiryForm.codeFor(tx, parts, tenantId, article.slug),
    // A page that answers a form is no read.
    ticket: article.state === 'published' && after.note === undefined ? (await beginRead(tx, room.work, parts.discussion, { articleId, deviceKey: call.deviceKey, surface: 'web', shareToken: shared === undefined ? undefined : query.s }))?.ticket : undefined,
    share: shared === undefined ? undefined : { token: query.s!, own: shared.readerId === actor?.readerId },
  }, after)
}

export function drawArticle(room: Room, scene: ArticleScene, after: After = {}): PageAnswer {
  const { call, t, actor, base } = room
  const { article, mine, author, comments, related, offers, quote, code, ticket, share } = scene
  const here = `/a/${article.slug}`
  const pay = article.locked === null ? undefined : buyCard(room, article, quote)

  const image = article.cover === null ? undefined : imageUrl(room, article.cover)
  const description = article.summary === '' ? shorten(plain(article), 120) : article.summary
  const data = {
    '@context': 'https://schema.org', '@type': 'Article', headline: article.title, description, datePublished: shanghaiRfc3339(article.publishedAt), dateModified: shanghaiRfc3339(article.updatedAt),
    author: { '@type': article.author.kind === 'house' ? 'Organization' : 'Person', name: article.author.name, url: `${call.origin}${base}/u/${article.author.readerId}` },
    publisher: { '@type': 'Organization', name: call.tenantName }, mainEntityOfPage: `${call.origin}${base}${here}`, inLanguage: 'zh-CN', ...(image ? { image: call.origin + image } : {}),
    ...(article.counts.ratings > 0 ? { interactionStatistic: { '@type': 'InteractionCounter', interactionType: 'https://schema.org/LikeAction', userInteractionCount: article.counts.ratings } } : {}),
    isAccessibleForFree: article.price === null, ...(article.price === null ? {} : { hasPart: { '@type': 'WebPageElement', isAccessibleForFree: false, cssSelector: '.paid' } }),
  }
  const coverBlock = article.cover === null ? undefined : article.blocks.find((block) => block.type === 'image' && block.sha256 === article.cover)
  const body = html`
${said(after.note, after.kind ?? '')}
<article${ticket === undefined ? '' : html` data-kept="${ticket}" data-tell="${`${base}${here}/read`}" data-token="${call.csrf}" data-least="${Math.max(8, article.minutes * 15) + 1}"`}>
<h1 class="title">${article.title}</h1>
<p class="meta"><span>${timeTag(room, article.publishedAt)}</span><span>${t(`读 ${article.minutes} 分钟`, `${article.minutes} min read`)}</span>${article.topics.map((topic) => html`<a href="${`${base}?topic=${encodeURIComponent(topic)}`}">${topic}</a>`)}${article.failedCase ? html`<span class="badge soft">${t('没成的案例', 'a case that failed')}</span>` : ''}${article.state === 'published' ? '' : html`<span class="badge">${t('还没公开，只有你看得到', 'not public, only you see it')}</span>`}</p>
${authorCard(room, article, author?.articles ?? 0, mine.follows, here)}
${image === undefined ? '' : html`<figure><img src="${image}" alt="${coverBlock?.type === 'image' ? coverBlock.alt : ''}" width="${coverBlock?.type === 'image' ? coverBlock.width : 1200}" height="${coverBlock?.type === 'image' ? coverBlock.height : 675}">${coverBlock?.type === 'image' && coverBlock.source !== '' ? html`<figcaption>${imageSource(room, coverBlock)}</figcaption>` : ''}</figure>`}
<div class="prose">${bodyOf(room, article)}</div>
<div id="end"></div>
${pay ?? ''}
</article>
${article.locked === null && ticket !== undefined && actor !== null && !mine.keptRead ? html`<div class="no-js" id="readdone">${form(room, `${here}/read`, html`<input type="hidden" name="read" value="${ticket}"><button class="btn plain">${t('我读完了', 'I have read it')}</button>`)}</div>` : ''}
${quizSection(room, article, here)}
${ratingSection(room, article, mine, here)}
${shareSection(room, here, share?.own === true ? share.token : undefined)}
${enquiryForm.section(room, article, author?.contactMedia ?? null, code, share?.token)}
${commentSection(room, article, comments, here, after)}
${offers.length === 0 ? '' : html`<section><h2>${t('羽毛可以换', 'For feathers')}</h2><ul class="lines">${offers.map((offer) => html`<li class="row apart"><span>${offer.title}</span><a href="${`${base}/shop`}">${featherWord(room, offer.feathers)}</a></li>`)}</ul></section>`}
${related.length === 0 ? '' : html`<section><h2>${t('接着读', 'Read next')}</h2>${articleList(room, related, '')}</section>`}
${reportSection(room, { kind: 'article', id: article.articleId }, here, mine.reported)}`
  return page(room, { title: article.title, description, canonical: article.state === 'published' ? here : undefined, image, kind: 'article', publishedAt: shanghaiRfc3339(article.publishedAt), author: article.author.name, data, status: after.status }, body)
}

function plain(article: ArticleView): string {
  return article.blocks.map((block) => (block.type === 'text' ? block.html.replace(/<[^>]*>/g, ' ') : '')).join(' ').replace(/&[a-z#0-9]+;/gi, ' ')
}

const imageSource = (room: Room, image: { source: string; licence: string }): Part => joined([room.t(`图片来源：${image.source}`, `Image: ${image.source}`), image.licence === '' ? null : image.licence], ' · ')

function authorCard(room: Room, article: ArticleView, articles: number, follows: boolean, here: string): Markup {
  const { t, actor } = room
  return html`<div class="author card" id="author">${face(room, article.author)}<div class="who"><b>${authorLink(room, article.author)}</b><span>${article.author.bio === '' ? '' : html`${article.author.bio} · `}${t(`发表 ${count(articles)} 篇`, `${count(articles)} published`)}</span></div>${article.mine || article.author.gone ? '' : form(room, `${here}/follow`, html`<button class="btn plain" name="on" value="${follows ? 'no' : 'yes'}" aria-pressed="${follows ? 'true' : 'false'}">${follows ? t('已关注', 'Following') : t('关注', 'Follow')}</button>`, actor ? 'author' : undefined)}</div>`
}

function bodyOf(room: Room, article: ArticleView): Part[] {
  const section = { n: 0 }
  return article.blocks.filter((block) => !(block.type === 'image' && block.sha256 === article.cover)).map((block) => blockOf(room, article, block, section))
}

function blockOf(room: Room, article: ArticleView, block: ShownBlock, section: { n: number }): Part {
  const { t } = room
  switch (block.type) {
    case 'text':
      // The server has cleaned this text when it was kept; here its headings get their numbers.
      return trusted(block.html.replace(/<h2\b[^>]*>/g, () => `<h2 id="s${++section.n}" data-part><span class="no">${section.n}</span>`))
    case 'image':
      return html`<figure data-part><img src="${imageUrl(room, block.sha256)}" alt="${block.alt}" width="${block.width}" height="${block.height}" loading="lazy">${block.source === '' && block.licence === '' ? '' : html`<figcaption>${imageSource(room, block)}</figcaption>`}</figure>`
    case 'case':
      return block.filled === null ? html`<p class="note">${t('这里的案例已经收回，数字不再公开。', 'The case shown here was withdrawn; its figures are no longer public.')}</p>` : caseCard(room, block.filled)
    case 'playbook':
      return html`<section class="card paid" data-part><h3>${t('打法', 'Playbook')}</h3>${block.filled === null ? html`<p>${t('打法文件不在了。', 'The playbook is not there any more.')}</p>` : html`<p><b>${block.filled.title}</b>，${t(`${block.filled.steps} 步，签名：${block.filled.signedBy}。`, `${block.filled.steps} steps, signed by ${block.filled.signedBy}.`)}</p><p class="small">${t('先试算，看它会改什么，再用上；用上后能整个撤回。', 'Try it first to see what it would change, then apply it; all of it can be undone.')}</p><p class="acts"><a class="btn" href="${`${room.base}/a/${article.slug}/playbook/${block.playbookId}`}" download>${t('下载打法文件', 'Download the file')}</a></p>`}</section>`
    case 'product':
      return block.filled === null ? '' : html`<p class="card" data-part><a href="${`/shop/${room.call.slug}#/product/${block.productId}`}"><b>${block.filled.title}</b></a> ${t(`${yuan(block.filled.fromFen)} 起`, `from ${yuan(block.filled.fromFen)}`)}${block.filled.soldOut ? t('，这会儿没货', ', sold out') : ''}</p>`
    case 'mini':
      return html`<p class="card" data-part><b>${block.title}</b><br><span class="small">${t('小程序卡片，在微信里打开。', 'A mini program card; opens in WeChat.')}</span></p>`
    case 'contact':
      return html`<aside class="card row" data-part>${block.sha256 === null ? '' : html`<img class="qr" src="${imageUrl(room, block.sha256)}" alt="${t('作者的二维码', "The author's code")}" width="160" height="160">`}<p class="grow">${block.text}</p></aside>`
    case 'quiz':
      return ''
  }
}

/** The paid part: what remains, what it costs, and the dialog that names title and price, with a way out. */
function buyCard(room: Room, article: ArticleView, quote: Awaited<ReturnType<typeof quoteSale>> | undefined): Markup {
  const { t, base } = room
  const { price, words } = article.locked!
  const here = `/a/${article.slug}`
  const rest = t(`余下约 ${count(words)} 字，${priceWord(room, price)}。`, `About ${count(words)} more characters, ${priceWord(room, price)}.`)
  let acts: Part
  if (room.actor === null) acts = html`<p class="acts"><a class="btn" href="${signInUrl(room, base + here)}">${t('登录后买', 'Sign in to buy')}</a></p>`
  else if (quote?.kind === 'quote' && price.feathers !== null && quote.short > 0) {
    acts = html`<p>${t(`你有 ${count(quote.balance)}，还差 ${count(quote.short)}。`, `You have ${count(quote.balance)}, ${count(quote.short)} short.`)}</p>
<details><summary>${t('怎么得', 'How to earn')}</summary><ul class="lines">${quote.waysToEarn.map((way) => html`<li class="row apart"><span>${t(way.zh, way.en)}</span><span>+${way.feathers}</span></li>`)}</ul></details>${price.fen === null ? '' : html`<p class="acts"><a class="btn plain" href="${`${base}${here}/buy`}" data-dialog="buy">${t(`付 ${yuan(price.fen)}`, `Pay ${yuan(price.fen)}`)}</a></p>`}`
  } else acts = html`${quote?.kind === 'quote' && price.feathers !== null ? html`<p>${t(`你有 ${count(quote.balance)}，够。`, `You have ${count(quote.balance)}, enough.`)}</p>` : ''}<p class="acts"><a class="btn wide" href="${`${base}${here}/buy`}" data-dialog="buy">${t('买下全文', 'Buy it')}</a></p>`
  return html`<section class="card paid" id="paid"><h2>${rest}</h2>${acts}</section>${quote?.kind === 'quote' ? html`<dialog id="buy" aria-labelledby="buy-title">${confirmBuy(room, article.slug, quote)}</dialog>` : ''}`
}

/** What is bought and for how much, asked once; the same words in the dialog and on the page without a script. */
export function confirmBuy(room: Room, slug: string, quote: Extract<Awaited<ReturnType<typeof quoteSale>>, { kind: 'quote' }>): Markup {
  const { t, base } = room
  const { feathers, fen } = quote.price
  return html`<h2 id="buy-title">${t(`买《${quote.title}》的全文？`, `Buy the whole of “${quote.title}”?`)}</h2>
<p>${t(`价格：${priceWord(room, quote.price)}。`, `Price: ${priceWord(room, quote.price)}.`)}${feathers !== null && quote.short === 0 ? t(`你有 ${count(quote.balance)} 羽毛，买后剩 ${count(quote.balance - feathers)}。`, ` You have ${featherWord(room, quote.balance)}, ${count(quote.balance - feathers)} remain.`) : ''}${feathers !== null && quote.short > 0 ? t(`你有 ${count(quote.balance)} 羽毛，还差 ${count(quote.short)}。`, ` You have ${featherWord(room, quote.balance)}, ${count(quote.short)} short.`) : ''}</p>
<div class="acts">${feathers !== null && quote.short === 0 ? form(room, `/a/${slug}/buy`, html`<input type="hidden" name="by" value="feathers"><input type="hidden" name="expected" value="${feathers}"><button class="btn">${t(`用 ${feathers} 羽毛买`, `Buy for ${feathers} feathers`)}</button>`) : ''}${fen === null ? '' : form(room, `/a/${slug}/buy`, html`<input type="hidden" name="by" value="money"><input type="hidden" name="expected" value="${fen}"><button class="btn${feathers !== null && quote.short === 0 ? ' plain' : ''}">${t(`付 ${yuan(fen)}`, `Pay ${yuan(fen)}`)}</button>`)}<a class="btn plain" href="${`${base}/a/${slug}`}" data-close>${t('先不买', 'Not now')}</a></div>`
}

function quizSection(room: Room, article: ArticleView, here: string): Markup | '' {
  const { t } = room
  const { quiz } = article
  if (quiz === null) return ''
  const questions = article.blocks.filter((block): block is Extract<ShownBlock, { type: 'quiz' }> => block.type === 'quiz')
  let inner: Part
  if (quiz.passedAt !== null) inner = html`<p>${t(`${dayOf(room, quiz.passedAt)}答对了。`, `Answered right on ${dayOf(room, quiz.passedAt)}.`)}</p>`
  else if (quiz.locked || questions.length === 0) inner = html`<p>${t('题目在买后的部分里。', 'The questions are in the part that is bought.')}</p>`
  else if (room.actor === null) inner = html`<p><a href="${signInUrl(room, room.base + here)}">${t('登录后答题', 'Sign in to answer')}</a></p>`
  else if (quiz.retryAt !== null && quiz.retryAt > room.now) inner = html`<p>${t(`再读一遍，${minuteOf(room, quiz.retryAt)} 后可再答。`, `Read it once more; you may answer again after ${minuteOf(room, quiz.retryAt)}.`)}</p>`
  else {
    inner = form(room, `${here}/quiz`, html`${questions.map((one, n) => html`<fieldset><legend>${questions.length > 1 ? `${n + 1}. ` : ''}${one.question}</legend>${one.options.map((option, k) => html`<label class="choice"><input type="radio" name="${`q.${one.key}`}" value="${k}" required><span>${option}</span></label>`)}</fieldset>`)}<p><button class="btn${article.locked === null ? '' : ' plain'}">${t('交答案', 'Answer')}</button></p>`, 'quiz')
  }
  return html`<section class="card" id="quiz"><h2>${t('读懂了吗', 'Did it come across?')}</h2>${inner}</section>`
}

function ratingSection(room: Room, article: ArticleView, mine: { stars: number | null; favourite: boolean }, here: string): Markup {
  const { t, actor } = room
  const marks = t('一二三四五', '12345')
  return html`<section class="card" id="rating"><div class="row apart"><div><h2>${article.counts.ratings === 0 ? t('还没人评分', 'Not rated yet') : html`${t('综合评分', 'Rating')} ${stars(article.counts.rating)}<span class="small"> / 5，${t(`${count(article.counts.ratings)} 人`, `by ${count(article.counts.ratings)}`)}</span>`}</h2></div>
${form(room, `${here}/favourite`, html`<button class="btn plain" name="on" value="${mine.favourite ? 'no' : 'yes'}" aria-pressed="${mine.favourite ? 'true' : 'false'}">${mine.favourite ? t('已收藏', 'Kept') : t('收藏', 'Keep')}</button>`, actor ? 'rating' : undefined)}</div>
${article.mine ? html`<p class="small">${t('自己的文章不评分。', 'One does not rate one’s own.')}</p>` : form(room, `${here}/rate`, html`<fieldset><legend>${mine.stars === null ? t('你觉得有几分用', 'How useful was it') : t('我的评分，随时可改', 'My rating, can be changed')}</legend><div class="stars">${[1, 2, 3, 4, 5].map((n) => html`<button name="stars" value="${n}" aria-pressed="${mine.stars === n ? 'true' : 'false'}" aria-label="${t(`${marks[n - 1]}分`, `${n} of 5`)}">${n}</button>`)}</div></fieldset>`, actor ? 'rating' : undefined)}</section>`
}

function shareSection(room: Room, here: string, token: string | undefined): Markup {
  const { t, base, call, actor } = room
  if (token === undefined) {
    return html`<section class="card" id="share"><div class="row apart"><div><h2>${t('分享', 'Share')}</h2><p class="small">${actor ? t('生成一条带着你的链接：发朋友圈、给朋友扫、或复制。', 'Make a link of your own: for Moments, for a friend to scan, or to copy.') : t('登录后分享，链接会带着你。', 'Sign in, and the link is your own.')}</p></div>${form(room, `${here}/share`, html`<button class="btn plain">${t('生成我的链接', 'Make my link')}</button>`)}</div></section>`
  }
  const link = `${call.origin}${base}/s/${token}`
  return html`<section class="card" id="share"><h2>${t('带着你的链接', 'Your own link')}</h2><div class="row"><div class="qr">${qrPicture(link, t('给朋友扫的二维码', 'Code for a friend to scan'))}</div><div class="grow stack"><label class="field"><span>${t('链接', 'Link')}</span><input type="text" readonly data-link value="${link}"></label><p class="acts"><button class="btn plain js-only" type="button" data-copy="${link}" data-done="${t('复制了', 'Copied')}">${t('复制链接', 'Copy link')}</button></p><p class="small">${t('发朋友圈：在微信里打开这条链接，点右上角“···”。给朋友：让 TA 扫左边的码。', 'Moments: open this link in WeChat and use the “···” at the top right. A friend: let them scan the code.')}</p><p class="small third">${t('朋友读到最后，才算一次；自己读、同一个人的几个号读，都不算。', 'It counts when a friend reads to the end; your own reads and those of your other accounts do not.')}</p></div></div></section>`
}

function commentSection(room: Room, article: ArticleView, comments: Awaited<ReturnType<typeof listComments>>, here: string, after: After): Markup {
  const { t, actor, base } = room
  const box = (parentId: string | null, text: string): Part => form(room, `${here}/comment`, html`${parentId === null ? '' : html`<input type="hidden" name="parent" value="${parentId}">`}<label class="field"><span class="visually-hidden">${t('写评论', 'Write a comment')}</span><textarea name="text" maxlength="2000" required placeholder="${parentId === null ? t('说说你试过的', 'What did you try?') : t('回复', 'Reply')}">${text}</textarea></label><p class="row"><button class="btn plain">${t('发出', 'Send')}</button><span class="small third">${t('先审后发，通过后别人才看得到。', 'Shown to others after it was looked at.')}</span></p>`, 'comments')
  const one = (row: CommentView): Markup => html`<div class="comment" id="${`c-${row.commentId}`}"><p class="who"><b>${authorLink(room, row.author)}</b>${row.answers === null ? '' : html`<span>${t('回复 ', 'to ')}${row.answers.name}</span>`}<span>${timeTag(room, row.createdAt)}</span>${row.state === 'pending' ? html`<span class="waiting">${t('等着审核，只有你看得到', 'waiting to be looked at, only you see it')}</span>` : row.state === 'approved' ? '' : html`<span class="waiting">${row.state === 'rejected' ? t('没通过，只有你看得到', 'not approved, only you see it') : t('已撤下', 'removed')}</span>`}</p><p>${row.text}</p>${row.state !== 'approved' ? '' : html`<div class="acts">${actor === null ? '' : html`<details${after.replyTo === row.commentId ? html` open` : ''}><summary>${t('回复', 'Reply')}</summary>${box(row.commentId, after.replyTo === row.commentId ? (after.comment ?? '') : '')}</details>`}${row.mine ? '' : reportSection(room, { kind: 'comment', id: row.commentId }, here, false)}</div>`}`
  const n = article.counts.comments
  return html`<section id="comments"><h2>${n === 0 ? t('评论', 'Comments') : t(`评论 ${count(n)}`, `${count(n)} comments`)}</h2>
${actor === null ? html`<p><a href="${signInUrl(room, base + here)}">${t('登录后评论', 'Sign in to comment')}</a></p>` : box(null, after.replyTo === undefined ? (after.comment ?? '') : '')}
${comments.rows.length === 0 ? html`<p class="empty">${t('还没有评论。', 'No comments yet.')}</p>` : comments.rows.map((row) => html`${one(row)}${row.thread.length === 0 ? '' : html`<div class="replies">${row.thread.map((answer) => html`${one(answer)}</div>`)}${row.replies > row.thread.length ? html`<p class="small"><a href="${`${base}${here}/t/${row.commentId}`}">${t(`看全部 ${count(row.replies)} 条回复`, `All ${count(row.replies)} replies`)}</a></p>` : ''}</div>`}</div>`)}
${comments.next === null ? '' : html`<p><a class="btn plain" rel="next" href="${`${base}${here}?after=${cursorText(comments.next)}#comments`}">${t('更早的评论', 'Older comments')}</a></p>`}</section>`
}

export function reportSection(room: Room, piece: { kind: 'article' | 'comment' | 'profile'; id: string }, here: string, reported: boolean): Markup {
  const { t, actor } = room
  if (reported) return html`<p class="small third">${t('你举报过，有人会来看。', 'You reported this; somebody will look.')}</p>`
  if (actor === null) return piece.kind === 'comment' ? html`` : html`<p class="small"><a href="${signInUrl(room, room.base + here)}">${t('举报', 'Report')}</a></p>`
  return html`<details class="acts"><summary>${t('举报', 'Report')}</summary>${form(room, '/report', html`<input type="hidden" name="kind" value="${piece.kind}"><input type="hidden" name="id" value="${piece.id}"><input type="hidden" name="back" value="${room.base + here}"><div class="formrow"><label class="field"><span>${t('属于哪一类', 'Which category')}</span><select name="reason">${reportReasons.map((key) => html`<option value="${key}">${t(...reasonNames[key])}</option>`)}</select></label><label class="field"><span>${t('哪里不对（可不填）', 'What is wrong (optional)')}</span><input type="text" name="detail" maxlength="500"></label><button class="btn plain">${t('举报', 'Report')}</button></div>`, '')}</details>`
}

export { ratingWord }
