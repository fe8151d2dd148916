import { z } from 'zod'
import {
  editStatus, productAdd, productAuditCancel, productAuditFree, productDelete, productDelisting, productGet, productH5Url, productListGet, productListing, productQrcode,
  productStatus, productTagLink, productUpdate, stockOp, type ShopProduct,
} from '../../wechat/spec/shop/product.ts'
import { freshDigits, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { pushShopEvent } from './event.ts'
import { moveStock } from './stock.ts'
import { StockFlow } from './stock-flow.ts'
import { seconds, shopOf, type Product, type Shop } from './state.ts'

/**
 * Products (商品) have an online copy and a draft. `add` and `update` write the draft; `listing` sends it to audit; when the audit passes the
 * draft becomes the online copy and is listed (5). Only the online copy can be bought.
 */

type Draft = Partial<ShopProduct>

function productOf(shop: Shop, id: string): Product {
  const product = shop.state.products[id]
  if (!product) throw new PlatformError(10020051, 'product not exist')
  return product
}

/** Checks a draft and gives its SKUs their ids and stock; SKUs are recognised by sku_id, then by out_sku_id. */
function writeDraft(ns: Namespace, shop: Shop, productId: string, fields: Draft, old: ShopProduct | null): ShopProduct {
  const title = fields.title ?? old?.title
  if (!title) throw new PlatformError(10020050, 'title is missing')
  if ([...title].length > 60) throw new PlatformError(10020050, 'title is too long: at most 60 characters')
  const skus = fields.skus ?? old?.skus ?? []
  if (skus.length === 0) throw new PlatformError(10020050, 'skus is empty')
  const known = old?.skus ?? []
  const made = skus.map((sku) => {
    const former = known.find((item) => (sku.sku_id !== undefined && item.sku_id === sku.sku_id) || (sku.out_sku_id !== undefined && sku.out_sku_id !== '' && item.out_sku_id === sku.out_sku_id))
    if (sku.sku_id !== undefined && !former) throw new PlatformError(10020052, `sku ${sku.sku_id} not exist`)
    const price = sku.sale_price ?? former?.sale_price
    if (price === undefined || price < 1) throw new PlatformError(10020050, 'sale_price must be at least 1')
    return { ...former, ...sku, sku_id: former?.sku_id ?? freshDigits(ns, 'sku', 10, '1'), sale_price: price }
  })
  for (const sku of made) {
    if (!shop.state.stock[sku.sku_id]) {
      shop.state.stock[sku.sku_id] = { productId, skuId: sku.sku_id, num: 0, sold: 0, flow: new StockFlow(), second: 0, updates: 0 }
      if ((sku.stock_num ?? 0) > 0) moveStock(ns, shop, sku.sku_id, stockOp.set, sku.stock_num ?? 0, sku.stock_num ?? 0)
    }
  }
  return { ...old, ...fields, product_id: productId, title, skus: made, status: old?.status ?? productStatus.initial, edit_status: editStatus.editing, edit_time: seconds(ns.now), product_type: 1 }
}

function shown(shop: Shop, product: Product, copy: ShopProduct): ShopProduct {
  return {
    ...copy,
    skus: copy.skus?.map((sku) => ({ ...sku, stock_num: shop.state.stock[sku.sku_id ?? '']?.num ?? 0 })),
    min_price: Math.min(...(copy.skus ?? []).map((sku) => sku.sale_price ?? 0)),
    total_sold_num: product.sold,
    status: product.online?.status ?? copy.status,
    edit_status: product.draft?.edit_status ?? editStatus.initial,
  }
}

function startAudit(ns: Namespace, shop: Shop, productId: string): void {
  const product = productOf(shop, productId)
  if (!product.draft) {
    if (!product.online) throw new PlatformError(10020065, 'the product has no draft')
    // Nothing was edited: a delisted product is listed again without an audit.
    setListed(ns, shop, productId, productStatus.listed, '')
    return
  }
  if (product.draft.edit_status === editStatus.auditing) throw new PlatformError(10020065, 'the product is under audit')
  if (product.draft.edit_status === editStatus.uploadFailed) throw new PlatformError(10020067, 'the asynchronous upload failed')
  product.draft.edit_status = editStatus.auditing
  schedule(ns, ns.now + shop.state.parameters.auditMs, 'shop.endAudit', { shop: shop.account.id, productId })
}

function setListed(ns: Namespace, shop: Shop, productId: string, status: number, reason: string): void {
  const { online } = productOf(shop, productId)
  if (!online) throw new PlatformError(10020065, 'the product was never listed')
  if (online.status === productStatus.banned) throw new PlatformError(10020065, 'the product is banned')
  online.status = status
  if (status === productStatus.listed) shop.state.products[productId].everListed = true
  pushShopEvent(ns, shop, 'product_spu_listing', { ProductSpuListing: { product_id: productId, status, reason } })
}

function endAudit(ns: Namespace, shop: Shop, productId: string, passed: boolean, reason: string, announce = true): void {
  const product = productOf(shop, productId)
  if (product.draft?.edit_status !== editStatus.auditing) throw new PlatformError(10020065, 'the product is not under audit')
  if (announce) {
    const auditInfo = passed ? '' : JSON.stringify([{ field: 'title', reason }])
    pushShopEvent(ns, shop, 'product_spu_audit', { ProductSpuAudit: { product_id: productId, status: passed ? 3 : 2, reason, audit_info: auditInfo } })
  }
  if (!passed) {
    product.draft.edit_status = editStatus.auditFailed
    return
  }
  product.online = { ...product.draft, edit_status: editStatus.auditPassed, status: productStatus.listed }
  product.draft = null
  product.everListed = true
  if (announce) pushShopEvent(ns, shop, 'product_spu_listing', { ProductSpuListing: { product_id: productId, status: productStatus.listed, reason: '' } })
}

const add = serve(productAdd, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const { listing, ...fields } = input
  const productId = freshDigits(ns, 'product', 14, '1000')
  const draft = writeDraft(ns, shop, productId, fields as Draft, null)
  shop.state.products[productId] = { online: null, draft, everListed: false, createdAt: ns.now, sold: 0 }
  shop.state.productIds.push(productId)
  if (listing === true || listing === 1) startAudit(ns, shop, productId)
  return { data: { product_id: productId, create_time: String(seconds(ns.now)) } }
})

const update = serve(productUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const { listing, product_id: productId, ...fields } = input
  const product = productOf(shop, productId)
  if (product.draft?.edit_status === editStatus.auditing) throw new PlatformError(10020065, 'the product is under audit')
  product.draft = writeDraft(ns, shop, productId, fields as Draft, product.draft ?? product.online)
  if (listing === true || listing === 1) startAudit(ns, shop, productId)
  return { data: { product_id: productId, update_time: String(seconds(ns.now)) } }
})

const auditFree = serve(productAuditFree, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const { online } = productOf(shop, input.product_id)
  if (!online) throw new PlatformError(10020065, 'the product was never listed')
  for (const change of input.skus ?? []) {
    const sku = online.skus?.find((item) => item.sku_id === change.sku_id)
    if (!sku) throw new PlatformError(10020052, 'sku not exist')
    if (change.sale_price !== undefined && change.sale_price < 1) throw new PlatformError(10020050, 'sale_price must be at least 1')
    if (change.stock_num !== undefined && change.stock_num < 0) throw new PlatformError(10020050, 'stock_num must not be negative')
  }
  for (const change of input.skus ?? []) {
    const sku = online.skus?.find((item) => item.sku_id === change.sku_id)
    if (!sku?.sku_id) continue
    if (change.sale_price !== undefined) sku.sale_price = change.sale_price
    if (change.market_price !== undefined) sku.market_price = change.market_price
    if (change.stock_num !== undefined) moveStock(ns, shop, sku.sku_id, stockOp.set, change.stock_num, change.stock_num)
  }
  online.edit_time = seconds(ns.now)
  pushShopEvent(ns, shop, 'product_spu_update', { ProductSpuUpdate: { product_id: input.product_id, status: online.status, reason: '' } })
  return { data: { product_id: input.product_id } }
})

const get = serve(productGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const product = productOf(shop, input.product_id)
  const type = input.data_type ?? 1
  const online = product.online && (type === 1 || (type === 3 && product.online.status === productStatus.listed)) ? shown(shop, product, product.online) : undefined
  const draft = type === 2 || type === 3 ? (product.draft ?? product.online) : undefined
  return { ...(online ? { product: online } : {}), ...(draft ? { edit_product: shown(shop, product, draft) } : {}) }
})

const list = serve(productListGet, ({ ns, account, input, faults }) => {
  const { state } = shopOf(ns, account?.id)
  const size = input.page_size ?? 10
  if (size < 1 || size > 30) throw new PlatformError(10020050, 'page_size must be 1 to 30')
  const kept = state.productIds.filter((id) => {
    const product = state.products[id]
    const status = product.online?.status ?? product.draft?.status ?? productStatus.initial
    return status !== productStatus.deleted && (input.status === undefined || status === input.status)
  })
  const from = input.next_key ? Number(input.next_key) : 0
  const ids = kept.slice(from, from + (faults.includes('partial') ? Math.ceil(size / 2) : size))
  const end = from + ids.length
  return { product_ids: ids, next_key: end < kept.length ? String(end) : '', total_num: kept.length }
})

const listing = serve(productListing, ({ ns, account, input }) => {
  startAudit(ns, shopOf(ns, account?.id), input.product_id)
  return {}
})
const delisting = serve(productDelisting, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  if (productOf(shop, input.product_id).online?.status !== productStatus.listed) throw new PlatformError(10020065, 'the product is not listed')
  setListed(ns, shop, input.product_id, productStatus.delistedByMerchant, '')
  return {}
})
const remove = serve(productDelete, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const product = productOf(shop, input.product_id)
  if (product.online?.status === productStatus.listed) throw new PlatformError(10020065, 'delist the product first')
  if (product.online) product.online.status = productStatus.deleted
  if (product.draft) product.draft.status = productStatus.deleted
  return {}
})
const auditCancel = serve(productAuditCancel, ({ ns, account, input }) => {
  const { draft } = productOf(shopOf(ns, account?.id), input.product_id)
  if (draft?.edit_status !== editStatus.auditing) throw new PlatformError(10020065, 'the product is not under audit')
  draft.edit_status = editStatus.editing
  return {}
})

/** WeCom parameters in a link come back on orders as account_type 4 with the member in content_id (shop sheet 7.3). */
function link(shop: Shop, input: { product_id: string; wecom_corp_id?: string; wecom_user_id?: string }): string {
  if (productOf(shop, input.product_id).online?.status !== productStatus.listed) throw new PlatformError(10020065, 'the product is not listed')
  const wecom = input.wecom_corp_id ? `?corp=${encodeURIComponent(input.wecom_corp_id)}&member=${encodeURIComponent(input.wecom_user_id ?? '')}` : ''
  return `${shop.account.id}/${input.product_id}${wecom}`
}
const h5Url = serve(productH5Url, ({ ns, account, input }) => ({ product_h5url: `https://store.weixin.qq.com/shop/a/${link(shopOf(ns, account?.id), input)}` }))
const qrcode = serve(productQrcode, ({ ns, account, input }) => ({ product_qrcode: `https://store.weixin.qq.com/shop/qr/${link(shopOf(ns, account?.id), input)}` }))
const tagLink = serve(productTagLink, ({ ns, account, input }) => ({ product_taglink: `#微信小店://${link(shopOf(ns, account?.id), input)}` }))

export const productRoutes: Route[] = [add, update, auditFree, get, list, listing, delisting, remove, auditCancel, h5Url, qrcode, tagLink]

const shopName = z.string().optional()

export const productActs: Act[] = [
  act({
    name: 'shop.addProducts',
    en: 'Put listed products with stock into the shop at once, without audit or callbacks: for seeding',
    args: z.object({
      shop: shopName,
      products: z.array(
        z.object({
          title: z.string(),
          outProductId: z.string().optional(),
          image: z.string().optional(),
          skus: z.array(z.object({ outSkuId: z.string().optional(), skuCode: z.string().optional(), priceFen: z.int().positive(), stock: z.int().nonnegative(), attrs: z.record(z.string(), z.string()).optional() })).min(1),
        }),
      ),
    }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      return {
        products: args.products.map((wanted) => {
          const productId = freshDigits(ns, 'product', 14, '1000')
          const draft = writeDraft(ns, shop, productId, {
            title: wanted.title,
            out_product_id: wanted.outProductId,
            head_imgs: wanted.image === undefined ? [] : [wanted.image],
            skus: wanted.skus.map((sku) => ({
              out_sku_id: sku.outSkuId, sku_code: sku.skuCode ?? sku.outSkuId, sale_price: sku.priceFen, market_price: sku.priceFen, stock_num: sku.stock,
              sku_attrs: Object.entries(sku.attrs ?? {}).map(([key, value]) => ({ attr_key: key, attr_value: value })),
            })),
          }, null)
          shop.state.products[productId] = { online: { ...draft, status: productStatus.listed, edit_status: editStatus.auditPassed }, draft: null, everListed: true, createdAt: ns.now, sold: 0 }
          shop.state.productIds.push(productId)
          return { productId, outProductId: wanted.outProductId ?? null, skus: (draft.skus ?? []).map((sku) => ({ skuId: sku.sku_id, outSkuId: sku.out_sku_id ?? null })) }
        }),
      }
    },
  }),
  act({
    name: 'shop.endAudit',
    en: 'The audit of a product ends (by itself after a while)',
    args: z.object({ shop: shopName, productId: z.string(), passed: z.boolean().optional(), reason: z.string().optional() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      if (shop.state.products[args.productId]?.draft?.edit_status !== editStatus.auditing) return null
      endAudit(ns, shop, args.productId, args.passed ?? true, args.reason ?? '')
      return null
    },
  }),
  act({
    name: 'shop.setListed',
    en: 'Somebody changes the listing outside the API: 5 listed, 11 delisted by the merchant, 13 by the platform, 20 banned',
    args: z.object({ shop: shopName, productId: z.string(), status: z.int(), reason: z.string().optional() }),
    run(ns, args) {
      setListed(ns, shopOf(ns, args.shop), args.productId, args.status, args.reason ?? '')
      return null
    },
  }),
  act({
    name: 'shop.setStock',
    en: "Somebody edits a SKU's stock in the shop's own back end",
    args: z.object({ shop: shopName, skuId: z.string(), num: z.int().nonnegative() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      if (!shop.state.stock[args.skuId]) throw new PlatformError(10020052, 'sku not exist')
      moveStock(ns, shop, args.skuId, stockOp.set, args.num, args.num)
      return { num: args.num }
    },
  }),
  act({
    name: 'shop.viewProducts',
    en: 'What buyers see: listed products with price and stock',
    args: z.object({ shop: shopName }),
    run(ns, args) {
      const { state } = shopOf(ns, args.shop)
      return {
        products: state.productIds
          .filter((id) => state.products[id].online?.status === productStatus.listed)
          .map((id) => ({ productId: id, title: state.products[id].online?.title, skus: (state.products[id].online?.skus ?? []).map((sku) => ({ skuId: sku.sku_id, priceFen: sku.sale_price, stock: state.stock[sku.sku_id ?? '']?.num ?? 0 })) })),
      }
    },
  }),
]
