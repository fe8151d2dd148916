import { z } from 'zod'
import { freshId, nextNumber, randomOf, u, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { unionidOf } from '../core/people.ts'
import { acquisitionSpend } from './acquisition.ts'
import { tell, tellContact } from './event.ts'
import { customerOf, isFriend, memberOf, type CorpState, type Customer, type Follow, type Welcome } from './state.ts'
import { count } from './statistics.ts'
import { welcomeLifeMs } from './welcome.ts'

/** How pairs of member and customer come about and end: what people do, told to the corp by events. */

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

export function welcomeCode(ns: Namespace, corp: CorpState, userid: string, externalUserid: string): string {
  // Old codes are cleared now and then: the list is walked whole.
  if (nextNumber(ns, 'wecom:welcome') % 128 === 0)
    for (const [code, { expiresAt }] of Object.entries(corp.welcomes)) if (expiresAt + 3_600_000 <= ns.now) delete corp.welcomes[code]
  const code = freshId(ns, 'wc', 42)
  const welcome: Welcome = { userid, externalUserid, expiresAt: ns.now + welcomeLifeMs, used: false }
  corp.welcomes[code] = welcome
  return code
}

export function accept(ns: Namespace, corp: CorpState, userid: string, externalUserid: string): AddResult {
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

function removeRelation(corp: CorpState, userid: string, externalUserid: string): void {
  if (corp.follows[userid]?.[externalUserid]) corp.held[userid] = held(corp, userid) - 1
  delete corp.follows[userid]?.[externalUserid]
  corp.followers[externalUserid] = (corp.followers[externalUserid] ?? []).filter((other) => other !== userid)
}

export function deleteByStaff(ns: Namespace, corp: CorpState, userid: string, externalUserid: string, source?: string): void {
  removeRelation(corp, userid, externalUserid)
  tellContact(ns, corp, { ChangeType: 'del_external_contact', UserID: userid, ExternalUserID: externalUserid, Source: source })
}
