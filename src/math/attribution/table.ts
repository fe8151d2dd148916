import type { Credit } from './paths.ts'

export type CreditRow = { channel: number | 'unknown' | 'would have bought anyway'; conversions: number; value: number; share: number }

/**
 * A credit as rows for a page: channels with credit (largest first; ties: lower channel), then `unknown` when it is not zero, then always
 * `would have bought anyway`. Shares are of all conversions and sum to 1 (0 when nothing was sold).
 */
export function creditTable(credit: Credit): CreditRow[] {
  let total = credit.unknown.conversions + credit.wouldHaveBoughtAnyway.conversions
  for (const conversions of credit.conversions) total += conversions
  const share = (conversions: number): number => (total === 0 ? 0 : conversions / total)
  const rows: CreditRow[] = []
  credit.conversions.forEach((conversions, channel) => {
    if (conversions !== 0 || credit.values[channel] !== 0) rows.push({ channel, conversions, value: credit.values[channel], share: share(conversions) })
  })
  rows.sort((a, b) => b.conversions - a.conversions || Number(a.channel) - Number(b.channel))
  const add = (channel: 'unknown' | 'would have bought anyway', row: { conversions: number; value: number }): void => {
    rows.push({ channel, conversions: row.conversions, value: row.value, share: share(row.conversions) })
  }
  if (credit.unknown.conversions !== 0 || credit.unknown.value !== 0) add('unknown', credit.unknown)
  add('would have bought anyway', credit.wouldHaveBoughtAnyway)
  return rows
}
