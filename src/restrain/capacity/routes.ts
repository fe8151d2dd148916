import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { staffLoads } from '../../retain/contact/index.ts'
import { capacitySentence, forecast, watchShare, type Forecast } from './forecast.ts'
import { freedPlaces } from './store.ts'

/** The contact module counts additions of thirty days. */
const windowDays = 30

export async function readCapacity(tx: Tx, tenantId: number, now: Instant): Promise<Forecast[]> {
  const freed = new Map((await freedPlaces(tx, tenantId, now - windowDays * dayMs)).map((row) => [`${row.corpId}/${row.staff}`, row.freed]))
  const loads = (await staffLoads(tx, tenantId, now)).filter((row) => row.contactOn || row.held > 0)
  return forecast(loads.map((row) => ({
    corpId: row.corpId, staff: row.staff, capacity: row.capacity, held: row.held, friends: row.friends, oneSided: row.oneSided, added: row.added30, freed: freed.get(`${row.corpId}/${row.staff}`) ?? 0,
  })), windowDays)
}

export const capacityRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/capacity', right: 'people.read', block: 'dosage', what: 'per member: places held, one-sided ones among them, and when the limit is reached, with a span',
    async handle({ tx, tenantId, clock, language }) {
      const rows = await readCapacity(tx, tenantId, clock.now())
      return { rows, watchShare, windowDays, sentence: capacitySentence(rows, language) }
    },
  }),
]
