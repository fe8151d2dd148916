import { z } from 'zod'
import { orderStatus } from '../../wechat/spec/shop/order.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, type Act } from '../core/registry.ts'
import { refundLine } from './aftersale.ts'
import { cancelUnpaid, confirmReceipt, pay, place, settle, shipAll } from './fulfil.ts'
import { touch } from './order.ts'
import { orderOf, orderPriceFen, shopOf, type Order, type Shop } from './state.ts'

/** The buyer's door (买家的门): what people do in a Shop, one by one, or many orders over their whole life in one command. */

const shop = z.string().optional().describe('appid of the shop; the only one when absent')
const orderId = z.string()
const at = z.int().optional().describe('world time in ms; not after now; now when absent')

const buyerFields = {
  person: z.string().optional().describe("the emulator's name of somebody; gives the openid, and the unionid when the shop is bound"),
  openid: z.string().optional(),
  unionid: z.string().optional(),
  anonymous: z.boolean().optional().describe('true: the order carries no unionid'),
}
const basketFields = {
  lines: z
    .array(
      z.object({
        productId: z.string(),
        skuId: z.string(),
        count: z.int().positive(),
        priceFen: z.int().nonnegative().optional().describe('price of the moment per piece; the listed price when absent'),
        discountFen: z.int().nonnegative().optional().describe('off the whole line'),
        note: z.string().optional(),
      }),
    )
    .min(1),
  freightFen: z.int().nonnegative().optional(),
  userCouponId: z.string().optional(),
  customerNotes: z.string().optional(),
  address: z.record(z.string(), z.string()).optional(),
  scene: z.int().optional().describe('order_scene: 1 other, 2 live, 3 video, 4 share, 5 window, 6 article'),
  liveId: z.string().optional(),
  finderId: z.string().optional(),
  sources: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional().describe('source_infos as on the wire'),
  paymentMethod: z.int().optional(),
  link: z.string().optional().describe('the product link the buyer came by; its WeCom parameters become the source'),
  miniProgram: z.string().optional().describe('appid of the related mini program in whose page the order is placed'),
  commissions: z.array(z.object({ skuId: z.string(), nickname: z.string(), type: z.int(), amountFen: z.int().nonnegative(), finderId: z.string() })).optional(),
  commissionAfterMs: z.int().nonnegative().optional(),
}
const oneOrder = z.object({ ...buyerFields, ...basketFields })

/** Runs `work` at an earlier world time; pushes it makes are due at once. */
function backAt<T>(ns: Namespace, instant: number | undefined, work: () => T): T {
  if (instant === undefined || instant === ns.now) return work()
  if (instant > ns.now) throw new PlatformError(40097, `the time ${instant} is after the world's ${ns.now}: advance the clock first`)
  const now = ns.now
  ns.now = instant
  try {
    return work()
  } finally {
    ns.now = now
  }
}

const shown = (order: Order) => ({ orderId: order.id, status: order.status, openid: order.openid, unionid: order.unionid ?? null, orderPriceFen: orderPriceFen(order) })

function onOrder(name: string, en: string, work: (ns: Namespace, where: Shop, order: Order) => void): Act {
  return act({
    name,
    en,
    args: z.object({ shop, orderId, at }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      const order = orderOf(where, args.orderId)
      backAt(ns, args.at, () => work(ns, where, order))
      return shown(order)
    },
  })
}

/** Scheduled by the platform for itself: does nothing when the order has moved on, as all that are packed have. */
function timeout(name: string, en: string, when: (order: Order) => boolean, work: (ns: Namespace, where: Shop, order: Order) => void): Act {
  return act({
    name,
    en,
    args: z.object({ shop: z.string(), orderId }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      const order = where.state.orders.pending(args.orderId)
      if (order && when(order)) work(ns, where, order)
      return null
    },
  })
}

const lifeFields = {
  at: z.int().describe('when it is placed, world time in ms'),
  payAt: z.int().optional(),
  shipAt: z.int().optional().describe('one parcel with everything; leave it out when the shop under test ships by API'),
  receiveAt: z.int().optional(),
  settleAt: z.int().optional(),
  cancelAt: z.int().optional().describe('the buyer cancels before paying'),
  key: z.string().optional().describe('comes back with the order id'),
}
const lifeOrder = z.object({ ...buyerFields, ...basketFields, ...lifeFields })
type LifeOrder = z.output<typeof lifeOrder>
const stepNames = ['payAt', 'shipAt', 'receiveAt', 'settleAt', 'cancelAt'] as const
type StepName = (typeof stepNames)[number]

const stepWork: Record<StepName, (ns: Namespace, where: Shop, order: Order) => void> = {
  payAt: pay,
  shipAt: (ns, where, order) => shipAll(ns, where, order),
  receiveAt: (ns, where, order) => confirmReceipt(ns, where, order, 1),
  settleAt: settle,
  cancelAt: (ns, where, order) => cancelUnpaid(ns, where, order, 1),
}

/**
 * Lives of many orders in one command. Steps up to now happen now, in order of their times and with those times in the payloads; later ones
 * are scheduled. An order that cannot be placed (stock) is reported and the rest goes on.
 */
function runOrders(ns: Namespace, where: Shop, orders: LifeOrder[]) {
  const placed: Array<{ key: string | null; orderId: string | null; error?: string }> = orders.map((order) => ({ key: order.key ?? null, orderId: null }))
  const steps: Array<{ at: number; index: number; rank: number; step: StepName | 'place' }> = []
  const later: LifeOrder[] = []
  for (const [index, order] of orders.entries()) {
    if (order.at > ns.now) {
      later.push(order)
      continue
    }
    steps.push({ at: order.at, index, rank: 0, step: 'place' })
    for (const [rank, step] of stepNames.entries()) {
      const instant = order[step]
      if (instant !== undefined && instant <= ns.now) steps.push({ at: Math.max(instant, order.at), index, rank: rank + 1, step })
    }
  }
  steps.sort((a, b) => a.at - b.at || a.index - b.index || a.rank - b.rank)
  const now = ns.now
  const made: Order[] = []
  try {
    for (const { at: instant, index, step } of steps) {
      const life = orders[index]
      ns.now = instant
      try {
        if (step === 'place') {
          // A timeout is only set for orders that are not known to be paid or cancelled.
          const order = place(ns, where, life, life, life.payAt === undefined && life.cancelAt === undefined)
          made[index] = order
          placed[index].orderId = order.id
        } else if (made[index]) {
          stepWork[step](ns, where, made[index])
        }
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error
        placed[index].error = `${error.errcode} ${error.message}`
      }
    }
  } finally {
    ns.now = now
  }
  for (const [index, order] of made.entries()) {
    if (!order) continue
    for (const step of stepNames) {
      const instant = orders[index][step]
      if (instant !== undefined && instant > now) schedule(ns, instant, 'shop.step', { shop: where.account.id, orderId: order.id, step })
    }
  }
  for (const life of later) schedule(ns, life.at, 'shop.runOrders', { shop: where.account.id, orders: [life] })
  return { orders: placed, scheduled: later.length }
}

export const buyerActs: Act[] = [
  act({
    name: 'shop.placeOrder',
    en: 'A buyer places an order; stock is taken at once',
    args: z.object({ shop, at, ...oneOrder.shape }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      return shown(backAt(ns, args.at, () => place(ns, where, args, args)))
    },
  }),
  onOrder('shop.pay', 'The buyer pays', pay),
  onOrder('shop.cancel', 'The buyer cancels before paying', (ns, where, order) => cancelUnpaid(ns, where, order, 1)),
  onOrder('shop.ship', 'The shop ships everything that is left, in its own back end', (ns, where, order) => shipAll(ns, where, order)),
  onOrder('shop.confirmReceipt', 'The buyer confirms receipt', (ns, where, order) => confirmReceipt(ns, where, order, 1)),
  onOrder('shop.settle', 'The platform settles a completed order', settle),
  timeout('shop.tellCommission', 'Scheduled: the commissions of an order are computed', (order) => order.commissionPending === true, (ns, where, order) => {
    order.commissionPending = false
    touch(ns, where, order, 1)
  }),
  act({
    name: 'shop.askAddressChange',
    en: 'The buyer asks for another address before shipping',
    args: z.object({ shop, orderId, address: z.record(z.string(), z.string()) }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      const order = orderOf(where, args.orderId)
      if (order.status !== orderStatus.toShip) throw new PlatformError(10020065, `order ${order.id} is not to be shipped (status ${order.status})`)
      order.addressWanted = args.address
      touch(ns, where, order, 4)
      return shown(order)
    },
  }),
  act({
    name: 'shop.urgeShipping',
    en: 'The buyer urges the shop to ship',
    args: z.object({ shop, orderId }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      touch(ns, where, orderOf(where, args.orderId), 7)
      return null
    },
  }),
  timeout('shop.timeoutUnpaid', 'Scheduled: an unpaid order is cancelled', (order) => order.status === orderStatus.unpaid, (ns, where, order) => cancelUnpaid(ns, where, order, 2)),
  timeout('shop.timeoutReceipt', 'Scheduled: receipt is confirmed by the platform', (order) => order.status === orderStatus.toReceive, (ns, where, order) => confirmReceipt(ns, where, order, 2)),
  timeout('shop.timeoutSettle', 'Scheduled: a completed order is settled', (order) => order.status === orderStatus.completed && order.settledAt === undefined, settle),
  act({
    name: 'shop.step',
    en: 'Scheduled by shop.runOrders: the next step of an order',
    args: z.object({ shop: z.string(), orderId, step: z.enum(stepNames) }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      stepWork[args.step](ns, where, orderOf(where, args.orderId))
      return null
    },
  }),
  act({
    name: 'shop.runOrders',
    en: 'Many orders over their whole life: placed, paid, shipped, received, settled at given times, in one command',
    args: z.object({ shop, orders: z.array(lifeOrder) }),
    run: (ns, args) => runOrders(ns, shopOf(ns, args.shop), args.orders),
  }),
  act({
    name: 'shop.runRefunds',
    en: 'Many finished refunds of order lines in one command: asked, granted and paid back at the given time',
    args: z.object({
      shop,
      refunds: z.array(
        z.object({
          orderId,
          line: z.int().nonnegative().describe('index in product_infos'),
          count: z.int().nonnegative(),
          amountFen: z.int().nonnegative(),
          at: z.int(),
          type: z.enum(['REFUND', 'RETURN']).optional(),
          reason: z.string().optional(),
          key: z.string().optional(),
        }),
      ),
    }),
    run(ns, args) {
      const where = shopOf(ns, args.shop)
      const results: Array<{ key: string | null; aftersaleId: string | null; error?: string }> = []
      const order = args.refunds.map((refund, index) => ({ refund, index })).sort((a, b) => a.refund.at - b.refund.at || a.index - b.index)
      for (const { refund, index } of order) {
        results[index] = { key: refund.key ?? null, aftersaleId: null }
        try {
          results[index].aftersaleId = backAt(ns, refund.at, () => refundLine(ns, where, orderOf(where, refund.orderId), refund)).id
        } catch (error) {
          if (!(error instanceof PlatformError)) throw error
          results[index].error = `${error.errcode} ${error.message}`
        }
      }
      return { refunds: results }
    },
  }),
]
