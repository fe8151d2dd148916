import { z } from 'zod'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import type { Divisions } from './divisions.ts'
import { fulfilmentFault } from './errors.ts'
import { methods } from './parcel.ts'
import { addressesOf, putAddress } from './store.ts'

export const addressSchema = z.object({
  method: z.enum(methods).default('express'),
  name: z.string().trim().max(30).default(''),
  phone: z.string().trim().regex(/^(\+?\d[\d-]{5,19})?$/).default(''),
  /** Six digits of GB/T 2260, county level: `nationalCode` of wx.chooseAddress. */
  division: z.string().regex(/^(\d{6})?$/).default(''),
  detail: z.string().trim().max(120).default(''),
})
/** What a buyer's phone sent: a division code, or the names of the picker instead. @throws Fault address/no-division, address/needed */
export function readAddress(input: unknown, divisions: Divisions): Address {
  const { region, ...rest } = z.looseObject({ region: z.string().optional(), division: z.string().optional() }).parse(input)
  const named = rest.division || region === undefined ? undefined : divisions.find(region.split(/\s+/))
  const parsed = addressSchema.safeParse({ ...rest, ...(named === undefined ? {} : { division: named }) })
  if (!parsed.success) throw fulfilmentFault('address/unreadable', { where: String(parsed.error.issues[0].path[0] ?? 'address') })
  if (parsed.data.division === '' && region) throw fulfilmentFault('address/no-division', { found: region.slice(0, 40) })
  checkAddress(parsed.data, divisions)
  return parsed.data
}

export type Address = z.output<typeof addressSchema>

const purpose = (tenantId: number, orderId: string): string => `order address ${tenantId} ${orderId}`

const hidePhone = (phone: string): string => (phone.length < 7 ? '••••' : `${phone.slice(0, 3)}••••${phone.slice(-4)}`)

/** What packers and viewers see: where it goes, whose it is only by a hint. */
export function maskAddress(address: Address, divisions: Divisions): string {
  if (address.method === 'virtual') return '虚拟商品'
  if (address.method === 'pickup') return `自提 ${address.name.slice(0, 1)}** ${hidePhone(address.phone)}`
  return `${(divisions.nameOf(address.division) ?? []).join('')} ${address.name.slice(0, 1)}** ${hidePhone(address.phone)}`
}

/** @throws Fault address/no-division, address/needed */
export function checkAddress(address: Address, divisions: Divisions): void {
  if (address.method === 'virtual' || address.method === 'pickup') return
  if (address.name === '' || address.phone === '' || address.detail === '') throw fulfilmentFault('address/needed')
  if (!divisions.isLeaf(address.division)) throw fulfilmentFault('address/no-division', { found: address.division || '（空）' })
}

/** Kept sealed, apart from the order: it can be forgotten while the order stays. */
export async function saveAddress(tx: Tx, tenantId: number, order: { orderId: string; personId: string }, address: Address, ports: { seal: Seal; divisions: Divisions }, now: Instant): Promise<void> {
  checkAddress(address, ports.divisions)
  await putAddress(tx, tenantId, { orderId: order.orderId, personId: order.personId, method: address.method, division: address.division, sealed: ports.seal.seal(JSON.stringify(address), purpose(tenantId, order.orderId)), masked: maskAddress(address, ports.divisions), savedAt: now })
}

export type OpenedAddress = Address & { region: string[] }

/** Addresses in clear, for labels and for who may see people. */
export async function openAddresses(tx: Tx, tenantId: number, orderIds: readonly string[], ports: { seal: Seal; divisions: Divisions }): Promise<Map<string, OpenedAddress>> {
  const rows = await addressesOf(tx, tenantId, orderIds)
  return new Map(rows.map((row) => {
    const address = JSON.parse(ports.seal.open(row.sealed, purpose(tenantId, row.orderId)).toString('utf8')) as Address
    return [row.orderId, { ...address, region: ports.divisions.nameOf(address.division) ?? [] }]
  }))
}

