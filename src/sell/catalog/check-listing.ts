import type { Fen } from '../../kernel/money.ts'

/** What is looked at before a product goes on the mall's shelf. A `stop` must be mended; a `warning` may be accepted by a person. */
export type ListingProblem = { code: 'no-title' | 'long-title' | 'no-price' | 'no-picture' | 'price-differs' | 'no-stock' | 'title-differs'; level: 'stop' | 'warning'; skuId: string | null; zh: string; en: string }

export type ListingFacts = {
  title: string
  image: string
  skus: ReadonlyArray<{ skuId: string; name: string; priceFen: Fen; shopPriceFen: Fen | null; mallUnits: number | null }>
  /** Titles under which other shelves show it. */
  otherTitles: readonly string[]
}

const yuan = (fen: Fen): string => `¥${(fen / 100).toFixed(2)}`
/** Buyers compare the shelves; a difference above this share of the higher price is asked about. Ours, not a platform's rule. */
const priceTolerance = 0.1
/** As on the Shop (product sheet: 60 characters). */
const titleMax = 60

export function checkListing(facts: ListingFacts): ListingProblem[] {
  const problems: ListingProblem[] = []
  const add = (code: ListingProblem['code'], level: ListingProblem['level'], skuId: string | null, zh: string, en: string): void => void problems.push({ code, level, skuId, zh, en })
  const length = [...facts.title.trim()].length
  if (length === 0) add('no-title', 'stop', null, '还没有名称', 'it has no title')
  if (length > titleMax) add('long-title', 'stop', null, `名称有 ${length} 个字，最多 ${titleMax} 个`, `the title has ${length} characters, ${titleMax} at most`)
  if (facts.image === '') add('no-picture', 'warning', null, '还没有图片，买家只看得到名称', 'it has no picture')
  if (facts.otherTitles.some((title) => title !== '' && title !== facts.title)) add('title-differs', 'warning', null, `小店里叫「${facts.otherTitles.find((title) => title !== facts.title)}」`, 'it has another title in the Shop')
  if (facts.skus.length === 0) add('no-price', 'stop', null, '没有规格', 'it has no SKU')
  for (const sku of facts.skus) {
    if (sku.priceFen < 1) add('no-price', 'stop', sku.skuId, `${sku.name}还没有价格`, `${sku.name} has no price`)
    else if (sku.shopPriceFen !== null && Math.abs(sku.priceFen - sku.shopPriceFen) > priceTolerance * Math.max(sku.priceFen, sku.shopPriceFen)) {
      add('price-differs', 'warning', sku.skuId, `${sku.name}：小店 ${yuan(sku.shopPriceFen)}，商城 ${yuan(sku.priceFen)}，买家会比`, `${sku.name}: ${yuan(sku.shopPriceFen)} in the Shop, ${yuan(sku.priceFen)} in the mall`)
    }
    if ((sku.mallUnits ?? 0) <= 0) add('no-stock', 'warning', sku.skuId, `${sku.name}在商城没有货，先挪一些过来`, `${sku.name} has no units in the mall`)
  }
  return problems
}
