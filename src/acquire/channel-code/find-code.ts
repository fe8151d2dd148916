import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer } from '../../kernel/engine/index.ts'
import { skipCalls } from '../../kernel/outbox/index.ts'
import { makeEvent } from '../../events.ts'
import { codeFindKind } from './make-code.ts'
import { changeCode, findCode, type ChannelCode } from './store.ts'

/**
 * A code whose making got no answer may exist without our knowing its config_id, and then could never be changed or closed (D96348). It is looked for
 * among the ways of those minutes: its state is its own. Not there after some looks: it was not made.
 */
const looksMax = 3
const lookAgainMs = 5 * 60_000
const windowSeconds = 300

type State = { outboxId: string; looks: number }
type Found = { code: ChannelCode | undefined; configId?: string; qrCode?: string }

export function codeFind(platform: { call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>; read<T>(tenantId: number, work: (tx: Tx) => Promise<T>): Promise<T> }): JobHandler {
  return {
    kind: codeFindKind,
    async prepare(work, job): Promise<Found> {
      const code = await platform.read(work.tenantId, (tx) => findCode(tx, work.tenantId, job.key))
      if (code?.status !== 'unknown') return { code: undefined }
      const ask = async (endpoint: string, request: unknown): Promise<Record<string, any>> => {
        const answer = await platform.call(work.tenantId, code.connectionId, endpoint, request)
        if (answer.kind !== 'ok') throw new Error(`${endpoint}: ${answer.text}`)
        return answer.result as Record<string, any>
      }
      const from = Math.floor(code.createdAt / 1000) - 60
      for (let cursor = ''; ;) {
        const page = await ask('wecom.contact_way.list', { start_time: from, end_time: from + 60 + windowSeconds, limit: 1000, ...(cursor === '' ? {} : { cursor }) })
        for (const { config_id: configId } of (page.contact_way ?? []) as Array<{ config_id: string }>) {
          const { contact_way: way } = await ask('wecom.contact_way.get', { config_id: configId })
          if (way?.state === code.state) return { code, configId, qrCode: way.qr_code }
        }
        if (!page.next_cursor || page.next_cursor === cursor) return { code }
        cursor = page.next_cursor
      }
    },
    async run(work, tx, job, prepared) {
      const { code, configId, qrCode } = prepared as Found
      if (code === undefined) return null
      const state = job.state as State
      if (configId !== undefined) {
        await changeCode(tx, work.tenantId, code.codeId, { status: 'live', configId, qrCode })
        await work.emit(tx, [makeEvent(work.ids, work.now, 'code.live', `code/${code.codeId}`, work.now, { codeId: code.codeId, state: code.state, configId })])
      } else {
        if (state.looks + 1 < looksMax) return { dueAt: work.now + lookAgainMs, state: { ...state, looks: state.looks + 1 } satisfies State }
        await changeCode(tx, work.tenantId, code.codeId, { status: 'failed' })
      }
      // The call without an answer no longer holds up the lane of the code.
      await skipCalls(tx, work.tenantId, [state.outboxId], work.now)
      return null
    },
  }
}
