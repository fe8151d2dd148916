/** Units to move and why: the shelf that sells out first, and days until then. */
export type Suggestion = { from: 'mall' | 'shop' | 'reserve'; to: 'mall' | 'shop'; quantity: number; daysLeft: number }

/** Below this many days of cover a shelf is short; what is moved should last at least as long. Ours to choose. */
const shortDays = 2
const coverDays = 7

/**
 * Towards where it sells: a shelf that will be empty within two days gets units from the reserve first, else from the other shelf, so that both last
 * equally long. Nothing is suggested for a shelf that sells nothing.
 */
export function suggestMove(units: { mall: number; shop: number; reserve: number }, perDay: { mall: number; shop: number }): Suggestion | null {
  const cover = (shelf: 'mall' | 'shop'): number => (perDay[shelf] > 0 ? Math.max(0, units[shelf]) / perDay[shelf] : Infinity)
  const to = cover('shop') <= cover('mall') ? 'shop' : 'mall'
  const daysLeft = cover(to)
  if (daysLeft >= shortDays) return null
  const wanted = Math.ceil(coverDays * perDay[to]) - Math.max(0, units[to])
  if (units.reserve > 0) return { from: 'reserve', to, quantity: Math.min(units.reserve, wanted), daysLeft }
  const from = to === 'shop' ? 'mall' : 'shop'
  // Equal cover on both: (units_to + q) / rate_to = (units_from - q) / rate_from.
  const even = Math.floor((units[from] * perDay[to] - Math.max(0, units[to]) * perDay[from]) / (perDay[to] + perDay[from]))
  const quantity = Math.min(even, wanted)
  return quantity >= 1 ? { from, to, quantity, daysLeft } : null
}
