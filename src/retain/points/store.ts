import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { book } from '../../book/account/index.ts'
import { defaultRules, ruleSetSchema, type RuleSet } from './rules.ts'
import { emptyAccount, walletFrom, type Account, type Line, type Lot, type Part, type Reversal, type Wallet } from './wallet.ts'

// ---- orders ----

export type Grant = { shelf: string; orderId: string; personId: string; feathers: number; postings: number }

export async function findGrants(tx: Tx, tenantId: number, orders: ReadonlyArray<{ shelf: string; orderId: string }>): Promise<Map<string, Grant>> {
  const rows = await tx.query<Grant>(
    `select distinct g.shelf, g.order_id as "orderId", g.person_id as "personId", g.feathers, g.postings from unnest($2::text[], $3::text[]) as r(shelf, order_id)
     join points_grant g on g.tenant_id = $1 and g.shelf = r.shelf and g.order_id = r.order_id order by 1, 2`,
    [tenantId, orders.map((o) => o.shelf), orders.map((o) => o.orderId)],
  )
  return new Map(rows.map((row) => [`${row.shelf}/${row.orderId}`, row]))
}

export async function saveGrants(tx: Tx, tenantId: number, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return
  tx.write(
    `insert into points_grant (tenant_id, shelf, order_id, person_id, feathers, postings)
     select $1, r.shelf, r.order_id, r.person_id, r.feathers, r.postings from unnest($2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::int[]) as r(shelf, order_id, person_id, feathers, postings)
     on conflict (tenant_id, shelf, order_id) do update set feathers = excluded.feathers, postings = excluded.postings`,
    [tenantId, grants.map((g) => g.shelf), grants.map((g) => g.orderId), grants.map((g) => g.personId), grants.map((g) => g.feathers), grants.map((g) => g.postings)],
  )
}

// ---- wallets ----

const accountColumns = `person_id as "personId", balance, vesting, frozen, owed, earned, spent, expired, holds, frozen_since as "frozenSince", joined_at as "joinedAt"`
const lotColumns = `lot_id as "lotId", person_id as "personId", rule, key, article_id as "articleId", surface, cause_person_id as "causePersonId", feathers, remaining, reversed, expired, state, earned_at as "earnedAt", day,
  vests_at as "vestsAt", expires_at as "expiresAt", version`

/**
 * Wallets to change: the accounts are made where they are missing and locked in one order, so two changes of one person never run at once; open lots
 * are loaded. Whatever is moved is written by `saveWallets`.
 */
export async function openWallets(tx: Tx, tenantId: number, personIds: readonly string[], now: Instant): Promise<Map<string, Wallet>> {
  const ids = [...new Set(personIds)].sort()
  if (ids.length === 0) return new Map()
  tx.write(
    `insert into points_account (tenant_id, person_id, balance, earned, spent, joined_at) select $1, r.person_id, 0, 0, 0, $3 from unnest($2::uuid[]) as r(person_id) order by r.person_id on conflict (tenant_id, person_id) do nothing`,
    [tenantId, ids, now],
  )
  const accounts = await tx.query<Account>(`select ${accountColumns} from points_account where tenant_id = $1 and person_id = any($2::uuid[]) order by person_id for update`, [tenantId, ids])
  const lots = await tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and person_id = any($2::uuid[]) and remaining > 0 order by lot_id`, [tenantId, ids])
  return new Map(accounts.map((account) => [account.personId, walletFrom(account, lots.filter((lot) => lot.personId === account.personId))]))
}

/** Lots by name, whether open or not. */
export function findLots(tx: Tx, tenantId: number, lotIds: readonly string[]): Promise<Lot[]> {
  if (lotIds.length === 0) return Promise.resolve([])
  return tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and lot_id = any($2::uuid[]) order by lot_id`, [tenantId, [...new Set(lotIds)]])
}
/** Lots of a rule and keys, of anybody. */
export function lotsByKey(tx: Tx, tenantId: number, rule: string, keys: readonly string[]): Promise<Lot[]> {
  return tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and rule = $2 and key = any($3) order by lot_id`, [tenantId, rule, keys])
}
export function lotsOfPersons(tx: Tx, tenantId: number, personIds: readonly string[], rules: readonly string[]): Promise<Lot[]> {
  return tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and person_id = any($2::uuid[]) and rule = any($3) order by lot_id`, [tenantId, personIds, rules])
}
export function lotsSince(tx: Tx, tenantId: number, day: number, rules: readonly string[]): Promise<Lot[]> {
  return tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and day >= $2 and rule = any($3) and feathers > reversed + expired order by lot_id`, [tenantId, day, rules])
}
/** Brings lots into open wallets, where they are not there yet. */
export function addLots(wallets: ReadonlyMap<string, Wallet>, lots: readonly Lot[]): void {
  for (const lot of lots) {
    const wallet = wallets.get(lot.personId)
    if (wallet && !wallet.lots.has(lot.lotId)) wallet.lots.set(lot.lotId, lot)
  }
}

export async function saveWallets(tx: Tx, tenantId: number, wallets: Iterable<Wallet>): Promise<void> {
  const changed = [...wallets].filter((wallet) => wallet.dirty || wallet.touched.size + wallet.postings.length + wallet.lines.length > 0)
  if (changed.length === 0) return
  await book(tx, tenantId, changed.flatMap((wallet) => wallet.postings))
  const lots = changed.flatMap((wallet) => [...wallet.touched].map((lotId) => wallet.lots.get(lotId)!))
  if (lots.length > 0) tx.write(
    `insert into points_lot (tenant_id, lot_id, person_id, rule, key, article_id, surface, cause_person_id, feathers, remaining, reversed, expired, state, earned_at, day, vests_at, expires_at, version)
     select $1, r.* from jsonb_to_recordset($2::jsonb) as r(lot_id uuid, person_id uuid, rule text, key text, article_id text, surface text, cause_person_id uuid, feathers bigint, remaining bigint, reversed bigint,
       expired bigint, state text, earned_at bigint, day int, vests_at bigint, expires_at bigint, version int)
     on conflict (tenant_id, lot_id) do update set person_id = excluded.person_id, key = excluded.key, remaining = excluded.remaining, reversed = excluded.reversed, expired = excluded.expired, state = excluded.state,
       vests_at = excluded.vests_at, expires_at = excluded.expires_at`,
    [tenantId, JSON.stringify(lots.map((l) => ({
      lot_id: l.lotId, person_id: l.personId, rule: l.rule, key: l.key, article_id: l.articleId, surface: l.surface, cause_person_id: l.causePersonId, feathers: l.feathers, remaining: l.remaining, reversed: l.reversed, expired: l.expired,
      state: l.state, earned_at: l.earnedAt, day: l.day, vests_at: l.vestsAt, expires_at: l.expiresAt, version: l.version,
    })))],
  )
  tx.write(
    `update points_account a set balance = r.balance, vesting = r.vesting, frozen = r.frozen, owed = r.owed, earned = r.earned, spent = r.spent, expired = r.expired, holds = r.holds, frozen_since = r.frozen_since
     from jsonb_to_recordset($2::jsonb) as r(person_id uuid, balance bigint, vesting bigint, frozen bigint, owed bigint, earned bigint, spent bigint, expired bigint, holds int, frozen_since bigint)
     where a.tenant_id = $1 and a.person_id = r.person_id`,
    [tenantId, JSON.stringify(changed.map(({ account: a }) => ({ person_id: a.personId, balance: a.balance, vesting: a.vesting, frozen: a.frozen, owed: a.owed, earned: a.earned, spent: a.spent, expired: a.expired, holds: a.holds, frozen_since: a.frozenSince })))],
  )
  const lines = changed.flatMap((wallet) => wallet.lines)
  if (lines.length > 0) tx.write(
    `insert into points_line (tenant_id, line_id, person_id, at, n, kind, feathers, rule, article_id, code, note)
     select $1, r.* from jsonb_to_recordset($2::jsonb) as r(line_id uuid, person_id uuid, at bigint, n int, kind text, feathers bigint, rule text, article_id text, code text, note text)`,
    [tenantId, JSON.stringify(lines.map((l, n) => ({ line_id: l.lineId, person_id: l.personId, at: l.at, n, kind: l.kind, feathers: l.feathers, rule: l.rule, article_id: l.articleId, code: l.code, note: l.note })))],
  )
  for (const wallet of changed) {
    wallet.touched.clear()
    wallet.dirty = false
    wallet.postings.length = wallet.lines.length = 0
  }
}

/** A wallet to look at: not locked, never to be saved. */
export async function lookAtWallet(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<Wallet> {
  const [account] = await tx.query<Account>(`select ${accountColumns} from points_account where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  const lots = await tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and person_id = $2 and remaining > 0 order by lot_id`, [tenantId, personId])
  return walletFrom(account ?? emptyAccount(personId, now), lots)
}

/** Persons with something that is due to vest or to expire. */
export async function personsDue(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<string[]> {
  const rows = await tx.query<{ personId: string }>(
    `select person_id as "personId" from points_lot where tenant_id = $1 and state = 'vesting' and vests_at <= $2
     union select l.person_id from points_lot l join points_account a on a.tenant_id = $1 and a.person_id = l.person_id where l.tenant_id = $1 and l.remaining > 0 and l.expires_at <= $2 and a.holds = 0 order by 1 limit $3`, [tenantId, now, limit])
  return rows.map((row) => row.personId)
}

// ---- what caps count ----

export type Sum = { personId: string; rule: string; day: number; articleId: string | null; feathers: number }
/** Kept feathers (given less taken back) per person, rule and day. */
export function sumsOfDays(tx: Tx, tenantId: number, personIds: readonly string[], days: readonly number[]): Promise<Sum[]> {
  return tx.query<Sum>(
    `select person_id as "personId", rule, day, null as "articleId", sum(feathers - reversed)::bigint as feathers from points_lot where tenant_id = $1 and person_id = any($2::uuid[]) and day = any($3::int[]) group by person_id, rule, day order by 1, 2, 3`,
    [tenantId, personIds, days])
}
export function sumsOfArticles(tx: Tx, tenantId: number, personIds: readonly string[], articleIds: readonly string[]): Promise<Sum[]> {
  return tx.query<Sum>(
    `select person_id as "personId", rule, 0 as day, article_id as "articleId", sum(feathers - reversed)::bigint as feathers from points_lot where tenant_id = $1 and person_id = any($2::uuid[]) and article_id = any($3)
     group by person_id, rule, article_id order by 1, 2, 4`, [tenantId, personIds, articleIds])
}
export async function knownKeys(tx: Tx, tenantId: number, wanted: ReadonlyArray<{ personId: string; rule: string; key: string }>): Promise<Set<string>> {
  const rows = await tx.query<{ personId: string; rule: string; key: string }>(
    `select l.person_id as "personId", l.rule, l.key from points_lot l join unnest($2::uuid[], $3::text[], $4::text[]) as r(person_id, rule, key) on l.person_id = r.person_id and l.rule = r.rule and l.key = r.key
     where l.tenant_id = $1 order by 1, 2, 3`, [tenantId, wanted.map((one) => one.personId), wanted.map((one) => one.rule), wanted.map((one) => one.key)])
  return new Set(rows.map((row) => `${row.personId}/${row.rule}/${row.key}`))
}
/** Counters that bind everybody, locked. */
export async function lockCounts(tx: Tx, tenantId: number, counts: ReadonlyArray<{ scope: string; day: number }>): Promise<Map<string, number>> {
  if (counts.length === 0) return new Map()
  const sorted = [...new Map(counts.map((one) => [`${one.scope}@${one.day}`, one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  tx.write(`insert into points_count (tenant_id, scope, day, feathers) select $1, r.scope, r.day, 0 from unnest($2::text[], $3::int[]) as r(scope, day) order by r.scope, r.day on conflict (tenant_id, scope, day) do nothing`,
    [tenantId, sorted.map((one) => one.scope), sorted.map((one) => one.day)])
  const rows = await tx.query<{ scope: string; day: number; feathers: number }>(
    `select scope, day, feathers from points_count where tenant_id = $1 and scope = any($2) and day = any($3::int[]) order by scope, day for update`, [tenantId, sorted.map((one) => one.scope), sorted.map((one) => one.day)])
  return new Map(rows.map((row) => [`${row.scope}@${row.day}`, row.feathers]))
}
export function saveCounts(tx: Tx, tenantId: number, counts: ReadonlyMap<string, number>): void {
  if (counts.size === 0) return
  const rows = [...counts].map(([key, feathers]) => ({ scope: key.slice(0, key.lastIndexOf('@')), day: Number(key.slice(key.lastIndexOf('@') + 1)), feathers }))
  tx.write(`update points_count c set feathers = r.feathers from jsonb_to_recordset($2::jsonb) as r(scope text, day int, feathers bigint) where c.tenant_id = $1 and c.scope = r.scope and c.day = r.day`, [tenantId, JSON.stringify(rows)])
}

// ---- what is asked of balances ----

export type PointsRow = { personId: string; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number; joinedAt: Instant }

export async function balanceOf(tx: Tx, tenantId: number, personId: string): Promise<number> {
  const [row] = await tx.query<{ balance: number }>(`select balance from points_account where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row?.balance ?? 0
}
export function listBalances(tx: Tx, tenantId: number, limit: number): Promise<PointsRow[]> {
  return tx.query<PointsRow>(
    `select person_id as "personId", balance, vesting, frozen, owed, earned, spent, expired, joined_at as "joinedAt" from points_account where tenant_id = $1 order by balance + vesting + frozen - owed desc, person_id limit $2`, [tenantId, limit])
}
export type Totals = { persons: number; balance: number; vesting: number; frozen: number; owed: number; earned: number; spent: number; expired: number }
export async function pointsTotals(tx: Tx, tenantId: number): Promise<Totals> {
  const [row] = await tx.query<Totals>(
    `select count(*) as persons, coalesce(sum(balance), 0)::bigint as balance, coalesce(sum(vesting), 0)::bigint as vesting, coalesce(sum(frozen), 0)::bigint as frozen, coalesce(sum(owed), 0)::bigint as owed,
       coalesce(sum(earned), 0)::bigint as earned, coalesce(sum(spent), 0)::bigint as spent, coalesce(sum(expired), 0)::bigint as expired from points_account where tenant_id = $1`, [tenantId])
  return row
}
/** Feathers kept per rule of acts since `day`, and how many acts they were. */
export function earnedByRule(tx: Tx, tenantId: number, day: number): Promise<Array<{ rule: string; acts: number; persons: number; feathers: number }>> {
  return tx.query(
    `select rule, count(*) as acts, count(distinct person_id) as persons, sum(feathers - reversed)::bigint as feathers from points_lot where tenant_id = $1 and day >= $2 and feathers > reversed and rule not in ('opening', 'restored') group by rule order by rule`,
    [tenantId, day])
}

export async function activePersons(tx: Tx, tenantId: number, day: number): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`select count(distinct person_id) as n from points_lot where tenant_id = $1 and day >= $2`, [tenantId, day])
  return row.n
}

// ---- spending ----

export type Spend = { key: string; personId: string; feathers: number; parts: Part[]; payeePersonId: string | null; payeeFeathers: number; reason: string; spentAt: Instant; givenBackAt: Instant | null }
const spendColumns = `key, person_id as "personId", feathers, parts, payee_person_id as "payeePersonId", payee_feathers as "payeeFeathers", reason, spent_at as "spentAt", given_back_at as "givenBackAt"`

export async function findSpend(tx: Tx, tenantId: number, key: string): Promise<Spend | undefined> {
  return (await tx.query<Spend>(`select ${spendColumns} from points_spend where tenant_id = $1 and key = $2`, [tenantId, key]))[0]
}
export function insertSpend(tx: Tx, tenantId: number, s: Omit<Spend, 'givenBackAt'>): void {
  tx.write(
    `insert into points_spend (tenant_id, key, person_id, feathers, parts, payee_person_id, payee_feathers, reason, spent_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [tenantId, s.key, s.personId, s.feathers, JSON.stringify(s.parts), s.payeePersonId, s.payeeFeathers, s.reason, s.spentAt])
}
/** @returns false when it was given back before. */
export async function markGivenBack(tx: Tx, tenantId: number, key: string, reason: string, now: Instant): Promise<boolean> {
  return (await tx.run(`update points_spend set given_back_at = $3, given_back_reason = $4 where tenant_id = $1 and key = $2 and given_back_at is null`, [tenantId, key, now, reason])) > 0
}

// ---- reversals ----

const reversalColumns = `reversal_id as "reversalId", person_id as "personId", lot_id as "lotId", cause, cause_id as "causeId", code, note, feathers, parts, owed, reversed_at as "reversedAt", restored_at as "restoredAt"`
export function insertReversals(tx: Tx, tenantId: number, reversals: readonly Reversal[]): void {
  if (reversals.length === 0) return
  tx.write(
    `insert into points_reversal (tenant_id, reversal_id, person_id, lot_id, cause, cause_id, code, note, feathers, parts, owed, reversed_at)
     select $1, r.* from jsonb_to_recordset($2::jsonb) as r(reversal_id uuid, person_id uuid, lot_id uuid, cause text, cause_id text, code text, note text, feathers bigint, parts jsonb, owed bigint, reversed_at bigint)`,
    [tenantId, JSON.stringify(reversals.map((r) => ({ reversal_id: r.reversalId, person_id: r.personId, lot_id: r.lotId, cause: r.cause, cause_id: r.causeId, code: r.code, note: r.note, feathers: r.feathers, parts: r.parts, owed: r.owed, reversed_at: r.reversedAt })))])
}
export function openReversals(tx: Tx, tenantId: number, cause: string, causeIds: readonly string[]): Promise<Reversal[]> {
  return tx.query<Reversal>(`select ${reversalColumns} from points_reversal where tenant_id = $1 and cause = $2 and cause_id = any($3) and restored_at is null order by reversal_id desc`, [tenantId, cause, causeIds])
}
export function listReversals(tx: Tx, tenantId: number, limit: number): Promise<Array<Reversal & { rule: string; articleId: string | null }>> {
  return tx.query(
    `select ${reversalColumns.replace(/(^|, )/g, '$1r.')}, l.rule, l.article_id as "articleId" from points_reversal r join points_lot l on l.tenant_id = $1 and l.lot_id = r.lot_id where r.tenant_id = $1 order by r.reversed_at desc, r.reversal_id desc limit $2`, [tenantId, limit])
}
export async function findReversal(tx: Tx, tenantId: number, reversalId: string): Promise<Reversal | undefined> {
  return (await tx.query<Reversal>(`select ${reversalColumns} from points_reversal where tenant_id = $1 and reversal_id = $2`, [tenantId, reversalId]))[0]
}
/** Lots that an audit took back and a person gave back: no audit takes them again. */
export async function pardonedLots(tx: Tx, tenantId: number, lotIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ lotId: string }>(`select distinct lot_id as "lotId" from points_reversal where tenant_id = $1 and cause = 'audit' and restored_at is not null and lot_id = any($2::uuid[]) order by 1`, [tenantId, lotIds])
  return new Set(rows.map((row) => row.lotId))
}
/** Who was taken for a program by what they did themselves, since then; not where a person has given something of it back. */
export async function suspectsSince(tx: Tx, tenantId: number, since: Instant): Promise<Map<string, string>> {
  const rows = await tx.query<{ personId: string; code: string }>(
    `select r.person_id as "personId", min(r.code) as code from points_reversal r join points_lot l on l.tenant_id = $1 and l.lot_id = r.lot_id
     where r.tenant_id = $1 and r.cause = 'audit' and r.code in ('pace', 'around-the-clock') and r.reversed_at >= $2 and l.cause_person_id is null group by r.person_id having count(r.restored_at) = 0 order by 1`, [tenantId, since])
  return new Map(rows.map((row) => [row.personId, row.code]))
}
export function markRestored(tx: Tx, tenantId: number, reversalIds: readonly string[], now: Instant): void {
  tx.write(`update points_reversal set restored_at = $3 where tenant_id = $1 and reversal_id = any($2::uuid[])`, [tenantId, reversalIds, now])
}
export function handOverReversals(tx: Tx, tenantId: number, from: string, to: string): void {
  tx.write(`update points_reversal set cause_id = $3 where tenant_id = $1 and cause = 'penalty' and cause_id = $2 and restored_at is null`, [tenantId, from, to])
}

// ---- penalties ----

export type PenaltyRow = { penaltyId: string; personId: string; mode: string; startedAt: Instant; endedAt: Instant | null; why: string | null }
export async function insertPenalty(tx: Tx, tenantId: number, p: { penaltyId: string; personId: string; mode: string; startedAt: Instant }): Promise<boolean> {
  return (await tx.run(`insert into points_penalty (tenant_id, penalty_id, person_id, mode, started_at) values ($1, $2, $3, $4, $5) on conflict (tenant_id, penalty_id) do nothing`, [tenantId, p.penaltyId, p.personId, p.mode, p.startedAt])) > 0
}
export function penaltiesOfPerson(tx: Tx, tenantId: number, personId: string): Promise<PenaltyRow[]> {
  return tx.query(`select penalty_id as "penaltyId", person_id as "personId", mode, started_at as "startedAt", ended_at as "endedAt", why from points_penalty where tenant_id = $1 and person_id = $2 order by started_at, penalty_id`, [tenantId, personId])
}
export async function endPenaltyRow(tx: Tx, tenantId: number, penaltyId: string, why: string, now: Instant): Promise<PenaltyRow | undefined> {
  return (await tx.query<PenaltyRow>(
    `update points_penalty set ended_at = $3, why = $4 where tenant_id = $1 and penalty_id = $2 and ended_at is null returning penalty_id as "penaltyId", person_id as "personId", mode, started_at as "startedAt", ended_at as "endedAt", why`, [tenantId, penaltyId, now, why]))[0]
}
export function insertEndedPenalty(tx: Tx, tenantId: number, p: { penaltyId: string; personId: string; why: string; at: Instant }): void {
  tx.write(`insert into points_penalty (tenant_id, penalty_id, person_id, mode, started_at, ended_at, why) values ($1, $2, $3, 'none', $4, $4, $5) on conflict (tenant_id, penalty_id) do nothing`, [tenantId, p.penaltyId, p.personId, p.at, p.why])
}

// ---- rules ----

export type RulesRow = { version: number; state: 'draft' | 'live' | 'past'; body: RuleSet; note: string; madeBy: string; madeAt: Instant; liveAt: Instant | null; endedAt: Instant | null; effect: unknown }
const rulesColumns = `version, state, body, note, made_by as "madeBy", made_at as "madeAt", live_at as "liveAt", ended_at as "endedAt", effect`
const readRules = (row: RulesRow): RulesRow => ({ ...row, body: ruleSetSchema.parse(row.body) })

/** The rules of every instant: an act is paid by those in force when it was done. Version 0 is the default. */
export async function rulesAt(tx: Tx, tenantId: number, at: Instant): Promise<{ version: number; set: RuleSet }> {
  const [row] = await tx.query<RulesRow>(`select ${rulesColumns} from points_rules where tenant_id = $1 and live_at <= $2 order by live_at desc, version desc limit 1`, [tenantId, at])
  return row ? { version: row.version, set: readRules(row).body } : { version: 0, set: defaultRules }
}
export async function listRules(tx: Tx, tenantId: number): Promise<RulesRow[]> {
  return (await tx.query<RulesRow>(`select ${rulesColumns} from points_rules where tenant_id = $1 order by version desc limit 50`, [tenantId])).map(readRules)
}
export async function lockRules(tx: Tx, tenantId: number): Promise<RulesRow[]> {
  return (await tx.query<RulesRow>(`select ${rulesColumns} from points_rules where tenant_id = $1 order by version desc for update`, [tenantId])).map(readRules)
}
export async function saveDraft(tx: Tx, tenantId: number, draft: { version: number; body: RuleSet; note: string; madeBy: string; madeAt: Instant }): Promise<void> {
  tx.write(
    `insert into points_rules (tenant_id, version, state, body, note, made_by, made_at) values ($1, $2, 'draft', $3, $4, $5, $6)
     on conflict (tenant_id, version) do update set body = excluded.body, note = excluded.note, made_by = excluded.made_by, made_at = excluded.made_at where points_rules.state = 'draft'`,
    [tenantId, draft.version, JSON.stringify(draft.body), draft.note, draft.madeBy, draft.madeAt])
}
export function dropDraft(tx: Tx, tenantId: number): Promise<number> {
  return tx.run(`delete from points_rules where tenant_id = $1 and state = 'draft'`, [tenantId])
}
export function goLive(tx: Tx, tenantId: number, version: number, effect: unknown, now: Instant): void {
  tx.write(`update points_rules set state = 'past', ended_at = $2 where tenant_id = $1 and state = 'live'`, [tenantId, now])
  tx.write(`update points_rules set state = 'live', live_at = $3, effect = $4 where tenant_id = $1 and version = $2`, [tenantId, version, now, JSON.stringify(effect)])
}

// ---- statement ----

export function linesOf(tx: Tx, tenantId: number, personId: string, page: { offset: number; limit: number }): Promise<Line[]> {
  return tx.query<Line>(
    `select line_id as "lineId", person_id as "personId", at, kind, feathers, rule, article_id as "articleId", code, note from points_line where tenant_id = $1 and person_id = $2 order by at desc, n desc, line_id desc limit $3 offset $4`,
    [tenantId, personId, page.limit, page.offset])
}
export async function sumOfLines(tx: Tx, tenantId: number, personId: string): Promise<{ lines: number; feathers: number }> {
  const [row] = await tx.query<{ lines: number; feathers: number }>(`select count(*) as lines, coalesce(sum(feathers), 0)::bigint as feathers from points_line where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row
}
export function moveLines(tx: Tx, tenantId: number, gone: string, kept: string): void {
  tx.write(`update points_line set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_reversal set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_spend set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_penalty set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_read set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_read set sharer_person_id = $3 where tenant_id = $1 and sharer_person_id = $2`, [tenantId, gone, kept])
  tx.write(`update points_author set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
}
export function moveLots(tx: Tx, tenantId: number, moves: ReadonlyArray<{ lotId: string; personId: string; key: string }>): void {
  if (moves.length === 0) return
  tx.write(`update points_lot l set person_id = r.person_id, key = r.key from unnest($2::uuid[], $3::uuid[], $4::text[]) as r(lot_id, person_id, key) where l.tenant_id = $1 and l.lot_id = r.lot_id`,
    [tenantId, moves.map((one) => one.lotId), moves.map((one) => one.personId), moves.map((one) => one.key)])
}
export function allLots(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Lot[]> {
  return tx.query<Lot>(`select ${lotColumns} from points_lot where tenant_id = $1 and person_id = any($2::uuid[]) order by lot_id`, [tenantId, personIds])
}

// ---- reads ----

export type Read = { readId: string; articleId: string; personId: string | null; deviceKey: string; sharerPersonId: string | null; surface: string; kept: boolean; readAt: Instant }
const readColumns = `read_id as "readId", article_id as "articleId", person_id as "personId", device_key as "deviceKey", sharer_person_id as "sharerPersonId", surface, kept, read_at as "readAt"`
export async function insertReads(tx: Tx, tenantId: number, reads: readonly Read[]): Promise<void> {
  if (reads.length === 0) return
  tx.write(
    `insert into points_read (tenant_id, read_id, article_id, person_id, device_key, sharer_person_id, surface, kept, read_at)
     select $1, r.* from jsonb_to_recordset($2::jsonb) as r(read_id uuid, article_id text, person_id uuid, device_key text, sharer_person_id uuid, surface text, kept boolean, read_at bigint) on conflict (tenant_id, read_id) do nothing`,
    [tenantId, JSON.stringify(reads.map((r) => ({ read_id: r.readId, article_id: r.articleId, person_id: r.personId, device_key: r.deviceKey, sharer_person_id: r.sharerPersonId, surface: r.surface, kept: r.kept, read_at: r.readAt })))])
}
/** Kept reads of these persons of these articles. */
export function keptReads(tx: Tx, tenantId: number, articleIds: readonly string[], personIds: readonly string[]): Promise<Read[]> {
  return tx.query<Read>(`select ${readColumns} from points_read where tenant_id = $1 and article_id = any($2) and person_id = any($3::uuid[]) and kept order by read_at, read_id`, [tenantId, articleIds, personIds])
}
/** Kept reads of known persons. */
export function readsSince(tx: Tx, tenantId: number, since: Instant): Promise<Read[]> {
  return tx.query<Read>(`select ${readColumns} from points_read where tenant_id = $1 and read_at >= $2 and kept and person_id is not null order by read_at, read_id`, [tenantId, since])
}
export function dropReads(tx: Tx, tenantId: number, before: Instant): void {
  tx.write(`delete from points_read where tenant_id = $1 and read_at < $2`, [tenantId, before])
}
/** Other persons who read on a device that these persons read on. */
export function sameDevice(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Array<{ personId: string; otherId: string }>> {
  return tx.query(
    `select distinct a.person_id as "personId", b.person_id as "otherId" from points_read a join points_read b on b.tenant_id = $1 and b.device_key = a.device_key
     where a.tenant_id = $1 and a.person_id = any($2::uuid[]) and a.device_key <> '' and b.person_id <> a.person_id order by 1, 2 limit 5000`, [tenantId, personIds])
}
export function saveAuthor(tx: Tx, tenantId: number, articleId: string, personId: string): void {
  tx.write(`insert into points_author (tenant_id, article_id, person_id) values ($1, $2, $3) on conflict (tenant_id, article_id) do update set person_id = excluded.person_id`, [tenantId, articleId, personId])
}
export async function authorsOf(tx: Tx, tenantId: number, articleIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ articleId: string; personId: string }>(`select article_id as "articleId", person_id as "personId" from points_author where tenant_id = $1 and article_id = any($2) order by 1`, [tenantId, articleIds])
  return new Map(rows.map((row) => [row.articleId, row.personId]))
}

// ---- audits and adjustments ----

export function insertAudit(tx: Tx, tenantId: number, auditId: string, body: unknown, now: Instant): void {
  tx.write(`insert into points_audit (tenant_id, audit_id, ran_at, body) values ($1, $2, $3, $4)`, [tenantId, auditId, now, JSON.stringify(body)])
}
export function listAudits<T>(tx: Tx, tenantId: number, limit: number): Promise<Array<{ auditId: string; ranAt: Instant; body: T }>> {
  return tx.query(`select audit_id as "auditId", ran_at as "ranAt", body from points_audit where tenant_id = $1 order by ran_at desc, audit_id desc limit $2`, [tenantId, limit])
}

export type Adjustment = {
  adjustmentId: string; personId: string; feathers: number; reason: string; askedBy: string; askedName: string; askedAt: Instant; state: 'waiting' | 'approved' | 'refused' | 'withdrawn'
  decidedBy: string | null; decidedName: string | null; decidedAt: Instant | null; note: string | null
}
const adjustmentColumns = `adjustment_id as "adjustmentId", person_id as "personId", feathers, reason, asked_by as "askedBy", asked_name as "askedName", asked_at as "askedAt", state, decided_by as "decidedBy", decided_name as "decidedName", decided_at as "decidedAt", note`
export function insertAdjustment(tx: Tx, tenantId: number, a: Pick<Adjustment, 'adjustmentId' | 'personId' | 'feathers' | 'reason' | 'askedBy' | 'askedName' | 'askedAt'>): void {
  tx.write(`insert into points_adjustment (tenant_id, adjustment_id, person_id, feathers, reason, asked_by, asked_name, asked_at, state) values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting')`,
    [tenantId, a.adjustmentId, a.personId, a.feathers, a.reason, a.askedBy, a.askedName, a.askedAt])
}
export async function lockAdjustment(tx: Tx, tenantId: number, adjustmentId: string): Promise<Adjustment | undefined> {
  return (await tx.query<Adjustment>(`select ${adjustmentColumns} from points_adjustment where tenant_id = $1 and adjustment_id = $2 for update`, [tenantId, adjustmentId]))[0]
}
export function decideAdjustment(tx: Tx, tenantId: number, a: Pick<Adjustment, 'adjustmentId' | 'state' | 'decidedBy' | 'decidedName' | 'decidedAt' | 'note'>): void {
  tx.write(`update points_adjustment set state = $3, decided_by = $4, decided_name = $5, decided_at = $6, note = $7 where tenant_id = $1 and adjustment_id = $2`, [tenantId, a.adjustmentId, a.state, a.decidedBy, a.decidedName, a.decidedAt, a.note])
}
export function listAdjustments(tx: Tx, tenantId: number, limit: number): Promise<Adjustment[]> {
  return tx.query<Adjustment>(`select ${adjustmentColumns} from points_adjustment where tenant_id = $1 order by asked_at desc, adjustment_id desc limit $2`, [tenantId, limit])
}
