import { z } from 'zod'
import { identityErrors } from './errors.ts'
import { row } from './row.ts'

/** Between unionid, openid and external_userid. Bulk conversion is forbidden and gets the endpoint shut (OWS): convert at contact time. */

const hourMs = 3_600_000
const caps = [
  { count: 100_000, perMs: hourMs, per: 'account', source: 'OWS' },
  { count: 480_000, perMs: 24 * hourMs, per: 'account', source: 'OWS' },
  { count: 7_500_000, perMs: 30 * 24 * hourMs, per: 'account', source: 'OWS' },
] as const
const wm = 'wmQingzhou00000000000000000000AA'

export const unionidConvert = row({
  name: 'wecom.identity.from_unionid',
  method: 'POST',
  path: '/cgi-bin/idconvert/unionid_to_external_userid',
  effect: 'write',
  request: z.looseObject({
    unionid: z.string().optional(),
    openid: z.string().optional(),
    /** 0 the corp's own app, 1 the provider's. */ subject_type: z.int().optional(),
  }),
  response: z.looseObject({ external_userid: z.string().optional(), /** Not a customer yet; 90 days. */ pending_id: z.string().optional() }),
  caps,
  errors: identityErrors,
  repeat: 'safe',
  doc: 'SKIT idconvert/unionid_to_external_userid',
  sample: {
    request: { unionid: 'oQingzhou0000000000000000000', openid: 'oQ1ngzhou000000000000000000A', subject_type: 0 },
    response: { errcode: 0, errmsg: 'ok', external_userid: wm },
  },
  zh: 'unionid 转换为第三方 external_userid',
})
export const unionidConvertOld = row({
  name: 'wecom.identity.from_unionid_old',
  method: 'POST',
  path: '/cgi-bin/externalcontact/unionid_to_external_userid',
  effect: 'read',
  request: z.looseObject({ unionid: z.string().optional(), openid: z.string().optional() }),
  response: z.looseObject({ external_userid: z.string() }),
  caps,
  errors: identityErrors,
  repeat: 'safe',
  doc: 'D93274',
  sample: { request: { unionid: 'oQingzhou0000000000000000000' }, response: { errcode: 0, errmsg: 'ok', external_userid: wm } },
  zh: '外部联系人 unionid 转换',
})
export const externalToOpenid = row({
  name: 'wecom.identity.to_openid',
  method: 'POST',
  path: '/cgi-bin/externalcontact/convert_to_openid',
  effect: 'write',
  request: z.looseObject({ external_userid: z.string().optional() }),
  response: z.looseObject({ openid: z.string() }),
  errors: identityErrors,
  repeat: 'safe',
  doc: 'SKIT externalcontact/convert_to_openid',
  sample: { request: { external_userid: wm }, response: { errcode: 0, errmsg: 'ok', openid: 'oQ1ngzhou000000000000000000A' } },
  zh: '外部联系人 openid 转换',
})

export const identityRows = [unionidConvert, unionidConvertOld, externalToOpenid]
