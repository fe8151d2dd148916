import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from './random.ts'

/**
 * Secrets at rest: AES-256-GCM under a master key, with the purpose bound in as additional data, so a sealed token moved to another
 * row or tenant does not open. Layout: 12 bytes nonce, 16 bytes tag, ciphertext.
 */
export type Seal = {
  seal(plain: string | Buffer, purpose: string): Buffer
  open(sealed: Buffer, purpose: string): Buffer
  /** Keyed one-way form of a phone number and the like: equal inputs meet, the number cannot be read back without the key. */
  blindIndex(value: string): string
}

export function createSeal(masterKey: Buffer, random: Random): Seal {
  const blind = Buffer.from(hkdfSync('sha256', masterKey, '', 'qingzhou blind index', 32))
  let count = 0
  return {
    seal(plain, purpose) {
      const nonce = random.bytes(12, 'seal', purpose, count++)
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
      cipher.setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(typeof plain === 'string' ? Buffer.from(plain, 'utf8') : plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open(sealed, purpose) {
      const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(0, 12))
      decipher.setAAD(Buffer.from(purpose))
      decipher.setAuthTag(sealed.subarray(12, 28))
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()])
    },
    blindIndex: (value) => createHash('sha256').update(blind).update(value).digest('hex'),
  }
}

/** The master key: from the configuration, else made once and kept beside the data with mode 600. */
export function masterKey(dataDir: string, configured: string, random: Random): Buffer {
  if (configured !== '') return Buffer.from(configured, 'hex')
  const file = join(dataDir, 'master.key')
  if (existsSync(file)) return Buffer.from(readFileSync(file, 'utf8').trim(), 'hex')
  mkdirSync(dataDir, { recursive: true })
  const key = random.bytes(32, 'master key')
  writeFileSync(file, key.toString('hex') + '\n', { mode: 0o600 })
  return key
}
