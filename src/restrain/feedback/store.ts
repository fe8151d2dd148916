import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { About, TicketKind, TicketState } from './ticket.ts'

export type Ticket = {
  ticketId: string; number: number; kind: TicketKind; readerId: string | null; personId: string | null; contact: Buffer | null; subject: string; body: string; about: About; parentId: string | null; state: TicketState
  openedAt: Instant; dueAt: Instant; escalatedAt: Instant | null; closedAt: Instant | null; closedBy: string | null
}
export type TicketEntry = { entryNo: number; byWhom: 'reader' | 'staff' | 'house'; actor: string; body: string; at: Instant }
const columns = `ticket_id as "ticketId", number, kind, reader_id as "readerId", person_id as "personId", contact, subject, body, about, parent_id as "parentId", state, opened_at as "openedAt", due_at as "dueAt", escalated_at as "escalatedAt", closed_at as "closedAt", closed_by as "closedBy"`

/** The next number of the merchant; the row stays locked until the ticket is in, so none is given twice or left out. */
export async function nextNumber(tx: Tx, tenantId: number): Promise<number> {
  await tx.run(`insert into ticket_head (tenant_id, last_number) values ($1, 1000) on conflict do nothing`, [tenantId])
  return (await tx.query<{ number: number }>(`update ticket_head set last_number = last_number + 1 where tenant_id = $1 returning last_number as number`, [tenantId]))[0].number
}
export async function insertTicket(tx: Tx, tenantId: number, ticket: Ticket): Promise<void> {
  await tx.run(
    `insert into ticket (tenant_id, ticket_id, number, kind, reader_id, person_id, contact, subject, body, about, parent_id, state, opened_at, due_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [tenantId, ticket.ticketId, ticket.number, ticket.kind, ticket.readerId, ticket.personId, ticket.contact, ticket.subject, ticket.body, JSON.stringify(ticket.about), ticket.parentId, ticket.state, ticket.openedAt, ticket.dueAt],
  )
}
export async function lockTicket(tx: Tx, tenantId: number, ticketId: string): Promise<Ticket | undefined> {
  return (await tx.query<Ticket>(`select ${columns} from ticket where tenant_id = $1 and ticket_id = $2 for update`, [tenantId, ticketId]))[0]
}
export async function findTicket(tx: Tx, tenantId: number, by: { ticketId: string } | { number: number }): Promise<Ticket | undefined> {
  return 'ticketId' in by
    ? (await tx.query<Ticket>(`select ${columns} from ticket where tenant_id = $1 and ticket_id = $2`, [tenantId, by.ticketId]))[0]
    : (await tx.query<Ticket>(`select ${columns} from ticket where tenant_id = $1 and number = $2`, [tenantId, by.number]))[0]
}
export function listTickets(tx: Tx, tenantId: number, filter: { readerId?: string; states?: readonly TicketState[]; kind?: TicketKind; limit: number }): Promise<Ticket[]> {
  return tx.query<Ticket>(
    `select ${columns} from ticket where tenant_id = $1 and ($2::uuid is null or reader_id = $2) and ($3::text[] is null or state = any($3)) and ($4::text is null or kind = $4)
     order by case state when 'escalated' then 0 when 'open' then 1 else 2 end, case when state in ('open', 'escalated') then due_at else -coalesce(closed_at, opened_at) end, number limit $5`,
    [tenantId, filter.readerId ?? null, filter.states ?? null, filter.kind ?? null, filter.limit],
  )
}
export async function countSince(tx: Tx, tenantId: number, readerId: string, since: Instant): Promise<number> {
  return (await tx.query<{ n: number }>(`select count(*)::int as n from ticket where tenant_id = $1 and reader_id = $2 and opened_at > $3`, [tenantId, readerId, since]))[0].n
}
export async function changeTicket(tx: Tx, tenantId: number, ticketId: string, to: { state: TicketState; at: Instant; by: string | null; dueAt?: Instant }): Promise<void> {
  const closed = !['open', 'escalated'].includes(to.state)
  await tx.run(
    `update ticket set state = $3, due_at = coalesce($6, due_at), escalated_at = case when $3 = 'escalated' then coalesce(escalated_at, $4) else escalated_at end, closed_at = case when $7 then $4 else null end, closed_by = case when $7 then $5 else null end where tenant_id = $1 and ticket_id = $2`,
    [tenantId, ticketId, to.state, to.at, to.by, to.dueAt ?? null, closed],
  )
}
export async function addEntry(tx: Tx, tenantId: number, ticketId: string, entry: Omit<TicketEntry, 'entryNo'>): Promise<void> {
  await tx.run(
    `insert into ticket_entry (tenant_id, ticket_id, entry_no, by_whom, actor, body, at) select $1, $2, coalesce(max(e.entry_no), 0) + 1, $3, $4, $5, $6 from ticket_entry e where e.tenant_id = $1 and e.ticket_id = $2`,
    [tenantId, ticketId, entry.byWhom, entry.actor, entry.body, entry.at],
  )
}
export function entriesOf(tx: Tx, tenantId: number, ticketId: string): Promise<TicketEntry[]> {
  return tx.query<TicketEntry>(`select entry_no as "entryNo", by_whom as "byWhom", actor, body, at from ticket_entry where tenant_id = $1 and ticket_id = $2 order by entry_no`, [tenantId, ticketId])
}

export type TicketFigures = { opened: number; byKind: Array<{ kind: TicketKind; opened: number; answered: number; missed: number }>; takenDown: number; restored: number }
export async function ticketFigures(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<TicketFigures> {
  const byKind = await tx.query<{ kind: TicketKind; opened: number; answered: number; missed: number; accepted: number; restored: number }>(
    `select kind, count(*)::int as opened, (count(*) filter (where closed_at is not null))::int as answered, (count(*) filter (where escalated_at is not null))::int as missed,
       (count(*) filter (where state in ('accepted', 'restored')))::int as accepted, (count(*) filter (where state = 'restored'))::int as restored
     from ticket where tenant_id = $1 and opened_at >= $2 and opened_at < $3 group by kind order by kind`, [tenantId, from, to],
  )
  return {
    opened: byKind.reduce((sum, row) => sum + row.opened, 0), byKind: byKind.map(({ kind, opened, answered, missed }) => ({ kind, opened, answered, missed })),
    takenDown: byKind.find((row) => row.kind === 'copyright')?.accepted ?? 0, restored: byKind.find((row) => row.kind === 'counter-notice')?.restored ?? 0,
  }
}

/** Of those that are answered here; an appeal's ticket is answered by its decision. */
export async function ticketsWaiting(tx: Tx, tenantId: number): Promise<{ tickets: number; ticketsLate: number }> {
  return (await tx.query<{ tickets: number; ticketsLate: number }>(
    `select count(*)::int as tickets, (count(*) filter (where state = 'escalated'))::int as "ticketsLate" from ticket where tenant_id = $1 and state in ('open', 'escalated') and kind <> 'appeal'`, [tenantId],
  ))[0]
}

/** Texts of tickets closed long ago go; number, kind, times and outcome stay. */
export async function purgeTickets(tx: Tx, tenantId: number, closedBefore: Instant, now: Instant): Promise<number> {
  await tx.run(`delete from ticket_entry where tenant_id = $1 and exists (select 1 from ticket t where t.tenant_id = $1 and t.ticket_id = ticket_entry.ticket_id and t.closed_at < $2)`, [tenantId, closedBefore])
  return tx.run(`update ticket set subject = '', body = '', about = '{}'::jsonb, contact = null, purged_at = $3 where tenant_id = $1 and closed_at < $2 and purged_at is null`, [tenantId, closedBefore, now])
}
export async function forgetTickets(tx: Tx, tenantId: number, personId: string, now: Instant): Promise<void> {
  await tx.run(`delete from ticket_entry where tenant_id = $1 and exists (select 1 from ticket t where t.tenant_id = $1 and t.ticket_id = ticket_entry.ticket_id and t.person_id = $2)`, [tenantId, personId])
  await tx.run(`update ticket set subject = '', body = '', contact = null, purged_at = $3 where tenant_id = $1 and person_id = $2`, [tenantId, personId, now])
}
