import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock, systemTimers } from '../kernel/clock.ts'
import { makeTlsFront, platformHosts, serveMiniProgram, startEmulator, tlsFrontServes, type MiniProgramHost, type TlsFront } from '../emulator/index.ts'
import { packageRoot } from '../root.ts'
import { cliFault } from './control.ts'
import { report } from './output.ts'

/** The emulator alone: no database, nothing on disk. */
export async function emulate(options: { port: string; host?: string; seed: string; printEnv?: boolean; namespace?: string[]; clock?: string; callback?: string; json?: boolean; once?: boolean; miniProgram?: string; miniPort?: string; ext?: string; tls?: string; tlsPort?: string }): Promise<void> {
  const ext = options.ext === undefined ? {} : extOf(options.ext)
  const built = options.miniProgram === undefined ? undefined : buildMiniProgram(options.miniProgram)
  const tls = options.tls === undefined ? undefined : openTlsFolder(resolve(options.tls))
  const running = await startEmulator({ ...(tls === undefined ? {} : { tls: { ...tls.front, port: Number(options.tlsPort ?? 8443) } }), port: Number(options.port), host: options.host, seed: options.seed, clock: systemClock, timers: systemTimers, namespaces: options.namespace, worldClock: options.clock === 'queue' ? 'queue' : 'real', callbackUrl: options.callback, log: (line) => process.stderr.write(`${line}\n`) })
  const mini = built === undefined ? undefined : await serveMiniProgram(running.emulator, { folder: built.folder, port: Number(options.miniPort ?? 0), host: options.host, ext, log: (line) => process.stderr.write(`${line}\n`) })
  const end = async (): Promise<void> => {
    await mini?.close()
    await running.close()
    built?.remove()
  }
  if (options.printEnv) report(options.json, running.env, Object.entries(running.env).map(([key, value]) => `${key}=${JSON.stringify(value)}`))
  else report(options.json, { url: running.url, admin: `${running.url}/_emulator/`, ...(tls === undefined ? {} : { tlsPort: running.tlsPort, ca: tls.ca, hosts: tls.hosts }), ...(mini === undefined ? {} : { miniProgram: mini.url, pages: built!.pages, missing: mini.missing() }) }, [...(mini === undefined ? [] : miniLines(mini, built!.pages)), `WeChat emulator on ${running.url}`, `admin page        ${running.url}/_emulator/`, ...(tls === undefined ? [] : [`https on port ${running.tlsPort}; clients must trust ${tls.ca}`, `hosts file        127.0.0.1 ${tls.hosts.join(' ')}`]), 'state is in memory only; Ctrl-C ends it', 'it is not WeChat: see docs/wechat-coverage.md for what is there and how each row was verified'])
  if (options.once) {
    await end()
    return
  }
  const stop = (): void => void end().then(() => process.exit(0))
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function extOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below, with what was given.
  }
  throw cliFault('cli/ext', { text })
}

/**
 * Authority and certificate of the https door, kept in a folder so that clients go on trusting it: made when missing, renewed when it no longer
 * serves. Whoever has ca.key can be any host for a client that trusts ca.pem: it is written for its owner only.
 */
function openTlsFolder(folder: string): { front: TlsFront; ca: string; hosts: string[] } {
  const names = platformHosts()
  const at = (file: string): string => join(folder, file)
  const read = (file: string): string => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : '')
  const kept: TlsFront = { caCertificate: read('ca.pem'), caKey: read('ca.key'), certificate: read('front.pem'), key: read('front.key') }
  let front = kept
  try {
    const authority = kept.caCertificate !== '' && kept.caKey !== '' ? kept : undefined
    if (Object.values(kept).some((text) => text === '') || !tlsFrontServes(kept, names, systemClock.now())) front = makeTlsFront(names, systemClock.now(), authority)
    if (front !== kept) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (const [file, text] of [['ca.pem', front.caCertificate], ['ca.key', front.caKey], ['front.pem', front.certificate], ['front.key', front.key]] as const) writeFileSync(at(file), text, { mode: file.endsWith('.key') ? 0o600 : 0o644 })
    }
  } catch (error) {
    throw cliFault('cli/tls-folder', { folder, reason: error instanceof Error ? error.message : String(error) })
  }
  return { front, ca: at('ca.pem'), hosts: names.filter((host) => host !== 'localhost' && !/^[\d.]+$/.test(host)) }
}

/** Any native mini program made ready for a browser, in a folder of the temp directory. */
function buildMiniProgram(path: string): { folder: string; pages: number; remove(): void } {
  const storefront = join(packageRoot, 'storefront')
  if (!existsSync(join(storefront, 'node_modules/glass-easel'))) {
    process.stderr.write('installing the packages of the mini program runtime\n')
    const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'], { cwd: storefront, encoding: 'utf8', shell: process.platform === 'win32' })
    if (status !== 0) throw cliFault('cli/mini-program', { path, reason: `npm ci in storefront/ did not succeed: ${String(stderr).slice(-300)}` })
  }
  const base = mkdtempSync(join(tmpdir(), 'qz-mini-program-'))
  const folder = join(base, 'built')
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(storefront, 'build.mjs'), resolve(path), '--out', folder], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) {
    rmSync(base, { recursive: true, force: true })
    throw cliFault('cli/mini-program', { path, reason: stderr.trim().split('\n').slice(-3).join(' ') || 'the build did not end' })
  }
  return { folder, pages: Number(/^(\d+) pages/m.exec(stdout)?.[1] ?? 0), remove: () => rmSync(base, { recursive: true, force: true }) }
}

/** What is missing, most wanted first; the page has the whole list behind its button. */
function miniLines(mini: MiniProgramHost, pages: number): string[] {
  const missing = mini.missing()
  const kinds = new Map<string, number>()
  for (const one of missing) {
    const kind = /<[\w-]+>|component \S+/.exec(one)?.[0] ?? one
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  const rows = [...kinds].sort((a, b) => b[1] - a[1])
  return [
    `mini program      ${mini.url}  (${pages} pages)`,
    ...(missing.length === 0 ? ['nothing is missing so far; what a page asks for later is told here'] : [`missing in this runtime: ${missing.length} places, ${rows.length} things; the page shows them all behind its button`, ...rows.slice(0, 20).map(([kind, n]) => `  ${String(n).padStart(4)} × ${kind}`), ...(rows.length > 20 ? [`  and ${rows.length - 20} more: ${mini.url}_mini/missing`] : [])]), '',
  ]
}
