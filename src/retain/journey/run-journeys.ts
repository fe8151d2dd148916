import type { JobHandler, Subscriber } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { makeEvent, payloadOf } from '../../events.ts'
import { sendersOf } from '../contact/index.ts'
import { askToSend, sendAsTasks, type SendGate } from '../outbound/index.ts'
import { listSegment, type SegmentField } from '../segment/index.ts'
import { dueEnrolments, endEnrolments, enrol, leaveAll, listJourneys, nextDue, postpone, type Enrolment } from './store.ts'

export const journeyKind = 'journey.tick'
const batch = 2_000

/** Enrols people when something happens to them; whoever is lost to every member leaves. */
export function journeySubscriber(blockOn: (tenantId: number, block: 'journeys') => boolean): Subscriber {
  return {
    name: 'retain/journey',
    hears: ['contact.added', 'order.paid', 'contact.lost'],
    on: (tenantId) => blockOn(tenantId, 'journeys'),
    async handle(work, tx, events) {
      const { tenantId, now } = work
      if (!blockOn(tenantId, 'journeys')) return
      const journeys = await listJourneys(tx, tenantId, true)
      // What happened before a journey was switched on starts nothing: a back-fill would greet everybody.
      const entering = events.flatMap((event) => journeys.filter((journey) => journey.trigger === event.name && event.occurredAt >= journey.changedAt).map((journey): Enrolment => ({
        journeyId: journey.journeyId, eventId: event.eventId, personId: String(event.payload.personId), enteredAt: now, dueAt: Math.max(now, event.occurredAt + journey.waitMs),
      })))
      await enrol(tx, tenantId, entering)
      if (entering.length > 0) await putJobs(tx, tenantId, [{ kind: journeyKind, key: 'all', dueAt: Math.min(...entering.map((one) => one.dueAt)), state: {} }])
      const lost = [...new Set(events.filter((event) => event.name === 'contact.lost').map((event) => payloadOf('contact.lost', event).personId))]
      if (lost.length === 0) return
      const corps = new Set(journeys.map((journey) => journey.corpId))
      const reachable = new Set<string>()
      for (const corpId of corps) for (const sender of await sendersOf(tx, tenantId, corpId, lost)) reachable.add(sender.personId)
      const left = await leaveAll(tx, tenantId, lost.filter((personId) => !reachable.has(personId)), 'lost', now)
      await work.emit(tx, left.sort((a, b) => (`${a.eventId}/${a.journeyId}` < `${b.eventId}/${b.journeyId}` ? -1 : 1)).map((one) => makeEvent(work.ids, now, 'journey.finished', `person/${one.personId}`, now, { ...one, state: 'left' })))
    },
  }
}

/** Sends what is due, all journeys and people at once. One job per tenant; it sleeps until the next enrolment is due. */
export function journeyTick(gate: SendGate, fields: ReadonlyMap<string, SegmentField>): JobHandler {
  return {
    kind: journeyKind,
    async run(work, tx) {
      const { tenantId, now } = work
      const due = await dueEnrolments(tx, tenantId, now, batch)
      const journeys = new Map((await listJourneys(tx, tenantId)).map((journey) => [journey.journeyId, journey]))
      const byJourney = new Map<string, Enrolment[]>()
      for (const one of due) byJourney.set(one.journeyId, [...(byJourney.get(one.journeyId) ?? []), one])
      const ends: Parameters<typeof endEnrolments>[2][number][] = []
      for (const [journeyId, enrolments] of [...byJourney].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const journey = journeys.get(journeyId)!
        const end = (one: Enrolment, state: 'handed' | 'refused' | 'left', why: string | null, messageId: string | null): void => void ends.push({ journeyId, eventId: one.eventId, state, why, messageId })
        if (journey.status === 'off') {
          for (const one of enrolments) end(one, 'left', 'switched off', null)
          continue
        }
        const opens = await gate.opensAt(tx, work, { purpose: 'journey', messageKind: journey.messageKind })
        if (opens !== null) {
          await postpone(tx, tenantId, enrolments, opens)
          continue
        }
        const persons = [...new Set(enrolments.map((one) => one.personId))]
        const chosen = new Set(journey.rules === null ? persons : await listSegment(tx, tenantId, journey.rules, fields, now, { among: persons }))
        const senders = new Map((await sendersOf(tx, tenantId, journey.corpId, [...chosen])).map((sender) => [sender.personId, sender]))
        const campaign = `journey/${journeyId}`
        const key = (one: Enrolment): string => `${campaign}/${one.eventId}`
        // Two events of one person that fall due together are one message: a task holds a contact once.
        const sending = [...new Map(enrolments.filter((one) => senders.has(one.personId)).toReversed().map((one) => [one.personId, one])).values()].toReversed()
        const sends = new Set(sending)
        for (const one of enrolments) if (!sends.has(one)) end(one, 'left', senders.has(one.personId) ? 'told already' : chosen.has(one.personId) ? 'nobody follows' : 'not in the segment', null)
        const messages = await askToSend(tx, work, gate, sending.map((one) => ({ ...senders.get(one.personId)!, key: key(one), line: 'wecom', purpose: 'journey', messageKind: journey.messageKind, campaign })))
        const byKey = new Map(messages.map((message) => [message.key, message]))
        for (const one of sending) {
          const message = byKey.get(key(one))
          end(one, message?.state === 'queued' ? 'handed' : 'refused', message?.gateReason ?? null, message?.messageId ?? null)
        }
        await sendAsTasks(tx, work, { connectionId: journey.connectionId, campaign, content: journey.content, messages })
      }
      await endEnrolments(tx, tenantId, ends, now)
      const personOf = new Map(due.map((one) => [`${one.journeyId}/${one.eventId}`, one.personId]))
      await work.emit(tx, ends.map((one) => {
        const personId = personOf.get(`${one.journeyId}/${one.eventId}`)!
        return makeEvent(work.ids, now, 'journey.finished', `person/${personId}`, now, { journeyId: one.journeyId, personId, eventId: one.eventId, state: one.state })
      }))
      const next = await nextDue(tx, tenantId)
      return next === null ? null : { dueAt: Math.max(next, now) }
    },
  }
}
