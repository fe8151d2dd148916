import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectModules } from '../../scripts/gen-coverage.ts'
import { createEmulator, type Emulator } from '../../src/emulator/core/emulator.ts'
import { httpSend } from '../../src/emulator/core/deliverer.ts'
import type { WireAnswer } from '../../src/emulator/core/wire.ts'
import { createPayIdentity } from '../../src/emulator/pay/fixtures/identity.ts'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'

/**
 * Public clients, unchanged, against the running emulator over real HTTP. Each case file is a process of its own with the preload that
 * rewrites the platform's hosts; here only the emulator, and a front that can change a byte on the way.
 */
const folder = import.meta.dirname
const installed = existsSync(join(folder, 'node_modules'))
const required = (process.env.QZ_REQUIRE ?? '').split(',').includes('clients')
const cases = ['co-wechat-api', 'wecom-crypto', 'node-easywechat', 'wechatpay-axios-plugin', 'wechatpay-node-v3']

type Result = { name: string; ok: boolean; error?: string }

if (!installed && required) test('the clients are installed', () => expect.fail('tests/clients/node_modules is absent: run npm ci in tests/clients'))
if (!installed && !required) console.log('tests/clients: skipped, the public clients are not installed (npm ci in tests/clients)')

describe.skipIf(!installed)('public clients accept the emulator', () => {
  let emulator: Emulator
  let front: Server
  let send: ReturnType<typeof httpSend>
  let url = ''
  let tampering = 'none'

  beforeAll(async () => {
    send = httpSend(systemTimers)
    emulator = createEmulator({
      modules: await collectModules(),
      seed: 'clients',
      start: systemClock.now(),
      clock: { kind: 'real', clock: systemClock },
      wireClock: systemClock,
      send: (push, limit) => send(tampering === 'push' ? { ...push, body: changed(push.body) } : push, limit),
    })
    front = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const path = incoming.url ?? '/'
        if (path.startsWith('/_test/tamper')) {
          tampering = new URL(path, 'http://front').searchParams.get('what') ?? 'none'
          outgoing.end()
          return
        }
        const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]))
        void emulator.handle({ method: incoming.method ?? 'GET', url: path, headers, body: Buffer.concat(chunks), ip: '127.0.0.1' }).then((answer) => {
          const given = path.startsWith('/_emulator') ? answer : altered(answer, tampering)
          if (given.status === 0) return outgoing.socket?.destroy()
          outgoing.writeHead(given.status, given.headers)
          return outgoing.end(given.status === 204 ? undefined : given.body)
        })
      })
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    await emulator?.close()
    send?.close()
    front?.closeAllConnections()
    await new Promise<void>((resolve) => front.close(() => resolve()))
  })

  const called: Record<string, string[]> = {}

  for (const name of cases) {
    test(`${name}: token, success, business error, refusal of what was tampered with, recovery`, async () => {
      const before = emulator.calls().at(-1)?.n ?? 0
      const results = await runCase(name, url)
      for (const call of emulator.calls()) {
        if (call.n <= before || call.endpoint === undefined || call.errcode !== undefined || call.status < 200 || call.status > 299) continue
        const clients = (called[call.endpoint] ??= [])
        if (!clients.includes(name)) clients.push(name)
      }
      expect(results.filter((result) => !result.ok)).toEqual([])
      expect(results.length).toBeGreaterThanOrEqual(4)
    }, 60_000)
  }

  test('tests/clients/verified.json, which the coverage page reads, says what they called (QZ_UPDATE=1 writes it)', () => {
    const path = join(folder, 'verified.json')
    const text = `${JSON.stringify(Object.fromEntries(Object.entries(called).sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`
    if (process.env.QZ_UPDATE === '1') writeFileSync(path, text)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})

/** One byte of the message is another one: of the ciphertext where there is one, else of the text. */
function changed(body: string): string {
  const at = Math.max(0, body.search(/[A-Za-z0-9+/]{40}/)) + 20
  return body.slice(0, at) + (body[at] === 'A' ? 'B' : 'A') + body.slice(at + 1)
}

function altered(answer: WireAnswer, how: string): WireAnswer {
  const text = answer.body.toString('utf8')
  if (how === 'answer') return { ...answer, headers: withoutLength(answer.headers), body: Buffer.from(`${text} `) }
  return how === 'json' ? { ...answer, headers: withoutLength(answer.headers), body: Buffer.from(`x${text}`) } : answer
}

function withoutLength(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'))
}

function runCase(name: string, url: string): Promise<Result[]> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, QZ_EMULATOR: url, QZ_IDENTITY: JSON.stringify(createPayIdentity()), NODE_OPTIONS: '', NODE_ENV: 'test' }
    execFile(process.execPath, ['--require', join(folder, 'rewrite-hosts.cjs'), join(folder, 'cases', `${name}.cjs`)], { cwd: folder, env: environment, timeout: 50_000, maxBuffer: 16e6 }, (error, stdout, stderr) => {
      const line = stdout.split('\n').find((text) => text.startsWith('QZ-RESULTS '))
      if (line === undefined) reject(new Error(`${name} gave no results: ${error?.message ?? ''}\n${stdout}\n${stderr}`.slice(0, 4000)))
      else resolve(JSON.parse(line.slice('QZ-RESULTS '.length)) as Result[])
    })
  })
}
