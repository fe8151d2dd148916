import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { html, pageRoute, type AnyPageRoute, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { readArticle } from '../../retain/article/index.ts'
import { addToTicket, openTicket, readTicket, ticketKinds, ticketsOf, type TicketKind, type TicketProblem, type TicketView } from '../../restrain/feedback/index.ts'
import { minePage } from './account-pages.ts'
import { missing } from './article-pages.ts'
import { page, said } from './layout.ts'
import { count, enterRoom, form, minuteOf, timeTag, type CommunityParts, type Room } from './room.ts'

/** What can be brought by this form; appeals are made where the decision is shown, counter-notices below the notice they answer. */
const kinds = ['suggestion', 'bug', 'complaint', 'copyright'] as const
const states: Record<TicketView['state'], [zh: string, en: string]> = { open: ['等着答复', 'waiting for an answer'], escalated: ['过了答复期，报给店主了', 'past its day, with the owner now'], answered: ['答复了', 'answered'], accepted: ['采纳了', 'accepted'], refused: ['没有采纳', 'refused'], restored: ['恢复了', 'restored'] }
const problems: Record<TicketProblem, [zh: string, en: string]> = {
  'notice-incomplete': ['版权通知要写清：哪件作品、谁的、证据在哪，并声明属实。', 'A copyright notice says which work, whose it is, where the evidence is, and that it is true.'], 'no-piece': ['没找到所指的文章，检查一下地址。', 'The article it is about was not found; check its address.'],
  'no-parent': ['没有所答复的那张通知。', 'There is no notice that this answers.'], 'no-contact': ['没有账号的话，留个联系方式，好答复你。', 'Without an account, leave a way to reach you.'], 'too-many': ['今天交得太多了，明天再来，或在已有的单子里补充。', 'Too many today; come back tomorrow or add to one you have.'], empty: ['还没写内容。', 'Nothing was written.'],
}
const shape = z.object({
  kind: z.enum(kinds), subject: z.string().trim().max(80), text: z.string().max(5000), contact: z.string().trim().max(100).optional(),
  article: z.string().trim().max(300).optional(), work: z.string().trim().max(300).optional(), owner: z.string().trim().max(100).optional(), evidence: z.string().trim().max(1000).optional(), statement: z.string().optional(),
})
type Given = z.output<typeof shape>
const kindRow = (kind: TicketKind) => ticketKinds.find((one) => one.kind === kind)!

export const feedbackPages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/feedback', what: 'the feedback door, and one’s own tickets', perMinute: 120, query: z.object({ kind: z.enum(kinds).catch('suggestion'), article: z.string().max(300).optional() }),
    handle: (call) => call.tx(async (tx) => feedbackPage(tx, await enterRoom(tx, parts, call), { kind: call.query.kind, article: call.query.article })),
  }),
  pageRoute({
    method: 'POST', path: '/feedback', what: 'bring something', perMinute: 10, form: shape,
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      const { t } = room
      const given = call.form
      const slug = /\/a\/([0-9a-zA-Z_-]{1,80})/.exec(given.article ?? '')?.[1]
      const article = given.kind === 'copyright' && slug !== undefined ? await readArticle(tx, call.tenantId, { slug }, room.actor, parts.article) : undefined
      const result = await openTicket(tx, room.work, { seal: parts.seal, conventions: parts.conventions }, {
        kind: given.kind, readerId: room.actor?.readerId ?? null, personId: room.actor?.personId ?? null, contact: given.contact ?? null, subject: given.subject, text: given.text, parentId: null,
        about: given.kind !== 'copyright' ? {} : { ...(article === undefined ? {} : { pieceKind: 'article', pieceId: article.articleId }), notice: { work: given.work ?? '', owner: given.owner ?? '', evidence: given.evidence ?? '', statement: given.statement === 'yes' } },
      })
      if (result.kind === 'opened') {
        if (room.actor !== null) return { kind: 'go', to: `${room.base}/feedback/${result.ticketId}?new=1` }
        return feedbackPage(tx, room, { kind: 'suggestion' }, t(`收到，编号 F${result.number}，${minuteOf(room, result.dueAt)} 前答复到你留的联系方式。`, `Received as F${result.number}; the answer comes by ${minuteOf(room, result.dueAt)} to the address you left.`), 'ok')
      }
      return feedbackPage(tx, room, given, result.kind === 'problem' ? t(problems[result.problem][0], problems[result.problem][1]) : t('没能收下。', 'It could not be taken.'), 'warn')
    }),
  }),
  pageRoute({
    method: 'GET', path: '/feedback/:ticket', what: 'one of one’s tickets', perMinute: 120, params: z.object({ ticket: z.uuid() }), query: z.object({ new: z.string().optional() }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      const ticket = await readTicket(tx, call.tenantId, { ticketId: call.params.ticket }, actor.readerId)
      if (ticket === undefined) throw missing(call)
      return ticketPage(room, ticket, call.query.new === undefined ? undefined : room.t(`收到了，编号 ${ticket.numberWords}，${minuteOf(room, ticket.dueAt)} 前答复。`, `Received as ${ticket.numberWords}; an answer comes by ${minuteOf(room, ticket.dueAt)}.`))
    }),
  }),
  pageRoute({
    method: 'POST', path: '/feedback/:ticket', what: 'add to a ticket', perMinute: 20, params: z.object({ ticket: z.uuid() }), form: z.object({ text: z.string().trim().min(1).max(5000) }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      if (!(await addToTicket(tx, room.work, { ticketId: call.params.ticket, readerId: actor.readerId, text: call.form.text }))) throw missing(call)
      return ticketPage(room, (await readTicket(tx, call.tenantId, { ticketId: call.params.ticket }, actor.readerId))!, room.t('补上了。', 'Added.'))
    }),
  }),
  pageRoute({
    method: 'POST', path: '/feedback/:ticket/counter', what: 'answer a copyright notice', perMinute: 6, params: z.object({ ticket: z.uuid() }), form: z.object({ text: z.string().trim().min(1).max(5000) }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      const result = await openTicket(tx, room.work, { seal: parts.seal, conventions: parts.conventions }, { kind: 'counter-notice', readerId: actor.readerId, personId: actor.personId, contact: null, subject: '', text: call.form.text, about: {}, parentId: call.params.ticket })
      if (result.kind === 'opened') return { kind: 'go', to: `${room.base}/feedback/${result.ticketId}?new=1` }
      return feedbackPage(tx, room, { kind: 'copyright' }, result.kind === 'problem' ? room.t(problems[result.problem][0], problems[result.problem][1]) : undefined, 'warn')
    }),
  }),
]

async function feedbackPage(tx: Tx, room: Room, given: Partial<Given> & { kind: Given['kind'] }, note?: Part, tone: 'ok' | 'warn' = 'ok'): Promise<PageAnswer> {
  const { t, base, call } = room
  const mine = room.actor === null ? [] : await ticketsOf(tx, call.tenantId, room.actor.readerId)
  const row = kindRow(given.kind)
  const copyright = given.kind === 'copyright'
  return page(room, { title: t('建议反馈', 'Feedback'), description: t('建议、出错、投诉、版权：每一件都有编号和答复。', 'Suggestions, faults, complaints, copyright: each gets a number and an answer.') }, html`${said(note, tone)}
<h1>${t(`说说看，每一件都有编号，${row.answerDays} 天内答复`, `Tell us; each gets a number and an answer within ${row.answerDays} days`)}</h1>
<nav class="tabs" aria-label="${t('哪一种', 'Which kind')}">${kinds.map((kind) => html`<a href="${`${base}/feedback?kind=${kind}`}"${kind === given.kind ? html` aria-current="page"` : ''}>${t(kindRow(kind).zh, kindRow(kind).en)}</a>`)}<a href="${`${base}/me/standing`}">${t('申诉', 'Appeal')}</a></nav>
<section class="card">${form(room, '/feedback', html`<input type="hidden" name="kind" value="${given.kind}"><div class="stack">
${copyright ? html`<label class="field"><span>${t('侵权的文章地址', 'Address of the article')}</span><input type="text" name="article" required maxlength="300" value="${given.article ?? ''}" placeholder="${`${call.origin}${base}/a/…`}"></label><div class="formrow"><label class="field"><span>${t('被侵权的作品', 'The work')}</span><input type="text" name="work" required maxlength="300" value="${given.work ?? ''}"></label><label class="field"><span>${t('权利人', 'Whose it is')}</span><input type="text" name="owner" required maxlength="100" value="${given.owner ?? ''}"></label></div><label class="field"><span>${t('证据在哪（链接、登记号）', 'Where the evidence is')}</span><input type="text" name="evidence" required maxlength="1000" value="${given.evidence ?? ''}"></label>` : ''}
<label class="field"><span>${t('一句话', 'In one line')}</span><input type="text" name="subject" maxlength="80" required value="${given.subject ?? ''}"></label>
<label class="field"><span>${copyright ? t('补充说明（可不填）', 'More (optional)') : t('说具体些', 'In detail')}</span><textarea name="text" maxlength="5000"${copyright ? '' : html` required`}>${given.text ?? ''}</textarea></label>
${room.actor === null ? html`<label class="field"><span>${t('怎么联系你（没有登录）', 'How to reach you (you are not signed in)')}</span><input type="text" name="contact" maxlength="100" required value="${given.contact ?? ''}"></label>` : ''}
${copyright ? html`<label class="choice"><input type="checkbox" name="statement" value="yes" required><span>${t('以上属实，我承担不实通知的责任。', 'This is true, and I answer for it if it is not.')}</span></label>` : ''}
<p><button class="btn">${t('交上去', 'Send')}</button></p></div>`)}</section>
${room.actor === null ? '' : html`<section><h2>${mine.length === 0 ? t('你还没有交过', 'Nothing from you yet') : t(`你交过 ${count(mine.length)} 件`, `${count(mine.length)} from you`)}</h2>${mine.length === 0 ? '' : html`<ul class="lines">${mine.map((one) => html`<li><div class="row apart"><a href="${`${base}/feedback/${one.ticketId}`}">${one.numberWords} ${one.subject || t(kindRow(one.kind).zh, kindRow(one.kind).en)}</a><span class="small">${t(states[one.state][0], states[one.state][1])}</span></div><p class="meta"><span>${t(kindRow(one.kind).zh, kindRow(one.kind).en)}</span><span>${timeTag(room, one.openedAt, true)}</span></p></li>`)}</ul>`}</section>`}`)
}

function ticketPage(room: Room, ticket: TicketView, note?: Part): PageAnswer {
  const { t, base } = room
  const who = { reader: [t('你', 'You')], staff: [t('店里', 'The shop')], house: [t('系统', 'The system')] } as const
  const closed = ticket.state === 'refused' || ticket.state === 'restored'
  return page(room, { title: ticket.numberWords }, html`${said(note, 'ok')}<p class="meta"><a href="${`${base}/feedback`}">${t('建议反馈', 'Feedback')}</a></p>
<h1>${ticket.numberWords} ${ticket.subject || t(kindRow(ticket.kind).zh, kindRow(ticket.kind).en)}</h1><p class="meta"><span>${t(kindRow(ticket.kind).zh, kindRow(ticket.kind).en)}</span><span>${t(states[ticket.state][0], states[ticket.state][1])}</span>${ticket.state === 'open' || ticket.state === 'escalated' ? html`<span>${t(`${minuteOf(room, ticket.dueAt)} 前答复`, `answer by ${minuteOf(room, ticket.dueAt)}`)}</span>` : ''}</p>
<div class="comment"><p class="who"><b>${t('你', 'You')}</b><span>${timeTag(room, ticket.openedAt, true)}</span></p><p>${ticket.body}</p></div>
${ticket.entries.map((one) => html`<div class="comment"><p class="who"><b>${who[one.byWhom][0]}</b><span>${timeTag(room, one.at, true)}</span></p><p>${one.body}</p></div>`)}
${closed ? '' : html`<section class="card">${form(room, `/feedback/${ticket.ticketId}`, html`<label class="field"><span>${t('补充', 'Add something')}</span><textarea name="text" maxlength="5000" required></textarea></label><p><button class="btn plain">${t('补上', 'Add')}</button></p>`, 'main')}</section>`}`)
}
