import { randomOf, slice, type Namespace, type Slice } from './namespace.ts'

/**
 * People (自然人) as the platform sees them: one openid for each appid, one unionid for each Open Platform account (开放平台账号).
 * `person` is the emulator's own name for somebody ("p-17"); it never appears on the wire. Ids are drawn from the world's seed, so every line
 * computes the same ones without asking another.
 */
type People = { byOpenid: Record<string, { appid: string; person: string }> }
const people: Slice<People> = { name: 'core.people', init: () => ({ byOpenid: {} }) }

/** 28 characters, `o` first. Remembers whose it is. */
export function openidOf(ns: Namespace, appid: string, person: string): string {
  const openid = `o${randomOf(ns).bytes(21, 'openid', appid, person).toString('base64url').slice(0, 27)}`
  slice(ns, people).byOpenid[openid] ??= { appid, person }
  return openid
}

/** Who has this openid, and with which appid; undefined when nobody was given it yet. */
export function personOf(ns: Namespace, openid: string): { appid: string; person: string } | undefined {
  return (ns.slices[people.name] as People | undefined)?.byOpenid[openid]
}

/** Undefined when the account is bound to no Open Platform account: then no unionid comes anywhere. */
export function unionidOf(ns: Namespace, openPlatform: string | null, person: string): string | undefined {
  if (openPlatform === null) return undefined
  return `o${randomOf(ns).bytes(21, 'unionid', openPlatform, person).toString('base64url').slice(0, 27)}`
}
