import { corpTruth } from './platform-truth.ts'
import { findings, type Checker } from './outputs.ts'

type Message = { id: string; key: string; purpose: string; state: string; gate: string | null; asked: number; external: string; staff: string; person: string; sent: number | null; campaign: string }
const messages = `select message_id as id, key, purpose, state, gate_id as gate, asked_at as asked, external_userid as external, staff, person_id as person, sent_at as sent, campaign from outbound_message where tenant_id = $1 order by message_id`

/** Gate before send (先问后发): every message that could have left has the gate's yes, given before; and what arrived was a message of ours. */
export const gate: Checker = {
  name: 'gate',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const list = await rows<Message>(messages, [tenantId])
    const answers = new Map((await rows<{ id: string; state: string; asked: number }>(`select gate_id as id, state, asked_at as asked from gate_answer where tenant_id = $1`, [tenantId])).map((row) => [row.id, row]))
    const known = new Set<string>()
    for (const message of list) {
      known.add(`${message.staff}/${message.external}`)
      if (message.state === 'refused') continue
      check(message.gate !== null, () => `message ${message.key} is ${message.state} without an answer of the gate`)
      const answer = message.gate === null ? undefined : answers.get(message.gate)
      check(message.gate === null || answer !== undefined, () => `message ${message.key} is ${message.state} by an answer ${String(message.gate)} that the gate never gave`)
      if (answer) {
        check(answer.state !== 'refused', () => `message ${message.key} is ${message.state}, the gate had refused it`)
        if (message.sent !== null) check(answer.asked <= message.sent, () => `message ${message.key} was sent at ${message.sent}, the gate was asked at ${answer.asked}`)
      }
    }
    for (const arrival of corpTruth(outputs)?.arrivals ?? []) {
      if (arrival.kind !== 'welcome' && arrival.kind !== 'broadcast') continue
      check(known.has(`${arrival.from}/${arrival.to}`), () => `a ${arrival.kind} from ${arrival.from} reached ${arrival.to}, and the book knows no message to them`)
    }
    return report
  },
}

/** Welcome once (欢迎一次): a welcome code is answered at most once, and nobody is greeted twice by one member for one adding. */
export const welcome: Checker = {
  name: 'welcome',
  async run(outputs) {
    const { report, check } = findings()
    const seen = new Map<string, number>()
    for (const message of await outputs.rows<Message>(messages, [outputs.tenantId])) {
      if (message.purpose !== 'welcome' || message.state === 'refused' || message.state === 'missed') continue
      const key = `${message.staff}/${message.external}/${message.asked}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    for (const [key, count] of seen) check(count === 1, () => `${count} welcomes for ${key}`)
    const arrived = new Map<string, number>()
    for (const arrival of corpTruth(outputs)?.arrivals ?? []) if (arrival.kind === 'welcome') arrived.set(arrival.ref, (arrived.get(arrival.ref) ?? 0) + 1)
    for (const [code, count] of arrived) check(count === 1, () => `${count} welcomes arrived for the code ${code}`)
    return report
  },
}

/** The holdout (留白组): whoever drew dose 0 in an epoch gets no marketing in it. Help and answers to what they did are no marketing. */
export const holdout: Checker = {
  name: 'holdout',
  async run(outputs) {
    const { report, check } = findings()
    const held = await outputs.rows<{ person: string; from: number; until: number; epoch: string; sent: number }>(
      `select a.person_id as person, e.starts_at as from, e.ends_at as until, a.epoch_id as epoch,
         (select count(*) from outbound_message m where m.tenant_id = a.tenant_id and m.person_id = a.person_id and m.purpose <> 'welcome' and m.message_kind <> 'help' and m.state in ('queued', 'sent')
            and coalesce(m.sent_at, m.asked_at) >= greatest(e.starts_at, a.assigned_at) and coalesce(m.sent_at, m.asked_at) < e.ends_at) as sent
       from dose_assignment a join dose_epoch e on e.tenant_id = a.tenant_id and e.epoch_id = a.epoch_id
       where a.tenant_id = $1 and e.doses[a.arm + 1] = 0 order by 4, 1`,
      [outputs.tenantId],
    )
    for (const row of held) check(row.sent === 0, () => `person ${row.person} is in the holdout of epoch ${row.epoch} and got ${row.sent} marketing messages`)
    return report
  },
}
