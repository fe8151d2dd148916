import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { clientCalls, collectModules, collectRows, coverage, coverageDocument } from '../scripts/gen-coverage.ts'
import { coreModule } from '../src/emulator/core/core-module.ts'
import type { LineModule } from '../src/emulator/core/registry.ts'
import { fitAnswer } from '../src/wechat/client/answer.ts'
import type { EndpointRow } from '../src/wechat/spec/endpoint.ts'
import { allRows } from '../src/wechat/spec/index.ts'

let rows: EndpointRow[]
let modules: LineModule[]

beforeAll(async () => {
  rows = await collectRows()
  modules = [coreModule, ...(await collectModules())]
})

test('docs/wechat-coverage.md is fresh: npm run gen writes it', async () => {
  expect(readFileSync(join(import.meta.dirname, '../docs/wechat-coverage.md'), 'utf8')).toBe(await coverageDocument())
})

test('a row that nobody serves is listed as not emulated (control)', () => {
  const [row] = rows
  expect(coverage([row], [], {})).toContain('1 endpoints, 0 emulated')
  expect(coverage([row], modules, {})).toContain(`| \`${row.name}\` |`)
})

describe('the table of endpoints', () => {
  test('names are unique, paths begin with a slash and carry no query', () => {
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length)
    for (const row of rows) expect(row.path, row.name).toMatch(/^\/[\w/{}.-]+$/)
  })
  test('the list that the program uses holds every row that the files hold', () => {
    expect([...allRows.keys()].sort()).toEqual(rows.map((row) => row.name).sort())
  })
  test('no line has the same method and path twice', () => {
    const seen = rows.map((row) => `${row.line} ${row.method} ${row.path}`)
    expect(seen.filter((text, index) => seen.indexOf(text) !== index)).toEqual([])
  })
  test('every probe names an endpoint that exists and reads', () => {
    for (const row of rows) {
      if (typeof row.repeat !== 'object' || !('probe' in row.repeat)) continue
      const { probe } = row.repeat
      expect(rows.find((one) => one.name === probe)?.effect, `${row.name} probes ${probe}`).toBe('read')
    }
  })
  test('every keyed repeat names a field of the request', () => {
    for (const row of rows) {
      if (typeof row.repeat !== 'object' || !('keyed' in row.repeat)) continue
      const shape = (row.request as unknown as { shape?: Record<string, unknown> }).shape
      expect(shape && row.repeat.keyed in shape, `${row.name} is keyed by ${row.repeat.keyed}`).toBe(true)
    }
  })
  test('samples fit their schemas, and a row that claims a sample has one', () => {
    for (const row of rows) {
      if (row.verified === 'sample') expect(row.sample?.request !== undefined || row.sample?.response !== undefined, `${row.name} has a sample`).toBe(true)
      if (row.sample?.request !== undefined) expect(row.request.safeParse(row.sample.request).error?.message, `${row.name} request`).toBeUndefined()
      if (row.sample?.response !== undefined) expect(fitAnswer(row.response, row.sample.response), `${row.name} response`).toMatchObject({ ok: true })
    }
  })
  test('every emulator route serves a row of the table, once, on its own line', () => {
    const byName = new Map(rows.map((row) => [row.name, row]))
    const served: string[] = []
    for (const module of modules) {
      for (const { endpoint } of module.routes) {
        expect(byName.get(endpoint.name), `${endpoint.name} is in src/wechat/spec`).toBe(endpoint)
        served.push(endpoint.name)
      }
    }
    expect(served.filter((name, index) => served.indexOf(name) !== index)).toEqual([])
  })
  test('what a public client was seen to call is a row that the emulator serves', () => {
    const served = new Set(modules.flatMap((module) => module.routes.map((route) => route.endpoint.name)))
    for (const name of Object.keys(clientCalls())) expect(served.has(name), name).toBe(true)
  })
})
