import { useEffect, type ReactNode } from 'react'
import { Button } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from 'react-router'
import { Card, DataTable, FactLine, Icon, Loaded, Money, PageHead, PersonChip, ShortId, TextLink, When, type FactItem } from '../kit/index.ts'
import { singleKey } from '../lib/keys.ts'
import { useGet, useSession } from '../lib/session.tsx'
import type { Fact, Order, OrderDetail, OrderPage as Page, Refund } from '../lib/types.ts'
import { useWords, type Words } from '../lib/words.tsx'
import { text, type TextKey } from '../text/index.ts'
import { sourceName } from '../voyage/flow.tsx'

const has = (key: string): key is TextKey => key in text

/** What one fact says, in words. */
export function factWords(fact: Pick<Fact, 'kind' | 'detail'>, { t, f }: Words): string {
  const money = f.money(Number(fact.detail?.amountFen ?? fact.detail?.paidFen ?? 0))
  const scene = (fact.detail?.source as { scene?: number } | undefined)?.scene
  if (fact.kind === 'placed' && scene !== undefined) return t('fact.placedFrom', { source: sourceName(String(scene), t) })
  const key = `fact.${fact.kind}`
  return has(key) ? t(key, { money }) : t('fact.other', { kind: fact.kind })
}

function awaited(order: Order): TextKey | undefined {
  if (order.cancelledAt !== null || order.status === 'cancelled' || order.status === 'refunded' || order.settledAt !== null) return undefined
  if (order.paidAt === null) return 'fact.waitPay'
  if (order.shippedAt === null) return 'fact.waitShip'
  return order.completedAt === null ? 'fact.waitReceive' : 'fact.waitSettle'
}

/** One order: what it is now, its facts in order, its money. */
export function OrderPage(): ReactNode {
  const { shelf = 'shop', orderId = '' } = useParams()
  const query = useGet<OrderDetail>(`/orders/${shelf}/${orderId}`, {}, { every: 10_000 })
  return <Loaded query={query}>{(detail) => <Detail {...detail} />}</Loaded>
}

function Detail({ order, lines, refunds, facts }: OrderDetail): ReactNode {
  const words = useWords()
  const { t, f, language } = words
  const { may } = useSession()
  const go = useNavigate()
  const { previous, next } = useNeighbours(order)
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = singleKey(event)
      const to = key === '[' ? previous : key === ']' ? next : undefined
      if (to) void go(to, { replace: true })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [previous, next, go])
  const items: FactItem[] = facts.map((fact) => {
    const late = fact.recordedAt - fact.occurredAt
    const key = `cause.${fact.cause}`
    return {
      key: fact.factId, at: fact.occurredAt, words: factWords(fact, words), kind: fact.kind === 'late-read' ? 'ignored' : fact.kind.startsWith('refund') ? 'refund' : 'fact', raw: fact,
      by: <span>{has(key) ? t(key) : fact.cause}{late >= 60_000 && <> · {t('fact.recorded', { lag: f.duration(late, language) })}</>}</span>,
    }
  })
  const waits = awaited(order)
  if (waits) items.push({ key: 'wait', at: null, words: t(waits), kind: 'wait' })
  const difference = order.paidFen - (order.goodsFen + order.freightFen - order.discountFen)
  return (
    <>
      <PageHead
        kicker={<><TextLink quiet to="/sell/orders">{t('order.back')}</TextLink> · {t(`shelf.${order.shelf}`)} <ShortId id={order.orderId} /></>}
        sentence={t('order.sentence', { who: order.buyerUnknown ? t('order.whoUnknown') : t('order.whoKnown'), pieces: f.count(pieces), paid: order.paidAt === null ? t('order.notPaid') : t('order.paidSaid', { money: f.money(order.paidFen) }), state: t(`order.state.${order.status}`) })}
        why={order.refundedFen > 0 ? t('order.refundedSaid', { money: f.money(order.refundedFen), net: f.money(order.paidFen - order.refundedFen) }) : t('order.nothingRefunded')}
        actions={(previous || next) && <><Button disabled={!previous} onClick={() => previous && void go(previous, { replace: true })} icon={<Icon name="left" size={16} />}>{t('order.previous')}</Button><Button disabled={!next} onClick={() => next && void go(next, { replace: true })}>{t('order.next')}<Icon name="right" size={16} /></Button></>}
      />
      <div className="cards">
        <Card span={7} title={t('order.facts')}><FactLine items={items} /></Card>
        <Card span={5} title={t('order.this')} unit={<When at={order.placedAt} as="date" />}>
          <dl className="defs">
            {lines.map((line) => (
              <span key={line.lineNo} style={{ display: 'contents' }}>
                <dt><span style={{ color: 'var(--ink)' }}>{line.title}</span> <span className="second nowrap">{t('order.unit', { price: f.money(line.unitFen), n: line.quantity })}{line.refundedQuantity > 0 && <> · {t('order.refundedPieces', { n: line.refundedQuantity })}</>}</span></dt>
                <dd><Money fen={line.unitFen * line.quantity} /></dd>
              </span>
            ))}
            {order.freightFen !== 0 && <><dt>{t('order.freight')}</dt><dd><Money fen={order.freightFen} /></dd></>}
            {order.discountFen !== 0 && <><dt>{t('order.discount')}</dt><dd><Money fen={-order.discountFen} /></dd></>}
            {order.paidAt !== null && difference !== 0 && <><dt>{t('order.otherDifference')}</dt><dd><Money fen={difference} /></dd></>}
            <div className="rule" />
            <dt className="sum">{t('order.received')}</dt><dd className="sum" data-figure="paid"><Money fen={order.paidAt === null ? 0 : order.paidFen} /></dd>
            {order.refundedFen !== 0 && <><dt>{t('order.refunded')}</dt><dd><Money fen={-order.refundedFen} /></dd><dt className="sum">{t('order.net')}</dt><dd className="sum"><Money fen={order.paidFen - order.refundedFen} /></dd></>}
            <div className="rule" />
            <dt>{t('order.customer')}</dt><dd><PersonChip personId={order.personId} unknown={order.buyerUnknown} link={may('people.read')} /></dd>
            <dt>{t('order.source')}</dt><dd>{sourceName(String(order.source.scene ?? 'unknown'), t)}</dd>
          </dl>
        </Card>
        {refunds.length > 0 && (
          <Card flush title={t('order.refunds')}>
            <DataTable<Refund>
              name="refunds" rows={refunds} rowKey={(row) => row.refundId} empty={null}
              columns={[
                { key: 'reason', title: t('refund.col.reason'), cell: (row) => row.reason || '—' }, { key: 'when', title: t('refund.col.when'), cell: (row) => <When at={row.requestedAt} /> },
                { key: 'state', title: t('refund.col.state'), cell: (row) => refundState(row.status, words) }, { key: 'pieces', title: t('refund.col.pieces'), right: true, cell: (row) => f.count(row.quantity) }, { key: 'amount', title: t('refund.col.amount'), right: true, cell: (row) => <Money fen={row.amountFen} /> },
              ]}
              phone={(row) => ({ title: row.reason || '—', right: <Money fen={row.amountFen} />, line: refundState(row.status, words), lineRight: <When at={row.requestedAt} /> })}
            />
          </Card>
        )}
      </div>
    </>
  )
}
function refundState(status: string, { t }: Words): string {
  const key = `refund.state.${status}`
  return has(key) ? t(key) : status
}

/** Neighbours in the list that was open last. */
function useNeighbours(order: Order): { previous?: string; next?: string } {
  const client = useQueryClient()
  const { tenant } = useSession()
  for (const [, page] of client.getQueriesData<Page>({ queryKey: [tenant.slug, '/orders'] })) {
    const at = page?.rows?.findIndex((row) => row.orderId === order.orderId && row.shelf === order.shelf) ?? -1
    if (at < 0 || page!.rows.length < 2) continue
    const link = (row: Order | undefined): string | undefined => row && `/sell/orders/${row.shelf}/${row.orderId}`
    return { previous: link(page!.rows[at - 1]), next: link(page!.rows[at + 1]) }
  }
  return {}
}
