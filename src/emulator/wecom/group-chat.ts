import { z } from 'zod'
import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import {
  groupGet,
  groupList,
  groupStatistic,
  groupStatisticByDay,
  groupTransfer,
  groupTransferOnJob,
  joinWayAdd,
  joinWayDelete,
  joinWayGet,
  joinWayUpdate,
  opengidToChatId,
} from '../../wechat/spec/wecom/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { atMost, limitOf, listAtMost, page, wecom } from './call.ts'
import { customerFor, who } from './contact.ts'
import { tell } from './event.ts'
import { daysOf, startOfDayNumber } from './statistics.ts'
import {
  corpOf,
  customerOf,
  followerOf,
  freshHex,
  isFriend,
  memberOf,
  seconds,
  type CorpState,
  type Group,
  type GroupDayCount,
  type JoinWay,
} from './state.ts'

function groupOf(corp: CorpState, chatId: string | undefined): Group {
  const group = corp.groups[chatId ?? '']
  if (!group || group.dismissedAt !== undefined) throw new PlatformError(90501, 'chat is not external group chat')
  return group
}

function dayOf(ns: Namespace, corp: CorpState, owner: string): GroupDayCount {
  const days = (corp.groupDays[owner] ??= {})
  return (days[dayNumber(ns.now)] ??= { newChats: 0, newMembers: 0, messages: 0, talkers: {}, chats: {} })
}

function tellChat(
  ns: Namespace,
  corp: CorpState,
  group: Group,
  update?: { UpdateDetail: string; JoinScene?: number; QuitScene?: number; members?: string[]; lastVersion?: string },
): void {
  const { members, lastVersion, ...rest } = update ?? {}
  const changed = members ? { MemChangeCnt: members.length, MemChangeList: { Item: members }, LastMemVer: lastVersion, CurMemVer: group.version } : {}
  tell(ns, corp, 'change_external_chat', {
    ChatId: group.id,
    ChangeType: update ? 'update' : group.dismissedAt === undefined ? 'create' : 'dismiss',
    ...rest,
    ...changed,
  })
}

const newVersion = (ns: Namespace): string => freshHex(ns, 'member-version', 32)

// ---- statistics ----

const statData = (corp: CorpState, owners: readonly string[], days: readonly number[]) => {
  const sum = {
    new_chat_cnt: 0,
    chat_total: 0,
    chat_has_msg: 0,
    new_member_cnt: 0,
    member_total: 0,
    member_has_msg: 0,
    msg_total: 0,
    migrate_trainee_chat_cnt: 0,
  }
  const chats = new Set<string>()
  const talkers = new Set<string>()
  for (const owner of owners) {
    for (const day of days) {
      const found = corp.groupDays[owner]?.[day]
      if (!found) continue
      sum.new_chat_cnt += found.newChats
      sum.new_member_cnt += found.newMembers
      sum.msg_total += found.messages
      for (const id of Object.keys(found.chats)) chats.add(id)
      for (const id of Object.keys(found.talkers)) talkers.add(id)
    }
    const end = startOfDayNumber((days.at(-1) ?? 0) + 1)
    for (const group of Object.values(corp.groups)) {
      if (group.owner !== owner || group.createdAt >= end || (group.dismissedAt !== undefined && group.dismissedAt < end)) continue
      sum.chat_total++
      // Of the present seats, those taken by then: who left since is not counted.
      sum.member_total += Object.values(group.members).filter(({ joinedAt }) => joinedAt < end).length
    }
  }
  return { ...sum, chat_has_msg: chats.size, member_has_msg: talkers.size }
}

function ownersOf(corp: CorpState, filter: { userid_list?: string[] } | undefined): string[] {
  const owners = filter?.userid_list ?? []
  if (owners.length === 0) throw new PlatformError(40063, 'owner_filter is empty')
  listAtMost(owners, 100, 'userid_list')
  for (const userid of owners) memberOf(corp, userid)
  return owners
}

// ---- hand-over ----

function handOver(ns: Namespace, corp: CorpState, input: { chat_id_list?: string[]; new_owner?: string }, resigned: boolean) {
  const chats = input.chat_id_list ?? []
  if (chats.length === 0) throw new PlatformError(40063, 'chat_id_list is empty')
  listAtMost(chats, 100, 'chat_id_list')
  const owner = followerOf(corp, input.new_owner)
  const failed: Array<{ chat_id: string; errcode: number; errmsg: string }> = []
  for (const id of chats) {
    const group = corp.groups[id]
    const refuse = (errcode: number, errmsg: string): void => void failed.push({ chat_id: id, errcode, errmsg })
    if (!group || group.dismissedAt !== undefined) refuse(90501, 'chat is not external group chat')
    else if (resigned && corp.members[group.owner]) refuse(90500, 'the owner of this chat is not resigned')
    else if (!resigned && !corp.members[group.owner]) refuse(90502, 'the owner of this chat is resigned')
    else if (group.owner === owner.userid) refuse(90504, 'the owner is not changed')
    else if (!resigned && group.transfers.filter((at) => at > ns.now - 90 * dayMs).length >= 2) refuse(40128, 'the chat was transferred too often')
    else {
      if (!resigned) group.transfers.push(ns.now)
      const from = group.owner
      group.owner = owner.userid
      group.status = resigned ? 3 : group.status
      if (resigned) delete group.members[from]
      group.members[owner.userid] ??= { type: 1, joinedAt: ns.now, scene: 1, nickname: '' }
      group.version = newVersion(ns)
    }
  }
  return { failed_chat_list: failed }
}

// ---- join ways ----

type JoinInput = {
  scene?: number
  remark?: string
  auto_create_room?: number
  room_base_name?: string
  room_base_id?: number
  chat_id_list?: string[]
  state?: string
  mark_source?: boolean
}

function joinWayFrom(ns: Namespace, corp: CorpState, input: JoinInput, id?: string): JoinWay {
  if (input.scene !== 1 && input.scene !== 2) throw new PlatformError(40058, 'invalid parameter: scene')
  atMost(input.remark, 30, 'remark')
  atMost(input.room_base_name, 40, 'room_base_name')
  atMost(input.state, 30, 'state')
  const chats = input.chat_id_list ?? []
  if (chats.length === 0) throw new PlatformError(40063, 'chat_id_list is empty')
  listAtMost(chats, 5, 'chat_id_list', 41091)
  for (const chat of chats) groupOf(corp, chat)
  return {
    id: id ?? freshHex(ns, 'config', 32),
    scene: input.scene,
    remark: input.remark ?? '',
    autoCreate: (input.auto_create_room ?? 1) === 1,
    baseName: input.room_base_name ?? '',
    baseId: input.room_base_id ?? 1,
    chats,
    state: input.state ?? '',
    markSource: input.mark_source ?? true,
  }
}

function joinWayOf(corp: CorpState, id: string | undefined): JoinWay {
  if (!id) throw new PlatformError(41043, 'missing config_id')
  const way = corp.joinWays[id]
  if (!way) throw new PlatformError(41044, 'invalid config_id')
  return way
}

export const groupRoutes = [
  wecom(groupList, ({ corp, input, call }) => {
    if (input.limit === undefined || input.limit < 1 || input.limit > 1_000)
      throw new PlatformError(40058, 'invalid parameter: limit must be 1 to 1000')
    const owners = input.owner_filter?.userid_list ?? []
    listAtMost(owners, 100, 'userid_list')
    if (owners.length === 0 && Object.keys(corp.members).length > 1_000) throw new PlatformError(81017, 'too many owners, filter by owner')
    const status = input.status_filter ?? 0
    const found = Object.values(corp.groups).filter(
      (group) =>
        group.dismissedAt === undefined && (status === 0 || group.status === status) && (owners.length === 0 || owners.includes(group.owner)),
    )
    const { items, next_cursor } = page(found, ({ id }) => id, input.cursor, input.limit, call.faults)
    return { group_chat_list: items.map((group) => ({ chat_id: group.id, status: group.status })), next_cursor }
  }),
  wecom(groupGet, ({ corp, input }) => {
    const group = groupOf(corp, input.chat_id)
    return {
      group_chat: {
        chat_id: group.id,
        name: group.name,
        owner: group.owner,
        create_time: seconds(group.createdAt),
        notice: group.notice,
        member_list: Object.entries(group.members).map(([id, seat]) => {
          const customer = seat.type === 2 ? corp.customers[id] : undefined
          return {
            userid: id,
            type: seat.type,
            ...(customer?.unionid !== undefined && corp.openPlatform !== null ? { unionid: customer.unionid } : {}),
            join_time: seconds(seat.joinedAt),
            join_scene: seat.scene,
            ...(seat.invitor === undefined ? {} : { invitor: { userid: seat.invitor } }),
            group_nickname: seat.nickname,
            ...(input.need_name === 1 ? { name: customer?.name ?? corp.members[id]?.name ?? '' } : {}),
            ...(seat.state ? { state: seat.state } : {}),
          }
        }),
        admin_list: group.admins.map((userid) => ({ userid })),
        member_version: group.version,
      },
    }
  }),
  wecom(joinWayAdd, ({ ns, corp, input }) => {
    if (Object.keys(corp.contactWays).length + Object.keys(corp.joinWays).length >= corp.settings.contactWayMax)
      throw new PlatformError(41045, 'contact way count exceeds limit')
    const way = joinWayFrom(ns, corp, input)
    corp.joinWays[way.id] = way
    return { config_id: way.id }
  }),
  wecom(joinWayGet, ({ corp, input }) => {
    const way = joinWayOf(corp, input.config_id)
    return {
      join_way: {
        config_id: way.id,
        scene: way.scene,
        remark: way.remark,
        auto_create_room: way.autoCreate ? 1 : 0,
        room_base_name: way.baseName,
        room_base_id: way.baseId,
        chat_id_list: way.chats,
        qr_code: `https://wework.qpic.cn/wwpic/qr_${way.id}/0`,
        state: way.state,
        mark_source: way.markSource,
      },
    }
  }),
  wecom(joinWayUpdate, ({ ns, corp, input }) => {
    const { id } = joinWayOf(corp, input.config_id)
    corp.joinWays[id] = joinWayFrom(ns, corp, input, id)
    return {}
  }),
  wecom(joinWayDelete, ({ corp, input }) => {
    delete corp.joinWays[joinWayOf(corp, input.config_id).id]
    return {}
  }),
  wecom(opengidToChatId, ({ corp, input }) => {
    const group = Object.values(corp.groups).find(({ opengid, dismissedAt }) => dismissedAt === undefined && opengid === input.opengid)
    if (!group) throw new PlatformError(90501, 'chat is not external group chat')
    return { chat_id: group.id }
  }),
  wecom(groupTransfer, ({ ns, corp, input }) => handOver(ns, corp, input, true)),
  wecom(groupTransferOnJob, ({ ns, corp, input }) => handOver(ns, corp, input, false)),
  wecom(groupStatistic, ({ ns, corp, input }) => {
    const days = daysOf(ns, input.day_begin_time, input.day_end_time, 30, 180)
    const limit = limitOf(input.limit, 500, 1_000)
    const offset = input.offset ?? 0
    const rows = ownersOf(corp, input.owner_filter).map((owner) => ({ owner, data: statData(corp, [owner], days) }))
    const by = (['new_chat_cnt', 'chat_total', 'new_member_cnt', 'member_total'] as const)[(input.order_by ?? 1) - 1]
    if (by) rows.sort((a, b) => (input.order_asc === 1 ? 1 : -1) * (a.data[by] - b.data[by]))
    const items = rows.slice(offset, offset + limit)
    return { total: rows.length, next_offset: offset + items.length, items }
  }),
  wecom(groupStatisticByDay, ({ ns, corp, input }) => {
    const owners = ownersOf(corp, input.owner_filter)
    return {
      items: daysOf(ns, input.day_begin_time, input.day_end_time, 30, 180).map((day) => ({
        stat_time: seconds(startOfDayNumber(day)),
        data: statData(corp, owners, [day]),
      })),
    }
  }),
]

// ---- what people do ----

function makeGroup(ns: Namespace, corp: CorpState, owner: string, name: string): Group {
  const group: Group = {
    id: freshId(ns, 'wr', 30),
    opengid: freshId(ns, 'tG', 26),
    name,
    owner,
    notice: '',
    createdAt: ns.now,
    members: { [owner]: { type: 1, joinedAt: ns.now, scene: 1, nickname: '' } },
    admins: [],
    version: newVersion(ns),
    status: 0,
    received: [],
    transfers: [],
  }
  corp.groups[group.id] = group
  dayOf(ns, corp, owner).newChats++
  return group
}

export type Joined = { joined: boolean; chat_id?: string; reason?: 'full' | 'already'; external_userid?: string }

function join(ns: Namespace, corp: CorpState, group: Group, id: string, scene: number, extra: { invitor?: string; state?: string }): Joined {
  if (group.members[id]) return { joined: false, reason: 'already', chat_id: group.id }
  if (Object.keys(group.members).length >= corp.settings.groupSizeMax) return { joined: false, reason: 'full', chat_id: group.id }
  group.members[id] = { type: corp.members[id] ? 1 : 2, joinedAt: ns.now, scene, nickname: '', ...extra }
  const lastVersion = group.version
  group.version = newVersion(ns)
  dayOf(ns, corp, group.owner).newMembers++
  tellChat(ns, corp, group, { UpdateDetail: 'add_member', JoinScene: scene, QuitScene: 0, members: [id], lastVersion })
  return { joined: true, chat_id: group.id, ...(corp.members[id] ? {} : { external_userid: id }) }
}

const corpid = z.string().optional()
const ofGroup = z.object({ corpid, chat_id: z.string() })

export const groupActs = [
  act({
    name: 'wecom.createGroup',
    en: 'A member makes a customer group in the client, with some of his contacts',
    args: z.object({
      corpid,
      owner: z.string(),
      name: z.string(),
      external_userid: z.array(z.string()).optional(),
      members: z.array(z.string()).optional(),
    }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { userid } = followerOf(corp, args.owner)
      const group = makeGroup(ns, corp, userid, args.name)
      for (const other of args.members ?? [])
        group.members[memberOf(corp, other).userid] ??= { type: 1, joinedAt: ns.now, scene: 1, invitor: userid, nickname: '' }
      for (const id of args.external_userid ?? []) {
        if (!isFriend(corp.follows[userid]?.[id])) throw new PlatformError(84061, `${id} is no contact of ${userid}`)
        group.members[id] = { type: 2, joinedAt: ns.now, scene: 1, invitor: userid, nickname: '' }
      }
      tellChat(ns, corp, group)
      return { chat_id: group.id, opengid: group.opengid }
    },
  }),
  act({
    name: 'wecom.groupJoin',
    en: 'Somebody joins a customer group: by its chat_id, or by scanning a join way (config_id), which opens another group when all are full',
    args: who.extend({
      corpid,
      chat_id: z.string().optional(),
      config_id: z.string().optional(),
      external_userid: z.string().optional(),
      userid: z.string().optional(),
      invitor: z.string().optional(),
      scene: z.int().min(1).max(3).optional(),
    }),
    run(ns, args): Joined {
      const { corp } = corpOf(ns, args.corpid)
      const id =
        args.userid === undefined
          ? args.external_userid === undefined
            ? customerFor(ns, corp, args).id
            : customerOf(corp, args.external_userid).id
          : memberOf(corp, args.userid).userid
      if (args.config_id === undefined)
        return join(ns, corp, groupOf(corp, args.chat_id), id, args.scene ?? 1, args.invitor === undefined ? {} : { invitor: args.invitor })
      const way = joinWayOf(corp, args.config_id)
      const extra = way.state === '' ? {} : { state: way.state }
      const open = way.chats.map((chat) => corp.groups[chat]).filter((group) => group && group.dismissedAt === undefined)
      const already = open.find((group) => group.members[id])
      if (already) return { joined: false, reason: 'already', chat_id: already.id }
      const free = open.find((group) => Object.keys(group.members).length < corp.settings.groupSizeMax)
      if (free) return join(ns, corp, free, id, 3, extra)
      const owner = open[0]?.owner
      if (!way.autoCreate || owner === undefined || way.chats.length >= 5) return { joined: false, reason: 'full' }
      const next = makeGroup(ns, corp, owner, `${way.baseName || open[0].name}${way.baseId++}`)
      way.chats = [...way.chats, next.id]
      tellChat(ns, corp, next)
      return join(ns, corp, next, id, 3, extra)
    },
  }),
  act({
    name: 'wecom.groupLeave',
    en: 'Somebody leaves a customer group, or is removed from it',
    args: ofGroup.extend({ id: z.string(), removed: z.boolean().optional() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const group = groupOf(corp, args.chat_id)
      if (!group.members[args.id]) return { left: false }
      delete group.members[args.id]
      const lastVersion = group.version
      group.version = newVersion(ns)
      tellChat(ns, corp, group, {
        UpdateDetail: 'del_member',
        JoinScene: 0,
        QuitScene: args.removed === true ? 2 : 1,
        members: [args.id],
        lastVersion,
      })
      return { left: true }
    },
  }),
  act({
    name: 'wecom.groupChange',
    en: 'The owner changes name, notice or owner of a customer group in the client',
    args: ofGroup.extend({ name: z.string().optional(), notice: z.string().optional(), owner: z.string().optional() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const group = groupOf(corp, args.chat_id)
      if (args.name !== undefined) {
        group.name = args.name
        tellChat(ns, corp, group, { UpdateDetail: 'change_name' })
      }
      if (args.notice !== undefined) {
        group.notice = args.notice
        tellChat(ns, corp, group, { UpdateDetail: 'change_notice' })
      }
      if (args.owner !== undefined) {
        group.owner = memberOf(corp, args.owner).userid
        group.members[group.owner] ??= { type: 1, joinedAt: ns.now, scene: 1, nickname: '' }
        tellChat(ns, corp, group, { UpdateDetail: 'change_owner' })
      }
      return { chat_id: group.id }
    },
  }),
  act({
    name: 'wecom.groupDismiss',
    en: 'The owner dismisses a customer group: one event, none per member',
    args: ofGroup,
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const group = groupOf(corp, args.chat_id)
      group.dismissedAt = ns.now
      tellChat(ns, corp, group)
      return { dismissed: true }
    },
  }),
  act({
    name: 'wecom.groupMessage',
    en: 'Somebody writes in a customer group; counts for its statistics only',
    args: ofGroup.extend({ from: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const group = groupOf(corp, args.chat_id)
      if (!group.members[args.from]) throw new PlatformError(40035, `${args.from} is not in the group`)
      const day = dayOf(ns, corp, group.owner)
      day.messages++
      day.talkers[args.from] = 1
      day.chats[group.id] = 1
      return { readers: Object.keys(group.members).length - 1 }
    },
  }),
]
