import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { freemem } from 'node:os'
import { join, resolve } from 'node:path'
import { packageRoot } from '../root.ts'
import { readConfig } from '../kernel/config.ts'
import { startPostgres } from '../kernel/db/index.ts'
import { runningServer } from './control.ts'
import { report } from './output.ts'

type Check = { name: string; ok: boolean; detail: string }

/** Looks at what a start would need, and says what to do where something is missing. Exit 1 when a check fails. */
export async function doctor(options: { json?: boolean }): Promise<void> {
  const { config, problems } = readConfig()
  const checks: Check[] = []
  const put = (name: string, ok: boolean, detail: string): void => void checks.push({ name, ok, detail })
  const [major, minor] = process.versions.node.split('.').map(Number)
  put('node', major > 20 || (major === 20 && minor >= 19), `${process.versions.node}; 20.19 or later is needed`)
  put('configuration', problems.length === 0, problems.map((p) => `${p.env}=${p.found}: expected ${p.expected}`).join('; ') || 'all values make sense')
  const folder = resolve(config.dataDir)
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    const disk = statfsSync(folder)
    const free = Math.round((disk.bavail * disk.bsize) / 1048576)
    put('data folder', free > 1024, `${folder}, ${free} MB free`)
  } catch (error) {
    put('data folder', false, `${folder} cannot be written: ${(error as Error).message}; set QZ_DATA_DIR to one that can`)
  }
  put('memory', freemem() > 512 * 1048576, `${Math.round(freemem() / 1048576)} MB free`)
  const running = runningServer(config)
  put('server', true, running ? `running, pid ${running.pid}, ${running.url}` : 'not running')
  if (!running) for (const [name, port] of [['port', config.port], ['emulator port', config.emulatorPort]] as const) put(name, true, (await portFree(port)) ? `${port} is free` : `${port} is taken; the next free one will be used`)
  if (config.backend === 'embedded') {
    try {
      const server = await startPostgres({ profile: 'disposable' })
      await server.stop()
      put('database', true, 'the embedded PostgreSQL starts and stops')
    } catch (error) {
      put('database', false, (error as Error).message)
    }
  } else put('database', true, `${config.backend} at QZ_DATABASE_URL (not tried here)`)
  put('console', existsSync(join(packageRoot, 'console/dist/index.html')), 'built by npm start')
  put('public address', true, config.publicUrl || 'QZ_PUBLIC_URL is not set: real WeChat cannot reach this server; the emulator can')
  report(options.json, { checks }, checks.map((check) => `${check.ok ? 'ok  ' : 'FAIL'} ${check.name.padEnd(16)} ${check.detail}`))
  if (checks.some((check) => !check.ok)) process.exitCode = 1
}

function portFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)))
  })
}
