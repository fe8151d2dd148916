import { z } from 'zod'

/** Every answer of api.weixin.qq.com may carry these; a success often has neither. */
export const outcome = z.looseObject({ errcode: z.int().optional(), errmsg: z.string().optional() })

/** A count in a query string is text. */
export const queryText = z.union([z.string(), z.number()]).transform(String)

/** Numbers that clients send as text now and then. */
export const wireInt = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
])
