import type { Instant } from '../../kernel/clock.ts'
import type { Corp } from '../core/account.ts'
import { accountOf, nextNumber, randomOf, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'

/** State of the corps (企业) of a namespace. Times are milliseconds here and seconds on the wire. */

export type Member = {
  userid: string
  name: string
  alias: string
  department: number[]
  order: number[]
  isLeader: number[]
  directLeader: string[]
  position: string
  mobile: string
  /** "1" male, "2" female, "0" unknown: text, as on the wire. */
  gender: string
  email: string
  mainDepartment: number
  /** 1 activated, 2 disabled, 4 not activated. */
  status: number
  /** The customer-contact function is switched on. */
  customerContact: boolean
  realName: boolean
  banned: boolean
  /** An administrator configured a welcome message for him: then no welcome code is given. */
  adminWelcome: boolean
  /** Other fields, as they were written. */
  more: Record<string, unknown>
}

export type Department = { id: number; name: string; nameEn: string; leaders: string[]; parentId: number; order: number }

export type Customer = {
  id: string
  /** Who it is in the emulator: `p:<person>`, `u:<unionid>` or `o:<openid>`. */
  key: string
  person?: string
  unionid?: string
  openid?: string
  name: string
  avatar: string
  /** 1 WeChat user, 2 WeCom user. */
  type: 1 | 2
  gender: number
  corpName?: string
  /** When mass messages reached him; older ones than 40 days are dropped. */
  received: Instant[]
  /** When Moments were shown to him: corp-made and member-made. */
  corpMoments: Instant[]
  memberMoments: Instant[]
  /** Starts of on-job transfers in the last 90 days. */
  transfers: Instant[]
}

export type Follow = {
  createdAt: Instant
  remark: string
  description: string
  remarkCorp?: string
  mobiles: string[]
  oper: string
  addWay: number
  state?: string
  channels?: { nickname: string; source: number }
  tags: string[]
  personalTags: string[]
  /** The customer added by no-verify and the member has not accepted. */
  half: boolean
  /** The customer asked to be added and waits for the member (verification on). */
  applied: boolean
  /** The customer deleted the member: a one-way relation remains. */
  gone: boolean
  blocked: boolean
  lastChatAt: Instant
  chatDay: number
  /** The customer has sent a message. */
  spoke: boolean
  received: number
  /** Since when an unanswered message of the customer waits; 0: none. */
  waitingSince: Instant
  configId?: string
  linkId?: string
  welcomeCode?: string
}

export type Welcome = { userid: string; externalUserid: string; expiresAt: Instant; used: boolean }

export type Content = { text?: string; attachments: Array<Record<string, unknown>> }

export type ContactWay = {
  id: string
  type: number
  scene: number
  style?: number
  remark: string
  skipVerify: boolean
  state: string
  user: string[]
  party: number[]
  temporary: boolean
  expiresIn: number
  chatExpiresIn: number
  unionid?: string
  exclusive: boolean
  markSource: boolean
  conclusions?: Record<string, unknown>
  createdAt: Instant
}

export type TagGroup = { id: string; name: string; order: number; createdAt: Instant; deleted: boolean }
export type Tag = { id: string; group: string; name: string; order: number; createdAt: Instant; deleted: boolean; by: string }

export type GroupMember = { type: 1 | 2; joinedAt: Instant; scene: number; invitor?: string; nickname: string; state?: string }
export type Group = {
  id: string
  opengid: string
  name: string
  owner: string
  notice: string
  createdAt: Instant
  dismissedAt?: Instant
  members: Record<string, GroupMember>
  admins: string[]
  version: string
  /** 0 normal, 1 owner resigned, 2 being handed over, 3 handed over. */
  status: number
  received: Instant[]
  transfers: Instant[]
}
export type JoinWay = {
  id: string
  scene: number
  remark: string
  autoCreate: boolean
  baseName: string
  baseId: number
  chats: string[]
  state: string
  markSource: boolean
}

export type BroadcastTask = {
  status: 0 | 2
  sentAt: Instant
  targets: string[]
  /** Beside `targets`: 0 not sent, 1 sent, 2 not a friend, 3 limit. */ results: number[]
}
export type Broadcast = {
  id: string
  chatType: 'single' | 'group'
  createdAt: Instant
  /** 0 corp, 1 personal. */
  createType: 0 | 1
  creator?: string
  content: Content
  allowSelect: boolean
  cancelledAt: Instant
  reminders: Instant[]
  tasks: Record<string, BroadcastTask>
}

export type MomentTask = { publishedAt: Instant; customers: string[]; shown: string[]; likes: Reaction[]; comments: Reaction[] }
export type Reaction = { externalUserid?: string; userid?: string; at: Instant }
export type Moment = {
  id: string
  jobId: string
  createdAt: Instant
  createType: 0 | 1
  creator?: string
  content: Content
  visibleType: 0 | 1
  cancelledAt: Instant
  tasks: Record<string, MomentTask>
}
export type MomentJob = {
  id: string
  doneAt: Instant
  expiresAt: Instant
  momentId: string
  invalidUsers: string[]
  invalidDepartments: number[]
  invalidTags: string[]
}

export type Transfer = {
  handover: string
  takeover: string
  externalUserid: string
  resigned: boolean
  /** 1 done, 2 waiting, 3 refused, 4 successor full. */ status: number
  startedAt: Instant
  endedAt: Instant
}

export type Link = {
  id: string
  name: string
  url: string
  createdAt: Instant
  skipVerify: boolean
  markSource: boolean
  users: string[]
  departments: number[]
  priority?: { type: number; users: string[] }
  customers: Array<{ externalUserid: string; userid: string; state: string; at: Instant }>
  clicks: Instant[]
}

export type Media = { type: string; purpose: 'temporary' | 'attachment'; at: Instant; name: string; size: number }

export type DayCount = {
  chats: number
  messages: number
  asked: number
  replied: number
  replyMinutes: number
  negative: number
  applied: number
  added: number
}
export type GroupDayCount = { newChats: number; newMembers: number; messages: number; talkers: Record<string, 1>; chats: Record<string, 1> }

/** Something that reached a customer or a member: for the population, tests and the admin page. Only the newest are kept. */
export type Arrival = {
  n: number
  at: Instant
  kind: 'welcome' | 'broadcast' | 'moment' | 'app'
  from: string
  to: string
  ref: string
  content: Content
}

export type Settings = {
  /** Rule of the mass-send assistant: as many a month as it has days (D92135), 7 a week, or 1 a day (D96997 calls this the default: disputed). */
  sendRule: 'month-days' | 'week-7' | 'day-1'
  /** Customers a member may hold; 5,000 at first, 20,000 after approval. */
  contactMax: number
  tagMax: number
  /** People behind one contact way or one acquisition link. */
  peopleMax: number
  contactWayMax: number
  linkMax: number
  groupSizeMax: number
  memberMax: number
  /** Shown a customer a month; UNCONFIRMED. */
  corpMomentsAMonth: number
  /** Shown a customer a day; UNCONFIRMED. */
  memberMomentsADay: number
  /** How long a new mass send or Moment is still being handed out. */
  dispatchMs: number
  /** Some sources say that a remark changed by API fires edit_external_contact: UNCONFIRMED, off. */
  apiCallbacks: boolean
  /** Null: any address may call. */
  trustedIps: string[] | null
  closed: boolean
  verified: boolean
}

export type CorpState = {
  id: string
  /** The WeChat developer account that is bound: accounts of the same one share unionids. Null: no unionid anywhere. */
  openPlatform: string | null
  settings: Settings
  members: Record<string, Member>
  resigned: Record<string, { at: Instant; member: Member; follows: Record<string, Follow> }>
  departments: Record<string, Department>
  customers: Record<string, Customer>
  /** Identity key → external userid. */
  byKey: Record<string, string>
  byUnionid: Record<string, string>
  follows: Record<string, Record<string, Follow>>
  /** Number of entries of `follows`, by userid. */
  held: Record<string, number>
  /** external userid → userids, in the order of adding. */
  followers: Record<string, string[]>
  welcomes: Record<string, Welcome>
  contactWays: Record<string, ContactWay>
  tagGroups: Record<string, TagGroup>
  tags: Record<string, Tag>
  groups: Record<string, Group>
  joinWays: Record<string, JoinWay>
  groupWelcomes: Record<string, { by: string; blocks: Record<string, unknown> }>
  broadcasts: Record<string, Broadcast>
  moments: Record<string, Moment>
  momentJobs: Record<string, MomentJob>
  transfers: Record<string, Transfer>
  links: Record<string, Link>
  quota: { total: number; balance: number; expiresAt: Instant }
  media: Record<string, Media>
  chatKeys: Record<string, { userid: string; externalUserid: string }>
  pendingIds: Record<string, { unionid: string; at: Instant }>
  tmpOpenids: Record<string, string>
  days: Record<string, Record<string, DayCount>>
  groupDays: Record<string, Record<string, GroupDayCount>>
  arrivals: Arrival[]
  appMessages: Record<string, { agentId: string; at: Instant; to: string[]; recalled: boolean }>
  duplicates: Record<string, Instant>
  appSends: { day: number; count: Record<string, number> }
  memberSends: Record<string, Instant[]>
  responseCodes: Record<string, { agentId: string; at: Instant; used: boolean }>
  loginCodes: Record<string, { userid?: string; externalUserid?: string; openid?: string; expiresAt: Instant; used: boolean }>
}

type WecomState = { corps: Record<string, CorpState> }
const wecomSlice: Slice<WecomState> = { name: 'wecom', init: () => ({ corps: {} }) }

export const defaultSettings: Settings = {
  sendRule: 'month-days',
  contactMax: 5_000,
  tagMax: 3_000,
  peopleMax: 100,
  contactWayMax: 500_000,
  linkMax: 1_000,
  groupSizeMax: 500,
  memberMax: 1_000,
  corpMomentsAMonth: 4,
  memberMomentsADay: 3,
  dispatchMs: 0,
  apiCallbacks: false,
  trustedIps: null,
  closed: false,
  verified: true,
}

export function makeCorpState(ns: Namespace, id: string, name: string): CorpState {
  const made: CorpState = {
    id,
    openPlatform: 'main',
    settings: { ...defaultSettings },
    members: {},
    resigned: {},
    departments: { 1: { id: 1, name, nameEn: '', leaders: [], parentId: 0, order: 100_000_000 } },
    customers: {},
    byKey: {},
    byUnionid: {},
    follows: {},
    held: {},
    followers: {},
    welcomes: {},
    contactWays: {},
    tagGroups: {},
    tags: {},
    groups: {},
    joinWays: {},
    groupWelcomes: {},
    broadcasts: {},
    moments: {},
    momentJobs: {},
    transfers: {},
    links: {},
    quota: { total: 1_000, balance: 1_000, expiresAt: ns.now + 365 * 86_400_000 },
    media: {},
    chatKeys: {},
    pendingIds: {},
    tmpOpenids: {},
    days: {},
    groupDays: {},
    arrivals: [],
    appMessages: {},
    duplicates: {},
    appSends: { day: 0, count: {} },
    memberSends: {},
    responseCodes: {},
    loginCodes: {},
  }
  slice(ns, wecomSlice).corps[id] = made
  return made
}

/** The corp of an act: the named one, else the first. */
export function corpOf(ns: Namespace, corpId?: string): { corp: CorpState; account: Corp } {
  const account = accountOf(ns, 'wecom', corpId)
  if (!account) throw new PlatformError(40013, `there is no corp ${corpId ?? ''}`)
  return { account, corp: stateOf(ns, account) }
}

export function stateOf(ns: Namespace, account: Corp): CorpState {
  return slice(ns, wecomSlice).corps[account.id] ?? makeCorpState(ns, account.id, account.name)
}

export const seconds = (at: Instant): number => Math.floor(at / 1000)

/** Lower-case hex that no one can guess, as config ids and versions are. */
export function freshHex(ns: Namespace, what: string, length: number): string {
  return randomOf(ns)
    .bytes(Math.ceil(length / 2), 'hex', what, nextNumber(ns, `hex:${what}`))
    .toString('hex')
    .slice(0, length)
}

export function memberOf(corp: CorpState, userid: string | undefined, code = 41009): Member {
  if (userid === undefined || userid === '') throw new PlatformError(code, 'missing userid')
  const member = corp.members[userid]
  if (!member) throw new PlatformError(60111, `userid not found`)
  return member
}

/** A member with the customer-contact function. */
export function followerOf(corp: CorpState, userid: string | undefined): Member {
  const member = memberOf(corp, userid)
  if (!member.customerContact) throw new PlatformError(84084, 'not a follow user')
  return member
}

export function customerOf(corp: CorpState, externalUserid: string | undefined): Customer {
  if (externalUserid === undefined || externalUserid === '') throw new PlatformError(41035, 'missing external userid')
  const customer = corp.customers[externalUserid]
  if (!customer) throw new PlatformError(40096, 'invalid external userid')
  return customer
}

/**
 * The relation of a pair as the API sees it (84061): it works on while the customer deleted the member; it does not when the member
 * deleted the customer, or has not accepted a no-verify add yet.
 */
export function relationOf(corp: CorpState, userid: string | undefined, externalUserid: string | undefined): Follow {
  const member = followerOf(corp, userid)
  const customer = customerOf(corp, externalUserid)
  const follow = corp.follows[member.userid]?.[customer.id]
  if (!follow || follow.half || follow.applied) throw new PlatformError(84061, 'not external contact relationship')
  return follow
}

export const isRelation = (follow: Follow | undefined): follow is Follow => follow !== undefined && !follow.half && !follow.applied
/** A message would arrive: the pair are friends on both sides. */
export const isFriend = (follow: Follow | undefined): follow is Follow => isRelation(follow) && !follow.gone

export function relationsOf(corp: CorpState, userid: string): Array<[string, Follow]> {
  return Object.entries(corp.follows[userid] ?? {}).filter(([, follow]) => isRelation(follow))
}

/** Members of a department and of those below it, with the contact function where asked. */
export function departmentTree(corp: CorpState, id: number): Set<number> {
  const found = new Set([id])
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const department of Object.values(corp.departments)) if (found.has(department.parentId)) found.add(department.id)
  }
  return found
}

export function peopleBehind(corp: CorpState, users: readonly string[], departments: readonly number[]): string[] {
  const found = new Set(users)
  for (const id of departments) {
    const tree = departmentTree(corp, id)
    for (const member of Object.values(corp.members))
      if (member.customerContact && member.department.some((own) => tree.has(own))) found.add(member.userid)
  }
  return [...found]
}

export function arrive(ns: Namespace, corp: CorpState, arrival: Omit<Arrival, 'n' | 'at'>): void {
  corp.arrivals.push({ n: nextNumber(ns, 'wecom:arrival'), at: ns.now, ...arrival })
  if (corp.arrivals.length > 2_000) corp.arrivals.splice(0, 1_000)
}
