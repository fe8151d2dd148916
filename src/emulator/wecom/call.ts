import type { z } from 'zod'
import type { EndpointRow } from '../../wechat/spec/endpoint.ts'
import type { CorpApp } from '../core/account.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Call, type Route } from '../core/registry.ts'
import { stateOf, type CorpState } from './state.ts'

export type WecomCall<I> = { ns: Namespace; corp: CorpState; app: CorpApp; input: I; call: Call<I> }

/** Serves a row whose token belongs to a corp's app; the trusted IP list is checked before anything else. */
export function wecom<Req extends z.ZodType, Res extends z.ZodType>(
  endpoint: EndpointRow<Req, Res>,
  handler: (call: WecomCall<z.output<Req>>) => z.input<Res>,
): Route {
  return serve(endpoint, (call) => {
    const { ns, account, app, ip } = call
    if (account?.kind !== 'wecom' || !app) throw new PlatformError(40014, 'invalid access_token')
    const corp = stateOf(ns, account)
    if (corp.settings.closed) throw new PlatformError(301007, 'corp unavailable')
    if (corp.settings.trustedIps && !corp.settings.trustedIps.includes(ip)) throw new PlatformError(60020, 'not allow to access from your ip')
    return handler({ ns, corp, app, input: call.input, call })
  })
}

/** Length limits of WeCom count characters or bytes by field. */
export const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

export function atMost(text: string | undefined, max: number, field: string, by: 'characters' | 'bytes' = 'characters'): void {
  if (text === undefined) return
  const length = by === 'bytes' ? bytesOf(text) : [...text].length
  if (length > max) throw new PlatformError(40058, `invalid parameter: ${field} is ${length} ${by} long, ${max} at most`)
}

export function listAtMost(list: readonly unknown[] | undefined, max: number, field: string, code = 40058): void {
  if (list && list.length > max) throw new PlatformError(code, `invalid parameter: ${field} has ${list.length} entries, ${max} at most`)
}

/** `limit` as given, else the usual; outside 1 to `max` is an error, as the platform answers it. */
export function limitOf(limit: number | undefined, usual: number, max: number): number {
  if (limit === undefined || limit === 0) return usual
  if (limit < 0 || limit > max) throw new PlatformError(40058, `invalid parameter: limit must be 1 to ${max}`)
  return limit
}

/**
 * A page of a list that only grows at its end or shrinks; the cursor names the last key given, so entries removed meanwhile shift nothing.
 * An empty next_cursor is the end. With the fault `partial` the last entries of a page are left out.
 */
export function page<T>(
  list: readonly T[],
  keyOf: (item: T) => string,
  cursor: string | undefined,
  limit: number,
  faults: readonly string[] = [],
): { items: T[]; next_cursor: string } {
  const { after, index } = readCursor(cursor)
  let from = 0
  if (after !== undefined) {
    // The key is usually where it was.
    const guess = index < list.length && keyOf(list[index]) === after ? index : list.findIndex((item) => keyOf(item) === after)
    from = guess < 0 ? Math.min(index, list.length) : guess + 1
  }
  const items = list.slice(from, from + limit)
  const end = from + items.length
  const next_cursor =
    end < list.length && items.length > 0 ? Buffer.from(JSON.stringify([keyOf(items[items.length - 1]), end - 1])).toString('base64url') : ''
  return { items: faults.includes('partial') ? items.slice(0, Math.ceil(items.length / 2)) : items, next_cursor }
}

function readCursor(cursor: string | undefined): { after: string | undefined; index: number } {
  if (cursor === undefined || cursor === '') return { after: undefined, index: 0 }
  try {
    const [after, index] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [string, number]
    if (typeof after === 'string' && Number.isInteger(index) && index >= 0) return { after, index }
  } catch {
    // falls through to the platform's error
  }
  throw new PlatformError(40058, 'invalid parameter: cursor')
}
