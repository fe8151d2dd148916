import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { manualClock, systemClock, systemTimers, type Timers } from '../kernel/clock.ts'
import { createEmulator, emulatorLines, exportEnv, startEmulator } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')

test('all lines start together behind one port and print every credential a client needs', async () => {
  const running = await startEmulator({ port: 0, seed: 'all', clock: systemClock, timers: systemTimers, namespaces: ['suite-1'] })
  try {
    const kinds = running.accounts.map((account) => account.kind)
    for (const kind of ['shop', 'channels', 'official-account', 'mini-program', 'wecom', 'pay', 'component', 'provider']) expect(kinds).toContain(kind)
    for (const key of ['WECHAT_SHOP_APPID', 'WECHAT_SHOP_SECRET', 'WECHAT_SHOP_AES_KEY', 'WECOM_CORP_ID', 'WECHAT_PAY_MCHID', 'WECHAT_PAY_PRIVATE_KEY', 'WECHAT_PAY_PUBLIC_KEY_ID', 'QZ_EMULATOR_URL']) expect(running.env[key], key).toBeTruthy()
    const { WECHAT_SHOP_APPID: appid, WECHAT_SHOP_SECRET: secret } = running.env
    const answer = (await (await fetch(`${running.url}/cgi-bin/token?grant_type=client_credential&appid=${appid}&secret=${secret}`)).json()) as { expires_in: number }
    expect(answer.expires_in).toBe(7200)
    expect(exportEnv(running.emulator, 'suite-1', running.url).QZ_EMULATOR_URL).toBe(`${running.url}/ns/suite-1`)
    const admin = (await (await fetch(`${running.url}/_emulator/env`)).json()) as { env: Record<string, string> }
    expect(admin.env.WECHAT_SHOP_APPID).toBe(appid)
  } finally {
    await running.close()
  }
})

test('no two endpoints of different handlers claim one path of one line, and no act has two owners', () => {
  const seen = new Map<string, string>()
  for (const module of emulatorLines) {
    for (const { endpoint } of module.routes) {
      const key = `${endpoint.method} ${endpoint.path} ${endpoint.line}`
      expect(seen.has(key), `${endpoint.name} and ${seen.get(key)}`).toBe(false)
      seen.set(key, endpoint.name)
    }
  }
  expect(seen.size).toBeGreaterThan(150)
})

test('the same seed gives the same credentials, another seed others', () => {
  const env = (seed: string) => {
    const emulator = createEmulator({ modules: emulatorLines, seed, start, clock: { kind: 'queue' }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }) })
    return createHash('sha256').update(JSON.stringify(exportEnv(emulator))).digest('hex')
  }
  expect(env('a')).toBe(env('a'))
  expect(env('b')).not.toBe(env('a'))
})

test('a path two lines share goes by the owner of the token, then by the host; a token of the wrong line gets that line\'s own error', async () => {
  const emulator = createEmulator({ modules: emulatorLines, seed: 'shared', start, clock: { kind: 'queue' }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }) })
  const ns = emulator.namespace()
  const official = ns.accounts.find((account) => account.kind === 'official-account')!
  const corp = ns.accounts.find((account) => account.kind === 'wecom')!
  if (corp.kind !== 'wecom' || official.kind !== 'official-account') throw new Error('accounts are missing')
  const ask = async (path: string, host?: string) => {
    const answer = await emulator.handle({ method: 'GET', url: path, headers: host ? { host } : {}, body: Buffer.alloc(0), ip: '' })
    const json = JSON.parse(answer.body.toString()) as { access_token?: string; errcode?: number }
    return { ...json, endpoint: emulator.calls().at(-1)?.endpoint }
  }
  const shared = emulatorLines.flatMap((module) => module.routes).filter(({ endpoint }) => endpoint.path === '/cgi-bin/user/get')
  expect(shared.map(({ endpoint }) => endpoint.line).sort()).toEqual(['official-account', 'wecom'])
  const weixin = (await ask(`/cgi-bin/token?grant_type=client_credential&appid=${official.id}&secret=${official.secret}`)).access_token
  const wecom = (await ask(`/cgi-bin/gettoken?corpid=${corp.id}&corpsecret=${corp.apps[0].secret}`)).access_token
  const nameOf = (line: string) => shared.find(({ endpoint }) => endpoint.line === line)?.endpoint.name
  // The owner of the token wins over the host.
  expect((await ask(`/cgi-bin/user/get?access_token=${weixin}`, 'qyapi.weixin.qq.com')).endpoint).toBe(nameOf('official-account'))
  expect((await ask(`/cgi-bin/user/get?access_token=${wecom}`, 'api.weixin.qq.com')).endpoint).toBe(nameOf('wecom'))
  expect((await ask('/cgi-bin/user/get?access_token=unknown', 'qyapi.weixin.qq.com')).errcode).toBe(40014)
  expect((await ask('/cgi-bin/user/get?access_token=unknown', 'api.weixin.qq.com')).errcode).toBe(40001)
  // A path of one line only, with the other's token.
  expect((await ask(`/cgi-bin/externalcontact/get_follow_user_list?access_token=${weixin}`)).errcode).toBe(40014)
  expect((await ask(`/cgi-bin/user/info?openid=x&access_token=${wecom}`)).errcode).toBe(40001)
})

test('with a real clock the world follows it: work of the platform and retries happen when their time comes', async () => {
  const clock = manualClock(start)
  const alarms: Array<{ at: number; work: () => void }> = []
  const timers: Timers = {
    after(ms, work) {
      const alarm = { at: clock.now() + ms, work }
      alarms.push(alarm)
      return () => void alarms.splice(alarms.indexOf(alarm) >>> 0, 1)
    },
    every: () => () => {},
    sleep: async () => {},
    turn: async () => {},
  }
  const pass = async (ms: number) => {
    const end = clock.now() + ms
    for (;;) {
      const next = alarms.filter((alarm) => alarm.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      alarms.splice(alarms.indexOf(next), 1)
      clock.set(Math.max(clock.now(), next.at))
      next.work()
      await emulator.pump()
    }
    clock.set(end)
  }
  const pushed: number[] = []
  const emulator = createEmulator({
    modules: emulatorLines, seed: 'real', start, clock: { kind: 'real', clock }, wireClock: clock, timers,
    send: async () => {
      pushed.push(clock.now() - start)
      return { status: pushed.length <= 3 ? 500 : 200, body: '' }
    },
  })
  await emulator.act('main', 'core.setPush', { kind: 'shop', url: 'http://receiver/' })
  const made = (await emulator.act('main', 'shop.addProducts', { products: [{ title: 'x', skus: [{ priceFen: 1, stock: 9 }] }] })) as any
  await emulator.act('main', 'shop.placeOrder', { person: 'a', lines: [{ productId: made.products[0].productId, skuId: made.products[0].skus[0].skuId, count: 1 }] })
  await emulator.pump()
  await pass(60 * 60_000)
  expect(pushed).toEqual([0, 0, 0, 10_000, 30 * 60_000])
  expect(emulator.namespace().now).toBeGreaterThanOrEqual(start + 30 * 60_000)
  await expect(emulator.advanceTo(start + 9e9)).rejects.toMatchObject({ code: 'emulator/clock-real' })
})
