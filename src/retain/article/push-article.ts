import { escapeHtml } from '../../kernel/http/index.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, PlatformAnswer, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { findMedia, readMedia } from '../../kernel/media/index.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import type { UploadPart } from '../../wechat/client/index.ts'
import { readerOf, type CommunityWork } from '../reader/index.ts'
import type { Block, BlockFillers, ShownBlock } from './article.ts'
import { splitAtWall } from './blocks.ts'
import { findPush, insertPush, listPushes, lockPush, lockPushByPublish, savePush, type Push, type PushState } from './push-store.ts'
import { fillBlocks } from './read-article.ts'
import { findArticle, findVersion, type VersionRow } from './store.ts'

/**
 * An article on its way to the Official Account (发公众号): its images go first, then a draft, then the draft is submitted. Zero from the platform only means
 * accepted; how it ended comes by an event, whose name the sources give two ways (PUBLISHJOBFINISH, FREEPUBLISHJOBFINISH: both are heard), or by asking.
 * Publishing pushes nothing to followers. Since July 2025 personal and unverified accounts lack the publish endpoints: then the draft stays in the account.
 */
export type PushPlatform = {
  db: Db
  fillers: BlockFillers
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown, parts?: readonly UploadPart[]): Promise<PlatformAnswer>
  accountOfTenant(tenantId: number): string | undefined
  /** Where the article is read on our own pages. */
  homeOf(tenantId: number, slug: string): string
}

export const pushJobKind = 'article.push'
export const pushReplyKind = 'article.push'
/** The platform's limit for images in an article (material.ex of F19, and the page on mass sending). */
const imageMost = 1 << 20
const imagesAtOnce = 10
const pollMs = 60_000

export type PushStarted = { kind: 'started'; pushId: string } | { kind: 'no-account' } | { kind: 'gone' } | { kind: 'not-ready'; zh: string; en: string } | { kind: 'under-way'; pushId: string }

/** Begins; what the platform would refuse is told before anything is sent. */
export async function startPush(tx: Tx, work: CommunityWork, platform: Pick<PushPlatform, 'accountOfTenant'>, by: string, articleId: string): Promise<PushStarted> {
  const { tenantId, now, ids } = work
  const connectionId = platform.accountOfTenant(tenantId)
  if (connectionId === undefined) return { kind: 'no-account' }
  const article = await findArticle(tx, tenantId, articleId)
  const row = article?.version === null || article?.state !== 'published' ? undefined : await findVersion(tx, tenantId, articleId, article.version)
  if (!article || !row) return { kind: 'gone' }
  const open = (await listPushes(tx, tenantId, articleId)).find((one) => one.state === 'images' || one.state === 'draft' || one.state === 'publishing')
  if (open) return { kind: 'under-way', pushId: open.pushId }
  const images = imagesOf(row)
  if (images.length === 0) return { kind: 'not-ready', zh: '没有封面也没有图。公众号要一张封面，放一张再发。', en: 'there is neither a cover nor an image; the Official Account needs a cover' }
  const media = await findMedia(tx, tenantId, images)
  for (const name of images) {
    const one = media.get(name)
    if (!one || one.blockedAt !== null) return { kind: 'not-ready', zh: `图 ${name.slice(0, 8)} 没有了，换一张再发。`, en: `image ${name.slice(0, 8)} is gone; put another one` }
    if (one.contentType === 'image/gif') return { kind: 'not-ready', zh: '有一张 GIF。公众号正文图只收 JPEG 和 PNG，换一张再发。', en: 'there is a GIF; images of an article must be JPEG or PNG' }
    if (one.bytes > imageMost) return { kind: 'not-ready', zh: `有一张图 ${(one.bytes / imageMost).toFixed(1)} MB。公众号最多 1 MB，缩小再发。`, en: `an image has ${(one.bytes / imageMost).toFixed(1)} MB; the Official Account takes 1 MB` }
  }
  const pushId = ids.next()
  insertPush(tx, tenantId, { pushId, articleId, version: row.version, connectionId, state: 'images', images: {}, thumbMediaId: null, mediaId: null, publishId: null, platformArticleId: null, url: null, code: null, detail: null, createdAt: now, updatedAt: now, createdBy: by })
  await putJobs(tx, tenantId, [{ kind: pushJobKind, key: pushId, dueAt: now, state: { pushId, asked: 0 } }])
  return { kind: 'started', pushId }
}

const freePart = (row: VersionRow): Block[] => splitAtWall(row.blocks).free
/** The cover first; only what is shown there: the paid part never leaves. */
const imagesOf = (row: VersionRow): string[] => [...new Set([...(row.cover === null ? [] : [row.cover]), ...freePart(row).flatMap((block) => (block.type === 'image' ? [block.sha256] : []))])]

type Prepared = { kind: 'none' } | { kind: 'images'; images: Record<string, string>; thumbMediaId: string | null; left: boolean } | { kind: 'refused'; code: string; text: string } | { kind: 'asked'; result: unknown }

/** Uploads, some at a time, and asks how a publication ended. Both may be repeated without harm. */
export function pushJob(platform: PushPlatform): JobHandler {
  return {
    kind: pushJobKind,
    async prepare(work, job): Promise<Prepared> {
      const { tenantId } = work
      const { pushId } = job.state as { pushId: string }
      const found = await platform.db.tx({ role: 'app', tenantId }, async (tx) => {
        const push = await findPush(tx, tenantId, pushId)
        const row = push && (await findVersion(tx, tenantId, push.articleId, push.version))
        if (!push || !row || push.state !== 'images') return { push, missing: [], thumb: undefined }
        const missing = imagesOf(row).filter((name) => push.images[name] === undefined)
        const media = await findMedia(tx, tenantId, [...missing, ...imagesOf(row).slice(0, 1)])
        const load = async (name: string) => ({ name, type: media.get(name)?.contentType ?? 'image/jpeg', body: (await readMedia(tx, tenantId, name))?.body })
        const files = []
        for (const name of missing.slice(0, imagesAtOnce)) files.push(await load(name))
        return { push, missing, files, thumb: push.thumbMediaId === null ? await load(imagesOf(row)[0]) : undefined }
      })
      const { push } = found
      if (!push) return { kind: 'none' }
      if (push.state === 'publishing' && push.publishId !== null) {
        const answer = await platform.call(tenantId, push.connectionId, 'official-account.publish.get', { publish_id: push.publishId })
        if (answer.kind !== 'ok') throw new Error(`publication ${push.publishId}: ${answer.text}`)
        return { kind: 'asked', result: answer.result }
      }
      if (push.state !== 'images') return { kind: 'none' }
      const images = { ...push.images }
      let { thumbMediaId } = push
      const send = async (endpoint: string, request: unknown, file: { name: string; type: string; body?: Buffer }): Promise<Record<string, unknown> | Prepared> => {
        if (!file.body) return { kind: 'refused', code: 'no-image', text: `image ${file.name.slice(0, 8)} is gone` }
        const answer = await platform.call(tenantId, push.connectionId, endpoint, request, [{ name: 'media', filename: `${file.name.slice(0, 12)}.${file.type === 'image/png' ? 'png' : 'jpg'}`, contentType: file.type, bytes: file.body }])
        if (answer.kind === 'ok') return answer.result as Record<string, unknown>
        if (answer.kind === 'refused' && answer.retry === 'never') return { kind: 'refused', code: answer.code, text: answer.text }
        throw new Error(`image ${file.name.slice(0, 8)}: ${answer.text}`)
      }
      if (found.thumb) {
        const answer = await send('official-account.material.add', { type: 'image' }, found.thumb)
        if (answer.kind === 'refused') return answer as Prepared
        thumbMediaId = String((answer as Record<string, unknown>).media_id)
      }
      for (const file of found.files ?? []) {
        const answer = await send('official-account.media.article-image', {}, file)
        if (answer.kind === 'refused') return answer as Prepared
        images[file.name] = String((answer as Record<string, unknown>).url)
      }
      return { kind: 'images', images, thumbMediaId, left: found.missing.length > imagesAtOnce }
    },
    async run(work, tx, job, prepared) {
      const step = prepared as Prepared
      const state = job.state as { pushId: string; asked: number }
      const push = await lockPush(tx, work.tenantId, state.pushId)
      if (!push || step.kind === 'none') return null
      if (step.kind === 'refused') {
        savePush(tx, work.tenantId, { ...push, state: 'failed', code: step.code, detail: step.text }, work.now)
        return null
      }
      if (step.kind === 'images') {
        const next: Push = { ...push, images: step.images, thumbMediaId: step.thumbMediaId }
        if (step.left) {
          savePush(tx, work.tenantId, next, work.now)
          return { dueAt: work.now, state }
        }
        await makeDraft(tx, work, platform, next)
        return null
      }
      const ended = await endPush(tx, work, push, step.result as Record<string, unknown>)
      return ended || state.asked >= 30 ? null : { dueAt: work.now + pollMs * 2 ** Math.min(state.asked, 6), state: { ...state, asked: state.asked + 1 } }
    },
  }
}

/** The draft as one call of the outbox: it may not be repeated, so a lost answer is told to a person. */
async function makeDraft(tx: Tx, work: Work, platform: PushPlatform, push: Push): Promise<void> {
  const { tenantId } = work
  const article = await findArticle(tx, tenantId, push.articleId)
  const row = await findVersion(tx, tenantId, push.articleId, push.version)
  const author = article && (await readerOf(tx, tenantId, article.authorReaderId))
  if (!article || !row) return
  const home = platform.homeOf(tenantId, article.slug)
  const shown = await fillBlocks(tx, tenantId, freePart(row), platform.fillers, null)
  savePush(tx, tenantId, { ...push, state: 'draft' }, work.now)
  await enqueueCalls(tx, tenantId, [{
    outboxId: work.ids.next(), connectionId: push.connectionId, endpoint: 'official-account.draft.add', lane: `article-push/${push.articleId}`, dueAt: work.now, createdAt: work.now, reply: { kind: pushReplyKind, pushId: push.pushId, step: 'draft' },
    request: { articles: [{
      title: [...row.title].slice(0, 64).join(''), author: [...(author?.name ?? '')].slice(0, 8).join(''), digest: row.summary.slice(0, 120), content: officialHtml(shown, push.images, { home, locked: row.blocks.length - shown.length > 0 && row.blocks.some((block) => block.type === 'paywall') }),
      content_source_url: home, thumb_media_id: push.thumbMediaId, need_open_comment: 0, only_fans_can_comment: 0,
    }] },
  }])
}

/** An article as the Official Account takes it: text, its own copies of the images, and a way to what can only be done on our pages. */
export function officialHtml(blocks: readonly ShownBlock[], images: Readonly<Record<string, string>>, more: { home: string; locked: boolean }): string {
  const parts = blocks.map((block) => {
    switch (block.type) {
      // Links to elsewhere do not work there; their words stay.
      case 'text': return block.html.replace(/<a [^>]*>|<\/a>/g, '')
      case 'image': return images[block.sha256] === undefined ? '' : `<p><img src="${escapeHtml(images[block.sha256])}" alt="${escapeHtml(block.alt)}"></p>${block.source === '' ? '' : `<p style="color:#888;font-size:13px;">图：${escapeHtml(block.source)}</p>`}`
      case 'case': return block.filled === null ? '' : `<blockquote><p><strong>${escapeHtml(block.filled.title.zh)}</strong></p><p>从这里开始：${escapeHtml(block.filled.start.zh)}</p><p>做了什么：${escapeHtml(block.filled.moves.map((move) => move.zh).join('；'))}</p><p>${block.filled.controlled ? '有对照' : '只有前后对比'}${block.filled.failed ? ' · 没成' : ''} · ${block.filled.people ?? '不到 10'} 人</p></blockquote>`
      case 'playbook': return block.filled === null ? '' : `<p>打法：${escapeHtml(block.filled.title)}（读原文可试算）</p>`
      case 'quiz': return `<p>${escapeHtml(block.question)}</p>${block.options.map((option, n) => `<p>${'ABCDEFGH'[n]}. ${escapeHtml(option)}</p>`).join('')}<p>到原文里作答。</p>`
      case 'product': return block.filled === null ? '' : `<p>${escapeHtml(block.filled.title)} ¥${(block.filled.fromFen / 100).toFixed(2)}</p>`
      case 'mini': return block.appid === '' ? `<p>${escapeHtml(block.title)}</p>` : `<p><a data-miniprogram-appid="${escapeHtml(block.appid)}" data-miniprogram-path="${escapeHtml(block.path)}" href="">${escapeHtml(block.title)}</a></p>`
      case 'contact': return block.text === '' ? '' : `<p>${escapeHtml(block.text)}</p>`
    }
  })
  return `${parts.join('')}${more.locked ? '<p>余下的在原文里，点「阅读原文」。</p>' : ''}`
}

const words: Record<string, string> = {
  '48001': '公众号没有发布权限（个人和未认证的账号从 2025 年 7 月起没有）。草稿已经在公众号后台，可以在那里手动发。', '53503': '公众号的发布检查没过，草稿还在后台。', '53504': '需要在公众号后台处理后再发，草稿还在后台。', '53505': '草稿要先在后台保存一次。',
}
/** publish_status as the sources give it (UNCONFIRMED): 0 done, 1 running, 2 originality, 3 failed, 4 refused, 5 deleted after, 6 blocked after. */
const endings: Record<number, string> = { 2: '原创校验没过', 3: '发布失败', 4: '平台审核没过', 5: '发布后被删', 6: '发布后被平台封' }

export function pushReply(): ReplyHandler {
  return {
    kind: pushReplyKind,
    async handle(work, tx, call, outcome) {
      if (!outcome.final) return
      const { pushId, step } = call.reply as { pushId: string; step: 'draft' | 'publish' }
      const push = await lockPush(tx, work.tenantId, pushId)
      if (!push) return
      if (outcome.kind !== 'ok') {
        const detail = outcome.kind === 'no-answer' ? '平台没有回应，不知道做成没有。到公众号后台看一眼再重发。' : (words[outcome.code] ?? outcome.text)
        savePush(tx, work.tenantId, { ...push, state: 'failed', code: outcome.kind === 'refused' ? outcome.code : 'no-answer', detail }, work.now)
        if (outcome.kind === 'refused') await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
        return
      }
      const result = outcome.result as Record<string, unknown>
      if (step === 'draft') {
        savePush(tx, work.tenantId, { ...push, mediaId: String(result.media_id) }, work.now)
        await enqueueCalls(tx, work.tenantId, [{
          outboxId: work.ids.next(), connectionId: push.connectionId, endpoint: 'official-account.publish.submit', lane: `article-push/${push.articleId}`, dueAt: work.now, createdAt: work.now, reply: { kind: pushReplyKind, pushId, step: 'publish' }, request: { media_id: String(result.media_id) },
        }])
      } else {
        savePush(tx, work.tenantId, { ...push, state: 'publishing', publishId: String(result.publish_id) }, work.now)
        await putJobs(tx, work.tenantId, [{ kind: pushJobKind, key: pushId, dueAt: work.now + pollMs, state: { pushId, asked: 0 } }])
      }
    },
  }
}

/** @returns whether it is over. Told twice, by event and by asking, nothing changes. */
async function endPush(tx: Tx, work: Pick<Work, 'tenantId' | 'now'>, push: Push, said: Record<string, unknown>): Promise<boolean> {
  const status = Number(said.publish_status)
  if (push.state === 'taken-down') return true
  if (status === 1) return false
  if (status === 0) {
    const detail = said.article_detail as { item?: unknown } | undefined
    const item = (Array.isArray(detail?.item) ? detail.item[0] : detail?.item) as { article_url?: unknown } | undefined
    savePush(tx, work.tenantId, { ...push, state: 'published', platformArticleId: said.article_id === undefined ? push.platformArticleId : String(said.article_id), url: item?.article_url === undefined ? push.url : String(item.article_url), code: null, detail: null }, work.now)
  } else savePush(tx, work.tenantId, { ...push, state: status >= 5 ? 'taken-down' : 'failed', code: String(status), detail: endings[status] ?? `发布状态 ${status}` }, work.now)
  return true
}

/** How a publication ended, as the Official Account tells it. */
export const pushFacts: FactHandler = {
  line: 'official-account',
  accepts: (event) => event === 'PUBLISHJOBFINISH' || event === 'FREEPUBLISHJOBFINISH',
  async handle(work, tx, facts) {
    for (const fact of facts) {
      const info = (parseJson(fact.message) as { PublishEventInfo?: Record<string, unknown> }).PublishEventInfo
      const push = info?.publish_id === undefined ? undefined : await lockPushByPublish(tx, work.tenantId, fact.connectionId, String(info.publish_id))
      if (push && info) await endPush(tx, work, push, info)
    }
  },
}

export { listPushes, type Push, type PushState }
export const pushNames: Record<Push['state'], { zh: string; en: string }> = {
  images: { zh: '传图', en: 'sending images' }, draft: { zh: '建草稿', en: 'making the draft' }, publishing: { zh: '平台在审', en: 'the platform is checking' }, published: { zh: '已发到公众号', en: 'published' }, failed: { zh: '没发成', en: 'not published' }, 'taken-down': { zh: '被平台拿掉', en: 'taken down' },
}
