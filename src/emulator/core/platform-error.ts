/**
 * An answer of the platform that is an error. WeCom, Official Account, Shop: HTTP 200 with `errcode` and `errmsg`;
 * Pay: an HTTP status with `code`, `message`, `detail`. Throw one from a handler; the line's codec writes it.
 */
export class PlatformError extends Error {
  override name = 'PlatformError'
  readonly errcode: number | string
  readonly status: number
  readonly detail: unknown
  constructor(errcode: number | string, errmsg: string, options: { status?: number; detail?: unknown } = {}) {
    super(errmsg)
    this.errcode = errcode
    this.status = options.status ?? 200
    this.detail = options.detail
  }
}
