import type { JobHandler, Subscriber } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { nextNight } from './design.ts'
import { closeDueEpoch, noPrior, startEpoch, type PriorSource } from './run-epoch.ts'

export const epochJobKind = 'restrain.epoch'

/** Every night: closes an epoch that is over and starts the next while the block is on. */
export function epochJob(ports: { blockOn(tenantId: number, block: 'dosage'): boolean; prior?: PriorSource }): JobHandler {
  return {
    kind: epochJobKind,
    async run(work, tx) {
      await closeDueEpoch(tx, work)
      if (ports.blockOn(work.tenantId, 'dosage')) await startEpoch(tx, work, ports.prior ?? noPrior)
      return { dueAt: nextNight(work.now) }
    },
  }
}

/** The first contact starts the nights of the given jobs; later ones change nothing. */
export function nightStarter(kinds: readonly string[]): Subscriber {
  return {
    name: 'restrain/experiment', hears: ['contact.added'],
    handle: async (work, tx) => putJobs(tx, work.tenantId, kinds.map((kind) => ({ kind, key: 'night', dueAt: nextNight(work.now), state: {} }))),
  }
}
