import { dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { AuditRules } from './rules.ts'
import type { ReasonCode } from './words.ts'

/** A read to the end by somebody known. */
export type KeptRead = { articleId: string; personId: string; deviceKey: string; sharerPersonId: string | null; readAt: Instant }
/** A grant that is looked at. */
export type AuditedLot = { lotId: string; rule: string; personId: string; articleId: string | null; causePersonId: string | null; day: number; earnedAt: Instant }
export type Finding = { lotId: string; code: ReasonCode }
export type AuditInput = { reads: readonly KeptRead[]; lots: readonly AuditedLot[]; linked: ReadonlyMap<string, ReadonlySet<string>>; authors: ReadonlyMap<string, string>; rules: AuditRules; /** Who was taken for a program by an earlier audit, with the reason. */ suspects?: ReadonlyMap<string, ReasonCode> }

const hourMs = 3_600_000

/** Days on which a reader or a device read as no human does: `key/day`. */
export function inhumanDays(reads: readonly KeptRead[], keyOf: (read: KeptRead) => string, rules: AuditRules): Map<string, ReasonCode> {
  const by = new Map<string, KeptRead[]>()
  for (const read of reads) {
    const key = keyOf(read)
    if (key === '') continue
    if (!by.has(key)) by.set(key, [])
    by.get(key)!.push(read)
  }
  const found = new Map<string, ReasonCode>()
  for (const [key, mine] of by) {
    mine.sort((a, b) => a.readAt - b.readAt)
    const hours = new Map<number, Set<number>>()
    const close = new Map<number, number>()
    let from = 0
    mine.forEach((read, at) => {
      const day = dayNumber(read.readAt)
      while (mine[from].readAt <= read.readAt - hourMs) from++
      if (at - from + 1 > rules.keptPerHour) for (const one of [day, dayNumber(mine[from].readAt)]) found.set(`${key}/${one}`, 'pace')
      if (at > 0 && mine[at - 1].articleId !== read.articleId && read.readAt - mine[at - 1].readAt < rules.gapSeconds * 1000) {
        // Two tabs happen; three times a day is a machine.
        close.set(day, (close.get(day) ?? 0) + 1)
        if (close.get(day)! >= 3) found.set(`${key}/${day}`, 'pace')
      }
      if (!hours.has(day)) hours.set(day, new Set())
      hours.get(day)!.add(Math.floor(read.readAt / hourMs))
    })
    for (const [day, set] of hours) if (set.size >= rules.hoursPerDay && !found.has(`${key}/${day}`)) found.set(`${key}/${day}`, 'around-the-clock')
  }
  return found
}

/** Accounts of one human as groups: linked ones, and all on a device that more accounts use than a household has. @returns the group of a person. */
export function sameHuman(reads: readonly KeptRead[], linked: AuditInput['linked'], personsPerDevice: number): { groupOf(personId: string): string; crowded: ReadonlySet<string> } {
  const parent = new Map<string, string>()
  const groupOf = (id: string): string => {
    let at = id
    while ((parent.get(at) ?? at) !== at) at = parent.get(at)!
    return at
  }
  const join = (a: string, b: string): void => {
    const [x, y] = [groupOf(a), groupOf(b)]
    if (x !== y) parent.set(x < y ? y : x, x < y ? x : y)
  }
  for (const [personId, others] of linked) for (const other of others) join(personId, other)
  const onDevice = new Map<string, Set<string>>()
  for (const read of reads) {
    if (read.deviceKey === '') continue
    if (!onDevice.has(read.deviceKey)) onDevice.set(read.deviceKey, new Set())
    onDevice.get(read.deviceKey)!.add(read.personId)
  }
  const crowded = new Set<string>()
  for (const persons of onDevice.values()) {
    if (persons.size < personsPerDevice) continue
    const [first, ...rest] = [...persons].sort()
    crowded.add(first)
    for (const other of rest) (join(first, other), crowded.add(other))
  }
  return { groupOf, crowded }
}

/** Who reads whose shares: `reader > sharer` with the articles. */
type Shared = { edges: Map<string, Map<string, Set<string>>>; received: Map<string, number> }
function sharing(reads: readonly KeptRead[]): Shared {
  const edges: Shared['edges'] = new Map()
  const received: Shared['received'] = new Map()
  for (const { personId, sharerPersonId, articleId } of reads) {
    if (sharerPersonId === null || sharerPersonId === personId) continue
    if (!edges.has(personId)) edges.set(personId, new Map())
    const to = edges.get(personId)!
    if (!to.has(sharerPersonId)) to.set(sharerPersonId, new Set())
    const articles = to.get(sharerPersonId)!
    if (articles.has(articleId)) continue
    articles.add(articleId)
    received.set(sharerPersonId, (received.get(sharerPersonId) ?? 0) + 1)
  }
  return { edges, received }
}

/**
 * Closed groups that read each other: strongly connected readers (along pairs with enough articles, each a fair part of what the sharer gets), small,
 * whose shares hardly anybody else reads. @returns the group of each member.
 */
export function rings({ edges, received }: Shared, rules: AuditRules): Map<string, number> {
  const strong = new Map<string, string[]>()
  for (const [reader, sharers] of edges) for (const [sharer, articles] of sharers) {
    if (articles.size < rules.ringArticles || articles.size < (received.get(sharer) ?? 0) / (rules.ringSize + 1)) continue
    if (!strong.has(reader)) strong.set(reader, [])
    strong.get(reader)!.push(sharer)
  }
  const groupOf = new Map<string, number>()
  let groups = 0
  for (const component of stronglyConnected(strong)) {
    if (component.length < 2 || component.length > rules.ringSize) continue
    const members = new Set(component)
    let [inside, all] = [0, 0]
    for (const member of members) all += received.get(member) ?? 0
    for (const reader of members) for (const [sharer, articles] of edges.get(reader) ?? []) if (members.has(sharer)) inside += articles.size
    if (all === 0 || inside / all < rules.ringShare) continue
    for (const member of members) groupOf.set(member, groups)
    groups++
  }
  return groupOf
}

/** Tarjan's components, without recursion. */
function stronglyConnected(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const on = new Set<string>()
  const stack: string[] = []
  const components: string[][] = []
  let count = 0
  for (const root of [...edges.keys()].sort()) {
    if (index.has(root)) continue
    const work: Array<{ node: string; next: number }> = [{ node: root, next: 0 }]
    while (work.length > 0) {
      const top = work[work.length - 1]
      const { node } = top
      if (top.next === 0 && !index.has(node)) {
        index.set(node, count)
        low.set(node, count++)
        stack.push(node)
        on.add(node)
      }
      const to = edges.get(node) ?? []
      if (top.next < to.length) {
        const other = to[top.next++]
        if (!index.has(other)) work.push({ node: other, next: 0 })
        else if (on.has(other)) low.set(node, Math.min(low.get(node)!, index.get(other)!))
        continue
      }
      work.pop()
      if (work.length > 0) {
        const below = work[work.length - 1].node
        low.set(below, Math.min(low.get(below)!, low.get(node)!))
      }
      if (low.get(node) !== index.get(node)) continue
      const component: string[] = []
      for (let one = ''; one !== node; ) {
        one = stack.pop()!
        on.delete(one)
        component.push(one)
      }
      components.push(component.sort())
    }
  }
  return components
}

/** Readers who read one person's shares and nothing else, and did nothing of their own; several of them at one sharer. @returns `reader > sharer`. */
export function farms(reads: readonly KeptRead[], { edges }: Shared, active: ReadonlySet<string>, rules: AuditRules): Set<string> {
  const ownReads = new Set(reads.filter((read) => read.sharerPersonId === null || read.sharerPersonId === read.personId).map((read) => read.personId))
  const captives = new Map<string, string[]>()
  for (const [reader, sharers] of edges) {
    if (sharers.size !== 1 || ownReads.has(reader) || active.has(reader)) continue
    const [[sharer, articles]] = [...sharers]
    if (articles.size < rules.captiveArticles) continue
    if (!captives.has(sharer)) captives.set(sharer, [])
    captives.get(sharer)!.push(reader)
  }
  return new Set([...captives].filter(([, readers]) => readers.length >= rules.captiveReaders).flatMap(([sharer, readers]) => readers.map((reader) => `${reader}>${sharer}`)))
}

/** Looks at everything of the window again and says what should not have been given, each with its reason. Pure, and the same in any order of its input. */
export function auditLots({ reads, lots, linked, authors, rules, suspects }: AuditInput): Finding[] {
  const persons = inhumanDays(reads, (read) => read.personId, rules)
  const devices = inhumanDays(reads, (read) => read.deviceKey, rules)
  const { groupOf, crowded } = sameHuman(reads, linked, rules.personsPerDevice)
  const shared = sharing(reads)
  const ringOf = rings(shared, rules)
  const farmed = farms(reads, shared, new Set(lots.filter((lot) => lot.rule === 'quiz' || lot.rule === 'comment').map((lot) => lot.personId)), rules)
  // Whoever was on an inhuman device was inhuman that day; who was so once earns nothing from that day on, and as long as earlier audits are remembered.
  const since = new Map<string, { day: number; code: ReasonCode }>()
  const mark = (personId: string, day: number, code: ReasonCode | undefined): void => {
    if (code !== undefined && day < (since.get(personId)?.day ?? Infinity)) since.set(personId, { day, code })
  }
  for (const [personId, code] of suspects ?? []) mark(personId, -Infinity, code)
  for (const read of reads) {
    const day = dayNumber(read.readAt)
    mark(read.personId, day, persons.get(`${read.personId}/${day}`) ?? devices.get(`${read.deviceKey}/${day}`))
  }
  const inhuman = (personId: string, day: number): ReasonCode | undefined => (day >= (since.get(personId)?.day ?? Infinity) ? since.get(personId)!.code : undefined)
  const firsts = new Map<string, string>()
  const findings: Finding[] = []
  for (const lot of [...lots].sort((a, b) => a.earnedAt - b.earnedAt || (a.lotId < b.lotId ? -1 : 1))) {
    const code = judge(lot)
    if (code !== undefined) findings.push({ lotId: lot.lotId, code })
  }
  return findings

  function judge(lot: AuditedLot): ReasonCode | undefined {
    const { personId, causePersonId: cause, articleId } = lot
    const brought = lot.rule === 'recommend' || lot.rule === 'share-read'
    if (brought) {
      if (cause === null) return 'not-registered'
      if (cause === personId) return 'self-read'
      if (groupOf(cause) === groupOf(personId)) return crowded.has(cause) && !linked.get(cause)?.has(personId) ? 'shared-device' : 'linked-account'
      const bot = inhuman(cause, lot.day)
      if (bot !== undefined) return bot
      if (ringOf.has(cause) && ringOf.get(cause) === ringOf.get(personId)) return 'ring'
      if (farmed.has(`${cause}>${personId}`)) return 'farm'
      return undefined
    }
    if (articleId === null) return undefined
    if (authors.get(articleId) === personId) return 'own-article'
    const bot = inhuman(personId, lot.day)
    if (bot !== undefined) return bot
    // Of several accounts of one human the first one keeps what it was given.
    const first = `${groupOf(personId)}/${lot.rule}/${articleId}`
    if (!firsts.has(first)) firsts.set(first, personId)
    return firsts.get(first) === personId ? undefined : 'same-person'
  }
}
