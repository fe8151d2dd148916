import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { money } from '../../console/src/lib/format.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { consoleFolder, openBrowser, whyNot } from './harness.ts'

/** A service provider with two merchants, and an owner of one of them: what each sees, and that nothing of the one shows in the other. */
const missing = whyNot()
if (missing !== undefined) process.stderr.write(`browser tests of several merchants skipped: ${missing}\n`)

type Merchant = { slug: string; name: string; world: string; title: string; priceFen: number; orders: number }
const tea: Merchant = { slug: 'tea', name: '小满茶铺', world: 'main', title: '白茶 50g', priceFen: 9_800, orders: 3 }
const baby: Merchant = { slug: 'baby', name: '团团母婴', world: 'second', title: '婴儿湿巾', priceFen: 4_200, orders: 5 }

/** A shared machine may take its time. */
const patient = { timeout: 10_000 }

describe.skipIf(missing !== undefined)('a provider with two merchants', { timeout: 60_000, retry: 1 }, () => {
  const start = Date.parse('2026-03-10T10:00:00+08:00')
  let runtime: Runtime
  let browser: Browser
  let folder = ''
  const users = { provider: '', owner: '' }
  const signIn = async (userId: string): Promise<Page> => {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })).newPage()
    await page.goto(`${runtime.url}/login/link/${await runtime.house.access.createLink(userId)}`)
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await dialog.locator('.ant-modal-footer button').first().click()
    await dialog.waitFor({ state: 'hidden' })
    return page
  }
  const ask = async (userId: string, path: string): Promise<Response> => {
    const cookie = (await fetch(`${runtime.url}/login/link/${await runtime.house.access.createLink(userId)}`, { redirect: 'manual' })).headers.getSetCookie()[0].split(';')[0]
    return fetch(`${runtime.url}${path}`, { headers: { cookie } })
  }
  const text = (page: Page): Promise<string> => page.locator('body').innerText()
  const choose = async (page: Page, name: string): Promise<void> => {
    await page.locator('button.merchant').click()
    await page.locator('.ant-dropdown-menu-item', { hasText: name }).click()
    await expect.poll(() => page.locator('button.merchant').innerText(), patient).toContain(name)
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'qz-merchants-'))
    const { config } = readConfig({ QZ_DATA_DIR: folder })
    runtime = await openRuntime({ config, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false, consoleFolder })
    const { house } = runtime
    const emulator = runtime.emulator!
    await emulator.createNamespace(baby.world, 'second', start)
    users.provider = await house.access.createUser('provider', '服务商小周', null)
    users.owner = await house.access.createUser('owner', '店主林晓', null)
    for (const merchant of [tea, baby]) {
      const tenantId = await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, { slug: merchant.slug, name: merchant.name, world: merchant.world, origin: { kind: 'test' }, blocks: ['shop', 'contacts'], lines: ['shop', 'wecom'], ownerId: merchant === tea ? users.owner : undefined })
      await house.access.addMember(tenantId, users.provider, 'provider-staff')
      const shop = emulator.namespace(merchant.world).accounts.find((account) => account.kind === 'shop')!.id
      const { products: [product] } = (await emulator.act(merchant.world, 'shop.addProducts', { shop, products: [{ title: merchant.title, outProductId: 'p', skus: [{ outSkuId: 'p', skuCode: 'P', priceFen: merchant.priceFen, stock: 100 }] }] })) as { products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
      await emulator.act(merchant.world, 'shop.runOrders', { shop, orders: Array.from({ length: merchant.orders }, (_, n) => ({ person: `${merchant.slug}-${n}`, lines: [{ productId: product.productId, skuId: product.skus[0].skuId, count: 1 }], at: start, payAt: start })) })
      await emulator.pump(merchant.world)
      for (let turn = 0; turn < 500 && Number((await house.ports.db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ n: number }>('select count(*) as n from shop_order where tenant_id = $1 and paid_at is not null', [tenantId])))[0].n) < merchant.orders; turn++) await house.ports.timers.sleep(20)
    }
    browser = await openBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await runtime?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('begins on all merchants, each with its own figures, and goes into one: the merchant sees it in its trail', async () => {
    const page = await signIn(users.provider)
    await expect.poll(() => page.url(), patient).toContain('/merchants')
    for (const merchant of [tea, baby]) {
      const row = page.locator('tr', { hasText: merchant.name })
      await row.waitFor()
      expect(await row.innerText()).toContain(money(merchant.orders * merchant.priceFen).replace(/\.00$/, ''))
    }
    await choose(page, baby.name)
    await page.goto(`${runtime.url}/sell/orders`)
    await page.locator('table.data tbody tr').first().waitFor()
    expect(await page.locator('table.data tbody tr').count()).toBe(baby.orders)
    expect(await text(page)).toContain(baby.title)
    expect(await text(page)).not.toContain(tea.title)
    await choose(page, tea.name)
    await expect.poll(() => page.locator('table.data tbody tr').count(), patient).toBe(tea.orders)
    await expect.poll(() => text(page), patient).toContain(tea.title)
    expect(await text(page)).not.toContain(baby.title)
    // What is remembered of the other one does not come back after a reload.
    await page.reload()
    await page.locator('table.data tbody tr').first().waitFor()
    expect(await text(page)).not.toContain(baby.title)
    for (const merchant of [tea, baby]) {
      const tenantId = runtime.house.tenants().find((one) => one.slug === merchant.slug)!.tenantId
      const trail = await runtime.house.ports.db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ actor: string }>(`select actor from audit where tenant_id = $1 and action = 'provider.enter'`, [tenantId]))
      expect([merchant.slug, trail.length > 0, trail.every((row) => row.actor.startsWith('provider'))]).toEqual([merchant.slug, true, true])
    }
    await page.context().close()
  })

  test('has the rights of a provider and no more: settings of people and money stay shut', async () => {
    const { tenants } = (await (await ask(users.provider, '/api/me')).json()) as { tenants: Array<{ slug: string; rights: string[] }> }
    expect(tenants.map((one) => one.slug).sort()).toEqual(['baby', 'tea'])
    for (const one of tenants) expect([one.rights.includes('orders.read'), one.rights.includes('orders.refund'), one.rights.includes('members.write'), one.rights.includes('people.personal')]).toEqual([true, false, false, false])
    expect((await ask(users.provider, '/api/t/tea/audit')).status).toBe(403)
  })

  test('control: the owner of one sees one: no switch, no list of merchants, and the other one answers as if it did not exist', async () => {
    const page = await signIn(users.owner)
    expect(await page.locator('button.merchant').count()).toBe(0)
    expect(await text(page)).not.toContain(baby.name)
    await page.context().close()
    expect([(await ask(users.owner, '/api/t/tea/orders')).status, (await ask(users.owner, '/api/t/baby/orders')).status, (await ask(users.owner, '/api/merchants')).status]).toEqual([200, 404, 403])
    const { rows } = (await (await ask(users.provider, '/api/t/baby/orders')).json()) as { rows: Array<{ orderId: string; firstTitle: string }> }
    // An order of the one, asked for in the other: not there.
    expect((await ask(users.owner, `/api/t/tea/orders/shop/${rows[0].orderId}`)).status).toBe(404)
    expect((await ask(users.provider, `/api/t/baby/orders/shop/${rows[0].orderId}`)).status).toBe(200)
  })
})
