import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, wireInt } from '../official-account/index.ts'
import { securityErrors, subscribeErrors } from './errors.ts'

/** Subscription messages (订阅消息): one for each consent, and no call tells how many are left. Content safety (内容安全). */

export const subscribeSend = endpoint({
  name: 'mini-program.subscribe.send',
  line: 'mini-program',
  method: 'POST',
  path: '/cgi-bin/message/subscribe/send',
  credential: 'access_token',
  effect: 'write',
  request: z.looseObject({
    touser: z.string(),
    template_id: z.string(),
    page: z.string().optional(),
    /** developer, trial or formal. */
    miniprogram_state: z.string().optional(),
    lang: z.string().optional(),
    data: z.record(z.string(), z.looseObject({ value: z.union([z.string(), z.number()]) })),
  }),
  response: outcome.extend({ msgid: z.union([z.int(), z.string()]).optional() }),
  errors: subscribeErrors,
  repeat: 'never',
  doc: 'MP:framework/open-ability/subscribe-message-overview.html; SKIT',
  sample: {
    request: {
      touser: 'OPENID',
      template_id: 'TEMPLATE_ID',
      page: 'index',
      miniprogram_state: 'developer',
      lang: 'zh_CN',
      data: { number01: { value: '339208499' } },
    },
    response: { errcode: 0, errmsg: 'ok' },
  },
  verified: 'sample',
  zh: '发送订阅消息',
})

export const textCheck = endpoint({
  name: 'mini-program.safety.text',
  line: 'mini-program',
  method: 'POST',
  path: '/wxa/msg_sec_check',
  credential: 'access_token',
  effect: 'read',
  request: z.looseObject({
    /** 2,500 characters at most. */
    content: z.string(),
    version: wireInt,
    /** 1 profile, 2 comment, 3 forum, 4 social log. */
    scene: wireInt,
    /** Must have visited within 2 hours. */
    openid: z.string(),
    title: z.string().optional(),
    nickname: z.string().optional(),
    signature: z.string().optional(),
  }),
  response: outcome.extend({
    result: z.looseObject({ suggest: z.string(), label: z.int() }),
    detail: z.array(
      z.looseObject({
        strategy: z.string(),
        errcode: z.int(),
        suggest: z.string().optional(),
        label: z.int().optional(),
        level: z.int().optional(),
        prob: z.number().optional(),
        keyword: z.string().optional(),
      }),
    ),
    trace_id: z.string(),
  }),
  caps: [
    { count: 4000, perMs: 60_000, per: 'account', source: 'CM:develop/doc/0006c4e249430083561f47d1251409' },
    { count: 2_000_000, perMs: 86_400_000, per: 'account', source: 'CM:develop/doc/0006c4e249430083561f47d1251409' },
  ],
  errors: securityErrors,
  repeat: 'safe',
  doc: 'MP:server/API/sec-center/sec-check/api_msgseccheck',
  sample: { request: { openid: 'OPENID', scene: 1, version: 2, content: 'hello world!' } },
  verified: 'sample',
  zh: '文本内容安全识别',
})

export const mediaCheck = endpoint({
  name: 'mini-program.safety.media',
  line: 'mini-program',
  method: 'POST',
  path: '/wxa/media_check_async',
  credential: 'access_token',
  effect: 'write',
  /** media_type: 1 audio, 2 picture. */
  request: z.looseObject({ media_url: z.string(), media_type: wireInt, version: wireInt, scene: wireInt, openid: z.string() }),
  /** The result comes as the event wxa_media_check. */
  response: outcome.extend({ trace_id: z.string() }),
  caps: [
    { count: 2000, perMs: 60_000, per: 'account', source: 'minigame api_mediacheckasync.md; F19' },
    { count: 200_000, perMs: 86_400_000, per: 'account', source: 'minigame api_mediacheckasync.md; F19' },
  ],
  errors: securityErrors,
  repeat: 'safe',
  doc: 'SKIT',
  verified: 'reading',
  zh: '音视频内容安全识别',
})
