import { parse } from 'csv-parse/sync'
import readExcel from 'read-excel-file/node'
import writeExcel from 'write-excel-file/node'
import { csvFile, csvLine } from '../../kernel/csv.ts'
import type { Fen } from '../../kernel/money.ts'
import { catalogFault } from './errors.ts'

/**
 * Product files (商品表): our own, and the shapes in which other platforms export goods. Columns are found by their heads and can be set by hand; rows of
 * one product stand below each other or share a number; a row that cannot be used is named with its line and why.
 */
export const columns = ['title', 'group', 'spec', 'code', 'price', 'units', 'category', 'brand', 'image', 'description'] as const
export type Column = (typeof columns)[number]
export type Mapping = Partial<Record<Column, number>>

/** Heads as they are found in exports of Taobao, Douyin, Pinduoduo, Youzan and our own; a merchant may map others by hand. */
const heads: Readonly<Record<Column, readonly string[]>> = {
  title: ['商品名称', '名称', '宝贝标题', '宝贝名称', '商品标题', '标题', 'title', 'product name', 'name'],
  group: ['商品id', '商品编号', '宝贝id', '商品编码', 'product id', 'spu'],
  spec: ['规格', '规格名称', '规格值', '销售属性', '销售属性组合', 'sku名称', 'sku规格', '颜色分类', 'spec', 'variant'],
  code: ['商家编码', '规格编码', 'sku编码', '货号', '商家sku编码', '外部编码', 'sku', 'sku code', 'code'],
  price: ['价格', '售价', '一口价', '宝贝价格', '销售价', '单价', '拼单价', '团购价', 'sku价格', 'price'],
  units: ['库存', '数量', '宝贝数量', '现货库存', '总库存', 'stock', 'quantity', 'units'],
  category: ['分类', '类目', '商品分类', '宝贝类目', '商品类目', 'category'],
  brand: ['品牌', '品牌名称', 'brand'],
  image: ['图片', '主图', '商品主图', '宝贝图片', '图片地址', 'image', 'picture'],
  description: ['描述', '商品描述', '宝贝描述', '详情', '卖点', 'description'],
}
const maxRows = 20_000

export type FileRow = { row: number; cells: string[] }
export type ProductTable = { heads: string[]; rows: FileRow[] }

/** UTF-8, UTF-16 with its mark, or GB 18030, as Chinese spreadsheets still write. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

/** @throws Fault product/bad-file when it is no table, has no rows, or too many */
export async function readTable(name: string, bytes: Buffer): Promise<ProductTable> {
  const bad = (reason: string, cause?: unknown) => catalogFault('product/bad-file', { name: name.slice(0, 60), reason }, cause)
  let table: string[][]
  // By what it is, not by what it is called: a workbook is a ZIP file.
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    try {
      const sheets = await readExcel(bytes)
      const first = (Array.isArray(sheets) && sheets[0] !== undefined && !Array.isArray(sheets[0]) ? (sheets[0] as { data: unknown[][] }).data : sheets) as unknown[][]
      table = first.map((row) => row.map((cell) => (cell === null || cell === undefined ? '' : cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell).trim())))
    } catch (cause) {
      throw bad('这个 Excel 打不开', cause)
    }
  } else if (bytes[0] === 0xd0 && bytes[1] === 0xcf) throw bad('这是旧的 .xls，请另存为 .xlsx 或 .csv')
  else {
    const text = decode(bytes).replace(/^\uFEFF/, '')
    if (text.includes('\u0000')) throw bad('不是表格')
    const firstLine = text.split('\n', 1)[0]
    const delimiter = (firstLine.match(/\t/g) ?? []).length > (firstLine.match(/,/g) ?? []).length ? '\t' : ','
    try {
      table = parse(text, { delimiter, relax_column_count: true, relax_quotes: true, trim: true, skip_empty_lines: true }) as string[][]
    } catch (cause) {
      throw bad((cause as Error).message.slice(0, 80), cause)
    }
  }
  // Taobao writes a line of English names above or below the Chinese heads; the line that names most columns is the head.
  const scored = table.slice(0, 5).map((row) => Object.keys(guessMapping(row)).length)
  const at = scored.indexOf(Math.max(0, ...scored))
  const rows = table.slice(at + 1).map((cells, n) => ({ row: at + n + 2, cells })).filter(({ cells }) => cells.some((cell) => cell !== ''))
  if (table.length === 0 || rows.length === 0) throw bad('没有数据行')
  if (rows.length > maxRows) throw bad(`${rows.length} 行，一次最多 ${maxRows} 行`)
  return { heads: table[at], rows }
}

/** Which column is which, by its head. */
export function guessMapping(row: readonly string[]): Mapping {
  const mapping: Mapping = {}
  const plain = row.map((cell) => cell.replace(/[\s*（(].*$/, '').trim().toLowerCase())
  for (const column of columns) {
    for (const head of heads[column]) {
      const at = plain.findIndex((cell, n) => cell === head && !Object.values(mapping).includes(n))
      if (at >= 0) {
        mapping[column] = at
        break
      }
    }
  }
  return mapping
}

export type ImportSku = { row: number; skuCode: string; attrs: Record<string, string>; priceFen: Fen; units: number | null }
export type ImportProduct = { title: string; category: string; brand: string; image: string; description: string; skus: ImportSku[] }
export type ImportProblem = { row: number; column: Column; found: string; why: 'empty' | 'too-long' | 'no-price' | 'bad-price' | 'bad-units' | 'code-twice' | 'too-many-skus' }

const titleMax = 60
const skuMax = 50
const priceMax = 1_000_000_000

/** "98", "¥1,280.00", "98元" in fen; undefined: no amount, or one finer than a fen. */
export function priceOf(text: string): Fen | undefined {
  const clean = text.replace(/[¥￥,，\s]|元$/g, '')
  if (!/^\d{1,8}(\.\d{1,2}0*)?$/.test(clean)) return undefined
  const [yuan, part = ''] = clean.split('.')
  return Number(yuan) * 100 + Number(part.slice(0, 2).padEnd(2, '0'))
}

/** "颜色:红;尺码:L" or "红,L" or "50g" as named values. */
export function attrsOf(text: string): Record<string, string> {
  const parts = text.split(/[;；,，|]/).map((part) => part.trim()).filter((part) => part !== '')
  return Object.fromEntries(parts.map((part, n) => {
    const [name, value] = part.split(/[:：]/).map((one) => one.trim())
    return value === undefined ? [parts.length === 1 ? '规格' : `规格${n + 1}`, name.slice(0, 40)] : [name.slice(0, 20), value.slice(0, 40)]
  }))
}

/** The goods of a table, and every row that cannot be used. */
export function readGoods(table: ProductTable, mapping: Mapping): { products: ImportProduct[]; problems: ImportProblem[] } {
  const cell = (row: FileRow, column: Column): string => (mapping[column] === undefined ? '' : (row.cells[mapping[column]] ?? '').replace(/^['\t]+/, '').trim())
  const products: ImportProduct[] = []
  const problems: ImportProblem[] = []
  const byGroup = new Map<string, ImportProduct>()
  const codes = new Map<string, number>()
  let last: ImportProduct | undefined
  for (const row of table.rows) {
    const bad = (column: Column, why: ImportProblem['why'], found = cell(row, column)): void => void problems.push({ row: row.row, column, found: found.slice(0, 60), why })
    const title = cell(row, 'title')
    const group = cell(row, 'group')
    const code = cell(row, 'code').slice(0, 64)
    const price = cell(row, 'price')
    const units = cell(row, 'units')
    // A merged cell stands only in its first row.
    const key = group !== '' ? `#${group}` : title !== '' ? title : ''
    let product = key === '' ? last : byGroup.get(key)
    if (product === undefined) {
      if (title === '') { bad('title', 'empty'); continue }
      if ([...title].length > titleMax) { bad('title', 'too-long'); continue }
      product = { title, category: cell(row, 'category'), brand: cell(row, 'brand').slice(0, 40), image: cell(row, 'image').split(/[;；,\s]/)[0].slice(0, 500), description: cell(row, 'description').slice(0, 5000), skus: [] }
      byGroup.set(key, product)
    }
    last = product
    const priceFen = price === '' ? undefined : priceOf(price)
    if (price === '') { bad('price', 'no-price'); continue }
    if (priceFen === undefined || priceFen < 1 || priceFen > priceMax) { bad('price', 'bad-price'); continue }
    if (units !== '' && !/^\d{1,9}$/.test(units.replace(/,/g, ''))) { bad('units', 'bad-units'); continue }
    if (code !== '' && codes.has(code)) { bad('code', 'code-twice'); continue }
    if (product.skus.length >= skuMax) { bad('spec', 'too-many-skus'); continue }
    if (code !== '') codes.set(code, row.row)
    if (product.skus.length === 0) products.push(product)
    product.skus.push({ row: row.row, skuCode: code, attrs: attrsOf(cell(row, 'spec')), priceFen, units: units === '' ? null : Number(units.replace(/,/g, '')) })
  }
  return { products, problems }
}

export type ExportRow = { title: string; spec: string; code: string; priceFen: Fen; units: number | null; category: string; brand: string; image: string; description: string; productId: string }
const exportHeads = ['商品ID', '商品名称', '规格', '商家编码', '价格', '库存', '分类', '品牌', '图片', '描述']
const exportCells = (row: ExportRow): Array<string | number> => [row.productId, row.title, row.spec, row.code, row.priceFen / 100, row.units ?? '', row.category, row.brand, row.image, row.description]

export function writeGoodsCsv(rows: readonly ExportRow[]): string {
  return csvFile([exportHeads, ...rows.map(exportCells)].map(csvLine))
}

export async function writeGoodsExcel(rows: readonly ExportRow[], sheet: string): Promise<Buffer> {
  const data = [exportHeads.map((value) => ({ value, type: String, fontWeight: 'bold' as const })), ...rows.map((row) => exportCells(row).map((value) => (typeof value === 'number' ? { value, type: Number } : { value, type: String })))]
  return (await writeExcel(data as never, { sheet: sheet.slice(0, 31) }).toBuffer()) as Buffer
}
