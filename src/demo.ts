import { dayMs, saleDate, startOfDay } from './kernel/calendar.ts'
import type { Instant } from './kernel/clock.ts'
import { seededRandom, type Random } from './kernel/random.ts'
import { onboard } from './onboard.ts'
import type { Runtime } from './runtime.ts'

/**
 * The demo merchant (演示商家): a small tea shop in the emulated world. Its buyers place, pay and receive orders through the emulator's door day by
 * day; the house hears of them by callbacks like of any real shop.
 */
const goods = [
  ['白茶 50g', 9800], ['白茶 200g 礼盒', 32800], ['正山小种 100g', 6800], ['茉莉花茶 250g', 4500], ['桂花乌龙 100g', 5600], ['老白茶饼 300g', 45800], ['冷泡茶包 12 袋', 3900], ['盖碗 白瓷', 8800], ['旅行茶具', 16800], ['茶点 六味', 3200],
] as const

const slug = 'tea'

export async function demoMerchant(runtime: Runtime, ownerId: string, say: (line: string) => void): Promise<void> {
  const { house, emulator, sea } = runtime
  if (!emulator || !sea) return
  if (!house.tenants().some((tenant) => tenant.slug === slug)) {
    say('making the demo merchant')
    await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
      slug, name: '小满茶铺', world: 'main', origin: { kind: 'demo' }, blocks: ['shop', 'contacts', 'codes'], ownerId,
    })
    const shopId = emulator.namespace('main').accounts.find((account) => account.kind === 'shop')!.id
    await emulator.act('main', 'shop.addProducts', {
      shop: shopId, products: goods.map(([title, priceFen], n) => ({ title, outProductId: `tea-${n + 1}`, skus: [{ outSkuId: `tea-${n + 1}`, skuCode: `TEA${String(n + 1).padStart(3, '0')}`, priceFen, stock: 5000 }] })),
    })
  }
  // The past is sailed in the background, day by day through the same callbacks; the page shows it arriving.
  void sailHistory(runtime).then(() => {
    sea.onDay('main', (start) => day(runtime, start))
    sea.setPace('main', 60)
  }, (error: unknown) => house.ports.log.error({ error: String(error) }, 'the demo history stopped'))
}

/** From where the world stands to the present day; an interrupted history goes on where it stopped. */
async function sailHistory(runtime: Runtime): Promise<void> {
  const emulator = runtime.emulator!
  const { processClock, timers } = runtime.house.ports
  for (;;) {
    const now = emulator.namespace('main').now
    const next = startOfDay(saleDate(now)) + dayMs
    if (next > processClock.now()) return
    if (now === startOfDay(saleDate(now))) await day(runtime, now)
    await emulator.leapTo(next, 'main')
    while (!(await runtime.house.quiet('main'))) await timers.sleep(5)
  }
}

/** The orders of one day: the older buyers come back, new ones come in by live room, share and the shop's window. */
async function day(runtime: Runtime, start: Instant): Promise<void> {
  const emulator = runtime.emulator!
  const ns = emulator.namespace('main')
  const dayNo = Math.floor(start / dayMs)
  const random: Random = seededRandom(`demo/${dayNo}`)
  const shop = ns.accounts.find((account) => account.kind === 'shop')!
  const { products } = (await emulator.act('main', 'shop.viewProducts', { shop: shop.id })) as { products: Array<{ productId: string; outProductId: string; skus: Array<{ skuId: string; priceFen: number }> }> }
  if (products.length === 0) return
  const count = 4 + Math.floor(random.u('count') * 8)
  const orders = Array.from({ length: count }, (_, n) => {
    const at = start + Math.floor((8 + random.u('hour', n) * 14) * 3_600_000)
    const known = random.u('old', n) < 0.45
    const person = known ? `guest-${Math.floor(random.u('who', n) ** 2 * 60)}` : `guest-${dayNo % 1000}-${n}`
    const lines = Array.from({ length: 1 + Math.floor(random.u('lines', n) ** 3 * 3) }, (__, k) => {
      const product = products[Math.floor(random.u('sku', n, k) ** 1.6 * products.length)]
      return { productId: product.productId, skuId: product.skus[0].skuId, count: 1 + Math.floor(random.u('pieces', n, k) ** 4 * 3) }
    })
    const scene = [2, 2, 3, 4, 5, 6, 1][Math.floor(random.u('scene', n) * 7)]
    const ends = random.u('pays', n)
    return {
      person, anonymous: random.u('anonymous', n) < 0.08, at, lines, scene, ...(ends < 0.93 ? { payAt: at + 40_000 } : { cancelAt: at + 600_000 }),
      ...(ends < 0.93 ? { shipAt: at + 20 * 3_600_000, receiveAt: at + Math.round((3 + random.u('road', n) * 4) * dayMs), settleAt: at + 14 * dayMs } : {}),
    }
  })
  // The first lines of a product twice in one order are one line more: the emulator merges equal ones.
  await emulator.act('main', 'shop.runOrders', { shop: shop.id, orders })
}
