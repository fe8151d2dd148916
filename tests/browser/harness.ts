import { existsSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { readConfig, testFlags } from '../../src/kernel/config.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { dayMs } from '../../src/kernel/calendar.ts'
import { startOfDay } from '../../src/kernel/calendar.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { onboard } from '../../src/onboard.ts'
import { packageRoot } from '../../src/root.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { createCaptain } from '../../src/simulation/world/index.ts'

/** A whole installation with the demo merchant's sea some days old, for tests and screenshots that look at the console. */
export type Harbour = { runtime: Runtime; url: string; link: () => Promise<string>; api: <T>(path: string) => Promise<T>; close: () => Promise<void> }

export const consoleFolder = join(packageRoot, 'console/dist')
const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
export const chromiumPath = (): string | undefined => candidates.find((path) => existsSync(path))

/** Why the browser tests cannot run here, or nothing. They must run where QZ_REQUIRE names them. */
export function whyNot(): string | undefined {
  const missing = chromiumPath() === undefined ? 'no Chromium on this machine (apt-get install chromium fonts-wqy-microhei)' : !existsSync(join(consoleFolder, 'index.html')) ? 'the console is not built (npm run build in console/)' : undefined
  if (missing !== undefined && testFlags().require.has('browser')) throw new Error(`browser tests are required here, but ${missing}`)
  return missing
}

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'] })

/** Signs a user in and gives what asks the API as they may. */
async function opened(runtime: Runtime, userId: string, folder: string): Promise<Harbour> {
  const link = async (): Promise<string> => `${runtime.url}/login/link/${await runtime.house.access.createLink(userId)}`
  // A session of its own for asking the API what a page must show.
  const signedIn = await fetch(await link(), { redirect: 'manual' })
  const cookie = signedIn.headers.getSetCookie()[0].split(';')[0]
  return {
    runtime, url: runtime.url, link,
    api: async <T>(path: string): Promise<T> => (await fetch(`${runtime.url}${path}`, { headers: { cookie } })).json() as Promise<T>,
    async close() {
      await runtime.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A living sea: people around a tea shop on both shelves, sailed `days` into its past, then paused at eleven in the morning. Everything after is stepped. */
export type LivingSea = Harbour & {
  tenantId: number
  shop: string
  act: <T = Record<string, any>>(name: string, args?: Record<string, unknown>) => Promise<T>
  now: () => number
  run: (ms: number) => Promise<void>
}

export async function openLivingSea(options: { days: number; people: number; seaStart: number }): Promise<LivingSea> {
  const folder = mkdtempSync(join(tmpdir(), 'qz-browser-'))
  const { config } = readConfig({ QZ_DATA_DIR: folder })
  const runtime = await openRuntime({ config, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: options.seaStart, journal: false, consoleFolder })
  const { house } = runtime
  const [emulator, sea] = [runtime.emulator!, runtime.sea!]
  const world = 'main'
  const act: LivingSea['act'] = (name, args = {}) => emulator.act(world, name, args) as Promise<never>
  const ownerId = await house.access.createUser('owner', '林晓', null)
  const tenantId = await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'tea', name: '小满茶铺', world, origin: { kind: 'demo' }, blocks: ['shop', 'mall', 'contacts', 'codes', 'broadcasts', 'journeys', 'points', 'dosage', 'cases'], ownerId,
  })
  const shop = emulator.namespace(world).accounts.find((account) => account.kind === 'shop')!.id
  await act('shop.addProducts', { shop, products: goods.map(([title, priceFen], n) => ({ title, outProductId: `tea-${n}`, skus: [{ outSkuId: `tea-${n}`, skuCode: `TEA${n}`, priceFen, stock: 5_000 }] })) })
  await act('population.create', { preset: 'tea', regime: 'hump-shaped', people: options.people, seed: 'harbour', shop, overrides: { presets: { tea: { meanOrderFen: 9_000 } } } })
  const captain = createCaptain({ tenantId, clock: house.context.clockOf(tenantId), staff: 'WangXiaoHe', mall: true })
  sea.onHour(world, 0, async (start) => void (await act('population.day', { start })))
  sea.onHour(world, 10, async (at) => {
    await captain.day(house, Math.round((at - 10 * 3_600_000 - options.seaStart) / dayMs))
    house.wake(tenantId)
  })
  sea.setPace(world, 60)
  await sea.sailPast(world, options.seaStart + options.days * dayMs, [11, 14, 17, 20, 22])
  sea.setPace(world, null)
  await sea.runTo(world, options.seaStart + options.days * dayMs + 11 * 3_600_000)
  const now = (): number => emulator.namespace(world).now
  return { ...(await opened(runtime, ownerId, folder)), tenantId, shop, act, now, run: (ms) => sea.runTo(world, now() + ms) }
}

export async function openHarbour(options: { days: number; seaStart: number }): Promise<Harbour> {
  const folder = mkdtempSync(join(tmpdir(), 'qz-browser-'))
  const { config } = readConfig({ QZ_DATA_DIR: folder })
  const runtime = await openRuntime({ config, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: options.seaStart, journal: false, consoleFolder })
  const ownerId = await runtime.house.access.createUser('owner', '林晓', null)
  await teaShop(runtime, ownerId, options.seaStart, options.days)
  return opened(runtime, ownerId, folder)
}

const goods = [
  ['白茶 50g', 9800], ['白茶 200g 礼盒', 32800], ['正山小种 100g', 6800], ['茉莉花茶 250g', 4500], ['桂花乌龙 100g', 5600], ['盖碗 白瓷', 8800], ['茶点 六味', 3200],
] as const

/** A tea shop with a past of its own: newcomers by six scenes, older buyers coming back, some refunds, some who cannot be recognised. */
async function teaShop(runtime: Runtime, ownerId: string, start: number, days: number): Promise<void> {
  const { house } = runtime
  const emulator = runtime.emulator!
  const tenantId = await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'tea', name: '小满茶铺', world: 'main', origin: { kind: 'demo' }, blocks: ['shop', 'contacts', 'codes'], ownerId,
    // The clock leaps here with callbacks still on their way: comparing with the platform waits.
    backfillAt: start + 3650 * dayMs,
  })
  const shop = emulator.namespace('main').accounts.find((account) => account.kind === 'shop')!.id
  const { products } = (await emulator.act('main', 'shop.addProducts', {
    shop, products: goods.map(([title, priceFen], n) => ({ title, outProductId: `tea-${n}`, skus: [{ outSkuId: `tea-${n}`, skuCode: `TEA${n}`, priceFen, stock: 500_000 }] })),
  })) as { products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
  const settled = async (): Promise<void> => {
    house.wake(tenantId)
    for (let turn = 1; turn < 3000 && !(await house.quiet('main')); turn++) {
      // Waking makes a house unquiet for a moment, so it is done rarely.
      if (turn % 50 === 0) house.wake(tenantId)
      await house.ports.timers.sleep(4)
    }
  }
  const random = seededRandom('harbour')
  const known: string[] = []
  for (let day = 0; day < days; day++) {
    const from = startOfDay('2026-01-01') + Math.floor((start - startOfDay('2026-01-01')) / dayMs) * dayMs + day * dayMs
    await emulator.leapTo(Math.max(emulator.namespace('main').now, from + dayMs - 1000), 'main')
    await settled()
    const orders = Array.from({ length: 3 + Math.floor(random.u('count', day) * 5) }, (_, n) => {
      const u = (what: string): number => random.u(what, day, n)
      const back = known.length > 5 && u('back') < 0.42
      const person = back ? known[Math.floor(u('who') ** 1.5 * known.length)] : `guest-${day}-${n}`
      const anonymous = !back && u('anonymous') < 0.12
      if (!back && !anonymous) known.push(person)
      const at = from + Math.floor((8 + u('hour') * 13) * 3_600_000)
      const lines = Array.from({ length: 1 + Math.floor(u('lines') ** 3 * 3) }, (__, k) => {
        const product = products[(Math.floor(u('product') ** 1.6 * products.length) + k) % products.length]
        return { productId: product.productId, skuId: product.skus[0].skuId, count: 1 + Math.floor(u('pieces') ** 4 * 3) }
      })
      const pays = u('pays') < 0.93
      return { key: `${day}-${n}`, person, anonymous, at, lines, scene: [2, 2, 2, 3, 4, 4, 5, 6, 1][Math.floor(u('scene') * 9)], ...(pays ? { payAt: at + 40_000, shipAt: at + 20 * 3_600_000, receiveAt: at + 4 * dayMs, settleAt: at + 11 * dayMs } : { cancelAt: at + 600_000 }) }
    })
    const result = (await emulator.act('main', 'shop.runOrders', { shop, orders })) as { orders: Array<{ key: string; orderId: string | null }> }
    const refunds = result.orders.filter((row, n) => row.orderId !== null && 'payAt' in orders[n] && random.u('refund', day, n) < 0.05)
    if (refunds.length > 0) await emulator.act('main', 'shop.runRefunds', { shop, refunds: refunds.map((row) => ({ key: `r-${row.key}`, orderId: row.orderId, line: 0, count: 1, amountFen: 2000, at: emulator.namespace('main').now, reason: '包装有磨损' })) })
    await emulator.pump('main')
    await settled()
  }
}
