import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seededRandom } from './random.ts'
import { createSeal, masterKey } from './seal.ts'

const key = Buffer.alloc(32, 7)
const seal = createSeal(key, seededRandom('seal'))

describe('secrets at rest', () => {
  test('what was sealed opens again, text or bytes', () => {
    expect(seal.open(seal.seal('密钥 secret', 'a'), 'a').toString('utf8')).toBe('密钥 secret')
    expect(seal.open(seal.seal(Buffer.from([0, 255]), 'a'), 'a')).toEqual(Buffer.from([0, 255]))
    expect(seal.open(seal.seal('', 'a'), 'a').length).toBe(0)
  })
  test('a sealed secret does not open for another purpose: moved to another row or tenant it is dead', () => {
    expect(() => seal.open(seal.seal('secret', 'connection 1 x'), 'connection 2 x')).toThrow()
  })
  test('one changed bit anywhere is noticed', () => {
    const sealed = seal.seal('secret', 'a')
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] ^= 1
      expect(() => seal.open(changed, 'a'), `byte ${at}`).toThrow()
    }
  })
  test('another master key opens nothing', () => expect(() => createSeal(Buffer.alloc(32, 8), seededRandom('x')).open(seal.seal('secret', 'a'), 'a')).toThrow())
  test('the same secret never looks the same twice', () => expect(seal.seal('secret', 'a')).not.toEqual(seal.seal('secret', 'a')))
  test('a blind index is equal for equal values, under the same key only', () => {
    expect(seal.blindIndex('13800001234')).toBe(seal.blindIndex('13800001234'))
    expect(seal.blindIndex('13800001234')).not.toBe(seal.blindIndex('13800001235'))
    expect(createSeal(Buffer.alloc(32, 8), seededRandom('x')).blindIndex('13800001234')).not.toBe(seal.blindIndex('13800001234'))
  })
})

test('the master key is made once, kept for its owner only, and a configured one wins', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qz-key-'))
  try {
    const made = masterKey(folder, '', seededRandom('first'))
    expect(masterKey(folder, '', seededRandom('second'))).toEqual(made)
    expect(statSync(join(folder, 'master.key')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'master.key'), 'utf8').trim()).toBe(made.toString('hex'))
    expect(masterKey(folder, 'ab'.repeat(32), seededRandom('x'))).toEqual(Buffer.from('ab'.repeat(32), 'hex'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
