import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, shopId, shopRow } from './shapes.ts'

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

const category = z.looseObject({ cat_id: shopId, name: z.string(), f_cat_id: shopId.optional(), level: z.int().optional(), leaf: z.boolean().optional() })

export const categoryAll = endpoint({
  ...shopRow,
  name: 'shop.category.all',
  method: 'GET',
  path: '/channels/ec/category/all',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ cats_v2: z.array(z.looseObject({ cat_and_qua: z.array(z.looseObject({ cat: category })).optional() })).optional(), cats: z.array(z.looseObject({})).optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取所有类目',
})

export const categoryDetail = endpoint({
  ...shopRow,
  name: 'shop.category.detail',
  path: '/channels/ec/category/detail',
  effect: 'read',
  request: z.looseObject({ cat_id: shopId }),
  /** The fee in ten-thousandths. */
  response: outcome.extend({ info: z.looseObject({ cat_id: shopId.optional(), name: z.string().optional() }).optional(), attr: z.looseObject({ transactionfee_info: z.looseObject({ basis_point: z.int().optional() }).optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X; SK-M/ECCategory',
  verified: 'reading',
  zh: '获取类目信息',
})

export const auditQuotaGet = endpoint({
  ...shopRow,
  name: 'shop.product.audit-quota',
  path: '/channels/ec/product/getauditquota',
  effect: 'read',
  request: z.looseObject({}),
  response: outcome.extend({ audit_quota: z.looseObject({ total_quota: z.int().optional(), avail_quota: z.int().optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '获取商品审核额度',
})

const addressDetail = z.looseObject({
  address_id: shopId.optional(),
  name: z.string().optional(),
  address_info: z.looseObject({ user_name: z.string().optional(), province_name: z.string().optional(), city_name: z.string().optional(), county_name: z.string().optional(), detail_info: z.string().optional(), tel_number: z.string().optional() }).optional(),
  default_send: z.boolean().optional(),
  default_recv: z.boolean().optional(),
  remark: z.string().optional(),
})

export const addressList = endpoint({ ...shopRow, name: 'shop.address.list', path: '/channels/ec/merchant/address/list', effect: 'read', request: z.looseObject({ offset: z.int().optional(), limit: z.int().optional() }), response: outcome.extend({ address_id_list: z.array(shopId).optional() }), repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '获取地址列表' })
export const addressGet = endpoint({ ...shopRow, name: 'shop.address.get', path: '/channels/ec/merchant/address/get', effect: 'read', request: z.looseObject({ address_id: shopId }), response: outcome.extend({ address_detail: addressDetail.optional() }), repeat: 'safe', doc: 'SK-X', verified: 'reading', zh: '获取地址详情' })
export const addressAdd = endpoint({ ...shopRow, name: 'shop.address.add', path: '/channels/ec/merchant/address/add', effect: 'write', request: z.looseObject({ address_detail: addressDetail }), response: outcome.extend({ address_id: shopId.optional() }), repeat: 'never', doc: 'SK-X', verified: 'reading', zh: '添加地址' })

export const basicsRows = [shopInfoGet, imageUpload, wecomIdGet, categoryAll, categoryDetail, auditQuotaGet, addressList, addressGet, addressAdd]
