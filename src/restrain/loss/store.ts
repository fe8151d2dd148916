import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/** All follows that take a place: those that hold, and those that only we still hold. */
export function heldFollows(tx: Tx, tenantId: number): Promise<Array<{ personId: string; corpId: string; staff: string; followedAt: Instant; oneSidedSince: Instant | null }>> {
  return tx.query(
    `select f.person_id as "personId", f.corp_id as "corpId", f.staff, f.followed_at as "followedAt", case when f.active then null else f.lost_at end as "oneSidedSince"
     from v_follow f where f.tenant_id = $1 and not f.half and (f.active or f.lost_by = 'contact') order by f.person_id, f.corp_id, f.staff`,
    [tenantId],
  )
}

/** Last sign of life of everybody, and how many messages reached them since. Coming and going are no signs of interest. */
export function signs(tx: Tx, tenantId: number): Promise<Array<{ personId: string; lastSignAt: Instant | null; touches: number }>> {
  return tx.query(
    `with last as (
       select person_id, max(occurred_at) filter (where direction = 'inbound' and kind not in ('contact.added', 'contact.lost')) as sign_at from v_touch where tenant_id = $1 group by person_id)
     select t.person_id as "personId", l.sign_at as "lastSignAt", count(*) filter (where t.direction = 'outbound' and t.occurred_at > coalesce(l.sign_at, 0)) as touches
     from v_touch t join last l on l.person_id = t.person_id where t.tenant_id = $1 group by t.person_id, l.sign_at order by t.person_id`,
    [tenantId],
  )
}

export type AdviceState = { corpId: string; staff: string; personId: string; state: 'asked' | 'kept' | 'done'; advisedAt: Instant; changedAt: Instant; changedBy: string }

export function adviceStates(tx: Tx, tenantId: number): Promise<AdviceState[]> {
  return tx.query<AdviceState>(
    `select corp_id as "corpId", staff, person_id as "personId", state, advised_at as "advisedAt", changed_at as "changedAt", changed_by as "changedBy" from removal_advice where tenant_id = $1 order by changed_at desc, person_id`,
    [tenantId],
  )
}

export async function putAdvice(tx: Tx, tenantId: number, rows: ReadonlyArray<{ corpId: string; staff: string; personId: string; reasons: unknown; valueFen: number }>, state: 'asked' | 'kept', now: Instant, actor: string): Promise<void> {
  if (rows.length === 0) return
  await tx.run(
    `insert into removal_advice (tenant_id, corp_id, staff, person_id, advised_at, state, reasons, value_fen, changed_at, changed_by)
     select $1, r.corp_id, r.staff, r.person_id, $3, $4, r.reasons, r.value_fen, $3, $5 from jsonb_to_recordset($2::jsonb) as r(corp_id text, staff text, person_id uuid, reasons jsonb, value_fen bigint)
     on conflict (tenant_id, corp_id, staff, person_id) do update set state = excluded.state, reasons = excluded.reasons, value_fen = excluded.value_fen, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
    [tenantId, JSON.stringify(rows.map((r) => ({ corp_id: r.corpId, staff: r.staff, person_id: r.personId, reasons: r.reasons, value_fen: r.valueFen }))), now, state, actor],
  )
}

/** The event came: what was asked is done. */
export async function tickAdvice(tx: Tx, tenantId: number, rows: ReadonlyArray<{ corpId: string; staff: string; personId: string }>, now: Instant): Promise<number> {
  if (rows.length === 0) return 0
  return tx.run(
    `update removal_advice set state = 'done', changed_at = $5, changed_by = 'event' from unnest($2::text[], $3::text[], $4::uuid[]) as r(corp_id, staff, person_id)
     where removal_advice.tenant_id = $1 and removal_advice.corp_id = r.corp_id and removal_advice.staff = r.staff and removal_advice.person_id = r.person_id and removal_advice.state = 'asked'`,
    [tenantId, rows.map((r) => r.corpId), rows.map((r) => r.staff), rows.map((r) => r.personId), now],
  )
}
