import { createHash, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { dayMs } from '../calendar.ts'
import type { Clock, Instant } from '../clock.ts'
import type { Db } from '../db/index.ts'
import type { Ids } from '../ids.ts'
import { randomText, type Random } from '../random.ts'
import { accessFault } from './errors.ts'
import * as store from './store.ts'

export type Session = { userId: string; login: string; name: string; csrf: string; expiresAt: Instant; hasPassword: boolean }

export type Access = {
  createUser(login: string, name: string, password: string | null): Promise<string>
  findUser(login: string): Promise<{ userId: string; hasPassword: boolean } | undefined>
  addMember(tenantId: number, userId: string, role: string): Promise<void>
  /** One-time link token, valid 24 hours. */
  createLink(userId: string): Promise<string>
  useLink(token: string): Promise<{ cookie: string; session: Session }>
  signIn(login: string, password: string): Promise<{ cookie: string; session: Session }>
  signOut(cookie: string): Promise<void>
  session(cookie: string | undefined): Promise<Session | undefined>
  checkCsrf(session: Session, given: string | undefined): void
  setPassword(userId: string, password: string): Promise<void>
  tenantsOf(userId: string): Promise<Array<{ tenantId: number; slug: string; name: string; world: string; role: string; origin: Record<string, unknown> }>>
  membersOf(tenantId: number): Promise<Array<{ userId: string; login: string; name: string; role: string }>>
}

const maxFailures = 5
const lockMs = 15 * 60_000
const sessionMs = 14 * dayMs

/** Passwords by argon2id (OWASP's 19 MiB, 2 passes); tokens are kept as SHA-256 only, so a stolen database opens no session. */
export function createAccess(db: Db, clock: Clock, random: Random, ids: Ids): Access {
  const auth = { role: 'auth' } as const
  /** Logins that do not exist count down and lock like those that do, so that neither words nor minutes say which are real. */
  const ghosts = new Map<string, { count: number; lockedUntil: Instant }>()
  function ghostRefusal(login: string, now: Instant): Error {
    const before = ghosts.get(login)
    const count = ((before?.count ?? 0) % maxFailures) + 1
    ghosts.delete(login)
    ghosts.set(login, { count, lockedUntil: count === maxFailures ? now + lockMs : 0 })
    if (ghosts.size > 10_000) ghosts.delete(ghosts.keys().next().value!)
    return accessFault('access/wrong-password', { left: maxFailures - count })
  }
  let drawn = 0 // two tokens of one millisecond differ, also from a seeded source
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
  async function open(userId: string): Promise<{ cookie: string; session: Session }> {
    const cookie = randomText(random, 43, 'session', clock.now(), drawn++)
    const csrf = randomText(random, 32, 'csrf', clock.now(), drawn++)
    const now = clock.now()
    const user = await db.tx(auth, async (tx) => {
      await store.insertSession(tx, { tokenSha256: sha(cookie), userId, csrf, createdAt: now, expiresAt: now + sessionMs })
      await store.clearFailures(tx, userId)
      return store.userById(tx, userId)
    })
    return { cookie, session: { userId, login: user!.login, name: user!.name, csrf, expiresAt: now + sessionMs, hasPassword: user!.passwordHash !== null } }
  }
  const hashed = (password: string): Promise<string> => {
    if ([...password].length < 10) throw accessFault('access/weak-password', { found: [...password].length })
    return hash(password, { memoryCost: 19456, timeCost: 2, parallelism: 1 })
  }
  return {
    async createUser(login, name, password) {
      const userId = ids.next()
      const passwordHash = password === null ? null : await hashed(password)
      await db.tx(auth, (tx) => store.insertUser(tx, { userId, login, name, passwordHash, createdAt: clock.now() }))
      return userId
    },
    findUser: (login) => db.tx(auth, async (tx) => {
      const user = await store.userByLogin(tx, login)
      return user && { userId: user.userId, hasPassword: user.passwordHash !== null }
    }),
    addMember: (tenantId, userId, role) => db.tx(auth, (tx) => store.putMember(tx, tenantId, userId, role, clock.now())),
    async createLink(userId) {
      const token = randomText(random, 32, 'link', clock.now(), drawn++)
      await db.tx(auth, (tx) => store.insertLink(tx, sha(token), userId, clock.now() + dayMs))
      return token
    },
    async useLink(token) {
      const userId = await db.tx(auth, (tx) => store.takeLink(tx, sha(token), clock.now()))
      if (userId === undefined) throw accessFault('access/link-used')
      return open(userId)
    },
    async signIn(login, password) {
      const now = clock.now()
      const user = await db.tx(auth, (tx) => store.userByLogin(tx, login))
      const lockedUntil = user?.lockedUntil ?? ghosts.get(login)?.lockedUntil ?? 0
      if (lockedUntil > now) throw accessFault('access/locked', { minutes: Math.ceil((lockedUntil - now) / 60_000) })
      // An unknown login costs the same time as a wrong password, so logins cannot be listed by the clock.
      const good = user?.passwordHash ? await verify(user.passwordHash, password) : (await hash(password, { memoryCost: 19456, timeCost: 2, parallelism: 1 }), false)
      if (user && good) return open(user.userId)
      if (!user) throw ghostRefusal(login, now)
      const failures = await db.tx(auth, (tx) => store.countFailure(tx, user.userId, maxFailures, now + lockMs))
      throw accessFault('access/wrong-password', { left: Math.max(0, maxFailures - failures) })
    },
    signOut: (cookie) => db.tx(auth, (tx) => store.dropSession(tx, sha(cookie))),
    session: (cookie) => (cookie === undefined ? Promise.resolve(undefined) : db.tx(auth, (tx) => store.findSession(tx, sha(cookie), clock.now()))),
    checkCsrf(session, given) {
      const expected = Buffer.from(session.csrf)
      const found = Buffer.from(given ?? '')
      if (expected.length !== found.length || !timingSafeEqual(expected, found)) throw accessFault('access/csrf')
    },
    async setPassword(userId, password) {
      const passwordHash = await hashed(password)
      await db.tx(auth, (tx) => store.updatePassword(tx, userId, passwordHash))
    },
    tenantsOf: (userId) => db.tx(auth, (tx) => store.tenantsOfUser(tx, userId)),
    membersOf: (tenantId) => db.tx(auth, (tx) => store.membersOfTenant(tx, tenantId)),
  }
}
