import { z } from 'zod'
import {
  articleImage,
  draftAdd,
  draftCount,
  draftDelete,
  draftGet,
  draftList,
  draftUpdate,
  materialAdd,
  materialCount,
  materialDelete,
  materialList,
  mediaUpload,
  publishDelete,
  publishedArticle,
  publishGet,
  publishList,
  publishSubmit,
} from '../../wechat/spec/official-account/index.ts'
import { freshDigits, freshId, nextNumber, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Call, type Route } from '../core/registry.ts'
import { pushEvent } from './push-event.ts'
import { actAccount, officialCaller, officialState, readOfficial, type Article, type OfficialState } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const temporaryMs = 3 * 86_400_000
const mediaTypes = ['image', 'voice', 'video', 'thumb']
const maxImageBytes = 1 << 20

function checkArticles(state: OfficialState, articles: Article[]): Article[] {
  if (articles.length === 0 || articles.length > 8) throw new PlatformError(47001, 'data format error')
  for (const article of articles) {
    if (article.title.trim() === '' || [...article.title].length > 64) throw new PlatformError(45003, 'title size out of limit')
    if (article.content === '') throw new PlatformError(44004, 'empty content')
    const thumb = article.thumb_media_id
    if (thumb !== undefined) {
      const media = state.media[String(thumb)]
      if (!media || !media.permanent) throw new PlatformError(40007, 'invalid media_id')
    }
  }
  return articles
}

function draftOf(state: OfficialState, mediaId: string) {
  const draft = state.drafts[mediaId]
  if (!draft) throw new PlatformError(40007, 'invalid media_id')
  return draft
}

function filePart(call: Call): { bytes: Uint8Array; filename: string } {
  const part = call.parts.find((entry) => entry.name === 'media') ?? call.parts.find((entry) => entry.filename !== undefined)
  if (!part || part.bytes.length === 0) throw new PlatformError(41005, 'media data missing')
  return { bytes: part.bytes, filename: part.filename ?? 'media' }
}

function typeOf(text: string | undefined): string {
  if (text === undefined || !mediaTypes.includes(text)) throw new PlatformError(40004, 'invalid media type')
  return text
}

const seconds = (at: number): number => Math.floor(at / 1000)

function pageOf<T>(all: T[], input: { offset: number; count: number }, write: (entry: T) => Record<string, unknown> & { update_time: number }) {
  if (input.offset < 0 || input.count < 1 || input.count > 20) throw new PlatformError(40097, 'invalid args')
  const item = all.slice(input.offset, input.offset + input.count).map(write)
  return { total_count: all.length, item_count: item.length, item }
}

export const articleRoutes: Route[] = [
  serve(draftAdd, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const articles = checkArticles(state, input.articles as Article[])
    const mediaId = freshId(ns, 'd', 63)
    state.drafts[mediaId] = { mediaId, articles, createdAt: ns.now, updatedAt: ns.now }
    return { media_id: mediaId }
  }),
  serve(draftGet, ({ ns, account, input }) => {
    const draft = draftOf(readOfficial(ns, officialCaller(account).id), input.media_id)
    return { news_item: draft.articles, create_time: seconds(draft.createdAt), update_time: seconds(draft.updatedAt) }
  }),
  serve(draftUpdate, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    const draft = draftOf(state, input.media_id)
    if (input.index < 0 || input.index >= draft.articles.length) throw new PlatformError(40114, 'invalid index value')
    checkArticles(state, [input.articles as Article])
    draft.articles[input.index] = input.articles as Article
    draft.updatedAt = ns.now
    return ok
  }),
  serve(draftDelete, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    delete state.drafts[draftOf(state, input.media_id).mediaId]
    return ok
  }),
  serve(draftList, ({ ns, account, input }) =>
    pageOf(
      Object.values(readOfficial(ns, officialCaller(account).id).drafts).sort((a, b) => b.updatedAt - a.updatedAt),
      input,
      (draft) => ({
        media_id: draft.mediaId,
        content: {
          news_item: draft.articles.map((article) => (input.no_content === 1 ? { ...article, content: '' } : article)),
          create_time: seconds(draft.createdAt),
          update_time: seconds(draft.updatedAt),
        },
        update_time: seconds(draft.updatedAt),
      }),
    ),
  ),
  serve(draftCount, ({ ns, account }) => ({ total_count: Object.keys(readOfficial(ns, officialCaller(account).id).drafts).length })),
  serve(publishSubmit, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    const state = officialState(ns, caller.id)
    if (!state.verified) throw new PlatformError(48001, 'api unauthorized')
    const draft = draftOf(state, input.media_id)
    if (draft.articles.some((article) => article.thumb_media_id === undefined)) throw new PlatformError(53503, 'draft did not pass the publish check')
    const publishId = String(100_000_000 + nextNumber(ns, 'official-account.publish'))
    state.publishes[publishId] = { publishId, status: 1, articleId: '', articles: draft.articles, deleted: false, at: ns.now }
    delete state.drafts[draft.mediaId]
    schedule(ns, ns.now + 30_000, 'officialAccount.publishFinishes', { account: caller.id, publishId, status: 0 })
    return { ...ok, publish_id: publishId, msg_data_id: Number(publishId) }
  }),
  serve(publishGet, ({ ns, account, input }) => {
    const publish = readOfficial(ns, officialCaller(account).id).publishes[input.publish_id]
    if (!publish) throw new PlatformError(53600, 'invalid publish_id')
    return { publish_id: publish.publishId, publish_status: publish.status, ...detail(publish.status, publish.articleId, publish.articles.length) }
  }),
  serve(publishedArticle, ({ ns, account, input }) => {
    const publish = Object.values(readOfficial(ns, officialCaller(account).id).publishes).find(
      (entry) => entry.articleId === input.article_id && !entry.deleted,
    )
    if (!publish) throw new PlatformError(53600, 'invalid article_id')
    return { news_item: publish.articles.map((article, index) => ({ ...article, url: articleUrl(publish.articleId, index + 1), is_deleted: false })) }
  }),
  serve(publishDelete, ({ ns, account, input }) => {
    const publish = Object.values(officialState(ns, officialCaller(account).id).publishes).find(
      (entry) => entry.articleId === input.article_id && !entry.deleted,
    )
    if (!publish) throw new PlatformError(53600, 'invalid article_id')
    publish.deleted = true
    publish.status = 5
    return ok
  }),
  serve(publishList, ({ ns, account, input }) =>
    pageOf(
      Object.values(readOfficial(ns, officialCaller(account).id).publishes)
        .filter((entry) => entry.status === 0)
        .sort((a, b) => b.at - a.at),
      input,
      (publish) => ({
        article_id: publish.articleId,
        content: { news_item: publish.articles.map((article) => (input.no_content === 1 ? { ...article, content: '' } : article)) },
        update_time: seconds(publish.at),
      }),
    ),
  ),
  serve(articleImage, (call) => {
    const file = filePart(call)
    if (file.bytes.length > maxImageBytes) throw new PlatformError(40009, 'invalid image size')
    if (!/\.(jpe?g|png)$/i.test(file.filename)) throw new PlatformError(40005, 'invalid file type')
    return { errcode: 0, errmsg: 'ok', url: `http://mmbiz.qpic.cn/mmbiz_png/${freshId(call.ns, '', 40)}/0` }
  }),
  serve(mediaUpload, (call) => {
    const account = officialCaller(call.account)
    const type = typeOf(call.query.type)
    const file = filePart(call)
    const mediaId = freshId(call.ns, 'm', 63)
    officialState(call.ns, account.id).media[mediaId] = { type, name: file.filename, permanent: false, createdAt: call.ns.now, url: '' }
    return { type, media_id: mediaId, created_at: seconds(call.ns.now) }
  }),
  serve(materialAdd, (call) => {
    const account = officialCaller(call.account)
    const state = officialState(call.ns, account.id)
    const type = typeOf(call.query.type)
    const file = filePart(call)
    const held = Object.values(state.media).filter(
      (media) => media.permanent && (media.type === 'image' || media.type === 'thumb') === (type === 'image' || type === 'thumb'),
    ).length
    if (held >= (type === 'image' || type === 'thumb' ? 100_000 : 1_000)) throw new PlatformError(45001, 'media count over limit')
    const mediaId = freshId(call.ns, 'M', 63)
    const url = type === 'image' || type === 'thumb' ? `http://mmbiz.qpic.cn/mmbiz_png/${freshId(call.ns, '', 40)}/0` : ''
    state.media[mediaId] = { type, name: file.filename, permanent: true, createdAt: call.ns.now, url }
    return { media_id: mediaId, ...(url === '' ? {} : { url }) }
  }),
  serve(materialDelete, ({ ns, account, input }) => {
    const state = officialState(ns, officialCaller(account).id)
    if (!state.media[input.media_id]?.permanent) throw new PlatformError(40007, 'invalid media_id')
    delete state.media[input.media_id]
    return ok
  }),
  serve(materialList, ({ ns, account, input }) => {
    if (!['image', 'voice', 'video', 'news'].includes(input.type)) throw new PlatformError(40004, 'invalid media type')
    const held = Object.entries(readOfficial(ns, officialCaller(account).id).media)
      .filter(([, media]) => media.permanent && (media.type === input.type || (input.type === 'image' && media.type === 'thumb')))
      .sort(([, a], [, b]) => b.createdAt - a.createdAt)
    const { total_count, item_count, item } = pageOf(held, input, ([id, media]) => ({
      media_id: id,
      name: media.name,
      update_time: seconds(media.createdAt),
      url: media.url,
    }))
    return { total_count, item_count, item: item as Array<{ media_id: string; update_time: number }> }
  }),
  serve(materialCount, ({ ns, account }) => {
    const held = Object.values(readOfficial(ns, officialCaller(account).id).media).filter((media) => media.permanent)
    const count = (...types: string[]): number => held.filter((media) => types.includes(media.type)).length
    return { voice_count: count('voice'), video_count: count('video'), image_count: count('image', 'thumb'), news_count: 0 }
  }),
]

function articleUrl(articleId: string, index: number): string {
  return `https://mp.weixin.qq.com/s/${articleId}?idx=${index}`
}

function detail(status: number, articleId: string, count: number) {
  if (status !== 0) return { fail_idx: status === 1 ? [] : Array.from({ length: count }, (_, index) => index + 1) }
  return {
    article_id: articleId,
    article_detail: { count, item: Array.from({ length: count }, (_, index) => ({ idx: index + 1, article_url: articleUrl(articleId, index + 1) })) },
    fail_idx: [],
  }
}

/** Temporary media are gone after three days. */
export function dropOldMedia(ns: Namespace, state: OfficialState): void {
  for (const [id, media] of Object.entries(state.media)) if (!media.permanent && media.createdAt + temporaryMs < ns.now) delete state.media[id]
}

export const articleActs: Act[] = [
  act({
    name: 'officialAccount.publishFinishes',
    en: 'A publishing job ends; status 0 done, 2 to 4 refused.',
    args: z.object({ account: z.string().optional(), publishId: z.string(), status: z.int().min(0).max(4).default(0) }),
    run: (ns, args) => {
      const account = actAccount(ns, 'official-account', args.account)
      const publish = officialState(ns, account.id).publishes[args.publishId]
      if (!publish || publish.status !== 1) return
      publish.status = args.status
      if (args.status === 0) publish.articleId = freshDigits(ns, 'official-account.article', 16)
      const {
        article_id: articleId,
        article_detail: articles,
        fail_idx: failed,
      } = { article_id: undefined, article_detail: undefined, ...detail(args.status, publish.articleId, publish.articles.length) }
      pushEvent(ns, account, account.originalId, 'PUBLISHJOBFINISH', {
        PublishEventInfo: {
          publish_id: publish.publishId,
          publish_status: args.status,
          article_id: articleId,
          article_detail: articles === undefined ? undefined : { count: articles.count, item: articles.item },
          fail_idx: failed.length > 0 ? failed : undefined,
        },
      })
    },
  }),
]
