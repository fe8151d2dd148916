import { dayMs, saleDate, startOfDay } from './kernel/calendar.ts'
import type { Instant } from './kernel/clock.ts'
import { seedCommunity } from './demo-community.ts'
import { ruleSchemas, savePlay, type Play, type PlayKind } from './sell/promotion/index.ts'
import { createMallVisits } from './mall-visits.ts'
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
/** At these hours the past stands still for a moment, and who wants to buy at the mall does. */
const hours = [11, 12, 14, 16, 18, 20, 21, 22]

export async function demoMerchant(runtime: Runtime, ownerId: string, say: (line: string) => void): Promise<void> {
  const { house, emulator, sea } = runtime
  if (!emulator || !sea) return
  if (!house.tenants().some((tenant) => tenant.slug === slug)) {
    say('making the demo merchant')
    await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
      slug, name: '小满茶铺', world: 'main', origin: { kind: 'demo' }, blocks: ['shop', 'mall', 'contacts', 'codes', 'broadcasts', 'journeys', 'points', 'dosage', 'cases', 'live', 'community'], ownerId,
    })
    const shopId = emulator.namespace('main').accounts.find((account) => account.kind === 'shop')!.id
    await emulator.act('main', 'shop.addProducts', {
      shop: shopId, products: goods.map(([title, priceFen], n) => ({ title, outProductId: `tea-${n + 1}`, skus: [{ outSkuId: `tea-${n + 1}`, skuCode: `TEA${String(n + 1).padStart(3, '0')}`, priceFen, stock: Math.max(5_000, 20 * runtime.config.people) }] })),
    })
    await demoPlays(runtime)
  }
  // Somebody opens the shop at ten, and people buy at the mall through the day, in the past as later.
  const tenant = house.tenants().find((one) => one.slug === slug)!
  const { tenantId } = tenant
  const captain = createCaptain({ tenantId, clock: house.context.clockOf(tenantId), staff: 'WangXiaoHe', mall: true })
  const visits = createMallVisits({ house, emulator, world: 'main', tenantId, slug, ask: captain.ask, delivery: Math.max(60, Math.ceil(runtime.config.people / 20)) })
  const told = (what: string) => (error: unknown) => house.ports.log.warn({ error: String(error) }, what)
  sea.onHour('main', 0, (start) => day(runtime, start))
  sea.onHour('main', 10, async (at) => {
    await captain.day(house, Math.round((startOfDay(saleDate(at)) - startOfDay(saleDate(tenant.createdAt))) / dayMs)).then(() => visits.desk(at)).catch(told('the demo shop was not steered today'))
    house.wake(tenantId)
  })
  for (const hour of hours) sea.onHour('main', hour, async () => void (await visits.run().catch(told('the mall of the demo shop was not visited'))))
  // The past is sailed in the background, day by day through the same callbacks; the page shows it arriving. An interrupted one goes on where it stopped.
  sea.setPace('main', 60)
  void sea.sailPast('main', startOfDay(saleDate(house.ports.processClock.now())), hours)
    // The community is written when the past has been sailed, so that its days are those of the last month.
    .then(() => (house.context.blockOn(tenantId, 'community') ? seedCommunity(house, tenantId, tenant.name) : false))
    .catch((error: unknown) => house.ports.log.error({ error: String(error) }, 'the demo history stopped'))
}

/** What a newcomer finds on the page of coupons and plays, and in the mall: two coupons to take, one reduction, and price protection. */
const plays: ReadonlyArray<[kind: PlayKind, name: string, rule: unknown]> = [
  ['full-reduction', '满200减20', { steps: [{ fromFen: 20_000, offFen: 2_000 }] }],
  ['coupon', '满90减10', { steps: [{ fromFen: 9_000, offFen: 1_000 }], quota: 2_000, perPerson: 2, validDays: 30 }],
  ['coupon', '新客立减5元', { steps: [{ fromFen: 3_000, offFen: 500 }], quota: 1_000, audience: 'new' }],
  ['price-protection', '7天价保', { days: 7 }],
]

async function demoPlays({ house }: Runtime): Promise<void> {
  const { tenantId, createdAt } = house.tenants().find((tenant) => tenant.slug === slug)!
  await house.ports.db.tx({ role: 'app', tenantId }, async (tx) => {
    for (const [kind, name, rule] of plays) await savePlay(tx, tenantId, { promotionId: house.ports.ids.next(), kind, name, state: 'on', rule: ruleSchemas[kind].parse(rule), startsAt: createdAt, endsAt: createdAt + 1_000 * dayMs } as Play, createdAt)
  })
}

/** The people around a tea shop: about a quarter of its customers soon have a member as a contact. */
async function peopleThere({ emulator, config }: Runtime): Promise<void> {
  if (emulator === undefined || ((await emulator.act('main', 'population.view')) as { people: number }).people > 0) return
  const shop = emulator.namespace('main').accounts.find((account) => account.kind === 'shop')!
  await emulator.act('main', 'population.create', { preset: 'tea', regime: 'hump-shaped', people: config.people, seed: 'demo', shop: shop.id, mall: 0.5, overrides: { presets: { tea: { meanOrderFen: 12_000 } } } })
}

/** One day of everybody: who buys, comes, leaves, and what members confirm is drawn and scheduled at its second. */
async function day(runtime: Runtime, start: Instant): Promise<void> {
  await peopleThere(runtime)
  await runtime.emulator!.act('main', 'population.day', { start })
}
