/** WeCom (企业微信) for self-built apps on qyapi.weixin.qq.com: endpoints and events as rows. Times are seconds; ids are text; a token travels in the query. */
import { acquisitionRows } from './acquisition.ts'
import { broadcastRows } from './broadcast.ts'
import { contactRows } from './contact.ts'
import { contactWayRows } from './contact-way.ts'
import { groupRows } from './group-chat.ts'
import { identityRows } from './identity.ts'
import { memberRows } from './member.ts'
import { messageRows } from './message.ts'
import { momentRows } from './moment.ts'
import { statisticsRows } from './statistics.ts'
import { tagRows } from './tag.ts'
import { apiDomainIp, callbackIp, jsapiTicket, loginUser, tokenGet } from './token.ts'
import { transferRows } from './transfer.ts'
import { welcomeRows } from './welcome.ts'

export * from './acquisition.ts'
export * from './broadcast.ts'
export * from './contact.ts'
export * from './contact-way.ts'
export * from './errors.ts'
export * from './event.ts'
export * from './group-chat.ts'
export * from './identity.ts'
export * from './member.ts'
export * from './message.ts'
export * from './moment.ts'
export * from './statistics.ts'
export * from './tag.ts'
export * from './token.ts'
export * from './transfer.ts'
export * from './welcome.ts'

export const wecomRows = [
  tokenGet,
  apiDomainIp,
  callbackIp,
  jsapiTicket,
  loginUser,
  ...memberRows,
  ...contactRows,
  ...contactWayRows,
  ...tagRows,
  ...groupRows,
  ...welcomeRows,
  ...broadcastRows,
  ...momentRows,
  ...transferRows,
  ...statisticsRows,
  ...acquisitionRows,
  ...identityRows,
  ...messageRows,
]
