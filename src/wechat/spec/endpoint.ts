import type { z } from 'zod'

/**
 * The one table of the wire: a row per platform endpoint. Client types, emulator routes, rate caps, error kinds and the coverage page
 * derive from these rows, so a field is written once. One file per API family; each row is an exported constant.
 * Schemas are loose (`z.looseObject`): blocks go missing in reality. Limits live in the emulator's handlers.
 */
export const lines = ['wecom', 'provider', 'official-account', 'mini-program', 'shop', 'channels', 'component', 'pay'] as const
export type Line = (typeof lines)[number]

/** How a call proves who it is: a token in the query (whose name differs by line), a Pay signature, or nothing (token endpoints). */
export type Credential = 'access_token' | 'component_access_token' | 'suite_access_token' | 'provider_access_token' | 'pay-signature' | 'none'

/** When may a call that gave no answer be made again? See the outbox. `keyed`: the named request field makes a repeat harmless. `probe`: ask that endpoint first. */
export type Repeat = 'safe' | 'never' | { keyed: string } | { probe: string }

/** now: at once after a refresh or a breath; later: after the stated wait or the next window; never: a person or another decision is needed. */
export type Retry = 'now' | 'later' | 'never'

/** At most `count` calls per `perMs` for each `per` (account = appid or corp). `source` names the sheet row, or says UNCONFIRMED. */
export type Cap = { count: number; perMs: number; per: 'account' | 'ip' | 'member' | 'object'; source: string }

export type KnownError = { retry: Retry; en: string }

/**
 * sample: the row carries a request or answer from the sheets that the schema accepts; sdk: a public SDK made the call in our tests;
 * reading: neither, our reading of the sheet only.
 */
export type Verified = 'sample' | 'sdk' | 'reading'

export type EndpointRow<Req extends z.ZodType = z.ZodType, Res extends z.ZodType = z.ZodType> = {
  /** Unique and stable: `<line>.<family>.<verb>`, e.g. `shop.order.get`. */
  name: string
  line: Line
  /** Other lines whose tokens the platform accepts on this path with the same meaning. */
  alsoLines?: readonly Line[]
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With a leading slash, no host; Pay's path parameters in braces. */
  path: string
  credential: Credential
  /** read: changes nothing, is not journaled; write: changes the platform's state. */
  effect: 'read' | 'write'
  /** GET: the query (besides the token); other methods: the JSON body. Path parameters are part of it. */
  request: Req
  response: Res
  /** How bodies travel when not JSON. `binary`: the answer is bytes (images, bills). */
  body?: 'json' | 'multipart' | 'binary'
  caps?: readonly Cap[]
  /** errcode (or Pay code) → what it means here; common codes come from `errors.ts` of the family. */
  errors?: Readonly<Record<string, KnownError>>
  repeat: Repeat
  /** The sheet's source key, e.g. `DS/API/order/get` or `D92114`, or the official address. */
  doc: string
  sample?: { request?: unknown; response?: unknown }
  verified: Verified
  /** Name of the call for people, Chinese. */
  zh: string
}

export function endpoint<Req extends z.ZodType, Res extends z.ZodType>(row: EndpointRow<Req, Res>): EndpointRow<Req, Res> {
  return row
}

export type RequestOf<E> = E extends EndpointRow<infer Req, z.ZodType> ? z.input<Req> : never
export type ResponseOf<E> = E extends EndpointRow<z.ZodType, infer Res> ? z.output<Res> : never
