import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type ImportRun = { runId: string; kind: string; source: Record<string, unknown>; startedAt: Instant; finishedAt: Instant | null; counters: Record<string, unknown> }

/** The newest run of a kind. */
export async function findRun(tx: Tx, tenantId: number, kind: string): Promise<ImportRun | undefined> {
  const [row] = await tx.query<ImportRun>(
    `select run_id as "runId", kind, source, started_at as "startedAt", finished_at as "finishedAt", counters from import_run where tenant_id = $1 and kind = $2 order by run_id desc limit 1`,
    [tenantId, kind],
  )
  return row
}

export async function putRun(tx: Tx, tenantId: number, run: ImportRun): Promise<void> {
  await tx.run(`insert into import_run (tenant_id, run_id, kind, source, started_at, finished_at, counters) values ($1, $2, $3, $4, $5, $6, $7)`, [
    tenantId, run.runId, run.kind, JSON.stringify(run.source), run.startedAt, run.finishedAt, JSON.stringify(run.counters),
  ])
}

export async function finishRun(tx: Tx, tenantId: number, runId: string, finishedAt: Instant, counters: Record<string, unknown>): Promise<void> {
  await tx.run(`update import_run set finished_at = $3, counters = $4 where tenant_id = $1 and run_id = $2`, [tenantId, runId, finishedAt, JSON.stringify(counters)])
}

export async function putBadRows(tx: Tx, tenantId: number, runId: string, rows: ReadonlyArray<{ lineNo: number; reason: string; content: string }>): Promise<void> {
  if (rows.length === 0) return
  await tx.run(
    `insert into import_bad_row (tenant_id, run_id, line_no, reason, content) select $1, $2, r.line_no, r.reason, r.content
     from unnest($3::bigint[], $4::text[], $5::text[]) as r(line_no, reason, content) on conflict (tenant_id, run_id, line_no) do nothing`,
    [tenantId, runId, rows.map((r) => r.lineNo), rows.map((r) => r.reason), rows.map((r) => r.content.replaceAll('\u0000', ''))],
  )
}

export function listBadRows(tx: Tx, tenantId: number, runId: string, limit: number): Promise<Array<{ lineNo: number; reason: string; content: string }>> {
  return tx.query(`select line_no as "lineNo", reason, content from import_bad_row where tenant_id = $1 and run_id = $2 order by line_no limit $3`, [tenantId, runId, limit])
}
