import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

export type AuditEntry = { auditId: string; at: Instant; actor: string; action: string; object: string; detail: Record<string, unknown> }

export async function recordAudit(tx: Tx, tenantId: number, entries: readonly AuditEntry[]): Promise<void> {
  await tx.run(
    `insert into audit (tenant_id, audit_id, at, actor, action, object, detail)
     select $1, r.audit_id, r.at, r.actor, r.action, r.object, r.detail
     from jsonb_to_recordset($2::jsonb) as r(audit_id uuid, at bigint, actor text, action text, object text, detail jsonb)`,
    [tenantId, JSON.stringify(entries.map((e) => ({ audit_id: e.auditId, at: e.at, actor: e.actor, action: e.action, object: e.object, detail: e.detail })))],
  )
}

/** Newest first, before the given instant. */
export async function listAudit(tx: Tx, tenantId: number, before: Instant, limit: number): Promise<AuditEntry[]> {
  return tx.query<AuditEntry>(
    `select audit_id as "auditId", at, actor, action, object, detail from audit where tenant_id = $1 and at < $2 order by at desc, audit_id desc limit $3`,
    [tenantId, before, limit],
  )
}
