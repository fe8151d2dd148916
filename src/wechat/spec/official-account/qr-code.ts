import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { officialErrors } from './errors.ts'
import { wireInt } from './shapes.ts'

/** Codes with a scene (带参二维码): who follows or scans through one tells the scene. And short keys for long data (短 key). */

export const qrActions = ['QR_SCENE', 'QR_STR_SCENE', 'QR_LIMIT_SCENE', 'QR_LIMIT_STR_SCENE'] as const

export const qrCreate = endpoint({
  name: 'official-account.qr-code.create',
  line: 'official-account',
  method: 'POST',
  path: '/cgi-bin/qrcode/create',
  credential: 'access_token',
  effect: 'write',
  request: z.looseObject({
    /** 2,592,000 (30 days) at most for temporary codes. */
    expire_seconds: wireInt.optional(),
    action_name: z.string(),
    action_info: z.looseObject({ scene: z.looseObject({ scene_id: wireInt.optional(), scene_str: z.string().optional() }) }),
  }),
  response: z.looseObject({ ticket: z.string(), expire_seconds: z.int().optional(), url: z.string() }),
  errors: officialErrors,
  repeat: 'safe',
  doc: 'SKIT; WXJ WxMpQrcodeService',
  verified: 'reading',
  zh: '生成带参二维码',
})

export const qrPicture = endpoint({
  name: 'official-account.qr-code.picture',
  line: 'official-account',
  method: 'GET',
  path: '/cgi-bin/showqrcode',
  credential: 'none',
  effect: 'read',
  request: z.looseObject({ ticket: z.string() }),
  response: z.unknown(),
  body: 'binary',
  errors: officialErrors,
  repeat: 'safe',
  doc: 'mp.weixin.qq.com/cgi-bin/showqrcode (UNCONFIRMED)',
  verified: 'reading',
  zh: '换取二维码图片',
})

export const shortKeyCreate = endpoint({
  name: 'official-account.short-key.create',
  line: 'official-account',
  method: 'POST',
  path: '/cgi-bin/shorten/gen',
  credential: 'access_token',
  effect: 'write',
  request: z.looseObject({ long_data: z.string(), expire_seconds: wireInt.optional() }),
  response: z.looseObject({ short_key: z.string() }),
  errors: officialErrors,
  repeat: 'safe',
  doc: 'SKIT; WXJ',
  verified: 'reading',
  zh: '生成短 key',
})

export const shortKeyGet = endpoint({
  name: 'official-account.short-key.get',
  line: 'official-account',
  method: 'POST',
  path: '/cgi-bin/shorten/fetch',
  credential: 'access_token',
  effect: 'read',
  request: z.looseObject({ short_key: z.string() }),
  response: z.looseObject({ long_data: z.string(), create_time: z.int(), expire_seconds: z.int() }),
  errors: officialErrors,
  repeat: 'safe',
  doc: 'SKIT; WXJ',
  verified: 'reading',
  zh: '还原短 key',
})
