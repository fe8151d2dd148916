import { saleDate } from '../../kernel/calendar.ts'
import { dailySummary, dailyVisits } from '../../wechat/spec/mini-program/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Route } from '../core/registry.ts'
import { miniCaller, readMini } from './state.ts'

/** One past day: the platform has its figures the next day. */
function dayOf(ns: Namespace, input: { begin_date: string; end_date: string }): string {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(input.begin_date)
  const day = match ? `${match[1]}-${match[2]}-${match[3]}` : ''
  if (day === '' || input.end_date !== input.begin_date || day >= saleDate(ns.now)) throw new PlatformError(61501, 'date range error')
  return day
}

export const figureRoutes: Route[] = [
  serve(dailySummary, ({ ns, account, input }) => {
    const state = readMini(ns, miniCaller(account).id)
    const day = dayOf(ns, input)
    const fresh = Object.entries(state.days).reduce((sum, [date, counted]) => sum + (date <= day ? counted.fresh : 0), 0)
    return { list: [{ ref_date: input.begin_date, visit_total: fresh, share_pv: 0, share_uv: 0 }] }
  }),
  serve(dailyVisits, ({ ns, account, input }) => {
    const counted = readMini(ns, miniCaller(account).id).days[dayOf(ns, input)]
    if (!counted) return { list: [] }
    const people = Object.keys(counted.people).length
    // Nobody's stay is modelled: one page and half a minute each.
    return {
      list: [
        {
          ref_date: input.begin_date,
          session_cnt: counted.visits,
          visit_pv: counted.visits,
          visit_uv: people,
          visit_uv_new: counted.fresh,
          stay_time_uv: 30,
          stay_time_session: 30,
          visit_depth: 1,
        },
      ],
    }
  }),
]
