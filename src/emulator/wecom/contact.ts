import { z } from 'zod'
import { dayNumber } from '../../kernel/calendar.ts'
import { contactBatchGet, contactGet, contactList, contactRemark, followUserList, servedContactList } from '../../wechat/spec/wecom/index.ts'
import { unionidOf } from '../core/core-module.ts'
import { freshId, nextNumber, randomOf, u, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { acquisitionSpend } from './acquisition.ts'
import { atMost, limitOf, listAtMost, page, wecom } from './call.ts'
import { tell, tellContact } from './event.ts'
import { count } from './statistics.ts'
import {
  corpOf,
  customerOf,
  followerOf,
  isFriend,
  isRelation,
  memberOf,
  peopleBehind,
  relationOf,
  relationsOf,
  seconds,
  type CorpState,
  type Customer,
  type Follow,
  type Welcome,
} from './state.ts'
import { welcomeLifeMs } from './welcome.ts'

function shownContact(corp: CorpState, customer: Customer) {
  return {
    external_userid: customer.id,
    name: customer.name,
    avatar: customer.avatar,
    type: customer.type,
    gender: customer.gender,
    ...(customer.type === 1 && corp.openPlatform !== null && customer.unionid !== undefined ? { unionid: customer.unionid } : {}),
    ...(customer.type === 2 ? { corp_name: customer.corpName ?? '', corp_full_name: customer.corpName ?? '' } : {}),
  }
}

function shownRelation(userid: string, follow: Follow) {
  return {
    userid,
    remark: follow.remark,
    description: follow.description,
    createtime: seconds(follow.createdAt),
    ...(follow.remarkCorp === undefined ? {} : { remark_corp_name: follow.remarkCorp }),
    remark_mobiles: follow.mobiles,
    oper_userid: follow.oper,
    add_way: follow.addWay,
    ...(follow.state === undefined ? {} : { state: follow.state }),
    ...(follow.channels ? { wechat_channels: follow.channels } : {}),
  }
}

function shownTags(corp: CorpState, follow: Follow) {
  return [
    ...follow.tags.map((id) => ({
      group_name: corp.tagGroups[corp.tags[id]?.group]?.name ?? '',
      tag_name: corp.tags[id]?.name ?? '',
      tag_id: id,
      type: 1,
    })),
    ...follow.personalTags.map((name) => ({ group_name: '', tag_name: name, type: 2 })),
  ]
}

export const contactRoutes = [
  wecom(followUserList, ({ corp }) => ({
    follow_user: Object.values(corp.members)
      .filter((member) => member.customerContact && member.status === 1)
      .map(({ userid }) => userid),
  })),
  wecom(contactList, ({ corp, input, call }) => {
    const member = followerOf(corp, input.userid)
    const all = relationsOf(corp, member.userid).map(([id]) => id)
    return { external_userid: call.faults.includes('partial') ? all.slice(0, Math.ceil(all.length / 2)) : all }
  }),
  wecom(contactGet, ({ corp, input }) => {
    const customer = customerOf(corp, input.external_userid)
    const followers = (corp.followers[customer.id] ?? []).filter((userid) => isRelation(corp.follows[userid]?.[customer.id]))
    if (followers.length === 0) throw new PlatformError(84061, 'not external contact relationship')
    const { items, next_cursor } = page(followers, (userid) => userid, input.cursor, 500)
    return {
      external_contact: shownContact(corp, customer),
      follow_user: items.map((userid) => ({
        ...shownRelation(userid, corp.follows[userid][customer.id]),
        tags: shownTags(corp, corp.follows[userid][customer.id]),
      })),
      ...(next_cursor === '' ? {} : { next_cursor }),
    }
  }),
  wecom(contactBatchGet, ({ corp, input, call }) => {
    const users = input.userid_list ?? []
    if (users.length === 0) throw new PlatformError(40063, 'userid_list is empty')
    listAtMost(users, 100, 'userid_list')
    for (const userid of users) followerOf(corp, userid)
    const pairs = users.flatMap((userid) => relationsOf(corp, userid).map(([id, follow]) => ({ userid, id, follow })))
    const { items, next_cursor } = page(pairs, (pair) => `${pair.userid}/${pair.id}`, input.cursor, limitOf(input.limit, 50, 100), call.faults)
    return {
      external_contact_list: items.map(({ userid, id, follow }) => ({
        external_contact: shownContact(corp, corp.customers[id]),
        follow_info: { ...shownRelation(userid, follow), tag_id: follow.tags },
      })),
      next_cursor,
    }
  }),
  wecom(servedContactList, ({ ns, corp, input, call }) => {
    const seats = [
      ...Object.keys(corp.members).flatMap((userid) =>
        relationsOf(corp, userid).map(([id, follow]) => ({
          key: `${userid}/${id}`,
          id,
          follow_userid: userid,
          chat_id: undefined as string | undefined,
          chat_name: undefined as string | undefined,
          at: follow.createdAt,
        })),
      ),
      ...Object.values(corp.groups)
        .filter((group) => group.dismissedAt === undefined)
        .flatMap((group) =>
          Object.entries(group.members)
            .filter(([, seat]) => seat.type === 2)
            .map(([id, seat]) => ({
              key: `${group.id}/${id}`,
              id,
              follow_userid: undefined,
              chat_id: group.id,
              chat_name: group.name,
              at: seat.joinedAt,
            })),
        ),
    ]
    const { items, next_cursor } = page(seats, (seat) => seat.key, input.cursor, limitOf(input.limit, 1_000, 1_000), call.faults)
    const window = Math.floor(ns.now / 14_400_000)
    return {
      info_list: items.map((seat) => {
        const customer = corp.customers[seat.id]
        const isCustomer = (corp.followers[seat.id] ?? []).some((userid) => isRelation(corp.follows[userid]?.[seat.id]))
        return {
          is_customer: isCustomer,
          tmp_openid: `tmp${randomOf(ns).bytes(18, 'tmp-openid', corp.id, seat.id, window).toString('base64url')}`,
          ...(isCustomer ? { external_userid: seat.id } : { name: `***${[...customer.name].at(-1) ?? ''}` }),
          ...(seat.follow_userid === undefined ? { chat_id: seat.chat_id, chat_name: seat.chat_name } : { follow_userid: seat.follow_userid }),
          add_time: seconds(seat.at),
        }
      }),
      next_cursor,
    }
  }),
  wecom(contactRemark, ({ ns, corp, input }) => {
    const follow = relationOf(corp, input.userid, input.external_userid)
    const given = [input.remark, input.description, input.remark_company, input.remark_mobiles, input.remark_pic_mediaid]
    if (given.every((field) => field === undefined)) throw new PlatformError(40063, 'nothing to change')
    atMost(input.remark, 20, 'remark')
    atMost(input.description, 150, 'description')
    atMost(input.remark_company, 20, 'remark_company')
    if (input.remark !== undefined) follow.remark = input.remark
    if (input.description !== undefined) follow.description = input.description
    if (input.remark_company !== undefined && corp.customers[input.external_userid ?? '']?.type === 1) follow.remarkCorp = input.remark_company
    if (input.remark_mobiles) follow.mobiles = input.remark_mobiles.filter((mobile) => mobile !== '')
    if (corp.settings.apiCallbacks)
      tellContact(ns, corp, { ChangeType: 'edit_external_contact', UserID: input.userid ?? '', ExternalUserID: input.external_userid ?? '' })
    return {}
  }),
]

// ---- what people do ----

export const who = z.object({
  /** The emulator's name for somebody, as all lines use it; ids follow from it. */
  person: z.string().optional(),
  unionid: z.string().optional(),
  openid: z.string().optional(),
  name: z.string().optional(),
  gender: z.int().min(0).max(2).optional(),
  avatar: z.string().optional(),
  /** The customer uses WeCom himself: `wo…`, no welcome code, no unionid. */
  wecomUser: z.boolean().optional(),
})
export type Who = z.output<typeof who>

/** Who the person is to this corp; made on first sight. A unionid learned later joins the record that the same person already has. */
export function customerFor(ns: Namespace, corp: CorpState, given: Who): Customer {
  const unionid =
    given.unionid ?? (given.person === undefined ? undefined : unionidOf(ns, { openPlatform: corp.openPlatform ?? 'main' }, given.person))
  const keys = [
    ...(given.person === undefined ? [] : [`p:${given.person}`]),
    ...(unionid === undefined ? [] : [`u:${unionid}`]),
    ...(given.openid === undefined ? [] : [`o:${given.openid}`]),
  ]
  if (keys.length === 0) throw new PlatformError(40035, 'say who it is: person, unionid or openid')
  const known = keys.map((key) => corp.byKey[key]).find((id) => id !== undefined)
  const id =
    known ??
    `${given.wecomUser === true ? 'wo' : 'wm'}${randomOf(ns).bytes(24, 'external-userid', corp.id, keys[0]).toString('base64url').slice(0, 30)}`
  const customer = (corp.customers[id] ??= {
    id,
    key: keys[0],
    name: given.name ?? `微信用户${id.slice(-4)}`,
    avatar: given.avatar ?? `https://wx.qlogo.cn/mmhead/${id.slice(2, 12)}/0`,
    type: given.wecomUser === true ? 2 : 1,
    gender: given.gender ?? 0,
    received: [],
    corpMoments: [],
    memberMoments: [],
    transfers: [],
  })
  for (const key of keys) corp.byKey[key] ??= id
  if (given.person !== undefined) customer.person ??= given.person
  if (unionid !== undefined && customer.type === 1) {
    customer.unionid ??= unionid
    corp.byUnionid[unionid] ??= id
  }
  if (given.openid !== undefined) customer.openid ??= given.openid
  if (given.name !== undefined) customer.name = given.name
  if (given.avatar !== undefined) customer.avatar = given.avatar
  return customer
}

export const held = (corp: CorpState, userid: string): number => corp.held[userid] ?? 0

export type AddResult =
  | { added: true; userid: string; external_userid: string; unionid?: string; welcome_code?: string; state?: string; again: boolean }
  | { added: false; reason: 'member-full' | 'already' | 'waiting' | 'link-unavailable'; userid?: string; external_userid: string }

type AddBy = {
  addWay: number
  oper?: string
  state?: string
  configId?: string
  linkId?: string
  half?: boolean
  verify?: boolean
  quiet?: boolean
  channels?: { nickname: string; source: number }
}

/** The pair comes about, by whichever way; the members of a corp hold at most `contactMax` each. */
export function addRelation(ns: Namespace, corp: CorpState, userid: string, customer: Customer, by: AddBy): AddResult {
  const member = memberOf(corp, userid)
  const mine = (corp.follows[userid] ??= {})
  const old = mine[customer.id]
  const friends: boolean = isFriend(old)
  if (friends) return { added: false, reason: 'already', userid, external_userid: customer.id }
  if (!old && held(corp, userid) >= corp.settings.contactMax) return { added: false, reason: 'member-full', userid, external_userid: customer.id }
  const chatted = old !== undefined && old.lastChatAt > 0 && !old.half && !old.applied
  const follow: Follow = {
    createdAt: ns.now,
    remark: old?.remark || customer.name,
    description: old?.description ?? '',
    mobiles: old?.mobiles ?? [],
    oper: by.oper ?? customer.id,
    addWay: by.addWay,
    tags: old?.tags ?? [],
    personalTags: old?.personalTags ?? [],
    half: by.half === true,
    applied: by.verify === true,
    gone: false,
    blocked: false,
    lastChatAt: old?.lastChatAt ?? 0,
    chatDay: old?.chatDay ?? 0,
    spoke: old?.spoke ?? false,
    received: old?.received ?? 0,
    waitingSince: 0,
    ...(old?.remarkCorp === undefined ? {} : { remarkCorp: old.remarkCorp }),
    ...(by.state === undefined || by.state === '' ? {} : { state: by.state }),
    ...(by.channels ? { channels: by.channels } : {}),
    ...(by.configId === undefined ? {} : { configId: by.configId }),
    ...(by.linkId === undefined ? {} : { linkId: by.linkId }),
  }
  if (!old) corp.held[userid] = held(corp, userid) + 1
  mine[customer.id] = follow
  const followers = (corp.followers[customer.id] ??= [])
  if (!followers.includes(userid)) followers.push(userid)
  if (by.quiet === true) return { added: true, userid, external_userid: customer.id, again: old !== undefined }
  if (by.addWay !== 202) count(ns, corp, userid, 'applied')
  if (follow.applied) {
    if (by.linkId !== undefined) tell(ns, corp, 'customer_acquisition', { ChangeType: 'friend_request', LinkId: by.linkId, State: follow.state })
    return { added: false, reason: 'waiting', userid, external_userid: customer.id }
  }
  const code = by.addWay === 202 || chatted || customer.type === 2 || member.adminWelcome ? undefined : welcomeCode(ns, corp, userid, customer.id)
  follow.welcomeCode = code
  if (!follow.half) settleAdd(ns, corp, userid, customer, follow)
  tellContact(ns, corp, {
    ChangeType: follow.half ? 'add_half_external_contact' : 'add_external_contact',
    UserID: userid,
    ExternalUserID: customer.id,
    State: follow.state,
    WelcomeCode: code,
  })
  return {
    added: true,
    userid,
    external_userid: customer.id,
    again: old !== undefined,
    ...(customer.unionid === undefined ? {} : { unionid: customer.unionid }),
    ...(code === undefined ? {} : { welcome_code: code }),
    ...(follow.state === undefined ? {} : { state: follow.state }),
  }
}

function settleAdd(ns: Namespace, corp: CorpState, userid: string, customer: Customer, follow: Follow): void {
  count(ns, corp, userid, 'added')
  if (follow.linkId !== undefined)
    acquisitionSpend(ns, corp, follow.linkId, { externalUserid: customer.id, userid, state: follow.state ?? '', at: ns.now })
}

function welcomeCode(ns: Namespace, corp: CorpState, userid: string, externalUserid: string): string {
  // Old codes are cleared now and then: the list is walked whole.
  if (nextNumber(ns, 'wecom:welcome') % 128 === 0)
    for (const [code, { expiresAt }] of Object.entries(corp.welcomes)) if (expiresAt + 3_600_000 <= ns.now) delete corp.welcomes[code]
  const code = freshId(ns, 'wc', 42)
  const welcome: Welcome = { userid, externalUserid, expiresAt: ns.now + welcomeLifeMs, used: false }
  corp.welcomes[code] = welcome
  return code
}

function accept(ns: Namespace, corp: CorpState, userid: string, externalUserid: string): AddResult {
  const customer = customerOf(corp, externalUserid)
  const follow = corp.follows[userid]?.[externalUserid]
  if (!follow || (!follow.half && !follow.applied)) throw new PlatformError(84061, 'the customer has not asked to be added')
  const usedAtHalf = follow.half && follow.welcomeCode !== undefined && corp.welcomes[follow.welcomeCode]?.used === true
  const known = follow.half && follow.welcomeCode !== undefined
  follow.half = false
  follow.applied = false
  follow.createdAt = ns.now
  const code = customer.type === 2 || memberOf(corp, userid).adminWelcome || usedAtHalf ? undefined : welcomeCode(ns, corp, userid, externalUserid)
  // The half-add's own code ends when a new one is given.
  if (known && !usedAtHalf && follow.welcomeCode !== undefined) delete corp.welcomes[follow.welcomeCode]
  follow.welcomeCode = code
  settleAdd(ns, corp, userid, customer, follow)
  tellContact(ns, corp, {
    ChangeType: 'add_external_contact',
    UserID: userid,
    ExternalUserID: externalUserid,
    State: follow.state,
    WelcomeCode: code,
  })
  return { added: true, userid, external_userid: externalUserid, again: false, ...(code === undefined ? {} : { welcome_code: code }) }
}

/** Which of several members gets the customer is not documented: drawn, among those active with room; an exclusive way keeps the former one. */
export function chooseMember(ns: Namespace, corp: CorpState, people: readonly string[], customer: Customer, keep: boolean): string | undefined {
  const able = people.filter((userid) => corp.members[userid]?.status === 1 && corp.members[userid].customerContact)
  if (keep) {
    const former = able.find((userid) => isFriend(corp.follows[userid]?.[customer.id]))
    if (former !== undefined) return former
  }
  const open = able.filter((userid) => held(corp, userid) < corp.settings.contactMax)
  const from = open.length > 0 ? open : able
  return from.length === 0 ? undefined : from[Math.floor(u(ns, 'contact-way', customer.id, ns.now) * from.length)]
}

const corpid = z.string().optional()
const pair = z.object({ corpid, userid: z.string(), external_userid: z.string().optional(), ...who.shape })

/** A pair may be named by the person instead of the external userid. */
function pairOf(corp: CorpState, ns: Namespace, args: z.output<typeof pair>): { customer: Customer; follow: Follow } {
  const customer = args.external_userid === undefined ? customerFor(ns, corp, args) : customerOf(corp, args.external_userid)
  const follow = corp.follows[args.userid]?.[customer.id]
  if (!follow) throw new PlatformError(84061, `${args.userid} and ${customer.id} are no contacts`)
  return { customer, follow }
}

function removeRelation(corp: CorpState, userid: string, externalUserid: string): void {
  if (corp.follows[userid]?.[externalUserid]) corp.held[userid] = held(corp, userid) - 1
  delete corp.follows[userid]?.[externalUserid]
  corp.followers[externalUserid] = (corp.followers[externalUserid] ?? []).filter((other) => other !== userid)
}

export function deleteByStaff(ns: Namespace, corp: CorpState, userid: string, externalUserid: string, source?: string): void {
  removeRelation(corp, userid, externalUserid)
  tellContact(ns, corp, { ChangeType: 'del_external_contact', UserID: userid, ExternalUserID: externalUserid, Source: source })
}

const adding = who.extend({
  corpid,
  userid: z.string().optional(),
  config_id: z.string().optional(),
  link_id: z.string().optional(),
  customer_channel: z.string().optional(),
  /** Without a way or link; with one, the way's own state is used. */ state: z.string().optional(),
  add_way: z.int().optional(),
  /** No-verify add that the member has not accepted yet. */ half: z.boolean().optional(),
  channels: z.object({ nickname: z.string(), source: z.int() }).optional(),
})

function comeTogether(ns: Namespace, args: z.output<typeof adding>): AddResult {
  const { corp } = corpOf(ns, args.corpid)
  const customer = customerFor(ns, corp, args)
  if (args.config_id !== undefined) {
    const way = corp.contactWays[args.config_id]
    if (!way || (way.temporary && way.createdAt + way.expiresIn * 1000 <= ns.now)) throw new PlatformError(41044, 'this code is no longer valid')
    if (way.unionid !== undefined && way.unionid !== customer.unionid) throw new PlatformError(84061, 'this code is for somebody else')
    const userid = args.userid ?? chooseMember(ns, corp, peopleBehind(corp, way.user, way.party), customer, way.exclusive)
    if (userid === undefined) return { added: false, reason: 'member-full', external_userid: customer.id }
    return addRelation(ns, corp, userid, customer, {
      addWay: args.channels ? 10 : 1,
      state: way.state,
      configId: way.id,
      half: args.half,
      verify: !way.skipVerify,
      channels: args.channels,
    })
  }
  if (args.link_id !== undefined) {
    const link = corp.links[args.link_id]
    if (!link) return { added: false, reason: 'link-unavailable', external_userid: customer.id }
    link.clicks.push(ns.now)
    if (corp.quota.balance <= 0) return { added: false, reason: 'link-unavailable', external_userid: customer.id }
    const people =
      link.priority?.type === 2 && link.priority.users.length > 0 ? link.priority.users : peopleBehind(corp, link.users, link.departments)
    const userid = args.userid ?? chooseMember(ns, corp, people, customer, true)
    if (userid === undefined) return { added: false, reason: 'member-full', external_userid: customer.id }
    // 64 bytes at most travel.
    const channel = Buffer.from(args.customer_channel ?? '', 'utf8')
      .subarray(0, 64)
      .toString('utf8')
    // 16 is reported elsewhere for links: UNCONFIRMED.
    return addRelation(ns, corp, userid, customer, { addWay: 16, state: channel, linkId: link.id, half: args.half, verify: !link.skipVerify })
  }
  return addRelation(ns, corp, memberOf(corp, args.userid).userid, customer, {
    addWay: args.add_way ?? 3,
    state: args.state,
    half: args.half,
    channels: args.channels,
  })
}

export const contactActs = [
  act({
    name: 'wecom.addContact',
    en: 'A person adds a member: by contact way (config_id), acquisition link (link_id, customer_channel), or in person. The answer says what came of it',
    args: adding,
    run: comeTogether,
  }),
  act({
    name: 'wecom.scanContactWay',
    en: "A person scans a contact way's code: as addContact with that config_id",
    args: adding.extend({ config_id: z.string() }),
    run: comeTogether,
  }),
  act({
    name: 'wecom.accept',
    en: 'The member accepts a customer who waits (verification on, or a half add)',
    args: z.object({ corpid, userid: z.string(), external_userid: z.string() }),
    run: (ns, args) => accept(ns, corpOf(ns, args.corpid).corp, args.userid, args.external_userid),
  }),
  act({
    name: 'wecom.deleteByContact',
    en: 'The customer deletes the member (one-way relation remains, del_follow_user)',
    args: pair,
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer, follow } = pairOf(corp, ns, args)
      if (!isFriend(follow)) return { deleted: false }
      follow.gone = true
      follow.waitingSince = 0
      count(ns, corp, args.userid, 'negative')
      tellContact(ns, corp, { ChangeType: 'del_follow_user', UserID: args.userid, ExternalUserID: customer.id })
      return { deleted: true, external_userid: customer.id }
    },
  }),
  act({
    name: 'wecom.blockByContact',
    en: "The customer blocks the member: no event, only the day's negative feedback count; messages no longer arrive",
    args: pair,
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer, follow } = pairOf(corp, ns, args)
      if (follow.blocked || !isFriend(follow)) return { blocked: false }
      follow.blocked = true
      count(ns, corp, args.userid, 'negative')
      return { blocked: true, external_userid: customer.id }
    },
  }),
  act({
    name: 'wecom.deleteByStaff',
    en: 'The member deletes the customer in the client (del_external_contact); no API can do this',
    args: pair,
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer } = pairOf(corp, ns, args)
      deleteByStaff(ns, corp, args.userid, customer.id)
      return { deleted: true, external_userid: customer.id }
    },
  }),
  act({
    name: 'wecom.editByStaff',
    en: 'The member edits remark, description, phones or tags in the client. Only remark and corp tags fire an event',
    args: pair.extend({
      remark: z.string().optional(),
      description: z.string().optional(),
      mobiles: z.array(z.string()).optional(),
      add_tag: z.array(z.string()).optional(),
      remove_tag: z.array(z.string()).optional(),
      personal_tags: z.array(z.string()).optional(),
    }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer, follow } = pairOf(corp, ns, args)
      if (args.remark !== undefined) follow.remark = args.remark
      if (args.description !== undefined) follow.description = args.description
      if (args.mobiles) follow.mobiles = args.mobiles
      if (args.personal_tags) follow.personalTags = args.personal_tags
      for (const id of args.add_tag ?? []) if (corp.tags[id] && !corp.tags[id].deleted && !follow.tags.includes(id)) follow.tags.push(id)
      if (args.remove_tag) follow.tags = follow.tags.filter((id) => !args.remove_tag?.includes(id))
      const told = args.remark !== undefined || args.add_tag !== undefined || args.remove_tag !== undefined
      if (told) tellContact(ns, corp, { ChangeType: 'edit_external_contact', UserID: args.userid, ExternalUserID: customer.id })
      return { told }
    },
  }),
  act({
    name: 'wecom.chat',
    en: "One message between customer and member, either way; counts for the day's statistics",
    args: pair.extend({ from: z.enum(['customer', 'member']) }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer, follow } = pairOf(corp, ns, args)
      if (!isFriend(follow)) return { arrived: false }
      const day = dayNumber(ns.now)
      if (follow.chatDay !== day) {
        follow.chatDay = day
        count(ns, corp, args.userid, 'chats')
      }
      follow.lastChatAt = ns.now
      if (args.from === 'member') {
        count(ns, corp, args.userid, 'messages')
        if (follow.waitingSince > 0) {
          count(ns, corp, args.userid, 'replied')
          count(ns, corp, args.userid, 'replyMinutes', (ns.now - follow.waitingSince) / 60_000)
          follow.waitingSince = 0
        }
        return { arrived: !follow.blocked }
      }
      if (follow.waitingSince === 0) {
        follow.waitingSince = ns.now
        count(ns, corp, args.userid, 'asked')
      }
      follow.received++
      const first = !follow.spoke
      follow.spoke = true
      if (follow.linkId === undefined) return { arrived: true }
      if (first)
        tell(ns, corp, 'customer_acquisition', {
          ChangeType: 'customer_start_chat',
          LinkId: follow.linkId,
          UserID: args.userid,
          ExternalUserID: customer.id,
          State: follow.state,
        })
      const chatKey = freshId(ns, 'ck', 30)
      corp.chatKeys[chatKey] = { userid: args.userid, externalUserid: customer.id }
      return { arrived: true, chat_key: chatKey }
    },
  }),
  act({
    name: 'wecom.archiveAgreed',
    en: 'The customer agrees to chat archive (msg_audit_approved, with a welcome code of its own)',
    args: pair,
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { customer, follow } = pairOf(corp, ns, args)
      const code = follow.lastChatAt > 0 || customer.type === 2 ? undefined : welcomeCode(ns, corp, args.userid, customer.id)
      tellContact(ns, corp, { ChangeType: 'msg_audit_approved', UserID: args.userid, ExternalUserID: customer.id, WelcomeCode: code })
      return { welcome_code: code ?? null }
    },
  }),
]
