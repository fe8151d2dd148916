import { z } from 'zod'
import { memberErrors } from './errors.ts'
import { nextCursor, nothing, paging, queryInt, row } from './row.ts'

/** Members (成员) and departments (部门). Sensitive fields are given to few secrets since 2022 (48009); what is not given is left out. */

const channels = z.looseObject({ nickname: z.string().optional(), status: z.int().optional() })
const profile = z.looseObject({
  external_corp_name: z.string().optional(),
  wechat_channels: channels.optional(),
  external_attr: z.array(nothing).optional(),
})

export const member = z.looseObject({
  userid: z.string(),
  name: z.string(),
  department: z.array(z.int()),
  order: z.array(z.int()).optional(),
  position: z.string().optional(),
  mobile: z.string().optional(),
  /** "0" unknown, "1" male, "2" female: text here, a number on customers. */
  gender: z.string().optional(),
  email: z.string().optional(),
  is_leader_in_dept: z.array(z.int()).optional(),
  direct_leader: z.array(z.string()).optional(),
  avatar: z.string().optional(),
  thumb_avatar: z.string().optional(),
  telephone: z.string().optional(),
  alias: z.string().optional(),
  address: z.string().optional(),
  open_userid: z.string().optional(),
  main_department: z.int().optional(),
  /** 1 activated, 2 disabled, 4 not activated, 5 left. */
  status: z.int().optional(),
  qr_code: z.string().optional(),
  external_position: z.string().optional(),
  external_profile: profile.optional(),
})

const shi = {
  userid: 'WangXiaoHe',
  name: '王小禾',
  department: [1],
  order: [0],
  position: '顾问',
  gender: '2',
  is_leader_in_dept: [0],
  direct_leader: [],
  main_department: 1,
  status: 1,
  alias: '小王',
}

export const userGet = row({
  name: 'wecom.user.get',
  method: 'GET',
  path: '/cgi-bin/user/get',
  effect: 'read',
  request: z.looseObject({ userid: z.string().optional() }),
  response: member,
  errors: { ...memberErrors, '41009': { retry: 'never', en: 'userid is missing' } },
  repeat: 'safe',
  doc: 'SKIT user/get',
  sample: { request: { userid: 'WangXiaoHe' }, response: { errcode: 0, errmsg: 'ok', ...shi } },
  zh: '读取成员',
})

const departmentQuery = z.looseObject({ department_id: queryInt.optional(), fetch_child: queryInt.optional() })
export const userList = row({
  name: 'wecom.user.list',
  method: 'GET',
  path: '/cgi-bin/user/list',
  effect: 'read',
  request: departmentQuery,
  response: z.looseObject({ userlist: z.array(member) }),
  errors: memberErrors,
  repeat: 'safe',
  doc: 'SKIT user/list',
  sample: { request: { department_id: '1' }, response: { errcode: 0, errmsg: 'ok', userlist: [shi] } },
  zh: '获取部门成员详情',
})
export const userSimpleList = row({
  name: 'wecom.user.simplelist',
  method: 'GET',
  path: '/cgi-bin/user/simplelist',
  effect: 'read',
  request: departmentQuery,
  response: z.looseObject({
    userlist: z.array(z.looseObject({ userid: z.string(), name: z.string(), department: z.array(z.int()), open_userid: z.string().optional() })),
  }),
  errors: memberErrors,
  repeat: 'safe',
  doc: 'SKIT user/simplelist',
  sample: {
    request: { department_id: 1 },
    response: { errcode: 0, errmsg: 'ok', userlist: [{ userid: 'WangXiaoHe', name: '王小禾', department: [1] }] },
  },
  zh: '获取部门成员',
})
export const userListId = row({
  name: 'wecom.user.list_id',
  method: 'POST',
  path: '/cgi-bin/user/list_id',
  effect: 'read',
  request: z.looseObject(paging),
  response: z.looseObject({ ...nextCursor, dept_user: z.array(z.looseObject({ userid: z.string(), department: z.int() })) }),
  errors: memberErrors,
  repeat: 'safe',
  doc: 'SKIT user/list_id',
  sample: {
    request: { cursor: '', limit: 10_000 },
    response: { errcode: 0, errmsg: 'ok', next_cursor: '', dept_user: [{ userid: 'WangXiaoHe', department: 1 }] },
  },
  zh: '获取成员 ID 列表',
})

const changeErrors = {
  ...memberErrors,
  '40032': { retry: 'never', en: 'too many userids' },
  '45024': { retry: 'never', en: 'the corp has as many members as it may have' },
  '60003': { retry: 'never', en: 'no such department' },
  '60102': { retry: 'never', en: 'the userid exists' },
  '60103': { retry: 'never', en: 'the mobile number is not well formed' },
  '60104': { retry: 'never', en: "the mobile number is another member's" },
  '60112': { retry: 'never', en: 'the name is not allowed' },
  '60123': { retry: 'never', en: 'no such department' },
} as const

export const userWrite = z.looseObject({
  userid: z.string().optional(),
  name: z.string().optional(),
  department: z.array(z.int()).optional(),
  order: z.array(z.int()).optional(),
  position: z.string().optional(),
  mobile: z.string().optional(),
  gender: z.string().optional(),
  email: z.string().optional(),
  is_leader_in_dept: z.array(z.int()).optional(),
  direct_leader: z.array(z.string()).optional(),
  enable: z.int().optional(),
  alias: z.string().optional(),
  telephone: z.string().optional(),
  address: z.string().optional(),
  main_department: z.int().optional(),
  external_position: z.string().optional(),
  external_profile: profile.optional(),
})
export const userCreate = row({
  name: 'wecom.user.create',
  method: 'POST',
  path: '/cgi-bin/user/create',
  effect: 'write',
  request: userWrite,
  response: nothing,
  errors: changeErrors,
  repeat: { keyed: 'userid' },
  doc: 'SKIT user/create',
  sample: { request: { userid: 'WangXiaoHe', name: '王小禾', mobile: '13800000000', department: [1], gender: '2', enable: 1 } },
  zh: '创建成员',
})
export const userUpdate = row({
  name: 'wecom.user.update',
  method: 'POST',
  path: '/cgi-bin/user/update',
  effect: 'write',
  request: userWrite,
  response: nothing,
  errors: changeErrors,
  repeat: 'safe',
  doc: 'SKIT user/update',
  sample: { request: { userid: 'WangXiaoHe', name: '王小禾' } },
  zh: '更新成员',
})
export const userDelete = row({
  name: 'wecom.user.delete',
  method: 'GET',
  path: '/cgi-bin/user/delete',
  effect: 'write',
  request: z.looseObject({ userid: z.string().optional() }),
  response: nothing,
  errors: changeErrors,
  repeat: 'safe',
  doc: 'SKIT user/delete',
  zh: '删除成员',
})
export const userBatchDelete = row({
  name: 'wecom.user.batchdelete',
  method: 'POST',
  path: '/cgi-bin/user/batchdelete',
  effect: 'write',
  request: z.looseObject({ useridlist: z.array(z.string()).optional() }),
  response: nothing,
  errors: changeErrors,
  repeat: 'safe',
  doc: 'SKIT user/batchdelete',
  sample: { request: { useridlist: ['WangXiaoHe', 'LiMingYue'] } },
  zh: '批量删除成员',
})
export const userIdByMobile = row({
  name: 'wecom.user.getuserid',
  method: 'POST',
  path: '/cgi-bin/user/getuserid',
  effect: 'read',
  request: z.looseObject({ mobile: z.string() }),
  response: z.looseObject({ userid: z.string() }),
  errors: { ...memberErrors, '46004': { retry: 'never', en: 'no such member' } },
  repeat: 'safe',
  doc: 'SKIT user/getuserid',
  sample: { request: { mobile: '13800000000' }, response: { errcode: 0, errmsg: 'ok', userid: 'WangXiaoHe' } },
  zh: '手机号获取 userid',
})
export const userIdByEmail = row({
  name: 'wecom.user.get_userid_by_email',
  method: 'POST',
  path: '/cgi-bin/user/get_userid_by_email',
  effect: 'read',
  request: z.looseObject({ email: z.string(), email_type: z.int().optional() }),
  response: z.looseObject({ userid: z.string() }),
  errors: { ...memberErrors, '46004': { retry: 'never', en: 'no such member' } },
  repeat: 'safe',
  doc: 'SKIT user/get_userid_by_email',
  sample: { request: { email: 'xiaohe@example.com', email_type: 1 }, response: { errcode: 0, errmsg: 'ok', userid: 'WangXiaoHe' } },
  zh: '邮箱获取 userid',
})
export const userToOpenid = row({
  name: 'wecom.user.convert_to_openid',
  method: 'POST',
  path: '/cgi-bin/user/convert_to_openid',
  effect: 'write',
  request: z.looseObject({ userid: z.string() }),
  response: z.looseObject({ openid: z.string() }),
  errors: memberErrors,
  repeat: 'safe',
  doc: 'SKIT user/convert_to_openid',
  sample: { request: { userid: 'WangXiaoHe' }, response: { errcode: 0, errmsg: 'ok', openid: 'oQ1ngzhou000000000000000000A' } },
  zh: 'userid 转 openid',
})
export const openidToUser = row({
  name: 'wecom.user.convert_to_userid',
  method: 'POST',
  path: '/cgi-bin/user/convert_to_userid',
  effect: 'read',
  request: z.looseObject({ openid: z.string() }),
  response: z.looseObject({ userid: z.string() }),
  errors: { ...memberErrors, '43004': { retry: 'never', en: 'the member never logged in with WeChat' } },
  repeat: 'safe',
  doc: 'SKIT user/convert_to_userid',
  sample: { request: { openid: 'oQ1ngzhou000000000000000000A' }, response: { errcode: 0, errmsg: 'ok', userid: 'WangXiaoHe' } },
  zh: 'openid 转 userid',
})

export const department = z.looseObject({
  id: z.int(),
  name: z.string(),
  name_en: z.string().optional(),
  department_leader: z.array(z.string()).optional(),
  parentid: z.int(),
  order: z.int(),
})
const departmentErrors = {
  ...memberErrors,
  '60003': { retry: 'never', en: 'no such department' },
  '60004': { retry: 'never', en: 'no such parent department' },
  '60005': { retry: 'never', en: 'the department has members' },
  '60006': { retry: 'never', en: 'the department has sub-departments' },
  '60007': { retry: 'never', en: 'the root department cannot be deleted' },
  '60008': { retry: 'never', en: 'the department id or name exists' },
  '60009': { retry: 'never', en: 'the name is empty or has characters that are not allowed' },
  '60010': { retry: 'never', en: 'a department cannot be below itself' },
  '60123': { retry: 'never', en: 'no such department' },
} as const
const idQuery = z.looseObject({ id: queryInt.optional() })
const tea = { id: 2, name: '茶铺顾问', department_leader: ['WangXiaoHe'], parentid: 1, order: 10 }
export const departmentList = row({
  name: 'wecom.department.list',
  method: 'GET',
  path: '/cgi-bin/department/list',
  effect: 'read',
  request: idQuery,
  response: z.looseObject({ department: z.array(department) }),
  errors: departmentErrors,
  repeat: 'safe',
  doc: 'SKIT department/list',
  sample: { request: {}, response: { errcode: 0, errmsg: 'ok', department: [tea] } },
  zh: '获取部门列表',
})
export const departmentSimpleList = row({
  name: 'wecom.department.simplelist',
  method: 'GET',
  path: '/cgi-bin/department/simplelist',
  effect: 'read',
  request: idQuery,
  response: z.looseObject({ department_id: z.array(z.looseObject({ id: z.int(), parentid: z.int(), order: z.int() })) }),
  errors: departmentErrors,
  repeat: 'safe',
  doc: 'SKIT department/simplelist',
  sample: { request: {}, response: { errcode: 0, errmsg: 'ok', department_id: [{ id: 2, parentid: 1, order: 10 }] } },
  zh: '获取子部门 ID 列表',
})
export const departmentGet = row({
  name: 'wecom.department.get',
  method: 'GET',
  path: '/cgi-bin/department/get',
  effect: 'read',
  request: idQuery,
  response: z.looseObject({ department }),
  errors: departmentErrors,
  repeat: 'safe',
  doc: 'SKIT department/get',
  sample: { request: { id: '2' }, response: { errcode: 0, errmsg: 'ok', department: tea } },
  zh: '获取单个部门详情',
})
const departmentWrite = z.looseObject({
  id: z.int().optional(),
  name: z.string().optional(),
  name_en: z.string().optional(),
  parentid: z.int().optional(),
  order: z.int().optional(),
})
export const departmentCreate = row({
  name: 'wecom.department.create',
  method: 'POST',
  path: '/cgi-bin/department/create',
  effect: 'write',
  request: departmentWrite,
  response: z.looseObject({ id: z.int() }),
  errors: departmentErrors,
  repeat: { keyed: 'id' },
  doc: 'SKIT department/create',
  sample: { request: { name: '茶铺顾问', parentid: 1, order: 10, id: 2 }, response: { errcode: 0, errmsg: 'created', id: 2 } },
  zh: '创建部门',
})
export const departmentUpdate = row({
  name: 'wecom.department.update',
  method: 'POST',
  path: '/cgi-bin/department/update',
  effect: 'write',
  request: departmentWrite,
  response: nothing,
  errors: departmentErrors,
  repeat: 'safe',
  doc: 'SKIT department/update',
  sample: { request: { id: 2, name: '茶铺顾问', parentid: 1, order: 1 } },
  zh: '更新部门',
})
export const departmentDelete = row({
  name: 'wecom.department.delete',
  method: 'GET',
  path: '/cgi-bin/department/delete',
  effect: 'write',
  request: idQuery,
  response: nothing,
  errors: departmentErrors,
  repeat: 'safe',
  doc: 'SKIT department/delete',
  zh: '删除部门',
})

export const memberRows = [
  userGet,
  userList,
  userSimpleList,
  userListId,
  userCreate,
  userUpdate,
  userDelete,
  userBatchDelete,
  userIdByMobile,
  userIdByEmail,
  userToOpenid,
  openidToUser,
  departmentList,
  departmentSimpleList,
  departmentGet,
  departmentCreate,
  departmentUpdate,
  departmentDelete,
]
