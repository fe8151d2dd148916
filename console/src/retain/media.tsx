import { useState, type ReactNode } from 'react'
import { Button, Input, Modal } from 'antd'
import { Card, Loaded, PageHead, Permitted, ShortId, StateBlock, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { mediaUrl, PictureForm } from './article-pieces.tsx'

type Row = { sha256: string; contentType: string; bytes: number; width: number; height: number; source: string; licence: string; addedBy: string; addedAt: number; blockedAt: number | null }
type Answer = { rows: Row[]; next: { at: number; sha256: string } | null; totals: { images: number; bytes: number; blocked: number } }

/** 留存 › 图片: every image with where it is from. */
export function MediaPage(): ReactNode {
  const { t, f } = useWords()
  const { may, tenant } = useSession()
  const { tell } = useBars()
  const [behind, setBehind] = useState<Array<{ at: number; sha256: string }>>([])
  const at = behind[behind.length - 1]
  const query = useGet<Answer>('/images', { at: at?.at, sha256: at?.sha256 })
  const [open, setOpen] = useState<Row | 'new'>()
  const name = useSend<{ sha256: string; source: string; licence: string }>('PUT', (input) => `/images/${input.sha256}`, { refresh: ['/images'], body: ({ source, licence }) => ({ source, licence }) })
  const block = useSend<{ sha256: string; blocked: boolean }>('POST', (input) => `/images/${input.sha256}/block`, { refresh: ['/images'], body: ({ blocked }) => ({ blocked }) })
  const onError = (error: Error): void => tell(error.message)
  const add = <Permitted allowed={may('content.write')} who={t('articles.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setOpen('new')}>{t('media.add')}</Button>}</Permitted>
  return (
    <Loaded query={query}>
      {({ rows, next, totals }) => (
        <>
          <PageHead kicker={t('media.kicker')} sentence={totals.images === 0 ? t('media.none') : t('media.sentence', { n: f.count(totals.images), mb: (totals.bytes / 1024 / 1024).toFixed(1) })} why={t('media.why')} actions={add} />
          <Card>
            {rows.length === 0 ? <StateBlock title={t('media.none')} what={t('media.noneWhat')} /> : (
              <div className="thumbs">
                {rows.map((row) => (
                  <button type="button" key={row.sha256} className="thumb" onClick={() => setOpen(row)}>
                    {row.blockedAt === null ? <img loading="lazy" src={mediaUrl(tenant.slug, row.sha256)} alt={row.source} /> : <span className="tag danger">{t('media.blocked')}</span>}
                    <span className="ellipsis">{row.source}</span>
                    <span className="third">{t('media.size', { w: row.width, h: row.height, kb: Math.ceil(row.bytes / 1024) })}</span>
                  </button>
                ))}
              </div>
            )}
            {(next !== null || behind.length > 0) && <div className="tablefoot"><span className="grow" />{behind.length > 0 && <Button onClick={() => setBehind(behind.slice(0, -1))}>{t('kit.previous')}</Button>}{next && <Button onClick={() => setBehind([...behind, next])}>{t('kit.next')}</Button>}</div>}
          </Card>
          <Modal open={open === 'new'} title={t('media.add')} footer={null} onCancel={() => setOpen(undefined)} destroyOnHidden><PictureForm onDone={() => { setOpen(undefined); setBehind([]); void query.refetch() }} onCancel={() => setOpen(undefined)} /></Modal>
          <Modal open={open !== undefined && open !== 'new'} title={open !== undefined && open !== 'new' && open.source} footer={null} onCancel={() => setOpen(undefined)} destroyOnHidden>
            {open !== undefined && open !== 'new' && <One key={open.sha256} row={open} slug={tenant.slug} allowed={may('content.write')} mayBlock={may('moderation.decide')} save={(source, licence) => name.mutate({ sha256: open.sha256, source, licence }, { onSuccess: () => { tell(t('media.named')); setOpen(undefined) }, onError })} block={(blocked) => block.mutate({ sha256: open.sha256, blocked }, { onSuccess: () => { tell(blocked ? t('media.blockDone') : t('media.unblockDone')); setOpen(undefined) }, onError })} />}
          </Modal>
        </>
      )}
    </Loaded>
  )
}

function One(props: { row: Row; slug: string; allowed: boolean; mayBlock: boolean; save: (source: string, licence: string) => void; block: (blocked: boolean) => void }): ReactNode {
  const { t } = useWords()
  const [source, setSource] = useState(props.row.source)
  const [licence, setLicence] = useState(props.row.licence)
  const { row } = props
  return (
    <div className="stack wide">
      {row.blockedAt === null && <img src={mediaUrl(props.slug, row.sha256)} alt={row.source} style={{ maxWidth: '100%', maxHeight: 320, objectFit: 'contain' }} />}
      <div className="row wrap second"><ShortId whole id={row.sha256.slice(0, 12)} />{t('media.size', { w: row.width, h: row.height, kb: Math.ceil(row.bytes / 1024) })}<When at={row.addedAt} /><span>{row.addedBy.replace(/^staff:/, '')}</span></div>
      <label className="field"><span>{t('piece.image.source')}</span><Input value={source} maxLength={200} disabled={!props.allowed} onChange={(event) => setSource(event.target.value)} /></label>
      <label className="field"><span>{t('piece.image.licence')}</span><Input value={licence} maxLength={100} disabled={!props.allowed} onChange={(event) => setLicence(event.target.value)} /></label>
      <div className="row wrap">
        <Button type="primary" disabled={!props.allowed || source.trim() === ''} onClick={() => props.save(source.trim(), licence.trim())}>{t('media.save')}</Button>
        <Permitted allowed={props.mayBlock} who={t('media.noBlock')}>{(disabled) => <Button disabled={disabled} onClick={() => props.block(row.blockedAt === null)}>{row.blockedAt === null ? t('media.block') : t('media.unblock')}</Button>}</Permitted>
      </div>
    </div>
  )
}
