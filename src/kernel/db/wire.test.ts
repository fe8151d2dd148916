import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { types } from './db.ts'
import { openWire, type Wire } from './wire.ts'

let t: TestDb
let wire: Wire
let client: pg.Client
beforeAll(async () => {
  t = await openTestDb()
  wire = await openWire(t.ownerConfig)
  client = new pg.Client({ ...t.ownerConfig, types: types as pg.CustomTypesConfig })
  await client.connect()
  await wire.script('create table shelf (id int primary key, name text); insert into shelf values (1, $$one$$)')
})
afterAll(async () => {
  await wire.close()
  await client.end()
  await t.close()
})

describe('values go and come as with pg', () => {
  const text = '茶 "quoted" \\ back\nline {curly},NULL'
  test.each<[string, unknown]>([
    ['text', text], ['text', ''], ['text', null], ['int', -2147483648], ['int', 0], ['bigint', 9007199254740991], ['bigint', '9007199254740993'], ['bigint', -1_772_000_000_000], ['smallint', -7],
    ['boolean', true], ['boolean', false], ['float8', 0.1], ['float8', -1e-9], ['numeric', '12.50'], ['uuid', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['jsonb', { a: [1, null, text] }], ['jsonb', '"word"'], ['bytea', Buffer.from([0, 1, 92, 34, 255])], ['bytea', Buffer.alloc(0)],
    ['text[]', [text, null, 'null', '']], ['bigint[]', [1, null, -9007199254740991]], ['int[]', []], ['boolean[]', [true, false]], ['bytea[]', [Buffer.from([1, 255])]], ['text[][]', [['a', 'b'], ['c', text]]],
    ['text', 'x'.repeat(700_000)],
  ])('%s %j', async (type, value) => {
    const query = `select $1::${type} as value, 1 as value2`
    expect((await wire.query(query, [value])).rows).toEqual((await client.query(query, [value])).rows)
  })

  test('many rows, many columns, no rows, no columns', async () => {
    const query = 'select n, n::text as name, case when n % 3 = 0 then null else n::bigint end as big, repeat($2, n % 50) as filler from generate_series(1, $1::int) as n order by n'
    const own = await wire.query(query, [5000, '船'])
    expect(own.rows).toEqual((await client.query(query, [5000, '船'])).rows)
    expect(own.rowCount).toBe(5000)
    expect((await wire.query('select * from shelf where id = $1', [-1])).rows).toEqual([])
    expect((await wire.query('update shelf set name = name where id = $1', [1])).rowCount).toBe(1)
  })
})

describe('what fails', () => {
  const codeOf = (sent: Promise<unknown>): Promise<unknown> => sent.then(() => 'done', (error: { code: string }) => error.code)
  test('takes with it what was sent behind it in the same turn, and nothing of the next', async () => {
    const outcomes = await Promise.all([codeOf(wire.query('select 1 as one')), codeOf(wire.query('insert into shelf values ($1, $2)', [1, 'again'])), codeOf(wire.query('select 2 as two'))])
    expect(outcomes).toEqual(['done', '23505', '23505'])
    expect((await wire.query('select 2 as two')).rows).toEqual([{ two: 2 }])
    expect((await wire.query('insert into shelf values ($1, $2)', [2, 'two'])).rowCount).toBe(1)
  })
  test('a statement that cannot be parsed is told as such, each time', async () => {
    expect(await codeOf(wire.query('select nothing from nowhere'))).toBe('42P01')
    expect(await codeOf(wire.query('select nothing from nowhere'))).toBe('42P01')
    expect(await codeOf(wire.script('select 1; select 1/0'))).toBe('22012')
  })
  test('a transaction whose statement failed ends as a rollback', async () => {
    await wire.query('begin')
    const bad = codeOf(wire.query('insert into shelf values ($1, $2)', [1, 'again']))
    expect(await bad).toBe('23505')
    expect((await wire.query('commit')).command).toBe('ROLLBACK')
  })
})

test('what is sent ahead is done when it is settled', async () => {
  void wire.ahead('begin')
  const written = wire.ahead('insert into shelf values (9, null)')
  void wire.ahead('commit')
  expect((await client.query('select id from shelf where id = 9')).rows).toEqual([])
  await wire.settle()
  expect((await written).rowCount).toBe(1)
  expect((await client.query('select id from shelf where id = 9')).rows).toEqual([{ id: 9 }])
})

test('a lost connection fails what waits and what comes after', async () => {
  const other = await openWire(t.ownerConfig)
  const { pid } = (await other.query('select pg_backend_pid() as pid')).rows[0]
  const slow = other.query('select pg_sleep($1)', [30]).catch((error: Error) => error)
  await client.query('select pg_terminate_backend($1)', [pid])
  expect(await slow).toBeInstanceOf(Error)
  await expect(other.query('select 1')).rejects.toThrow()
  await other.close()
})

test('a database that is not there is told', async () => {
  await expect(openWire({ ...t.ownerConfig, database: 'nowhere' })).rejects.toMatchObject({ code: '3D000' })
})
