import type { WeixinAccount } from './account.ts'
import { randomOf, slice, type Namespace, type Slice } from './namespace.ts'

/**
 * People (自然人) as the platform sees them: one openid for each appid, and one unionid for all accounts bound to one Open Platform account. Both
 * are drawn from the world's seed, so that all lines agree without a shared table. `person` is the emulator's own name for somebody ("p-17"); it
 * never appears on the wire. Which openid was given to whom is remembered, so that a line can refuse one that is not its own.
 */
type People = { byOpenid: Record<string, { appid: string; person: string }> }
const people: Slice<People> = { name: 'core.people', init: () => ({ byOpenid: {} }) }

/** What the person's openid for this appid is or would be. */
export function drawOpenid(ns: Namespace, appid: string, person: string): string {
  return `o${randomOf(ns).bytes(21, 'openid', appid, person).toString('base64url').slice(0, 27)}`
}

/** The person's openid for this appid, remembered. Changes the state: not for reads. */
export function openidOf(ns: Namespace, appid: string, person: string): string {
  const openid = drawOpenid(ns, appid, person)
  slice(ns, people).byOpenid[openid] ??= { appid, person }
  return openid
}

/** Who has this openid, and with which appid; undefined when nobody was given it yet. */
export function personOf(ns: Namespace, openid: string): { appid: string; person: string } | undefined {
  return (ns.slices[people.name] as People | undefined)?.byOpenid[openid]
}

/** The person's unionid for an account; undefined when the account is bound to no Open Platform account. */
export function unionidOf(ns: Namespace, account: Pick<WeixinAccount, 'openPlatform'>, person: string): string | undefined {
  if (account.openPlatform === null) return undefined
  return `o${randomOf(ns).bytes(21, 'unionid', account.openPlatform, person).toString('base64url').slice(0, 27)}`
}
