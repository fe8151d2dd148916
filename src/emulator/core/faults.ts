import { z } from 'zod'
import { slice, type Namespace, type Slice } from './namespace.ts'

/**
 * Faults (故障) by seed and by request. A plan gives each fault a probability; every draw has an address (the message, or the call and how
 * often it was made), so the order of events changes nothing and the same plan injects the same faults. Rules hit chosen calls exactly.
 *
 * Calls: `busy` (-1), `rate-limited` (45009 or 45011; Pay 429), `token-expired` (the token ends; 42001), `no-answer-before` (nothing done, no
 * answer), `no-answer-after` (done, no answer), `partial` (a list comes back short), `unchanged` (a stock update says ok and changes
 * nothing: seen in reports, unconfirmed), `probe` (Pay signs wrongly with the probe serial).
 * Pushes: `lost` (never sent), `duplicate`, `late` (signed when sent), `held` (signed now, arrives late: Pay's receiver must refuse it,
 * the Shop's must accept it), `reordered` (overtaken by later ones).
 */
export const requestFaults = ['busy', 'rate-limited', 'token-expired', 'no-answer-before', 'no-answer-after', 'partial', 'unchanged', 'probe'] as const
export type RequestFault = (typeof requestFaults)[number]
export const pushFaults = ['lost', 'duplicate', 'late', 'held', 'reordered'] as const
export type PushFault = (typeof pushFaults)[number]

const rate = z.number().min(0).max(1).optional()

export const faultPlan = z.strictObject({
  /** Another draw with the same probabilities. */
  seed: z.string().optional(),
  /** Probability per call, by fault. */
  calls: z.partialRecord(z.enum(requestFaults), z.number().min(0).max(1)).optional(),
  /** Only these endpoints (names of `wechat/spec`); all when absent. */
  endpoints: z.array(z.string()).optional(),
  /** The next `times` calls of `endpoint` (all endpoints when absent) suffer `fault`; rules come before probabilities. */
  rules: z.array(z.strictObject({ endpoint: z.string().optional(), fault: z.enum(requestFaults), times: z.int().positive() })).optional(),
  lost: rate,
  duplicate: rate,
  late: rate,
  held: rate,
  reordered: rate,
  /** Range of `late` and `held`, in milliseconds of world time; 1 s to 10 min when absent. */
  lateMs: z.tuple([z.int().nonnegative(), z.int().nonnegative()]).optional(),
  /** Range of `reordered` and of the second copy of a `duplicate`; 3 s when absent. */
  reorderMs: z.int().positive().optional(),
})
export type FaultPlan = z.output<typeof faultPlan>

type FaultState = { plan: FaultPlan | null; counts: Record<string, number> }
const faultSlice: Slice<FaultState> = { name: 'core.faults', init: () => ({ plan: null, counts: {} }) }

export function setPlan(ns: Namespace, plan: FaultPlan | null): void {
  slice(ns, faultSlice).plan = plan
}

export function planOf(ns: Namespace): FaultPlan | null {
  return (ns.slices['core.faults'] as FaultState | undefined)?.plan ?? null
}

export function countFault(ns: Namespace, fault: PushFault): void {
  const { counts } = slice(ns, faultSlice)
  counts[fault] = (counts[fault] ?? 0) + 1
}

/** What was injected into pushes so far. Faults of calls are counted by the engine (they include reads, which are not journaled). */
export function pushFaultCounts(ns: Namespace): Record<string, number> {
  return { ...(ns.slices['core.faults'] as FaultState | undefined)?.counts }
}

/** FNV-1a over UTF-16 units, in two 32-bit halves joined to 53 bits: a quick address for a draw, not a digest. */
export function textKey(text: string): number {
  let low = 0x811c9dc5
  let high = 0x9dc5811c
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x01000193) + i
  }
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0)
}

/** Uniform in (0, 1) for an address: two rounds of a 32-bit finaliser over the key. Quick, because a push asks five times. */
export function drawOf(key: number, salt: string): number {
  let hash = 0x9e3779b9
  for (let i = 0; i < salt.length; i++) hash = Math.imul(hash ^ salt.charCodeAt(i), 0x01000193)
  hash = finalise(hash ^ (key % 0x100000000 | 0))
  hash = finalise(hash ^ Math.floor(key / 0x100000000))
  return ((hash >>> 0) + 0.5) / 0x100000000
}

function finalise(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/**
 * Which faults a call suffers. `times` is how often this same call (endpoint and input) was made before, so that a repeat draws afresh.
 * `usedRules` counts how often each rule has hit, and is advanced.
 */
export function drawRequestFaults(
  ns: Namespace,
  call: { endpoint: string; key: number; times: number; asked: string | undefined },
  usedRules: number[],
): RequestFault[] {
  const drawn: RequestFault[] = []
  for (const name of (call.asked ?? '').split(',').map((text) => text.trim())) {
    if ((requestFaults as readonly string[]).includes(name)) drawn.push(name as RequestFault)
  }
  const plan = planOf(ns)
  if (!plan) return drawn
  for (const [index, rule] of (plan.rules ?? []).entries()) {
    if ((rule.endpoint === undefined || rule.endpoint === call.endpoint) && (usedRules[index] ?? 0) < rule.times) {
      usedRules[index] = (usedRules[index] ?? 0) + 1
      drawn.push(rule.fault)
    }
  }
  if (plan.calls && (plan.endpoints === undefined || plan.endpoints.includes(call.endpoint))) {
    const address = textKey(`${ns.seed}/${ns.name}|${plan.seed ?? ''}|${call.endpoint}|${call.key}|${call.times}`)
    for (const fault of requestFaults) {
      const probability = plan.calls[fault] ?? 0
      if (probability > 0 && drawOf(address, fault) < probability) drawn.push(fault)
    }
  }
  return drawn
}
