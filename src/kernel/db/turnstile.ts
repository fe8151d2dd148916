import type pg from 'pg'
import type { Random } from '../random.ts'
import { runTx, type Db, type Scope, type StatementHook, type Tx } from './db.ts'
import { openWire, type WireResult } from './wire.ts'

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

/** `settle`: the last commit, which travels with the next transaction, has been done; before anybody else looks at the database. */
export type Turnstile = Db & { settle(): Promise<void> }

/**
 * The simulator's database port: one connection, one transaction at a time; who goes next is drawn by seed among those waiting,
 * so a seed always gives the same order.
 */
export async function openTurnstile(config: pg.ClientConfig, random: Random, options: { hook?: StatementHook; fault?: (turn: number) => CommitFault | undefined } = {}): Promise<Turnstile> {
  const wire = await openWire(config)
  // One connection for a whole run: each statement is parsed once, role and tenant of the app stay on, and BEGIN and COMMIT
  // travel with their neighbours instead of waiting for an answer each. A commit that fails after all (nothing here is deferred) stops every later transaction.
  let broken: unknown
  let open = 0
  let worn = ''
  const unwaited = (sent: Promise<WireResult>): void =>
    void sent.then(
      (result) => {
        if (result.command === 'ROLLBACK') broken ??= new Error('a transaction went on after a statement of it had failed, and was rolled back instead of committed')
      },
      (error: unknown) => void (broken ??= error),
    )
  const begin = (text: string): void => {
    const [, role, tenant = `set local app.tenant = ''`] = text.split('; ')
    // The app stays on; who else comes (intake of callbacks, sign-in) is dressed for one transaction.
    if (role.endsWith('qz_app')) {
      const clothes = `${role}; ${tenant}`.replaceAll('set local ', 'set ')
      if (clothes !== worn) unwaited(wire.script(clothes))
      worn = clothes
    }
    unwaited(wire.ahead('begin'))
    if (!role.endsWith('qz_app')) for (const one of [role, tenant]) unwaited(wire.ahead(one))
  }
  const ended = (): void => void open--
  const prepared = {
    query(text: string, values?: unknown[]) {
      if (broken !== undefined) return Promise.reject(broken)
      if (text.startsWith('begin;')) return Promise.resolve(begin(text))
      if (text === 'commit' && open === 0) {
        unwaited(wire.ahead(text))
        return Promise.resolve({ command: 'COMMIT' })
      }
      const sent = wire.query(text, values)
      if (values !== undefined) {
        open++
        sent.then(ended, ended)
      }
      return sent
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
  return {
    settle: wire.settle,
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
    close: wire.close,
  }
}
