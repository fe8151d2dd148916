import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import pg from 'pg'
import { seededRandom } from '../src/kernel/random.ts'

/** TPC-B, the usual measure of what a PostgreSQL can commit: by pgbench where it is installed, else by our own driver (the same five statements). */
export type TpcB = { /** Transactions a second over about `seconds`. */ run(seconds: number): Promise<number>; by: 'pgbench' | 'own driver' }

const scale = 10

/** Makes the tables. @param clients connections at once. */
export async function createTpcB(config: pg.ClientConfig, clients: number): Promise<TpcB> {
  const setup = new pg.Client(config)
  await setup.connect()
  const own = pgbench() === undefined
  if (own) {
    await setup.query(`create table tpcb_branches (bid int primary key, bbalance int, filler char(88)); create table tpcb_tellers (tid int primary key, bid int, tbalance int, filler char(84));
      create table tpcb_accounts (aid int primary key, bid int, abalance int, filler char(84)); create table tpcb_history (tid int, bid int, aid int, delta int, mtime bigint, filler char(22));
      insert into tpcb_branches select n, 0 from generate_series(1, ${scale}) n; insert into tpcb_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, ${scale * 10}) n;
      insert into tpcb_accounts select n, (n - 1) / 100000 + 1, 0 from generate_series(1, ${scale * 100_000}) n; analyze tpcb_accounts`)
  }
  await setup.end()
  if (!own) {
    await call([...address(config), '-i', '-q', '-s', String(scale), config.database!])
    return {
      by: 'pgbench',
      async run(seconds) {
        const text = await call([...address(config), '-n', '-c', String(clients), '-j', '2', '-M', 'prepared', '-T', String(Math.max(1, Math.round(seconds))), config.database!])
        return Number(/tps = ([\d.]+)/.exec(text)![1])
      },
    }
  }
  const random = seededRandom('tpc-b')
  let n = 0
  return {
    by: 'own driver',
    async run(seconds) {
      const pool = new pg.Pool({ ...config, max: clients })
      pool.on('error', () => {}) // the server may end before an idle connection does
      const first = n
      const began = performance.now()
      await Promise.all(Array.from({ length: clients }, async () => {
        const client = await pool.connect()
        while (performance.now() - began < seconds * 1000) {
          const at = n++
          const [aid, tid, bid, delta] = [1 + Math.floor(random.u(at, 'a') * scale * 100_000), 1 + Math.floor(random.u(at, 't') * scale * 10), 1 + Math.floor(random.u(at, 'b') * scale), Math.floor(random.u(at, 'd') * 10_000) - 5_000]
          await client.query('begin')
          await client.query({ name: 'a', text: 'update tpcb_accounts set abalance = abalance + $1 where aid = $2', values: [delta, aid] })
          await client.query({ name: 'b', text: 'select abalance from tpcb_accounts where aid = $1', values: [aid] })
          await client.query({ name: 'c', text: 'update tpcb_tellers set tbalance = tbalance + $1 where tid = $2', values: [delta, tid] })
          await client.query({ name: 'd', text: 'update tpcb_branches set bbalance = bbalance + $1 where bid = $2', values: [delta, bid] })
          await client.query({ name: 'e', text: 'insert into tpcb_history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, $5)', values: [tid, bid, aid, delta, at] })
          await client.query('commit')
        }
        client.release()
      }))
      const rate = ((n - first) / (performance.now() - began)) * 1000
      await pool.end()
      return rate
    },
  }
}

const pgbench = (): string | undefined => ['/usr/bin/pgbench', '/usr/local/bin/pgbench'].find((path) => existsSync(path))
const address = (config: pg.ClientConfig): string[] => ['-h', config.host!, ...(config.port === undefined ? [] : ['-p', String(config.port)]), ...(config.user === undefined ? [] : ['-U', config.user])]
const call = (args: string[]): Promise<string> => new Promise((done, fail) => execFile(pgbench()!, args, (error, stdout, stderr) => (error ? fail(new Error(`pgbench: ${stderr}`)) : done(stdout))))
