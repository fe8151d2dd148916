import { cheating } from './people.ts'
import type { Truth } from './play.ts'

export type Found = { checked: number; violations: string[] }
export type CommunityFindings = Record<'conserved' | 'gain' | 'silence' | 'codes' | 'caps' | 'honest', Found>

/** Honest grants that the audit may take by mistake, as a part of all. */
export const falseMost = 0.005

type Rows = <R>(text: string, params?: readonly unknown[]) => Promise<R[]>
export type CommunityChecked = {
  checkers: CommunityFindings
  gain: Record<string, { humans: number; feathers: number; most: number; tried: number }>
  honest: { lots: number; falseReversals: number; feathers: number; share: number }
  reasons: Record<string, number>
}

/** Looks at the database with questions of its own; what people really did is known from the truth. */
export async function checkCommunity({ rows, tenantId, truth }: { rows: Rows; tenantId: number; truth: Truth }): Promise<CommunityChecked> {
  const found: CommunityFindings = { conserved: none(), gain: none(), silence: none(), codes: none(), caps: none(), honest: none() }
  const check = (name: keyof CommunityFindings, good: boolean, sentence: () => string): void => {
    found[name].checked++
    if (!good && found[name].violations.length < 20) found[name].violations.push(sentence())
  }

  // Feathers are conserved: every account is its entries, its lots and its lines; all units sum to nothing.
  const accounts = await rows<{ personId: string; balance: number; vesting: number; frozen: number; owed: number; spent: number; ledger: number; lots: number; lines: number }>(
    `select a.person_id as "personId", a.balance, a.vesting, a.frozen, a.owed, a.spent,
       (select coalesce(sum(e.amount), 0)::bigint from entry e where e.tenant_id = $1 and e.unit = 'feather' and e.account in ('points:person:' || a.person_id, 'points:vesting:' || a.person_id, 'points:frozen:' || a.person_id)) as ledger,
       (select coalesce(sum(l.remaining), 0)::bigint from points_lot l where l.tenant_id = $1 and l.person_id = a.person_id) as lots,
       (select coalesce(sum(l.feathers), 0)::bigint from points_line l where l.tenant_id = $1 and l.person_id = a.person_id) as lines
     from points_account a where a.tenant_id = $1 order by 1`, [tenantId])
  for (const row of accounts) {
    const held = row.balance + row.vesting + row.frozen
    check('conserved', held - row.owed === row.ledger && held === row.lots && held - row.owed === row.lines, () => `person ${row.personId} holds ${held} and owes ${row.owed}; ledger ${row.ledger}, lots ${row.lots}, statement ${row.lines}`)
    check('conserved', Math.min(row.balance, row.vesting, row.frozen, row.owed) >= 0, () => `person ${row.personId} is below zero`)
  }
  const [{ off }] = await rows<{ off: number }>(`select coalesce(sum(amount), 0)::bigint as off from entry where tenant_id = $1 and unit = 'feather'`, [tenantId])
  check('conserved', off === 0, () => `feathers of all accounts add up to ${off}`)

  // Cheaters gain nothing: what all accounts of a human hold and have spent is no more than what the human's honest acts are worth.
  const byPerson = new Map(accounts.map((row) => [row.personId, row]))
  const given = new Map((await rows<{ personId: string; feathers: number }>(`select person_id as "personId", sum(feathers)::bigint as feathers from points_lot where tenant_id = $1 group by 1`, [tenantId])).map((row) => [row.personId, row.feathers]))
  const gain: CommunityChecked['gain'] = {}
  for (const human of truth.cast.humans.filter((one) => cheating.includes(one.kind))) {
    const mine = human.accounts.map((account) => truth.personOf[account])
    const has = mine.reduce((sum, personId) => sum + (byPerson.get(personId) ? byPerson.get(personId)!.balance + byPerson.get(personId)!.vesting + byPerson.get(personId)!.frozen + byPerson.get(personId)!.spent : 0), 0)
    const more = has - truth.worth[human.human]
    check('gain', more <= 0, () => `${human.kind} ${human.human} holds and spent ${has}, honest acts are worth ${truth.worth[human.human]}`)
    const sum = (gain[human.kind] ??= { humans: 0, feathers: 0, most: -Infinity, tried: 0 })
    sum.humans++
    sum.feathers += more
    sum.most = Math.max(sum.most, more)
    sum.tried += mine.reduce((total, personId) => total + (given.get(personId) ?? 0), 0) - truth.worth[human.human]
  }

  // Nobody posts while silenced, with any account of the same human. A penalty is cut short only by its end.
  const comments = await rows<{ commentId: string; readerId: string; createdAt: number }>(`select comment_id as "commentId", reader_id as "readerId", created_at as "createdAt" from article_comment where tenant_id = $1`, [tenantId])
  const penalties = await rows<{ readerId: string; startsAt: number; until: number }>(
    `select reader_id as "readerId", starts_at as "startsAt", least(coalesce(ends_at, 9007199254740991), coalesce(case when ended_why = 'replaced' then null else ended_at end, 9007199254740991))::bigint as until from penalty where tenant_id = $1`, [tenantId])
  const humanOf = new Map(truth.readerOf.map((readerId, account) => [readerId, truth.cast.accounts[account].human]))
  const silences = new Map<number, Array<{ startsAt: number; until: number }>>()
  for (const row of penalties) {
    const human = humanOf.get(row.readerId)!
    if (!silences.has(human)) silences.set(human, [])
    silences.get(human)!.push(row)
  }
  for (const row of comments) check('silence', !(silences.get(humanOf.get(row.readerId)!) ?? []).some((one) => one.startsAt < row.createdAt && row.createdAt < one.until), () => `comment ${row.commentId} was written while its author was silenced`)

  // Codes: given once, one for each redemption, and the stock is what is left.
  const offers = await rows<{ offerId: string; stock: number; free: number; issued: number; redeemed: number; withCode: number }>(
    `select o.offer_id as "offerId", o.stock, (select count(*) from offer_code c where c.tenant_id = $1 and c.offer_id = o.offer_id and c.state = 'free') as free, (select count(*) from offer_code c where c.tenant_id = $1 and c.offer_id = o.offer_id and c.state = 'issued') as issued,
       (select count(*) from offer_redemption r where r.tenant_id = $1 and r.offer_id = o.offer_id) as redeemed, (select count(*) from offer_redemption r join offer_code c on c.tenant_id = $1 and c.redemption_id = r.redemption_id where r.tenant_id = $1 and r.offer_id = o.offer_id) as "withCode"
     from offer o where o.tenant_id = $1`, [tenantId])
  for (const row of offers) check('codes', row.stock === row.free && row.issued === row.redeemed && row.redeemed === row.withCode, () => `offer ${row.offerId}: stock ${row.stock}, free ${row.free}, given ${row.issued}, redeemed ${row.redeemed}, with a code ${row.withCode}`)

  // Caps of a person: for one article, and of a day.
  const caps: Record<string, { article: number; day: number }> = { quiz: { article: 5, day: 100 }, comment: { article: 10, day: 50 }, recommend: { article: 10, day: 50 }, 'share-read': { article: 15, day: 60 } }
  for (const [rule, cap] of Object.entries(caps)) for (const [what, column, most] of [['for one article', 'article_id', cap.article], ['on one day', 'day', cap.day]] as const) {
    for (const row of await rows<{ personId: string; at: string; feathers: number }>(`select person_id as "personId", ${column}::text as at, sum(feathers - reversed)::bigint as feathers from points_lot where tenant_id = $1 and rule = $2 group by 1, 2`, [tenantId, rule])) {
      check('caps', row.feathers <= most, () => `person ${row.personId} got ${row.feathers} of ${rule} ${what} (${row.at}), ${most} are the most`)
    }
  }

  // Honest people are left alone.
  const decent = new Set(truth.cast.humans.filter((human) => human.kind === 'honest' || human.kind === 'household').flatMap((human) => human.accounts.map((account) => truth.personOf[account])))
  const lots = await rows<{ personId: string; cause: string | null; feathers: number }>(
    `select l.person_id as "personId", l.cause_person_id as cause, (select coalesce(sum(r.feathers), 0)::bigint from points_reversal r where r.tenant_id = $1 and r.lot_id = l.lot_id and r.cause = 'audit') as feathers from points_lot l where l.tenant_id = $1`, [tenantId])
  const theirs = lots.filter((lot) => decent.has(lot.personId) && (lot.cause === null || decent.has(lot.cause)))
  const wrong = theirs.filter((lot) => lot.feathers > 0)
  const share = theirs.length === 0 ? 0 : wrong.length / theirs.length
  check('honest', share <= falseMost, () => `${wrong.length} of ${theirs.length} honest grants were taken back`)
  const reasons = Object.fromEntries((await rows<{ code: string; n: number }>(`select code, count(*) as n from points_reversal where tenant_id = $1 group by 1 order by 1`, [tenantId])).map((row) => [row.code, row.n]))
  return { checkers: found, gain, honest: { lots: theirs.length, falseReversals: wrong.length, feathers: wrong.reduce((sum, lot) => sum + lot.feathers, 0), share }, reasons }
}

const none = (): Found => ({ checked: 0, violations: [] })
