import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import { startThreads, type Threads } from '../../kernel/threads.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Namespace } from '../../emulator/core/namespace.ts'
import { noPrior, readDosage, type DosageState, type PriorSource } from '../../restrain/experiment/index.ts'
import { whatIfFault } from './errors.ts'
import { estimateWhatIf } from './what-if-estimates.ts'
import { estimatesOf, takeSnapshot } from './what-if-snapshot.ts'
import { whatIfNote, whatIfSentence } from './what-if-words.ts'
import { whatIfTask, type WhatIfTask } from './what-if-task.ts'
import type { WhatIf, WhatIfPolicy } from './what-if.ts'

export type WhatIfPorts = {
  log: Log
  /** Is called with what ends a computation that still runs when the server stops. */
  onClose(stop: () => Promise<void>): void
  prior?: PriorSource
  /** The emulated platform of a simulated merchant; undefined: a real account. */
  worldOf(tenantId: number): Namespace | undefined
}

type Run = { runId: string; tenantId: number; policy: WhatIfPolicy; daysAhead: number; startedAt: Instant; state: 'running' | 'done' | 'failed' | 'cancelled'; progress: number; error: string | null; result: WhatIf | null }

const kept = 6

/**
 * What-ifs as jobs: a run is started from a snapshot, is computed in a thread of its own, and is asked for until it is done; who cancels it ends the
 * thread. Runs live in memory only: they are answers, not records.
 */
export function whatIfRoutes(ports: WhatIfPorts): AnyRoute[] {
  const runs: Run[] = []
  let last: Promise<void> = Promise.resolve()

  const view = (run: Run, language: 'zh' | 'en'): Record<string, unknown> => {
    const { tenantId: _, result, ...rest } = run
    if (at?.run === run && run.state === 'running') rest.progress = at.task.progress[0]
    return { ...rest, result: result === null ? null : { ...result, note: whatIfNote(result, language), summary: { sentence: whatIfSentence(result, language), ...result.summary } } }
  }

  /** The thread of the run that is being computed; none between two runs. */
  let at: { run: Run; task: WhatIfTask; threads: Threads } | undefined
  const stop = async (): Promise<void> => {
    const now = at
    if (now === undefined) return
    if (now.run.state === 'running') now.run.state = 'cancelled'
    await now.threads.close()
  }
  ports.onClose(async () => {
    for (const run of runs) if (run.state === 'running') run.state = 'cancelled'
    await stop()
  })

  async function work(run: Run, task: WhatIfTask): Promise<void> {
    if (run.state !== 'running') return // cancelled while it waited
    const threads = startThreads(new URL('./what-if-task.ts', import.meta.url), 'playWhatIfTask', 1)
    at = { run, task, threads }
    try {
      const [result] = await threads.run<WhatIfTask, WhatIf>([task])
      if (run.state === 'running') Object.assign(run, { result, progress: 1, state: 'done' })
    } catch (error) {
      // A thread that was ended on purpose fails its work: that is no fault.
      if (run.state !== 'running') return
      ports.log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a what-if failed')
      Object.assign(run, { state: 'failed', error: 'unexpected' })
    } finally {
      at = undefined
      await threads.close()
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
        else last = last.then(() => work(run, whatIfTask(snapshot, body.policy, body.days, seed)))
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
    route({
      method: 'DELETE', path: '/what-if/:runId', right: 'chain.read', block: 'dosage', what: 'cancel a what-if that runs or waits: its computation ends', params: z.object({ runId: z.uuid() }),
      async handle({ tenantId, params, language }) {
        const run = runs.find((one) => one.tenantId === tenantId && one.runId === params.runId)
        if (!run) throw whatIfFault('what-if/not-found', params)
        if (run.state === 'running') {
          run.state = 'cancelled'
          if (at?.run === run) await stop()
        }
        return view(run, language)
      },
    }),
  ]
}
