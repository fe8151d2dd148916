import { saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { WeixinAccount } from '../core/account.ts'
import { accountOf, freshId, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { openidOf, personOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'

/** A window for customer-service messages that the user opened. */
export type MiniAllowance = { kind: 'message' | 'enter'; left: number; until: Instant }

export type MiniUser = {
  openid: string
  person: string
  sessionKey: string
  firstVisitAt: Instant
  lastVisitAt: Instant
  /** Consents for subscription messages by template id: each is one message (一次性订阅). */
  consents: Record<string, number>
  /** Templates switched off in the settings; a later acceptance switches them on. */
  off: string[]
  allowances: MiniAllowance[]
  /** code2session calls of the minute that began at `minute`. */
  minute: number
  logins: number
  riskRank: number
}

export type MiniLink = { url: string; path: string; query: string; createdAt: Instant; expiresAt: Instant; envVersion: string; visits: number }

/** A code that opens a page: what a scan brings to the app. */
export type MiniCode = { key: string; scene: string | null; path: string; createdAt: Instant }

export type Parcel = { trackingNo: string; company: string; goods: string; uploadedAt: Instant }

/** What shipping management knows about a payment. */
export type ShippingState = {
  transactionId: string
  mchid: string
  outTradeNo: string
  description: string
  paidFen: number
  openid: string
  createdAt: Instant
  paidAt: Instant
  /** 1 to ship, 2 shipped, 3 receipt confirmed, 4 finished (settled), 5 refunded. */
  state: 1 | 2 | 3 | 4 | 5
  logisticsType: number
  deliveryMode: number
  finished: boolean
  finishCount: number
  parcels: Parcel[]
  /** The wire time given at the last upload; the next must be later. */
  uploadTime: Instant
  shippedAt: Instant | null
  /** 1 by itself, 2 by the user. */
  receiveMethod: 0 | 1 | 2
  receivedAt: Instant | null
  settledAt: Instant | null
  reminded: boolean
}

export type MiniReceived = { n: number; at: Instant; openid: string; kind: 'custom' | 'subscribe'; body: unknown }

export type MiniState = {
  /** Pages of the published version; null: any page is taken as published. */
  pages: string[] | null
  published: boolean
  /** The mini program sells: money is frozen until shipping is reported (发货信息管理). */
  tradeManaged: boolean
  users: Record<string, MiniUser>
  jsCodes: Record<string, { openid: string; expiresAt: Instant; used: boolean }>
  phoneCodes: Record<string, { phone: string; expiresAt: Instant; used: boolean }>
  codes: Record<string, MiniCode>
  limitedCodes: number
  unpublishedPages: number
  links: Record<string, MiniLink>
  shortLinks: number
  templates: Record<string, { title: string; content: string; type: number }>
  /** By transaction_id. */
  shipping: Record<string, ShippingState>
  /** `mchid/out_trade_no` → transaction_id */
  shippingNumbers: Record<string, string>
  everShipped: boolean
  jumpPath: string
  /** Visits by day in Shanghai: openings, and who opened. */
  days: Record<string, { visits: number; people: Record<string, 1>; fresh: number }>
  /** People who ever opened it. */
  visitors: number
  received: MiniReceived[]
}

const miniSlice: Slice<Record<string, MiniState>> = { name: 'mini-program', init: () => ({}) }

/** For acts and writing calls: made on first use. */
export function miniState(ns: Namespace, appid: string): MiniState {
  const states = slice(ns, miniSlice)
  return (states[appid] ??= emptyMini())
}

/** For reads, which are not journaled and so may not even make an empty state. */
export function readMini(ns: Namespace, appid: string): MiniState {
  return (ns.slices[miniSlice.name] as Record<string, MiniState> | undefined)?.[appid] ?? emptyMini()
}

function emptyMini(): MiniState {
  return {
    pages: null,
    published: true,
    tradeManaged: true,
    users: {},
    jsCodes: {},
    phoneCodes: {},
    codes: {},
    limitedCodes: 0,
    unpublishedPages: 0,
    links: {},
    shortLinks: 0,
    templates: {},
    shipping: {},
    shippingNumbers: {},
    everShipped: false,
    jumpPath: '',
    days: {},
    visitors: 0,
    received: [],
  }
}

/** Keeps the newest messages that people received. */
const keptReceived = 2_000

export function miniCaller(account: unknown): WeixinAccount {
  const found = account as WeixinAccount | undefined
  if (!found || found.kind !== 'mini-program') throw new PlatformError(48001, 'api unauthorized')
  return found
}

export function miniAccount(ns: Namespace, id: string | undefined): WeixinAccount {
  const account = accountOf(ns, 'mini-program', id)
  if (!account) throw new PlatformError(40013, `there is no mini program ${id ?? ''}`)
  return account
}

/** The person as a user of the mini program, made at the first visit; every visit counts for the two-hour rule of content safety. */
export function visit(ns: Namespace, account: WeixinAccount, person: string): MiniUser {
  const state = miniState(ns, account.id)
  const { users } = state
  const openid = openidOf(ns, account.id, person)
  const day = (state.days[saleDate(ns.now)] ??= { visits: 0, people: {}, fresh: 0 })
  day.visits++
  day.people[openid] = 1
  if (users[openid] === undefined) {
    day.fresh++
    state.visitors++
  }
  const user = (users[openid] ??= {
    openid,
    person,
    sessionKey: '',
    firstVisitAt: ns.now,
    lastVisitAt: ns.now,
    consents: {},
    off: [],
    allowances: [],
    minute: 0,
    logins: 0,
    riskRank: 0,
  })
  if (user.sessionKey === '') user.sessionKey = Buffer.from(freshId(ns, '', 16), 'latin1').toString('base64')
  user.lastVisitAt = ns.now
  return user
}

export function userOf(ns: Namespace, account: WeixinAccount, openid: string): MiniUser {
  const user = readMini(ns, account.id).users[openid]
  if (user) return user
  if (personOf(ns, openid)?.appid !== account.id) throw new PlatformError(40003, 'invalid openid')
  throw new PlatformError(40003, 'invalid openid: this user never opened the mini program')
}

export function rememberMini(ns: Namespace, state: MiniState, message: Omit<MiniReceived, 'n' | 'at'>): void {
  const n = (state.received.at(-1)?.n ?? 0) + 1
  state.received.push({ n, at: ns.now, ...message })
  if (state.received.length > keptReceived) state.received.splice(0, state.received.length - keptReceived)
}

/** Refuses a page that the published version does not have. */
export function checkPage(state: MiniState, page: string): void {
  const path = page.split('?')[0]
  if (path.startsWith('/') && path.length > 1) throw new PlatformError(41030, 'invalid page: it begins with a slash')
  if (state.pages !== null && path !== '' && !state.pages.includes(path)) throw new PlatformError(41030, 'invalid page')
}
