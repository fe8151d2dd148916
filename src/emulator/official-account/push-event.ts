import { writeXml, type XmlInput } from '../../wechat/codec/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import type { Namespace } from '../core/namespace.ts'
import { push } from '../core/push.ts'

/** Fields of a pushed message after the four that all have; in the platform's order and spelling. */
export type EventFields = { [name: string]: XmlInput | undefined }

/** Tells an account of api.weixin.qq.com something in its own format: XML, or JSON where the account chose it. */
export function pushMessage(
  ns: Namespace,
  account: WeixinAccount,
  from: string,
  msgType: string,
  fields: EventFields,
  label: string,
  delayMs?: number,
): void {
  const content: EventFields = {
    ToUserName: account.originalId,
    FromUserName: from,
    CreateTime: Math.floor(ns.now / 1000),
    MsgType: msgType,
    ...fields,
  }
  const message = account.push.format === 'json' ? JSON.stringify(content) : writeXml(content)
  push(ns, { account: { kind: account.kind, id: account.id }, event: label, message, envelope: 'weixin', delayMs })
}

export function pushEvent(ns: Namespace, account: WeixinAccount, from: string, event: string, fields: EventFields = {}, delayMs?: number): void {
  pushMessage(ns, account, from, 'event', { Event: event, ...fields }, event, delayMs)
}
