import type { Tx } from '../../kernel/db/index.ts'
import type { ReplyHandler } from '../../kernel/engine/index.ts'
import { enqueueCalls } from '../../kernel/outbox/index.ts'
import type { GateWork, PieceKind } from '../../retain/reader/index.ts'
import { addPlatformWord, lockCase, type NewCase } from './store.ts'

/** Who wrote it, as the platform knows them. Declared here, wired in the composition root; absent: the platform is not asked. */
export type PlatformAccount = (tx: Tx, tenantId: number, personId: string) => Promise<{ connectionId: string; openid: string } | undefined>

export const platformReply = 'moderation.platform'
/** Scenes of msg_sec_check: 1 profile, 2 comment, 3 forum, 4 social log (MP:server/API/sec-center/sec-check/api_msgseccheck). */
const scenes: Record<PieceKind, number> = { profile: 1, comment: 2, article: 3, media: 3, outgoing: 3 }
const charactersMax = 2_500

/**
 * Asks the platform what it thinks of texts from the mini program that wait for a person. It only gives a hint: nothing is decided by it. It knows only who
 * visited within two hours (61010 otherwise); then there is no hint. Pictures would be asked by media_check_async, whose answer comes as an event within a
 * time that is UNCONFIRMED; they wait for a person.
 */
export async function askPlatform(tx: Tx, work: GateWork, account: PlatformAccount | undefined, cases: readonly NewCase[]): Promise<void> {
  if (account === undefined) return
  for (const one of cases) {
    if (one.surface !== 'mini' || one.personId === null || one.snapshot === null || one.state !== 'open' || one.snapshot.text.trim() === '') continue
    const known = await account(tx, work.tenantId, one.personId)
    if (known === undefined) continue
    await enqueueCalls(tx, work.tenantId, [{
      outboxId: work.ids.next(), connectionId: known.connectionId, endpoint: 'mini-program.safety.text', lane: null, dueAt: work.now, createdAt: work.now, reply: { kind: platformReply, caseId: one.caseId },
      request: { content: one.snapshot.text.slice(0, charactersMax), version: 2, scene: scenes[one.pieceKind], openid: known.openid, ...(one.pieceKind === 'profile' ? { nickname: one.snapshot.title } : one.snapshot.title === '' ? {} : { title: one.snapshot.title }) },
    }])
  }
}

type Said = { result?: { suggest?: string; label?: number }; detail?: Array<{ keyword?: string }> }

/** What the platform said stands with the evidence; risky ones are looked at sooner. */
export const platformSaid: ReplyHandler = {
  kind: platformReply,
  async handle(work, tx, call, outcome) {
    if (outcome.kind !== 'ok') return
    const { caseId } = call.reply as { caseId: string }
    const said = outcome.result as Said
    const suggest = said.result?.suggest
    if (suggest !== 'risky' && suggest !== 'review') return
    const one = await lockCase(tx, work.tenantId, caseId)
    if (one === undefined || !['open', 'second', 'third'].includes(one.state)) return
    const keyword = said.detail?.map((row) => row.keyword ?? '').find((word) => word !== '') ?? ''
    const text = one.snapshot?.text ?? ''
    const from = keyword === '' ? 0 : Math.max(0, text.indexOf(keyword))
    await addPlatformWord(tx, work.tenantId, caseId, { where: 'text', from, to: keyword !== '' && text.includes(keyword) ? from + keyword.length : from, found: keyword, how: `platform:${suggest}:${said.result?.label ?? ''}` }, suggest === 'risky' ? 50 : 15)
  },
}
