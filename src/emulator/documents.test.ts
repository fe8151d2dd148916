import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pushFaults, requestFaults } from './core/faults.ts'
import { defaultParameters } from './shop/state.ts'

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort()

test('the admin API and its document name the same calls', () => {
  const served = [...text('./core/admin.ts').matchAll(/case '(GET|POST|PUT|DELETE) ([^']*)'/g)].map((match) => `${match[1]} ${match[2] || '/'}`)
  const written: string[] = []
  for (const line of text('../../docs/emulator-admin.md').split('\n')) {
    const call = /^\| `(GET|POST|PUT|DELETE) \/_emulator(\/[a-z-]*)`(?: \(also `(GET|POST|PUT|DELETE)`\))?/.exec(line)
    if (!call) continue
    written.push(`${call[1]} ${call[2]}`)
    if (call[3]) written.push(`${call[3]} ${call[2]}`)
  }
  expect(sorted(written)).toEqual(sorted(served))
})

test('every fault and every unconfirmed setting of the Shop is in the documents, and no other', () => {
  const rows = (path: string): string[] => [...text(path).matchAll(/^\| `([a-zA-Z-]+)` \|/gm)].map((match) => match[1])
  expect(sorted(rows('../../docs/emulator-admin.md'))).toEqual(sorted([...requestFaults, ...pushFaults]))
  expect(sorted(rows('../../docs/emulator.md'))).toEqual(sorted(Object.keys(defaultParameters)))
})
