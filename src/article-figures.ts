import type { Tx } from './kernel/db/index.ts'
import { listProducts, viewProducts } from './sell/catalog/index.ts'
import { mallAvailable } from './sell/stock/index.ts'
import type { BlockFillers, ProductFigure } from './retain/article/index.ts'
import { caseFigures, publicCase, publicCases, publicSentence } from './learn/benchmark/index.ts'
import { listPlaybooks, playbookFigures } from './learn/playbook/index.ts'

/** What articles show of other modules (文章里的图): a case as its merchant agreed to show it, a playbook, a product as the mall sells it. Filled when shown. */
async function productFigures(tx: Tx, tenantId: number, productIds: readonly string[] | undefined): Promise<Map<string, ProductFigure>> {
  const products = await viewProducts(tx, tenantId, await listProducts(tx, tenantId, { shelf: 'mall', status: 'listed', ...(productIds ? { productIds } : {}) }, { offset: 0, limit: productIds?.length ?? 50 }), { mallAvailable })
  return new Map(products.filter((product) => product.skus.length > 0).map((product) => [product.productId, {
    productId: product.productId, title: product.title, image: product.image, fromFen: Math.min(...product.skus.map((sku) => sku.priceFen)), soldOut: product.skus.every((sku) => (sku.mallUnits ?? 0) <= 0),
  }]))
}

export type Pieces = Record<'cases' | 'playbooks' | 'products', Array<{ id: string; title: string }>>

/** `pieces`: what the editor offers to put in. */
export function articleFigures(blockOn: (tenantId: number, block: 'mall') => boolean): BlockFillers & { pieces(tx: Tx, tenantId: number): Promise<Pieces> } {
  return {
    cases: (tx, tenantId, caseIds) => caseFigures(tx, tenantId, caseIds, publicCase),
    playbooks: playbookFigures,
    products: (tx, tenantId, productIds) => (blockOn(tenantId, 'mall') ? productFigures(tx, tenantId, [...new Set(productIds)]) : Promise.resolve(new Map())),
    async pieces(tx, tenantId) {
      return {
        cases: (await publicCases(tx, tenantId)).map((one) => ({ id: one.caseId, title: publicSentence(one, 'zh') })), playbooks: (await listPlaybooks(tx, tenantId)).map((row) => ({ id: row.playbookId, title: row.title })),
        products: blockOn(tenantId, 'mall') ? [...(await productFigures(tx, tenantId, undefined)).values()].map((one) => ({ id: one.productId, title: one.title })) : [],
      }
    },
  }
}
