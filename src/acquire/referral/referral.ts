import { saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { randomText, type Random } from '../../kernel/random.ts'
import { standIns } from '../../book/touch/index.ts'
import { insertTouchpoints } from '../attribution/index.ts'

const referralChannel = 'referral'
const codeLength = 10

export const isReferralCode = (text: string): boolean => /^[0-9A-Za-z]{6,32}$/.test(text)

/** The person's code; made when first asked for. It says nothing of who they are. */
export async function codeOfPerson(tx: Tx, tenantId: number, personId: string, now: Instant, random: Random): Promise<string> {
  const code = randomText(random, codeLength, 'referral code', tenantId, personId)
  await tx.run(`insert into referral_link (tenant_id, code, person_id, created_at) values ($1, $2, $3, $4) on conflict do nothing`, [tenantId, code, personId, now])
  const [row] = await tx.query<{ code: string }>(`select code from referral_link where tenant_id = $1 and person_id = $2`, [tenantId, personId])
  return row.code
}

/**
 * Somebody came by a code: a touchpoint (once a day), and whose they are if they are nobody's yet.
 * @returns what it was: `unknown` code, the person's `own` code, or a visit.
 */
export async function recordReferral(tx: Tx, tenantId: number, visit: { code: string; personId: string; at: Instant }, ids: Ids): Promise<'unknown' | 'own' | 'came'> {
  const [link] = await tx.query<{ personId: string }>(`select person_id as "personId" from referral_link where tenant_id = $1 and code = $2`, [tenantId, visit.code])
  if (link === undefined) return 'unknown'
  const same = await standIns(tx, tenantId, [visit.personId])
  if (link.personId === visit.personId || (same.get(visit.personId) ?? []).includes(link.personId)) return 'own'
  await tx.run(
    `insert into referral (tenant_id, person_id, code, came_at, is_new)
     select $1, $2, $3, $4, not exists (select 1 from v_touchpoint t where t.tenant_id = $1 and t.person_id = $2) and not exists (select 1 from v_order_path o where o.tenant_id = $1 and o.person_id = $2)
     on conflict (tenant_id, person_id) do nothing`,
    [tenantId, visit.personId, visit.code, visit.at],
  )
  await insertTouchpoints(tx, tenantId, [{
    touchpointId: ids.next(), key: `referral/${visit.code}/${visit.personId}/${saleDate(visit.at)}`, personId: visit.personId, occurredAt: visit.at, channel: referralChannel, detail: { code: visit.code },
  }])
  return 'came'
}

/** Beside each row `r` of referral: what that person paid since coming. */
const sincePaid = `left join lateral (select count(*) as orders, sum(p.paid_fen) as paid_fen from v_order_path p where p.tenant_id = r.tenant_id and p.person_id = r.person_id and p.paid_at >= r.came_at) o on true`

export type Referrer = { personId: string; code: string; people: number; newPeople: number; buyers: number; orders: number; paidFen: number }

export type ReferralTotal = { referrers: number; people: number; buyers: number; paidFen: number }

export async function referralTotal(tx: Tx, tenantId: number): Promise<ReferralTotal> {
  const [row] = await tx.query<ReferralTotal>(
    `select count(distinct r.code) as referrers, count(*) as people, count(*) filter (where o.orders > 0) as buyers, coalesce(sum(o.paid_fen), 0)::bigint as "paidFen"
     from referral r ${sincePaid}
     where r.tenant_id = $1`, [tenantId])
  return row
}

/** Who brought whom, with what those people paid since they came. The most paid first. */
export function topReferrers(tx: Tx, tenantId: number, page: { offset: number; limit: number }): Promise<Referrer[]> {
  return tx.query<Referrer>(
    `select coalesce(m.merged_into, l.person_id) as "personId", l.code, count(*) as people, count(*) filter (where r.is_new) as "newPeople", count(*) filter (where o.orders > 0) as buyers,
       coalesce(sum(o.orders), 0)::bigint as orders, coalesce(sum(o.paid_fen), 0)::bigint as "paidFen"
     from referral r join referral_link l on l.tenant_id = r.tenant_id and l.code = r.code
     left join v_merged m on m.tenant_id = l.tenant_id and m.person_id = l.person_id
     ${sincePaid}
     where r.tenant_id = $1 group by l.code, l.person_id, m.merged_into order by "paidFen" desc, people desc, l.code limit $2 offset $3`,
    [tenantId, page.limit, page.offset],
  )
}

/** Who brought each of these people; nobody for the others. */
export async function referrersOf(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, string>> {
  if (personIds.length === 0) return new Map()
  const rows = await tx.query<{ personId: string; referrer: string }>(
    `select r.person_id as "personId", l.person_id as referrer from referral r join referral_link l on l.tenant_id = r.tenant_id and l.code = r.code where r.tenant_id = $1 and r.person_id = any($2::uuid[]) order by r.person_id`,
    [tenantId, [...new Set(personIds)]],
  )
  return new Map(rows.map((row) => [row.personId, row.referrer]))
}
