import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig, testFlags } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { packageRoot } from '../../src/root.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { topReferrers } from '../../src/acquire/referral/index.ts'
import { listProducts, putListings, skusOfProducts } from '../../src/sell/catalog/index.ts'
import { findOrder } from '../../src/sell/order/index.ts'
import { changeStock, openStock, readSkus, requestMove } from '../../src/sell/stock/index.ts'
import { chromiumPath, openBrowser } from '../browser/harness.ts'

/** The mini program in a phone-size browser, run by the product itself: from the first look to the paid order in the book. */

const folder = join(packageRoot, 'storefront')
const dist = join(folder, 'dist')

function whyNot(): string | undefined {
  if (!existsSync(join(folder, 'node_modules/glass-easel'))) return 'the packages of the storefront are not installed (npm ci in storefront/)'
  const missing = chromiumPath() === undefined ? 'no Chromium on this machine (apt-get install chromium fonts-wqy-microhei)' : undefined
  if (missing !== undefined && testFlags().require.has('browser')) throw new Error(`browser tests are required here, but ${missing}`)
  return missing
}

const missing = whyNot()
if (missing !== undefined) process.stderr.write(`storefront tests skipped: ${missing}\n`)

describe.skipIf(missing !== undefined)('the storefront in a phone-size browser', { timeout: 60_000 }, () => {
  const world = 'main'
  const minute = 60_000
  const errors: string[] = []
  let runtime: Runtime
  let browser: Browser
  let page: Page
  let tenantId: number
  let skuId: string
  let built = ''
  const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
  const now = (): number => runtime.emulator!.namespace(world).now
  const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)
  const seen = (selector: string) => page.locator(`.wx-frame:not([hidden]) ${selector}`)
  const title = (): Promise<string> => seen('.wx-bar').innerText()

  beforeAll(async () => {
    const build = spawnSync(process.execPath, [join(folder, 'build.mjs')], { encoding: 'utf8' })
    if (build.status !== 0) throw new Error(`the storefront could not be built: ${build.stderr}`)
    built = build.stdout
    const { config } = readConfig({})
    runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: Date.parse('2026-03-10T10:00:00+08:00'), journal: false, storefrontFolder: dist })
    const emulator = runtime.emulator!
    const shop = emulator.namespace(world).accounts.find((account) => account.kind === 'shop')!.id
    await emulator.act(world, 'shop.addProducts', { shop, products: [{ title: '白茶 50g', outProductId: 'tea', skus: [{ outSkuId: 'tea-50', skuCode: 'TEA50', priceFen: 9_805, stock: 20 }] }, { title: '不在小店卖的盖碗', outProductId: 'cup', skus: [{ outSkuId: 'cup-1', skuCode: 'CUP1', priceFen: 4_000, stock: 20 }] }] })
    tenantId = await onboard({ house: runtime.house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, { slug: 'phone', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'mall'], lines: ['shop', 'mini-program', 'pay'], ownerId: undefined })
    await run(2 * minute)
    const products = await app((tx) => listProducts(tx, tenantId, {}, { offset: 0, limit: 10 }))
    const { productId } = products.find((one) => one.title === '白茶 50g')!
    skuId = (await app((tx) => skusOfProducts(tx, tenantId, [productId])))[0].skuId
    await app(async (tx) => {
      await putListings(tx, tenantId, [{ productId, shelf: 'mall', account: '', connectionId: null, platformProductId: productId, status: 'listed', title: '白茶 50g', changedAt: now() }])
      await openStock(tx, tenantId, [skuId], now())
    })
    await run(minute)
    await app((tx) => changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: 9, reason: '收货' }, 'receive/1', now(), runtime.house.ports.ids))
    const connectionId = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'shop')!.connectionId
    await app((tx) => requestMove(tx, tenantId, { skuId, connectionId, direction: 'from-shop', place: 'mall', quantity: 8, actor: 'test' }, now(), runtime.house.ports.ids))
    await run(minute)
    // A day a minute, as in the demo: the visitor must make it walk.
    runtime.sea!.setPace(world, 60)
    browser = await openBrowser()
    page = await (await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, reducedMotion: 'reduce' })).newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => errors.push(error.message))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await runtime?.close()
  })

  test('the build knows every tag and stays under 400 kB', () => {
    expect(built).toContain(' 0 problems')
    expect(statSync(join(dist, 'app.js')).size).toBeLessThan(400_000)
  })

  test('home shows what the mall sells, and nothing else', async () => {
    await page.goto(`${runtime.url}/shop/phone/`)
    await seen('.item').first().waitFor()
    // What was seen last is replaced in place by what the network says.
    await expect.poll(() => seen('.item .name').allInnerTexts()).toEqual(['白茶 50g'])
    expect((await seen('.item price').innerText()).replace(/\s/g, '')).toBe('¥98.05')
    await expect.poll(title).toBe('小满茶铺')
  })

  test('the product opens from the list, two of it go into the cart, and going back is at the list again', async () => {
    await seen('.item').first().tap()
    await seen('#add').tap()
    await seen('.step').last().tap()
    expect(await seen('#quantity').innerText()).toBe('2')
    await seen('#sure').tap()
    expect(await seen('.dot').innerText()).toBe('2')
    await page.goBack()
    await seen('.item').first().waitFor()
    await page.goForward()
    await seen('.item').first().waitFor()
  })

  test('an address that is not filled is asked for, and nothing is ordered', async () => {
    await page.locator('[data-tab="pages/cart/cart"]').tap()
    await seen('#settle').tap()
    expect((await seen('#pay').innerText()).trim()).toBe('付 ¥196.10')
    await seen('#pay').tap()
    expect(await page.locator('.wx-toast').innerText()).toContain('地址')
  })

  test('not paying keeps the order for a while', async () => {
    for (const [field, value] of [['name', '王小荷'], ['phone', '13800000000'], ['region', '浙江 杭州 西湖'], ['detail', '龙井路 1 号']]) await seen(`#${field}`).fill(value)
    await seen('#pay').tap()
    await page.locator('.wx-sheet .sum').waitFor()
    expect(await page.locator('.wx-sheet .sum').innerText()).toBe('¥196.10')
    await page.locator('.wx-sheet .quiet').tap()
    await expect.poll(() => seen('#result').innerText()).toBe('钱没付成')
  })

  test('the payment goes through, and the order is in the book on the shelf mall', async () => {
    await seen('#again').tap()
    await page.locator('.wx-sheet .pay').tap()
    await expect.poll(() => seen('#result').innerText(), { timeout: 15_000 }).toBe('付好了')
    await expect.poll(() => page.locator('.wx-frame:not([hidden])').innerText(), { timeout: 15_000 }).toContain('48 小时内发出')
    await seen('#see').tap()
    const card = seen('.order')
    await card.first().waitFor()
    expect(await card.count()).toBe(1)
    expect(await card.locator('.state').innerText()).not.toMatch(/付款/)
    const orderId = (await card.getAttribute('data-order')) ?? (await card.evaluate((element) => (element as unknown as { __wxElement: { dataset: { order: string } } }).__wxElement.dataset.order))
    expect(await app((tx) => findOrder(tx, tenantId, 'mall', orderId))).toMatchObject({ shelf: 'mall', status: 'to_ship', paidFen: 19_610 })
    expect((await app((tx) => readSkus(tx, tenantId, [skuId]))).get(skuId)).toMatchObject({ mall: 6, sold: 2 })
  })

  test('the order opens with its steps; before the parcel leaves the money is asked back in two taps, once', async () => {
    await seen('.order').first().tap()
    await expect.poll(() => seen('#state').innerText()).toBe('待发货')
    await seen('#refund').tap()
    await page.locator('.wx-sheet .row').first().tap()
    await expect.poll(() => seen('#note').innerText()).toContain('退回原来的付款方式')
    await expect.poll(() => seen('.refund').innerText()).toContain('退款')
    expect(await seen('#refund').count()).toBe(0)
    await page.goBack()
    await seen('.order').first().waitFor()
  })

  test('my page counts my orders; a shop without feathers does not speak of them', async () => {
    await page.locator('[data-tab="pages/me/me"]').tap()
    await seen('.count').first().waitFor()
    await expect.poll(() => seen('#feathers').count()).toBe(0)
    await page.locator('[data-tab="pages/orders/orders"]').tap()
  })

  test('what I share carries my own code; the friend who opens it and signs in is mine', async () => {
    await page.locator('[data-tab="pages/home/home"]').tap()
    await seen('.item').first().waitFor()
    await page.locator('.wx-frame:not([hidden]) button.share').tap()
    const link = await page.locator('.wx-sheet input').inputValue()
    expect(link).toMatch(/ref=[0-9A-Za-z]{10}$/)
    expect(await app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 }))).toEqual([])
    const friends = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true })
    const friend = await friends.newPage()
    await friend.goto(link)
    await friend.locator('.wx-frame:not([hidden]) .item').first().waitFor()
    await friend.locator('[data-tab="pages/orders/orders"]').tap()
    await expect.poll(() => app((tx) => topReferrers(tx, tenantId, { offset: 0, limit: 10 })), { timeout: 15_000 }).toMatchObject([{ people: 1, newPeople: 1 }])
    await friends.close()
    await page.keyboard.press('Escape')
  })

  test('another browser is another person and sees no orders of the first (control)', async () => {
    const other = await (await browser.newContext({ viewport: { width: 320, height: 640 } })).newPage()
    await other.goto(`${runtime.url}/shop/phone/#/pages/orders/orders`)
    await expect.poll(() => other.locator('.wx-frame:not([hidden]) .empty').innerText(), { timeout: 20_000 }).toContain('还没有订单')
    // Nor does it get the money back for somebody else's, or without being anybody.
    expect((await fetch(`${runtime.url}/mall/phone/api/orders/anything/aftersale`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"reason":"x"}' })).status).toBe(401)
    // Nothing is wider than the smallest phone.
    expect(await other.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
    await other.context().close()
  })

  test('nobody pays for another, and a sheet that the shop did not sign opens nothing (control)', async () => {
    const post = async (path: string, body: unknown) => (await fetch(`${runtime.url}/mall/phone/api/emulated/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).status
    const made = { appId: 'wx0', timeStamp: '1', nonceStr: 'n', package: 'prepay_id=none', signType: 'RSA', paySign: 'x' }
    expect(await post('pay', { visitor: 'visitor-0123456789abcdef', sheet: made })).toBe(409)
    expect(await post('login', { visitor: 'wang' })).toBe(400)
    expect((await fetch(`${runtime.url}/shop/nobody/`)).status).toBe(404)
  })

  test('no page threw, and nothing was asked of the runtime that it does not have', async () => {
    expect(errors).toEqual([])
    expect(await page.evaluate('[...missingOfRuntime]')).toEqual([])
    expect(await page.locator('.wx-missing').count()).toBe(0)
  })
})
