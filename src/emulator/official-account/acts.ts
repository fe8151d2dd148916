import { z } from 'zod'
import { saleDate } from '../../kernel/calendar.ts'
import type { WeixinAccount } from '../core/account.ts'
import { freshDigits, freshId, nextNumber, type Namespace } from '../core/namespace.ts'
import { openidOf, unionidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act, type Act } from '../core/registry.ts'
import { dropOldMedia } from './articles.ts'
import { pushEvent, pushMessage } from './push-event.ts'
import { actAccount, allow, meet, officialState, type Follower, type QrCode } from './state.ts'

/** What people do with an Official Account. `account` is an appid, the first Official Account when absent; `person` is the emulator's name for them. */
const who = { account: z.string().optional(), person: z.string().min(1) }

const minuteMs = 60_000
const replyMs = 48 * 3_600_000

/** Numbers of `user_source` in getusersummary by subscribe_scene (0 others, 1 search, 17 profile card, 30 code, 51 paid, 57 article, 100 advertisement). */
const sources: Record<string, string> = {
  ADD_SCENE_SEARCH: '1',
  ADD_SCENE_PROFILE_CARD: '17',
  ADD_SCENE_QR_CODE: '30',
  ADD_SCENE_PAID: '51',
  ADD_SCENE_PROFILE_LINK: '57',
  ADD_SCENE_WECHAT_ADVERTISEMENT: '100',
}

function day(ns: Namespace, appid: string) {
  const state = officialState(ns, appid)
  return (state.days[saleDate(ns.now)] ??= { new: {}, cancel: 0, total: state.followerCount })
}

/** 3 messages in the minute after a follow, a scan or a menu tap (Customer_Service_Messages.html). */
function threeInAMinute(ns: Namespace, follower: Follower, kind: 'menu' | 'follow' | 'scan'): void {
  follower.allowances = allow(follower.allowances, kind, 3, ns.now + minuteMs, ns.now)
}

function follow(ns: Namespace, account: WeixinAccount, person: string, scene: string, code?: QrCode): Follower {
  const state = officialState(ns, account.id)
  const follower = meet(ns, account, person)
  if (follower.subscribed) return follower
  state.followerCount++
  follower.subscribed = true
  follower.n = ++state.lastFollow
  follower.followedAt = ns.now
  follower.subscribeScene = scene
  follower.qrScene = code?.sceneId ?? 0
  follower.qrSceneStr = code?.sceneStr ?? ''
  const counted = day(ns, account.id)
  const source = sources[scene] ?? '0'
  counted.new[source] = (counted.new[source] ?? 0) + 1
  counted.total = state.followerCount
  threeInAMinute(ns, follower, 'follow')
  if (code) threeInAMinute(ns, follower, 'scan')
  const value = code ? String(code.sceneStr ?? code.sceneId) : ''
  pushEvent(ns, account, follower.openid, 'subscribe', code ? { EventKey: `qrscene_${value}`, Ticket: code.ticket } : { EventKey: '' })
  return follower
}

function identity(ns: Namespace, account: WeixinAccount, follower: Follower) {
  return { openid: follower.openid, unionid: unionidOf(ns, account, follower.person) ?? null }
}

export const peopleActs: Act[] = [
  act({
    name: 'officialAccount.follow',
    en: 'A person follows the account (search, card, after paying …). Answers openid and unionid.',
    args: z.object({ ...who, scene: z.string().default('ADD_SCENE_SEARCH') }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      return identity(ns, account, follow(ns, account, args.person, args.scene))
    },
  }),
  act({
    name: 'officialAccount.unfollow',
    en: 'A person stops following. The merchant must delete their data then.',
    args: z.object(who),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const state = officialState(ns, account.id)
      const follower = meet(ns, account, args.person)
      if (!follower.subscribed) return { ...identity(ns, account, follower), changed: false }
      state.followerCount--
      Object.assign(follower, { subscribed: false, tagIds: [], remark: '', allowances: [], consents: {} })
      const counted = day(ns, account.id)
      counted.cancel++
      counted.total = state.followerCount
      pushEvent(ns, account, follower.openid, 'unsubscribe', { EventKey: '' })
      return { ...identity(ns, account, follower), changed: true }
    },
  }),
  act({
    name: 'officialAccount.scan',
    en: 'A person scans a code with a scene, by its ticket or by the scene itself: a follower gives SCAN, anybody else follows.',
    args: z.object({ ...who, ticket: z.string().optional(), scene: z.union([z.string(), z.int()]).optional() }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const state = officialState(ns, account.id)
      const live = (code: QrCode): boolean => code.expiresAt === null || code.expiresAt > ns.now
      const code =
        args.ticket === undefined
          ? Object.values(state.qr)
              .filter(live)
              .find((entry) => String(entry.sceneStr ?? entry.sceneId) === String(args.scene))
          : state.qr[args.ticket]
      if (!code) throw new PlatformError(40097, 'there is no such code')
      if (!live(code)) throw new PlatformError(40097, 'the code has expired')
      const follower = meet(ns, account, args.person)
      if (!follower.subscribed) return { ...identity(ns, account, follow(ns, account, args.person, 'ADD_SCENE_QR_CODE', code)), event: 'subscribe' }
      threeInAMinute(ns, follower, 'scan')
      pushEvent(ns, account, follower.openid, 'SCAN', { EventKey: String(code.sceneStr ?? code.sceneId), Ticket: code.ticket })
      return { ...identity(ns, account, follower), event: 'SCAN' }
    },
  }),
  act({
    name: 'officialAccount.sendMessage',
    en: 'A follower sends a message: opens 48 hours for 5 customer-service messages.',
    args: z.object({
      ...who,
      msgType: z.enum(['text', 'image', 'voice', 'video', 'location', 'link']).default('text'),
      content: z.string().default('你好'),
      mediaId: z.string().optional(),
    }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const follower = meet(ns, account, args.person)
      if (!follower.subscribed) throw new PlatformError(43004, 'only followers can send a message')
      // What somebody on the black list writes never reaches the merchant.
      if (follower.blocked) return { ...identity(ns, account, follower), msgId: null }
      follower.allowances = allow(follower.allowances, 'message', 5, ns.now + replyMs, ns.now)
      const msgId = freshDigits(ns, 'official-account.msgid', 17, '2')
      dropOldMedia(ns, officialState(ns, account.id))
      const mediaId = args.mediaId ?? (args.msgType === 'text' ? undefined : freshId(ns, 'u', 63))
      pushMessage(
        ns,
        account,
        follower.openid,
        args.msgType,
        args.msgType === 'text'
          ? { Content: args.content, MsgId: msgId }
          : { ...(args.msgType === 'image' ? { PicUrl: 'http://mmbiz.qpic.cn/mmbiz_jpg/0' } : {}), MediaId: mediaId, MsgId: msgId },
        `message.${args.msgType}`,
      )
      return { ...identity(ns, account, follower), msgId }
    },
  }),
  act({
    name: 'officialAccount.clickMenu',
    en: 'A follower taps a menu entry, by key (CLICK) or url (VIEW).',
    args: z.object({ ...who, key: z.string().optional(), url: z.string().optional() }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const follower = meet(ns, account, args.person)
      if (!follower.subscribed) throw new PlatformError(43004, 'only followers see the menu')
      if (args.url !== undefined) {
        pushEvent(ns, account, follower.openid, 'VIEW', { EventKey: args.url })
        return identity(ns, account, follower)
      }
      threeInAMinute(ns, follower, 'menu')
      pushEvent(ns, account, follower.openid, 'CLICK', { EventKey: args.key ?? '' })
      return identity(ns, account, follower)
    },
  }),
  act({
    name: 'officialAccount.authorize',
    en: 'A person opens the web login page and agrees; answers the code that the browser would bring back (5 minutes, single use).',
    args: z.object({ ...who, scope: z.enum(['snsapi_base', 'snsapi_userinfo']).default('snsapi_base'), snapshot: z.boolean().default(false) }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const state = officialState(ns, account.id)
      const code = freshId(ns, '0', 31)
      if (nextNumber(ns, 'official-account.web-code') % 200 === 0)
        for (const [text, held] of Object.entries(state.webCodes)) if (held.expiresAt < ns.now - 3_600_000) delete state.webCodes[text]
      const openid = openidOf(ns, account.id, args.person)
      state.webCodes[code] = { openid, scope: args.scope, snapshot: args.snapshot, expiresAt: ns.now + 5 * minuteMs, used: false }
      return { code, openid }
    },
  }),
  act({
    name: 'officialAccount.refuseMessages',
    en: 'A follower mutes the account: template messages end with failed:user block; nothing is told to the merchant.',
    args: z.object({ ...who, refuses: z.boolean().default(true) }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const follower = meet(ns, account, args.person)
      follower.refuses = args.refuses
      return identity(ns, account, follower)
    },
  }),
  act({
    name: 'officialAccount.subscribePopup',
    en: 'A follower answers the prompt for subscription notices: each accepted template is one message.',
    args: z.object({ ...who, templates: z.record(z.string(), z.enum(['accept', 'reject'])), popupScene: z.string().default('0') }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const follower = meet(ns, account, args.person)
      for (const [template, answer] of Object.entries(args.templates))
        if (answer === 'accept') follower.consents[template] = (follower.consents[template] ?? 0) + 1
      pushEvent(ns, account, follower.openid, 'subscribe_msg_popup_event', {
        SubscribeMsgPopupEvent: {
          List: Object.entries(args.templates).map(([TemplateId, SubscribeStatusString]) => ({
            TemplateId,
            SubscribeStatusString,
            PopupScene: args.popupScene,
          })),
        },
      })
      return identity(ns, account, follower)
    },
  }),
  act({
    name: 'officialAccount.addTemplate',
    en: 'A message template is taken up in the console; answers its template_id.',
    args: z.object({
      account: z.string().optional(),
      title: z.string(),
      keys: z.array(z.string()).default([]),
      id: z.string().optional(),
      kind: z.enum(['template', 'notice']).default('template'),
    }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const state = officialState(ns, account.id)
      const id = args.id ?? freshId(ns, '', 43)
      if (args.kind === 'template') state.templates[id] = { title: args.title, keys: args.keys }
      else state.noticeTemplates[id] = { title: args.title, content: args.keys.map((key) => `{{${key}.DATA}}`).join('\n'), type: 2 }
      return { template_id: id }
    },
  }),
  act({
    name: 'officialAccount.configure',
    en: 'What the platform grants the account: service or subscription account, verified or not, protection of sends to everybody.',
    args: z.object({
      account: z.string().optional(),
      service: z.boolean().optional(),
      verified: z.boolean().optional(),
      massProtection: z.boolean().optional(),
    }),
    run: (ns, args) => {
      const state = officialState(ns, actAccount(ns, 'official-account', args.account).id)
      if (args.service !== undefined) state.service = args.service
      if (args.verified !== undefined) state.verified = args.verified
      if (args.massProtection !== undefined) state.massProtection = args.massProtection
      return { service: state.service, verified: state.verified, massProtection: state.massProtection }
    },
  }),
  act({
    name: 'officialAccount.received',
    en: 'The messages that people received from the account, newest last; `after` is the last n already seen.',
    args: z.object({ account: z.string().optional(), person: z.string().optional(), after: z.int().default(0) }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const openid = args.person === undefined ? undefined : openidOf(ns, account.id, args.person)
      return officialState(ns, account.id).received.filter((message) => message.n > args.after && (openid === undefined || message.openid === openid))
    },
  }),
]

/** After a payment on a page of the account: no limit of customer-service messages for 48 hours (service accounts). */
export function recordOfficialPayment(ns: Namespace, account: WeixinAccount, person: string): void {
  if (!officialState(ns, account.id).service) return
  const follower = meet(ns, account, person)
  follower.allowances = allow(follower.allowances, 'pay', null, ns.now + replyMs, ns.now)
}
