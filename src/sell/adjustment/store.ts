import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { NewAdjustment } from './post-adjustments.ts'

export async function insertAdjustments(tx: Tx, tenantId: number, rows: ReadonlyArray<NewAdjustment & { adjustmentId: string }>, actor: string, now: Instant): Promise<string[]> {
  const fresh = await tx.query<{ key: string }>(
    `insert into adjustment (tenant_id, adjustment_id, key, occurred_at, recorded_at, kind, person_id, sku_code, quantity, amount_fen, reason, source_ref, actor)
     select $1, r.id, r.key, r.occurred_at, $12, r.kind, r.person_id, r.sku_code, r.quantity, r.amount_fen, r.reason, r.source_ref, $13
     from unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::text[], $8::int[], $9::bigint[], $10::text[], $11::text[])
       as r(id, key, occurred_at, kind, person_id, sku_code, quantity, amount_fen, reason, source_ref)
     on conflict (tenant_id, key) do nothing returning key`,
    [tenantId, rows.map((r) => r.adjustmentId), rows.map((r) => r.key), rows.map((r) => r.occurredAt), rows.map((r) => r.kind), rows.map((r) => r.personId), rows.map((r) => r.skuCode), rows.map((r) => r.quantity), rows.map((r) => r.amountFen), rows.map((r) => r.reason), rows.map((r) => r.sourceRef), now, actor],
  )
  return fresh.map((row) => row.key)
}

export async function adjustmentTotals(tx: Tx, tenantId: number): Promise<{ count: number; amountFen: number; unlinkedRefunds: number; kinds: Array<{ kind: string; count: number; amountFen: number }> }> {
  const kinds = await tx.query<{ kind: string; count: number; amountFen: number }>(
    `select kind, count(*) as count, coalesce(sum(amount_fen), 0)::bigint as "amountFen" from adjustment where tenant_id = $1 group by kind order by kind`,
    [tenantId],
  )
  return {
    count: kinds.reduce((sum, row) => sum + row.count, 0),
    amountFen: kinds.reduce((sum, row) => sum + row.amountFen, 0),
    unlinkedRefunds: kinds.find((row) => row.kind === 'refund-unlinked')?.count ?? 0,
    kinds,
  }
}

export function listAdjustments(tx: Tx, tenantId: number, page: { offset: number; limit: number }): Promise<Array<{ adjustmentId: string; occurredAt: Instant; kind: string; personId: string | null; skuCode: string | null; quantity: number; amountFen: number; reason: string; sourceRef: string; actor: string }>> {
  return tx.query(
    `select adjustment_id as "adjustmentId", occurred_at as "occurredAt", kind, person_id as "personId", sku_code as "skuCode", quantity, amount_fen as "amountFen", reason, source_ref as "sourceRef", actor
     from adjustment where tenant_id = $1 order by occurred_at desc, adjustment_id desc limit $2 offset $3`,
    [tenantId, page.limit, page.offset],
  )
}

/** Places that adjustments came from, for counting an import's lines and invoices. */
export function sourceRefs(tx: Tx, tenantId: number): Promise<Array<{ sourceRef: string }>> {
  return tx.query(`select distinct source_ref as "sourceRef" from adjustment where tenant_id = $1 order by 1`, [tenantId])
}

export function adjustedPersons(tx: Tx, tenantId: number): Promise<Array<{ personId: string }>> {
  return tx.query(`select distinct person_id as "personId" from adjustment where tenant_id = $1 and person_id is not null order by 1`, [tenantId])
}
