import type { FactSource } from '../../retain/segment/index.ts'

/** Fields for segments. The half-life is the default one: a merchant's own changes the gate's answer, not the meaning of a saved segment. */
export const pressureFacts: FactSource = {
  name: 'pressure',
  fields: [
    {
      key: 'pressure.now', zh: '压力', en: 'pressure', type: 'number',
      sql: `(select coalesce(sum(t.weight * power(2.0::float8, (:now - t.occurred_at) / -1209600000.0::float8)), 0) from v_touch t
        where t.tenant_id = p.tenant_id and t.person_id = p.person_id and t.direction = 'outbound' and t.occurred_at <= :now and t.occurred_at > :now - 14515200000)`,
    },
    {
      key: 'dose.arm', zh: '这一轮的剂量', en: 'dose of this epoch', type: 'number',
      sql: `(select d.dose from v_dose d where d.tenant_id = p.tenant_id and d.person_id = p.person_id and d.starts_at <= :now and d.ends_at > :now order by d.dose limit 1)`,
    },
  ],
}
