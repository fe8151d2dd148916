import { dayMs, saleDate, startOfDay } from './kernel/calendar.ts'
import type { Instant } from './kernel/clock.ts'
import type { Emulator } from './emulator/index.ts'
import { onboard } from './onboard.ts'
import { createCaptain } from './simulation/world/index.ts'
import type { Runtime } from './runtime.ts'

/**
 * The demo merchant (演示商家): a small tea shop in the emulated world. Its buyers place, pay and receive orders through the emulator's door day by
 * day; the house hears of them by callbacks like of any real shop.
 */
const goods = [
  ['白茶 50g', 9800], ['白茶 200g 礼盒', 32800], ['正山小种 100g', 6800], ['茉莉花茶 250g', 4500], ['桂花乌龙 100g', 5600], ['老白茶饼 300g', 45800], ['冷泡茶包 12 袋', 3900], ['盖碗 白瓷', 8800], ['旅行茶具', 16800], ['茶点 六味', 3200],
] as const

const slug = 'tea'
const tenHours = 10 * 3_600_000

export async function demoMerchant(runtime: Runtime, ownerId: string, say: (line: string) => void): Promise<void> {
  const { house, emulator, sea } = runtime
  if (!emulator || !sea) return
  if (!house.tenants().some((tenant) => tenant.slug === slug)) {
    say('making the demo merchant')
    await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
      slug, name: '小满茶铺', world: 'main', origin: { kind: 'demo' }, blocks: ['shop', 'mall', 'contacts', 'codes', 'broadcasts', 'journeys', 'points', 'dosage', 'cases'], ownerId,
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
    // Afterwards too, somebody opens the shop at ten: once a day of the world, when its clock has come by.
    let steered = saleDate(emulator.namespace('main').now)
    house.ports.timers.every(1_000, () => {
      const now = emulator.namespace('main').now
      const today = saleDate(now)
      if (today === steered || now < startOfDay(today) + tenHours) return
      steered = today
      void steer(runtime, now).catch((error: unknown) => house.ports.log.warn({ error: String(error) }, 'the demo shop was not steered today'))
    })
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
    const quiet = async (): Promise<void> => {
      while (!(await runtime.house.quiet('main'))) await timers.sleep(5)
    }
    if (now === startOfDay(saleDate(now))) await day(runtime, now)
    const morning = startOfDay(saleDate(now)) + tenHours
    if (now < morning) {
      await emulator.leapTo(morning, 'main')
      await quiet()
      await steer(runtime, morning)
    }
    // By hours, not in one leap: what is held for half an hour has to leave while people are awake.
    for (const hour of [11, 12, 14, 16, 18, 20, 21, 24]) {
      const mark = Math.min(next, startOfDay(saleDate(now)) + hour * 3_600_000)
      if (mark <= emulator.namespace('main').now) continue
      await emulator.leapTo(mark, 'main')
      await quiet()
    }
  }
}

/** Four hundred people around a tea shop: about a quarter of its customers soon have a member as a contact. */
async function peopleThere(emulator: Emulator): Promise<void> {
  const { people } = (await emulator.act('main', 'population.view')) as { people: number }
  if (people > 0) return
  const shop = emulator.namespace('main').accounts.find((account) => account.kind === 'shop')!
  await emulator.act('main', 'population.create', { preset: 'tea', regime: 'hump-shaped', people: 400, seed: 'demo', shop: shop.id, overrides: { presets: { tea: { meanOrderFen: 12_000 } } } })
}

/** One day of everybody: who buys, comes, leaves, and what members confirm is drawn and scheduled at its second. */
async function day(runtime: Runtime, start: Instant): Promise<void> {
  const emulator = runtime.emulator!
  await peopleThere(emulator)
  await emulator.act('main', 'population.day', { start })
}

/** What the shop's own people do in the console at ten in the morning, through the same routes. */
async function steer(runtime: Runtime, now: Instant): Promise<void> {
  const tenant = runtime.house.tenants().find((one) => one.slug === slug)!
  const captain = createCaptain({ tenantId: tenant.tenantId, clock: runtime.house.context.clockOf(tenant.tenantId), staff: 'WangXiaoHe', mall: true })
  await captain.day(runtime.house, Math.round((startOfDay(saleDate(now)) - startOfDay(saleDate(tenant.createdAt))) / dayMs))
  runtime.house.wake(tenant.tenantId)
}
