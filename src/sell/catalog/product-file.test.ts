import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { attrsOf, guessMapping, priceOf, readGoods, readTable, writeGoodsCsv, writeGoodsExcel } from './product-file.ts'
import { initialWords, queryWords, wordsOf } from './search-words.ts'
import { countFound, findSubmission, insertProducts, insertSkus, listProducts, putSubmission, refreshWords, saveShopProducts, skusOfProducts, type ProductRow } from './store.ts'
import { auditFacts, auditReasons, checkSubmission, submitFind, submitJob, submitProduct, submitReply } from './submit-product.ts'

const csv = (text: string) => readTable('goods.csv', Buffer.from(text))

describe('files of goods', () => {
  test('exports of other platforms are read by their heads, in the encodings they come in', async () => {
    const taobao = await readTable('taobao.csv', Buffer.from(new TextEncoder().encode('宝贝名称,宝贝价格,宝贝数量,商家编码,销售属性组合\n福鼎白茶,98.00,20,BC-50,净含量:50g\n福鼎白茶,168,5,BC-100,净含量:100g\n')))
    expect(guessMapping(taobao.heads)).toEqual({ title: 0, price: 1, units: 2, code: 3, spec: 4 })
    const { products, problems } = readGoods(taobao, guessMapping(taobao.heads))
    expect(problems).toEqual([])
    expect(products).toEqual([expect.objectContaining({ title: '福鼎白茶', skus: [{ row: 2, skuCode: 'BC-50', attrs: { 净含量: '50g' }, priceFen: 9_800, units: 20 }, { row: 3, skuCode: 'BC-100', attrs: { 净含量: '100g' }, priceFen: 16_800, units: 5 }] })])
    // GB 18030, as a Chinese spreadsheet saves CSV: 商品名称,价格 / 白茶,9.9
    const gbk = await readTable('d.csv', Buffer.from([0xc9, 0xcc, 0xc6, 0xb7, 0xc3, 0xfb, 0xb3, 0xc6, 0x2c, 0xbc, 0xdb, 0xb8, 0xf1, 0x0a, 0xb0, 0xd7, 0xb2, 0xe8, 0x2c, 0x39, 0x2e, 0x39, 0x0a]))
    expect(readGoods(gbk, guessMapping(gbk.heads)).products[0]).toMatchObject({ title: '白茶', skus: [{ priceFen: 990 }] })
    const douyin = await csv('商品ID\t商品名称\t规格名称\t价格\t库存\n111\t茶杯\t白|大\t¥39.00\t1,200\n111\t\t黑|大\t39\t3\n')
    expect(readGoods(douyin, guessMapping(douyin.heads)).products).toEqual([expect.objectContaining({ title: '茶杯', skus: [expect.objectContaining({ attrs: { 规格1: '白', 规格2: '大' }, priceFen: 3_900, units: 1_200 }), expect.objectContaining({ units: 3 })] })])
  })

  test('a line of English names beside the heads does not hide them; columns can be set by hand', async () => {
    const table = await csv('title,price,num\n商品名称,价格,库存\n白茶,9.9,3\n')
    expect([table.heads, table.rows]).toEqual([['商品名称', '价格', '库存'], [{ row: 3, cells: ['白茶', '9.9', '3'] }]])
    const odd = await csv('货,多少钱\n白茶,9.9\n')
    expect(guessMapping(odd.heads)).toEqual({})
    expect(readGoods(odd, { title: 0, price: 1 }).products).toHaveLength(1)
  })

  test('each bad row is named with its line, its column and what was found', async () => {
    const table = await csv('商品名称,商家编码,价格,库存\n,A,1,1\n茶,B,,1\n茶,C,0,1\n茶,D,9.999,1\n茶,E,9.9,-3\n茶,F,9.9,2\n壶,F,9.9,2\n茶,G,1e9,1\n')
    const { products, problems } = readGoods(table, guessMapping(table.heads))
    expect(problems.map(({ row, column, why }) => [row, column, why])).toEqual([[2, 'title', 'empty'], [3, 'price', 'no-price'], [4, 'price', 'bad-price'], [5, 'price', 'bad-price'], [6, 'units', 'bad-units'], [8, 'code', 'code-twice'], [9, 'price', 'bad-price']])
    expect(products.map((product) => [product.title, product.skus.length])).toEqual([['茶', 1]])
  })

  test('what is no table says what it is instead', async () => {
    for (const [name, bytes] of [['a.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0])], ['a.xlsx', Buffer.from('PK\x03\x04 broken')], ['a.csv', Buffer.from('')], ['b.csv', Buffer.from('商品名称,价格\n')], ['c.csv', Buffer.from('\x00\x01\x02\x00\x00')]] as const) {
      await expect(readTable(name, bytes)).rejects.toMatchObject({ code: 'product/bad-file', params: { name } })
    }
  })

  test('amounts and attributes as people write them', () => {
    expect(['98', '¥1,280.5', '98.00元', '0.01', '-1', '1.234', 'abc', ''].map(priceOf)).toEqual([9_800, 128_050, 9_800, 1, undefined, undefined, undefined, undefined])
    expect(attrsOf('颜色:红;尺码:L')).toEqual({ 颜色: '红', 尺码: 'L' })
    expect(attrsOf('50g')).toEqual({ 规格: '50g' })
    expect(attrsOf('')).toEqual({})
  })

  test('what is exported can be imported again, as workbook and as CSV; a name that looks like a formula stays text', async () => {
    const rows = [{ productId: 'p1', title: '=1+1', spec: '净含量:50g', code: 'BC', priceFen: 9_805, units: 7, category: '茶叶/白茶', brand: '望山', image: '', description: '一句"话",换\n行' }]
    for (const file of [await readTable('x.xlsx', await writeGoodsExcel(rows, '商品')), await csv(writeGoodsCsv(rows))]) {
      expect(readGoods(file, guessMapping(file.heads)).products).toEqual([{ title: '=1+1', category: '茶叶/白茶', brand: '望山', image: '', description: expect.stringContaining('一句"话"'), skus: [{ row: 2, skuCode: 'BC', attrs: { 净含量: '50g' }, priceFen: 9_805, units: 7 }] }])
    }
    expect(writeGoodsCsv(rows)).toContain("'=1+1")
  })
})

describe('words of a product', () => {
  test('pairs of characters, whole Latin words and their beginnings, initials of the pinyin', () => {
    expect(wordsOf(['福鼎白茶 Bai 50g'])).toEqual(expect.arrayContaining(['白', '白茶', '鼎白', 'bai', 'ba', '50g', '~bc', '~fd']))
    expect(queryWords('白茶 50G')).toEqual(['白茶', '50g'])
    expect([initialWords('fdbc'), initialWords('b'), initialWords('白茶')]).toEqual([['~fd', '~db', '~bc'], [], []])
  })
})

describe('the catalogue in the database', () => {
  let t: TestDb
  let tenantId: number
  const ids = testIds('catalogue')
  const app = <T>(work: Parameters<TestDb['app']>[1]) => t.app(tenantId, work) as Promise<T>
  const found = async (search: string) => (await t.app(tenantId, (tx) => listProducts(tx, tenantId, { search }, { offset: 0, limit: 50 }))).map((row) => row.title)
  const make = async (title: string, code = ''): Promise<{ product: ProductRow; skus: Awaited<ReturnType<typeof skusOfProducts>> }> => {
    const product: ProductRow = { productId: ids.next(), title, image: 'https://p.example/1.jpg', images: ['https://p.example/1.jpg'], description: '', createdAt: start, updatedAt: start }
    await app(async (tx) => {
      await insertProducts(tx, tenantId, [product])
      await insertSkus(tx, tenantId, [{ skuId: ids.next(), productId: product.productId, skuCode: code, attrs: { 规格: '50g' }, priceFen: 9_800, position: 0 }], start)
      await refreshWords(tx, tenantId, [product.productId])
    })
    return { product, skus: await t.app(tenantId, (tx) => skusOfProducts(tx, tenantId, [product.productId])) }
  }
  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'catalogue')
  })
  afterAll(() => t.close())

  test('goods are found by parts of their name, by a code and by initials; not by characters that stand apart', async () => {
    await make('福鼎白茶 寿眉 2023', 'SM-2023')
    await make('白糖红茶')
    await make("O'Brien's & (mug) | 'x'")
    expect(await found('白茶')).toEqual(['福鼎白茶 寿眉 2023'])
    expect(await found('寿眉 2023')).toEqual(['福鼎白茶 寿眉 2023'])
    expect(await found('sm-2023')).toEqual(['福鼎白茶 寿眉 2023'])
    expect(await found('fdbc')).toEqual(['福鼎白茶 寿眉 2023'])
    expect(await found('茶')).toHaveLength(2)
    expect(await found('mug')).toEqual(["O'Brien's & (mug) | 'x'"])
    for (const odd of ["'", "a' | 'b", '!!', '\\', ':*', '   ']) await expect(found(odd)).resolves.toBeInstanceOf(Array)
    expect(await t.app(tenantId, (tx) => countFound(tx, tenantId, { search: '白茶' }))).toBe(1)
  })

  test('what a Shop would refuse is said before anything is sent', () => {
    const good = { title: '白茶', images: ['a'], description: '' }
    const sku = { priceFen: 100, attrs: { 规格: '50g' } }
    expect(checkSubmission(good, [sku], ['1421', '1432'])).toEqual([])
    expect(checkSubmission({ ...good, title: '茶'.repeat(61), images: [] }, [{ ...sku, priceFen: 0 }, { ...sku, priceFen: 0 }], []).map((problem) => problem.field)).toEqual(['title', 'pictures', 'category', 'price', 'sku'])
    expect(checkSubmission({ ...good, images: Array.from({ length: 10 }, (_, n) => `${n}`) }, [], ['1']).map((problem) => problem.field)).toEqual(['pictures', 'sku'])
  })

  test('a submission goes draft, audit, refused with the named fields, changed, passed; what came back joins the product by our numbers', async () => {
    const { product, skus } = await make('正山小种')
    const work = { ...testWork(tenantId, start, 'submit'), ids }
    const shop = { connectionId: connectionA, account: 'wxshop' }
    const call = async (_tenant: number, _connection: string, endpoint: string) => (endpoint === 'shop.product.list' ? { kind: 'ok' as const, result: { product_ids: [] } } : { kind: 'no-answer' as const, text: '' })
    const state = async () => (await t.app(tenantId, (tx) => findSubmission(tx, tenantId, product.productId, 'wxshop')))!
    await app((tx) => submitProduct(tx, tenantId, shop, product, skus, ['1421', '1432'], start, 'owner'))
    await expect(app((tx) => submitProduct(tx, tenantId, shop, product, skus, ['1421', '1432'], start, 'owner'))).rejects.toMatchObject({ code: 'product/submit-busy' })
    const job = submitJob({ db: t.db, call })
    const jobRow = { kind: '', key: '', dueAt: start, attempts: 0, state: { productId: product.productId, account: 'wxshop', connectionId: connectionA } }
    const ready = await job.prepare!(work, jobRow)
    await app((tx) => job.run(work, tx, jobRow, ready) as Promise<unknown> as never)
    const [sent] = await t.app(tenantId, (tx) => tx.query<{ endpoint: string; request: Record<string, unknown>; reply: unknown; outboxId: string; connectionId: string }>(`select endpoint, request, reply, outbox_id as "outboxId", connection_id as "connectionId" from outbox where tenant_id = $1`, [tenantId]))
    expect(sent).toMatchObject({ endpoint: 'shop.product.add', request: { out_product_id: product.productId, title: '正山小种', listing: 1, cats_v2: [{ cat_id: '1421' }, { cat_id: '1432' }], skus: [{ out_sku_id: skus[0].skuId, sale_price: 9_800 }] } })
    await app((tx) => submitReply.handle(work, tx, sent as never, { kind: 'ok', final: true, result: { data: { product_id: '10000000000001' } } } as never) as never)
    expect(await state()).toMatchObject({ state: 'auditing', platformProductId: '10000000000001' })
    await app((tx) => auditFacts.handle(work, tx, [{ connectionId: connectionA, event: 'product_spu_audit', message: JSON.stringify({ ProductSpuAudit: { product_id: '10000000000001', status: 2, reason: '类目不符', audit_info: JSON.stringify([{ field: 'title', reason: '标题有极限词' }]) } }) } as never]) as never)
    expect(await state()).toMatchObject({ state: 'refused', reasons: [{ field: 'title', reason: '标题有极限词' }] })
    // Submitted again it is an update of the same platform product.
    await app((tx) => submitProduct(tx, tenantId, shop, { ...product, title: '正山小种红茶' }, skus, ['1421', '1432'], start, 'owner'))
    await app((tx) => job.run(work, tx, jobRow, ready) as Promise<unknown> as never)
    const calls = await t.app(tenantId, (tx) => tx.query<{ endpoint: string; request: { product_id?: string } }>(`select endpoint, request from outbox where tenant_id = $1 and endpoint = 'shop.product.update'`, [tenantId]))
    expect(calls).toMatchObject([{ request: { product_id: '10000000000001' } }])
    await app((tx) => saveShopProducts(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, [{ productId: '10000000000001', outProductId: product.productId, title: '正山小种红茶', image: '', images: [], description: '', status: 'listed', skus: [{ skuId: '77', outSkuId: skus[0].skuId, skuCode: '', attrs: {}, priceFen: 9_900 }] }], start, ids) as never)
    expect(await t.app(tenantId, (tx) => tx.query(`select product_id as "productId", sku_id as "skuId" from listing_sku where tenant_id = $1 and platform_sku_id = '77'`, [tenantId]))).toEqual([{ productId: product.productId, skuId: skus[0].skuId }])
  })

  test('after silence the platform is searched by our number; not found, it can be submitted again', async () => {
    const { product, skus } = await make('大红袍')
    const work = { ...testWork(tenantId, start, 'find'), ids }
    await app((tx) => submitProduct(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, product, skus, ['1'], start, 'owner'))
    const answers = (known: boolean) => async (_t: number, _c: string, endpoint: string) => (endpoint === 'shop.product.list' ? { kind: 'ok' as const, result: { product_ids: ['9'] } } : { kind: 'ok' as const, result: { edit_product: { out_product_id: known ? product.productId : 'x' } } })
    const row = (asked: number) => ({ kind: '', key: '', dueAt: start, attempts: 0, state: { productId: product.productId, account: 'wxshop', connectionId: connectionA, outboxId: ids.next(), asked } })
    const lost = submitFind({ db: t.db, call: answers(false) })
    expect(await lost.prepare!(work, row(0))).toBeNull()
    expect(await t.app(tenantId, (tx) => lost.run(work, tx, row(0), null))).toMatchObject({ state: { asked: 1 } })
    await t.app(tenantId, (tx) => lost.run(work, tx, row(3), null))
    const failed = (await t.app(tenantId, (tx) => findSubmission(tx, tenantId, product.productId, 'wxshop')))!
    expect(failed).toMatchObject({ state: 'failed' })
    await app((tx) => putSubmission(tx, tenantId, { ...failed, state: 'sending' }) as never)
    const there = submitFind({ db: t.db, call: answers(true) })
    expect(await there.prepare!(work, row(0))).toBe('9')
    await t.app(tenantId, (tx) => there.run(work, tx, row(0), '9'))
    expect(await t.app(tenantId, (tx) => findSubmission(tx, tenantId, product.productId, 'wxshop'))).toMatchObject({ state: 'auditing', platformProductId: '9' })
  })

  test('reasons of an audit that cannot be read are told as the platform said them', () => {
    expect(auditReasons({ reason: '不行', audit_info: 'not json' })).toEqual([{ field: '', reason: '不行' }])
    expect(auditReasons({})).toEqual([{ field: '', reason: '平台没说原因' }])
  })
})
