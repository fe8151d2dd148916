import type { Tx } from '../../kernel/db/index.ts'
import type { Subscriber, Work } from '../../kernel/engine/index.ts'
import { book, balances } from '../../book/account/index.ts'
import { lockMallOrders, type Recorder } from '../checkout/index.ts'
import { membersPaid } from './group-jobs.ts'
import type { PromotionPorts } from './ports.ts'
import { noteShopCoupons } from './shop-coupons.ts'
import { releaseHeld } from './stored-value.ts'
import { addStored, depositsOfOrders, findPlays, lockStored, membershipsOf, moveHoldings, moveQuotas, putDeposit, putMembers, setCoupons, setUses } from './store.ts'

const recorderOf = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })
type Heard = { shelf: string; orderId: string }
const mallOrdersOf = (events: ReadonlyArray<{ payload: unknown }>): string[] => [...new Set(events.map((event) => event.payload as Heard).filter((one) => one.shelf === 'mall').map((one) => one.orderId))].sort()

/** What plays make of what happens to orders: used for good when paid, given back when not. */
export function promotionSubscriber(ports: PromotionPorts): Subscriber {
  return {
    name: 'sell/promotion',
    hears: ['order.paid', 'order.cancelled', 'order.refunded', 'person.merged'],
    async handle(work, tx, events) {
      const named = (name: string) => events.filter((event) => event.name === name)
      for (const event of named('person.merged')) {
        const { kept, gone } = event.payload as { kept: string; gone: string }
        await merge(tx, work, gone, kept)
      }
      const inShop = named('order.paid').map((event) => event.payload as Heard & { personId: string }).filter((one) => one.shelf === 'shop')
      await noteShopCoupons(tx, work, inShop)
      await paid(tx, work, ports, mallOrdersOf(named('order.paid')))
      await ended(tx, work, mallOrdersOf(named('order.cancelled')), ['held'])
      // A whole refund gives the coupons back; a part of one does not.
      const refunded = await lockMallOrders(tx, work.tenantId, mallOrdersOf(named('order.refunded')))
      await ended(tx, work, [...refunded.values()].filter((order) => order.state === 'refunded' && order.shippedAt === null).map((order) => order.orderId).sort(), ['held', 'used'])
    },
  }
}

async function paid(tx: Tx, work: Work, ports: PromotionPorts, orderIds: readonly string[]): Promise<void> {
  const uses = await setUses(tx, work.tenantId, orderIds, ['held'], 'used', work.now)
  await setCoupons(tx, work.tenantId, couponsOf(uses).map((one) => ({ ...one, state: 'used' })), work.now)
  for (const deposit of await depositsOfOrders(tx, work.tenantId, orderIds)) if (deposit.state === 'used') await putDeposit(tx, work.tenantId, { ...deposit, state: 'done' }, work.now)
  await membersPaid(tx, recorderOf(work), ports, orderIds)
}

async function ended(tx: Tx, work: Work, orderIds: readonly string[], from: ReadonlyArray<'held' | 'used'>): Promise<void> {
  const { tenantId, now } = work
  const uses = await setUses(tx, tenantId, orderIds, from, 'returned', now)
  await setCoupons(tx, tenantId, couponsOf(uses).map((one) => ({ couponId: one.couponId, state: 'usable', orderId: null })), now)
  const limited = new Set((await findPlays(tx, tenantId, uses.filter((use) => use.quantity > 0 && use.promotionId.length === 36).map((use) => use.promotionId)))
    .flatMap((play) => (play.kind === 'flash' || play.kind === 'group' ? play.rule.prices.filter((price) => price.quota !== undefined).map((price) => `${play.promotionId}/${price.skuId}`) : [])))
  await moveQuotas(tx, tenantId, uses.filter((use) => use.quantity > 0 && limited.has(`${use.promotionId}/${use.skuId}`)).map((use) => ({ promotionId: use.promotionId, skuId: use.skuId, quantity: -use.quantity })))
  if (!from.includes('used')) {
    await putMembers(tx, tenantId, (await membershipsOf(tx, tenantId, orderIds)).filter((one) => one.state === 'unpaid').map((one) => ({ ...one, state: 'left' })))
    for (const deposit of await depositsOfOrders(tx, tenantId, orderIds)) if (deposit.state === 'used') await putDeposit(tx, tenantId, { ...deposit, state: 'paid', orderId: null }, now)
    for (const orderId of orderIds) await releaseHeld(tx, tenantId, orderId, now, work.ids)
  }
}

const couponsOf = (uses: ReadonlyArray<{ couponId: string; orderId: string }>): Array<{ couponId: string; orderId: string }> => [...new Map(uses.filter((use) => use.couponId !== '').map((use) => [use.couponId, { couponId: use.couponId, orderId: use.orderId }])).values()]

/** Two turned out to be one: coupons, seats and stored value are theirs together. */
async function merge(tx: Tx, work: Work, gone: string, kept: string): Promise<void> {
  const { tenantId, now, ids } = work
  await moveHoldings(tx, tenantId, gone, kept)
  const own = (await lockStored(tx, tenantId, [gone, kept])).find((one) => one.personId === gone)
  if (!own || own.principalFen + own.giftFen === 0) return
  const entries = (await Promise.all([[`stored:${gone}`, `stored:${kept}`], [`stored-gift:${gone}`, `stored-gift:${kept}`]].map(async ([from, to]) => {
    const amount = (await balances(tx, tenantId, from)).filter((row) => row.account === from && row.unit === 'fen').reduce((sum, row) => sum + row.amount, 0)
    return amount === 0 ? [] : [{ account: from, unit: 'fen', amount: 0 - amount }, { account: to, unit: 'fen', amount }]
  }))).flat()
  await book(tx, tenantId, [{ postingId: ids.next(), key: `stored/merge/${gone}/${kept}/${now}`, occurredAt: now, recordedAt: now, reason: 'persons merged', entries }])
  await addStored(tx, tenantId, [{ personId: gone, principalFen: -own.principalFen, giftFen: -own.giftFen }, { personId: kept, principalFen: own.principalFen, giftFen: own.giftFen }], now)
}
