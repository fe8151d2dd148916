import { useState, type ReactNode } from 'react'
import { Button, Form, Input, Modal, Popconfirm, Select } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, ShortId, StateBlock, TextLink, useBars, When, type Column } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type Code = { codeId: string; name: string; channel: string; state: string; staff: string[]; welcomeText: string | null; status: 'making' | 'live' | 'failed' | 'unknown' | 'closing' | 'closed'; qrCode: string | null; error: string | null; createdAt: number; people: number }
type Wish = { codeId?: string; name: string; channel: string; staff: string[]; welcomeText?: string }
const tone: Record<Code['status'], string> = { making: '', live: 'ok', failed: 'danger', unknown: 'warn', closing: 'hollow', closed: 'hollow' }

/** 获客 › 活码: which code brought whom; make, change, close. */
export function CodesPage(): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const { tell } = useBars()
  const [open, setOpen] = useState<Code | 'new'>()
  const query = useGet<{ rows: Code[] }>('/codes', {}, { every: 5_000 })
  const staff = useGet<{ rows: Array<{ staff: string; contactOn: boolean }> }>('/staff', {}, { enabled: on('contacts') && open !== undefined })
  const make = useSend<Wish>('POST', () => '/codes', { refresh: ['/codes'] })
  const edit = useSend<Wish>('PUT', (body) => `/codes/${body.codeId}`, { refresh: ['/codes'], body: ({ name, staff: who, welcomeText }) => ({ name, staff: who, welcomeText: welcomeText ?? '' }) })
  const close = useSend<string>('DELETE', (codeId) => `/codes/${codeId}`, { refresh: ['/codes'] })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('broadcasts.write')
  const shut = (): void => setOpen(undefined)
  const save = (input: Wish): void => {
    const wish = { ...input, welcomeText: input.welcomeText?.trim() || undefined }
    if (open === 'new') make.mutate(wish, { onSuccess: () => { tell(t('codes.made')); shut() }, onError })
    else if (open) edit.mutate({ ...wish, codeId: open.codeId }, { onSuccess: () => { tell(t('codes.saved')); shut() }, onError })
  }
  const closeButton = (row: Code): ReactNode => (row.status === 'closed' || row.status === 'closing' ? null : (
    <Permitted allowed={allowed} who={t('codes.noRight')}>{(disabled) => (
      <Popconfirm title={t('codes.closeAsk', { name: row.name })} okText={t('codes.closeGo', { name: row.name })} cancelText={t('kit.cancel')} disabled={disabled} onConfirm={() => close.mutate(row.codeId, { onSuccess: () => tell(t('codes.closed')), onError })}><Button size="small" disabled={disabled}>{t('codes.close')}</Button></Popconfirm>
    )}</Permitted>
  ))
  const columns: Column<Code>[] = [
    { key: 'name', title: t('codes.col.name'), cell: (row) => <TextLink quiet onClick={() => setOpen(row)}>{row.name}</TextLink> }, { key: 'channel', title: t('codes.col.channel'), cell: (row) => row.channel },
    { key: 'staff', title: t('codes.col.staff'), cell: (row) => <span className="ellipsis">{row.staff.join(' · ')}</span> }, { key: 'status', title: t('codes.col.status'), cell: (row) => <span className={`tag ${tone[row.status]}`} title={row.error ?? undefined}>{t(`codes.status.${row.status}`)}</span> },
    { key: 'state', title: t('codes.col.state'), cell: (row) => <ShortId id={row.state} /> }, { key: 'made', title: t('codes.col.made'), cell: (row) => <When at={row.createdAt} /> },
    { key: 'people', title: t('codes.col.people'), right: true, cell: (row) => <span className="strong">{t('codes.people', { n: f.count(row.people) })}</span> }, { key: 'act', title: '', right: true, cell: closeButton },
  ]
  const button = <Permitted allowed={allowed} who={t('codes.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setOpen('new')}>{t('codes.make')}</Button>}</Permitted>
  return (
    <Loaded query={query}>
      {({ rows }) => {
        const sorted = rows.toSorted((a, b) => b.people - a.people)
        const people = rows.reduce((sum, row) => sum + row.people, 0)
        const sentence = rows.length === 0 ? t('codes.none') : people === 0 ? t('codes.sentenceNobody', { n: rows.length }) : t('codes.sentence', { n: rows.length, people: f.count(people), name: sorted[0].name, most: f.count(sorted[0].people) })
        return (
          <>
            <PageHead kicker={t('codes.kicker')} sentence={sentence} why={t('codes.why')} actions={button} />
            <Card flush>
              <DataTable<Code>
                name="codes" columns={columns} rows={sorted} rowKey={(row) => row.codeId} empty={<StateBlock title={t('codes.none')} what={t('codes.noneWhat')} />}
                phone={(row) => ({ title: <TextLink quiet onClick={() => setOpen(row)}>{row.name}</TextLink>, right: t('codes.people', { n: f.count(row.people) }), line: <span className="row"><span className={`tag ${tone[row.status]}`}>{t(`codes.status.${row.status}`)}</span>{row.channel}</span>, lineRight: row.staff.join(' · ') })}
              />
            </Card>
            <Modal open={open !== undefined} title={open === 'new' ? t('codes.make') : open?.name} footer={null} onCancel={shut} destroyOnHidden>
              {open && open !== 'new' && open.qrCode && <p className="second">{t('codes.qr')} <ShortId whole id={open.qrCode} /></p>}
              {open && open !== 'new' && open.error && <div className="callout danger">{open.error}</div>}
              <Form layout="vertical" initialValues={open === 'new' ? { staff: [] } : { name: open?.name, channel: open?.channel, staff: open?.staff, welcomeText: open?.welcomeText ?? '' }} onFinish={save} disabled={!allowed || (open !== 'new' && open?.status !== 'live')}>
                <Form.Item name="name" label={t('codes.form.name')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={30} /></Form.Item>
                <Form.Item name="channel" label={t('codes.form.channel')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={40} disabled={open !== 'new'} /></Form.Item>
                <Form.Item name="staff" label={t('codes.form.staff')} rules={[{ required: true, message: t('codes.form.need') }]}><Select mode="multiple" maxCount={100} options={(staff.data?.rows ?? []).filter((row) => row.contactOn).map((row) => ({ value: row.staff, label: row.staff }))} /></Form.Item>
                <Form.Item name="welcomeText" label={t('codes.form.welcome')}><Input.TextArea rows={3} maxLength={1300} showCount /></Form.Item>
                <Button type="primary" htmlType="submit" loading={make.isPending || edit.isPending}>{open === 'new' ? t('codes.form.make') : t('codes.form.save')}</Button>
              </Form>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
