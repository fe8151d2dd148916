import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ErrorEntry } from '../src/kernel/errors.ts'

/** docs/errors.md: every fault that the program can answer with, from the tables that the modules keep beside their code. */
const root = join(import.meta.dirname, '..')

export type CatalogueRow = ErrorEntry & { code: string; file: string }

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.endsWith('kernel/errors.ts') && /= defineErrors\(/.test(readFileSync(file, 'utf8')))
    .sort()
}

/** @throws when two modules use one code. */
export async function errorCatalogue(): Promise<CatalogueRow[]> {
  const rows: CatalogueRow[] = []
  for (const file of sources(join(root, 'src'))) {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    for (const value of Object.values(module)) {
      const table = typeof value === 'function' ? (value as unknown as { table?: Record<string, ErrorEntry> }).table : undefined
      for (const [code, entry] of Object.entries(table ?? {})) {
        const known = rows.find((row) => row.code === code)
        if (known) throw new Error(`the code ${code} is in ${known.file} and in ${relative(root, file)}`)
        rows.push({ ...entry, code, file: relative(root, file) })
      }
    }
  }
  return rows.sort((a, b) => (a.code < b.code ? -1 : 1))
}

export async function errorDocument(): Promise<string> {
  const rows = await errorCatalogue()
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const areas = [...new Set(rows.map((row) => row.code.split('/')[0]))]
  return [
    '# Errors 错误目录', '',
    'Made by `npm run gen` from the tables beside the code; do not edit. Answers carry `{ error: { code, message, params } }`; decide by `code`, never by the text. What stands in braces is filled in.', '',
    `${rows.length} codes.`, '',
    ...areas.flatMap((area) => {
      const mine = rows.filter((row) => row.code.startsWith(`${area}/`))
      return [`## ${area}`, '', '| code | status | 中文 | English | from |', '| --- | --- | --- | --- | --- |', ...mine.map((row) => `| \`${row.code}\` | ${row.status} | ${cell(row.zh)} | ${cell(row.en)} | \`${row.file}\` |`), '']
    }),
  ].join('\n')
}
