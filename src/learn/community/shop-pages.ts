import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { html, pageRoute, type AnyPageRoute, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { listOffers, redeem, redemptionsOf, revealCode, type Offer } from '../../retain/offer/index.ts'
import { waysToEarn } from '../../retain/points/index.ts'
import { minePage, type Mine } from './account-pages.ts'
import { earnList, missing } from './article-pages.ts'
import { mineTabs, page, said } from './layout.ts'
import { notNow } from './refusals.ts'
import { count, dayOf, enterRoom, featherWord, form, signInUrl, timeTag, yuan, type CommunityParts, type Room } from './room.ts'

/** What can be had now, cheapest first. */
export const offersShown = async (tx: Tx, tenantId: number): Promise<Offer[]> => (await listOffers(tx, tenantId)).filter((one) => one.state === 'live').toSorted((a, b) => a.feathers - b.feathers)

/** The shop for feathers (羽毛精选): what can be had, how many are left, and the codes one got. */
export const shopPages = (parts: CommunityParts): AnyPageRoute[] => [
  pageRoute({
    method: 'GET', path: '/shop', what: 'what feathers can be spent on', perMinute: 240,
    handle: (call) => call.tx(async (tx) => {
      const room = await enterRoom(tx, parts, call)
      return shopPage(room, await offersShown(tx, call.tenantId))
    }),
  }),
  pageRoute({
    method: 'GET', path: '/shop/:offer', what: 'what is redeemed and for how many feathers', perMinute: 120, params: z.object({ offer: z.uuid() }),
    handle: (call) => call.tx(async (tx): Promise<PageAnswer> => {
      const room = await enterRoom(tx, parts, call)
      if (room.actor === null) return { kind: 'go', to: signInUrl(room, `${room.base}/shop/${call.params.offer}`) }
      const offer = (await offersShown(tx, call.tenantId)).find((one) => one.offerId === call.params.offer)
      if (offer === undefined) throw missing(call)
      const { t } = room
      const short = offer.feathers - (room.feathers ?? 0)
      return page(room, { title: offer.title, here: 'shop' }, html`<section class="card">${confirmOffer(room, offer)}</section>${short > 0 ? html`<section class="card"><h2>${t('怎么得羽毛', 'How to earn feathers')}</h2>${earnList(room, await waysToEarn(tx, call.tenantId, room.now))}</section>` : ''}`)
    }),
  }),
  pageRoute({
    method: 'POST', path: '/shop/:offer', what: 'redeem', perMinute: 20, params: z.object({ offer: z.uuid() }), form: z.object({ key: z.string().min(8).max(60) }),
    handle: (call) => minePage(parts, call, async (mine) => {
      const { room, tx, actor } = mine
      const { t } = room
      const result = await redeem(tx, { ...room.work, gate: parts.discussion.gate }, { personId: actor.personId, readerId: actor.readerId, surface: actor.surface, offerId: call.params.offer, key: call.form.key })
      if (result.ok) return { kind: 'go', to: `${room.base}/me/codes?new=${result.redemptionId}` }
      const offers = await offersShown(tx, call.tenantId)
      switch (result.why) {
        case 'short':
          return shopPage(room, offers, html`${t(`你有 ${count(result.balance)} 羽毛，还差 ${count(result.short)}。可以这样得：`, `You have ${featherWord(room, result.balance)}, ${count(result.short)} short. Ways to earn:`)}${earnList(room, result.waysToEarn)}`)
        case 'sold-out':
          return shopPage(room, offers, t('刚刚换完了，没有扣羽毛。', 'The last one just went; nothing was taken.'))
        case 'limit':
          return shopPage(room, offers, t('这一样每人的份数你换满了。', 'You have redeemed as many of this as one person can.'))
        case 'unknown':
        case 'not-live':
          return shopPage(room, offers, t('这一样下架了，没有扣羽毛。', 'This is not offered any more; nothing was taken.'))
        default:
          return shopPage(room, offers, notNow(room, { kind: 'not-now', why: result.why, until: result.until, penaltyId: result.penaltyId, rule: result.rule }, `${room.base}/shop`))
      }
    }),
  }),
  pageRoute({
    method: 'GET', path: '/me/codes', what: 'codes one got', perMinute: 120, query: z.object({ new: z.uuid().optional() }),
    handle: (call) => minePage(parts, call, (mine) => codesPage(mine, undefined, call.query.new === undefined ? undefined : mine.room.t('换好了。点“看码”就能用，随时可以再看。', 'Redeemed. “Show” reveals the code, as often as you like.'))),
  }),
  pageRoute({
    method: 'POST', path: '/me/codes/:redemption', what: 'show a code', perMinute: 60, params: z.object({ redemption: z.uuid() }), form: z.object({}),
    handle: (call) => minePage(parts, call, async (mine) => {
      const result = await revealCode(mine.tx, call.tenantId, { seal: parts.seal }, { personId: mine.actor.personId, redemptionId: call.params.redemption }, mine.room.now)
      if (!result.ok) throw missing(call)
      return codesPage(mine, { redemptionId: call.params.redemption, code: result.code })
    }),
  }),
]

const terms = (room: Room, offer: Offer): string => room.t(`换到后 ${offer.validDays} 天内有效`, `valid for ${offer.validDays} days`)

function confirmOffer(room: Room, offer: Offer): Part {
  const { t, base } = room
  const balance = room.feathers ?? 0
  const short = offer.feathers - balance
  return html`<h2>${t(`换“${offer.title}”？`, `Redeem “${offer.title}”?`)}</h2><p>${t(`用 ${offer.feathers} 羽毛。`, `For ${offer.feathers} feathers.`)}${short > 0 ? t(`你有 ${count(balance)}，还差 ${count(short)}。`, ` You have ${count(balance)}, ${count(short)} short.`) : t(`你有 ${count(balance)}，换后剩 ${count(balance - offer.feathers)}。`, ` You have ${count(balance)}, ${count(balance - offer.feathers)} remain.`)}${terms(room, offer)}${t('。', '.')}</p>
<div class="acts">${short > 0 || offer.stock === 0 ? '' : form(room, `/shop/${offer.offerId}`, html`<input type="hidden" name="key" value="${room.call.ids.next()}"><button class="btn">${t(`用 ${offer.feathers} 羽毛换`, `Redeem for ${offer.feathers}`)}</button>`)}<a class="btn plain" href="${`${base}/shop`}" data-close>${t('先不换', 'Not now')}</a></div>`
}

function shopPage(room: Room, offers: readonly Offer[], note?: Part): PageAnswer {
  const { t, base } = room
  const cheapest = offers.filter((one) => one.stock > 0).toSorted((a, b) => a.feathers - b.feathers)[0]
  const sentence = room.feathers === null ? t('读懂、评论、分享得来的羽毛，在这里换用得上的东西', 'Feathers from reading, commenting and sharing, spent on useful things')
    : cheapest === undefined ? t(`你有 ${count(room.feathers)} 羽毛，眼下没有可换的`, `You have ${featherWord(room, room.feathers)}; nothing to redeem just now`)
      : room.feathers >= cheapest.feathers ? t(`你有 ${count(room.feathers)} 羽毛，够换 ${count(offers.filter((one) => one.stock > 0 && one.feathers <= room.feathers!).length)} 样`, `You have ${featherWord(room, room.feathers)}, enough for ${count(offers.filter((one) => one.stock > 0 && one.feathers <= room.feathers!).length)}`)
        : t(`你有 ${count(room.feathers)} 羽毛，还差 ${count(cheapest.feathers - room.feathers)} 就能换第一样`, `You have ${featherWord(room, room.feathers)}, ${count(cheapest.feathers - room.feathers)} short of the first`)
  return page(room, { title: t('羽毛精选', 'For feathers'), description: t('用羽毛换工具试用、课程和优惠。', 'What feathers can be spent on.'), canonical: '/shop', here: 'shop' }, html`${said(note, note === undefined ? '' : 'warn')}<h1>${sentence}</h1>
${offers.length === 0 ? html`<p class="empty">${t('还没有上架的东西。', 'Nothing is offered yet.')}</p>` : html`<div class="two">${offers.map((offer) => html`<section class="card"><h2>${offer.title}</h2><p class="small">${offer.what}</p><p class="small third">${terms(room, offer)}${offer.faceFen > 0 ? t(`，值 ${yuan(offer.faceFen)}`, `, worth ${yuan(offer.faceFen)}`) : ''}</p><div class="row apart end"><span>${featherWord(room, offer.feathers)}${offer.stock > 0 && offer.stock <= 5 ? html`<span class="small"> · ${t(`剩 ${offer.stock}`, `${offer.stock} left`)}</span>` : ''}</span>${offer.stock === 0 ? html`<span class="small third">${t('换完了', 'none left')}</span>` : html`<a class="btn plain" href="${`${base}/shop/${offer.offerId}`}"${room.actor === null ? '' : html` data-dialog="${`offer-${offer.offerId}`}"`}>${t('换', 'Redeem')}</a>`}</div>${room.actor === null || offer.stock === 0 ? '' : html`<dialog id="${`offer-${offer.offerId}`}">${confirmOffer(room, offer)}</dialog>`}</section>`)}</div>`}
<p class="small"><a href="${`${base}/me/codes`}">${t('我换到的', 'What I redeemed')}</a> · <a href="${`${base}/me/feathers`}">${t('羽毛流水', 'Statement of feathers')}</a></p>`)
}

async function codesPage({ room, tx, actor }: Mine, shown?: { redemptionId: string; code: string }, note?: Part): Promise<PageAnswer> {
  const { t, call } = room
  const rows = await redemptionsOf(tx, call.tenantId, actor.personId, room.now)
  return page(room, { title: t('兑换码', 'Codes'), here: 'me' }, html`${said(note, 'ok')}${mineTabs(room, '/codes')}<h1>${rows.length === 0 ? t('还没有换过东西', 'Nothing redeemed yet') : t(`换过 ${count(rows.length)} 样`, `${count(rows.length)} redeemed`)}</h1>
${rows.length === 0 ? html`<p class="empty"><a href="${`${room.base}/shop`}">${t('去羽毛精选看看', 'See what there is')}</a></p>` : html`<ul class="lines">${rows.map((row) => html`<li><div class="row apart"><b>${row.title}</b><span class="small">${featherWord(room, row.feathers)}</span></div><p class="meta"><span>${timeTag(room, row.redeemedAt, true)}</span><span>${row.state === 'taken-back' ? t('已收回', 'taken back') : row.state === 'expired' ? t(`${dayOf(room, row.expiresAt)}过期了`, `ran out on ${dayOf(room, row.expiresAt)}`) : t(`${dayOf(room, row.expiresAt)}前有效`, `valid until ${dayOf(room, row.expiresAt)}`)}</span></p>${row.state === 'taken-back' ? '' : shown?.redemptionId === row.redemptionId ? html`<p><span class="code">${shown.code}</span></p>` : form(room, `/me/codes/${row.redemptionId}`, html`<button class="btn plain">${t('看码', 'Show the code')}</button>`, 'main')}</li>`)}</ul>`}`)
}
