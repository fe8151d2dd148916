import { z } from 'zod'
import { dayMs } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { html, pageRoute, type AnyPageRoute, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { ticketFigures, ticketKinds } from '../../restrain/feedback/index.ts'
import { acceptConvention, acceptedConvention, linkedReaders } from '../../retain/reader/index.ts'
import { categories, conventionText, recordOf, transparency, type PenaltyView } from '../../restrain/moderation/index.ts'
import type { Penalty } from '../../restrain/penalty/index.ts'
import { minePage, type Mine } from './account-pages.ts'
import { mineTabs, page, said } from './layout.ts'
import { count, dayOf, enterRoom, form, minuteOf, signInUrl, timeTag, wayBack, type CommunityParts, type Room } from './room.ts'

const kindNames: Record<Penalty['kind'], [zh: string, en: string]> = {
  'silence-1': ['停言\u00a01\u00a0天', 'Silent for 1 day'], 'silence-7': ['停言\u00a07\u00a0天', 'Silent for 7 days'], 'silence-15': ['停言\u00a015\u00a0天', 'Silent for 15 days'], 'silence-forever': ['永久停言', 'Silent for good'], closure: ['关闭账号', 'Account closed'],
}
const deciders = { rule: ['明写的规则', 'a stated rule'], model: ['机器标出，人来定', 'the machine marks, a person decides'], human: ['人', 'a person'] } as const
const decisions = { uphold: ['维持', 'upheld'], reduce: ['减轻', 'reduced'], overturn: ['撤销', 'overturned'] } as const

export function conductPages(parts: CommunityParts): AnyPageRoute[] {
  return [
    pageRoute({
      method: 'GET', path: '/convention', what: 'the convention, from its data', perMinute: 120, query: z.object({ back: z.string().max(400).optional(), v: z.coerce.number().int().min(1).optional() }),
      handle: (call) => call.tx(async (tx) => {
        const room = await enterRoom(tx, parts, call)
        const { t, base } = room
        const current = await parts.conventions.at(tx, call.tenantId, room.now)
        const shown = call.query.v === undefined ? current : ((await parts.conventions.version(tx, call.tenantId, call.query.v)) ?? current)
        const text = conventionText(shown)
        const accepted = room.actor === null ? 0 : await acceptedConvention(tx, call.tenantId, room.actor.readerId)
        const old = shown.version !== current.version
        const rules = text.categories.reduce((sum, one) => sum + one.rules.length, 0)
        const title = t('社区公约', 'Community convention')
        const accept = old ? '' : accepted >= current.version ? html`<p class="note ok">${t('这一版你已经接受。', 'You accepted this version.')}</p>`
          : room.actor === null ? html`<p><a href="${signInUrl(room, `${base}/convention`)}">${t('登录后接受', 'Sign in to accept it')}</a></p>`
            : html`<section class="card">${form(room, '/convention', html`<input type="hidden" name="version" value="${current.version}"><input type="hidden" name="back" value="${call.query.back ?? ''}"><div class="row apart"><p>${t('接受一次就好，改版时再问你。', 'Once is enough; you are asked again when it changes.')}</p><button class="btn">${t('接受公约', 'Accept')}</button></div>`)}</section>`
        return page(room, { title, description: t(`九类 ${rules} 条：什么不能发，谁来判，怎么罚，怎么申诉。`, `Nine categories, ${rules} rules: what is not allowed, who judges, what follows, how to appeal.`), canonical: old ? undefined : '/convention' }, html`
<h1>${t(`公约：${text.categories.length} 类 ${rules} 条`, `The convention: ${text.categories.length} categories, ${rules} rules`)}</h1><p class="lead">${t('按你写下那一刻有效的版本判。', 'You are judged by the version in force when you wrote.')}</p>
<p class="meta"><span>${t(`第 ${shown.version} 版`, `Version ${shown.version}`)}</span>${shown.effectiveAt === 0 ? '' : html`<span>${t(`${dayOf(room, shown.effectiveAt)}起`, `since ${dayOf(room, shown.effectiveAt)}`)}</span>`}${old ? html`<span class="badge">${t('旧版', 'an old version')}</span>` : ''}</p>
${accept}
<nav class="card tint" aria-label="${t('目录', 'Contents')}"><ul class="toc">${text.categories.map((one) => html`<li><a href="${`#k${one.category}`}">${one.category} ${t(one.zh, one.en)}</a></li>`)}${text.sections.map((one) => html`<li><a href="${`#${one.key}`}">${t(one.zh, one.en)}</a></li>`)}</ul></nav>
${text.categories.map((one) => html`<section id="${`k${one.category}`}"><h2>${one.category} ${t(one.zh, one.en)}</h2><p class="lead" lang="zh-CN">${one.text}</p><ul class="lines">${one.rules.map((rule) => html`<li id="${`r${rule.id}`}"><b>${rule.id}</b> ${t(rule.zh, rule.en)}${rule.heavier ? html` <span class="badge soft">${t('伤到未成年人加重', 'heavier where minors are harmed')}</span>` : ''}<p class="small" lang="zh-CN">${rule.text}</p><p class="small third">${t(`谁来判：${deciders[rule.decides][0]}`, `Decided by: ${deciders[rule.decides][1]}`)}</p></li>`)}</ul></section>`)}
${text.sections.map((one) => html`<section id="${one.key}"><h2>${t(one.zh, one.en)}</h2><ul class="lines">${one.lines.map((line) => html`<li>${t(line.zh, line.en)}</li>`)}</ul></section>`)}`)
      }),
    }),
    pageRoute({
      method: 'POST', path: '/convention', what: 'accept a version of the convention', perMinute: 30, form: z.object({ version: z.coerce.number().int().min(1), back: z.string().max(400).optional() }),
      handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
        const room = await enterRoom(tx, parts, call)
        if (room.actor === null) return { kind: 'go', to: signInUrl(room, `${room.base}/convention`) }
        const current = await parts.conventions.at(tx, call.tenantId, room.now)
        // What was read is what is accepted: an older form, open since before a change, accepts nothing.
        if (call.form.version === current.version) await acceptConvention(tx, room.work, { readerId: room.actor.readerId, version: current.version, surface: 'web' })
        return { kind: 'go', to: call.form.version === current.version && call.form.back ? wayBack(room, call.form.back) : `${room.base}/convention` }
      }),
    }),

    pageRoute({
      method: 'GET', path: '/transparency', what: 'figures of conduct, for everybody', perMinute: 60,
      handle: (call) => call.tx(async (tx) => transparencyPage(tx, parts, await enterRoom(tx, parts, call))),
    }),
    pageRoute({
      method: 'GET', path: '/me/standing', what: 'one’s penalties and appeals', perMinute: 120,
      handle: (call) => minePage(parts, call, (mine) => standingPage(parts, mine)),
    }),
    pageRoute({
      method: 'POST', path: '/me/standing/appeal', what: 'appeal', perMinute: 10, form: z.object({ penalty: z.uuid().optional(), case: z.uuid().optional(), text: z.string().trim().min(1).max(2000) }),
      handle: (call) => minePage(parts, call, async (mine) => {
        const { room, tx, actor } = mine
        const { t } = room
        const result = await parts.appeal(tx, room.work, { readerId: actor.readerId, personId: actor.personId, text: call.form.text, penaltyId: call.form.penalty, caseId: call.form.case })
        if (result.kind === 'made') return standingPage(parts, mine, t(`申诉收到了，由另一位来看，${minuteOf(room, result.dueAt)} 前答复。`, `Your appeal was received; another person looks, and answers by ${minuteOf(room, result.dueAt)}.`), 'ok')
        if (result.kind === 'too-late') return standingPage(parts, mine, t(`申诉期到 ${minuteOf(room, result.until)} 为止，已经过了。`, `The time to appeal ended on ${minuteOf(room, result.until)}.`), 'warn')
        return standingPage(parts, mine, result.kind === 'already' ? t('这一件已经申诉过，等着答复。', 'This was appealed already.') : t('没有这一件。', 'There is no such decision.'), 'warn')
      }),
    }),
  ]
}

async function standingPage(parts: CommunityParts, mine: Mine, note?: Part, kind: 'ok' | 'warn' = 'ok'): Promise<PageAnswer> {
  const { room, tx, actor } = mine
  const { t, call } = room
  const desk = { parts: parts.moderation, conventions: parts.conventions }
  const own = await recordOf(tx, call.tenantId, desk, actor.readerId, room.now)
  // Several accounts of one person stand and fall together; each appeals for itself.
  const others: PenaltyView[] = []
  for (const account of await linkedReaders(tx, call.tenantId, actor.readerId)) if (account !== actor.readerId) others.push(...(await recordOf(tx, call.tenantId, desk, account, room.now)).penalties.filter((one) => one.running))
  const longest = [...own.penalties, ...others].filter((one) => one.running).toSorted((a, b) => (b.endsAt ?? Infinity) - (a.endsAt ?? Infinity))[0]
  const sentence = longest === undefined ? t('你没有在受处罚', 'You are under no penalty')
    : t(`因第 ${longest.category} 类（${longest.ruleZh}）${kindNames[longest.kind][0]}${longest.endsAt === null ? '，没有期限' : `，${minuteOf(room, longest.endsAt)} 恢复`}`, `${kindNames[longest.kind][1]} for ${longest.ruleEn}${longest.endsAt === null ? ', without an end' : `, until ${minuteOf(room, longest.endsAt)}`}`)
  return page(room, { title: t('处罚与申诉', 'Penalties and appeals'), here: 'me' }, html`${said(note, kind)}${mineTabs(room, '/standing')}<h1>${sentence}</h1>
${longest === undefined ? '' : html`<p class="lead">${longest.kind === 'closure' ? t('还能读。', 'You can still read.') : t('还能读、能买、能看自己的东西、能申诉。', 'You can still read, buy, see what is yours, and appeal.')}${longest.feathers === 'freeze' ? t('羽毛冻着，到期回来。', ' Your feathers are frozen and come back at the end.') : longest.feathers === 'reverse' ? t('羽毛收回。', ' Your feathers were taken back.') : ''}</p>`}
${own.penalties.map((one) => penaltyCard(room, one, true))}${others.map((one) => penaltyCard(room, one, false))}
${own.rejections.length === 0 ? '' : html`<h2>${t('没通过的', 'Not approved')}</h2>${own.rejections.map((one) => html`<section class="card">${wordsOf(room, one.excerpt)}<p class="small">${t(`依据：第 ${one.category ?? ''} 类 ${one.rule ?? ''} ${one.ruleZh}，${minuteOf(room, one.decidedAt)}`, `Rule ${one.rule ?? ''} ${one.ruleEn}, ${minuteOf(room, one.decidedAt)}`)} <a href="${`${room.base}/convention#r${one.rule ?? ''}`}">${t('看这一条', 'Read it')}</a></p>${one.restored ? html`<p class="note ok">${t('已恢复。', 'Restored.')}</p>` : ''}${one.restored && one.appeal === null ? '' : appealPart(room, one.appeal, one.appealUntil, { case: one.caseId })}</section>`)}`}
${own.penalties.length + others.length + own.rejections.length === 0 ? html`<p class="empty">${t('没有处罚记录，也没有没通过的内容。', 'No penalties on record, and nothing that was not approved.')}</p>` : ''}
<p class="small"><a href="${`${room.base}/convention`}">${t('公约全文', 'The convention')}</a> · <a href="${`${room.base}/feedback`}">${t('别的事，走建议反馈', 'Anything else: feedback')}</a></p>`)
}

/** One's own words, with the part marked that counted. */
const wordsOf = (room: Room, excerpt: PenaltyView['excerpt']): Part => (excerpt === null ? '' : html`<blockquote class="note"><p class="small third">${room.t('你的话，标出的是依据', 'Your words; what counts is marked')}</p>${excerpt.text.slice(0, excerpt.from)}<mark>${excerpt.text.slice(excerpt.from, excerpt.to)}</mark>${excerpt.text.slice(excerpt.to)}</blockquote>`)

function penaltyCard(room: Room, one: PenaltyView, own: boolean): Part {
  const { t } = room
  const ended = one.endedWhy === 'overturned' ? t('已撤销，不留记录', 'overturned, off the record') : one.endedWhy === 'reduced' || one.endedWhy === 'replaced' ? t('已改轻', 'made lighter') : t('已结束', 'over')
  return html`<section class="card"><div class="row apart"><h2>${t(...kindNames[one.kind])}</h2><span class="badge${one.running ? '' : ' soft'}">${one.running ? t('生效中', 'running') : ended}</span></div>
<p>${t(`第 ${one.category} 类 ${one.rule} ${one.ruleZh}`, `${one.rule} ${one.ruleEn}`)} <a class="small" href="${`${room.base}/convention#r${one.rule}`}">${t('看这一条', 'Read it')}</a></p>
<p class="meta"><span>${t('从 ', 'from ')}${timeTag(room, one.startsAt, true)}</span>${one.endsAt === null ? html`<span>${t('没有期限', 'without an end')}</span>` : html`<span>${t('到 ', 'until ')}${timeTag(room, one.endsAt, true)}</span>`}</p>
${wordsOf(room, one.excerpt)}${one.reason === '' ? '' : html`<p class="small">${t('说明：', 'Reason: ')}${one.reason}</p>`}
${!own ? html`<p class="small third">${t('这是你另一个账号的处罚，用那个账号申诉。', 'This is a penalty of another account of yours; appeal there.')}</p>` : one.endedWhy === 'overturned' && one.appeal === null ? '' : appealPart(room, one.appeal, one.appealUntil, { penalty: one.penaltyId })}</section>`
}

function appealPart(room: Room, made: PenaltyView['appeal'], until: number, of: { penalty?: string; case?: string }): Part {
  const { t } = room
  if (made !== null) {
    if (made.decision === null) return html`<p class="note">${t(`申诉在看，${minuteOf(room, made.dueAt)} 前答复。`, `Your appeal is being looked at; an answer comes by ${minuteOf(room, made.dueAt)}.`)}</p>`
    return html`<div class="note${made.decision === 'uphold' ? '' : ' ok'}"><b>${t(`申诉结果：${decisions[made.decision][0]}`, `Appeal: ${decisions[made.decision][1]}`)}</b>${made.decidedAt === null ? '' : html` <span class="small">${minuteOf(room, made.decidedAt)}</span>`}<br>${made.reason ?? ''}${made.publicNote === null ? '' : html`<br><span class="small">${made.publicNote}</span>`}</div>`
  }
  if (room.now >= until) return html`<p class="small third">${t(`申诉期到 ${minuteOf(room, until)} 为止，已经过了。`, `The time to appeal ended on ${minuteOf(room, until)}.`)}</p>`
  return html`<details><summary>${t(`不同意？${minuteOf(room, until)} 前可申诉一次，由另一位来看`, `You disagree? You may appeal once until ${minuteOf(room, until)}; another person looks`)}</summary>${form(room, '/me/standing/appeal', html`${of.penalty === undefined ? '' : html`<input type="hidden" name="penalty" value="${of.penalty}">`}${of.case === undefined ? '' : html`<input type="hidden" name="case" value="${of.case}">`}<label class="field"><span>${t('说说为什么', 'Say why')}</span><textarea name="text" maxlength="2000" required></textarea></label><p><button class="btn">${t('申诉', 'Appeal')}</button></p>`, 'main')}</details>`
}

/** Figures of the last ninety days; no person can be told from them. */
async function transparencyPage(tx: Tx, parts: CommunityParts, room: Room): Promise<PageAnswer> {
  const { t, call } = room
  const from = room.now - 90 * dayMs
  const figures = await transparency(tx, call.tenantId, { conventions: parts.conventions }, from, room.now + 1)
  const tickets = await ticketFigures(tx, call.tenantId, from, room.now + 1)
  const { moderation, penalties } = figures
  const { appeals } = penalties
  const rejected = moderation.decided.filter((row) => row.decision === 'reject').reduce((sum, row) => sum + row.count, 0)
  const passed = moderation.decided.filter((row) => row.decision === 'pass').reduce((sum, row) => sum + row.count, 0)
  const names = new Map(categories.map((one) => [one.category, t(one.zh, one.en)]))
  const line = (label: string, value: string): Part => html`<tr><td>${label}</td><td class="num">${value}</td></tr>`
  const hours = (value: number | null): string => (value === null ? '—' : t(`${value < 1 ? '不到 1' : count(Math.round(value))} 小时`, `${value < 1 ? 'under 1' : count(Math.round(value))} h`))
  return page(room, { title: t('公示', 'Transparency'), description: t('过去九十天判了多少、罚了多少、申诉的结果。', 'What was decided, what was punished and how appeals ended in ninety days.'), canonical: '/transparency' }, html`
<h1>${t(`过去九十天判了 ${count(passed + rejected)} 件，${count(rejected)} 件没通过，申诉 ${count(appeals.made)} 件，撤销 ${count(appeals.overturned)} 件`, `In ninety days ${count(passed + rejected)} were decided, ${count(rejected)} not approved; ${count(appeals.made)} appeals, ${count(appeals.overturned)} overturned`)}</h1>
<section class="card"><h2>${t('审核', 'Moderation')}</h2><table class="plain"><tbody>${line(t('机器看过', 'Seen by the machine'), count(moderation.judged))}${line(t('交给人看', 'Put before a person'), count(moderation.opened))}${line(t('机器直接拒绝', 'Refused by the machine alone'), count(moderation.byMachine))}${line(t('通过', 'Approved'), count(passed))}${line(t('没通过', 'Not approved'), count(rejected))}${line(t('后来恢复', 'Restored later'), count(moderation.restored))}${line(t('还在等', 'Waiting'), count(moderation.open))}${line(t('一半在多久内看完', 'Half were decided within'), hours(moderation.medianHours))}${line(t('举报', 'Reports'), t(`${count(moderation.reports.made)}，属实 ${count(moderation.reports.upheld)}`, `${count(moderation.reports.made)}, ${count(moderation.reports.upheld)} upheld`))}${line(t('审核人之间的一致', 'Agreement of moderators'), figures.agreement.alpha === null ? t('还看不出来', 'too early to tell') : figures.agreement.alpha.toFixed(2))}</tbody></table></section>
${rejected === 0 ? '' : html`<section class="card"><h2>${t('没通过的，按类', 'Not approved, by category')}</h2><table class="plain"><tbody>${moderation.decided.filter((row) => row.decision === 'reject').map((row) => line(row.category === null ? t('未分类', 'no category') : `${row.category} ${names.get(row.category) ?? ''}`, count(row.count)))}</tbody></table></section>`}
<section class="card"><h2>${t('处罚与申诉', 'Penalties and appeals')}</h2><table class="plain"><tbody>${penalties.penalties.map((row) => line(`${t(...kindNames[row.kind])} · ${names.get(row.category) ?? ''}`, count(row.count)))}${line(t('生效中', 'Running'), count(penalties.running))}${line(t('撤销', 'Overturned'), count(penalties.overturned))}${line(t('申诉', 'Appeals'), t(`${count(appeals.made)}：维持 ${count(appeals.upheld)}，减轻 ${count(appeals.reduced)}，撤销 ${count(appeals.overturned)}`, `${count(appeals.made)}: ${count(appeals.upheld)} upheld, ${count(appeals.reduced)} reduced, ${count(appeals.overturned)} overturned`))}${line(t('过了答复期', 'Answered late'), count(appeals.missed))}${line(t('同一位审核人再看的', 'Seen again by the same reviewer'), count(appeals.sameReviewer))}${line(t('一半在多久内答复', 'Half were answered within'), hours(appeals.medianHours))}</tbody></table></section>
<section class="card"><h2>${t('建议反馈', 'Feedback')}</h2><table class="plain"><tbody>${tickets.byKind.map((row) => line(t(ticketKinds.find((one) => one.kind === row.kind)?.zh ?? row.kind, row.kind), t(`${count(row.opened)}，答复 ${count(row.answered)}，过期 ${count(row.missed)}`, `${count(row.opened)}, ${count(row.answered)} answered, ${count(row.missed)} late`)))}${line(t('按版权通知撤下', 'Taken down by notice'), count(tickets.takenDown))}</tbody></table></section>
<p class="small third">${t(`案底保留：通过的 ${figures.retention.passedDays} 天，没通过的 ${figures.retention.rejectedDays} 天，第 1 类 ${figures.retention.illegalDays} 天。`, `Texts are kept: approved ${figures.retention.passedDays} days, not approved ${figures.retention.rejectedDays}, category 1 ${figures.retention.illegalDays}.`)}</p>`)
}
