import { describe, expect, test } from 'vitest'
import { manualClock } from '../kernel/clock.ts'
import type { Line } from '../wechat/spec/endpoint.ts'
import { createEmulator, emulatorLines, memoryJournal, openEmulator } from './index.ts'
import { issueToken } from './core/tokens.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const settings = () => ({ modules: emulatorLines, seed: 'reads', start, clock: { kind: 'queue' as const }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }) })

/** Tokens of every kind of account, so that each endpoint gets past the door. */
function tokens(emulator: ReturnType<typeof createEmulator>): Map<Line, string> {
  const ns = emulator.namespace()
  const made = new Map<Line, string>()
  for (const account of ns.accounts) {
    if (account.kind === 'pay' || made.has(account.kind)) continue
    const agentId = account.kind === 'wecom' ? account.apps[0].agentId : undefined
    made.set(account.kind, issueToken(ns, { line: account.kind, accountId: account.id, agentId, kind: 'test', ttlMs: 7_200_000 }).token)
  }
  return made
}

describe('over all lines', () => {
  test('an endpoint that is declared a read changes nothing', async () => {
    const emulator = createEmulator(settings())
    const known = tokens(emulator)
    const before = emulator.stateHash()
    let asked = 0
    for (const { endpoint } of emulatorLines.flatMap((module) => module.routes)) {
      if (endpoint.effect !== 'read' || endpoint.credential === 'pay-signature') continue
      for (const input of [endpoint.sample?.request ?? {}, {}]) {
        const query = new URLSearchParams({ [endpoint.credential === 'none' ? 'x' : endpoint.credential]: known.get(endpoint.line) ?? '' })
        if (endpoint.method === 'GET') for (const [key, value] of Object.entries(input as object)) query.set(key, String(value))
        await emulator.handle({ method: endpoint.method, url: `${endpoint.path}?${query.toString()}`, headers: {}, body: Buffer.from(endpoint.method === 'GET' ? '' : JSON.stringify(input)), ip: '127.0.0.1' })
        asked++
        expect(emulator.stateHash(), endpoint.name).toBe(before)
      }
    }
    expect(asked).toBeGreaterThan(100)
  })

  test('writes of all lines, asked with their samples or nothing, are rebuilt from the journal', async () => {
    const journal = memoryJournal()
    const emulator = createEmulator({ ...settings(), journal })
    // Through a command, so that the journal knows of it: the token calls of api.weixin.qq.com.
    const known = new Map<Line, string>()
    for (const account of emulator.namespace().accounts) {
      if (!('secret' in account) || !('originalId' in account)) continue
      const answer = await emulator.handle({ method: 'POST', url: '/cgi-bin/stable_token', headers: {}, body: Buffer.from(JSON.stringify({ grant_type: 'client_credential', appid: account.id, secret: account.secret })), ip: '' })
      known.set(account.kind, String((JSON.parse(answer.body.toString()) as { access_token: string }).access_token))
    }
    const corp = emulator.namespace().accounts.find((account) => account.kind === 'wecom')
    if (corp?.kind === 'wecom') {
      const answer = await emulator.handle({ method: 'GET', url: `/cgi-bin/gettoken?corpid=${corp.id}&corpsecret=${corp.apps[0].secret}`, headers: {}, body: Buffer.alloc(0), ip: '' })
      known.set('wecom', String((JSON.parse(answer.body.toString()) as { access_token: string }).access_token))
    }
    for (const { endpoint } of emulatorLines.flatMap((module) => module.routes)) {
      if (endpoint.credential !== 'access_token' || !known.has(endpoint.line)) continue
      const input = endpoint.sample?.request ?? {}
      const query = new URLSearchParams({ access_token: known.get(endpoint.line) ?? '' })
      if (endpoint.method === 'GET') for (const [key, value] of Object.entries(input as object)) query.set(key, String(value))
      await emulator.handle({ method: endpoint.method, url: `${endpoint.path}?${query.toString()}`, headers: {}, body: Buffer.from(endpoint.method === 'GET' ? '' : JSON.stringify(input)), ip: '127.0.0.1' })
    }
    await emulator.advanceTo(start + 86_400_000)
    await emulator.settled()
    const again = await openEmulator({ ...settings(), journal })
    expect(again.stateHash()).toBe(emulator.stateHash())
  })
})
