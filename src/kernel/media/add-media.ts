import { createHash } from 'node:crypto'
import type { Instant } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import { checkImage, type ImageProblem } from './check-image.ts'
import { mediaFault } from './errors.ts'
import { putMedia, type MediaRow } from './store.ts'

export type NewMedia = { bytes: Buffer; /** What the sender calls it. */ contentType?: string; source: string; licence: string; addedBy: string }

/** Keeps an image, looked at and cleaned; its name is the SHA-256 of what is kept. @throws Fault media/not-usable, media/no-source */
export async function addMedia(tx: Tx, tenantId: number, wish: NewMedia, now: Instant): Promise<MediaRow> {
  if (wish.source.trim() === '') throw mediaFault('media/no-source')
  const checked = checkImage(wish.bytes, wish.contentType)
  if (!checked.ok) throw mediaFault('media/not-usable', problemWords(checked.problem))
  const { contentType, width, height, body } = checked.image
  return putMedia(tx, tenantId, {
    sha256: createHash('sha256').update(body).digest('hex'), contentType, bytes: body.length, width, height, body,
    source: wish.source.trim().slice(0, 200), licence: wish.licence.trim().slice(0, 100), addedBy: wish.addedBy, addedAt: now,
  })
}

const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
const names: Record<string, string> = { 'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/gif': 'GIF' }

/** What was wrong and what to do, for the screen and the log. */
export function problemWords(problem: ImageProblem): { why: string; todo: string; whyEn: string; todoEn: string } {
  const again = { todo: '换成 JPEG、PNG 或 GIF 再传', todoEn: 'send a JPEG, PNG or GIF' }
  switch (problem.kind) {
    case 'empty': return { why: '文件是空的', whyEn: 'the file is empty', ...again }
    case 'too-big': return { why: `有 ${mb(problem.bytes)} MB，最多 ${mb(problem.most)} MB`, whyEn: `it has ${mb(problem.bytes)} MB of at most ${mb(problem.most)}`, todo: '缩小一点再传', todoEn: 'make it smaller' }
    case 'too-many-pixels': return { why: `有 ${problem.width}×${problem.height} 点，最多 ${problem.most / 1e6} 百万点`, whyEn: `it has ${problem.width}×${problem.height} pixels of at most ${problem.most / 1e6} million`, todo: '缩小一点再传', todoEn: 'make it smaller' }
    case 'vector': return { why: '它是 SVG，里面可以藏脚本', whyEn: 'it is an SVG, which may hold scripts', ...again }
    case 'other-type': return { why: problem.found === '?' ? '它不是图片' : `它是 ${problem.found}`, whyEn: problem.found === '?' ? 'it is no image' : `it is ${problem.found}`, ...again }
    case 'lying': return { why: `它自称 ${problem.claimed}，其实是 ${names[problem.found]}`, whyEn: `it says it is ${problem.claimed} and is ${names[problem.found]}`, todo: '用对的格式另存再传', todoEn: 'save it as what it is' }
    case 'broken': return { why: `这个 ${names[problem.found]} 是坏的`, whyEn: `this ${names[problem.found]} is broken: ${problem.how}`, todo: '从原图重新导出再传', todoEn: 'export it again' }
  }
}
