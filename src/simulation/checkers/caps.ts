import { corpTruth } from './platform-truth.ts'
import { findings, type Checker } from './outputs.ts'

const dayMs = 86_400_000
const local = (at: number): Date => new Date(at + 28_800_000)

/**
 * Caps (上限): the platform never had to refuse a call because there were too many (refusals that the storm made up are subtracted); nobody got more mass
 * messages in a month than it has days; and the gate allowed nobody more than one mass message a day or two marketing messages in seven days.
 */
export const caps: Checker = {
  name: 'caps',
  async run(outputs) {
    const { report, check } = findings()
    const invented = outputs.emulator.faults(outputs.world).injected['rate-limited'] ?? 0
    report.checked += outputs.calls.made
    if (outputs.calls.limited > invented) check(false, () => `the platform refused ${outputs.calls.limited - invented} of ${outputs.calls.made} calls as too many`)
    const seen = new Map<string, { count: number; most: number }>()
    for (const arrival of corpTruth(outputs)?.arrivals ?? []) {
      if (arrival.kind !== 'broadcast') continue
      const day = local(arrival.at)
      const key = `${arrival.to} in ${day.toISOString().slice(0, 7)}`
      const known = seen.get(key) ?? { count: 0, most: new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate() }
      known.count++
      seen.set(key, known)
    }
    for (const [key, { count, most }] of seen) check(count <= most, () => `${count} mass messages to ${key}, which has ${most} days`)
    const allowed = new Map<string, number[]>()
    for (const row of await outputs.rows<{ person: string; asked: number; kind: string }>(
      `select person_id as person, asked_at as asked, message_kind as kind from gate_answer
       where tenant_id = $1 and line = 'wecom' and purpose <> 'welcome' and state in ('reserved', 'sent') order by person_id, asked_at`,
      [outputs.tenantId],
    )) for (const rule of row.kind === 'help' ? ['mass'] : ['mass', 'marketing']) {
      const key = `${rule}/${row.person}`
      const list = allowed.get(key)
      if (list) list.push(row.asked)
      else allowed.set(key, [row.asked])
    }
    for (const [key, list] of allowed) {
      const [rule, person] = key.split('/')
      for (const [n, at] of list.entries()) {
        if (rule === 'mass') check(n === 0 || local(at).toISOString().slice(0, 10) !== local(list[n - 1]).toISOString().slice(0, 10), () => `person ${person} was allowed two mass messages on ${local(at).toISOString().slice(0, 10)}`)
        else check(n < 2 || at - list[n - 2] >= 7 * dayMs, () => `person ${person} was allowed three marketing messages within seven days of ${local(at).toISOString()}`)
      }
    }
    return report
  },
}
