import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { childEnvironment } from '../../src/kernel/config.ts'
import { startPostgres } from '../../src/kernel/db/index.ts'
import { root } from '../setup/source.ts'

/** The whole program as a user meets it: started, opened, started twice, killed, started again, stopped. */
let folder = ''
const running = new Set<ChildProcess>()
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qz-whole-'))
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  if (existsSync(join(folder, 'data/postgres'))) await (await startPostgres({ folder: join(folder, 'data/postgres'), profile: 'durable' })).stop()
  rmSync(folder, { recursive: true, force: true })
})

const program = [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'src/main.ts')]
const environment = () => ({ ...childEnvironment(), QZ_DATA_DIR: join(folder, 'data'), QZ_PORT: '0', QZ_EMULATOR_PORT: '0', QZ_LOG_LEVEL: 'error' }) as NodeJS.ProcessEnv
const qz = (...args: string[]) => spawnSync(process.execPath, [...program, ...args], { cwd: folder, env: environment(), encoding: 'utf8', timeout: 60_000 })

type Started = { child: ChildProcess; url: string; link: string; pid: number; ended: Promise<number | null> }
function start(): Promise<Started> {
  const child = spawn(process.execPath, [...program, 'start'], { cwd: folder, env: environment() })
  running.add(child)
  let out = ''
  const ended = new Promise<number | null>((done) => child.on('exit', (code) => (running.delete(child), done(code))))
  return new Promise((done, fail) => {
    const hear = (chunk: Buffer): void => {
      out += chunk.toString()
      const link = /(http:\/\/127\.0\.0\.1:\d+)(\/login\/link\/\w+)[\s\S]*Ctrl-C/.exec(out)
      if (link) done({ child, url: link[1], link: `${link[1]}${link[2]}`, pid: JSON.parse(readFileSync(join(folder, 'data/server.lock'), 'utf8')).pid, ended })
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    void ended.then((code) => fail(new Error(`ended with ${code} before it was ready:\n${out}`)))
  })
}

async function open(link: string): Promise<{ cookie: string; tenants: Array<{ slug: string; tenantId: number; simulated: boolean }> }> {
  const answer = await fetch(link, { redirect: 'manual' })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const me = await fetch(`${new URL(link).origin}/api/me`, { headers: { cookie } })
  return { cookie, tenants: me.ok ? ((await me.json()) as { tenants: Array<{ slug: string; tenantId: number; simulated: boolean }> }).tenants : [] }
}

describe('npm start', { timeout: 120_000 }, () => {
  let first: Started

  test('prints an address and a login link; behind it is the demo merchant in an emulated world', async () => {
    first = await start()
    const { cookie, tenants } = await open(first.link)
    expect(tenants).toMatchObject([{ slug: 'tea', simulated: true }])
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
    const orders = await (await fetch(`${first.url}/api/t/tea/orders`, { headers: { cookie } })).json() as { rows: unknown[] }
    expect(Array.isArray(orders.rows)).toBe(true)
    expect((await open(first.link)).tenants).toEqual([]) // the link worked once
  })

  test('a second start on the same folder is told who runs there and where', () => {
    const second = qz('start')
    expect(second.status).toBe(2)
    expect(second.stderr).toContain(`pid ${first.pid}, ${first.url}`)
    expect(second.stderr).toContain('cli/already-running')
  })

  test('other commands ask the running server', async () => {
    const answer = qz('login-link', '--json')
    expect(answer.status, answer.stderr).toBe(0)
    expect((await open((JSON.parse(answer.stdout) as { link: string }).link)).tenants).toHaveLength(1)
    const file = join(folder, 'tea.jsonl.gz')
    const exported = qz('export', '--tenant', 'tea', '--out', file, '--json')
    expect(exported.status, exported.stderr).toBe(0)
    expect(existsSync(file)).toBe(true)
  })

  test('killed hard, the next start takes the orphaned database over and has everything', async () => {
    process.kill(first.pid, 'SIGKILL')
    first.child.kill('SIGKILL')
    await first.ended
    const second = await start()
    expect(second.pid).not.toBe(first.pid)
    expect((await open(second.link)).tenants).toMatchObject([{ slug: 'tea' }])
    first = second
  })

  test('asked to stop, it stops cleanly: no lock, no database left running', async () => {
    process.kill(first.pid, 'SIGTERM')
    expect(await first.ended).toBe(0)
    expect(existsSync(join(folder, 'data/server.lock'))).toBe(false)
    expect(existsSync(join(folder, 'data/postgres/postmaster.pid'))).toBe(false)
  })

  test('doctor and config answer without a server, and say so', () => {
    const doctor = JSON.parse(qz('doctor', '--json').stdout) as { checks: Array<{ name: string; ok: boolean; detail: string }> }
    expect(doctor.checks.find((check) => check.name === 'server')?.detail).toBe('not running')
    expect(doctor.checks.find((check) => check.name === 'database')?.ok).toBe(true)
    const config = JSON.parse(qz('config', '--json').stdout) as { values: Array<{ env: string; from: string }> }
    expect(config.values.find((value) => value.env === 'QZ_PORT')?.from).toBe('environment')
  })
})
