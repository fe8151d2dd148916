import type { z } from 'zod'

/**
 * Fits an answer to its schema. The platform writes one id now as text, now as a bare number, depending on the endpoint and the year: where
 * the schema wants text and a number came (or the reverse), it is turned in the given value.
 */
export function fitAnswer<T>(schema: z.ZodType<T>, value: unknown): { ok: true; value: T } | { ok: false; reason: string } {
  const first = schema.safeParse(value)
  if (first.success) return { ok: true, value: first.data }
  let turned = false
  for (const issue of first.error.issues) {
    if (issue.code === 'invalid_type' && turn(value, issue.path, issue.expected)) turned = true
  }
  const second = turned ? schema.safeParse(value) : first
  if (second.success) return { ok: true, value: second.data }
  const issue = second.error.issues[0]
  return { ok: false, reason: `${issue.path.join('.') || 'the answer'}: ${issue.message}` }
}

function turn(root: unknown, path: PropertyKey[], expected: string): boolean {
  let holder = root
  for (const step of path.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return false
    holder = (holder as Record<PropertyKey, unknown>)[step]
  }
  const last = path.at(-1)
  if (typeof holder !== 'object' || holder === null || last === undefined) return false
  const place = holder as Record<PropertyKey, unknown>
  const found = place[last]
  if (expected === 'string' && typeof found === 'number') place[last] = String(found)
  else if ((expected === 'number' || expected === 'int') && typeof found === 'string' && /^-?\d{1,15}$/.test(found)) place[last] = Number(found)
  else if (found === null) delete place[last]
  else return false
  return true
}
