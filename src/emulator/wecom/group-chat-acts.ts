import { z } from 'zod'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { groupOf, dayOf, tellChat, joinWayOf, newVersion } from './group-chat.ts'
import { customerFor, who } from './relation.ts'
import { corpOf, customerOf, followerOf, isFriend, memberOf, type CorpState, type Group } from './state.ts'

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
