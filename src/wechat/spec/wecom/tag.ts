import { z } from 'zod'
import { tagErrors } from './errors.ts'
import { nothing, row } from './row.ts'

/** Corp tags (企业客户标签). A tag on a customer belongs to the pair of member and customer. */

const tag = z.looseObject({ id: z.string(), name: z.string(), create_time: z.int(), order: z.int(), deleted: z.boolean().optional() })
export const tagGroup = z.looseObject({
  group_id: z.string(),
  group_name: z.string(),
  create_time: z.int(),
  order: z.int(),
  deleted: z.boolean().optional(),
  tag: z.array(tag),
})

const agentid = z.union([z.int(), z.string()]).optional()
const oolong = { id: 'etQingzhou00000000000000000000AA', name: '乌龙', create_time: 1_782_000_000, order: 1 }
const taste = { group_id: 'etQingzhou00000000000000000000GG', group_name: '口味', create_time: 1_782_000_000, order: 1, tag: [oolong] }

/** The group filter wins over the tag filter; both empty means all. */
export const tagList = row({
  name: 'wecom.tag.list',
  method: 'POST',
  path: '/cgi-bin/externalcontact/get_corp_tag_list',
  effect: 'read',
  request: z.looseObject({ tag_id: z.array(z.string()).optional(), group_id: z.array(z.string()).optional() }),
  response: z.looseObject({ tag_group: z.array(tagGroup) }),
  errors: tagErrors,
  repeat: 'safe',
  doc: 'SKIT externalcontact/get_corp_tag_list',
  sample: { request: { group_id: [taste.group_id] }, response: { errcode: 0, errmsg: 'ok', tag_group: [{ ...taste, deleted: false }] } },
  zh: '获取企业标签库',
})
/** Tags join an existing group of that name; equal names in a group collapse into one. */
export const tagAdd = row({
  name: 'wecom.tag.add',
  method: 'POST',
  path: '/cgi-bin/externalcontact/add_corp_tag',
  effect: 'write',
  request: z.looseObject({
    group_id: z.string().optional(),
    group_name: z.string().optional(),
    order: z.number().optional(),
    tag: z.array(z.looseObject({ name: z.string().optional(), order: z.number().optional() })).optional(),
    agentid,
  }),
  response: z.looseObject({ tag_group: tagGroup }),
  errors: tagErrors,
  repeat: { probe: 'wecom.tag.list' },
  doc: 'SKIT externalcontact/add_corp_tag',
  sample: { request: { group_name: '口味', order: 1, tag: [{ name: '乌龙', order: 1 }] }, response: { errcode: 0, errmsg: 'ok', tag_group: taste } },
  zh: '添加企业客户标签',
})
export const tagEdit = row({
  name: 'wecom.tag.edit',
  method: 'POST',
  path: '/cgi-bin/externalcontact/edit_corp_tag',
  effect: 'write',
  request: z.looseObject({ id: z.string().optional(), name: z.string().optional(), order: z.number().optional(), agentid }),
  response: nothing,
  errors: tagErrors,
  repeat: 'safe',
  doc: 'SKIT externalcontact/edit_corp_tag',
  sample: { request: { id: oolong.id, name: '岩茶', order: 2 } },
  zh: '编辑企业客户标签',
})
export const tagDelete = row({
  name: 'wecom.tag.delete',
  method: 'POST',
  path: '/cgi-bin/externalcontact/del_corp_tag',
  effect: 'write',
  request: z.looseObject({ tag_id: z.array(z.string()).optional(), group_id: z.array(z.string()).optional(), agentid }),
  response: nothing,
  errors: tagErrors,
  repeat: 'safe',
  doc: 'SKIT externalcontact/del_corp_tag',
  sample: { request: { tag_id: [oolong.id] } },
  zh: '删除企业客户标签',
})
export const tagMark = row({
  name: 'wecom.tag.mark',
  method: 'POST',
  path: '/cgi-bin/externalcontact/mark_tag',
  effect: 'write',
  request: z.looseObject({
    userid: z.string().optional(),
    external_userid: z.string().optional(),
    add_tag: z.array(z.string()).optional(),
    remove_tag: z.array(z.string()).optional(),
  }),
  response: nothing,
  errors: tagErrors,
  repeat: 'safe',
  doc: 'D92118',
  sample: { request: { userid: 'WangXiaoHe', external_userid: 'wmQingzhou00000000000000000000AA', add_tag: [oolong.id] } },
  zh: '编辑客户企业标签',
})

export const tagRows = [tagList, tagAdd, tagEdit, tagDelete, tagMark]
