import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveMiniProgram, startEmulator, type MiniProgramHost, type RunningEmulator } from '../../src/emulator/index.ts'
import { testFlags } from '../../src/kernel/config.ts'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { packageRoot } from '../../src/root.ts'
import { chromiumPath, openBrowser } from '../browser/harness.ts'

/** A mini program that knows nothing of this project, run in the emulator: its server has no cross-origin headers, it uses a tag and an interface that are not here. */
const installed = existsSync(join(packageRoot, 'storefront/node_modules/glass-easel'))
const missing = !installed ? 'the packages of the storefront are not installed' : chromiumPath() === undefined ? 'no Chromium on this machine' : undefined
if (missing !== undefined && testFlags().require.has('browser')) throw new Error(`browser tests are required here, but ${missing}`)
if (missing !== undefined) process.stderr.write(`mini program tests skipped: ${missing}\n`)

describe.skipIf(missing !== undefined)('somebody else\'s mini program in the emulator', { timeout: 60_000 }, () => {
  let base = ''
  let running: RunningEmulator
  let host: MiniProgramHost
  let server: Server
  let browser: Browser
  let page: Page
  let asked = ''
  const seen = (selector: string) => page.locator('.wx-frame:not([hidden])').locator(selector)
  const build = (folder: string) => spawnSync(process.execPath, [join(packageRoot, 'storefront/build.mjs'), folder, '--out', join(base, 'built')], { encoding: 'utf8' })

  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'qz-foreign-'))
    build(join(import.meta.dirname, 'foreign'))
    running = await startEmulator({ port: 0, seed: 'foreign', clock: systemClock, timers: systemTimers })
    host = await serveMiniProgram(running.emulator, { folder: join(base, 'built'), port: 0 })
    server = createServer((incoming, outgoing) => {
      asked = incoming.url ?? ''
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"there"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    browser = await openBrowser()
    page = await (await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })).newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`${host.url}#/pages/first/first?server=${encodeURIComponent(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api`)}`)
    await seen('#count').waitFor()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await host?.close()
    await running?.close()
    server?.close()
    rmSync(base, { recursive: true, force: true })
  })

  test('its page, component, script of a template and form work', async () => {
    expect(await seen('#count').innerText()).toBe('3 / 6')
    await seen('star text').tap()
    await expect.poll(() => seen('#count').innerText()).toBe('4 / 8')
    expect(await seen('star').innerText()).toBe('★')
    await seen('#who').fill('荷')
    await seen('checkbox').nth(1).tap()
    await seen('#send').tap()
    await expect.poll(() => seen('#form').innerText()).toBe('{"who":"荷","likes":["cups"]}')
  })

  test('its own server is asked although it allows no browser', async () => {
    await seen('#ask').tap()
    await expect.poll(() => seen('#answer').innerText()).toBe('200 there app true')
    expect(asked).toBe('/api?a=1')
  })

  test('its login code is one that the emulated platform takes', async () => {
    await seen('#code').tap()
    await expect.poll(() => seen('#got').innerText()).toMatch(/^0\w{20,}/)
    const account = running.accounts.find((one) => one.kind === 'mini-program') as { id: string; secret: string }
    const session = async (code: string) => (await (await fetch(`${running.url}/sns/jscode2session?appid=${account.id}&secret=${account.secret}&js_code=${code}&grant_type=authorization_code`, { headers: { host: 'api.weixin.qq.com' } })).json()) as { openid?: string; errcode?: number }
    const code = await seen('#got').innerText()
    expect((await session(code)).openid).toBeTruthy()
    expect((await session(code)).openid).toBeUndefined()
  })

  test('where no server answers it is told the address, what was tried and what to do; so is the storefront at its own default address', async () => {
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(dead.address() as AddressInfo).port}`
    await new Promise((resolve) => dead.close(resolve))
    const other = await browser.newPage()
    await other.goto(`${host.url}#/pages/first/first?server=${encodeURIComponent(`${address}/api`)}`)
    await other.locator('.wx-frame:not([hidden]) #ask').click()
    await expect.poll(() => other.locator('.wx-frame:not([hidden]) #answer').innerText()).toContain(`request:fail ${address} 没有服务器回答（试了 GET /api，ECONNREFUSED）`)
    await other.close()

    spawnSync(process.execPath, [join(packageRoot, 'storefront/build.mjs'), join(packageRoot, 'storefront/app'), '--out', join(base, 'own')])
    const lines: string[] = []
    const shop = await serveMiniProgram(running.emulator, { folder: join(base, 'own'), port: 0, ext: { api: `${address}/mall/tea/api` }, log: (line) => void lines.push(line) })
    try {
      const home = await browser.newPage()
      await home.goto(shop.url)
      await expect.poll(() => home.locator('.wx-frame:not([hidden])').innerText()).toContain(`${address} 没有服务器回答（试了 GET /mall/tea/api/goods，ECONNREFUSED）。先在那里把小店的服务起起来`)
      expect(await home.locator('.wx-frame:not([hidden])').innerText()).toContain('没有连上小店')
      expect(lines).toEqual([`no server answers at ${address}, which the mini program asks: start it there, or give its address to a mini program that reads one (--ext)`])
      await home.close()
    } finally {
      await shop.close()
    }
  })

  test('sharing gives an address, scanning takes what is typed', async () => {
    await seen('#share').tap()
    expect(await page.locator('.wx-sheet input').inputValue()).toBe(`${host.url}#/pages/second/second?found=shared`)
    await page.keyboard.press('Escape')
    await seen('#scan').tap()
    await page.locator('.wx-sheet input').fill('a code')
    await page.locator('.wx-sheet .main').tap()
    await expect.poll(() => seen('#found').innerText()).toBe('a code')
    await page.goBack()
    await seen('#count').waitFor()
  })

  test('what is not here is listed, on the page and for the command; the rest of the page is there', async () => {
    expect(await seen('live-player').innerText()).toContain('inside')
    await seen('#radio').tap()
    await expect.poll(() => seen('#refused').innerText()).toContain('openBluetoothAdapter:fail')
    await expect.poll(() => host.missing()).toEqual(expect.arrayContaining(['pages/first/first: <live-player> has no base component', 'wx.openBluetoothAdapter', 'wx.cloud.init']))
    await page.locator('.wx-lacks').tap()
    expect(await page.locator('.wx-lacks-list').innerText()).toContain('wx.openBluetoothAdapter')
    expect(await page.locator('.wx-missing').count()).toBe(0)
  })

  test('another page on the machine may not use the phone or the way out (control)', async () => {
    const post = (headers: Record<string, string>) => fetch(`${host.url}_mini/request`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ url: 'http://127.0.0.1:1/', method: 'GET', headers: {} }) })
    expect((await post({ origin: 'http://elsewhere' })).status).toBe(403)
    expect((await post({})).status).toBe(403)
    expect((await fetch(`${host.url}..%2f..%2fpackage.json`)).status).toBe(404)
  })

  test('a folder that is no mini program is refused with what to give (control)', () => {
    const { status, stderr } = build(base)
    expect(status).toBe(1)
    expect(stderr).toContain('app.json is missing')
  })
})
