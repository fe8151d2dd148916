import { BareNumber, parseJson, writeJson } from '../../kernel/json.ts'

/** The in-memory door: what arrives and what goes back. Header names are lower case. */
export type WireRequest = {
  method: string
  /** Path and query, e.g. `/cgi-bin/token?appid=…`. */
  url: string
  headers: Record<string, string>
  body: Buffer
  ip: string
}

/** `status` 0: no answer is sent at all (the caller times out, or the connection is reset). */
export type WireAnswer = { status: number; headers: Record<string, string>; body: Buffer }

/** A push in its envelope, ready to travel. */
export type Sealed = { method: 'POST' | 'GET'; url: string; headers: Record<string, string>; body: string }

/**
 * Carries a push to the receiver. Rejects when nothing came back within `timeLimitMs` or the connection failed.
 * Deliveries are tried one by one or several at once, as the emulator was told.
 */
export type Send = (push: Sealed, timeLimitMs: number) => Promise<{ status: number; body: string }>

const longDigits = /[:[,\s]-?\d{16,}/

/** Reads JSON from outside; the exact (slow) reader is used only when the text holds a number that may lose digits. */
export function readBody(text: string): unknown {
  return longDigits.test(text) ? parseJson(text) : JSON.parse(text)
}

/** Writes an answer; the exact (slow) writer is used only when a `BareNumber` is in it. */
export function writeBody(value: unknown): string {
  const text = JSON.stringify(value)
  return text !== undefined && text.includes('{"digits":"') && holdsBareNumber(value) ? writeJson(value) : (text ?? 'null')
}

function holdsBareNumber(value: unknown): boolean {
  if (value instanceof BareNumber) return true
  if (value === null || typeof value !== 'object') return false
  return Object.values(value).some(holdsBareNumber)
}

/** Removes null fields of objects, deeply: strictly typed clients send null for what they leave out. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== 'object') return value
  const kept: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (item !== null) kept[key] = withoutNulls(item)
  return kept
}

export type Part = { name: string; filename?: string; contentType?: string; bytes: Uint8Array }

/** Reads multipart/form-data; returns no parts when the body is something else. */
export function readParts(contentType: string | undefined, body: Buffer): Part[] {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '')
  if (!boundary) return []
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2]}`)
  const parts: Part[] = []
  let from = body.indexOf(mark)
  while (from >= 0) {
    const start = from + mark.length
    const next = body.indexOf(mark, start)
    if (next < 0) break
    const section = body.subarray(start, next)
    const split = section.indexOf('\r\n\r\n')
    if (split >= 0) {
      const head = section.subarray(0, split).toString('utf8')
      const name = /name="([^"]*)"/i.exec(head)?.[1]
      if (name !== undefined) {
        parts.push({
          name,
          filename: /filename="([^"]*)"/i.exec(head)?.[1],
          contentType: /content-type:\s*([^\r\n]+)/i.exec(head)?.[1],
          bytes: section.subarray(split + 4, section.length - 2),
        })
      }
    }
    from = next
  }
  return parts
}

export function jsonAnswer(value: unknown, status = 200, headers: Record<string, string> = {}): WireAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: Buffer.from(writeBody(value)) }
}
