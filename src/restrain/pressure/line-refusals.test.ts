import { afterAll, beforeAll, expect, test } from 'vitest'
import { day, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { CallbackFact } from '../../kernel/inbox/index.ts'
import { refusalFacts, refusalIn } from './line-refusals.ts'
import { optedOut, optOutsBetween } from './store.ts'

let t: TestDb
let tenantId: number
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'refusals')
})
afterAll(() => t.close())

const [account, mini] = refusalFacts({ accountOf: (_tenant, connectionId) => `wx${connectionId}` })
type Said = { event: string; at: number; openid: string; list?: unknown }
const hear = (handler: typeof account, said: readonly Said[]): Promise<void> => t.app(tenantId, (tx) => handler.handle(testWork(tenantId, start, `refusals ${JSON.stringify(said)}`), tx, said.map(({ event, at, openid, list }) => (
  { event, connectionId: handler.line, line: handler.line, message: JSON.stringify({ FromUserName: openid, CreateTime: at / 1000, ...(list === undefined ? {} : { List: list }) }) } as unknown as CallbackFact & { line: string }))))
const out = async (line: string): Promise<number> => (await t.app(tenantId, (tx) => optedOut(tx, tenantId, line, start))).size

test('an unfollow is an opt-out of the Official Account and of nothing else; following again ends it, whatever comes in between late', async () => {
  await hear(account, [{ event: 'unsubscribe', at: start - 3 * day, openid: 'o1' }, { event: 'unsubscribe', at: start - 3 * day, openid: 'o2' }, { event: 'CLICK', at: start - day, openid: 'o3' }])
  expect([await out('official-account'), await out('wecom'), await out('mini-program')]).toEqual([2, 0, 0])
  await hear(account, [{ event: 'subscribe', at: start - day, openid: 'o1' }])
  expect(await out('official-account')).toBe(1)
  await hear(account, [{ event: 'unsubscribe', at: start - 3 * day, openid: 'o1' }]) // delivered again by the platform
  expect(await out('official-account')).toBe(1)
})

test('messages of the mini program are refused in its settings or by answering a prompt with nothing but no; one yes ends it (control)', async () => {
  const reject = { TemplateId: 'a', SubscribeStatusString: 'reject' }
  const accept = { TemplateId: 'b', SubscribeStatusString: 'accept' }
  expect(refusalIn('mini-program', 'subscribe_msg_popup_event', { List: [reject, accept] })).toMatchObject({ wants: true })
  expect(refusalIn('mini-program', 'subscribe_msg_sent_event', { List: reject })).toBeUndefined()
  await hear(mini, [{ event: 'subscribe_msg_change_event', at: start - 2 * day, openid: 'm1', list: reject }, { event: 'subscribe_msg_popup_event', at: start - 2 * day, openid: 'm2', list: [reject] }])
  expect(await out('mini-program')).toBe(2)
  await hear(mini, [{ event: 'subscribe_msg_popup_event', at: start - day, openid: 'm2', list: accept }])
  expect(await out('mini-program')).toBe(1)
})

test('a refusal of another line is no loss of the member\'s dosage; one of everything is (control)', async () => {
  const lost = async (): Promise<number> => (await t.app(tenantId, (tx) => optOutsBetween(tx, tenantId, start - 30 * day, start + 1))).length
  expect(await lost()).toBe(0)
  await t.owner.query(`update opt_out set line = '*' where ctid in (select ctid from opt_out where tenant_id = $1 limit 1)`, [tenantId])
  expect(await lost()).toBe(1)
})
