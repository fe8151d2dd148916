import type { JobHandler, ObjectReader, PlatformAnswer, ReadResult } from '../../kernel/engine/index.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { editStatus, productStatus } from '../../wechat/spec/shop/product.ts'
import { catalogFault } from './errors.ts'
import { saveShopProducts, type ListingStatus } from './store.ts'
import { followSubmissions } from './submit-product.ts'

export type CatalogPlatform = {
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  accountOf(tenantId: number, connectionId: string): string
  /** Opens the stock books of SKUs that joined a product already on the mall's shelf. */
  track(tx: Tx, tenantId: number, skuIds: readonly string[], now: Instant): Promise<void>
}

export type ShopProductState = {
  productId: string
  title: string
  image: string
  images: string[]
  description: string
  status: ListingStatus
  /** Our own numbers, where the draft came from here. */
  outProductId?: string
  skus: Array<{ skuId: string; outSkuId?: string; skuCode: string; attrs: Record<string, string>; priceFen: number }>
}

type Loose = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

function statusOf(status: number, edit: number): ListingStatus {
  if (status === productStatus.listed) return 'listed'
  if (status === productStatus.banned) return 'banned'
  if (status === productStatus.deleted || status === productStatus.recycled) return 'deleted'
  if (edit === editStatus.auditing) return 'auditing'
  if (edit === editStatus.auditFailed) return 'refused'
  return 'unlisted'
}

/** The answer of `product/get`: the online copy where there is one, else the draft. */
export function readShopProduct(body: unknown): ShopProductState {
  const answer = body as { product?: Loose; edit_product?: Loose }
  const product = answer.product ?? answer.edit_product
  const productId = text(product?.product_id)
  if (!product || productId === '') throw catalogFault('product/unreadable', { productId: '?', found: 'no product' })
  const images = Array.isArray(product.head_imgs) ? product.head_imgs.map(text).filter((url) => url !== '') : []
  return {
    productId, ...(text(product.out_product_id) === '' ? {} : { outProductId: text(product.out_product_id) }), title: text(product.title), image: images[0] ?? '', images, description: text((product.desc_info as Loose | undefined)?.desc), status: statusOf(Number(product.status ?? 0), Number(product.edit_status ?? 0)),
    skus: ((product.skus ?? []) as Loose[]).filter((sku) => text(sku.sku_id) !== '').map((sku) => ({
      skuId: text(sku.sku_id), ...(text(sku.out_sku_id) === '' ? {} : { outSkuId: text(sku.out_sku_id) }), skuCode: text(sku.sku_code) || (/^[0-9a-f-]{36}$/.test(text(sku.out_sku_id)) ? '' : text(sku.out_sku_id)), priceFen: Number(sku.sale_price ?? 0),
      attrs: Object.fromEntries(((sku.sku_attrs ?? []) as Loose[]).map((one) => [text(one.attr_key), text(one.attr_value)])),
    })),
  }
}

/** Products of the Shop: read again after every ring, whoever changed them. */
export function shopProductReader(platform: CatalogPlatform): ObjectReader {
  return {
    kind: 'shop.product',
    async read(work, rings): Promise<ReadResult[]> {
      const results: ReadResult[] = []
      for (const ring of rings) {
        let answer = await platform.call(work.tenantId, ring.connectionId, 'shop.product.get', { product_id: ring.objectId, data_type: 1 })
        if (answer.kind === 'ok' && (answer.result as Loose).product === undefined) answer = await platform.call(work.tenantId, ring.connectionId, 'shop.product.get', { product_id: ring.objectId, data_type: 2 })
        results.push(answer.kind === 'ok' ? { ring, body: answer.result, text: JSON.stringify(withoutCounters(answer.result)) } : { ring, error: answer.kind === 'refused' ? `${answer.code} ${answer.text}` : answer.text })
      }
      return results
    },
    async save(work, tx, reads) {
      const byConnection = new Map<string, ShopProductState[]>()
      for (const { ring, body } of reads) byConnection.set(ring.connectionId, [...(byConnection.get(ring.connectionId) ?? []), readShopProduct(body)])
      for (const [connectionId, products] of byConnection) {
        const { joined } = await saveShopProducts(tx, work.tenantId, { connectionId, account: platform.accountOf(work.tenantId, connectionId) }, products, work.now, work.ids)
        await platform.track(tx, work.tenantId, joined, work.now)
        await followSubmissions(tx, work.tenantId, platform.accountOf(work.tenantId, connectionId), products.map((product) => ({ platformProductId: product.productId, listing: product.status })), work.now)
      }
    },
  }
}

/** Stock and sales change with every order and are not the product's; without them equal products read equal. */
function withoutCounters(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === 'stock_num' || key === 'total_sold_num' ? undefined : value)))
}

/** Back-fill of products: once a day, and when asked for, all products of the Shop are rung; what has not changed is not stored again. */
export const productBackfillKind = 'shop.products'
const dayMs = 86_400_000

export function productBackfill(platform: Pick<CatalogPlatform, 'call'>): JobHandler {
  return {
    kind: productBackfillKind,
    async prepare(work, job): Promise<string[]> {
      const { connectionId } = job.state as { connectionId: string }
      const ids: string[] = []
      for (let key = ''; ; ) {
        const answer = await platform.call(work.tenantId, connectionId, 'shop.product.list', { page_size: 30, ...(key === '' ? {} : { next_key: key }) })
        if (answer.kind !== 'ok') throw new Error(`product list: ${answer.text}`)
        const page = answer.result as { product_ids?: unknown[]; next_key?: string }
        ids.push(...(page.product_ids ?? []).map(String))
        if (!page.next_key || page.next_key === key) return ids
        key = page.next_key
      }
    },
    async run(work, tx, job, prepared) {
      const { connectionId } = job.state as { connectionId: string }
      await work.ring(tx, (prepared as string[]).map((objectId) => ({ connectionId, kind: 'shop.product', objectId, at: work.now, cause: 'backfill' as const })))
      return { dueAt: work.now + dayMs, state: job.state }
    },
  }
}
