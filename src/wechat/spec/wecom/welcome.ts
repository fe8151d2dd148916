import { z } from 'zod'
import { welcomeErrors } from './errors.ts'
import { message, messageBlocks, nothing, row } from './row.ts'

/** Welcome messages (欢迎语). The code of an add event lives 20 seconds and serves once, whichever app is first. */

export const welcomeCodeMs = 20_000

export const welcomeSend = row({
  name: 'wecom.welcome.send',
  method: 'POST',
  path: '/cgi-bin/externalcontact/send_welcome_msg',
  effect: 'write',
  request: z.looseObject({ welcome_code: z.string().optional(), ...message }),
  response: nothing,
  errors: welcomeErrors,
  repeat: 'never',
  doc: 'D92137',
  sample: {
    request: {
      welcome_code: 'WELCOMECODE',
      text: { content: '你好呀，我是小禾' },
      attachments: [{ msgtype: 'link', link: { title: '新人礼', picurl: 'https://example.com/a.png', desc: '', url: 'https://example.com/gift' } }],
    },
  },
  zh: '发送新客户欢迎语',
})

const template = { ...messageBlocks, agentid: z.union([z.int(), z.string()]).optional() }
export const groupWelcomeAdd = row({
  name: 'wecom.group_welcome.add',
  method: 'POST',
  path: '/cgi-bin/externalcontact/group_welcome_template/add',
  effect: 'write',
  request: z.looseObject({ ...template, /** 1: owners are told. */ notify: z.int().optional() }),
  response: z.looseObject({ template_id: z.string() }),
  errors: welcomeErrors,
  repeat: 'never',
  doc: 'SKIT group_welcome_template/add',
  sample: {
    request: { text: { content: '亲爱的%NICKNAME%，欢迎' }, agentid: 1000002, notify: 1 },
    response: { errcode: 0, errmsg: 'ok', template_id: 'msgQINGZHOU' },
  },
  zh: '添加入群欢迎语素材',
})
export const groupWelcomeEdit = row({
  name: 'wecom.group_welcome.edit',
  method: 'POST',
  path: '/cgi-bin/externalcontact/group_welcome_template/edit',
  effect: 'write',
  request: z.looseObject({ template_id: z.string().optional(), ...template }),
  response: nothing,
  errors: welcomeErrors,
  repeat: 'safe',
  doc: 'SKIT group_welcome_template/edit',
  sample: { request: { template_id: 'msgQINGZHOU', text: { content: '欢迎' } } },
  zh: '编辑入群欢迎语素材',
})
const one = z.looseObject({ template_id: z.string().optional() })
export const groupWelcomeGet = row({
  name: 'wecom.group_welcome.get',
  method: 'POST',
  path: '/cgi-bin/externalcontact/group_welcome_template/get',
  effect: 'read',
  request: one,
  response: z.looseObject(messageBlocks),
  errors: welcomeErrors,
  repeat: 'safe',
  doc: 'SKIT group_welcome_template/get',
  sample: { request: { template_id: 'msgQINGZHOU' }, response: { errcode: 0, errmsg: 'ok', text: { content: '欢迎' } } },
  zh: '获取入群欢迎语素材',
})
/** One source gives GET for it; the emulator takes both. */
export const groupWelcomeGetByQuery = row({
  ...groupWelcomeGet,
  name: 'wecom.group_welcome.get_by_query',
  method: 'GET',
  doc: 'OWS wecom-crm-group (verb disputed)',
  sample: undefined,
  verified: 'reading',
})
export const groupWelcomeDelete = row({
  name: 'wecom.group_welcome.delete',
  method: 'POST',
  path: '/cgi-bin/externalcontact/group_welcome_template/del',
  effect: 'write',
  request: z.looseObject({ template_id: z.string().optional(), agentid: z.union([z.int(), z.string()]).optional() }),
  response: nothing,
  errors: welcomeErrors,
  repeat: 'safe',
  doc: 'SKIT group_welcome_template/del',
  sample: { request: { template_id: 'msgQINGZHOU' } },
  zh: '删除入群欢迎语素材',
})

export const welcomeRows = [welcomeSend, groupWelcomeAdd, groupWelcomeEdit, groupWelcomeGet, groupWelcomeGetByQuery, groupWelcomeDelete]
