import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import { findMedia } from '../../kernel/media/index.ts'
import { plainLine } from '../reader/index.ts'
import type { Block, Price } from './article.ts'
import { cleanHtml, cleanMarkdown, maxRaw, type Cleaned, type Dropped } from './clean.ts'

/** What an editor sends; nothing of it is trusted. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
export const blockInput = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), html: z.string() }),
  z.object({ type: z.literal('markdown'), text: z.string() }),
  z.object({ type: z.literal('image'), sha256, alt: z.string().max(200).default(''), source: z.string().max(200).default(''), licence: z.string().max(100).default('') }),
  z.object({ type: z.literal('case'), caseId: z.uuid() }),
  z.object({ type: z.literal('playbook'), playbookId: z.uuid() }),
  z.object({ type: z.literal('quiz'), key: z.string().max(40).default(''), question: z.string().max(400), options: z.array(z.string().max(200)).max(8), right: z.int(), section: z.int().min(0).max(99).default(0) }),
  z.object({ type: z.literal('product'), productId: z.uuid() }),
  z.object({ type: z.literal('mini'), title: z.string().max(60), path: z.string().max(200), appid: z.string().max(40).default(''), sha256: sha256.nullable().default(null) }),
  z.object({ type: z.literal('contact'), text: z.string().max(80).default('') }),
  z.object({ type: z.literal('paywall') }),
])
export const draftInput = z.object({
  title: z.string().max(400), summary: z.string().max(1000).default(''), cover: sha256.nullable().default(null), topics: z.array(z.string().max(60)).max(20).default([]),
  price: z.object({ feathers: z.int().nullable().default(null), fen: z.int().nullable().default(null) }).default({ feathers: null, fen: null }),
  blocks: z.array(blockInput).max(400),
})
export type DraftInput = z.input<typeof draftInput>
export type DraftProblem = { where: string; zh: string; en: string }

/** Characters as people count them. The title's is the Official Account's own limit. */
export const limits = { title: 64, summary: 120, topics: 5, topic: 12, blocks: 200, text: 60_000, quizzes: 10, feathers: 10_000, fen: 1_000_000 } as const

export type Draft = { title: string; summary: string; cover: string | null; topics: string[]; price: Price; blocks: Block[]; text: string; links: string[]; minutes: number; dropped: Dropped[]; media: Array<{ sha256: string; contentType: string; bytes: number }> }

const count = (text: string): number => [...text].length
const imageLine = /^!\[([^\]]*)\]\((?:media:|\/media\/[\w-]+\/)([0-9a-f]{64})\)\s*$/

/** A draft as it is kept, or everything that is wrong with it. */
export async function readDraft(tx: Tx, tenantId: number, raw: DraftInput): Promise<{ ok: true; draft: Draft } | { ok: false; problems: DraftProblem[] }> {
  const parsed = draftInput.safeParse(raw)
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.slice(0, 5).map((issue) => ({ where: issue.path.map(String).join('.') || 'body', zh: `读不懂：${issue.message}`, en: `cannot be read: ${issue.message}` })) }
  }
  const input = parsed.data
  const problems: DraftProblem[] = []
  const wrong = (where: string, zh: string, en: string): void => void problems.push({ where, zh, en })
  const rawSize = input.blocks.reduce((sum, block) => sum + (block.type === 'text' ? block.html.length : block.type === 'markdown' ? block.text.length : 0), 0)
  if (rawSize > maxRaw) {
    wrong('正文', `贴进来 ${Math.round(rawSize / 1000)} 千字符，最多 ${maxRaw / 1000} 千。分成几篇，或贴纯文字。`, `${rawSize} characters were pasted, at most ${maxRaw}; split it or paste plain text`)
    return { ok: false, problems }
  }
  const title = plainLine(input.title)
  const summary = plainLine(input.summary)
  if (title === '') wrong('标题', '还没写', 'it is missing')
  if (count(title) > limits.title) wrong('标题', `${count(title)} 字，最多 ${limits.title} 字`, `${count(title)} characters, at most ${limits.title}`)
  if (count(summary) > limits.summary) wrong('摘要', `${count(summary)} 字，最多 ${limits.summary} 字`, `${count(summary)} characters, at most ${limits.summary}`)
  const topics = [...new Set(input.topics.map((topic) => plainLine(topic).replace(/^#+/, '').trim()).filter((topic) => topic !== ''))]
  if (topics.length > limits.topics) wrong('话题', `${topics.length} 个，最多 ${limits.topics} 个`, `${topics.length} of them, at most ${limits.topics}`)
  for (const topic of topics) if (count(topic) > limits.topic) wrong('话题', `「${topic}」${count(topic)} 字，最多 ${limits.topic} 字`, `a topic has ${count(topic)} characters, at most ${limits.topic}`)

  const blocks: Block[] = []
  // What stands before the paywall: an abstract made from it gives nothing away.
  let freeText = ''
  const dropped = new Map<Dropped['what'], number>()
  const texts: string[] = []
  const links: string[] = []
  const addText = (cleaned: Cleaned): void => {
    for (const one of cleaned.dropped) dropped.set(one.what, (dropped.get(one.what) ?? 0) + one.count)
    links.push(...cleaned.links)
    if (cleaned.html === '') return
    const last = blocks[blocks.length - 1]
    if (last?.type === 'text') last.html += cleaned.html
    else blocks.push({ type: 'text', html: cleaned.html })
    texts.push(cleaned.text)
    if (!blocks.some((block) => block.type === 'paywall')) freeText += ` ${cleaned.text}`
  }
  for (const block of input.blocks) {
    if (block.type === 'text') addText(cleanHtml(block.html))
    else if (block.type === 'markdown') {
      let pending: string[] = []
      for (const line of [...block.text.split('\n'), null]) {
        const image = line === null ? null : imageLine.exec(line)
        if (line !== null && !image) pending.push(line)
        else {
          if (pending.some((one) => one.trim() !== '')) addText(cleanMarkdown(pending.join('\n')))
          pending = []
          if (image) blocks.push({ type: 'image', sha256: image[2], alt: plainLine(image[1]), source: '', licence: '' })
        }
      }
    } else if (block.type === 'quiz') {
      const options = block.options.map(plainLine).filter((option) => option !== '')
      const question = plainLine(block.question)
      blocks.push({ type: 'quiz', key: plainLine(block.key).replace(/[^\w-]/g, '') || `q${blocks.filter((one) => one.type === 'quiz').length + 1}`, question, options, right: block.right, section: block.section })
      texts.push([question, ...options].join('\n'))
    } else if (block.type === 'image') blocks.push({ type: 'image', sha256: block.sha256, alt: plainLine(block.alt), source: plainLine(block.source), licence: plainLine(block.licence) })
    else if (block.type === 'mini') blocks.push({ ...block, title: plainLine(block.title), path: block.path.trim(), appid: block.appid.trim() })
    else if (block.type === 'contact') blocks.push({ type: 'contact', text: plainLine(block.text) })
    else blocks.push(block)
  }
  if (blocks.length > limits.blocks) wrong('正文', `${blocks.length} 块，最多 ${limits.blocks} 块`, `${blocks.length} blocks, at most ${limits.blocks}`)
  const text = texts.join('\n')
  if (count(text) > limits.text) wrong('正文', `${count(text)} 字，最多 ${limits.text} 字。分成几篇。`, `${count(text)} characters, at most ${limits.text}`)
  if (blocks.length === 0) wrong('正文', '还没写', 'it is empty')

  const quizzes = blocks.filter((block) => block.type === 'quiz')
  if (quizzes.length > limits.quizzes) wrong('阅读题', `${quizzes.length} 题，最多 ${limits.quizzes} 题`, `${quizzes.length} questions, at most ${limits.quizzes}`)
  if (new Set(quizzes.map((quiz) => quiz.key)).size !== quizzes.length) wrong('阅读题', '两题用了同一个名字', 'two questions have the same key')
  for (const [n, quiz] of quizzes.entries()) {
    if (quiz.question === '') wrong(`阅读题 ${n + 1}`, '没有题目', 'the question is missing')
    if (quiz.options.length < 2 || quiz.options.length > 6) wrong(`阅读题 ${n + 1}`, `${quiz.options.length} 个选项，要 2 到 6 个`, `${quiz.options.length} options, 2 to 6 are needed`)
    else if (quiz.right < 0 || quiz.right >= quiz.options.length) wrong(`阅读题 ${n + 1}`, '没选对的是哪个', 'the right option is not chosen')
    if (new Set(quiz.options).size !== quiz.options.length) wrong(`阅读题 ${n + 1}`, '两个选项一样', 'two options are equal')
  }
  for (const mini of blocks.filter((block) => block.type === 'mini')) {
    if (!/^\/?[\w\-/.]+(\?[\w\-=&%.]*)?$/.test(mini.path)) wrong('小程序卡片', `路径「${mini.path.slice(0, 40)}」不对，像 pages/home/home`, 'the path of a mini program card is not one')
    if (mini.title === '') wrong('小程序卡片', '没有标题', 'a mini program card has no title')
  }
  const walls = blocks.flatMap((block, n) => (block.type === 'paywall' ? [n] : []))
  const { price } = input
  const priced = price.feathers !== null || price.fen !== null
  if (walls.length > 1) wrong('付费线', `有 ${walls.length} 条，只能一条`, `${walls.length} paywalls, one is possible`)
  if (walls.length === 1 && !priced) wrong('付费线', '有付费线，没有价格', 'there is a paywall and no price')
  if (walls.length === 0 && priced) wrong('付费线', '有价格，没放付费线：放在免费部分之后', 'there is a price and no paywall')
  if (walls.length === 1 && walls[0] === 0) wrong('付费线', '前面没有能先看的内容', 'nothing can be seen before it')
  if (walls.length === 1 && walls[0] === blocks.length - 1) wrong('付费线', '后面没有内容', 'nothing comes after it')
  if (price.feathers !== null && (price.feathers < 1 || price.feathers > limits.feathers)) wrong('价格', `${price.feathers} 羽毛，要 1 到 ${limits.feathers}`, `${price.feathers} feathers, 1 to ${limits.feathers} are possible`)
  if (price.fen !== null && (price.fen < 1 || price.fen > limits.fen)) wrong('价格', `${price.fen} 分，要 1 到 ${limits.fen}`, `${price.fen} fen, 1 to ${limits.fen} are possible`)

  const names = [...new Set([...blocks.flatMap((block) => ((block.type === 'image' || block.type === 'mini') && block.sha256 !== null ? [block.sha256] : [])), ...(input.cover === null ? [] : [input.cover])])]
  const media = await findMedia(tx, tenantId, names)
  for (const name of names) {
    const row = media.get(name)
    if (!row) wrong('图片', `没有这张图：${name.slice(0, 8)}`, `there is no such image: ${name.slice(0, 8)}`)
    else if (row.blockedAt !== null) wrong('图片', `这张图已经停用：${name.slice(0, 8)}`, `this image is not shown any more: ${name.slice(0, 8)}`)
  }
  for (const block of blocks) {
    if (block.type !== 'image') continue
    const row = media.get(block.sha256)
    if (block.source === '') block.source = row?.source ?? ''
    if (block.licence === '') block.licence = row?.licence ?? ''
    texts.push([block.alt, block.source].filter((one) => one !== '').join('\n'))
  }
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    draft: {
      title, summary: summary || freeText.replace(/\s+/g, ' ').trim().slice(0, 80), cover: input.cover, topics, price, blocks, text: texts.filter((one) => one !== '').join('\n'), links: [...new Set(links)], minutes: minutesOf(text),
      dropped: [...dropped].map(([what, times]) => ({ what, count: times })), media: [...media.values()].map((row) => ({ sha256: row.sha256, contentType: row.contentType, bytes: row.bytes })),
    },
  }
}

/** Minutes to read: 400 Chinese characters or 220 words a minute. */
export function minutesOf(text: string): number {
  const han = text.match(/[\u3400-\u9fff]/g)?.length ?? 0
  const words = text.replace(/[\u3400-\u9fff]/g, ' ').match(/[\p{L}\p{N}]+/gu)?.length ?? 0
  return Math.max(1, Math.round(han / 400 + words / 220))
}

/** What a reader who has not bought sees: everything before the paywall. */
export function splitAtWall(blocks: readonly Block[]): { free: Block[]; paid: Block[] } {
  const at = blocks.findIndex((block) => block.type === 'paywall')
  return at < 0 ? { free: [...blocks], paid: [] } : { free: blocks.slice(0, at), paid: blocks.slice(at + 1) }
}

export const wordsOf = (blocks: readonly Block[]): number => blocks.reduce((sum, block) => sum + (block.type === 'text' ? count(block.html.replace(/<[^>]*>/g, '')) : 0), 0)
