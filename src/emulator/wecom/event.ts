import { writeXml, type XmlInput } from '../../wechat/codec/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { push } from '../core/push.ts'
import { corpOf, seconds, type CorpState } from './state.ts'

/**
 * Tells the corp's apps of an event: each app with a receive URL gets its own copy, apps that share one URL a single copy (of the
 * customer-contact app when it is among them); while none has one, the copy of the customer-contact app is recorded only.
 */
export function tell(ns: Namespace, corp: CorpState, event: string, fields: Record<string, XmlInput | undefined>): void {
  const { account } = corpOf(ns, corp.id)
  const message = writeXml({ ToUserName: corp.id, FromUserName: 'sys', CreateTime: seconds(ns.now), MsgType: 'event', Event: event, ...fields })
  const ordered = [...account.apps].sort((a, b) => Number(b.kind === 'contact') - Number(a.kind === 'contact'))
  const reachable = ordered.filter((app, index) => app.push.url !== null && ordered.findIndex((other) => other.push.url === app.push.url) === index)
  const receivers = reachable.length > 0 ? reachable : account.apps.filter((app) => app.kind === 'contact').slice(0, 1)
  for (const app of receivers) {
    push(ns, {
      account: { kind: 'wecom', id: corp.id, agentId: app.agentId },
      event: `${event}/${String(fields.ChangeType)}`,
      message,
      envelope: 'wecom',
    })
  }
}

export type ContactChange = {
  ChangeType: string
  UserID: string
  ExternalUserID: string
  State?: string
  WelcomeCode?: string
  Source?: string
  FailReason?: string
}

export function tellContact(ns: Namespace, corp: CorpState, change: ContactChange): void {
  tell(ns, corp, 'change_external_contact', change)
}
