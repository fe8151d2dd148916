import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { ReplyHandler } from '../../kernel/engine/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { diffType } from '../../wechat/spec/shop/product.ts'
import { answerMove, nextToSend, planMove, type Draft, type Move, type Shelf } from './escrow.ts'
import { findMove, lockSkus, openMoves, putMoves, saveDrafts } from './store.ts'

/**
 * Moving units between the mall (or the reserve) and a Shop, in two phases. Per (Shop, SKU) one stock write is open at most; its call goes through the
 * outbox lane of that pair and is never repeated; only the platform's stock flow says that it happened.
 */
export const flowJobKind = 'stock.flow'
export const moveReplyKind = 'stock.move'
/** @param found what the platform said it has, where that is why the flow is read */
export const flowJob = (connectionId: string, skuId: string, dueAt: Instant, found?: number) => ({ kind: flowJobKind, key: `${connectionId}/${skuId}`, dueAt, state: { connectionId, skuId, ...(found === undefined ? {} : { found }) } })

export type MoveWish = { skuId: string; connectionId: string; direction: Move['direction']; place: Move['place']; quantity: number; actor: string; /** The same key again is the same move. */ key?: string }
export type MoveOutcome = { kind: 'planned'; move: Move } | { kind: 'short'; available: number } | { kind: 'not-tracked' } | { kind: 'share-unknown' }

export async function requestMove(tx: Tx, tenantId: number, wish: MoveWish, now: Instant, ids: Ids): Promise<MoveOutcome> {
  const draft = (await lockSkus(tx, tenantId, [wish.skuId], { shelves: true })).get(wish.skuId)
  const shelf = draft?.sku.shelves.find((one) => one.connectionId === wish.connectionId)
  if (!draft || !shelf) return { kind: 'not-tracked' }
  if (shelf.openedAt === null) return { kind: 'share-unknown' }
  const moveId = wish.key === undefined ? ids.next() : moveIdOf(tenantId, wish.key)
  const before = wish.key === undefined ? undefined : await findMove(tx, tenantId, moveId)
  if (before !== undefined) return { kind: 'planned', move: before }
  const planned = planMove(draft, shelf, { moveId, direction: wish.direction, place: wish.place, quantity: wish.quantity, actor: wish.actor }, now)
  if ('available' in planned) return { kind: 'short', available: planned.available }
  const moves = [...(await openMoves(tx, tenantId, [wish.skuId])).filter((move) => move.connectionId === wish.connectionId), planned.move]
  await sendNext(tx, tenantId, shelf, moves, now, ids)
  await putMoves(tx, tenantId, [planned.move])
  await saveDrafts(tx, tenantId, [draft], now, ids)
  return { kind: 'planned', move: planned.move }
}

/** The move that was asked for under this key, if any. */
export const moveOfKey = (tx: Tx, tenantId: number, key: string): Promise<Move | undefined> => findMove(tx, tenantId, moveIdOf(tenantId, key))

/** A UUID version 8 (RFC 9562) made from the caller's key. */
function moveIdOf(tenantId: number, key: string): string {
  const hex = createHash('sha256').update(`stock move ${tenantId} ${key}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Hands the oldest planned move to the outbox when nothing of its shelf is out. @returns the moves whose row must be written again. */
export async function sendNext(tx: Tx, tenantId: number, shelf: Shelf, moves: readonly Move[], now: Instant, ids: Ids): Promise<Move[]> {
  const next = nextToSend(moves)
  if (!next) return []
  Object.assign(next, { state: 'sent', sentAt: now, outboxId: ids.next() })
  await enqueueCalls(tx, tenantId, [{
    outboxId: next.outboxId!, connectionId: shelf.connectionId, endpoint: 'shop.stock.update', lane: `stock/${shelf.connectionId}/${next.skuId}`, dueAt: now, createdAt: now,
    request: { product_id: shelf.productId, sku_id: shelf.platformSkuId, diff_type: next.direction === 'to-shop' ? diffType.add : diffType.subtract, num: next.quantity },
    reply: { kind: moveReplyKind, moveId: next.moveId },
  }])
  return [next]
}

/** Code -1 (busy) is no answer: it does not say that nothing was done. */
export const moveReply: ReplyHandler = {
  kind: moveReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { tenantId, now, ids } = work
    const known = await findMove(tx, tenantId, (call.reply as { moveId: string }).moveId)
    if (!known) return
    const draft = (await lockSkus(tx, tenantId, [known.skuId], { shelves: true })).get(known.skuId)!
    const shelf = draft.sku.shelves.find((one) => one.connectionId === known.connectionId)!
    const moves = (await openMoves(tx, tenantId, [known.skuId])).filter((one) => one.connectionId === known.connectionId)
    const move = moves.find((one) => one.moveId === known.moveId)
    if (!move) {
      // The flow has settled it before its answer came.
      await withdrawCalls(tx, tenantId, [call.outboxId], now)
      return
    }
    const answer = outcome.kind === 'refused' && outcome.code === '-1' ? 'no-answer' : outcome.kind
    answerMove(draft, shelf, move, answer, outcome.kind === 'ok' ? '' : outcome.kind === 'refused' ? `${outcome.code} ${outcome.text}` : outcome.text, now)
    const sent = answer === 'refused' ? await sendNext(tx, tenantId, shelf, moves, now, ids) : []
    if (answer === 'refused') await withdrawCalls(tx, tenantId, [call.outboxId], now)
    // Not enough there to subtract: the Shop has sold what we believe it has.
    if (answer !== 'refused' || move.direction === 'from-shop') await putJobs(tx, tenantId, [flowJob(shelf.connectionId, move.skuId, now)])
    await putMoves(tx, tenantId, [move, ...sent])
    await saveDrafts(tx, tenantId, [draft], now, ids)
  },
}

export type { Draft }
