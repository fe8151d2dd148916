import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { Actor, CommunityWork, ConductGate, NotNow, Surface } from './conduct.ts'
import type { Notices, Reader, ReaderCard } from './reader.ts'

/** Sends a code to a phone (短信口). Not configured: nobody can prove a phone by code, only by the mini program. */
export type PhoneCodes = { readonly configured: boolean; send(tenantId: number, phone: string, code: string): Promise<void> }
export type ReaderParts = { seal: Seal; gate: ConductGate; codes: PhoneCodes }
export type ReaderSession = Actor & { deviceKey: string; expiresAt: Instant }

/** One reader for a person: opened now, or the one there is. */
export declare function registerReader(tx: Tx, work: CommunityWork, wish: { personId: string; surface: Surface; deviceKey?: string; name?: string }): Promise<{ readerId: string; personId: string; fresh: boolean }>
export declare function houseReader(tx: Tx, work: CommunityWork, name: string): Promise<string>
export declare function startPhoneCode(tx: Tx, work: CommunityWork, parts: ReaderParts, wish: { phone: string }): Promise<{ kind: 'sent'; expiresAt: Instant; nextAt: Instant } | { kind: 'bad-phone' } | { kind: 'too-soon'; nextAt: Instant } | { kind: 'not-configured' }>
/** Without `actor`: signs in, or opens an account; with: proves the phone of that reader. */
export declare function verifyPhone(tx: Tx, work: CommunityWork, parts: ReaderParts, wish: { phone: string; code: string; surface: Surface; deviceKey: string; actor?: Actor }): Promise<{ kind: 'verified'; readerId: string; personId: string; fresh: boolean } | { kind: 'wrong'; left: number } | { kind: 'expired' } | { kind: 'not-now' } & { why: 'closed' }>
/** A phone that WeChat vouches for (getuserphonenumber). */
export declare function trustPhone(tx: Tx, work: CommunityWork, parts: ReaderParts, wish: { readerId: string; phone: string }): Promise<void>
export declare function openSession(tx: Tx, work: CommunityWork, wish: { readerId: string; surface: Surface; deviceKey: string }): Promise<{ token: string; expiresAt: Instant }>
export declare function readSession(tx: Tx, tenantId: number, token: string | undefined, now: Instant): Promise<ReaderSession | undefined>
export declare function endSession(tx: Tx, tenantId: number, token: string): Promise<void>
export declare function readerOf(tx: Tx, tenantId: number, readerId: string): Promise<Reader | undefined>
export declare function readerOfPerson(tx: Tx, tenantId: number, personId: string): Promise<Reader | undefined>
export declare function readerCards(tx: Tx, tenantId: number, readerIds: readonly string[]): Promise<Map<string, ReaderCard>>
/** All accounts known to be of the same person as this one, itself included, oldest first. */
export declare function linkedReaders(tx: Tx, tenantId: number, readerId: string): Promise<string[]>
export declare function acceptConvention(tx: Tx, work: CommunityWork, wish: { readerId: string; version: number; surface: Surface }): Promise<void>
/** The newest version accepted; 0: none. */
export declare function acceptedConvention(tx: Tx, tenantId: number, readerId: string): Promise<number>
export declare function saveProfile(tx: Tx, work: CommunityWork, parts: Pick<ReaderParts, 'gate'>, actor: Actor, wish: { name: string; bio: string; avatar: string | null; contactMedia?: string | null }): Promise<NotNow | { kind: 'shown' } | { kind: 'held'; caseId: string | null } | { kind: 'rejected'; rule: string | null; zh: string; en: string } | { kind: 'no-media'; sha256: string }>
export declare function saveReaderSettings(tx: Tx, tenantId: number, readerId: string, wish: { showReads?: boolean; notices?: Partial<Notices> }): Promise<void>
/** Ends the account and its sessions: by a penalty (`closed`), or because the reader asked (`erased`: name, text and picture go). */
export declare function closeReader(tx: Tx, work: CommunityWork, readerId: string, how: 'closed' | 'erased'): Promise<void>
export declare function reopenReader(tx: Tx, tenantId: number, readerId: string): Promise<void>
