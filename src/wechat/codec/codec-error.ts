/**
 * Why a message could not be read. `signature`, `receive-id`, `missing-signature`, `unknown-key`, `stale` and `probe` mean: do not believe
 * it; `malformed` and `padding` mean: not in the platform's form; `key`: our own settings are wrong.
 */
export type CodecErrorKind =
  | 'signature'
  | 'missing-signature'
  | 'unknown-key'
  | 'stale'
  | 'probe'
  | 'receive-id'
  | 'padding'
  | 'malformed'
  | 'key'

export class CodecError extends Error {
  override name = 'CodecError'
  readonly kind: CodecErrorKind
  constructor(kind: CodecErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}
