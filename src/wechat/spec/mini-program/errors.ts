import type { KnownError } from '../endpoint.ts'
import { weixinErrors } from '../tokens.ts'

/** Error codes of the mini program (official-account sheet 1); those marked UNCONFIRMED there say so here. */
export const miniErrors = {
  ...weixinErrors,
  '40003': { retry: 'never', en: 'not an openid of this mini program' },
  '45011': { retry: 'later', en: 'this user calls too often in this minute' },
} as const satisfies Record<string, KnownError>

export const loginErrors = {
  ...miniErrors,
  '40029': { retry: 'never', en: 'the js_code or phone code is wrong or too old (UNCONFIRMED)' },
  '40125': { retry: 'never', en: 'wrong secret (UNCONFIRMED)' },
  '40163': { retry: 'never', en: 'the code was used' },
  '40226': { retry: 'never', en: 'the user is blocked by risk control (UNCONFIRMED)' },
  '87009': { retry: 'never', en: 'the signature of the session key is wrong' },
} as const satisfies Record<string, KnownError>

export const codeErrors = {
  ...miniErrors,
  '40097': { retry: 'never', en: 'a parameter is invalid' },
  '40129': { retry: 'never', en: 'scene is too long or has forbidden characters' },
  '41030': { retry: 'never', en: 'no such page in the published version' },
  '85079': { retry: 'never', en: 'the mini program is not published' },
  '85400': { retry: 'never', en: 'the expiry is more than 30 days ahead' },
  '85402': { retry: 'never', en: 'no such link' },
} as const satisfies Record<string, KnownError>

export const subscribeErrors = {
  ...miniErrors,
  '40037': { retry: 'never', en: 'no such template_id' },
  '41030': { retry: 'never', en: 'no such page' },
  '43101': { retry: 'never', en: 'no consent is left, or it was withdrawn' },
  '43107': { retry: 'never', en: 'the long-term subscription was refused (UNCONFIRMED)' },
  '47003': { retry: 'never', en: 'a template parameter is invalid' },
} as const satisfies Record<string, KnownError>

export const securityErrors = {
  ...miniErrors,
  '40129': { retry: 'never', en: 'no such scene' },
  '61010': { retry: 'never', en: 'the openid has not visited in the last 2 hours' },
  '87014': { retry: 'never', en: 'risky content' },
} as const satisfies Record<string, KnownError>

/** The sheet leaves the 100600xx codes UNCONFIRMED: these are our reading of public copies. */
export const shippingErrors = {
  ...miniErrors,
  '10060001': { retry: 'later', en: 'no such payment (UNCONFIRMED code)' },
  '10060002': { retry: 'never', en: 'the payment is shipped completely (UNCONFIRMED code)' },
  '10060003': { retry: 'never', en: 'the one re-report of the payment is used (UNCONFIRMED code)' },
  '10060004': { retry: 'never', en: 'the payment is in a state that cannot be shipped (UNCONFIRMED code)' },
  '10060005': { retry: 'never', en: 'no such logistics type (UNCONFIRMED code)' },
  '10060006': { retry: 'never', en: 'split delivery is for express only (UNCONFIRMED code)' },
  '10060007': { retry: 'never', en: 'split delivery needs is_all_delivered (UNCONFIRMED code)' },
  '10060008': { retry: 'never', en: 'item_desc is missing (UNCONFIRMED code)' },
  '10060023': { retry: 'never', en: 'the shipping information did not change (UNCONFIRMED code)' },
  '10060024': { retry: 'never', en: 'more than 15 parcels (UNCONFIRMED code)' },
  '10060031': { retry: 'never', en: 'the payment does not belong to this openid (UNCONFIRMED code)' },
  '268485216': { retry: 'never', en: 'upload_time is not later than the one before (UNCONFIRMED code)' },
} as const satisfies Record<string, KnownError>
