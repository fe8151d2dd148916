import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import { saleDate } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import { FileAnswer, route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import { catalogFault } from './errors.ts'
import { columns, guessMapping, readGoods, readTable, writeGoodsCsv, writeGoodsExcel, type Column, type ExportRow, type ImportProblem, type ImportProduct, type Mapping } from './product-file.ts'
import { deleteCategory, insertProducts, insertSkus, listCategories, listProducts, putCategory, refreshWords, skusByCode, skusOfProducts, submissionCounts, submissionsOf, updatePrices, type CategoryRow, type ProductRow, type SkuRow } from './store.ts'
import { checkSubmission, digestOfProduct, submitProduct, type SubmitPlatform } from './submit-product.ts'
import { viewProducts, type CatalogPorts } from './routes.ts'

export type ProductPorts = CatalogPorts & {
  /** Takes imported units into the reserve; the same key again changes nothing. */
  receive(tx: Tx, tenantId: number, units: ReadonlyArray<{ skuId: string; quantity: number; key: string }>, now: Instant, ids: Ids): Promise<void>
  /** Accounts of the Shops. */
  shops(tenantId: number): ReadonlyArray<{ connectionId: string; account: string }>
}

const columnNames: Readonly<Record<Column, { zh: string; en: string }>> = {
  title: { zh: '商品名称', en: 'title' }, group: { zh: '商品编号', en: 'product number' }, spec: { zh: '规格', en: 'variant' }, code: { zh: '商家编码', en: 'SKU code' }, price: { zh: '价格', en: 'price' }, units: { zh: '库存', en: 'units' }, category: { zh: '分类', en: 'category' }, brand: { zh: '品牌', en: 'brand' }, image: { zh: '图片', en: 'picture' }, description: { zh: '描述', en: 'description' },
}
const problemNames: Readonly<Record<ImportProblem['why'], { zh: string; en: string }>> = {
  empty: { zh: '空着', en: 'is empty' }, 'too-long': { zh: '超过 60 个字', en: 'is longer than 60 characters' }, 'no-price': { zh: '没有价格', en: 'has no price' }, 'bad-price': { zh: '不是 0.01 以上、两位小数以内的价格', en: 'is not a price of 0.01 or more with two decimals' }, 'bad-units': { zh: '不是整数件数', en: 'is not a whole number of units' },
  'code-twice': { zh: '同一个编码写了两次', en: 'stands there twice' }, 'too-many-skus': { zh: '一件商品超过 50 个规格', en: 'is more than 50 variants of one product' },
}

const fileBody = z.object({ name: z.string().max(200), base64: z.string().max(8_000_000), mapping: z.partialRecord(z.enum(columns), z.number().int().min(0).max(500)).optional() })

type Planned = { products: ImportProduct[]; fresh: ImportProduct[]; updates: Array<{ title: string; sku: SkuRow; priceFen: number }>; problems: ImportProblem[]; heads: string[]; mapping: Mapping; rows: number }

/** A file as what it would make: new products, prices of SKUs that are known by their code, and rows that cannot be used. */
async function plan(tx: Tx, tenantId: number, file: z.output<typeof fileBody>): Promise<Planned> {
  const table = await readTable(file.name, Buffer.from(file.base64, 'base64'))
  const mapping = file.mapping ?? guessMapping(table.heads)
  for (const column of ['title', 'price'] as const) if (mapping[column] === undefined) throw catalogFault('product/no-columns', { missing: columnNames[column].zh })
  const { products, problems } = readGoods(table, mapping)
  const known = await skusByCode(tx, tenantId, products.flatMap((product) => product.skus.map((sku) => sku.skuCode)).filter((code) => code !== ''))
  const fresh: ImportProduct[] = []
  const updates: Planned['updates'] = []
  for (const product of products) {
    const left = product.skus.filter((sku) => {
      const mine = known.get(sku.skuCode)
      if (mine) updates.push({ title: product.title, sku: mine, priceFen: sku.priceFen })
      return mine === undefined
    })
    if (left.length > 0) fresh.push({ ...product, skus: left })
  }
  return { products, fresh, updates, problems, heads: table.heads, mapping, rows: table.rows.length }
}

/** Categories by the names of a file, "茶叶" or "茶叶/白茶"; missing ones are made. */
async function categoriesFor(tx: Tx, tenantId: number, names: readonly string[], now: Instant, ids: Ids): Promise<Map<string, string>> {
  const rows: Array<Omit<CategoryRow, 'products'>> = await listCategories(tx, tenantId)
  const found = new Map<string, string>()
  for (const name of new Set(names.filter((one) => one !== ''))) {
    let parentId: string | null = null
    // Two levels: what lies deeper in another platform's tree is put under its last but one.
    const path = name.split(/[>＞/]+/).map((part) => part.trim()).filter((part) => part !== '').slice(-2)
    for (const part of path) {
      let row = rows.find((one) => one.parentId === parentId && one.name === part.slice(0, 20))
      if (!row) {
        row = { categoryId: ids.next(), parentId, name: part.slice(0, 20), position: rows.filter((one) => one.parentId === parentId).length }
        rows.push(row)
        await putCategory(tx, tenantId, row, now)
      }
      parentId = row.categoryId
    }
    if (parentId !== null) found.set(name, parentId)
  }
  return found
}

export const shopCategoriesKind = 'shop.categories'
const categoriesKey = (account: string): string => `shop.categories.${account}`
type ShopCategory = { catId: string; name: string; parentId: string; leaf: boolean }
const weekMs = 7 * 86_400_000

/** The categories of a Shop, read once a week where somebody asked for them. */
export function shopCategoriesJob(platform: Pick<SubmitPlatform, 'call'>): JobHandler {
  return {
    kind: shopCategoriesKind,
    async prepare(work, job): Promise<ShopCategory[]> {
      const { connectionId } = job.state as { connectionId: string }
      const answer = await platform.call(work.tenantId, connectionId, 'shop.category.all', {})
      if (answer.kind !== 'ok') throw new Error(`categories: ${answer.text}`)
      const trees = (answer.result as { cats_v2?: Array<{ cat_and_qua?: Array<{ cat?: Record<string, unknown> }> }> }).cats_v2 ?? []
      const all = new Map<string, ShopCategory>()
      for (const tree of trees) for (const { cat } of tree.cat_and_qua ?? []) if (cat) all.set(String(cat.cat_id), { catId: String(cat.cat_id), name: String(cat.name ?? ''), parentId: String(cat.f_cat_id ?? '0'), leaf: cat.leaf === true })
      return [...all.values()]
    },
    async run(work, tx, job, prepared) {
      const { account } = job.state as { account: string }
      await writeSetting(tx, work.tenantId, categoriesKey(account), { at: work.now, rows: prepared }, work.now)
      return { dueAt: work.now + weekMs, state: job.state }
    },
  }
}

/** From the root down to a leaf, as the platform wants `cats`. */
function pathOf(rows: readonly ShopCategory[], leafId: string): string[] {
  const path: string[] = []
  for (let at = rows.find((row) => row.catId === leafId); at && path.length < 6; at = rows.find((row) => row.catId === at!.parentId)) path.unshift(at.catId)
  return path
}

export function productRoutes(ports: ProductPorts): AnyRoute[] {
  const params = z.object({ id: z.uuid() })
  const one = async (tx: Tx, tenantId: number, productId: string): Promise<{ product: ProductRow; skus: SkuRow[] }> => {
    const [product] = await listProducts(tx, tenantId, { productIds: [productId] }, { offset: 0, limit: 1 })
    if (!product) throw catalogFault('product/not-found', { productId })
    return { product, skus: await skusOfProducts(tx, tenantId, [productId]) }
  }
  return [
    route({
      method: 'GET', path: '/categories', right: 'orders.read', what: 'categories of the mall with how many products each has', handle: async ({ tx, tenantId }) => ({ rows: await listCategories(tx, tenantId) }),
    }),
    route({
      method: 'PUT', path: '/categories/:id', right: 'products.write', audit: 'category.write', what: 'make or change a category; two levels at most', params, body: z.object({ name: z.string().trim().min(1).max(20), parentId: z.uuid().nullable().default(null), position: z.number().int().min(0).max(10_000).default(0) }),
      async handle({ tx, tenantId, params: { id }, body, clock }) {
        const rows = await listCategories(tx, tenantId)
        const parent = body.parentId === null ? undefined : rows.find((row) => row.categoryId === body.parentId)
        if (body.parentId !== null && !parent) throw catalogFault('category/not-found', { categoryId: body.parentId })
        if (parent && (parent.parentId !== null || parent.categoryId === id || rows.some((row) => row.parentId === id))) throw catalogFault('category/too-deep', { name: body.name })
        await putCategory(tx, tenantId, { categoryId: id, ...body }, clock.now())
        return { categoryId: id }
      },
    }),
    route({
      method: 'DELETE', path: '/categories/:id', right: 'products.write', audit: 'category.delete', what: 'delete a category; its products stay without one', params,
      async handle({ tx, tenantId, params: { id } }) {
        if (!(await deleteCategory(tx, tenantId, id))) throw catalogFault('category/not-found', { categoryId: id })
      },
    }),
    route({
      method: 'POST', path: '/products/import/preview', right: 'products.write', what: 'a file of goods from here or another platform: which column is what, what would be made or changed, and every row that cannot be used', body: fileBody,
      async handle({ tx, tenantId, body, language }) {
        const planned = await plan(tx, tenantId, body)
        return {
          heads: planned.heads, mapping: planned.mapping, columns: columns.map((key) => ({ key, name: columnNames[key][language] })), rows: planned.rows, fresh: planned.fresh.length, skus: planned.fresh.reduce((sum, product) => sum + product.skus.length, 0),
          updates: planned.updates.length, sample: planned.fresh.slice(0, 10).map((product) => ({ title: product.title, category: product.category, skus: product.skus.slice(0, 5) })), updateSample: planned.updates.slice(0, 10).map((update) => ({ title: update.title, skuCode: update.sku.skuCode, from: update.sku.priceFen, to: update.priceFen })),
          bad: planned.problems.slice(0, 200).map((problem) => ({ row: problem.row, words: `${columnNames[problem.column][language]}${problem.found === '' ? '' : ` “${problem.found}”`} ${problemNames[problem.why][language]}` })), badAll: planned.problems.length,
        }
      },
    }),
    route({
      method: 'POST', path: '/products/import', right: 'products.write', audit: 'product.import', what: 'import a file of goods in one transaction: all of it, or nothing when a row is bad and `skipBad` is not set', body: fileBody.extend({ skipBad: z.boolean().default(false), withUnits: z.boolean().default(true) }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const now = clock.now()
        const planned = await plan(tx, tenantId, body)
        if (planned.problems.length > 0 && !body.skipBad) throw catalogFault('product/bad-rows', { n: planned.problems.length })
        const categories = await categoriesFor(tx, tenantId, planned.fresh.map((product) => product.category), now, ids)
        const made = planned.fresh.map((product) => ({ ...product, productId: ids.next(), skus: product.skus.map((sku) => ({ ...sku, skuId: ids.next() })) }))
        await insertProducts(tx, tenantId, made.map((product) => ({ productId: product.productId, title: product.title, image: product.image, images: product.image === '' ? [] : [product.image], description: product.description, createdAt: now, updatedAt: now, categoryId: categories.get(product.category) ?? null, brand: product.brand })))
        await insertSkus(tx, tenantId, made.flatMap((product) => product.skus.map((sku, position) => ({ skuId: sku.skuId, productId: product.productId, skuCode: sku.skuCode, attrs: sku.attrs, priceFen: sku.priceFen, position }))), now)
        await refreshWords(tx, tenantId, made.map((product) => product.productId))
        const byProduct = new Map<string, Array<{ skuId: string; priceFen: number }>>()
        for (const { sku, priceFen } of planned.updates) byProduct.set(sku.productId, [...(byProduct.get(sku.productId) ?? []), { skuId: sku.skuId, priceFen }])
        for (const [productId, prices] of byProduct) await updatePrices(tx, tenantId, productId, prices, now)
        const units = body.withUnits ? made.flatMap((product) => product.skus.filter((sku) => (sku.units ?? 0) > 0).map((sku) => ({ skuId: sku.skuId, quantity: sku.units!, key: `import/${sku.skuId}` }))) : []
        if (units.length > 0) await ports.receive(tx, tenantId, units, now, ids)
        return { products: made.length, updated: planned.updates.length, units: units.reduce((sum, one) => sum + one.quantity, 0), skipped: planned.problems.length }
      },
    }),
    route({
      method: 'GET', path: '/products/export', right: 'orders.export', audit: 'product.export', what: 'all products with SKUs, prices and units as XLSX or CSV; the same file can be imported again', query: z.object({ as: z.enum(['xlsx', 'csv']).default('xlsx') }),
      async handle({ tx, tenantId, query, clock, simulated }) {
        const categories = new Map((await listCategories(tx, tenantId)).map((row) => [row.categoryId, row]))
        const nameOf = (id: string | null | undefined): string => {
          const row = id === null || id === undefined ? undefined : categories.get(id)
          return row === undefined ? '' : row.parentId === null ? row.name : `${categories.get(row.parentId)?.name ?? ''}/${row.name}`
        }
        const rows: ExportRow[] = []
        for (let offset = 0; ; offset += 500) {
          const page = await viewProducts(tx, tenantId, await listProducts(tx, tenantId, {}, { offset, limit: 500 }), ports)
          for (const product of page) for (const sku of product.skus) rows.push({ productId: product.productId, title: product.title, spec: Object.entries(sku.attrs).map(([name, value]) => `${name}:${value}`).join(';'), code: sku.skuCode, priceFen: sku.priceFen, units: sku.mallUnits, category: nameOf(product.categoryId), brand: product.brand ?? '', image: product.image, description: product.description })
          if (page.length < 500) break
        }
        const name = `${simulated ? '模拟-' : ''}商品-${saleDate(clock.now())}.${query.as}`
        return query.as === 'csv' ? new FileAnswer(name, 'text/csv; charset=utf-8', writeGoodsCsv(rows)) : new FileAnswer(name, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', await writeGoodsExcel(rows, simulated ? '模拟' : '商品'))
      },
    }),
    route({
      method: 'GET', path: '/shop-categories', right: 'orders.read', what: 'categories of a Shop as last read; asked for the first time they are fetched in a moment', query: z.object({ account: z.string().max(64).optional() }),
      async handle({ tx, tenantId, query, clock }) {
        const shop = ports.shops(tenantId).find((row) => query.account === undefined || row.account === query.account)
        if (!shop) throw catalogFault('product/no-shop')
        const kept = await readSetting<{ at: Instant; rows: ShopCategory[] }>(tx, tenantId, categoriesKey(shop.account))
        if (kept === undefined) await putJobs(tx, tenantId, [{ kind: shopCategoriesKind, key: shop.account, dueAt: clock.now(), state: { account: shop.account, connectionId: shop.connectionId } }])
        return { account: shop.account, at: kept?.at ?? null, rows: kept?.rows ?? [] }
      },
    }),
    route({
      method: 'GET', path: '/products/:id/shop', right: 'orders.read', what: 'what was submitted to Shops: draft, audit with its reasons, and whether the product changed since', params,
      async handle({ tx, tenantId, params: { id } }) {
        const { product, skus } = await one(tx, tenantId, id)
        const made = await submissionsOf(tx, tenantId, [id])
        return {
          shops: ports.shops(tenantId).map((shop) => {
            const row = made.find((submission) => submission.account === shop.account)
            return { ...shop, submission: row ? { ...row, changedSince: row.digest !== digestOfProduct(product, skus, row.catIds) } : null }
          }),
          counts: await submissionCounts(tx, tenantId),
        }
      },
    }),
    route({
      method: 'POST', path: '/products/:id/shop', right: 'products.write', audit: 'product.submit', what: 'submit to a Shop: pictures, draft and audit; what the sheet says it would refuse is answered before anything is sent', params, body: z.object({ account: z.string().max(64).optional(), catId: z.string().max(20) }),
      async handle({ tx, tenantId, params: { id }, body, clock, actor, language }) {
        const shop = ports.shops(tenantId).find((row) => body.account === undefined || row.account === body.account)
        if (!shop) throw catalogFault('product/no-shop')
        const { product, skus } = await one(tx, tenantId, id)
        const kept = await readSetting<{ rows: ShopCategory[] }>(tx, tenantId, categoriesKey(shop.account))
        const path = pathOf(kept?.rows ?? [], body.catId)
        const problems = checkSubmission(product, skus, path)
        if (problems.length > 0) throw catalogFault('product/submit-problems', { title: product.title, problems: problems.map((problem) => problem[language]).join('；') })
        const row = await submitProduct(tx, tenantId, shop, product, skus, path, clock.now(), actor)
        return { state: row.state }
      },
    }),
  ]
}
