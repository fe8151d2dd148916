import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Namespace } from '../../emulator/core/namespace.ts'
import { forkPopulation } from '../../emulator/population/live.ts'
import { placesAt, segments, type DosageState } from '../../restrain/experiment/index.ts'
import { readPolicy } from '../../restrain/pressure/index.ts'
import type { Estimates } from './what-if-estimates.ts'
import type { Snapshot } from './what-if.ts'

const perEpoch = (dose: number, epochDays: number): number => Math.round((dose * epochDays) / 28)

/** What the experiment knows, as it stands. */
export function estimatesOf(state: DosageState, now: Instant): Estimates {
  return {
    judgement: state.judgement, roster: segments.map((_, s) => state.people.contacts.filter((one) => one.segment === s).length), doses: state.doses, epochDays: state.running?.design.epochDays ?? state.settings.epochDays,
    margin: state.settings.margin, touchCostFen: state.settings.touchCostFen, day: dayNumber(now) + 1,
  }
}

/** The people of the sea who are this merchant's contacts, joined with their places in the experiment. Undefined: the world has no population, or none of it is a contact. */
export async function takeSnapshot(tx: Tx, tenantId: number, ns: Namespace, state: DosageState, now: Instant): Promise<Snapshot | undefined> {
  const world = forkPopulation(ns)
  if (world === undefined) return undefined
  const policy = await readPolicy(tx, tenantId)
  const halfLifeMs = policy.halfLifeDays * dayMs
  const follows = await tx.query<{ externalUserid: string; personId: string }>(`select external_userid as "externalUserid", person_id as "personId" from v_follow where tenant_id = $1 and active order by external_userid`, [tenantId])
  const pressure = new Map((await tx.query<{ personId: string; pressure: number }>(
    `select person_id as "personId", sum(weight * power(2.0::float8, ($2::bigint - occurred_at) / -$3::float8)) as pressure
     from v_touch where tenant_id = $1 and direction = 'outbound' and occurred_at <= $2 and occurred_at > $2::bigint - 12 * $3::float8 group by person_id order by person_id`,
    [tenantId, now, halfLifeMs],
  )).map((row) => [row.personId, row.pressure]))
  const places = await placesAt(tx, tenantId, null, now)
  const known = new Map(state.people.contacts.map((contact) => [contact.personId, contact]))
  const corps = (ns.slices.wecom as { corps: Record<string, { customers: Record<string, { person?: string }> }> } | undefined)?.corps ?? {}
  const nameOf = new Map(Object.values(corps).flatMap((corp) => Object.entries(corp.customers).flatMap(([id, { person }]) => (person === undefined ? [] : [[id, person] as const]))))
  const members = new Map<string, number>()
  const rows: Array<{ i: number; segment: number; member: number; dose: number; pressure: number }> = []
  const taken = new Set<number>()
  for (const { externalUserid, personId } of follows) {
    const i = world.indexOf(nameOf.get(externalUserid) ?? '')
    const id = state.people.merged.get(personId) ?? personId
    const contact = known.get(id)
    if (i === undefined || contact === undefined || taken.has(i)) continue
    taken.add(i)
    if (!members.has(contact.staff)) members.set(contact.staff, members.size)
    const place = places.get(personId) ?? places.get(id)
    rows.push({ i, segment: place?.segment ?? contact.segment, member: members.get(contact.staff)!, dose: place?.dose ?? -1, pressure: pressure.get(personId) ?? 0 })
  }
  if (rows.length === 0) return undefined
  const epochDays = state.running?.design.epochDays ?? state.settings.epochDays
  return {
    people: world.people, origin: world.origin, day: dayNumber(now) + 1, contacts: Int32Array.from(rows, (row) => row.i), segment: Uint8Array.from(rows, (row) => row.segment), member: Int32Array.from(rows, (row) => row.member),
    dose: Int16Array.from(rows, (row) => row.dose), pressure: Float64Array.from(rows, (row) => row.pressure),
    epochFrom: state.running === undefined ? -1 : dayNumber(state.running.startsAt), epochTo: state.running === undefined ? -1 : dayNumber(state.running.endsAt),
    epochDays, doses: [...state.doses], share: state.judgement.decision.share, habit: perEpoch(state.settings.habitDose, epochDays),
    margin: state.settings.margin, touchCostFen: state.settings.touchCostFen, halfLifeDays: policy.halfLifeDays,
  }
}
