import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Session } from './access.ts'

type User = { userId: string; login: string; name: string; passwordHash: string | null; lockedUntil: Instant }
const userColumns = `user_id as "userId", login, name, password_hash as "passwordHash", locked_until as "lockedUntil"`

export async function insertUser(tx: Tx, user: { userId: string; login: string; name: string; passwordHash: string | null; createdAt: Instant }): Promise<void> {
  await tx.run(`insert into app_user (user_id, login, name, password_hash, failed_count, locked_until, created_at) values ($1, $2, $3, $4, 0, 0, $5)`, [user.userId, user.login, user.name, user.passwordHash, user.createdAt])
}
export async function userByLogin(tx: Tx, login: string): Promise<User | undefined> {
  return (await tx.query<User>(`select ${userColumns} from app_user where login = $1`, [login]))[0]
}
export async function userById(tx: Tx, userId: string): Promise<User | undefined> {
  return (await tx.query<User>(`select ${userColumns} from app_user where user_id = $1`, [userId]))[0]
}
export async function updatePassword(tx: Tx, userId: string, passwordHash: string): Promise<void> {
  await tx.run(`update app_user set password_hash = $2, failed_count = 0, locked_until = 0 where user_id = $1`, [userId, passwordHash])
}
export async function countFailure(tx: Tx, userId: string, max: number, lockUntil: Instant): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `update app_user set failed_count = (failed_count + 1) % $2::int, locked_until = case when failed_count + 1 >= $2::int then $3::bigint else locked_until end where user_id = $1
     returning case when failed_count = 0 then $2::int else failed_count end as count`,
    [userId, max, lockUntil],
  )
  return row?.count ?? 0
}
export async function clearFailures(tx: Tx, userId: string): Promise<void> {
  await tx.run(`update app_user set failed_count = 0, locked_until = 0 where user_id = $1`, [userId])
}
export async function insertSession(tx: Tx, s: { tokenSha256: string; userId: string; csrf: string; createdAt: Instant; expiresAt: Instant }): Promise<void> {
  await tx.run(`insert into user_session (token_sha256, user_id, csrf, created_at, expires_at) values ($1, $2, $3, $4, $5)`, [s.tokenSha256, s.userId, s.csrf, s.createdAt, s.expiresAt])
}
export async function dropSession(tx: Tx, tokenSha256: string): Promise<void> {
  await tx.run(`delete from user_session where token_sha256 = $1`, [tokenSha256])
}
export async function findSession(tx: Tx, tokenSha256: string, now: Instant): Promise<Session | undefined> {
  const [row] = await tx.query<Session>(
    `select s.user_id as "userId", u.login, u.name, s.csrf, s.expires_at as "expiresAt", u.password_hash is not null as "hasPassword"
     from user_session s join app_user u on u.user_id = s.user_id where s.token_sha256 = $1 and s.expires_at > $2`,
    [tokenSha256, now],
  )
  return row
}
export async function insertLink(tx: Tx, tokenSha256: string, userId: string, expiresAt: Instant): Promise<void> {
  await tx.run(`insert into login_link (token_sha256, user_id, expires_at) values ($1, $2, $3)`, [tokenSha256, userId, expiresAt])
}
export async function takeLink(tx: Tx, tokenSha256: string, now: Instant): Promise<string | undefined> {
  const [row] = await tx.query<{ userId: string }>(`update login_link set used_at = $2 where token_sha256 = $1 and used_at is null and expires_at > $2 returning user_id as "userId"`, [tokenSha256, now])
  return row?.userId
}
export async function putMember(tx: Tx, tenantId: number, userId: string, role: string, now: Instant): Promise<void> {
  await tx.run(
    `insert into member (tenant_id, user_id, role, added_at) values ($1, $2, $3, $4) on conflict (tenant_id, user_id) do update set role = excluded.role`,
    [tenantId, userId, role, now],
  )
}
export function tenantsOfUser(tx: Tx, userId: string): Promise<Array<{ tenantId: number; slug: string; name: string; world: string; role: string; origin: Record<string, unknown> }>> {
  return tx.query(
    `/* citus: sign-in asks which merchants a user belongs to, before any is chosen */
     select t.tenant_id as "tenantId", t.slug, t.name, t.world, m.role, t.origin from member m join tenant t on t.tenant_id = m.tenant_id where m.user_id = $1 order by t.tenant_id`,
    [userId],
  )
}
export function membersOfTenant(tx: Tx, tenantId: number): Promise<Array<{ userId: string; login: string; name: string; role: string }>> {
  return tx.query(
    `select u.user_id as "userId", u.login, u.name, m.role from member m join app_user u on u.user_id = m.user_id where m.tenant_id = $1 order by m.added_at, u.login`,
    [tenantId],
  )
}
