import { z } from 'zod'
import { tagAdd, tagDelete, tagEdit, tagList, tagMark } from '../../wechat/spec/wecom/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act } from '../core/registry.ts'
import { wecom } from './call.ts'
import { tell, tellContact } from './event.ts'
import { corpOf, relationOf, seconds, type CorpState, type Tag, type TagGroup } from './state.ts'

const live = (corp: CorpState, groupId: string): Tag[] => Object.values(corp.tags).filter((tag) => tag.group === groupId && !tag.deleted)

function shownGroup(group: TagGroup, tags: Tag[], withDeleted: boolean) {
  return {
    group_id: group.id,
    group_name: group.name,
    create_time: seconds(group.createdAt),
    order: group.order,
    ...(withDeleted ? { deleted: group.deleted } : {}),
    tag: tags.map((tag) => ({
      id: tag.id,
      name: tag.name,
      create_time: seconds(tag.createdAt),
      order: tag.order,
      ...(withDeleted ? { deleted: tag.deleted } : {}),
    })),
  }
}

function checkName(name: string | undefined): string {
  if (name === undefined || name === '' || [...name].length > 30) throw new PlatformError(40071, 'invalid tag name')
  return name
}

function checkOrder(order: number | undefined): number {
  if (order !== undefined && (!Number.isInteger(order) || order < 0 || order >= 2 ** 32)) throw new PlatformError(40058, 'invalid parameter: order')
  return order ?? 0
}

type NewTags = { group_id?: string; group_name?: string; order?: number; tag?: Array<{ name?: string; order?: number }> }

/** Adds tags; an existing group of that name is joined, equal names in the call collapse, and a name the group already has is refused. */
function add(ns: Namespace, corp: CorpState, input: NewTags, by: string): { group: TagGroup; tags: Tag[]; newGroup: boolean } {
  const wanted = new Map<string, number>()
  for (const tag of input.tag ?? []) if (!wanted.has(checkName(tag.name))) wanted.set(checkName(tag.name), checkOrder(tag.order))
  if (wanted.size === 0) throw new PlatformError(40063, 'a tag group cannot be empty')
  const groupOrder = checkOrder(input.order)
  let group = input.group_id
    ? corp.tagGroups[input.group_id]
    : Object.values(corp.tagGroups).find((other) => !other.deleted && other.name === checkName(input.group_name))
  if (input.group_id && (!group || group.deleted)) throw new PlatformError(40068, 'invalid tag group id')
  const groupId = group?.id
  if (groupId !== undefined && live(corp, groupId).some((tag) => wanted.has(tag.name))) throw new PlatformError(40071, 'tag name existed')
  const total = Object.values(corp.tags).filter((tag) => !tag.deleted).length
  if (total + wanted.size > corp.settings.tagMax) throw new PlatformError(40126, 'corp tag count exceeds limit')
  const newGroup = group === undefined
  if (!group) {
    group = { id: freshId(ns, 'et', 30), name: checkName(input.group_name), order: groupOrder, createdAt: ns.now, deleted: false }
    corp.tagGroups[group.id] = group
  }
  const { id } = group
  const tags = [...wanted].map(([name, order]) => {
    const tag: Tag = { id: freshId(ns, 'et', 30), group: id, name, order, createdAt: ns.now, deleted: false, by }
    corp.tags[tag.id] = tag
    return tag
  })
  return { group, tags, newGroup }
}

function untag(corp: CorpState, ids: ReadonlySet<string>): void {
  for (const follows of Object.values(corp.follows))
    for (const follow of Object.values(follows)) if (follow.tags.some((id) => ids.has(id))) follow.tags = follow.tags.filter((id) => !ids.has(id))
}

function edit(
  corp: CorpState,
  id: string | undefined,
  name: string | undefined,
  order: number | undefined,
  by: string | undefined,
): 'tag' | 'tag_group' {
  const tag = corp.tags[id ?? '']
  const target = tag && !tag.deleted ? tag : corp.tagGroups[id ?? '']
  if (!target || target.deleted) throw new PlatformError(40068, 'invalid tag id')
  if (by !== undefined && tag && tag.by !== by) throw new PlatformError(301002, 'no privilege to access the tag')
  const twins: Array<Tag | TagGroup> = tag ? live(corp, tag.group) : Object.values(corp.tagGroups).filter((group) => !group.deleted)
  if (name !== undefined) {
    checkName(name)
    if (twins.some((other) => other.id !== target.id && other.name === name)) throw new PlatformError(40071, 'tag name existed')
    target.name = name
  }
  if (order !== undefined) target.order = checkOrder(order)
  return tag ? 'tag' : 'tag_group'
}

/** Returns the groups that went: a group emptied of tags disappears. */
function remove(corp: CorpState, tagIds: readonly string[], groupIds: readonly string[], by: string | undefined): string[] {
  for (const id of tagIds) {
    if (!corp.tags[id] || corp.tags[id].deleted) throw new PlatformError(40068, 'invalid tag id')
    if (by !== undefined && corp.tags[id].by !== by) throw new PlatformError(301002, 'no privilege to access the tag')
  }
  for (const id of groupIds) {
    if (!corp.tagGroups[id] || corp.tagGroups[id].deleted) throw new PlatformError(40068, 'invalid tag group id')
    if (by !== undefined && live(corp, id).some((tag) => tag.by !== by)) throw new PlatformError(301002, 'no privilege to access the tag group')
  }
  const gone = new Set([...tagIds, ...groupIds.flatMap((id) => live(corp, id).map((tag) => tag.id))])
  const touched = new Set([...gone].map((id) => corp.tags[id].group))
  for (const id of gone) corp.tags[id].deleted = true
  untag(corp, gone)
  const groups = [...new Set([...groupIds, ...[...touched].filter((id) => live(corp, id).length === 0)])]
  for (const id of groups) corp.tagGroups[id].deleted = true
  return groups
}

/** The contact secret owns what was made in the console or by it; a self-built app only what it made (OWS). */
const maker = (app: { kind: string; agentId: string }): string => (app.kind === 'contact' ? 'contact' : app.agentId)
const limitedTo = (app: { kind: string; agentId: string }): string | undefined => (app.kind === 'contact' ? undefined : app.agentId)

export const tagRoutes = [
  wecom(tagList, ({ corp, input }) => {
    const groups = input.group_id ?? []
    const tags = input.tag_id ?? []
    if (groups.length === 0 && tags.length > 0) {
      // Deleted ones come back, marked, only when asked for by tag id (our reading).
      const found = tags.map((id) => corp.tags[id]).filter((tag) => tag !== undefined)
      const ids = [...new Set(found.map((tag) => tag.group))]
      return {
        tag_group: ids.map((id) =>
          shownGroup(
            corp.tagGroups[id],
            found.filter((tag) => tag.group === id),
            true,
          ),
        ),
      }
    }
    const chosen = Object.values(corp.tagGroups).filter((group) => !group.deleted && (groups.length === 0 || groups.includes(group.id)))
    return { tag_group: chosen.map((group) => shownGroup(group, live(corp, group.id), false)) }
  }),
  wecom(tagAdd, ({ ns, corp, app, input }) => {
    const { group, tags } = add(ns, corp, input, maker(app))
    return { tag_group: shownGroup(group, tags, false) }
  }),
  wecom(tagEdit, ({ corp, app, input }) => {
    edit(corp, input.id, input.name, input.order, limitedTo(app))
    return {}
  }),
  wecom(tagDelete, ({ corp, app, input }) => {
    if ((input.tag_id ?? []).length === 0 && (input.group_id ?? []).length === 0) throw new PlatformError(40068, 'tag_id and group_id are both empty')
    remove(corp, input.tag_id ?? [], input.group_id ?? [], limitedTo(app))
    return {}
  }),
  wecom(tagMark, ({ ns, corp, input }) => {
    const follow = relationOf(corp, input.userid, input.external_userid)
    const add = (input.add_tag ?? []).filter((id) => id !== '')
    const drop = (input.remove_tag ?? []).filter((id) => id !== '')
    if (add.length === 0 && drop.length === 0) throw new PlatformError(40063, 'add_tag and remove_tag are both empty')
    for (const id of [...add, ...drop]) if (!corp.tags[id] || corp.tags[id].deleted) throw new PlatformError(40068, 'invalid tag id')
    follow.tags = [
      ...follow.tags.filter((id) => !drop.includes(id)),
      ...add.filter((id, index) => !follow.tags.includes(id) && add.indexOf(id) === index),
    ]
    if (corp.settings.apiCallbacks)
      tellContact(ns, corp, { ChangeType: 'edit_external_contact', UserID: input.userid ?? '', ExternalUserID: input.external_userid ?? '' })
    return {}
  }),
]

const corpid = z.string().optional()

export const tagActs = [
  act({
    name: 'wecom.createTags',
    en: 'An administrator makes corp tags in the console (change_external_tag create)',
    args: z.object({ corpid, group: z.string(), tags: z.array(z.string()).min(1) }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const { group, tags, newGroup } = add(ns, corp, { group_name: args.group, tag: args.tags.map((name, order) => ({ name, order })) }, 'contact')
      if (newGroup) tell(ns, corp, 'change_external_tag', { Id: group.id, TagType: 'tag_group', ChangeType: 'create' })
      for (const tag of tags) tell(ns, corp, 'change_external_tag', { Id: tag.id, TagType: 'tag', ChangeType: 'create' })
      return { group_id: group.id, tags: tags.map(({ id, name }) => ({ id, name })) }
    },
  }),
  act({
    name: 'wecom.editTag',
    en: 'An administrator renames a corp tag or tag group in the console',
    args: z.object({ corpid, id: z.string(), name: z.string() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const kind = edit(corp, args.id, args.name, undefined, undefined)
      tell(ns, corp, 'change_external_tag', { Id: args.id, TagType: kind, ChangeType: 'update' })
      return { kind }
    },
  }),
  act({
    name: 'wecom.deleteTags',
    en: 'An administrator deletes corp tags or whole groups in the console; a group fires one event for itself only',
    args: z.object({ corpid, tag_id: z.array(z.string()).optional(), group_id: z.array(z.string()).optional() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      const groups = remove(corp, args.tag_id ?? [], args.group_id ?? [], undefined)
      for (const id of args.tag_id ?? [])
        if (!groups.includes(corp.tags[id].group)) tell(ns, corp, 'change_external_tag', { Id: id, TagType: 'tag', ChangeType: 'delete' })
      for (const id of groups) tell(ns, corp, 'change_external_tag', { Id: id, TagType: 'tag_group', ChangeType: 'delete' })
      return { groups }
    },
  }),
  act({
    name: 'wecom.shuffleTags',
    en: 'An administrator drags tags into another order: one shuffle event, everything is to be read again',
    args: z.object({ corpid, group_id: z.string().optional() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      for (const tag of Object.values(corp.tags))
        if (args.group_id === undefined || tag.group === args.group_id) tag.order = Object.keys(corp.tags).length - tag.order
      tell(ns, corp, 'change_external_tag', { Id: args.group_id, ChangeType: 'shuffle' })
      return { ok: true }
    },
  }),
]
