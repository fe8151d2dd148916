import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/** Places that members freed since an instant: contacts they removed, whether or not these had left before. */
export function freedPlaces(tx: Tx, tenantId: number, since: Instant): Promise<Array<{ corpId: string; staff: string; freed: number }>> {
  return tx.query(
    `select corp_id as "corpId", staff, count(*) as freed from v_contact_loss where tenant_id = $1 and lost_by <> 'contact' and lost_at >= $2 group by corp_id, staff order by 1, 2`,
    [tenantId, since],
  )
}
