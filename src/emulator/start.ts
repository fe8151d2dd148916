import type { Clock, Instant, Timers } from '../kernel/clock.ts'
import type { Account } from './core/account.ts'
import { httpSend } from './core/deliverer.ts'
import { createEmulator, openEmulator, type Emulator, type WorldClock } from './core/emulator.ts'
import type { Journal } from './core/journal.ts'
import type { LineModule } from './core/registry.ts'
import { serveHttp } from './core/server.ts'
import { emulatorLines } from './lines.ts'

export type StartOptions = {
  /** 0 takes a free port. */
  port: number
  host?: string
  seed: string
  /** Process clock: wire times, and the world's time unless `worldClock` is a queue. */
  clock: Clock
  timers: Timers
  /** `real` when absent. */
  worldClock?: 'real' | 'queue'
  /** World time at which a queue clock begins. */
  start?: Instant
  /** Made besides `main`. */
  namespaces?: readonly string[]
  /** Absent: memory only. */
  journal?: Journal
  modules?: readonly LineModule[]
  limits?: boolean
  /** Where callbacks of every account that takes them go at first; `{kind}` and `{id}` are filled in. */
  callbackUrl?: string
  log?: (line: string) => void
  /** A second door that speaks https, for clients with addresses written into them. Port 0 takes a free one. */
  tls?: { port: number; certificate: string; key: string }
}

export type RunningEmulator = {
  emulator: Emulator
  url: string
  port: number
  /** Of the https door, if there is one. */
  tlsPort: number | undefined
  accounts: Account[]
  /** Credentials as environment variables, see `exportEnv`. */
  env: Record<string, string>
  close(): Promise<void>
}

/** The emulator behind an HTTP port, sending callbacks by itself. */
export async function startEmulator(options: StartOptions): Promise<RunningEmulator> {
  const send = httpSend(options.timers)
  const clock: WorldClock = options.worldClock === 'queue' ? { kind: 'queue' } : { kind: 'real', clock: options.clock }
  const settings = {
    modules: options.modules ?? emulatorLines,
    seed: options.seed,
    start: options.start ?? options.clock.now(),
    clock,
    wireClock: options.clock,
    send,
    timers: options.timers,
    namespaces: options.namespaces,
    limits: options.limits,
  }
  const emulator = options.journal ? await openEmulator({ ...settings, journal: options.journal }) : createEmulator(settings)
  const front = await serveHttp(emulator, { port: options.port, host: options.host, log: options.log })
  const secure = options.tls && (await serveHttp(emulator, { port: options.tls.port, host: options.host, log: options.log, tls: options.tls }))
  if (options.callbackUrl !== undefined) {
    for (const name of emulator.namespaces()) {
      for (const account of emulator.namespace(name).accounts) {
        if (account.kind === 'pay') continue
        const url = options.callbackUrl.replaceAll('{kind}', account.kind).replaceAll('{id}', account.id)
        await emulator.act(name, 'core.setPush', { kind: account.kind, id: account.id, url })
      }
    }
  }
  return {
    emulator,
    url: front.url,
    port: front.port,
    tlsPort: secure?.port,
    accounts: emulator.namespace('main').accounts,
    env: exportEnv(emulator, 'main', front.url),
    async close() {
      await front.close()
      await secure?.close()
      await emulator.close()
      send.close()
    },
  }
}

/** Names that a certificate for the emulator has to carry: the platform's hosts of all lines, and this machine's own. */
export function platformHosts(modules: readonly LineModule[] = emulatorLines): string[] {
  return [...new Set([...modules.flatMap((module) => [...(module.hooks?.hosts ?? [])]), 'api.weixin.qq.com', 'qyapi.weixin.qq.com', 'api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com', 'localhost', '127.0.0.1'])]
}

/**
 * Every credential a real client needs, as environment variables: corp id and secrets, tokens and AES keys, app ids and secrets, merchant id,
 * key, certificate and serial, APIv3 key, platform certificate and public key. PEM texts have real line ends.
 */
export function exportEnv(emulator: Emulator, name = 'main', url?: string): Record<string, string> {
  const ns = emulator.namespace(name)
  const env: Record<string, string> = {}
  if (url !== undefined) {
    const base = name === 'main' ? url : `${url}/ns/${name}`
    env.QZ_EMULATOR_URL = base
    // Clients that take a base URL per line get the same one three times: the emulator tells lines apart by path and token.
    env.WECHAT_API_BASE = base
    env.WECOM_API_BASE = base
    env.WECHAT_PAY_API_BASE = base
  }
  for (const module of emulator.modules) Object.assign(env, module.env?.(ns))
  return env
}
