import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { ShopProductState } from './read-shop-product.ts'
import { initialWords, queryText, queryWords, vectorText, wordsOf } from './search-words.ts'

export type ListingStatus = 'listed' | 'unlisted' | 'auditing' | 'refused' | 'banned' | 'deleted'
export type ProductRow = {
  productId: string; title: string; image: string; images: string[]; description: string; createdAt: Instant; updatedAt: Instant
  categoryId?: string | null; kind?: 'goods' | 'virtual'; brand?: string; /** Pieces one buyer may have; null: no limit. */ limitEach?: number | null; /** Pre-sale: nothing leaves before. */ shipsAt?: Instant | null
}
export type SkuRow = { skuId: string; productId: string; skuCode: string; attrs: Record<string, string>; priceFen: number; position: number }
export type ListingRow = { productId: string; shelf: 'shop' | 'mall'; account: string; connectionId: string | null; platformProductId: string; status: ListingStatus; title: string; changedAt: Instant }
export type ListingSkuRow = { account: string; platformSkuId: string; skuId: string; productId: string; platformProductId: string; priceFen: number }

const productColumns = `p.product_id as "productId", p.title, p.image, p.images, p.description, p.created_at as "createdAt", p.updated_at as "updatedAt",
  p.category_id as "categoryId", p.kind, p.brand, p.limit_each as "limitEach", p.ships_at as "shipsAt"`
const skuColumns = `sku_id as "skuId", product_id as "productId", sku_code as "skuCode", attrs, price_fen as "priceFen", position`

/**
 * Products of a Shop as it shows them now. A new product joins one of ours when all its SKU codes are those of one product that is not in this Shop yet;
 * names join nothing. @returns SKUs that are new on products already listed in the mall.
 */
export async function saveShopProducts(tx: Tx, tenantId: number, shop: { connectionId: string; account: string }, given: readonly ShopProductState[], now: Instant, ids: Ids): Promise<{ joined: string[] }> {
  const products = [...new Map(given.map((product) => [product.productId, product])).values()]
  const platformIds = products.map((product) => product.productId)
  const known = new Map((await tx.query<{ platformProductId: string; productId: string }>(
    `select platform_product_id as "platformProductId", product_id as "productId" from listing where tenant_id = $1 and shelf = 'shop' and account = $2 and platform_product_id = any($3) order by 1`,
    [tenantId, shop.account, platformIds],
  )).map((row) => [row.platformProductId, row.productId]))
  const knownSkus = new Map((await tx.query<{ platformSkuId: string; skuId: string }>(
    `select platform_sku_id as "platformSkuId", sku_id as "skuId" from listing_sku where tenant_id = $1 and shelf = 'shop' and account = $2 and platform_product_id = any($3) order by 1`,
    [tenantId, shop.account, platformIds],
  )).map((row) => [row.platformSkuId, row.skuId]))
  const codes = [...new Set(products.filter((product) => !known.has(product.productId)).flatMap((product) => product.skus.map((sku) => sku.skuCode)))].filter((code) => code !== '')
  const byCode = codes.length === 0 ? [] : await tx.query<SkuRow>(
    `select ${skuColumns} from sku s where s.tenant_id = $1 and s.sku_code = any($2)
       and not exists (select 1 from listing l where l.tenant_id = $1 and l.product_id = s.product_id and l.shelf = 'shop' and l.account = $3) order by s.sku_code, s.sku_id`,
    [tenantId, codes, shop.account],
  )
  // A draft that we submitted comes back under the numbers we gave it.
  const ours = products.filter((product) => !known.has(product.productId) && /^[0-9a-f-]{36}$/.test(product.outProductId ?? ''))
  const own = ours.length === 0 ? [] : await tx.query<SkuRow>(`select ${skuColumns} from sku where tenant_id = $1 and product_id = any($2::uuid[]) order by product_id, position, sku_id`, [tenantId, ours.map((product) => product.outProductId)])
  for (const product of ours) {
    const mine = own.filter((sku) => sku.productId === product.outProductId)
    if (mine.length === 0) continue
    known.set(product.productId, product.outProductId!)
    for (const sku of product.skus) {
      const match = mine.find((one) => one.skuId === sku.outSkuId)
      if (match) knownSkus.set(sku.skuId, match.skuId)
    }
  }
  const newProducts: ProductRow[] = []
  const newSkus: SkuRow[] = []
  const listings: ListingRow[] = []
  const listingSkus: ListingSkuRow[] = []
  for (const product of products) {
    let productId = known.get(product.productId)
    const matches = product.skus.map((sku) => byCode.filter((row) => row.skuCode === sku.skuCode && sku.skuCode !== ''))
    if (productId === undefined && matches.length > 0 && matches.every((rows) => rows.length === 1) && new Set(matches.map(([row]) => row.productId)).size === 1) {
      productId = matches[0][0].productId
      product.skus.forEach((sku, index) => knownSkus.set(sku.skuId, matches[index][0].skuId))
    }
    if (productId === undefined) {
      productId = ids.next()
      newProducts.push({ productId, title: product.title, image: product.image, images: product.images, description: product.description, createdAt: now, updatedAt: now })
    }
    listings.push({ productId, shelf: 'shop', account: shop.account, connectionId: shop.connectionId, platformProductId: product.productId, status: product.status, title: product.title, changedAt: now })
    product.skus.forEach((sku, position) => {
      let skuId = knownSkus.get(sku.skuId)
      if (skuId === undefined) {
        skuId = ids.next()
        newSkus.push({ skuId, productId: productId!, skuCode: sku.skuCode, attrs: sku.attrs, priceFen: sku.priceFen, position })
      }
      listingSkus.push({ account: shop.account, platformSkuId: sku.skuId, skuId, productId: productId!, platformProductId: product.productId, priceFen: sku.priceFen })
    })
  }
  await insertProducts(tx, tenantId, newProducts)
  await insertSkus(tx, tenantId, newSkus, now)
  await putListings(tx, tenantId, listings)
  await putListingSkus(tx, tenantId, listingSkus)
  const onMall = new Set((await tx.query<{ productId: string }>(`select product_id as "productId" from listing where tenant_id = $1 and shelf = 'mall' and product_id = any($2::uuid[]) order by 1`, [tenantId, listings.map((l) => l.productId)])).map((row) => row.productId))
  return { joined: newSkus.filter((sku) => onMall.has(sku.productId)).map((sku) => sku.skuId) }
}

export async function insertProducts(tx: Tx, tenantId: number, rows: readonly ProductRow[]): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into product (tenant_id, product_id, title, image, images, description, created_at, updated_at, category_id, kind, brand, limit_each, ships_at, search)
     select $1, r.id, r.title, r.image, r.images::jsonb, r.description, r.created_at, r.updated_at, r.category_id, r.kind, r.brand, r.limit_each, r.ships_at, r.search::tsvector
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::uuid[], $10::text[], $11::text[], $12::int[], $13::bigint[], $14::text[])
       as r(id, title, image, images, description, created_at, updated_at, category_id, kind, brand, limit_each, ships_at, search)`,
    [tenantId, rows.map((r) => r.productId), rows.map((r) => r.title), rows.map((r) => r.image), rows.map((r) => JSON.stringify(r.images)), rows.map((r) => r.description), rows.map((r) => r.createdAt), rows.map((r) => r.updatedAt),
      rows.map((r) => r.categoryId ?? null), rows.map((r) => r.kind ?? 'goods'), rows.map((r) => r.brand ?? ''), rows.map((r) => r.limitEach ?? null), rows.map((r) => r.shipsAt ?? null), rows.map((r) => vectorText(wordsOf([r.title, r.brand ?? ''])))],
  )
}

export async function insertSkus(tx: Tx, tenantId: number, rows: readonly SkuRow[], now: Instant): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into sku (tenant_id, sku_id, product_id, sku_code, attrs, price_fen, position, created_at, updated_at)
     select $1, r.id, r.product_id, r.code, r.attrs::jsonb, r.price, r.position, $8, $8 from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::int[]) as r(id, product_id, code, attrs, price, position)`,
    [tenantId, rows.map((r) => r.skuId), rows.map((r) => r.productId), rows.map((r) => r.skuCode), rows.map((r) => JSON.stringify(r.attrs)), rows.map((r) => r.priceFen), rows.map((r) => r.position), now],
  )
}

export async function putListings(tx: Tx, tenantId: number, rows: readonly ListingRow[]): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into listing (tenant_id, product_id, shelf, account, connection_id, platform_product_id, status, title, changed_at)
     select $1, r.product_id, r.shelf, r.account, r.connection_id, r.platform, r.status, r.title, r.changed_at
     from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::bigint[]) as r(product_id, shelf, account, connection_id, platform, status, title, changed_at)
     on conflict (tenant_id, product_id, shelf, account) do update set status = excluded.status, title = excluded.title, connection_id = excluded.connection_id, platform_product_id = excluded.platform_product_id,
       changed_at = case when listing.status = excluded.status and listing.title = excluded.title then listing.changed_at else excluded.changed_at end`,
    [tenantId, rows.map((r) => r.productId), rows.map((r) => r.shelf), rows.map((r) => r.account), rows.map((r) => r.connectionId), rows.map((r) => r.platformProductId), rows.map((r) => r.status), rows.map((r) => r.title), rows.map((r) => r.changedAt)],
  )
}

async function putListingSkus(tx: Tx, tenantId: number, rows: readonly ListingSkuRow[]): Promise<void> {
  if (rows.length === 0) return
  tx.write(
    `insert into listing_sku (tenant_id, shelf, account, platform_sku_id, sku_id, product_id, platform_product_id, price_fen)
     select $1, 'shop', r.account, r.platform_sku, r.sku_id, r.product_id, r.platform_product, r.price from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[]) as r(account, platform_sku, sku_id, product_id, platform_product, price)
     on conflict (tenant_id, shelf, account, platform_sku_id) do update set price_fen = excluded.price_fen`,
    [tenantId, rows.map((r) => r.account), rows.map((r) => r.platformSkuId), rows.map((r) => r.skuId), rows.map((r) => r.productId), rows.map((r) => r.platformProductId), rows.map((r) => r.priceFen)],
  )
}

// ---- reading ----

export type ProductFilter = { search?: string; shelf?: 'shop' | 'mall'; status?: ListingStatus; productIds?: readonly string[]; /** With what lies below them. */ categoryIds?: readonly string[]; order?: 'oldest' | 'newest' | 'cheapest' | 'dearest' }

const orders: Readonly<Record<NonNullable<ProductFilter['order']>, string>> = {
  oldest: 'p.created_at, p.product_id', newest: 'p.created_at desc, p.product_id',
  cheapest: '(select min(s.price_fen) from sku s where s.tenant_id = $1 and s.product_id = p.product_id), p.product_id', dearest: '(select min(s.price_fen) from sku s where s.tenant_id = $1 and s.product_id = p.product_id) desc, p.product_id',
}

/** `from` of a page: `$1` the tenant, `$2` to `$8` the filter. Whoever was stored before words were kept is found by its title. */
function filterOf(filter: ProductFilter): { where: string; params: unknown[] } {
  const search = filter.search?.trim() || undefined
  const words = search === undefined ? [] : queryWords(search)
  const initials = search === undefined ? [] : initialWords(search)
  return {
    where: `p.tenant_id = $1
       and ($2::text is null or ($3 <> '' and p.search @@ $3::tsquery) or ($4 <> '' and p.search @@ $4::tsquery) or (p.search is null and strpos(lower(p.title), lower($2)) > 0)
         or exists (select 1 from sku s where s.tenant_id = $1 and s.product_id = p.product_id and s.sku_code = $2))
       and ($5::text is null or exists (select 1 from listing l where l.tenant_id = $1 and l.product_id = p.product_id and l.shelf = $5 and ($6::text is null or l.status = $6)))
       and ($7::uuid[] is null or p.product_id = any($7)) and ($8::uuid[] is null or p.category_id = any($8))`,
    params: [search ?? null, words.length === 0 ? '' : queryText(words), initials.length === 0 ? '' : queryText(initials), filter.shelf ?? null, filter.status ?? null, filter.productIds ? [...filter.productIds] : null, filter.categoryIds ? [...filter.categoryIds] : null],
  }
}

export function listProducts(tx: Tx, tenantId: number, filter: ProductFilter, page: { offset: number; limit: number }): Promise<ProductRow[]> {
  const { where, params } = filterOf(filter)
  return tx.query(`select ${productColumns} from product p where ${where} order by ${orders[filter.order ?? 'oldest']} limit $9 offset $10`, [tenantId, ...params, page.limit, page.offset])
}

export async function countFound(tx: Tx, tenantId: number, filter: ProductFilter): Promise<number> {
  const { where, params } = filterOf(filter)
  const [{ n }] = await tx.query<{ n: number }>(`select count(*)::int as n from product p where ${where}`, [tenantId, ...params])
  return n
}

export async function countProducts(tx: Tx, tenantId: number): Promise<{ products: number; inShop: number; inMall: number }> {
  const [row] = await tx.query<{ products: number; inShop: number; inMall: number }>(
    `select (select count(*) from product where tenant_id = $1) as products,
       (select count(*) from listing where tenant_id = $1 and shelf = 'shop' and status = 'listed') as "inShop",
       (select count(*) from listing where tenant_id = $1 and shelf = 'mall' and status = 'listed') as "inMall"`,
    [tenantId],
  )
  return row
}

export function skusOfProducts(tx: Tx, tenantId: number, productIds: readonly string[]): Promise<SkuRow[]> {
  return tx.query(`select ${skuColumns} from sku where tenant_id = $1 and product_id = any($2::uuid[]) order by product_id, position, sku_id`, [tenantId, productIds])
}

export function listingsOfProducts(tx: Tx, tenantId: number, productIds: readonly string[]): Promise<ListingRow[]> {
  return tx.query(
    `select product_id as "productId", shelf, account, connection_id as "connectionId", platform_product_id as "platformProductId", status, title, changed_at as "changedAt"
     from listing where tenant_id = $1 and product_id = any($2::uuid[]) order by product_id, shelf, account`,
    [tenantId, productIds],
  )
}

/** Where SKUs stand in Shops. */
export function shopListingsOf(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Array<ListingSkuRow & { connectionId: string; status: ListingStatus }>> {
  return tx.query(
    `select k.account, k.platform_sku_id as "platformSkuId", k.sku_id as "skuId", k.product_id as "productId", k.platform_product_id as "platformProductId", k.price_fen as "priceFen", l.connection_id as "connectionId", l.status
     from listing_sku k join listing l on l.tenant_id = k.tenant_id and l.product_id = k.product_id and l.shelf = 'shop' and l.account = k.account
     where k.tenant_id = $1 and k.shelf = 'shop' and k.sku_id = any($2::uuid[]) order by k.sku_id, k.account`,
    [tenantId, skuIds],
  )
}

export type SkuCard = { skuId: string; productId: string; title: string; image: string; skuCode: string; attrs: Record<string, string>; priceFen: number; onMall: boolean; /** Pieces of the product one buyer may have; null: no limit. */ limitEach: number | null }

/** What checkout and the stock page need of SKUs. */
export function skuCards(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<SkuCard[]> {
  return tx.query(
    `select s.sku_id as "skuId", s.product_id as "productId", p.title, p.image, s.sku_code as "skuCode", s.attrs, s.price_fen as "priceFen", coalesce(l.status = 'listed', false) as "onMall", p.limit_each as "limitEach"
     from sku s join product p on p.tenant_id = s.tenant_id and p.product_id = s.product_id
     left join listing l on l.tenant_id = s.tenant_id and l.product_id = s.product_id and l.shelf = 'mall' and l.account = ''
     where s.tenant_id = $1 and s.sku_id = any($2::uuid[]) order by s.sku_id`,
    [tenantId, [...new Set(skuIds)]],
  )
}

// ---- editing ----

export type ProductChange = Partial<Pick<ProductRow, 'title' | 'image' | 'images' | 'description' | 'categoryId' | 'kind' | 'brand' | 'limitEach' | 'shipsAt'>>

export async function updateProduct(tx: Tx, tenantId: number, productId: string, change: ProductChange, now: Instant): Promise<void> {
  const given = (key: keyof ProductChange): boolean => change[key] !== undefined
  tx.write(
    `update product set title = coalesce($3, title), image = coalesce($4, image), images = coalesce($5::jsonb, images), description = coalesce($6, description), brand = coalesce($7, brand), kind = coalesce($8, kind),
       category_id = case when $9 then $10::uuid else category_id end, limit_each = case when $11 then $12::int else limit_each end, ships_at = case when $13 then $14::bigint else ships_at end, updated_at = $15
     where tenant_id = $1 and product_id = $2`,
    [tenantId, productId, change.title ?? null, change.image ?? null, change.images ? JSON.stringify(change.images) : null, change.description ?? null, change.brand ?? null, change.kind ?? null,
      given('categoryId'), change.categoryId ?? null, given('limitEach'), change.limitEach ?? null, given('shipsAt'), change.shipsAt ?? null, now],
  )
  if (given('title') || given('brand')) await refreshWords(tx, tenantId, [productId])
}

/** The words of products anew, from their title, brand and SKU codes. */
export async function refreshWords(tx: Tx, tenantId: number, productIds: readonly string[]): Promise<void> {
  const rows = await tx.query<{ productId: string; title: string; brand: string; codes: string[] }>(
    `select p.product_id as "productId", p.title, p.brand, coalesce((select array_agg(s.sku_code order by s.sku_code) from sku s where s.tenant_id = $1 and s.product_id = p.product_id and s.sku_code <> ''), '{}') as codes
     from product p where p.tenant_id = $1 and p.product_id = any($2::uuid[]) order by p.product_id`, [tenantId, [...productIds]],
  )
  if (rows.length === 0) return
  tx.write(`update product set search = r.search::tsvector from unnest($2::uuid[], $3::text[]) as r(id, search) where product.tenant_id = $1 and product.product_id = r.id`, [tenantId, rows.map((r) => r.productId), rows.map((r) => vectorText(wordsOf([r.title, r.brand, ...r.codes])))])
}

export async function updatePrices(tx: Tx, tenantId: number, productId: string, prices: ReadonlyArray<{ skuId: string; priceFen: number }>, now: Instant): Promise<void> {
  tx.write(
    `update sku set price_fen = r.price, updated_at = $5 from unnest($3::uuid[], $4::bigint[]) as r(sku_id, price) where sku.tenant_id = $1 and sku.product_id = $2 and sku.sku_id = r.sku_id`,
    [tenantId, productId, prices.map((p) => p.skuId), prices.map((p) => p.priceFen), now],
  )
}

// ---- categories ----

export type CategoryRow = { categoryId: string; parentId: string | null; name: string; position: number; products: number }

export function listCategories(tx: Tx, tenantId: number, onMall = false): Promise<CategoryRow[]> {
  return tx.query(
    `select c.category_id as "categoryId", c.parent_id as "parentId", c.name, c.position,
       (select count(*)::int from product p where p.tenant_id = c.tenant_id and p.category_id = c.category_id
          and (not $2 or exists (select 1 from listing l where l.tenant_id = p.tenant_id and l.product_id = p.product_id and l.shelf = 'mall' and l.status = 'listed'))) as products
     from category c where c.tenant_id = $1 order by c.position, c.category_id`, [tenantId, onMall],
  )
}

export async function putCategory(tx: Tx, tenantId: number, row: Omit<CategoryRow, 'products'>, now: Instant): Promise<void> {
  tx.write(
    `insert into category (tenant_id, category_id, parent_id, name, position, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, category_id) do update set parent_id = excluded.parent_id, name = excluded.name, position = excluded.position`,
    [tenantId, row.categoryId, row.parentId, row.name, row.position, now],
  )
}

/** Its products stay, without a category. */
export async function deleteCategory(tx: Tx, tenantId: number, categoryId: string): Promise<boolean> {
  await tx.run(`update product set category_id = null where tenant_id = $1 and category_id = $2`, [tenantId, categoryId])
  return (await tx.run(`delete from category where tenant_id = $1 and category_id = $2`, [tenantId, categoryId])) > 0
}

// ---- submissions to Shops ----

export type Submission = { productId: string; account: string; connectionId: string; state: 'sending' | 'draft' | 'auditing' | 'refused' | 'passed' | 'failed'; platformProductId: string | null; reasons: Array<{ field: string; reason: string }>; catIds: string[]; digest: string; sentAt: Instant; changedAt: Instant; sentBy: string }
const submissionColumns = `product_id as "productId", account, connection_id as "connectionId", state, platform_product_id as "platformProductId", reasons, cat_ids as "catIds", digest, sent_at as "sentAt", changed_at as "changedAt", sent_by as "sentBy"`

export async function findSubmission(tx: Tx, tenantId: number, productId: string, account: string): Promise<Submission | undefined> {
  const [row] = await tx.query<Submission>(`select ${submissionColumns} from shop_submission where tenant_id = $1 and product_id = $2 and account = $3 for update`, [tenantId, productId, account])
  return row
}

/** By the platform's number, at an account or a connection. */
export async function submissionOfPlatform(tx: Tx, tenantId: number, at: string, platformProductId: string): Promise<Submission | undefined> {
  const [row] = await tx.query<Submission>(`select ${submissionColumns} from shop_submission where tenant_id = $1 and platform_product_id = $3 and (account = $2 or connection_id::text = $2) for update`, [tenantId, at, platformProductId])
  return row
}

export function submissionsOf(tx: Tx, tenantId: number, productIds: readonly string[]): Promise<Submission[]> {
  return tx.query(`select ${submissionColumns} from shop_submission where tenant_id = $1 and product_id = any($2::uuid[]) order by product_id, account`, [tenantId, [...productIds]])
}

export async function submissionCounts(tx: Tx, tenantId: number): Promise<Record<string, number>> {
  const rows = await tx.query<{ state: string; n: number }>(`select state, count(*)::int as n from shop_submission where tenant_id = $1 group by state order by state`, [tenantId])
  return Object.fromEntries(rows.map((row) => [row.state, row.n]))
}

export async function putSubmission(tx: Tx, tenantId: number, row: Submission): Promise<void> {
  tx.write(
    `insert into shop_submission (tenant_id, product_id, account, connection_id, state, platform_product_id, reasons, cat_ids, digest, sent_at, changed_at, sent_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (tenant_id, product_id, account) do update set connection_id = excluded.connection_id, state = excluded.state, platform_product_id = excluded.platform_product_id, reasons = excluded.reasons, cat_ids = excluded.cat_ids, digest = excluded.digest,
       sent_at = excluded.sent_at, changed_at = excluded.changed_at, sent_by = excluded.sent_by`,
    [tenantId, row.productId, row.account, row.connectionId, row.state, row.platformProductId, JSON.stringify(row.reasons), JSON.stringify(row.catIds), row.digest, row.sentAt, row.changedAt, row.sentBy],
  )
}

/** Our SKUs by the merchant's own code, where one code names one SKU. */
export async function skusByCode(tx: Tx, tenantId: number, codes: readonly string[]): Promise<Map<string, SkuRow>> {
  const rows = await tx.query<SkuRow>(`select ${skuColumns} from sku where tenant_id = $1 and sku_code = any($2::text[]) order by sku_code, sku_id`, [tenantId, [...codes]])
  const found = new Map<string, SkuRow>()
  const twice = new Set<string>()
  for (const row of rows) found.has(row.skuCode) ? twice.add(row.skuCode) : found.set(row.skuCode, row)
  for (const code of twice) found.delete(code)
  return found
}
