import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { randomText } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { findPerson, personByIdentity, resolvePersons, writeFields } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import type { Actor, CommunityWork, ConductGate, Surface } from './conduct.ts'
import { defaultNotices } from './reader.ts'
import { deleteSession, deleteSessions, findSession, houseReaderRow, insertReader, insertSession, linkReaders, lockCode, putAcceptance, putCode, readerOf, readerOfPerson, seeDevice, setPhoneAt, setState, wipeReader } from './store.ts'

/** Sends a code to a phone (短信口). Not configured: nobody can prove a phone by code, only by the mini program. */
export type PhoneCodes = { configured(tenantId: number): boolean; send(tenantId: number, phone: string, code: string): Promise<void> }
export type ReaderParts = { seal: Seal; gate: ConductGate; codes: PhoneCodes }
export type ReaderSession = Actor & { deviceKey: string; expiresAt: Instant }

const sessionMs = 30 * 86_400_000
const codeMs = 5 * 60_000
const codeGapMs = 60_000
const codeWindowMs = 60 * 60_000
const codesPerWindow = 5
const triesPerCode = 5

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** One reader for a person: opened now, or the one there is. */
export async function registerReader(tx: Tx, work: CommunityWork, wish: { personId: string; surface: Surface; deviceKey?: string; name?: string }): Promise<{ readerId: string; personId: string; fresh: boolean }> {
  const { tenantId, now } = work
  const readerId = work.ids.next()
  const fresh = await insertReader(tx, tenantId, {
    readerId, personId: wish.personId, kind: 'person', name: '', bio: '', avatar: null, contactMedia: null, state: 'open', phoneAt: null, showReads: false, notices: defaultNotices, followers: 0, createdAt: now, createdSurface: wish.surface,
  })
  const mine = fresh ? readerId : (await readerOfPerson(tx, tenantId, wish.personId))!.readerId
  if (wish.deviceKey !== undefined && wish.deviceKey !== '') for (const other of await seeDevice(tx, tenantId, wish.deviceKey, mine, now)) linkReaders(tx, tenantId, mine, other, 'device', now)
  if (fresh) await work.emit(tx, [makeEvent(work.ids, now, 'reader.registered', `reader/${mine}`, now, { readerId: mine, personId: wish.personId, surface: wish.surface })])
  return { readerId: mine, personId: wish.personId, fresh }
}

/** The account that writes in the merchant's own name; made at its first use. */
export async function houseReader(tx: Tx, work: CommunityWork, name: string): Promise<string> {
  const found = await houseReaderRow(tx, work.tenantId)
  if (found) return found.readerId
  const readerId = work.ids.next()
  await insertReader(tx, work.tenantId, {
    readerId, personId: readerId, kind: 'house', name, bio: '', avatar: null, contactMedia: null, state: 'open', phoneAt: work.now, showReads: false, notices: defaultNotices, followers: 0, createdAt: work.now, createdSurface: 'web',
  })
  return readerId
}

/** A number in mainland China as eleven digits; anything else is no phone here. */
export function phoneOf(text: string): string | undefined {
  const digits = text.replace(/[\s-]/g, '').replace(/^(\+?86)(?=1\d{10}$)/, '')
  return /^1[3-9]\d{9}$/.test(digits) ? digits : undefined
}
const phoneIndex = (seal: Seal, tenantId: number, phone: string): string => seal.blindIndex(`phone ${tenantId} ${phone}`)

export type CodeStarted = { kind: 'sent'; expiresAt: Instant; nextAt: Instant } | { kind: 'bad-phone' } | { kind: 'too-soon'; nextAt: Instant } | { kind: 'not-configured' }

/** Six digits for five minutes; one a minute, five an hour for one phone. */
export async function startPhoneCode(tx: Tx, work: CommunityWork, parts: Pick<ReaderParts, 'seal' | 'codes'>, wish: { phone: string }): Promise<CodeStarted> {
  if (!parts.codes.configured(work.tenantId)) return { kind: 'not-configured' }
  const phone = phoneOf(wish.phone)
  if (phone === undefined) return { kind: 'bad-phone' }
  const { tenantId, now } = work
  const index = phoneIndex(parts.seal, tenantId, phone)
  const before = await lockCode(tx, tenantId, index)
  const inWindow = before !== undefined && now - before.windowAt < codeWindowMs
  if (before && now - before.sentAt < codeGapMs) return { kind: 'too-soon', nextAt: before.sentAt + codeGapMs }
  if (inWindow && before.sent >= codesPerWindow) return { kind: 'too-soon', nextAt: before.windowAt + codeWindowMs }
  const code = String(Math.floor(work.random.u('phone code', tenantId, now, work.ids.next()) * 1_000_000)).padStart(6, '0')
  putCode(tx, tenantId, index, { digest: digestOf(`${index} ${code}`), attempts: 0, sent: inWindow ? before.sent + 1 : 1, windowAt: inWindow ? before.windowAt : now, sentAt: now, expiresAt: now + codeMs })
  await parts.codes.send(tenantId, phone, code)
  return { kind: 'sent', expiresAt: now + codeMs, nextAt: now + codeGapMs }
}

export type PhoneVerified = { kind: 'verified'; readerId: string; personId: string; fresh: boolean } | { kind: 'wrong'; left: number } | { kind: 'expired' } | { kind: 'closed' }

/** Without `actor`: signs in, or opens an account; with: proves the phone of that reader. */
export async function verifyPhone(tx: Tx, work: CommunityWork, parts: Pick<ReaderParts, 'seal'>, wish: { phone: string; code: string; surface: Surface; deviceKey: string; actor?: Actor }): Promise<PhoneVerified> {
  const { tenantId, now } = work
  const phone = phoneOf(wish.phone)
  if (phone === undefined) return { kind: 'expired' }
  const index = phoneIndex(parts.seal, tenantId, phone)
  const row = await lockCode(tx, tenantId, index)
  if (!row || row.expiresAt <= now || row.attempts >= triesPerCode) return { kind: 'expired' }
  if (row.digest !== digestOf(`${index} ${wish.code.trim()}`)) {
    putCode(tx, tenantId, index, { ...row, attempts: row.attempts + 1 })
    return { kind: 'wrong', left: triesPerCode - row.attempts - 1 }
  }
  putCode(tx, tenantId, index, { ...row, expiresAt: now })
  const actor = wish.actor ?? (await readerByPhone(tx, work, index, wish.surface, wish.deviceKey))
  const reader = await readerOf(tx, tenantId, actor.readerId)
  if (reader?.state !== 'open') return { kind: 'closed' }
  await provePhone(tx, work, parts.seal, actor, phone)
  return { kind: 'verified', readerId: actor.readerId, personId: actor.personId, fresh: 'fresh' in actor && actor.fresh === true }
}

async function readerByPhone(tx: Tx, work: CommunityWork, index: string, surface: Surface, deviceKey: string): Promise<{ readerId: string; personId: string; fresh: boolean }> {
  const { personIds } = await resolvePersons(tx, work.tenantId, [{ phoneHash: index, seenAt: work.now, evidence: 'reader phone' }], work.ids)
  return registerReader(tx, work, { personId: personIds[0], surface, deviceKey })
}

/** A phone that WeChat vouches for (getuserphonenumber). */
export async function trustPhone(tx: Tx, work: CommunityWork, parts: Pick<ReaderParts, 'seal'>, wish: { readerId: string; phone: string }): Promise<boolean> {
  const phone = phoneOf(wish.phone)
  const reader = await readerOf(tx, work.tenantId, wish.readerId)
  if (phone === undefined || reader?.state !== 'open') return false
  await provePhone(tx, work, parts.seal, reader, phone)
  return true
}

/** The phone is the person's from now on; another account that proved the same one is linked, never merged: two people may share a phone. */
async function provePhone(tx: Tx, work: CommunityWork, seal: Seal, who: { readerId: string; personId: string }, phone: string): Promise<void> {
  const { tenantId, now } = work
  const index = phoneIndex(seal, tenantId, phone)
  const owner = await personByIdentity(tx, tenantId, 'phone', '', index)
  if (owner === undefined) await nameIdentity(tx, work, who.personId, index)
  else if (owner !== who.personId) {
    const other = await readerOfPerson(tx, tenantId, owner)
    if (other) linkReaders(tx, tenantId, who.readerId, other.readerId, 'phone', now)
  }
  await writeFields(tx, tenantId, who.personId, { phone }, now, seal, work.random)
  setPhoneAt(tx, tenantId, who.readerId, now)
}

/** Books the phone under the person, through the same door as every sighting. */
async function nameIdentity(tx: Tx, work: CommunityWork, personId: string, index: string): Promise<void> {
  const card = await strongIdentity(tx, work.tenantId, personId)
  if (card === undefined) return
  await resolvePersons(tx, work.tenantId, [{ ...card, phoneHash: index, seenAt: work.now, evidence: 'reader phone' }], work.ids)
}
async function strongIdentity(tx: Tx, tenantId: number, personId: string) {
  const person = await findPerson(tx, tenantId, personId)
  const local = person?.identities.find((one) => one.kind === 'openid' || one.kind === 'external_userid')
  const union = person?.identities.find((one) => one.kind === 'unionid')
  if (!local && !union) return undefined
  return { ...(union ? { unionid: union.value } : {}), ...(local ? { local: { kind: local.kind as 'openid' | 'external_userid', scope: local.scope, value: local.value } } : {}) }
}

/** A session of thirty days; only its digest is kept. */
export async function openSession(tx: Tx, work: CommunityWork, wish: { readerId: string; surface: Surface; deviceKey: string }): Promise<{ token: string; expiresAt: Instant }> {
  const token = randomText(work.random, 43, 'reader session', work.tenantId, work.ids.next())
  const expiresAt = work.now + sessionMs
  insertSession(tx, work.tenantId, { digest: digestOf(token), readerId: wish.readerId, surface: wish.surface, deviceKey: wish.deviceKey, createdAt: work.now, expiresAt })
  if (wish.deviceKey !== '') for (const other of await seeDevice(tx, work.tenantId, wish.deviceKey, wish.readerId, work.now)) linkReaders(tx, work.tenantId, wish.readerId, other, 'device', work.now)
  return { token, expiresAt }
}
export async function readSession(tx: Tx, tenantId: number, token: string | undefined, now: Instant): Promise<ReaderSession | undefined> {
  if (token === undefined || token.length < 20 || token.length > 200) return undefined
  const row = await findSession(tx, tenantId, digestOf(token), now)
  return row && { ...row, surface: row.surface as Surface }
}
export async function endSession(tx: Tx, tenantId: number, token: string): Promise<void> {
  deleteSession(tx, tenantId, digestOf(token))
}

export async function acceptConvention(tx: Tx, work: CommunityWork, wish: { readerId: string; version: number; surface: Surface }): Promise<void> {
  putAcceptance(tx, work.tenantId, { readerId: wish.readerId, version: wish.version, at: work.now, surface: wish.surface })
}

/** Ends the account and its sessions: by a penalty (`closed`), or because the reader asked (`erased`: name, text and picture go for good). */
export async function closeReader(tx: Tx, work: Pick<CommunityWork, 'tenantId' | 'now'>, readerId: string, how: 'closed' | 'erased'): Promise<void> {
  if (how === 'erased') wipeReader(tx, work.tenantId, readerId)
  setState(tx, work.tenantId, readerId, how, work.now)
  deleteSessions(tx, work.tenantId, readerId)
}
/** After an appeal: the account is there again; an erased one is gone for good. */
export async function reopenReader(tx: Tx, tenantId: number, readerId: string): Promise<void> {
  setState(tx, tenantId, readerId, 'open', null)
}
