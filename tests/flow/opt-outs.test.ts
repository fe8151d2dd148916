import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { createCaptain } from '../../src/simulation/world/index.ts'
import type { VoyageRefusals, VoyageRow } from '../../src/learn/voyage/index.ts'

/** From the tap in WeChat to the leak in the picture of the voyage, by the platform's own callbacks: XML of the Official Account, JSON of the mini program. */
describe('who wants no more messages', { timeout: 120_000 }, () => {
  const world = 'main'
  const start = Date.parse('2026-03-10T10:00:00+08:00')
  let runtime: Runtime
  let tenantId: number
  const act = (name: string, args: unknown) => runtime.emulator!.act(world, name, args)
  const voyage = async (): Promise<{ rows: VoyageRow[]; refusals: VoyageRefusals }> =>
    (await createCaptain({ tenantId, clock: runtime.house.context.clockOf(tenantId), staff: undefined }).ask(runtime.house, 'GET', '/voyage')) as { rows: VoyageRow[]; refusals: VoyageRefusals }

  beforeAll(async () => {
    runtime = await openRuntime({ config: { ...readConfig({}).config, sea: 'on' }, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false })
    const { house, emulator } = runtime
    tenantId = await onboard({ house, emulator: emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, { slug: 'refusals', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['mall'], lines: ['official-account', 'mini-program'], ownerId: undefined })
  }, 120_000)
  afterAll(() => runtime?.close())

  test('is counted under the line that was refused; who follows again is not, and nobody is before (control)', async () => {
    expect(await voyage()).toMatchObject({ rows: [], refusals: { own: 0, officialAccount: 0, miniProgram: 0 } })
    for (const person of ['anna', 'bert', 'cara']) await act('officialAccount.follow', { person })
    for (const person of ['anna', 'bert']) await act('officialAccount.unfollow', { person })
    await act('miniProgram.changeSubscription', { person: 'anna', template: 'shipped' })
    await runtime.sea!.runTo(world, start + 60_000)
    await act('officialAccount.follow', { person: 'bert' })
    await runtime.sea!.runTo(world, start + 120_000)
    const { rows, refusals } = await voyage()
    expect(refusals).toEqual({ own: 0, officialAccount: 1, miniProgram: 1 })
    // One person, if WeChat tells that both are one: the accounts are bound to the same developer account, but neither event carries the unionid.
    expect(rows.reduce((sum, row) => sum + row.refused, 0)).toBe(2)
  })
})
