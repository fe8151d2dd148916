import { createInterface } from 'node:readline'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { startEmulator } from '../../src/emulator/index.ts'

/** The emulator as a process of its own, for benches: WeChat Pay with real keys. One line in is a prepay_id that its buyer pays; notices go out over HTTP. */
const running = await startEmulator({ port: 0, seed: 'bench', clock: systemClock, timers: systemTimers, worldClock: 'real', limits: false })
const { emulator } = running
const pay = running.accounts.find((account) => account.kind === 'pay')!
const mini = running.accounts.find((account) => account.kind === 'mini-program')!
const openids: string[] = []
for (let n = 0; n < 50; n++) openids.push(((await emulator.act('main', 'miniProgram.login', { person: `p${n}` })) as { openid: string }).openid)
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'end') void running.close().then(() => process.exit(0))
  else emulator.act('main', 'pay.payOrder', { prepay_id: line }).catch((error: unknown) => say({ failed: String(error) }))
})
say({ url: running.url, openids, mini: { id: mini.id }, pay: pay.kind === 'pay' ? { id: pay.id, apiV3Key: pay.apiV3Key, merchantPrivateKey: pay.merchantPrivateKey, merchantSerial: pay.merchantSerial } : null })
