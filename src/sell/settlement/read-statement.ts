import { createHash } from 'node:crypto'
import { parseLocal } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { yuanToFen, type Fen } from '../../kernel/money.ts'
import { readBill } from '../../wechat/codec/index.ts'

/** One line of a bill (账单). `number` is ours: out_trade_no, out_refund_no, or the voucher of a fund flow; `orderNo` the out_trade_no it belongs to. Amounts are unsigned. */
export type StatementRow = { what: StatementWhat; number: string; platformNo: string; orderNo: string; amountFen: Fen; feeFen: Fen; at: Instant; label: string }
export type StatementWhat = 'payment' | 'refund' | 'fee' | 'fee-back' | 'split' | 'split-back' | 'transfer' | 'transfer-back' | 'top-up' | 'withdraw' | 'other-in' | 'other-out'
export type Statement = { rows: StatementRow[]; bad: Array<{ line: number; reason: string }>; hash: string; /** What the bill's own summary says, where it says it. */ summary: Record<string, string>; balanceFen: Fen | null }

export class WrongBill extends Error {
  override name = 'WrongBill'
}

/** Bills travel without a signature: the hash that was told with the address must be theirs (pay sheet 11). @throws WrongBill */
export function checkHash(bytes: Uint8Array, hash: string): void {
  const found = createHash('sha1').update(bytes).digest('hex')
  if (found !== hash.toLowerCase()) throw new WrongBill(`the bill's SHA-1 is ${found}, ${hash} was told`)
}

const yuan = (text: string | undefined): Fen => {
  const read = yuanToFen((text ?? '').trim() || '0')
  if (read === undefined) throw new WrongBill(`“${text}” is no amount`)
  return read.fen
}

/** @throws WrongBill, CodecError malformed (the file was cut off) */
export async function readTradeBill(bytes: Uint8Array): Promise<Statement> {
  return collect(bytes, (cells) => {
    const at = parseLocal(cells['交易时间'] ?? '')
    if (at === undefined) throw new WrongBill(`“${cells['交易时间']}” is no time`)
    const refund = (cells['商户退款单号'] ?? '0') !== '0' && cells['商户退款单号'] !== '' && cells['交易状态'] === 'REFUND'
    const shared = { orderNo: cells['商户订单号'] ?? '', at, feeFen: yuan(cells['手续费']), label: cells['商品名称'] ?? '' }
    if (refund) return { what: 'refund', number: cells['商户退款单号'], platformNo: cells['微信退款单号'] ?? '', amountFen: yuan(cells['退款金额']), ...shared }
    return { what: 'payment', number: shared.orderNo, platformNo: cells['微信订单号'] ?? '', amountFen: yuan(cells['订单金额'] ?? cells['应结订单金额']), ...shared }
  })
}

const flowKinds: Readonly<Record<string, [in_: StatementWhat, out: StatementWhat]>> = {
  交易: ['payment', 'other-out'], 退款: ['other-in', 'refund'], 扣除交易手续费: ['fee-back', 'fee'], 退还交易手续费: ['fee-back', 'fee'], 分账: ['other-in', 'split'], 分账回退: ['split-back', 'other-out'], 商家转账: ['transfer-back', 'transfer'], 商家转账退回: ['transfer-back', 'transfer'],
  充值: ['top-up', 'withdraw'], 提现: ['top-up', 'withdraw'],
}

export async function readFundBill(bytes: Uint8Array): Promise<Statement> {
  let balanceFen: Fen | null = null
  const statement = await collect(bytes, (cells) => {
    const at = parseLocal(cells['记账时间'] ?? '')
    if (at === undefined) throw new WrongBill(`“${cells['记账时间']}” is no time`)
    balanceFen = yuan(cells['账户结余(元)'])
    const came = cells['收支类型'] === '收入'
    const [inward, outward] = flowKinds[cells['业务类型'] ?? cells['业务名称'] ?? ''] ?? ['other-in', 'other-out']
    return { what: came ? inward : outward, number: cells['业务凭证号'] ?? '', platformNo: cells['资金流水单号'] ?? '', orderNo: cells['微信支付业务单号'] ?? '', amountFen: Math.abs(yuan(cells['收支金额(元)'])), feeFen: 0, at, label: cells['业务名称'] ?? '' }
  })
  return { ...statement, balanceFen }
}

async function collect(bytes: Uint8Array, row: (cells: Record<string, string>) => StatementRow): Promise<Statement> {
  const statement: Statement = { rows: [], bad: [], hash: createHash('sha1').update(bytes).digest('hex'), summary: {}, balanceFen: null }
  for await (const line of readBill([bytes])) {
    if (line.kind === 'bad') statement.bad.push({ line: line.line, reason: line.reason })
    else if (line.kind === 'summary') statement.summary = line.cells
    else {
      try {
        statement.rows.push(row(line.cells))
      } catch (error) {
        if (!(error instanceof WrongBill)) throw error
        statement.bad.push({ line: line.line, reason: error.message })
      }
    }
  }
  return statement
}
