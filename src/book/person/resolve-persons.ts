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
