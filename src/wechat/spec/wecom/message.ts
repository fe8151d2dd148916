import { z } from 'zod'
import { mediaErrors, messageErrors } from './errors.ts'
import { nothing, row } from './row.ts'

/** App messages to members (应用消息), and media (素材). */

const ids = z.union([z.string(), z.int()])
export const messageSend = row({
  name: 'wecom.message.send',
  method: 'POST',
  path: '/cgi-bin/message/send',
  effect: 'write',
  request: z.looseObject({
    /** userids joined by `|`, 1,000 at most, or `@all`. */
    touser: z.string().optional(),
    toparty: z.string().optional(),
    totag: z.string().optional(),
    msgtype: z.string().optional(),
    agentid: ids.optional(),
    /** 2,048 bytes at most. */
    text: z.looseObject({ content: z.string().optional() }).optional(),
    markdown: z.looseObject({ content: z.string().optional() }).optional(),
    image: nothing.optional(),
    voice: nothing.optional(),
    video: nothing.optional(),
    file: nothing.optional(),
    textcard: nothing.optional(),
    news: nothing.optional(),
    mpnews: nothing.optional(),
    miniprogram_notice: nothing.optional(),
    template_card: nothing.optional(),
    safe: z.int().optional(),
    enable_id_trans: z.int().optional(),
    enable_duplicate_check: z.int().optional(),
    /** Seconds, 1,800 when absent, 4 hours at most. */ duplicate_check_interval: z.int().optional(),
  }),
  response: z.looseObject({
    invaliduser: z.string().optional(),
    invalidparty: z.string().optional(),
    invalidtag: z.string().optional(),
    unlicenseduser: z.string().optional(),
    msgid: z.string().optional(),
    /** template_card only; single use, 24 or 72 hours by source. */ response_code: z.string().optional(),
  }),
  // Not counted in the base limits; per member 30 a minute and 1,000 an hour, the excess is dropped silently.
  caps: [],
  errors: messageErrors,
  repeat: 'never',
  doc: 'D90236',
  sample: {
    request: { touser: 'WangXiaoHe|LiMingYue', msgtype: 'text', agentid: 1000002, text: { content: '有新的群发任务' }, enable_duplicate_check: 0 },
    response: { errcode: 0, errmsg: 'ok', invaliduser: 'LiMingYue', msgid: 'MSGID' },
  },
  zh: '发送应用消息',
})
export const messageRecall = row({
  name: 'wecom.message.recall',
  method: 'POST',
  path: '/cgi-bin/message/recall',
  effect: 'write',
  request: z.looseObject({ msgid: z.string().optional() }),
  response: nothing,
  errors: messageErrors,
  repeat: 'safe',
  doc: 'SKIT message/recall',
  sample: { request: { msgid: 'MSGID' } },
  zh: '撤回应用消息',
})
export const templateCardUpdate = row({
  name: 'wecom.message.update_template_card',
  method: 'POST',
  path: '/cgi-bin/message/update_template_card',
  effect: 'write',
  request: z.looseObject({
    userids: z.array(z.string()).optional(),
    partyids: z.array(z.int()).optional(),
    tagids: z.array(z.int()).optional(),
    atall: z.int().optional(),
    agentid: ids.optional(),
    response_code: z.string().optional(),
    button: nothing.optional(),
    template_card: nothing.optional(),
  }),
  response: z.looseObject({ invaliduser: z.array(z.string()).optional() }),
  errors: messageErrors,
  repeat: 'never',
  doc: 'SKIT message/update_template_card',
  sample: {
    request: { userids: ['WangXiaoHe'], agentid: 1000002, response_code: 'CODE', button: { replace_name: '已处理' } },
    response: { errcode: 0, errmsg: 'ok', invaliduser: [] },
  },
  zh: '更新模版卡片消息',
})

const uploaded = z.looseObject({
  type: z.string().optional(),
  media_id: z.string(),
  /** Text on media/upload, a number on upload_attachment. */ created_at: z.union([z.string(), z.int()]),
})
/** Three days. Image 10 MB, voice 2 MB, video 10 MB, file 20 MB. */
export const mediaUpload = row({
  name: 'wecom.media.upload',
  method: 'POST',
  path: '/cgi-bin/media/upload',
  body: 'multipart',
  effect: 'write',
  request: z.looseObject({ type: z.string().optional() }),
  response: uploaded,
  errors: mediaErrors,
  repeat: 'safe',
  doc: 'SKIT media/upload',
  sample: { response: { errcode: 0, errmsg: '', type: 'image', media_id: '1G6nrLmr5EC3MMb', created_at: '1380000000' } },
  zh: '上传临时素材',
})
export const mediaUploadImage = row({
  name: 'wecom.media.uploadimg',
  method: 'POST',
  path: '/cgi-bin/media/uploadimg',
  body: 'multipart',
  effect: 'write',
  request: nothing,
  response: z.looseObject({ url: z.string() }),
  caps: [
    { count: 1000, perMs: 86_400_000, per: 'account', source: 'D90454' },
    { count: 3000, perMs: 30 * 86_400_000, per: 'account', source: 'D90454' },
  ],
  errors: mediaErrors,
  repeat: 'safe',
  doc: 'SKIT media/uploadimg',
  sample: { response: { errcode: 0, errmsg: '', url: 'https://example.com/a.png' } },
  zh: '上传图片',
})
/** For Moments (attachment_type 1) and product albums (2). */
export const mediaUploadAttachment = row({
  name: 'wecom.media.upload_attachment',
  method: 'POST',
  path: '/cgi-bin/media/upload_attachment',
  body: 'multipart',
  effect: 'write',
  request: z.looseObject({ media_type: z.string().optional(), attachment_type: z.union([z.int(), z.string()]).optional() }),
  response: uploaded,
  errors: mediaErrors,
  repeat: 'safe',
  doc: 'SKIT media/upload_attachment',
  zh: '上传附件资源',
})
/** Asynchronous. */
export const mediaUploadByUrl = row({
  name: 'wecom.media.upload_by_url',
  method: 'POST',
  path: '/cgi-bin/media/upload_by_url',
  effect: 'write',
  request: z.looseObject({
    scene: z.int().optional(),
    type: z.string().optional(),
    filename: z.string().optional(),
    url: z.string().optional(),
    md5: z.string().optional(),
  }),
  response: z.looseObject({ jobid: z.string() }),
  errors: mediaErrors,
  repeat: 'safe',
  doc: 'SKIT media/upload_by_url',
  sample: {
    request: { scene: 1, type: 'video', filename: 'video.mp4', url: 'https://example.com/v.mp4', md5: 'MD5' },
    response: { errcode: 0, errmsg: 'ok', jobid: 'JOB' },
  },
  zh: '异步上传临时素材',
})

export const messageRows = [messageSend, messageRecall, templateCardUpdate, mediaUpload, mediaUploadImage, mediaUploadAttachment, mediaUploadByUrl]
