/** Mini program (小程序) on api.weixin.qq.com: endpoints and pushed events as rows. */
import { limitedCode, schemeCreate, schemeQuery, shortLinkCreate, squareCode, unlimitedCode, urlLinkCreate, urlLinkQuery } from './code.ts'
import { dailySummary, dailyVisits } from './figures.ts'
import { codeToSession, paidUnionid, phoneNumber, riskRank, sessionCheck, sessionReset } from './login.ts'
import { mediaCheck, subscribeSend, textCheck } from './message.ts'
import {
  shippingGet,
  shippingJumpPath,
  shippingList,
  shippingRemindReceive,
  shippingUpload,
  tradeManaged,
  tradeManagementConfirmed,
} from './shipping.ts'

export * from './code.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './figures.ts'
export * from './login.ts'
export * from './message.ts'
export * from './shipping.ts'

export const miniProgramRows = [
  codeToSession,
  sessionCheck,
  sessionReset,
  phoneNumber,
  riskRank,
  paidUnionid,
  unlimitedCode,
  limitedCode,
  squareCode,
  urlLinkCreate,
  urlLinkQuery,
  schemeCreate,
  schemeQuery,
  shortLinkCreate,
  subscribeSend,
  textCheck,
  mediaCheck,
  shippingUpload,
  shippingGet,
  shippingList,
  shippingRemindReceive,
  shippingJumpPath,
  tradeManaged,
  tradeManagementConfirmed,
  dailySummary,
  dailyVisits,
]
