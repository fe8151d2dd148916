import type { Tx } from '../../kernel/db/index.ts'
import type { ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import { makeEvent } from '../../events.ts'
import { changeCode, insertCode, type ChannelCode } from './store.ts'

export const codeFindKind = 'code.find'
const madeReply = 'code.made'
const changedReply = 'code.changed'
type Acting = Pick<Work, 'tenantId' | 'now' | 'ids'>

export type CodeWish = { connectionId: string; corpId: string; name: string; channel: string; staff: string[]; skipVerify: boolean; welcomeText: string | null; createdBy: string }

/**
 * Asks the platform for a code. Ways made by API never show in the console and a lost config_id is lost (D96348), so the state, which comes back with
 * every contact, is ours, unguessable and never used twice; 30 characters at most.
 */
export async function makeCode(tx: Tx, work: Acting, wish: CodeWish): Promise<ChannelCode> {
  const codeId = work.ids.next()
  const code: ChannelCode = { ...wish, codeId, state: `q${codeId.replaceAll('-', '').slice(-16)}`, status: 'making', configId: null, qrCode: null, error: null, createdAt: work.now }
  await insertCode(tx, work.tenantId, code)
  await enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: wish.connectionId, endpoint: 'wecom.contact_way.add', lane: `code/${codeId}`, reply: { kind: madeReply, codeId }, dueAt: work.now, createdAt: work.now,
    request: { type: wish.staff.length === 1 ? 1 : 2, scene: 2, remark: [...wish.name].slice(0, 30).join(''), skip_verify: wish.skipVerify, state: code.state, user: wish.staff },
  }])
  return code
}

/** Lists replace the old ones on the platform; the kind of a code (one member or several) cannot change. */
export async function editCode(tx: Tx, work: Acting, code: ChannelCode, change: { name?: string; staff?: string[]; welcomeText?: string }): Promise<void> {
  await changeCode(tx, work.tenantId, code.codeId, change)
  if (code.configId === null || (change.staff === undefined && change.name === undefined)) return
  await enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: code.connectionId, endpoint: 'wecom.contact_way.update', lane: `code/${code.codeId}`, reply: { kind: changedReply, codeId: code.codeId, to: 'live' }, dueAt: work.now, createdAt: work.now,
    request: { config_id: code.configId, ...(change.name === undefined ? {} : { remark: [...change.name].slice(0, 30).join('') }), user: change.staff ?? code.staff },
  }])
}

export async function closeCode(tx: Tx, work: Acting, code: ChannelCode): Promise<void> {
  if (code.configId === null) return changeCode(tx, work.tenantId, code.codeId, { status: 'closed' })
  await changeCode(tx, work.tenantId, code.codeId, { status: 'closing' })
  await enqueueCalls(tx, work.tenantId, [{
    outboxId: work.ids.next(), connectionId: code.connectionId, endpoint: 'wecom.contact_way.delete', lane: `code/${code.codeId}`, reply: { kind: changedReply, codeId: code.codeId, to: 'closed' }, dueAt: work.now, createdAt: work.now,
    request: { config_id: code.configId },
  }])
}

export const codeMade: ReplyHandler = {
  kind: madeReply,
  async handle(work, tx, call, outcome) {
    const { codeId } = call.reply as { codeId: string }
    if (outcome.kind === 'ok') {
      const { config_id: configId, qr_code: qrCode } = outcome.result as { config_id: string; qr_code?: string }
      await changeCode(tx, work.tenantId, codeId, { status: 'live', configId, qrCode })
      const state = (call.request as { state: string }).state
      await work.emit(tx, [makeEvent(work.ids, work.now, 'code.live', `code/${codeId}`, work.now, { codeId, state, configId })])
    } else if (outcome.final) {
      await changeCode(tx, work.tenantId, codeId, { status: outcome.kind === 'refused' ? 'failed' : 'unknown', error: outcome.kind === 'refused' ? `${outcome.code} ${outcome.text}` : outcome.text })
      if (outcome.kind === 'no-answer') await putJobs(tx, work.tenantId, [{ kind: codeFindKind, key: codeId, dueAt: work.now + 60_000, state: { outboxId: call.outboxId, looks: 0 } }])
    }
  },
}

export const codeChanged: ReplyHandler = {
  kind: changedReply,
  async handle(work, tx, call, outcome) {
    const { codeId, to } = call.reply as { codeId: string; to: 'live' | 'closed' }
    // 41044: the platform does not know the code any more, which is what closing wants.
    if (outcome.kind === 'ok' || (outcome.kind === 'refused' && outcome.code === '41044' && to === 'closed')) await changeCode(tx, work.tenantId, codeId, { status: to })
    else if (outcome.final) await changeCode(tx, work.tenantId, codeId, { status: 'live', error: outcome.text })
  },
}
