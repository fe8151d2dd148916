import { z } from 'zod'

/** What an Official Account pushes (XML by default): the root's children, texts as strings. Field order and case are the platform's. */
const base = { ToUserName: z.string(), FromUserName: z.string(), CreateTime: z.union([z.int(), z.string()]), MsgType: z.string() }

/** `Event` subscribe (EventKey `qrscene_<value>` and Ticket after a scan), unsubscribe, SCAN (EventKey = value), CLICK, VIEW. */
export const followEvent = z.looseObject({ ...base, Event: z.string(), EventKey: z.string().optional(), Ticket: z.string().optional() })

/** A message of a person; MsgId is the key to recognise a repeat. */
export const inboundMessage = z.looseObject({
  ...base,
  MsgId: z.union([z.string(), z.int()]),
  Content: z.string().optional(),
  PicUrl: z.string().optional(),
  MediaId: z.string().optional(),
})

/** TEMPLATESENDJOBFINISH; Status success, failed:user block or failed: system failed. */
export const templateJobEvent = z.looseObject({ ...base, Event: z.string(), MsgID: z.union([z.string(), z.int()]), Status: z.string() })

/** MASSSENDJOBFINISH */
export const massJobEvent = z.looseObject({
  ...base,
  Event: z.string(),
  MsgID: z.union([z.string(), z.int()]),
  Status: z.string(),
  TotalCount: z.union([z.string(), z.int()]),
  FilterCount: z.union([z.string(), z.int()]),
  SentCount: z.union([z.string(), z.int()]),
  ErrorCount: z.union([z.string(), z.int()]),
})
