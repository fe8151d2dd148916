import { html, type Markup, type Part } from '../../kernel/http/index.ts'
import type { ArticleCard, CaseFigure } from '../../retain/article/index.ts'
import type { ReaderCard } from '../../retain/reader/index.ts'
import { count, dayOf, imageUrl, joined, priceWord, stars, timeTag, yuan, type Room } from './room.ts'

/** A face: the picture that passed, else the first character of the name. */
export function face(room: Room, reader: ReaderCard, big = false): Markup {
  const inner: Part = reader.avatar === null ? Array.from(reader.name)[0] ?? '·' : html`<img src="${imageUrl(room, reader.avatar)}" alt="" width="64" height="64" loading="lazy">`
  return html`<span class="face${big ? ' big' : ''}" aria-hidden="true">${inner}</span>`
}

export const authorLink = (room: Room, reader: ReaderCard): Markup => (reader.gone ? html`<span>${reader.name}</span>` : html`<a href="${`${room.base}/u/${reader.readerId}`}">${reader.name}</a>`)

/** Mean and how many gave it; nothing where nobody did. */
export function ratingWord(room: Room, counts: Pick<ArticleCard['counts'], 'rating' | 'ratings'>): string {
  return counts.ratings === 0 ? room.t('还没人评分', 'not rated yet') : room.t(`综合评分 ${stars(counts.rating)}，${count(counts.ratings)} 人`, `rated ${stars(counts.rating)} by ${count(counts.ratings)}`)
}

export function articleRow(room: Room, article: ArticleCard, more?: Part): Markup {
  const { t } = room
  return html`<li>
<h2><a href="${`${room.base}/a/${article.slug}`}">${article.title}</a></h2>
${article.summary === '' ? '' : html`<p class="sum">${article.summary}</p>`}
<p class="meta">${article.hasCase ? html`<span class="badge soft">${article.failedCase ? t('没成的案例', 'a case that failed') : t('有案例', 'with a case')}</span>` : ''}<span>${authorLink(room, article.author)}</span><span>${timeTag(room, article.publishedAt)}</span><span>${t(`读 ${article.minutes} 分钟`, `${article.minutes} min`)}</span><span>${ratingWord(room, article.counts)}</span>${article.price === null ? '' : html`<span>${priceWord(room, article.price)}</span>`}${more ?? ''}</p>
</li>`
}

export const articleList = (room: Room, rows: readonly ArticleCard[], empty: string): Markup => (rows.length === 0 ? html`<p class="empty">${empty}</p>` : html`<ul class="list">${rows.map((row) => articleRow(room, row))}</ul>`)

function amount(room: Room, unit: 'fen' | 'people' | 'percent', value: number): string {
  const sign = value < 0 ? '−' : ''
  const size = Math.abs(value)
  return unit === 'fen' ? `${sign}${yuan(Math.round(size))}` : unit === 'percent' ? `${sign}${size.toFixed(1)}%` : room.t(`${sign}${count(Math.round(size))} 人`, `${sign}${count(Math.round(size))} people`)
}

/** Start, moves, effect with its interval, cost: figures of the module that measured them, never typed. */
/** A count under ten is not told. */
const withheld = (room: Room, n: number | null): string => (n === null ? room.t('不到 10', 'under 10') : count(n))

export function caseCard(room: Room, figure: CaseFigure): Markup {
  const { t } = room
  const { effect } = figure
  const cells: Array<[string, Part]> = [
    [t('从这里开始', 'Started here'), t(figure.start.zh, figure.start.en)],
    [t('做了什么', 'Did'), figure.moves.length === 0 ? '—' : joined(figure.moves.map((move) => t(move.zh, move.en)), t('；', '; '))],
    [t('得到什么', 'Got'), effect === null ? t('还看不出来', 'too early to tell') : html`<span>${t(effect.label.zh, effect.label.en)} ${amount(room, effect.unit, effect.value)}${effect.low === null || effect.high === null ? '' : html`<span class="small"> ${t(`（${amount(room, effect.unit, effect.low)}～${amount(room, effect.unit, effect.high)}）`, `(${amount(room, effect.unit, effect.low)} to ${amount(room, effect.unit, effect.high)})`)}</span>`}</span>`],
    [t('花了', 'Cost'), joined([figure.costFen === null ? null : yuan(figure.costFen), figure.minutes === null ? null : t(`每天 ${count(figure.minutes)} 分钟`, `${count(figure.minutes)} min a day`), t(`${figure.weeks} 周`, `${figure.weeks} weeks`)], ' · ')],
    [t('走了几个人', 'Left'), figure.losses === null ? t('还看不出来', 'too early to tell') : withheld(room, figure.losses.caused)],
    [t('多少人', 'People'), withheld(room, figure.people)],
  ]
  return html`<section class="card tint" data-part aria-label="${t('案例数字', 'Figures of the case')}">
<div class="row apart"><h3>${t(figure.title.zh, figure.title.en)}</h3><span class="row">${figure.failed ? html`<span class="badge soft">${t('没成', 'did not work')}</span>` : ''}<span class="badge${figure.controlled ? ' solid' : ''}">${figure.controlled ? t('有对照', 'with a holdout') : t('只有前后对比', 'before and after only')}</span></span></div>
<ul class="chain">${cells.map(([label, value]) => html`<li><b>${label}</b><span>${value}</span></li>`)}</ul>
<p class="small third">${t(`数据来自系统，${dayOf(room, figure.measuredAt)}算出。`, `Figures from the system, computed on ${dayOf(room, figure.measuredAt)}.`)}</p>
</section>`
}
