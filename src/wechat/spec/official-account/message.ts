import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { messageErrors } from './errors.ts'
import { outcome, wireInt } from './shapes.ts'

/** Messages (消息) to followers: customer-service, template, subscription notice, mass send. */

const minuteMs = 60_000
const dayMs = 86_400_000
const write = { method: 'POST', credential: 'access_token', effect: 'write', errors: messageErrors, verified: 'reading' } as const
const read = { method: 'POST', credential: 'access_token', effect: 'read', errors: messageErrors, repeat: 'safe', verified: 'reading' } as const

export const customMessageTypes = [
  'text',
  'image',
  'voice',
  'video',
  'music',
  'news',
  'mpnews',
  'mpnewsarticle',
  'msgmenu',
  'wxcard',
  'miniprogrampage',
  'link',
] as const

/** One body named like msgtype. The mini program uses the same path for its own users. */
export const customSend = endpoint({
  ...write,
  name: 'official-account.custom.send',
  line: 'official-account',
  alsoLines: ['mini-program'],
  path: '/cgi-bin/message/custom/send',
  request: z.looseObject({
    touser: z.string(),
    msgtype: z.string(),
    text: z.looseObject({ content: z.string() }).optional(),
    image: z.looseObject({ media_id: z.string() }).optional(),
    voice: z.looseObject({ media_id: z.string() }).optional(),
    miniprogrampage: z
      .looseObject({ title: z.string().optional(), appid: z.string().optional(), pagepath: z.string(), thumb_media_id: z.string() })
      .optional(),
    customservice: z.looseObject({ kf_account: z.string() }).optional(),
  }),
  response: outcome,
  repeat: 'never',
  doc: 'Customer_Service_Messages.html; MP:framework/open-ability/customer-message/send.html',
  sample: { request: { touser: 'OPENID', msgtype: 'text', text: { content: 'Hello World' } }, response: { errcode: 0, errmsg: 'ok' } },
  verified: 'sample',
  zh: '发送客服消息',
})

export const customTyping = endpoint({
  ...write,
  name: 'official-account.custom.typing',
  line: 'official-account',
  alsoLines: ['mini-program'],
  path: '/cgi-bin/message/custom/typing',
  request: z.looseObject({ touser: z.string(), command: z.string() }),
  response: outcome,
  repeat: 'safe',
  doc: 'SKIT',
  zh: '客服输入状态',
})

const templateData = z.record(z.string(), z.looseObject({ value: z.union([z.string(), z.number()]) }))

export const templateSend = endpoint({
  ...write,
  name: 'official-account.template.send',
  line: 'official-account',
  path: '/cgi-bin/message/template/send',
  request: z.looseObject({
    touser: z.string(),
    template_id: z.string(),
    url: z.string().optional(),
    /** Wins when url is set too. */
    miniprogram: z.looseObject({ appid: z.string(), pagepath: z.string().optional() }).optional(),
    data: templateData,
    client_msg_id: z.string().optional(),
  }),
  response: outcome.extend({ msgid: z.union([z.int(), z.string()]) }),
  repeat: { keyed: 'client_msg_id' },
  doc: 'OA:api/notify/template/api_sendtemplatemessage.md',
  zh: '发送模板消息',
})

export const noticeSend = endpoint({
  ...write,
  name: 'official-account.subscribe.send',
  line: 'official-account',
  path: '/cgi-bin/message/subscribe/bizsend',
  request: z.looseObject({
    touser: z.string(),
    template_id: z.string(),
    page: z.string().optional(),
    miniprogram: z.looseObject({ appid: z.string(), pagepath: z.string().optional() }).optional(),
    data: templateData,
  }),
  response: outcome,
  repeat: 'never',
  doc: 'SKIT; WXJ; F19',
  zh: '发送订阅通知',
})

/** Private templates (我的模板) of subscription notices and subscription messages: the same path on both lines. */
export const noticeTemplates = endpoint({
  ...read,
  method: 'GET',
  name: 'official-account.subscribe.templates',
  line: 'official-account',
  alsoLines: ['mini-program'],
  path: '/wxaapi/newtmpl/gettemplate',
  request: z.looseObject({}),
  response: outcome.extend({
    data: z.array(
      z.looseObject({
        priTmplId: z.string(),
        title: z.string(),
        content: z.string(),
        example: z.string().optional(),
        /** 2 one-time, 3 long-term. */
        type: z.int(),
      }),
    ),
  }),
  doc: 'SKIT; WXJ; F19',
  zh: '获取私有模板列表',
})

export const noticeTemplateAdd = endpoint({
  ...write,
  name: 'official-account.subscribe.template-add',
  line: 'official-account',
  alsoLines: ['mini-program'],
  path: '/wxaapi/newtmpl/addtemplate',
  /** 2 to 5 keywords. */
  request: z.looseObject({ tid: z.string(), kidList: z.array(wireInt), sceneDesc: z.string().optional() }),
  response: outcome.extend({ priTmplId: z.string() }),
  repeat: 'safe',
  doc: 'SKIT; WXJ; F19',
  zh: '选用模板',
})

export const noticeTemplateDelete = endpoint({
  ...write,
  name: 'official-account.subscribe.template-delete',
  line: 'official-account',
  alsoLines: ['mini-program'],
  path: '/wxaapi/newtmpl/deltemplate',
  request: z.looseObject({ priTmplId: z.string() }),
  response: outcome,
  repeat: 'safe',
  doc: 'SKIT; WXJ; F19',
  zh: '删除模板',
})

const massBody = {
  msgtype: z.string(),
  mpnews: z.looseObject({ media_id: z.string() }).optional(),
  text: z.looseObject({ content: z.string() }).optional(),
  image: z.looseObject({ media_id: z.string() }).optional(),
  voice: z.looseObject({ media_id: z.string() }).optional(),
  send_ignore_reprint: wireInt.optional(),
  /** 64 at most (UNCONFIRMED); a repeat within the day is refused with 45065. */
  clientmsgid: z.string().optional(),
}
const massAnswer = outcome.extend({ msg_id: z.union([z.int(), z.string()]), msg_data_id: z.union([z.int(), z.string()]).optional() })
const massCap = { count: 60, perMs: minuteMs, per: 'account', source: 'OA:guide/product/message/Batch_Sends.html' } as const

export const massSendAll = endpoint({
  ...write,
  name: 'official-account.mass.send-all',
  line: 'official-account',
  path: '/cgi-bin/message/mass/sendall',
  request: z.looseObject({ filter: z.looseObject({ is_to_all: z.boolean().optional(), tag_id: wireInt.optional() }), ...massBody }),
  response: massAnswer,
  caps: [massCap],
  repeat: { keyed: 'clientmsgid' },
  doc: 'SKIT; OA:guide/product/message/Batch_Sends.html',
  zh: '根据标签群发消息',
})

export const massSend = endpoint({
  ...write,
  name: 'official-account.mass.send',
  line: 'official-account',
  path: '/cgi-bin/message/mass/send',
  /** 2 to 10,000 openids. */
  request: z.looseObject({ touser: z.array(z.string()), ...massBody }),
  response: massAnswer,
  caps: [massCap],
  repeat: { keyed: 'clientmsgid' },
  doc: 'SKIT; F19 batch_sends.ex',
  zh: '根据 OpenID 群发消息',
})

export const massPreview = endpoint({
  ...write,
  name: 'official-account.mass.preview',
  line: 'official-account',
  path: '/cgi-bin/message/mass/preview',
  request: z.looseObject({ touser: z.string().optional(), towxname: z.string().optional(), ...massBody }),
  response: outcome.extend({ msg_id: z.union([z.int(), z.string()]).optional() }),
  caps: [{ count: 100, perMs: dayMs, per: 'account', source: 'official-account sheet 3.3' }],
  repeat: 'safe',
  doc: 'SKIT',
  zh: '预览群发消息',
})

export const massGet = endpoint({
  ...read,
  name: 'official-account.mass.get',
  line: 'official-account',
  path: '/cgi-bin/message/mass/get',
  request: z.looseObject({ msg_id: z.union([z.int(), z.string()]).transform(String) }),
  /** SEND_SUCCESS, SENDING, SEND_FAIL or DELETE. */
  response: outcome.extend({ msg_id: z.union([z.int(), z.string()]), msg_status: z.string() }),
  doc: 'OA:api/notify/message/api_massmsgget',
  zh: '查询群发消息发送状态',
})

export const massDelete = endpoint({
  ...write,
  name: 'official-account.mass.delete',
  line: 'official-account',
  path: '/cgi-bin/message/mass/delete',
  request: z.looseObject({ msg_id: z.union([z.int(), z.string()]).transform(String), article_idx: wireInt.optional() }),
  response: outcome,
  repeat: 'safe',
  doc: 'SKIT',
  zh: '删除群发消息',
})
