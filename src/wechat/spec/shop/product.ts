import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { fen, outcome, shopErrors, shopId, shopRow, unixSeconds } from './shapes.ts'

/** Listed state of the online copy (上下架状态), shop sheet 2. */
export const productStatus = { initial: 0, listed: 5, recycled: 6, deleted: 9, delistedByMerchant: 11, delistedByPlatform: 13, banned: 20 } as const
/** State of the draft (草稿状态). */
export const editStatus = { initial: 0, editing: 1, auditing: 2, auditFailed: 3, auditPassed: 4, writing: 5, uploading: 7, uploadFailed: 8 } as const

export const productErrors = {
  ...shopErrors,
  '10020050': { retry: 'never', en: 'a parameter is wrong' },
  '10020051': { retry: 'never', en: 'no such product' },
  '10020052': { retry: 'never', en: 'no such SKU' },
  '10020065': { retry: 'never', en: 'the product is in the wrong state' },
  '10020067': { retry: 'never', en: 'the asynchronous upload of the product failed' },
} as const

export const attr = z.looseObject({ attr_key: z.string(), attr_value: z.string() })

export const productSku = z.looseObject({
  sku_id: shopId.optional(),
  out_sku_id: z.string().optional(),
  thumb_img: z.string().optional(),
  sale_price: fen.optional(),
  market_price: fen.optional(),
  stock_num: z.int().optional(),
  sku_code: z.string().optional(),
  bar_code: z.string().optional(),
  sku_attrs: z.array(attr).optional(),
  status: z.int().optional(),
})

const fields = {
  out_product_id: z.string().optional(),
  title: z.string().optional(),
  sub_title: z.string().optional(),
  short_title: z.string().optional(),
  head_imgs: z.array(z.string()).optional(),
  desc_info: z.looseObject({ imgs: z.array(z.string()).optional(), desc: z.string().optional() }).optional(),
  cats: z.array(z.looseObject({ cat_id: shopId })).optional(),
  cats_v2: z.array(z.looseObject({ cat_id: shopId })).optional(),
  attrs: z.array(attr).optional(),
  spu_code: z.string().optional(),
  brand_id: shopId.optional(),
  deliver_method: z.int().optional(),
  express_info: z.looseObject({ template_id: shopId.optional(), weight: z.int().optional() }).optional(),
  aftersale_desc: z.string().optional(),
  skus: z.array(productSku).optional(),
  extra_service: z.looseObject({}).optional(),
}

export const shopProduct = z.looseObject({
  ...fields,
  product_id: shopId,
  status: z.int().optional(),
  edit_status: z.int().optional(),
  edit_time: unixSeconds.optional(),
  min_price: fen.optional(),
  total_sold_num: z.int().optional(),
  product_type: z.int().optional(),
})
export type ShopProduct = z.output<typeof shopProduct>

const common = { ...shopRow, errors: productErrors } as const

export const productAdd = endpoint({
  ...common,
  name: 'shop.product.add',
  path: '/channels/ec/product/add',
  effect: 'write',
  /** Makes a draft; `listing: 1` or true sends it to audit at once. */
  request: z.looseObject({ ...fields, listing: z.union([z.boolean(), z.int()]).optional() }),
  response: outcome.extend({ data: z.looseObject({ product_id: shopId, create_time: z.union([z.string(), z.int()]).optional() }).optional() }),
  repeat: 'never',
  doc: 'SK-M/ECProduct/ChannelsECProductAddRequest.cs',
  verified: 'reading',
  zh: '添加商品',
})

export const productUpdate = endpoint({
  ...common,
  name: 'shop.product.update',
  path: '/channels/ec/product/update',
  effect: 'write',
  /** Replaces the draft; the online copy stays until the audit passes. */
  request: z.looseObject({ ...fields, product_id: shopId, listing: z.union([z.boolean(), z.int()]).optional() }),
  response: outcome.extend({ data: z.looseObject({ product_id: shopId, update_time: z.union([z.string(), z.int()]).optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X; DS/shop/API product pages',
  verified: 'reading',
  zh: '更新商品',
})

export const productAuditFree = endpoint({
  ...common,
  name: 'shop.product.audit-free',
  path: '/channels/ec/product/auditfree',
  effect: 'write',
  /** Changes price, stock and other audit-exempt fields of the online copy without audit. */
  request: z.looseObject({ product_id: shopId, skus: z.array(productSku).optional() }),
  response: outcome.extend({ data: z.looseObject({ product_id: shopId.optional() }).optional() }),
  repeat: 'safe',
  doc: 'SK-X',
  verified: 'reading',
  zh: '免审更新商品',
})

export const productGet = endpoint({
  ...common,
  name: 'shop.product.get',
  path: '/channels/ec/product/get',
  effect: 'read',
  /** data_type: 1 online copy, 2 draft, 3 both (without the online copy when the product is not listed). */
  request: z.looseObject({ product_id: shopId, data_type: z.int().optional() }),
  response: outcome.extend({ product: shopProduct.optional(), edit_product: shopProduct.optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECProduct/ChannelsECProductGetResponse.cs; WJ-B/product/SpuGetResponse.java',
  verified: 'reading',
  zh: '获取商品',
})

export const productListGet = endpoint({
  ...common,
  name: 'shop.product.list',
  path: '/channels/ec/product/list/get',
  effect: 'read',
  /** page_size at most 30, 10 when absent. */
  request: z.looseObject({ status: z.int().optional(), page_size: z.int().optional(), next_key: z.string().optional() }),
  response: outcome.extend({ product_ids: z.array(shopId).optional(), next_key: z.string().optional(), total_num: z.int().optional() }),
  repeat: 'safe',
  doc: 'SK-M/ECProduct/ChannelsECProductListGetRequest.cs',
  verified: 'reading',
  zh: '获取商品列表',
})

const byId = z.looseObject({ product_id: shopId })

export const productListing = endpoint({ ...common, name: 'shop.product.listing', path: '/channels/ec/product/listing', effect: 'write', request: byId, response: outcome, repeat: 'safe', doc: 'SK-X; WJ-U', verified: 'reading', zh: '上架商品' })
export const productDelisting = endpoint({ ...common, name: 'shop.product.delisting', path: '/channels/ec/product/delisting', effect: 'write', request: byId, response: outcome, repeat: 'safe', doc: 'SK-X; WJ-U', verified: 'reading', zh: '下架商品' })
export const productDelete = endpoint({ ...common, name: 'shop.product.delete', path: '/channels/ec/product/delete', effect: 'write', request: byId, response: outcome, repeat: 'safe', doc: 'SK-X; WJ-U', verified: 'reading', zh: '删除商品' })
export const productAuditCancel = endpoint({ ...common, name: 'shop.product.audit-cancel', path: '/channels/ec/product/audit/cancel', effect: 'write', request: byId, response: outcome, repeat: 'safe', doc: 'SK-X; WJ-U', verified: 'reading', zh: '撤回商品审核' })

const wecomLink = z.looseObject({ product_id: shopId, wecom_corp_id: z.string().optional(), wecom_user_id: z.string().optional() })
export const productH5Url = endpoint({ ...common, name: 'shop.product.h5url', path: '/channels/ec/product/h5url/get', effect: 'read', request: wecomLink, response: outcome.extend({ product_h5url: z.string().optional() }), repeat: 'safe', doc: 'DS/API/product/get_h5url.html', verified: 'reading', zh: '获取商品H5短链' })
export const productQrcode = endpoint({ ...common, name: 'shop.product.qrcode', path: '/channels/ec/product/qrcode/get', effect: 'read', request: wecomLink, response: outcome.extend({ product_qrcode: z.string().optional() }), repeat: 'safe', doc: 'SK-M/ECProduct', verified: 'reading', zh: '获取商品二维码' })
export const productTagLink = endpoint({ ...common, name: 'shop.product.taglink', path: '/channels/ec/product/taglink/get', effect: 'read', request: wecomLink, response: outcome.extend({ product_taglink: z.string().optional() }), repeat: 'safe', doc: 'SK-M/ECProduct', verified: 'reading', zh: '获取商品口令' })

// ---- stock (库存), shop sheet 3 ----

export const stockErrors = {
  ...productErrors,
  '10020112': { retry: 'later', en: 'the stock of this SKU is updated too often' },
  '10020219': { retry: 'never', en: 'there is less stock than is to be subtracted' },
} as const

/** 1 add, 2 subtract, 3 set; setting is discouraged, since orders decrement at the same time. */
export const diffType = { add: 1, subtract: 2, set: 3 } as const
/** Kinds of stock flow: 1 to 3 are updates by diff_type, 4 an order takes stock, 5 an unpaid order gives it back, 6 and 7 move between kinds of stock. */
export const stockOp = { add: 1, subtract: 2, set: 3, order: 4, orderCancelled: 5, unmove: 6, move: 7 } as const

const stockCommon = { ...shopRow, errors: stockErrors } as const

export const stockUpdate = endpoint({
  ...stockCommon,
  name: 'shop.stock.update',
  path: '/channels/ec/product/stock/update',
  effect: 'write',
  request: z.looseObject({ product_id: shopId, sku_id: shopId, diff_type: z.int(), num: z.int() }),
  response: outcome,
  // There is no request id: after silence only the stock flow tells what happened.
  repeat: { probe: 'shop.stock.flow' },
  doc: 'DS/API/product/stock_update.html',
  sample: { request: { product_id: '324545', sku_id: '9328425', diff_type: 1, num: 10 }, response: { errcode: 0, errmsg: 'ok' } },
  verified: 'sample',
  zh: '快速更新库存',
})

const warehouseStock = z.looseObject({ out_warehouse_id: z.string().optional(), num: z.int().optional(), lock_stock: z.int().optional() })

export const stockGet = endpoint({
  ...stockCommon,
  name: 'shop.stock.get',
  path: '/channels/ec/product/stock/get',
  effect: 'read',
  request: z.looseObject({ product_id: shopId, sku_id: shopId }),
  response: outcome.extend({
    data: z
      .looseObject({ normal_stock_num: z.int().optional(), limited_discount_stock_num: z.int().optional(), warehouse_stocks: z.array(warehouseStock).optional(), total_stock_num: z.int().optional() })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'SK-M/ECProduct/Stock',
  verified: 'reading',
  zh: '获取实时库存',
})

export const stockBatchGet = endpoint({
  ...stockCommon,
  name: 'shop.stock.batch-get',
  path: '/channels/ec/product/stock/batchget',
  effect: 'read',
  request: z.looseObject({ product_id: z.array(shopId) }),
  response: outcome.extend({
    data: z
      .looseObject({
        spu_stock_list: z
          .array(
            z.looseObject({
              product_id: shopId,
              sku_stock: z
                .array(
                  z.looseObject({
                    sku_id: shopId,
                    normal_stock_num: z.int().optional(),
                    limited_discount_stock_num: z.int().optional(),
                    warehouse_stocks: z.array(warehouseStock).optional(),
                    total_stock_num: z.int().optional(),
                    finder_total_num: z.int().optional(),
                  }),
                )
                .optional(),
            }),
          )
          .optional(),
      })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'SK-M/ECProduct/Stock',
  verified: 'reading',
  zh: '批量获取库存信息',
})

export const stockFlow = endpoint({
  ...stockCommon,
  name: 'shop.stock.flow',
  path: '/channels/ec/product/stock/getflow',
  effect: 'read',
  /** Newest first; at most 180 days back. */
  request: z.looseObject({
    product_id: shopId,
    sku_id: shopId,
    stock_type: z.int().optional(),
    finder_id: z.string().optional(),
    begin_time: unixSeconds,
    end_time: unixSeconds,
    op_type_list: z.array(z.int()).optional(),
    page_size: z.int(),
    next_key: z.string().optional(),
  }),
  response: outcome.extend({
    data: z
      .looseObject({
        stock_flow_info_list: z
          .array(
            z.looseObject({
              amount: z.int(),
              beginning_amount: z.int(),
              ending_amount: z.int(),
              stock_sub_type: z.int().optional(),
              op_type: z.int(),
              update_time: unixSeconds,
              ext_info: z.looseObject({ order_id: shopId.optional(), out_warehouse_id: z.string().optional(), limited_discount_id: shopId.optional(), upload_source: z.int().optional() }).optional(),
            }),
          )
          .optional(),
        next_key: z.string().optional(),
      })
      .optional(),
  }),
  repeat: 'safe',
  doc: 'DS/API/product/get_stock_flow.html',
  sample: {
    request: { product_id: '10000032267694', sku_id: '1064839936', stock_type: 0, begin_time: 1689218360, end_time: 1689736760, page_size: 10 },
    response: {
      errcode: 0,
      errmsg: 'ok',
      data: {
        stock_flow_info_list: [
          { amount: 1, beginning_amount: 843, ending_amount: 842, stock_sub_type: 1, op_type: 4, update_time: 1689520907, ext_info: { upload_source: 0, order_id: '3712984209868589056', out_warehouse_id: '', limited_discount_id: '0' } },
        ],
        next_key: '',
      },
    },
  },
  verified: 'sample',
  zh: '获取库存流水',
})

export const productRows = [
  productAdd, productUpdate, productAuditFree, productGet, productListGet, productListing, productDelisting, productDelete, productAuditCancel,
  productH5Url, productQrcode, productTagLink, stockUpdate, stockGet, stockBatchGet, stockFlow,
]
