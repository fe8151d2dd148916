import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'

export type Job = { kind: string; key: string; dueAt: Instant; state: unknown; attempts: number }

/** Makes jobs, or moves existing ones earlier; never later, and their state stays. */
export async function putJobs(tx: Tx, tenantId: number, jobs: ReadonlyArray<Omit<Job, 'attempts'>>): Promise<void> {
  if (jobs.length === 0) return
  tx.write(
    `insert into job (tenant_id, kind, key, due_at, state, attempts)
     select $1, r.kind, r.key, r.due_at, r.state, 0 from jsonb_to_recordset($2::jsonb) as r(kind text, key text, due_at bigint, state jsonb)
     on conflict (tenant_id, kind, key) do update set due_at = least(job.due_at, excluded.due_at)`,
    [tenantId, JSON.stringify(jobs.map((j) => ({ kind: j.kind, key: j.key, due_at: j.dueAt, state: j.state ?? {} })))],
  )
}

export function claimJobs(tx: Tx, tenantId: number, now: Instant, limit: number): Promise<Job[]> {
  return tx.query<Job>(
    `select kind, key, due_at as "dueAt", state, attempts from job where tenant_id = $1 and due_at <= $2 order by due_at, kind, key limit $3 for update skip locked`,
    [tenantId, now, limit],
  )
}

/** `dueAt` null: the job is finished and goes. */
export async function settleJob(tx: Tx, tenantId: number, job: Job, dueAt: Instant | null, state: unknown): Promise<void> {
  if (dueAt === null) tx.write(`delete from job where tenant_id = $1 and kind = $2 and key = $3`, [tenantId, job.kind, job.key])
  else tx.write(`update job set due_at = $4, state = $5, attempts = 0, error = null where tenant_id = $1 and kind = $2 and key = $3`, [tenantId, job.kind, job.key, dueAt, JSON.stringify(state ?? {})])
}

export async function failJob(tx: Tx, tenantId: number, job: Job, error: string, now: Instant): Promise<void> {
  tx.write(`update job set attempts = attempts + 1, error = $4, due_at = $5 where tenant_id = $1 and kind = $2 and key = $3`, [
    tenantId, job.kind, job.key, error.slice(0, 500), now + 5_000 * 2 ** Math.min(job.attempts, 8),
  ])
}

export function listJobs(tx: Tx, tenantId: number): Promise<Array<Job & { error: string | null }>> {
  return tx.query(`select kind, key, due_at as "dueAt", state, attempts, error from job where tenant_id = $1 order by due_at, kind, key limit 200`, [tenantId])
}
