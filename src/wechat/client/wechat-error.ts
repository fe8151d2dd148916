import type { Line, Retry } from '../spec/endpoint.ts'

/**
 * What the client itself found, beside the platform's codes: `no-answer` (nothing, or nothing readable, came back), `forged` (the answer's
 * signature does not hold), `cap` (not sent: our own count says the platform would refuse), `no-ticket` (the platform has not pushed a
 * ticket yet), `unexpected-answer` (an answer that does not fit its schema), `wrong-account` (the account cannot make this call).
 */
export type ClientErrorCode = 'no-answer' | 'forged' | 'cap' | 'no-ticket' | 'unexpected-answer' | 'wrong-account'

export type WechatErrorDetails = {
  line: Line
  /** Name of the endpoint row. */
  api: string
  errcode: number | string
  errmsg: string
  retry: Retry
  requestId?: string
  noAnswer?: boolean
  retryAfterMs?: number
  status?: number
  detail?: unknown
}

/** A call to the platform that gave no good answer. Decisions read `errcode`, `retry` and `noAnswer`, never the text. */
export class WechatError extends Error {
  override name = 'WechatError'
  readonly line: Line
  readonly api: string
  /** The platform's code: a number, or Pay's text; or a `ClientErrorCode`. */
  readonly errcode: number | string
  readonly errmsg: string
  /** The platform's id of the call, for its support: rid, hint or Request-ID. */
  readonly requestId: string | undefined
  readonly retry: Retry
  /** True: the call may or may not have had its effect. */
  readonly noAnswer: boolean
  /** With `later`, how long at least, when known. */
  readonly retryAfterMs: number | undefined
  readonly status: number | undefined
  readonly detail: unknown
  constructor(details: WechatErrorDetails, cause?: unknown) {
    const { line, api, errcode, errmsg } = details
    super(`${api} failed on ${line}: ${errcode} ${errmsg}`, cause === undefined ? undefined : { cause })
    this.line = line
    this.api = api
    this.errcode = errcode
    this.errmsg = errmsg
    this.requestId = details.requestId
    this.retry = details.retry
    this.noAnswer = details.noAnswer ?? false
    this.retryAfterMs = details.retryAfterMs
    this.status = details.status
    this.detail = details.detail
  }
}
