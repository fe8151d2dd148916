import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import { createLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { runningEpoch } from '../../src/restrain/experiment/index.ts'

/** The two buttons of the voyage, from the press to the answer, over HTTP in a small living sea. */
const start = Date.parse('2026-03-10T10:00:00+08:00')
const world = 'main'
let runtime: Runtime
let tenantId: number
let cookie: string
let csrf: string

async function api<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${runtime.url}/api/t/what-if${path}`, { method, headers: { cookie, 'x-csrf': csrf, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const json = (await answer.json()) as T & { error?: { message: string } }
  if (!answer.ok) throw new Error(`${answer.status} ${json.error?.message}`)
  return json
}
type Run = { runId: string; state: string; progress: number; error: string | null; result: { basis: string; contacts: number; futures: number; note: string; days: string[]; other: { losses: number[]; pressure: number[] }; present: { losses: number[]; pressure: number[] }; summary: { sentence: string; losses: { value: number } } } | null }

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false })
  const { house } = runtime
  const emulator = runtime.emulator!
  const userId = await house.access.createUser('owner', '店主', null)
  tenantId = await onboard({ house, emulator, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'what-if', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'contacts', 'codes', 'broadcasts', 'dosage'], lines: ['wecom', 'shop'], ownerId: userId,
  })
  const link = await house.access.createLink(userId)
  cookie = (await fetch(`${runtime.url}/login/link/${link}`, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]
  csrf = ((await (await fetch(`${runtime.url}/api/me`, { headers: { cookie } })).json()) as { csrf: string }).csrf
}, 120_000)
afterAll(() => runtime?.close())

describe('what if', () => {
  test('without contacts it says that there is nobody to play', async () => {
    expect(await api('GET', '/what-if')).toMatchObject({ available: false, basis: 'population', why: '还没有联系人，「如果」没有人可算。', runs: [] })
    await expect(api('POST', '/what-if', { policy: 'blast' })).rejects.toThrow('409')
  })

  test('the people of the sea are played under another dosage while the book stays as it was', async () => {
    const emulator = runtime.emulator!
    const shop = emulator.namespace(world).accounts.find((account) => account.kind === 'shop')!.id
    await emulator.act(world, 'population.create', { preset: 'tea', regime: 'fragile', people: 200, seed: 'what-if', shop, contacts: 0.9 })
    await runtime.sea!.runTo(world, start + 24 * 3_600_000)
    // The first epoch began by itself at three in the night.
    expect(await runtime.house.ports.db.tx({ role: 'app', tenantId }, (tx) => runningEpoch(tx, tenantId))).toMatchObject({ n: 1 })
    const before = { view: await emulator.act(world, 'population.view', {}), slice: JSON.stringify(emulator.namespace(world).slices.population) }
    const begun = await api<Run>('POST', '/what-if', { policy: 'blast', days: 28 })
    expect(begun).toMatchObject({ state: 'running', progress: 0, result: null })
    expect((await api<Run>('POST', '/what-if', { policy: 'blast', days: 28 })).runId).toBe(begun.runId)
    const silence = await api<Run>('POST', '/what-if', { policy: 'silence', days: 28 })
    const ended = async (runId: string): Promise<Run> => {
      for (;;) {
        const run = await api<Run>('GET', `/what-if/${runId}`)
        if (run.state !== 'running') return run
        await runtime.house.ports.timers.sleep(20)
      }
    }
    const blast = await ended(begun.runId)
    expect(blast).toMatchObject({ state: 'done', progress: 1, error: null, result: { basis: 'population' } })
    const result = blast.result!
    expect(result.contacts).toBeGreaterThan(30)
    expect(result.days).toHaveLength(28)
    expect(result.days[0]).toBe('2026-03-12')
    expect(result.other.pressure[27]).toBeGreaterThan(3 * result.present.pressure[27])
    expect(result.summary.losses.value).toBeGreaterThan(1)
    expect(result.summary.sentence).toMatch(/^28 天里每天给每个人发一条：/)
    expect((await ended(silence.runId)).result!.summary.losses.value).toBeLessThan(0)
    expect((await api<{ runs: Run[] }>('GET', '/what-if')).runs.map((run) => run.runId)).toEqual([silence.runId, begun.runId])
    expect({ view: await emulator.act(world, 'population.view', {}), slice: JSON.stringify(emulator.namespace(world).slices.population) }).toEqual(before)
    // Cancelled while it is computed, and while it waits: both end, and the next one is computed all the same.
    const long = await api<Run>('POST', '/what-if', { policy: 'blast', days: 180 })
    const waiting = await api<Run>('POST', '/what-if', { policy: 'silence', days: 180 })
    while ((await api<Run>('GET', `/what-if/${long.runId}`)).progress === 0) await runtime.house.ports.timers.sleep(5)
    expect(await api<Run>('DELETE', `/what-if/${waiting.runId}`)).toMatchObject({ state: 'cancelled', result: null })
    expect(await api<Run>('DELETE', `/what-if/${long.runId}`)).toMatchObject({ state: 'cancelled', result: null })
    const next = await api<Run>('POST', '/what-if', { policy: 'silence', days: 28 })
    expect((await ended(next.runId)).state).toBe('done')
    expect(await api<Run>('GET', `/what-if/${long.runId}`)).toMatchObject({ state: 'cancelled' })
    expect(await api<Run>('GET', `/what-if/${waiting.runId}`)).toMatchObject({ state: 'cancelled', progress: 0 })
    expect(await api<Run>('DELETE', `/what-if/${next.runId}`)).toMatchObject({ state: 'done' })
    await expect(api('GET', '/what-if/00000000-0000-7000-8000-000000000001')).rejects.toThrow('404')
  }, 240_000)
})
