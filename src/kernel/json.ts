import { parse, stringify } from 'lossless-json'

const longDigits = /(?:^|[:[,\s])-?\d{16,}/

/**
 * JSON without lost digits: integers beyond 2^53 (WeChat's order ids arrive as bare 64-bit numbers) become strings, all other numbers
 * are ordinary numbers. Use it for every text that came from outside.
 */
export function parseJson(text: string): unknown {
  // Most texts hold no number that could lose digits; the native reader is ten times faster.
  if (!longDigits.test(text)) return JSON.parse(text)
  return parse(text, undefined, (digits) => {
    const value = Number(digits)
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? digits : value
  })
}

/** A 64-bit id written as a bare JSON number, for platforms' samples that show it so. */
export class BareNumber {
  readonly digits: string
  constructor(digits: string) {
    if (!/^-?\d+$/.test(digits)) throw new TypeError(`a bare number needs digits, got ${JSON.stringify(digits)}`)
    this.digits = digits
  }
}

/** Writes JSON; `BareNumber` values come out as digits without quotes. */
export function writeJson(value: unknown): string {
  return stringify(value, undefined, undefined, [{ test: (item) => item instanceof BareNumber, stringify: (item) => (item as BareNumber).digits }]) ?? 'null'
}

/** JSON with sorted keys: equal values give equal text, so that it can be hashed. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}
