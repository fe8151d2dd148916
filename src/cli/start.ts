import { join } from 'node:path'
import { monotonicMs } from '../kernel/clock.ts'
import { demoMerchant } from '../demo.ts'
import { packageRoot } from '../root.ts'
import type { Runtime } from '../runtime.ts'
import { exportTenantTo } from './export.ts'
import { cliFault, openLocked, readEffective, type ControlHandler } from './control.ts'
import { runReplay, type ReplayInput } from './replay.ts'

/** `npm start`: everything in one process, one address, one login link. */
export async function start(options: { sea: boolean; people?: string }): Promise<void> {
  const started = monotonicMs()
  const say = (line: string): void => void process.stdout.write(`  ${line}\n`)
  process.stdout.write('轻舟 Qingzhou\n')
  const config = readEffective({ ...(options.sea ? {} : { sea: 'off' as const }), ...(options.people === undefined ? {} : { people: wholePeople(options.people) }) })
  const runtime = await openLocked({ config, say, consoleFolder: join(packageRoot, 'console/dist'), storefrontFolder: join(packageRoot, 'storefront/dist') }, control)
  const { house } = runtime

  let owner = await house.access.findUser('owner')
  if (!owner) owner = { userId: await house.access.createUser('owner', '店主', null), hasPassword: false }
  if (runtime.emulator && runtime.sea) {
    await demoMerchant(runtime, owner.userId, say)
  }
  const link = `${runtime.url}/login/link/${await house.access.createLink(owner.userId)}`
  process.stdout.write([
    '', `  打开 / open        ${runtime.url}`, `  一次性登录 / login  ${link}`, ...(runtime.emulatorUrl ? [`  模拟平台 / emulator ${runtime.emulatorUrl}/_emulator/`] : []),
    '', `  ${((monotonicMs() - started) / 1000).toFixed(1)} s · 数据在 ${config.dataDir} · Ctrl-C 停下，数据会留着 / data is kept`, '', '',
  ].join('\n'))

  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    process.stdout.write('\n  正在停下… / stopping\n')
    runtime.close().then(() => process.exit(0), () => process.exit(1))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function wholePeople(text: string): number {
  const people = Number(text)
  if (!Number.isInteger(people) || people < 1 || people > 1_000_000) throw cliFault('cli/bad-config', { problems: `--people=${text}（1 to 1000000）` })
  return people
}

/** What other commands may ask of a running server. */
export function control(runtime: Runtime): ControlHandler {
  return async (command, input, progress) => {
    if (command === 'replay') return runReplay(runtime, input as ReplayInput, progress)
    if (command === 'export') return exportTenantTo(runtime, input as { tenant: string; out: string })
    if (command === 'login-link') {
      const user = await runtime.house.access.findUser((input as { login: string }).login)
      return { link: user ? `${runtime.url}/login/link/${await runtime.house.access.createLink(user.userId)}` : '' }
    }
    throw new Error(`the server does not know the command ${command}`)
  }
}
