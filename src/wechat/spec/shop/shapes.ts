import { z } from 'zod'
import type { Cap, KnownError } from '../endpoint.ts'
import { weixinErrors } from '../tokens.ts'

/** Ids of the Shop are 64-bit numbers that travel as text or as bare numbers, in requests and answers alike (shop sheet 20): always text here. */
export const shopId = z.union([z.string(), z.number()]).transform(String)
/** Seconds since the epoch; some samples write it as text. */
export const unixSeconds = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
/** Integer fen. */
export const fen = z.int()
export const outcome = z.looseObject({ errcode: z.int().optional(), errmsg: z.string().optional() })

export const shopErrors = {
  ...weixinErrors,
  '40097': { retry: 'never', en: 'a parameter in the body is wrong' },
  '45011': { retry: 'later', en: 'called too often in a minute' },
} as const satisfies Record<string, KnownError>

const dayMs = 86_400_000
/** Most Shop endpoints: 100,000 calls a day. Per-minute limits are not published. */
export const shopCaps: readonly Cap[] = [{ count: 100_000, perMs: dayMs, per: 'account', source: 'shop sheet 1, daily quota (DS FAQ_QA); which endpoints have 1,000,000 is UNCONFIRMED' }]

/** What all Shop rows have in common. */
export const shopRow = { line: 'shop', method: 'POST', credential: 'access_token', caps: shopCaps, errors: shopErrors } as const

export const timeRange = z.looseObject({ start_time: unixSeconds, end_time: unixSeconds })
