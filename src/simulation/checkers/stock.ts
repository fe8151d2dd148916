import { findings, type Checker } from './outputs.ts'

/** Stock (库存): whatever has a ledger of pieces never sums to anything but zero, and no place holds less than nothing. */
export const stock: Checker = {
  name: 'stock',
  async run(outputs) {
    const { report, check } = findings()
    const rows = await outputs.rows<{ account: string; unit: string; amount: number }>(
      `select account, unit, sum(amount)::bigint as amount from entry where tenant_id = $1 and unit like 'sku:%' group by account, unit order by 1, 2`,
      [outputs.tenantId],
    )
    const sums = new Map<string, number>()
    for (const { account, unit, amount } of rows) {
      sums.set(unit, (sums.get(unit) ?? 0) + amount)
      if (/^(mall|shop|reserve|moving)\b/.test(account)) check(amount >= 0, () => `${account} holds ${amount} of ${unit}`)
    }
    for (const [unit, sum] of sums) check(sum === 0, () => `${unit} is out of balance by ${sum}`)
    return report
  },
}
