import { z } from 'zod'
import {
  departmentCreate,
  departmentDelete,
  departmentGet,
  departmentList,
  departmentSimpleList,
  departmentUpdate,
  openidToUser,
  userBatchDelete,
  userCreate,
  userDelete,
  userGet,
  userIdByEmail,
  userIdByMobile,
  userList,
  userListId,
  userSimpleList,
  userToOpenid,
  userUpdate,
} from '../../wechat/spec/wecom/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { drawOpenid, openidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { limitOf, listAtMost, page, wecom } from './call.ts'
import { tell } from './event.ts'
import { corpOf, departmentTree, memberOf, type CorpState, type Department, type Member } from './state.ts'

type MemberInput = {
  userid?: string
  name?: string
  alias?: string
  department?: number[]
  order?: number[]
  position?: string
  mobile?: string
  gender?: string
  email?: string
  is_leader_in_dept?: number[]
  direct_leader?: string[]
  enable?: number
  telephone?: string
  address?: string
  main_department?: number
  external_position?: string
  external_profile?: unknown
}

function shown(member: Member) {
  return {
    userid: member.userid,
    name: member.name,
    department: member.department,
    order: member.order,
    position: member.position,
    mobile: member.mobile,
    gender: member.gender,
    email: member.email,
    is_leader_in_dept: member.isLeader,
    direct_leader: member.directLeader,
    alias: member.alias,
    main_department: member.mainDepartment,
    status: member.status,
    ...member.more,
  }
}

function shownDepartment({ id, name, nameEn, leaders, parentId, order }: Department) {
  return { id, name, name_en: nameEn, department_leader: leaders, parentid: parentId, order }
}

function departmentOf(corp: CorpState, id: string | number | undefined): Department {
  const department = corp.departments[String(id ?? '')]
  if (!department) throw new PlatformError(60123, 'invalid party id')
  return department
}

function check(corp: CorpState, input: MemberInput, own: string | undefined): void {
  if (input.name !== undefined && (input.name === '' || [...input.name].length > 64)) throw new PlatformError(60112, 'invalid name')
  if (input.mobile !== undefined && input.mobile !== '') {
    if (!/^[0-9+-]{1,32}$/.test(input.mobile)) throw new PlatformError(60103, 'invalid mobile')
    if (Object.values(corp.members).some((other) => other.mobile === input.mobile && other.userid !== own))
      throw new PlatformError(60104, 'mobile existed')
  }
  listAtMost(input.department, 20, 'department', 60110)
  for (const id of input.department ?? []) if (!corp.departments[id]) throw new PlatformError(60123, 'invalid party id')
}

export function addMember(corp: CorpState, input: MemberInput): Member {
  const { userid, name } = input
  if (!userid) throw new PlatformError(41009, 'missing userid')
  if (!/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/.test(userid)) throw new PlatformError(40003, 'invalid userid')
  if (!name) throw new PlatformError(60112, 'invalid name')
  const known = Object.keys(corp.members).find((other) => other.toLowerCase() === userid.toLowerCase())
  if (known !== undefined) throw new PlatformError(60102, 'userid existed')
  if (Object.keys(corp.members).length >= corp.settings.memberMax) throw new PlatformError(45024, 'user count exceeds limit')
  if (!input.department || input.department.length === 0) throw new PlatformError(60127, 'missing department')
  check(corp, input, userid)
  const member: Member = {
    userid,
    name,
    alias: input.alias ?? '',
    department: input.department,
    order: input.order ?? input.department.map(() => 0),
    isLeader: input.is_leader_in_dept ?? input.department.map(() => 0),
    directLeader: input.direct_leader ?? [],
    position: input.position ?? '',
    mobile: input.mobile ?? '',
    gender: input.gender ?? '0',
    email: input.email ?? '',
    mainDepartment: input.main_department ?? input.department[0],
    // A member made by API still has to log in once: until then he cannot be behind a contact way (41054).
    status: input.enable === 0 ? 2 : 4,
    customerContact: true,
    realName: false,
    banned: false,
    adminWelcome: false,
    more: more(input),
  }
  corp.members[userid] = member
  corp.follows[userid] ??= {}
  return member
}

function more(input: MemberInput): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const field of ['telephone', 'address', 'external_position', 'external_profile'] as const)
    if (input[field] !== undefined) kept[field] = input[field]
  return kept
}

function changeMember(corp: CorpState, input: MemberInput): Member {
  const member = memberOf(corp, input.userid)
  check(corp, input, member.userid)
  if (input.name !== undefined) member.name = input.name
  if (input.alias !== undefined) member.alias = input.alias
  if (input.department) {
    member.department = input.department
    member.order = input.order ?? input.department.map(() => 0)
    member.isLeader = input.is_leader_in_dept ?? input.department.map(() => 0)
    if (!input.department.includes(member.mainDepartment)) member.mainDepartment = input.department[0]
  }
  if (input.position !== undefined) member.position = input.position
  if (input.mobile !== undefined) member.mobile = input.mobile
  if (input.gender !== undefined) member.gender = input.gender
  if (input.email !== undefined) member.email = input.email
  if (input.direct_leader) member.directLeader = input.direct_leader
  if (input.main_department !== undefined) member.mainDepartment = input.main_department
  if (input.enable !== undefined) member.status = input.enable === 0 ? 2 : member.status === 2 ? 1 : member.status
  Object.assign(member.more, more(input))
  return member
}

/** Deleting a member is resigning: his customers and groups wait to be handed over. */
export function removeMember(ns: Namespace, corp: CorpState, userid: string): void {
  const member = memberOf(corp, userid)
  const follows = corp.follows[userid] ?? {}
  corp.resigned[userid] = { at: ns.now, member, follows }
  delete corp.members[userid]
  delete corp.follows[userid]
  delete corp.held[userid]
  for (const externalUserid of Object.keys(follows)) {
    corp.followers[externalUserid] = (corp.followers[externalUserid] ?? []).filter((other) => other !== userid)
  }
  for (const group of Object.values(corp.groups)) if (group.owner === userid && group.dismissedAt === undefined) group.status = 1
}

const listed = (corp: CorpState, departmentId: string | number | undefined, fetchChild: string | number | undefined): Member[] => {
  const { id } = departmentOf(corp, departmentId)
  const tree = String(fetchChild ?? '0') === '1' ? departmentTree(corp, id) : new Set([id])
  return Object.values(corp.members).filter((member) => member.department.some((own) => tree.has(own)))
}

function checkParent(corp: CorpState, id: number, parentId: number): void {
  if (!corp.departments[parentId]) throw new PlatformError(60004, 'parent department not found')
  if (departmentTree(corp, id).has(parentId)) throw new PlatformError(60010, 'department cycle')
}

function checkName(corp: CorpState, name: string | undefined, parentId: number, own?: number): string {
  if (name === undefined || name === '' || [...name].length > 64 || /[\\:*?"<>|]/.test(name))
    throw new PlatformError(60009, 'invalid department name')
  if (Object.values(corp.departments).some((other) => other.parentId === parentId && other.name === name && other.id !== own))
    throw new PlatformError(60008, 'department existed')
  return name
}

export const memberRoutes = [
  wecom(userGet, ({ corp, input }) => shown(memberOf(corp, input.userid))),
  wecom(userList, ({ corp, input }) => ({ userlist: listed(corp, input.department_id, input.fetch_child).map(shown) })),
  wecom(userSimpleList, ({ corp, input }) => ({
    userlist: listed(corp, input.department_id, input.fetch_child).map(({ userid, name, department }) => ({ userid, name, department })),
  })),
  wecom(userListId, ({ corp, input, call }) => {
    const seats = Object.values(corp.members).flatMap(({ userid, department }) => department.map((id) => ({ userid, department: id })))
    const { items, next_cursor } = page(
      seats,
      (seat) => `${seat.userid}/${seat.department}`,
      input.cursor,
      limitOf(input.limit, 10_000, 10_000),
      call.faults,
    )
    return { next_cursor, dept_user: items }
  }),
  wecom(userCreate, ({ corp, input }) => {
    addMember(corp, input)
    return {}
  }),
  wecom(userUpdate, ({ corp, input }) => {
    changeMember(corp, input)
    return {}
  }),
  wecom(userDelete, ({ ns, corp, input }) => {
    removeMember(ns, corp, memberOf(corp, input.userid).userid)
    return {}
  }),
  wecom(userBatchDelete, ({ ns, corp, input }) => {
    listAtMost(input.useridlist, 200, 'useridlist', 40032)
    if (!input.useridlist || input.useridlist.length === 0) throw new PlatformError(40031, 'invalid userid list')
    for (const userid of input.useridlist) memberOf(corp, userid)
    for (const userid of input.useridlist) removeMember(ns, corp, userid)
    return {}
  }),
  wecom(userIdByMobile, ({ corp, input }) => {
    const found = Object.values(corp.members).find(({ mobile }) => mobile !== '' && mobile === input.mobile)
    if (!found) throw new PlatformError(46004, 'user not exist')
    return { userid: found.userid }
  }),
  wecom(userIdByEmail, ({ corp, input }) => {
    const found = Object.values(corp.members).find(({ email }) => email !== '' && email === input.email)
    if (!found) throw new PlatformError(46004, 'user not exist')
    return { userid: found.userid }
  }),
  wecom(userToOpenid, ({ ns, corp, input }) => ({ openid: openidOf(ns, corp.id, `member:${memberOf(corp, input.userid).userid}`) })),
  wecom(openidToUser, ({ ns, corp, input }) => {
    const found = Object.keys(corp.members).find((userid) => drawOpenid(ns, corp.id, `member:${userid}`) === input.openid)
    if (found === undefined) throw new PlatformError(43004, 'the openid is bound to no member')
    return { userid: found }
  }),
  wecom(departmentList, ({ corp, input }) => {
    const tree = input.id === undefined || input.id === '' ? undefined : departmentTree(corp, departmentOf(corp, input.id).id)
    return {
      department: Object.values(corp.departments)
        .filter(({ id }) => !tree || tree.has(id))
        .map(shownDepartment),
    }
  }),
  wecom(departmentSimpleList, ({ corp, input }) => {
    const tree = input.id === undefined || input.id === '' ? undefined : departmentTree(corp, departmentOf(corp, input.id).id)
    return {
      department_id: Object.values(corp.departments)
        .filter(({ id }) => !tree || tree.has(id))
        .map(({ id, parentId, order }) => ({ id, parentid: parentId, order })),
    }
  }),
  wecom(departmentGet, ({ corp, input }) => ({ department: shownDepartment(departmentOf(corp, input.id)) })),
  wecom(departmentCreate, ({ corp, input }) => {
    const parentId = input.parentid ?? 1
    if (!corp.departments[parentId]) throw new PlatformError(60004, 'parent department not found')
    const name = checkName(corp, input.name, parentId)
    const id = input.id ?? Math.max(...Object.values(corp.departments).map((department) => department.id)) + 1
    if (corp.departments[id]) throw new PlatformError(60008, 'department existed')
    corp.departments[id] = { id, name, nameEn: input.name_en ?? '', leaders: [], parentId, order: input.order ?? 0 }
    return { errcode: 0, errmsg: 'created', id }
  }),
  wecom(departmentUpdate, ({ corp, input }) => {
    const department = corp.departments[String(input.id ?? '')]
    if (!department) throw new PlatformError(60003, 'department not found')
    if (input.parentid !== undefined && input.parentid !== department.parentId) checkParent(corp, department.id, input.parentid)
    if (input.name !== undefined) department.name = checkName(corp, input.name, input.parentid ?? department.parentId, department.id)
    if (input.parentid !== undefined) department.parentId = input.parentid
    if (input.name_en !== undefined) department.nameEn = input.name_en
    if (input.order !== undefined) department.order = input.order
    return { errcode: 0, errmsg: 'updated' }
  }),
  wecom(departmentDelete, ({ corp, input }) => {
    const department = departmentOf(corp, input.id)
    if (department.id === 1) throw new PlatformError(60007, 'cannot delete the root department')
    if (Object.values(corp.members).some((member) => member.department.includes(department.id)))
      throw new PlatformError(60005, 'department has users')
    if (Object.values(corp.departments).some(({ parentId }) => parentId === department.id))
      throw new PlatformError(60006, 'department has sub-departments')
    delete corp.departments[department.id]
    return { errcode: 0, errmsg: 'deleted' }
  }),
]

const corpid = z.string().optional()
const fields = z.object({
  corpid,
  userid: z.string(),
  name: z.string().optional(),
  alias: z.string().optional(),
  department: z.array(z.int()).optional(),
  position: z.string().optional(),
  mobile: z.string().optional(),
  gender: z.string().optional(),
})

export const memberActs = [
  act({
    name: 'wecom.hire',
    en: 'An administrator adds a member in the console; he logs in and is verified by name at once',
    args: fields.extend({ name: z.string() }),
    run(ns, { corpid: id, ...args }) {
      const { corp } = corpOf(ns, id)
      const member = addMember(corp, { department: [1], ...args })
      member.status = 1
      member.realName = true
      tell(ns, corp, 'change_contact', {
        ChangeType: 'create_user',
        UserID: member.userid,
        Name: member.name,
        Department: member.department.join(','),
      })
      return { userid: member.userid }
    },
  }),
  act({
    name: 'wecom.changeMember',
    en: 'An administrator changes a member in the console: fields, activation, customer contact, configured welcome, ban',
    args: fields.extend({
      active: z.boolean().optional(),
      customerContact: z.boolean().optional(),
      realName: z.boolean().optional(),
      adminWelcome: z.boolean().optional(),
      banned: z.boolean().optional(),
    }),
    run(ns, { corpid: id, active, customerContact, realName, adminWelcome, banned, ...args }) {
      const { corp } = corpOf(ns, id)
      const member = changeMember(corp, args)
      if (active !== undefined) member.status = active ? 1 : 2
      if (customerContact !== undefined) member.customerContact = customerContact
      if (realName !== undefined) member.realName = realName
      if (adminWelcome !== undefined) member.adminWelcome = adminWelcome
      if (banned !== undefined) member.banned = banned
      tell(ns, corp, 'change_contact', {
        ChangeType: 'update_user',
        UserID: member.userid,
        ...(args.name === undefined ? {} : { Name: args.name }),
        ...(args.department ? { Department: args.department.join(',') } : {}),
      })
      return { userid: member.userid }
    },
  }),
  act({
    name: 'wecom.resign',
    en: 'A member leaves the corp; his customers and groups wait to be handed over',
    args: z.object({ corpid, userid: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const waiting = Object.keys(corp.follows[args.userid] ?? {}).length
      removeMember(ns, corp, args.userid)
      tell(ns, corp, 'change_contact', { ChangeType: 'delete_user', UserID: args.userid })
      return { userid: args.userid, unassigned: waiting }
    },
  }),
]
