import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { seededRandom } from '../random.ts'
import { readSetting, writeSetting } from '../tenancy/index.ts'
import { CommitLost, openTurnstile, type CommitFault, type Db, type Tx } from './index.ts'

let t: TestDb
let tenantId = 0
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'turnstile')
})
afterAll(() => t.close())

const scope = () => ({ role: 'app', tenantId }) as const
async function withTurnstile<T>(seed: string, work: (db: Db) => Promise<T>, fault?: (turn: number) => CommitFault | undefined): Promise<T> {
  const db = await openTurnstile(t.serviceConfig, seededRandom(seed), { fault })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

describe('the simulator\'s database', () => {
  const orderOf = (seed: string): Promise<number[]> => withTurnstile(seed, async (db) => {
    const order: number[] = []
    await Promise.all(Array.from({ length: 12 }, (_, n) => db.tx(scope(), async (tx) => {
      await tx.query('select pg_sleep($1)', [(12 - n) / 2000]) // how long each takes must not matter
      order.push(n)
    })))
    return order
  })

  test('the same seed gives the same order of transactions, another seed another', async () => {
    const first = await orderOf('1')
    expect(await orderOf('1')).toEqual(first)
    expect(await orderOf('2')).not.toEqual(first)
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n))
  })

  test('one transaction runs at a time', async () => {
    let inside = 0
    let most = 0
    await withTurnstile('one', (db) => Promise.all(Array.from({ length: 6 }, () => db.tx(scope(), async (tx) => {
      most = Math.max(most, ++inside)
      await tx.query('select 1')
      inside--
    }))))
    expect(most).toBe(1)
  })

  test('a failed transaction lets the next one in', async () => {
    const outcomes = await withTurnstile('fail', (db) => Promise.allSettled([db.tx(scope(), () => Promise.reject(new Error('no'))), db.tx(scope(), (tx) => tx.query('select 1'))]))
    expect(outcomes.map((one) => one.status)).toEqual(['rejected', 'fulfilled'])
  })

  test.each([['refused', undefined], ['lost-before', undefined], ['done-answer-lost', 'written']] as const)('a commit that is %s leaves %s behind, and the caller cannot tell from success', async (kind, left) => {
    await withTurnstile('fault', async (db) => {
      const error = await db.tx(scope(), (tx) => writeSetting(tx, tenantId, kind, 'written', start)).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(CommitLost)
      expect(error).toMatchObject({ kind })
    }, () => kind)
    expect(await t.app(tenantId, (tx) => readSetting(tx, tenantId, kind))).toBe(left)
  })

  test('control: without a fault the commit stands', async () => {
    await withTurnstile('none', (db) => db.tx(scope(), (tx) => writeSetting(tx, tenantId, 'none', 'written', start)))
    expect(await t.app(tenantId, (tx) => readSetting(tx, tenantId, 'none'))).toBe('written')
  })
})

describe('transactions', () => {
  test('a transaction that is used after its end is a bug', async () => {
    const kept = await t.app(tenantId, async (tx) => tx)
    await expect(kept.query('select 1')).rejects.toThrow('used after it ended')
  })
  const write = (key: string) => (tx: Tx): void => tx.write(`insert into setting (tenant_id, key, value, changed_at) values ($1, $2, '1', $3)`, [tenantId, key, start])
  const doors: Array<[string, <T>(work: (tx: Tx) => Promise<T>) => Promise<T>]> = [
    ['pool', (work) => t.app(tenantId, work)],
    ['turnstile', (work) => withTurnstile('write', (db) => db.tx(scope(), work))],
  ]
  test.each(doors)('%s: what is written without waiting stands after the commit; when it fails, the transaction fails with its reason and nothing of it stays', async (name, inTx) => {
    await inTx(async (tx) => write(`${name} good`)(tx))
    expect(await t.app(tenantId, (tx) => readSetting(tx, tenantId, `${name} good`))).toBe(1)
    const bad = async (tx: Tx): Promise<void> => {
      write(`${name} first`)(tx)
      write(`${name} good`)(tx) // there already
    }
    await expect(inTx(bad)).rejects.toMatchObject({ code: '23505' })
    await expect(inTx(async (tx) => (await bad(tx), await tx.query('select 1')))).rejects.toMatchObject({ code: '23505' })
    expect(await t.app(tenantId, (tx) => readSetting(tx, tenantId, `${name} first`))).toBeUndefined()
  })
  test('what a failed transaction wrote is gone', async () => {
    await t.app(tenantId, async (tx) => {
      await writeSetting(tx, tenantId, 'half', 1, start)
      throw new Error('stop')
    }).catch(() => {})
    expect(await t.app(tenantId, (tx) => readSetting(tx, tenantId, 'half'))).toBeUndefined()
  })
  test('64-bit integers are numbers while they are exact, text beyond', async () => {
    const [row] = await t.app(tenantId, (tx) => tx.query('select 9007199254740991::bigint as a, 9007199254740993::bigint as b'))
    expect(row).toEqual({ a: 9007199254740991, b: '9007199254740993' })
  })
})
