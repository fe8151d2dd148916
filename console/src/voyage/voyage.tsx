import { useState, type ReactNode } from 'react'
import { Button, Dropdown, Segmented } from 'antd'
import { useNavigate } from 'react-router'
import { CohortTriangle } from '../acquire/cohorts.tsx'
import { Card, Icon, Loaded, Money, PageHead, PageSkeleton, StageMark, StateBlock, TextLink } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import type { Evidence } from '../restrain/losses.tsx'
import { useTodos } from '../today/items.ts'
import { Line } from '../today/today.tsx'
import type { Chain } from '../lib/types.ts'
import { useWindow } from '../lib/window.ts'
import { useWords } from '../lib/words.tsx'
import { Flow, sourceName, type Measure } from './flow.tsx'

/** 航程: how the boat sails. */
export function Voyage(): ReactNode {
  const window = useWindow()
  const query = useGet<Chain>('/chain', { from: window.from }, { every: 10_000 })
  return <Loaded query={query} skeleton={<PageSkeleton cards={[450, 130]} />}>{(chain) => <Sailing chain={chain} stale={query.isPlaceholderData} />}</Loaded>
}

function Sailing(props: { chain: Chain; stale: boolean }): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const go = useNavigate()
  const window = useWindow()
  const [measure, setMeasure] = useState<Measure>('people')
  const [asTable, setAsTable] = useState(false)
  const { figures, flow, cohorts } = props.chain
  const people = flow.filter((row) => row.source !== 'nobody-known')
  const buyers = people.reduce((sum, row) => sum + row.people, 0)
  const again = people.reduce((sum, row) => sum + row.again, 0)
  const net = figures.paidFen - figures.refundedFen
  const unknown = flow.find((row) => row.source === 'nobody-known')
  const unknownNet = unknown ? unknown.firstFen + unknown.againFen : 0
  const sentence = figures.paidOrders === 0 ? t('voyage.sentenceNone') : t('voyage.sentence', { buyers: f.count(buyers), again: f.count(again), net: f.moneySaid(net) })
  const kicker = <>{t('stage.voyage')} · <WindowPicker /> · <TextLink quiet to="/?tour=1">{t('tour.name')}</TextLink></>
  const { todos } = useTodos()
  const leaks = useLeaks()
  const actions = (
    <>
      {on('dosage') ? <Button onClick={() => void go('/restrain/plan')}>{t('voyage.toPlan')}</Button> : <Button onClick={() => void go('/acquire/sources' + location.search)}>{t('voyage.toSources')}</Button>}
      {may('orders.read') && <Button type="primary" onClick={() => void go(todos.length > 0 ? '/today' : '/sell/orders')}>{todos.length > 0 ? t('voyage.toToday', { n: todos.length }) : t('voyage.toOrders')}</Button>}
    </>
  )
  if (figures.paidOrders === 0) return <><PageHead kicker={kicker} sentence={sentence} why={t('voyage.emptyWhat')} /><Card><StateBlock title={t('voyage.sentenceNone')} what={t('voyage.emptyWhat')} actions={<Button onClick={() => void go('/settings/connections')}>{t('orders.emptyAct')}</Button>} /></Card></>
  return (
    <>
      <PageHead
        kicker={kicker} sentence={<span aria-live="polite">{sentence}</span>} stale={props.stale} actions={actions}
        why={leaks ?? t('voyage.why', { paid: f.moneySaid(figures.paidFen), refunded: f.moneySaid(figures.refundedFen), unknown: unknown ? t('voyage.unknown', { n: f.count(unknown.orders), money: f.moneySaid(unknownNet) }) : t('voyage.unknownNone') })}
      />
      <div className="cards">
        <Card title={t('voyage.flowTitle')} unit={window.words} stale={props.stale} end={<Segmented value={measure} onChange={setMeasure} options={[{ value: 'people', label: t('voyage.byPeople') }, { value: 'money', label: t('voyage.byMoney') }]} />}>
          {asTable ? <FlowTable chain={props.chain} /> : <Flow flow={flow} measure={measure} sentence={sentence} />}
          <div className="second"><TextLink quiet onClick={() => setAsTable(!asTable)}>{asTable ? t('kit.asPicture') : t('kit.asTable')}</TextLink></div>
        </Card>
      </div>
      {todos.length > 0 && (
        <div className="cards"><Card flush title={t('today.sentence', { n: todos.length, m: todos.reduce((sum, todo) => sum + todo.minutes, 0) })} end={<TextLink quiet to="/today">{t('voyage.allToday')}</TextLink>}>
          {todos.slice(0, 3).map((todo) => <Line key={todo.key} todo={todo} />)}
        </Card></div>
      )}
      <div className="cards level">
        <Card span={5} title={t('voyage.moneyTitle', { paid: f.moneySaid(figures.paidFen), refunded: f.moneySaid(figures.refundedFen) })} stale={props.stale}>
          <dl className="defs">
            <dt>{t('voyage.paid')} <span className="second">{t('voyage.orders', { n: f.count(figures.paidOrders) })}</span></dt><dd><Money fen={figures.paidFen} /></dd>
            <dt>{t('voyage.refunded')}</dt><dd><Money fen={-figures.refundedFen} /></dd>
            <div className="rule" />
            <dt className="sum">{t('voyage.net')}</dt><dd className="sum" data-figure="net"><Money fen={net} /></dd>
            <dt><StageMark stage="retain">{t('voyage.known')}</StageMark></dt><dd><Money fen={net - unknownNet} /></dd>
            <dt><StageMark hatched>{t('voyage.unknownMoney')}</StageMark></dt><dd><Money fen={unknownNet} /></dd>
          </dl>
        </Card>
        <Card span={7} title={t('voyage.cohortTitle')} end={<TextLink quiet to="/acquire/sources">{t('voyage.toSources')}</TextLink>}><CohortTriangle cohorts={cohorts} recent={6} /></Card>
      </div>
    </>
  )
}

/** The second line: who left, how many of them messages caused (only where the holdout can tell), and how hard people are touched. */
function useLeaks(): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const losses = useGet<{ counts: Array<{ losses: number }> }>('/losses', {}, { every: 30_000, enabled: may('people.read') && on('contacts') })
  const evidence = useGet<Evidence>('/losses/evidence', {}, { every: 60_000, enabled: may('people.read') && on('dosage') })
  const pressure = useGet<{ mean: number; over: number; pressureMax: number }>('/pressure', {}, { every: 30_000, enabled: may('chain.read') && on('dosage') })
  if (!losses.data) return undefined
  const left = losses.data.counts.reduce((sum, row) => sum + row.losses, 0)
  const e = evidence.data?.caused
  const caused = left === 0 || !evidence.data ? '' : e?.enough ? t('losses.causedKnown', { n: Math.round(e.caused), low: Math.round(e.causedLow), high: Math.round(e.causedHigh) }) : t('losses.causedUnknown')
  return (
    <>
      <TextLink quiet to="/restrain/losses">{left === 0 ? t('voyage.leftNone') : t('voyage.left', { n: f.count(left) })}</TextLink>{caused && t('voyage.and', { what: caused })}
      {pressure.data && <>{t('voyage.then')}<TextLink quiet to="/restrain/pressure">{t('voyage.pressure', { mean: pressure.data.mean.toFixed(1), max: pressure.data.pressureMax })}</TextLink></>}{t('voyage.stop')}
    </>
  )
}

export function WindowPicker(): ReactNode {
  const window = useWindow()
  return <Dropdown trigger={['click']} menu={{ selectedKeys: [window.key], items: window.options, onClick: ({ key }) => window.set(key as 'all') }}><button type="button" className="textlink quiet">{window.words}<Icon name="down" size={12} /></button></Dropdown>
}

function FlowTable(props: { chain: Chain }): ReactNode {
  const { t, f } = useWords()
  return (
    <div className="tablewrap"><table className="data compact">
      <thead><tr><th>{t('flow.colSource')}</th><th className="num">{t('flow.colPeople')}</th><th className="num">{t('flow.colAgain')}</th><th className="num">{t('flow.colFirst')}</th><th className="num">{t('flow.colLater')}</th></tr></thead>
      <tbody>{props.chain.flow.map((row) => <tr key={row.source}><td>{sourceName(row.source, t)}</td><td className="num">{f.count(row.people)}</td><td className="num">{f.count(row.again)}</td><td className="num">{f.money(row.firstFen)}</td><td className="num">{f.money(row.againFen)}</td></tr>)}</tbody>
    </table></div>
  )
}
