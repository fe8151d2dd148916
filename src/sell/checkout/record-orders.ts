import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { findPerson } from '../../book/person/index.ts'
import { saveOrders } from '../order/index.ts'
import { settleReservations } from '../stock/index.ts'
import { bookState, type MallOrder } from './mall-order.ts'
import { updateMallOrders } from './store.ts'

/** What a use case of the mall writes with. */
export type Recorder = { tenantId: number; now: Instant; ids: Ids; emit(tx: Tx, events: readonly DomainEvent[]): Promise<void> }

/** Saves orders that took a step, tells the order book, and ends their reservations where the step says so. */
export async function recordOrders(tx: Tx, work: Recorder, orders: readonly MallOrder[], cause: 'callback' | 'backfill' | 'own'): Promise<void> {
  if (orders.length === 0) return
  const { tenantId, now, ids } = work
  await updateMallOrders(tx, tenantId, orders)
  await settleReservations(tx, tenantId, orders.filter((order) => order.paidAt !== null).map((order) => order.orderId), 'sold', now, ids)
  await settleReservations(tx, tenantId, orders.filter((order) => order.state === 'cancelled' && order.paidAt === null).map((order) => order.orderId), 'released', now, ids)
  await work.emit(tx, await saveOrders(tx, tenantId, orders.map((order) => ({ order: bookState(order), personId: order.personId, connectionId: order.miniConnectionId, appid: '', cause })), now, ids))
}

/** The buyer's openid in a mini program, by the person: an erased buyer has none any more. */
export async function openidOf(tx: Tx, tenantId: number, personId: string, appid: string): Promise<string | undefined> {
  let person = await findPerson(tx, tenantId, personId)
  for (let hops = 0; person?.mergedInto && hops < 20; hops++) person = await findPerson(tx, tenantId, person.mergedInto)
  return person?.identities.find((identity) => identity.kind === 'openid' && identity.scope === appid)?.value
}
