import { z } from 'zod'
import { monotonicMs, type Instant, type Timers } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Namespace } from '../../emulator/core/namespace.ts'
import { noPrior, readDosage, type DosageState, type PriorSource } from '../../restrain/experiment/index.ts'
import { whatIfFault } from './errors.ts'
import { estimateWhatIf } from './what-if-estimates.ts'
import { estimatesOf, takeSnapshot } from './what-if-snapshot.ts'
import { whatIfNote, whatIfSentence } from './what-if-words.ts'
import { playWhatIf, type WhatIf, type WhatIfPolicy } from './what-if.ts'

export type WhatIfPorts = {
  timers: Timers
  log: Log
  prior?: PriorSource
  /** The emulated platform of a simulated merchant; undefined: a real account. */
  worldOf(tenantId: number): Namespace | undefined
}

type Run = { runId: string; tenantId: number; policy: WhatIfPolicy; daysAhead: number; startedAt: Instant; state: 'running' | 'done' | 'failed'; progress: number; error: string | null; result: WhatIf | null }

const kept = 6
/** The server answers others between two slices of this length. */
const sliceMs = 12

/**
 * What-ifs as jobs: a run is started from a snapshot, works in slices between requests, and is asked for until it is done. Runs live in memory
 * only: they are answers, not records.
 */
export function whatIfRoutes(ports: WhatIfPorts): AnyRoute[] {
  const runs: Run[] = []
  let last: Promise<void> = Promise.resolve()

  const view = (run: Run, language: 'zh' | 'en'): Record<string, unknown> => {
    const { tenantId: _, result, ...rest } = run
    return { ...rest, result: result === null ? null : { ...result, note: whatIfNote(result, language), summary: { sentence: whatIfSentence(result, language), ...result.summary } } }
  }

  async function work(run: Run, steps: Generator<number, WhatIf>): Promise<void> {
    try {
      for (;;) {
        const until = monotonicMs() + sliceMs
        let step = steps.next()
        while (!step.done && monotonicMs() < until) step = steps.next()
        if (step.done) {
          Object.assign(run, { result: step.value, progress: 1, state: 'done' })
          return
        }
        run.progress = step.value
        await ports.timers.turn()
      }
    } catch (error) {
      ports.log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a what-if failed')
      Object.assign(run, { state: 'failed', error: 'unexpected' })
    }
  }

  const basisOf = (state: DosageState, ns: Namespace | undefined): { available: boolean; basis: WhatIf['basis']; fault: Parameters<typeof whatIfFault>[0] | null } => {
    if (state.people.contacts.length === 0) return { available: false, basis: ns === undefined ? 'estimates' : 'population', fault: 'what-if/no-contacts' }
    if (ns !== undefined && ns.slices.population !== undefined) return { available: true, basis: 'population', fault: null }
    return state.judgement.basis === 'closed' && !state.alarm ? { available: true, basis: 'estimates', fault: null } : { available: false, basis: 'estimates', fault: 'what-if/no-evidence' }
  }
  const read = (tx: Tx, tenantId: number, now: Instant): Promise<DosageState> => readDosage(tx, tenantId, now, ports.prior ?? noPrior)

  return [
    route({
      method: 'GET', path: '/what-if', right: 'chain.read', block: 'dosage', what: 'whether a what-if can be made and from what (the people of the sea, or estimated curves), and the latest runs',
      async handle({ tx, tenantId, clock, language }) {
        const { available, basis, fault } = basisOf(await read(tx, tenantId, clock.now()), ports.worldOf(tenantId))
        const why = fault === null ? null : language === 'zh' ? whatIfFault(fault).zh : whatIfFault(fault).message
        return { available, why, basis, runs: runs.filter((run) => run.tenantId === tenantId).map((run) => view(run, language)) }
      },
    }),
    route({
      method: 'POST', path: '/what-if', right: 'chain.read', block: 'dosage', what: 'start a what-if: everybody once a day, or nobody at all, beside the present dosage, over the same futures; asking for one that runs returns it',
      body: z.object({ policy: z.enum(['blast', 'silence']), days: z.int().min(28).max(180).default(90) }),
      async handle({ tx, tenantId, body, clock, ids, language }) {
        const running = runs.find((run) => run.tenantId === tenantId && run.state === 'running' && run.policy === body.policy && run.daysAhead === body.days)
        if (running) return view(running, language)
        const now = clock.now()
        const ns = ports.worldOf(tenantId)
        const state = await read(tx, tenantId, now)
        const { basis, fault } = basisOf(state, ns)
        if (fault !== null) throw whatIfFault(fault)
        const snapshot = basis === 'population' && ns !== undefined ? await takeSnapshot(tx, tenantId, ns, state, now) : undefined
        if (basis === 'population' && snapshot === undefined) throw whatIfFault('what-if/no-contacts')
        const run: Run = { runId: ids.next(), tenantId, policy: body.policy, daysAhead: body.days, startedAt: now, state: 'running', progress: 0, error: null, result: null }
        runs.unshift(run)
        const mine = runs.filter((one) => one.tenantId === tenantId)
        for (const old of mine.slice(kept)) runs.splice(runs.indexOf(old), 1)
        const seed = Math.floor(now / 86_400_000)
        if (snapshot === undefined) Object.assign(run, { result: estimateWhatIf(estimatesOf(state, now), body.policy, body.days, seed), state: 'done', progress: 1 })
        // One after the other: two at once would only make both late.
        else last = last.then(() => work(run, playWhatIf(snapshot, body.policy, body.days, seed)))
        return view(run, language)
      },
    }),
    route({
      method: 'GET', path: '/what-if/:runId', right: 'chain.read', block: 'dosage', what: 'one what-if: how far it is, and when done both courses day by day with the difference and its interval', params: z.object({ runId: z.uuid() }),
      async handle({ tenantId, params, language }) {
        const run = runs.find((one) => one.tenantId === tenantId && one.runId === params.runId)
        if (!run) throw whatIfFault('what-if/not-found', params)
        return view(run, language)
      },
    }),
  ]
}
