import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, makeTenant, minute, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { manualClock } from '../clock.ts'
import { Fault } from '../errors.ts'
import { seededRandom } from '../random.ts'
import { createAccess, may, rights, roles, type Access } from './index.ts'

const code = (work: Promise<unknown>): Promise<string> => work.then(() => 'allowed', (error: unknown) => (error instanceof Fault ? error.code : String(error)))
const password = 'correct horse 正确'

describe('signing in', () => {
  let t: TestDb
  let access: Access
  let clock: ReturnType<typeof manualClock>
  let n = 0
  const user = async (name = `user-${++n}`): Promise<{ login: string; userId: string }> => ({ login: name, userId: await access.createUser(name, name, password) })

  beforeAll(async () => {
    t = await openTestDb()
    clock = manualClock(start)
    access = createAccess(t.db, clock, seededRandom('access'), testIds('access'))
  })
  afterAll(() => t.close())

  test('the right password opens a session of 14 days; its cookie is kept as a digest only', async () => {
    const { login, userId } = await user()
    const { cookie, session } = await access.signIn(login, password)
    expect(session).toMatchObject({ userId, hasPassword: true, expiresAt: start + 14 * day })
    expect(await access.session(cookie)).toMatchObject({ userId, csrf: session.csrf })
    const { rows } = await t.owner.query('select token_sha256 from user_session where user_id = $1', [userId])
    expect(rows[0].token_sha256).not.toContain(cookie)
    const { rows: users } = await t.owner.query('select password_hash from app_user where user_id = $1', [userId])
    expect(users[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  test('a session ends when it is signed out, when it expires, and for any other cookie', async () => {
    const { login } = await user()
    const [one, two] = [await access.signIn(login, password), await access.signIn(login, password)]
    expect(one.cookie).not.toBe(two.cookie)
    await access.signOut(one.cookie)
    expect(await access.session(one.cookie)).toBeUndefined()
    expect(await access.session(two.cookie)).toBeDefined()
    expect(await access.session(`${two.cookie}x`)).toBeUndefined()
    expect(await access.session(undefined)).toBeUndefined()
    const late = createAccess(t.db, manualClock(two.session.expiresAt), seededRandom('late'), testIds('late'))
    expect(await late.session(two.cookie)).toBeUndefined()
  })

  test('five wrong passwords lock the login for 15 minutes, also for the right one', async () => {
    const { login } = await user()
    for (let left = 4; left >= 0; left--) {
      const error = await access.signIn(login, 'wrong password').catch((e: Fault) => e)
      expect(error).toMatchObject({ code: 'access/wrong-password', params: { left } })
    }
    expect(await code(access.signIn(login, password))).toBe('access/locked')
    clock.advance(15 * minute - 1)
    expect(await code(access.signIn(login, password))).toBe('access/locked')
    clock.advance(1)
    expect(await code(access.signIn(login, password))).toBe('allowed')
  })

  test('control: four wrong passwords do not lock, and a good one clears the count', async () => {
    const { login } = await user()
    for (let round = 0; round < 2; round++) {
      for (let tries = 0; tries < 4; tries++) expect(await code(access.signIn(login, 'wrong password'))).toBe('access/wrong-password')
      expect(await code(access.signIn(login, password))).toBe('allowed')
    }
  })

  test('an unknown login counts down and locks exactly like a real one, so it cannot be told from it', async () => {
    for (let left = 4; left >= 0; left--) expect(await access.signIn('nobody', password).catch((e: Fault) => e)).toMatchObject({ code: 'access/wrong-password', params: { left } })
    expect(await code(access.signIn('nobody', password))).toBe('access/locked')
    clock.advance(15 * minute)
    expect(await access.signIn('nobody', password).catch((e: Fault) => e)).toMatchObject({ code: 'access/wrong-password', params: { left: 4 } })
  })

  test('a user without a password cannot sign in with any', async () => {
    await access.createUser('linked', 'linked', null)
    for (const given of ['', 'null', password]) expect(await code(access.signIn('linked', given))).toBe('access/wrong-password')
  })

  test('a password has at least ten characters, counted as people count', async () => {
    expect(await code(access.createUser('short', 'short', '九个字不够长的密码'))).toBe('access/weak-password')
    const { login, userId } = await user()
    await access.setPassword(userId, '十个字刚刚好够长密码')
    expect(await code(access.signIn(login, '十个字刚刚好够长密码'))).toBe('allowed')
  })

  test('a login link works once, within a day, and two people at once cannot both use it', async () => {
    const { userId } = await user()
    const link = await access.createLink(userId)
    const outcomes = await Promise.all([code(access.useLink(link)), code(access.useLink(link))])
    expect(outcomes.sort()).toEqual(['access/link-used', 'allowed'])
    const late = await access.createLink(userId)
    clock.advance(day)
    expect(await code(access.useLink(late))).toBe('access/link-used')
    expect(await code(access.useLink('made up'))).toBe('access/link-used')
  })

  test('the page token must be the session\'s own', async () => {
    const { login } = await user()
    const { session } = await access.signIn(login, password)
    expect(() => access.checkCsrf(session, session.csrf)).not.toThrow()
    for (const wrong of [undefined, '', session.csrf.slice(1), `${session.csrf}x`, session.csrf.toLowerCase()]) expect(() => access.checkCsrf(session, wrong)).toThrow(Fault)
  })

  test('a member has one role per merchant, and sees only the merchants it belongs to', async () => {
    const { userId } = await user()
    const [one, two] = [await makeTenant(t, 'access-1'), await makeTenant(t, 'access-2')]
    await access.addMember(one, userId, 'viewer')
    await access.addMember(one, userId, 'operator')
    expect(await access.tenantsOf(userId)).toMatchObject([{ tenantId: one, role: 'operator' }])
    expect(await access.membersOf(two)).toEqual([])
  })
})

describe('rights', () => {
  test('what is not granted is refused: unknown roles and unknown rights have nothing', () => {
    for (const right of rights) {
      expect(may('nobody', right)).toBe(false)
      expect(may('', right)).toBe(false)
      // An owner sees the own merchant; all of them are for who serves several.
      expect(may('owner', right)).toBe(right !== 'merchants.read')
    }
    expect(may('owner', 'no.such.right' as never)).toBe(false)
    expect(may('__proto__', 'orders.read')).toBe(false)
  })
  test('only the owner erases people, changes members and connections', () => {
    const holders = (right: (typeof rights)[number]) => Object.keys(roles).filter((role) => may(role, right))
    expect(holders('people.erase')).toEqual(['owner'])
    expect(holders('members.write')).toEqual(['owner'])
    expect(holders('merchants.read')).toEqual(['provider-staff'])
    expect(holders('connections.write')).toEqual(['owner', 'provider-staff'])
    expect(holders('people.personal')).toEqual(['owner', 'operator', 'customer-service'])
    expect(holders('orders.ship')).toEqual(['owner', 'operator', 'packer'])
  })
})
