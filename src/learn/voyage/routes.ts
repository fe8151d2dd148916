import { z } from 'zod'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { voyageRefusals, voyageRows, voyageWeeks, type VoyageRow } from './store.ts'

export type VoyagePorts = {
  /** Channels (`code/<channel>`) of the states that codes were made with. */
  channelsOfStates(tx: Tx, tenantId: number, corpId: string, states: readonly string[]): Promise<Map<string, string>>
}

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const weeks = 12

export function voyageRoutes(ports: VoyagePorts): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/voyage', right: 'chain.read', what: 'the whole chain in a window: by source who came, became a contact, bought, bought again, left, wants no more messages and had their money back; and week by week revenue beside losses and messages',
      query: z.object({ from: day.optional(), to: day.optional() }),
      async handle({ tx, tenantId, query, clock }) {
        const now = clock.now()
        const to = query.to === undefined ? now + 1 : startOfDay(query.to) + dayMs
        const from = query.from === undefined ? 0 : startOfDay(query.from)
        return { from, to, rows: await named(tx, tenantId, await voyageRows(tx, tenantId, from, to), ports), refusals: await voyageRefusals(tx, tenantId, from, to), weeks: await voyageWeeks(tx, tenantId, now, weeks) }
      },
    }),
  ]
}

type Named = Omit<VoyageRow, 'corpId'>

/** States become the channels of their codes; sources of one name are one row. */
async function named(tx: Tx, tenantId: number, rows: readonly VoyageRow[], ports: VoyagePorts): Promise<Named[]> {
  const channels = new Map<string, string>()
  for (const corpId of new Set(rows.map((row) => row.corpId).filter((id) => id !== ''))) {
    const states = rows.filter((row) => row.corpId === corpId).map((row) => row.source.slice('state/'.length))
    for (const [state, channel] of await ports.channelsOfStates(tx, tenantId, corpId, states)) channels.set(`${corpId}/${state}`, channel)
  }
  const merged = new Map<string, Named>()
  for (const { corpId, ...row } of rows) {
    const source = channels.get(`${corpId}/${row.source.slice('state/'.length)}`) ?? row.source
    const known = merged.get(source)
    if (known === undefined) merged.set(source, { ...row, source })
    else for (const key of Object.keys(row) as Array<keyof Named>) if (key !== 'source') known[key] += row[key]
  }
  return [...merged.values()].sort((a, b) => b.people - a.people || (a.source < b.source ? -1 : 1))
}
