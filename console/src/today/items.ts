import type { Counts } from '../retain/broadcasts.tsx'
import type { Stock } from '../sell/stock.tsx'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import type { OrderPage, SystemState } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'
import type { Stage } from '../ui/tokens.ts'

/** One thing to do: what, why, how long, one act (at once, or where it is done) and the place to look. */
export type Todo = { key: string; stage: Stage | 'danger'; what: string; note: string; worth?: { value: number; low: number; high: number }; minutes: number; act?: { label: string; go: (done: (words: string, undo?: () => void) => void, failed: (error: Error) => void) => void }; look: string }
type Plan = { plan: { planId: string; status: string; summary: { left: number; messages: number; persons: number; valueFen: number; lowFen: number; highFen: number } } | null }
type Task = { taskId: string; staff: string; campaign: string; targets: number; state: string; createdAt: number; reminders: number }
type Waiting = { now: number; cases: number; grave: number; oldest: number | null; appeals: number; appealsLate: number; tickets: number; ticketsLate: number }
type Removals = { total: number; rows: Array<{ state: string | null }> }
const taskLifeMs = 7 * 86_400_000

/** Everything that waits for a person, most pressing first: parcels and tasks have deadlines, then stock, the plan, what failed, the work list of removals. */
export function useTodos(): { todos: Todo[]; ready: boolean } {
  const { t, f, language } = useWords()
  const { may, on } = useSession()
  const now = useNow()
  const every = { every: 15_000 }
  const ship = useGet<OrderPage>('/orders', { status: 'to_ship', pageSize: 1 }, { ...every, enabled: may('orders.read') })
  const plan = useGet<Plan>('/plan', { page: 1, pageSize: 1 }, { ...every, enabled: may('chain.read') && on('dosage') })
  const tasks = useGet<{ rows: Task[] }>('/send-tasks', {}, { ...every, enabled: may('people.read') && on('contacts') })
  const broadcasts = useGet<{ rows: Array<{ broadcastId: string; name: string; status: string; heldUntil: number | null; counts: Counts }> }>('/broadcasts', {}, { ...every, enabled: may('people.read') && on('broadcasts') })
  const stock = useGet<Stock>('/stock', {}, { ...every, enabled: may('orders.read') })
  const system = useGet<SystemState>('/system', {}, { ...every, enabled: may('system.read') })
  const removals = useGet<Removals>('/removals', {}, { ...every, enabled: may('people.read') && on('dosage') })
  const conduct = useGet<Waiting>('/moderation/waiting', {}, { ...every, enabled: may('appeals.decide') && on('community') })
  const approve = useSend<string>('POST', () => '/plan/approve', { refresh: ['/plan'], body: (planId) => ({ planId }) })
  const undo = useSend<string>('POST', () => '/plan/undo', { refresh: ['/plan'], body: (planId) => ({ planId }) })
  const remind = useSend<string, { reminded: number }>('POST', (id) => `/broadcasts/${id}/remind`, { refresh: ['/broadcasts', '/send-tasks'], body: () => ({}) })
  const move = useSend<{ sku: string; from: string; to: string; quantity: number }>('POST', ({ sku }) => `/stock/${sku}/move`, { refresh: ['/stock'], body: ({ sku: _sku, ...wish }) => wish })

  const todos: Todo[] = []
  const parcels = ship.data?.total ?? 0
  if (parcels > 0) todos.push({ key: 'ship', stage: 'sell', what: t('today.ship', { n: f.count(parcels) }), note: t('today.shipNote'), minutes: Math.ceil(parcels * 1.3), look: '/sell/orders?status=to_ship' })

  const waits = conduct.data
  if (waits && waits.appeals > 0) todos.push({ key: 'appeals', stage: waits.appealsLate > 0 ? 'danger' : 'restrain', what: t('today.appeals', { n: f.count(waits.appeals) }), note: waits.appealsLate > 0 ? t('today.late', { n: f.count(waits.appealsLate) }) : t('today.appealsNote'), minutes: waits.appeals * 4, look: '/restrain/moderation?view=appeals' })
  if (waits && waits.cases > 0 && may('moderation.decide')) todos.push({ key: 'moderation', stage: 'restrain', what: t('today.cases', { n: f.count(waits.cases) }), note: t('today.casesNote', { since: f.duration(Math.max(0, waits.now - (waits.oldest ?? waits.now)), language), grave: f.count(waits.grave) }), minutes: Math.ceil(waits.cases / 3), look: '/restrain/moderation' })
  if (waits && waits.tickets > 0 && may('moderation.decide')) todos.push({ key: 'tickets', stage: waits.ticketsLate > 0 ? 'danger' : 'restrain', what: t('today.tickets', { n: f.count(waits.tickets) }), note: waits.ticketsLate > 0 ? t('today.late', { n: f.count(waits.ticketsLate) }) : t('today.ticketsNote'), minutes: waits.tickets * 3, look: '/restrain/moderation?view=tickets' })

  const byCampaign = new Map<string, Task[]>()
  for (const task of tasks.data?.rows ?? []) if (task.state === 'waiting') byCampaign.set(task.campaign, [...(byCampaign.get(task.campaign) ?? []), task])
  for (const [campaign, waiting] of byCampaign) {
    const people = waiting.reduce((sum, task) => sum + task.targets, 0)
    const first = Math.min(...waiting.map((task) => task.createdAt))
    const [kind, id] = campaign.split('/')
    const staff = new Set(waiting.map((task) => task.staff))
    const who = staff.size === 1 ? t('today.one', { name: waiting[0].staff }) : t('today.colleagues', { n: staff.size })
    const name = kind === 'broadcast' ? broadcasts.data?.rows.find((row) => row.broadcastId === id)?.name : undefined
    todos.push({
      key: `task/${campaign}`, stage: 'retain', what: t('today.remind', { who, n: f.count(people) }), note: t('today.remindNote', { what: name ?? t(kind === 'plan' ? 'channel.plan' : kind === 'journey' ? 'channel.journey' : 'channel.broadcast'), ago: f.duration(Math.max(0, now - first), language), left: f.duration(Math.max(0, first + taskLifeMs - now), language) }), minutes: 1,
      look: kind === 'broadcast' ? `/retain/broadcasts/${id}` : kind === 'journey' ? '/retain/journeys' : '/restrain/plan',
      ...(kind === 'broadcast' && may('broadcasts.write') && waiting.some((task) => task.reminders < 3) ? { act: { label: t('today.remindGo'), go: (done, failed) => remind.mutate(id, { onSuccess: ({ reminded }) => done(t('broadcast.reminded', { n: reminded })), onError: failed }) } } : {}),
    })
  }
  for (const row of (stock.data?.rows ?? []).filter((one) => one.suggestion !== null)) {
    const wish = row.suggestion!
    todos.push({
      key: `stock/${row.skuId}`, stage: 'sell', what: t('today.stock', { title: row.title, place: t(`place.${wish.to}`), n: f.count(row[wish.to]) }), note: t('today.stockNote', { n: row.perDay[wish.to].toFixed(1), hours: Math.round(wish.daysLeft * 24) }), minutes: 1, look: `/sell/stock/${row.skuId}`,
      ...(may('products.write') ? { act: { label: t('stock.suggest', { n: f.count(wish.quantity), to: t(`place.${wish.to}`) }), go: (done, failed) => move.mutate({ sku: row.skuId, from: wish.from, to: wish.to, quantity: wish.quantity }, { onSuccess: () => done(t('stock.moved')), onError: failed }) } } : {}),
    })
  }
  const alarms = stock.data?.alarms ?? []
  if (alarms.length > 0) todos.push({ key: 'alarms', stage: 'danger', what: t('today.alarms', { n: alarms.length }), note: t('today.alarmsNote'), minutes: alarms.length * 3, look: alarms.length === 1 ? `/sell/stock/${alarms[0].skuId}` : '/sell/stock' })

  const draft = plan.data?.plan
  if (draft && draft.status === 'draft' && draft.summary.messages > 0) {
    todos.push({
      key: `plan/${draft.planId}`, stage: 'restrain', what: t('today.plan', { persons: f.count(draft.summary.persons), messages: f.count(draft.summary.messages) }), note: t('today.planNote', { left: f.count(draft.summary.left) }), minutes: 3, look: '/restrain/plan', worth: { value: draft.summary.valueFen, low: draft.summary.lowFen, high: draft.summary.highFen },
      ...(may('plan.approve') ? { act: { label: t('today.planGo'), go: (done, failed) => approve.mutate(draft.planId, { onSuccess: () => done(t('plan.done'), () => undo.mutate(draft.planId, { onError: failed })), onError: failed }) } } : {}),
    })
  }
  const failed = system.data ? system.data.failures.facts.length + system.data.failures.rings.length + system.data.failures.calls.length : 0
  if (failed > 0) todos.push({ key: 'failures', stage: 'danger', what: t('today.failures', { n: failed }), note: t('today.failuresNote'), minutes: failed * 2, look: '/settings/system' })
  const open = (removals.data?.rows ?? []).filter((row) => row.state === null).length
  if (open > 0) todos.push({ key: 'removals', stage: 'restrain', what: t('today.removals', { n: open }), note: t('today.removalsNote'), minutes: Math.max(1, Math.ceil(open / 2)), look: '/restrain/removals' })

  const asked = [ship, plan, tasks, broadcasts, stock, system, removals]
  return { todos, ready: asked.every((query) => query.data !== undefined || query.error !== null || query.fetchStatus === 'idle') }
}
