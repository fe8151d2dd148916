import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { StartVerdict } from './judge-playbook.ts'
import type { PlaybookFile, Receipt } from './playbook-file.ts'
import type { Step } from './moves.ts'

export type PlaybookRow = { playbookId: string; caseId: string | null; title: string; file: PlaybookFile; digest: string; madeAt: Instant; madeBy: string; receipts: number; feathers: number }
const playbookColumns = `p.playbook_id as "playbookId", p.case_id as "caseId", p.title, p.file, p.digest, p.made_at as "madeAt", p.made_by as "madeBy"`

export async function savePlaybook(tx: Tx, tenantId: number, row: Omit<PlaybookRow, 'receipts' | 'feathers'>): Promise<void> {
  await tx.run(`insert into playbook (tenant_id, playbook_id, case_id, title, file, digest, made_at, made_by) values ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    tenantId, row.playbookId, row.caseId, row.title, JSON.stringify(row.file), row.digest, row.madeAt, row.madeBy,
  ])
}

export function listPlaybooks(tx: Tx, tenantId: number): Promise<PlaybookRow[]> {
  return tx.query(
    `select ${playbookColumns}, count(r.applier)::int as receipts, coalesce(sum(r.feathers), 0)::int as feathers
     from playbook p left join playbook_receipt r on r.tenant_id = p.tenant_id and r.playbook_id = p.playbook_id where p.tenant_id = $1
     group by p.tenant_id, p.playbook_id order by p.made_at desc, p.playbook_id limit 200`, [tenantId],
  )
}

export async function findPlaybook(tx: Tx, tenantId: number, playbookId: string): Promise<Omit<PlaybookRow, 'receipts' | 'feathers'> | undefined> {
  const [row] = await tx.query<PlaybookRow>(`select ${playbookColumns} from playbook p where p.tenant_id = $1 and p.playbook_id = $2`, [tenantId, playbookId])
  return row
}

export type MadeStep = Step & { made: { id: string } | null }
export type ApplicationRow = {
  applicationId: string; playbookId: string; title: string; file: PlaybookFile; state: 'applied' | 'undone'; steps: MadeStep[]; startState: Record<string, unknown>; appliedAt: Instant; appliedBy: string
  undoneAt: Instant | null; undoneBy: string | null; verdict: StartVerdict; verdictAt: Instant; detail: Record<string, unknown>; receipt: Receipt
}
const applicationColumns = `application_id as "applicationId", playbook_id as "playbookId", title, file, state, steps, start_state as "startState", applied_at as "appliedAt", applied_by as "appliedBy", undone_at as "undoneAt", undone_by as "undoneBy", verdict, verdict_at as "verdictAt", detail, receipt`

/** @returns false: the same playbook is in use. */
export async function saveApplication(tx: Tx, tenantId: number, row: ApplicationRow): Promise<boolean> {
  const done = await tx.run(
    `insert into playbook_application (tenant_id, application_id, playbook_id, title, file, state, steps, start_state, applied_at, applied_by, verdict, verdict_at, detail, receipt)
     values ($1, $2, $3, $4, $5, 'applied', $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing`,
    [tenantId, row.applicationId, row.playbookId, row.title, JSON.stringify(row.file), JSON.stringify(row.steps), JSON.stringify(row.startState), row.appliedAt, row.appliedBy, row.verdict, row.verdictAt, JSON.stringify(row.detail), JSON.stringify(row.receipt)],
  )
  return done > 0
}

export function listApplications(tx: Tx, tenantId: number): Promise<ApplicationRow[]> {
  return tx.query(`select ${applicationColumns} from playbook_application where tenant_id = $1 order by applied_at desc, application_id limit 200`, [tenantId])
}

export async function openApplicationOf(tx: Tx, tenantId: number, playbookId: string): Promise<ApplicationRow | undefined> {
  const [row] = await tx.query<ApplicationRow>(`select ${applicationColumns} from playbook_application where tenant_id = $1 and playbook_id = $2 and state = 'applied'`, [tenantId, playbookId])
  return row
}

/** Held until the transaction ends, so that it is undone once. */
export async function lockApplication(tx: Tx, tenantId: number, applicationId: string): Promise<ApplicationRow | undefined> {
  const [row] = await tx.query<ApplicationRow>(`select ${applicationColumns} from playbook_application where tenant_id = $1 and application_id = $2 for update`, [tenantId, applicationId])
  return row
}

export async function markUndone(tx: Tx, tenantId: number, applicationId: string, now: Instant, actor: string): Promise<void> {
  await tx.run(`update playbook_application set state = 'undone', undone_at = $3, undone_by = $4 where tenant_id = $1 and application_id = $2`, [tenantId, applicationId, now, actor])
}

export async function putVerdict(tx: Tx, tenantId: number, applicationId: string, verdict: StartVerdict, detail: Record<string, unknown>, now: Instant): Promise<void> {
  await tx.run(`update playbook_application set verdict = $3, detail = $4, verdict_at = $5 where tenant_id = $1 and application_id = $2`, [tenantId, applicationId, verdict, JSON.stringify(detail), now])
}

/** @returns false: this one had handed in a receipt before. */
export async function saveReceipt(tx: Tx, tenantId: number, row: { playbookId: string; applier: string; appliedAt: Instant; receivedAt: Instant; feathers: number }): Promise<boolean> {
  return (await tx.run(`insert into playbook_receipt (tenant_id, playbook_id, applier, applied_at, received_at, feathers) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`, [tenantId, row.playbookId, row.applier, row.appliedAt, row.receivedAt, row.feathers])) > 0
}
