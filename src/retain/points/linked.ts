import type { Tx } from '../../kernel/db/index.ts'
import { linkedPersons as linkedReaders } from '../reader/index.ts'
import { sameDevice } from './store.ts'

/** Other persons behind accounts of the same human, as far as can be told: accounts that are linked (one phone, one device), reads on one device. */
export async function linkedPersons(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Map<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>()
  for (const { personId, otherId } of [...(await linkedReaders(tx, tenantId, personIds)), ...(await sameDevice(tx, tenantId, personIds))]) {
    if (!found.has(personId)) found.set(personId, new Set())
    found.get(personId)!.add(otherId)
  }
  return found
}
