import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DosePlace } from '../pressure/index.ts'
import type { Assigned } from './design.ts'
import type { Cells } from './outcome.ts'
import type { OrderHistory } from './person-value.ts'

export type EpochDesign = { habitArm: number; epochDays: number; weights: number[][]; usualFen: number[]; spreadFen: number[] }
export type Epoch = {
  epochId: string; n: number; startsAt: Instant; endsAt: Instant; doses: number[]; habitDose: number; design: EpochDesign; capFen: number; roster: number; status: 'running' | 'closed'
  closedAt: Instant | null; result: EpochResult | null
}
/** `steered`: sums and squares per segment × arm of the epoch's own arms in shares of what was expected, and who left (see steer.ts); absent in epochs of before. */
export type EpochResult = { largest: number[]; ratio: { p: number; alarm: boolean }; steered?: { sum: number[]; sumSquares: number[]; leavers: { count: number; worth: number } } }

const columns = `epoch_id as "epochId", n, starts_at as "startsAt", ends_at as "endsAt", doses, habit_dose as "habitDose", design, cap_fen as "capFen", roster, status, closed_at as "closedAt", result`

export async function runningEpoch(tx: Tx, tenantId: number): Promise<Epoch | undefined> {
  const [row] = await tx.query<Epoch>(`select ${columns} from dose_epoch where tenant_id = $1 and status = 'running' order by n desc limit 1`, [tenantId])
  return row
}

/** Newest first. */
export function listEpochs(tx: Tx, tenantId: number): Promise<Epoch[]> {
  return tx.query<Epoch>(`select ${columns} from dose_epoch where tenant_id = $1 order by n desc limit 60`, [tenantId])
}

/** Length of the newest epoch; undefined: there was none. */
export async function lastEpochDays(tx: Tx, tenantId: number): Promise<14 | 28 | undefined> {
  const [row] = await tx.query<{ days: number }>(`select (design->>'epochDays')::int as days from dose_epoch where tenant_id = $1 order by n desc limit 1`, [tenantId])
  return row === undefined ? undefined : row.days === 28 ? 28 : 14
}

export async function insertEpoch(tx: Tx, tenantId: number, epoch: Epoch): Promise<void> {
  tx.write(
    `insert into dose_epoch (tenant_id, epoch_id, n, starts_at, ends_at, doses, habit_dose, design, cap_fen, roster, status, closed_at, result) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [tenantId, epoch.epochId, epoch.n, epoch.startsAt, epoch.endsAt, epoch.doses, epoch.habitDose, JSON.stringify(epoch.design), epoch.capFen, epoch.roster, epoch.status, null, null],
  )
}

export async function insertAssignments(tx: Tx, tenantId: number, epochId: string, rows: readonly Assigned[], now: Instant): Promise<void> {
  for (let from = 0; from < rows.length; from += 5000) {
    const part = rows.slice(from, from + 5000)
    tx.write(
      `insert into dose_assignment (tenant_id, epoch_id, person_id, segment, arm, stratum, pre_fen, assigned_at)
       select $1, $2, r.id, r.segment, r.arm, r.stratum, r.pre, $8 from unnest($3::uuid[], $4::int[], $5::int[], $6::text[], $7::bigint[]) as r(id, segment, arm, stratum, pre)`,
      [tenantId, epochId, part.map((r) => r.personId), part.map((r) => r.segment), part.map((r) => r.arm), part.map((r) => r.stratum), part.map((r) => Math.round(r.preFen)), now],
    )
  }
}

export function assignmentsOf(tx: Tx, tenantId: number, epochId: string): Promise<Array<{ personId: string; segment: number; arm: number; preFen: number }>> {
  return tx.query(`select person_id as "personId", segment, arm, pre_fen as "preFen" from dose_assignment where tenant_id = $1 and epoch_id = $2 order by person_id`, [tenantId, epochId])
}

/** Places in the epoch that runs at `now`; of everybody when no persons are named. */
export async function placesAt(tx: Tx, tenantId: number, personIds: readonly string[] | null, now: Instant): Promise<Map<string, DosePlace & { segment: number; arm: number }>> {
  if (personIds !== null && personIds.length === 0) return new Map()
  const rows = await tx.query<DosePlace & { personId: string; segment: number; arm: number }>(
    `select d.person_id as "personId", d.epoch_id as "epochId", d.segment, d.arm, d.dose, d.starts_at as "startsAt", d.ends_at as "endsAt"
     from v_dose d where d.tenant_id = $1 and d.starts_at <= $2 and d.ends_at > $2 and d.status = 'running' and ($3::uuid[] is null or d.person_id = any($3)) order by d.person_id`,
    [tenantId, now, personIds],
  )
  return new Map(rows.map(({ personId, ...place }) => [personId, place]))
}

export async function closeEpochRow(tx: Tx, tenantId: number, epochId: string, now: Instant, result: EpochResult): Promise<void> {
  tx.write(`update dose_epoch set status = 'closed', closed_at = $3, result = $4 where tenant_id = $1 and epoch_id = $2`, [tenantId, epochId, now, JSON.stringify(result)])
}

export async function insertOutcomes(tx: Tx, tenantId: number, epochId: string, cells: Cells, arms: number): Promise<void> {
  const rows = Array.from(cells.persons, (_, c) => ({
    segment: Math.floor(c / arms), arm: c % arms, persons: cells.persons[c], buyers: cells.buyers[c], sum: cells.sum[c], sum_squares: cells.sumSquares[c], net_fen: Math.round(cells.netFen[c]), losses: cells.losses[c], touches: cells.touches[c],
  }))
  tx.write(
    `insert into dose_outcome (tenant_id, epoch_id, segment, arm, persons, buyers, sum, sum_squares, net_fen, losses, touches)
     select $1, $2, r.segment, r.arm, r.persons, r.buyers, r.sum, r.sum_squares, r.net_fen, r.losses, r.touches
     from jsonb_to_recordset($3::jsonb) as r(segment int, arm int, persons int, buyers int, sum float8, sum_squares float8, net_fen bigint, losses int, touches int)`,
    [tenantId, epochId, JSON.stringify(rows)],
  )
}

/** Cells of closed epochs, laid out by today's arms: an arm that an epoch did not have is empty there. Its doses must all be among today's. */
export async function outcomesOf(tx: Tx, tenantId: number, epochs: readonly Epoch[], segments: number, doses: readonly number[]): Promise<Map<string, Cells>> {
  const epochOf = new Map(epochs.map((epoch) => [epoch.epochId, epoch]))
  const size = segments * doses.length
  const rows = await tx.query<{ epochId: string; segment: number; arm: number; persons: number; buyers: number; sum: number; sumSquares: number; netFen: number; losses: number; touches: number }>(
    `select epoch_id as "epochId", segment, arm, persons, buyers, sum, sum_squares as "sumSquares", net_fen as "netFen", losses, touches from dose_outcome where tenant_id = $1 and epoch_id = any($2) order by epoch_id, segment, arm`,
    [tenantId, [...epochOf.keys()]],
  )
  const found = new Map<string, Cells>()
  for (const row of rows) {
    let cells = found.get(row.epochId)
    if (!cells) {
      const make = (): Float64Array => new Float64Array(size)
      found.set(row.epochId, (cells = { persons: make(), sum: make(), sumSquares: make(), losses: make(), buyers: make(), netFen: make(), touches: make() }))
    }
    const c = row.segment * doses.length + doses.indexOf(epochOf.get(row.epochId)!.doses[row.arm])
    for (const key of ['persons', 'buyers', 'sum', 'sumSquares', 'netFen', 'losses', 'touches'] as const) cells[key][c] = row[key]
  }
  return found
}

// ---- what the stages before this one know, all at once ----

/** Persons who can be reached: with at least one follow that holds, and the member followed last. */
export function reachable(tx: Tx, tenantId: number): Promise<Array<{ personId: string; corpId: string; staff: string; followedAt: Instant }>> {
  return tx.query(
    `select distinct on (f.person_id) f.person_id as "personId", f.corp_id as "corpId", f.staff, f.followed_at as "followedAt"
     from v_follow f where f.tenant_id = $1 and f.active order by f.person_id, f.followed_at desc, f.staff`,
    [tenantId],
  )
}

export function orderHistories(tx: Tx, tenantId: number, until: Instant): Promise<OrderHistory[]> {
  return tx.query<OrderHistory>(
    `select person_id as "personId", count(*) as orders, min(paid_at) as "firstPaidAt", max(paid_at) as "lastPaidAt", sum(paid_fen - refunded_fen)::bigint as "totalFen",
       (array_agg(paid_fen - refunded_fen order by paid_at, order_id))[1] as "firstFen"
     from v_order where tenant_id = $1 and paid_at is not null and paid_at < $2 and paid_fen > refunded_fen group by person_id order by person_id`,
    [tenantId, until],
  )
}

/** Paid less refunded, all shelves, per person, of orders paid between two instants; and how many were not wholly refunded. */
export function netBetween(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ personId: string; netFen: number; orders: number }>> {
  return tx.query(
    `select person_id as "personId", sum(paid_fen - refunded_fen)::bigint as "netFen", count(*) filter (where paid_fen > refunded_fen) as orders from v_order where tenant_id = $1 and paid_at >= $2 and paid_at < $3 group by person_id order by person_id`,
    [tenantId, from, to],
  )
}

/** Persons who deleted a member between two instants. */
export function lostBetween(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ personId: string }>> {
  return tx.query(`select distinct person_id as "personId" from v_contact_loss where tenant_id = $1 and lost_by = 'contact' and not already and lost_at >= $2 and lost_at < $3 order by 1`, [tenantId, from, to])
}

/** Marketing messages that went out in an epoch, per person. */
export function touchesInEpoch(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ personId: string; touches: number }>> {
  return tx.query(
    `select person_id as "personId", count(*) as touches from v_gate where tenant_id = $1 and asked_at >= $2 and asked_at < $3 and state = 'sent' and purpose <> 'welcome' and message_kind <> 'help' group by person_id order by person_id`,
    [tenantId, from, to],
  )
}
