import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { articleErrors } from './errors.ts'
import { outcome, wireInt } from './shapes.ts'

/** Articles (图文): drafts (草稿箱), publishing (发布, pushes nothing to followers) and material (素材). */

const write = {
  line: 'official-account',
  method: 'POST',
  credential: 'access_token',
  effect: 'write',
  errors: articleErrors,
  repeat: 'safe',
  verified: 'reading',
} as const
const read = {
  line: 'official-account',
  method: 'POST',
  credential: 'access_token',
  effect: 'read',
  errors: articleErrors,
  repeat: 'safe',
  verified: 'reading',
} as const

export const article = z.looseObject({
  title: z.string(),
  author: z.string().optional(),
  digest: z.string().optional(),
  content: z.string(),
  content_source_url: z.string().optional(),
  thumb_media_id: z.string().optional(),
  need_open_comment: wireInt.optional(),
  only_fans_can_comment: wireInt.optional(),
})

export const draftAdd = endpoint({
  ...write,
  name: 'official-account.draft.add',
  path: '/cgi-bin/draft/add',
  request: z.looseObject({ articles: z.array(article) }),
  response: outcome.extend({ media_id: z.string() }),
  repeat: 'never',
  doc: 'SKIT',
  zh: '新增草稿',
})

const newsItem = outcome.extend({ news_item: z.array(article), create_time: z.int().optional(), update_time: z.int().optional() })

export const draftGet = endpoint({
  ...read,
  name: 'official-account.draft.get',
  path: '/cgi-bin/draft/get',
  request: z.looseObject({ media_id: z.string() }),
  response: newsItem,
  doc: 'SKIT',
  zh: '获取草稿',
})

export const draftUpdate = endpoint({
  ...write,
  name: 'official-account.draft.update',
  path: '/cgi-bin/draft/update',
  request: z.looseObject({ media_id: z.string(), index: wireInt, articles: article }),
  response: outcome,
  doc: 'SKIT',
  zh: '修改草稿',
})

export const draftDelete = endpoint({
  ...write,
  name: 'official-account.draft.delete',
  path: '/cgi-bin/draft/delete',
  request: z.looseObject({ media_id: z.string() }),
  response: outcome,
  doc: 'SKIT',
  zh: '删除草稿',
})

/** 20 a page at most. */
const page = z.looseObject({ offset: wireInt, count: wireInt, no_content: wireInt.optional() })
const pageAnswer = outcome.extend({ total_count: z.int(), item_count: z.int(), item: z.array(z.looseObject({ update_time: z.int() })) })

export const draftList = endpoint({
  ...read,
  name: 'official-account.draft.list',
  path: '/cgi-bin/draft/batchget',
  request: page,
  response: pageAnswer,
  doc: 'SKIT',
  zh: '获取草稿列表',
})

export const draftCount = endpoint({
  ...read,
  method: 'GET',
  name: 'official-account.draft.count',
  path: '/cgi-bin/draft/count',
  request: z.looseObject({}),
  response: outcome.extend({ total_count: z.int() }),
  doc: 'SKIT',
  zh: '获取草稿总数',
})

export const publishSubmit = endpoint({
  ...write,
  name: 'official-account.publish.submit',
  path: '/cgi-bin/freepublish/submit',
  request: z.looseObject({ media_id: z.string() }),
  /** errcode 0 means accepted only; the result comes as an event. */
  response: outcome.extend({ publish_id: z.string(), msg_data_id: z.union([z.int(), z.string()]).optional() }),
  repeat: 'never',
  doc: 'OA:api/public/api_freepublish_submit',
  zh: '发布草稿',
})

export const publishGet = endpoint({
  ...read,
  name: 'official-account.publish.get',
  path: '/cgi-bin/freepublish/get',
  request: z.looseObject({ publish_id: z.union([z.string(), z.int()]).transform(String) }),
  response: outcome.extend({
    publish_id: z.string(),
    /** 0 done, 1 running, 2 originality failed, 3 failed, 4 refused, 5 deleted after, 6 blocked after (UNCONFIRMED). */
    publish_status: z.int(),
    article_id: z.string().optional(),
    article_detail: z.looseObject({ count: z.int(), item: z.array(z.looseObject({ idx: z.int(), article_url: z.string() })) }).optional(),
    fail_idx: z.array(z.int()).optional(),
  }),
  doc: 'SKIT',
  zh: '发布状态查询',
})

export const publishedArticle = endpoint({
  ...read,
  name: 'official-account.publish.article',
  path: '/cgi-bin/freepublish/getarticle',
  request: z.looseObject({ article_id: z.string() }),
  response: newsItem,
  doc: 'SKIT',
  zh: '获取已发布文章',
})

export const publishDelete = endpoint({
  ...write,
  name: 'official-account.publish.delete',
  path: '/cgi-bin/freepublish/delete',
  request: z.looseObject({ article_id: z.string(), index: wireInt.optional() }),
  response: outcome,
  doc: 'SKIT',
  zh: '删除发布文章',
})

export const publishList = endpoint({
  ...read,
  name: 'official-account.publish.list',
  path: '/cgi-bin/freepublish/batchget',
  request: page,
  response: pageAnswer,
  doc: 'SKIT',
  zh: '获取已发布的消息列表',
})

export const articleImage = endpoint({
  ...write,
  name: 'official-account.media.article-image',
  path: '/cgi-bin/media/uploadimg',
  /** The part `media`: jpg or png, 1 MB at most; not counted in the library. */
  request: z.looseObject({}),
  response: outcome.extend({ url: z.string() }),
  body: 'multipart',
  doc: 'F19 material.ex',
  zh: '上传图文消息图片',
})

export const mediaUpload = endpoint({
  ...write,
  name: 'official-account.media.upload',
  alsoLines: ['mini-program'],
  path: '/cgi-bin/media/upload',
  /** Temporary: 3 days. */
  request: z.looseObject({ type: z.string().optional() }),
  response: outcome.extend({ type: z.string(), media_id: z.string(), created_at: z.int() }),
  body: 'multipart',
  doc: 'SKIT; F19',
  zh: '新增临时素材',
})

export const materialAdd = endpoint({
  ...write,
  name: 'official-account.material.add',
  path: '/cgi-bin/material/add_material',
  request: z.looseObject({ type: z.string().optional() }),
  response: outcome.extend({ media_id: z.string(), url: z.string().optional() }),
  body: 'multipart',
  doc: 'SKIT; F19',
  zh: '上传永久素材',
})

export const materialDelete = endpoint({
  ...write,
  name: 'official-account.material.delete',
  path: '/cgi-bin/material/del_material',
  request: z.looseObject({ media_id: z.string() }),
  response: outcome,
  doc: 'SKIT; F19',
  zh: '删除永久素材',
})

export const materialList = endpoint({
  ...read,
  name: 'official-account.material.list',
  path: '/cgi-bin/material/batchget_material',
  /** type image, voice, video or news; 20 a page at most. */
  request: z.looseObject({ type: z.string(), offset: wireInt, count: wireInt }),
  response: outcome.extend({
    total_count: z.int(),
    item_count: z.int(),
    item: z.array(z.looseObject({ media_id: z.string(), update_time: z.int() })),
  }),
  doc: 'SKIT; F19',
  zh: '获取永久素材列表',
})

export const materialCount = endpoint({
  ...read,
  method: 'GET',
  name: 'official-account.material.count',
  path: '/cgi-bin/material/get_materialcount',
  request: z.looseObject({}),
  response: outcome.extend({ voice_count: z.int(), video_count: z.int(), image_count: z.int(), news_count: z.int() }),
  doc: 'SKIT; F19',
  zh: '获取永久素材总数',
})
