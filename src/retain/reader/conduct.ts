import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Random } from '../../kernel/random.ts'

/** Through which door a reader acts. */
export type Surface = 'web' | 'mini' | 'api' | 'wecom'
export const surfaces = ['web', 'mini', 'api', 'wecom'] as const satisfies readonly Surface[]
export type ReaderAct = 'comment' | 'publish' | 'rate' | 'report' | 'profile' | 'share' | 'quiz' | 'redeem' | 'feedback'
export type PieceKind = 'article' | 'comment' | 'profile' | 'media' | 'outgoing'

/** Something that somebody wrote, as it is judged. `text` is what a reader sees, without markup. */
export type Piece = {
  kind: PieceKind
  id: string
  version: number
  readerId: string | null
  personId: string | null
  surface: Surface
  title: string
  text: string
  links: string[]
  media: Array<{ sha256: string; contentType: string; bytes: number }>
  at: Instant
}
/** A place of a piece that a rule found: characters `from`..`to` of that part. */
export type Evidence = { where: 'title' | 'text' | 'link' | 'media' | 'profile'; from: number; to: number; found: string; how: string }
export type Verdict = { outcome: 'pass' | 'hold' | 'reject'; caseId: string | null; category: number | null; rule: string | null; zh: string; en: string; evidence: Evidence[]; suggestion?: string }

/** Why somebody may not act now; `until` null: without an end. */
export type Refusal = { why: 'silenced' | 'closed' | 'convention' | 'phone'; until: Instant | null; penaltyId: string | null; rule: string | null }

export type GateWork = { tenantId: number; now: Instant; ids: Ids }
/** What use cases of the community need; the engine's `Work` is one. */
export type CommunityWork = GateWork & { random: Random; emit(tx: Tx, events: readonly DomainEvent[]): Promise<void> }

/**
 * The door of conduct (公约的门): everything that people write passes it, whatever surface it comes from, and nothing is shown without its answer.
 * Declared here, answered by the stage that restrains. Reading, buying and looking at one's own things never ask it.
 */
export type ConductGate = {
  mayAct(tx: Tx, tenantId: number, readerId: string, act: ReaderAct, surface: Surface, now: Instant): Promise<{ ok: true } | ({ ok: false } & Refusal)>
  /** One verdict for each piece, in order. A held piece has a case; its end is told by `piece.decided`. */
  judge(tx: Tx, work: GateWork, pieces: readonly Piece[]): Promise<Verdict[]>
}

/** Lets everything pass: for tests of what lies behind the door. */
export const allowAllConductGate: ConductGate = {
  mayAct: async () => ({ ok: true }),
  judge: async (_tx, _work, pieces) => pieces.map(() => ({ outcome: 'pass', caseId: null, category: null, rule: null, zh: '', en: '', evidence: [] })),
}

/** A reader who acts, as the session says. */
export type Actor = { readerId: string; personId: string; surface: Surface }
/** The answer of a use case to somebody who may not act now. */
export type NotNow = { kind: 'not-now' } & Refusal

/** Asks the gate; undefined: go on. */
export async function stopped(tx: Tx, work: GateWork, gate: ConductGate, actor: Actor, act: ReaderAct): Promise<NotNow | undefined> {
  const answer = await gate.mayAct(tx, work.tenantId, actor.readerId, act, actor.surface, work.now)
  return answer.ok ? undefined : { kind: 'not-now', why: answer.why, until: answer.until, penaltyId: answer.penaltyId, rule: answer.rule }
}
