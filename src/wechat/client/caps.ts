import type { Instant } from '../../kernel/clock.ts'
import type { Cap } from '../spec/endpoint.ts'

/**
 * Our own count of calls, so that a cap is respected before the platform says no. Each window is cut in slices; a call is allowed when all
 * slices that overlap the last `perMs` hold fewer than `count`. So no window of that length, wherever the platform lays it, holds more.
 */
export type CapCount = {
  /** Number of the slice that `counts[0]` stands for. */
  first: number
  counts: number[]
}

const slices = 12

/**
 * May one more call be made now? A pure decision.
 * @returns milliseconds to wait, 0 when allowed; and the count as it is after the call, unchanged when not allowed
 */
export function decideCap(cap: Pick<Cap, 'count' | 'perMs'>, before: CapCount | undefined, now: Instant): { waitMs: number; after: CapCount } {
  const sliceMs = cap.perMs / slices
  const current = Math.floor(now / sliceMs)
  const oldest = Math.floor((now - cap.perMs) / sliceMs)
  const kept = before ? before.counts.slice(Math.max(0, oldest - before.first)) : []
  const first = before && kept.length > 0 ? Math.max(before.first, oldest) : current
  let used = kept.reduce((sum, count) => sum + count, 0)
  if (used >= cap.count) {
    // Wait until enough of the oldest slices have left the window.
    let slice = first
    for (const count of kept) {
      used -= count
      slice++
      if (used < cap.count) break
    }
    return { waitMs: Math.max(1, Math.ceil(slice * sliceMs + cap.perMs - now)), after: { first, counts: kept } }
  }
  const counts = [...kept]
  while (first + counts.length <= current) counts.push(0)
  counts[Math.max(0, current - first)]++
  return { waitMs: 0, after: { first, counts } }
}

/** Counts by key; several processes may share one. `reserve` returns 0 and counts the call, or the wait and counts nothing. */
export type CapStore = { reserve(key: string, caps: readonly Cap[], now: Instant): number | Promise<number> }

export function memoryCapStore(): CapStore {
  const counts = new Map<string, CapCount>()
  return {
    reserve(key, caps, now) {
      const decided = caps.map((cap) => {
        const name = `${key}/${cap.count}/${cap.perMs}`
        return { name, ...decideCap(cap, counts.get(name), now) }
      })
      const waitMs = Math.max(0, ...decided.map((one) => one.waitMs))
      if (waitMs === 0) for (const one of decided) counts.set(one.name, one.after)
      return waitMs
    },
  }
}
