import { dayMs } from '../../kernel/calendar.ts'
import { externalToOpenid, unionidConvert, unionidConvertOld } from '../../wechat/spec/wecom/index.ts'
import { freshId } from '../core/namespace.ts'
import { openidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { wecom } from './call.ts'
import { customerOf, isRelation, type CorpState, type Customer } from './state.ts'

/** A unionid is known only when the corp bound a WeChat developer account and somebody follows the customer. */
function byUnionid(corp: CorpState, unionid: string | undefined): Customer | undefined {
  if (!unionid || !/^[A-Za-z0-9_-]{6,64}$/.test(unionid)) throw new PlatformError(610014, 'invalid unionid')
  if (!corp.settings.verified) throw new PlatformError(610016, 'the corp is not verified')
  if (corp.openPlatform === null) throw new PlatformError(610017, 'the corp has bound no WeChat developer account')
  const customer = corp.customers[corp.byUnionid[unionid] ?? '']
  if (!customer) return undefined
  return (corp.followers[customer.id] ?? []).some((userid) => isRelation(corp.follows[userid]?.[customer.id])) ? customer : undefined
}

export const identityRoutes = [
  wecom(unionidConvert, ({ ns, corp, input }) => {
    const customer = byUnionid(corp, input.unionid)
    if (!input.openid) throw new PlatformError(40063, 'openid is empty')
    if (customer) return { external_userid: customer.id }
    const unionid = input.unionid ?? ''
    const known = Object.entries(corp.pendingIds).find(([, pending]) => pending.unionid === unionid && ns.now - pending.at < 90 * dayMs)
    if (known) return { pending_id: known[0] }
    const id = freshId(ns, 'pd', 30)
    corp.pendingIds[id] = { unionid, at: ns.now }
    return { pending_id: id }
  }),
  wecom(unionidConvertOld, ({ corp, input }) => {
    const customer = byUnionid(corp, input.unionid)
    if (!customer) throw new PlatformError(84061, 'not external contact relationship')
    return { external_userid: customer.id }
  }),
  wecom(externalToOpenid, ({ ns, corp, input }) => {
    const customer = customerOf(corp, input.external_userid)
    if (customer.type !== 1) throw new PlatformError(41056, 'the external contact is no WeChat user')
    return { openid: openidOf(ns, corp.id, customer.person ?? customer.key) }
  }),
]
