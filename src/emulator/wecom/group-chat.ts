import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import {
  groupGet, groupList, groupStatistic, groupStatisticByDay, groupTransfer, groupTransferOnJob, joinWayAdd, joinWayDelete, joinWayGet, joinWayUpdate,
  opengidToChatId,
} from '../../wechat/spec/wecom/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { atMost, limitOf, listAtMost, page, wecom } from './call.ts'
import { tell } from './event.ts'
import { followerOf, freshHex, memberOf, seconds, type CorpState, type Group, type GroupDayCount, type JoinWay } from './state.ts'
import { daysOf, startOfDayNumber } from './statistics.ts'

export function groupOf(corp: CorpState, chatId: string | undefined): Group {
  const group = corp.groups[chatId ?? '']
  if (!group || group.dismissedAt !== undefined) throw new PlatformError(90501, 'chat is not external group chat')
  return group
}

export function dayOf(ns: Namespace, corp: CorpState, owner: string): GroupDayCount {
  const days = (corp.groupDays[owner] ??= {})
  return (days[dayNumber(ns.now)] ??= { newChats: 0, newMembers: 0, messages: 0, talkers: {}, chats: {} })
}

export function tellChat(
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

export const newVersion = (ns: Namespace): string => freshHex(ns, 'member-version', 32)

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

export function joinWayOf(corp: CorpState, id: string | undefined): JoinWay {
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
