import pg from 'pg'
import { assert } from '../assert.ts'

/**
 * The database port. Every statement runs inside a transaction that has put on one role, and for the app role one tenant:
 * row-level security then hides everything else, so a forgotten `where` shows nothing instead of another merchant's rows.
 */
export type Scope =
  /** Work for one tenant. */
  | { role: 'app'; tenantId: number }
  /** Storing verified callbacks: may only insert into the inbox. */
  | { role: 'intake' }
  /** Looking for tenants with due work: may only read (tenant_id, due_at) of job tables. */
  | { role: 'scheduler' }
  /** Sign-in and the list of tenants a user belongs to. */
  | { role: 'auth' }

export type Row = Record<string, unknown>
export type Tx = {
  readonly scope: Scope
  query<R = Row>(text: string, params?: readonly unknown[]): Promise<R[]>
  /** The number of rows a statement touched. */
  run(text: string, params?: readonly unknown[]): Promise<number>
  /**
   * A change whose number of rows nobody asks for: sent without waiting, in order with the rest. Its failure is thrown by the next statement that is
   * waited for, at the latest by the end of the transaction.
   */
  write(text: string, params?: readonly unknown[]): void
}
export type Db = {
  tx<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}
/** Sees every statement that is sent: the rule tests collect them. */
export type StatementHook = (text: string, scope: Scope) => void

/** 64-bit integers come back as numbers while they are exact, as text beyond; times are bigint milliseconds, so no dates are parsed. */
export const types = {
  getTypeParser(oid: number, format?: string) {
    if (oid === 20 && format !== 'binary') {
      return (text: string) => {
        const value = Number(text)
        return Number.isSafeInteger(value) ? value : text
      }
    }
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

export function openDb(config: pg.PoolConfig, hook?: StatementHook): Db {
  const pool = new pg.Pool({ max: 12, ...config, types: types as pg.CustomTypesConfig, pipeline: true } as pg.PoolConfig)
  pool.on('error', () => {}) // an idle connection that breaks is replaced; the next query reports its own failure
  // One that breaks in use (the server died) fails its queries; without a listener it would end the process too.
  pool.on('connect', (client) => void client.on('error', () => {}))
  // Storing callbacks is one statement per batch, atomic by itself: it goes on connections that wear the intake role for good, so that a batch costs
  // one round trip instead of three.
  const intake = new pg.Pool({ ...config, max: 2, options: '-c role=qz_intake', types: types as pg.CustomTypesConfig })
  intake.on('error', () => {})
  intake.on('connect', (client) => void client.on('error', () => {}))
  // Roles that a connection has put on before: from then on BEGIN does not wait for its answer.
  const worn = new WeakMap<pg.PoolClient, Set<string>>()
  return {
    async tx(scope, work) {
      if (scope.role === 'intake') return runAlone(intake, scope, work, hook)
      const client = await pool.connect()
      try {
        let roles = worn.get(client)
        if (roles === undefined) worn.set(client, (roles = new Set()))
        const result = await runTx(client, scope, work, hook, roles)
        client.release()
        return result
      } catch (error) {
        client.release(brokenConnection(error))
        throw error
      }
    },
    async close() {
      await intake.end()
      await pool.end()
    },
  }
}

/** Every statement its own transaction; see the intake pool. */
async function runAlone<T>(pool: pg.Pool, scope: Scope, work: (tx: Tx) => Promise<T>, hook?: StatementHook): Promise<T> {
  const send = async (text: string, params?: readonly unknown[]): Promise<pg.QueryResult> => {
    hook?.(text, scope)
    return pool.query(text, params as unknown[])
  }
  const writes: Array<Promise<unknown>> = []
  const value = await work({ scope, query: async (text, params) => (await send(text, params)).rows, run: async (text, params) => (await send(text, params)).rowCount ?? 0, write: (text, params) => void writes.push(send(text, params)) })
  await Promise.all(writes)
  return value
}

function brokenConnection(error: unknown): boolean {
  const code = (error as { code?: string }).code
  return code === undefined ? false : code.startsWith('08') || code.startsWith('57P') || code === 'ECONNRESET' || code === 'EPIPE'
}

/**
 * @param client with `pipeline`: BEGIN then travels with the first statement, and what is written with what is asked next.
 * @param worn roles that this connection is known to be able to put on; for another one BEGIN is waited for, so that no statement runs without its role.
 */
export async function runTx<T>(client: pg.ClientBase, scope: Scope, work: (tx: Tx) => Promise<T>, hook?: StatementHook, worn?: Set<string>): Promise<T> {
  let open = true
  let broken: { error: unknown } | undefined
  // The first failure is the cause; what comes after it only says that the transaction is aborted.
  const fail = (error: unknown): never => {
    broken ??= { error }
    throw broken.error
  }
  const ahead = (sent: Promise<unknown>): void => void sent.catch((error: unknown) => void (broken ??= { error }))
  const send = (text: string, params: readonly unknown[] | undefined): Promise<pg.QueryResult> => {
    assert(open, 'a transaction was used after it ended')
    hook?.(text, scope)
    return client.query(text, params as unknown[])
  }
  const tx: Tx = {
    scope,
    query: async (text, params) => (await send(text, params).catch(fail)).rows,
    run: async (text, params) => (await send(text, params).catch(fail)).rowCount ?? 0,
    write: (text, params) => ahead(send(text, params)),
  }
  if (worn === undefined || worn.has(scope.role)) ahead(client.query(opening(scope)))
  else {
    await client.query(opening(scope))
    worn.add(scope.role)
  }
  try {
    const result = await work(tx)
    open = false
    if (broken !== undefined) throw (broken as { error: unknown }).error
    // A statement that failed unseen turns COMMIT into a rollback; its own failure has come in by then.
    const ended = await client.query('commit')
    if (broken !== undefined) throw (broken as { error: unknown }).error
    assert(ended.command === 'COMMIT', 'a transaction went on after a statement of it had failed, and was rolled back instead of committed')
    return result
  } catch (error) {
    open = false
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Role and tenant ride in the same round trip as BEGIN. */
function opening(scope: Scope): string {
  if (scope.role !== 'app') return `begin; set local role qz_${scope.role}`
  assert(Number.isSafeInteger(scope.tenantId) && scope.tenantId > 0, `a tenant id must be a positive integer, got ${scope.tenantId}`)
  return `begin; set local role qz_app; set local app.tenant = '${scope.tenantId}'`
}
