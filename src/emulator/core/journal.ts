/**
 * The journal (日志): every command that changes a world, in order. (seed, commands) rebuilds the state exactly, so a restart replays it.
 * The emulator answers only after `append` has resolved: commands of one turn of the event loop are appended together (group commit).
 */
export type JournalEntry = {
  /** From 1, without gaps, over all namespaces. */
  seq: number
  ns: string
  command: Command
}

/** `now`: world time before the command's own effect; `wireNow`: wire time at the command. */
export type Command = { now: number; wireNow: number } & (
  | { kind: 'create'; seed: string }
  | { kind: 'request'; method: string; url: string; headers: Record<string, string>; /** base64 */ body: string; ip: string; faults: string[] }
  | { kind: 'act'; name: string; args: unknown }
  | { kind: 'clock'; to: number; /** Without standing still where something was told to somebody. */ leap?: boolean }
  | { kind: 'delivered'; id: string; outcome: 'acknowledged' | 'failed'; /** HTTP status; 0 no answer, -1 no address. */ status: number; /** A passive reply. */ reply?: string }
  | { kind: 'restore'; state: unknown }
  | { kind: 'drop' }
)

export type Journal = {
  /** Resolves when the entries would survive a crash. Rejects: the emulator stops answering, since its memory is ahead of the journal. */
  append(entries: JournalEntry[]): Promise<void>
  read(): AsyncIterable<JournalEntry>
}

/** Keeps entries as text in memory: for tests, and to show that entries survive serialisation. */
export function memoryJournal(): Journal & { entries(): JournalEntry[] } {
  const lines: string[] = []
  return {
    async append(entries) {
      for (const entry of entries) lines.push(JSON.stringify(entry))
    },
    async *read() {
      for (const line of lines) yield JSON.parse(line) as JournalEntry
    },
    entries: () => lines.map((line) => JSON.parse(line) as JournalEntry),
  }
}
