import pg from 'pg'
import type { Journal, JournalEntry } from '../core/journal.ts'

/**
 * The journal in a database of its own, `qz_emulator`, which the product's roles cannot use. Waiting appends travel in one statement (group
 * commit). At a graceful end the states themselves are written as `restore` entries and everything before them goes.
 */
export type PostgresJournal = Journal & { compact(states: ReadonlyArray<{ ns: string; seed: string; now: number; state: unknown }>, lastSeq: number): Promise<void>; close(): Promise<void>; count(): Promise<number> }

export async function openPostgresJournal(config: pg.ClientConfig): Promise<PostgresJournal> {
  const pool = new pg.Pool({ ...config, max: 2 })
  pool.on('error', () => {})
  await pool.query(`create table if not exists journal (seq bigint primary key, ns text not null, command text not null)`)
  let waiting: Array<{ entries: JournalEntry[]; done: () => void; fail: (error: unknown) => void }> = []
  let running = false
  async function flush(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const entries = batch.flatMap((one) => one.entries)
      try {
        await pool.query(`insert into journal (seq, ns, command) select * from unnest($1::bigint[], $2::text[], $3::text[])`, [entries.map((e) => e.seq), entries.map((e) => e.ns), entries.map((e) => JSON.stringify(e.command))])
        for (const one of batch) one.done()
      } catch (error) {
        for (const one of batch) one.fail(error)
      }
    }
    running = false
  }
  return {
    append: (entries) =>
      new Promise((done, fail) => {
        waiting.push({ entries, done, fail })
        if (!running) void flush()
      }),
    async *read() {
      let after = 0
      for (;;) {
        const { rows } = await pool.query<{ seq: string; ns: string; command: string }>(`select seq, ns, command from journal where seq > $1 order by seq limit 5000`, [after])
        for (const row of rows) {
          after = Number(row.seq)
          yield { seq: after, ns: row.ns, command: JSON.parse(row.command) as JournalEntry['command'] }
        }
        if (rows.length < 5000) return
      }
    },
    async count() {
      return Number((await pool.query(`select count(*) as n from journal`)).rows[0].n)
    },
    async compact(states, lastSeq) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query('delete from journal')
        let seq = lastSeq - states.length * 2 + 1
        for (const { ns, seed, now, state } of states) {
          await client.query(`insert into journal (seq, ns, command) values ($1, $2, $3), ($4, $2, $5)`, [
            seq++, ns, JSON.stringify({ kind: 'create', seed, now, wireNow: now }), seq++, JSON.stringify({ kind: 'restore', state, now, wireNow: now }),
          ])
        }
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}
