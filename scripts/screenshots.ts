import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { packageRoot } from '../src/root.ts'
import { openBrowser, openLivingSea, whyNot, type Harbour } from '../tests/browser/harness.ts'

/**
 * Every page of the console at 1440 and 390, light and dark, into docs/screenshots/all (not kept in git), and docs/screenshots/voyage.png for the
 * README. `--link URL`: look at a running server instead of a fresh sea; `--only TEXT`: only pages whose name contains it; `--en`: in English.
 */
const args = process.argv.slice(2)
const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const only = option('--only')
const language = args.includes('--en') ? 'en' : 'zh'
const out = join(packageRoot, 'docs/screenshots/all')

const missing = whyNot()
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`)
  process.exit(1)
}
mkdirSync(out, { recursive: true })
const harbour: Harbour | undefined = option('--link') === undefined ? await openLivingSea({ days: Number(option('--days') ?? 60), people: Number(option('--people') ?? 300), seaStart: Date.UTC(2026, 2, 8, 16) }) : undefined
const link = option('--link') ?? (await harbour!.link())
const origin = new URL(link).origin
const browser = await openBrowser()

type Shot = { name: string; path: string | ((page: Page) => Promise<string>); after?: (page: Page) => Promise<void> }
const first = (api: string, to: (row: Record<string, string>) => string) => async (page: Page): Promise<string> => {
  const answer = await page.evaluate(async (path) => (await fetch(path)).json() as Promise<{ rows: Array<Record<string, string>> }>, api)
  return to(answer.rows[0])
}
const shots: Shot[] = [
  { name: 'voyage', path: '/' }, { name: 'voyage-money', path: '/', after: async (page) => page.locator('.ant-segmented-item').nth(1).click() }, { name: 'voyage-28', path: '/?window=28' }, { name: 'tour', path: '/?tour=1' }, { name: 'what-if', path: '/', after: async (page) => { await page.locator('#whatif .ant-btn').last().click(); await page.locator('#whatif .paired').waitFor({ timeout: 40_000 }); await page.locator('#whatif').scrollIntoViewIfNeeded(); await page.waitForTimeout(800) } }, { name: 'today', path: '/today' }, { name: 'sources', path: '/acquire/sources' }, { name: 'codes', path: '/acquire/codes' }, { name: 'credit', path: '/acquire/credit' }, { name: 'products', path: '/sell/products' }, { name: 'shipping', path: '/sell/shipping' }, { name: 'aftersales', path: '/sell/aftersales' }, { name: 'stock', path: '/sell/stock' }, { name: 'broadcasts', path: '/retain/broadcasts' }, { name: 'compose', path: '/retain/broadcasts/new' }, { name: 'journeys', path: '/retain/journeys' }, { name: 'points', path: '/retain/points' },
  { name: 'dosage', path: '/restrain/dosage' }, { name: 'plan', path: '/restrain/plan' }, { name: 'pressure', path: '/restrain/pressure' }, { name: 'losses', path: '/restrain/losses' }, { name: 'capacity', path: '/restrain/capacity' }, { name: 'removals', path: '/restrain/removals' }, { name: 'light', path: '/learn/light' }, { name: 'case', path: '/learn/case' }, { name: 'playbooks', path: '/learn/playbooks' }, { name: 'courses', path: '/learn/courses' }, { name: 'orders', path: '/sell/orders' }, { name: 'orders-filtered', path: '/sell/orders?status=to_ship' }, { name: 'orders-none', path: '/sell/orders?search=zzzz' },
  { name: 'order', path: first('/api/t/tea/orders?status=completed&pageSize=1', (row) => `/sell/orders/${row.shelf}/${row.orderId}`) }, { name: 'reconciliation', path: '/sell/reconciliation' }, { name: 'coupons', path: '/sell/coupons' },
  { name: 'people', path: '/retain/people' }, { name: 'person', path: async (page) => {
    const ids = await page.evaluate(async () => ((await (await fetch('/api/t/tea/people?limit=200')).json()) as { rows: Array<{ personId: string }> }).rows.map((row) => row.personId))
    const sums = await page.evaluate(async (list) => ((await (await fetch(`/api/t/tea/orders-by-person?persons=${list.join(',')}`)).json()) as { rows: Array<{ personId: string; orders: number }> }).rows, ids)
    return `/retain/people/${sums.toSorted((a, b) => b.orders - a.orders)[0].personId}`
  } },
  { name: 'connections', path: '/settings/connections?line=shop', after: async (page) => { await page.locator('.pagehead .ant-btn-primary').click(); await page.waitForTimeout(4000) } }, { name: 'connections-pay', path: '/settings/connections?line=pay' }, { name: 'product-new', path: '/sell/products', after: async (page) => page.locator('.pagehead .ant-btn-primary').click() }, { name: 'redeem', path: '/retain/points', after: async (page) => page.locator('main .ant-btn-sm:enabled').first().click() }, { name: 'blocks', path: '/settings/blocks' }, { name: 'members', path: '/settings/members' }, { name: 'system', path: '/settings/system' }, { name: 'audit', path: '/settings/audit' }, { name: 'lost', path: '/nowhere' },
  { name: 'search', path: '/', after: async (page) => page.keyboard.press('Control+k') }, { name: 'keys', path: '/', after: async (page) => page.keyboard.press('?') },
]

async function context(width: number, mode: 'light' | 'dark', state?: Awaited<ReturnType<BrowserContext['storageState']>>): Promise<BrowserContext> {
  const made = await browser.newContext({ viewport: { width, height: width < 768 ? 844 : 900 }, colorScheme: mode, reducedMotion: 'reduce', storageState: state })
  await made.addInitScript({ content: `localStorage.setItem('qz.theme', '${mode}'); localStorage.setItem('qz.language', '${language}'); localStorage.setItem('qz.password.skipped', '1'); localStorage.setItem('qz.tour.tea', '{"at":0,"seen":true,"done":{}}')` })
  return made
}

const entry = await context(1440, 'light')
const door = await entry.newPage()
await door.goto(link)
const state = await entry.storageState()
const problems: string[] = []
for (const [width, mode] of [[1440, 'light'], [390, 'light'], [1440, 'dark'], [390, 'dark']] as const) {
  if (option('--width') !== undefined && option('--width') !== String(width)) continue
  if (option('--mode') !== undefined && option('--mode') !== mode) continue
  const here = await context(width, mode, state)
  const page = await here.newPage()
  page.on('pageerror', (error) => problems.push(`${page.url()} ${error.message}`))
  page.on('console', (message) => message.type() === 'error' && problems.push(`${page.url()} ${message.text()}`))
  await page.goto(origin)
  for (const shot of shots.filter((row) => only === undefined || row.name.includes(only))) {
    await page.goto(origin + (typeof shot.path === 'string' ? shot.path : await shot.path(page)))
    await page.waitForSelector('h1, .state', { timeout: 10_000 }).catch(() => problems.push(`${shot.name} at ${width}: nothing was drawn`))
    await page.waitForLoadState('networkidle').catch(() => {})
    await page.waitForTimeout(150)
    await shot.after?.(page)
    await page.waitForTimeout(250)
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    if (wide > 0) problems.push(`${shot.name} at ${width} scrolls sideways by ${wide} px`)
    await page.screenshot({ path: join(out, `${shot.name}-${width}-${mode}${language === 'en' ? '-en' : ''}.png`), fullPage: width < 768 && !['search', 'keys'].includes(shot.name) })
    if (shot.name === 'voyage' && width === 1440 && mode === 'light' && language === 'zh') await page.screenshot({ path: join(out, '..', 'voyage.png') })
  }
  await here.close()
}
process.stdout.write(`${problems.length === 0 ? 'no problems seen' : problems.join('\n')}\n`)
await browser.close()
await harbour?.close()
process.exit(0)
