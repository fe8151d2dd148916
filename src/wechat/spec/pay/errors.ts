import type { Cap, KnownError } from '../endpoint.ts'

/** Pay codes are text and open-ended; the HTTP status is part of the answer. Spelling differs by page, so both spellings are listed. */
export const payErrors = {
  PARAM_ERROR: { retry: 'never', en: 'a parameter is missing or malformed (400)' },
  INVALID_REQUEST: { retry: 'never', en: 'the request cannot be granted as it stands (400)' },
  APPID_MCHID_NOT_MATCH: { retry: 'never', en: 'the appid is not bound to this merchant (400)' },
  MCH_NOT_EXISTS: { retry: 'never', en: 'no such merchant (400)' },
  SIGN_ERROR: { retry: 'never', en: 'the signature, serial number or clock is wrong (401)' },
  NO_AUTH: { retry: 'never', en: 'the merchant may not use this product (403)' },
  RULE_LIMIT: { retry: 'never', en: 'a business rule forbids it (403)' },
  FREQUENCY_LIMITED: { retry: 'later', en: 'too many calls: slow down, same parameters (429)' },
  FREQUENCY_LIMIT: { retry: 'later', en: 'too many calls: slow down, same parameters (429)' },
  RATELIMIT_EXCEEDED: { retry: 'later', en: 'too many calls: slow down, same parameters (429)' },
  SYSTEM_ERROR: { retry: 'now', en: 'the platform failed: repeat with the same parameters and number (500)' },
  SERVICE_UNAVAILABLE: { retry: 'now', en: 'the platform is unavailable: repeat with the same parameters (502, 503)' },
} as const satisfies Record<string, KnownError>

export const orderErrors = {
  ...payErrors,
  ORDER_NOT_EXIST: { retry: 'never', en: 'no such order (404)' },
  ORDERNOTEXIST: { retry: 'never', en: 'no such order, the other spelling (404)' },
  ORDER_CLOSED: { retry: 'never', en: 'the order is closed (400)' },
  ORDERPAID: { retry: 'never', en: 'the order is paid already (v3 spelling UNCONFIRMED)' },
  OUT_TRADE_NO_USED: { retry: 'never', en: 'the order number was used for something else (403)' },
  TRADE_ERROR: { retry: 'never', en: 'the trade is refused (403)' },
  OPENID_MISMATCH: { retry: 'never', en: 'the openid is not one of this appid (500)' },
  BANK_ERROR: { retry: 'now', en: 'the bank failed: repeat with the same parameters (500)' },
} as const satisfies Record<string, KnownError>

export const refundErrors = {
  ...orderErrors,
  RESOURCE_NOT_EXISTS: { retry: 'never', en: 'no such order or refund (404)' },
  NOT_ENOUGH: { retry: 'later', en: 'not enough funds in the account the refund is taken from (403)' },
  NOTENOUGH: { retry: 'later', en: 'not enough funds, the other spelling (403)' },
} as const satisfies Record<string, KnownError>

/** Creating an order and the other trade endpoints: 600 a second for one merchant (pay sheet 13). */
export const tradeCap: Cap = { count: 600, perMs: 1000, per: 'account', source: 'CM/pay/doc/0002e81886cf005d2ddcda9e351800' }
