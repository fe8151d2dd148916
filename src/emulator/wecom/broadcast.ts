import { z } from 'zod'
import { dayMs, dayNumber, monthOf, saleDate, startOfDay } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { broadcastCancel, broadcastCreate, broadcastList, broadcastRemind, broadcastResults, broadcastTasks } from '../../wechat/spec/wecom/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { limitOf, listAtMost, page, wecom } from './call.ts'
import { contentOnWire, messageOf } from './content.ts'
import { startOfDayNumber } from './statistics.ts'
import {
  arrive,
  corpOf,
  followerOf,
  isFriend,
  isRelation,
  memberOf,
  relationsOf,
  seconds,
  type Broadcast,
  type BroadcastTask,
  type CorpState,
  type Follow,
} from './state.ts'

const keepReceivedMs = 40 * dayMs

/** How many messages a customer or group may receive since when, corp-made and member-made sends together (D92135). */
export function receiveLimit(rule: CorpState['settings']['sendRule'], now: Instant): { since: Instant; max: number } {
  const today = dayNumber(now)
  switch (rule) {
    case 'day-1':
      return { since: startOfDayNumber(today), max: 1 }
    case 'week-7':
      // Natural weeks, Monday first: our reading. Day 0 was a Thursday.
      return { since: startOfDayNumber(today - ((today + 3) % 7)), max: 7 }
    case 'month-days': {
      const [year, month] = monthOf(now).split('-').map(Number)
      const since = startOfDay(`${monthOf(now)}-01`)
      const next = startOfDay(month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`)
      return { since, max: Math.round((next - since) / dayMs) }
    }
  }
}

type TagFilter = { group_list?: Array<{ tag_list?: string[] }> }

/** Or inside a list, and between the lists; UNCONFIRMED. */
export function fits(follow: Follow, filter: TagFilter | undefined): boolean {
  return (filter?.group_list ?? []).every(({ tag_list }) => !tag_list || tag_list.length === 0 || tag_list.some((id) => follow.tags.includes(id)))
}

function broadcastOf(corp: CorpState, msgid: string | undefined): Broadcast {
  if (!msgid) throw new PlatformError(41046, 'missing msgid')
  const broadcast = corp.broadcasts[msgid]
  if (!broadcast) throw new PlatformError(41047, 'invalid msgid')
  return broadcast
}

function handedOut(ns: Namespace, corp: CorpState, broadcast: Broadcast): Broadcast {
  if (ns.now < broadcast.createdAt + corp.settings.dispatchMs) throw new PlatformError(41063, 'the message is being dispatched')
  return broadcast
}

/** The member who chatted with the customer last, else the one who added him last. */
function lastFollower(corp: CorpState, externalUserid: string): string | undefined {
  let best: { userid: string; at: Instant } | undefined
  for (const userid of corp.followers[externalUserid] ?? []) {
    const follow = corp.follows[userid]?.[externalUserid]
    if (!isRelation(follow)) continue
    const at = Math.max(follow.lastChatAt, follow.createdAt)
    if (!best || at > best.at) best = { userid, at }
  }
  return best?.userid
}

type CreateInput = { chat_type?: string; external_userid?: string[]; chat_id_list?: string[]; tag_filter?: TagFilter; sender?: string }

function targetsOf(corp: CorpState, input: CreateInput): { byMember: Map<string, string[]>; fail: string[] } {
  const byMember = new Map<string, string[]>()
  const fail: string[] = []
  const give = (userid: string, target: string): void => {
    const list = byMember.get(userid)
    if (list) list.push(target)
    else byMember.set(userid, [target])
  }
  if (input.chat_type === 'group') {
    const { userid } = followerOf(corp, input.sender)
    const own = Object.values(corp.groups).filter((group) => group.owner === userid && group.dismissedAt === undefined)
    const named = input.chat_id_list ?? []
    listAtMost(named, 2_000, 'chat_id_list')
    if (named.length === 0) for (const group of own.slice(0, 2_000)) give(userid, group.id)
    else
      for (const id of new Set(named))
        if (own.some((group) => group.id === id)) give(userid, id)
        else fail.push(id)
    return { byMember, fail }
  }
  const named = [...new Set(input.external_userid ?? [])]
  listAtMost(named, 10_000, 'external_userid')
  if (named.length === 0 && !input.sender) throw new PlatformError(40063, 'external_userid and sender are both empty')
  const sender = input.sender ? followerOf(corp, input.sender).userid : undefined
  if (named.length === 0 && sender !== undefined) {
    for (const [id, follow] of relationsOf(corp, sender)) if (fits(follow, input.tag_filter)) give(sender, id)
    return { byMember, fail }
  }
  for (const id of named) {
    const userid = sender ?? lastFollower(corp, id)
    const follow = userid === undefined ? undefined : corp.follows[userid]?.[id]
    if (userid === undefined || !isRelation(follow)) fail.push(id)
    else if (fits(follow, input.tag_filter)) give(userid, id)
  }
  return { byMember, fail }
}

export const broadcastRoutes = [
  wecom(broadcastCreate, ({ ns, corp, input }) => {
    if (input.chat_type !== undefined && !['single', 'group'].includes(input.chat_type))
      throw new PlatformError(40058, 'invalid parameter: chat_type')
    for (const { tag_list } of input.tag_filter?.group_list ?? []) {
      listAtMost(tag_list, 100, 'tag_list')
      for (const id of tag_list ?? []) if (!corp.tags[id] || corp.tags[id].deleted) throw new PlatformError(40068, 'invalid tag id')
    }
    const content = messageOf(corp, ns.now, input)
    const { byMember, fail } = targetsOf(corp, input)
    if (byMember.size === 0) throw new PlatformError(41048, 'no customer to send', { detail: fail.length > 0 ? { fail_list: fail } : undefined })
    const broadcast: Broadcast = {
      id: freshId(ns, 'msg', 29),
      chatType: input.chat_type === 'group' ? 'group' : 'single',
      createdAt: ns.now,
      createType: 0,
      content,
      allowSelect: input.allow_select === true,
      cancelledAt: 0,
      reminders: [],
      tasks: {},
    }
    for (const [userid, targets] of byMember) broadcast.tasks[userid] = { status: 0, sentAt: 0, targets, results: targets.map(() => 0) }
    corp.broadcasts[broadcast.id] = broadcast
    return { fail_list: fail, msgid: broadcast.id }
  }),
  wecom(broadcastRemind, ({ ns, corp, input }) => {
    const broadcast = handedOut(ns, corp, broadcastOf(corp, input.msgid))
    if (broadcast.cancelledAt > 0) throw new PlatformError(41093, 'the message was cancelled')
    broadcast.reminders = broadcast.reminders.filter((at) => at > ns.now - dayMs)
    if (broadcast.reminders.length >= 3) throw new PlatformError(41094, 'remind frequency out of limit')
    broadcast.reminders.push(ns.now)
    return {}
  }),
  wecom(broadcastCancel, ({ ns, corp, input }) => {
    const broadcast = handedOut(ns, corp, broadcastOf(corp, input.msgid))
    if (broadcast.cancelledAt > 0) throw new PlatformError(41093, 'the message was cancelled')
    broadcast.cancelledAt = ns.now
    return {}
  }),
  wecom(broadcastList, ({ corp, input, call }) => {
    if (input.chat_type !== 'single' && input.chat_type !== 'group') throw new PlatformError(40058, 'invalid parameter: chat_type')
    const { start_time: from, end_time: to } = input
    if (from === undefined || to === undefined || to < from) throw new PlatformError(40058, 'invalid parameter: start_time, end_time')
    if (to - from > 31 * 86_400) throw new PlatformError(40058, 'invalid parameter: one month at most')
    const type = input.filter_type ?? 2
    const found = Object.values(corp.broadcasts).filter((broadcast) => {
      const at = seconds(broadcast.createdAt)
      return (
        broadcast.chatType === input.chat_type &&
        at >= from &&
        at <= to &&
        (type === 2 || broadcast.createType === type) &&
        (!input.creator || broadcast.creator === input.creator)
      )
    })
    const { items, next_cursor } = page(found, ({ id }) => id, input.cursor, limitOf(input.limit, 50, 100), call.faults)
    return {
      group_msg_list: items.map((broadcast) => ({
        msgid: broadcast.id,
        ...(broadcast.creator === undefined ? {} : { creator: broadcast.creator }),
        create_time: seconds(broadcast.createdAt),
        create_type: broadcast.createType,
        ...contentOnWire(broadcast.content),
      })),
      next_cursor,
    }
  }),
  wecom(broadcastTasks, ({ ns, corp, input, call }) => {
    const broadcast = handedOut(ns, corp, broadcastOf(corp, input.msgid))
    const { items, next_cursor } = page(Object.keys(broadcast.tasks), (userid) => userid, input.cursor, limitOf(input.limit, 500, 1_000), call.faults)
    return {
      task_list: items.map((userid) => {
        const { status, sentAt } = broadcast.tasks[userid]
        return { userid, status, ...(status === 2 ? { send_time: seconds(sentAt) } : {}) }
      }),
      next_cursor,
    }
  }),
  wecom(broadcastResults, ({ ns, corp, input, call }) => {
    const broadcast = handedOut(ns, corp, broadcastOf(corp, input.msgid))
    if (!input.userid) throw new PlatformError(41009, 'missing userid')
    const task = broadcast.tasks[input.userid]
    if (!task) throw new PlatformError(40003, 'invalid userid')
    const userid = input.userid
    const rows = task.targets.map((target, index) => ({ target, status: task.results[index] }))
    const { items, next_cursor } = page(rows, ({ target }) => target, input.cursor, limitOf(input.limit, 500, 1_000), call.faults)
    return {
      send_list: items.map(({ target, status }) => ({
        ...(broadcast.chatType === 'single' ? { external_userid: target } : { chat_id: target }),
        userid,
        status,
        ...(status === 1 ? { send_time: seconds(task.sentAt) } : {}),
      })),
      next_cursor,
    }
  }),
]

// ---- what members do ----

export type Sent = {
  msgid: string
  userid: string
  sent: Array<{ target: string; person?: string; arrived: boolean }>
  failed: Array<{ target: string; status: 2 | 3 }>
}

/** The member taps "send": friends under the limit get it, the others are 2 (no friend) or 3 (limit). */
function send(ns: Namespace, corp: CorpState, broadcast: Broadcast, userid: string, task: BroadcastTask, skip: ReadonlySet<string>): Sent {
  const outcome: Sent = { msgid: broadcast.id, userid, sent: [], failed: [] }
  task.status = 2
  task.sentAt = ns.now
  const { since, max } = receiveLimit(corp.settings.sendRule, ns.now)
  for (const [index, target] of task.targets.entries()) {
    if (skip.has(target)) continue
    const group = broadcast.chatType === 'group' ? corp.groups[target] : undefined
    const customer = broadcast.chatType === 'single' ? corp.customers[target] : undefined
    const follow = customer && corp.follows[userid]?.[target]
    const reachable =
      broadcast.chatType === 'group' ? group !== undefined && group.dismissedAt === undefined && group.owner === userid : isFriend(follow)
    const holder = group ?? customer
    if (!reachable || !holder) {
      task.results[index] = 2
      outcome.failed.push({ target, status: 2 })
      continue
    }
    if (holder.received.filter((at) => at >= since).length >= max) {
      task.results[index] = 3
      outcome.failed.push({ target, status: 3 })
      continue
    }
    if (holder.received.length > 0 && holder.received[0] < ns.now - keepReceivedMs)
      holder.received = holder.received.filter((at) => at >= ns.now - keepReceivedMs)
    holder.received.push(ns.now)
    task.results[index] = 1
    const arrived = follow?.blocked !== true
    outcome.sent.push({ target, ...(customer?.person === undefined ? {} : { person: customer.person }), arrived })
    if (arrived) arrive(ns, corp, { kind: 'broadcast', from: userid, to: target, ref: broadcast.id, content: broadcast.content })
  }
  return outcome
}

const corpid = z.string().optional()

export const broadcastActs = [
  act({
    name: 'wecom.confirmBroadcast',
    en: 'A member taps "send" on a mass-send task; with allow_select he may leave some out',
    args: z.object({ corpid, msgid: z.string(), userid: z.string(), skip: z.array(z.string()).optional() }),
    run(ns, args): Sent {
      const { corp } = corpOf(ns, args.corpid)
      const broadcast = broadcastOf(corp, args.msgid)
      const task = broadcast.tasks[memberOf(corp, args.userid).userid]
      if (!task) throw new PlatformError(40003, `${args.userid} has no part in ${args.msgid}`)
      if (task.status === 2) throw new PlatformError(40035, `${args.userid} has sent ${args.msgid} already`)
      if (broadcast.cancelledAt > 0) throw new PlatformError(41093, 'the message was cancelled')
      if (args.skip && args.skip.length > 0 && !broadcast.allowSelect)
        throw new PlatformError(40035, 'the task does not let the member leave anyone out')
      return send(ns, corp, broadcast, args.userid, task, new Set(args.skip))
    },
  }),
  act({
    name: 'wecom.memberBroadcast',
    en: 'A member makes a mass send of his own in the client (create_type 1); it counts for the same limit',
    args: z.object({
      corpid,
      userid: z.string(),
      external_userid: z.array(z.string()).optional(),
      chat_id_list: z.array(z.string()).optional(),
      text: z.string(),
    }),
    run(ns, args): Sent {
      const { corp } = corpOf(ns, args.corpid)
      const { userid } = followerOf(corp, args.userid)
      const targets = args.chat_id_list ?? args.external_userid ?? relationsOf(corp, userid).map(([id]) => id)
      if (targets.length === 0) throw new PlatformError(41048, 'no customer to send')
      const broadcast: Broadcast = {
        id: freshId(ns, 'msg', 29),
        chatType: args.chat_id_list ? 'group' : 'single',
        createdAt: ns.now,
        createType: 1,
        creator: userid,
        content: { text: args.text, attachments: [] },
        allowSelect: true,
        cancelledAt: 0,
        reminders: [],
        tasks: { [userid]: { status: 0, sentAt: 0, targets, results: targets.map(() => 0) } },
      }
      corp.broadcasts[broadcast.id] = broadcast
      return send(ns, corp, broadcast, userid, broadcast.tasks[userid], new Set())
    },
  }),
]

export type PendingTask = {
  kind: 'broadcast' | 'moment'
  id: string
  userid: string
  createdAt: Instant
  targets: number
  reminders: number
  day: string
}

/** Mass-send tasks and Moments that members have yet to send, oldest first. */
export function pendingBroadcasts(corp: CorpState, userid?: string): PendingTask[] {
  return Object.values(corp.broadcasts)
    .filter((broadcast) => broadcast.cancelledAt === 0)
    .flatMap((broadcast) =>
      Object.entries(broadcast.tasks)
        .filter(([own, task]) => task.status === 0 && corp.members[own] !== undefined && (userid === undefined || own === userid))
        .map(([own, task]) => ({
          kind: 'broadcast' as const,
          id: broadcast.id,
          userid: own,
          createdAt: broadcast.createdAt,
          targets: task.targets.length,
          reminders: broadcast.reminders.length,
          day: saleDate(broadcast.createdAt),
        })),
    )
}
