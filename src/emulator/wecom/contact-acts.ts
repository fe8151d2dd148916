import { z } from 'zod'
import { dayNumber } from '../../kernel/calendar.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { tell, tellContact } from './event.ts'
import { who, customerFor, type AddResult, addRelation, welcomeCode, accept, chooseMember, deleteByStaff } from './relation.ts'
import { corpOf, customerOf, isFriend, memberOf, peopleBehind, type CorpState, type Customer, type Follow } from './state.ts'
import { count } from './statistics.ts'

const corpid = z.string().optional()
const pair = z.object({ corpid, userid: z.string(), external_userid: z.string().optional(), ...who.shape })

/** A pair may be named by the person instead of the external userid. */
function pairOf(corp: CorpState, ns: Namespace, args: z.output<typeof pair>): { customer: Customer; follow: Follow } {
  const customer = args.external_userid === undefined ? customerFor(ns, corp, args) : customerOf(corp, args.external_userid)
  const follow = corp.follows[args.userid]?.[customer.id]
  if (!follow) throw new PlatformError(84061, `${args.userid} and ${customer.id} are no contacts`)
  return { customer, follow }
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
