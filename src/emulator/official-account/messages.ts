import { monthOf, saleDate } from '../../kernel/calendar.ts'
import { z } from 'zod'
import {
  customSend,
  customTyping,
  massDelete,
  massGet,
  massPreview,
  massSend,
  massSendAll,
  noticeSend,
  noticeTemplateAdd,
  noticeTemplateDelete,
  noticeTemplates,
  templateSend,
} from '../../wechat/spec/official-account/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { freshId, nextNumber, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { miniCustomSend, miniNoticeTemplates, readMini } from '../mini-program/index.ts'
import { pushEvent } from './push-event.ts'
import {
  actAccount,
  followerOf,
  knownOpenid,
  officialCaller,
  officialState,
  readOfficial,
  remember,
  spend,
  type Follower,
  type OfficialState,
} from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const customTypes = ['text', 'image', 'voice', 'video', 'music', 'news', 'mpnews', 'mpnewsarticle', 'msgmenu', 'wxcard', 'miniprogrampage']
/** A service account may push this many mass messages to one user in a natural month (Batch_Sends.html). */
const massPerMonth = 4

const confirmMs = 30 * 60_000
/** Of larger audiences only the mass send itself keeps who got it. */
const smallAudience = 500

function needsVerified(state: OfficialState): void {
  if (!state.verified) throw new PlatformError(48001, 'api unauthorized')
}

function receiver(ns: Namespace, account: WeixinAccount, openid: string): Follower {
  knownOpenid(ns, account, openid)
  const follower = followerOf(ns, account, openid)
  if (!follower?.subscribed) throw new PlatformError(43004, 'require subscribe')
  return follower
}

function checkBody(state: OfficialState, input: Record<string, unknown>, types: readonly string[]): unknown {
  const type = String(input.msgtype)
  if (!types.includes(type)) throw new PlatformError(40008, 'invalid message type')
  const body = input[type] as Record<string, unknown> | undefined
  if (body === undefined || typeof body !== 'object') throw new PlatformError(47001, 'data format error')
  if (type === 'text' && (typeof body.content !== 'string' || body.content === '')) throw new PlatformError(44004, 'empty content')
  const media = body.media_id
  if (['image', 'voice', 'mpnews'].includes(type) && (typeof media !== 'string' || (!state.media[media] && !state.drafts[media])))
    throw new PlatformError(40007, 'invalid media_id')
  return { msgtype: type, [type]: body }
}

function massTo(
  ns: Namespace,
  account: WeixinAccount,
  input: Record<string, unknown> & { clientmsgid?: string },
  openids: string[],
  toAll: boolean,
): { errcode: number; errmsg: string; msg_id: number; msg_data_id: number } {
  const state = officialState(ns, account.id)
  const { clientmsgid } = input
  if (clientmsgid !== undefined) {
    if (clientmsgid.length > 64) throw new PlatformError(45067, 'clientmsgid size out of limit')
    const known = Object.values(state.masses).find((mass) => mass.clientMsgId === clientmsgid && mass.at > ns.now - 86_400_000)
    if (known)
      throw known.at > ns.now - 60_000
        ? new PlatformError(45066, 'same clientmsgid retry too fast')
        : new PlatformError(45065, 'clientmsgid exist', { detail: { msg_id: Number(known.msgId) } })
  }
  const body = checkBody(state, input, ['mpnews', 'text', 'image', 'voice', 'mpvideo', 'wxcard', 'images'])
  const day = saleDate(ns.now)
  const month = monthOf(ns.now)
  const sentToday = state.massDays[day] ?? 0
  const allThisMonth = Object.values(state.masses).filter((mass) => mass.toAll && monthOf(mass.at) === month && mass.status !== 'SEND_FAIL').length
  const allToday = Object.values(state.masses).some((mass) => mass.toAll && saleDate(mass.at) === day && mass.status !== 'SEND_FAIL')
  if (!state.service && sentToday >= 1) throw new PlatformError(45028, 'has no masssend quota')
  if (state.service && toAll && (allToday || allThisMonth >= massPerMonth)) throw new PlatformError(45028, 'has no masssend quota')
  state.massDays[day] = sentToday + 1
  const id = 1_000_000_000 + nextNumber(ns, 'official-account.mass')
  state.masses[id] = {
    msgId: String(id),
    status: 'SENDING',
    openids,
    toAll,
    at: ns.now,
    body,
    clientMsgId: clientmsgid ?? null,
    waiting: toAll && state.massProtection,
    delivered: [],
  }
  if (toAll && state.massProtection)
    schedule(ns, ns.now + confirmMs, 'officialAccount.confirmMass', { account: account.id, msgId: String(id), agrees: false, late: true })
  else schedule(ns, ns.now + 60_000, 'officialAccount.massFinishes', { account: account.id, msgId: String(id) })
  return { errcode: 0, errmsg: 'send job submission success', msg_id: id, msg_data_id: 2_200_000_000 + (id % 1_000_000) }
}

/** The mini program's answer where the token is a mini program's: these paths are shared. */
function isMini(account: unknown): account is WeixinAccount {
  return (account as WeixinAccount | undefined)?.kind === 'mini-program'
}

export const messageRoutes: Route[] = [
  serve(customSend, ({ ns, account, input }) => {
    if (isMini(account)) return miniCustomSend(ns, account, input)
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    knownOpenid(ns, caller, input.touser)
    const body = checkBody(state, input, customTypes)
    const follower = followerOf(ns, caller, input.touser)
    if (!follower) throw new PlatformError(45015, 'response out of time limit or subscription is canceled')
    if (follower.blocked) throw new PlatformError(50002, 'user limited')
    spend(follower.allowances, ns.now)
    remember(ns, state, { openid: follower.openid, kind: 'custom', body })
    return ok
  }),
  serve(customTyping, ({ input }) => {
    if (!['Typing', 'CancelTyping'].includes(input.command)) throw new PlatformError(40097, 'invalid args')
    return ok
  }),
  serve(templateSend, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    needsVerified(state)
    if (!state.templates[input.template_id]) throw new PlatformError(40037, 'invalid template_id')
    const follower = receiver(ns, caller, input.touser)
    const sent = input.client_msg_id === undefined ? undefined : state.sentClientIds[input.client_msg_id]
    if (sent) return { ...ok, msgid: sent.msgid }
    const missing = state.templates[input.template_id].keys.find((key) => input.data[key] === undefined)
    if (missing !== undefined) throw new PlatformError(47003, `argument invalid! data.${missing}.value is empty`)
    const msgid = 400_000_000 + nextNumber(ns, 'official-account.template')
    if (input.client_msg_id !== undefined) state.sentClientIds[input.client_msg_id] = { msgid, at: ns.now }
    if (!follower.refuses && !follower.blocked) remember(ns, state, { openid: follower.openid, kind: 'template', body: input })
    schedule(ns, ns.now + 1_000, 'officialAccount.templateFinishes', {
      account: caller.id,
      openid: follower.openid,
      msgid,
      status: follower.refuses || follower.blocked ? 'failed:user block' : 'success',
    })
    return { ...ok, msgid }
  }),
  serve(noticeSend, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    if (!state.noticeTemplates[input.template_id]) throw new PlatformError(40037, 'invalid template_id')
    knownOpenid(ns, caller, input.touser)
    const follower = followerOf(ns, caller, input.touser)
    const left = follower?.consents[input.template_id] ?? 0
    if (!follower || left < 1) throw new PlatformError(43101, 'user refuse to accept the msg')
    follower.consents[input.template_id] = left - 1
    remember(ns, state, { openid: follower.openid, kind: 'notice', body: input })
    const id = nextNumber(ns, 'subscribe.msgid')
    pushEvent(ns, caller, follower.openid, 'subscribe_msg_sent_event', {
      SubscribeMsgSentEvent: {
        List: { TemplateId: input.template_id, MsgID: String(1_700_000_000_000_000 + id), ErrorCode: 0, ErrorStatus: 'success' },
      },
    })
    return ok
  }),
  serve(noticeTemplates, ({ ns, account }) => {
    const templates = isMini(account) ? readMini(ns, account.id).templates : readOfficial(ns, officialCaller(account).id).noticeTemplates
    return { ...ok, data: Object.entries(templates).map(([priTmplId, template]) => ({ priTmplId, ...template, example: '' })) }
  }),
  serve(noticeTemplateAdd, ({ ns, account, input }) => {
    if (input.kidList.length < 2 || input.kidList.length > 5) throw new PlatformError(200014, 'invalid template keyword count')
    const templates = isMini(account) ? miniNoticeTemplates(ns, account.id) : officialState(ns, officialCaller(account).id).noticeTemplates
    if (Object.keys(templates).length >= 50) throw new PlatformError(200012, 'template num exceeds limit')
    const priTmplId = freshId(ns, '', 43)
    templates[priTmplId] = { title: `template ${input.tid}`, content: input.kidList.map((id) => `{{thing${id}.DATA}}`).join('\n'), type: 2 }
    return { ...ok, priTmplId }
  }),
  serve(noticeTemplateDelete, ({ ns, account, input }) => {
    const templates = isMini(account) ? miniNoticeTemplates(ns, account.id) : officialState(ns, officialCaller(account).id).noticeTemplates
    if (!templates[input.priTmplId]) throw new PlatformError(40037, 'invalid template_id')
    delete templates[input.priTmplId]
    return ok
  }),
  serve(massSendAll, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    needsVerified(state)
    const toAll = input.filter.is_to_all === true
    const tag = input.filter.tag_id
    if (!toAll && (tag === undefined || !state.tags[tag])) throw new PlatformError(45159, 'invalid tag id')
    const openids = Object.values(state.followers)
      .filter((follower) => follower.subscribed && (toAll || follower.tagIds.includes(tag ?? -1)))
      .sort((a, b) => a.n - b.n)
      .map((follower) => follower.openid)
    return massTo(ns, caller, input, openids, toAll)
  }),
  serve(massSend, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    needsVerified(officialState(ns, caller.id))
    if (input.touser.length < 2 || input.touser.length > 10_000) throw new PlatformError(40130, 'invalid openid list size, at least two openid')
    for (const openid of input.touser) knownOpenid(ns, caller, openid)
    return massTo(ns, caller, input, [...new Set(input.touser)], false)
  }),
  serve(massPreview, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    if (input.touser === undefined) throw new PlatformError(40132, 'invalid username')
    const follower = receiver(ns, caller, input.touser)
    remember(ns, state, {
      openid: follower.openid,
      kind: 'mass',
      body: { preview: true, ...(checkBody(state, input, ['mpnews', 'text', 'image', 'voice', 'mpvideo', 'wxcard']) as object) },
    })
    return { errcode: 0, errmsg: 'preview success', msg_id: 1_900_000_000 + nextNumber(ns, 'official-account.preview') }
  }),
  serve(massGet, ({ ns, account, input }) => {
    const mass = readOfficial(ns, officialCaller(account).id).masses[input.msg_id]
    if (!mass) throw new PlatformError(40059, 'invalid msg id')
    return { msg_id: Number(mass.msgId), msg_status: mass.status }
  }),
  serve(massDelete, ({ ns, account, input }) => {
    const mass = officialState(ns, officialCaller(account).id).masses[input.msg_id]
    if (!mass) throw new PlatformError(40059, 'invalid msg id')
    mass.status = 'DELETE'
    return ok
  }),
]

export const messageActs: Act[] = [
  act({
    name: 'officialAccount.templateFinishes',
    en: 'The platform reports how a template message ended.',
    args: z.object({ account: z.string(), openid: z.string(), msgid: z.int(), status: z.string() }),
    run: (ns, { account, openid, msgid, status }) =>
      pushEvent(ns, actAccount(ns, 'official-account', account), openid, 'TEMPLATESENDJOBFINISH', { MsgID: msgid, Status: status }),
  }),
  act({
    name: 'officialAccount.massFinishes',
    en: 'A mass send ends: who was over the monthly limit or does not follow any more gets nothing.',
    args: z.object({ account: z.string(), msgId: z.string() }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const state = officialState(ns, account.id)
      const mass = state.masses[args.msgId]
      if (!mass || mass.status !== 'SENDING' || mass.waiting) return
      const month = monthOf(ns.now)
      let sent = 0
      let filtered = 0
      let failed = 0
      for (const openid of mass.openids) {
        const follower = state.followers[openid]
        if (!follower?.subscribed || follower.blocked) {
          failed++
          continue
        }
        const count = follower.massMonth === month ? follower.massCount : 0
        if (follower.refuses) filtered++
        else if (state.service && count >= massPerMonth) failed++
        else {
          follower.massMonth = month
          follower.massCount = count + 1
          sent++
          mass.delivered.push(openid)
          if (mass.openids.length <= smallAudience) remember(ns, state, { openid, kind: 'mass', body: mass.body })
        }
      }
      mass.status = 'SEND_SUCCESS'
      pushEvent(ns, account, account.originalId, 'MASSSENDJOBFINISH', {
        MsgID: Number(mass.msgId),
        Status: 'send success',
        TotalCount: mass.openids.length,
        FilterCount: mass.openids.length - filtered,
        SentCount: sent,
        ErrorCount: failed,
        CopyrightCheckResult: { Count: 0, ResultList: '', CheckState: 1 },
      })
    },
  }),
  act({
    name: 'officialAccount.confirmMass',
    en: 'The admin answers whether a send to everybody may go (API 群发保护); no answer in 30 minutes is a no.',
    args: z.object({ account: z.string().optional(), msgId: z.string(), agrees: z.boolean().default(true), late: z.boolean().default(false) }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const mass = officialState(ns, account.id).masses[args.msgId]
      if (!mass?.waiting) return
      mass.waiting = false
      if (args.agrees) {
        schedule(ns, ns.now + 60_000, 'officialAccount.massFinishes', { account: account.id, msgId: mass.msgId })
        return
      }
      mass.status = 'SEND_FAIL'
      const nobody = { TotalCount: mass.openids.length, FilterCount: 0, SentCount: 0, ErrorCount: 0 }
      pushEvent(ns, account, account.originalId, 'MASSSENDJOBFINISH', { MsgID: Number(mass.msgId), Status: args.late ? 'err(40002)' : 'err(40001)', ...nobody })
    },
  }),
  act({
    name: 'officialAccount.massDelivered',
    en: 'Who got a mass message, and what it was.',
    args: z.object({ account: z.string().optional(), msgId: z.string() }),
    run: (ns, args) => {
      const mass = officialState(ns, actAccount(ns, 'official-account', args.account).id).masses[args.msgId]
      if (!mass) throw new PlatformError(40059, 'there is no such mass message')
      return { status: mass.status, body: mass.body, openids: mass.delivered }
    },
  }),
]
