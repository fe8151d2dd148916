import type { z } from 'zod'
import type { EndpointRow, Line } from '../../wechat/spec/endpoint.ts'
import type { Account, CorpApp } from './account.ts'
import type { Namespace } from './namespace.ts'

/** What a handler is given. `input` is already checked against the row's request schema and has ids as strings where the schema says so. */
export type Call<I = unknown> = {
  ns: Namespace
  /** Owner of the token, or of the Pay signature; undefined for token endpoints (credential none). */
  account: Account | undefined
  /** WeCom: the app whose secret the token came from. */
  app: CorpApp | undefined
  input: I
  query: Record<string, string>
  params: Record<string, string>
  headers: Record<string, string>
  /** Uploads: the parts of a multipart body. */
  parts: Array<{ name: string; filename?: string; contentType?: string; bytes: Uint8Array }>
  /** Source address as the caller shows it, for allow lists. */
  ip: string
  /** Wire time (real unless simulated), for Pay signatures. Business time is `ns.now`. */
  wireNow: number
}

/** Bytes as an answer (QR images, bill files). */
export class BinaryAnswer {
  readonly contentType: string
  readonly bytes: Uint8Array
  constructor(contentType: string, bytes: Uint8Array) {
    this.contentType = contentType
    this.bytes = bytes
  }
}

/** Synchronous and deterministic: state and draws come from `call.ns` alone. Throws `PlatformError` for the platform's own errors. */
export type Handler<Req extends z.ZodType, Res extends z.ZodType> = (call: Call<z.output<Req>>) => z.input<Res> | BinaryAnswer

export type Route = { endpoint: EndpointRow; handler: Handler<z.ZodType, z.ZodType> }

/**
 * An act is something people or the platform do by themselves: a buyer pays, a contact scans, an audit passes. Acts are the emulator's own
 * door (admin API, population, tests), not WeChat's. Args and result are JSON.
 */
export type Act<A = unknown, R = unknown> = { name: string; en: string; args: z.ZodType<A>; run: (ns: Namespace, args: A) => R }

export type LineModule = { line: Line | 'core'; routes: Route[]; acts: Act[]; /** Makes the line's default accounts and state in a new namespace. */ prepare?: (ns: Namespace) => void }

export function serve<Req extends z.ZodType, Res extends z.ZodType>(endpoint: EndpointRow<Req, Res>, handler: Handler<Req, Res>): Route {
  return { endpoint: endpoint as EndpointRow, handler: handler as unknown as Handler<z.ZodType, z.ZodType> }
}

export function act<A, R>(definition: Act<A, R>): Act {
  return definition as unknown as Act
}
