import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Message, MessageContent, MessageState, TaskState } from './message.ts'

const messageColumns = `m.message_id as "messageId", m.key, m.campaign, m.purpose, m.message_kind as "messageKind", m.person_id as "personId", 'wecom' as line, m.corp_id as "corpId",
  m.external_userid as "externalUserId", m.staff, m.task_id as "taskId", m.state, m.gate_id as "gateId", m.gate_reason as "gateReason", m.clear_at as "clearAt", m.asked_at as "askedAt", m.weight::float8 as weight,
  m.sent_at as "sentAt"`

export async function knownKeys(tx: Tx, tenantId: number, keys: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(`select key from outbound_message where tenant_id = $1 and key = any($2) order by key`, [tenantId, keys])
  return new Set(rows.map((row) => row.key))
}

export async function insertMessages(tx: Tx, tenantId: number, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return
  tx.write(
    `insert into outbound_message (tenant_id, message_id, key, campaign, purpose, message_kind, person_id, corp_id, external_userid, staff, task_id, state, gate_id, gate_reason, clear_at, asked_at, weight)
     select $1, r.message_id, r.key, r.campaign, r.purpose, r.message_kind, r.person_id, r.corp_id, r.external_userid, r.staff, null, r.state, r.gate_id, r.gate_reason, r.clear_at, r.asked_at, r.weight
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::real[])
       as r(message_id, key, campaign, purpose, message_kind, person_id, corp_id, external_userid, staff, state, gate_id, gate_reason, clear_at, asked_at, weight)`,
    [tenantId, messages.map((m) => m.messageId), messages.map((m) => m.key), messages.map((m) => m.campaign), messages.map((m) => m.purpose), messages.map((m) => m.messageKind), messages.map((m) => m.personId), messages.map((m) => m.corpId),
      messages.map((m) => m.externalUserId), messages.map((m) => m.staff), messages.map((m) => m.state), messages.map((m) => m.gateId), messages.map((m) => m.gateReason), messages.map((m) => m.clearAt), messages.map((m) => m.askedAt), messages.map((m) => m.weight)],
  )
}

/** Ends of queued messages; a message that has ended already stays as it is. @returns the messages that changed. */
export function endMessages(tx: Tx, tenantId: number, ends: ReadonlyArray<{ messageId: string; state: MessageState; sentAt: Instant | null; reason?: string }>): Promise<Message[]> {
  if (ends.length === 0) return Promise.resolve([])
  return tx.query<Message>(
    `update outbound_message m set state = r.state, sent_at = r.sent_at, gate_reason = coalesce(r.reason, m.gate_reason)
     from unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[]) as r(id, state, sent_at, reason)
     where m.tenant_id = $1 and m.message_id = r.id and m.state = 'queued' returning ${messageColumns}`,
    [tenantId, ends.map((e) => e.messageId), ends.map((e) => e.state), ends.map((e) => e.sentAt), ends.map((e) => e.reason ?? null)],
  )
}

export function queuedOfTask(tx: Tx, tenantId: number, taskId: string): Promise<Message[]> {
  return tx.query<Message>(`select ${messageColumns} from outbound_message m where m.tenant_id = $1 and task_id = $2 and state = 'queued' order by message_id`, [tenantId, taskId])
}

export async function findMessage(tx: Tx, tenantId: number, messageId: string): Promise<Message | undefined> {
  const [row] = await tx.query<Message>(`select ${messageColumns} from outbound_message m where m.tenant_id = $1 and message_id = $2`, [tenantId, messageId])
  return row
}

export type TaskRow = {
  taskId: string; connectionId: string; corpId: string; staff: string; campaign: string; content: MessageContent; targets: number; state: TaskState; msgid: string | null
  createdAt: Instant; confirmedAt: Instant | null; polledAt: Instant | null; reminders: number; error: string | null
}
const taskColumns = `task_id as "taskId", connection_id as "connectionId", corp_id as "corpId", staff, campaign, content, targets, state, msgid, created_at as "createdAt", confirmed_at as "confirmedAt",
  polled_at as "polledAt", reminders, error`

export async function insertTasks(tx: Tx, tenantId: number, tasks: readonly TaskRow[], members: ReadonlyArray<{ messageId: string; taskId: string }>): Promise<void> {
  if (tasks.length === 0) return
  tx.write(
    `insert into send_task (tenant_id, task_id, connection_id, corp_id, staff, campaign, content, targets, state, created_at, reminders)
     select $1, r.task_id, r.connection_id, r.corp_id, r.staff, r.campaign, r.content::jsonb, r.targets, 'queued', r.created_at, 0
     from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::bigint[]) as r(task_id, connection_id, corp_id, staff, campaign, content, targets, created_at)`,
    [tenantId, tasks.map((t) => t.taskId), tasks.map((t) => t.connectionId), tasks.map((t) => t.corpId), tasks.map((t) => t.staff), tasks.map((t) => t.campaign), tasks.map((t) => JSON.stringify(t.content)), tasks.map((t) => t.targets), tasks.map((t) => t.createdAt)],
  )
  tx.write(
    `update outbound_message m set task_id = r.task_id from unnest($2::uuid[], $3::uuid[]) as r(message_id, task_id) where m.tenant_id = $1 and m.message_id = r.message_id`,
    [tenantId, members.map((m) => m.messageId), members.map((m) => m.taskId)],
  )
}

export async function findTask(tx: Tx, tenantId: number, taskId: string): Promise<TaskRow | undefined> {
  const [row] = await tx.query<TaskRow>(`select ${taskColumns} from send_task where tenant_id = $1 and task_id = $2`, [tenantId, taskId])
  return row
}

export function tasksOfCampaign(tx: Tx, tenantId: number, campaign: string): Promise<TaskRow[]> {
  return tx.query<TaskRow>(`select ${taskColumns} from send_task where tenant_id = $1 and campaign = $2 order by created_at, staff, task_id`, [tenantId, campaign])
}

/** Tasks that wait for a member, oldest first: who has to confirm what. */
export function openTasks(tx: Tx, tenantId: number, limit: number): Promise<TaskRow[]> {
  return tx.query<TaskRow>(`select ${taskColumns} from send_task where tenant_id = $1 and state in ('queued', 'waiting', 'cancelling', 'unknown') order by created_at, task_id limit $2`, [tenantId, limit])
}

export async function changeTask(tx: Tx, tenantId: number, taskId: string, change: { state?: TaskState; msgid?: string; confirmedAt?: Instant; polledAt?: Instant; reminders?: number; error?: string }): Promise<void> {
  tx.write(
    `update send_task set state = coalesce($3, state), msgid = coalesce($4, msgid), confirmed_at = coalesce($5, confirmed_at), polled_at = coalesce($6, polled_at), reminders = coalesce($7, reminders), error = coalesce($8, error)
     where tenant_id = $1 and task_id = $2`,
    [tenantId, taskId, change.state ?? null, change.msgid ?? null, change.confirmedAt ?? null, change.polledAt ?? null, change.reminders ?? null, change.error ?? null],
  )
}

export async function knownMsgids(tx: Tx, tenantId: number, msgids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ msgid: string }>(`select msgid from send_task where tenant_id = $1 and msgid = any($2) order by msgid`, [tenantId, msgids])
  return new Set(rows.map((row) => row.msgid))
}

export type CampaignCounts = Record<MessageState, number> & { asked: number }

/** How many messages of a campaign are in which state. */
export async function campaignCounts(tx: Tx, tenantId: number, campaigns: readonly string[]): Promise<Map<string, CampaignCounts>> {
  const rows = await tx.query<{ campaign: string; state: MessageState; n: number }>(
    `select campaign, state, count(*) as n from outbound_message where tenant_id = $1 and campaign = any($2) group by campaign, state order by 1, 2`, [tenantId, campaigns])
  const empty = (): CampaignCounts => ({ asked: 0, refused: 0, queued: 0, sent: 0, missed: 0, 'not-friend': 0, 'over-cap': 0, cancelled: 0, failed: 0, unknown: 0 })
  const found = new Map<string, CampaignCounts>(campaigns.map((campaign) => [campaign, empty()]))
  for (const row of rows) {
    const counts = found.get(row.campaign)!
    counts[row.state] = row.n
    counts.asked += row.n
  }
  return found
}

export function refusalReasons(tx: Tx, tenantId: number, campaign: string): Promise<Array<{ reason: string; n: number; clearAt: Instant | null }>> {
  return tx.query(`select coalesce(gate_reason, '') as reason, count(*) as n, min(clear_at) as "clearAt" from outbound_message where tenant_id = $1 and campaign = $2 and state = 'refused' group by 1 order by 2 desc, 1`, [tenantId, campaign])
}

export function listMessages(tx: Tx, tenantId: number, filter: { campaign?: string; personId?: string; state?: string }, limit: number): Promise<Message[]> {
  return tx.query<Message>(
    `select ${messageColumns} from outbound_message m where m.tenant_id = $1 and ($2::text is null or campaign = $2) and ($3::uuid is null or person_id = $3) and ($4::text is null or state = $4)
     order by asked_at desc, message_id limit $5`,
    [tenantId, filter.campaign ?? null, filter.personId ?? null, filter.state ?? null, limit],
  )
}

/** Erasure: the messages stay as counts of a surrogate id, the account goes. */
export async function forgetMessagesTo(tx: Tx, tenantId: number, externalUserIds: readonly string[]): Promise<void> {
  if (externalUserIds.length > 0) tx.write(`update outbound_message set external_userid = '', key = message_id::text where tenant_id = $1 and external_userid = any($2)`, [tenantId, externalUserIds])
}
