import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { OutboxCall } from '../../kernel/outbox/index.ts'
import { textCheck } from '../../wechat/spec/mini-program/index.ts'
import { comment, makeConduct, readerId } from './fixtures/conduct.ts'
import { platformSaid } from './platform.ts'
import { findCase } from './store.ts'

let t: TestDb
beforeAll(async () => { t = await openTestDb() })
afterAll(() => t.close())
const connectionId = '00000000-0000-7000-8000-0000000000cc'

test('a text from the mini program is asked of the platform as its page says; what it answers is a hint and no decision', async () => {
  const tenantId = await makeTenant(t, 'platform')
  const { gate } = makeConduct({ platform: async () => ({ connectionId, openid: 'o-1' }) })
  const work = testWork(tenantId, start, 'platform')
  const [mini] = await t.app(tenantId, (tx) => gate.judge(tx, work, [comment(1, '这家店不错', { surface: 'mini', at: start }), comment(2, '这家店不错吧', { surface: 'web', at: start, readerId: readerId(2) })]))
  const { rows } = await t.owner.query('select endpoint, request, reply from outbox where tenant_id = $1', [tenantId])
  expect(rows).toMatchObject([{ endpoint: 'mini-program.safety.text', request: { content: '这家店不错', version: 2, scene: 2, openid: 'o-1' } }])
  expect(textCheck.request.safeParse(rows[0].request).success).toBe(true)
  const call = { reply: rows[0].reply } as OutboxCall
  const hear = (result: unknown) => t.app(tenantId, (tx) => platformSaid.handle(work as unknown as Work, tx, call, { kind: 'ok', result, final: true }))
  await hear({ errcode: 0, result: { suggest: 'pass', label: 100 }, detail: [] })
  expect((await t.app(tenantId, (tx) => findCase(tx, tenantId, mini.caseId!)))?.evidence).toEqual([])
  await hear({ errcode: 0, result: { suggest: 'risky', label: 20006 }, detail: [{ strategy: 'keyword', errcode: 0, keyword: '不错' }] })
  expect(await t.app(tenantId, (tx) => findCase(tx, tenantId, mini.caseId!))).toMatchObject({ state: 'open', priority: 50, evidence: [{ from: 3, to: 5, found: '不错', how: 'platform:risky:20006' }] })
})
test('control: without an account of the platform nothing is asked, and a refusal (not visited within two hours) changes nothing', async () => {
  const tenantId = await makeTenant(t, 'nobody')
  const { gate } = makeConduct({ platform: async () => undefined })
  const work = testWork(tenantId, start, 'nobody')
  const [one] = await t.app(tenantId, (tx) => gate.judge(tx, work, [comment(1, '这家店不错', { surface: 'mini', at: start })]))
  expect((await t.owner.query('select 1 from outbox where tenant_id = $1', [tenantId])).rows).toEqual([])
  await t.app(tenantId, (tx) => platformSaid.handle(work as unknown as Work, tx, { reply: { caseId: one.caseId } } as OutboxCall, { kind: 'refused', retry: 'never', code: '61010', text: '', final: true }))
  expect((await t.app(tenantId, (tx) => findCase(tx, tenantId, one.caseId!)))?.evidence).toEqual([])
})
