import { useState, type ReactNode } from 'react'
import { Button, Form, Input, Modal, Segmented, Select } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Rule = { id: string; category: number; zh: string; en: string; text: string; severity: 'light' | 'medium' | 'serious' | 'severe'; minors: boolean; route: 'queue' | 'second' | 'authority'; decides: 'rule' | 'model' | 'human'; machine: 'pass' | 'hold' | 'reject'; words: string[]; sounds: string[]; example: { text: string; title?: string } }
type Kind = 'article' | 'comment' | 'profile' | 'media'
type Convention = { version: number; effectiveAt: number; rules: Rule[]; allow: string[]; hosts: string[]; review: Record<Kind, 'all' | 'found'> }
type State = {
  now: number; inForce: number; convention: Convention; text: { effectiveDate: string; categories: Array<{ category: number; zh: string; en: string; text: string }> }
  versions: Array<{ version: number; effectiveAt: number; note: string; madeBy: string }>; rescans: Array<{ version: number; finishedAt: number | null; scanned: number; found: number }>
}
type Change = { basedOn: number; note: string; rules?: Array<{ id: string; severity?: string; machine?: string; addWords?: string[]; dropWords?: string[] }>; allow?: string[]; hosts?: string[]; review?: Record<Kind, 'all' | 'found'> }
const lines = (text: string): string[] => text.split(/[\n,，、]+/).map((line) => line.trim()).filter((line) => line !== '')

/** 规则: the 55 rules in force, who decides each, the merchant's own words; a change is a new version. */
export function RulesView(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<State>('/moderation/convention', {}, { every: 20_000 })
  const [category, setCategory] = useState(3)
  const [editing, setEditing] = useState<Rule | null>(null)
  const [wide, setWide] = useState(false)
  const publish = useSend<Change, { version: number; effectiveAt: number }>('POST', () => '/moderation/convention', { refresh: ['/moderation'] })
  const done = (answer: { version: number; effectiveAt: number }): void => {
    tell(t('rules.published', { n: answer.version, at: f.timeExact(answer.effectiveAt) }))
    setEditing(null)
    setWide(false)
  }
  const fail = (error: Error): void => tell(error.message)
  const name = (row: { zh: string; en: string }): string => (language === 'zh' ? row.zh : row.en)
  return (
    <Loaded query={query}>
      {({ convention, inForce, text, versions, rescans }) => {
        const newest = versions[0]?.version ?? convention.version
        const rows = convention.rules.filter((rule) => rule.category === category)
        const edit = (row: Rule): ReactNode => <Permitted allowed={may('settings.write')} who={t('rules.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setEditing(row)}>{t('rules.edit')}</Button>}</Permitted>
        const running = rescans.find((row) => row.finishedAt === null)
        return (
          <>
            <PageHead
              kicker={t('rules.kicker')} sentence={t('rules.sentence', { n: convention.rules.length, version: inForce })} why={running ? t('rules.scanning', { n: f.count(running.scanned), found: f.count(running.found) }) : t('rules.why')}
              actions={<Permitted allowed={may('settings.write')} who={t('rules.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => setWide(true)}>{t('rules.more')}</Button>}</Permitted>}
            />
            <div style={{ overflowX: 'auto', marginBottom: 12 }}><Segmented value={category} onChange={setCategory} aria-label={t('moderation.category')} options={text.categories.map((one) => ({ value: one.category, label: `${one.category} ${name(one)}` }))} /></div>
            <Card flush title={text.categories.find((one) => one.category === category)?.text}>
              <DataTable<Rule>
                name="rules" rows={rows} rowKey={(row) => row.id} empty={null}
                columns={[
                  { key: 'id', title: t('rules.col.id'), cell: (row) => <span>{row.id} {name(row)}</span> }, { key: 'severity', title: t('rules.col.severity'), cell: (row) => <>{t(`rules.severity.${row.severity}`)}{row.minors && <span className="tag hollow" style={{ marginLeft: 6 }}>{t('rules.minors')}</span>}</> },
                  { key: 'who', title: t('rules.col.who'), cell: (row) => t(`rules.decides.${row.decides}`) }, { key: 'machine', title: t('rules.col.machine'), cell: (row) => t(`rules.machine.${row.machine}`) }, { key: 'route', title: t('rules.col.route'), cell: (row) => t(`rules.route.${row.route}`) },
                  { key: 'words', title: t('rules.col.words'), right: true, cell: (row) => f.count(row.words.length + row.sounds.length) }, { key: 'act', title: '', right: true, cell: edit },
                ]}
                phone={(row) => ({ title: `${row.id} ${name(row)}`, right: t(`rules.severity.${row.severity}`), line: row.text, lineRight: t(`rules.machine.${row.machine}`), actions: edit(row) })}
              />
            </Card>
            <div className="cards" style={{ marginTop: 16 }}>
              <Card span={7} title={t('rules.versions', { n: versions.length })}>
                <ul className="list">{versions.map((row) => <li key={row.version} className="row between"><span>{t('moderation.versionN', { n: row.version })}{row.version === inForce && <span className="tag" style={{ marginLeft: 8 }}>{t('rules.inForce')}</span>} <span className="second">{row.note || t('rules.delivered')}</span></span>{row.effectiveAt === 0 ? <span className="second">{t('rules.fromStart')}</span> : <When at={row.effectiveAt} as="exact" />}</li>)}</ul>
              </Card>
              <Card span={5} title={t('rules.rescans')}>
                {rescans.length === 0 ? <p className="second">{t('rules.rescansNone')}</p> : <ul className="list">{rescans.map((row) => <li key={row.version} className="row between"><span>{t('moderation.versionN', { n: row.version })}</span><span className="second">{t(row.finishedAt === null ? 'rules.rescanOn' : 'rules.rescanDone', { n: f.count(row.scanned), found: f.count(row.found) })}</span></li>)}</ul>}
              </Card>
            </div>
            <Modal open={editing !== null} title={editing === null ? '' : `${editing.id} ${name(editing)}`} footer={null} onCancel={() => setEditing(null)} destroyOnHidden>
              {editing !== null && (
                <Form layout="vertical" initialValues={{ severity: editing.severity, machine: editing.machine, words: editing.words.join('\n'), note: '' }} onFinish={(input: { severity: string; machine: string; words: string; note: string }) => {
                  const words = lines(input.words)
                  publish.mutate({ basedOn: newest, note: input.note, rules: [{ id: editing.id, ...(input.severity !== editing.severity ? { severity: input.severity } : {}), ...(input.machine !== editing.machine ? { machine: input.machine } : {}), addWords: words.filter((word) => !editing.words.includes(word)), dropWords: editing.words.filter((word) => !words.includes(word)) }] }, { onSuccess: done, onError: fail })
                }}>
                  <p className="second" style={{ marginBottom: 12 }}>{editing.text} {t('rules.example')}「{editing.example.title ?? editing.example.text}」</p>
                  {editing.category !== 1 && <Form.Item name="severity" label={t('rules.col.severity')}><Select options={(['light', 'medium', 'serious', 'severe'] as const).map((value) => ({ value, label: t(`rules.severity.${value}`) }))} /></Form.Item>}
                  {editing.category !== 1 && <Form.Item name="machine" label={t('rules.col.machine')}><Select options={(['pass', 'hold', 'reject'] as const).map((value) => ({ value, label: t(`rules.machine.${value}`) }))} /></Form.Item>}
                  <Form.Item name="words" label={t('rules.wordsLabel')}><Input.TextArea rows={6} /></Form.Item>
                  <Form.Item name="note" label={t('rules.note')} rules={[{ required: true, message: t('rules.needNote') }]}><Input maxLength={300} /></Form.Item>
                  <p className="second" style={{ marginBottom: 12 }}>{t('rules.publishNote')}</p>
                  <Button type="primary" htmlType="submit" loading={publish.isPending}>{t('rules.publish', { n: newest + 1 })}</Button>
                </Form>
              )}
            </Modal>
            <Modal open={wide} title={t('rules.more')} footer={null} onCancel={() => setWide(false)} destroyOnHidden>
              <Form layout="vertical" initialValues={{ ...convention.review, allow: convention.allow.join('\n'), hosts: convention.hosts.join('\n'), note: '' }} onFinish={(input: Record<Kind, 'all' | 'found'> & { allow: string; hosts: string; note: string }) => publish.mutate({ basedOn: newest, note: input.note, allow: lines(input.allow), hosts: lines(input.hosts), review: { article: input.article, comment: input.comment, profile: input.profile, media: input.media } }, { onSuccess: done, onError: fail })}>
                {(['comment', 'article', 'profile', 'media'] as const).map((kind) => <Form.Item key={kind} name={kind} label={t(`rules.review.${kind}`)}><Segmented options={[{ value: 'all', label: t('rules.review.all') }, { value: 'found', label: t('rules.review.found') }]} /></Form.Item>)}
                <Form.Item name="allow" label={t('rules.allow')}><Input.TextArea rows={3} /></Form.Item>
                <Form.Item name="hosts" label={t('rules.hosts')}><Input.TextArea rows={3} /></Form.Item>
                <Form.Item name="note" label={t('rules.note')} rules={[{ required: true, message: t('rules.needNote') }]}><Input maxLength={300} /></Form.Item>
                <Button type="primary" htmlType="submit" loading={publish.isPending}>{t('rules.publish', { n: newest + 1 })}</Button>
              </Form>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
