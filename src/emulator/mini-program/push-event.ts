import { writeXml, type XmlInput } from '../../wechat/codec/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import type { Namespace } from '../core/namespace.ts'
import { push } from '../core/push.ts'

type Fields = { [name: string]: XmlInput | undefined }

/** A mini program chooses JSON or XML; JSON events carry their fields at the root, a single list entry as an object. */
export function pushMini(ns: Namespace, account: WeixinAccount, from: string, msgType: string, fields: Fields, label: string): void {
  const content: Fields = { ToUserName: account.originalId, FromUserName: from, CreateTime: Math.floor(ns.now / 1000), MsgType: msgType, ...fields }
  const message = account.push.format === 'xml' ? writeXml(content) : JSON.stringify(content)
  push(ns, { account: { kind: account.kind, id: account.id }, event: label, message, envelope: 'weixin' })
}

export function pushMiniEvent(ns: Namespace, account: WeixinAccount, from: string, event: string, fields: Fields): void {
  pushMini(ns, account, from, 'event', { Event: event, ...fields }, event)
}

/** `List` of the subscription events: in JSON an object when there is one entry, else an array; in XML under the event's own element. */
export function subscribeFields(account: WeixinAccount, element: string, list: Array<{ [name: string]: XmlInput | undefined }>): Fields {
  if (account.push.format === 'xml') return { [element]: { List: list } }
  return { List: list.length === 1 ? list[0] : list }
}
