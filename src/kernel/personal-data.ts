/**
 * Personal data in platform texts (平台报文里的个人信息): fields that name, reach or locate a buyer, by the platform's own spelling. When a person is
 * erased, every kept text that mentions one of their identities loses these too; amounts, goods and states stay.
 */
const fields = new Set([
  'openid', 'unionid', 'external_userid', 'OpenID', 'FromUserName', 'ExternalUserID', 'user_name', 'nickname', 'avatar', 'headimgurl', 'tel_number', 'tel_number_ext_info', 'real_tel_number',
  'virtual_tel_number', 'purePhoneNumber', 'phoneNumber', 'mobile', 'postal_code', 'detail_info', 'house_number', 'hash_code', 'customer_notes', 'remark',
])

export const erasedMark = 'erased'

/** The same JSON with the person gone: `values` wherever they stand, and the fields above wherever they hold a text. */
export function forgetPerson(value: unknown, values: readonly string[]): unknown {
  if (typeof value === 'string') return values.reduce((text, one) => text.replaceAll(one, erasedMark), value)
  if (Array.isArray(value)) return value.map((item) => forgetPerson(item, values))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fields.has(key) && typeof item === 'string' && item !== '' ? erasedMark : forgetPerson(item, values)]))
}
