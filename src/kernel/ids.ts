import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** Ids we make are UUID version 7 (RFC 9562): 48 bits of time, then 74 random bits; they sort by creation. Platform ids stay the platform's text. */
export type Ids = { next(): string }

export function uuidIds(clock: Clock, random: Random): Ids {
  let count = 0
  return {
    next() {
      const now = clock.now()
      const bytes = random.bytes(10, 'uuid', now, count++)
      const time = now.toString(16).padStart(12, '0')
      bytes[0] = (bytes[0] & 0x0f) | 0x70
      bytes[2] = (bytes[2] & 0x3f) | 0x80
      const rest = bytes.toString('hex')
      return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8, 20)}`
    },
  }
}
