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

export type ShelfRule = { singleUnits: number; home: 'auto' | 'both' | 'mall' | 'shop'; pull: 'off' | 'reserve' | 'shop' }

/**
 * What the rebalancer does with one SKU. So few that they must not be divided (single shelf): all go to one shelf. That is the Shop where the mall may
 * bring units back on demand, because its buyers cannot wait for ours and ours can wait for them; else the shelf that sells more. Otherwise `suggestMove`.
 * @param units `reserve` without its safety stock.
 */
export function planShelves(units: { mall: number; shop: number; reserve: number }, perDay: { mall: number; shop: number }, rule: ShelfRule): Array<Suggestion & { why: 'single-shelf' | 'sells-out' | 'empty-shelf' }> {
  const total = units.mall + Math.max(0, units.shop) + units.reserve
  const single = rule.home !== 'both' && (rule.home !== 'auto' || rule.singleUnits > 0) && total > 0 && total <= Math.max(rule.singleUnits, rule.home === 'auto' ? 0 : 1)
  if (single) {
    const home = rule.home === 'mall' || rule.home === 'shop' ? rule.home : rule.pull === 'shop' || perDay.shop >= perDay.mall ? 'shop' : 'mall'
    const away = home === 'shop' ? 'mall' : 'shop'
    const daysLeft = perDay[home] > 0 ? Math.max(0, units[home]) / perDay[home] : 0
    return ([away, 'reserve'] as const).filter((place) => units[place] > 0).map((from) => ({ from, to: home, quantity: units[from], daysLeft, why: 'single-shelf' as const }))
  }
  // An empty shelf sells nothing, so its rate says nothing: with an empty Shop nobody would ever learn that it could sell. Half of what is free goes there.
  const elsewhere = units.reserve > 0 ? ('reserve' as const) : ('mall' as const)
  if (units.shop <= 0 && units[elsewhere] > 0) return [{ from: elsewhere, to: 'shop', quantity: Math.ceil(units[elsewhere] / 2), daysLeft: 0, why: 'empty-shelf' }]
  const move = suggestMove(units, perDay)
  return move ? [{ ...move, why: 'sells-out' }] : []
}
