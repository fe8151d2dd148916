import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { officialErrors, tagErrors } from './errors.ts'
import { outcome, wireInt } from './shapes.ts'

/** Followers (关注者), their tags (标签) and the black list (黑名单). */

const read = {
  line: 'official-account',
  credential: 'access_token',
  effect: 'read',
  errors: officialErrors,
  repeat: 'safe',
  verified: 'reading',
} as const
const tagWrite = {
  line: 'official-account',
  method: 'POST',
  credential: 'access_token',
  effect: 'write',
  errors: tagErrors,
  repeat: 'safe',
  verified: 'reading',
} as const

const openidList = z.looseObject({
  total: z.int().optional(),
  count: z.int(),
  data: z.looseObject({ openid: z.array(z.string()) }).optional(),
  /** The last openid of this page; empty when there is none. */
  next_openid: z.string().optional(),
})

export const userGet = endpoint({
  ...read,
  name: 'official-account.user.list',
  method: 'GET',
  path: '/cgi-bin/user/get',
  /** 10,000 a page. */
  request: z.looseObject({ next_openid: z.string().optional() }),
  response: openidList,
  doc: 'SKIT; WXJ',
  zh: '获取关注用户列表',
})

/** No nickname, avatar, sex or place since 2021-12-27; unionid only when the account is bound to an Open Platform account. */
export const userInfoAnswer = z.looseObject({
  /** 0: does not follow; then only openid comes with it. */
  subscribe: z.int(),
  openid: z.string(),
  language: z.string().optional(),
  subscribe_time: z.int().optional(),
  unionid: z.string().optional(),
  remark: z.string().optional(),
  groupid: z.int().optional(),
  tagid_list: z.array(z.int()).optional(),
  subscribe_scene: z.string().optional(),
  qr_scene: z.int().optional(),
  qr_scene_str: z.string().optional(),
})

export const userInfo = endpoint({
  ...read,
  name: 'official-account.user.info',
  method: 'GET',
  path: '/cgi-bin/user/info',
  request: z.looseObject({ openid: z.string(), lang: z.string().optional() }),
  response: userInfoAnswer,
  doc: 'SKIT',
  zh: '获取用户基本信息',
})

export const userInfoBatch = endpoint({
  ...read,
  name: 'official-account.user.info-batch',
  method: 'POST',
  path: '/cgi-bin/user/info/batchget',
  /** 100 at most. */
  request: z.looseObject({ user_list: z.array(z.looseObject({ openid: z.string(), lang: z.string().optional() })) }),
  response: z.looseObject({ user_info_list: z.array(userInfoAnswer) }),
  doc: 'SKIT; WXJ',
  zh: '批量获取用户基本信息',
})

export const userRemark = endpoint({
  ...tagWrite,
  name: 'official-account.user.remark',
  path: '/cgi-bin/user/info/updateremark',
  /** 30 characters at most (UNCONFIRMED). */
  request: z.looseObject({ openid: z.string(), remark: z.string() }),
  response: outcome,
  doc: 'SKIT',
  zh: '设置用户备注名',
})

const tag = z.looseObject({ id: z.int(), name: z.string(), count: z.int().optional() })

export const tagCreate = endpoint({
  ...tagWrite,
  name: 'official-account.tag.create',
  path: '/cgi-bin/tags/create',
  request: z.looseObject({ tag: z.looseObject({ name: z.string() }) }),
  response: z.looseObject({ tag }),
  doc: 'SKIT; WXJ WxMpUserTagService',
  zh: '创建标签',
})

export const tagList = endpoint({
  ...read,
  name: 'official-account.tag.list',
  method: 'GET',
  path: '/cgi-bin/tags/get',
  request: z.looseObject({}),
  response: z.looseObject({ tags: z.array(tag) }),
  doc: 'SKIT; WXJ',
  zh: '获取公众号已创建的标签',
})

export const tagUpdate = endpoint({
  ...tagWrite,
  name: 'official-account.tag.update',
  path: '/cgi-bin/tags/update',
  request: z.looseObject({ tag: z.looseObject({ id: wireInt, name: z.string() }) }),
  response: outcome,
  doc: 'SKIT; WXJ',
  zh: '编辑标签',
})

export const tagDelete = endpoint({
  ...tagWrite,
  name: 'official-account.tag.delete',
  path: '/cgi-bin/tags/delete',
  request: z.looseObject({ tag: z.looseObject({ id: wireInt }) }),
  response: outcome,
  doc: 'SKIT; WXJ',
  zh: '删除标签',
})

export const tagUsers = endpoint({
  ...read,
  name: 'official-account.tag.users',
  method: 'POST',
  path: '/cgi-bin/user/tag/get',
  request: z.looseObject({ tagid: wireInt, next_openid: z.string().optional() }),
  response: openidList,
  doc: 'SKIT; WXJ',
  zh: '获取标签下粉丝列表',
})

const tagging = z.looseObject({ openid_list: z.array(z.string()), tagid: wireInt })

export const tagAttach = endpoint({
  ...tagWrite,
  name: 'official-account.tag.attach',
  path: '/cgi-bin/tags/members/batchtagging',
  request: tagging,
  response: outcome,
  doc: 'SKIT; WXJ',
  zh: '批量为用户打标签',
})

export const tagDetach = endpoint({
  ...tagWrite,
  name: 'official-account.tag.detach',
  path: '/cgi-bin/tags/members/batchuntagging',
  request: tagging,
  response: outcome,
  doc: 'SKIT; WXJ',
  zh: '批量为用户取消标签',
})

export const tagsOfUser = endpoint({
  ...read,
  name: 'official-account.tag.of-user',
  method: 'POST',
  path: '/cgi-bin/tags/getidlist',
  request: z.looseObject({ openid: z.string() }),
  response: z.looseObject({ tagid_list: z.array(z.int()) }),
  doc: 'SKIT; WXJ',
  zh: '获取用户身上的标签列表',
})

export const blackListGet = endpoint({
  ...read,
  name: 'official-account.black-list.list',
  method: 'POST',
  path: '/cgi-bin/tags/members/getblacklist',
  request: z.looseObject({ begin_openid: z.string().optional() }),
  response: openidList,
  doc: 'SKIT',
  zh: '获取公众号的黑名单列表',
})

export const blackListAdd = endpoint({
  ...tagWrite,
  name: 'official-account.black-list.add',
  path: '/cgi-bin/tags/members/batchblacklist',
  /** 20 at most (UNCONFIRMED). */
  request: z.looseObject({ openid_list: z.array(z.string()) }),
  response: outcome,
  doc: 'SKIT',
  zh: '拉黑用户',
})

export const blackListRemove = endpoint({
  ...tagWrite,
  name: 'official-account.black-list.remove',
  path: '/cgi-bin/tags/members/batchunblacklist',
  request: z.looseObject({ openid_list: z.array(z.string()) }),
  response: outcome,
  doc: 'SKIT',
  zh: '取消拉黑用户',
})
