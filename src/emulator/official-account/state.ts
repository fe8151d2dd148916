import type { Instant } from '../../kernel/clock.ts'
import type { WeixinAccount } from '../core/account.ts'
import { accountOf, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { openidOf, personOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'

/** What a user did that opens the window for customer-service messages, and how many are left in it; null: no limit. */
export type Allowance = { kind: 'message' | 'menu' | 'follow' | 'scan' | 'pay' | 'enter'; left: number | null; until: Instant }

export type Follower = {
  openid: string
  person: string
  subscribed: boolean
  /** Order of following: lists are in it. */
  n: number
  followedAt: Instant
  subscribeScene: string
  qrScene: number
  qrSceneStr: string
  remark: string
  tagIds: number[]
  blocked: boolean
  /** The person muted or blocked messages: templates end with `failed:user block`. */
  refuses: boolean
  allowances: Allowance[]
  /** Mass messages received in the natural month `massMonth`. */
  massMonth: string
  massCount: number
  /** Consents for subscription notices by template id. */
  consents: Record<string, number>
}

/** A message a person received, for the population, the admin page and tests. */
export type ReceivedMessage = { n: number; at: Instant; openid: string; kind: 'custom' | 'reply' | 'template' | 'notice' | 'mass'; body: unknown }

export type QrCode = { ticket: string; sceneId: number | null; sceneStr: string | null; expiresAt: Instant | null; url: string }
export type Article = Record<string, unknown> & { title: string; content: string }
export type Draft = { mediaId: string; articles: Article[]; createdAt: Instant; updatedAt: Instant }
export type Publish = { publishId: string; status: number; articleId: string; articles: Article[]; deleted: boolean; at: Instant }
export type Mass = {
  msgId: string
  status: 'SENDING' | 'SEND_SUCCESS' | 'SEND_FAIL' | 'DELETE'
  openids: string[]
  toAll: boolean
  at: Instant
  body: unknown
  clientMsgId: string | null
  /** Waits for the admin's yes (API 群发保护). */
  waiting: boolean
  /** Who got it. */
  delivered: string[]
}

export type OfficialState = {
  /** Service account (服务号); false: subscription account, one mass send a day. */
  service: boolean
  /** Unverified accounts have no publish, template or mass endpoints (since July 2025). */
  verified: boolean
  /** A send to everybody waits for the admin, 30 minutes at most (API 群发保护). */
  massProtection: boolean
  followers: Record<string, Follower>
  followerCount: number
  /** Number of the newest follower. */
  lastFollow: number
  tags: Record<string, { id: number; name: string }>
  nextTag: number
  qr: Record<string, QrCode>
  shortKeys: Record<string, { data: string; createdAt: Instant; ttlS: number }>
  webCodes: Record<string, { openid: string; scope: string; snapshot: boolean; expiresAt: Instant; used: boolean }>
  webTokens: Record<string, { openid: string; scope: string; expiresAt: Instant; refresh: boolean }>
  jsTicket: { ticket: string; expiresAt: Instant } | null
  /** Message templates (模板消息) by id: title and the keys its data needs. */
  templates: Record<string, { title: string; keys: string[] }>
  /** Subscription notice templates (订阅通知). */
  noticeTemplates: Record<string, { title: string; content: string; type: number }>
  sentClientIds: Record<string, { msgid: number; at: Instant }>
  drafts: Record<string, Draft>
  publishes: Record<string, Publish>
  masses: Record<string, Mass>
  massDays: Record<string, number>
  media: Record<string, { type: string; name: string; permanent: boolean; createdAt: Instant; url: string }>
  menu: unknown[] | null
  /** New and lost followers by day in Shanghai. */
  days: Record<string, { new: Record<string, number>; cancel: number; total: number }>
  received: ReceivedMessage[]
  quotaClears: { month: string; count: number }
}

const init = (): Record<string, OfficialState> => ({})
const officialSlice: Slice<Record<string, OfficialState>> = { name: 'official-account', init }

/** Keeps the newest messages that people received. */
export const keptReceived = 2_000

export function emptyState(): OfficialState {
  return {
    service: true,
    verified: true,
    massProtection: false,
    followers: {},
    followerCount: 0,
    lastFollow: 0,
    tags: {},
    nextTag: 100,
    qr: {},
    shortKeys: {},
    webCodes: {},
    webTokens: {},
    jsTicket: null,
    templates: {},
    noticeTemplates: {},
    sentClientIds: {},
    drafts: {},
    publishes: {},
    masses: {},
    massDays: {},
    media: {},
    menu: null,
    days: {},
    received: [],
    quotaClears: { month: '', count: 0 },
  }
}

/** For reads, which are not journaled and so may not even make an empty state. */
export function readOfficial(ns: Namespace, appid: string): OfficialState {
  return (ns.slices[officialSlice.name] as Record<string, OfficialState> | undefined)?.[appid] ?? emptyState()
}

/** For acts and writing calls: made on first use. */
export function officialState(ns: Namespace, appid: string): OfficialState {
  const states = slice(ns, officialSlice)
  return (states[appid] ??= emptyState())
}

/** The account of a call made with its token. */
export function officialCaller(account: unknown): WeixinAccount {
  const found = account as WeixinAccount | undefined
  if (!found || !('originalId' in found)) throw new PlatformError(48001, 'api unauthorized')
  return found
}

/** The account an act names, or the first of its kind. */
export function actAccount(ns: Namespace, kind: WeixinAccount['kind'], id: string | undefined): WeixinAccount {
  const account = accountOf(ns, kind, id)
  if (!account) throw new PlatformError(40013, `there is no ${kind} account ${id ?? ''}`)
  return account as WeixinAccount
}

export function followerOf(ns: Namespace, account: WeixinAccount, openid: string): Follower | undefined {
  return readOfficial(ns, account.id).followers[openid]
}

/** Refuses an openid that was never given out for this account. */
export function knownOpenid(ns: Namespace, account: WeixinAccount, openid: string): void {
  if (readOfficial(ns, account.id).followers[openid]) return
  if (personOf(ns, openid)?.appid !== account.id) throw new PlatformError(40003, 'invalid openid')
}

/** The record of somebody who dealt with the account, made on first use. */
export function meet(ns: Namespace, account: WeixinAccount, person: string): Follower {
  const state = officialState(ns, account.id)
  const openid = openidOf(ns, account.id, person)
  return (state.followers[openid] ??= {
    openid,
    person,
    subscribed: false,
    n: 0,
    followedAt: 0,
    subscribeScene: '',
    qrScene: 0,
    qrSceneStr: '',
    remark: '',
    tagIds: [],
    blocked: false,
    refuses: false,
    allowances: [],
    massMonth: '',
    massCount: 0,
    consents: {},
  })
}

export function remember(ns: Namespace, state: OfficialState, message: Omit<ReceivedMessage, 'n' | 'at'>): void {
  const n = (state.received.at(-1)?.n ?? 0) + 1
  state.received.push({ n, at: ns.now, ...message })
  if (state.received.length > keptReceived) state.received.splice(0, state.received.length - keptReceived)
}

/** Opens (or opens anew) the window that this action of the user gives. */
export function allow(list: Allowance[], kind: Allowance['kind'], left: number | null, until: Instant, now: Instant): Allowance[] {
  return [...list.filter((entry) => entry.kind !== kind && entry.until > now), { kind, left, until }]
}

/**
 * Takes one customer-service message out of the windows, the one that closes first.
 * Throws 45015 when no window is open, 45047 when the open ones are used up (Customer_Service_Messages.html).
 */
export function spend(list: Allowance[], now: Instant): void {
  const open = list.filter((entry) => entry.until > now)
  if (open.length === 0) throw new PlatformError(45015, 'response out of time limit or subscription is canceled')
  const usable = open.filter((entry) => entry.left === null || entry.left > 0).sort((a, b) => a.until - b.until)
  if (usable.length === 0) throw new PlatformError(45047, 'out of response count limit')
  if (usable[0].left !== null) usable[0].left--
}
