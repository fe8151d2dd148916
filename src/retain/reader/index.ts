/**
 * Reader (读者): accounts of the community. One reader for a person; sessions by a token that only its holder knows; a phone is proved before it counts;
 * accounts that turn out to be of one person are linked. It declares the door of conduct that everything people write passes.
 *
 * Owns: reader, reader_profile, reader_session, reader_code, reader_device, reader_link, reader_acceptance.  Publishes: v_reader.  Emits: reader.registered.  Hears: piece.decided, person.merged.
 *
 * Invariants
 * - A person has one reader; a closed account has no session.
 * - Phones are kept sealed with the person, and found by a keyed one-way form.
 * - A name, a line about oneself or a picture is shown only after it passed.
 */
export { allowAllConductGate, stopped, surfaces, type Surface, type ReaderAct, type PieceKind, type Piece, type Evidence, type Verdict, type Refusal, type GateWork, type CommunityWork, type ConductGate, type Actor, type NotNow } from './conduct.ts'
export { cardOf, nameOf, goneName, defaultNotices, type Reader, type ReaderCard, type Notices } from './reader.ts'
export {
  registerReader, houseReader, startPhoneCode, verifyPhone, trustPhone, phoneOf, openSession, readSession, endSession, acceptConvention, closeReader, reopenReader,
  type PhoneCodes, type ReaderParts, type ReaderSession, type CodeStarted, type PhoneVerified,
} from './register.ts'
export { readerRoutes } from './routes.ts'
export { createPhoneBox, type PhoneBox } from './phone-box.ts'
export { saveProfile, saveReaderSettings, decideProfile, readerSubscriber, plainLine, longestName, longestBio, type ProfileWish, type ProfileSaved } from './profile.ts'
export { addFollowers, readerOf, readerOfPerson, readerCards, showingReads, listReaders, readerTotals, linkedReaders, linkedPersons, linksOf, acceptedConvention, newestProfile } from './store.ts'
