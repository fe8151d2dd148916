import { csvFile, csvQuotedLine } from '../../kernel/csv.ts'
import type { Instant } from '../../kernel/clock.ts'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { fenToYuan } from '../../kernel/money.ts'
import type { Ids } from '../../kernel/ids.ts'
import { offerFault } from './errors.ts'
import { codePurpose, type CodeParts } from './keep-offers.ts'
import { insertSettlement, listSettlements, settledRows, settleRows, type Settlement } from './store.ts'

/** Closes what was redeemed of a partner before `until`, once: each redemption is in exactly one settlement. */
export async function settlePartner(tx: Tx, work: { tenantId: number; now: Instant; ids: Ids }, wish: { partner: string; until: Instant; by: string }): Promise<Settlement> {
  const settlementId = work.ids.next()
  const rows = await settleRows(tx, work.tenantId, wish.partner, Math.min(wish.until, work.now), settlementId)
  if (rows.length === 0) throw offerFault('offer/nothing-to-settle', { partner: wish.partner })
  const settlement = { settlementId, partner: wish.partner, until: Math.min(wish.until, work.now), redemptions: rows.length, amountFen: rows.reduce((sum, row) => sum + row.costFen, 0), madeBy: wish.by, madeAt: work.now }
  insertSettlement(tx, work.tenantId, settlement)
  return settlement
}

/** The file for the partner: a line per code that was given out, nobody's name, and the sum. Made again it is the same. */
export async function settlementFile(tx: Tx, tenantId: number, parts: CodeParts, settlementId: string, simulated: boolean): Promise<{ name: string; content: string }> {
  const settlement = (await listSettlements(tx, tenantId)).find((one) => one.settlementId === settlementId)
  if (!settlement) throw offerFault('offer/no-redemption', { id: settlementId })
  const rows = await settledRows(tx, tenantId, settlementId)
  const lines = [
    ...(simulated ? ['模拟'] : []),
    csvQuotedLine(['兑换编号', '权益', '码', '兑换时间', '有效期到', '面值（元）', '结算（元）']),
    ...rows.map((row) => csvQuotedLine([row.redemptionId, row.title, parts.seal.open(row.sealed, codePurpose(tenantId, row.offerId)).toString('utf8'), shanghaiRfc3339(row.redeemedAt), shanghaiRfc3339(row.expiresAt), fenToYuan(row.faceFen), fenToYuan(row.costFen)])),
    csvQuotedLine(['合计', '', '', '', '', '', fenToYuan(rows.reduce((sum, row) => sum + row.costFen, 0))]),
  ]
  return { name: `${simulated ? '模拟-' : ''}结算-${settlement.partner}-${shanghaiRfc3339(settlement.until).slice(0, 10)}.csv`, content: csvFile(lines) }
}
