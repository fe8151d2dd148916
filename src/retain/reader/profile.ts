import type { Tx } from '../../kernel/db/index.ts'
import type { Subscriber } from '../../kernel/engine/index.ts'
import { findMedia } from '../../kernel/media/index.ts'
import { payloadOf } from '../../events.ts'
import { stopped, type Actor, type CommunityWork, type ConductGate, type NotNow } from './conduct.ts'
import { defaultNotices, type Notices, type Reader } from './reader.ts'
import { findProfile, insertProfile, linkReaders, lockReader, markProfile, movePerson, readerOf, readerOfPerson, showProfile, writeSettings, type ProfileRow } from './store.ts'

export const longestName = 20
export const longestBio = 60
export type ProfileWish = { name: string; bio: string; avatar: string | null; /** The author's own QR code; absent: as it is. */ contactMedia?: string | null }
export type ProfileSaved = NotNow | { kind: 'shown' } | { kind: 'held'; caseId: string | null } | { kind: 'rejected'; rule: string | null; zh: string; en: string } | { kind: 'no-media'; sha256: string } | { kind: 'too-long'; most: number } | { kind: 'empty' }

/** One line of what people call themselves: no line breaks, nothing invisible, nothing that turns the text around. */
export function plainLine(text: string): string {
  return text.normalize('NFC').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, ' ').replace(/\s+/g, ' ').trim()
}

/** What a reader wants to be called. Shown when it passes; until then what was shown stays. */
export async function saveProfile(tx: Tx, work: CommunityWork, parts: { gate: ConductGate }, actor: Actor, wish: ProfileWish): Promise<ProfileSaved> {
  const { tenantId, now } = work
  const stop = await stopped(tx, work, parts.gate, actor, 'profile')
  if (stop) return stop
  const [name, bio] = [plainLine(wish.name), plainLine(wish.bio)]
  if (name === '') return { kind: 'empty' }
  if ([...name].length > longestName) return { kind: 'too-long', most: longestName }
  if ([...bio].length > longestBio) return { kind: 'too-long', most: longestBio }
  const names = [wish.avatar, wish.contactMedia ?? null].filter((one) => one !== null)
  const media = await findMedia(tx, tenantId, names)
  for (const sha256 of names) if (media.get(sha256)?.blockedAt !== null) return { kind: 'no-media', sha256 }
  const reader = await lockReader(tx, tenantId, actor.readerId)
  if (!reader) return { kind: 'not-now', why: 'closed', until: null, penaltyId: null, rule: null }
  const version = reader.profileVersion + 1
  const [verdict] = await parts.gate.judge(tx, work, [{
    kind: 'profile', id: actor.readerId, version, readerId: actor.readerId, personId: actor.personId, surface: actor.surface, title: name, text: bio, links: [], at: now,
    media: names.map((sha256) => ({ sha256, contentType: media.get(sha256)!.contentType, bytes: media.get(sha256)!.bytes })),
  }])
  const state = ({ pass: 'shown', hold: 'held', reject: 'rejected' } as const)[verdict.outcome]
  const wanted = { name, bio, avatar: wish.avatar, contactMedia: wish.contactMedia === undefined ? reader.contactMedia : wish.contactMedia }
  insertProfile(tx, tenantId, actor.readerId, { version, ...wanted, state, caseId: verdict.caseId, rule: verdict.rule, writtenAt: now })
  if (state === 'shown') {
    showProfile(tx, tenantId, actor.readerId, wanted)
    return { kind: 'shown' }
  }
  return state === 'held' ? { kind: 'held', caseId: verdict.caseId } : { kind: 'rejected', rule: verdict.rule, zh: verdict.zh, en: verdict.en }
}

export async function saveReaderSettings(tx: Tx, tenantId: number, readerId: string, wish: { showReads?: boolean; notices?: Partial<Notices> }): Promise<Reader | undefined> {
  const reader = await lockReader(tx, tenantId, readerId)
  if (!reader) return undefined
  writeSettings(tx, tenantId, readerId, wish.showReads ?? reader.showReads, { ...defaultNotices, ...reader.notices, ...wish.notices })
  return readerOf(tx, tenantId, readerId)
}

type Decided = { pieceId: string; version: number; decision: 'approve' | 'reject' | 'remove' | 'restore'; rule: string | null }

/** What was decided about a name or picture. Something shown since stays when an older one is decided. */
export async function decideProfile(tx: Tx, tenantId: number, decided: Decided): Promise<void> {
  const reader = await lockReader(tx, tenantId, decided.pieceId)
  const row = await findProfile(tx, tenantId, decided.pieceId, decided.version)
  if (!reader || !row) return
  const states: Record<Decided['decision'], ProfileRow['state']> = { approve: 'shown', reject: 'rejected', remove: 'removed', restore: 'shown' }
  markProfile(tx, tenantId, decided.pieceId, decided.version, states[decided.decision], decided.rule)
  const shows = reader.name === row.name && reader.bio === row.bio && reader.avatar === row.avatar && reader.contactMedia === row.contactMedia
  if (states[decided.decision] === 'shown' && decided.version === reader.profileVersion) showProfile(tx, tenantId, decided.pieceId, row)
  else if (states[decided.decision] === 'removed' && shows) showProfile(tx, tenantId, decided.pieceId, { name: '', bio: '', avatar: null, contactMedia: null })
}

/** Hears what was decided about profiles, and of persons who turned out to be one. */
export function readerSubscriber(on: (tenantId: number) => boolean): Subscriber {
  return {
    name: 'retain/reader',
    hears: ['piece.decided', 'person.merged'],
    on,
    async handle(work, tx, events) {
      for (const event of events) {
        if (event.name === 'person.merged') {
          const { kept, gone } = payloadOf('person.merged', event)
          const [mine, other] = [await readerOfPerson(tx, work.tenantId, kept), await readerOfPerson(tx, work.tenantId, gone)]
          if (!other) continue
          if (mine) linkReaders(tx, work.tenantId, mine.readerId, other.readerId, 'person', work.now)
          else await movePerson(tx, work.tenantId, other.readerId, kept)
        } else {
          const payload = event.payload as Decided & { pieceKind: string }
          if (payload.pieceKind === 'profile') await decideProfile(tx, work.tenantId, payload)
        }
      }
    },
  }
}
