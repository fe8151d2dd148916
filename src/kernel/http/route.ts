import type { z } from 'zod'
import type { Right, Session } from '../access/index.ts'
import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db/index.ts'
import type { Ids } from '../ids.ts'

/** What a handler gets. `tx` is one transaction of the tenant that commits when the handler returns. */
export type ApiCall<P, Q, B> = {
  tenantId: number
  session: Session
  role: string
  /** "login · name" for the audit trail. */
  actor: string
  params: P
  query: Q
  body: B
  tx: Tx
  db: Db
  /** The world's clock of this tenant. */
  clock: Clock
  ids: Ids
  language: 'zh' | 'en'
  /** The merchant lives in a simulated sea: exports say so. */
  simulated: boolean
}

/** A download: text or bytes with a name. */
export class FileAnswer {
  readonly name: string
  readonly contentType: string
  readonly content: string | Buffer
  constructor(name: string, contentType: string, content: string | Buffer) {
    this.name = name
    this.contentType = contentType
    this.content = content
  }
}

export type ApiRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/t/:tenant`, e.g. `/orders/:shelf/:orderId`. */
  path: string
  right: Right
  /** The route exists only while this block is on. */
  block?: string
  /** A privileged act: written to the audit trail under this name after it succeeded. */
  audit?: string
  what: string
  params?: P
  query?: Q
  body?: B
  handle(call: ApiCall<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>
}
export type AnyRoute = ApiRoute<z.ZodType, z.ZodType, z.ZodType>

export function route<P extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined, B extends z.ZodType = z.ZodUndefined>(definition: ApiRoute<P, Q, B>): AnyRoute {
  return definition as unknown as AnyRoute
}
