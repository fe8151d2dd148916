import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { checkListing, type ListingProblem } from './check-listing.ts'
import { catalogFault } from './errors.ts'
import { productBackfillKind } from './read-shop-product.ts'
import { countFound, countProducts, insertProducts, insertSkus, listCategories, listProducts, refreshWords, submissionCounts, listingsOfProducts, putListings, shopListingsOf, skusOfProducts, updatePrices, updateProduct, type ListingRow, type ProductRow, type SkuRow } from './store.ts'

/** What the catalog asks of the stock: units by SKU, and that a book be opened. Wired in the composition root. */
export type CatalogPorts = {
  mallAvailable(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Map<string, number>>
  openStock(tx: Tx, tenantId: number, skuIds: readonly string[], now: Instant): Promise<void>
  shopConnections(tenantId: number): readonly string[]
}

export type ProductView = ProductRow & { skus: Array<SkuRow & { name: string; shopPriceFen: number | null; mallUnits: number | null }>; listings: ListingRow[] }

export const skuName = (attrs: Record<string, string>, skuCode: string): string => Object.values(attrs).join(' · ') || skuCode || '默认'

export async function viewProducts(tx: Tx, tenantId: number, products: readonly ProductRow[], ports: Pick<CatalogPorts, 'mallAvailable'>): Promise<ProductView[]> {
  const productIds = products.map((product) => product.productId)
  const skus = await skusOfProducts(tx, tenantId, productIds)
  const listings = await listingsOfProducts(tx, tenantId, productIds)
  const skuIds = skus.map((sku) => sku.skuId)
  const inShop = await shopListingsOf(tx, tenantId, skuIds)
  const units = await ports.mallAvailable(tx, tenantId, skuIds)
  return products.map((product) => ({
    ...product,
    skus: skus.filter((sku) => sku.productId === product.productId).map((sku) => ({
      ...sku, name: skuName(sku.attrs, sku.skuCode), shopPriceFen: inShop.find((one) => one.skuId === sku.skuId)?.priceFen ?? null, mallUnits: units.get(sku.skuId) ?? null,
    })),
    listings: listings.filter((listing) => listing.productId === product.productId),
  }))
}

const problemsOf = (product: ProductView): ListingProblem[] => checkListing({ title: product.title, image: product.image, skus: product.skus, otherTitles: product.listings.filter((l) => l.shelf === 'shop').map((l) => l.title) })

/** What a product is besides its SKUs. */
const more = {
  categoryId: z.uuid().nullable().optional(), kind: z.enum(['goods', 'virtual']).optional(), brand: z.string().trim().max(40).optional(), limitEach: z.number().int().min(1).max(100_000).nullable().optional(), shipsAt: z.number().int().min(0).nullable().optional(),
}

/** A category with those below it. */
async function under(tx: Tx, tenantId: number, categoryId: string | undefined): Promise<string[] | undefined> {
  if (categoryId === undefined) return undefined
  return [categoryId, ...(await listCategories(tx, tenantId)).filter((row) => row.parentId === categoryId).map((row) => row.categoryId)]
}

export function catalogRoutes(ports: CatalogPorts): AnyRoute[] {
  const find = async (tx: Tx, tenantId: number, productId: string): Promise<ProductView> => {
    const [product] = await viewProducts(tx, tenantId, await listProducts(tx, tenantId, { productIds: [productId] }, { offset: 0, limit: 1 }), ports)
    if (!product) throw catalogFault('product/not-found', { productId })
    return product
  }
  const params = z.object({ id: z.uuid() })
  return [
    route({
      method: 'GET', path: '/products', right: 'orders.read', what: 'products with their SKUs and where they are listed, oldest first',
      query: z.object({
        order: z.enum(['oldest', 'newest', 'cheapest', 'dearest']).optional(), category: z.uuid().optional(),
        search: z.string().trim().max(60).optional(), shelf: z.enum(['shop', 'mall']).optional(), status: z.enum(['listed', 'unlisted', 'auditing', 'refused', 'banned', 'deleted']).optional(),
        page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50),
      }),
      handle: async ({ tx, tenantId, query }) => ({
        rows: await viewProducts(tx, tenantId, await listProducts(tx, tenantId, { ...query, categoryIds: await under(tx, tenantId, query.category) }, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize }), ports),
        total: await countFound(tx, tenantId, { ...query, categoryIds: await under(tx, tenantId, query.category) }), counts: await countProducts(tx, tenantId), submissions: await submissionCounts(tx, tenantId), page: query.page, pageSize: query.pageSize,
      }),
    }),
    route({
      method: 'GET', path: '/products/:id', right: 'orders.read', what: 'one product, with what stands in the way of listing it in the mall', params,
      handle: async ({ tx, tenantId, params: { id } }) => {
        const product = await find(tx, tenantId, id)
        return { product, problems: problemsOf(product) }
      },
    }),
    route({
      method: 'POST', path: '/products', right: 'products.write', audit: 'product.create', what: 'a product of our own, on no shelf yet; its SKU codes join it to the same goods in the Shop when they come in',
      body: z.object({
        title: z.string().trim().min(1).max(60), image: z.string().max(500).default(''), images: z.array(z.string().min(1).max(500)).max(9).optional(), description: z.string().max(5000).default(''), ...more,
        skus: z.array(z.object({ skuCode: z.string().trim().max(64).default(''), attrs: z.record(z.string().max(20), z.string().max(40)).default({}), priceFen: z.number().int().min(1).max(1_000_000_000) })).min(1).max(50),
      }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const now = clock.now()
        const productId = ids.next()
        await insertProducts(tx, tenantId, [{ productId, title: body.title, image: body.image, images: body.images ?? (body.image === '' ? [] : [body.image]), description: body.description, createdAt: now, updatedAt: now, categoryId: body.categoryId, kind: body.kind, brand: body.brand, limitEach: body.limitEach, shipsAt: body.shipsAt }])
        await insertSkus(tx, tenantId, body.skus.map((sku, position) => ({ ...sku, skuId: ids.next(), productId, position })), now)
        await refreshWords(tx, tenantId, [productId])
        const product = await find(tx, tenantId, productId)
        return { product, problems: problemsOf(product) }
      },
    }),
    route({
      method: 'PUT', path: '/products/:id', right: 'products.write', audit: 'product.edit', what: 'change title, picture, description and prices as the mall shows them; the Shop keeps its own', params,
      body: z.object({
        title: z.string().trim().min(1).max(60).optional(), image: z.string().max(500).optional(), images: z.array(z.string().min(1).max(500)).max(9).optional(), description: z.string().max(5000).optional(), ...more,
        prices: z.array(z.object({ skuId: z.uuid(), priceFen: z.number().int().min(1).max(1_000_000_000) })).max(200).optional(),
      }),
      async handle({ tx, tenantId, params: { id }, body, clock }) {
        await find(tx, tenantId, id)
        const { prices: _prices, ...change } = body
        await updateProduct(tx, tenantId, id, { ...change, ...(body.images && body.image === undefined ? { image: body.images[0] ?? '' } : {}) }, clock.now())
        if (body.prices && body.prices.length > 0) await updatePrices(tx, tenantId, id, body.prices, clock.now())
        const product = await find(tx, tenantId, id)
        return { product, problems: problemsOf(product) }
      },
    }),
    route({
      method: 'POST', path: '/products/:id/list', right: 'products.write', audit: 'product.list', what: 'put it on the mall; its stock book is opened. Warnings must be accepted; answers the problems otherwise', params,
      body: z.object({ accept: z.boolean().default(false) }),
      async handle({ tx, tenantId, params: { id }, body, clock }) {
        const product = await find(tx, tenantId, id)
        const problems = problemsOf(product)
        const stops = problems.some((problem) => problem.level === 'stop')
        // Whether it has units in the mall is known only once its book is open.
        const asked = problems.some((problem) => problem.level === 'warning' && problem.code !== 'no-stock')
        if (stops || (asked && !body.accept)) return { listed: false, problems }
        const now = clock.now()
        await putListings(tx, tenantId, [{ productId: id, shelf: 'mall', account: '', connectionId: null, platformProductId: id, status: 'listed', title: product.title, changedAt: now }])
        await ports.openStock(tx, tenantId, product.skus.map((sku) => sku.skuId), now)
        return { listed: true, problems }
      },
    }),
    route({
      method: 'POST', path: '/products/:id/unlist', right: 'products.write', audit: 'product.unlist', what: 'take it off the mall; orders and stock stay', params,
      async handle({ tx, tenantId, params: { id }, clock }) {
        const product = await find(tx, tenantId, id)
        await putListings(tx, tenantId, [{ productId: id, shelf: 'mall', account: '', connectionId: null, platformProductId: id, status: 'unlisted', title: product.title, changedAt: clock.now() }])
        return { listed: false }
      },
    }),
    route({
      method: 'POST', path: '/products/backfill', right: 'products.write', audit: 'product.backfill', what: 'fetch all products of the Shop now, and once a day from then on',
      async handle({ tx, tenantId, clock }) {
        const connections = ports.shopConnections(tenantId)
        if (connections.length === 0) throw catalogFault('product/no-shop')
        await putJobs(tx, tenantId, connections.map((connectionId) => ({ kind: productBackfillKind, key: connectionId, dueAt: clock.now(), state: { connectionId } })))
        return { shops: connections.length }
      },
    }),
  ]
}
