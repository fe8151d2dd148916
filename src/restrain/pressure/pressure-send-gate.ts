import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { standIns, touchesOf } from '../../book/touch/index.ts'
import type { GateAnswer, SendGate, SendRequest } from '../../retain/outbound/index.ts'
import { countMessage, decideGate, gatherFacts, quietEnd, type GateFacts } from './decide-gate.ts'
import { defaultPressurePolicy, isMarketing, type PressurePolicy } from './policy.ts'
import { answersByKey, countedAnswers, lockPersons, optedOut, saveAnswers, settleAnswers, type GateRow } from './store.ts'

export type DosePlace = { epochId: string; dose: number; startsAt: Instant; endsAt: Instant }

/** DoseSource: who is in which arm of the running epoch. Asked here, answered by the experiment. Persons off the roster are absent. */
export type DoseSource = (tx: Tx, tenantId: number, personIds: readonly string[], now: Instant) => Promise<Map<string, DosePlace>>

export const policyKey = 'restrain.pressure'

export async function readPolicy(tx: Tx, tenantId: number): Promise<PressurePolicy> {
  return { ...defaultPressurePolicy, ...(await readSetting<Partial<PressurePolicy>>(tx, tenantId, policyKey)) }
}

/** Everything the decision looks at lies within this: a month of mass messages. Epochs are not longer. */
const lookbackMs = 32 * dayMs

/** Facts of several persons at once; merged persons count with all their ids, and with the lowest dose among them. */
export async function gateFacts(tx: Tx, tenantId: number, policy: PressurePolicy, personIds: readonly string[], line: string, now: Instant, dosesOf: DoseSource): Promise<Map<string, GateFacts & { epochId: string | null }>> {
  const persons = [...new Set(personIds)]
  const ids = await standIns(tx, tenantId, persons)
  const owner = new Map<string, string>()
  for (const [person, stands] of ids) for (const one of [person, ...stands]) owner.set(one, person)
  const all = [...owner.keys()]
  const touches = await touchesOf(tx, tenantId, persons, { since: now - Math.round(12 * policy.halfLifeDays * dayMs), until: now, direction: 'outbound' })
  const counted = await countedAnswers(tx, tenantId, all, now - lookbackMs, now)
  const out = await optedOut(tx, tenantId, line, now, all)
  const places = await dosesOf(tx, tenantId, all, now)
  const place = new Map<string, DosePlace>()
  for (const [id, one] of places) {
    const known = place.get(owner.get(id)!)
    if (known === undefined || one.dose < known.dose) place.set(owner.get(id)!, one)
  }
  const leaving = new Set([...out].map((id) => owner.get(id)!))
  const touchesBy = groupBy(touches, (touch) => touch.personId)
  const messagesBy = groupBy(counted, (answer) => owner.get(answer.personId)!)
  return new Map(persons.map((person) => {
    const mine = place.get(person) ?? null
    const messages = (messagesBy.get(person) ?? []).map((answer) => ({ ...answer, waiting: answer.state === 'reserved' }))
    return [person, { ...gatherFacts({ touches: touchesBy.get(person) ?? [], messages, optedOut: leaving.has(person), place: mine }, policy.halfLifeDays, now), epochId: mine?.epochId ?? null }]
  }))
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group) group.push(row)
    else groups.set(keyOf(row), [row])
  }
  return groups
}

/**
 * The gate behind the one door out. Answers are stored in the asker's transaction, before the send they allow; what is allowed takes its place
 * under every cap at once, until it is settled or its reservation runs out.
 */
export function pressureSendGate(ports: { dosesOf: DoseSource }): SendGate {
  return {
    async ask(tx, work, requests) {
      if (requests.length === 0) return []
      const { tenantId, now } = work
      await lockPersons(tx, tenantId, requests.map((r) => r.personId), now)
      const known = new Map((await answersByKey(tx, tenantId, requests.map((r) => r.key))).map((row) => [row.key, row]))
      const policy = await readPolicy(tx, tenantId)
      const facts = await gateFacts(tx, tenantId, policy, requests.map((r) => r.personId), 'wecom', now, ports.dosesOf)
      const rows: GateRow[] = []
      const answers = requests.map((request): GateAnswer => {
        const before = known.get(request.key)
        if (before !== undefined) return answerOf(before)
        const fact = facts.get(request.personId)!
        const decision = decideGate(policy, request, fact, now)
        const row = rowOf(work, request, policy, fact, decision)
        rows.push(row)
        known.set(request.key, row)
        // The next question about the same person sees this answer.
        if (decision.allowed) countMessage(fact, { ...request, weight: decision.weight, at: now, waiting: true }, now, now)
        return answerOf(row)
      })
      await saveAnswers(tx, tenantId, rows)
      return answers
    },
    opensAt: async (tx, work, request) => (isMarketing(request) ? (quietEnd(await readPolicy(tx, work.tenantId), work.now) ?? null) : null),
    settle: (tx, work, outcomes) => settleAnswers(tx, work.tenantId, outcomes),
  }
}

function rowOf(work: Work, request: SendRequest, policy: PressurePolicy, fact: GateFacts & { epochId: string | null }, decision: ReturnType<typeof decideGate>): GateRow {
  return {
    gateId: work.ids.next(), key: request.key, personId: request.personId, line: request.line, purpose: request.purpose, messageKind: request.messageKind, campaign: request.campaign,
    corpId: request.corpId, staff: request.staff, askedAt: work.now, weight: decision.weight, epochId: fact.epochId, dose: fact.dose?.dose ?? null,
    ...(decision.allowed
      ? { state: 'reserved', reason: '', detail: {}, clearAt: null, expiresAt: work.now + Math.round(policy.reserveDays * dayMs) }
      : { state: 'refused', reason: decision.reason, detail: decision.detail, clearAt: decision.clearAt ?? null, expiresAt: work.now }),
  }
}

function answerOf(row: GateRow): GateAnswer {
  if (row.state === 'refused') return { allowed: false, reason: row.reason, ...(row.clearAt === null ? {} : { clearAt: row.clearAt }) }
  return { allowed: true, gateId: row.gateId, touchWeight: row.weight }
}
