import type { Tx } from '../../kernel/db/index.ts'

/** Other accounts of the same person, as far as the readers' accounts tell (same phone, same device, same unionid). */
export async function linkedPersons(_tx: Tx, _tenantId: number, _personIds: readonly string[]): Promise<Map<string, ReadonlySet<string>>> {
  return new Map()
}
