import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type PushState = 'images' | 'draft' | 'publishing' | 'published' | 'failed' | 'taken-down'
export type Push = {
  pushId: string; articleId: string; version: number; connectionId: string; state: PushState; images: Record<string, string>; thumbMediaId: string | null; mediaId: string | null; publishId: string | null; platformArticleId: string | null; url: string | null
  code: string | null; detail: string | null; createdAt: Instant; updatedAt: Instant; createdBy: string
}
const columns = `push_id as "pushId", article_id as "articleId", version, connection_id as "connectionId", state, images, thumb_media_id as "thumbMediaId", media_id as "mediaId", publish_id as "publishId", platform_article_id as "platformArticleId", url, code, detail,
  created_at as "createdAt", updated_at as "updatedAt", created_by as "createdBy"`

export function insertPush(tx: Tx, tenantId: number, row: Push): void {
  tx.write(
    `insert into article_push (tenant_id, push_id, article_id, version, connection_id, state, images, created_at, updated_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)`,
    [tenantId, row.pushId, row.articleId, row.version, row.connectionId, row.state, JSON.stringify(row.images), row.createdAt, row.createdBy],
  )
}
export async function findPush(tx: Tx, tenantId: number, pushId: string): Promise<Push | undefined> {
  const [row] = await tx.query<Push>(`select ${columns} from article_push where tenant_id = $1 and push_id = $2`, [tenantId, pushId])
  return row
}
export async function lockPush(tx: Tx, tenantId: number, pushId: string): Promise<Push | undefined> {
  const [row] = await tx.query<Push>(`select ${columns} from article_push where tenant_id = $1 and push_id = $2 for update`, [tenantId, pushId])
  return row
}
export async function lockPushByPublish(tx: Tx, tenantId: number, connectionId: string, publishId: string): Promise<Push | undefined> {
  const [row] = await tx.query<Push>(`select ${columns} from article_push where tenant_id = $1 and publish_id = $2 and connection_id = $3 for update`, [tenantId, publishId, connectionId])
  return row
}
export function listPushes(tx: Tx, tenantId: number, articleId: string): Promise<Push[]> {
  return tx.query<Push>(`select ${columns} from article_push where tenant_id = $1 and article_id = $2 order by created_at desc, push_id limit 20`, [tenantId, articleId])
}
export function savePush(tx: Tx, tenantId: number, row: Push, now: Instant): void {
  tx.write(
    `update article_push set state = $3, images = $4, thumb_media_id = $5, media_id = $6, publish_id = $7, platform_article_id = $8, url = $9, code = $10, detail = $11, updated_at = $12 where tenant_id = $1 and push_id = $2`,
    [tenantId, row.pushId, row.state, JSON.stringify(row.images), row.thumbMediaId, row.mediaId, row.publishId, row.platformArticleId, row.url, row.code, row.detail, now],
  )
}
