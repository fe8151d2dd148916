import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import type { OutboxCall } from '../../kernel/outbox/index.ts'
import { channelsOfStates, closeCode, codeChanged, codeFind, codeMade, editCode, findCode, listCodes, makeCode, welcomeTextsOf, type ChannelCode } from './index.ts'

let t: TestDb
let tenantId: number
let seed = 0
const work = () => testWork(tenantId, start, `code-${seed++}`)
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'codes')
})
afterAll(() => t.close())

const make = (staff: string[], more: Partial<ChannelCode> = {}) => t.app(tenantId, (tx) => makeCode(tx, work(), { connectionId: connectionA, corpId: 'corp', name: '门店一', channel: 'store', staff, skipVerify: true, welcomeText: null, createdBy: 'test', ...more }))
const callsOf = async (codeId: string): Promise<OutboxCall[]> => (await t.owner.query(`select outbox_id as "outboxId", endpoint, request, reply, lane from outbox where lane = $1 order by seq`, [`code/${codeId}`])).rows
const answer = (handler: typeof codeMade, call: OutboxCall, outcome: PlatformAnswer & { final: boolean }) => t.app(tenantId, (tx) => handler.handle(work(), tx, call, outcome))
const status = async (codeId: string) => (await t.app(tenantId, (tx) => findCode(tx, tenantId, codeId)))!.status
const made = { kind: 'ok' as const, result: { config_id: 'c-1', qr_code: 'https://example.com/q' }, final: true }

describe('channel codes', () => {
  test('one member makes a code of type 1, several of type 2; the state is unguessable, short enough and never twice', async () => {
    const codes = [await make(['wang']), await make(['wang', 'li'])]
    const requests = await Promise.all(codes.map(async (code) => (await callsOf(code.codeId))[0].request as { type: number; state: string; user: string[] }))
    expect(requests.map((request) => [request.type, request.user])).toEqual([[1, ['wang']], [2, ['wang', 'li']]])
    for (const request of requests) expect(request.state.length).toBeLessThanOrEqual(30)
    expect(new Set(requests.map((request) => request.state)).size).toBe(2)
  })

  test.each([
    ['live when the platform says so', made, 'live'], ['failed when it says no', { kind: 'refused', retry: 'never', code: '41054', text: 'not activated', final: true }, 'failed'],
    ['unknown without an answer', { kind: 'no-answer', text: 'timeout', final: true }, 'unknown'], ['still being made while it is tried again', { kind: 'refused', retry: 'later', code: '45009', text: 'limit', final: false }, 'making'],
  ] as Array<[string, PlatformAnswer & { final: boolean }, string]>)('%s', async (_what, outcome, expected) => {
    const code = await make(['wang'])
    await answer(codeMade, (await callsOf(code.codeId))[0], outcome)
    expect(await status(code.codeId)).toBe(expected)
  })

  test('a code without an answer is looked for by its state: found it is live, not there after three looks it was not made', async () => {
    for (const [there, looks, expected] of [[true, 0, 'live'], [false, 0, 'unknown'], [false, 2, 'failed']] as const) {
      const code = await make(['wang'])
      await answer(codeMade, { ...(await callsOf(code.codeId))[0], outboxId: work().ids.next() }, { kind: 'no-answer', text: 'timeout', final: true })
      const handler = codeFind({
        call: async (_tenant, _connection, endpoint, request) => ({
          kind: 'ok', result: endpoint === 'wecom.contact_way.list' ? { contact_way: [{ config_id: 'other' }, { config_id: 'mine' }] } : { contact_way: { state: there && (request as { config_id: string }).config_id === 'mine' ? code.state : 'else', qr_code: 'q' } },
        }),
        read: (tenant, read) => t.app(tenant, read),
      })
      const job = { kind: handler.kind, key: code.codeId, dueAt: start, state: { outboxId: work().ids.next(), looks }, attempts: 0 }
      const at = work()
      const prepared = await handler.prepare!(at, job)
      await t.app(tenantId, (tx) => handler.run(at, tx, job, prepared))
      expect(await status(code.codeId)).toBe(expected)
      if (there) expect(await t.app(tenantId, (tx) => findCode(tx, tenantId, code.codeId))).toMatchObject({ configId: 'mine', qrCode: 'q' })
    }
  })

  test('a change replaces the list of members as a whole; closing keeps the state for ever', async () => {
    const code = await make(['wang', 'li'], { welcomeText: '你好' })
    await answer(codeMade, (await callsOf(code.codeId))[0], made)
    const live = (await t.app(tenantId, (tx) => findCode(tx, tenantId, code.codeId)))!
    await t.app(tenantId, (tx) => editCode(tx, work(), live, { staff: ['li'] }))
    await t.app(tenantId, (tx) => closeCode(tx, work(), live))
    const calls = await callsOf(code.codeId)
    expect(calls.map((call) => call.endpoint)).toEqual(['wecom.contact_way.add', 'wecom.contact_way.update', 'wecom.contact_way.delete'])
    expect(calls[1].request).toMatchObject({ config_id: 'c-1', user: ['li'] })
    await answer(codeChanged, calls[2], { kind: 'refused', retry: 'never', code: '41044', text: 'unknown', final: true })
    expect(await status(code.codeId)).toBe('closed')
    // Whoever added by it yesterday is still told apart.
    expect(await t.app(tenantId, (tx) => channelsOfStates(tx, tenantId, 'corp', [code.state, 'other']))).toEqual(new Map([[code.state, 'code/store']]))
    expect(await t.app(tenantId, (tx) => welcomeTextsOf(tx, tenantId, 'corp', [code.state, '']))).toEqual(new Map([[code.state, '你好']]))
    expect((await t.app(tenantId, (tx) => listCodes(tx, tenantId))).length).toBeGreaterThan(5)
  })
})
