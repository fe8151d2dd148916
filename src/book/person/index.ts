/**
 * Person (自然人): who is behind the accounts. Identities (unionid, openid per app, external_userid per corp, phone hash) are nodes, evidence joins
 * them; merging and un-merging are recorded acts; nothing is ever joined on a name.
 *
 * Owns: person, identity, person_merge, person_key, person_field.
 *
 * Invariants
 * - An identity belongs to exactly one person at a time.
 * - A unionid joins accounts; an openid or external_userid alone never does.
 * - Personal fields are readable only while the person's key exists; erasing deletes the key and the identities, ledgers keep the surrogate id.
 */
export { resolvePersons, knownPersons, type Sighting } from './resolve-persons.ts'
export { planResolution, type KnownIdentity, type Resolution } from './resolution.ts'
export { personRoutes, mask, type AlsoSplit } from './routes.ts'
export { forgetWholly, type AlsoForget } from './forget.ts'
export { personFault } from './errors.ts'
export { findPerson, listMerges, mergedInto, mergedPersons, listPersons, readFields, writeFields, splitPerson, personByIdentity, resealPersons, type PersonCard, type IdentityRow } from './store.ts'
