import { useState, type ReactNode } from 'react'
import { Button, Input, Modal } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, PersonChip, StateBlock, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'
import { Views } from './points.tsx'

type Said = { zh: string; en: string }
type Reversal = { reversalId: string; personId: string; feathers: number; cause: string; why: Said | null; note: string; reversedAt: number; restoredAt: number | null }
type Data = { audits: Array<{ auditId: string; ranAt: number; body: { days: number; reads: number; lots: number; reversed: number; feathers: number; persons: number } }>; reversals: Reversal[] }

/** What the nightly audit took back, why, and the way back where it was wrong. */
export function AuditView(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [giving, setGiving] = useState<Reversal>()
  const [note, setNote] = useState('')
  const query = useGet<Data>('/points/reversals', {}, { every: 60_000 })
  const send = useSend<{ id: string; note: string }>('POST', ({ id }) => `/points/reversals/${id}/restore`, { refresh: ['/points'], body: ({ note: why }) => ({ note: why }) })
  return (
    <Loaded query={query}>
      {({ audits, reversals }) => {
        const last = audits[0]?.body
        const act = (row: Reversal): ReactNode => row.restoredAt !== null ? <span className="third">{t('points.restored')}</span> : row.cause !== 'audit' ? null : (
          <Permitted allowed={may('points.write')} who={t('points.noWrite')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => { setNote(''); setGiving(row) }}>{t('points.giveBack')}</Button>}</Permitted>
        )
        return (
          <>
            <PageHead kicker={t('points.kicker')} sentence={!last ? t('points.auditNone') : last.reversed === 0 ? t('points.auditClean') : t('points.auditSentence', { n: f.count(last.reversed), feathers: f.count(last.feathers), persons: f.count(last.persons) })} why={t('points.auditWhy', { days: last?.days ?? 28 })} />
            <div className="row wrap" style={{ marginBottom: 16 }}><Views /></div>
            <div className="cards">
              <Card flush title={t('points.took')}>
                <DataTable<Reversal>
                  name="points-reversals" rows={reversals} rowKey={(row) => row.reversalId} empty={<StateBlock title={t('points.auditClean')} what={t('points.auditNoneWhat')} />}
                  columns={[
                    { key: 'at', title: t('offers.at'), cell: (row) => <When at={row.reversedAt} /> }, { key: 'person', title: t('people.col.person'), cell: (row) => <PersonChip personId={row.personId} /> }, { key: 'n', title: t('points.balance'), right: true, cell: (row) => f.countChange(-row.feathers) },
                    { key: 'why', title: t('points.why2'), cell: (row) => (row.why ? named(row.why, language) : row.note) }, { key: 'act', title: '', right: true, cell: act },
                  ]}
                  phone={(row) => ({ title: <PersonChip personId={row.personId} />, right: f.countChange(-row.feathers), line: row.why ? named(row.why, language) : row.note, lineRight: <When at={row.reversedAt} />, actions: act(row) })}
                />
              </Card>
              {audits.length > 0 && (
                <Card flush title={t('points.nights')}>
                  <DataTable
                    name="points-audits" rows={audits} rowKey={(row) => row.auditId} empty={null}
                    columns={[{ key: 'at', title: t('offers.at'), cell: (row) => <When at={row.ranAt} /> }, { key: 'looked', title: t('points.view.audit'), cell: ({ body }) => t('points.night.looked', { lots: f.count(body.lots), reads: f.count(body.reads) }) }, { key: 'took', title: t('points.took'), right: true, cell: ({ body }) => (body.feathers === 0 ? <span className="third">0</span> : f.count(body.feathers)) }]}
                    phone={(row) => ({ title: <When at={row.ranAt} />, right: f.count(row.body.feathers), line: t('points.night.looked', { lots: f.count(row.body.lots), reads: f.count(row.body.reads) }) })}
                  />
                </Card>
              )}
            </div>
            <Modal open={giving !== undefined} title={t('points.giveBackOf', { n: f.count(giving?.feathers ?? 0), id: f.shortId(giving?.personId ?? '') })} onCancel={() => setGiving(undefined)} footer={[
              <Button key="no" onClick={() => setGiving(undefined)}>{t('kit.cancel')}</Button>,
              <Button key="go" type="primary" disabled={note.trim() === ''} loading={send.isPending} onClick={() => send.mutate({ id: giving!.reversalId, note: note.trim() }, { onSuccess: () => { tell(t('points.gaveBack', { n: f.count(giving!.feathers) })); setGiving(undefined) }, onError: (error) => tell(error.message) })}>{t('points.giveBack')}</Button>,
            ]}>
              <label className="field"><span>{t('points.giveBackNote')}</span><Input value={note} maxLength={120} onChange={(event) => setNote(event.target.value)} /></label>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
