import { z } from 'zod'
import { listAudit } from '../../kernel/audit/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { readSetting, writeSetting } from '../../kernel/tenancy/index.ts'
import { makeEvent } from '../../events.ts'
import { readDosage, type PriorSource } from '../../restrain/experiment/index.ts'
import { readLight, type LightPorts } from '../meter/index.ts'
import { caseSentence, effectOf, type CaseBody, type Move } from './measure-case.ts'
import { sharingKey, teachersMin, type Sharing } from './prior.ts'
import { discloseCase, publicSentence, type PublicCase } from './disclose-case.ts'
import { caseFault } from './errors.ts'
import { consentsOf, findCase, firstContactAt, keepCase, listCases, messagesSent, putConsent, stateAt } from './store.ts'

/** Acts that change how the house works; the others are its daily work. */
const moveActions = new Set([
  'block.switch', 'connection.put', 'connection.remove', 'pressure.policy', 'dosage.settings', 'dosage.start', 'plan.settings', 'plan.campaign', 'journey.create', 'journey.switch', 'code.create', 'code.close',
  'staff.capacity', 'welcome.write', 'points.rate', 'segment.create', 'product.list', 'product.unlist',
])

export async function measureCase(tx: Tx, tenantId: number, now: Instant, ports: LightPorts & { prior?: PriorSource }): Promise<CaseBody> {
  const state = await readDosage(tx, tenantId, now, ports.prior)
  const first = state.epochs.at(-1)
  const from = first?.startsAt ?? (await firstContactAt(tx, tenantId)) ?? now
  const moves = (await listAudit(tx, tenantId, Number.MAX_SAFE_INTEGER, 5000)).filter((act) => moveActions.has(act.action)).map(({ at, action, object, detail }): Move => ({ at: typeof detail.worldAt === 'number' ? detail.worldAt : at, action, object })).reverse()
  const messages = await messagesSent(tx, tenantId, from, now)
  const light = await readLight(tx, tenantId, ports)
  return {
    measuredAt: now, badge: state.closed.length > 0 ? 'with-holdout' : 'before-after-only', start: await stateAt(tx, tenantId, from), now: await stateAt(tx, tenantId, now), moves, epochs: state.closed.length,
    effect: effectOf(state.closed, state.doses.length, state.alarm), losses: state.judgement.losses,
    cost: { messages, messagesFen: Math.round(messages * state.settings.touchCostFen), minutesPerDay: light.minutesPerDay }, light,
  }
}

/** A kept case as others see it, or undefined: not kept, or its merchant does not show it (any more). */
export async function publicCase(tx: Tx, tenantId: number, caseId: string): Promise<PublicCase | undefined> {
  const body = await findCase(tx, tenantId, caseId)
  if (body === undefined || (await consentsOf(tx, tenantId, [caseId])).get(caseId)?.given !== true) return undefined
  return discloseCase(caseId, body)
}

/** All cases that are shown, newest first. */
export async function publicCases(tx: Tx, tenantId: number): Promise<PublicCase[]> {
  const kept = await listCases(tx, tenantId)
  const consents = await consentsOf(tx, tenantId, kept.map((row) => row.caseId))
  return kept.filter((row) => consents.get(row.caseId)?.given === true).map((row) => discloseCase(row.caseId, row.body))
}

export function caseRoutes(ports: LightPorts & { prior?: PriorSource; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/case', right: 'chain.read', block: 'cases', what: "this merchant's own case as it stands: where it began, moves, effect against the holdout with interval or plainly not enough evidence, cost, losses, lightness; and the kept ones",
      async handle({ tx, tenantId, clock, language }) {
        const body = await measureCase(tx, tenantId, clock.now(), ports)
        const kept = await listCases(tx, tenantId)
        const consents = await consentsOf(tx, tenantId, kept.map((row) => row.caseId))
        return {
          case: { ...body, sentence: caseSentence(body, language) },
          kept: kept.map(({ body: was, ...row }) => {
            const shown = discloseCase(row.caseId, was)
            return { ...row, sentence: caseSentence(was, language), consent: consents.get(row.caseId) ?? null, public: shown, publicSentence: publicSentence(shown, language) }
          }),
        }
      },
    }),
    route({
      method: 'POST', path: '/case/keep', right: 'settings.write', block: 'cases', audit: 'case.keep', what: 'keep the case as measured now; nothing of it is typed by hand',
      async handle({ tx, tenantId, clock, ids, actor }) {
        const body = await measureCase(tx, tenantId, clock.now(), ports)
        const caseId = ids.next()
        await keepCase(tx, tenantId, caseId, body, actor)
        await ports.emit(tx, tenantId, [makeEvent(ids, body.measuredAt, 'case.measured', `case/${caseId}`, body.measuredAt, { caseId, measuredAt: body.measuredAt, epochs: body.epochs, enough: body.effect.enough })])
        return { caseId }
      },
    }),
    route({
      method: 'PUT', path: '/case/kept/:caseId/consent', right: 'settings.write', block: 'cases', audit: 'case.consent', what: 'agree, or no longer, that the coarsened figures of one kept case are shown to others', params: z.object({ caseId: z.uuid() }), body: z.object({ given: z.boolean() }),
      async handle({ tx, tenantId, params, body, clock, ids, actor }) {
        if ((await findCase(tx, tenantId, params.caseId)) === undefined) throw caseFault('case/not-found', params)
        await putConsent(tx, tenantId, ids.next(), params.caseId, body.given, clock.now(), actor)
        return body
      },
    }),
    route({
      method: 'GET', path: '/case/sharing', right: 'chain.read', block: 'dosage', what: 'whether this merchant teaches others of this installation and is taught by them, and by how many now',
      async handle({ tx, tenantId, clock }) {
        const dosage = (await readSetting<Sharing>(tx, tenantId, sharingKey))?.dosage === true
        return { dosage, taughtBy: (await readDosage(tx, tenantId, clock.now(), ports.prior)).taughtBy, needed: teachersMin }
      },
    }),
    route({
      method: 'PUT', path: '/case/sharing', right: 'settings.write', block: 'dosage', audit: 'case.sharing', what: 'agree, or no longer, to a pooled prior: sums per segment and dose of closed epochs go in, never a person', body: z.object({ dosage: z.boolean() }),
      async handle({ tx, tenantId, body, clock }) {
        await writeSetting(tx, tenantId, sharingKey, body, clock.now())
        return body
      },
    }),
  ]
}
