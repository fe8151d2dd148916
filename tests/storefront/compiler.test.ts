import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../../src/root.ts'

/** WeChat's own compiler over the built storefront, where somebody has installed it: `npm run check:mini-program` does both. */
const compiler = join(packageRoot, 'storefront/compiler')
const installed = existsSync(join(compiler, 'node_modules/miniprogram-ci'))
if (!installed) process.stderr.write('the official compiler is not installed, its check is skipped: npm run check:mini-program installs and runs it\n')

describe.skipIf(!installed)('the official compiler', { timeout: 180_000 }, () => {
  test('accepts the storefront, and refuses it broken in five ways (control)', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(compiler, 'check.mjs')], { encoding: 'utf8' })
    expect(stdout + stderr).toMatch(/accepted by miniprogram-ci: \d+ files/)
    expect(stdout.match(/refused, as it must be/g)).toHaveLength(5)
    expect(status).toBe(0)
  })
})
