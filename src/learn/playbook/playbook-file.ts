import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../../kernel/json.ts'
import type { PublicCase } from '../benchmark/index.ts'
import { playbookFault } from './errors.ts'
import { moveSchema, type Move } from './moves.ts'

/** When a playbook should be taken off again, judged where it landed and on what was measured there. */
export const stopRuleSchema = z.object({
  /** Closed epochs before anything is said. */
  afterEpochs: z.number().int().min(1).max(12),
  /** Stop when the whole interval of net revenue lies below nought. */
  whenNetBelowZero: z.boolean(),
  /** Stop when at least so many of a hundred contacts are surely lost to messages; null: not looked at. */
  lossesPerHundred: z.number().min(0.1).max(100).nullable(),
})
export type StopRule = z.output<typeof stopRuleSchema>

const bodySchema = z.object({
  format: z.literal('qingzhou-playbook'),
  v: z.number().int(),
  playbookId: z.uuid(),
  title: z.string().min(1).max(60),
  note: z.string().max(500),
  madeAt: z.number().int(),
  author: z.object({ name: z.string().max(60), key: z.string().max(60), /** Where a receipt of its use may be handed in. */ home: z.string().max(300) }),
  /** What it brought where it was made, as far as its merchant agreed to show it; null: nothing is claimed. */
  expected: z.unknown().nullable(),
  stopRule: stopRuleSchema,
  royalty: z.number().int().min(0).max(1000),
  moves: z.array(z.looseObject({ kind: z.string().max(40) })).min(1).max(60),
})
export type PlaybookBody = Omit<z.output<typeof bodySchema>, 'expected' | 'moves'> & { expected: PublicCase | null; moves: Move[] }
export type PlaybookFile = { body: PlaybookBody; signature: string }

export const formatVersion = 1

/** An Ed25519 key (RFC 8032) from 32 secret bytes, in the PKCS#8 form of RFC 8410. */
export function signingKey(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
}

export const publicKeyOf = (key: KeyObject): string => String(createPublicKey(key).export({ format: 'jwk' }).x)

/** How people compare two keys. */
export const keyIdOf = (publicKey: string): string => createHash('sha256').update(publicKey).digest('hex').slice(0, 12)

export const digestOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')

export function signValue(key: KeyObject, value: unknown): string {
  return sign(null, Buffer.from(canonicalJson(value)), key).toString('base64url')
}

export function verifyValue(publicKey: string, value: unknown, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    return verify(null, Buffer.from(canonicalJson(value)), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/**
 * Reads a playbook file as somebody handed it in. The signature proves that nothing changed since the holder of `author.key` signed it; it does not
 * prove who that is: the page shows the key's short form beside the name.
 * @throws Fault playbook/not-a-playbook, newer, tampered, unknown-move
 */
export function openPlaybook(input: unknown): PlaybookFile {
  const outer = z.object({ body: z.looseObject({ format: z.string(), v: z.number() }), signature: z.string().max(200) }).safeParse(input)
  if (!outer.success || outer.data.body.format !== 'qingzhou-playbook') throw playbookFault('playbook/not-a-playbook', { reason: outer.success ? `format = ${outer.data.body.format.slice(0, 40)}` : outer.error.issues[0].path.join('.') || 'JSON' })
  if (outer.data.body.v > formatVersion) throw playbookFault('playbook/newer', { found: outer.data.body.v, known: formatVersion })
  const body = bodySchema.safeParse(outer.data.body)
  if (!body.success) throw playbookFault('playbook/not-a-playbook', { reason: `${body.error.issues[0].path.join('.')}: ${body.error.issues[0].message}` })
  // Over what was handed in, not over what was understood of it.
  if (!verifyValue(body.data.author.key, outer.data.body, outer.data.signature)) throw playbookFault('playbook/tampered', { keyId: keyIdOf(body.data.author.key) })
  const moves: Move[] = []
  const unknown: string[] = []
  for (const raw of body.data.moves) {
    const parsed = moveSchema.safeParse(raw)
    if (parsed.success) moves.push(parsed.data)
    else unknown.push(raw.kind)
  }
  if (unknown.length > 0) throw playbookFault('playbook/unknown-move', { moves: [...new Set(unknown)].join(', ') })
  return { body: { ...body.data, expected: body.data.expected as PublicCase | null, moves }, signature: outer.data.signature }
}

export const receiptSchema = z.object({
  body: z.object({ playbookId: z.uuid(), digest: z.string().length(64), appliedAt: z.number().int(), applier: z.object({ name: z.string().max(60), key: z.string().max(60) }) }),
  signature: z.string().max(200),
})
export type Receipt = z.output<typeof receiptSchema>
