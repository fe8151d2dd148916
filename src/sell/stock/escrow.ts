import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'

/**
 * Where the units of one SKU are, and every way they may change place. Pure: the store loads a draft, these functions change it and list the
 * movements, the store saves both. Names of places:
 * mall (sellable in the mall), reserved (kept for unpaid mall orders), reserve (on no shelf), moving (on the way to a Shop, not proven there),
 * shop (a Shop's share), held (taken there by an order not known to be paid), sold, restored (came back after a sale, counted down),
 * unbacked (offered by a Shop with nothing behind, counted down), received (what ever came in, counted down).
 */
export type Place = 'mall' | 'reserved' | 'reserve' | 'moving' | 'shop' | 'held' | 'sold' | 'restored' | 'unbacked' | 'received'

/** Places that a ledger entry counts downwards, so that every movement adds up to zero. */
const sign: Record<Place, 1 | -1> = { mall: 1, reserved: 1, reserve: 1, moving: 1, shop: 1, held: 1, sold: 1, restored: -1, unbacked: -1, received: -1 }

export type Shelf = {
  connectionId: string
  productId: string
  platformSkuId: string
  shop: number
  held: number
  /** Of `shop`: put by the merchant into another kind of the platform's stock. */
  elsewhere: number
  /** The platform's number at (second, seen) of its stock flow. */
  platformNum: number
  flowSecond: number
  flowSeen: number
  openedAt: Instant | null
  reconciledAt: Instant | null
}
/** Of the mall's units: what lies in a warehouse beside the main one. The main one holds the rest, so a merchant with one warehouse has none of these. */
export type WarehouseUnits = { warehouseId: string; mall: number; reserved: number }
export type Sku = {
  skuId: string
  mall: number
  reserved: number
  reserve: number
  moving: number
  sold: number
  restored: number
  unbacked: number
  received: number
  shelves: Shelf[]
  warehouses: WarehouseUnits[]
}

/** One movement: its deltas add up to zero under `sign`. The same key is booked once. */
export type Movement = { key: string; reason: string; connectionId: string | null; at: Instant; deltas: Partial<Record<Place, number>>; warehouses?: readonly WarehouseUnits[] }
export type Alarm = { kind: 'unbacked' | 'other-kind' | 'flow-gap' | 'drift' | 'unexplained' | 'stock-take'; quantity: number; detail: Record<string, unknown> }
export type Draft = { sku: Sku; movements: Movement[]; alarms: Alarm[] }

export type MoveState = 'planned' | 'sent' | 'confirmed' | 'refused' | 'unknown'
export type Move = {
  moveId: string
  skuId: string
  connectionId: string
  direction: 'to-shop' | 'from-shop'
  place: 'mall' | 'reserve'
  quantity: number
  state: MoveState
  reason: string
  outboxId: string | null
  actor: string
  plannedAt: Instant
  sentAt: Instant | null
  answeredAt: Instant | null
  closedAt: Instant | null
}
export type Hold = { orderId: string; quantity: number; state: 'held' | 'sold' | 'returned'; at: Instant }

/** One entry of the platform's stock flow (库存流水), as the sheet names it: op 1 add, 2 subtract, 3 set, 4 order, 5 unpaid order cancelled, 6 and 7 between kinds of stock. */
export type FlowEntry = { second: number; op: number; before: number; after: number; orderId: string }

export const emptySku = (skuId: string): Sku => ({ skuId, mall: 0, reserved: 0, reserve: 0, moving: 0, sold: 0, restored: 0, unbacked: 0, received: 0, shelves: [], warehouses: [] })
export const draftOf = (sku: Sku): Draft => ({ sku, movements: [], alarms: [] })

export function account(place: Place, connectionId: string | null): string {
  return place === 'shop' || place === 'held' ? `stock:${place}/${connectionId}` : `stock:${place}`
}
/** Amount of the ledger entry for a delta of a place. */
export const ledgerAmount = (place: Place, delta: number): number => sign[place] * delta

/** What of the mall's units lies in the main warehouse. */
export function mainUnits(sku: Sku): { mall: number; reserved: number } {
  return { mall: sku.mall - sku.warehouses.reduce((sum, one) => sum + one.mall, 0), reserved: sku.reserved - sku.warehouses.reduce((sum, one) => sum + one.reserved, 0) }
}

/**
 * The one door through which numbers change. `warehouses` says which units lie or lay outside the main warehouse; units that leave the mall without a word
 * about it leave the main one first, then the others from the last to the first.
 */
export function shift(draft: Draft, shelf: Shelf | null, movement: Omit<Movement, 'connectionId'>): void {
  let sum = 0
  for (const [place, delta] of Object.entries(movement.deltas) as Array<[Place, number]>) {
    sum += sign[place] * delta
    if (place === 'shop' || place === 'held') {
      assert(shelf, `${movement.key} moves units of a Shop without naming it`)
      shelf[place] += delta
    } else draft.sku[place] += delta
  }
  assert(sum === 0, `movement ${movement.key} of ${draft.sku.skuId} is out of balance by ${sum}`)
  const apart = new Map((movement.warehouses ?? []).map((one) => [one.warehouseId, { ...one }]))
  for (const { warehouseId, mall, reserved } of apart.values()) {
    let place = draft.sku.warehouses.find((one) => one.warehouseId === warehouseId)
    if (!place) draft.sku.warehouses.push((place = { warehouseId, mall: 0, reserved: 0 }))
    place.mall += mall
    place.reserved += reserved
  }
  let short = -mainUnits(draft.sku).mall
  for (const place of draft.sku.warehouses.toReversed()) {
    if (short <= 0) break
    const taken = Math.min(short, Math.max(0, place.mall))
    place.mall -= taken
    short -= taken
    const noted = apart.get(place.warehouseId) ?? { warehouseId: place.warehouseId, mall: 0, reserved: 0 }
    apart.set(place.warehouseId, { ...noted, mall: noted.mall - taken })
  }
  const moved = [...apart.values()].filter((one) => one.mall !== 0 || one.reserved !== 0)
  draft.movements.push({ ...movement, connectionId: shelf?.connectionId ?? null, ...(moved.length > 0 ? { warehouses: moved } : {}) })
}

/** What the Shop can sell at most, as far as we can know: its truth is never above this, unless its stock was raised by hand. */
export const shopUpperBound = (sku: Sku): number => sku.moving + sku.shelves.reduce((sum, shelf) => sum + shelf.shop + shelf.held, 0)

/** @returns what is wrong; empty when every unit is in exactly one place. */
export function checkSku(sku: Sku, truth?: ReadonlyMap<string, number>): string[] {
  const wrong: string[] = []
  const inShops = sku.shelves.reduce((sum, shelf) => sum + shelf.shop + shelf.held, 0)
  const places = sku.mall + sku.reserved + sku.reserve + sku.moving + inShops + sku.sold - sku.restored - sku.unbacked
  if (places !== sku.received) wrong.push(`the places add up to ${places}, received were ${sku.received}`)
  for (const place of ['mall', 'reserved', 'reserve', 'moving', 'unbacked'] as const) if (sku[place] < 0) wrong.push(`${place} is ${sku[place]}`)
  for (const one of sku.warehouses) if (one.mall < 0 || one.reserved < 0) wrong.push(`warehouse ${one.warehouseId} has ${one.mall} and ${one.reserved} reserved`)
  const main = mainUnits(sku)
  if (main.mall < 0 || main.reserved < 0) wrong.push(`the main warehouse has ${main.mall} and ${main.reserved} reserved`)
  for (const shelf of sku.shelves) {
    if (shelf.openedAt === null) continue
    if (shelf.held < 0) wrong.push(`held in ${shelf.connectionId} is ${shelf.held}`)
    if (shelf.shop - shelf.elsewhere !== shelf.platformNum) wrong.push(`the share in ${shelf.connectionId} is ${shelf.shop}, ${shelf.elsewhere} of them in other kinds; the flow stood at ${shelf.platformNum}`)
    const real = truth?.get(shelf.connectionId)
    if (real !== undefined && shelf.shop + shelf.held + sku.moving < real) wrong.push(`${shelf.connectionId} can sell ${real}, the book allows at most ${shelf.shop + shelf.held + sku.moving}`)
  }
  return wrong
}

/** Units that come in (or, negative, are missing at a stocktake). They first repay what a Shop offers with nothing behind. */
export function receive(draft: Draft, quantity: number, key: string, reason: string, at: Instant): { done: true } | { done: false; available: number } {
  if (quantity < 0 && draft.sku.reserve < -quantity) return { done: false, available: draft.sku.reserve }
  const repaid = quantity > 0 ? Math.min(quantity, draft.sku.unbacked) : 0
  shift(draft, null, { key, reason, at, deltas: { reserve: quantity - repaid, unbacked: -repaid, received: quantity } })
  return { done: true }
}

/** Between places of our own, at once. `warehouseId`: the warehouse whose mall units these are or become; absent: the main one. */
export function transfer(draft: Draft, from: 'mall' | 'reserve', to: 'mall' | 'reserve', quantity: number, key: string, at: Instant, warehouseId?: string): { done: true } | { done: false; available: number } {
  const available = from === 'mall' && warehouseId !== undefined ? (draft.sku.warehouses.find((one) => one.warehouseId === warehouseId)?.mall ?? 0) : draft.sku[from]
  if (available < quantity) return { done: false, available }
  const warehouses = warehouseId === undefined ? undefined : [{ warehouseId, mall: from === 'mall' ? -quantity : quantity, reserved: 0 }]
  if (from !== to) shift(draft, null, { key, reason: 'transfer', at, deltas: { [from]: -quantity, [to]: quantity }, ...(warehouses ? { warehouses } : {}) })
  return { done: true }
}

/** Mall units from one warehouse to another; null is the main one. What the buyer may have stays the same. */
export function relocate(draft: Draft, from: string | null, to: string | null, quantity: number, key: string, at: Instant): { done: true } | { done: false; available: number } {
  const available = from === null ? mainUnits(draft.sku).mall : (draft.sku.warehouses.find((one) => one.warehouseId === from)?.mall ?? 0)
  if (available < quantity) return { done: false, available }
  const warehouses = [...(from === null ? [] : [{ warehouseId: from, mall: -quantity, reserved: 0 }]), ...(to === null ? [] : [{ warehouseId: to, mall: quantity, reserved: 0 }])]
  if (from !== to) shift(draft, null, { key, reason: 'relocated', at, deltas: {}, warehouses })
  return { done: true }
}

/** What should be found when a SKU is counted, units of paid orders that wait for their parcel apart. null: everywhere but in the other warehouses. */
export function expectedUnits(sku: Sku, warehouseId: string | null): number {
  if (warehouseId !== null) {
    const place = sku.warehouses.find((one) => one.warehouseId === warehouseId)
    return place === undefined ? 0 : place.mall + place.reserved
  }
  const apart = sku.warehouses.reduce((sum, one) => sum + one.mall + one.reserved, 0)
  return sku.mall + sku.reserved + sku.reserve + sku.moving + sku.shelves.reduce((sum, shelf) => sum + shelf.shop + shelf.held, 0) - sku.unbacked - apart
}

/**
 * A difference found at a stock-take (盘点). More than expected goes to the reserve (or to the warehouse that was counted), after repaying what is offered with
 * nothing behind. Missing units leave the reserve, then the mall; what is missing beyond that is promised already (in the Shop, reserved): an alarm, until
 * units repay it.
 */
export function correct(draft: Draft, difference: number, warehouseId: string | null, key: string, reason: string, at: Instant): { reserve: number; mall: number; unbacked: number } {
  const { sku } = draft
  if (difference >= 0) {
    const repaid = Math.min(difference, sku.unbacked)
    const rest = difference - repaid
    const booked = warehouseId === null ? { reserve: rest, mall: 0, unbacked: -repaid } : { reserve: 0, mall: rest, unbacked: -repaid }
    if (difference > 0) shift(draft, null, { key, reason, at, deltas: { ...booked, received: difference }, ...(warehouseId === null ? {} : { warehouses: [{ warehouseId, mall: rest, reserved: 0 }] }) })
    return booked
  }
  const missing = -difference
  const here = warehouseId === null ? 0 : Math.min(missing, sku.warehouses.find((one) => one.warehouseId === warehouseId)?.mall ?? 0)
  const fromReserve = Math.min(missing - here, sku.reserve)
  const fromMall = here + Math.min(missing - here - fromReserve, sku.mall - here)
  const short = missing - fromReserve - fromMall
  shift(draft, null, { key, reason, at, deltas: { reserve: -fromReserve, mall: -fromMall, unbacked: short, received: -missing }, ...(here > 0 ? { warehouses: [{ warehouseId: warehouseId!, mall: -here, reserved: 0 }] } : {}) })
  if (short > 0) draft.alarms.push({ kind: 'unbacked', quantity: short, detail: { stockTake: key, missing } })
  return { reserve: 0 - fromReserve, mall: 0 - fromMall, unbacked: short }
}

/** A sold unit came back in good order; never by itself: refunds in the Shop do not return stock (shop sheet 3). */
export function restore(draft: Draft, quantity: number, key: string, at: Instant): { done: true } | { done: false; available: number } {
  const out = draft.sku.sold - draft.sku.restored
  if (out < quantity) return { done: false, available: out }
  shift(draft, null, { key, reason: 'restored', at, deltas: { reserve: quantity, restored: quantity } })
  return { done: true }
}

/** The share of a Shop as found in its flow, taken into the book. */
export function openShelf(draft: Draft, shelf: Shelf, found: { num: number; second: number; seen: number }, at: Instant): void {
  assert(shelf.openedAt === null, `the share of ${draft.sku.skuId} in ${shelf.connectionId} is open already`)
  Object.assign(shelf, { openedAt: at, reconciledAt: at, platformNum: found.num, flowSecond: found.second, flowSeen: found.seen })
  shift(draft, shelf, { key: `open/${shelf.connectionId}/${draft.sku.skuId}`, reason: 'opened', at, deltas: { shop: found.num, received: found.num } })
}

const isOpen = (move: Move): boolean => move.state === 'planned' || move.state === 'sent' || move.state === 'unknown'
const isOut = (move: Move): boolean => move.state === 'sent' || move.state === 'unknown'

/** Units leave our shelf before the call; units of the Shop stay there until proven gone. */
export function planMove(draft: Draft, shelf: Shelf, wish: Pick<Move, 'moveId' | 'direction' | 'place' | 'quantity' | 'actor'>, at: Instant): { move: Move } | { available: number } {
  const available = wish.direction === 'to-shop' ? draft.sku[wish.place] : shelf.shop - shelf.elsewhere
  if (available < wish.quantity) return { available }
  if (wish.direction === 'to-shop') shift(draft, shelf, { key: `move/${wish.moveId}/planned`, reason: 'move planned', at, deltas: { [wish.place]: -wish.quantity, moving: wish.quantity } })
  return { move: { ...wish, skuId: draft.sku.skuId, connectionId: shelf.connectionId, state: 'planned', reason: '', outboxId: null, plannedAt: at, sentAt: null, answeredAt: null, closedAt: null } }
}

/** At most one stock write is open per Shop and SKU: the oldest planned move may be sent when none is out. */
export function nextToSend(moves: readonly Move[]): Move | undefined {
  if (moves.some(isOut)) return undefined
  return moves.filter((move) => move.state === 'planned').sort((a, b) => a.plannedAt - b.plannedAt || (a.moveId < b.moveId ? -1 : 1))[0]
}

/** What the platform answered. An `ok` proves nothing (it has been seen to change nothing): the flow does. */
export function answerMove(draft: Draft, shelf: Shelf, move: Move, answer: 'ok' | 'refused' | 'no-answer', reason: string, now: Instant): void {
  if (!isOut(move)) return
  if (answer === 'refused') refuseMove(draft, shelf, move, reason, now)
  else if (answer === 'ok') Object.assign(move, { answeredAt: now, reason })
  else Object.assign(move, { state: 'unknown', reason, answeredAt: now })
}

export function confirmMove(draft: Draft, shelf: Shelf, move: Move, now: Instant): void {
  const { quantity, place } = move
  if (move.direction === 'to-shop') shift(draft, shelf, { key: `move/${move.moveId}/confirmed`, reason: 'move confirmed', at: now, deltas: { moving: -quantity, shop: quantity } })
  else {
    const repaid = Math.min(quantity, draft.sku.unbacked)
    shift(draft, shelf, { key: `move/${move.moveId}/confirmed`, reason: 'move confirmed', at: now, deltas: { shop: -quantity, [place]: quantity - repaid, unbacked: -repaid } })
  }
  Object.assign(move, { state: 'confirmed', closedAt: now })
}

export function refuseMove(draft: Draft, shelf: Shelf, move: Move, reason: string, now: Instant): void {
  if (move.direction === 'to-shop') shift(draft, shelf, { key: `move/${move.moveId}/refused`, reason: 'move refused', at: now, deltas: { moving: -move.quantity, [move.place]: move.quantity } })
  Object.assign(move, { state: 'refused', reason, closedAt: now })
}

/** An entry of the flow with how the book took it; `missing` is a step that the flow does not list. */
export type FlowNote = FlowEntry & { as: 'order' | 'cancelled' | 'our-move' | 'by-hand' | 'other-kind' | 'missing' }
/** So many entries are kept with a drift alarm, the newest. */
const maxNotes = 60

/** A call that has not shown in the flow this long after its answer (or silence) was not carried out. How late the flow may be is UNCONFIRMED. */
export const proofMs = 120_000
/** Clocks of the platform and ours may differ by this when a flow entry is matched with our call. */
const skewSeconds = 120

/**
 * Applies the entries of the platform's flow that follow the shelf's position: orders, cancelled orders, our own moves, edits by other hands; then
 * settles the move that is out and did not show. Holds are added and changed in place.
 * @param isPaid whether the order book knows the order as paid
 */
export function applyFlow(draft: Draft, shelf: Shelf, moves: readonly Move[], holds: Map<string, Hold>, entries: readonly FlowEntry[], isPaid: (orderId: string) => boolean, now: Instant): void {
  const out = moves.find((move) => isOut(move) && move.connectionId === shelf.connectionId)
  const numBefore = shelf.platformNum
  const told: FlowNote[] = []
  let byHand = 0
  for (const entry of entries) {
    if (entry.before !== shelf.platformNum) {
      told.push({ second: entry.second, op: 0, before: shelf.platformNum, after: entry.before, orderId: '', as: 'missing' })
      byHand += entry.before - shelf.platformNum
      // Something the flow does not list: taken as an edit, and said.
      draft.alarms.push({ kind: 'flow-gap', quantity: entry.before - shelf.platformNum, detail: { second: entry.second, expected: shelf.platformNum, found: entry.before } })
      edit(draft, shelf, entry.before - shelf.platformNum, `gap/${shelf.connectionId}/${draft.sku.skuId}/${entry.second}/${shelf.flowSecond === entry.second ? shelf.flowSeen : 0}`, entry.second * 1000)
      shelf.platformNum = entry.before
    }
    const ordinal = shelf.flowSecond === entry.second ? shelf.flowSeen : 0
    Object.assign(shelf, { flowSecond: entry.second, flowSeen: ordinal + 1, platformNum: entry.after })
    const key = `flow/${shelf.connectionId}/${draft.sku.skuId}/${entry.second}/${ordinal}`
    const at = entry.second * 1000
    const delta = entry.after - entry.before
    const ours = out !== undefined && isOut(out) && matches(out, entry)
    told.push({ ...entry, as: entry.op === 4 ? 'order' : entry.op === 5 ? 'cancelled' : entry.op === 6 || entry.op === 7 ? 'other-kind' : ours ? 'our-move' : 'by-hand' })
    if (entry.op === 4) {
      shift(draft, shelf, { key, reason: 'ordered in the Shop', at, deltas: { shop: delta, held: -delta } })
      const hold = holds.get(entry.orderId)
      // An order with several lines of one SKU takes it several times.
      if (hold?.state === 'held') hold.quantity -= delta
      else if (hold === undefined) holds.set(entry.orderId, { orderId: entry.orderId, quantity: -delta, state: 'held', at })
      else {
        hold.quantity -= delta
        shift(draft, shelf, { key: `${key}/sold`, reason: 'sold in the Shop', at, deltas: { held: delta, sold: -delta } })
      }
    } else if (entry.op === 5) {
      const hold = holds.get(entry.orderId)
      if (hold?.state === 'held') {
        shift(draft, shelf, { key, reason: 'order cancelled in the Shop', at, deltas: { held: -delta, shop: delta } })
        hold.quantity -= delta
        if (hold.quantity <= 0) hold.state = 'returned'
      } else if (hold?.state === 'sold') shift(draft, shelf, { key, reason: 'order cancelled in the Shop', at, deltas: { sold: -delta, shop: delta } })
      // Ordered before the share was opened: those units were not in the book yet.
      else shift(draft, shelf, { key, reason: 'order cancelled in the Shop', at, deltas: { received: delta, shop: delta } })
    } else if (entry.op === 6 || entry.op === 7) {
      // Between kinds of stock: the Shop can still sell them.
      shelf.elsewhere -= delta
      draft.alarms.push({ kind: 'other-kind', quantity: Math.abs(delta), detail: { op: entry.op, second: entry.second } })
    } else if (ours) confirmMove(draft, shelf, out, now)
    else {
      byHand += delta
      edit(draft, shelf, delta, key, at)
    }
  }
  // Somebody else's hand: absorbed or not, it is said with every entry between the number we knew and the one found.
  if (told.some((one) => (one.as === 'by-hand' && one.after !== one.before) || one.as === 'missing')) draft.alarms.push({ kind: 'drift', quantity: byHand, detail: { connectionId: shelf.connectionId, from: numBefore, to: shelf.platformNum, entries: told.slice(-maxNotes), left: Math.max(0, told.length - maxNotes) } })
  for (const hold of holds.values()) if (hold.state === 'held' && isPaid(hold.orderId)) sellHold(draft, shelf, hold, now)
  // A call that is still waiting to be made (no answer of any kind yet) may yet be carried out.
  if (out !== undefined && isOut(out) && out.answeredAt !== null && now - out.answeredAt >= proofMs) refuseMove(draft, shelf, out, out.state === 'unknown' ? 'not carried out' : 'answered ok, nothing changed', now)
  shelf.reconciledAt = now
}

/** An order that held units of the Shop is known to be paid. */
export function sellHold(draft: Draft, shelf: Shelf, hold: Hold, at: Instant): void {
  if (hold.state !== 'held') return
  hold.state = 'sold'
  shift(draft, shelf, { key: `sale/${shelf.connectionId}/${hold.orderId}/${draft.sku.skuId}`, reason: 'sold in the Shop', at, deltas: { held: -hold.quantity, sold: hold.quantity } })
}

function matches(move: Move, entry: FlowEntry): boolean {
  const op = move.direction === 'to-shop' ? 1 : 2
  return entry.op === op && Math.abs(entry.after - entry.before) === move.quantity && entry.second >= Math.floor((move.sentAt ?? 0) / 1000) - skewSeconds
}

/** Somebody changed the Shop's stock in its own back end: the difference is absorbed from the reserve; what the reserve lacks is an alarm. */
function edit(draft: Draft, shelf: Shelf, delta: number, key: string, at: Instant): void {
  if (delta === 0) return
  const { sku } = draft
  if (delta > 0) {
    const absorbed = Math.min(sku.reserve, delta)
    const short = delta - absorbed
    shift(draft, shelf, { key, reason: 'edited in the Shop', at, deltas: { shop: delta, reserve: -absorbed, unbacked: short } })
    if (short > 0) draft.alarms.push({ kind: 'unbacked', quantity: short, detail: { second: Math.floor(at / 1000), raisedBy: delta, absorbed } })
  } else {
    const repaid = Math.min(-delta, sku.unbacked)
    shift(draft, shelf, { key, reason: 'edited in the Shop', at, deltas: { shop: delta, reserve: -delta - repaid, unbacked: -repaid } })
  }
}

export { isOpen as isOpenMove }

// ---- the mall's own shelf ----

/** Which of the waiting baskets can be served, in the order of arrival; each whole or not at all. @returns for each the SKU that is short, or null. */
export function admit(available: ReadonlyMap<string, number>, baskets: ReadonlyArray<ReadonlyArray<{ skuId: string; quantity: number }>>): Array<{ skuId: string; available: number } | null> {
  const left = new Map(available)
  return baskets.map((lines) => {
    const wanted = new Map<string, number>()
    for (const line of lines) wanted.set(line.skuId, (wanted.get(line.skuId) ?? 0) + line.quantity)
    for (const [skuId, quantity] of wanted) if ((left.get(skuId) ?? 0) < quantity) return { skuId, available: left.get(skuId) ?? 0 }
    for (const [skuId, quantity] of wanted) left.set(skuId, left.get(skuId)! - quantity)
    return null
  })
}
