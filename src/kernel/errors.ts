/**
 * The error catalogue (错误目录): each module lists its faults in its own `errors.ts` with `defineErrors`; docs/errors.md is generated
 * from all of them. Wording: what could not be done, to which thing, what was found against what was expected, what to do next.
 */
export type ErrorEntry = {
  /** HTTP status that the API answers with. */
  status: number
  /** For the screen; `{name}` is filled from the parameters. */
  zh: string
  /** For logs, and for the screen when the language is English. */
  en: string
}
export type ErrorParams = Record<string, string | number>

/** Input or environment is wrong. Decisions read `code`, never the text. */
export class Fault extends Error {
  override name = 'Fault'
  readonly code: string
  readonly status: number
  readonly zh: string
  readonly params: ErrorParams
  constructor(code: string, entry: ErrorEntry, params: ErrorParams, cause?: unknown) {
    super(fill(entry.en, params), cause === undefined ? undefined : { cause })
    this.code = code
    this.status = entry.status
    this.zh = fill(entry.zh, params)
    this.params = params
  }
}

export type ErrorTable = Record<string, ErrorEntry>
export type FaultMaker<T extends ErrorTable> = ((code: keyof T & string, params?: ErrorParams, cause?: unknown) => Fault) & { table: T }

export function defineErrors<const T extends ErrorTable>(table: T): FaultMaker<T> {
  const make = (code: keyof T & string, params: ErrorParams = {}, cause?: unknown): Fault => new Fault(code, table[code], params, cause)
  return Object.assign(make, { table })
}

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole))
}
