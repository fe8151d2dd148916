import { z } from 'zod'
import { dayMs } from '../../kernel/calendar.ts'
import {
  resignedTransfer,
  resignedTransferResult,
  transferCustomer,
  transferResult,
  transferWaitMs,
  unassignedList,
} from '../../wechat/spec/wecom/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act } from '../core/registry.ts'
import { atMost, limitOf, listAtMost, page, wecom } from './call.ts'
import { addRelation, deleteByStaff, held } from './relation.ts'
import { tellContact } from './event.ts'
import { corpOf, followerOf, isRelation, memberOf, seconds, type CorpState, type Member, type Transfer } from './state.ts'

const keyOf = (transfer: Pick<Transfer, 'handover' | 'takeover' | 'externalUserid'>): string =>
  `${transfer.handover}|${transfer.takeover}|${transfer.externalUserid}`

function successor(corp: CorpState, handover: string | undefined, takeover: string | undefined): Member {
  if (!handover) throw new PlatformError(41009, 'missing handover_userid')
  if (handover === takeover) throw new PlatformError(40130, 'handover and takeover are the same')
  const member = followerOf(corp, takeover)
  if (member.banned) throw new PlatformError(40143, 'member is banned')
  if (!member.realName || member.status !== 1) throw new PlatformError(40098, 'member is not verified by name')
  return member
}

/** Each customer by himself: 0 started, else why not. */
function start(ns: Namespace, corp: CorpState, handover: string, takeover: Member, externalUserids: readonly string[], resigned: boolean) {
  const open = new Set(
    Object.values(corp.transfers)
      .filter(({ status }) => status === 2)
      .map(({ externalUserid }) => externalUserid),
  )
  return externalUserids.map((id) => {
    const refuse = (errcode: number) => ({ external_userid: id, errcode })
    const customer = corp.customers[id]
    if (!customer) return refuse(40096)
    const follow = resigned ? corp.resigned[handover]?.follows[id] : corp.follows[handover]?.[id]
    if (!isRelation(follow)) return refuse(40131)
    if (open.has(id)) return refuse(resigned ? 40100 : 40129)
    if (held(corp, takeover.userid) >= corp.settings.contactMax) return refuse(40099)
    if (!resigned) {
      customer.transfers = customer.transfers.filter((at) => at > ns.now - 90 * dayMs)
      if (customer.transfers.length >= 2) return refuse(40128)
      customer.transfers.push(ns.now)
    }
    const transfer: Transfer = { handover, takeover: takeover.userid, externalUserid: id, resigned, status: 2, startedAt: ns.now, endedAt: 0 }
    corp.transfers[keyOf(transfer)] = transfer
    open.add(id)
    schedule(ns, ns.now + transferWaitMs, 'wecom.transferDue', { corpid: corp.id, key: keyOf(transfer), startedAt: ns.now })
    return refuse(0)
  })
}

function results(
  corp: CorpState,
  handover: string | undefined,
  takeover: string | undefined,
  cursor: string | undefined,
  resigned: boolean,
  faults: readonly string[],
) {
  if (!handover || !takeover) throw new PlatformError(41009, 'missing handover_userid or takeover_userid')
  const found = Object.values(corp.transfers).filter(
    (transfer) => transfer.handover === handover && transfer.takeover === takeover && transfer.resigned === resigned,
  )
  const { items, next_cursor } = page(found, ({ externalUserid }) => externalUserid, cursor, 1_000, faults)
  return {
    customer: items.map(({ externalUserid, status, startedAt, endedAt }) => ({
      external_userid: externalUserid,
      status,
      // While waiting: when it will take effect.
      takeover_time: status === 1 ? seconds(endedAt) : status === 2 ? seconds(startedAt + transferWaitMs) : 0,
    })),
    next_cursor,
  }
}

export const transferRoutes = [
  wecom(transferCustomer, ({ ns, corp, input }) => {
    const takeover = successor(corp, input.handover_userid, input.takeover_userid)
    const { userid } = followerOf(corp, input.handover_userid)
    if (!input.external_userid || input.external_userid.length === 0) throw new PlatformError(41035, 'missing external userid')
    listAtMost(input.external_userid, 100, 'external_userid')
    atMost(input.transfer_success_msg, 200, 'transfer_success_msg')
    return { customer: start(ns, corp, userid, takeover, input.external_userid, false) }
  }),
  wecom(transferResult, ({ corp, input, call }) => results(corp, input.handover_userid, input.takeover_userid, input.cursor, false, call.faults)),
  wecom(unassignedList, ({ corp, input, call }) => {
    const waiting = Object.entries(corp.resigned).flatMap(([handover, { at, follows }]) =>
      Object.keys(follows).map((id) => ({ handover_userid: handover, external_userid: id, dimission_time: seconds(at) })),
    )
    const size = limitOf(input.page_size, 1_000, 1_000)
    if (input.page_id !== undefined && !input.cursor) {
      const items = waiting.slice(input.page_id * size, (input.page_id + 1) * size)
      return { info: items, is_last: (input.page_id + 1) * size >= waiting.length, next_cursor: '' }
    }
    const { items, next_cursor } = page(waiting, (row) => `${row.handover_userid}/${row.external_userid}`, input.cursor, size, call.faults)
    return { info: items, is_last: next_cursor === '', next_cursor }
  }),
  wecom(resignedTransfer, ({ ns, corp, input }) => {
    const takeover = successor(corp, input.handover_userid, input.takeover_userid)
    const handover = input.handover_userid ?? ''
    if (!corp.resigned[handover])
      throw new PlatformError(corp.members[handover] ? 40097 : 60111, corp.members[handover] ? 'the member has not resigned' : 'userid not found')
    if (!input.external_userid || input.external_userid.length === 0) throw new PlatformError(41035, 'missing external userid')
    listAtMost(input.external_userid, 100, 'external_userid')
    return { customer: start(ns, corp, handover, takeover, input.external_userid, true) }
  }),
  wecom(resignedTransferResult, ({ corp, input, call }) =>
    results(corp, input.handover_userid, input.takeover_userid, input.cursor, true, call.faults),
  ),
]

function fail(ns: Namespace, corp: CorpState, transfer: Transfer, status: 3 | 4): void {
  transfer.status = status
  transfer.endedAt = ns.now
  tellContact(ns, corp, {
    ChangeType: 'transfer_fail',
    FailReason: status === 3 ? 'customer_refused' : 'customer_limit_exceed',
    UserID: transfer.takeover,
    ExternalUserID: transfer.externalUserid,
  })
}

const corpid = z.string().optional()

export const transferActs = [
  act({
    name: 'wecom.refuseTransfer',
    en: 'The customer refuses the new member within 24 hours (transfer_fail)',
    args: z.object({ corpid, external_userid: z.string(), takeover_userid: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const transfer = Object.values(corp.transfers).find(
        (open) => open.externalUserid === args.external_userid && open.takeover === args.takeover_userid && open.status === 2,
      )
      if (!transfer) throw new PlatformError(40035, 'no transfer of this customer is waiting')
      fail(ns, corp, transfer, 3)
      return { refused: true }
    },
  }),
  act({
    name: 'wecom.transferDue',
    en: 'The platform ends the 24 hours of a transfer (scheduled by the transfer itself)',
    args: z.object({ corpid: z.string(), key: z.string(), startedAt: z.int() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const transfer = corp.transfers[args.key]
      if (!transfer || transfer.status !== 2 || transfer.startedAt !== args.startedAt) return { done: false }
      const { handover, takeover, externalUserid, resigned } = transfer
      const follows = resigned ? corp.resigned[handover]?.follows : corp.follows[handover]
      const follow = follows?.[externalUserid]
      const customer = corp.customers[externalUserid]
      // Somebody who deleted the member never answers: counted as refused (our reading).
      if (!isRelation(follow) || follow.gone || !customer) {
        fail(ns, corp, transfer, 3)
        return { done: false }
      }
      const target = corp.members[takeover]
      if (!target || (!corp.follows[takeover]?.[externalUserid] && held(corp, takeover) >= corp.settings.contactMax)) {
        fail(ns, corp, transfer, 4)
        return { done: false }
      }
      transfer.status = 1
      transfer.endedAt = ns.now
      if (resigned) delete follows[externalUserid]
      else deleteByStaff(ns, corp, memberOf(corp, handover).userid, externalUserid, 'DELETE_BY_TRANSFER')
      const added = addRelation(ns, corp, takeover, customer, { addWay: 202, oper: handover, state: follow.state })
      const fresh = corp.follows[takeover][externalUserid]
      if (added.added)
        Object.assign(fresh, {
          remark: follow.remark,
          description: follow.description,
          mobiles: follow.mobiles,
          tags: [...new Set([...fresh.tags, ...follow.tags])],
        })
      return { done: true }
    },
  }),
]
