import type { ReactNode } from 'react'
import { Button } from 'antd'
import { useNavigate } from 'react-router'
import { Card, DataTable, Loaded, PageHead, Permitted, StateBlock, TextLink, When, type Column } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import type { Rule } from './rules.tsx'

export type Counts = { asked: number; refused: number; queued: number; sent: number; missed: number; 'not-friend': number; 'over-cap': number; cancelled: number; failed: number; unknown: number }
export type BroadcastStatus = 'draft' | 'held' | 'sending' | 'done' | 'cancelled'
export type MessageKind = 'help' | 'news' | 'sell'
export type Broadcast = { broadcastId: string; name: string; messageKind: MessageKind; rules: Rule; content: { text: string; attachments?: unknown[] }; status: BroadcastStatus; createdAt: number; createdBy: string; approvedAt: number | null; heldUntil: number | null; closedAt: number | null }
export const broadcastTone: Record<BroadcastStatus, string> = { draft: 'hollow', held: 'warn', sending: 'acquire', done: '', cancelled: 'hollow' }
/** Of what was handed over: not sent for any reason. */
export const notSent = (counts: Counts): number => counts.missed + counts['not-friend'] + counts['over-cap'] + counts.cancelled + counts.failed + counts.unknown

/** 留存 › 群发: what is being said to many at once, and what became of it. */
export function BroadcastsPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const go = useNavigate()
  const query = useGet<{ rows: Array<Broadcast & { counts: Counts }> }>('/broadcasts', {}, { every: 8_000 })
  const write = <Permitted allowed={may('broadcasts.write')} who={t('broadcasts.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => void go('/retain/broadcasts/new')}>{t('broadcasts.write')}</Button>}</Permitted>
  type Row = Broadcast & { counts: Counts }
  const link = (row: Row): string => `/retain/broadcasts/${row.broadcastId}`
  const status = (row: Row): ReactNode => <span className={`tag ${broadcastTone[row.status]}`}>{t(`broadcast.status.${row.status}`)}</span>
  const number = (n: number): ReactNode => (n === 0 ? <span className="third">0</span> : f.count(n))
  const columns: Column<Row>[] = [
    { key: 'name', title: t('broadcasts.col.name'), cell: (row) => <span className="ellipsis"><TextLink quiet to={link(row)}>{row.name}</TextLink></span> }, { key: 'kind', title: t('broadcasts.col.kind'), cell: (row) => t(`broadcast.kind.${row.messageKind}`) }, { key: 'status', title: t('broadcasts.col.status'), cell: status },
    { key: 'made', title: t('broadcasts.col.made'), cell: (row) => <When at={row.createdAt} /> }, { key: 'asked', title: t('broadcasts.col.asked'), right: true, cell: (row) => number(row.counts.asked) }, { key: 'refused', title: t('broadcasts.col.refused'), right: true, cell: (row) => number(row.counts.refused) },
    { key: 'waiting', title: t('broadcasts.col.waiting'), right: true, cell: (row) => number(row.counts.queued) }, { key: 'sent', title: t('broadcasts.col.sent'), right: true, cell: (row) => <span className="strong">{number(row.counts.sent)}</span> },
  ]
  return (
    <Loaded query={query}>
      {({ rows }) => {
        const sending = rows.filter((row) => row.status === 'sending' && row.counts.queued > 0)
        const held = rows.filter((row) => row.status === 'held')
        const queued = sending.reduce((sum, row) => sum + row.counts.queued, 0)
        const sentence = rows.length === 0 ? t('broadcasts.none') : held.length > 0 ? t('broadcasts.sentenceHeld', { n: held.length, name: held[0].name }) : queued > 0 ? t('broadcasts.sentenceWaiting', { n: f.count(queued), name: sending[0].name }) : t('broadcasts.sentence', { n: rows.length, sent: f.count(rows.reduce((sum, row) => sum + row.counts.sent, 0)) })
        return (
          <>
            <PageHead kicker={t('broadcasts.kicker')} sentence={sentence} why={t('broadcasts.why')} actions={write} />
            <Card flush>
              <DataTable<Row>
                name="broadcasts" columns={columns} rows={rows} rowKey={(row) => row.broadcastId} to={link} empty={<StateBlock title={t('broadcasts.none')} what={t('broadcasts.noneWhat')} />}
                phone={(row) => ({ title: row.name, right: t('broadcasts.sentN', { n: f.count(row.counts.sent) }), line: <span className="row">{status(row)}{t(`broadcast.kind.${row.messageKind}`)}</span>, lineRight: <When at={row.createdAt} /> })}
              />
            </Card>
          </>
        )
      }}
    </Loaded>
  )
}
