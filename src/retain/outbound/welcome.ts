import { createHash } from 'node:crypto'
import type { FactHandler, ReplyHandler } from '../../kernel/engine/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import { readSetting } from '../../kernel/tenancy/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { isContactChange, readContactCallback, type ContactPlatform } from '../contact/index.ts'
import { askToSend } from './ask-to-send.ts'
import { settleMessages } from './end-messages.ts'
import { contentOnWire } from './message.ts'
import type { SendGate } from './send-gate.ts'

/**
 * Welcome messages (欢迎语): a callback's welcome code lives 20 seconds and serves once (D92137), so the message goes into the outbox with the fact,
 * ahead of everything else that waits, and is never repeated.
 */
export const welcomeSetting = 'welcome.text'
const welcomeReply = 'outbound.welcome'
const lifeMs = 20_000
/** Ahead of whatever fell due within a day: the outbox works the earliest first. */
const aheadMs = 86_400_000

/** Codes that say the moment is over: expired, the contact has begun to chat (or another app was first), in progress. */
const missedCodes = new Set(['41050', '41051', '41096'])

export function welcomeFacts(platform: ContactPlatform, gate: SendGate, textOfState: (tx: Tx, tenantId: number, corpId: string, states: readonly string[]) => Promise<Map<string, string>>): FactHandler {
  return {
    line: 'wecom',
    accepts: isContactChange,
    async handle(work, tx, facts) {
      const { tenantId, now, ids } = work
      if (!platform.blockOn(tenantId, 'contacts')) return
      const asked = facts.flatMap((fact) => {
        const callback = readContactCallback(parseJson(fact.message) as Record<string, unknown>)
        return callback.welcomeCode === undefined ? [] : [{ ...callback, welcomeCode: callback.welcomeCode, connectionId: fact.connectionId, corpId: platform.accountOf(tenantId, fact.connectionId) }]
      })
      if (asked.length === 0) return
      const general = await readSetting<string>(tx, tenantId, welcomeSetting)
      const texts = new Map<string, Map<string, string>>()
      for (const corpId of new Set(asked.map((one) => one.corpId))) texts.set(corpId, await textOfState(tx, tenantId, corpId, [...new Set(asked.filter((one) => one.corpId === corpId).map((one) => one.state))]))
      const textOf = (one: (typeof asked)[number]): string => texts.get(one.corpId)!.get(one.state) ?? general ?? ''
      const wanted = asked.filter((one) => textOf(one) !== '')
      const { personIds } = await resolvePersons(tx, tenantId, wanted.map((one) => ({
        local: { kind: 'external_userid' as const, scope: one.corpId, value: one.externalUserId }, seenAt: one.at, evidence: 'WeCom contact',
      })), ids)
      const messages = await askToSend(tx, work, gate, wanted.map((one, n) => ({
        key: keyOf(one.welcomeCode), personId: personIds[n], line: 'wecom', purpose: 'welcome', messageKind: 'help', campaign: 'welcome', corpId: one.corpId, externalUserId: one.externalUserId, staff: one.staff,
      })))
      const byKey = new Map(messages.map((message) => [message.key, message]))
      // The callback's time is cut to the second, so a code may live up to a second longer than this reckons.
      const late = wanted.filter((one) => now >= one.at + lifeMs + 1000)
      await settleMessages(tx, work, gate, late.flatMap((one) => {
        const message = byKey.get(keyOf(one.welcomeCode))
        return message?.state === 'queued' ? [{ messageId: message.messageId, state: 'missed' as const, sentAt: null, reason: 'late' }] : []
      }))
      await enqueueCalls(tx, tenantId, wanted.filter((one) => !late.includes(one)).flatMap((one) => {
        const message = byKey.get(keyOf(one.welcomeCode))
        byKey.delete(keyOf(one.welcomeCode))
        if (message?.state !== 'queued') return []
        return [{
          outboxId: ids.next(), connectionId: one.connectionId, endpoint: 'wecom.welcome.send', request: { welcome_code: one.welcomeCode, ...contentOnWire({ text: textOf(one) }) }, lane: null,
          reply: { kind: welcomeReply, messageId: message.messageId }, dueAt: now - aheadMs, createdAt: now,
        }]
      }))
    },
  }
}

/** The code itself is a secret of 20 seconds; its digest names the message for ever. */
const keyOf = (code: string): string => `welcome/${createHash('sha256').update(code).digest('hex')}`

export function welcomeSent(gate: SendGate): ReplyHandler {
  return {
    kind: welcomeReply,
    async handle(work, tx, call, outcome) {
      const { messageId } = call.reply as { messageId: string }
      if (outcome.kind === 'ok') return settleMessages(tx, work, gate, [{ messageId, state: 'sent', sentAt: work.now }])
      if (!outcome.final) return
      const missed = outcome.kind === 'refused' && missedCodes.has(outcome.code)
      await settleMessages(tx, work, gate, [{ messageId, state: missed ? 'missed' : outcome.kind === 'refused' ? 'failed' : 'unknown', sentAt: null, reason: outcome.kind === 'refused' ? outcome.code : 'no-answer' }])
    },
  }
}
