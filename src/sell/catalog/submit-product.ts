import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, PlatformAnswer, ReplyHandler } from '../../kernel/engine/index.ts'
import { ringDoorbells } from '../../kernel/doorbell/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { canonicalJson, parseJson } from '../../kernel/json.ts'
import { readMedia } from '../../kernel/media/index.ts'
import { enqueueCalls, finishCall, withdrawCalls } from '../../kernel/outbox/index.ts'
import { catalogFault } from './errors.ts'
import { findSubmission, listProducts, listingsOfProducts, putSubmission, skusOfProducts, submissionOfPlatform, type ProductRow, type SkuRow, type Submission } from './store.ts'

/**
 * Submitting a product to a Shop (提交小店审核): pictures are brought there, the draft is written and sent to audit; the platform's answer, its audit and its
 * reasons come back by event and by reading the product again. What the Shop shows meanwhile stays as it is.
 */
export const submitJobKind = 'shop.submit'
export const submitReplyKind = 'shop.submit'
export const submitFindKind = 'shop.submit.find'

export type SubmitPlatform = {
  db: Db
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown, parts?: ReadonlyArray<{ name: string; filename?: string; contentType: string; bytes: Buffer }>): Promise<PlatformAnswer>
}

export type SubmitProblem = { field: 'title' | 'pictures' | 'category' | 'price' | 'sku' | 'kind'; zh: string; en: string }

/** What the sheet says a Shop refuses, found before anything is sent. */
export function checkSubmission(product: Pick<ProductRow, 'title' | 'images' | 'description'> & { kind?: string }, skus: readonly Pick<SkuRow, 'priceFen' | 'attrs'>[], catIds: readonly string[]): SubmitProblem[] {
  const problems: SubmitProblem[] = []
  const add = (field: SubmitProblem['field'], zh: string, en: string): void => void problems.push({ field, zh, en })
  const length = [...product.title.trim()].length
  if (length < 1 || length > 60) add('title', `名称有 ${length} 个字，小店要 1～60 个`, `the title has ${length} characters; the Shop takes 1 to 60`)
  if (product.images.length === 0) add('pictures', '没有主图，小店至少要一张', 'there is no picture; the Shop wants one at least')
  if (product.images.length > 9) add('pictures', `主图有 ${product.images.length} 张，小店最多 9 张`, `there are ${product.images.length} pictures; the Shop takes 9`)
  if (catIds.length === 0) add('category', '还没选小店类目；类目决定要不要资质和品牌', 'no Shop category is chosen; it decides which papers and brand are needed')
  if (skus.length === 0) add('sku', '没有规格', 'there is no SKU')
  if (skus.some((sku) => sku.priceFen < 1)) add('price', '有规格没有价格', 'a SKU has no price')
  if (skus.length > 1 && new Set(skus.map((sku) => canonicalJson(sku.attrs))).size < skus.length) add('sku', '有两个规格一模一样，小店分不清', 'two SKUs have equal attributes; the Shop cannot tell them apart')
  return problems
}

const bodyOf = (product: ProductRow, skus: readonly SkuRow[], catIds: readonly string[], images: readonly string[]) => ({
  out_product_id: product.productId, title: product.title, head_imgs: [...images], desc_info: { imgs: [...images], desc: product.description }, cats_v2: catIds.map((id) => ({ cat_id: id })), cats: catIds.map((id) => ({ cat_id: id })),
  skus: skus.map((sku) => ({ out_sku_id: sku.skuId, sku_code: sku.skuCode, sale_price: sku.priceFen, sku_attrs: Object.entries(sku.attrs).map(([attr_key, attr_value]) => ({ attr_key, attr_value })) })),
})

/** Of what a Shop would be sent; another one later means that the product changed since. */
export const digestOfProduct = (product: ProductRow, skus: readonly SkuRow[], catIds: readonly string[]): string => createHash('sha256').update(canonicalJson(bodyOf(product, skus, catIds, product.images))).digest('hex').slice(0, 32)

/** Starts it: the pictures and the draft go by a job. @throws Fault product/submit-busy while an earlier one is on its way or in audit */
export async function submitProduct(tx: Tx, tenantId: number, shop: { connectionId: string; account: string }, product: ProductRow, skus: readonly SkuRow[], catIds: readonly string[], now: Instant, actor: string): Promise<Submission> {
  const before = await findSubmission(tx, tenantId, product.productId, shop.account)
  if (before && (before.state === 'sending' || before.state === 'auditing')) throw catalogFault('product/submit-busy', { title: product.title, state: before.state === 'sending' ? '正在提交' : '审核中' })
  const listed = (await listingsOfProducts(tx, tenantId, [product.productId])).find((one) => one.shelf === 'shop' && one.account === shop.account)
  const row: Submission = {
    productId: product.productId, account: shop.account, connectionId: shop.connectionId, state: 'sending', platformProductId: before?.platformProductId ?? listed?.platformProductId ?? null, reasons: [], catIds: [...catIds], digest: digestOfProduct(product, skus, catIds), sentAt: now, changedAt: now, sentBy: actor,
  }
  await putSubmission(tx, tenantId, row)
  await putJobs(tx, tenantId, [{ kind: submitJobKind, key: `${shop.account}/${product.productId}`, dueAt: now, state: { productId: product.productId, account: shop.account, connectionId: shop.connectionId } }])
  return row
}

type JobState = { productId: string; account: string; connectionId: string }
const ownImage = /\/media\/[^/]+\/([0-9a-f]{64})$/

/** Brings the pictures to the platform, then writes the draft and sends it to audit in one call. */
export function submitJob(platform: SubmitPlatform): JobHandler {
  type Ready = { product: ProductRow; skus: SkuRow[]; images: string[] } | { problem: string }
  return {
    kind: submitJobKind,
    async prepare(work, job): Promise<Ready> {
      const { productId, connectionId } = job.state as JobState
      const { tenantId } = work
      const { product, skus, media } = await platform.db.tx({ role: 'app', tenantId }, async (tx) => {
        const [found] = await listProducts(tx, tenantId, { productIds: [productId] }, { offset: 0, limit: 1 })
        const bodies = new Map<string, { contentType: string; body: Buffer }>()
        for (const url of found?.images ?? []) {
          const sha256 = ownImage.exec(url)?.[1]
          const body = sha256 === undefined ? undefined : await readMedia(tx, tenantId, sha256)
          if (body) bodies.set(url, body)
        }
        return { product: found, skus: await skusOfProducts(tx, tenantId, [productId]), media: bodies }
      })
      if (!product) return { problem: '商品不在了' }
      const images: string[] = []
      for (const url of product.images) {
        const own = media.get(url)
        // What lies at the platform already is named as it is.
        if (!own) {
          images.push(url)
          continue
        }
        const answer = await platform.call(tenantId, connectionId, 'shop.basics.image-upload', { upload_type: 0, resp_type: 1 }, [{ name: 'media', filename: 'picture', contentType: own.contentType, bytes: own.body }])
        if (answer.kind === 'no-answer') throw new Error(`picture of ${productId}: ${answer.text}`)
        if (answer.kind === 'refused') return { problem: `图片没传上去：${answer.code} ${answer.text}` }
        images.push(String((answer.result as { pic_file?: { img_url?: string } }).pic_file?.img_url ?? url))
      }
      return { product, skus, images }
    },
    async run(work, tx, job, prepared) {
      const { tenantId, now, ids } = work
      const { productId, account, connectionId } = job.state as JobState
      const row = await findSubmission(tx, tenantId, productId, account)
      if (!row || row.state !== 'sending') return null
      const ready = prepared as Ready
      if ('problem' in ready) {
        await putSubmission(tx, tenantId, { ...row, state: 'failed', reasons: [{ field: '', reason: ready.problem }], changedAt: now })
        return null
      }
      const body = bodyOf(ready.product, ready.skus, row.catIds, ready.images)
      await enqueueCalls(tx, tenantId, [{
        outboxId: ids.next(), connectionId, endpoint: row.platformProductId === null ? 'shop.product.add' : 'shop.product.update', lane: `product/${account}/${productId}`, dueAt: now, createdAt: now, reply: { kind: submitReplyKind, productId, account },
        request: { ...body, ...(row.platformProductId === null ? {} : { product_id: row.platformProductId }), listing: 1 },
      }])
      return null
    },
  }
}

export const submitReply: ReplyHandler = {
  kind: submitReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { tenantId, now } = work
    const { productId, account } = call.reply as { productId: string; account: string }
    const row = await findSubmission(tx, tenantId, productId, account)
    if (!row) return
    if (outcome.kind === 'ok') {
      const platformProductId = String((outcome.result as { data?: { product_id?: unknown } }).data?.product_id ?? row.platformProductId ?? '')
      await putSubmission(tx, tenantId, { ...row, state: row.state === 'sending' ? 'auditing' : row.state, platformProductId, changedAt: now })
      await ringDoorbells(tx, tenantId, [{ connectionId: call.connectionId, kind: 'shop.product', objectId: platformProductId, at: now }])
    } else if (outcome.kind === 'refused') {
      await putSubmission(tx, tenantId, { ...row, state: 'failed', reasons: [{ field: '', reason: `${outcome.code} ${outcome.text}` }], changedAt: now })
      await withdrawCalls(tx, tenantId, [call.outboxId], now)
    } else {
      // A product may exist now under a number we were not told: looked for by the number we gave it.
      await putJobs(tx, tenantId, [{ kind: submitFindKind, key: `${account}/${productId}`, dueAt: now + 5_000, state: { productId, account, connectionId: call.connectionId, outboxId: call.outboxId, asked: 0 } }])
    }
  },
}

const pages = 4

/** After silence: is there a product with our number at the Shop? Found, it goes on; not found, it is said and can be submitted again. */
export function submitFind(platform: SubmitPlatform): JobHandler {
  type State = JobState & { outboxId: string; asked: number }
  return {
    kind: submitFindKind,
    async prepare(work, job): Promise<string | null> {
      const { productId, connectionId } = job.state as State
      for (let page = 0, key = ''; page < pages; page++) {
        const answer = await platform.call(work.tenantId, connectionId, 'shop.product.list', { page_size: 30, ...(key === '' ? {} : { next_key: key }) })
        if (answer.kind !== 'ok') throw new Error(`product list: ${answer.text}`)
        const { product_ids: listed = [], next_key: next } = answer.result as { product_ids?: unknown[]; next_key?: string }
        for (const id of listed) {
          const one = await platform.call(work.tenantId, connectionId, 'shop.product.get', { product_id: String(id), data_type: 2 })
          if (one.kind === 'ok' && (one.result as { edit_product?: { out_product_id?: string } }).edit_product?.out_product_id === productId) return String(id)
        }
        if (!next || next === key) break
        key = next
      }
      return null
    },
    async run(work, tx, job, prepared) {
      const { tenantId, now } = work
      const state = job.state as State
      const row = await findSubmission(tx, tenantId, state.productId, state.account)
      if (!row || row.state !== 'sending') return null
      if (typeof prepared === 'string') {
        await finishCall(tx, tenantId, state.outboxId, 'sent', now, { proof: 'product.list' }, undefined)
        await putSubmission(tx, tenantId, { ...row, state: 'auditing', platformProductId: prepared, changedAt: now })
        await ringDoorbells(tx, tenantId, [{ connectionId: state.connectionId, kind: 'shop.product', objectId: prepared, at: now }])
        return null
      }
      if (state.asked < 3) return { dueAt: now + 30_000, state: { ...state, asked: state.asked + 1 } }
      await putSubmission(tx, tenantId, { ...row, state: 'failed', reasons: [{ field: '', reason: '平台没有答复，也没找到这件商品' }], changedAt: now })
      await withdrawCalls(tx, tenantId, [state.outboxId], now)
      return null
    },
  }
}

/** The fields a refused audit names: `audit_info` is a JSON text of its own (shop sheet 19.4). */
export function auditReasons(body: { reason?: unknown; audit_info?: unknown }): Array<{ field: string; reason: string }> {
  const reasons: Array<{ field: string; reason: string }> = []
  try {
    const parsed = typeof body.audit_info === 'string' && body.audit_info !== '' ? (JSON.parse(body.audit_info) as unknown) : []
    for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
      const { field, reason } = one as { field?: unknown; reason?: unknown }
      if (typeof reason === 'string' || typeof field === 'string') reasons.push({ field: typeof field === 'string' ? field : '', reason: typeof reason === 'string' ? reason : '' })
    }
  } catch {
    // Not JSON: the sentence beside it says why.
  }
  return reasons.length > 0 ? reasons : [{ field: '', reason: typeof body.reason === 'string' && body.reason !== '' ? body.reason : '平台没说原因' }]
}

/** How audits ended; the product itself is read again by its doorbell. */
export const auditFacts: FactHandler = {
  line: 'shop',
  accepts: (event) => event === 'product_spu_audit',
  async handle(work, tx, facts) {
    for (const fact of facts) {
      const body = ((parseJson(fact.message) as { ProductSpuAudit?: Record<string, unknown> }).ProductSpuAudit ?? {}) as Record<string, unknown>
      const row = await submissionOfPlatform(tx, work.tenantId, fact.connectionId, String(body.product_id ?? ''))
      if (!row || (row.state !== 'auditing' && row.state !== 'sending')) continue
      const passed = Number(body.status) === 3
      await putSubmission(tx, work.tenantId, { ...row, state: passed ? 'passed' : 'refused', reasons: passed ? [] : auditReasons(body), changedAt: work.now })
    }
  },
}

/** Follows what is read of a product: callbacks of the audit may have been lost. */
export async function followSubmissions(tx: Tx, tenantId: number, account: string, seen: ReadonlyArray<{ platformProductId: string; listing: string }>, now: Instant): Promise<void> {
  for (const one of seen) {
    const row = await submissionOfPlatform(tx, tenantId, account, one.platformProductId)
    if (!row || row.state !== 'auditing') continue
    if (one.listing === 'listed') await putSubmission(tx, tenantId, { ...row, state: 'passed', reasons: [], changedAt: now })
    else if (one.listing === 'refused') await putSubmission(tx, tenantId, { ...row, state: 'refused', reasons: row.reasons.length > 0 ? row.reasons : [{ field: '', reason: '审核没过，原因在小店后台' }], changedAt: now })
  }
}

