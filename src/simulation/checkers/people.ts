import { corpTruth, shopTruth } from './platform-truth.ts'
import { findings, type Checker } from './outputs.ts'

/** People (人): one person for each unionid, and no person with two of them; an order belongs to the person of its buyer. */
export const people: Checker = {
  name: 'people',
  async run(outputs) {
    const { report, check } = findings()
    const { tenantId, rows } = outputs
    const into = new Map((await rows<{ id: string; into: string | null }>(`select person_id as id, merged_into as into from person where tenant_id = $1`, [tenantId])).map((row) => [row.id, row.into]))
    const living = (id: string): string => {
      let at = id
      for (let next = into.get(at); next; next = into.get(at)) at = next
      return at
    }
    const identities = await rows<{ kind: string; value: string; person: string }>(`select kind, value, person_id as person from identity where tenant_id = $1 order by kind, scope, value`, [tenantId])
    const byUnionid = new Map<string, string>()
    const unionidOf = new Map<string, string>()
    for (const { kind, value, person } of identities) {
      check(into.has(person), () => `${kind} ${value} belongs to person ${person}, who is not there`)
      if (kind !== 'unionid') continue
      const id = living(person)
      check(!unionidOf.has(id), () => `person ${id} has the unionids ${String(unionidOf.get(id))} and ${value}`)
      unionidOf.set(id, value)
      byUnionid.set(value, id)
    }
    const orders = new Map((await rows<{ id: string; person: string }>(`select order_id as id, person_id as person from shop_order where tenant_id = $1 and shelf = 'shop'`, [tenantId])).map((row) => [row.id, row.person]))
    for (const order of shopTruth(outputs).orders) {
      const person = orders.get(order.id)
      if (order.unionid === undefined || person === undefined) continue
      check(living(person) === byUnionid.get(order.unionid), () => `order ${order.id} belongs to person ${living(person)}, its buyer's unionid to ${String(byUnionid.get(order.unionid!))}`)
    }
    const external = new Map(identities.filter((row) => row.kind === 'external_userid').map((row) => [row.value, living(row.person)]))
    for (const customer of Object.values(corpTruth(outputs)?.customers ?? {})) {
      const person = external.get(customer.id)
      if (customer.unionid === undefined || person === undefined || !byUnionid.has(customer.unionid)) continue
      check(person === byUnionid.get(customer.unionid), () => `contact ${customer.id} is person ${person}, its unionid belongs to ${String(byUnionid.get(customer.unionid!))}`)
    }
    return report
  },
}
