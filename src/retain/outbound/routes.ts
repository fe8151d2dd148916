import { z } from 'zod'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { textBytesMax } from './message.ts'
import { allowAllContentGate, textCheck, type ContentGate } from './content-gate.ts'
import { listMessages, openTasks } from './store.ts'
import { welcomeSetting } from './welcome.ts'

/** Text of a message to contacts: 4,000 bytes at most (D92135). */
export const messageText = z.string().trim().min(1).max(4_000).refine((text) => Buffer.byteLength(text, 'utf8') <= textBytesMax, `at most ${textBytesMax} bytes`)
export const messageContent = z.object({ text: messageText, attachments: z.array(z.looseObject({ msgtype: z.enum(['image', 'link', 'miniprogram', 'video', 'file']) })).max(9).optional() })

export const outboundRoutes = (content: ContentGate = allowAllContentGate): AnyRoute[] => [
  route({
    method: 'GET', path: '/messages', right: 'people.read', block: 'contacts', what: 'messages with the gate\'s answer and what became of them, newest first',
    query: z.object({ campaign: z.string().max(80).optional(), person: z.uuid().optional(), state: z.string().max(20).optional() }),
    handle: async ({ tx, tenantId, query }) => ({ rows: (await listMessages(tx, tenantId, { campaign: query.campaign, personId: query.person, state: query.state }, 500)).map(({ externalUserId: _hidden, key: _key, ...row }) => row) }),
  }),
  route({
    method: 'GET', path: '/send-tasks', right: 'people.read', block: 'contacts', what: 'mass-send tasks that wait for a member, oldest first',
    handle: async ({ tx, tenantId }) => ({ rows: await openTasks(tx, tenantId, 500) }),
  }),
  route({
    method: 'GET', path: '/welcome', right: 'people.read', block: 'contacts', what: 'the general welcome text; codes may have their own',
    handle: async ({ tx, tenantId }) => ({ text: (await readSetting<string>(tx, tenantId, welcomeSetting)) ?? '' }),
  }),
  route({
    method: 'PUT', path: '/welcome', right: 'broadcasts.write', block: 'contacts', audit: 'welcome.write', what: 'set the general welcome text; empty: no welcome', body: z.object({ text: z.union([z.literal(''), messageText]) }),
    async handle({ tx, tenantId, body, clock }) {
      await textCheck(content)(tx, tenantId, [body.text], clock.now())
      await writeSetting(tx, tenantId, welcomeSetting, body.text, clock.now())
    },
  }),
  route({
    method: 'POST', path: '/messages/check', right: 'people.read', what: 'whether a marketing text may leave: superlatives, inducement to share, strange links, with places and a text without them', body: z.object({ text: z.string().max(4_000) }),
    handle: async ({ tx, tenantId, body, clock }) => (await content.check(tx, tenantId, [body.text], clock.now()))[0],
  }),
]
