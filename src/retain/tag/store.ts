import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

export type TagRow = { corpId: string; tagId: string; groupId: string; groupName: string; name: string; sort: number }

/** The corp's tags as the platform lists them; those no longer listed are kept as deleted. */
export async function replaceTags(tx: Tx, tenantId: number, corpId: string, tags: readonly TagRow[], now: Instant): Promise<void> {
  await tx.run(`update tag set deleted = true, read_at = $4 where tenant_id = $1 and corp_id = $2 and not (tag_id = any($3)) and not deleted`, [tenantId, corpId, tags.map((t) => t.tagId), now])
  if (tags.length === 0) return
  await tx.run(
    `insert into tag (tenant_id, corp_id, tag_id, group_id, group_name, name, sort, deleted, read_at)
     select $1, $2, r.tag_id, r.group_id, r.group_name, r.name, r.sort, false, $8 from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::int[]) as r(tag_id, group_id, group_name, name, sort)
     on conflict (tenant_id, corp_id, tag_id) do update set group_id = excluded.group_id, group_name = excluded.group_name, name = excluded.name, sort = excluded.sort, deleted = false, read_at = excluded.read_at`,
    [tenantId, corpId, tags.map((t) => t.tagId), tags.map((t) => t.groupId), tags.map((t) => t.groupName), tags.map((t) => t.name), tags.map((t) => t.sort), now],
  )
}

export function listTags(tx: Tx, tenantId: number): Promise<Array<TagRow & { contacts: number }>> {
  return tx.query(
    `select t.corp_id as "corpId", t.tag_id as "tagId", t.group_id as "groupId", t.group_name as "groupName", t.name, t.sort,
       (select count(distinct f.external_userid) from v_follow_tag f where f.tenant_id = t.tenant_id and f.corp_id = t.corp_id and f.tag_id = t.tag_id) as contacts
     from tag t where t.tenant_id = $1 and not t.deleted order by t.group_name, t.sort desc, t.tag_id`,
    [tenantId],
  )
}
