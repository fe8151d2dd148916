import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { seededRandom } from '../../kernel/random.ts'
import type { Emulator } from '../../emulator/index.ts'
import { accountOf } from '../../emulator/core/namespace.ts'
import { corpOf } from '../../emulator/wecom/state.ts'
import { shopOf } from '../../emulator/shop/state.ts'

/**
 * Guests (客人): a simple crowd for the simulated world. Everybody has a rate of buying; people add the shop's staff, some delete them again, most
 * orders are paid, shipped and received, some are cancelled, refunded in part or whole, or argued about. Every draw is by (person, day), so
 * fewer people or days leave the rest as it was.
 */
export type Agenda = Array<{ at: Instant; name: string; args: unknown }>

const goods = [['白茶 50g', 9800], ['白茶礼盒 200g', 32800], ['正山小种 100g', 6800], ['茉莉花茶 250g', 4500], ['桂花乌龙 100g', 5600], ['冷泡茶包 12 袋', 3900], ['盖碗 白瓷', 8800], ['茶点 六味', 3201]] as const
const hour = 3_600_000

/** Contacts from before the house: enough for a dosage epoch (from 60), so that every run has people in the holdout who would be written to. */
const oldContacts = 72

export type Guests = {
  /** Before the house is connected: what it can only find by back-fill. */
  settle(): Promise<void>
  begin(): Promise<void>
  day(start: Instant): Agenda
}

export function createGuests(emulator: Emulator, options: { seed: number; people: number }): Guests {
  const random = seededRandom(`guests ${options.seed}`)
  const ns = emulator.namespace('main')
  const shopId = accountOf(ns, 'shop')!.id
  const corp = accountOf(ns, 'wecom')
  const staff = corp && Object.keys(corpOf(ns, corp.id).corp.members)[0]
  let products: Array<{ productId: string; skus: Array<{ skuId: string }> }> = []
  const isContact = new Uint8Array(options.people)

  return {
    async settle() {
      if (!corp || staff === undefined) return
      for (let n = 0; n < oldContacts; n++) await emulator.act('main', 'wecom.addContact', { corpid: corp.id, userid: staff, person: `neighbour-${n}` })
    },
    async begin() {
      await emulator.act('main', 'shop.addProducts', {
        shop: shopId, products: goods.map(([title, priceFen], n) => ({ title, outProductId: `sim-${n}`, skus: [{ outSkuId: `sim-${n}`, skuCode: `SIM${n}`, priceFen, stock: 1_000_000 }] })),
      })
      products = ((await emulator.act('main', 'shop.viewProducts', { shop: shopId })) as { products: typeof products }).products
    },
    day(start) {
      const today = Math.floor((start + 8 * hour) / dayMs)
      const agenda: Agenda = []
      const orders: unknown[] = []
      for (let p = 0; p < options.people; p++) {
        const person = `guest-${p}`
        // From one purchase in half a year to one in four days.
        const rate = 0.014 * (1 / (0.055 + random.u('rate', p)) - 0.9) + 0.005
        if (random.u('buys', p, today) < rate) {
          const at = Math.round(start + (8 + 15 * random.u('hour', p, today)) * hour)
          const lines = Array.from({ length: 1 + Math.floor(random.u('lines', p, today) ** 3 * 3) }, (_, k) => {
            const product = products[Math.floor(random.u('sku', p, today, k) ** 1.6 * products.length)]
            return { productId: product.productId, skuId: product.skus[0].skuId, count: 1 + Math.floor(random.u('pieces', p, today, k) ** 4 * 3), discountFen: random.u('discount', p, today, k) < 0.2 ? 333 : 0 }
          })
          const end = random.u('end', p, today)
          const paid = end < 0.9
          const shipAt = at + Math.round((4 + 30 * random.u('ship', p, today)) * hour)
          const receiveAt = shipAt + Math.round((1 + 3 * random.u('road', p, today)) * dayMs)
          orders.push({
            person, anonymous: random.u('anonymous', p) < 0.05, at, lines, scene: 1 + Math.floor(random.u('scene', p, today) * 6),
            ...(paid ? { payAt: at + Math.round(5_000 + 600_000 * random.u('pay', p, today) ** 3), shipAt, receiveAt, settleAt: receiveAt + 7 * dayMs } : end < 0.95 ? { cancelAt: at + 300_000 } : {}),
          })
        }
        if (corp && isContact[p] === 0 && random.u('adds', p, today) < 0.03) {
          isContact[p] = 1
          agenda.push({ at: Math.round(start + (9 + 13 * random.u('add hour', p, today)) * hour), name: 'wecom.addContact', args: { corpid: corp.id, userid: staff, person } })
        } else if (corp && isContact[p] === 1 && random.u('leaves', p, today) < 0.01) {
          isContact[p] = 0
          agenda.push({ at: Math.round(start + (9 + 13 * random.u('leave hour', p, today)) * hour), name: 'wecom.deleteByContact', args: { corpid: corp.id, userid: staff, person } })
        }
      }
      if (orders.length > 0) agenda.push({ at: start, name: 'shop.runOrders', args: { shop: shopId, orders } })
      agenda.push(...aftersales(start, today))
      return agenda.sort((a, b) => a.at - b.at)
    },
  }

  function aftersales(start: Instant, today: number): Agenda {
    const { state } = shopOf(ns, shopId)
    const agenda: Agenda = []
    for (const { id, paidAt, createdAt, status } of state.orders.heads()) {
      if (paidAt === undefined || start - createdAt > 15 * dayMs || status === 200) continue
      const u = random.u('aftersale', id, today)
      if (u >= 0.012) continue
      const order = state.orders.get(id)!
      const at = Math.round(start + (9 + 13 * random.u('aftersale hour', id, today)) * hour)
      const line = Math.floor(random.u('aftersale line', id, today) * order.lines.length)
      const left = order.lines[line].realFen - order.lines[line].refundedFen
      const pieces = order.lines[line].count - order.lines[line].refundedCount - order.lines[line].onAftersale
      if (pieces <= 0 || left <= 0) continue
      if (u < 0.004) agenda.push({ at, name: 'shop.applyAftersale', args: { shop: shopId, orderId: id, line, type: 'REFUND', reason: '不想要了' } }) // nobody answers: the platform grants it after its deadline
      else agenda.push({ at, name: 'shop.runRefunds', args: { shop: shopId, refunds: [{ orderId: id, line, count: u < 0.008 ? pieces : 0, amountFen: u < 0.008 ? left : Math.max(1, Math.floor(left / 3)), at, type: 'REFUND', reason: '少件' }] } })
    }
    return agenda
  }
}
