import { useState, type ReactNode } from 'react'
import { Button, Checkbox, Form, Input, InputNumber, Modal, Select, Upload } from 'antd'
import { Card, Loaded, PageHead, Permitted, ShortId, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type StopRule = { afterEpochs: number; whenNetBelowZero: boolean; lossesPerHundred: number | null }
type About = { playbookId: string; title: string; note: string; madeAt: number; author: string; keyId: string; home: string; stopRule: StopRule; royalty: number; expectedSentence: string | null; moves: Array<{ name: string }> }
type Made = About & { digest: string; receipts: number; feathers: number; madeBy: string }
type Used = About & { applicationId: string; state: 'applied' | 'undone'; appliedAt: number; appliedBy: string; undoneAt: number | null; verdict: 'too-early' | 'goes-on' | 'stop'; sentence: string; receipt: unknown; steps: Array<{ name: string; change: boolean; before: unknown; after: unknown }> }
type Tried = About & { digest: string; seen: string; inUse: number | null; steps: Array<{ name: string; kind: string; before: unknown; after: unknown; change: boolean; obstacle: string | null }> }
type Kept = { kept: Array<{ caseId: string; sentence: string; measuredAt: number; consent: { given: boolean } | null }> }

/** A value of a setting in words short enough for a line. */
function said(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return value ? '✓' : '✗'
  if (typeof value === 'string') return value
  if (typeof value === 'object') return Object.entries(value).filter(([, one]) => typeof one !== 'object').map(([key, one]) => `${key} ${String(one)}`).join(' · ')
  return String(value)
}

/** 标杆 › 打法: made here and given away; taken from others, tried first, applied whole, measured here, taken off again. */
export function PlaybooksPage(): ReactNode {
  const { t, f } = useWords()
  const { may, url } = useSession()
  const { tell } = useBars()
  const [making, setMaking] = useState(false)
  const [tried, setTried] = useState<{ file: unknown; answer: Tried }>()
  const query = useGet<{ made: Made[]; used: Used[] }>('/playbooks')
  const onError = (error: Error): void => tell(error.message)
  const trial = useSend<{ file: unknown }, Tried>('POST', () => '/playbooks/try')
  const apply = useSend<{ file: unknown; seen: string }>('POST', () => '/playbooks/apply', { refresh: ['/playbooks'] })
  const undo = useSend<{ applicationId: string }, { steps: Array<{ name: string; result: 'restored' | 'kept' | 'nothing' }> }>('POST', ({ applicationId }) => `/playbooks/used/${applicationId}/undo`, { refresh: ['/playbooks'], body: () => ({}) })
  const allowed = may('settings.write')
  const open = async (picked: File): Promise<void> => {
    try {
      const file: unknown = JSON.parse(await picked.text())
      trial.mutate({ file }, { onSuccess: (answer) => setTried({ file, answer }), onError })
    } catch {
      tell(t('playbooks.notJson', { name: picked.name }))
    }
  }
  const take = <Upload accept=".json" showUploadList={false} beforeUpload={(picked) => { void open(picked as unknown as File); return false }}><Button loading={trial.isPending}>{t('playbooks.take')}</Button></Upload>
  const make = <Permitted allowed={allowed} who={t('case.noKeep')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setMaking(true)}>{t('playbooks.make')}</Button>}</Permitted>
  const download = (name: string, value: unknown): void => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }))
    link.download = name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  const fetchFile = (row: Made): void => void request<unknown>('GET', url(`/playbooks/${row.playbookId}/file`)).then((file) => download(`${row.title}.playbook.json`, file)).catch(onError)
  const rule = (stop: StopRule): string => t('playbooks.rule', { n: stop.afterEpochs, net: stop.whenNetBelowZero ? t('playbooks.ruleNet') : '', losses: stop.lossesPerHundred === null ? '' : t('playbooks.ruleLosses', { n: stop.lossesPerHundred }) })
  return (
    <Loaded query={query}>
      {({ made, used }) => {
        const running = used.filter((row) => row.state === 'applied')
        const stop = running.filter((row) => row.verdict === 'stop').length
        const sentence = made.length === 0 && used.length === 0 ? t('playbooks.none') : stop > 0 ? t('playbooks.stop', { n: stop }) : t('playbooks.sentence', { running: running.length, made: made.length, receipts: made.reduce((sum, row) => sum + row.receipts, 0) })
        return (
          <>
            <PageHead kicker={t('playbooks.kicker')} sentence={sentence} why={t('playbooks.why')} actions={<>{take}{make}</>} />
            <div className="cards">
            <Card title={used.length === 0 ? undefined : t('playbooks.used')} unit={used.length === 0 ? undefined : t('playbooks.usedUnit')}>
              {used.length === 0 ? <StateBlock title={t('playbooks.usedNone')} what={t('playbooks.usedWhat')} /> : (
                <ul className="list">{used.map((row) => (
                  <li key={row.applicationId} className="stack tight">
                    <span className="row between"><span className="strong">{row.title}</span><span className="row nowrap">
                      {row.state === 'undone' ? <span className="second">{t('playbooks.undone')} <When at={row.undoneAt} as="date" /></span> : <Permitted allowed={allowed} who={t('case.noKeep')}>{(disabled) => <Button size="small" disabled={disabled} loading={undo.isPending} onClick={() => undo.mutate({ applicationId: row.applicationId }, { onSuccess: ({ steps }) => { const kept = steps.filter((step) => step.result === 'kept'); tell(kept.length === 0 ? t('playbooks.undoneAll') : t('playbooks.undoneSome', { names: kept.map((step) => step.name).join(t('kit.and')) })) }, onError })}>{t('playbooks.undo')}</Button>}</Permitted>}
                    </span></span>
                    <span className={row.state === 'applied' && row.verdict === 'stop' ? 'warn' : ''}>{row.sentence}</span>
                    <span className="second">{t('playbooks.by', { author: row.author, key: row.keyId })} · <When at={row.appliedAt} as="date" /> · {row.steps.filter((step) => step.change).map((step) => step.name).join(t('kit.and')) || t('playbooks.nothingChanged')}</span>
                    <span className="second">{rule(row.stopRule)}{row.royalty > 0 && <> · <TextLink quiet onClick={() => download(`${row.title}.receipt.json`, row.receipt)}>{t('playbooks.receipt', { n: row.royalty })}</TextLink></>}</span>
                  </li>
                ))}</ul>
              )}
            </Card>
            <Card title={made.length === 0 ? undefined : t('playbooks.made')} unit={made.length === 0 ? undefined : t('playbooks.madeUnit')}>
              {made.length === 0 ? <StateBlock title={t('playbooks.madeNone')} what={t('playbooks.madeWhat')} /> : (
                <ul className="list">{made.map((row) => (
                  <li key={row.playbookId} className="row between">
                    <span className="stack tight"><span className="strong">{row.title}</span><span className="second">{row.expectedSentence ?? t('playbooks.noClaim')}</span><span className="second">{row.moves.map((move) => move.name).join(t('kit.and'))}</span><span className="third"><When at={row.madeAt} as="date" /> · <ShortId id={row.digest} /> · {t('playbooks.receipts', { n: f.count(row.receipts), feathers: f.count(row.feathers) })}</span></span>
                    <Button size="small" disabled={!allowed} onClick={() => fetchFile(row)}>{t('playbooks.download')}</Button>
                  </li>
                ))}</ul>
              )}
            </Card>
            </div>
            <Modal open={tried !== undefined} width={640} title={tried && t('playbooks.trial', { title: tried.answer.title })} onCancel={() => setTried(undefined)} destroyOnHidden footer={tried && (
              <Permitted allowed={allowed} who={t('case.noKeep')}>{(disabled) => <Button type="primary" disabled={disabled || tried.answer.inUse !== null || tried.answer.steps.some((step) => step.obstacle !== null)} loading={apply.isPending} onClick={() => apply.mutate({ file: tried.file, seen: tried.answer.seen }, { onSuccess: () => { tell(t('playbooks.applied', { title: tried.answer.title })); setTried(undefined) }, onError })}>{t('playbooks.apply')}</Button>}</Permitted>
            )}>
              {tried && (
                <div className="stack">
                  <p className="second">{t('playbooks.by', { author: tried.answer.author, key: tried.answer.keyId })} · <When at={tried.answer.madeAt} as="date" /></p>
                  {tried.answer.note !== '' && <p>{tried.answer.note}</p>}
                  <p>{tried.answer.expectedSentence ?? t('playbooks.noClaim')}</p>
                  <p className="second">{rule(tried.answer.stopRule)}</p>
                  {tried.answer.inUse !== null && <p className="warn">{t('playbooks.inUse')} <When at={tried.answer.inUse} as="date" /></p>}
                  <ul className="list">{tried.answer.steps.map((step, n) => (
                    <li key={n} className="stack tight">
                      <span className="row between"><span>{step.name}</span><span className="second nowrap">{step.obstacle !== null ? t('playbooks.needs') : step.change ? t('playbooks.change') : t('playbooks.same')}</span></span>
                      {step.obstacle !== null ? <span className="warn">{step.obstacle}</span> : step.change && <span className="second">{said(step.before)} → {said(step.after)}</span>}
                    </li>
                  ))}</ul>
                  <p className="third">{t('playbooks.undoNote')}</p>
                </div>
              )}
            </Modal>
            <MakePlaybook open={making} close={() => setMaking(false)} />
          </>
        )
      }}
    </Loaded>
  )
}

function MakePlaybook(props: { open: boolean; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const moves = useGet<{ moves: Array<{ key: string; name: string }> }>('/playbooks/moves', {}, { enabled: props.open })
  const cases = useGet<Kept>('/case', {}, { enabled: props.open })
  const make = useSend<Record<string, unknown>>('POST', () => '/playbooks', { refresh: ['/playbooks'] })
  type Wish = { title: string; note?: string; caseId?: string; moves: string[]; afterEpochs: number; whenNetBelowZero: boolean; lossesPerHundred: number | null; royalty: boolean }
  const finish = ({ title, note, caseId, moves: chosen, royalty, ...stopRule }: Wish): void =>
    make.mutate({ title, note: note ?? '', caseId: caseId ?? null, moves: chosen, royalty, stopRule }, { onSuccess: () => { tell(t('playbooks.madeNow')); props.close() }, onError: (error) => tell(error.message) })
  return (
    <Modal open={props.open} width={640} title={t('playbooks.make')} footer={null} onCancel={props.close} destroyOnHidden>
      <Form<Wish> layout="vertical" initialValues={{ moves: [], afterEpochs: 2, whenNetBelowZero: true, lossesPerHundred: 3, royalty: true }} onFinish={finish}>
        <Form.Item name="title" label={t('playbooks.form.title')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={60} /></Form.Item>
        <Form.Item name="note" label={t('playbooks.form.note')}><Input.TextArea rows={3} maxLength={500} showCount /></Form.Item>
        <Form.Item name="caseId" label={t('playbooks.form.case')} extra={t('playbooks.form.caseNote')}><Select allowClear placeholder={t('playbooks.noClaim')} options={(cases.data?.kept ?? []).filter((row) => row.consent?.given).map((row) => ({ value: row.caseId, label: row.sentence }))} /></Form.Item>
        <Form.Item name="moves" label={t('playbooks.form.moves')} rules={[{ required: true, type: 'array', min: 1, message: t('playbooks.form.need') }]}><Checkbox.Group options={(moves.data?.moves ?? []).map((row) => ({ value: row.key, label: row.name }))} /></Form.Item>
        <div className="row">
          <Form.Item name="afterEpochs" label={t('playbooks.form.after')}><InputNumber min={1} max={12} /></Form.Item>
          <Form.Item name="lossesPerHundred" label={t('playbooks.form.losses')}><InputNumber min={0.1} max={100} step={0.5} /></Form.Item>
        </div>
        <Form.Item name="royalty" valuePropName="checked" extra={t('playbooks.form.royaltyNote')}><Checkbox>{t('playbooks.form.royalty')}</Checkbox></Form.Item>
        <Form.Item name="whenNetBelowZero" valuePropName="checked"><Checkbox>{t('playbooks.form.net')}</Checkbox></Form.Item>
        <p className="second" style={{ marginBottom: 12 }}>{t('playbooks.form.whatNot')}</p>
        <Button type="primary" htmlType="submit" loading={make.isPending}>{t('playbooks.form.go')}</Button>
      </Form>
    </Modal>
  )
}
