import { manualClock } from '../../src/kernel/clock.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import type { Account, ComponentAccount, SuiteAccount } from '../../src/emulator/core/account.ts'
import { createEmulator } from '../../src/emulator/core/emulator.ts'
import { accountOf } from '../../src/emulator/core/namespace.ts'
import type { LineModule } from '../../src/emulator/core/registry.ts'
import type { Sealed } from '../../src/emulator/core/wire.ts'
import { createWechat, WechatError } from '../../src/wechat/client/index.ts'
import { openCallback } from '../../src/wechat/codec/index.ts'

export const thirdPartyStart = Date.parse('2026-06-01T00:00:00Z')

/** An emulator with a third party in it (a platform for others' accounts, or a provider of suites), our client, and what the platform told it. */
export async function thirdPartyWorld<K extends 'component' | 'provider'>(kind: K, modules: readonly LineModule[]) {
  const clock = manualClock(thirdPartyStart)
  const sent: Sealed[] = []
  const emulator = createEmulator({
    modules, seed: kind, start: thirdPartyStart, clock: { kind: 'queue' }, wireClock: clock,
    send: async (push) => {
      sent.push(push)
      return { status: 200, body: 'success' }
    },
  })
  const ns = () => emulator.namespace()
  await emulator.act('main', 'core.setPush', { kind, url: `http://merchant/${kind}` })
  const own = accountOf(ns(), kind) as Extract<Account, { kind: K }>
  const { id, push } = own as ComponentAccount | SuiteAccount
  const keys = { token: push.token, aesKey: push.aesKey, receiveId: id }
  const wechat = createWechat({
    http: async ({ method, url, headers, body }) => {
      const at = new URL(url)
      return emulator.handle({ method, url: at.pathname + at.search, headers: { ...headers, host: at.host }, body: Buffer.from(body ?? ''), ip: '127.0.0.1' })
    },
    clock: { now: () => ns().now }, wireClock: clock, random: seededRandom(1),
  })
  /** What the platform told us, oldest first. */
  const told = async () => {
    await emulator.pump()
    return sent.map(({ url, body }) => openCallback(keys, { query: Object.fromEntries(new URL(url).searchParams), body }, kind === 'provider' ? 'wecom' : 'weixin').value as Record<string, string>)
  }
  const errcode = (work: Promise<unknown>) => work.then(() => 0, (error: unknown) => (error instanceof WechatError ? error.errcode : String(error)))
  return { emulator, ns, sent, own, wechat, told, errcode }
}
