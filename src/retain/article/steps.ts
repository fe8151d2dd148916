import type { ArticleState, VersionState } from './article.ts'

/**
 * The life of a version and of an article, as tables: what may happen to it where it stands, and where it stands then. What is not here cannot happen.
 */
export type VersionAct = 'hold' | 'submit' | 'pass' | 'reject' | 'schedule' | 'unschedule' | 'publish' | 'supersede'
export const versionSteps: Record<VersionState, Partial<Record<VersionAct, VersionState>>> = {
  draft: { hold: 'held', submit: 'submitted', pass: 'approved', reject: 'rejected', supersede: 'superseded' },
  held: { submit: 'submitted', pass: 'approved', reject: 'rejected', supersede: 'superseded' },
  submitted: { pass: 'approved', reject: 'rejected', supersede: 'superseded' },
  rejected: { pass: 'approved', supersede: 'superseded' },
  approved: { schedule: 'scheduled', publish: 'published', reject: 'rejected', supersede: 'superseded' },
  scheduled: { schedule: 'scheduled', unschedule: 'approved', publish: 'published', reject: 'rejected', supersede: 'superseded' },
  published: { supersede: 'superseded' },
  superseded: {},
}
export type ArticleAct = 'publish' | 'withdraw' | 'remove' | 'restore' | 'delete'
export const articleSteps: Record<ArticleState, Partial<Record<ArticleAct, ArticleState>>> = {
  unpublished: { publish: 'published', delete: 'deleted' },
  published: { publish: 'published', withdraw: 'withdrawn', remove: 'removed' },
  withdrawn: { publish: 'published', remove: 'removed', delete: 'deleted' },
  // Only what is restored, never a new version, brings back what was taken away for cause.
  removed: { restore: 'published', delete: 'deleted' },
  deleted: {},
}

export const stepVersion = (state: VersionState, act: VersionAct): VersionState | undefined => versionSteps[state][act]
export const stepArticle = (state: ArticleState, act: ArticleAct): ArticleState | undefined => articleSteps[state][act]

export const versionNames: Record<VersionState, string> = { draft: '草稿', held: '审核中', submitted: '等编辑看', rejected: '没通过', approved: '可以发布', scheduled: '定时发布', published: '已发布', superseded: '旧版' }
export const articleNames: Record<ArticleState, string> = { unpublished: '没发布', published: '已发布', withdrawn: '已撤下', removed: '因公约拿掉', deleted: '已删' }
