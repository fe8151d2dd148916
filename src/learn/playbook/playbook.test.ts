import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { blocks, listBlocks, readSetting, switchBlock, writeSetting } from '../../kernel/tenancy/index.ts'
import { listJourneys, insertJourney } from '../../retain/journey/index.ts'
import { welcomeSetting } from '../../retain/outbound/index.ts'
import { fieldsOf, houseFacts, listSegments, saveSegment } from '../../retain/segment/index.ts'
import { readDosageSettings } from '../../restrain/experiment/index.ts'
import { policyKey, readPolicy } from '../../restrain/pressure/index.ts'
import type { CaseBody } from '../benchmark/index.ts'
import { applyPlaybook, judgeApplications, judgePlaybook, makePlaybook, movesHere, openPlaybook, receiveReceipt, signingKey, signValue, tryPlaybook, undoApplication, verifyValue, publicKeyOf, type PlaybookFile, type Receipt } from './index.ts'
import { listApplications } from './store.ts'

const stopRule = { afterEpochs: 2, whenNetBelowZero: true, lossesPerHundred: 3 }
const enough = (lowFen: number, highFen: number, epochs: number): Pick<CaseBody, 'epochs' | 'effect' | 'losses'> => ({
  epochs, effect: { enough: true, persons: 900, holdout: 100, totalFen: (lowFen + highFen) / 2, lowFen, highFen, p: 0.01 },
  losses: { treatedPersons: 900, holdoutPersons: 100, treatedLosses: 9, holdoutLosses: 1, caused: 1, causedLow: -4, causedHigh: 6, enough: true },
})

describe('the stop rule where a playbook landed', () => {
  test('it says nothing before enough epochs have closed since, whatever they show', () => {
    expect(judgePlaybook(stopRule, enough(-9000, -100, 4), 3)).toMatchObject({ verdict: 'too-early', reason: 'epochs', epochs: 1, needed: 2 })
  })
  test('it stops when the whole interval is below nought, and only then', () => {
    expect(judgePlaybook(stopRule, enough(-9000, -100, 5), 3)).toMatchObject({ verdict: 'stop', reason: 'net' })
    expect(judgePlaybook(stopRule, enough(-9000, 100, 5), 3).verdict).toBe('goes-on')
  })
  test('it stops when surely too many left, even where money was made', () => {
    const now = enough(100, 9000, 5)
    now.losses.causedLow = 30
    expect(judgePlaybook(stopRule, now, 3)).toMatchObject({ verdict: 'stop', reason: 'losses', lossesPerHundred: 3.3 })
    expect(judgePlaybook({ ...stopRule, lossesPerHundred: 4 }, now, 3).verdict).toBe('goes-on')
  })
})

describe('a playbook travels from one merchant to another', () => {
  let t: TestDb
  let author: number
  let buyer: number
  let file: PlaybookFile
  const ids = testIds('playbook')
  const seal = createSeal(Buffer.alloc(32, 7), seededRandom('seal'))
  const royalties: Array<{ feathers: number; key: string }> = []
  let measured: CaseBody
  const ports = {
    seal, ids, random: seededRandom('keys'), fields: fieldsOf([houseFacts]), wecomOf: () => ({ connectionId: '00000000-0000-7000-8000-00000000000a', corpId: 'ww1' }),
    missingFor: async (_tx: unknown, _id: number, block: string) => (blocks.some((row) => row.key === block) ? [] : [`积木「${block}」`]),
    isOn: async (tx: Parameters<typeof listBlocks>[0], id: number, block: string) => (await listBlocks(tx, id)).some((row) => row.block === block && row.onSince !== null),
    switchBlock: (tx: Parameters<typeof switchBlock>[0], id: number, block: string, on: boolean, now: number) => switchBlock(tx, id, block, on, now),
    blocksOn: () => ['contacts', 'dosage'], authorOf: () => ({ name: '望山茶', home: 'https://boat.example/c/author' }), nameOf: () => '云上茶铺', measure: async () => measured,
    royalty: async (_tx: unknown, _id: number, want: { feathers: number; key: string }) => (royalties.push(want), want.feathers),
  }

  beforeAll(async () => {
    t = await openTestDb()
    author = await makeTenant(t, 'author')
    buyer = await makeTenant(t, 'buyer')
    measured = { epochs: 3 } as CaseBody
    measured = { ...enough(-1, 1, 3), measuredAt: start } as CaseBody
    await t.app(author, async (tx) => {
      await writeSetting(tx, author, policyKey, { ...(await readPolicy(tx, author)), perWeekMax: 1, halfLifeDays: 21, reserveDays: 12 }, start)
      await writeSetting(tx, author, welcomeSetting, '你好，这里是茶铺。', start)
      await saveSegment(tx, author, { segmentId: ids.next(), name: '买过两次', rules: { field: 'orders.count', op: 'at-least', value: 2 } }, start)
      await saveSegment(tx, author, { segmentId: ids.next(), name: '小王的人', rules: { all: [{ field: 'orders.count', op: 'at-least', value: 1 }, { not: { field: 'contact.staff', op: 'is', value: 'xiaowang' } }] } }, start)
      await insertJourney(tx, author, { journeyId: ids.next(), connectionId: '00000000-0000-7000-8000-00000000000b', corpId: 'wwA', name: '收货第七天', trigger: 'order.paid', rules: null, waitMs: 7 * day, messageKind: 'help', content: { text: '茶喝着还好吗' }, status: 'on', createdAt: start, changedAt: start })
    })
  })
  afterAll(() => t.close())

  test('what can travel is configuration; it is signed, and nothing of the merchant is in it', async () => {
    const keys = ['block/contacts', 'block/dosage', 'pressure', 'welcome']
    file = await t.app(author, async (tx) => {
      const offered = await movesHere(tx, author, ['contacts'])
      // A rule that names a member of this merchant stays here.
      expect(offered.filter(({ move }) => move.kind === 'segment').map(({ move }) => (move as { name: string }).name)).toEqual(['买过两次'])
      const segment = (await listSegments(tx, author)).find((row) => row.name === '买过两次')!.segmentId
      const journey = (await listJourneys(tx, author))[0].journeyId
      return (await makePlaybook(tx, author, { title: '少发一半', note: '', caseId: null, moves: [...keys, `segment/${segment}`, `journey/${journey}`], stopRule, royalty: 8 }, ports, start, 'owner')).file
    })
    expect(file.body.moves.map((move) => move.kind)).toEqual(['block', 'block', 'pressure', 'welcome', 'segment', 'journey'])
    expect(verifyValue(file.body.author.key, file.body, file.signature)).toBe(true)
    const text = JSON.stringify(file)
    for (const own of ['wwA', '00000000-0000-7000-8000-00000000000b', 'reserveDays']) expect(text).not.toContain(own)
    await expect(t.app(author, (tx) => makePlaybook(tx, author, { title: 'x', note: '', caseId: null, moves: ['nothing'], stopRule, royalty: 0 }, ports, start, 'owner'))).rejects.toMatchObject({ code: 'playbook/no-moves' })
  })

  test('a file that was changed by one letter, is newer, is something else or holds an unknown move is refused with a reason of its own', () => {
    expect(openPlaybook(JSON.parse(JSON.stringify(file))).body.title).toBe('少发一半')
    const changed = JSON.parse(JSON.stringify(file)) as PlaybookFile
    changed.body.royalty = 0
    expect(() => openPlaybook(changed)).toThrow(expect.objectContaining({ code: 'playbook/tampered' }))
    expect(() => openPlaybook({ body: { ...file.body, v: 2 }, signature: file.signature })).toThrow(expect.objectContaining({ code: 'playbook/newer' }))
    expect(() => openPlaybook({ hello: 1 })).toThrow(expect.objectContaining({ code: 'playbook/not-a-playbook' }))
    expect(() => openPlaybook('text')).toThrow(expect.objectContaining({ code: 'playbook/not-a-playbook' }))
    const key = signingKey(Buffer.alloc(32, 3))
    const strange = { ...file.body, author: { ...file.body.author, key: publicKeyOf(key) }, moves: [...file.body.moves, { kind: 'run-sql', sql: 'drop' }] }
    expect(() => openPlaybook({ body: strange, signature: signValue(key, strange) })).toThrow(expect.objectContaining({ code: 'playbook/unknown-move', params: { moves: 'run-sql' } }))
    // A known move with one more key is not this version's move either.
    const wider = { ...strange, moves: [{ kind: 'block', block: 'contacts', on: true, tenant: 1 }] }
    expect(() => openPlaybook({ body: wider, signature: signValue(key, wider) })).toThrow(expect.objectContaining({ code: 'playbook/unknown-move' }))
  })

  test('a dry run shows each change and writes nothing; what was changed since the dry run stops the apply', async () => {
    const tried = await t.app(buyer, (tx) => tryPlaybook(tx, buyer, file, ports))
    expect(tried.steps.map(({ move, change, obstacle }) => [move.kind, change, obstacle])).toEqual([['block', true, null], ['block', true, null], ['pressure', true, null], ['welcome', true, null], ['segment', true, null], ['journey', true, null]])
    expect(tried.steps[2]).toMatchObject({ before: { perWeekMax: 2, halfLifeDays: 14 }, after: { perWeekMax: 1, halfLifeDays: 21 } })
    expect(await t.app(buyer, (tx) => readSetting(tx, buyer, policyKey))).toBeUndefined()
    await t.app(buyer, (tx) => writeSetting(tx, buyer, welcomeSetting, '别的', start))
    await expect(t.app(buyer, (tx) => applyPlaybook(tx, buyer, file, tried.seen, ports, start, 'owner'))).rejects.toMatchObject({ code: 'playbook/changed-since' })
    expect(await t.app(buyer, (tx) => listSegments(tx, buyer))).toEqual([])
  })

  test('what a block needs stands in the way of all of it, and is named', async () => {
    const poor = { ...ports, missingFor: async () => ['已连接的企业微信'] }
    const tried = await t.app(buyer, (tx) => tryPlaybook(tx, buyer, file, poor))
    expect(tried.steps[0].obstacle).toBe('已连接的企业微信')
    await expect(t.app(buyer, (tx) => applyPlaybook(tx, buyer, file, tried.seen, poor, start, 'owner'))).rejects.toMatchObject({ code: 'playbook/blocked', zh: expect.stringContaining('已连接的企业微信') })
  })

  let applicationId: string
  let receipt: Receipt
  test('applied, everything of it holds; it cannot be applied twice at once', async () => {
    const { seen } = await t.app(buyer, (tx) => tryPlaybook(tx, buyer, file, ports))
    ;({ applicationId, receipt } = await t.app(buyer, (tx) => applyPlaybook(tx, buyer, file, seen, ports, start, 'owner')))
    await t.app(buyer, async (tx) => {
      // The merchant's own reserve stays as it was: it did not travel.
      expect(await readPolicy(tx, buyer)).toMatchObject({ perWeekMax: 1, halfLifeDays: 21, reserveDays: 8 })
      expect(await readSetting(tx, buyer, welcomeSetting)).toBe('你好，这里是茶铺。')
      expect((await listSegments(tx, buyer)).map((row) => row.name)).toEqual(['买过两次'])
      expect((await listJourneys(tx, buyer)).map((row) => [row.name, row.status, row.corpId])).toEqual([['收货第七天', 'on', 'ww1']])
      expect((await listBlocks(tx, buyer)).map((row) => row.block)).toEqual(['contacts', 'dosage'])
      const again = await tryPlaybook(tx, buyer, file, ports)
      expect(again.steps.every((step) => !step.change)).toBe(true)
      await expect(applyPlaybook(tx, buyer, file, again.seen, ports, start, 'owner')).rejects.toMatchObject({ code: 'playbook/already-applied' })
    })
  })

  test('the receipt pays the author once; a forged one, another file and one of oneself pay nothing', async () => {
    const hand = (one: Receipt) => t.app(author, (tx) => receiveReceipt(tx, author, one, ports, start))
    expect(await hand(receipt)).toEqual({ counted: true, feathers: 8 })
    expect(await hand(receipt)).toEqual({ counted: false, feathers: 0 })
    await expect(hand({ ...receipt, body: { ...receipt.body, appliedAt: start + 1 } })).rejects.toMatchObject({ code: 'playbook/bad-receipt' })
    const key = signingKey(Buffer.alloc(32, 9))
    const other = { ...receipt.body, digest: '0'.repeat(64), applier: { name: 'x', key: publicKeyOf(key) } }
    await expect(hand({ body: other, signature: signValue(key, other) })).rejects.toMatchObject({ code: 'playbook/bad-receipt' })
    expect(royalties).toEqual([expect.objectContaining({ feathers: 8 })])
  })

  test('it is measured where it landed: the stop rule turns the verdict once, and a verdict is kept', async () => {
    expect(await t.app(buyer, (tx) => judgeApplications(tx, buyer, ports, start + day))).toEqual([])
    measured = { ...measured, ...enough(-90_000, -100, 5) }
    expect((await t.app(buyer, (tx) => judgeApplications(tx, buyer, ports, start + 60 * day))).map((row) => row.verdict)).toEqual(['stop'])
    expect(await t.app(buyer, (tx) => judgeApplications(tx, buyer, ports, start + 61 * day))).toEqual([])
    expect(await t.app(buyer, (tx) => listApplications(tx, buyer))).toMatchObject([{ verdict: 'stop', detail: { reason: 'net', epochs: 2 } }])
  })

  test('undone, each thing is as before; what somebody changed since is left and said', async () => {
    await t.app(buyer, (tx) => writeSetting(tx, buyer, welcomeSetting, '后来改的', start + day))
    const undone = await t.app(buyer, (tx) => undoApplication(tx, buyer, applicationId, ports, start + 2 * day, 'owner'))
    expect(undone.map((step) => [step.move.kind, step.result])).toEqual([['block', 'restored'], ['block', 'restored'], ['pressure', 'restored'], ['welcome', 'kept'], ['segment', 'restored'], ['journey', 'restored']])
    await t.app(buyer, async (tx) => {
      expect(await readPolicy(tx, buyer)).toMatchObject({ perWeekMax: 2, halfLifeDays: 14 })
      expect(await readSetting(tx, buyer, welcomeSetting)).toBe('后来改的')
      expect(await listSegments(tx, buyer)).toEqual([])
      expect((await listJourneys(tx, buyer)).map((row) => row.status)).toEqual(['off'])
      expect((await listBlocks(tx, buyer)).every((row) => row.onSince === null)).toBe(true)
      expect((await readDosageSettings(tx, buyer)).epochDays).toBeGreaterThan(0)
      await expect(undoApplication(tx, buyer, applicationId, ports, start, 'owner')).rejects.toMatchObject({ code: 'playbook/already-undone' })
    })
    expect((await t.app(buyer, (tx) => tryPlaybook(tx, buyer, file, ports))).inUse).toBeNull()
  })

  test('another merchant sees neither the playbooks nor their use', async () => {
    const third = await makeTenant(t, 'third')
    expect(await t.app(third, (tx) => tx.query('select playbook_id from playbook where tenant_id = $1 union all select playbook_id from playbook_application where tenant_id = $1', [buyer]))).toEqual([])
  })
})
