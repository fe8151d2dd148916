import { buildMatcher, createNormaliser, normalise, normalisedText, type Classifier, type LexiconEntry, type Matcher, type Normaliser } from '../../math/text/index.ts'
import type { Evidence, Piece } from '../../retain/reader/index.ts'
import { ruleOf, type ConventionBody } from './convention.ts'
import type { Rule } from './rules.ts'

/** What the house knows about a piece's surroundings when it is judged. */
export type Facts = {
  /** Other accounts that wrote the same text lately. */
  sameTextOthers: number
  /** Pieces of this reader of the last day that name a way to be reached. */
  adsLately: number
  piecesLastMinute: number
  piecesLastHour: number
  /** By SHA-256. */
  media: Record<string, 'banned' | 'cleared'>
  /** Under which rule an image was banned. */
  mediaRules: Record<string, string>
  /** Names that only their owners may carry. */
  names: readonly string[]
}
export const noFacts: Facts = { sameTextOthers: 0, adsLately: 0, piecesLastMinute: 0, piecesLastHour: 0, media: {}, mediaRules: {}, names: [] }

export type Finding = { rule: Rule; outcome: 'hold' | 'reject'; evidence: Evidence }
/** `rule` null with outcome hold: nothing is wrong, but a person must look (an image nobody has seen, or a kind that is always looked at). */
export type Scan = { outcome: 'pass' | 'hold' | 'reject'; rule: Rule | null; findings: Finding[]; evidence: Evidence[]; contact: boolean; note: { zh: string; en: string } }
export type ScannedPiece = Pick<Piece, 'kind' | 'title' | 'text' | 'links' | 'media' | 'readerId'>

const severities: readonly Rule['severity'][] = ['light', 'medium', 'serious', 'severe']
/** Short links hide where they lead. */
const shorteners = new Set(['t.cn', 'dwz.cn', 'url.cn', 'suo.im', 'suo.nz', 'u.nu', 'bit.ly', 'tinyurl.com', 'is.gd', 'goo.gl', 'cutt.ly', '985.so', 'sourl.cn', 'mrw.so'])
const known = ['weixin.qq.com', 'qq.com', 'wechat.com', 'taobao.com', 'tmall.com', 'jd.com', 'alipay.com', 'douyin.com', 'gov.cn']
const official = /官方|客服|管理员|版主|审核员|系统通知|小助手/
/** Longer texts are judged by their beginning; nobody reads further either. */
const scannedLength = 200_000

/**
 * The mechanical part of judging: pure, the same text and facts give the same answer. Built once for a version of the convention.
 * Order: listed words however they are written → stated rules → classifier where one was trained.
 */
export type Scanner = {
  scan(piece: ScannedPiece, facts?: Partial<Facts>): Scan
  /** The text as it reads, for telling the same words again; '' when it is too short to mean anything. */
  readsAs(piece: Pick<Piece, 'title' | 'text'>): string
}

export function createScanner(body: ConventionBody, shared: { normaliser?: Normaliser; classifier?: Classifier } = {}): Scanner {
  const normaliser = shared.normaliser ?? createNormaliser()
  const entriesOf = (rules: readonly Rule[]): LexiconEntry[] => rules.flatMap((rule) => [...rule.words.map((word) => ({ word, category: rule.id })), ...rule.sounds.map((word) => ({ word, category: rule.id, homophones: true }))])
  const build = (rules: readonly Rule[]): Matcher | null => {
    const entries = entriesOf(rules)
    return entries.length === 0 ? null : buildMatcher(normaliser, entries, { allow: body.allow })
  }
  const everywhere = build(body.rules.filter((rule) => !rule.titleOnly))
  const titles = build(body.rules.filter((rule) => rule.titleOnly))
  const { limits } = body
  const need = (id: string): Rule => ruleOf(body, id)!

  function scan(piece: ScannedPiece, given: Partial<Facts> = {}): Scan {
    const facts = { ...noFacts, ...given }
    const findings: Finding[] = []
    const add = (rule: Rule, evidence: Evidence, outcome: 'pass' | 'hold' | 'reject' = rule.machine): void => {
      if (outcome !== 'pass' && findings.length < 200) findings.push({ rule, outcome, evidence })
    }
    const title = piece.title.slice(0, scannedLength)
    const text = piece.text.slice(0, scannedLength)
    const inTitle = piece.kind === 'profile' ? 'profile' : 'title'
    const inText = piece.kind === 'profile' ? 'profile' : 'text'
    let contact = false

    // Listed words, with their places in the text as it was written.
    for (const [where, content] of [[inTitle, title], [inText, text]] as const) {
      if (content === '') continue
      for (const matcher of [everywhere, where === 'title' ? titles : null]) {
        for (const hit of matcher?.scan(content) ?? []) {
          const rule = need(hit.category)
          const found = content.slice(hit.start, hit.end)
          add(rule, { where, from: hit.start, to: hit.end, found, how: hit.via })
          if (rule.id === '3.8') contact = true
          // Spam written so that a list would miss it is a breach of its own.
          if (rule.category === 3 && (hit.via === 'split' || hit.via === 'homophone' || found.length > hit.word.length) && /[^\p{L}\p{N}\s]/u.test(found)) add(need('3.7'), { where, from: hit.start, to: hit.end, found, how: `dodge:${hit.via}` })
        }
      }
      for (const one of waysToReach(normaliser, content)) {
        contact = true
        if (piece.kind === 'comment' || piece.kind === 'profile') add(need('3.8'), { where, ...one })
      }
    }

    // Links: where they lead, and that they are there at all.
    const links: Array<{ url: string; evidence: Evidence }> = [
      ...piece.links.map((url) => ({ url, evidence: { where: 'link' as const, from: 0, to: url.length, found: url.slice(0, 300), how: 'link' } })),
      ...[...text.matchAll(/(?:https?:\/\/|www\.)[^\s<>"'，。；！？、）)】]+/gi)].map((found) => ({ url: found[0], evidence: { where: inText as 'text', from: found.index, to: found.index + found[0].length, found: found[0].slice(0, 300), how: 'link' } })),
    ]
    for (const { url, evidence } of links) {
      const problem = linkProblem(url, body.hosts)
      if (problem === 'fine') continue
      if (problem !== 'foreign') add(need('3.3'), { ...evidence, how: `link:${problem}` })
      else if (piece.kind === 'comment' || piece.kind === 'profile') {
        contact = true
        add(need('3.8'), evidence)
      }
    }

    // Stated rules.
    const whole = (how: string): Evidence => ({ where: inText, from: 0, to: Math.min(text.length, 80), found: text.slice(0, 80), how })
    if (contact && piece.readerId !== null && facts.adsLately + 1 >= limits.adsPerDay) add(need('3.1'), whole(`ads:${facts.adsLately + 1}`))
    if (facts.sameTextOthers >= limits.sameTextOthers) add(need('3.2'), whole(`same-text:${facts.sameTextOthers}`))
    if (facts.piecesLastMinute >= limits.perMinute || facts.piecesLastHour >= limits.perHour) add(need('3.8'), whole(`rate:${facts.piecesLastMinute}/${facts.piecesLastHour}`))
    const stuffed = stuffing(text, normaliser, limits.repeatMax, limits.topicsMax)
    if (stuffed !== undefined) add(need('3.4'), { where: inText, ...stuffed })
    if (piece.kind === 'profile' && piece.readerId !== null) {
      const name = normalisedText(normaliser, title)
      const carried = facts.names.find((one) => normalisedText(normaliser, one).length >= 2 && name.includes(normalisedText(normaliser, one)))
      const word = official.exec(title)?.[0]
      if (carried !== undefined) add(need('5.3'), { where: 'profile', from: 0, to: title.length, found: title, how: `name:${carried}` })
      else if (word !== undefined) add(need('5.3'), { where: 'profile', from: title.indexOf(word), to: title.indexOf(word) + word.length, found: word, how: 'name:official' })
    }
    if (piece.kind === 'article' && title !== '') {
      const headline = judgeHeadline(normaliser, title, text, limits.headlineShare)
      if (headline.share !== null) add(need('7.2'), { where: 'title', from: 0, to: title.length, found: title, how: `headline:${headline.share.toFixed(2)}` })
      if (headline.number !== null) add(need('7.3'), { where: 'title', ...headline.number, how: 'number' })
    }

    // Media by their digest; what nobody has seen waits for a person.
    let unseen: Evidence | undefined
    for (const one of piece.media) {
      const evidence: Evidence = { where: 'media', from: 0, to: 0, found: one.sha256, how: one.contentType }
      // An image that the house keeps already may be named without its type.
      const wrong = !limits.mediaTypes.includes(one.contentType) && one.contentType !== 'image/*' && !/^(audio|video)\//.test(one.contentType) ? 'type' : one.bytes > limits.mediaBytesMax ? 'size' : undefined
      if (facts.media[one.sha256] === 'banned') add(ruleOf(body, facts.mediaRules[one.sha256] ?? '4.3') ?? need('4.3'), { ...evidence, how: 'banned' }, 'reject')
      else if (wrong !== undefined) add(need('4.3'), { ...evidence, how: `${wrong}:${wrong === 'type' ? one.contentType : one.bytes}` }, 'reject')
      else if (facts.media[one.sha256] !== 'cleared' && piece.readerId !== null && (body.review.media === 'all' || !one.contentType.startsWith('image/'))) unseen = { ...evidence, how: `unseen:${one.contentType}` }
    }
    // Facts about media that are not listed in the piece itself (an image inside the text).
    if (piece.media.length === 0) for (const [sha256, verdict] of Object.entries(facts.media)) if (verdict === 'banned') add(need('4.3'), { where: 'media', from: 0, to: 0, found: sha256, how: 'banned' }, 'reject')

    if (shared.classifier && (piece.kind === 'comment' || piece.kind === 'profile') && text.length >= 4 && findings.length === 0) {
      const probability = shared.classifier.probability(text)
      if (probability >= limits.classifierHoldAt) {
        for (const reason of shared.classifier.classify(text, 3).why.filter((one) => one.weight > 0)) add(need('2.7'), { where: inText, from: reason.start, to: reason.end, found: reason.ngram, how: `model:${probability.toFixed(3)}` }, 'hold')
      }
    }

    const illegal = findings.filter((one) => one.rule.category === 1)
    const rank = (one: Finding): number => (one.outcome === 'reject' ? 100 : 0) + severities.indexOf(one.rule.severity) * 10 + (one.evidence.how.startsWith('dodge:') ? 5 : 0) + (one.rule.id === '3.1' ? 4 : 0)
    const best = (illegal.length > 0 ? illegal : findings).toSorted((a, b) => rank(b) - rank(a))[0]
    // What the law forbids is decided by people: held, whatever else was found.
    const outcome = illegal.length > 0 ? 'hold' : best !== undefined ? best.outcome : unseen !== undefined ? 'hold' : 'pass'
    const evidence = [...findings.filter((one) => one.rule === best?.rule), ...findings.filter((one) => one.rule !== best?.rule)].map((one) => one.evidence)
    return {
      outcome, rule: best?.rule ?? null, findings, contact, evidence: [...evidence, ...(unseen === undefined ? [] : [unseen])].slice(0, 20),
      note: best !== undefined
        ? { zh: `第 ${best.rule.category} 类 ${best.rule.id} ${best.rule.zh}：${said(best.evidence, 'zh')}`, en: `category ${best.rule.category}, rule ${best.rule.id}, ${best.rule.en}: ${said(best.evidence, 'en')}` }
        : unseen !== undefined ? { zh: '图片、音频、视频要由人看过。', en: 'a person has to look at images, audio and video' } : { zh: '', en: '' },
    }
  }
  return {
    scan,
    readsAs(piece) {
      const read = readsAs(normaliser, `${piece.title}\n${piece.text}`.slice(0, scannedLength))
      return read.length >= limits.sameTextLength ? read : ''
    },
  }
}

/** What was found, in words for whoever wrote it. */
export function said(evidence: Evidence, language: 'zh' | 'en'): string {
  const zh = language === 'zh'
  const [how, detail = ''] = [evidence.how.split(':')[0], evidence.how.slice(evidence.how.indexOf(':') + 1)]
  const words: Record<string, [string, string]> = {
    ads: [`一天里第 ${detail} 次留联系方式`, `a way to be reached for the ${detail}th time in a day`], 'same-text': [`另有 ${detail} 个账号发了同样的话`, `${detail} other accounts wrote the same`],
    rate: ['发得太快', 'written too fast'], headline: ['标题里的话，正文里找不到', 'the body does not have what the headline says'], number: [`正文里没有「${evidence.found}」`, `the body does not have "${evidence.found}"`],
    name: ['名字像是别人或官方的', 'the name looks like somebody else\'s or official'], banned: ['这张图已经不收', 'this image is not taken any more'], type: [`不收这种文件（${detail}）`, `files of this kind are not taken (${detail})`], size: ['文件太大', 'the file is too large'],
    link: [`链接「${evidence.found}」`, `the link "${evidence.found}"`], platform: ['平台提示要留心', 'the platform says to be careful'], model: ['语气像是在伤人', 'it reads as if meant to hurt'],
  }
  const known = words[how]
  return known !== undefined ? known[zh ? 0 : 1] : zh ? `找到「${evidence.found}」` : `found "${evidence.found}"`
}

/** `normalisedText` of a text of any length. */
function readsAs(normaliser: Normaliser, text: string): string {
  const { units, length } = normalise(normaliser, text)
  let read = ''
  for (let i = 0; i < length; i += 8192) read += String.fromCharCode(...units.subarray(i, Math.min(length, i + 8192)))
  return read
}

/** Phone numbers, ids and addresses, also when digits are spelled, spaced or dressed up; offsets are those of the original. */
export function waysToReach(normaliser: Normaliser, content: string): Array<{ from: number; to: number; found: string; how: string }> {
  const found: Array<{ from: number; to: number; found: string; how: string }> = []
  const { starts, ends } = normalise(normaliser, content)
  const read = readsAs(normaliser, content)
  const patterns: Array<[string, RegExp]> = [
    ['contact:phone', /(?<!\d)1[3-9]\d{9}(?!\d)/g],
    ['contact:wechat', /(?:微信|薇信|威信|v信|vx|wx)(?:号|是)?(?=[a-z0-9]{0,19}\d)[a-z][a-z0-9]{5,19}/g],
    ['contact:qq', /(?:qq|扣扣|q群|群号)(?:号|群)?(?:是)?\d{5,12}(?!\d)/g],
  ]
  for (const [how, pattern] of patterns) {
    for (const hit of read.matchAll(pattern)) {
      const from = starts[hit.index]
      const to = ends[hit.index + hit[0].length - 1]
      found.push({ from, to, found: content.slice(from, to), how })
    }
  }
  for (const hit of content.matchAll(/[\w.+-]{2,40}@[\w-]{2,40}\.[a-z]{2,10}/gi)) found.push({ from: hit.index, to: hit.index + hit[0].length, found: hit[0], how: 'contact:mail' })
  return found
}

/** fine: a host that may be named; foreign: another one; else why it deceives. */
export function linkProblem(url: string, hosts: readonly string[]): 'fine' | 'foreign' | 'address' | 'punycode' | 'userinfo' | 'short' | 'look-alike' | 'scheme' | 'malformed' {
  const text = url.trim()
  if (/^\/(?!\/)/.test(text)) return 'fine'
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1].toLowerCase()
  if (scheme !== undefined && !['http', 'https'].includes(scheme) && !/^[\w.-]+:\d+/.test(text)) return scheme === 'weixin' || scheme === 'mailto' || scheme === 'tel' ? 'foreign' : 'scheme'
  let parsed: URL
  try {
    parsed = new URL(scheme === undefined ? `https://${text.replace(/^\/\//, '')}` : text)
  } catch {
    return 'malformed'
  }
  const host = parsed.hostname.toLowerCase().replace(/\.$/, '')
  if (parsed.username !== '' || parsed.password !== '') return 'userinfo'
  if (/^\d+(\.\d+){3}$/.test(host) || host.startsWith('[')) return 'address'
  const under = (one: string): boolean => host === one || host.endsWith(`.${one}`)
  if (hosts.some(under)) return 'fine'
  if (host.split('.').some((label) => label.startsWith('xn--'))) return 'punycode'
  if (shorteners.has(host)) return 'short'
  if ([...known, ...hosts].some((one) => !under(one) && imitates(host, one))) return 'look-alike'
  return 'foreign'
}

/** The known name stands inside a foreign host (qq.com.evil.top, weixin-qq.com), or one character away from it (ta0bao.com). */
function imitates(host: string, one: string): boolean {
  if (one.length < 6) return host.startsWith(`${one}.`) || host.includes(`.${one}.`)
  const plain = (text: string): string => text.replaceAll(/[0o]/g, 'o').replaceAll(/[1il]/g, 'l').replaceAll(/[.-]/g, '')
  if (host.startsWith(`${one}.`) || host.includes(`.${one}.`)) return true
  const last = host.split('.').slice(-one.split('.').length).join('.')
  return plain(last) === plain(one) || plain(host) === plain(one)
}

/** The same phrase over and over, or a row of topics. */
function stuffing(text: string, normaliser: Normaliser, repeatMax: number, topicsMax: number): { from: number; to: number; found: string; how: string } | undefined {
  const topics = [...text.matchAll(/#[^#\s]{1,30}/g)]
  if (topics.length > topicsMax) return { from: topics[0].index, to: topics[0].index + topics[0][0].length, found: topics[0][0], how: `topics:${topics.length}` }
  for (const paragraph of text.matchAll(/[^\n]+/g)) {
    const { units, starts, ends, length } = normalise(normaliser, paragraph[0])
    if (length < (repeatMax + 1) * 2) continue
    // Long paragraphs may say a word often; more than eight times within any 200 characters is another matter.
    const seen = new Map<string, number[]>()
    for (let i = 0; i + 4 <= length; i++) {
      const gram = String.fromCharCode(units[i], units[i + 1], units[i + 2], units[i + 3])
      if (units[i] === units[i + 1] && units[i + 1] === units[i + 2]) continue
      const places = seen.get(gram)
      if (places === undefined) seen.set(gram, [i])
      else if (i >= places[places.length - 1] + 4) {
        places.push(i)
        const first = places[places.length - 1 - repeatMax]
        if (first !== undefined && i - first <= 200) {
          const from = paragraph.index + starts[first]
          return { from, to: paragraph.index + ends[first + 3], found: text.slice(from, paragraph.index + ends[first + 3]), how: `repeat:${places.length}` }
        }
      }
    }
  }
  return undefined
}

/**
 * Headline against body, as stated in the convention: of the headline's pieces of two characters at least `least` occur in the body, and numbers of two digits
 * or with a percent sign that the headline names are named in the body. Bodies under 20 characters are not judged.
 */
export function judgeHeadline(normaliser: Normaliser, title: string, text: string, least: number): { share: number | null; number: { from: number; to: number; found: string } | null } {
  const body = readsAs(normaliser, text)
  if (body.length < 20) return { share: null, number: null }
  const read = normalisedText(normaliser, title)
  const pairs = new Set<string>()
  for (let i = 0; i + 2 <= read.length; i++) if (/\p{L}{2}/u.test(read.slice(i, i + 2))) pairs.add(read.slice(i, i + 2))
  const share = pairs.size < 3 ? 1 : [...pairs].filter((pair) => body.includes(pair)).length / pairs.size
  const numbers = [...title.matchAll(/\d+(?:\.\d+)?%?/g)].filter((hit) => hit[0].length >= 2)
  const numbersOf = new Set([...text.matchAll(/\d+(?:\.\d+)?/g)].map((hit) => hit[0]))
  const missing = numbers.find((hit) => !numbersOf.has(hit[0].replace('%', '')))
  return { share: share < least ? share : null, number: missing === undefined ? null : { from: missing.index, to: missing.index + missing[0].length, found: missing[0] } }
}
