import { describe, expect, test } from 'vitest'
import { describeConfig, readConfig, testFlags } from './config.ts'

describe('configuration', () => {
  test('with nothing set, everything has a value and nothing is wrong', () => {
    const { config, problems } = readConfig({})
    expect(problems).toEqual([])
    expect(config).toMatchObject({ dataDir: './data', host: '127.0.0.1', port: 8180, backend: 'embedded', sea: 'on', masterKey: '' })
  })
  test('an empty value counts as not set', () => expect(readConfig({ QZ_PORT: '', QZ_SEA: '' })).toEqual(readConfig({})))

  test('all problems are listed at once, each with what was expected; the default stands meanwhile', () => {
    const { config, problems } = readConfig({ QZ_PORT: '80000', QZ_SEA: 'maybe', QZ_BACKEND: 'oracle', QZ_LOG_LEVEL: 'debug' })
    expect(problems.map((p) => [p.env, p.found])).toEqual([['QZ_PORT', '80000'], ['QZ_BACKEND', 'oracle'], ['QZ_SEA', 'maybe']])
    for (const problem of problems) expect(problem.expected.length).toBeGreaterThan(5)
    expect(config).toMatchObject({ port: 8180, sea: 'on', backend: 'embedded', logLevel: 'debug' })
  })

  test('an address of a database means that database; a distributed one without an address is a problem', () => {
    expect(readConfig({ QZ_DATABASE_URL: 'postgres://x' }).config.backend).toBe('postgres')
    expect(readConfig({ QZ_DATABASE_URL: 'postgres://x', QZ_BACKEND: 'citus' }).config.backend).toBe('citus')
    expect(readConfig({ QZ_BACKEND: 'citus' }).problems).toMatchObject([{ env: 'QZ_DATABASE_URL' }])
  })

  test('secrets are never shown: neither as values nor in problems', () => {
    const environment = { QZ_DATABASE_URL: 'postgres://user:hunter2@db/x', QZ_MASTER_KEY: 'hunter2' }
    const { config, problems } = readConfig(environment)
    const shown = JSON.stringify([describeConfig(config, environment), problems])
    expect(problems).toMatchObject([{ env: 'QZ_MASTER_KEY', found: '(hidden)' }])
    expect(shown).not.toContain('hunter2')
    expect(describeConfig(config, environment).find((row) => row.env === 'QZ_DATABASE_URL')).toMatchObject({ value: '••••••', from: 'environment' })
  })
  test('what CI requires is read as a set', () => expect([...testFlags({ QZ_REQUIRE: 'browser,clients' }).require]).toEqual(['browser', 'clients']))
})
