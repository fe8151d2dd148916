import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { html, pageRoute, type AnyPageCall, type AnyPageRoute, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { addMedia, maxImageBytes, mediaFault } from '../../kernel/media/index.ts'
import { purchasesOf, refundSale, incomeOf } from '../../retain/article/index.ts'
import { favouritesOf, followingOf } from '../../retain/discussion/index.ts'
import { cardOf, closeReader, endSession, openSession, saveProfile, saveReaderSettings, startPhoneCode, verifyPhone } from '../../retain/reader/index.ts'
import { articleList, authorLink, face } from './cards.ts'
import { missing } from './article-pages.ts'
import { cursorOf, cursorText } from './home-pages.ts'
import { mineTabs, page, said } from './layout.ts'
import { notNow } from './refusals.ts'
import { count, dayOf, enterRoom, featherWord, form, minuteOf, signInUrl, timeTag, wayBack, yuan, type CommunityParts, type Room } from './room.ts'

export type Mine = { room: Room; tx: Tx; actor: NonNullable<Room['actor']>; reader: NonNullable<Room['reader']> }
/** A page of one's own: whoever is not signed in is asked to, and comes back. */
export function minePage(parts: CommunityParts, call: AnyPageCall, work: (mine: Mine) => Promise<PageAnswer>): Promise<PageAnswer> {
  return call.tx(async (tx): Promise<PageAnswer> => {
    const room = await enterRoom(tx, parts, call)
    if (room.actor === null || room.reader === null) return { kind: 'go', to: signInUrl(room, call.path.split('?')[0]) }
    return work({ room, tx, actor: room.actor, reader: room.reader })
  })
}

const back = z.string().max(400).optional()

function phonePage(parts: CommunityParts, room: Room, to: string | undefined, note?: Part): PageAnswer {
  const { t } = room
  const able = parts.reader.codes.configured(room.call.tenantId)
  return page(room, { title: t('登录', 'Sign in'), here: 'login' }, html`${said(note, 'warn')}
<h1>${room.actor === null ? t('用手机号登录，没有账号就新开一个', 'Sign in with your phone; without an account, one is opened') : t('验证手机号', 'Prove your phone')}</h1>
${able
    ? html`<section class="card">${form(room, '/login', html`<input type="hidden" name="back" value="${to ?? ''}"><div class="formrow"><label class="field"><span>${t('手机号', 'Phone')}</span><input type="tel" name="phone" inputmode="numeric" autocomplete="tel" pattern="[0-9 +\\-]{11,17}" maxlength="17" required autofocus></label><button class="btn">${t('发验证码', 'Send a code')}</button></div>`)}<p class="small third">${t('手机号只用来认出是你，封存着放，不给别人看。读文章不用登录。', 'The number only tells that it is you; it is kept sealed. Reading needs no account.')}</p>${room.call.simulated ? html`<p class="note">${t('这是模拟的海：短信不会真发，验证码在', 'This sea is simulated: no message is sent; the code is on the ')}<a href="${`${room.base}/phone`}" target="_blank">${t('模拟的手机', 'simulated phone')}</a>${t('里。', '.')}</p>` : ''}</section>`
    : html`<section class="card"><p>${t('店里没有接短信，不能用验证码登录。请在微信里打开小程序，点“我的”，用微信手机号登录。', 'No text messages are set up here. Open the mini program in WeChat and sign in with your WeChat phone number under “Me”.')}</p></section>`}`)
}

function codePage(room: Room, phone: string, to: string | undefined, note?: Part): PageAnswer {
  const { t, base } = room
  return page(room, { title: t('验证码', 'Code'), here: 'login' }, html`${said(note, 'warn')}
<h1>${t(`验证码发到尾号 ${phone.slice(-4)} 的手机了`, `The code was sent to the phone ending in ${phone.slice(-4)}`)}</h1>
<section class="card">${form(room, '/login/code', html`<input type="hidden" name="back" value="${to ?? ''}"><input type="hidden" name="phone" value="${phone}"><div class="formrow"><label class="field"><span>${t('验证码', 'Code')}</span><input type="text" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{4,8}" maxlength="8" required autofocus></label><button class="btn">${t('登录', 'Sign in')}</button></div>`)}${room.call.simulated ? html`<p class="note">${t('模拟的短信在', 'The simulated message is on the ')}<a href="${`${base}/phone`}" target="_blank">${t('模拟的手机', 'simulated phone')}</a>${t('里。', '.')}</p>` : ''}<p class="small"><a href="${`${base}/login${to ? `?back=${encodeURIComponent(to)}` : ''}`}">${t('换个号码，或再发一次', 'Another number, or send again')}</a></p></section>`)
}

export const accountPages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/login', what: 'sign in', perMinute: 120, query: z.object({ back }),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      if (room.reader !== null && room.reader.phoneAt !== null) return { kind: 'go', to: wayBack(room, call.query.back) }
      return phonePage(parts, room, call.query.back)
    }),
  }),
  pageRoute({
    method: 'POST', path: '/login', what: 'send a code to a phone', perMinute: 20, form: z.object({ phone: z.string().max(20), back }),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      const { t } = room
      const phone = call.form.phone.replace(/[\s-]/g, '')
      const result = await startPhoneCode(tx, room.work, parts.reader, { phone })
      if (result.kind === 'sent') return codePage(room, phone, call.form.back)
      if (result.kind === 'too-soon') return codePage(room, phone, call.form.back, t(`刚发过一条，${minuteOf(room, result.nextAt)} 后可以再发。先填收到的那条。`, `One was just sent; another can be sent after ${minuteOf(room, result.nextAt)}. Use the one you have.`))
      return phonePage(parts, room, call.form.back, result.kind === 'bad-phone' ? t('这不像手机号：要 11 位，1 开头。', 'This is not a phone number: eleven digits, beginning with 1.') : t('店里没有接短信。', 'No text messages are set up here.'))
    }),
  }),
  pageRoute({
    method: 'POST', path: '/login/code', what: 'sign in with the code', perMinute: 12, form: z.object({ phone: z.string().max(20), code: z.string().trim().max(8), back }),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      const { t } = room
      const { phone, code } = call.form
      const result = await verifyPhone(tx, room.work, parts.reader, { phone, code, surface: 'web', deviceKey: call.deviceKey, actor: room.actor ?? undefined })
      if (result.kind === 'wrong') return codePage(room, phone, call.form.back, t(`验证码不对，还能试 ${result.left} 次。`, `Not the right code; ${result.left} more tries.`))
      if (result.kind === 'expired') return codePage(room, phone, call.form.back, t('验证码过期了，再发一次。', 'The code is too old; send another.'))
      if (result.kind === 'closed') return phonePage(parts, room, call.form.back, t('这个账号已经关闭，不能再登录。', 'This account is closed.'))
      const { token } = await openSession(tx, room.work, { readerId: result.readerId, surface: 'web', deviceKey: call.deviceKey })
      const to = wayBack(room, call.form.back)
      return { kind: 'go', to: result.fresh ? `${room.base}/me?fresh=1&back=${encodeURIComponent(to)}` : to, cookies: { session: token } }
    }),
  }),
  pageRoute({
    method: 'GET', path: '/phone', what: 'the phone of a simulated sea: codes that were sent', perMinute: 120,
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      if (!call.simulated) throw missing(call)
      const { t } = room
      const rows = parts.phoneBox.recent(call.tenantId)
      return page(room, { title: t('模拟的手机', 'Simulated phone') }, html`<h1>${t('模拟的手机：短信只到这里', 'The simulated phone: messages end here')}</h1>${rows.length === 0 ? html`<p class="empty">${t('还没有短信。', 'No messages yet.')}</p>` : html`<ul class="lines">${rows.map((row) => html`<li class="row apart"><span>${row.phone.slice(0, 3)}…${row.phone.slice(-4)}</span><span class="code">${row.code}</span><span class="small">${timeTag(room, row.at, true)}</span></li>`)}</ul>`}`)
    }),
  }),
  pageRoute({
    method: 'POST', path: '/logout', what: 'sign out', perMinute: 30, form: z.object({}),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      if (call.session !== undefined) await endSession(tx, call.tenantId, call.session)
      return { kind: 'go', to: `/c/${call.slug}`, cookies: { session: null } }
    }),
  }),
  pageRoute({
    method: 'POST', path: '/look', what: 'language and theme', perMinute: 60, form: z.object({ language: z.enum(['zh', 'en']).optional(), theme: z.enum(['light', 'dark', 'auto']).optional(), back: z.string().max(400) }),
    handle: async (call): Promise<PageAnswer> => {
      const { language, theme } = call.form
      const base = `/c/${call.slug}`
      const to = call.form.back === base || (call.form.back.startsWith(`${base}/`) || call.form.back.startsWith(`${base}?`)) && !/[\u0000-\u001f\\]/.test(call.form.back) ? call.form.back.replace(/([?&])lang=(zh|en)&?/, '$1').replace(/[?&]$/, '') : base
      return { kind: 'go', to, cookies: { language, theme: theme === undefined ? undefined : theme === 'auto' ? null : theme } }
    },
  }),

  pageRoute({
    method: 'GET', path: '/me', what: 'one’s profile and settings', perMinute: 120, query: z.object({ fresh: z.string().optional(), back }),
    handle: (call) => minePage(parts, call, async ({ room }) => profilePage(room, { note: call.query.fresh === undefined ? undefined : html`${room.t('账号开好了。起个名字吧，别人看到的就是它。', 'Your account is open. Choose a name; it is what others see.')}${call.query.back === undefined ? '' : html` <a href="${wayBack(room, call.query.back)}">${room.t('以后再说，回到刚才那页', 'Later, back to where I was')}</a>`}`, kind: 'ok', back: call.query.back })),
  }),
  pageRoute({
    method: 'POST', path: '/me', what: 'save one’s profile', perMinute: 20, form: z.object({ name: z.string().trim().max(60), bio: z.string().trim().max(200), image: z.string().max(6_000_000).optional(), back }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor, reader }) => {
      const { t } = room
      const { name, bio, image } = call.form
      let avatar = reader.avatar
      if (image !== undefined && image !== '') {
        const bytes = Buffer.from(image.replace(/^data:[^,]{0,60},/, ''), 'base64')
        if (bytes.length > maxImageBytes) return profilePage(room, { note: t('图片太大了。', 'The picture is too large.'), kind: 'warn', back: call.form.back })
        const added = await addMedia(tx, call.tenantId, { bytes, contentType: undefined, source: t('读者上传', 'from the reader'), licence: '', addedBy: `reader:${actor.readerId}` }, room.now).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && String(error.code).startsWith('media/')) return (error as ReturnType<typeof mediaFault>).zh
          throw error
        })
        if (typeof added === 'string') return profilePage(room, { note: added, kind: 'warn', back: call.form.back })
        avatar = added.sha256
      }
      const result = await saveProfile(tx, room.work, parts.reader, actor, { name, bio, avatar })
      const fresh = await enterRoom(tx, parts, call)
      switch (result.kind) {
        case 'shown':
          return call.form.back ? { kind: 'go', to: wayBack(room, call.form.back) } : profilePage(fresh, { note: t('存好了。', 'Saved.'), kind: 'ok' })
        case 'held':
          return profilePage(fresh, { note: t('收到，看过之后别人才看得到。', 'Received; others see it after it was looked at.'), kind: 'ok' })
        case 'rejected':
          return profilePage(fresh, { note: t(`没有存：${result.zh}`, `Not saved: ${result.en}`), kind: 'warn' })
        case 'not-now':
          return profilePage(fresh, { note: notNow(room, result, `${room.base}/me`), kind: 'warn' })
        default:
          return profilePage(fresh, { note: t('那张图片不在了。', 'That picture is not there.'), kind: 'warn' })
      }
    }),
  }),
  pageRoute({
    method: 'POST', path: '/me/settings', what: 'notices, and whether friends see what one read', perMinute: 30,
    form: z.object({ showReads: z.string().optional(), replies: z.string().optional(), decisions: z.string().optional(), follows: z.string().optional(), sales: z.string().optional() }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      const { showReads, replies, decisions, follows, sales } = call.form
      await saveReaderSettings(tx, call.tenantId, actor.readerId, { showReads: showReads !== undefined, notices: { replies: replies !== undefined, decisions: decisions !== undefined, follows: follows !== undefined, sales: sales !== undefined } })
      return profilePage(await enterRoom(tx, parts, call), { note: room.t('存好了。', 'Saved.'), kind: 'ok' })
    }),
  }),
  pageRoute({
    method: 'POST', path: '/me/close', what: 'end one’s account', perMinute: 6, form: z.object({ sure: z.literal('yes') }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      await closeReader(tx, room.work, actor.readerId, 'erased')
      return { kind: 'go', to: room.base, cookies: { session: null } }
    }),
  }),

  pageRoute({
    method: 'GET', path: '/me/library', what: 'what one kept and whom one follows', perMinute: 120, query: z.object({ after: z.string().max(80).optional() }),
    handle: (call) => minePage(parts, call, async ({ room, tx, actor }) => {
      const { t, base } = room
      const kept = await favouritesOf(tx, call.tenantId, actor.readerId, cursorOf(call.query.after) ?? null, 20)
      const following = await followingOf(tx, call.tenantId, actor.readerId, null, 100)
      return page(room, { title: t('收藏与关注', 'Kept and followed'), here: 'me' }, html`${mineTabs(room, '/library')}<h1>${t(`关注 ${count(following.rows.length)} 位作者`, `You follow ${count(following.rows.length)} authors`)}</h1>
${following.rows.length === 0 ? html`<p class="empty">${t('还没有关注谁。在文章里点“关注”。', 'Nobody yet. Use “Follow” in an article.')}</p>` : html`<ul class="lines">${following.rows.map((one) => html`<li class="author">${face(room, one)}<div class="who"><b>${authorLink(room, one)}</b><span>${one.bio}</span></div></li>`)}</ul>`}
<h2>${t('收藏', 'Kept')}</h2>${articleList(room, kept.rows, t('还没有收藏。', 'Nothing kept yet.'))}${kept.next === null ? '' : html`<p><a class="btn plain" href="${`${base}/me/library?after=${cursorText(kept.next)}`}">${t('更早的', 'Older')}</a></p>`}`)
    }),
  }),
  pageRoute({
    method: 'GET', path: '/me/bought', what: 'what one bought, and what one’s own articles brought', perMinute: 120,
    handle: (call) => minePage(parts, call, (mine) => boughtPage(mine)),
  }),
  pageRoute({
    method: 'POST', path: '/me/bought/:saleId/refund', what: 'ask for a refund by rule', perMinute: 12, params: z.object({ saleId: z.uuid() }), form: z.object({ reason: z.string().trim().max(200).default('') }),
    handle: (call) => minePage(parts, call, async (mine) => {
      const { room, tx, actor } = mine
      const { t } = room
      const result = await refundSale(tx, room.work, { saleId: call.params.saleId, personId: actor.personId, reason: call.form.reason || '买家要求' })
      if (result.kind === 'refunding') await parts.pay.giveBack(tx, room.work, result.sale)
      const note = result.kind === 'refunded' ? t('退好了，羽毛回来了。', 'Refunded; the feathers are back.') : result.kind === 'refunding' ? t('退款在路上，到账会原路退回。', 'The refund is on its way.') : t(`没有退：${result.zh}`, `Not refunded: ${result.en}`)
      return boughtPage({ ...mine, room: await enterRoom(tx, parts, call) }, note, result.kind === 'refused' ? 'warn' : 'ok')
    }),
  }),
]

function profilePage(room: Room, after: { note?: Part; kind?: 'ok' | 'warn'; back?: string }): PageAnswer {
  const { t } = room
  const reader = room.reader!
  const card = cardOf(reader)
  const check = (name: string, on: boolean, word: string): Part => html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${on ? html` checked` : ''}><span>${word}</span></label>`
  return page(room, { title: t('我的', 'Me'), here: 'me' }, html`${said(after.note, after.kind ?? '')}${mineTabs(room, '')}
<div class="author">${face(room, card, true)}<div class="who"><h1>${card.name}</h1><span>${reader.phoneAt === null ? html`<a href="${signInUrl(room, `${room.base}/me`)}">${t('还没验证手机号，验证后才能发言', 'Phone not proved yet; needed to write')}</a>` : t(`${dayOf(room, reader.createdAt)}来的，手机号已验证`, `Here since ${dayOf(room, reader.createdAt)}, phone proved`)}</span></div></div>
<section class="card"><h2>${t('别人看到的', 'What others see')}</h2>${form(room, '/me', html`<input type="hidden" name="back" value="${after.back ?? ''}"><div class="stack"><label class="field"><span>${t('名字', 'Name')}</span><input type="text" name="name" maxlength="20" value="${reader.name}" autocomplete="nickname"></label><label class="field"><span>${t('一句话介绍', 'One line about you')}</span><input type="text" name="bio" maxlength="60" value="${reader.bio}"></label><div class="js-only"><label class="btn plain pick">${t('换头像（JPG 或 PNG）', 'Choose a picture (JPG or PNG)')}<input type="file" accept="image/jpeg,image/png" data-into="image" data-done="${t('选好了，存了才换', 'Chosen; save to change it')}"></label></div><input type="hidden" name="image" id="image"><p class="row"><button class="btn">${t('存', 'Save')}</button><span class="small third">${t('名字、介绍和头像也按公约看过才显示。', 'Name, line and picture are shown after they were looked at.')}</span></p></div>`)}<p class="small"><a href="${`${room.base}/u/${reader.readerId}`}">${t('看我的主页', 'My page')}</a></p></section>
<section class="card"><h2>${t('告诉我什么', 'What to tell me')}</h2>${form(room, '/me/settings', html`${check('replies', reader.notices.replies, t('有人回复我', 'Somebody answers me'))}${check('decisions', reader.notices.decisions, t('我写的通过了，或没通过', 'What I wrote was decided on'))}${check('follows', reader.notices.follows, t('有人关注我', 'Somebody follows me'))}${check('sales', reader.notices.sales, t('我的文章卖出了', 'An article of mine was sold'))}<hr hidden>${check('showReads', reader.showReads, t('让互相关注的朋友看见我读完了什么', 'Let friends who follow me back see what I finished'))}<p><button class="btn plain">${t('存', 'Save')}</button></p>`)}</section>
<div class="row">${form(room, '/logout', html`<button class="btn plain">${t('退出登录', 'Sign out')}</button>`)}<details><summary class="small">${t('注销账号', 'End the account')}</summary>${form(room, '/me/close', html`<p class="small">${t('名字、介绍、头像和写过的评论都会抹掉，羽毛作废，不能恢复。', 'Name, line, picture and comments are erased, feathers lapse; this cannot be undone.')}</p><label class="choice"><input type="checkbox" name="sure" value="yes" required><span>${t('我明白', 'I understand')}</span></label><button class="btn danger">${t('注销', 'End it')}</button>`)}</details></div>`)
}

const saleStates = { unpaid: ['等付款', 'waiting for payment'], paid: ['已买', 'bought'], refunding: ['退款中', 'being refunded'], refunded: ['已退', 'refunded'], closed: ['没付，已关', 'not paid, closed'] } as const

async function boughtPage({ room, tx, actor }: Mine, note?: Part, kind: 'ok' | 'warn' = 'ok'): Promise<PageAnswer> {
  const { t, base, call } = room
  const sales = await purchasesOf(tx, call.tenantId, actor.personId, null, 100)
  const income = await incomeOf(tx, call.tenantId, actor.personId, room.now)
  return page(room, { title: t('买过的', 'Bought'), here: 'me' }, html`${said(note, kind)}${mineTabs(room, '/bought')}<h1>${sales.length === 0 ? t('还没有买过文章', 'Nothing bought yet') : t(`买过 ${count(sales.filter((row) => row.state === 'paid').length)} 篇`, `${count(sales.filter((row) => row.state === 'paid').length)} bought`)}</h1>
${sales.length === 0 ? '' : html`<ul class="lines">${sales.map((row) => html`<li><div class="row apart"><span>${row.title}</span><span class="nowrap">${row.feathers > 0 ? featherWord(room, row.feathers) : yuan(row.amountFen)}</span></div><p class="meta"><span>${timeTag(room, row.paidAt ?? row.createdAt, true)}</span><span>${t(saleStates[row.state][0], saleStates[row.state][1])}</span>${row.state === 'paid' && row.refundableUntil !== null && row.refundableUntil > room.now ? form(room, `/me/bought/${row.saleId}/refund`, html`<button class="linkish">${t(`退（${minuteOf(room, row.refundableUntil)} 前）`, `Refund (until ${minuteOf(room, row.refundableUntil)})`)}</button>`) : ''}</p></li>`)}</ul>`}
${income.rows.length === 0 ? '' : html`<h2>${t('我的文章带来的', 'What my articles brought')}</h2><p>${t(`羽毛 ${count(income.feathers)}；钱 ${yuan(income.earnedFen)}，可取 ${yuan(income.payableFen)}，结算中 ${yuan(income.settlingFen)}。`, `${featherWord(room, income.feathers)}; ${yuan(income.earnedFen)} earned, ${yuan(income.payableFen)} payable, ${yuan(income.settlingFen)} settling.`)}</p><table class="plain"><thead><tr><th>${t('哪天', 'When')}</th><th>${t('文章', 'Article')}</th><th class="num">${t('归我', 'Mine')}</th></tr></thead><tbody>${income.rows.map((row) => html`<tr><td class="nowrap">${dayOf(room, row.at)}</td><td>${row.title}</td><td class="num">${row.feathers > 0 ? count(row.feathers) : yuan(row.authorFen)}</td></tr>`)}</tbody></table>`}
<p class="small"><a href="${base}">${t('去看文章', 'To the articles')}</a></p>`)
}
