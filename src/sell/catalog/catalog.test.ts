import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { connectionA } from '../../../tests/setup/fixtures.ts'
import { checkListing, type ListingFacts } from './check-listing.ts'
import { readShopProduct } from './read-shop-product.ts'
import { listProducts, listingsOfProducts, putListings, saveShopProducts, shopListingsOf, skusOfProducts, updatePrices } from './store.ts'

const wire = (productId: string, skus: Array<[id: string, code: string, fen: number]>, more: Record<string, unknown> = {}) => ({
  errcode: 0, product: { product_id: productId, title: '白茶', head_imgs: ['https://img.example/1.jpg'], status: 5, edit_status: 4, skus: skus.map(([sku_id, sku_code, sale_price]) => ({ sku_id, sku_code, sale_price, stock_num: 7, sku_attrs: [{ attr_key: '净重', attr_value: '50g' }] })), ...more },
})

describe('reading a product of the Shop', () => {
  it('takes the online copy, else the draft', () => {
    expect(readShopProduct(wire('1', [['11', 'A', 900]]))).toMatchObject({ productId: '1', title: '白茶', status: 'listed', skus: [{ skuId: '11', skuCode: 'A', priceFen: 900, attrs: { 净重: '50g' } }] })
    expect(readShopProduct({ edit_product: wire('2', [], { status: 0, edit_status: 2 }).product }).status).toBe('auditing')
  })
  it('names every listing state', () => {
    const of = (status: number, edit_status: number) => readShopProduct(wire('1', [], { status, edit_status })).status
    expect([of(5, 4), of(11, 4), of(13, 0), of(20, 0), of(9, 0), of(0, 3)]).toEqual(['listed', 'unlisted', 'unlisted', 'banned', 'deleted', 'refused'])
  })
  it('says so when there is no product in the answer', () => expect(() => readShopProduct({ errcode: 0 })).toThrow('no product'))
})

describe('checks before a product goes on the mall', () => {
  const good: ListingFacts = { title: '白茶', image: 'x', otherTitles: ['白茶'], skus: [{ skuId: 's', name: '50g', priceFen: 9_800, shopPriceFen: 9_800, mallUnits: 3 }] }
  it('has nothing to say about a good one (control)', () => expect(checkListing(good)).toEqual([]))
  it.each([
    ['no-title', 'stop', { title: ' ' }], ['long-title', 'stop', { title: '茶'.repeat(61), otherTitles: [] }], ['no-picture', 'warning', { image: '' }], ['title-differs', 'warning', { otherTitles: ['绿茶'] }],
    ['no-price', 'stop', { skus: [{ ...good.skus[0], priceFen: 0 }] }], ['price-differs', 'warning', { skus: [{ ...good.skus[0], shopPriceFen: 8_800 }] }], ['no-stock', 'warning', { skus: [{ ...good.skus[0], mallUnits: 0 }] }],
  ] as const)('%s is a %s', (code, level, change) => expect(checkListing({ ...good, ...change }).map((problem) => [problem.code, problem.level])).toContainEqual([code, level]))
})

describe('products of two shelves', () => {
  let test: TestDb
  let tenantId: number
  const ids = testIds('catalog')
  const shop = (account = 'wxshop') => ({ connectionId: connectionA, account })
  const save = (account: string, ...bodies: unknown[]) => test.app(tenantId, (tx) => saveShopProducts(tx, tenantId, shop(account), bodies.map(readShopProduct), start, ids))
  const all = () => test.app(tenantId, (tx) => listProducts(tx, tenantId, {}, { offset: 0, limit: 50 }))
  beforeAll(async () => {
    test = await openTestDb()
    tenantId = await makeTenant(test, 'catalog')
  })
  afterAll(() => test.close())

  it('become ours once, and follow what the Shop changes', async () => {
    await save('wxshop', wire('1', [['11', 'A', 900], ['12', 'B', 1_900]]))
    await save('wxshop', wire('1', [['11', 'A', 950], ['12', 'B', 1_900]], { status: 11, title: '老白茶' }))
    const [product, ...others] = await all()
    expect(others).toEqual([])
    const skus = await test.app(tenantId, (tx) => skusOfProducts(tx, tenantId, [product.productId]))
    // The mall keeps its own title and price; the listing says what the Shop shows.
    expect([product.title, skus.map((sku) => sku.priceFen)]).toEqual(['白茶', [900, 1_900]])
    expect(await test.app(tenantId, (tx) => listingsOfProducts(tx, tenantId, [product.productId]))).toMatchObject([{ title: '老白茶', status: 'unlisted' }])
    expect((await test.app(tenantId, (tx) => shopListingsOf(tx, tenantId, skus.map((sku) => sku.skuId)))).map((one) => one.priceFen).sort()).toEqual([1_900, 950])
  })

  it('join a product of another Shop by its SKU codes, never by its name', async () => {
    await save('wxother', wire('7', [['71', 'A', 900], ['72', 'B', 1_900]]))
    expect(await all()).toHaveLength(1)
    await save('wxother', wire('8', [['81', '', 900]]))
    expect(await all()).toHaveLength(2)
  })

  it('tell which SKUs joined a product that is on the mall', async () => {
    const [product] = await all()
    await test.app(tenantId, (tx) => putListings(tx, tenantId, [{ productId: product.productId, shelf: 'mall', account: '', connectionId: null, platformProductId: product.productId, status: 'listed', title: product.title, changedAt: start }]))
    const { joined } = await save('wxshop', wire('1', [['11', 'A', 950], ['12', 'B', 1_900], ['13', 'C', 2_900]]))
    expect(joined).toHaveLength(1)
  })

  it('change their mall price only for SKUs of that product', async () => {
    const [product, other] = await all()
    const [sku] = await test.app(tenantId, (tx) => skusOfProducts(tx, tenantId, [product.productId]))
    await test.app(tenantId, (tx) => updatePrices(tx, tenantId, other.productId, [{ skuId: sku.skuId, priceFen: 1 }], start))
    expect((await test.app(tenantId, (tx) => skusOfProducts(tx, tenantId, [product.productId])))[0].priceFen).toBe(900)
    await test.app(tenantId, (tx) => updatePrices(tx, tenantId, product.productId, [{ skuId: sku.skuId, priceFen: 880 }], start))
    expect((await test.app(tenantId, (tx) => skusOfProducts(tx, tenantId, [product.productId])))[0].priceFen).toBe(880)
  })
})
