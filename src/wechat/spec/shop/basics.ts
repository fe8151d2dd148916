import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, shopRow } from './shapes.ts'

export const shopInfoGet = endpoint({
  ...shopRow,
  name: 'shop.basics.info',
  method: 'GET',
  path: '/channels/ec/basics/info/get',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ info: z.looseObject({ nickname: z.string().optional(), headimg_url: z.string().optional(), subject_type: z.string().optional(), status: z.string().optional(), username: z.string().optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X; WJ-B/shop/ShopInfo.java',
  verified: 'reading',
  zh: '获取店铺基本信息',
})

export const imageUpload = endpoint({
  ...shopRow,
  name: 'shop.basics.image-upload',
  path: '/channels/ec/basics/img/upload',
  effect: 'write',
  body: 'multipart',
  /** resp_type in the query: 0 media id, 1 address. upload_type 0 bytes, 1 address. */
  request: z.looseObject({}),
  response: outcome.extend({ pic_file: z.looseObject({ img_url: z.string().optional(), media_id: z.string().optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '上传图片',
})

export const wecomIdGet = endpoint({
  ...shopRow,
  name: 'shop.wecom.id',
  path: '/channels/ec/wecom/get_wecom_id',
  effect: 'read',
  /** Plain WeCom ids in, ids of the Shop's own id space out; the corp must be a related account. */
  request: z.looseObject({ corp_id: z.string(), user_id: z.string() }),
  response: outcome.extend({ data: z.looseObject({ wecom_corp_id: z.string().optional(), wecom_user_id: z.string().optional() }).optional() }),
  errors: { ...shopRow.errors, '914910001': { retry: 'never', en: 'the corp is not related to the shop' }, '914911001': { retry: 'never', en: 'the member is not in the visible scope' } },
  repeat: 'safe',
  doc: 'DS/API/wecom/getwecomid.html',
  verified: 'reading',
  zh: '获取企微参数',
})

export const basicsRows = [shopInfoGet, imageUpload, wecomIdGet]
