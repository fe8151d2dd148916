import type { Tx } from '../../kernel/db/index.ts'
import { forgetMessages } from '../../kernel/inbox/index.ts'
import { forgetVersions } from '../../kernel/doorbell/index.ts'

/** Takes an erased person's identity values out of kept messages and object versions. */
export async function forgetValues(tx: Tx, tenantId: number, values: readonly string[]): Promise<void> {
  for (const value of values) {
    await forgetMessages(tx, tenantId, value)
    await forgetVersions(tx, tenantId, value)
  }
}
