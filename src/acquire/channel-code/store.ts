import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type CodeStatus = 'making' | 'live' | 'failed' | 'unknown' | 'closing' | 'closed'
export type ChannelCode = {
  codeId: string; connectionId: string; corpId: string; name: string; channel: string; state: string; staff: string[]; skipVerify: boolean; welcomeText: string | null; status: CodeStatus
  configId: string | null; qrCode: string | null; error: string | null; createdAt: Instant; createdBy: string
}
const columns = `code_id as "codeId", connection_id as "connectionId", corp_id as "corpId", name, channel, state, staff, skip_verify as "skipVerify", welcome_text as "welcomeText", status, config_id as "configId",
  qr_code as "qrCode", error, created_at as "createdAt", created_by as "createdBy"`

export async function insertCode(tx: Tx, tenantId: number, code: ChannelCode): Promise<void> {
  await tx.run(
    `insert into channel_code (tenant_id, code_id, connection_id, corp_id, name, channel, state, staff, skip_verify, welcome_text, status, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [tenantId, code.codeId, code.connectionId, code.corpId, code.name, code.channel, code.state, code.staff, code.skipVerify, code.welcomeText, code.status, code.createdAt, code.createdBy],
  )
}

export async function changeCode(tx: Tx, tenantId: number, codeId: string, change: { status?: CodeStatus; configId?: string; qrCode?: string; error?: string; name?: string; staff?: readonly string[]; welcomeText?: string }): Promise<void> {
  await tx.run(
    `update channel_code set status = coalesce($3, status), config_id = coalesce($4, config_id), qr_code = coalesce($5, qr_code), error = coalesce($6, error), name = coalesce($7, name), staff = coalesce($8, staff),
       welcome_text = coalesce($9, welcome_text) where tenant_id = $1 and code_id = $2`,
    [tenantId, codeId, change.status ?? null, change.configId ?? null, change.qrCode ?? null, change.error ?? null, change.name ?? null, change.staff ?? null, change.welcomeText ?? null],
  )
}

export async function findCode(tx: Tx, tenantId: number, codeId: string): Promise<ChannelCode | undefined> {
  const [row] = await tx.query<ChannelCode>(`select ${columns} from channel_code where tenant_id = $1 and code_id = $2`, [tenantId, codeId])
  return row
}

export function listCodes(tx: Tx, tenantId: number): Promise<ChannelCode[]> {
  return tx.query<ChannelCode>(`select ${columns} from channel_code where tenant_id = $1 order by created_at desc, code_id`, [tenantId])
}

/** Channel of each state of ours, as attribution names it: `code/<channel>`. */
export async function channelsOfStates(tx: Tx, tenantId: number, corpId: string, states: readonly string[]): Promise<Map<string, string>> {
  if (states.length === 0) return new Map()
  const rows = await tx.query<{ state: string; channel: string }>(`select state, channel from channel_code where tenant_id = $1 and corp_id = $2 and state = any($3) order by state`, [tenantId, corpId, states])
  return new Map(rows.map((row) => [row.state, `code/${row.channel}`]))
}

/** Welcome texts of codes that have one of their own, by state. */
export async function welcomeTextsOf(tx: Tx, tenantId: number, corpId: string, states: readonly string[]): Promise<Map<string, string>> {
  const asked = states.filter((state) => state !== '')
  if (asked.length === 0) return new Map()
  const rows = await tx.query<{ state: string; text: string }>(
    `select state, welcome_text as text from channel_code where tenant_id = $1 and corp_id = $2 and state = any($3) and welcome_text <> '' order by state`, [tenantId, corpId, asked])
  return new Map(rows.map((row) => [row.state, row.text]))
}
