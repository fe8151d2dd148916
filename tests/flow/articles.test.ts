import { deflateSync, crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { addMedia } from '../../src/kernel/media/index.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { resolvePersons } from '../../src/book/person/index.ts'
import { checkBalanced } from '../../src/book/account/index.ts'
import { articleBills, buy, findSale, incomeOf, listPushes, noFillers, payForSale, readArticle, refundSale, requestSaleRefund, saveDraft, schedule, submit, type DraftInput } from '../../src/retain/article/index.ts'
import { comment } from '../../src/retain/discussion/index.ts'
import { allowAllConductGate, houseReader, readerOf, registerReader, type Actor, type CommunityWork } from '../../src/retain/reader/index.ts'
import type { PaymentPlatform } from '../../src/sell/payment/index.ts'

/** Articles through the real protocols: to the Official Account and back, and money for them through WeChat Pay. */

const start = Date.parse('2026-03-10T10:00:00+08:00')
const minute = 60_000
const world = 'main'
let runtime: Runtime
let tenantId: number
const app = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, run)
const act = <T = Record<string, any>>(name: string, args: Record<string, unknown>): Promise<T> => runtime.emulator!.act(world, name, args) as Promise<T>
const now = (): number => runtime.emulator!.namespace(world).now
const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)
const work = (): CommunityWork => {
  const { context } = runtime.house
  return { tenantId, now: context.clockOf(tenantId).now(), ids: context.ids, random: context.random, emit: (tx, events) => context.emit(tx, tenantId, events) }
}
const parts = { gate: allowAllConductGate, fillers: noFillers }
async function api<T = Record<string, any>>(method: string, path: string, given: { params?: unknown; body?: unknown } = {}): Promise<T> {
  const route = runtime.house.routes.find((one) => one.method === method && one.path === path)
  if (!route) throw new Error(`no route ${method} ${path}`)
  const { context } = runtime.house
  const call = { tenantId, session: { userId: '', login: 'test', name: '测试', csrf: '', hasPassword: true }, role: 'owner', actor: 'test', db: context.db, clock: context.clockOf(tenantId), ids: context.ids, language: 'zh' as const, params: route.params?.parse(given.params ?? {}), query: undefined, body: route.body?.parse(given.body ?? {}) }
  const result = await app((tx) => route.handle({ ...call, tx } as never))
  runtime.house.wake(tenantId)
  return result as T
}

/** A small PNG. */
function png(): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const head = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const out = Buffer.alloc(12 + body.length)
    out.writeUInt32BE(body.length, 0)
    head.copy(out, 4)
    out.writeUInt32BE(crc32(head), 8 + body.length)
    return out
  }
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0])
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.from([0, 9, 9, 9, 9, 9, 9, 0, 9, 9, 9, 9, 9, 9]))), chunk('IEND', Buffer.alloc(0))])
}

async function publish(draft: DraftInput, author?: Actor): Promise<string> {
  const authorReaderId = author?.readerId ?? (await app((tx) => houseReader(tx, work(), '小满茶铺')))
  const saved = await app((tx) => saveDraft(tx, work(), { staff: 'me', authorReaderId }, draft, null))
  if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
  await app((tx) => submit(tx, work(), parts, { readerId: null, name: 'me' }, saved.articleId, null))
  expect(await app((tx) => schedule(tx, work(), parts, saved.articleId, saved.version, now(), null))).toEqual({ kind: 'published' })
  return saved.articleId
}
let people = 0
const reader = (): Promise<Actor> => app(async (tx) => {
  const { personIds } = await resolvePersons(tx, tenantId, [{ unionid: `union-reader-${people++}`, seenAt: now(), evidence: 'test' }], work().ids)
  const { readerId } = await registerReader(tx, work(), { personId: personIds[0], surface: 'web', name: '' })
  return { readerId, personId: personIds[0], surface: 'web' as const }
})

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: silentLog, say: () => {}, disposable: true, anyPort: true, seaStart: start, journal: false })
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'articles', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['mall', 'points', 'official-account', 'community'], ownerId: undefined,
  })
}, 60_000)
afterAll(() => runtime?.close())

describe('to the Official Account', () => {
  let articleId: string
  const pushes = () => app((tx) => listPushes(tx, tenantId, articleId))
  test('images, draft, publication; how it ended is heard, and the account has what was written', async () => {
    const { sha256 } = await app((tx) => addMedia(tx, tenantId, { bytes: png(), source: '自己拍的', licence: '自有', addedBy: 'staff:me' }, now()))
    articleId = await publish({ title: '新茶到了', summary: '今年第一批', cover: sha256, blocks: [{ type: 'text', html: '<h2>一</h2><p>看 <a href="https://elsewhere.example">这里</a></p>' }, { type: 'image', sha256, alt: '茶', source: '自己拍的', licence: '自有' }, { type: 'quiz', question: '几月的？', options: ['三月', '四月'], right: 0 }] })
    const started = await api('POST', '/articles/:articleId/push', { params: { articleId } })
    expect(started.kind).toBe('started')
    expect((await api('POST', '/articles/:articleId/push', { params: { articleId } })).kind).toBe('under-way')
    await run(2 * minute)
    const [push] = await pushes()
    expect(push).toMatchObject({ state: 'published', detail: null })
    expect(push.url).toMatch(/^https:\/\/mp\.weixin\.qq\.com\/s\//)
    expect(Object.values(push.images)[0]).toMatch(/^http:\/\/mmbiz\.qpic\.cn\//)
    const call = (await app((tx) => tx.query<{ request: { articles: Array<Record<string, string>> } }>(`select request from outbox where tenant_id = $1 and endpoint = 'official-account.draft.add'`, [tenantId])))[0].request.articles[0]
    expect(call).toMatchObject({ title: '新茶到了', digest: '今年第一批' })
    expect(call.content).toContain(`<img src="${Object.values(push.images)[0]}"`)
    expect(call.content).toContain('图：自己拍的')
    expect(call.content).not.toContain('elsewhere.example')
    expect(call.content_source_url).toMatch(/\/c\/articles\/a\//)
  }, 30_000)

  test('an account without the right to publish says so, and the draft stays there', async () => {
    await act('officialAccount.configure', { verified: false })
    await api('POST', '/articles/:articleId/push', { params: { articleId } })
    await run(2 * minute)
    expect((await pushes())[0]).toMatchObject({ state: 'failed', code: '48001', detail: expect.stringContaining('草稿已经在公众号后台') })
    await act('officialAccount.configure', { verified: true })
  }, 30_000)

  test('without a picture it is told before anything is sent', async () => {
    const plain = await publish({ title: '没图', blocks: [{ type: 'text', html: '<p>文</p>' }] })
    expect(await api('POST', '/articles/:articleId/push', { params: { articleId: plain } })).toMatchObject({ kind: 'not-ready', zh: expect.stringContaining('封面') })
  })
})

describe('money for articles', () => {
  const platform = (): PaymentPlatform & { ids: CommunityWork['ids'] } => {
    const { context } = runtime.house
    const connection = (id: string) => context.connectionsOf(tenantId).find((one) => one.connectionId === id)
    const self: PaymentPlatform & { ids: CommunityWork['ids'] } = {
      ids: context.ids, db: context.db, call: context.call, accountOf: context.accountOf, nonce: () => 'n'.repeat(32), merchantKey: (_tenant, id) => connection(id)?.secrets.merchantPrivateKey ?? '',
      notifyUrl: (_tenant, id) => `${context.publicUrl()}/notify/${connection(id)?.routeKey ?? ''}`,
    }
    self.bills = { article: articleBills(self) } as unknown as PaymentPlatform['bills']
    return self
  }
  test('a code is scanned and paid, the notice comes twice: one sale, the author is owed; given back, all of it is undone', async () => {
    const author = await reader()
    const articleId = await publish({ title: '打法', price: { feathers: null, fen: 1_000 }, blocks: [{ type: 'text', html: '<p>先看</p>' }, { type: 'paywall' }, { type: 'text', html: '<p>后看</p>' }] }, author)
    const me = await reader()
    const of = (line: string) => runtime.house.connectionsOf(tenantId).find((one) => one.line === line)!.connectionId
    const begun = await app((tx) => buy(tx, work(), { pay: { payConnectionId: of('pay'), miniConnectionId: of('mini-program') } }, me, { articleId, by: 'money', expected: 1_000 }))
    if (begun.kind !== 'pay') throw new Error(begun.kind)
    const pay = await payForSale(platform(), tenantId, me, begun.saleId, now())
    if (pay.kind !== 'native') throw new Error(pay.kind)
    await act('pay.payOrder', { code_url: pay.codeUrl, person: 'reader-1' })
    await run(2 * minute)
    const sale = () => app((tx) => findSale(tx, tenantId, begun.saleId))
    expect(await sale()).toMatchObject({ state: 'paid', authorFen: 800 })
    const number = (await app((tx) => tx.query<{ number: string }>(`select number from pay_attempt where tenant_id = $1 order by made_at desc limit 1`, [tenantId])))[0].number
    await act('pay.repeatNotice', { out_trade_no: number })
    await run(minute)
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, now()))).toMatchObject({ sales: 1, earnedFen: 800, settlingFen: 800 })
    expect(await app((tx) => readArticle(tx, tenantId, { articleId }, me, parts))).toMatchObject({ bought: true, locked: null })
    await app(async (tx) => {
      const back = await refundSale(tx, work(), { saleId: begun.saleId, personId: me.personId, reason: '不合适' })
      if (back.kind === 'refunding') await requestSaleRefund(tx, work(), platform(), back.sale)
    })
    runtime.house.wake(tenantId)
    await run(15 * minute)
    expect(await sale()).toMatchObject({ state: 'refunded' })
    expect(await app((tx) => incomeOf(tx, tenantId, author.personId, now()))).toMatchObject({ sales: 0, earnedFen: 0, payableFen: 0 })
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  }, 30_000)
})

test('a person who is erased from the house is gone from the community too', async () => {
  const articleId = await publish({ title: '还在', blocks: [{ type: 'text', html: '<p>文</p>' }] })
  const me = await reader()
  await app((tx) => comment(tx, work(), parts, me, { articleId, parentId: null, text: '我的话' }))
  const ask = (n: number, personId: string | null) => app((tx) => tx.run(`insert into enquiry (tenant_id, enquiry_id, article_id, person_id, sealed, at) values ($1, $2, $2, $3, 'x', 1)`, [tenantId, `00000000-0000-7000-8000-00000000e00${n}`, personId]))
  await ask(1, me.personId)
  await ask(2, null)
  await api('DELETE', '/people/:personId', { params: { personId: me.personId } })
  // What they asked an author goes as well; somebody else's question stays (control).
  expect(await app((tx) => tx.query(`select person_id as "personId" from enquiry where tenant_id = $1 and enquiry_id::text like '%-00000000e00_'`, [tenantId]))).toEqual([{ personId: null }])
  expect(await app((tx) => readerOf(tx, tenantId, me.readerId))).toMatchObject({ state: 'erased', name: '' })
  expect(await app((tx) => tx.query(`select body from article_comment where tenant_id = $1 and reader_id = $2`, [tenantId, me.readerId]))).toEqual([{ body: '' }])
})
