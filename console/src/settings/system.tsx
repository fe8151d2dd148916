import type { ReactNode } from 'react'
import { Button } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, StateBlock, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import type { SystemState } from '../lib/types.ts'
import { useWords } from '../lib/words.tsx'

type Failure = { key: string; what: string; where: string; error: string; attempts: number; at: number; retry: Retry; skip?: Retry }
type Retry = { facts?: string[]; rings?: string[]; calls?: string[]; skip?: string[] }
type Job = SystemState['jobs'][number]
const said = (error: unknown): string => (typeof error === 'string' ? error : error === null || error === undefined ? '' : typeof error === 'object' && 'text' in error ? String((error as { text: unknown }).text) : JSON.stringify(error))

/** 设置 › 系统: what is behind, what failed, what runs by itself, how light it all is. */
export function System(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<SystemState>('/system', {}, { every: 5_000 })
  const send = useSend<Retry, { facts: number; rings: number; calls: number; skipped: number }>('POST', () => '/system/retry', { refresh: ['/system'] })
  const allowed = may('system.retry')
  const act = (input: Retry): void => send.mutate(input, {
    onSuccess: (done) => tell(done.skipped > 0 ? t('system.skipped', { n: done.skipped }) : t('system.retried', { n: done.facts + done.rings + done.calls })), onError: (error) => tell(error.message),
  })
  return (
    <Loaded query={query}>
      {(state) => {
        const failures: Failure[] = [
          ...state.failures.facts.map((row): Failure => ({ key: row.digest, what: row.event, where: t('system.inbox'), error: row.error, attempts: row.attempts, at: row.receivedAt, retry: { facts: [row.digest] } })),
          ...state.failures.rings.map((row): Failure => ({ key: `${row.kind}/${row.objectId}`, what: `${row.kind} ${row.objectId}`, where: t('system.doorbells'), error: row.error, attempts: row.attempts, at: row.dueAt, retry: { rings: [row.objectId] } })),
          ...state.failures.calls.map((row): Failure => ({ key: row.outboxId, what: row.endpoint, where: row.state === 'unknown' ? t('system.unknownCall') : t('system.outbox'), error: said(row.error), attempts: row.attempts, at: row.createdAt, retry: { calls: [row.outboxId] }, skip: { skip: [row.outboxId] } })),
        ]
        const due = state.inbox.due + state.doorbells.due + state.events.due + state.outbox.due
        const lag = Math.max(state.inbox.lagMs, state.doorbells.lagMs, state.outbox.lagMs)
        const queues = [
          { key: 'inbox', due: state.inbox.due, failed: state.inbox.failed, lag: state.inbox.lagMs }, { key: 'doorbells', due: state.doorbells.due, failed: state.doorbells.failing, lag: state.doorbells.lagMs },
          { key: 'events', due: state.events.due, failed: state.events.failing, lag: undefined }, { key: 'outbox', due: state.outbox.due, failed: state.outbox.stuck, lag: state.outbox.lagMs },
        ] as const
        const light = state.light
        const meters = [['processes', light.processes, 20], ['values', light.valuesSet, 200], ['steps', light.stepsLeft, 20], ['blocks', light.blocksOn, light.blocksAll], ['memory', light.rssMb, 4096]] as const
        const all: Retry = { facts: state.failures.facts.map((row) => row.digest), rings: state.failures.rings.map((row) => row.objectId), calls: state.failures.calls.map((row) => row.outboxId) }
        const buttons = (row: Failure): ReactNode => <Permitted allowed={allowed} who={t('system.noRight')}>{(disabled) => <span className="row"><Button size="small" disabled={disabled} onClick={() => act(row.retry)}>{t('system.retry')}</Button>{row.skip && <Button size="small" type="text" disabled={disabled} onClick={() => act(row.skip!)}>{t('system.skip')}</Button>}</span>}</Permitted>
        return (
          <>
            <PageHead
              kicker={t('system.kicker')} sentence={failures.length > 0 ? t('system.sentenceFailing', { n: f.count(failures.length) }) : due > 0 ? t('system.sentenceBusy', { n: f.count(due), lag: f.duration(lag, language) }) : t('system.sentence')}
              why={t('system.why', { stored: f.count(state.inbox.stored), repeats: f.count(state.inbox.repeats) })}
              actions={failures.length > 1 && <Permitted allowed={allowed} who={t('system.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} loading={send.isPending} onClick={() => act(all)}>{t('system.retryAll', { n: f.count(failures.length) })}</Button>}</Permitted>}
            />
            <div className="cards level">
              <Card span={7} flush title={t('system.queues')}>
                <DataTable
                  name="queues" rows={queues} rowKey={(row) => row.key} empty={null}
                  columns={[
                    { key: 'queue', title: t('system.col.queue'), cell: (row) => t(`system.${row.key}`) }, { key: 'due', title: t('system.col.due'), right: true, cell: (row) => f.count(row.due) },
                    { key: 'failed', title: t('system.col.failed'), right: true, cell: (row) => (row.failed > 0 ? <span className="tag danger">{f.count(row.failed)}</span> : '0') }, { key: 'lag', title: t('system.col.lag'), right: true, cell: (row) => (row.lag === undefined ? '—' : f.duration(row.lag, language)) },
                  ]}
                  phone={(row) => ({ title: t(`system.${row.key}`), right: f.count(row.due), line: row.failed > 0 ? `${t('system.col.failed')} ${f.count(row.failed)}` : '', lineRight: row.lag === undefined ? '' : f.duration(row.lag, language) })}
                />
              </Card>
              <Card span={5} title={t('system.light')}>
                {meters.map(([key, value, most]) => <div key={key} className="meterrow"><span className="second">{t(`system.light.${key}`)}</span><div className="bar"><i style={{ width: `${Math.min(100, (Math.log1p(value) / Math.log1p(most)) * 100)}%`, minWidth: value === 0 ? 0 : undefined }} /></div><span className="num strong">{f.count(value)}</span></div>)}
              </Card>
            </div>
            <div className="cards">
              <Card flush title={failures.length === 0 ? t('system.failuresNone') : t('system.failures')} unit={failures.length === 0 ? t('system.failuresNoneWhat') : undefined}>
                {failures.length === 0 ? <div style={{ height: 8 }} /> : (
                  <DataTable<Failure>
                    name="failures" rows={failures} rowKey={(row) => row.key} empty={<StateBlock title={t('system.failuresNone')} />}
                    columns={[
                      { key: 'what', title: t('system.failures'), cell: (row) => <><span className="mono">{row.what}</span><div className="second">{row.where}</div></> }, { key: 'error', title: t('system.col.error'), cell: (row) => <span className="second">{row.error}</span> },
                      { key: 'attempts', title: '', cell: (row) => t('system.attempts', { n: row.attempts }) }, { key: 'at', title: t('audit.col.at'), cell: (row) => <When at={row.at} /> }, { key: 'act', title: '', right: true, cell: buttons },
                    ]}
                    phone={(row) => ({ title: <span className="mono">{row.what}</span>, right: '', line: row.error, lineRight: <When at={row.at} />, actions: buttons(row) })}
                  />
                )}
              </Card>
              <Card flush title={t('system.jobs')}>
                <DataTable<Job>
                  name="jobs" rows={state.jobs} rowKey={(row) => `${row.kind}/${row.key}`} empty={<p className="second" style={{ padding: '0 24px 20px' }}>{t('system.jobsNone')}</p>}
                  columns={[
                    { key: 'job', title: t('system.col.job'), cell: (row) => <span className="mono">{row.kind} <span className="third">{f.shortId(row.key)}</span></span> }, { key: 'next', title: t('system.col.next'), cell: (row) => <When at={row.dueAt} /> },
                    { key: 'attempts', title: '', cell: (row) => (row.attempts > 0 ? t('system.attempts', { n: row.attempts }) : '') }, { key: 'error', title: t('system.col.error'), cell: (row) => <span className="second">{row.error ?? '—'}</span> },
                  ]}
                  phone={(row) => ({ title: <span className="mono">{row.kind}</span>, right: <When at={row.dueAt} />, line: row.error ?? f.shortId(row.key) })}
                />
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
