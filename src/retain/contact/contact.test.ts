import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { recordTouches } from '../../book/touch/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { differing } from './backfill-contacts.ts'
import { isActive, lossOf, planFollows, readContact, readContactCallback, type KnownFollow, type Loss, type SeenContact } from './contact.ts'
import { forgetContacts, listContacts, listLosses, oneSidedList, recordLosses, sendersOf, staffLoads } from './index.ts'
import { insertHalfFollows, upsertContacts, upsertFollows, upsertStaff } from './store.ts'

const corpId = 'corp'
const second = 1000
const known = (more: Partial<KnownFollow> = {}): KnownFollow => ({ corpId, externalUserId: 'wm-1', staff: 'wang', followedAt: start, half: false, lostAt: null, lostBy: null, ...more })
const seen = (follows: Array<{ staff: string; followedAt: number }>, externalUserId = 'wm-1'): SeenContact => ({
  corpId, externalUserId, kind: 1, name: '', avatar: '', follows: follows.map((follow) => ({ ...follow, addWay: 1, state: 's', tagIds: [] })),
})

describe('what a read says of a contact', () => {
  test.each([
    ['a pair that was never seen is added', [], [{ staff: 'wang', followedAt: start }], [{ staff: 'wang', again: false }], []],
    ['a pair that has not changed is nothing new', [known()], [{ staff: 'wang', followedAt: start }], [], []],
    ['a pair that began later than the one we know came back', [known({ lostAt: start + second, lostBy: 'contact' })], [{ staff: 'wang', followedAt: start + 9 * second }], [{ staff: 'wang', again: true }], []],
    ['a pair that the contact ended is still shown, and stays ended', [known({ lostAt: start + second, lostBy: 'contact' })], [{ staff: 'wang', followedAt: start }], [], []],
    ['a half add that the member accepted is added', [known({ half: true })], [{ staff: 'wang', followedAt: start }], [{ staff: 'wang', again: false }], []],
    ['a pair that is no longer shown was ended by the member', [known()], [], [], [{ staff: 'wang', by: 'staff', evidence: 'read' }]],
    ['a half add is not shown yet and is not lost', [known({ half: true })], [], [], []],
    ['only the missing one of two members is lost', [known(), known({ staff: 'li' })], [{ staff: 'li', followedAt: start }], [], [{ staff: 'wang' }]],
  ])('%s', (_what, before, follows, added, lost) => {
    const plan = planFollows([seen(follows)], before, start + 60 * second)
    expect(plan.added).toMatchObject(added)
    expect(plan.lost).toMatchObject(lost)
    expect([plan.added.length, plan.lost.length]).toEqual([added.length, lost.length])
  })

  test('a follow that ends in the second it began has ended', () => {
    expect(isActive(known({ lostAt: start }))).toBe(false)
    expect(isActive(known({ lostAt: start - second }))).toBe(true)
  })

  test('personal tags have no id and are left out; corp tags are sorted', () => {
    const contact = readContact(corpId, { external_contact: { external_userid: 'wm-1', type: 1, unionid: 'u' }, follow_user: [{ userid: 'wang', createtime: start / 1000, tags: [{ type: 1, tag_id: 'b' }, { type: 2, tag_name: 'x' }, { type: 1, tag_id: 'a' }] }] })
    expect(contact).toMatchObject({ unionid: 'u', follows: [{ tagIds: ['a', 'b'], followedAt: start, state: '' }] })
  })

  test.each([
    ['del_follow_user', '', 'contact'], ['del_external_contact', '', 'staff'], ['del_external_contact', 'DELETE_BY_TRANSFER', 'transfer'], ['edit_external_contact', '', undefined],
  ])('%s %s ends a follow by %s', (change, source, by) => {
    expect(lossOf(corpId, readContactCallback({ ChangeType: change, UserID: 'wang', ExternalUserID: 'wm-1', CreateTime: String(start / 1000), Source: source }))?.by).toBe(by)
  })
})

describe('what the back-fill reads again', () => {
  const listed = { externalUserId: 'wm-1', staff: 'wang', followedAt: start, tags: 'a' }
  const row = { ...listed, half: false, lostAt: null }
  test.each([
    ['what the book shows as the platform does is left alone', [listed], [row], []],
    ['an unknown pair', [listed], [], ['wm-1']],
    ['a pair that began again', [{ ...listed, followedAt: start + second }], [row], ['wm-1']],
    ['other tags', [{ ...listed, tags: 'a,b' }], [row], ['wm-1']],
    ['a pair that is no longer listed', [], [row], ['wm-1']],
    ['a pair of a member who is not listed says nothing', [], [{ ...row, staff: 'gone' }], []],
    ['a young pair may still be on its way', [], [{ ...row, followedAt: start + 90 * second }], []],
    ['a pair that has ended is not missed', [], [{ ...row, lostAt: start + second }], []],
  ])('%s', (_what, platform, book, wanted) => {
    expect(differing(platform, book, ['wang'], start + 60 * second)).toEqual(wanted)
  })
})

describe('follows and losses in the book', () => {
  let t: TestDb
  let tenantId: number
  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'contacts')
    await t.app(tenantId, (tx) => upsertStaff(tx, tenantId, corpId, ['wang', 'li'], 5_000, start))
  })
  afterAll(() => t.close())

  let n = 0
  async function friend(externalUserId: string, staff = 'wang', at = start): Promise<string> {
    return t.app(tenantId, async (tx) => {
      const { personIds } = await resolvePersons(tx, tenantId, [{ local: { kind: 'external_userid', scope: corpId, value: externalUserId }, seenAt: at, evidence: 'test' }], testWork(tenantId, at, `friend-${n++}`).ids)
      const contact = { ...seen([{ staff, followedAt: at }], externalUserId), connectionId: connectionA }
      await upsertContacts(tx, tenantId, [contact], at)
      await upsertFollows(tx, tenantId, contact.follows.map((follow) => ({ ...follow, corpId, externalUserId })))
      return personIds[0]
    })
  }
  const loss = (externalUserId: string, lostAt: number, more: Partial<Loss> = {}): Loss => ({ corpId, externalUserId, staff: 'wang', lostAt, by: 'contact', evidence: 'event', ...more })
  async function lose(...losses: Loss[]): Promise<Array<[string, unknown]>> {
    const work = testWork(tenantId, start + 86_400_000, `lose-${n++}`)
    await t.app(tenantId, (tx) => recordLosses(tx, work, losses))
    return work.told.map((event) => [event.name, event.payload.by ?? event.payload.staff])
  }

  test('a loss is told once, however often it is heard, and carries the touches before it', async () => {
    const p = await friend('wm-told')
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [-2, -1, 5].map((hours) => ({
      personId: p, occurredAt: start + hours * 3_600_000, kind: 'message.sell' as const, line: 'wecom', direction: 'outbound' as const, weight: 1, reason: 'broadcast/b', ref: `told/${hours}`,
    }))))
    expect(await lose(loss('wm-told', start + second))).toEqual([['contact.lost', 'contact']])
    expect(await lose(loss('wm-told', start + second))).toEqual([])
    const [row] = (await t.app(tenantId, (tx) => listLosses(tx, tenantId, 0, start * 2, 100))).filter((one) => one.personId === p)
    expect((row.lastTouches as Array<{ ref: string }>).map((touch) => touch.ref)).toEqual(['told/-1', 'told/-2'])
  })

  test('a read that finds the end before its callback makes one loss, not two', async () => {
    await friend('wm-race')
    expect(await lose(loss('wm-race', start + 60 * second, { by: 'staff', evidence: 'read' }))).toEqual([['contact.lost', 'staff']])
    expect(await lose(loss('wm-race', start + 50 * second, { by: 'staff' }))).toEqual([])
  })

  test('what was only found out does not count for a follow that has ended already', async () => {
    await friend('wm-found')
    await lose(loss('wm-found', start + second))
    expect(await lose(loss('wm-found', start + 90 * second, { evidence: 'send-result' }))).toEqual([])
  })

  test('a member who clears away a contact that was gone frees a place and loses nobody', async () => {
    await friend('wm-clear')
    expect(await lose(loss('wm-clear', start + second), loss('wm-clear', start + 2 * second, { by: 'staff' }))).toEqual([['contact.lost', 'contact'], ['contact.removed', 'wang']])
  })

  test('a transfer ends a follow and is no loss', async () => {
    await friend('wm-transfer')
    expect(await lose(loss('wm-transfer', start + second, { by: 'transfer' }))).toEqual([])
    expect((await t.app(tenantId, (tx) => staffLoads(tx, tenantId, start))).find((row) => row.staff === 'wang')!.friends).toBeGreaterThanOrEqual(0)
  })

  test('a late callback about an earlier follow is told, and the present one goes on', async () => {
    const p = await friend('wm-late', 'wang', start + 100 * second)
    expect(await lose(loss('wm-late', start + 50 * second))).toEqual([['contact.lost', 'contact']])
    expect(await t.app(tenantId, (tx) => sendersOf(tx, tenantId, corpId, [p]))).toHaveLength(1)
  })

  test('the sender is the member who follows since last, and nobody when all are gone', async () => {
    const p = await friend('wm-two', 'wang')
    await friend('wm-two', 'li', start + 10 * second)
    expect(await t.app(tenantId, (tx) => sendersOf(tx, tenantId, corpId, [p]))).toMatchObject([{ staff: 'li' }])
    await lose(loss('wm-two', start + 20 * second, { staff: 'li' }))
    expect(await t.app(tenantId, (tx) => sendersOf(tx, tenantId, corpId, [p]))).toMatchObject([{ staff: 'wang' }])
    await lose(loss('wm-two', start + 20 * second))
    expect(await t.app(tenantId, (tx) => sendersOf(tx, tenantId, corpId, [p]))).toEqual([])
  })

  test('a half add is no friend and takes no place', async () => {
    const before = (await t.app(tenantId, (tx) => staffLoads(tx, tenantId, start))).find((row) => row.staff === 'li')!
    await t.app(tenantId, (tx) => insertHalfFollows(tx, tenantId, [{ corpId, externalUserId: 'wm-half', staff: 'li', at: start, state: '' }]))
    expect((await t.app(tenantId, (tx) => staffLoads(tx, tenantId, start))).find((row) => row.staff === 'li')).toEqual(before)
    await friend('wm-half', 'li') // control: accepted, it counts
    expect((await t.app(tenantId, (tx) => staffLoads(tx, tenantId, start))).find((row) => row.staff === 'li')!.held).toBe(before.held + 1)
  })

  test('an erased person leaves no account behind, and the loss stays as a fact about nobody', async () => {
    await friend('wm-erase')
    await lose(loss('wm-erase', start + second))
    const losses = (await t.app(tenantId, (tx) => listLosses(tx, tenantId, 0, start * 2, 100))).length
    await t.app(tenantId, (tx) => forgetContacts(tx, tenantId, ['wm-erase']))
    for (const table of ['contact', 'follow', 'contact_loss', 'domain_event']) expect((await t.owner.query(`select 1 from ${table} x where x::text like '%wm-erase%'`)).rowCount, table).toBe(0)
    expect((await t.app(tenantId, (tx) => listLosses(tx, tenantId, 0, start * 2, 100))).length).toBe(losses)
    expect((await t.app(tenantId, (tx) => oneSidedList(tx, tenantId, 100))).length).toBeGreaterThan(0)
    expect((await t.app(tenantId, (tx) => listContacts(tx, tenantId, {}, { offset: 0, limit: 100 }))).rows.some((row) => row.externalUserId === 'wm-erase')).toBe(false)
  })
})
