import { useState, type ReactNode } from 'react'
import { Button, Dropdown, Segmented } from 'antd'
import { useNavigate } from 'react-router'
import { CohortTriangle } from '../acquire/cohorts.tsx'
import { Card, Icon, Loaded, Money, PageHead, PageSkeleton, StageMark, StateBlock, TextLink, useSeaControl } from '../kit/index.ts'
import { usePhone } from '../lib/device.ts'
import { useGet, useSea, useSession } from '../lib/session.tsx'
import type { Evidence } from '../restrain/losses.tsx'
import { useTodos } from '../today/items.ts'
import { Line } from '../today/today.tsx'
import type { Chain, VoyageRow, VoyageState, VoyageWeek } from '../lib/types.ts'
import { useWindow } from '../lib/window.ts'
import { useWords } from '../lib/words.tsx'
import { cameBy, Flow, type Measure } from './flow.tsx'
import { TourLink, TourOffer } from './tour.tsx'
import { Weeks } from './weeks.tsx'
import { WhatIf } from './what-if.tsx'

/** 航程: how the boat sails. */
export function Voyage(): ReactNode {
  const window = useWindow()
  const query = useGet<Chain>('/chain', { from: window.from }, { every: 10_000 })
  const voyage = useGet<VoyageState>('/voyage', { from: window.from }, { every: 10_000 })
  return <Loaded query={query} skeleton={<PageSkeleton cards={[450, 130]} />}>{(chain) => <Sailing chain={chain} voyage={voyage.data} stale={query.isPlaceholderData} />}</Loaded>
}

/** In one word: more left than came, revenue fell by a fifth, or steady; from the last four whole weeks against the four before. */
function howOf(weeks: readonly VoyageWeek[] | undefined): 'new' | 'leaking' | 'slow' | 'steady' {
  const whole = (weeks ?? []).slice(0, -1)
  if (whole.filter((week) => week.netFen !== 0).length < 4) return 'new'
  const total = (part: readonly VoyageWeek[], key: 'netFen' | 'left' | 'came'): number => part.reduce((sum, week) => sum + week[key], 0)
  const [last, before] = [whole.slice(-4), whole.slice(-8, -4)]
  if (total(last, 'left') > total(last, 'came') && total(last, 'left') > 2) return 'leaking'
  if (before.length === 4 && total(last, 'netFen') < total(before, 'netFen') * 0.8) return 'slow'
  return 'steady'
}

function Sailing(props: { chain: Chain; voyage: VoyageState | undefined; stale: boolean }): ReactNode {
  const { t, f } = useWords()
  const { may, on, tenant } = useSession()
  const go = useNavigate()
  const window = useWindow()
  const sea = useSea()
  const [measure, setMeasure] = useState<Measure>('people')
  const [asTable, setAsTable] = useState(false)
  const { figures, flow, cohorts } = props.chain
  const people = flow.filter((row) => row.source !== 'nobody-known')
  const buyers = people.reduce((sum, row) => sum + row.people, 0)
  const again = people.reduce((sum, row) => sum + row.again, 0)
  const net = figures.paidFen - figures.refundedFen
  const unknown = flow.find((row) => row.source === 'nobody-known')
  const unknownNet = unknown ? unknown.firstFen + unknown.againFen : 0
  const contacts = (props.voyage?.rows ?? []).reduce((sum, row) => sum + row.contacts, 0)
  const empty = figures.paidOrders === 0 && contacts === 0
  const sentence = figures.paidOrders === 0 ? (contacts === 0 ? t('voyage.sentenceNone') : t('voyage.sentenceContacts', { n: f.count(contacts) })) : t('voyage.sentence', { how: t(`voyage.how.${howOf(props.voyage?.weeks)}`), buyers: f.count(buyers), again: f.count(again), net: f.moneySaid(net) })
  const kicker = <>{t('stage.voyage')} · <WindowPicker /> · <TourLink /></>
  const { todos } = useTodos()
  const leaks = useLeaks()
  const actions = (
    <>
      {on('dosage') ? <Button onClick={() => void go('/restrain/plan')}>{t('voyage.toPlan')}</Button> : <Button onClick={() => void go('/acquire/sources' + location.search)}>{t('voyage.toSources')}</Button>}
      {may('orders.read') && <Button type="primary" onClick={() => void go(todos.length > 0 ? '/today' : '/sell/orders')}>{todos.length > 0 ? t('voyage.toToday', { n: todos.length }) : t('voyage.toOrders')}</Button>}
    </>
  )
  if (empty) return <><PageHead kicker={kicker} sentence={sentence} why={t('voyage.emptyWhat')} /><TourOffer /><Card><StateBlock title={t('voyage.sentenceNone')} what={t('voyage.emptyWhat')} actions={<Button onClick={() => void go('/settings/connections')}>{t('orders.emptyAct')}</Button>} /></Card></>
  return (
    <>
      <PageHead
        kicker={kicker} sentence={<span aria-live="polite">{sentence}</span>} stale={props.stale} actions={actions}
        why={leaks ?? t('voyage.why', { paid: f.moneySaid(figures.paidFen), refunded: f.moneySaid(figures.refundedFen), unknown: unknown ? t('voyage.unknown', { n: f.count(unknown.orders), money: f.moneySaid(unknownNet) }) : t('voyage.unknownNone') })}
      />
      <TourOffer />
      <div className="cards">
        <Card id="chain" title={t('voyage.flowTitle')} unit={window.words} stale={props.stale} end={<Segmented value={measure} onChange={setMeasure} aria-label={t('voyage.flowTitle')} options={[{ value: 'people', label: t('voyage.byPeople') }, { value: 'money', label: t('voyage.byMoney') }]} />}>
          {asTable ? <FlowTable rows={props.voyage?.rows ?? []} /> : <Flow rows={props.voyage?.rows ?? []} refusals={props.voyage?.refusals} measure={measure} sentence={sentence} running={!tenant.simulated || sea.data?.daySeconds != null} />}
          <div className="row between wrap second"><TextLink quiet onClick={() => setAsTable(!asTable)}>{asTable ? t('kit.asPicture') : t('kit.asTable')}</TextLink><SeaHelm /></div>
        </Card>
      </div>
      <div className="cards level">
        <Card span={7} title={t('weeks.title')} stale={props.stale}>{props.voyage && <Weeks weeks={props.voyage.weeks} />}</Card>
        <Card span={5} title={t('voyage.moneyTitle', { paid: f.moneySaid(figures.paidFen), refunded: f.moneySaid(figures.refundedFen) })} stale={props.stale}>
          <dl className="defs">
            <dt>{t('voyage.paid')} <span className="second">{t('voyage.orders', { n: f.count(figures.paidOrders) })}</span></dt><dd><Money fen={figures.paidFen} /></dd>
            <dt>{t('voyage.refunded')}</dt><dd><Money fen={-figures.refundedFen} /></dd>
            <div className="rule" />
            <dt className="sum">{t('voyage.net')}</dt><dd className="sum" data-figure="net"><Money fen={net} /></dd>
            <dt><StageMark stage="retain">{t('voyage.known')}</StageMark></dt><dd><Money fen={net - unknownNet} /></dd>
            <dt><StageMark hatched>{t('voyage.unknownMoney')}</StageMark></dt><dd><Money fen={unknownNet} /></dd>
          </dl>
          <Beside />
        </Card>
      </div>
      {on('dosage') && <div className="cards"><WhatIf /></div>}
      {todos.length > 0 && (
        <div className="cards"><Card flush title={t('today.sentence', { n: todos.length, m: todos.reduce((sum, todo) => sum + todo.minutes, 0) })} end={<TextLink quiet to="/today">{t('voyage.allToday')}</TextLink>}>
          {todos.slice(0, 3).map((todo) => <Line key={todo.key} todo={todo} />)}
        </Card></div>
      )}
      <div className="cards"><Card title={t('voyage.cohortTitle')} end={<TextLink quiet to="/acquire/sources">{t('voyage.toSources')}</TextLink>}><CohortTriangle cohorts={cohorts} recent={6} /></Card></div>
    </>
  )
}

/** Pressure and losses stand beside the money they were paid for. */
function Beside(): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const losses = useGet<{ counts: Array<{ losses: number }> }>('/losses', {}, { every: 30_000, enabled: may('people.read') && on('contacts') })
  const pressure = useGet<{ mean: number; over: number; pressureMax: number }>('/pressure', {}, { every: 30_000, enabled: may('chain.read') && on('dosage') })
  if (!losses.data && !pressure.data) return null
  const left = (losses.data?.counts ?? []).reduce((sum, row) => sum + row.losses, 0)
  return (
    <dl className="defs" style={{ marginTop: 16 }}>
      <div className="rule" />
      {losses.data && <><dt><StageMark stage="loss"><TextLink quiet to="/restrain/losses">{t('voyage.lossRow')}</TextLink></StageMark></dt><dd data-figure="left">{t('kit.people', { n: f.count(left) })}</dd></>}
      {pressure.data && <><dt><StageMark stage="restrain"><TextLink quiet to="/restrain/pressure">{t('voyage.pressureRow')}</TextLink></StageMark></dt><dd>{t('voyage.pressureOf', { mean: pressure.data.mean.toFixed(1), max: pressure.data.pressureMax, over: f.count(pressure.data.over) })}</dd></>}
    </dl>
  )
}

/** The sea's clock with its pace, where the chain moves by it. */
function SeaHelm(): ReactNode {
  const { t, f, language } = useWords()
  const { may, tenant } = useSession()
  const sea = useSea()
  const { toggle, setPace } = useSeaControl()
  const phone = usePhone()
  if (!tenant.simulated || !sea.data) return null
  const running = sea.data.daySeconds !== null
  return (
    <span className="row wrap" role="group" aria-label={t('sea.helm')}>
      <span className="nowrap">{t('sea.simulated')} · {t('sea.day', { n: f.count(sea.data.dayNumber) })} · {f.dateSaid(sea.data.now, language, true)}</span>
      {may('sea.control') && <>
        <Button size="small" onClick={toggle}>{running ? t('sea.pauseShort') : t('sea.runShort')}</Button>
        <Segmented size="small" value={sea.data.daySeconds ?? 0} onChange={(seconds) => setPace(Number(seconds))} aria-label={t('sea.paceTitle')} options={[60, 20, 5, 1].map((value) => ({ value, label: phone ? t('sea.seconds', { s: value }) : t('sea.pace', { s: value }) }))} />
      </>}
      {sea.data.waiting && running && <span className="third">{t('sea.waiting')}</span>}
    </span>
  )
}

/** The second line: who left, how many of them messages caused (only where the holdout can tell), and how hard people are touched. */
function useLeaks(): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const losses = useGet<{ counts: Array<{ losses: number }> }>('/losses', {}, { every: 30_000, enabled: may('people.read') && on('contacts') })
  const evidence = useGet<Evidence>('/losses/evidence', {}, { every: 60_000, enabled: may('people.read') && on('dosage') })
  const pressure = useGet<{ mean: number; over: number; pressureMax: number }>('/pressure', {}, { every: 30_000, enabled: may('chain.read') && on('dosage') })
  const measured = useGet<{ case: { effect: { enough: boolean; totalFen: number; lowFen: number; highFen: number } } }>('/case', {}, { every: 120_000, enabled: may('chain.read') && on('cases') })
  const effect = measured.data?.case.effect
  if (!losses.data) return undefined
  const left = losses.data.counts.reduce((sum, row) => sum + row.losses, 0)
  const e = evidence.data?.caused
  const caused = left === 0 || !evidence.data ? '' : e?.enough ? t('losses.causedKnown', { n: Math.round(e.caused), low: Math.round(e.causedLow), high: Math.round(e.causedHigh) }) : t('losses.causedUnknown')
  return (
    <>
      {effect?.enough && effect.lowFen > 0 && <><TextLink quiet to="/learn/case">{t('voyage.brought', { n: f.moneySaid(effect.totalFen), low: f.moneySaid(f.roundEnds(effect.lowFen, effect.highFen)[0]), high: f.moneySaid(f.roundEnds(effect.lowFen, effect.highFen)[1]) })}</TextLink>{t('voyage.then')}</>}
      <TextLink quiet to="/restrain/losses">{left === 0 ? t('voyage.leftNone') : t('voyage.left', { n: f.count(left) })}</TextLink>{caused && t('voyage.and', { what: caused })}
      {pressure.data && <>{t('voyage.then')}<TextLink quiet to="/restrain/pressure">{t('voyage.pressure', { mean: pressure.data.mean.toFixed(1), max: pressure.data.pressureMax })}</TextLink></>}{t('voyage.stop')}
    </>
  )
}

export function WindowPicker(): ReactNode {
  const window = useWindow()
  return <Dropdown trigger={['click']} menu={{ selectedKeys: [window.key], items: window.options, onClick: ({ key }) => window.set(key as 'all') }}><button type="button" className="textlink quiet">{window.words}<Icon name="down" size={12} /></button></Dropdown>
}

function FlowTable(props: { rows: readonly VoyageRow[] }): ReactNode {
  const { t, f } = useWords()
  const total = (of: (row: VoyageRow) => number): number => props.rows.reduce((sum, row) => sum + of(row), 0)
  const columns: Array<[string, (row: VoyageRow) => number]> = [
    [t('flow.colPeople'), (row) => row.people], [t('flow.colContacts'), (row) => row.contacts], [t('flow.colFirstOrder'), (row) => row.firstContact + row.firstDirect], [t('flow.colAgain'), (row) => row.againContact + row.againDirect + row.back],
    [t('flow.colLeft'), (row) => row.leftNever + row.leftOnce + row.leftMore], [t('flow.colRefused'), (row) => row.refused], [t('flow.colReturned'), (row) => row.returned],
  ]
  const money: Array<[string, (row: VoyageRow) => number]> = [[t('flow.colFirst'), (row) => row.firstFen], [t('flow.colLater'), (row) => row.againFen]]
  return (
    <div className="tablewrap"><table className="data compact">
      <thead><tr><th>{t('flow.colSource')}</th>{[...columns, ...money].map(([name]) => <th key={name} className="num">{name}</th>)}</tr></thead>
      <tbody>{props.rows.map((row) => <tr key={row.source}><td>{cameBy(row.source, t)}</td>{columns.map(([name, of]) => <td key={name} className="num">{f.count(of(row))}</td>)}{money.map(([name, of]) => <td key={name} className="num">{f.money(of(row))}</td>)}</tr>)}</tbody>
      <tfoot><tr><td>{t('sources.total')}</td>{columns.map(([name, of]) => <td key={name} className="num">{f.count(total(of))}</td>)}{money.map(([name, of]) => <td key={name} className="num">{f.money(total(of))}</td>)}</tr></tfoot>
    </table></div>
  )
}
