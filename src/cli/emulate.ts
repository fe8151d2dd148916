import { systemClock, systemTimers } from '../kernel/clock.ts'
import { startEmulator } from '../emulator/index.ts'
import { report } from './output.ts'

/** The emulator alone: no database, nothing on disk. */
export async function emulate(options: { port: string; host?: string; seed: string; printEnv?: boolean; namespace?: string[]; clock?: string; callback?: string; json?: boolean; once?: boolean }): Promise<void> {
  const running = await startEmulator({ port: Number(options.port), host: options.host, seed: options.seed, clock: systemClock, timers: systemTimers, namespaces: options.namespace, worldClock: options.clock === 'queue' ? 'queue' : 'real', callbackUrl: options.callback, log: (line) => process.stderr.write(`${line}\n`) })
  if (options.printEnv) report(options.json, running.env, Object.entries(running.env).map(([key, value]) => `${key}=${JSON.stringify(value)}`))
  else report(options.json, { url: running.url, admin: `${running.url}/_emulator/` }, [`WeChat emulator on ${running.url}`, `admin page        ${running.url}/_emulator/`, 'state is in memory only; Ctrl-C ends it', 'it is not WeChat: see docs/wechat-coverage.md for what is there and how each row was verified'])
  if (options.once) {
    await running.close()
    return
  }
  const stop = (): void => void running.close().then(() => process.exit(0))
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
