/** A warehouse that may serve, in the merchant's order; '' is the main one. */
export type Place = { warehouseId: string; regions: readonly string[] }

/**
 * Which warehouses a basket is taken from. The rule, as the settings page states it: (1) the whole basket from one warehouse, those that serve the buyer's
 * province first, then the main one, then the others in their order; (2) else each line from the first that has all of it; (3) else a line is split in that
 * order. What the mall has is never refused because it lies in two places. `free` is taken from; the caller has made sure that the sum is enough.
 * @returns for each SKU what was taken where.
 */
export function pickUnits(free: ReadonlyMap<string, Map<string, number>>, warehouses: readonly Place[], lines: ReadonlyArray<{ skuId: string; quantity: number }>, region: string | undefined): Map<string, Array<[string, number]>> {
  const near = region === undefined ? [] : warehouses.filter((one) => one.regions.includes(region))
  const order = ['', ...warehouses.filter((one) => !near.includes(one)).map((one) => one.warehouseId)]
  const places = [...near.map((one) => one.warehouseId), ...order]
  const wanted = new Map<string, number>()
  for (const { skuId, quantity } of lines) wanted.set(skuId, (wanted.get(skuId) ?? 0) + quantity)
  const has = (place: string, skuId: string): number => free.get(skuId)?.get(place) ?? 0
  const take = (place: string, skuId: string, quantity: number): [string, number] => {
    free.get(skuId)!.set(place, has(place, skuId) - quantity)
    return [place, quantity]
  }
  const whole = places.find((place) => [...wanted].every(([skuId, quantity]) => has(place, skuId) >= quantity))
  const picks = new Map<string, Array<[string, number]>>()
  for (const [skuId, quantity] of wanted) {
    const one = whole ?? places.find((place) => has(place, skuId) >= quantity)
    if (one !== undefined) {
      picks.set(skuId, [take(one, skuId, quantity)])
      continue
    }
    const parts: Array<[string, number]> = []
    let left = quantity
    for (const place of places) {
      const part = Math.min(left, Math.max(0, has(place, skuId)))
      if (part > 0) parts.push(take(place, skuId, part))
      left -= part
    }
    picks.set(skuId, parts)
  }
  return picks
}
