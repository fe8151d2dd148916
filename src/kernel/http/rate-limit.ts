import type { Clock } from '../clock.ts'

/** Token buckets by key, in memory of this process: `perMinute` refill evenly, as many may come at once. */
export type RateLimit = { take(key: string, perMinute: number): boolean }

const maxKeys = 50_000

export function createRateLimit(clock: Clock): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    take(key, perMinute) {
      const now = clock.now()
      if (buckets.size >= maxKeys) for (const [old, bucket] of buckets) if (now - bucket.at > 60_000) buckets.delete(old)
      if (buckets.size >= maxKeys) buckets.clear()
      const bucket = buckets.get(key) ?? { left: perMinute, at: now }
      bucket.left = Math.min(perMinute, bucket.left + ((now - bucket.at) * perMinute) / 60_000)
      bucket.at = now
      buckets.set(key, bucket)
      if (bucket.left < 1) return false
      bucket.left -= 1
      return true
    },
  }
}
