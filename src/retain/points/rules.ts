import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import { dayMs, dayNumber } from '../../kernel/calendar.ts'

/** Where an act happened. `moments` is a read that came from a post in Moments. */
export const earnSurfaces = ['web', 'mini', 'api', 'wecom', 'moments'] as const
export type EarnSurface = (typeof earnSurfaces)[number]

/**
 * `on` pays; `off` does not; `deliberate` pays a share only when the friend did something by choice there: passed the quiz or had a comment approved.
 * Sharing inside the mini program and Moments is `off` by default: the platform forbids rewarding it.
 */
const surfaceMode = z.enum(['on', 'off', 'deliberate'])
const cap = z.int().min(0).max(10_000_000).nullable()

/** Levels of a share that can ever be paid. */
export const levelsMost = 2

export const ruleSchema = z.strictObject({
  rule: z.string().regex(/^[a-z][a-z0-9-]{1,39}$/),
  zh: z.string().trim().min(1).max(40), en: z.string().trim().min(1).max(60),
  on: z.boolean(),
  /** Per act; for `order` per whole yuan that stays paid. */
  feathers: z.int().min(0).max(100_000),
  /** What may be counted once: an article, an article and the reader who was brought, or whatever key the caller gives. */
  once: z.enum(['article', 'reader', 'key']),
  /** Feathers at most: of one person a day (Asia/Shanghai) or for one article; of everybody for one article or on one surface a day. null: no cap. */
  caps: z.strictObject({ personDay: cap, personArticle: cap, articleDay: cap, surfaceDay: cap }),
  surfaces: z.strictObject({ web: surfaceMode, mini: surfaceMode, api: surfaceMode, wecom: surfaceMode, moments: surfaceMode }),
  /** Of a share: 1 pays who shared, 2 also who had brought that person. Deeper is not possible. */
  levels: z.int().min(1).max(levelsMost), secondLevel: z.int().min(0).max(100_000),
  /** Cannot be spent so long; 24 h and more lets the nightly audit look first. */
  vestHours: z.int().min(0).max(24 * 90),
  /** Feathers of one person a day that can be spent at once; what is beyond waits a day, for the audit. null: all of them. */
  freeDay: cap,
  /** Whole days after the day of the act; null never. */
  expireDays: z.int().min(1).max(3650).nullable(),
})
export type Rule = z.output<typeof ruleSchema>

export const auditSchema = z.strictObject({
  /** How far back the audit looks. */
  windowDays: z.int().min(1).max(90),
  /** More kept reads of one person or device in an hour than a human reads. */
  keptPerHour: z.int().min(2).max(1000),
  /** Two kept reads of one device so close to each other were not read. */
  gapSeconds: z.int().min(0).max(600),
  /** Reading in so many different hours of one day is no human's day. */
  hoursPerDay: z.int().min(6).max(24),
  /** Who read like that earns nothing by reading for so long after it was last seen, unless a person gave something back. */
  probationDays: z.int().min(1).max(730).default(180),
  /** A device used by so many accounts belongs to no reader. */
  personsPerDevice: z.int().min(2).max(100),
  /** A group of at most so many whose shares are read by each other, at least `ringShare` of their reads, on at least `ringArticles` articles per pair. */
  ringSize: z.int().min(2).max(50), ringShare: z.number().min(0.5).max(1), ringArticles: z.int().min(1).max(50),
  /** Readers who only ever read one person's shares, on at least so many articles; so many of them at one sharer are a farm. */
  captiveArticles: z.int().min(2).max(50), captiveReaders: z.int().min(2).max(100),
})
export type AuditRules = z.output<typeof auditSchema>

export const ruleSetSchema = z.strictObject({
  rules: z.array(ruleSchema).min(1).max(40).refine((rules) => new Set(rules.map((one) => one.rule)).size === rules.length, 'a rule stands twice'),
  /** Of all acts of one person together, a day. */
  personDay: cap,
  /** What benefits may cost in 28 days. null: no budget. */
  budgetFen: z.int().min(0).max(1_000_000_000_00).nullable(),
  audit: auditSchema,
})
export type RuleSet = z.output<typeof ruleSetSchema>

const everywhere = { web: 'on', mini: 'on', api: 'on', wecom: 'on', moments: 'on' } as const
const webOnly = { web: 'on', mini: 'off', api: 'off', wecom: 'off', moments: 'off' } as const
const noCap = { personDay: null, personArticle: null, articleDay: null, surfaceDay: null }

/** What holds until a merchant changes it. One article earns at most 5 + 10 + 10 + 15 = 40. */
export const defaultRules: RuleSet = {
  rules: [
    { rule: 'order', zh: '买东西', en: 'buying', on: true, feathers: 1, once: 'key', caps: noCap, surfaces: everywhere, levels: 1, secondLevel: 0, vestHours: 0, freeDay: null, expireDays: null },
    { rule: 'quiz', zh: '读懂一篇', en: 'quiz answered right', on: true, feathers: 5, once: 'article', caps: { ...noCap, personDay: 100, personArticle: 5 }, surfaces: everywhere, levels: 1, secondLevel: 0, vestHours: 0, freeDay: 15, expireDays: 365 },
    { rule: 'recommend', zh: '推荐成功', en: 'recommended successfully', on: true, feathers: 10, once: 'reader', caps: { ...noCap, personDay: 50, personArticle: 10 }, surfaces: webOnly, levels: 1, secondLevel: 0, vestHours: 168, freeDay: null, expireDays: 365 },
    { rule: 'comment', zh: '评论通过', en: 'comment approved', on: true, feathers: 10, once: 'key', caps: { ...noCap, personDay: 50, personArticle: 10 }, surfaces: everywhere, levels: 1, secondLevel: 0, vestHours: 0, freeDay: null, expireDays: 365 },
    { rule: 'share-read', zh: '分享被读', en: 'share read', on: true, feathers: 3, once: 'reader', caps: { ...noCap, personDay: 60, personArticle: 15 }, surfaces: webOnly, levels: 1, secondLevel: 0, vestHours: 168, freeDay: null, expireDays: 365 },
    { rule: 'playbook', zh: '打法被用上', en: 'playbook applied', on: true, feathers: 10, once: 'key', caps: { ...noCap, personDay: 200 }, surfaces: everywhere, levels: 1, secondLevel: 0, vestHours: 24, freeDay: null, expireDays: 365 },
    { rule: 'sale', zh: '文章收入', en: 'article income', on: true, feathers: 0, once: 'key', caps: noCap, surfaces: everywhere, levels: 1, secondLevel: 0, vestHours: 0, freeDay: null, expireDays: null },
  ],
  personDay: 200,
  budgetFen: null,
  audit: { windowDays: 28, keptPerHour: 20, gapSeconds: 25, hoursPerDay: 18, probationDays: 180, personsPerDevice: 3, ringSize: 8, ringShare: 0.8, ringArticles: 3, captiveArticles: 4, captiveReaders: 2 },
}

export const ruleOf = (set: RuleSet, rule: string): Rule | undefined => set.rules.find((one) => one.rule === rule)

/** When a grant of an act at `occurredAt` can be spent, and when it is gone: at midnight in Shanghai after so many whole days. `wait`: it is beyond what is free of waiting that day. */
export function termsOf(rule: Pick<Rule, 'vestHours' | 'expireDays'>, occurredAt: Instant, wait = false): { vestsAt: Instant; expiresAt: Instant | null } {
  return { vestsAt: occurredAt + Math.max(rule.vestHours, wait ? 24 : 0) * 3_600_000, expiresAt: rule.expireDays === null ? null : startOfDayNumber(dayNumber(occurredAt) + rule.expireDays + 1) }
}

/** First instant of a day counted as `dayNumber` counts, in Shanghai. */
export const startOfDayNumber = (day: number): Instant => day * dayMs - 8 * 3_600_000
