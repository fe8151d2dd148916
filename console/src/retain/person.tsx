import { useState, type ReactNode } from 'react'
import { Button, Modal } from 'antd'
import { useNavigate, useParams } from 'react-router'
import { Card, DataTable, Loaded, LostBlock, Money, PageHead, Permitted, ShortId, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import type { Order, OrderPage, Person } from '../lib/types.ts'
import { useWords, type TextKey } from '../lib/words.tsx'
import { statusTone } from '../sell/orders.tsx'
import { text } from '../text/index.ts'
import { Pressed } from './pressed.tsx'

const identityKey = (kind: string): TextKey => (`identity.${kind}` in text ? (`identity.${kind}` as TextKey) : 'identity.other')

/** One person: identities with their evidence, orders, merges. */
export function PersonPage(): ReactNode {
  const { personId = '' } = useParams()
  const { t, f, language } = useWords()
  const query = useGet<Person>(`/people/${personId}`)
  return (
    <Loaded query={query}>
      {(person) => {
        if (person.mergedInto !== null) return <LostBlock title={t('person.gone')} what={t('person.goneWhat')} to={`/retain/people/${person.mergedInto}`} label={t('person.goSee')} />
        if (person.erasedAt !== null) return <LostBlock title={t('person.erased')} what={t('person.erasedWhat', { at: f.dateSaid(person.erasedAt, language, true) })} to="/retain/people" label={t('retain.people')} />
        return <Known person={person} />
      }}
    </Loaded>
  )
}

function Known({ person }: { person: Person }): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const go = useNavigate()
  const { tell } = useBars()
  const orders = useGet<OrderPage>('/orders', { person: person.personId, pageSize: 50 }, { enabled: may('orders.read') })
  const split = useSend<string>('POST', (mergeId) => `/people/merges/${mergeId}/undo`, { refresh: ['/people', '/orders', '/chain'], body: () => ({}) })
  const [erasing, setErasing] = useState(false)
  const recognised = person.identities.some((row) => row.kind === 'unionid')
  const paid = orders.data?.rows.filter((row) => row.paidAt !== null).length ?? 0
  const kind = !recognised ? t('person.unknown') : paid > 1 ? t('person.regular') : paid === 1 ? t('person.once') : t('person.never')
  return (
    <>
      <PageHead
        kicker={<><TextLink quiet to="/retain/people">{t('retain.people')}</TextLink> · <ShortId id={person.personId} /></>}
        sentence={t('person.sentence', { kind, n: f.count(orders.data?.total ?? 0), money: f.moneySaid(orders.data?.paidFen ?? 0), since: f.dateSaid(person.createdAt, language) })}
        why={orders.data && t('person.net', { net: f.moneySaid(orders.data.paidFen - orders.data.refundedFen), refunded: f.moneySaid(orders.data.refundedFen) })}
      />
      <div className="cards">
        {orders.data && orders.data.rows.length > 0 && <Card title={t('person.line')}><Line orders={orders.data.rows} since={person.createdAt} /></Card>}
      </div>
      <Pressed personId={person.personId} />
      <div className="cards">
        <Card span={7} flush title={t('person.orders')} end={orders.data && orders.data.total > 50 && <TextLink quiet to={`/sell/orders?person=${person.personId}`}>{t('person.ordersAll', { n: f.count(orders.data.total) })}</TextLink>}>
          <DataTable<Order>
            name="person-orders" rows={may('orders.read') ? orders.data?.rows : []} rowKey={(row) => row.orderId} to={(row) => `/sell/orders/${row.shelf}/${row.orderId}`} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('person.ordersNone')}</p>}
            columns={[
              { key: 'order', title: t('orders.col.order'), cell: (row) => <span className="ellipsis"><TextLink quiet to={`/sell/orders/${row.shelf}/${row.orderId}`}>{row.firstTitle ?? row.orderId}</TextLink></span> },
              { key: 'status', title: t('orders.col.status'), cell: (row) => <span className={`tag ${statusTone[row.status]}`}>{t(`status.${row.status}`)}</span> },
              { key: 'placed', title: t('orders.col.placed'), cell: (row) => <When at={row.placedAt} /> },
              { key: 'paid', title: t('orders.col.paid'), right: true, cell: (row) => (row.paidAt === null ? '—' : <Money fen={row.paidFen} />) },
            ]}
            phone={(row) => ({ title: row.firstTitle ?? row.orderId, right: row.paidAt === null ? '—' : <Money fen={row.paidFen} />, line: t(`status.${row.status}`), lineRight: <When at={row.placedAt} /> })}
          />
        </Card>
        <div className="c5 stack wide">
          <Card title={t('person.identities')} unit={person.masked ? t('person.masked') : undefined} end={<Permitted allowed={may('people.erase')} who={t('person.eraseOwner')}>{(disabled) => <Button size="small" type="text" danger disabled={disabled} onClick={() => setErasing(true)}>{t('person.erase')}</Button>}</Permitted>}>
            {person.identities.length === 0 ? <p className="second">{t('person.identitiesNone')}</p> : (
              <ul className="list">{person.identities.map((row) => (
                <li key={`${row.kind}/${row.scope}/${row.value}`}>
                  <div className="row between"><span>{t(identityKey(row.kind), { kind: row.kind })}</span><span className="mono second" style={{ textAlign: 'right' }}>{row.value}</span></div>
                  <div className="axis third">{t('identity.seen', { when: f.timeExact(row.firstSeenAt).slice(0, 16), evidence: row.evidence })}{row.scope && <> · <span className="mono">{row.scope}</span></>}</div>
                </li>
              ))}</ul>
            )}
          </Card>
          {Object.keys(person.fields).length > 0 && <Card title={t('person.fields')}><dl className="defs">{Object.entries(person.fields).map(([key, value]) => <span key={key} style={{ display: 'contents' }}><dt>{key}</dt><dd>{value}</dd></span>)}</dl></Card>}
          <Card title={t('person.merges')}>
            {person.merges.length === 0 ? <p className="second">{t('person.mergesNone')}</p> : (
              <ul className="list">{person.merges.map((row) => (
                <li key={row.mergeId} className="row between">
                  <div><div className="mono">{t('person.merged', { gone: f.shortId(row.gone), kept: f.shortId(row.kept) })}</div><div className="axis third">{row.undoneAt !== null ? t('person.splitUndone', { when: f.timeExact(row.undoneAt).slice(0, 16) }) : t('person.mergedBy', { when: f.timeExact(row.at).slice(0, 16), by: row.by })}</div></div>
                  {row.undoneAt === null && <Permitted allowed={may('people.personal')} who={t('person.splitWho')}>{(disabled) => <Button size="small" disabled={disabled} loading={split.isPending} onClick={() => split.mutate(row.mergeId, { onSuccess: () => tell(t('person.splitDone')), onError: (error) => tell(error.message) })}>{t('person.split')}</Button>}</Permitted>}
                </li>
              ))}</ul>
            )}
          </Card>
        </div>
      </div>
      {erasing && <Erase person={person} orders={orders.data} close={() => setErasing(false)} done={() => void go('/retain/people')} />}
    </>
  )
}

/** Erasing asks first, says what goes and what stays, and its button repeats the act. */
function Erase(props: { person: Person; orders: OrderPage | undefined; close: () => void; done: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const erase = useSend<string>('DELETE', (personId) => `/people/${personId}`, { refresh: ['/people'] })
  const n = props.person.identities.length
  return (
    <Modal open onCancel={props.close} title={t('person.eraseTitle')} width={460} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" danger type="primary" loading={erase.isPending} onClick={() => erase.mutate(props.person.personId, { onSuccess: () => { tell(t('person.eraseDone')); props.done() } })}>{t('person.eraseGo', { n })}</Button>]}>
      <p>{t('person.eraseWhat', { n, orders: f.count(props.orders?.total ?? 0), money: f.moneySaid((props.orders?.paidFen ?? 0) - (props.orders?.refundedFen ?? 0)) })}</p>
      {erase.error && <div className="callout danger" role="alert">{erase.error.message}</div>}
    </Modal>
  )
}

/** Orders along time: a solid square is the Shop, a hollow one the mall; size says nothing, the label says the money. */
function Line(props: { orders: Order[]; since: number }): ReactNode {
  const { t, f } = useWords()
  const now = useNow()
  const rows = props.orders.filter((row) => row.paidAt !== null).toSorted((a, b) => a.placedAt - b.placedAt)
  if (rows.length === 0) return null
  const from = Math.min(props.since, rows[0].placedAt)
  const span = Math.max(1, now - from)
  const at = (time: number): number => 2 + ((time - from) / span) * 96
  let lastLabel = -100
  return (
    <svg className="flow" width="100%" height={56} role="img" aria-label={t('person.lineLabel', { n: rows.length, from: f.dayKey(rows[0].placedAt), to: f.dayKey(rows.at(-1)!.placedAt) })}>
      <line x1="1%" x2="99%" y1="24" y2="24" stroke="var(--strongLine)" />
      {rows.map((row) => {
        const x = at(row.placedAt)
        const label = x - lastLabel > 7
        if (label) lastLabel = x
        return (
          <g key={row.orderId}>
            <svg x={`${x}%`} overflow="visible"><rect x="-5" y="19" width="10" height="10" rx="2" fill={row.shelf === 'shop' ? 'var(--sell)' : 'var(--card)'} stroke="var(--sell)" strokeWidth="2"><title>{`${f.dayKey(row.placedAt)} ${f.money(row.paidFen)}`}</title></rect>{label && <text className="small" y="10" x="0" textAnchor={x > 93 ? 'end' : x < 4 ? 'start' : 'middle'}>{f.moneySaid(row.paidFen)}</text>}</svg>
          </g>
        )
      })}
      <text className="small" x="1%" y="50">{f.dayKey(from)}</text>
      <text className="small" x="99%" y="50" textAnchor="end">{f.dayKey(now)}</text>
    </svg>
  )
}
