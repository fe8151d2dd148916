import { z } from 'zod'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { listLosses, lossCounts, oneSidedList } from '../../retain/contact/index.ts'
import { readCapacity } from '../capacity/index.ts'
import { readDosage, segments, type LossView, type PriorSource } from '../experiment/index.ts'
import { adviceWords } from './advise.ts'
import { readRemovals } from './read-removals.ts'
import { adviceStates, putAdvice } from './store.ts'

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** Lost to messages is only said from the holdout, with its interval. */
export function lossSentence(lost: number, view: LossView, alarm: boolean, language: 'zh' | 'en'): string {
  const head = language === 'zh' ? `走了 ${lost} 位联系人` : `${lost} contacts left`
  if (alarm || view.caused === null || view.causedLow === null || view.causedHigh === null || !view.enough) return language === 'zh' ? `${head}；其中多少是消息惹走的还看不出来。` : `${head}; too early to tell how many of them were lost to messages.`
  const span = `${Math.max(0, Math.round(view.causedLow))}～${Math.max(0, Math.round(view.causedHigh))}`
  return language === 'zh' ? `${head}；随机分组里 ${view.treatedLosses} 位，约 ${Math.max(0, Math.round(view.caused))} 位是消息惹走的（${span}）。` : `${head}; of ${view.treatedLosses} in the randomised arms about ${Math.max(0, Math.round(view.caused))} were lost to messages (${span}).`
}

export function lossRoutes(ports: { prior?: PriorSource }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/losses/evidence', right: 'people.read', block: 'dosage', what: 'who left in a window with the messages before; how many of them the messages caused (arms less holdout, with interval), per segment too; the one-sided list',
      query: z.object({ from: day.optional(), to: day.optional() }),
      async handle({ tx, tenantId, query, clock, language }) {
        const now = clock.now()
        const to = query.to === undefined ? now + 1 : startOfDay(query.to) + dayMs
        const from = query.from === undefined ? to - 28 * dayMs : startOfDay(query.from)
        const state = await readDosage(tx, tenantId, now, ports.prior)
        const counts = await lossCounts(tx, tenantId, from, to)
        const byContact = counts.filter((row) => row.lostBy === 'contact').reduce((sum, row) => sum + row.losses, 0)
        const rows = await listLosses(tx, tenantId, from, to, 500)
        return {
          from, to, counts, left: byContact, caused: state.alarm ? null : state.judgement.losses, sentence: lossSentence(byContact, state.judgement.losses, state.alarm, language),
          /** Blocking has no event and muting is invisible: both are missing here. */
          unseen: ['blocked', 'muted'],
          segments: state.judgement.segments.map((segment, s) => ({
            key: segments[s].key, arms: segment.arms.map((arm) => ({ dose: arm.dose, persons: arm.persons, losses: arm.losses, causedPer100: arm.causedPer100, causedLow: arm.causedLow, causedHigh: arm.causedHigh })),
          })),
          rows: rows.map((row) => ({ ...row, touchesBefore7Days: (row.lastTouches as Array<{ occurredAt: number }>).filter((touch) => touch.occurredAt > row.lostAt - 7 * dayMs).length })),
          oneSided: await oneSidedList(tx, tenantId, 500),
        }
      },
    }),
    route({
      method: 'GET', path: '/removals', right: 'people.read', block: 'dosage', what: 'contacts a member might let go, cheapest first, each with reasons in words and the alternative; what was asked of whom; nothing is deleted by us',
      query: z.object({ staff: z.string().max(64).optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
      async handle({ tx, tenantId, query, clock, language }) {
        const now = clock.now()
        const states = await adviceStates(tx, tenantId)
        const stateOf = new Map(states.map((row) => [`${row.corpId}/${row.staff}/${row.personId}`, row]))
        const all = (await readRemovals(tx, tenantId, now)).filter((row) => query.staff === undefined || row.staff === query.staff)
        const kept = (row: { corpId: string; staff: string; personId: string }): boolean => stateOf.get(`${row.corpId}/${row.staff}/${row.personId}`)?.state === 'kept'
        const open = all.filter((row) => !kept(row))
        return {
          total: open.length, costFen: open.reduce((sum, row) => sum + row.costFen, 0), capacity: await readCapacity(tx, tenantId, now), states,
          rows: open.slice(0, query.limit).map((row) => ({ ...row, state: stateOf.get(`${row.corpId}/${row.staff}/${row.personId}`)?.state ?? null, words: row.reasons.map((reason) => adviceWords(reason, language)) })),
        }
      },
    }),
    route({
      method: 'POST', path: '/removals', right: 'people.personal', block: 'dosage', audit: 'removals.ask', what: 'put contacts on the work list of the member who holds them, or decide to keep them',
      body: z.object({ decision: z.enum(['asked', 'kept']), rows: z.array(z.object({ corpId: z.string().max(64), staff: z.string().max(64), personId: z.uuid() })).min(1).max(200) }),
      async handle({ tx, tenantId, body, clock, actor }) {
        const now = clock.now()
        const wanted = new Set(body.rows.map((row) => `${row.corpId}/${row.staff}/${row.personId}`))
        const rows = (await readRemovals(tx, tenantId, now)).filter((row) => wanted.has(`${row.corpId}/${row.staff}/${row.personId}`))
        await putAdvice(tx, tenantId, rows.map((row) => ({ ...row, valueFen: row.costFen })), body.decision, now, actor)
        return { changed: rows.length, unknown: wanted.size - rows.length }
      },
    }),
  ]
}
