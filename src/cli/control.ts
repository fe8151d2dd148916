import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { createServer, request, type Server } from 'node:http'
import { defineErrors, Fault } from '../kernel/errors.ts'
import { readConfig, type Config } from '../kernel/config.ts'
import { dbFault } from '../kernel/db/index.ts'
import { createLog } from '../kernel/log.ts'
import { openRuntime, type Runtime, type RuntimeOptions } from '../runtime.ts'

/**
 * One server per data folder. A running one holds `server.lock` and answers on a control socket; commands that write use it, or start one for
 * as long as they run.
 */
export const cliFault = defineErrors({
  'cli/already-running': { status: 409, zh: '这个数据文件夹已经有一个轻舟在跑（进程 {pid}，{url}）。直接打开它，或先停掉它；要另开一个，请换 QZ_DATA_DIR。', en: 'a server is already running on this data folder (pid {pid}, {url}); open that one, stop it, or choose another QZ_DATA_DIR' },
  'cli/file-missing': { status: 400, zh: '找不到文件 {file}。', en: 'the file {file} was not found' },
  'cli/bad-config': { status: 400, zh: '设置有误：{problems}。改好再启动。', en: 'the configuration is wrong: {problems}' },
  'cli/unknown': { status: 400, zh: '不认识「{what}」，可以是：{known}。', en: '{what} is unknown; known: {known}' },
  'cli/slug-taken': { status: 409, zh: '已经有叫 {slug} 的商家。用 --slug 另取一个短名。', en: 'there is a merchant {slug} already; give another short name with --slug' },
  'cli/bad-export': { status: 400, zh: '{file} 不是完整的导出：发现 {found}，应为 {expected}。什么也没有导入；请重新导出。', en: '{file} is not a whole export: found {found}, expected {expected}; nothing was imported, export it again' },
  'cli/ext': { status: 400, zh: '--ext {text} 不是一个 JSON 对象。例：--ext \'{"api":"http://127.0.0.1:8080/mall/demo/api"}\'', en: '--ext {text} is no JSON object, expected for example {"api":"http://127.0.0.1:8080/mall/demo/api"}' },
  'cli/mini-program': { status: 400, zh: '{path} 没能作为小程序打开：{reason}。给一个有 app.json（或 project.config.json）的文件夹。', en: '{path} could not be opened as a mini program: {reason}; give a folder with app.json (or project.config.json)' },
  'cli/tls-folder': { status: 400, zh: '文件夹 {folder} 不能用来存放 https 证书：{reason}。换一个可写的文件夹，或删掉其中的 ca.pem、ca.key、front.pem、front.key 重新生成。', en: 'the folder {folder} cannot hold the https certificate: {reason}; give a folder that can be written, or remove ca.pem, ca.key, front.pem and front.key in it to have them made anew' },
  'cli/no-tenant': { status: 404, zh: '没有叫 {slug} 的商家。有这些：{known}。', en: 'there is no merchant {slug}; there are: {known}' },
})

type LockFile = { pid: number; url: string; socket: string }

export function readEffective(overrides: Partial<Config> = {}): Config {
  const { config, problems } = readConfig()
  if (problems.length > 0) throw cliFault('cli/bad-config', { problems: problems.map((p) => `${p.env}=${p.found}（${p.expected}）`).join('；') })
  return { ...config, ...overrides }
}

function lockPath(config: Config): string {
  return join(resolve(config.dataDir), 'server.lock')
}

export function runningServer(config: Config): LockFile | undefined {
  const file = lockPath(config)
  if (!existsSync(file)) return undefined
  try {
    const lock = JSON.parse(readFileSync(file, 'utf8')) as LockFile
    try {
      process.kill(lock.pid, 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined // EPERM: it lives, as another user
    }
    // A pid may have been reused by another program after a crash.
    if (process.platform === 'linux' && !/node|tsx|qz/.test(readFileSync(`/proc/${lock.pid}/cmdline`, 'utf8'))) return undefined
    return lock
  } catch {
    return undefined
  }
}

export type ControlHandler = (command: string, input: unknown, progress: (value: unknown) => void) => Promise<unknown>

/**
 * Takes the lock of the data folder, or says who has it. The file is made in one step, so of two starts at the same moment one gets it; a lock left by
 * a process that is gone is taken over.
 */
export function takeLock(config: Config): void {
  const folder = resolve(config.dataDir)
  try {
    mkdirSync(folder, { recursive: true })
    for (let attempt = 0; ; attempt++) {
      try {
        // Written beside and linked into place: nobody ever reads half a lock.
        const draft = `${lockPath(config)}.${process.pid}`
        writeFileSync(draft, JSON.stringify({ pid: process.pid, url: '', socket: '' }))
        try {
          linkSync(draft, lockPath(config))
        } finally {
          rmSync(draft, { force: true })
        }
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
        const running = runningServer(config)
        if (running) throw cliFault('cli/already-running', { pid: running.pid, url: running.url || '…' })
        rmSync(lockPath(config), { force: true })
      }
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw dbFault('db/folder-unwritable', { folder, reason: (error as Error).message }, error)
  }
}

/** Opens the runtime of the data folder and holds its lock. */
export async function openLocked(options: Omit<RuntimeOptions, 'log'> & { logLevel?: string }, handler?: (runtime: Runtime) => ControlHandler): Promise<Runtime> {
  const { config } = options
  const folder = resolve(config.dataDir)
  takeLock(config)
  const socket = join(tmpdir(), `qz-control-${createHash('sha256').update(`${process.getuid?.() ?? ''} ${folder}`).digest('hex').slice(0, 12)}.sock`)
  let runtime: Runtime
  try {
    runtime = await openRuntime({ ...options, log: createLog(options.logLevel ?? config.logLevel) })
  } catch (error) {
    rmSync(lockPath(config), { force: true })
    throw error
  }
  let control: Server | undefined
  if (handler) {
    rmSync(socket, { force: true })
    control = serveControl(socket, handler(runtime))
  }
  writeFileSync(lockPath(config), JSON.stringify({ pid: process.pid, url: runtime.url, socket }))
  const close = runtime.close
  return {
    ...runtime,
    async close() {
      control?.close()
      await close()
      rmSync(lockPath(config), { force: true })
      rmSync(socket, { force: true })
    },
  }
}

/** Newline-separated JSON: progress values, then one {result} or {error}. The socket's folder is private to this user by file mode. */
function serveControl(socket: string, handler: ControlHandler): Server {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const line = (value: unknown): void => void outgoing.write(`${JSON.stringify(value)}\n`)
      const input = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as unknown
      handler((incoming.url ?? '/').slice(1), input, (value) => line({ progress: value })).then(
        (result) => outgoing.end(`${JSON.stringify({ result })}\n`),
        (error: Error & { zh?: string; code?: string }) => outgoing.end(`${JSON.stringify({ error: { message: error.message, zh: error.zh, code: error.code } })}\n`),
      )
    })
  })
  const mask = process.umask(0o077)
  server.listen(socket)
  process.umask(mask)
  server.on('error', () => {})
  return server
}

export function callControl(socket: string, command: string, input: unknown, onProgress: (value: unknown) => void): Promise<unknown> {
  return new Promise((done, fail) => {
    const outgoing = request({ socketPath: socket, path: `/${command}`, method: 'POST' }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const message = JSON.parse(text.slice(0, end)) as { progress?: unknown; result?: unknown; error?: { message: string } }
          text = text.slice(end + 1)
          if ('progress' in message) onProgress(message.progress)
          else if (message.error) fail(new Error(message.error.message))
          else done(message.result)
        }
      })
      incoming.on('error', fail)
      incoming.on('end', () => fail(new Error('the server ended before it answered')))
    })
    outgoing.on('error', fail)
    outgoing.end(JSON.stringify(input))
  })
}
