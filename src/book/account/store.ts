import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/** `unit` is 'fen', 'feather' or 'sku:<id>'; `amount` is an integer, positive into the account. */
export type Entry = { account: string; unit: string; amount: number }
export type Posting = { postingId: string; key: string; occurredAt: Instant; recordedAt: Instant; reason: string; entries: readonly Entry[] }

/** Books what is not booked yet. @returns the keys that were new, in the given order. */
export async function book(tx: Tx, tenantId: number, postings: readonly Posting[]): Promise<string[]> {
  if (postings.length === 0) return []
  for (const posting of postings) {
    const sums = new Map<string, number>()
    for (const entry of posting.entries) {
      assert(Number.isSafeInteger(entry.amount), `posting ${posting.key} has an amount that is not an integer: ${entry.amount}`)
      sums.set(entry.unit, (sums.get(entry.unit) ?? 0) + entry.amount)
    }
    for (const [unit, sum] of sums) assert(sum === 0, `posting ${posting.key} is out of balance by ${sum} ${unit}`)
  }
  const fresh = await tx.query<{ id: string; key: string }>(
    `insert into posting (tenant_id, posting_id, key, occurred_at, recorded_at, reason)
     select $1, r.id, r.key, r.occurred_at, r.recorded_at, r.reason
     from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]) as r(id, key, occurred_at, recorded_at, reason)
     on conflict (tenant_id, key) do nothing returning posting_id as id, key`,
    [tenantId, postings.map((p) => p.postingId), postings.map((p) => p.key), postings.map((p) => p.occurredAt), postings.map((p) => p.recordedAt), postings.map((p) => p.reason)],
  )
  const isNew = new Set(fresh.map((row) => row.id))
  const rows = postings.filter((p) => isNew.has(p.postingId)).flatMap((p) => p.entries.map((entry, n) => ({ id: p.postingId, n, ...entry })))
  if (rows.length > 0) {
    tx.write(
      `insert into entry (tenant_id, posting_id, n, account, unit, amount)
       select $1, r.id, r.n, r.account, r.unit, r.amount from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::bigint[]) as r(id, n, account, unit, amount)`,
      [tenantId, rows.map((r) => r.id), rows.map((r) => r.n), rows.map((r) => r.account), rows.map((r) => r.unit), rows.map((r) => r.amount)],
    )
  }
  return postings.filter((p) => isNew.has(p.postingId)).map((p) => p.key)
}

export function balances(tx: Tx, tenantId: number, accountPrefix: string): Promise<Array<{ account: string; unit: string; amount: number }>> {
  return tx.query(
    `select account, unit, sum(amount)::bigint as amount from entry where tenant_id = $1 and account like $2 || '%' group by account, unit order by account, unit`,
    [tenantId, accountPrefix],
  )
}

/** Postings whose entries do not add up to zero for some unit: always empty unless somebody wrote past this module. */
export function checkBalanced(tx: Tx, tenantId: number): Promise<Array<{ postingId: string; unit: string; off: number }>> {
  return tx.query(
    `select posting_id as "postingId", unit, sum(amount)::bigint as off from entry where tenant_id = $1 group by posting_id, unit having sum(amount) <> 0 order by 1, 2 limit 100`,
    [tenantId],
  )
}

/** Entries of one unit in the given accounts, newest first, with their posting: the flow of a SKU or of a person's points. */
export function unitHistory(tx: Tx, tenantId: number, unit: string, accounts: readonly string[], page: { offset: number; limit: number }): Promise<Array<{ postingId: string; key: string; occurredAt: Instant; recordedAt: Instant; reason: string; account: string; amount: number }>> {
  return tx.query(
    `select p.posting_id as "postingId", p.key, p.occurred_at as "occurredAt", p.recorded_at as "recordedAt", p.reason, e.account, e.amount
     from entry e join posting p on p.tenant_id = e.tenant_id and p.posting_id = e.posting_id
     where e.tenant_id = $1 and e.unit = $2 and e.account = any($3) order by p.recorded_at desc, p.posting_id desc, e.n limit $4 offset $5`,
    [tenantId, unit, accounts, page.limit, page.offset],
  )
}

/** Which of these keys are booked already. */
export async function bookedKeys(tx: Tx, tenantId: number, keys: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(`select key from posting where tenant_id = $1 and key = any($2) order by key`, [tenantId, keys])
  return new Set(rows.map((row) => row.key))
}

/** What the postings under these keys did to one account, by key; a key that is not booked is missing. */
export async function amountsByKey(tx: Tx, tenantId: number, account: string, keys: readonly string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.query<{ key: string; amount: number }>(
    `select p.key, coalesce(sum(e.amount) filter (where e.account = $3), 0)::bigint as amount
     from posting p join entry e on e.tenant_id = p.tenant_id and e.posting_id = p.posting_id
     where p.tenant_id = $1 and p.key = any($2) group by p.key order by p.key`,
    [tenantId, [...new Set(keys)], account],
  )
  return new Map(rows.map((row) => [row.key, row.amount]))
}

/** Sums of every account of a unit up to an instant; accounts of single people and deposits are one line each kind. */
export function accountSums(tx: Tx, tenantId: number, unit: string, upTo: Instant): Promise<Array<{ account: string; amount: number }>> {
  return tx.query(
    `select case when e.account like 'stored%:%' and e.account not in ('stored:held', 'stored:out') or e.account like 'deposit:%' then split_part(e.account, ':', 1) else e.account end as account, sum(e.amount)::bigint as amount
     from entry e join posting p on p.tenant_id = e.tenant_id and p.posting_id = e.posting_id
     where e.tenant_id = $1 and e.unit = $2 and p.occurred_at < $3 group by 1 having sum(e.amount) <> 0 order by 1`,
    [tenantId, unit, upTo],
  )
}
