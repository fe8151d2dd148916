import { useState, type ReactNode } from 'react'
import { Button, DatePicker, Popover } from 'antd'
import dayjs from 'dayjs'
import { useNavigate } from 'react-router'
import { Card, Chip, DataTable, ErrorBlock, Filters, Money, PageHead, Permitted, PersonChip, ShortId, StateBlock, TextLink, useFilter, When, type Column } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import type { Order, OrderPage, OrderStatus } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'
import { sourceName } from '../voyage/flow.tsx'

export const statuses: OrderStatus[] = ['unpaid', 'to_ship', 'part_shipped', 'to_receive', 'completed', 'cancelled', 'refunded']
export const statusTone: Record<OrderStatus, string> = { unpaid: 'hollow', to_ship: 'sell', part_shipped: 'sell', to_receive: '', completed: 'hollow', cancelled: 'hollow', refunded: 'hollow' }
const pageSize = 50

/** 成交 › 订单: what must be shipped; every order, filtered. */
export function Orders(): ReactNode {
  const { t, f } = useWords()
  const { may, url, on } = useSession()
  const go = useNavigate()
  const filter = useFilter()
  const asked = { search: filter.get('search'), status: filter.get('status'), shelf: filter.get('shelf'), from: filter.get('from'), to: filter.get('to'), unknown: filter.get('unknown'), person: filter.get('person') }
  const query = useGet<OrderPage>('/orders', { ...asked, page: filter.page, pageSize })
  const all = useGet<OrderPage>('/orders', { pageSize: 1 }, { every: 10_000 })
  const toShip = useGet<OrderPage>('/orders', { status: 'to_ship', pageSize: 1 }, { every: 10_000 })
  const peek = useGet<OrderPage>('/orders', { ...asked, page: 1, pageSize: 1 }, { every: 10_000 })
  const [opened, setOpened] = useState<string>()
  const filtered = Object.values(asked).some((value) => value !== undefined)
  const data = query.data
  const fresh = data && peek.data && filter.page === 1 && !query.isPlaceholderData && !peek.isPlaceholderData ? Math.max(0, peek.data.total - data.total) : 0

  const sentence = filtered
    ? data && t('orders.sentenceFiltered', { total: `${f.count(data.total)}${data.atLeast ? '+' : ''}`, paid: f.moneySaid(data.paidFen) })
    : all.data && toShip.data && (toShip.data.total > 0 ? t('orders.sentence', { n: f.count(toShip.data.total), total: `${f.count(all.data.total)}${all.data.atLeast ? '+' : ''}`, paid: f.moneySaid(all.data.paidFen) }) : t('orders.sentenceClear', { total: `${f.count(all.data.total)}${all.data.atLeast ? '+' : ''}`, paid: f.moneySaid(all.data.paidFen) }))
  const statusOptions = statuses.map((key) => ({ key, label: t(`status.${key}`) }))
  const shelfOptions = (['shop', 'mall'] as const).map((key) => ({ key, label: t(`shelf.${key}`) }))
  const dates = asked.from || asked.to ? `${asked.from ?? '…'} – ${asked.to ?? '…'}` : undefined
  const lastChip = asked.search ?? (asked.status && t(`status.${asked.status as OrderStatus}`)) ?? dates ?? (asked.unknown ? t('orders.chip.unknown') : undefined) ?? (asked.shelf && t(`shelf.${asked.shelf as 'shop'}`)) ?? ''
  const title = (row: Order): string => (row.lineCount > 1 ? t('orders.moreLines', { title: row.firstTitle ?? '', n: row.lineCount, more: row.lineCount - 1 }) : (row.firstTitle ?? row.orderId))
  const link = (row: Order): string => `/sell/orders/${row.shelf}/${row.orderId}`
  const showShelf = on('mall') && on('shop')
  const columns: Column<Order>[] = [
    { key: 'order', title: t('orders.col.order'), cell: (row) => <span className="ellipsis"><TextLink quiet to={link(row)}>{title(row)}</TextLink></span> },
    { key: 'id', title: t('orders.col.id'), cell: (row) => <ShortId id={row.orderId} /> },
    ...(showShelf ? [{ key: 'shelf', title: t('orders.col.shelf'), cell: (row: Order) => t(`shelf.${row.shelf}`) }] : []),
    { key: 'status', title: t('orders.col.status'), cell: (row) => <span className={`tag ${statusTone[row.status]}`}>{t(`status.${row.status}`)}</span> },
    { key: 'buyer', title: t('orders.col.buyer'), cell: (row) => <PersonChip personId={row.personId} unknown={row.buyerUnknown} link={may('people.read')} /> },
    { key: 'source', title: t('orders.col.source'), optional: true, cell: (row) => sourceName(String(row.source.scene ?? 'unknown'), t) },
    { key: 'placed', title: t('orders.col.placed'), width: 118, cell: (row) => <When at={row.placedAt} /> },
    { key: 'refunded', title: t('orders.col.refunded'), right: true, cell: (row) => (row.refundedFen === 0 ? <span className="third">0</span> : <Money fen={row.refundedFen} />) },
    { key: 'paid', title: t('orders.col.paid'), right: true, cell: (row) => (row.paidAt === null ? <span className="third" title={t('order.notPaid')}>—</span> : <Money fen={row.paidFen} />) },
  ]
  if (query.error && !data) return <ErrorBlock error={query.error} retry={() => void query.refetch()} />
  return (
    <>
      <PageHead
        kicker={filtered ? t('orders.kickerFiltered') : t('orders.kicker')} sentence={sentence || '\u00a0'} why={all.data ? t('orders.why', { refunded: f.moneySaid((filtered ? data ?? all.data : all.data).refundedFen), net: f.moneySaid((filtered ? data ?? all.data : all.data).paidFen - (filtered ? data ?? all.data : all.data).refundedFen) }) : '\u00a0'}
        actions={<Permitted allowed={may('orders.export')} who={t('orders.exportOwner')}>{(disabled) => <Button type="primary" disabled={disabled || data?.total === 0} href={disabled || data?.total === 0 ? undefined : url('/orders.csv', asked)}>{t('orders.export')}</Button>}</Permitted>}
      />
      <Filters search={{ value: asked.search, hint: t('orders.search'), set: (search) => filter.set({ search }) }} onClear={filtered ? () => filter.clear() : undefined} end={fresh > 0 ? <button type="button" className="chip on" onClick={() => void query.refetch()}>{t('kit.newRows', { n: f.count(fresh) })}</button> : undefined}>
        <Chip label={t('orders.chip.status')} value={asked.status} options={statusOptions} onPick={(status) => filter.set({ status })} />
        {showShelf && <Chip label={t('orders.chip.shelf')} value={asked.shelf} options={shelfOptions} onPick={(shelf) => filter.set({ shelf })} />}
        <Popover trigger="click" open={opened === 'dates'} onOpenChange={(open) => setOpened(open ? 'dates' : undefined)} content={
          <div className="row wrap">
            <DatePicker placeholder={t('orders.from')} value={asked.from ? dayjs(asked.from) : null} onChange={(value) => filter.set({ from: value?.format('YYYY-MM-DD') })} />
            <DatePicker placeholder={t('orders.to')} value={asked.to ? dayjs(asked.to) : null} onChange={(value) => filter.set({ to: value?.format('YYYY-MM-DD') })} />
          </div>
        }><span><Chip label={t('orders.chip.dates')} on={dates !== undefined} onClear={() => filter.set({ from: undefined, to: undefined })}>{dates ?? t('orders.chip.dates')}</Chip></span></Popover>
        <Chip label={t('orders.chip.unknown')} on={asked.unknown !== undefined} onClick={() => filter.set({ unknown: asked.unknown ? undefined : 'true' })} />
        {asked.person && <Chip label="" on onClear={() => filter.set({ person: undefined })}>{t('orders.chip.person', { id: f.shortId(asked.person) })}</Chip>}
      </Filters>
      <Card flush>
        <DataTable<Order>
          name="orders" columns={columns} rows={data?.rows} rowKey={(row) => `${row.shelf}/${row.orderId}`} to={link} stale={query.isPlaceholderData}
          page={data && { page: filter.page, size: pageSize, total: data.total, go: (page) => filter.set({ page: page === 1 ? undefined : String(page) }) }}
          phone={(row) => ({ title: title(row), right: row.paidAt === null ? '—' : <Money fen={row.paidFen} />, line: <span className="row"><span className={`tag ${statusTone[row.status]}`}>{t(`status.${row.status}`)}</span><span>{row.buyerUnknown ? t('kit.unknownPerson') : <span className="mono">{f.shortId(row.personId)}</span>}</span></span>, lineRight: <When at={row.placedAt} /> })}
          empty={filtered
            ? <StateBlock title={t('orders.noMatch')} what={t('orders.noMatchWhat', { chip: lastChip })} actions={<Button onClick={() => filter.clear()}>{t('kit.clear')}</Button>} />
            : <StateBlock title={t('orders.empty')} what={t('orders.emptyWhat')} actions={may('connections.read') && <Button onClick={() => void go('/settings/connections')}>{t('orders.emptyAct')}</Button>} />}
        />
      </Card>
    </>
  )
}
