import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generated } from '../scripts/generated.ts'
import { errorCatalogue } from '../scripts/gen-errors.ts'
import { moduleCards } from '../scripts/gen-modules.ts'
import { filesBelow, read, root, scan, sqlOf } from './setup/source.ts'

/**
 * The rules of the house (CONTRIBUTING.md), as facts about the text of the program. Each message names the place and what to do. Every rule has its
 * control below: the text that it must refuse.
 */
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/fixtures/')
const sources = filesBelow('src', '.ts').filter((path) => !path.endsWith('.d.ts'))
const program = sources.filter((path) => !isTest(path))
const text = new Map([...sources, ...filesBelow('tests', '.ts'), ...filesBelow('scripts', '.ts'), ...filesBelow('bench', '.ts')].map((path) => [path, read(path)]))
const code = new Map(program.map((path) => [path, scan(text.get(path)!).code]))

// ---- imports ----

/**
 * What comes later may import what comes before; `main` is the composition root: src/*.ts and the command line. The simulation puts the same house
 * together from other ports, so the two stand side by side.
 */
const order = ['kernel', 'wechat', 'book', 'acquire', 'sell', 'retain', 'restrain', 'learn', 'main']
const rank = (area: string): number => order.indexOf(area === 'simulation' ? 'main' : area)

type Import = { from: string; to: string; line: number }
function importsOf(path: string, content: string): Import[] {
  return [...content.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((found) => ({ from: path, to: normalize(join(dirname(path), found[1])), line: content.slice(0, found.index).split('\n').length }))
}
const areaOf = (path: string): string => (/^src\/[^/]+\.ts$/.test(path) || path.startsWith('src/cli/') ? 'main' : path.split('/')[1])

/** The folder whose index.ts is the only way in: `src/<area>/<module>`; the emulator as a whole, seen from outside. Files that lie loose in an area are ways in themselves. */
function moduleOf(path: string): string | undefined {
  const parts = path.split('/')
  if (parts[0] !== 'src' || parts.length < 4) return parts[1] === 'emulator' ? 'src/emulator' : undefined
  return parts.slice(0, 3).join('/')
}

function importProblem({ from, to }: Import): string | undefined {
  if (!to.startsWith('src/') || !from.startsWith('src/')) return undefined
  const [mine, theirs] = [areaOf(from), areaOf(to)]
  if (to === 'src/events.ts' || to === 'src/root.ts') return undefined
  if (mine === 'math') return theirs === 'math' ? frontDoor(from, to) : `math imports nothing of the house, this imports ${to}`
  if (mine === 'emulator') {
    if (theirs === 'emulator') return undefined
    if (theirs === 'kernel' || theirs === 'math' || to.startsWith('src/wechat/spec/') || to.startsWith('src/wechat/codec/')) return theirs === 'wechat' ? undefined : frontDoor(from, to)
    return `the emulator knows the platform, not the product: it may import kernel, math, wechat/spec and wechat/codec, this imports ${to}`
  }
  if (theirs === 'emulator') {
    if (mine !== 'main' && mine !== 'simulation') return `a stage never imports the emulator (${to})`
    if (to === 'src/emulator/population/truth.ts') return mine === 'simulation' ? undefined : 'only the simulation and the tests may look at the truth'
    // The checkers compare the house with what the platform really holds, so the simulation looks inside; the product never does.
    return mine === 'simulation' || /^src\/emulator\/(\w[\w-]*\/)?index\.ts$/.test(to) ? undefined : `import the emulator through src/emulator/index.ts, not ${to}`
  }
  if (theirs !== 'math') {
    if (rank(theirs) > rank(mine)) return `${mine} may not import ${theirs} (${to}): use an event of src/events.ts, or a port that ${mine} declares and main wires`
    if (mine === 'book' && theirs === 'wechat') return `book never imports wechat (${to})`
  }
  return frontDoor(from, to)
}

function frontDoor(from: string, to: string): string | undefined {
  const module = moduleOf(to)
  if (module === undefined || module === moduleOf(from) || to === `${module}/index.ts`) return undefined
  // The families of a line under wechat/spec have front doors of their own.
  if (module === 'src/wechat/spec') return undefined
  return `import through the front door ${module}/index.ts, not ${to}`
}

// ---- words that belong to one place ----

/** What, where it may stand, and what to use instead. Tests keep their own clock rules: no sleeping, no wall clock. */
const reserved: Array<{ what: RegExp; at: (path: string) => boolean; instead: string }> = [
  { what: /\bprocess\.env\b/, at: (path) => path === 'src/kernel/config.ts', instead: 'read configuration through kernel/config' },
  { what: /\b(Date\.now\(|performance\.now\(|new Date\(\s*\)|setTimeout\(|setInterval\(|setImmediate\(|AbortSignal\.timeout\(|process\.hrtime)/, at: (path) => path === 'src/kernel/clock.ts', instead: 'take a Clock or Timers as an argument' },
  { what: /\b(Math\.random\(|randomBytes\(|randomUUID\(|randomInt\(|getRandomValues\(|webcrypto\b)/, at: (path) => path === 'src/kernel/random.ts', instead: 'take a Random as an argument' },
  { what: /\bnew Worker\(/, at: (path) => path === 'src/kernel/threads.ts', instead: 'use kernel/threads' },
  { what: /\bdebugger\b|\bconsole\.(log|error|warn|info|debug)\(/, at: (path) => path.startsWith('src/cli/'), instead: 'use the log that is passed in' },
]
const reservedProblems = (path: string, content: string): string[] =>
  reserved.filter(({ what, at }) => what.test(content) && !at(path)).map(({ what, instead }) => `${path}: ${what.exec(content)![0]} does not belong here; ${instead}`)

const leftovers = (path: string, content: string): string[] =>
  [...content.matchAll(/\b(FIXME|XXX)\b|\b(?:test|describe|it)\.only\(|(?<![\w.])\/(?:work|home|root)\/[a-z]/g)].map((found) => `${path}: ${found[0]}`)

/** Functions whose answer depends on when and where they run; time and random come in as parameters. */
const volatileSql = /\b(now\(\)|current_timestamp|current_date|current_time|localtime|clock_timestamp\(|statement_timestamp\(|transaction_timestamp\(|random\(|gen_random_uuid\(|uuid_generate|uuidv[47]\(|nextval\()/i

// ---- tables ----

const tables = filesBelow('migrations', '.sql').flatMap((path) => [...read(path).matchAll(/^create table (\w+)/gm)].map((found) => found[1]))
const tablesIn = (sql: string): string[] => [...new Set([...sql.matchAll(/\b(?:from|join|into|update|only)\s+(\w+)/gi)].map((found) => found[1]))].filter((name) => tables.includes(name))

/**
 * Tables that more than one module touches, each with the reason. `kernel/tenancy` and `kernel/engine` ask five queues for what is due in one statement;
 * sign-in joins its own tables with the list of merchants; touches follow a person to everybody who turned out to be the same one;
 * the audit of stock compares its numbers with the sums of the ledger.
 */
const queues = ['inbox', 'doorbell', 'outbox', 'job', 'event_delivery']
const sharedTables: Record<string, readonly string[]> = { 'src/kernel/tenancy': queues, 'src/kernel/engine': queues, 'src/kernel/access': ['tenant'], 'src/book/touch': ['person'], 'src/sell/stock': ['entry'] }

// ---- titles ----

/** Titles that occur twice under the same headings of one file: the second hides the first in a report. */
function duplicateTitles(content: string): string[] {
  const seen = new Set<string>()
  const twice: string[] = []
  const headings: Array<{ depth: number; title: string }> = []
  for (const found of content.matchAll(/^( *)(describe|test|it)(?:\.each\([^\n]*?\))?\((['"`])((?:\\.|(?!\3).)*)\3/gm)) {
    const depth = found[1].length
    while (headings.length > 0 && headings[headings.length - 1].depth >= depth) headings.pop()
    const name = [...headings.map((heading) => heading.title), found[4]].join(' > ')
    if (found[2] === 'describe') headings.push({ depth, title: found[4] })
    else if (seen.has(name)) twice.push(name)
    else seen.add(name)
  }
  return twice
}

describe('the house', () => {
  test('imports go one way, through front doors', () => {
    const problems = program.flatMap((path) => importsOf(path, text.get(path)!).flatMap((one) => {
      const problem = importProblem(one)
      return problem === undefined ? [] : [`${one.from}:${one.line}: ${problem}`]
    }))
    expect(problems).toEqual([])
  })

  test('every import leads to a file', () => {
    const missing = program.flatMap((path) => importsOf(path, text.get(path)!).filter(({ to }) => to.endsWith('.ts') && !existsSync(join(root, to))).map(({ from, to, line }) => `${from}:${line}: ${to}`))
    expect(missing).toEqual([])
  })

  test('clock, random, environment, threads and console stand where they belong', () => {
    expect(program.flatMap((path) => reservedProblems(path, code.get(path)!))).toEqual([])
  })

  test('statements take time and random as parameters', () => {
    const found = program.filter((path) => path !== 'src/kernel/db/launcher.ts').flatMap((path) => sqlOf(path).filter(({ sql }) => volatileSql.test(sql)).map(({ sql, line }) => `${path}:${line}: ${volatileSql.exec(sql)![0]}`))
    expect(found).toEqual([])
    for (const path of filesBelow('migrations', '.sql')) expect(volatileSql.exec(read(path).replace(/--[^\n]*/g, ''))?.[0], path).toBeUndefined()
  })

  test('each table is touched by the SQL of one module', () => {
    const owners = new Map<string, Set<string>>()
    // The checkers of the simulation ask the database themselves: a checker that used the code it checks would agree with its mistakes.
    for (const path of program.filter((one) => !one.startsWith('src/cli/') && !one.startsWith('src/emulator/') && !one.startsWith('src/simulation/'))) {
      const module = moduleOf(path) ?? path
      for (const { sql } of sqlOf(path)) {
        for (const table of tablesIn(sql)) {
          if (sharedTables[module]?.includes(table)) continue
          if (!owners.has(table)) owners.set(table, new Set())
          owners.get(table)!.add(module)
        }
      }
    }
    const shared = [...owners].filter(([, modules]) => modules.size > 1).map(([table, modules]) => `${table}: ${[...modules].join(', ')}; let one own it and give the other a function or a view v_…`)
    expect(shared).toEqual([])
    expect(tables.length).toBeGreaterThan(30)
  })

  test('each table has one owner, named at the top of its front door', () => {
    const cards = moduleCards()
    const named = cards.flatMap((card) => card.owns.map((table) => ({ table, path: card.path })))
    const twice = named.filter(({ table, path }) => named.some((other) => other.table === table && other.path !== path)).map(({ table, path }) => `${table} is owned by ${path} and another`)
    // The emulator's journal lives in a database of its own.
    const unowned = tables.filter((table) => !named.some((one) => one.table === table)).map((table) => `${table} has no owner: add it to "Owns:" of its module`)
    const unknown = named.filter(({ table }) => !tables.includes(table)).map(({ table, path }) => `${path} owns ${table}, which no migration makes`)
    expect([...twice, ...unowned, ...unknown]).toEqual([])
  })

  test('every file is imported by something that runs', () => {
    const imported = new Set([...text].flatMap(([path, content]) => importsOf(path, content).map(({ to }) => to)))
    // Ways in from outside, and files that are loaded by name.
    const entries = new Set(['src/main.ts'])
    const lonely = program.filter((path) => !imported.has(path) && !entries.has(path) && !/new URL\(/.test(path) && ![...text.values()].some((content) => content.includes(`'${path.split('/').pop()}'`) || content.includes(`/${path.split('/').pop()!.replace(/\.ts$/, '')}`)))
    expect(lonely).toEqual([])
  })

  test('generated files are fresh: npm run gen writes them', async () => {
    const stale: string[] = []
    for (const { path, make } of generated) if (!existsSync(join(root, path)) || read(path) !== (await make())) stale.push(path)
    expect(stale).toEqual([])
  })

  test('every error code has both wordings, a form of its own, and somebody who throws it', async () => {
    const rows = await errorCatalogue()
    const everything = program.map((path) => text.get(path)!).join('\n')
    const problems: string[] = []
    for (const row of rows) {
      if (!/^[a-z][a-z-]*\/[a-z][a-z0-9-]*$/.test(row.code)) problems.push(`${row.code}: a code is area/what-happened`)
      if (!/[\u4e00-\u9fff]/.test(row.zh) || /[\u4e00-\u9fff]/.test(row.en)) problems.push(`${row.code}: zh for the screen, en for the log`)
      const holes = (wording: string): string => [...wording.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join()
      const unknown = holes(row.zh).split(',').filter((hole) => hole !== '' && !holes(row.en).split(',').includes(hole))
      if (unknown.length > 0) problems.push(`${row.code}: the log does not say ${unknown.join(', ')}, which the screen says`)
      if (everything.split(`'${row.code}'`).length < 3) problems.push(`${row.code}: nobody throws it`)
    }
    expect(problems).toEqual([])
  })

  test('links between pages lead somewhere, and commands that pages name exist', () => {
    const pages = ['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')]
    const broken = pages.flatMap((page) => [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].filter((found) => !existsSync(join(root, dirname(page), found[1]))).map((found) => `${page}: ${found[1]}`))
    const commands = new Set([...text.get('src/main.ts')!.matchAll(/\.command\('(\w[\w-]*)/g)].map((found) => found[1]))
    const unknown = pages.flatMap((page) => [...read(page).matchAll(/qz -- (\w[\w-]*)/g)].filter((found) => !commands.has(found[1])).map((found) => `${page}: qz ${found[1]}`))
    const files = pages.flatMap((page) => [...read(page).matchAll(/`((?:src|tests|scripts|migrations)\/[\w./-]+\.(?:ts|sql|txt))`/g)].filter((found) => !existsSync(join(root, found[1]))).map((found) => `${page}: ${found[1]}`))
    expect([...broken, ...unknown, ...files]).toEqual([])
  })

  test('nothing is left over', () => {
    expect([...text].filter(([path]) => path !== 'tests/tidy.test.ts').flatMap(([path, content]) => leftovers(path, content))).toEqual([])
  })

  test('no title stands twice under the same heading', () => {
    expect([...text].filter(([path]) => path.endsWith('.test.ts')).flatMap(([path, content]) => duplicateTitles(content).map((title) => `${path}: ${title}`))).toEqual([])
  })

  test('nothing big is kept: lock files apart, no file is over 200 kB', () => {
    const tracked = existsSync(join(root, '.git')) ? execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 64e6 }).split('\0').filter(Boolean) : filesBelow('.')
    const big = tracked.filter((path) => !path.endsWith('package-lock.json') && existsSync(join(root, path)) && statSync(join(root, path)).size > 200_000)
    expect(big).toEqual([])
  })
})

describe('control: what the rules refuse', () => {
  const problem = (from: string, to: string) => importProblem({ from, to, line: 1 })
  test.each([
    ['src/sell/order/store.ts', 'src/retain/tag/index.ts', 'sell may not import retain'],
    ['src/kernel/db/db.ts', 'src/book/person/index.ts', 'kernel may not import book'],
    ['src/book/person/store.ts', 'src/wechat/client/index.ts', 'book never imports wechat'],
    ['src/sell/order/store.ts', 'src/book/person/store.ts', 'import through the front door src/book/person/index.ts'],
    ['src/server.ts', 'src/kernel/db/errors.ts', 'import through the front door'],
    ['src/runtime.ts', 'src/emulator/core/server.ts', 'through src/emulator/index.ts'],
    ['src/sell/order/store.ts', 'src/emulator/index.ts', 'a stage never imports the emulator'],
    ['src/emulator/shop/order.ts', 'src/sell/order/index.ts', 'knows the platform, not the product'],
    ['src/emulator/shop/order.ts', 'src/wechat/client/index.ts', 'knows the platform, not the product'],
    ['src/math/planner/core.ts', 'src/kernel/assert.ts', 'math imports nothing of the house'],
    ['src/runtime.ts', 'src/emulator/population/truth.ts', 'may look at the truth'],
    ['src/sell/order/store.ts', 'src/house.ts', 'sell may not import main'],
  ])('%s importing %s', (from, to, expected) => expect(problem(from, to)).toContain(expected))

  test.each([
    ['src/sell/order/store.ts', 'src/sell/order/shop-order.ts'], ['src/sell/order/store.ts', 'src/kernel/money.ts'], ['src/retain/tag/index.ts', 'src/sell/order/index.ts'], ['src/house.ts', 'src/sell/order/index.ts'],
    ['src/emulator/shop/order.ts', 'src/emulator/core/errors.ts'], ['src/emulator/shop/order.ts', 'src/wechat/spec/endpoint.ts'], ['src/simulation/world/x.ts', 'src/emulator/population/truth.ts'], ['src/learn/meter/x.ts', 'src/math/planner/index.ts'],
  ])('%s may import %s', (from, to) => expect(problem(from, to)).toBeUndefined())

  test('a clock, a draw, the environment, a thread', () => {
    for (const line of ['const a = Date.now()', 'new Date()', 'setTimeout(() => {}, 1)', 'Math.random()', 'randomBytes(8)', 'process.env.X', 'new Worker(x)', 'console.log(1)', 'await AbortSignal.timeout(5)']) expect(reservedProblems('src/sell/order/store.ts', scan(line).code), line).toHaveLength(1)
    for (const line of ['new Date(at)', "const t = 'Date.now()'", '// Date.now() is not used', 'timers.sleep(5)', 'const s = `${a} setTimeout(`']) expect(reservedProblems('src/sell/order/store.ts', scan(line).code), line).toEqual([])
    expect(reservedProblems('src/sell/order/store.ts', scan('const s = `${Date.now()}`').code)).toHaveLength(1)
  })
  test('a volatile function, a leftover, a title that stands twice', () => {
    for (const sql of ['select now()', 'insert into x values (gen_random_uuid())', 'select CURRENT_TIMESTAMP', 'order by random()']) expect(volatileSql.test(sql), sql).toBe(true)
    expect(volatileSql.test('select known, occurred_at from x')).toBe(false)
    expect(leftovers('x.ts', `${'FIX'}ME later; test${'.only'}(`)).toHaveLength(2)
    const twice = "describe('a', () => {\n  test('x', () => {})\n})\ndescribe('b', () => {\n  test('x', () => {})\n"
    expect(duplicateTitles(`${twice}})`)).toEqual([])
    expect(duplicateTitles(`${twice}  test('x', () => {})\n})`)).toEqual(['b > x'])
  })
  test('a table in the SQL of another module is seen', () => expect(tablesIn('select 1 from shop_order o join order_line l on true')).toEqual(['shop_order', 'order_line']))
})
