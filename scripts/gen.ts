import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generated } from './generated.ts'

/** `npm run gen` writes the files that are made from code; `npm run gen -- --check` only says which are stale and exits 1. */

const root = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')
let stale = 0
for (const { path, make } of generated) {
  const text = await make()
  const full = join(root, path)
  if (existsSync(full) && readFileSync(full, 'utf8') === text) continue
  stale++
  if (!check) writeFileSync(full, text)
  console.log(`${path} ${check ? 'is stale: run npm run gen' : 'written'}`)
}
if (check && stale > 0) process.exitCode = 1
