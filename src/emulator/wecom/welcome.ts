import {
  groupWelcomeAdd,
  groupWelcomeDelete,
  groupWelcomeEdit,
  groupWelcomeGet,
  groupWelcomeGetByQuery,
  welcomeCodeMs,
  welcomeSend,
} from '../../wechat/spec/wecom/index.ts'
import { freshId } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { bytesOf, wecom } from './call.ts'
import { messageOf } from './content.ts'
import { arrive, type CorpState } from './state.ts'

export const welcomeLifeMs = welcomeCodeMs
const templateMax = 100

const blockNames = ['text', 'image', 'link', 'miniprogram', 'video', 'file'] as const
type Blocks = Partial<Record<(typeof blockNames)[number], unknown>>

function blocksOf(input: Blocks): Record<string, unknown> {
  const blocks: Record<string, unknown> = {}
  for (const name of blockNames) if (input[name] !== undefined) blocks[name] = input[name]
  if (Object.keys(blocks).length === 0) throw new PlatformError(40063, 'the template is empty')
  if (Object.keys(blocks).filter((name) => name !== 'text').length > 1)
    throw new PlatformError(40058, 'invalid parameter: one block besides the text at most')
  const text = (blocks.text as { content?: string } | undefined)?.content
  if (text !== undefined && bytesOf(text) > 3_000) throw new PlatformError(40058, 'invalid parameter: text.content is over 3000 bytes')
  return blocks
}

function templateOf(corp: CorpState, id: string | undefined): { by: string; blocks: Record<string, unknown> } {
  const template = corp.groupWelcomes[id ?? '']
  if (!template) throw new PlatformError(40037, 'invalid template_id')
  return template
}

const getTemplate = ({ corp, input }: { corp: CorpState; input: { template_id?: string } }) => ({ ...templateOf(corp, input.template_id).blocks })

export const welcomeRoutes = [
  wecom(welcomeSend, ({ ns, corp, input }) => {
    if (!input.welcome_code) throw new PlatformError(41049, 'missing welcome code')
    const welcome = corp.welcomes[input.welcome_code]
    if (!welcome || welcome.expiresAt < ns.now) throw new PlatformError(41050, 'invalid welcome code')
    const content = messageOf(corp, ns.now, input)
    const follow = corp.follows[welcome.userid]?.[welcome.externalUserid]
    if (welcome.used || (follow && follow.lastChatAt > 0)) throw new PlatformError(41051, 'the customer has started chatting')
    if (!follow || follow.applied) throw new PlatformError(41050, 'invalid welcome code')
    welcome.used = true
    if (!follow.gone) arrive(ns, corp, { kind: 'welcome', from: welcome.userid, to: welcome.externalUserid, ref: input.welcome_code, content })
    return {}
  }),
  wecom(groupWelcomeAdd, ({ ns, corp, app, input }) => {
    if (Object.keys(corp.groupWelcomes).length >= templateMax) throw new PlatformError(41055, 'group welcome template count exceeds limit')
    const blocks = blocksOf(input)
    const id = freshId(ns, 'msg', 29)
    corp.groupWelcomes[id] = { by: app.agentId, blocks }
    return { template_id: id }
  }),
  wecom(groupWelcomeEdit, ({ corp, app, input }) => {
    const template = templateOf(corp, input.template_id)
    if (template.by !== app.agentId) throw new PlatformError(41058, 'no privilege to edit the template')
    template.blocks = blocksOf(input)
    return {}
  }),
  wecom(groupWelcomeGet, getTemplate),
  wecom(groupWelcomeGetByQuery, getTemplate),
  wecom(groupWelcomeDelete, ({ corp, app, input }) => {
    if (templateOf(corp, input.template_id).by !== app.agentId) throw new PlatformError(41058, 'no privilege to edit the template')
    delete corp.groupWelcomes[input.template_id ?? '']
    return {}
  }),
]
