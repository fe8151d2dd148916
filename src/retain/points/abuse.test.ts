import { describe, expect, test } from 'vitest'
import { hour, minute, start } from '../../../tests/setup/fixtures.ts'
import { dayNumber } from '../../kernel/calendar.ts'
import { auditLots, type AuditedLot, type KeptRead } from './abuse.ts'
import { defaultRules } from './rules.ts'

const rules = defaultRules.audit
let n = 0
const read = (personId: string, articleId: string, sharerPersonId: string | null, more: Partial<KeptRead> = {}): KeptRead => ({ personId, articleId, sharerPersonId, deviceKey: `device of ${personId}`, readAt: start + n++ * 10 * minute, ...more })
const lot = (personId: string, rule: string, articleId: string, causePersonId: string | null = null, at = start): AuditedLot => ({ lotId: `${rule}/${articleId}/${personId}/${causePersonId ?? ''}`, personId, rule, articleId, causePersonId, day: dayNumber(at), earnedAt: at })
const audit = (reads: KeptRead[], lots: AuditedLot[], linked: Record<string, string[]> = {}, authors: Record<string, string> = {}) =>
  auditLots({ reads, lots, rules, linked: new Map(Object.entries(linked).map(([id, others]) => [id, new Set(others)])), authors: new Map(Object.entries(authors)) }).map((one) => `${one.code} ${one.lotId}`)

describe('the nightly audit takes back', () => {
  test('what one earned from reading oneself, through a linked account, or about the own article', () => {
    const lots = [lot('a', 'share-read', 'x', 'a'), lot('a', 'share-read', 'x', 'a2'), lot('a', 'quiz', 'mine'), lot('a', 'share-read', 'x', 'b')]
    expect(audit([], lots, { a: ['a2'] }, { mine: 'a', x: 'a' })).toEqual(['own-article quiz/mine/a/', 'self-read share-read/x/a/a', 'linked-account share-read/x/a/a2'].sort((p, q) => lots.findIndex((one) => p.endsWith(one.lotId)) - lots.findIndex((one) => q.endsWith(one.lotId))).sort((p, q) => (p.split(' ')[1] < q.split(' ')[1] ? -1 : 1)))
  })

  test('what several accounts of one person got for the same article, but for the first', () => {
    const lots = [lot('a', 'quiz', 'x', null, start), lot('a2', 'quiz', 'x', null, start + 1), lot('b', 'quiz', 'x', null, start + 2)]
    expect(audit([], lots, { a: ['a2'], a2: ['a'] })).toEqual(['same-person quiz/x/a2/'])
    expect(audit([], lots)).toEqual([]) // control
  })

  test('accounts that crowd one device; two people of one household do not crowd it', () => {
    const on = (persons: string[]) => persons.map((one) => read(one, 'x', 'a', { deviceKey: 'one' }))
    const lots = ['b', 'c', 'd'].map((one) => lot('a', 'share-read', 'x', one))
    expect(audit([...on(['b', 'c', 'd']), read('a', 'y', null, { deviceKey: 'one' })], lots)).toEqual(lots.map((one) => `shared-device ${one.lotId}`))
    expect(audit(on(['b', 'c']), lots.slice(0, 2))).toEqual([])
  })

  test('reading that no human does: too much in an hour, seconds apart, or around the clock', () => {
    const many = (gap: number, count: number, from = start) => Array.from({ length: count }, (_, k) => read('bot', `x${k}`, 'a', { readAt: from + k * gap }))
    const got = (reads: KeptRead[]) => audit(reads, [lot('a', 'share-read', 'x1', 'bot'), lot('bot', 'quiz', 'x1')])
    expect(got(many(2 * minute, 21))).toEqual(['pace quiz/x1/bot/', 'pace share-read/x1/a/bot'])
    expect(got(many(4_000, 5))).toHaveLength(2)
    expect(got(many(hour, 18, Date.parse('2026-03-01T01:00:00+08:00')))).toEqual(['around-the-clock quiz/x1/bot/', 'around-the-clock share-read/x1/a/bot'])
    // Who was so once earns nothing from then on; what was earned before stays.
    const later = [lot('bot', 'quiz', 'x1', null, start - 2 * 24 * hour), lot('bot', 'quiz', 'x2', null, start + 5 * 24 * hour)]
    expect(audit(many(4_000, 5), later)).toEqual(['pace quiz/x2/bot/'])
    // Long after, an earlier audit is remembered.
    expect(auditLots({ reads: [], lots: later.slice(1), rules, linked: new Map(), authors: new Map(), suspects: new Map([['bot', 'pace']]) })).toEqual([{ lotId: 'quiz/x2/bot/', code: 'pace' }])
    // Controls: as much as a keen reader reads, two tabs opened at once.
    expect(got(many(4 * minute, 15))).toEqual([])
    expect(got([...many(hour, 10), read('bot', 'y', null, { readAt: start + 2_000 })])).toEqual([])
  })

  test('a ring of two and of three whose shares nobody else reads', () => {
    const ring = (members: string[]) => members.flatMap((sharer, at) => Array.from({ length: 3 }, (_, k) => read(members[(at + members.length - 1) % members.length], `${sharer}${k}`, sharer)))
    for (const members of [['a', 'b'], ['a', 'b', 'c']]) {
      const lots = members.map((sharer, at) => lot(sharer, 'share-read', `${sharer}0`, members[(at + members.length - 1) % members.length]))
      // Reading the front page besides does not hide it.
      const cover = members.flatMap((one) => Array.from({ length: 8 }, (_, k) => read(one, `front${k}`, null)))
      expect(audit([...ring(members), ...cover], lots)).toEqual(lots.map((one) => `ring ${one.lotId}`))
      // Control: their shares are read by others too.
      const others = members.flatMap((sharer) => ['p', 'q', 'r'].map((one) => read(one, `${sharer}0`, sharer)))
      expect(audit([...ring(members), ...others], lots)).toEqual([])
    }
  })

  test('a ring hidden in a crowd of honest readers', () => {
    const crowd = Array.from({ length: 30 }, (_, k) => `h${k}`)
    const honest = crowd.flatMap((sharer, at) => [1, 5, 11, 17, 23].flatMap((step) => [0, 1, 2].map((k) => read(crowd[(at + step) % 30], `${sharer}-${k}`, sharer))))
    const ring = ['a', 'b'].flatMap((sharer) => [0, 1, 2, 3].map((k) => read(sharer === 'a' ? 'b' : 'a', `${sharer}${k}`, sharer)))
    const cover = ['a', 'b'].flatMap((one) => crowd.slice(0, 4).map((sharer) => read(one, `${sharer}-0`, sharer)))
    const lots = [lot('a', 'share-read', 'a0', 'b'), lot('h1', 'share-read', 'h1-0', 'h2')]
    expect(audit([...honest, ...ring, ...cover], lots)).toEqual(['ring share-read/a0/a/b'])
  })

  test('a farm of accounts that only ever read one person', () => {
    const reads = ['p', 'q'].flatMap((puppet) => [0, 1, 2, 3].map((k) => read(puppet, `x${k}`, 'a')))
    const lots = [lot('a', 'share-read', 'x0', 'p'), lot('a', 'recommend', 'x1', 'q')]
    expect(audit(reads, lots)).toEqual(['farm recommend/x1/a/q', 'farm share-read/x0/a/p'])
    expect(audit(reads.slice(0, 4), lots.slice(0, 1))).toEqual([]) // one faithful friend
    expect(audit([...reads, read('p', 'y', null), read('q', 'y', null)], lots)).toEqual([]) // they read other things too
  })

  test('the same in any order', () => {
    const reads = ['a', 'b'].flatMap((sharer) => [0, 1, 2, 3].map((k) => read(sharer === 'a' ? 'b' : 'a', `${sharer}${k}`, sharer)))
    const lots = reads.map((one) => lot(one.sharerPersonId!, 'share-read', one.articleId, one.personId))
    expect(audit([...reads].reverse(), [...lots].reverse())).toEqual(audit(reads, lots))
    expect(audit(reads, lots)).toHaveLength(8)
  })
})
