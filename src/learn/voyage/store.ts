import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/**
 * People of one source in a window, each counted once. `source`: `earlier` (came or bought before the window), `nobody-known` (no order of theirs carries
 * a unionid), else where they were first seen: `state/<state>` or `add-way/<n>` of the corp for who was a contact first, `scene/<n>` or `scene/mall` of the
 * first order for who bought first.
 */
export type VoyageRow = {
  source: string
  corpId: string
  people: number
  /** Who are or were contacts. */
  contacts: number
  /** First order in the window, by contacts and by others. */
  firstContact: number
  firstDirect: number
  /** Of those, who bought again in the window. */
  againContact: number
  againDirect: number
  /** First order before the window, bought again in it. */
  back: number
  /** Left in the window and not here now, by how often they had bought: never, once, more often. */
  leftNever: number
  leftOnce: number
  leftMore: number
  /** Still here, but wants no more messages of some line: unfollowed the Official Account, refused those of the mini program, or told us so, in the window and still. */
  refused: number
  /** Everything they paid in the window came back to them. */
  returned: number
  /** Net money (paid minus refunded) of first orders and of later ones in the window, and what of both came from contacts. */
  firstFen: number
  againFen: number
  firstContactFen: number
  againContactFen: number
}

/** Who began to refuse in the window ($2 to $3) and still does at its end. Row by row, so that a person of two lines is told under both. */
const refusals = `select coalesce(m.merged_into, o.person_id) as person_id, o.line from v_opt_out o left join v_merged m on m.tenant_id = $1 and m.person_id = o.person_id
         where o.tenant_id = $1 and o.since >= $2 and o.since < $3 and (o.until is null or o.until >= $3)`
const refusedPersons = `select distinct person_id from (${refusals}) every_line`

/** Persons by the line they refused; somebody who refused two is in both. `own`: told us, for every line or for messages of members. */
export type VoyageRefusals = { own: number; officialAccount: number; miniProgram: number }

export async function voyageRefusals(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<VoyageRefusals> {
  const rows = await tx.query<{ what: keyof VoyageRefusals; n: number }>(
    `select case line when 'official-account' then 'officialAccount' when 'mini-program' then 'miniProgram' else 'own' end as what, count(distinct person_id) as n from (${refusals}) r group by 1`, [tenantId, from, to],
  )
  const of = (what: keyof VoyageRefusals): number => rows.find((row) => row.what === what)?.n ?? 0
  return { own: of('own'), officialAccount: of('officialAccount'), miniProgram: of('miniProgram') }
}

export function voyageRows(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<VoyageRow[]> {
  return tx.query<VoyageRow>(
    `with bought as (
       select person_id, bool_and(buyer_unknown) as nobody, min(paid_at) as first_at, (array_agg(case when shelf = 'mall' then 'mall' else scene end order by paid_at, order_id))[1] as scene,
         (array_agg(paid_fen - refunded_fen order by paid_at, order_id))[1] as first_fen, count(*) as lifetime, count(*) filter (where paid_at >= $2) as here,
         coalesce(sum(paid_fen - refunded_fen) filter (where paid_at >= $2), 0)::bigint as net, coalesce(bool_and(refunded_fen >= paid_fen) filter (where paid_at >= $2 and paid_fen > 0), false) as returned
       from v_order where tenant_id = $1 and paid_at < $3 group by person_id),
     came as (
       select person_id, min(followed_at) as came_at, (array_agg(state order by followed_at, staff))[1] as state, (array_agg(add_way order by followed_at, staff))[1] as add_way, (array_agg(corp_id order by followed_at, staff))[1] as corp_id
       from v_follow where tenant_id = $1 and not half and followed_at > 0 and followed_at < $3 group by person_id),
     gone as (
       select distinct coalesce(m.merged_into, l.person_id) as person_id from v_contact_loss l left join v_merged m on m.tenant_id = $1 and m.person_id = l.person_id
       where l.tenant_id = $1 and not l.already and l.lost_at >= $2 and l.lost_at < $3
         and not exists (select 1 from v_follow f where f.tenant_id = $1 and f.person_id = coalesce(m.merged_into, l.person_id) and f.active)),
     refused as (${refusedPersons}),
     ids as (
       select person_id from bought where here > 0 union select person_id from came where came_at >= $2 union select person_id from gone union select person_id from refused),
     one as (
       select case when coalesce(b.nobody, false) and c.person_id is null then 'nobody-known' when least(c.came_at, b.first_at) is null or least(c.came_at, b.first_at) < $2 then 'earlier'
           when c.person_id is not null and (b.first_at is null or c.came_at <= b.first_at) then case when c.state <> '' then 'state/' || c.state else 'add-way/' || c.add_way end else 'scene/' || b.scene end as source,
         coalesce(c.corp_id, '') as corp_id, c.person_id is not null as contact, coalesce(b.here, 0) > 0 and b.first_at >= $2 as first, coalesce(b.here, 0) as here, coalesce(b.lifetime, 0) as lifetime,
         g.person_id is not null as gone, r.person_id is not null as refused, coalesce(b.returned, false) as returned, case when b.first_at >= $2 then b.first_fen else 0 end as first_fen, coalesce(b.net, 0) as net
       from ids i left join bought b on b.person_id = i.person_id left join came c on c.person_id = i.person_id left join gone g on g.person_id = i.person_id left join refused r on r.person_id = i.person_id)
     select source, case when source like 'state/%' then corp_id else '' end as "corpId", count(*) as people, count(*) filter (where contact) as contacts,
       count(*) filter (where first and contact) as "firstContact", count(*) filter (where first and not contact) as "firstDirect",
       count(*) filter (where first and contact and here > 1) as "againContact", count(*) filter (where first and not contact and here > 1) as "againDirect", count(*) filter (where not first and here > 0) as back,
       count(*) filter (where gone and lifetime = 0) as "leftNever", count(*) filter (where gone and lifetime = 1) as "leftOnce", count(*) filter (where gone and lifetime > 1) as "leftMore", count(*) filter (where refused and not gone) as refused, count(*) filter (where returned) as returned,
       coalesce(sum(first_fen), 0)::bigint as "firstFen", coalesce(sum(net - first_fen), 0)::bigint as "againFen",
       coalesce(sum(first_fen) filter (where contact), 0)::bigint as "firstContactFen", coalesce(sum(net - first_fen) filter (where contact), 0)::bigint as "againContactFen"
     from one group by 1, 2 order by 3 desc, 1, 2`,
    [tenantId, from, to],
  )
}

/** A week from Monday (Asia/Shanghai): net money of orders paid in it, people who came and left, messages sent. */
export type VoyageWeek = { startsAt: Instant; netFen: number; came: number; left: number; messages: number }

const weekMs = 604_800_000
/** Monday 5 January 1970, 0:00 in Shanghai. */
const mondayMs = 4 * 86_400_000 - 28_800_000

export const weekStart = (at: Instant): Instant => Math.floor((at - mondayMs) / weekMs) * weekMs + mondayMs

/** The last `weeks` weeks up to now, oldest first; the last one is not over. */
export async function voyageWeeks(tx: Tx, tenantId: number, now: Instant, weeks: number): Promise<VoyageWeek[]> {
  const from = weekStart(now) - (weeks - 1) * weekMs
  const rows = await tx.query<{ week: number; what: 'net' | 'came' | 'left' | 'sent'; n: number }>(
    `select ((paid_at - $3) / 604800000)::int as week, 'net' as what, sum(paid_fen - refunded_fen)::bigint as n from v_order where tenant_id = $1 and paid_at >= $3 and paid_at <= $2 group by 1
     union all select ((followed_at - $3) / 604800000)::int, 'came', count(distinct person_id) from v_follow where tenant_id = $1 and not half and followed_at >= $3 and followed_at <= $2 group by 1
     union all select ((lost_at - $3) / 604800000)::int, 'left', count(distinct person_id) from v_contact_loss where tenant_id = $1 and not already and lost_at >= $3 and lost_at <= $2 group by 1
     union all select ((sent_at - $3) / 604800000)::int, 'sent', count(*) from v_message where tenant_id = $1 and state = 'sent' and sent_at >= $3 and sent_at <= $2 group by 1
     order by 1, 2`,
    [tenantId, now, from],
  )
  return Array.from({ length: weeks }, (_, week) => {
    const of = (what: string): number => rows.find((row) => row.week === week && row.what === what)?.n ?? 0
    return { startsAt: from + week * weekMs, netFen: of('net'), came: of('came'), left: of('left'), messages: of('sent') }
  })
}
