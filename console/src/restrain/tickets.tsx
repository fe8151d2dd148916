import { useState, type ReactNode } from 'react'
import { Button, Input, Modal, Radio } from 'antd'
import { Card, DataTable, Loaded, PageHead, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import type { TextKey } from '../text/index.ts'
import type { PenaltyKind } from './marked.tsx'

type Ticket = { ticketId: string; number: number; numberWords: string; kind: string; subject: string; body: string; state: string; openedAt: number; dueAt: number; closedAt: number | null; escalatedAt: number | null; hasContact: boolean; about: { pieceKind?: string; notice?: { work: string; owner: string; evidence: string } } }
type Full = { ticket: Ticket & { entries: Array<{ entryNo: number; byWhom: string; actor: string; body: string; at: number }> } }
const waiting = (row: Ticket): boolean => row.state === 'open' || row.state === 'escalated'

/** 工单: what people brought to the feedback door, each answered by its day. */
export function TicketsView(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<{ now: number; rows: Ticket[] }>('/tickets', {}, { every: 15_000 })
  const [open, setOpen] = useState<string | null>(null)
  return (
    <Loaded query={query}>
      {({ now, rows }) => {
        const left = rows.filter(waiting)
        const late = left.filter((row) => row.dueAt < now || row.escalatedAt !== null)
        const state = (row: Ticket): ReactNode => <span className={`tag ${row.state === 'escalated' ? 'warn' : waiting(row) ? '' : 'hollow'}`}>{t(`ticket.state.${row.state}` as TextKey)}</span>
        const title = (row: Ticket): string => row.subject || row.body.slice(0, 40) || row.about.notice?.work || row.numberWords
        return (
          <>
            <PageHead kicker={t('tickets.kicker')} sentence={left.length === 0 ? t('tickets.none') : late.length > 0 ? t('tickets.late', { n: f.count(left.length), late: f.count(late.length) }) : t('tickets.sentence', { n: f.count(left.length) })} why={t('tickets.why')} />
            <Card flush>
              <DataTable<Ticket>
                name="tickets" rows={rows} rowKey={(row) => row.ticketId} empty={<StateBlock title={t('tickets.empty')} what={t('tickets.why')} />}
                columns={[
                  { key: 'number', title: t('tickets.col.number'), cell: (row) => <TextLink quiet onClick={() => setOpen(row.ticketId)}>{row.numberWords}</TextLink> }, { key: 'kind', title: t('tickets.col.kind'), cell: (row) => t(`ticket.kind.${row.kind}` as TextKey) }, { key: 'what', title: t('tickets.col.what'), cell: (row) => <span className="ellipsis" style={{ display: 'inline-block', maxWidth: 360 }}>{title(row)}</span> },
                  { key: 'state', title: t('tickets.col.state'), cell: state }, { key: 'at', title: t('tickets.col.at'), cell: (row) => <When at={row.openedAt} /> }, { key: 'due', title: t('tickets.col.due'), cell: (row) => (waiting(row) ? <When at={row.dueAt} /> : <span className="third">—</span>) },
                ]}
                phone={(row) => ({ title: <TextLink quiet onClick={() => setOpen(row.ticketId)}>{row.numberWords} {title(row)}</TextLink>, right: state(row), line: t(`ticket.kind.${row.kind}` as TextKey), lineRight: <When at={waiting(row) ? row.dueAt : row.openedAt} /> })}
              />
            </Card>
            <Modal open={open !== null} title={t('ticket.title')} footer={null} width={640} onCancel={() => setOpen(null)} destroyOnHidden>{open !== null && <TicketOne ticketId={open} done={() => setOpen(null)} />}</Modal>
          </>
        )
      }}
    </Loaded>
  )
}

function TicketOne(props: { ticketId: string; done: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const query = useGet<Full>(`/tickets/${props.ticketId}`)
  const [text, setText] = useState('')
  const [outcome, setOutcome] = useState<'answered' | 'accepted' | 'refused'>('answered')
  const answer = useSend<{ text: string; outcome: string }, { tookDown: boolean }>('POST', () => `/tickets/${props.ticketId}/answer`, { refresh: ['/tickets', '/moderation'] })
  const contact = useSend<object, { contact: string | null }>('POST', () => `/tickets/${props.ticketId}/contact`)
  return (
    <Loaded query={query}>
      {({ ticket }) => {
        const legal = ticket.kind === 'copyright' || ticket.kind === 'counter-notice'
        const may = waiting(ticket) || (ticket.kind === 'counter-notice' && ticket.state === 'accepted')
        return (
          <div className="stack">
            <p className="second">{ticket.numberWords} · {t(`ticket.kind.${ticket.kind}` as TextKey)} · <When at={ticket.openedAt} as="exact" /></p>
            {ticket.subject !== '' && <p className="strong">{ticket.subject}</p>}
            {ticket.body !== '' && <div className="bubble" style={{ maxWidth: 'none' }}>{ticket.body}</div>}
            {ticket.about.notice !== undefined && <dl className="defs"><dt>{t('ticket.work')}</dt><dd>{ticket.about.notice.work}</dd><dt>{t('ticket.owner')}</dt><dd>{ticket.about.notice.owner}</dd><dt>{t('ticket.evidence')}</dt><dd>{ticket.about.notice.evidence}</dd></dl>}
            {ticket.entries.length > 0 && <ul className="list">{ticket.entries.map((row) => <li key={row.entryNo} className="stack tight"><span style={{ whiteSpace: 'pre-wrap' }}>{row.body}</span><span className="second">{t(`ticket.by.${row.byWhom}` as TextKey)} · <When at={row.at} /></span></li>)}</ul>}
            <p><TextLink quiet onClick={() => contact.mutate({}, { onSuccess: (found) => tell(found.contact ?? t('ticket.noContact')), onError: (error) => tell(error.message) })}>{t('ticket.contact')}</TextLink></p>
            {ticket.kind === 'appeal' ? <p className="callout">{t('ticket.byAppeal')}</p> : may && (
              <>
                {legal && <Radio.Group value={outcome} onChange={(event) => setOutcome(event.target.value as typeof outcome)} options={(ticket.state === 'accepted' ? (['refused'] as const) : (['accepted', 'refused'] as const)).map((value) => ({ value: value as string, label: t(`ticket.${ticket.kind === 'copyright' ? 'copyright' : 'counter'}.${value}`) }))} />}
                <Input.TextArea rows={3} maxLength={4000} value={text} onChange={(event) => setText(event.target.value)} placeholder={t('ticket.answer')} aria-label={t('ticket.answer')} />
                <Button type="primary" disabled={text.trim() === '' || (legal && outcome === 'answered')} loading={answer.isPending} onClick={() => answer.mutate({ text, outcome }, { onSuccess: (result) => { tell(result.tookDown ? t('ticket.tookDown') : t('ticket.answered')); props.done() }, onError: (error) => tell(error.message) })}>{t('ticket.go')}</Button>
              </>
            )}
          </div>
        )
      }}
    </Loaded>
  )
}

type Figures = {
  moderation: { judged: number; opened: number; decided: Array<{ decision: string; category: number | null; count: number }>; restored: number; open: number; byMachine: number; reports: { made: number; upheld: number; dismissed: number }; medianHours: number | null }
  penalties: { penalties: Array<{ kind: PenaltyKind; category: number; count: number }>; overturned: number; running: number; appeals: { made: number; decided: number; upheld: number; reduced: number; overturned: number; missed: number; sameReviewer: number; medianHours: number | null } }
  agreement: { alpha: number | null; kappa: number | null; cases: number }; retention: { passedDays: number; rejectedDays: number; illegalDays: number }
  tickets: { opened: number; byKind: Array<{ kind: string; opened: number; answered: number; missed: number }>; takenDown: number; restored: number }
}

/** 公示: the figures that everybody may see, as they are shown to readers. */
export function TransparencyView(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<Figures>('/moderation/transparency')
  const hours = (value: number | null): string => (value === null ? t('public.never') : t('public.hours', { n: value < 10 ? value.toFixed(1) : String(Math.round(value)) }))
  const line = (key: TextKey, value: ReactNode): ReactNode => <><dt>{t(key)}</dt><dd>{value}</dd></>
  return (
    <Loaded query={query}>
      {({ moderation: m, penalties: p, agreement, retention, tickets }) => {
        const rejected = m.decided.filter((row) => row.decision === 'reject')
        const all = rejected.reduce((sum, row) => sum + row.count, 0)
        return (
          <>
            <PageHead kicker={t('public.kicker')} sentence={t('public.sentence', { judged: f.count(m.judged), rejected: f.count(all), overturned: f.count(p.appeals.overturned) })} why={t('public.why')} />
            <div className="cards level">
              <Card span={6} title={t('public.cases')}><dl className="defs">{line('public.opened', f.count(m.opened))}{line('public.machine', f.count(m.byMachine))}{line('public.passed', f.count(m.decided.filter((row) => row.decision === 'pass').reduce((sum, row) => sum + row.count, 0)))}{line('public.rejected', f.count(all))}{line('public.open', f.count(m.open))}{line('public.wait', hours(m.medianHours))}{line('public.restored', f.count(m.restored))}</dl></Card>
              <Card span={6} title={t('public.byCategory')}>{rejected.length === 0 ? <p className="second">{t('public.nothing')}</p> : <dl className="defs">{rejected.map((row) => <Line key={String(row.category)} name={row.category === null ? t('public.otherwise') : t('public.category', { n: row.category })} value={f.count(row.count)} />)}</dl>}</Card>
              <Card span={6} title={t('public.penalties', { n: f.count(p.running) })}>{p.penalties.length === 0 ? <p className="second">{t('public.nothing')}</p> : <dl className="defs">{p.penalties.map((row) => <Line key={`${row.kind}/${row.category}`} name={`${t(`penalty.kind.${row.kind}`)} · ${t('public.category', { n: row.category })}`} value={f.count(row.count)} />)}{line('public.undone', f.count(p.overturned))}</dl>}</Card>
              <Card span={6} title={t('public.appeals')}><dl className="defs">{line('public.made', f.count(p.appeals.made))}{line('public.upheld', f.count(p.appeals.upheld))}{line('public.reduced', f.count(p.appeals.reduced))}{line('public.overturned', f.count(p.appeals.overturned))}{line('public.missed', f.count(p.appeals.missed))}{line('public.same', f.count(p.appeals.sameReviewer))}{line('public.answer', hours(p.appeals.medianHours))}</dl></Card>
              <Card span={6} title={t('public.reports')}><dl className="defs">{line('public.reportsMade', f.count(m.reports.made))}{line('public.reportsRight', f.count(m.reports.upheld))}{line('public.reportsWrong', f.count(m.reports.dismissed))}{line('public.agreement', agreement.alpha === null ? t('public.tooFew', { n: agreement.cases }) : `α ${agreement.alpha.toFixed(2)}${agreement.kappa === null ? '' : ` · κ ${agreement.kappa.toFixed(2)}`}`)}</dl></Card>
              <Card span={6} title={t('public.tickets', { n: f.count(tickets.opened) })}><dl className="defs">{tickets.byKind.map((row) => <Line key={row.kind} name={t(`ticket.kind.${row.kind}` as TextKey)} value={t('public.ticketLine', { answered: f.count(row.answered), opened: f.count(row.opened), missed: f.count(row.missed) })} />)}{line('public.takenDown', f.count(tickets.takenDown))}{line('public.putBack', f.count(tickets.restored))}</dl></Card>
            </div>
            <p className="second">{t('public.kept', { passed: retention.passedDays, rejected: retention.rejectedDays, illegal: retention.illegalDays })}</p>
          </>
        )
      }}
    </Loaded>
  )
}
function Line(props: { name: string; value: string }): ReactNode {
  return <><dt>{props.name}</dt><dd>{props.value}</dd></>
}
