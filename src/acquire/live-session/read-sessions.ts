import { dayMs, saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { JobHandler, PlatformAnswer } from '../../kernel/engine/index.ts'
import { readLiveData } from './live-data.ts'
import { upsertSessions, type LiveSession } from './store.ts'

/** Reads the sessions of a Channels account: often while one is on air, else every hour. One job per connection; there are no callbacks for it. */
export const liveReadKind = 'channels.live.read'

const onAirMs = 5 * 60_000
const everyMs = 60 * 60_000
const firstDays = 14

export type LivePlatform = {
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  blockOn(tenantId: number, block: 'live'): boolean
}
type State = { connectionId: string; readAt?: Instant }
type Found = { off: true } | { sessions: LiveSession[] }

export function liveRead(platform: LivePlatform): JobHandler {
  return {
    kind: liveReadKind,
    async prepare(work, job): Promise<Found> {
      const { connectionId, readAt } = job.state as State
      if (!platform.blockOn(work.tenantId, 'live')) return { off: true }
      const ask = async (endpoint: string, request: unknown): Promise<Record<string, any>> => {
        const answer = await platform.call(work.tenantId, connectionId, endpoint, request)
        if (answer.kind !== 'ok') throw new Error(`${endpoint}: ${answer.text}`)
        return answer.result as Record<string, any>
      }
      const sessions: LiveSession[] = []
      // A session is listed under the day it began, and may run past midnight.
      const from = readAt === undefined ? work.now - firstDays * dayMs : Math.min(readAt, work.now) - dayMs
      const days = [...new Set(Array.from({ length: Math.ceil((work.now - from) / dayMs) + 1 }, (_, n) => saleDate(Math.min(work.now, from + n * dayMs))))]
      for (const day of days) {
        const { live_items: items = [] } = await ask('channels.live.list', { ds: Number(day.replaceAll('-', '')) }) as { live_items?: Array<{ export_id: string; create_time: number }> }
        for (const item of items) {
          sessions.push({ connectionId, exportId: item.export_id, startedAt: item.create_time * 1000, ...readLiveData(await ask('channels.live.data', { export_id: item.export_id })), readAt: work.now })
        }
      }
      return { sessions }
    },
    async run(work, tx, job, prepared) {
      const state = job.state as State
      const found = prepared as Found
      // Put again when the block is switched on.
      if ('off' in found) return null
      await upsertSessions(tx, work.tenantId, found.sessions)
      const onAir = found.sessions.some((session) => session.onAir)
      return { dueAt: work.now + (onAir ? onAirMs : everyMs), state: { connectionId: state.connectionId, readAt: work.now } satisfies State }
    },
  }
}
