import { z } from 'zod'
import { html, pageRoute, type AnyPageRoute } from '../../kernel/http/index.ts'
import { articleCards } from '../../retain/article/index.ts'
import { statementOf, walletOf, waysToEarn } from '../../retain/points/index.ts'
import { minePage } from './account-pages.ts'
import { earnList } from './article-pages.ts'
import { mineTabs, page } from './layout.ts'
import { count, dayOf, featherWord, timeTag, type CommunityParts } from './room.ts'

const perPage = 40

/** The wallet (羽毛袋): what is there, what waits, what is frozen, what runs out; and every movement with its reason. */
export const walletPages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/me/feathers', what: 'one’s feathers and every movement', perMinute: 120, query: z.object({ from: z.coerce.number().int().min(0).max(1_000_000).catch(0) }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      const { t, base } = room
      const wallet = await walletOf(tx, call.tenantId, actor.personId, room.now)
      const statement = await statementOf(tx, call.tenantId, actor.personId, { offset: call.query.from, limit: perPage })
      const titles = await articleCards(tx, call.tenantId, [...new Set(statement.lines.flatMap((line) => (line.articleId === null ? [] : [line.articleId])))])
      const ways = await waysToEarn(tx, call.tenantId, room.now)
      const rest = [
        wallet.vesting > 0 ? t(`${count(wallet.vesting)} 等着到账`, `${count(wallet.vesting)} on their way`) : null,
        wallet.frozen > 0 ? t(`${count(wallet.frozen)} 冻着`, `${count(wallet.frozen)} frozen`) : null,
        wallet.owed > 0 ? t(`欠 ${count(wallet.owed)}，以后得的先补`, `${count(wallet.owed)} owed, paid by what is earned next`) : null,
        ...wallet.expiring.map((row) => t(`${count(row.feathers)} 到 ${dayOf(room, row.at)}为止`, `${count(row.feathers)} run out on ${dayOf(room, row.at)}`)),
      ].filter((word) => word !== null)
      const next = call.query.from + perPage
      return page(room, { title: t('羽毛', 'Feathers'), here: 'wallet' }, html`${mineTabs(room, '/feathers')}
<h1>${t(`能用的羽毛 ${count(wallet.balance)}`, `${featherWord(room, wallet.balance)} to spend`)}</h1>${rest.length === 0 ? '' : html`<p class="lead">${rest.join(t('；', '; '))}${t('。', '.')}</p>`}
<p class="acts"><a class="btn plain" href="${`${base}/shop`}">${t('去换点什么', 'Spend them')}</a></p>
<section><h2>${t('流水', 'Statement')}</h2>${statement.lines.length === 0 ? html`<p class="empty">${t('还没有羽毛。答对一篇文章的题，或评论通过，就有了。', 'No feathers yet. Answer an article’s question, or write a comment that passes.')}</p>` : html`<table class="plain" id="statement"><thead><tr><th>${t('时间', 'When')}</th><th>${t('为什么', 'Why')}</th><th class="num">${t('羽毛', 'Feathers')}</th></tr></thead><tbody>${statement.lines.map((line) => {
        const article = line.articleId === null ? undefined : titles.get(line.articleId)
        return html`<tr><td class="nowrap">${timeTag(room, line.at, true)}</td><td>${t(line.zh, line.en)}${article === undefined ? '' : html`<br><a class="small" href="${`${base}/a/${article.slug}`}">${article.title}</a>`}${line.note === null || (line.kind !== 'spent' && line.kind !== 'given-back') ? '' : html`<br><span class="small">${line.note}</span>`}${line.why === null ? '' : html`<br><span class="small">${t(line.why.zh, line.why.en)}</span>`}</td><td class="num">${line.feathers > 0 ? `+${count(line.feathers)}` : line.feathers < 0 ? `−${count(-line.feathers)}` : ''}</td></tr>`
      })}</tbody></table><p class="small third">${t(`全部 ${count(statement.total)} 笔，合计 ${count(statement.sum)}。`, `${count(statement.total)} lines in all, adding up to ${count(statement.sum)}.`)}</p>`}
${next < statement.total ? html`<p><a class="btn plain" rel="next" href="${`${base}/me/feathers?from=${next}`}">${t('更早的', 'Older')}</a></p>` : ''}</section>
<section><h2>${t('怎么得', 'How to earn')}</h2>${earnList(room, ways)}</section>`)
    }),
  }),
]
