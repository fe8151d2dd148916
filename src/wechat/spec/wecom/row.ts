import { z } from 'zod'
import { endpoint, type Cap, type EndpointRow } from '../endpoint.ts'
import { wecomErrors } from './errors.ts'

/** Basic limits of every endpoint, per corp (D90454, updated 2023-08-28). The per-address limits are twice and four times as high. */
export const baseCaps: readonly Cap[] = [
  { count: 10_000, perMs: 60_000, per: 'account', source: 'D90454' },
  { count: 150_000, perMs: 3_600_000, per: 'account', source: 'D90454' },
  { count: 20_000, perMs: 60_000, per: 'ip', source: 'D90454' },
  { count: 600_000, perMs: 3_600_000, per: 'ip', source: 'D90454' },
]

type Given<Req extends z.ZodType, Res extends z.ZodType> = Omit<EndpointRow<Req, Res>, 'line' | 'credential' | 'verified'> &
  Partial<Pick<EndpointRow, 'credential' | 'verified'>>

/** A row of the WeCom line: token in the query, basic caps, the common errors; a row without a sample is our reading of the sheet. */
export function row<Req extends z.ZodType, Res extends z.ZodType>(given: Given<Req, Res>): EndpointRow<Req, Res> {
  return endpoint({
    line: 'wecom',
    credential: 'access_token',
    caps: baseCaps,
    errors: wecomErrors,
    verified: given.sample ? 'sample' : 'reading',
    ...given,
  })
}

/** A number in a query arrives as text. */
export const queryInt = z.union([z.int(), z.string()])

export const nothing = z.looseObject({})

/** An empty or absent cursor ends the paging. */
export const nextCursor = { next_cursor: z.string().optional() }
export const paging = { cursor: z.string().optional(), limit: z.int().optional() }

const text = z.looseObject({ content: z.string().optional() })
const image = z.looseObject({ media_id: z.string().optional(), pic_url: z.string().optional() })
const link = z.looseObject({
  title: z.string().optional(),
  picurl: z.string().optional(),
  desc: z.string().optional(),
  url: z.string().optional(),
  /** Moments only: the cover. */
  media_id: z.string().optional(),
})
const miniprogram = z.looseObject({
  title: z.string().optional(),
  pic_media_id: z.string().optional(),
  appid: z.string().optional(),
  page: z.string().optional(),
})
const file = z.looseObject({ media_id: z.string().optional() })

/** Blocks of a message to customers, one kind a block. */
export const messageBlocks = {
  text: text.optional(),
  image: image.optional(),
  link: link.optional(),
  miniprogram: miniprogram.optional(),
  video: file.optional(),
  file: file.optional(),
}

export const attachment = z.looseObject({
  msgtype: z.string(),
  image: image.optional(),
  link: link.optional(),
  miniprogram: miniprogram.optional(),
  video: file.optional(),
  file: file.optional(),
})

/** Text and up to nine attachments; not both empty; they arrive as several messages. */
export const message = { text: text.optional(), attachments: z.array(attachment).optional() }
