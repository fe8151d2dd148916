import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal } from '../../../tests/setup/fixtures.ts'
import { systemTimers } from '../clock.ts'
import { startPostgres, type LauncherOptions, type PostgresServer } from './launcher.ts'

let base = ''
const running = new Set<PostgresServer>()
async function start(options: LauncherOptions): Promise<PostgresServer> {
  const server = await startPostgres(options)
  running.add(server)
  return server
}
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'qz-launch-'))
})
afterAll(async () => {
  for (const server of running) await server.stop()
  rmSync(base, { recursive: true, force: true })
})

async function ask(server: PostgresServer, sql: string): Promise<unknown> {
  const client = new pg.Client(server.config('postgres'))
  await client.connect()
  try {
    const { rows = [] } = await client.query(sql)
    return Object.values((rows[0] ?? {}) as object)[0]
  } finally {
    await client.end()
  }
}
/** Gone also means: dead and waiting to be collected by this process. */
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

describe('the embedded PostgreSQL', () => {
  test('a server that a killed program left behind is adopted with its data; after kill -9 of the server itself the data is there', async () => {
    const folder = join(base, 'data', 'postgres')
    const said: string[] = []
    const first = await start({ folder, profile: 'durable' })
    await ask(first, 'create table kept (n int); insert into kept values (7)')
    // The program is killed here: nobody stops the server. The next start finds it.
    const second = await start({ folder, profile: 'durable', say: (line) => void said.push(line) })
    expect(second).toMatchObject({ adopted: true, pid: first.pid })
    expect(said.join()).toContain(`pid ${first.pid}`)
    expect(await ask(second, 'select n from kept')).toBe(7)

    await ask(second, 'insert into kept values (8)')
    process.kill(first.pid, 'SIGKILL')
    for (let n = 0; n < 200 && alive(first.pid); n++) await systemTimers.sleep(10)
    const third = await start({ folder, profile: 'durable' })
    expect(third.adopted).toBe(false)
    expect(await ask(third, 'select sum(n)::int from kept')).toBe(15)
    await third.stop()
    expect(alive(third.pid)).toBe(false)
  })

  test('a half-finished first start is done again', async () => {
    const folder = join(base, 'half', 'postgres')
    mkdirSync(join(folder, 'base'), { recursive: true })
    writeFileSync(join(folder, 'postgresql.conf'), 'cut sh')
    const server = await start({ folder, profile: 'durable' })
    expect(await ask(server, 'select 1')).toBe(1)
    await server.stop()
  })

  test('data of another version is not touched: the message says both versions', async () => {
    const folder = join(base, 'old', 'postgres')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'PG_VERSION'), '14\n')
    const error = await start({ folder, profile: 'durable' }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'db/version-mismatch', params: { found: '14', expected: '18' } })
    expect(existsSync(join(folder, 'PG_VERSION'))).toBe(true)
  })

  test('a folder that cannot be made is refused by name', async () => {
    writeFileSync(join(base, 'file'), '')
    expect(await refusal(startPostgres({ folder: join(base, 'file', 'data', 'postgres'), profile: 'durable' }))).toBe('db/folder-unwritable')
  })

  test('a disposable server leaves nothing behind', async () => {
    const server = await start({ profile: 'disposable' })
    expect(await ask(server, 'show fsync')).toBe('off')
    expect(await ask(server, 'show listen_addresses')).toBe('')
    await server.stop()
    expect(existsSync(server.host)).toBe(false)
    expect(alive(server.pid)).toBe(false)
  })
  test.runIf(existsSync('/dev/shm'))('so does one in memory', async () => {
    const server = await start({ profile: 'disposable', memory: true })
    const folder = String(await ask(server, 'show data_directory'))
    expect(await ask(server, 'show autovacuum')).toBe('off')
    await server.stop()
    expect(existsSync(dirname(folder))).toBe(false)
    expect(alive(server.pid)).toBe(false)
  })
})
