import { CodecError, openReply, readXml } from '../../wechat/codec/index.ts'
import { accountOf, type Delivery, type Namespace } from '../core/namespace.ts'
import { officialState, remember } from './state.ts'

const kinds = ['text', 'image', 'voice', 'video', 'music', 'news', 'transfer_customer_service']

/**
 * A passive reply (被动回复): the merchant answered a push with a message for the person who caused it. It is taken plain or sealed, goes to
 * that person only, and costs nothing of the customer-service allowance. What cannot be read is dropped (the phone shows a service fault).
 */
export function takeReply(ns: Namespace, delivery: Delivery, body: string): void {
  const account = accountOf(ns, 'official-account', delivery.account.id)
  if (!account) return
  const state = officialState(ns, account.id)
  try {
    const outer = readXml(body)
    const value =
      outer.Encrypt === undefined
        ? outer
        : (openReply({ token: account.push.token, aesKey: account.push.aesKey, receiveId: account.id }, body).value as Record<string, unknown>)
    const openid = String(value.ToUserName ?? '')
    if (!state.followers[openid] || !kinds.includes(String(value.MsgType))) return
    const { ToUserName: _, FromUserName: __, CreateTime: ___, ...message } = value
    remember(ns, state, { openid, kind: 'reply', body: message })
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
}
