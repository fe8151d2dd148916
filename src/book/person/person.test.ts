import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, makeTenant, refusal, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { storeVersions, listVersions } from '../../kernel/doorbell/index.ts'
import { createIntake, claimFacts, finishFacts } from '../../kernel/inbox/index.ts'
import { manualClock } from '../../kernel/clock.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { findPerson, forgetWholly, listMerges, listPersons, mask, personByIdentity, planResolution, readFields, resolvePersons, splitPerson, writeFields, type Sighting } from './index.ts'

const see = (parts: { union?: string; openid?: string; external?: string; app?: string; phone?: string }): Sighting => ({
  unionid: parts.union, phoneHash: parts.phone, seenAt: start, evidence: 'test',
  local: parts.openid !== undefined ? { kind: 'openid', scope: parts.app ?? 'wx1', value: parts.openid } : parts.external !== undefined ? { kind: 'external_userid', scope: 'corp', value: parts.external } : undefined,
})

describe('who is who', () => {
  const plan = (sightings: Sighting[]) => {
    let n = 0
    return planResolution(sightings, [], () => `p${++n}`, (a, b) => (a < b ? a : b))
  }
  test.each([
    ['an openid seen twice is one person', [see({ openid: 'o' }), see({ openid: 'o' })], ['p1', 'p1']],
    ['the same openid of two accounts is two people', [see({ openid: 'o', app: 'wx1' }), see({ openid: 'o', app: 'wx2' })], ['p1', 'p2']],
    ['a unionid joins two accounts', [see({ openid: 'o', app: 'wx1', union: 'u' }), see({ external: 'e', union: 'u' })], ['p1', 'p1']],
    ['a unionid learnt later joins what was apart', [see({ openid: 'o' }), see({ external: 'e', union: 'u' }), see({ openid: 'o', union: 'u' })], ['p1', 'p1', 'p1']],
    ['people are never joined by a phone when something stronger is known', [see({ openid: 'o1', phone: '138' }), see({ openid: 'o2', phone: '138' })], ['p1', 'p2']],
    ['a phone alone finds the person who first gave it', [see({ openid: 'o1', phone: '138' }), see({ phone: '138' })], ['p1', 'p1']],
  ])('%s', (_what, sightings, persons) => expect(plan(sightings).personIds).toEqual(persons))

  test('a merge names who was kept, who is gone, and why', () => {
    expect(plan([see({ openid: 'o' }), see({ union: 'u' }), see({ openid: 'o', union: 'u' })]).merges).toEqual([{ kept: 'p1', gone: 'p2', at: start, evidence: { by: 'openid', seen: 'test' } }])
  })

  /** Who belongs together, as sets of identities: what counts when the order of sightings must not. */
  const sighting = fc.record({ union: fc.option(fc.constantFrom('u1', 'u2', 'u3'), { nil: undefined }), openid: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }), app: fc.constantFrom('wx1', 'wx2') }).filter((s) => s.union !== undefined || s.openid !== undefined)
  const partition = (sightings: Sighting[]): string => {
    const { newIdentities } = plan(sightings)
    const groups = new Map<string, string[]>()
    for (const row of newIdentities) groups.set(row.personId, [...(groups.get(row.personId) ?? []), `${row.kind}/${row.scope}/${row.value}`])
    return JSON.stringify([...groups.values()].map((group) => group.sort()).sort())
  }
  test('the order in which people are seen changes nothing about who belongs together', () => {
    fc.assert(fc.property(fc.array(sighting, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (list, stream) => {
      const sightings = list.map(see)
      const shuffled = sightings.map((s) => ({ s, k: stream.next().value as number })).sort((a, b) => a.k - b.k).map(({ s }) => s)
      expect(partition(shuffled)).toBe(partition(sightings))
    }), { numRuns: 300 })
  })
  test('every identity ends with exactly one person, and nobody is kept and gone', () => {
    fc.assert(fc.property(fc.array(sighting, { maxLength: 12 }), (list) => {
      const { newIdentities, merges, personIds } = plan(list.map(see))
      const gone = new Set(merges.map((m) => m.gone))
      expect(new Set(newIdentities.map((i) => `${i.kind}/${i.scope}/${i.value}`)).size).toBe(newIdentities.length)
      for (const id of [...newIdentities.map((i) => i.personId), ...personIds]) expect(gone.has(id)).toBe(false)
    }), { numRuns: 300 })
  })
})

describe('people in the book', () => {
  let t: TestDb
  let tenantId = 0
  let n = 0
  const ids = testIds('people')
  const seal = createSeal(Buffer.alloc(32, 1), seededRandom('seal'))
  beforeAll(async () => {
    t = await openTestDb()
  })
  afterAll(() => t.close())
  const fresh = async (): Promise<void> => {
    tenantId = await makeTenant(t, `people-${++n}`)
  }
  const resolve = (...sightings: Sighting[]) => t.app(tenantId, (tx) => resolvePersons(tx, tenantId, sightings, ids))
  const owner = (kind: string, scope: string, value: string) => t.app(tenantId, (tx) => personByIdentity(tx, tenantId, kind, scope, value))

  test('batches and single sightings end with the same people', async () => {
    const list = [see({ openid: 'o1' }), see({ external: 'e1', union: 'u1' }), see({ openid: 'o2', union: 'u2' }), see({ openid: 'o1', union: 'u1' }), see({ openid: 'o1' })]
    const groups: number[][] = []
    for (const batched of [true, false]) {
      await fresh()
      if (batched) await resolve(...list)
      else for (const one of list) await resolve(one)
      const persons = [await owner('openid', 'wx1', 'o1'), await owner('external_userid', 'corp', 'e1'), await owner('unionid', '', 'u1'), await owner('openid', 'wx1', 'o2')]
      groups.push(persons.map((p) => persons.indexOf(p)))
      expect(await t.app(tenantId, (tx) => listPersons(tx, tenantId, { limit: 10 }))).toHaveLength(2)
    }
    expect(groups).toEqual([[0, 0, 0, 3], [0, 0, 0, 3]])
  })

  test('a merge can be undone: the identities it moved go back, the act stays on record', async () => {
    await fresh()
    const [first] = (await resolve(see({ openid: 'o1' }))).personIds
    const [second] = (await resolve(see({ external: 'e1', union: 'u1' }))).personIds
    await resolve(see({ openid: 'o1', union: 'u1' }))
    const merges = await t.app(tenantId, (tx) => listMerges(tx, tenantId, first))
    expect(merges).toMatchObject([{ kept: first, gone: second, by: 'openid', undoneAt: null }])
    expect(await owner('unionid', '', 'u1')).toBe(first)
    expect(await t.app(tenantId, (tx) => findPerson(tx, tenantId, second))).toMatchObject({ mergedInto: first, identities: [] })
    await t.app(tenantId, (tx) => splitPerson(tx, tenantId, merges[0].mergeId, start + 1))
    expect(await owner('unionid', '', 'u1')).toBe(second)
    expect(await owner('openid', 'wx1', 'o1')).toBe(first)
    expect(await t.app(tenantId, (tx) => findPerson(tx, tenantId, second))).toMatchObject({ mergedInto: null })
    expect(await t.app(tenantId, (tx) => splitPerson(tx, tenantId, merges[0].mergeId, start + 2))).toBeUndefined()
  })

  test.each([[[0, 1]], [[1, 0]]])('two merges undone in the order %j leave everybody as before them', async (order) => {
    await fresh()
    const [a] = (await resolve(see({ openid: 'a' }))).personIds
    const [b] = (await resolve(see({ openid: 'b' }))).personIds
    const [c] = (await resolve(see({ openid: 'c' }))).personIds
    await resolve(see({ openid: 'b', union: 'u' }), see({ openid: 'c', union: 'u' })) // c is gone into b
    await resolve(see({ openid: 'a', union: 'u' })) // b, with what was c, is gone into a
    const merges = (await t.app(tenantId, (tx) => listMerges(tx, tenantId, b))).sort((x, y) => (x.mergeId < y.mergeId ? -1 : 1))
    expect(merges.map((m) => [m.kept, m.gone])).toEqual([[b, c], [a, b]])
    for (const which of order) await t.app(tenantId, (tx) => splitPerson(tx, tenantId, merges[which].mergeId, start))
    expect([await owner('openid', 'wx1', 'a'), await owner('openid', 'wx1', 'b'), await owner('openid', 'wx1', 'c')]).toEqual([a, b, c])
  })

  test('the same identity in another merchant is another person', async () => {
    await fresh()
    const [one] = (await resolve(see({ union: 'u' }))).personIds
    await fresh()
    const [two] = (await resolve(see({ union: 'u' }))).personIds
    expect(one).not.toBe(two)
  })

  test('personal fields are sealed under a key of the person: without it they cannot be read, with it they can', async () => {
    await fresh()
    const [personId] = (await resolve(see({ union: 'u' }))).personIds
    await t.app(tenantId, (tx) => writeFields(tx, tenantId, personId, { name: '王小明', phone: '13800001234' }, start, seal, seededRandom('fields')))
    expect(await t.app(tenantId, (tx) => readFields(tx, tenantId, personId, seal))).toEqual({ name: '王小明', phone: '13800001234' })
    const { rows } = await t.owner.query('select sealed from person_field where tenant_id = $1', [tenantId])
    for (const { sealed } of rows) expect(sealed.toString('utf8')).not.toMatch(/王小明|13800001234/)
    expect(await refusal(t.app(tenantId, (tx) => readFields(tx, tenantId, personId, createSeal(Buffer.alloc(32, 2), seededRandom('x')))))).not.toBe('allowed')
  })

  test('an id is shown by its ends only', () => {
    expect(mask('oABCDEFGH1234')).toBe('oAB••••1234')
    expect(mask('short')).toBe('••••')
  })

  describe('erasure', () => {
    const openid = 'oERASE-me-0123456789abcdef'
    const unionid = 'uERASE-me-too-0123456789'
    /** Every place in which a person may have left a trace, filled. */
    async function life(): Promise<string> {
      await fresh()
      const kept = (await resolve(see({ openid }))).personIds[0]
      await resolve(see({ external: 'wmERASE-external-012345', union: unionid }))
      await resolve(see({ openid, union: unionid })) // a merge, which remembers what it moved
      const bystander = (await resolve(see({ openid: 'oBYSTANDER' }))).personIds[0]
      await t.app(tenantId, (tx) => writeFields(tx, tenantId, kept, { name: '王小明' }, start, seal, seededRandom('fields')))
      await t.app(tenantId, (tx) => writeFields(tx, tenantId, bystander, { name: '李四' }, start, seal, seededRandom('fields')))
      const door = createIntake(t.db, testIds(`erase ${n}`), () => manualClock(start))
      for (const digest of ['1', '2']) await door.store({ tenantId, connectionId: connectionA, digest, event: 'x', message: JSON.stringify({ order_info: { openid, id: digest } }) })
      await t.app(tenantId, async (tx) => finishFacts(tx, tenantId, await claimFacts(tx, tenantId, start, 1)))
      await t.app(tenantId, (tx) => storeVersions(tx, tenantId, [openid, 'oBYSTANDER'].map((id) => ({
        connectionId: connectionA, kind: 'order', objectId: id === openid ? '1' : '2', readAt: start, cause: 'callback', digest: id === openid ? 'd1' : 'd2',
        body: JSON.stringify({ order: { openid: id, price: 9900, order_detail: { delivery_info: { address_info: { user_name: '王小明', tel_number: '13800001234', detail_info: '一号楼' } } } } }),
      }))))
      await t.app(tenantId, (tx) => enqueueCalls(tx, tenantId, [{ outboxId: ids.next(), connectionId: connectionA, endpoint: 'send', request: { touser: openid }, lane: null, reply: { openid }, dueAt: start, createdAt: start }]))
      return kept
    }
    /** Tables in which any text, JSON or byte column of the merchant still contains the value; kept versions are opened first. */
    async function traces(value: string): Promise<string[]> {
      const found: string[] = []
      const { rows } = await t.owner.query<{ table: string; column: string; type: string }>(
        `select c.relname as "table", a.attname as "column", t.typname as type from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and t.typname in ('text', 'jsonb', 'bytea') and c.relrowsecurity`)
      for (const { table, column, type } of rows) {
        const text = type === 'bytea' ? `encode(${column}, 'escape')` : `${column}::text`
        const { rows: [hit] } = await t.owner.query(`select count(*)::int as n from ${table} where tenant_id = $1 and strpos(${text}, $2) > 0`, [tenantId, value])
        if (hit.n > 0) found.push(`${table}.${column}`)
      }
      const versions = await t.app(tenantId, async (tx) => [...(await listVersions(tx, tenantId, 'order', '1')), ...(await listVersions(tx, tenantId, 'order', '2'))])
      if (versions.some((v) => v.body.includes(value))) found.push('object_version.body')
      return found.sort()
    }

    test('afterwards no table, no kept version and no message holds an id, a name or a phone of the person; amounts and others stay', async () => {
      const kept = await life()
      expect(await traces(openid)).toEqual(['identity.value', 'inbox.message', 'object_version.body', 'outbox.reply', 'outbox.request']) // the control: they were there
      expect(await traces(unionid)).toEqual(['identity.value', 'person_merge.evidence'])
      const [keptBefore, bystander] = [await t.app(tenantId, (tx) => listVersions(tx, tenantId, 'order', '1')), await owner('openid', 'wx1', 'oBYSTANDER')]
      expect(keptBefore[0].body).toContain('王小明')

      expect(await t.app(tenantId, (tx) => forgetWholly(tx, tenantId, kept, start + 1))).toBe(3)
      for (const value of [openid, unionid, 'wmERASE-external-012345']) expect(await traces(value), value).toEqual([])
      const [version] = await t.app(tenantId, (tx) => listVersions(tx, tenantId, 'order', '1'))
      expect(version.body).not.toMatch(/王小明|13800001234|一号楼/)
      expect(JSON.parse(version.body).order.price).toBe(9900)
      expect(await t.app(tenantId, (tx) => findPerson(tx, tenantId, kept))).toMatchObject({ erasedAt: start + 1, identities: [] })
      expect(await t.app(tenantId, (tx) => readFields(tx, tenantId, kept, seal))).toEqual({})
      // The others are as they were.
      expect(await traces('oBYSTANDER')).toEqual(['identity.value', 'object_version.body'])
      expect(await t.app(tenantId, (tx) => readFields(tx, tenantId, bystander!, seal))).toEqual({ name: '李四' })
    })

    test('asking for one who turned out to be another erases both: they are one person', async () => {
      const kept = await life()
      const [merge] = await t.app(tenantId, (tx) => listMerges(tx, tenantId, kept))
      expect(await t.app(tenantId, (tx) => forgetWholly(tx, tenantId, merge.gone, start + 1))).toBe(3)
      expect(await traces(openid)).toEqual([])
    })

    test('an erased merge cannot be undone, and an erased person is listed no more', async () => {
      const kept = await life()
      await t.app(tenantId, (tx) => forgetWholly(tx, tenantId, kept, start + 1))
      const [merge] = await t.app(tenantId, (tx) => listMerges(tx, tenantId, kept))
      expect(await t.app(tenantId, (tx) => splitPerson(tx, tenantId, merge.mergeId, start + 2))).toBeUndefined()
      expect((await t.app(tenantId, (tx) => listPersons(tx, tenantId, { limit: 10 }))).map((p) => p.personId)).not.toContain(kept)
    })

    test('what is still to be sent to an erased person is not sent', async () => {
      const kept = await life()
      await t.app(tenantId, (tx) => forgetWholly(tx, tenantId, kept, start + 1))
      expect(await t.app(tenantId, (tx) => tx.query('select state from outbox where tenant_id = $1', [tenantId]))).toEqual([{ state: 'skipped' }])
    })
  })
})
