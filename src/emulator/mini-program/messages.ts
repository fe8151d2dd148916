import { z } from 'zod'
import { mediaCheck, subscribeSend, textCheck } from '../../wechat/spec/mini-program/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { freshId, nextNumber, randomOf, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { textKey } from '../core/faults.ts'
import { pushMiniEvent, subscribeFields } from './push-event.ts'
import { checkPage, miniAccount, miniCaller, miniState, rememberMini, userOf, visit, type MiniUser } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const visitMs = 2 * 3_600_000

/**
 * What the emulated checker dislikes, with the platform's labels (100 normal, 10001 advert, 20001 politics, 20002 sex, 20003 abuse, 20006 crime,
 * 20008 fraud, 20012 vulgar). The real one is a model; this list only makes every answer reachable.
 */
const dislikes: ReadonlyArray<readonly [word: string, label: number, suggest: 'risky' | 'review']> = [
  ['特3456书yuuo莞6543李zxcz蒜7782法fgnv级', 20001, 'risky'],
  ['完2347全dfji试3726测asad感3847知qwez到', 20001, 'risky'],
  ['赌博', 20006, 'risky'],
  ['枪支', 20006, 'risky'],
  ['色情', 20002, 'risky'],
  ['傻逼', 20003, 'risky'],
  ['刷单返利', 20008, 'risky'],
  ['加微信领红包', 10001, 'review'],
  ['代开发票', 10001, 'risky'],
]

export function checkText(text: string): { suggest: 'pass' | 'review' | 'risky'; label: number; keyword?: string } {
  const hit = dislikes
    .filter(([word]) => text.includes(word))
    .sort((a, b) => Number(b[2] === 'risky') - Number(a[2] === 'risky'))
    .at(0)
  return hit ? { suggest: hit[2], label: hit[1], keyword: hit[0] } : { suggest: 'pass', label: 100 }
}

function recentVisitor(ns: Namespace, account: WeixinAccount, openid: string): MiniUser {
  const user = userOf(ns, account, openid)
  if (user.lastVisitAt < ns.now - visitMs) throw new PlatformError(61010, 'code is expired')
  return user
}

/** The value types of subscription messages; limits are UNCONFIRMED in the sheet except that a bad value is 47003. */
const limits: ReadonlyArray<readonly [type: RegExp, fits: RegExp]> = [
  [/^thing\d/, /^[\s\S]{1,20}$/u],
  [/^(number|letter|character_string|symbol)\d/, /^[\s\S]{1,32}$/u],
  [/^phrase\d/, /^[\u4e00-\u9fff]{1,5}$/u],
  [/^amount\d/, /^[¥￥]?\d{1,10}(\.\d{1,2})?元?$/u],
  [/^phone_number\d/, /^[\d+-]{1,17}$/],
]

/** Customer-service messages of a mini program: 5 in 48 h after a message, 2 in 1 min after entering the session. */
export function miniCustomSend(
  ns: Namespace,
  account: WeixinAccount,
  input: Record<string, unknown> & { touser: string; msgtype: string },
): { errcode: number; errmsg: string } {
  if (!['text', 'image', 'link', 'miniprogrampage'].includes(input.msgtype)) throw new PlatformError(40008, 'invalid message type')
  if (input[input.msgtype] === undefined) throw new PlatformError(47001, 'data format error')
  const user = userOf(ns, account, input.touser)
  const open = user.allowances.filter((entry) => entry.until > ns.now)
  if (open.length === 0) throw new PlatformError(45015, 'response out of time limit or subscription is canceled')
  const usable = open.filter((entry) => entry.left > 0).sort((a, b) => a.until - b.until)
  if (usable.length === 0) throw new PlatformError(45047, 'out of response count limit')
  usable[0].left--
  rememberMini(ns, miniState(ns, account.id), {
    openid: user.openid,
    kind: 'custom',
    body: { msgtype: input.msgtype, [input.msgtype]: input[input.msgtype] },
  })
  return ok
}

/** Private templates of the mini program, for the paths it shares with the Official Account. */
export function miniNoticeTemplates(ns: Namespace, appid: string): Record<string, { title: string; content: string; type: number }> {
  return miniState(ns, appid).templates
}

export const messageRoutes: Route[] = [
  serve(subscribeSend, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const state = miniState(ns, caller.id)
    const template = state.templates[input.template_id]
    if (!template) throw new PlatformError(40037, 'invalid template_id')
    if (input.page !== undefined) checkPage(state, input.page)
    for (const [, key] of template.content.matchAll(/\{\{(\w+)\.DATA\}\}/g)) {
      const value = input.data[key]?.value
      if (value === undefined || value === '') throw new PlatformError(47003, `argument invalid! data.${key}.value is empty`)
      const rule = limits.find(([type]) => type.test(key))
      if (rule && !rule[1].test(String(value))) throw new PlatformError(47003, `argument invalid! data.${key}.value invalid`)
    }
    const user = userOf(ns, caller, input.touser)
    const left = user.consents[input.template_id] ?? 0
    if (left < 1 || user.off.includes(input.template_id)) throw new PlatformError(43101, 'user refuse to accept the msg')
    user.consents[input.template_id] = left - 1
    rememberMini(ns, state, { openid: user.openid, kind: 'subscribe', body: input })
    const msgid = 1_900_000_000_000_000 + nextNumber(ns, 'subscribe.msgid')
    pushMiniEvent(
      ns,
      caller,
      user.openid,
      'subscribe_msg_sent_event',
      subscribeFields(caller, 'SubscribeMsgSentEvent', [
        { TemplateId: input.template_id, MsgID: String(msgid), ErrorCode: '0', ErrorStatus: 'success' },
      ]),
    )
    return { ...ok, msgid }
  }),
  serve(textCheck, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    if (input.version !== 2) throw new PlatformError(40097, 'invalid version, must be 2')
    if (input.scene < 1 || input.scene > 4) throw new PlatformError(40129, 'invalid scene')
    if ([...input.content].length > 2_500 || input.content === '') throw new PlatformError(40097, 'content size out of limit')
    recentVisitor(ns, caller, input.openid)
    const verdict = checkText([input.content, input.title, input.nickname, input.signature].join('\n'))
    return {
      ...ok,
      detail: [
        { strategy: 'content_model', errcode: 0, suggest: verdict.suggest, label: verdict.label, prob: verdict.suggest === 'pass' ? 90 : 95 },
        ...(verdict.keyword === undefined
          ? []
          : [{ strategy: 'keyword', errcode: 0, suggest: verdict.suggest, label: verdict.label, level: 90, keyword: verdict.keyword }]),
      ],
      trace_id: `trace-${textKey(input.content + input.openid).toString(16)}-${ns.now}`,
      result: { suggest: verdict.suggest, label: verdict.label },
    }
  }),
  serve(mediaCheck, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    if (input.version !== 2) throw new PlatformError(40097, 'invalid version, must be 2')
    if (![1, 2].includes(input.media_type)) throw new PlatformError(40097, 'invalid media_type')
    recentVisitor(ns, caller, input.openid)
    const traceId = freshId(ns, 'trace-', 20)
    const verdict = /risky|review/.exec(input.media_url)?.[0] ?? 'pass'
    const delay = 2_000 + Math.floor(randomOf(ns).u('media-check', traceId) * 60_000)
    schedule(ns, ns.now + delay, 'miniProgram.mediaChecked', { account: caller.id, openid: input.openid, traceId, suggest: verdict })
    return { ...ok, trace_id: traceId }
  }),
]

export const messageActs: Act[] = [
  act({
    name: 'miniProgram.mediaChecked',
    en: 'The platform tells the verdict on a picture or sound. An address with "risky" or "review" in it gets that verdict.',
    args: z.object({ account: z.string().optional(), openid: z.string(), traceId: z.string(), suggest: z.enum(['pass', 'review', 'risky']) }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const label = args.suggest === 'pass' ? 100 : 20002
      pushMiniEvent(ns, account, args.openid, 'wxa_media_check', {
        appid: account.id,
        trace_id: args.traceId,
        version: 2,
        detail: [{ strategy: 'content_model', errcode: 0, suggest: args.suggest, label, prob: 90 }],
        errcode: 0,
        errmsg: 'ok',
        result: { suggest: args.suggest, label },
      })
    },
  }),
  act({
    name: 'miniProgram.subscribePopup',
    en: 'A person answers the prompt for subscription messages: each accepted template is one consent.',
    args: z.object({
      account: z.string().optional(),
      person: z.string(),
      templates: z.record(z.string(), z.enum(['accept', 'reject'])),
      popupScene: z.string().default('0'),
    }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const user = visit(ns, account, args.person)
      const { templates } = miniState(ns, account.id)
      const answers = Object.entries(args.templates)
      if (answers.length === 0 || answers.length > 3) throw new PlatformError(20003, 'a prompt asks for 1 to 3 templates')
      for (const [template, answer] of answers) {
        if (!templates[template]) throw new PlatformError(40037, `there is no template ${template}`)
        if (answer !== 'accept') continue
        user.consents[template] = (user.consents[template] ?? 0) + 1
        user.off = user.off.filter((off) => off !== template)
      }
      pushMiniEvent(
        ns,
        account,
        user.openid,
        'subscribe_msg_popup_event',
        subscribeFields(
          account,
          'SubscribeMsgPopupEvent',
          answers.map(([TemplateId, SubscribeStatusString]) => ({ TemplateId, SubscribeStatusString, PopupScene: args.popupScene })),
        ),
      )
      return { openid: user.openid, consents: user.consents }
    },
  }),
  act({
    name: 'miniProgram.changeSubscription',
    en: 'A person switches a template off in the settings of the mini program.',
    args: z.object({ account: z.string().optional(), person: z.string(), template: z.string() }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const user = visit(ns, account, args.person)
      if (!user.off.includes(args.template)) user.off.push(args.template)
      pushMiniEvent(
        ns,
        account,
        user.openid,
        'subscribe_msg_change_event',
        subscribeFields(account, 'SubscribeMsgChangeEvent', [{ TemplateId: args.template, SubscribeStatusString: 'reject' }]),
      )
      return { openid: user.openid }
    },
  }),
]
