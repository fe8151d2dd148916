import pg from 'pg'
import type { Random } from '../random.ts'
import { runTx, types, type Db, type Scope, type StatementHook, type Tx } from './db.ts'

/** What may happen to a commit: refused before anything, lost before it, or done with the answer lost. */
export type CommitFault = 'refused' | 'lost-before' | 'done-answer-lost'
export class CommitLost extends Error {
  override name = 'CommitLost'
  readonly kind: CommitFault
  constructor(kind: CommitFault) {
    super(`injected: the commit was ${kind}`)
    this.kind = kind
  }
}

/**
 * The simulator's database port: one connection, one transaction at a time; who goes next is drawn by seed among those waiting,
 * so a seed always gives the same order.
 */
export function openTurnstile(config: pg.ClientConfig, random: Random, options: { hook?: StatementHook; fault?: (turn: number) => CommitFault | undefined } = {}): Promise<Db> {
  const client = new pg.Client({ ...config, types: types as pg.CustomTypesConfig, pipeline: true } as pg.ClientConfig)
  client.on('error', () => {})
  // One connection for a whole run: each statement is parsed and planned once, role and tenant stay on until another transaction needs others, and BEGIN
  // and COMMIT travel with their neighbours instead of waiting for an answer each. A commit that fails after all (nothing here is deferred) stops every later transaction.
  const names = new Map<string, string>()
  let broken: unknown
  let open = 0
  let worn = ''
  const ahead = (text: string): Promise<{ command: string }> => {
    client.query(text).then(
      (result) => {
        if (text === 'commit' && result.command !== 'COMMIT') broken ??= new Error('a transaction went on after a statement of it had failed, and was rolled back instead of committed')
      },
      (error: unknown) => void (broken ??= error),
    )
    return Promise.resolve({ command: 'COMMIT' })
  }
  const begin = (text: string): Promise<unknown> => {
    const clothes = text.slice('begin; '.length).replaceAll('set local ', 'set ')
    if (clothes !== worn) void ahead(clothes.includes('app.tenant') ? clothes : `${clothes}; set app.tenant = ''`)
    worn = clothes
    return ahead('begin')
  }
  const counted = <T>(sent: Promise<T>): Promise<T> => {
    open++
    const ended = (): void => void open--
    sent.then(ended, ended)
    return sent
  }
  // What is asked within one turn travels in one write.
  const wire = (client as unknown as { connection: { stream: { cork(): void; uncork(): void } } }).connection
  let corked = false
  const gather = (): void => {
    if (corked) return
    corked = true
    wire.stream.cork()
    process.nextTick(() => {
      corked = false
      wire.stream.uncork()
    })
  }
  const prepared = {
    query(text: string, values?: unknown[]) {
      gather()
      if (broken !== undefined) return Promise.reject(broken)
      if (text.startsWith('begin;')) return begin(text)
      if (text === 'commit' && open === 0) return ahead(text)
      if (values === undefined) return client.query(text)
      let name = names.get(text)
      if (name === undefined) names.set(text, (name = `s${names.size}`))
      return counted(client.query({ name, text, values }))
    },
  } as unknown as pg.ClientBase
  const waiting: Array<() => void> = []
  let busy = false
  let turn = 0
  const next = (): void => {
    if (waiting.length === 0) {
      busy = false
      return
    }
    const index = Math.floor(random.u('turnstile', turn++) * waiting.length)
    waiting.splice(index, 1)[0]()
  }
  const enter = (): Promise<void> => {
    if (!busy) {
      busy = true
      return Promise.resolve()
    }
    return new Promise((resolve) => waiting.push(resolve))
  }
  const db: Db = {
    async tx<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
      await enter()
      try {
        const fault = options.fault?.(turn)
        if (fault === 'refused') throw new CommitLost(fault)
        const result = await runTx(prepared, scope, async (tx) => {
          const value = await work(tx)
          if (fault === 'lost-before') throw new CommitLost(fault)
          return value
        }, options.hook)
        if (fault === 'done-answer-lost') throw new CommitLost(fault)
        return result
      } finally {
        next()
      }
    },
    close: () => client.end(),
  }
  return client.connect().then(() => db)
}
