import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { forgetVersions } from '../../kernel/doorbell/index.ts'
import { forgetMessages } from '../../kernel/inbox/index.ts'
import { forgetCalls } from '../../kernel/outbox/index.ts'
import { erasePerson } from './store.ts'

/** What other modules keep of these identities, or of this person, goes too; wired in the composition root. */
export type AlsoForget = (tx: Tx, tenantId: number, values: readonly string[], personId: string) => Promise<void>

/**
 * Forgets a person (删除一个人): identities, keys and personal fields go, and what kept messages, object versions and calls say of them; amounts stay
 * under the surrogate id. @returns how many identities were known.
 */
export async function forgetWholly(tx: Tx, tenantId: number, personId: string, now: Instant, also: AlsoForget = async () => {}): Promise<number> {
  const values = await erasePerson(tx, tenantId, personId, now)
  if (values.length === 0) return 0
  await forgetMessages(tx, tenantId, values)
  await forgetVersions(tx, tenantId, values)
  await forgetCalls(tx, tenantId, values, now)
  await also(tx, tenantId, values, personId)
  return values.length
}
