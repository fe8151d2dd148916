import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { whenWords } from '../pressure/index.ts'
import { dosageSettingsSchema } from '../steering/index.ts'
import { experimentFault } from './errors.ts'
import { noPrior, readDosage, settingsKey, startEpoch, type DosageState, type PriorSource } from './run-epoch.ts'
import { dosageSentence } from './words.ts'

/** What the Dosage page shows; also read by the loss page and the case. */
export function dosageView(state: DosageState, language: 'zh' | 'en'): Record<string, unknown> {
  const { running, judgement, people, settings } = state
  return {
    epoch: running === undefined ? null : { n: running.n, startsAt: running.startsAt, endsAt: running.endsAt, doses: running.doses, roster: running.roster, habitDose: running.habitDose },
    epochsClosed: state.epochs.filter((epoch) => epoch.status === 'closed').length,
    contacts: people.contacts.length,
    late: running === undefined ? 0 : Math.max(0, people.contacts.length - running.roster),
    /** Arms lost people in ways the draw cannot explain: no effect is shown. */
    alarm: state.alarm,
    basis: judgement.basis,
    /** Other merchants behind the prior; 0: the built-in cautious default. */
    taughtBy: state.taughtBy,
    unit: { persons: 100, days: 28, money: 'contribution, fen' },
    value: { model: people.values.model, relationShare: settings.relationShare, margin: settings.margin },
    segments: judgement.segments.map((segment) => ({ ...segment, claim: state.alarm ? null : segment.claim, sentence: state.alarm ? dosageSentence(null, language) : dosageSentence(segment, language) })),
    losses: judgement.losses,
    settings,
  }
}

export function experimentRoutes(ports: { prior?: PriorSource; workOf(tenantId: number): Work }): AnyRoute[] {
  const prior = ports.prior ?? noPrior
  return [
    route({
      method: 'GET', path: '/dosage', right: 'chain.read', block: 'dosage', what: 'the running epoch, and per segment what each dose earns and costs, with intervals, verdict and days until an answer',
      handle: async ({ tx, tenantId, clock, language }) => dosageView(await readDosage(tx, tenantId, clock.now(), prior), language),
    }),
    route({
      method: 'GET', path: '/dosage/epochs', right: 'chain.read', block: 'dosage', what: 'all epochs, newest first, with arms, roster and the test of the sample ratio',
      async handle({ tx, tenantId, clock }) {
        const { epochs } = await readDosage(tx, tenantId, clock.now(), prior)
        return { epochs }
      },
    }),
    route({
      method: 'POST', path: '/dosage/start', right: 'settings.write', block: 'dosage', audit: 'dosage.start', what: 'start the first or next epoch now: the roster is frozen and every arm is written before anything is sent',
      async handle({ tenantId, tx, language }) {
        const started = await startEpoch(tx, ports.workOf(tenantId), prior)
        if (started.started) return { epoch: started.epoch }
        if (started.reason === 'running') {
          const { running } = await readDosage(tx, tenantId, ports.workOf(tenantId).now, prior)
          throw experimentFault('experiment/running', { ends: running === undefined ? '' : whenWords(running.endsAt, language) })
        }
        throw experimentFault('experiment/not-started', { roster: started.roster, needed: started.needed })
      },
    }),
    route({
      method: 'PUT', path: '/dosage/settings', right: 'settings.write', block: 'dosage', audit: 'dosage.settings', what: "length of an epoch, highest dose, today's habit, margin; from the next epoch on", body: dosageSettingsSchema,
      async handle({ tx, tenantId, body, clock }) {
        await writeSetting(tx, tenantId, settingsKey, body, clock.now())
        return body
      },
    }),
  ]
}

