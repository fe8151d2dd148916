import type { Instant } from '../../kernel/clock.ts'
import { saleDate } from '../../kernel/calendar.ts'
import { defaultLadder, penaltyKinds, type Ladder } from '../penalty/index.ts'
import { builtInRules, categories, type Rule } from './rules.ts'

/** Limits of the stated rules. */
export type Limits = {
  /** From this many pieces with a way to be reached within a day on: repeated advertising. */
  adsPerDay: number
  perMinute: number
  perHour: number
  /** A phrase more often than this, or more topics than this: stuffing. */
  repeatMax: number
  topicsMax: number
  /** So many other accounts with the same text within `sameTextDays`: spreading together. */
  sameTextOthers: number
  sameTextDays: number
  /** Shorter texts say the same by chance: characters as read. */
  sameTextLength: number
  /** Share of the headline's two-character pieces that the body must have. */
  headlineShare: number
  /** From this weight of reports on, what is shown is hidden until somebody has looked. */
  hideAtWeight: number
  /** The classifier, where the merchant trained one, holds from this probability on. */
  classifierHoldAt: number
  mediaBytesMax: number
  mediaTypes: string[]
}

/** One version of the convention, whole: what somebody is judged by. */
export type ConventionBody = {
  rules: Rule[]
  /** Merchants' phrases in which nothing is found. */
  allow: string[]
  /** Hosts that links may lead to. */
  hosts: string[]
  /** all: a person looks at each piece of that kind before it is shown; found: only at what the machine holds. */
  review: { article: 'all' | 'found'; comment: 'all' | 'found'; profile: 'all' | 'found'; media: 'all' | 'found' }
  limits: Limits
  ladder: Ladder
  /** Kept for so many days after the decision; then texts go and figures stay. */
  retention: { passedDays: number; rejectedDays: number; illegalDays: number }
}
export type Convention = ConventionBody & { version: number; effectiveAt: Instant }

export const defaultLimits: Limits = {
  adsPerDay: 3, perMinute: 5, perHour: 30, repeatMax: 8, topicsMax: 8, sameTextOthers: 2, sameTextDays: 7, sameTextLength: 15, headlineShare: 1 / 3, hideAtWeight: 5, classifierHoldAt: 0.9,
  mediaBytesMax: 10 * 1024 * 1024, mediaTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
}

export const builtInConvention: ConventionBody = {
  rules: builtInRules.map((rule) => ({ ...rule })), allow: [], hosts: ['weixin.qq.com', 'qq.com', 'gov.cn'],
  // Every comment waits for a person first; articles have their own reviewer, and are held only for what is found.
  review: { article: 'found', comment: 'all', profile: 'found', media: 'all' },
  limits: defaultLimits, ladder: defaultLadder, retention: { passedDays: 180, rejectedDays: 365, illegalDays: 3 * 365 },
}

/** A changed convention comes into force a minute after it was written at the earliest, so that whoever acts has been able to read it, and no act is judged by words of the same instant. */
export const noticeMs = 60_000

export type ConventionChange = {
  rules?: Array<{ id: string; severity?: Rule['severity']; machine?: Rule['machine']; addWords?: string[]; dropWords?: string[] }>
  allow?: string[]; hosts?: string[]; review?: Partial<ConventionBody['review']>; limits?: Partial<Limits>; retention?: Partial<ConventionBody['retention']>
}

/** The next version's text. Illegal categories stay with people: they can be found by more words, never be let through or be rejected by the machine alone. */
export function changed(body: ConventionBody, change: ConventionChange): { body: ConventionBody } | { problem: 'unknown-rule' | 'illegal-stays' | 'bad-word'; at: string } {
  const rules = body.rules.map((rule) => ({ ...rule }))
  for (const one of change.rules ?? []) {
    const rule = rules.find((row) => row.id === one.id)
    if (rule === undefined) return { problem: 'unknown-rule', at: one.id }
    if (rule.category === 1 && ((one.machine ?? 'hold') !== 'hold' || (one.severity !== undefined && one.severity !== rule.severity))) return { problem: 'illegal-stays', at: one.id }
    const words = [...new Set([...rule.words, ...(one.addWords ?? []).map((word) => word.trim()).filter((word) => word !== '')])].filter((word) => !one.dropWords?.includes(word))
    const empty = words.find((word) => !/[\p{L}\p{N}]/u.test(word))
    if (empty !== undefined) return { problem: 'bad-word', at: empty }
    Object.assign(rule, { words, sounds: rule.sounds.filter((word) => !one.dropWords?.includes(word)), severity: one.severity ?? rule.severity, machine: one.machine ?? rule.machine })
  }
  const bad = (change.allow ?? []).find((phrase) => !/[\p{L}\p{N}]/u.test(phrase))
  if (bad !== undefined) return { problem: 'bad-word', at: bad }
  return {
    body: {
      ...body, rules, allow: change.allow ?? body.allow, hosts: change.hosts ?? body.hosts, review: { ...body.review, ...change.review }, limits: { ...body.limits, ...change.limits },
      retention: { ...body.retention, ...change.retention, illegalDays: Math.max(body.retention.illegalDays, change.retention?.illegalDays ?? 0) },
    },
  }
}

export const ruleOf = (convention: ConventionBody, id: string | null): Rule | undefined => convention.rules.find((rule) => rule.id === id)

export type ConventionText = {
  version: number; effectiveAt: Instant; effectiveDate: string; zh: string; en: string
  categories: Array<{ category: number; zh: string; en: string; text: string; rules: Array<{ id: string; zh: string; en: string; text: string; heavier: boolean; decides: Rule['decides'] }> }>
  sections: Array<{ key: string; zh: string; en: string; lines: Array<{ zh: string; en: string }> }>
}

const kindWords: Record<(typeof penaltyKinds)[number], { zh: string; en: string }> = {
  'silence-1': { zh: '停言 1 天', en: 'silent for 1 day' }, 'silence-7': { zh: '停言 7 天', en: 'silent for 7 days' }, 'silence-15': { zh: '停言 15 天', en: 'silent for 15 days' }, 'silence-forever': { zh: '永久停言', en: 'silent for good' }, closure: { zh: '关闭账号', en: 'account closed' },
}

/** The convention as readers see it, made from the version's data: what changes there changes here, and nothing else does. */
export function conventionText(convention: Convention): ConventionText {
  const { ladder, limits, retention } = convention
  const step = (kind: number): { zh: string; en: string } => kindWords[penaltyKinds[kind]]
  const bases = { light: '轻', medium: '中', serious: '重', severe: '极重' }
  return {
    version: convention.version, effectiveAt: convention.effectiveAt, effectiveDate: saleDate(convention.effectiveAt), zh: '社区公约', en: 'Community convention',
    categories: categories.map((one) => ({
      ...one, rules: convention.rules.filter((rule) => rule.category === one.category).map((rule) => ({ id: rule.id, zh: rule.zh, en: rule.en, text: rule.text, heavier: rule.minors, decides: rule.decides })),
    })),
    sections: [
      { key: 'who', zh: '谁来判', en: 'Who judges', lines: [
        { zh: '写下的东西先过一遍机器：只找列在这里的做法，找到的都标出位置和条款。', en: 'What is written passes a machine first: it looks for what is listed here and marks place and rule.' },
        { zh: '机器拿不准的，留给人看。第 1 类永远由人判，要两位意见一致。', en: 'What it cannot tell waits for a person. Category 1 is always decided by people, two of whom must agree.' },
        { zh: '按你写下那一刻有效的公约判。之后改的条款，只能请走旧内容，不能为旧内容处罚人。', en: 'You are judged by the version in force when you wrote. A later rule may take old content down; nobody is punished by it.' },
      ] },
      { key: 'penalties', zh: '处罚', en: 'Penalties', lines: [
        ...(['light', 'medium', 'serious', 'severe'] as const).map((severity) => ({ zh: `${bases[severity]}：从${step(ladder.base[severity]).zh}起，最重${step(ladder.cap[severity]).zh}。`, en: `${severity}: from ${step(ladder.base[severity]).en} up to ${step(ladder.cap[severity]).en}.` })),
        { zh: `再犯升一级；一次处罚的分量每 ${ladder.halfLifeDays} 天减半，轻了就不再算。`, en: `A repeat goes one step up; the weight of a penalty halves every ${ladder.halfLifeDays} days.` },
        { zh: '加重一级：伤到未成年人；作弊注册；作弊使用；用几个账号一起违规。', en: 'One step heavier each: minors harmed; cheating to register; cheating in use; several accounts.' },
        { zh: '停言期间还能读、能买、能看自己的东西、能申诉。到点自己恢复，精确到秒。', en: 'While silent you can read, buy, see what is yours, and appeal. It ends by itself, to the second.' },
      ] },
      { key: 'appeals', zh: '不同意怎么办', en: 'If you disagree', lines: [
        { zh: `${ladder.appealDays} 天内可以申诉一次，由另一位审核人看，${ladder.answerDays} 天内答复；过期没答，自动上报店主。`, en: `Appeal once within ${ladder.appealDays} days; another reviewer answers within ${ladder.answerDays} days; past that it goes to the owner by itself.` },
        { zh: `店里只有一位审核人时，满 ${ladder.coolingHours} 小时后由同一位再看，并公开注明。`, en: `Where there is only one reviewer, the same looks again after ${ladder.coolingHours} hours, and that is said in public.` },
        { zh: '结果有三种：维持、减轻、撤销，都写理由。撤销会恢复内容、羽毛和记录。', en: 'It is upheld, reduced or overturned, with reasons. Overturning restores content, feathers and record.' },
      ] },
      { key: 'kept', zh: '留多久', en: 'What is kept', lines: [
        { zh: `通过的案底 ${retention.passedDays} 天，拒绝的 ${retention.rejectedDays} 天，第 1 类 ${retention.illegalDays} 天；到期删正文，只留数字。`, en: `Case texts: passed ${retention.passedDays} days, rejected ${retention.rejectedDays}, category 1 ${retention.illegalDays}; then texts go and figures stay.` },
        { zh: `被举报到一定分量（${limits.hideAtWeight}）的内容先收起，看过再说。举报准的人，分量重。`, en: `Content reported up to a weight of ${limits.hideAtWeight} is hidden until seen. Who reports rightly weighs more.` },
      ] },
    ],
  }
}

