import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { createNormaliser, type Classifier, type Normaliser } from '../../math/text/index.ts'
import type { ConductGate, GateWork, Piece, Verdict } from '../../retain/reader/index.ts'
import { decideAct, runningOf, type Readers, type Severity } from '../penalty/index.ts'
import { builtInConvention, type Convention } from './convention.ts'
import { askPlatform, type PlatformAccount } from './platform.ts'
import { createScanner, type Facts, type Scan, type Scanner } from './scan.ts'
import { insertCases, insertVersion, mediaVerdicts, openCaseOf, pointCase, putPieces, readVersion, sameWords, supersede, surroundings, versionAt, type NewCase, type PieceState } from './store.ts'

export const retentionKind = 'moderation.retention'

/** What judging needs from outside, wired in the composition root. */
export type ModerationParts = {
  readers: Readers
  /** Names that nobody else may carry: the merchant's, and those of the house's authors. */
  names(tx: Tx, tenantId: number): Promise<readonly string[]>
  /** Stops an image from being served (an instant), or lets it be served again (null). */
  blockMedia?(tx: Tx, tenantId: number, sha256: string, at: Instant | null): Promise<unknown>
  /** Asked about texts from the mini program; a hint for people. */
  platform?: PlatformAccount
  /** Trained by the merchant; absent: lists and people only. */
  classifier?: () => Classifier | undefined
}

/** Versions and their scanners at hand: versions never change, so what was built once serves as long as there is room. */
export type Conventions = {
  at(tx: Tx, tenantId: number, at: Instant): Promise<Convention>
  version(tx: Tx, tenantId: number, version: number): Promise<Convention | undefined>
  scanner(convention: Convention): Scanner
}

const roomFor = 60

export function createConventions(parts: Pick<ModerationParts, 'classifier'> = {}): Conventions {
  const bodies = new Map<string, Convention>()
  const scanners = new Map<string, { scanner: Scanner; classifier: Classifier | undefined }>()
  let normaliser: Normaliser | undefined
  const keep = <V>(map: Map<string, V>, key: string, value: V): V => {
    map.set(key, value)
    if (map.size > roomFor) map.delete(map.keys().next().value!)
    return value
  }
  const load = async (tx: Tx, tenantId: number, version: number): Promise<Convention | undefined> => {
    const key = `${tenantId}/${version}`
    const known = bodies.get(key)
    if (known !== undefined) return known
    const read = await readVersion(tx, tenantId, version)
    return read === undefined ? undefined : keep(bodies, key, read)
  }
  return {
    async at(tx, tenantId, at) {
      const row = await versionAt(tx, tenantId, at)
      if (row !== undefined) return (await load(tx, tenantId, row.version))!
      // The first act of a merchant's community writes down what it is judged by.
      await insertVersion(tx, tenantId, { version: 1, effectiveAt: 0, body: builtInConvention, note: '', madeAt: at, madeBy: 'house' })
      return (await load(tx, tenantId, 1))!
    },
    version: load,
    scanner(convention) {
      // Merchants with the same rules share a scanner.
      const key = digestOf(JSON.stringify([convention.rules.map((rule) => [rule.id, rule.severity, rule.machine, rule.words, rule.sounds]), convention.allow, convention.hosts, convention.limits, convention.review.media]))
      const classifier = parts.classifier?.()
      const known = scanners.get(key)
      if (known !== undefined && known.classifier === classifier) return known.scanner
      normaliser ??= createNormaliser()
      return keep(scanners, key, { scanner: createScanner(convention, { normaliser, classifier }), classifier }).scanner
    },
  }
}

/** Several accounts spreading the same. */
const sameTextRule = '3.2'

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

const severityPriority: Record<Severity, number> = { light: 10, medium: 20, serious: 40, severe: 80 }
export const reviewPriority = 5
export const priorityOf = (rule: { severity: Severity; category: number } | null): number => (rule === null ? reviewPriority : severityPriority[rule.severity] + (rule.category === 1 ? 20 : 0))

/** One case of twenty is looked at again by somebody else, blindly: drawn by its id, so that the same case is always or never one of them. */
export const isSample = (caseId: string): boolean => Number.parseInt(caseId.slice(-4), 16) % 20 === 0

/** The door of conduct: whether somebody may act, and what becomes of what they wrote. */
export function conductGate(parts: ModerationParts, conventions: Conventions): ConductGate {
  return {
    async mayAct(tx, tenantId, readerId, act, surface, now) {
      // Asked together: on one connection they cost one wait.
      const [convention, reader, penalties, accepted] = await Promise.all([conventions.at(tx, tenantId, now), parts.readers.reader(tx, tenantId, readerId), runningOf(tx, tenantId, parts.readers, readerId, now), parts.readers.accepted(tx, tenantId, readerId)])
      return decideAct(act, surface, { penalties, accepted, convention: convention.version, phone: reader?.phoneAt !== null && reader?.phoneAt !== undefined, house: reader?.kind === 'house' }, now)
    },
    judge: (tx, work, pieces) => judge(tx, work, parts, conventions, pieces),
  }
}

/** Facts around the pieces of one call. */
export async function factsOf(tx: Tx, work: Pick<GateWork, 'tenantId'>, parts: ModerationParts, pieces: ReadonlyArray<{ piece: Piece; fingerprint: string | null; sameDays: number }>): Promise<Array<Partial<Facts>>> {
  const around = await surroundings(tx, work.tenantId, pieces.map(({ piece, fingerprint }) => ({ id: piece.id, kind: piece.kind, readerId: piece.readerId, at: piece.at, fingerprint })), { same: pieces[0]?.sameDays ?? 7 })
  const verdicts = await mediaVerdicts(tx, work.tenantId, [...new Set(pieces.flatMap(({ piece }) => piece.media.map((one) => one.sha256)))])
  const names = pieces.some(({ piece }) => piece.kind === 'profile') ? await parts.names(tx, work.tenantId) : []
  return pieces.map(({ piece }, n) => {
    const known = piece.media.flatMap((one) => (verdicts.has(one.sha256) ? [[one.sha256, verdicts.get(one.sha256)!] as const] : []))
    return {
      ...around[n], names,
      media: Object.fromEntries(known.map(([sha256, row]) => [sha256, row.verdict])), mediaRules: Object.fromEntries(known.flatMap(([sha256, row]) => (row.rule === null ? [] : [[sha256, row.rule] as const]))),
    }
  })
}

async function judge(tx: Tx, work: GateWork, parts: ModerationParts, conventions: Conventions, pieces: readonly Piece[]): Promise<Verdict[]> {
  const { tenantId, now, ids } = work
  if (pieces.length === 0) return []
  // Each is judged by the version in force when it was done, also when a newer one exists by now.
  const versions = new Map<Instant, Convention>()
  for (const at of new Set(pieces.map((one) => one.at))) versions.set(at, await conventions.at(tx, tenantId, at))
  const houses = new Map<string, boolean>()
  for (const readerId of new Set(pieces.flatMap((one) => (one.readerId === null ? [] : [one.readerId])))) houses.set(readerId, (await parts.readers.reader(tx, tenantId, readerId))?.kind === 'house')
  // The house writes in its own name: what is asked of strangers (unseen pictures, names, rates) is not asked of it.
  const prepared = pieces.map((piece) => {
    const own = piece.readerId !== null && houses.get(piece.readerId) === true
    const convention = versions.get(piece.at)!
    return { piece: own ? { ...piece, readerId: null } : piece, convention, scanner: conventions.scanner(convention) }
  })
  const read = prepared.map(({ piece, scanner, convention }) => {
    const fingerprint = scanner.readsAs(piece)
    return { piece, fingerprint: fingerprint === '' ? null : digestOf(fingerprint), sameDays: convention.limits.sameTextDays }
  })
  const facts = await factsOf(tx, work, parts, read)
  const scans: Scan[] = prepared.map(({ piece, scanner }, n) => scanner.scan(piece, facts[n]))

  const cases: NewCase[] = []
  const states: PieceState[] = []
  for (const [n, scan] of scans.entries()) {
    const piece = pieces[n]
    const { convention } = prepared[n]
    const review = prepared[n].piece.readerId !== null && piece.kind !== 'outgoing' && convention.review[piece.kind] === 'all'
    const outcome = scan.outcome === 'pass' && review ? 'hold' : scan.outcome
    states.push(outcome === 'pass' ? 'shown' : outcome === 'hold' ? 'held' : 'rejected')
    if (outcome === 'pass') continue
    const caseId = ids.next()
    cases.push({
      caseId, pieceKind: piece.kind, pieceId: piece.id, pieceVersion: piece.version, readerId: piece.readerId, personId: piece.personId, surface: piece.surface, madeAt: piece.at, convention: convention.version, foundBy: convention.version,
      openedBy: scan.outcome === 'pass' ? 'review' : 'scan', openedAt: now, machine: outcome, rule: scan.rule?.id ?? null, category: scan.rule?.category ?? null, evidence: scan.evidence,
      snapshot: { title: piece.title, text: piece.text, links: piece.links, media: piece.media }, priority: priorityOf(scan.rule), sampled: isSample(caseId),
      // What a stated rule rejects is decided at once; whoever disagrees appeals.
      ...(outcome === 'reject' ? { state: 'decided' as const, decision: 'reject' as const } : { state: 'open' as const }),
    })
  }
  await supersede(tx, tenantId, pieces.map((one) => ({ kind: one.kind, id: one.id, version: one.version })))
  await putPieces(tx, tenantId, pieces.map((piece, n) => ({ ...piece, state: states[n], convention: prepared[n].convention.version, fingerprint: read[n].fingerprint, contact: scans[n].contact })), now)
  const made = await insertCases(tx, tenantId, cases)
  // Several accounts in the same words: those that came before are looked at too.
  for (const [n, scan] of scans.entries()) {
    if (scan.rule?.id !== sameTextRule || read[n].fingerprint === null) continue
    for (const other of await sameWords(tx, tenantId, read[n].fingerprint!, pieces[n].at - read[n].sameDays * 86_400_000, 50)) {
      if (other.kind === pieces[n].kind && other.id === pieces[n].id) continue
      const evidence = [{ where: 'text' as const, from: 0, to: Math.min(80, other.text.length), found: other.text.slice(0, 80), how: scan.evidence[0].how }]
      const open = await openCaseOf(tx, tenantId, other.kind, other.id, other.version)
      if (open !== undefined) await pointCase(tx, tenantId, open.caseId, { rule: scan.rule.id, category: scan.rule.category, evidence, priority: priorityOf(scan.rule) })
      else {
        const caseId = ids.next()
        await insertCases(tx, tenantId, [{
          caseId, pieceKind: other.kind, pieceId: other.id, pieceVersion: other.version, readerId: other.readerId, personId: other.personId, surface: other.surface, madeAt: other.at, convention: other.convention, foundBy: other.convention, openedBy: 'scan', openedAt: now,
          machine: 'hold', rule: scan.rule.id, category: scan.rule.category, evidence, snapshot: { title: other.title, text: other.text, links: other.links, media: other.media }, state: 'open', priority: priorityOf(scan.rule), sampled: false,
        }])
      }
    }
  }
  await askPlatform(tx, work, parts.platform, cases.filter((one) => made.has(one.caseId)))
  if (made.size > 0) await putJobs(tx, tenantId, [{ kind: retentionKind, key: 'daily', dueAt: now + 86_400_000, state: {} }])

  return Promise.all(scans.map(async (scan, n): Promise<Verdict> => {
    const mine = cases.find((one) => one.pieceKind === pieces[n].kind && one.pieceId === pieces[n].id && one.pieceVersion === pieces[n].version)
    if (mine === undefined) return { outcome: 'pass', caseId: null, category: null, rule: null, zh: '', en: '', evidence: [] }
    // Judged twice (a repeated request): the case that was there stays the case.
    const caseId = made.has(mine.caseId) ? mine.caseId : (await openCaseOf(tx, tenantId, mine.pieceKind, mine.pieceId, mine.pieceVersion))?.caseId ?? mine.caseId
    return {
      outcome: states[n] === 'rejected' ? 'reject' : 'hold', caseId, category: scan.rule?.category ?? null, rule: scan.rule?.id ?? null, evidence: scan.evidence,
      zh: scan.note.zh === '' ? '先由人看过再显示。' : scan.note.zh, en: scan.note.en === '' ? 'a person looks at it before it is shown' : scan.note.en,
    }
  }))
}
