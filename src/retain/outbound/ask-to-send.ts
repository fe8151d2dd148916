import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { assert } from '../../kernel/assert.ts'
import { makeEvent } from '../../events.ts'
import type { Message } from './message.ts'
import { insertMessages, knownKeys } from './store.ts'
import type { SendGate, SendRequest } from './send-gate.ts'

/**
 * The door's first half: asks the gate about messages that were never asked about, and stores each answer. Nothing may be sent that did not come out
 * of here with `state: 'queued'`.
 * @returns the new messages, refused ones included.
 */
export async function askToSend(tx: Tx, work: Work, gate: SendGate, requests: readonly SendRequest[]): Promise<Message[]> {
  const { tenantId, now, ids } = work
  const unique = [...new Map(requests.map((request) => [request.key, request])).values()]
  if (unique.length === 0) return []
  const known = await knownKeys(tx, tenantId, unique.map((request) => request.key))
  const fresh = unique.filter((request) => !known.has(request.key))
  if (fresh.length === 0) return []
  const answers = await gate.ask(tx, work, fresh)
  assert(answers.length === fresh.length, `the gate gave ${answers.length} answers to ${fresh.length} requests`)
  const messages = fresh.map((request, n): Message => {
    const answer = answers[n]
    const common = { ...request, messageId: ids.next(), taskId: null, askedAt: now, sentAt: null }
    return answer.allowed
      ? { ...common, state: 'queued', gateId: answer.gateId, gateReason: null, clearAt: null, weight: answer.touchWeight }
      : { ...common, state: 'refused', gateId: null, gateReason: answer.reason, clearAt: answer.clearAt ?? null, weight: 0 }
  })
  await insertMessages(tx, tenantId, messages)
  await work.emit(tx, messages.filter((message) => message.state === 'refused').map((message) => makeEvent(ids, now, 'touch.refused', `person/${message.personId}`, now, {
    personId: message.personId, messageId: message.messageId, campaign: message.campaign, reason: message.gateReason ?? '', ...(message.clearAt === null ? {} : { clearAt: message.clearAt }),
  })))
  return messages
}
