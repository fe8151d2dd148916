import { slot } from './chance.ts'
import type { PopulationState } from './live.ts'
import { flag, type People } from './people.ts'

/** Customer groups (客户群), the basic part: who joins one by its code or by a member's invitation, who writes in it, who leaves it. */

/** What can be seen of a corp's groups: the open ones, and the codes that lead into them. */
export type Groups = {
  open: Array<{ id: string; owner: string; size: number }>
  joinWays: string[]
}
type CorpGroups = { groups: Record<string, { id: string; owner: string; dismissedAt?: number; members: Record<string, unknown> }>; joinWays: Record<string, { id: string }> }

export const groupsOf = (corp: CorpGroups | undefined): Groups => ({
  open: Object.values(corp?.groups ?? {}).filter((group) => group.dismissedAt === undefined).map((group) => ({ id: group.id, owner: group.owner, size: Object.keys(group.members).length })),
  joinWays: Object.keys(corp?.joinWays ?? {}),
})

export type GroupActs = {
  /** `config` by a code, `chat` by the invitation of its owner. */
  join: Array<{ person: number; config?: string; chat?: string; invitor?: string }>
  leave: Array<{ person: number }>
  write: Array<{ person: number; chat: string }>
  /** Members who make a group now, because they have contacts enough for one. */
  make: Array<{ member: string; n: number }>
}

/** A member makes a group once so many contacts are there to be asked. */
const enoughForGroup = 10

/** The groups' day. Who is in a group is remembered by its chat; who left one does not join again. */
export function groupsDay(state: PopulationState, people: People, day: number, groups: Groups): GroupActs {
  const { traits, chance, merchant: { common, shop } } = people
  const acts: GroupActs = { join: [], leave: [], write: [], make: [] }
  const wanted = state.groups ?? 0
  if (wanted > 0) {
    const held = new Map<string, number>()
    for (const member of Object.values(state.members)) held.set(member, (held.get(member) ?? 0) + 1)
    for (const [member, contacts] of [...held].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const own = groups.open.filter((group) => group.owner === member).length
      if (own < wanted && contacts >= enoughForGroup * (own + 1)) acts.make.push({ member, n: own + 1 })
    }
  }
  if (groups.open.length === 0 && groups.joinWays.length === 0) return acts
  const open = new Set(groups.open.map((group) => group.id))
  for (let i = 0; i < people.size; i++) {
    const chat = state.grouped?.[i]
    if (chat === undefined) {
      if ((people.state.flags[i] & flag.contact) === 0) continue
      chance.at(traits.keyHigh[i], traits.keyLow[i], day)
      if (chance.u(slot.groupJoin) >= common.groupMeet * shop.groupJoin * (0.5 + traits.tie[i])) continue
      const own = groups.open.filter((group) => group.owner === state.members[i])
      const byCode = groups.joinWays.length > 0 && (own.length === 0 || chance.u(slot.groupJoin, 1) < 0.5)
      if (byCode) acts.join.push({ person: i, config: groups.joinWays[Math.floor(chance.u(slot.groupJoin, 2) * groups.joinWays.length)] })
      else if (own.length > 0) acts.join.push({ person: i, chat: own.reduce((a, b) => (b.size < a.size ? b : a)).id, invitor: state.members[i] })
    } else if (open.has(chat)) {
      chance.at(traits.keyHigh[i], traits.keyLow[i], day)
      if (chance.u(slot.groupLeave) < common.groupLeave) acts.leave.push({ person: i })
      else if (chance.u(slot.groupTalk) < common.groupTalk) acts.write.push({ person: i, chat })
    }
  }
  return acts
}
