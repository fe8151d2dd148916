import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../root.ts'

let folder: string

/** A bench of one row, which also prints where it should not. */
const fake = (agrees: boolean): string => `export const bench = { name: 'fake', what: 'a fake', sizes: ['small', 'default'], async run({ size = 'default', rounds }) {
  console.log('a library that talks')
  return { bench: 'fake', size, rows: [{ case: 'one', own: rounds, anchor: 'duckdb', anchorValue: 2, unit: 'ms', ratio: { median: 2, min: 1, max: 3 }, agrees: ${agrees} }], peakRssMb: 1, skipped: [] }
} }`

const qz = (...args: string[]): { code: number | null; out: string; error: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot, 'node_modules/tsx/dist/cli.mjs'), join(packageRoot, 'src/main.ts'), ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, error: stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qz-bench-test-'))
  writeFileSync(join(folder, 'right.ts'), fake(true))
  writeFileSync(join(folder, 'wrong.ts'), fake(false))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the bench command', () => {
  it('prints one JSON object and nothing else, and ends with 0 when both sides agree', () => {
    const { code, out } = qz('bench', 'right', '--folder', folder, '--size', 'small', '--rounds', '1', '--json')
    expect(JSON.parse(out)).toMatchObject({ bench: 'fake', size: 'small', rows: [{ own: 1, agrees: true }], skipped: [] })
    expect(code).toBe(0)
  })

  it('ends with 1 when an agreement fails, and draws it all the same', () => {
    const file = join(folder, 'plot.svg')
    const { code, out } = qz('bench', 'wrong', '--folder', folder, '--json', '--plot', file)
    expect(JSON.parse(out)).toMatchObject({ rows: [{ agrees: false }] })
    expect(code).toBe(1)
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg[^]*<\/svg>\n$/)
  })

  it('refuses a size that is not there with a sentence and 2', () => {
    const size = qz('bench', 'right', '--folder', folder, '--size', 'enormous', '--json')
    expect([size.code, size.out]).toEqual([2, ''])
    expect(size.error).toContain('small, default')
  })

  it('has every instrument and every part of the keel under its name', () => {
    const names = readdirSync(join(packageRoot, 'bench/speed')).map((file) => file.replace(/\.ts$/, ''))
    for (const name of ['touch', 'plan', 'evidence', 'lifetime', 'uplift', 'attribution', 'moderation', 'disclosure', 'emulator', 'intake', 'replay', 'start']) expect(names).toContain(name)
  })
})
