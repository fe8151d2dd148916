import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { expireJob, lockMallOrders, type Recorder } from '../checkout/index.ts'
import { afterPaid, atEnd } from './group.ts'
import type { PromotionPorts } from './ports.ts'
import { lockGroups, membersOf, membershipsOf, putGroups, putMembers, type Member } from './store.ts'

export const groupJobKind = 'promotion.group'
export const groupJob = (groupId: string, dueAt: Instant) => ({ kind: groupJobKind, key: groupId, dueAt, state: { groupId } })

/** Why an order of a group must not be shipped yet; undefined when it may. */
export async function groupHolds(tx: Tx, tenantId: number, orderId: string): Promise<string | undefined> {
  const [member] = await membershipsOf(tx, tenantId, [orderId])
  if (!member) return undefined
  const [group] = await lockGroups(tx, tenantId, [member.groupId])
  return group?.state === 'formed' ? undefined : group?.state === 'failed' ? '拼团没拼成，正在退款' : '等拼团拼成'
}

/** Orders of groups were paid: seats are taken for good, groups form; what was paid for a failed group goes back. */
export async function membersPaid(tx: Tx, work: Recorder, ports: Pick<PromotionPorts, 'refundWhole' | 'unsell'>, orderIds: readonly string[]): Promise<void> {
  const { tenantId, now } = work
  for (const member of await membershipsOf(tx, tenantId, orderIds)) {
    if (member.state === 'paid' || member.state === 'refunded') continue
    const [group] = await lockGroups(tx, tenantId, [member.groupId])
    const members = (await membersOf(tx, tenantId, [member.groupId])).map((one): Member => (one.orderId === member.orderId ? { ...one, state: 'paid' } : one))
    const after = afterPaid(group, members, now)
    await putMembers(tx, tenantId, [{ ...member, state: 'paid' }])
    if (after.formed) await putGroups(tx, tenantId, [after.group])
    if (after.giveBack) await giveBack(tx, work, ports, [{ ...member, state: 'paid' }])
  }
}

async function giveBack(tx: Tx, work: Recorder, ports: Pick<PromotionPorts, 'refundWhole' | 'unsell'>, members: readonly Member[]): Promise<void> {
  await putMembers(tx, work.tenantId, members.map((one) => ({ ...one, state: 'refunded' })))
  const orders = await lockMallOrders(tx, work.tenantId, members.map((one) => one.orderId))
  for (const order of [...orders.values()].sort((a, b) => (a.orderId < b.orderId ? -1 : 1))) {
    await ports.refundWhole(tx, work, order.orderId, '拼团没拼成，原路退回')
    await ports.unsell(tx, work, order.orderId, order.lines)
  }
}

/** The end of a group's time. */
export function endGroups(ports: Pick<PromotionPorts, 'refundWhole' | 'unsell'>): JobHandler {
  return {
    kind: groupJobKind,
    async run(work, tx, job) {
      const { groupId } = job.state as { groupId: string }
      const [group] = await lockGroups(tx, work.tenantId, [groupId])
      if (!group) return null
      const end = atEnd(group, await membersOf(tx, work.tenantId, [groupId]), work.now)
      if (end.group !== group) await putGroups(tx, work.tenantId, [end.group])
      // A seat that is not paid is closed at WeChat Pay first: a payment on its way is seen there and comes back as paid.
      await putJobs(tx, work.tenantId, end.cancel.map((one) => expireJob(one.orderId, work.now)))
      await giveBack(tx, { tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit }, ports, end.giveBack)
      return null
    },
  }
}
