import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Play, PlayOf } from './play.ts'
import type { HeldCoupon } from './price-basket.ts'

// ---- plays ----

const playColumns = `promotion_id as "promotionId", kind, name, state, rule, starts_at as "startsAt", ends_at as "endsAt"`
export type PlayRow = Play & { createdAt: Instant; updatedAt: Instant }

/** That are on at this moment, in a fixed order. */
export function playsOn(tx: Tx, tenantId: number, now: Instant): Promise<Play[]> {
  return tx.query(`select ${playColumns} from promotion where tenant_id = $1 and state = 'on' and starts_at <= $2 and ends_at > $2 order by promotion_id`, [tenantId, now])
}

export function listPlays(tx: Tx, tenantId: number): Promise<PlayRow[]> {
  return tx.query(`select ${playColumns}, created_at as "createdAt", updated_at as "updatedAt" from promotion where tenant_id = $1 order by created_at desc, promotion_id limit 500`, [tenantId])
}

export async function findPlays(tx: Tx, tenantId: number, promotionIds: readonly string[]): Promise<Play[]> {
  return promotionIds.length === 0 ? [] : tx.query(`select ${playColumns} from promotion where tenant_id = $1 and promotion_id = any($2::uuid[]) order by promotion_id`, [tenantId, [...new Set(promotionIds)]])
}

export async function putPlay(tx: Tx, tenantId: number, play: Play, now: Instant): Promise<void> {
  await tx.run(
    `insert into promotion (tenant_id, promotion_id, kind, name, state, rule, starts_at, ends_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
     on conflict (tenant_id, promotion_id) do update set name = excluded.name, state = excluded.state, rule = excluded.rule, starts_at = excluded.starts_at, ends_at = excluded.ends_at, updated_at = excluded.updated_at`,
    [tenantId, play.promotionId, play.kind, play.name, play.state, JSON.stringify(play.rule), play.startsAt, play.endsAt, now],
  )
}

/** Sets what a play may give away; never below what it has given. @returns how many could be set. */
export function putQuotas(tx: Tx, tenantId: number, promotionId: string, quotas: ReadonlyArray<{ skuId: string; quota: number }>): Promise<number> {
  return tx.run(
    `insert into promotion_quota (tenant_id, promotion_id, sku_id, quota, taken) select $1, $2, r.sku, r.quota, 0 from unnest($3::text[], $4::bigint[]) as r(sku, quota)
     on conflict (tenant_id, promotion_id, sku_id) do update set quota = excluded.quota where promotion_quota.taken <= excluded.quota`,
    [tenantId, promotionId, quotas.map((one) => one.skuId), quotas.map((one) => one.quota)],
  )
}

export type Quota = { promotionId: string; skuId: string; quota: number; taken: number }

/** Locked in key order, so that a piece is promised once. */
export async function lockQuotas(tx: Tx, tenantId: number, wanted: ReadonlyArray<{ promotionId: string; skuId: string }>, lock = true): Promise<Quota[]> {
  if (wanted.length === 0) return []
  return tx.query(
    `select promotion_id as "promotionId", sku_id as "skuId", quota, taken from promotion_quota where tenant_id = $1 and (promotion_id, sku_id) in (select * from unnest($2::uuid[], $3::text[])) order by promotion_id, sku_id ${lock ? 'for update' : ''}`,
    [tenantId, wanted.map((one) => one.promotionId), wanted.map((one) => one.skuId)],
  )
}

export function readQuotas(tx: Tx, tenantId: number): Promise<Quota[]> {
  return tx.query(`select promotion_id as "promotionId", sku_id as "skuId", quota, taken from promotion_quota where tenant_id = $1 order by promotion_id, sku_id`, [tenantId])
}

export async function moveQuotas(tx: Tx, tenantId: number, moves: ReadonlyArray<{ promotionId: string; skuId: string; quantity: number }>): Promise<void> {
  const sums = new Map<string, { promotionId: string; skuId: string; quantity: number }>()
  for (const move of moves) {
    const known = sums.get(`${move.promotionId}/${move.skuId}`)
    if (known) known.quantity += move.quantity
    else sums.set(`${move.promotionId}/${move.skuId}`, { ...move })
  }
  const rows = [...sums.values()].sort((a, b) => (`${a.promotionId}/${a.skuId}` < `${b.promotionId}/${b.skuId}` ? -1 : 1))
  if (rows.length === 0) return
  tx.write(
    `update promotion_quota q set taken = q.taken + r.n from unnest($2::uuid[], $3::text[], $4::bigint[]) as r(promotion_id, sku_id, n) where q.tenant_id = $1 and q.promotion_id = r.promotion_id and q.sku_id = r.sku_id`,
    [tenantId, rows.map((one) => one.promotionId), rows.map((one) => one.skuId), rows.map((one) => one.quantity)],
  )
}

// ---- coupons ----

export type CouponRow = { couponId: string; promotionId: string; personId: string; state: HeldCoupon['state']; claimedAt: Instant; validFrom: Instant; validTo: Instant; orderId: string | null }
const couponColumns = `c.coupon_id as "couponId", c.promotion_id as "promotionId", c.person_id as "personId", c.state, c.claimed_at as "claimedAt", c.valid_from as "validFrom", c.valid_to as "validTo", c.order_id as "orderId"`

/** Locked in key order: of two orders with one coupon the second waits here and finds it taken. */
export async function lockCoupons(tx: Tx, tenantId: number, couponIds: readonly string[], lock = true): Promise<CouponRow[]> {
  return couponIds.length === 0 ? [] : tx.query(`select ${couponColumns} from coupon c where c.tenant_id = $1 and c.coupon_id = any($2::uuid[]) order by c.coupon_id ${lock ? 'for update' : ''}`, [tenantId, [...new Set(couponIds)]])
}

/** In somebody's hand, what ends soonest first. */
export function couponsOfPerson(tx: Tx, tenantId: number, personId: string, filter: { usableAt?: Instant }): Promise<CouponRow[]> {
  return tx.query(
    `select ${couponColumns} from coupon c where c.tenant_id = $1 and c.person_id = $2 and ($3::bigint is null or (c.state = 'usable' and c.valid_to > $3)) order by c.valid_to, c.coupon_id limit 200`,
    [tenantId, personId, filter.usableAt ?? null],
  )
}

/** @returns whether it is a new coupon; the same claim again is the same coupon. */
export async function insertCoupon(tx: Tx, tenantId: number, row: CouponRow & { claimKey: string }): Promise<boolean> {
  return (await tx.run(
    `insert into coupon (tenant_id, coupon_id, promotion_id, person_id, claim_key, state, claimed_at, valid_from, valid_to, changed_at) values ($1, $2, $3, $4, $5, 'usable', $6, $7, $8, $6) on conflict (tenant_id, promotion_id, person_id, claim_key) do nothing`,
    [tenantId, row.couponId, row.promotionId, row.personId, row.claimKey, row.claimedAt, row.validFrom, row.validTo],
  )) === 1
}

export async function couponByClaim(tx: Tx, tenantId: number, promotionId: string, personId: string, claimKey: string): Promise<CouponRow | undefined> {
  const [row] = await tx.query<CouponRow>(`select ${couponColumns} from coupon c where c.tenant_id = $1 and c.promotion_id = $2 and c.person_id = $3 and c.claim_key = $4`, [tenantId, promotionId, personId, claimKey])
  return row
}

export async function countCoupons(tx: Tx, tenantId: number, promotionIds: readonly string[], personId: string): Promise<Map<string, number>> {
  const rows = await tx.query<{ promotionId: string; n: number }>(`select promotion_id as "promotionId", count(*) as n from coupon where tenant_id = $1 and person_id = $3 and promotion_id = any($2::uuid[]) group by promotion_id order by promotion_id`, [tenantId, promotionIds, personId])
  return new Map(rows.map((row) => [row.promotionId, row.n]))
}

export async function setCoupons(tx: Tx, tenantId: number, changes: ReadonlyArray<{ couponId: string; state: HeldCoupon['state']; orderId: string | null }>, now: Instant): Promise<void> {
  if (changes.length === 0) return
  tx.write(
    `update coupon c set state = r.state, order_id = r.order_id, changed_at = $5 from unnest($2::uuid[], $3::text[], $4::text[]) as r(coupon_id, state, order_id) where c.tenant_id = $1 and c.coupon_id = r.coupon_id`,
    [tenantId, changes.map((one) => one.couponId), changes.map((one) => one.state), changes.map((one) => one.orderId), now],
  )
}

export async function asHeld(tx: Tx, tenantId: number, rows: readonly CouponRow[]): Promise<HeldCoupon[]> {
  const plays = new Map((await findPlays(tx, tenantId, rows.map((row) => row.promotionId))).map((play) => [play.promotionId, play as PlayOf<'coupon'>]))
  return rows.map((row) => ({ couponId: row.couponId, play: plays.get(row.promotionId)!, state: row.state, validFrom: row.validFrom, validTo: row.validTo }))
}

// ---- what was given on which line ----

export type UseRow = {
  shelf: 'mall' | 'shop'; orderId: string; lineNo: number; promotionId: string; couponId: string; kind: string; name: string; skuId: string; personId: string; quantity: number; bearer: string; fen: number; state: 'held' | 'used' | 'returned'
}
const useColumns = `shelf, order_id as "orderId", line_no as "lineNo", promotion_id as "promotionId", coupon_id as "couponId", kind, name, sku_id as "skuId", person_id as "personId", quantity, bearer, fen, state`

export async function putUses(tx: Tx, tenantId: number, rows: readonly UseRow[], now: Instant): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into promotion_use (tenant_id, shelf, order_id, line_no, promotion_id, coupon_id, kind, name, sku_id, person_id, quantity, bearer, fen, state, at)
     select $1, r.shelf, r."orderId", r."lineNo", r."promotionId", r."couponId", r.kind, r.name, r."skuId", r."personId", r.quantity, r.bearer, r.fen, r.state, $3
     from jsonb_to_recordset($2::jsonb) as r(shelf text, "orderId" text, "lineNo" int, "promotionId" text, "couponId" text, kind text, name text, "skuId" text, "personId" uuid, quantity int, bearer text, fen bigint, state text)
     on conflict (tenant_id, shelf, order_id, line_no, promotion_id, coupon_id) do update set fen = excluded.fen, state = excluded.state`,
    [tenantId, JSON.stringify(rows), now],
  )
}

export async function usesOfOrders(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<UseRow[]> {
  return orderIds.length === 0 ? [] : tx.query(`select ${useColumns} from promotion_use where tenant_id = $1 and order_id = any($2) order by order_id, line_no, promotion_id, coupon_id`, [tenantId, orderIds])
}

/** @returns the rows that changed: told twice, the second finds none. */
export async function setUses(tx: Tx, tenantId: number, orderIds: readonly string[], from: readonly UseRow['state'][], to: UseRow['state'], now: Instant): Promise<UseRow[]> {
  if (orderIds.length === 0) return []
  return tx.query(`update promotion_use set state = $4, at = $5 where tenant_id = $1 and shelf = 'mall' and order_id = any($2) and state = any($3) returning ${useColumns}`, [tenantId, orderIds, from, to, now])
}

/** Pieces that people have under plays. */
export async function piecesBought(tx: Tx, tenantId: number, promotionIds: readonly string[], personIds: readonly string[]): Promise<Array<{ promotionId: string; skuId: string; personId: string; quantity: number }>> {
  if (promotionIds.length === 0 || personIds.length === 0) return []
  return tx.query(
    `select promotion_id as "promotionId", sku_id as "skuId", person_id as "personId", sum(quantity)::int as quantity from promotion_use
     where tenant_id = $1 and promotion_id = any($2) and person_id = any($3::uuid[]) and state <> 'returned' group by 1, 2, 3 order by 1, 2, 3`,
    [tenantId, promotionIds, personIds],
  )
}

/** What each play has given so far: lines, orders, fen, by who bears it. */
export function useTotals(tx: Tx, tenantId: number): Promise<Array<{ promotionId: string; kind: string; name: string; shelf: string; bearer: string; orders: number; fen: number }>> {
  return tx.query(
    `select promotion_id as "promotionId", min(kind) as kind, min(name) as name, shelf, bearer, count(distinct order_id) as orders, coalesce(sum(fen), 0)::bigint as fen from promotion_use
     where tenant_id = $1 and state = 'used' group by promotion_id, shelf, bearer order by promotion_id, shelf, bearer`,
    [tenantId],
  )
}

export function couponTotals(tx: Tx, tenantId: number, now: Instant): Promise<Array<{ promotionId: string; claimed: number; used: number; held: number; expired: number }>> {
  return tx.query(
    `select promotion_id as "promotionId", count(*) as claimed, count(*) filter (where state = 'used') as used, count(*) filter (where state = 'held') as held, count(*) filter (where state = 'usable' and valid_to <= $2) as expired
     from coupon where tenant_id = $1 group by promotion_id order by promotion_id`,
    [tenantId, now],
  )
}

// ---- groups ----

export type Group = { groupId: string; promotionId: string; skuId: string; size: number; state: 'open' | 'formed' | 'failed'; startedAt: Instant; expiresAt: Instant; endedAt: Instant | null }
export type Member = { groupId: string; orderId: string; personId: string; leader: boolean; state: 'unpaid' | 'paid' | 'left' | 'refunded'; joinedAt: Instant }
const groupColumns = `group_id as "groupId", promotion_id as "promotionId", sku_id as "skuId", size, state, started_at as "startedAt", expires_at as "expiresAt", ended_at as "endedAt"`
const memberColumns = `group_id as "groupId", order_id as "orderId", person_id as "personId", leader, state, joined_at as "joinedAt"`

export async function lockGroups(tx: Tx, tenantId: number, groupIds: readonly string[], lock = true): Promise<Group[]> {
  return groupIds.length === 0 ? [] : tx.query(`select ${groupColumns} from group_buy where tenant_id = $1 and group_id = any($2::uuid[]) order by group_id ${lock ? 'for update' : ''}`, [tenantId, [...new Set(groupIds)]])
}
export async function membersOf(tx: Tx, tenantId: number, groupIds: readonly string[]): Promise<Member[]> {
  return groupIds.length === 0 ? [] : tx.query(`select ${memberColumns} from group_member where tenant_id = $1 and group_id = any($2::uuid[]) order by group_id, joined_at, order_id`, [tenantId, groupIds])
}
export async function membershipsOf(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<Member[]> {
  return orderIds.length === 0 ? [] : tx.query(`select ${memberColumns} from group_member where tenant_id = $1 and order_id = any($2) order by group_id, order_id`, [tenantId, orderIds])
}
export async function putGroups(tx: Tx, tenantId: number, groups: readonly Group[]): Promise<void> {
  for (const group of groups) {
    tx.write(
      `insert into group_buy (tenant_id, group_id, promotion_id, sku_id, size, state, started_at, expires_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, group_id) do update set state = excluded.state, ended_at = excluded.ended_at`,
      [tenantId, group.groupId, group.promotionId, group.skuId, group.size, group.state, group.startedAt, group.expiresAt, group.endedAt],
    )
  }
}
export async function putMembers(tx: Tx, tenantId: number, members: readonly Member[]): Promise<void> {
  if (members.length === 0) return
  tx.write(
    `insert into group_member (tenant_id, group_id, order_id, person_id, leader, state, joined_at)
     select $1, r."groupId", r."orderId", r."personId", r.leader, r.state, r."joinedAt" from jsonb_to_recordset($2::jsonb) as r("groupId" uuid, "orderId" text, "personId" uuid, leader boolean, state text, "joinedAt" bigint)
     on conflict (tenant_id, group_id, order_id) do update set state = excluded.state`,
    [tenantId, JSON.stringify(members)],
  )
}
/** Open groups that still want people, those that end first first. */
export function openGroups(tx: Tx, tenantId: number, promotionIds: readonly string[] | null, now: Instant, limit: number): Promise<Group[]> {
  return tx.query(`select ${groupColumns} from group_buy where tenant_id = $1 and state = 'open' and expires_at > $3 and ($2::uuid[] is null or promotion_id = any($2)) order by expires_at, group_id limit $4`, [tenantId, promotionIds, now, limit])
}
export async function groupCounts(tx: Tx, tenantId: number): Promise<Array<{ promotionId: string; state: string; groups: number }>> {
  return tx.query(`select promotion_id as "promotionId", state, count(*) as groups from group_buy where tenant_id = $1 group by promotion_id, state order by promotion_id, state`, [tenantId])
}

// ---- pre-sale deposits ----

export type Deposit = {
  depositId: string; promotionId: string; personId: string; skuId: string; quantity: number; depositFen: number; worthFen: number; priceFen: number; state: 'unpaid' | 'paid' | 'used' | 'done' | 'forfeited' | 'refunded' | 'closed'
  balanceFrom: Instant; balanceTo: Instant; orderId: string | null; madeAt: Instant
}
const depositColumns = `deposit_id as "depositId", promotion_id as "promotionId", person_id as "personId", sku_id as "skuId", quantity, deposit_fen as "depositFen", worth_fen as "worthFen", price_fen as "priceFen", state, balance_from as "balanceFrom", balance_to as "balanceTo",
  order_id as "orderId", made_at as "madeAt"`

export async function lockDeposits(tx: Tx, tenantId: number, depositIds: readonly string[], lock = true): Promise<Deposit[]> {
  return depositIds.length === 0 ? [] : tx.query(`select ${depositColumns} from presale_deposit where tenant_id = $1 and deposit_id = any($2) order by deposit_id ${lock ? 'for update' : ''}`, [tenantId, [...new Set(depositIds)]])
}
export function depositsOfPerson(tx: Tx, tenantId: number, personId: string): Promise<Deposit[]> {
  return tx.query(`select ${depositColumns} from presale_deposit where tenant_id = $1 and person_id = $2 and state <> 'closed' order by made_at desc, deposit_id limit 50`, [tenantId, personId])
}
export async function depositsOfOrders(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<Deposit[]> {
  return orderIds.length === 0 ? [] : tx.query(`select ${depositColumns} from presale_deposit where tenant_id = $1 and order_id = any($2) order by deposit_id for update`, [tenantId, orderIds])
}
export async function putDeposit(tx: Tx, tenantId: number, one: Deposit, now: Instant): Promise<void> {
  tx.write(
    `insert into presale_deposit (tenant_id, deposit_id, promotion_id, person_id, sku_id, quantity, deposit_fen, worth_fen, price_fen, state, balance_from, balance_to, order_id, made_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (tenant_id, deposit_id) do update set state = excluded.state, order_id = excluded.order_id, changed_at = excluded.changed_at`,
    [tenantId, one.depositId, one.promotionId, one.personId, one.skuId, one.quantity, one.depositFen, one.worthFen, one.priceFen, one.state, one.balanceFrom, one.balanceTo, one.orderId, one.madeAt, now],
  )
}

// ---- stored value ----

export type StoredValue = { personId: string; principalFen: number; giftFen: number }
export type StoredHold = { orderId: string; personId: string; principalFen: number; giftFen: number; returnedFen: number; state: 'held' | 'spent' | 'released' }

export async function lockStored(tx: Tx, tenantId: number, personIds: readonly string[], lock = true): Promise<StoredValue[]> {
  return personIds.length === 0 ? [] : tx.query(`select person_id as "personId", principal_fen as "principalFen", gift_fen as "giftFen" from stored_value where tenant_id = $1 and person_id = any($2::uuid[]) order by person_id ${lock ? 'for update' : ''}`, [tenantId, [...new Set(personIds)]])
}
export async function readStored(tx: Tx, tenantId: number, personId: string): Promise<StoredValue> {
  const [row] = await tx.query<StoredValue>(`select person_id as "personId", principal_fen as "principalFen", gift_fen as "giftFen" from stored_value where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row ?? { personId, principalFen: 0, giftFen: 0 }
}
/** Adds to balances; below zero the statement fails. */
export async function addStored(tx: Tx, tenantId: number, changes: readonly StoredValue[], now: Instant): Promise<void> {
  for (const change of changes.toSorted((a, b) => (a.personId < b.personId ? -1 : 1))) {
    tx.write(
      // A row that would be inserted below zero fails too.
      `insert into stored_value as s (tenant_id, person_id, principal_fen, gift_fen, changed_at) values ($1, $2, greatest(0, $3::bigint), greatest(0, $4::bigint), $5)
       on conflict (tenant_id, person_id) do update set principal_fen = s.principal_fen + $3::bigint, gift_fen = s.gift_fen + $4::bigint, changed_at = excluded.changed_at`,
      [tenantId, change.personId, change.principalFen, change.giftFen, now],
    )
  }
}
export async function putHold(tx: Tx, tenantId: number, hold: StoredHold, now: Instant): Promise<void> {
  tx.write(
    `insert into stored_hold (tenant_id, order_id, person_id, principal_fen, gift_fen, returned_fen, state, at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, order_id) do update set state = excluded.state, returned_fen = excluded.returned_fen, at = excluded.at`,
    [tenantId, hold.orderId, hold.personId, hold.principalFen, hold.giftFen, hold.returnedFen, hold.state, now],
  )
}
export async function lockHolds(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<StoredHold[]> {
  return orderIds.length === 0 ? [] : tx.query(`select order_id as "orderId", person_id as "personId", principal_fen as "principalFen", gift_fen as "giftFen", returned_fen as "returnedFen", state from stored_hold where tenant_id = $1 and order_id = any($2) order by order_id for update`, [tenantId, [...new Set(orderIds)]])
}
export async function storedTotals(tx: Tx, tenantId: number): Promise<{ people: number; principalFen: number; giftFen: number }> {
  const [row] = await tx.query<{ people: number; principalFen: number; giftFen: number }>(`select count(*) filter (where principal_fen + gift_fen > 0) as people, coalesce(sum(principal_fen), 0)::bigint as "principalFen", coalesce(sum(gift_fen), 0)::bigint as "giftFen" from stored_value where tenant_id = $1`, [tenantId])
  return row
}

/** Whatever people have moves with them when two turn out to be one. */
export async function moveHoldings(tx: Tx, tenantId: number, gone: string, kept: string): Promise<void> {
  // A claim key that both used stays apart by its old owner's id.
  await tx.run(`update coupon set person_id = $3, claim_key = claim_key || '/' || $2::text where tenant_id = $1 and person_id = $2::uuid`, [tenantId, gone, kept])
  await tx.run(`update promotion_use set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  await tx.run(`update group_member set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  await tx.run(`update presale_deposit set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
  await tx.run(`update stored_hold set person_id = $3 where tenant_id = $1 and person_id = $2`, [tenantId, gone, kept])
}
