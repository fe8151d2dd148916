import { createHash } from 'node:crypto'
import { canonicalJson } from '../../kernel/json.ts'

/** What happened, in commit order: domain events and deliveries of the platform. Only its hash is kept, and for tests the lines. */
export type EventLog = { add(entry: unknown): void; hash(): string; readonly size: number; readonly lines: readonly string[] }

export function createEventLog(keep: boolean): EventLog {
  const sum = createHash('sha256')
  const lines: string[] = []
  let size = 0
  return {
    add(entry) {
      const line = canonicalJson(entry)
      sum.update(line).update('\n')
      size++
      if (keep) lines.push(line)
    },
    hash: () => sum.copy().digest('hex'),
    get size() {
      return size
    },
    lines,
  }
}
