import type { FactHandler } from '../../kernel/engine/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { endOptOut, putOptOut } from './store.ts'

type Told = { wants: boolean; evidence: string } | undefined
type Message = { FromUserName?: string; CreateTime?: number | string; List?: unknown; SubscribeMsgPopupEvent?: { List?: unknown }; SubscribeMsgChangeEvent?: { List?: unknown } }

type Answer = { SubscribeStatusString?: string }
const listOf = (value: unknown): Answer[] => (Array.isArray(value) ? (value as Answer[]) : value === undefined || value === null ? [] : [value as Answer])

/**
 * What an event says about wanting messages of its line. The Official Account tells who follows and who no more does. The mini program tells what was
 * answered to a prompt and what was switched off in its settings; a prompt of which nothing was accepted says no, since nothing can be sent then.
 */
export function refusalIn(line: string, event: string, message: Message): Told {
  if (line === 'official-account') return event === 'unsubscribe' ? { wants: false, evidence: 'unsubscribe' } : event === 'subscribe' ? { wants: true, evidence: 'subscribe' } : undefined
  if (event !== 'subscribe_msg_popup_event' && event !== 'subscribe_msg_change_event') return undefined
  // JSON has the list at the root, XML inside an element of the event's name.
  const answers = listOf(message.List ?? message.SubscribeMsgPopupEvent?.List ?? message.SubscribeMsgChangeEvent?.List).map((one) => one.SubscribeStatusString)
  if (answers.includes('accept')) return { wants: true, evidence: event }
  return answers.includes('reject') ? { wants: false, evidence: event } : undefined
}

/** Unfollowing the Official Account and refusing messages of the mini program are opt-outs of that line, from the instant the platform names. An older event never undoes a newer one. */
export function refusalFacts(platform: { accountOf(tenantId: number, connectionId: string): string }): FactHandler[] {
  return ['official-account', 'mini-program'].map((line) => ({
    line,
    accepts: (event) => ['subscribe', 'unsubscribe', 'subscribe_msg_popup_event', 'subscribe_msg_change_event'].includes(event),
    async handle(work, tx, facts) {
      const told = facts.flatMap((fact) => {
        const message = parseJson(fact.message) as Message
        const says = refusalIn(line, fact.event, message)
        const openid = message.FromUserName ?? ''
        return says === undefined || openid === '' ? [] : [{ ...says, openid, appid: platform.accountOf(work.tenantId, fact.connectionId), at: Number(message.CreateTime ?? 0) * 1_000 || work.now }]
      // Events come in any order and count whole seconds: within one, the refusal holds.
      }).sort((a, b) => a.at - b.at || Number(b.wants) - Number(a.wants))
      if (told.length === 0) return
      const { personIds } = await resolvePersons(tx, work.tenantId, told.map((one) => ({ local: { kind: 'openid' as const, scope: one.appid, value: one.openid }, seenAt: one.at, evidence: one.evidence })), work.ids)
      for (const [n, one] of told.entries()) {
        if (one.wants) await endOptOut(tx, work.tenantId, { personId: personIds[n], line, at: one.at })
        else await putOptOut(tx, work.tenantId, { personId: personIds[n], line, since: one.at, until: null, evidence: one.evidence }, true)
      }
    },
  }))
}
