import { useState, type ReactNode } from 'react'
import { Button, Form, Input, Modal, Radio, Select } from 'antd'
import { Card, DataTable, Loaded, PageHead, PersonChip, ShortId, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import type { TextKey } from '../text/index.ts'
import { Marked, type Evidence, type PenaltyKind, type Snapshot } from './marked.tsx'

type Penalty = { penaltyId: string; readerId: string; personId: string | null; kind: PenaltyKind; rule: string; ruleZh: string; ruleEn: string; excerpt: { text: string; from: number; to: number } | null; reason: string; startsAt: number; endsAt: number | null; endedAt: number | null; endedWhy: string | null; replacedBy: string | null; reckoning: { recidivism: number; raised: string[] } }
type Appeal = {
  appealId: string; penaltyId: string | null; caseId: string | null; body: string; madeAt: number; dueAt: number; state: 'open' | 'escalated' | 'decided'; sameFrom: number; decision: 'uphold' | 'reduce' | 'overturn' | null; reason: string | null; publicNote: string | null; decidedAt: number | null; missed: boolean
  mine: boolean; others: number; penalty: Penalty | null; case: { snapshot: Snapshot; evidence: Evidence[]; decidedRule: string | null } | null
}

const running = (row: Penalty, now: number): boolean => row.endedAt === null && row.startsAt <= now && (row.endsAt === null || now < row.endsAt)

/** 处罚: who is silent until when, why; a change replaces it and keeps the record. */
export function PenaltiesView(): ReactNode {
  const { t, f, language } = useWords()
  const { tell } = useBars()
  const query = useGet<{ now: number; kinds: PenaltyKind[]; rows: Penalty[] }>('/penalties', {}, { every: 15_000 })
  const [changing, setChanging] = useState<Penalty | null>(null)
  const change = useSend<{ penaltyId: string; to: PenaltyKind | null; reason: string }>('PUT', ({ penaltyId }) => `/penalties/${penaltyId}`, { refresh: ['/penalties', '/appeals'], body: ({ to, reason }) => ({ to, reason }) })
  const rule = (row: Penalty): string => `${row.rule} ${language === 'zh' ? row.ruleZh : row.ruleEn}`
  return (
    <Loaded query={query}>
      {({ now, kinds, rows }) => {
        const shown = rows.filter((row) => row.replacedBy === null)
        const on = shown.filter((row) => running(row, now))
        const end = (row: Penalty): ReactNode => (running(row, now) ? (row.endsAt === null ? t('penalty.noEnd') : <When at={row.endsAt} as="exact" />) : row.endedWhy === null || row.endedWhy === 'expired' ? t('penalty.why.expired') : t(`penalty.why.${row.endedWhy}` as TextKey))
        const button = (row: Penalty): ReactNode => (running(row, now) ? <Button size="small" onClick={() => setChanging(row)}>{t('penalty.change')}</Button> : null)
        return (
          <>
            <PageHead kicker={t('penalties.kicker')} sentence={on.length === 0 ? t('penalties.none') : t('penalties.sentence', { n: f.count(on.length) })} why={t('penalties.why')} />
            <Card flush>
              <DataTable<Penalty>
                name="penalties" rows={shown} rowKey={(row) => row.penaltyId} empty={<StateBlock title={t('penalties.empty')} what={t('penalties.why')} />}
                columns={[
                  { key: 'who', title: t('penalties.col.who'), cell: (row) => (row.personId === null ? <ShortId id={row.readerId} /> : <PersonChip personId={row.personId} />) }, { key: 'kind', title: t('penalties.col.kind'), cell: (row) => <span className={running(row, now) ? 'strong' : 'second'}>{t(`penalty.kind.${row.kind}`)}</span> },
                  { key: 'rule', title: t('penalties.col.rule'), cell: rule }, { key: 'words', title: t('penalties.col.words'), cell: (row) => <span className="ellipsis second" style={{ display: 'inline-block', maxWidth: 220 }}>{row.excerpt?.text ?? ''}</span> },
                  { key: 'start', title: t('penalties.col.start'), cell: (row) => <When at={row.startsAt} /> }, { key: 'end', title: t('penalties.col.end'), cell: end }, { key: 'act', title: '', right: true, cell: button },
                ]}
                phone={(row) => ({ title: t(`penalty.kind.${row.kind}`), right: end(row), line: rule(row), lineRight: <When at={row.startsAt} />, actions: button(row) })}
              />
            </Card>
            <Modal open={changing !== null} title={t('penalty.changeTitle')} footer={null} onCancel={() => setChanging(null)} destroyOnHidden>
              {changing !== null && (
                <Form layout="vertical" initialValues={{ to: 'lift' }} onFinish={(input: { to: PenaltyKind | 'lift'; reason: string }) => change.mutate({ penaltyId: changing.penaltyId, to: input.to === 'lift' ? null : input.to, reason: input.reason }, { onSuccess: () => { tell(t('penalty.changed')); setChanging(null) }, onError: (error) => tell(error.message) })}>
                  <Form.Item name="to" label={t('penalty.to')}><Radio.Group options={[{ value: 'lift', label: t('penalty.lift') }, ...kinds.filter((kind) => kind !== changing.kind).map((kind) => ({ value: kind, label: t(`penalty.kind.${kind}`) }))]} /></Form.Item>
                  <Form.Item name="reason" label={t('penalty.reason')} rules={[{ required: true, message: t('penalty.needReason') }]}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
                  <p className="second" style={{ marginBottom: 12 }}>{t('penalty.changeNote')}</p>
                  <Button type="primary" htmlType="submit" loading={change.isPending}>{t('penalty.go')}</Button>
                </Form>
              )}
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}

/** 申诉: a second look by somebody else, within days, with reasons. */
export function AppealsView(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<{ now: number; kinds: PenaltyKind[]; rows: Appeal[] }>('/appeals', {}, { every: 15_000 })
  return (
    <Loaded query={query}>
      {({ now, kinds, rows }) => {
        const open = rows.filter((row) => row.state !== 'decided')
        const late = open.filter((row) => row.missed).length
        return (
          <>
            <PageHead kicker={t('appeals.kicker')} sentence={open.length === 0 ? t('appeals.none') : late > 0 ? t('appeals.late', { n: f.count(open.length), late: f.count(late) }) : t('appeals.sentence', { n: f.count(open.length) })} why={t('appeals.why')} />
            {rows.length === 0 && <Card><StateBlock title={t('appeals.none')} what={t('appeals.noneWhat')} /></Card>}
            <div className="cards">{rows.map((row) => <AppealCard key={row.appealId} row={row} kinds={kinds} now={now} />)}</div>
          </>
        )
      }}
    </Loaded>
  )
}

function AppealCard(props: { row: Appeal; kinds: PenaltyKind[]; now: number }): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const { row, kinds, now } = props
  const [decision, setDecision] = useState<'uphold' | 'reduce' | 'overturn'>('uphold')
  const [to, setTo] = useState<PenaltyKind | 'lift'>('lift')
  const [reason, setReason] = useState('')
  const decide = useSend<{ decision: string; penaltyId: string | null; to: PenaltyKind | null; reason: string }>('POST', () => `/appeals/${row.appealId}`, { refresh: ['/appeals', '/penalties', '/tickets'] })
  const { penalty } = row
  const words = row.case?.snapshot ?? null
  // The first reviewer does not decide, unless nobody else is there and a day has passed.
  const blocked = row.mine && (row.others > 0 ? t('appeal.notYou', { n: row.others }) : now < row.sameFrom ? t('appeal.cooling', { at: f.timeExact(row.sameFrom) }) : null)
  const lighter = penalty === null ? [] : kinds.slice(0, kinds.indexOf(penalty.kind))
  return (
    <Card span={6} title={penalty === null ? t('appeal.content') : `${t(`penalty.kind.${penalty.kind}`)} · ${penalty.rule} ${language === 'zh' ? penalty.ruleZh : penalty.ruleEn}`} end={row.state === 'decided' ? <span className="tag">{t(`appeal.decision.${row.decision ?? 'uphold'}`)}</span> : <span className={`tag ${row.missed ? 'warn' : ''}`}>{row.missed ? t('appeal.overdue') : t('appeal.due', { at: f.timeInTable(row.dueAt, now) })}</span>}>
      <div className="stack">
        {(words !== null || penalty?.excerpt) && <div className="bubble" style={{ maxWidth: 'none' }}>{words !== null ? <><Marked text={words.title} evidence={row.case!.evidence} where={['title', 'profile']} />{words.title !== '' && <br />}<Marked text={words.text} evidence={row.case!.evidence} where={['text', 'profile']} /></> : penalty!.excerpt!.text}</div>}
        <p><span className="second">{t('appeal.says')}</span> {row.body}</p>
        {row.state === 'decided' ? <p className="second">{row.reason}{row.publicNote !== null && <><br />{row.publicNote}</>} · <When at={row.decidedAt} /></p> : blocked ? <p className="callout">{blocked}</p> : (
          <>
            <Radio.Group value={decision} onChange={(event) => setDecision(event.target.value as typeof decision)} options={(['uphold', ...(lighter.length > 0 || penalty !== null ? ['reduce'] : []), 'overturn'] as const).map((value) => ({ value: value as string, label: t(`appeal.decision.${value as 'uphold'}`) }))} />
            {decision === 'reduce' && <Select value={to} onChange={setTo} aria-label={t('penalty.to')} style={{ maxWidth: 220 }} options={[{ value: 'lift' as const, label: t('penalty.lift') }, ...lighter.map((kind) => ({ value: kind, label: t(`penalty.kind.${kind}`) }))]} />}
            <Input.TextArea rows={2} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} placeholder={t('appeal.reason')} aria-label={t('appeal.reason')} />
            <div className="row between"><span className="second">{row.mine ? t('appeal.public') : ''}</span><Button type="primary" disabled={reason.trim() === '' || !may('appeals.decide')} loading={decide.isPending} onClick={() => decide.mutate({ decision, penaltyId: row.penaltyId, to: decision === 'reduce' && to !== 'lift' ? to : null, reason }, { onSuccess: () => tell(t('appeal.done')), onError: (error) => tell(error.message) })}>{t('appeal.go')}</Button></div>
          </>
        )}
        {penalty !== null && penalty.reason !== '' && <p className="second">{t('appeal.first')} {penalty.reason}</p>}
        {penalty?.personId && <TextLink quiet to={`/retain/people/${penalty.personId}`}>{t('appeal.person')}</TextLink>}
      </div>
    </Card>
  )
}
