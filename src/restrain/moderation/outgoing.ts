import type { ContentFinding, ContentGate, ContentVerdict } from '../../retain/outbound/index.ts'
import { buildMatcher, createNormaliser, type LexiconEntry, type Matcher, type Normaliser } from '../../math/text/index.ts'
import type { Conventions } from './judge.ts'
import { linkProblem, type Scanner } from './scan.ts'

/**
 * What a merchant may not say to many, as data: superlatives that advertising law bans (Advertising Law of the PRC, article 9 (3): "national-level", "highest
 * level", "best" and the like), promises nobody can keep (articles 16, 25), inducement to share (the platform's rules on links in messages), and links
 * that hide where they lead. Each word with what could stand instead ('' : nothing).
 */
export const outgoingRules = [
  { rule: 'out.superlative', zh: '广告法不许用的绝对化说法', en: 'a superlative that advertising law bans', words: {
    国家级: '', 最高级: '高级', 最佳: '合适的', 全网最低价: '实惠价', 最低价: '实惠价', 全网最低: '实惠', 最便宜: '更实惠', 最优惠: '实惠', 最优质: '优质', 最先进: '新', 最权威: '专业', 最顶级: '好', 最高端: '高端', 最受欢迎: '受欢迎', 销量第一: '卖得多', 全国第一: '受欢迎',
    全网第一: '受欢迎', 行业第一: '受欢迎', 中国第一: '受欢迎', 世界第一: '受欢迎', 第一品牌: '老品牌', 领导品牌: '老品牌', 顶级: '好', 极品: '好', 世界级: '', 绝无仅有: '少见', 史无前例: '少见', 独一无二: '少见', 百分百正品: '正品', 永久有效: '长期有效', 万能: '多用',
  } },
  { rule: 'out.promise', zh: '保证效果或收益的说法', en: 'a promise of effect or profit', words: { 包治百病: '', 根治: '', 药到病除: '', 百分百有效: '', 无效退款: '不满意可退', 零风险: '', 稳赚不赔: '', 保本保息: '', 月入过万: '', 祖传秘方: '', 无副作用: '' } },
  { rule: 'out.inducement', zh: '诱导转发、关注或下载', en: 'inducement to share, follow or install', words: {
    转发领: '', 分享领: '', 转发送: '', 分享送: '', 转发抽奖: '', 转发朋友圈: '', 转发到朋友圈: '', 分享到朋友圈: '', 转发到群: '', 转发群: '', 集赞: '', 点赞送: '', 邀请好友助力: '', 帮我砍: '', 帮忙砍: '', 好友助力领: '', 不转不是: '', 关注领红包: '', 转发有礼: '', 拉人进群: '', 邀请好友得: '', 求转发: '',
  } },
] as const

/** What is harmless though a listed word stands in it. */
const harmless = ['顶级域名', '万能胶', '万能工', '不转发朋友圈', '不用转发', '最佳赏味期', '最佳赏味', '最佳饮用']

const linkWords: Record<string, [string, string]> = {
  address: ['链接是一串数字地址', 'the link is a bare number'], punycode: ['链接的网址像别的网站', 'the link looks like another site'], userinfo: ['链接里藏着另一个网址', 'the link hides another address'], short: ['短链看不出去哪', 'a short link hides where it leads'],
  'look-alike': ['链接仿冒别的网站', 'the link imitates another site'], scheme: ['链接不是网页', 'the link is no web page'], malformed: ['链接不完整', 'the link is broken'], http: ['链接没有加密（http）', 'the link is not encrypted (http)'],
}
/** Categories of the convention that hold for the merchant's own words too; what is spam in a comment is the business of a message. */
const alsoCategories = [1, 2, 4, 5, 9]

export type OutgoingCheck = { check(text: string, hosts: readonly string[], allow: readonly string[], convention?: Scanner): ContentVerdict }

export function createOutgoingCheck(normaliser: Normaliser = createNormaliser()): OutgoingCheck {
  const rules = outgoingRules.map((rule) => ({ ...rule, fixes: rule.words as Readonly<Record<string, string>> }))
  const entries: LexiconEntry[] = rules.flatMap((rule) => Object.keys(rule.fixes).map((word) => ({ word, category: rule.rule })))
  const plain = buildMatcher(normaliser, entries, { allow: harmless, maxGap: 4 })
  return {
    check(text, hosts, allow, convention) {
      const matcher: Matcher = allow.length === 0 ? plain : buildMatcher(normaliser, entries, { allow: [...harmless, ...allow], maxGap: 4 })
      const cuts: Array<{ from: number; to: number; by: string; clause: boolean }> = []
      const findings: ContentFinding[] = []
      for (const hit of matcher.scan(text)) {
        const rule = rules.find((one) => one.rule === hit.category)!
        const found = text.slice(hit.start, hit.end)
        // They come by their starts, the longest first: what overlaps says the same again.
        if (findings.some((one) => hit.start < one.to)) continue
        findings.push({ from: hit.start, to: hit.end, found, rule: rule.rule, level: 'stop', zh: `「${found}」是${rule.zh}。`, en: `"${found}" is ${rule.en}. ` })
        cuts.push({ from: hit.start, to: hit.end, by: rule.fixes[hit.word], clause: rule.rule !== 'out.superlative' })
      }
      for (const link of text.matchAll(/(?:https?:\/\/|www\.)[^\s<>"'，。；！？、）)】]+/gi)) {
        const problem = linkProblem(link[0], hosts)
        const why = problem !== 'fine' && problem !== 'foreign' ? problem : /^http:\/\//i.test(link[0]) ? 'http' : undefined
        const at = { from: link.index, to: link.index + link[0].length, found: link[0], rule: 'out.link' }
        if (why === undefined) {
          if (problem === 'foreign') findings.push({ ...at, level: 'look', zh: `「${link[0]}」不在你常用的网站里，看一眼是不是它。`, en: `"${link[0]}" is not one of your usual sites: make sure. ` })
          continue
        }
        findings.push({ ...at, level: 'stop', zh: `${linkWords[why][0]}：「${link[0]}」。`, en: `${linkWords[why][1]}: "${link[0]}". ` })
        cuts.push({ from: at.from, to: at.to, by: why === 'http' ? link[0].replace(/^http:/i, 'https:') : '', clause: false })
      }
      for (const one of convention?.scan({ kind: 'outgoing', title: '', text, links: [], media: [], readerId: null }).findings ?? []) {
        if (!alsoCategories.includes(one.rule.category) || one.evidence.where !== 'text') continue
        findings.push({ from: one.evidence.from, to: one.evidence.to, found: one.evidence.found, rule: one.rule.id, level: 'stop', zh: `「${one.evidence.found}」违反公约 ${one.rule.id} ${one.rule.zh}。`, en: `"${one.evidence.found}" breaks rule ${one.rule.id}, ${one.rule.en}. ` })
        cuts.push({ from: one.evidence.from, to: one.evidence.to, by: '', clause: true })
      }
      findings.sort((a, b) => a.from - b.from)
      return { ok: findings.every((one) => one.level === 'look'), findings, suggestion: cuts.length === 0 ? null : suggest(text, cuts) }
    },
  }
}

/** The text with a word replaced, or, where nothing can stand instead, without the clause it is in. */
function suggest(text: string, cuts: ReadonlyArray<{ from: number; to: number; by: string; clause: boolean }>): string {
  const ends = /[，。；！？、,;!?\n]/
  const spans = cuts.map((cut) => {
    if (!cut.clause) return { ...cut }
    let from = cut.from
    while (from > 0 && !ends.test(text[from - 1])) from--
    let to = cut.to
    while (to < text.length && !ends.test(text[to])) to++
    return { from, to: to < text.length ? to + 1 : to, by: cut.by, clause: true }
  }).sort((a, b) => a.from - b.from || b.to - a.to)
  let out = ''
  let at = 0
  for (const span of spans) {
    if (span.to <= at) continue
    out += text.slice(at, Math.max(at, span.from)) + (span.from >= at ? span.by : '')
    at = span.to
  }
  return (out + text.slice(at)).replace(/[，、,;；]+\s*$/, '。').replace(/([，。；！？])[，。；、]+/g, '$1').replace(/^[，。；、\s]+/, '').trim()
}

/** The same door for what a merchant says to many; links may lead to the hosts of the convention and to the merchant's own. */
export function contentGate(conventions: Conventions, ownHosts: (tenantId: number) => readonly string[]): ContentGate {
  let outgoing: OutgoingCheck | undefined
  return {
    async check(tx, tenantId, texts, now) {
      const convention = await conventions.at(tx, tenantId, now)
      outgoing ??= createOutgoingCheck()
      const scanner = conventions.scanner(convention)
      return texts.map((text) => (/^https?:\/\/\S+$/i.test(text) ? outgoing!.check(text, [...convention.hosts, ...ownHosts(tenantId)], convention.allow) : outgoing!.check(text, [...convention.hosts, ...ownHosts(tenantId)], convention.allow, scanner)))
    },
  }
}
