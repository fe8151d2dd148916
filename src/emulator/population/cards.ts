import type { Namespace } from '../core/namespace.ts'
import type { PopulationState } from './live.ts'

/**
 * What a message carries that can be tapped (卡片与链接). A tap is known to nobody but where it leads: the merchant's own mini program sees a launch with path, query and
 * scene, the Shop sees the source of an order that was placed through the link; WeCom itself reports no taps on messages of members.
 */
export type Card =
  /** A card of a mini program. */
  | { kind: 'mini'; appid: string; page: string }
  /** The link of a Shop product (`product/h5url/get`), with or without WeCom parameters. */
  | { kind: 'product'; productId: string; url: string }
  /** A page that is not emulated: where it leads is not seen. */
  | { kind: 'page'; url: string }

/** Launch from a card in a chat of two (基础库场景值 1007). */
export const cardScene = 1007
/** Days for which somebody goes back to a message to tap it. */
const cardDays = 14

/** The first thing in a message that can be tapped. */
export function cardOf(content: { attachments: ReadonlyArray<Record<string, unknown>> }): Card | undefined {
  for (const attachment of content.attachments) {
    const block = (attachment[String(attachment.msgtype)] ?? {}) as Record<string, string | undefined>
    if (attachment.msgtype === 'miniprogram' && block.appid !== undefined) return { kind: 'mini', appid: block.appid, page: block.page ?? '' }
    if (attachment.msgtype !== 'link' || block.url === undefined) continue
    const product = /\/(\d{14})(?:[/?#]|$)/.exec(block.url)
    return product ? { kind: 'product', productId: product[1], url: block.url } : { kind: 'page', url: block.url }
  }
  return undefined
}

/** Somebody saw a message; its card, if it has one, is what they can tap from now on. */
export function keepCard(state: PopulationState, i: number, ref: string, day: number, content: { attachments: ReadonlyArray<Record<string, unknown>> }): Card | undefined {
  const card = state.cards?.[ref]?.card ?? cardOf(content)
  if (card === undefined) return undefined
  ;(state.cards ??= {})[ref] ??= { day, card }
  ;(state.cardsSeen ??= {})[i] = ref
  return card
}

/** The card that this person would tap on this day. */
export function cardSeen(state: PopulationState, i: number, day: number): Card | undefined {
  const found = state.cards?.[state.cardsSeen?.[i] ?? '']
  return found === undefined || day > found.day + cardDays ? undefined : found.card
}

export function dropCards(state: PopulationState, day: number): void {
  if (state.cards === undefined) return
  for (const [ref, { day: seen }] of Object.entries(state.cards)) if (day > seen + cardDays) delete state.cards[ref]
  for (const [i, ref] of Object.entries(state.cardsSeen ?? {})) if (state.cards[ref] === undefined) delete state.cardsSeen![i]
}

/** Does this appid belong to this world? A card of somebody else's mini program leads out of it. */
export const isOurs = (ns: Namespace, appid: string): boolean => ns.accounts.some((account) => account.kind === 'mini-program' && account.id === appid)
