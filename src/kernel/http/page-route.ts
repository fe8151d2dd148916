import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Ids } from '../ids.ts'
import type { Markup } from './html.ts'

/**
 * Pages for readers (网页): HTML below `/c/<slug>`, one merchant by its slug. No console session: a reader is known by a cookie that only these pages
 * get, a browser by another. Every form carries a token bound to both, and a form from another site is refused before the handler runs.
 */
export type PageCall<P, Q, F> = {
  tenantId: number
  slug: string
  tenantName: string
  /** The merchant lives in a simulated sea; the page says so. */
  simulated: boolean
  params: P
  query: Q
  form: F
  /** What the reader's cookie holds; the module that made it checks it. */
  session: string | undefined
  /** A name of this browser that says nothing about the person; forms are bound to it. */
  deviceKey: string
  /** Goes into every form of the answer as `_token`. */
  csrf: string
  language: 'zh' | 'en'
  /** What the reader chose; absent: as their device is. */
  theme: 'light' | 'dark' | undefined
  /** Path and query of this request. */
  path: string
  /** Scheme and host under which this site is known, no slash at the end. */
  origin: string
  userAgent: string
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The world's clock of this merchant. */
  clock: Clock
  ids: Ids
}

/** Cookies that an answer may set; `null` takes one away. */
export type PageCookies = { session?: string | null; language?: 'zh' | 'en'; theme?: 'light' | 'dark' | null }
export type PageAnswer = { cookies?: PageCookies } & (
  | { kind: 'page'; status?: number; markup: Markup }
  /** After a form: seen with GET, so that going back and reloading repeat nothing. */
  | { kind: 'go'; to: string }
  /** Anything else; `maxAge` in seconds, `forever` for what has its version in the address, 0 for what is this reader's alone and never kept. */
  | { kind: 'file'; contentType: string; content: string | Buffer; maxAge: number | 'forever' }
)

export type PageRoute<P extends z.ZodType, Q extends z.ZodType, F extends z.ZodType> = {
  method: 'GET' | 'POST'
  /** Below `/c/:slug`, e.g. `/a/:article`; empty for the first page. */
  path: string
  what: string
  /** Requests of one address per minute; the same number may come at once. */
  perMinute: number
  params?: P
  query?: Q
  form?: F
  handle(call: PageCall<z.output<P>, z.output<Q>, z.output<F>>): Promise<PageAnswer>
}
export type AnyPageRoute = PageRoute<z.ZodType, z.ZodType, z.ZodType>
export type AnyPageCall = PageCall<unknown, unknown, unknown>

/** All pages of one block, and how they say that something went wrong. */
export type PageSite = {
  block: string
  routes: readonly AnyPageRoute[]
  /** `zh` and `en` are one sentence each, already filled in. */
  trouble(call: AnyPageCall, status: number, zh: string, en: string): Promise<PageAnswer>
}

export function pageRoute<P extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined, F extends z.ZodType = z.ZodUndefined>(definition: PageRoute<P, Q, F>): AnyPageRoute {
  return definition as unknown as AnyPageRoute
}

/** What these pages may load and do: their own files and forms, nothing of anybody else, no script in the page. */
export const pagePolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "media-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
].join('; ')
