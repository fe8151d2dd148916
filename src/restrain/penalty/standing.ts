import type { Instant } from '../../kernel/clock.ts'
import type { ReaderAct, Refusal, Surface } from '../../retain/reader/index.ts'
import type { PenaltyKind } from './ladder.ts'

/** A penalty as far as it matters to what somebody may do. */
export type Running = { penaltyId: string; kind: PenaltyKind; rule: string; startsAt: Instant; endsAt: Instant | null; endedAt: Instant | null }

export const readerActs = ['comment', 'publish', 'rate', 'report', 'profile', 'share', 'quiz', 'redeem', 'feedback'] as const satisfies readonly ReaderAct[]

/** Acts that put something before others: a silence stops these and nothing else. */
const shown: readonly ReaderAct[] = ['comment', 'publish', 'rate', 'profile', 'share']
/** What nobody is ever kept from: saying that something is wrong. */
const always: readonly ReaderAct[] = ['feedback']
/** The convention is accepted before the first of these, the phone proved before the first of those. */
const needsConvention: readonly ReaderAct[] = ['comment', 'publish', 'rate', 'profile']
const needsPhone: readonly ReaderAct[] = ['comment', 'publish']

/** Runs at this instant: from its start, up to and without its end. The times decide, no job has to have run. */
export function runs(penalty: Running, now: Instant): boolean {
  return penalty.startsAt <= now && (penalty.endsAt === null || now < penalty.endsAt) && (penalty.endedAt === null || now < penalty.endedAt)
}

/**
 * Whether a reader may act. The surface changes nothing: there is one answer for the web, the mini program, the API and WeCom, which is the point.
 * @param penalties of the reader and of all accounts of the same person.
 */
export function decideAct(act: ReaderAct, surface: Surface, reader: { penalties: readonly Running[]; accepted: number; convention: number; phone: boolean; house: boolean }, now: Instant): { ok: true } | ({ ok: false } & Refusal) {
  void surface
  if (always.includes(act)) return { ok: true }
  const running = reader.penalties.filter((one) => runs(one, now))
  const closed = running.find((one) => one.kind === 'closure')
  if (closed !== undefined) return { ok: false, why: 'closed', until: null, penaltyId: closed.penaltyId, rule: closed.rule }
  // The one that ends last says until when.
  const longest = running.toSorted((a, b) => (b.endsAt ?? Infinity) - (a.endsAt ?? Infinity))[0]
  if (longest !== undefined && shown.includes(act)) return { ok: false, why: 'silenced', until: longest.endsAt, penaltyId: longest.penaltyId, rule: longest.rule }
  if (reader.house) return { ok: true }
  if (needsConvention.includes(act) && reader.accepted < reader.convention) return { ok: false, why: 'convention', until: null, penaltyId: null, rule: null }
  if (needsPhone.includes(act) && !reader.phone) return { ok: false, why: 'phone', until: null, penaltyId: null, rule: null }
  return { ok: true }
}
