import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { html, joined, trusted, type AnyPageCall, type Markup, type Part } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { ChannelCode } from '../../acquire/channel-code/index.ts'
import type { ArticleParts, PayAccounts, Price, Sale, SalePay } from '../../retain/article/index.ts'
import { walletOf } from '../../retain/points/index.ts'
import type { Conventions, ModerationParts } from '../../restrain/moderation/index.ts'
import type { AppealMade } from '../../restrain/penalty/index.ts'
import { readerOf, readSession, type Actor, type CommunityWork, type ConductGate, type PhoneBox, type Reader, type ReaderParts } from '../../retain/reader/index.ts'

/** What the pages need from the house. */
export type CommunityParts = {
  workOf(tenantId: number): CommunityWork
  seal: Seal
  reader: ReaderParts
  article: ArticleParts
  discussion: { gate: ConductGate; seal: Seal }
  /** WeChat Pay for articles; `accountsOf` undefined: only feathers buy. */
  pay: {
    accountsOf(tenantId: number): PayAccounts | undefined
    start(tenantId: number, actor: Actor, saleId: string, now: Instant): Promise<SalePay>
    giveBack(tx: Tx, work: CommunityWork, sale: Sale): Promise<void>
  }
  conventions: Conventions
  moderation: ModerationParts
  /** Appeals a penalty, or the decision of a case that took something away. */
  appeal(tx: Tx, work: CommunityWork, wish: { readerId: string; personId: string; text: string; penaltyId?: string; caseId?: string }): Promise<AppealMade>
  /** Where codes lie in a simulated sea. */
  phoneBox: PhoneBox
  /** Codes of the merchant's members; empty where WeCom is not connected. */
  codes(tx: Tx, tenantId: number): Promise<ChannelCode[]>
}

/** A request as its page sees it: who reads, in which language, with how many feathers. */
export type Room = {
  call: AnyPageCall
  base: string
  work: CommunityWork
  now: Instant
  actor: Actor | null
  reader: Reader | null
  feathers: number | null
  /** The one of two wordings that this reader reads. Chinese is written first. */
  t(zh: string, en: string): string
}

export async function enterRoom(tx: Tx, parts: CommunityParts, call: AnyPageCall): Promise<Room> {
  const work = parts.workOf(call.tenantId)
  const session = await readSession(tx, call.tenantId, call.session, work.now)
  const reader = session ? ((await readerOf(tx, call.tenantId, session.readerId)) ?? null) : null
  const actor: Actor | null = session && reader ? { readerId: session.readerId, personId: session.personId, surface: 'web' } : null
  return {
    call, base: `/c/${call.slug}`, work, now: work.now, actor, reader,
    feathers: actor ? (await walletOf(tx, call.tenantId, actor.personId, work.now)).balance : null,
    t: (zh, en) => (call.language === 'en' ? en : zh),
  }
}

/** For pages that say that something went wrong: they must appear also when nothing can be read. */
export function bareRoom(parts: CommunityParts, call: AnyPageCall): Room {
  const work = parts.workOf(call.tenantId)
  return { call, base: `/c/${call.slug}`, work, now: work.now, actor: null, reader: null, feathers: null, t: (zh, en) => (call.language === 'en' ? en : zh) }
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
type Local = { year: number; month: number; day: number; clock: string }
function local(at: Instant): Local {
  const text = shanghaiRfc3339(at)
  return { year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), day: Number(text.slice(8, 10)), clock: text.slice(11, 16) }
}
/** Day by the clock of Shanghai; the year only where it is not this one. */
export function dayOf(room: Room, at: Instant): string {
  const [it, now] = [local(at), local(room.now)]
  const far = it.year !== now.year
  return room.t(`${far ? `${it.year}年` : ''}${it.month}月${it.day}日`, `${it.day} ${monthNames[it.month - 1]}${far ? ` ${it.year}` : ''}`)
}
export const minuteOf = (room: Room, at: Instant): string => `${dayOf(room, at)} ${local(at).clock}`
export const timeTag = (room: Room, at: Instant, exact = false): Markup => html`<time datetime="${shanghaiRfc3339(at)}">${exact ? minuteOf(room, at) : dayOf(room, at)}</time>`

export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
export function yuan(fen: number): string {
  return `¥${count(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`
}
/** Thousandths of a star as people read them. */
export const stars = (thousandths: number): string => (thousandths / 1000).toFixed(1)

/** Every word of Chinese counts, and every word of Latin: what a reader takes two lines of in a list. */
export function shorten(text: string, most: number): string {
  const points = Array.from(text.replace(/\s+/g, ' ').trim())
  return points.length <= most ? points.join('') : `${points.slice(0, most - 1).join('')}…`
}

const featherShape = '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"><path d="M4 20c5-1 10-3 13-7s3-8 3-9c-3 0-8 1-11 5s-4 7-4 9m1 1L14 10"/></svg>'
/** A small ink feather and a figure; the word is read aloud. */
export const feathers = (room: Room, amount: number): Markup => html`<span class="feather">${trusted(featherShape)}<span>${count(amount)}<span class="visually-hidden"> ${room.t('羽毛', 'feathers')}</span></span></span>`
export const featherWord = (room: Room, amount: number): string => room.t(`${count(amount)} 羽毛`, `${count(amount)} ${amount === 1 ? 'feather' : 'feathers'}`)

export function priceWord(room: Room, price: Price): string {
  const ways = [price.feathers !== null ? featherWord(room, price.feathers) : null, price.fen !== null ? yuan(price.fen) : null].filter((way) => way !== null)
  return ways.join(room.t(' 或 ', ' or '))
}

/** A form of this site; `soft`: ids of the parts that change when it is sent in place. */
export function form(room: Room, to: string, content: Part, soft?: string, also = ''): Markup {
  return html`<form method="post" action="${room.base + to}"${soft === undefined ? '' : html` data-soft="${soft}"`}${also === '' ? '' : html` class="${also}"`}><input type="hidden" name="_token" value="${room.call.csrf}">${content}</form>`
}

/** Where an image of the merchant lies; the name is its content, so it never changes. */
export const imageUrl = (room: Room, sha256: string): string => `/media/${room.call.slug}/${sha256}`

/** Only addresses below this site are gone to after signing in. */
export function wayBack(room: Room, back: string | undefined): string {
  return back !== undefined && back.startsWith(`${room.base}/`) && !/[\u0000-\u001f\\]/.test(back) ? back : room.base
}
export const signInUrl = (room: Room, back: string): string => `${room.base}/login?back=${encodeURIComponent(back)}`
export { joined }
