import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { IconName } from './kit/icons.tsx'
import type { BlockKey, Membership, Right } from './lib/types.ts'
import type { TextKey } from './text/index.ts'

/**
 * The table of pages: adding one is one row here and its words in the table of its stage. Rail, tabs, search, permission and blocks all read this
 * table. A page without the right or with its block off is not in the menu; opened by its address it says why.
 */
export type StageKey = 'merchants' | 'voyage' | 'today' | 'acquire' | 'sell' | 'retain' | 'restrain' | 'learn' | 'settings'
export type Page = {
  /** Pattern of the router, from `/`. */
  path: string
  stage: StageKey
  /** Name in tabs and search. */
  name: TextKey
  /** Detail pages have no tab; `under` is the path of the tab that stays lit. */
  under?: string
  right: Right
  block?: BlockKey
  component: LazyExoticComponent<ComponentType>
}

/** Rail entries in order; `key` follows `g` on the keyboard. An entry shows when at least one page of it does. */
export const stages: ReadonlyArray<{ stage: StageKey; icon: IconName; key: string; colour?: 'acquire' | 'sell' | 'retain' | 'restrain' | 'learn' }> = [
  { stage: 'merchants', icon: 'merchants', key: 'm' },
  { stage: 'voyage', icon: 'boat', key: 'h' },
  { stage: 'today', icon: 'list', key: 't' },
  { stage: 'acquire', icon: 'arrowIn', key: 'a', colour: 'acquire' },
  { stage: 'sell', icon: 'bag', key: 's', colour: 'sell' },
  { stage: 'retain', icon: 'turning', key: 'r', colour: 'retain' },
  { stage: 'restrain', icon: 'balance', key: 'd', colour: 'restrain' },
  { stage: 'learn', icon: 'flag', key: 'l', colour: 'learn' },
  { stage: 'settings', icon: 'gear', key: ',' },
]

const page = (load: () => Promise<ComponentType>): LazyExoticComponent<ComponentType> => lazy(async () => ({ default: await load() }))

export const pages: readonly Page[] = [
  { path: '/merchants', stage: 'merchants', name: 'stage.merchants', right: 'merchants.read', component: page(async () => (await import('./provider/merchants.tsx')).MerchantsPage) },
  { path: '/', stage: 'voyage', name: 'stage.voyage', right: 'chain.read', component: page(async () => (await import('./voyage/voyage.tsx')).Voyage) },
  { path: '/today', stage: 'today', name: 'stage.today', right: 'chain.read', component: page(async () => (await import('./today/today.tsx')).Today) },
  { path: '/acquire/sources', stage: 'acquire', name: 'acquire.sources', right: 'chain.read', component: page(async () => (await import('./acquire/sources.tsx')).Sources) },
  { path: '/acquire/codes', stage: 'acquire', name: 'acquire.codes', right: 'people.read', block: 'codes', component: page(async () => (await import('./acquire/codes.tsx')).CodesPage) },
  { path: '/acquire/credit', stage: 'acquire', name: 'acquire.credit', right: 'chain.read', block: 'codes', component: page(async () => (await import('./acquire/credit.tsx')).CreditPage) },
  { path: '/acquire/live', stage: 'acquire', name: 'acquire.live', right: 'chain.read', block: 'live', component: page(async () => (await import('./acquire/live.tsx')).LivePage) },
  { path: '/acquire/referrals', stage: 'acquire', name: 'acquire.referrals', right: 'people.read', block: 'mall', component: page(async () => (await import('./acquire/referrals.tsx')).ReferralsPage) },
  { path: '/sell/orders', stage: 'sell', name: 'sell.orders', right: 'orders.read', component: page(async () => (await import('./sell/orders.tsx')).Orders) },
  { path: '/sell/orders/:shelf/:orderId', stage: 'sell', name: 'sell.orders', under: '/sell/orders', right: 'orders.read', component: page(async () => (await import('./sell/order.tsx')).OrderPage) },
  { path: '/sell/shipping', stage: 'sell', name: 'sell.shipping', right: 'orders.read', component: page(async () => (await import('./sell/shipping.tsx')).ShippingPage) },
  { path: '/sell/aftersales', stage: 'sell', name: 'sell.aftersales', right: 'orders.read', component: page(async () => (await import('./sell/aftersales.tsx')).AftersalesPage) },
  { path: '/sell/products', stage: 'sell', name: 'sell.products', right: 'orders.read', component: page(async () => (await import('./sell/products.tsx')).ProductsPage) },
  { path: '/sell/stock', stage: 'sell', name: 'sell.stock', right: 'orders.read', component: page(async () => (await import('./sell/stock.tsx')).StockPage) },
  { path: '/sell/stock/:sku', stage: 'sell', name: 'sell.stock', under: '/sell/stock', right: 'orders.read', component: page(async () => (await import('./sell/sku.tsx')).SkuPage) },
  { path: '/sell/reconciliation', stage: 'sell', name: 'sell.reconciliation', right: 'orders.read', component: page(async () => (await import('./sell/reconciliation.tsx')).ReconciliationPage) },
  { path: '/sell/coupons', stage: 'sell', name: 'sell.coupons', right: 'orders.read', block: 'mall', component: page(async () => (await import('./sell/coupons.tsx')).CouponsPage) },
  { path: '/retain/people', stage: 'retain', name: 'retain.people', right: 'people.read', component: page(async () => (await import('./retain/people.tsx')).People) },
  { path: '/retain/people/:personId', stage: 'retain', name: 'retain.people', under: '/retain/people', right: 'people.read', component: page(async () => (await import('./retain/person.tsx')).PersonPage) },
  { path: '/retain/broadcasts', stage: 'retain', name: 'retain.broadcasts', right: 'people.read', block: 'broadcasts', component: page(async () => (await import('./retain/broadcasts.tsx')).BroadcastsPage) },
  { path: '/retain/broadcasts/:broadcastId', stage: 'retain', name: 'retain.broadcasts', under: '/retain/broadcasts', right: 'people.read', block: 'broadcasts', component: page(async () => (await import('./retain/broadcast.tsx')).BroadcastPage) },
  { path: '/retain/journeys', stage: 'retain', name: 'retain.journeys', right: 'people.read', block: 'journeys', component: page(async () => (await import('./retain/journeys.tsx')).JourneysPage) },
  { path: '/retain/points', stage: 'retain', name: 'retain.points', right: 'people.read', block: 'points', component: page(async () => (await import('./retain/points.tsx')).PointsPage) },
  { path: '/retain/offers', stage: 'retain', name: 'retain.offers', right: 'people.read', block: 'points', component: page(async () => (await import('./retain/offers.tsx')).OffersPage) },
  { path: '/retain/content', stage: 'retain', name: 'retain.content', right: 'content.write', block: 'community', component: page(async () => (await import('./retain/articles.tsx')).ArticlesPage) },
  { path: '/retain/content/:articleId', stage: 'retain', name: 'retain.content', under: '/retain/content', right: 'content.write', block: 'community', component: page(async () => (await import('./retain/article.tsx')).ArticlePage) },
  { path: '/retain/comments', stage: 'retain', name: 'retain.comments', right: 'content.write', block: 'community', component: page(async () => (await import('./retain/comments.tsx')).CommentsPage) },
  { path: '/retain/media', stage: 'retain', name: 'retain.media', right: 'content.write', block: 'community', component: page(async () => (await import('./retain/media.tsx')).MediaPage) },
  { path: '/retain/paid', stage: 'retain', name: 'retain.paid', right: 'content.write', block: 'community', component: page(async () => (await import('./retain/paid.tsx')).PaidPage) },
  { path: '/restrain/dosage', stage: 'restrain', name: 'restrain.dosage', right: 'chain.read', block: 'dosage', component: page(async () => (await import('./restrain/dosage.tsx')).DosagePage) },
  { path: '/restrain/plan', stage: 'restrain', name: 'restrain.plan', right: 'chain.read', block: 'dosage', component: page(async () => (await import('./restrain/plan.tsx')).PlanPage) },
  { path: '/restrain/pressure', stage: 'restrain', name: 'restrain.pressure', right: 'chain.read', block: 'dosage', component: page(async () => (await import('./restrain/pressure.tsx')).PressurePage) },
  { path: '/restrain/losses', stage: 'restrain', name: 'restrain.losses', right: 'people.read', block: 'contacts', component: page(async () => (await import('./restrain/losses.tsx')).LossesPage) },
  { path: '/restrain/capacity', stage: 'restrain', name: 'restrain.capacity', right: 'people.read', block: 'dosage', component: page(async () => (await import('./restrain/capacity.tsx')).CapacityPage) },
  { path: '/restrain/removals', stage: 'restrain', name: 'restrain.removals', right: 'people.read', block: 'dosage', component: page(async () => (await import('./restrain/capacity.tsx')).RemovalsPage) },
  { path: '/restrain/moderation', stage: 'restrain', name: 'restrain.moderation', right: 'appeals.decide', block: 'community', component: page(async () => (await import('./restrain/moderation.tsx')).ModerationPage) },
  { path: '/learn/light', stage: 'learn', name: 'learn.light', right: 'chain.read', component: page(async () => (await import('./learn/light.tsx')).LightPage) },
  { path: '/learn/case', stage: 'learn', name: 'learn.case', right: 'chain.read', block: 'cases', component: page(async () => (await import('./learn/case.tsx')).CasePage) },
  { path: '/learn/playbooks', stage: 'learn', name: 'learn.playbooks', right: 'chain.read', block: 'cases', component: page(async () => (await import('./learn/playbooks.tsx')).PlaybooksPage) },
  { path: '/learn/courses', stage: 'learn', name: 'learn.courses', right: 'chain.read', block: 'community', component: page(async () => (await import('./learn/courses.tsx')).CoursesPage) },
  { path: '/settings/connections', stage: 'settings', name: 'settings.connections', right: 'connections.read', component: page(async () => (await import('./settings/connections.tsx')).ConnectionsPage) },
  { path: '/settings/blocks', stage: 'settings', name: 'settings.blocks', right: 'chain.read', component: page(async () => (await import('./settings/blocks.tsx')).Blocks) },
  { path: '/settings/members', stage: 'settings', name: 'settings.members', right: 'connections.read', component: page(async () => (await import('./settings/members.tsx')).MembersPage) },
  { path: '/settings/system', stage: 'settings', name: 'settings.system', right: 'system.read', component: page(async () => (await import('./settings/system.tsx')).System) },
  { path: '/settings/audit', stage: 'settings', name: 'settings.audit', right: 'audit.read', component: page(async () => (await import('./settings/audit.tsx')).Audit) },
]

/** Pages of the menu for this membership: right held, block on, not a detail. */
export function menu(tenant: Membership): Page[] {
  return pages.filter((row) => row.under === undefined && tenant.rights.includes(row.right) && (row.block === undefined || tenant.blocks.includes(row.block)))
}
export function rail(tenant: Membership): Array<(typeof stages)[number] & { to: string }> {
  const shown = menu(tenant)
  return stages.flatMap((stage) => {
    const first = shown.find((row) => row.stage === stage.stage)
    return first ? [{ ...stage, to: first.path }] : []
  })
}
