import { openidOf as drawOpenid, unionidOf as drawUnionid } from './core-module.ts'
import { slice, type Namespace, type Slice } from './namespace.ts'

/**
 * People (自然人) as the platform sees them: one openid for each appid. `person` is the emulator's own name for somebody ("p-17"); it never
 * appears on the wire. This remembers which openid was given to whom, so that a line can refuse one that is not its own.
 */
type People = { byOpenid: Record<string, { appid: string; person: string }> }
const people: Slice<People> = { name: 'core.people', init: () => ({ byOpenid: {} }) }

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

/** The person's unionid under that Open Platform account; undefined when there is none. */
export function unionidOf(ns: Namespace, openPlatform: string | null, person: string): string | undefined {
  return drawUnionid(ns, { openPlatform }, person)
}
