import { parse } from 'csv-parse/sync'
import { fulfilmentFault } from './errors.ts'
import { courierOf, trackingPattern } from './parcel.ts'

/** A shipping file (批量发货表): order, courier, tracking number, and optionally line and pieces; as CSV or pasted from a spreadsheet. */
export type BulkRow = { row: number; orderId: string; courier: string; trackingNo: string; lines?: Array<[number, number]> }
export type BulkProblem = { row: number; orderId: string; found: string; why: 'no-order-id' | 'no-courier' | 'bad-tracking' | 'bad-line' | 'twice' }

const heads: Readonly<Record<'order' | 'courier' | 'tracking' | 'line' | 'pieces', readonly string[]>> = {
  order: ['订单号', '订单编号', '订单', 'order', 'order id', 'orderid'], courier: ['快递', '快递公司', '物流公司', '物流', 'courier', 'company'], tracking: ['单号', '快递单号', '运单号', '物流单号', 'tracking', 'tracking number', 'waybill'], line: ['行', '行号', '第几行', 'line'], pieces: ['件数', '数量', 'pieces', 'quantity'],
}
const maxRows = 5_000

/**
 * Reads a file into rows to ship and rows that cannot be, each with its line in the file.
 * @throws Fault fulfilment/bad-file when the columns are not there or it is no table
 */
export function readBulk(text: string): { rows: BulkRow[]; problems: BulkProblem[] } {
  const clean = text.replace(/^\uFEFF/, '')
  const delimiter = (clean.split('\n', 1)[0].match(/\t/g) ?? []).length > 0 ? '\t' : ','
  let table: string[][]
  try {
    table = parse(clean, { delimiter, skip_empty_lines: true, relax_column_count: true, trim: true }) as string[][]
  } catch (cause) {
    throw fulfilmentFault('fulfilment/bad-file', { reason: (cause as Error).message.slice(0, 80) }, cause)
  }
  if (table.length < 2) throw fulfilmentFault('fulfilment/bad-file', { reason: `只有 ${table.length} 行` })
  if (table.length > maxRows + 1) throw fulfilmentFault('fulfilment/bad-file', { reason: `${table.length - 1} 行，一次最多 ${maxRows} 行` })
  const at = (key: keyof typeof heads): number => table[0].findIndex((cell) => heads[key].includes(cell.trim().toLowerCase()))
  const [order, courier, tracking, line, pieces] = (['order', 'courier', 'tracking', 'line', 'pieces'] as const).map(at)
  if (order < 0 || courier < 0 || tracking < 0) throw fulfilmentFault('fulfilment/bad-file', { reason: `表头是「${table[0].join('、').slice(0, 60)}」` })
  const rows: BulkRow[] = []
  const problems: BulkProblem[] = []
  const seen = new Set<string>()
  table.slice(1).forEach((cells, index) => {
    const row = index + 2
    // A spreadsheet shows long numbers as text with a tab or a quote in front.
    const orderId = (cells[order] ?? '').replace(/^['\t\s]+|[\t\s]+$/g, '')
    const trackingNo = (cells[tracking] ?? '').replace(/^['\t\s]+|[\t\s]+$/g, '')
    const company = cells[courier] ?? ''
    const bad = (why: BulkProblem['why'], found: string): void => void problems.push({ row, orderId, found: found.slice(0, 60), why })
    if (orderId === '') return bad('no-order-id', '')
    if (/^\d(\.\d+)?e\+\d+$/i.test(orderId)) return bad('no-order-id', orderId) // the spreadsheet has rounded it away
    if (courierOf(company) === undefined) return bad('no-courier', company)
    if (!trackingPattern.test(trackingNo)) return bad('bad-tracking', trackingNo)
    const lineText = line < 0 ? '' : (cells[line] ?? '')
    const piecesText = pieces < 0 ? '' : (cells[pieces] ?? '')
    const named: Array<[number, number]> | undefined = lineText === '' ? undefined : [[Number(lineText), piecesText === '' ? 1 : Number(piecesText)]]
    if (named !== undefined && !(Number.isInteger(named[0][0]) && named[0][0] >= 1 && Number.isInteger(named[0][1]) && named[0][1] >= 1)) return bad('bad-line', `${lineText} ${piecesText}`)
    const key = `${orderId} ${trackingNo}`
    // Lines of one parcel may stand on rows of their own.
    const same = rows.find((one) => one.orderId === orderId && one.trackingNo === trackingNo)
    if (same?.lines && named) {
      same.lines.push(...named)
      return
    }
    if (seen.has(key)) return bad('twice', trackingNo)
    seen.add(key)
    rows.push({ row, orderId, courier: company, trackingNo, ...(named ? { lines: named } : {}) })
  })
  return { rows, problems }
}
