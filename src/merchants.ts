import { accessFault, may, type Access, type Session } from './kernel/access/index.ts'
import { recordAudit } from './kernel/audit/index.ts'
import { dayMs } from './kernel/calendar.ts'
import type { Tx } from './kernel/db/index.ts'
import { doorbellDepth } from './kernel/doorbell/index.ts'
import { inboxDepth } from './kernel/inbox/index.ts'
import { outboxDepth } from './kernel/outbox/index.ts'
import { mergedPersons } from './book/person/index.ts'
import { chainFigures } from './sell/order/index.ts'
import { lossCounts } from './retain/contact/index.ts'
import { reachable } from './restrain/experiment/index.ts'
import { pressureRows, readPolicy } from './restrain/pressure/index.ts'
import type { House } from './house.ts'

/**
 * All merchants of a service provider (全部商家): one line of health each, and the way in, which the merchant sees in its audit trail. Only for memberships
 * whose role may read merchants; every figure is read inside the merchant's own row-level security.
 */
export type MerchantLine = {
  slug: string
  name: string
  simulated: boolean
  role: string
  /** Of the merchant's world. */
  now: number
  /** Last seven days. */
  orders: number
  netFen: number
  ordersBefore: number
  lost: number
  lostBefore: number
  /** Mean pressure of contacts and its limit; null where dosage is off. */
  pressure: { mean: number; over: number; pressureMax: number; contacts: number } | null
  /** Accounts that are not connected or fail a check, and what could not be handled. */
  accounts: number
  broken: string[]
  failures: number
}

const weekMs = 7 * dayMs

export async function merchantLines(house: House, access: Access, session: Session): Promise<MerchantLine[]> {
  const memberships = (await access.tenantsOf(session.userId)).filter((one) => may(one.role, 'merchants.read'))
  if (memberships.length === 0) throw accessFault('access/no-right', { role: '', right: 'merchants.read' })
  const lines: MerchantLine[] = []
  for (const one of memberships) {
    const { tenantId } = one
    const now = house.context.clockOf(tenantId).now()
    const connections = house.connectionsOf(tenantId)
    lines.push(await house.ports.db.tx({ role: 'app', tenantId }, async (tx): Promise<MerchantLine> => {
      const [week, before] = [await chainFigures(tx, tenantId, now - weekMs, now + 1), await chainFigures(tx, tenantId, now - 2 * weekMs, now - weekMs)]
      const left = async (from: number, to: number): Promise<number> => (await lossCounts(tx, tenantId, from, to)).reduce((sum, row) => sum + row.losses, 0)
      return {
        slug: one.slug, name: one.name, simulated: one.world !== 'real', role: one.role, now, orders: week.paidOrders, netFen: week.paidFen - week.refundedFen, ordersBefore: before.paidOrders,
        lost: await left(now - weekMs, now + 1), lostBefore: await left(now - 2 * weekMs, now - weekMs),
        pressure: house.context.blockOn(tenantId, 'dosage') ? await pressureOf(tx, tenantId, now) : null,
        accounts: connections.length, broken: connections.filter((c) => c.status !== 'connected' || c.checks.some((check) => check.ok === false)).map((c) => c.line),
        failures: (await inboxDepth(tx, tenantId)).failed + (await doorbellDepth(tx, tenantId)).failing + (await outboxDepth(tx, tenantId)).stuck,
      }
    }))
  }
  return lines
}

async function pressureOf(tx: Tx, tenantId: number, now: number): Promise<MerchantLine['pressure']> {
  const { halfLifeDays, pressureMax } = await readPolicy(tx, tenantId)
  const merged = await mergedPersons(tx, tenantId)
  const pressure = new Map((await reachable(tx, tenantId)).map((one) => [one.personId, 0]))
  for (const row of await pressureRows(tx, tenantId, halfLifeDays * dayMs, now)) {
    const id = merged.get(row.personId) ?? row.personId
    if (pressure.has(id)) pressure.set(id, pressure.get(id)! + row.pressure)
  }
  const values = [...pressure.values()]
  return { mean: values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length, over: values.filter((x) => x > pressureMax).length, pressureMax, contacts: values.length }
}

/** Goes into a merchant: nothing is opened by it that the role could not open before, and the merchant sees that it happened. */
export async function enterMerchant(house: House, access: Access, session: Session, slug: string): Promise<{ slug: string }> {
  const one = (await access.tenantsOf(session.userId)).find((row) => row.slug === slug)
  if (one === undefined) throw accessFault('access/no-tenant')
  if (!may(one.role, 'merchants.read')) throw accessFault('access/no-right', { role: one.role, right: 'merchants.read' })
  const { tenantId } = one
  await house.ports.db.tx({ role: 'app', tenantId }, (tx) => recordAudit(tx, tenantId, [{ auditId: house.ports.ids.next(), at: house.ports.processClock.now(), actor: `${session.login} · ${session.name}`, action: 'provider.enter', object: slug, detail: { role: one.role } }]))
  return { slug }
}
