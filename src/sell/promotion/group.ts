import type { Instant } from '../../kernel/clock.ts'
import { refuse, type Refusal } from './price-basket.ts'
import type { Group, Member } from './store.ts'

/** A group (拼团): open until enough have paid or its time is over. Whoever has not paid yet keeps a seat as long as the order may be paid. */
export function seatRefusal(found: { group: Group; members: readonly Member[] } | undefined, who: { promotionId: string; personId: string; skuId: string }, now: Instant): Refusal | undefined {
  if (!found || found.group.promotionId !== who.promotionId || found.group.skuId !== who.skuId) return refuse('group-unknown', '没有这个团')
  const { group } = found
  const seated = found.members.filter((one) => one.state === 'unpaid' || one.state === 'paid')
  if (group.state !== 'open') return refuse('group-ended', group.state === 'formed' ? '这个团已经拼成了，可以自己开一个' : '这个团没拼成，可以自己开一个')
  if (group.expiresAt <= now) return refuse('group-ended', '这个团到时间了，可以自己开一个')
  if (seated.some((one) => one.personId === who.personId)) return refuse('group-twice', '你已经在这个团里了')
  if (seated.length >= group.size) return refuse('group-full', '这个团满了，可以自己开一个')
  return undefined
}

/** What a group is after somebody paid. A payment that comes when it has failed goes back. */
export function afterPaid(group: Group, members: readonly Member[], now: Instant): { group: Group; formed: boolean; giveBack: boolean } {
  if (group.state === 'failed') return { group, formed: false, giveBack: true }
  const paid = members.filter((one) => one.state === 'paid').length
  const formed = group.state === 'open' && paid >= group.size
  return { group: formed ? { ...group, state: 'formed', endedAt: now } : group, formed, giveBack: false }
}

/** At its end: formed if enough have paid, else failed, and who paid is paid back. */
export function atEnd(group: Group, members: readonly Member[], now: Instant): { group: Group; giveBack: Member[]; cancel: Member[] } {
  if (group.state !== 'open' || now < group.expiresAt) return { group, giveBack: [], cancel: [] }
  const paid = members.filter((one) => one.state === 'paid')
  if (paid.length >= group.size) return { group: { ...group, state: 'formed', endedAt: now }, giveBack: [], cancel: [] }
  return { group: { ...group, state: 'failed', endedAt: now }, giveBack: paid, cancel: members.filter((one) => one.state === 'unpaid') }
}
