import type { Instant } from './kernel/clock.ts'
import { Fault } from './kernel/errors.ts'
import type { PublicCall } from './kernel/http/index.ts'
import type { Emulator } from './emulator/index.ts'
import type { House } from './house.ts'

/**
 * Visits to the mall (逛商城): the phones of a simulated world. Who in the population wants to buy at the merchant's own mini program is taken here and does so
 * through the storefront's own routes and the emulated pay sheet, as a visitor in a browser does. Choices are drawn by the population, so that a world
 * and its orders are the same for a seed.
 */
export type MallVisits = {
  /** Everybody who is on the way buys now. */
  run(): Promise<{ visits: number; paid: number }>
  /** What the shop's own people do about the mall, each by the click that the console has: parcels leave, what runs out is brought. */
  desk(now: Instant): Promise<void>
}
export type Ask = (house: House, method: string, path: string, body?: unknown, params?: Record<string, string>) => Promise<Record<string, unknown> | undefined>

/** `fen` 0: to look. `page`: where the card of a message led, as the launch is told. */
type Errand = { n: number; person: string; day: number; fen: number; u: number; likes: number[]; page?: string }
type Sku = { skuId: string; priceFen: number; soldOut: boolean; left?: number }

/** Units that a mall should have of everything at ten in the morning. */
const enough = 40
/** The longest shelf that somebody looks at. */
const goodsSeen = 50

/** Real county-level codes, invented streets: where simulated people have their parcels sent. */
const places = [
  ['310104', '漕溪北路'], ['440305', '科苑南路'], ['330106', '文三路'], ['510107', '紫荆东路'], ['110105', '望京街'], ['420106', '中南路'], ['320106', '汉口路'], ['500112', '新溉大道'], ['610113', '科技路'], ['350203', '厦禾路'], ['430104', '麓山路'], ['210102', '青年大街'],
] as const
const surnames = '王李张刘陈杨黄赵周吴徐孙朱马胡林'
/** The same for a person every time. */
function addressOf(person: string): { name: string; phone: string; division: string; detail: string } {
  const n = [...person].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7)
  const [division, street] = places[n % places.length]
  // A block of numbers that no operator gives out.
  return { name: `${surnames[n % surnames.length]}某`, phone: `1000000${String(n % 10_000).padStart(4, '0')}`, division, detail: `${street} ${1 + (n % 180)} 号` }
}

export function createMallVisits(parts: { house: House; emulator: Emulator; world: string; tenantId: number; slug: string; ask: Ask; /** Pieces that arrive when something runs out. */ delivery: number }): MallVisits {
  const { house, emulator, world, tenantId, slug, ask } = parts
  const { db, ids } = house.ports
  /** Paid and not yet sent. A restart forgets them; they stay on the console's list. */
  let toShip: string[] = []

  async function mall<T>(method: string, path: string, call: { bearer?: string; body?: unknown; query?: Record<string, unknown> } = {}): Promise<T> {
    const route = house.publicRoutes.find((one) => one.method === method && one.path === path)!
    return (await route.handle({
      tenantId, slug, tenantName: slug, bearer: call.bearer, params: {}, query: route.query?.parse(call.query ?? {}), body: route.body?.parse(call.body),
      tx: (work) => db.tx({ role: 'app', tenantId }, work), clock: house.context.clockOf(tenantId), ids, language: 'zh',
    } satisfies PublicCall<unknown, unknown, unknown> as never)) as T
  }

  /** wx.login of somebody who opens the mini program; a referral code in the launch's query comes along, as the storefront sends it. */
  async function logIn({ person, page }: Errand): Promise<string> {
    const { js_code: code } = (await emulator.act(world, 'miniProgram.login', { person })) as { js_code: string }
    const ref = new URLSearchParams((page ?? '').split('?')[1] ?? '').get('ref')
    return (await mall<{ token: string }>('POST', '/login', { body: { code, ...(ref === null ? {} : { ref }) } })).token
  }

  async function visit(errand: Errand, skus: readonly Sku[]): Promise<boolean> {
    const { person, day } = errand
    if (errand.fen === 0) {
      await logIn(errand)
      return false
    }
    // Something liked whose price is near the sum, in as many pieces as come near it.
    const weights = skus.map((sku, n) => (sku.soldOut ? 0 : errand.likes[n] / (1 + 20 * Math.max(0, Math.log(sku.priceFen / errand.fen)) ** 2)))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (total === 0) return false
    let left = errand.u * total
    const at = Math.max(0, weights.findIndex((weight) => (left -= weight) < 0))
    const { skuId, priceFen, left: few } = skus[at]
    const quantity = Math.max(1, Math.min(few ?? 5, 5, Math.round(errand.fen / priceFen)))
    const token = await logIn(errand)
    const placed = await mall<{ kind: string; order: { orderId: string }; pay: object | null }>('POST', '/checkout', { bearer: token, body: { key: `errand ${errand.n} ${person}`, lines: [{ skuId, quantity }], address: addressOf(person) } })
    if (placed.kind !== 'placed' || placed.pay === null) return false
    const { prepay_id: prepay } = (await emulator.act(world, 'pay.openSheet', placed.pay)) as { prepay_id: string }
    await emulator.act(world, 'pay.payOrder', { prepay_id: prepay, person })
    await emulator.act(world, 'population.bought', { person, day })
    toShip.push(placed.order.orderId)
    return true
  }

  return {
    async run() {
      const { goods } = await mall<{ goods: Array<{ skus: Sku[] }> }>('GET', '/goods', { query: { pageSize: goodsSeen } })
      const skus = goods.flatMap((one) => one.skus)
      if (skus.length === 0) return { visits: 0, paid: 0 } // not open yet: they come later
      const { errands } = (await emulator.act(world, 'population.errands', { goods: skus.length })) as { errands: Errand[] }
      let paid = 0
      for (const errand of errands) {
        try {
          if (await visit(errand, skus)) paid++
        } catch (error) {
          // Somebody who is refused goes home; what is broken is told by who runs the visits.
          if (!(error instanceof Fault)) throw error
        }
      }
      if (errands.length > 0) house.wake(tenantId)
      return { visits: errands.length, paid }
    },
    async desk(now) {
      for (const orderId of toShip.splice(0)) await ask(house, 'POST', '/mall-orders/:orderId/ship', { company: 'SF', trackingNo: `SF${orderId.replace(/\W/g, '').slice(-12)}` }, { orderId })
      const { rows = [] } = ((await ask(house, 'GET', '/products')) ?? {}) as { rows?: Array<{ skus: Array<{ skuId: string; mallUnits: number | null }> }> }
      for (const { skuId, mallUnits } of rows.flatMap((row) => row.skus)) {
        if (mallUnits === null || mallUnits >= enough) continue
        await ask(house, 'POST', '/stock/:sku/receive', { quantity: parts.delivery, key: `delivery ${now} ${skuId}` }, { sku: skuId })
        await ask(house, 'POST', '/stock/:sku/move', { from: 'reserve', to: 'mall', quantity: parts.delivery, key: `shelf ${now} ${skuId}` }, { sku: skuId })
      }
    },
  }
}
