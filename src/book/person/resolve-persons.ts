import type { Ids } from '../../kernel/ids.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { identitiesOf, planResolution, type Resolution, type Sighting } from './resolution.ts'
import { applyResolution, findIdentities, lockResolution } from './store.ts'

export type { Sighting } from './resolution.ts'

/** Load, decide, save: the person of every sighting, in order; new persons and merges are stored and returned. */
export async function resolvePersons(tx: Tx, tenantId: number, sightings: readonly Sighting[], ids: Ids): Promise<Resolution> {
  if (sightings.length === 0) return { personIds: [], newPersons: [], newIdentities: [], merges: [] }
  const named = sightings.flatMap(identitiesOf)
  // Two transactions that meet the same newcomer would each make a person; one at a time per tenant, until commit.
  await lockResolution(tx, tenantId)
  const known = await findIdentities(tx, tenantId, named)
  // Ids of ours sort by creation, so the smaller one is known longer.
  const plan = planResolution(sightings, known, () => ids.next(), (a, b) => (a < b ? a : b))
  await applyResolution(tx, tenantId, plan, ids)
  return plan
}

/**
 * The persons of sightings whose identities are all known and agree, without the lock that newcomers need; undefined for the others. Whom a merge of
 * this moment concerns is answered as before it: ask `mergedInto` before booking for good.
 */
export async function knownPersons(tx: Tx, tenantId: number, sightings: readonly Sighting[]): Promise<Array<string | undefined>> {
  if (sightings.length === 0) return []
  const found = new Map((await findIdentities(tx, tenantId, sightings.flatMap(identitiesOf))).map((row) => [`${row.kind} ${row.scope} ${row.value}`, row.personId]))
  return sightings.map((sighting) => {
    const persons = new Set(identitiesOf(sighting).map((one) => found.get(`${one.kind} ${one.scope} ${one.value}`)))
    return persons.size === 1 ? [...persons][0] : undefined
  })
}
