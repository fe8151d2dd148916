/** What can be done, in words of the console. Default is no. */
export const rights = [
  'chain.read', 'orders.read', 'orders.refund', 'orders.ship', 'orders.export', 'people.read', 'people.personal', 'people.erase', 'connections.read', 'connections.write',
  'blocks.write', 'system.read', 'system.retry', 'audit.read', 'members.write', 'adjustments.write', 'sea.control', 'products.write', 'broadcasts.write', 'broadcasts.approve',
  'plan.approve', 'content.write', 'points.write', 'moderation.decide', 'appeals.decide', 'settings.write', 'tenants.create', 'merchants.read',
] as const
export type Right = (typeof rights)[number]

const readAll: Right[] = ['chain.read', 'orders.read', 'people.read', 'connections.read', 'system.read']
const operator: Right[] = [...readAll, 'orders.refund', 'orders.ship', 'orders.export', 'people.personal', 'adjustments.write', 'system.retry', 'sea.control', 'products.write', 'broadcasts.write', 'broadcasts.approve', 'plan.approve', 'content.write', 'points.write']

/** Roles as data: name in both languages, rights, and the page a role starts on. */
export const roles = {
  // Seeing all merchants belongs to who serves several; an owner sees the own one.
  owner: { zh: '店主', en: 'owner', rights: rights.filter((right) => right !== 'merchants.read') as Right[], start: '/' },
  operator: { zh: '运营', en: 'operator', rights: operator, start: '/' },
  packer: { zh: '打包发货', en: 'packer', rights: ['orders.read', 'orders.ship'] as Right[], start: '/sell/shipping' },
  'customer-service': { zh: '客服', en: 'customer service', rights: ['orders.read', 'orders.refund', 'people.read', 'people.personal'] as Right[], start: '/sell/aftersales' },
  moderator: { zh: '审核', en: 'moderator', rights: ['people.read', 'moderation.decide', 'appeals.decide'] as Right[], start: '/restrain/moderation' },
  author: { zh: '作者', en: 'author', rights: ['content.write'] as Right[], start: '/retain/content' },
  viewer: { zh: '只看', en: 'viewer', rights: readAll, start: '/' },
  'provider-staff': { zh: '服务商', en: 'provider staff', rights: [...readAll, 'connections.write', 'blocks.write', 'system.retry', 'sea.control', 'merchants.read', 'appeals.decide'] as Right[], start: '/merchants' },
} as const satisfies Record<string, { zh: string; en: string; rights: readonly Right[]; start: string }>
export type Role = keyof typeof roles

export function may(role: string, right: Right): boolean {
  return Object.hasOwn(roles, role) && (roles[role as Role].rights as readonly Right[]).includes(right)
}
