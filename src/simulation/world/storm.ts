import type { FaultPlan } from '../../emulator/index.ts'
import type { CommitFault } from '../../kernel/db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'

/** What may go wrong at a port of the house; `crash-*`: the process ends before or after the work was done. */
export type PortFault = CommitFault | 'crash-before' | 'crash-after'

/**
 * The storm (风暴): how often what goes wrong, at strength 1. A draw has an address (instant and number within the instant), so that leaving
 * something out of a run does not change the faults of everything after it.
 */
const perCommit = { refused: 0.003, 'lost-before': 0.003, 'done-answer-lost': 0.003, 'crash-before': 0.0003, 'crash-after': 0.0003 } as const
const perCall = { 'crash-before': 0.0005, 'crash-after': 0.0005 } as const

export type Storm = {
  /** Drawn once per transaction. */
  commit(): PortFault | undefined
  /** Drawn once per call to the platform. */
  call(): 'crash-before' | 'crash-after' | undefined
  calm(): void
  readonly counts: Record<string, number>
}

export function createStorm(random: Random, clock: Clock, strength: number): Storm {
  const counts: Record<string, number> = {}
  let level = strength
  let at = -1
  let n = 0
  const draw = <F extends string>(kind: string, rates: Readonly<Record<F, number>>): F | undefined => {
    if (level === 0) return undefined
    const now = clock.now()
    if (now !== at) {
      at = now
      n = 0
    }
    let u = random.u(kind, now, n++)
    for (const [fault, rate] of Object.entries(rates) as Array<[F, number]>) {
      if (u < rate * level) {
        counts[fault] = (counts[fault] ?? 0) + 1
        return fault
      }
      u -= rate * level
    }
    return undefined
  }
  return {
    counts,
    commit: () => draw<PortFault>('commit', perCommit),
    call: () => draw('call', perCall),
    calm: () => void (level = 0),
  }
}

/** What goes wrong on the platform's side, and on the wire. */
export function platformFaults(strength: number): FaultPlan {
  const p = (rate: number): number => Math.min(1, rate * strength)
  return {
    lost: p(0.02), duplicate: p(0.04), late: p(0.02), held: p(0.01), reordered: p(0.05), lateMs: [1_000, 1_800_000],
    calls: { busy: p(0.01), 'rate-limited': p(0.002), 'token-expired': p(0.003), 'no-answer-before': p(0.004), 'no-answer-after': p(0.004), partial: p(0.01) },
    // An ok proves nothing: the first stock updates are answered so and change nothing.
    ...(strength > 0 ? { rules: [{ endpoint: 'shop.stock.update', fault: 'unchanged' as const, times: Math.max(1, Math.round(2 * strength)) }] } : {}),
  }
}
