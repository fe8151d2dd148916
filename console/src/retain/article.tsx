import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import { Button, DatePicker, Dropdown, Input, InputNumber, Modal, Popconfirm, Select } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from 'react-router'
import { Card, FactLine, Icon, Loaded, PageHead, Permitted, TextLink, useBars, When, type FactItem } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { mediaUrl, PictureForm } from './article-pieces.tsx'
import { enoughVotes, versionTone, type Block, type Detail, type Push, type Version } from './article-types.ts'

const ArticleEditor = lazy(async () => ({ default: (await import('./article-editor.tsx')).ArticleEditor }))

/** 留存 › 内容 › one article: written, looked at, published, sold; what it became. */
export function ArticlePage(): ReactNode {
  const { articleId = 'new' } = useParams()
  const query = useGet<Detail>(`/articles/${articleId}`, {}, { enabled: articleId !== 'new', every: 15_000 })
  if (articleId === 'new') return <Desk />
  return <Loaded query={query}>{(detail) => <Desk key={detail.article.articleId} detail={detail} />}</Loaded>
}

type Draft = { title: string; summary: string; cover: string | null; topics: string[]; price: { feathers: number | null; fen: number | null }; blocks: Block[] }
const empty: Draft = { title: '', summary: '', cover: null, topics: [], price: { feathers: null, fen: null }, blocks: [] }
const draftOf = (detail: Detail | undefined): Draft => (detail ? { title: detail.latest.title, summary: detail.latest.summary, cover: detail.latest.cover, topics: detail.latest.topics, price: { feathers: detail.latest.priceFeathers, fen: detail.latest.priceFen }, blocks: detail.latest.blocks } : empty)

function Desk(props: { detail?: Detail }): ReactNode {
  const { t, f } = useWords()
  const { may, tenant } = useSession()
  const go = useNavigate()
  const { tell } = useBars()
  const now = useNow()
  const { detail } = props
  const id = detail?.article.articleId ?? ''
  const [draft, setDraft] = useState<Draft>(() => draftOf(detail))
  const [base, setBase] = useState(detail?.latest.version ?? 0)
  const [dirty, setDirty] = useState(false)
  const [author, setAuthor] = useState<string>()
  const [coverOpen, setCoverOpen] = useState(false)
  const [schedule, setSchedule] = useState(false)
  const edit = (change: Partial<Draft>): void => {
    setDraft((before) => ({ ...before, ...change }))
    setDirty(true)
  }
  // A colleague saved meanwhile: shown when nothing of one's own would be lost by it.
  const seen = useRef(base)
  useEffect(() => {
    if (detail && !dirty && detail.latest.version !== seen.current) {
      seen.current = detail.latest.version
      setBase(detail.latest.version)
      setDraft(draftOf(detail))
    }
  }, [detail, dirty])
  const authors = useGet<{ house: string; rows: Array<{ readerId: string; name: string; kind: string }> }>('/articles/authors', {}, { enabled: detail === undefined })
  const refresh = { refresh: ['/articles'] }
  type Saved = { articleId: string; version: number }
  const create = useSend<object, Saved>('POST', () => '/articles', refresh)
  const save = useSend<object, Saved>('PUT', () => `/articles/${id}`, refresh)
  const act = useSend<{ act: string; id: string; body: object }, { kind: string; state?: string; zh?: string; en?: string; url?: string; sales?: number }>('POST', (input) => `/articles/${input.id}/${input.act}`, { ...refresh, body: (input) => input.body })
  const { language } = useWords()
  const onError = (error: Error): void => tell(error.message)
  const body = (): object => ({ ...draft, title: draft.title.trim(), summary: draft.summary.trim() })
  const keep = (then: (saved: Saved) => void): void => {
    if (detail && !dirty) return then({ articleId: id, version: base })
    const done = (saved: Saved): void => {
      setDirty(false)
      setBase(saved.version)
      seen.current = saved.version
      then(saved)
    }
    if (detail) save.mutate({ draft: body(), version: base }, { onSuccess: done, onError })
    else create.mutate({ draft: body(), ...(author === undefined ? {} : { authorReaderId: author }) }, { onSuccess: done, onError })
  }
  const show = (saved: Saved): void => void (detail === undefined && go(`/retain/content/${saved.articleId}`, { replace: true }))
  const run = (name: string, input: object, words: string, where = id): void => act.mutate({ act: name, id: where, body: input }, {
    onSuccess: (done) => tell(done.kind === 'not-ready' || done.kind === 'refused' ? ((language === 'en' ? done.en : done.zh) ?? '') : done.kind === 'sold' ? t('article.soldKeep', { n: done.sales ?? 0 }) : done.kind === 'under-way' ? t('article.pushUnderWay') : words), onError,
  })
  const publish = (at: number | null): void => keep((saved) => act.mutate({ act: 'submit', id: saved.articleId, body: {} }, {
    onSuccess: (done) => {
      if (done.kind === 'rejected') tell(t('article.rejected', { why: (language === 'en' ? done.en : done.zh) ?? '' }))
      else if (done.state === 'held') tell(t('article.held'))
      else run('schedule', { version: saved.version, at }, at === null ? t('article.published') : t('article.scheduled', { when: f.timeExact(at) }), saved.articleId)
      show(saved)
    },
    onError: (error) => { onError(error); show(saved) },
  }))
  const latest = detail?.latest.state ?? 'draft'
  const state = detail?.article.state ?? 'unpublished'
  const busy = create.isPending || save.isPending || act.isPending
  const ready = draft.title.trim() !== '' && draft.blocks.length > 0
  const allowed = may('content.write')
  const nothingNew = detail !== undefined && !dirty && latest === 'published'
  const paywall = draft.blocks.some((block) => block.type === 'paywall')
  const publishOld = !dirty && (latest === 'approved' || latest === 'scheduled')
  const sentence = detail === undefined ? t('article.new') : latest === 'held' ? t('article.sentence.held') : latest === 'rejected' ? t('article.sentence.rejected', { why: detail.latest.reason ?? detail.latest.rule ?? '' })
    : latest === 'scheduled' && detail.latest.scheduledAt !== null ? t('article.sentence.scheduled', { when: f.timeExact(detail.latest.scheduledAt) }) : state === 'published' ? t('article.sentence.published', { kept: f.count(detail.counts.keptReads), comments: f.count(detail.counts.comments) })
      : state === 'withdrawn' ? t('article.sentence.withdrawn') : state === 'removed' ? t('article.sentence.removed') : latest === 'submitted' ? t('article.sentence.submitted', { who: detail.author?.name || t('articles.noName') }) : t('article.sentence.draft')
  const more = detail ? [
    ...(state === 'published' ? [{ key: 'withdraw', label: t('article.withdraw') }] : []), ...(state === 'withdrawn' ? [{ key: 'republish', label: t('article.republish') }] : []), ...(latest === 'scheduled' ? [{ key: 'unschedule', label: t('article.unschedule') }] : []),
    ...(state === 'unpublished' || state === 'withdrawn' ? [{ key: 'delete', label: t('article.delete') }] : []),
  ] : []
  return (
    <>
      <PageHead
        kicker={<><TextLink quiet to="/retain/content">{t('retain.content')}</TextLink>{detail && <> · {t(`article.state.${state}`)}</>}</>}
        sentence={sentence}
        why={latest === 'submitted' ? t('article.whySubmitted') : t('article.why')}
        actions={<>
          {more.length > 0 && <Dropdown trigger={['click']} disabled={!allowed} menu={{ items: more, onClick: ({ key }) => run(key, { version: base }, t(`article.done.${key as 'withdraw'}`)) }}><Button>{t('article.more')}</Button></Dropdown>}
          <Permitted allowed={allowed} who={t('articles.noRight')}>{(disabled) => <Button disabled={disabled || !ready || (detail !== undefined && !dirty)} loading={busy} onClick={() => keep((saved) => { tell(t('article.saved', { n: saved.version })); show(saved) })}>{t('article.save')}</Button>}</Permitted>
          {latest === 'submitted' && !dirty
            ? <Permitted allowed={allowed} who={t('articles.noRight')}>{(disabled) => <><Refuse disabled={disabled} run={(reason) => run('refuse', { version: base, reason }, t('article.refused'))} /><Button type="primary" disabled={disabled} loading={busy} onClick={() => run('approve', { version: base }, t('article.approved'))}>{t('article.approve')}</Button></>}</Permitted>
            : <Permitted allowed={allowed} who={t('articles.noRight')}>{(disabled) => <>
                <Button disabled={disabled || !ready || nothingNew || latest === 'held'} onClick={() => setSchedule(true)}>{t('article.later')}</Button>
                <Button type="primary" disabled={disabled || !ready || nothingNew || latest === 'held'} loading={busy} onClick={() => (publishOld ? run('schedule', { version: base, at: null }, t('article.published')) : publish(null))}>{t('article.publish')}</Button>
              </>}</Permitted>}
        </>}
      />
      <div className="cards level">
        <Card span={8}>
          <div className="stack wide">
            <Input value={draft.title} disabled={!allowed} maxLength={64} showCount placeholder={t('article.title')} aria-label={t('article.title')} onChange={(event) => edit({ title: event.target.value })} />
            <Suspense fallback={<div className="skeleton" style={{ height: 360 }} />}><ArticleEditor key={detail ? `${id} ${seen.current}` : 'new'} blocks={draft.blocks} disabled={!allowed} onChange={(blocks) => edit({ blocks })} /></Suspense>
          </div>
        </Card>
        <Card span={4} title={t('article.about')} end={detail && <span className={`tag ${versionTone[latest]}`}>{t('article.versionIs', { n: base, state: t(`version.state.${latest}`) })}</span>}>
          <div className="stack wide">
            {detail === undefined
              ? <label className="field"><span>{t('article.author')}</span><Select showSearch optionFilterProp="label" value={author ?? authors.data?.house} onChange={setAuthor} options={(authors.data?.rows ?? []).map((row) => ({ value: row.readerId, label: row.kind === 'house' ? t('article.house', { name: row.name }) : row.name }))} /></label>
              : <div className="pair"><span className="second">{t('article.author')}</span><span>{detail.author?.name || t('articles.noName')}</span></div>}
            <label className="field"><span>{t('article.summary')}</span><Input.TextArea rows={3} maxLength={120} showCount value={draft.summary} disabled={!allowed} placeholder={t('article.summaryHint')} onChange={(event) => edit({ summary: event.target.value })} /></label>
            <label className="field"><span>{t('article.topics')}</span><Select mode="tags" maxCount={5} value={draft.topics} disabled={!allowed} onChange={(topics: string[]) => edit({ topics })} open={false} placeholder={t('article.topicsHint')} /></label>
            <div className="field"><span>{t('article.cover')}</span>
              {draft.cover !== null && <img src={mediaUrl(tenant.slug, draft.cover)} alt={t('article.cover')} style={{ maxWidth: '100%', maxHeight: 160, objectFit: 'cover' }} />}
              <div className="row"><Button size="small" disabled={!allowed} onClick={() => setCoverOpen(true)}>{draft.cover === null ? t('article.coverPut') : t('article.coverChange')}</Button>{draft.cover !== null && <button type="button" className="textlink second" onClick={() => edit({ cover: null })}>{t('rules.drop')}</button>}</div>
            </div>
            <div className="row wrap">
              <label className="field"><span>{t('article.priceFeathers')}</span><InputNumber min={1} max={10_000} precision={0} value={draft.price.feathers} disabled={!allowed} onChange={(feathers) => edit({ price: { ...draft.price, feathers } })} /></label>
              <label className="field"><span>{t('article.priceYuan')}</span><InputNumber min={0.01} max={10_000} step={1} precision={2} value={draft.price.fen === null ? null : draft.price.fen / 100} disabled={!allowed} onChange={(yuan) => edit({ price: { ...draft.price, fen: yuan === null ? null : Math.round(yuan * 100) } })} /></label>
            </div>
            {(draft.price.feathers !== null || draft.price.fen !== null) !== paywall && <p className="callout warn">{paywall ? t('article.needPrice') : t('article.needWall')}</p>}
          </div>
        </Card>
      </div>
      {detail && (
        <div className="cards level">
          {detail.article.version !== null && <Became detail={detail} run={run} busy={busy} allowed={allowed} />}
          <Versions detail={detail} allowed={allowed} restore={(version) => run('restore', { version }, t('article.restored', { n: version }))} />
        </div>
      )}
      <Modal open={coverOpen} title={t('article.cover')} footer={null} onCancel={() => setCoverOpen(false)} destroyOnHidden><PictureForm onDone={(piece) => { edit({ cover: piece.sha256 }); setCoverOpen(false) }} onCancel={() => setCoverOpen(false)} /></Modal>
      <Later open={schedule} now={now} onCancel={() => setSchedule(false)} onDone={(at) => { setSchedule(false); if (publishOld) run('schedule', { version: base, at }, t('article.scheduled', { when: f.timeExact(at) })); else publish(at) }} />
    </>
  )
}

function Refuse(props: { disabled: boolean; run: (reason: string) => void }): ReactNode {
  const { t } = useWords()
  const [reason, setReason] = useState('')
  return <Popconfirm title={t('article.refuseWhy')} description={<Input.TextArea rows={2} maxLength={300} value={reason} onChange={(event) => setReason(event.target.value)} />} okText={t('article.refuse')} cancelText={t('piece.cancel')} okButtonProps={{ disabled: reason.trim() === '' }} onConfirm={() => props.run(reason.trim())} disabled={props.disabled}><Button disabled={props.disabled}>{t('article.refuse')}</Button></Popconfirm>
}

function Later(props: { open: boolean; now: number; onDone: (at: number) => void; onCancel: () => void }): ReactNode {
  const { t } = useWords()
  const [at, setAt] = useState<number>()
  return (
    <Modal open={props.open} title={t('article.later')} footer={null} onCancel={props.onCancel} destroyOnHidden>
      <div className="stack wide">
        <p className="second">{t('article.laterWhat')}</p>
        <DatePicker showTime={{ format: 'HH:mm' }} format="YYYY-MM-DD HH:mm" onChange={(value) => setAt(value ? value.valueOf() : undefined)} aria-label={t('article.later')} />
        <div className="row"><Button type="primary" disabled={at === undefined || at <= props.now} onClick={() => props.onDone(at!)}>{t('article.laterGo')}</Button><Button onClick={props.onCancel}>{t('piece.cancel')}</Button></div>
      </div>
    </Modal>
  )
}

/** What readers made of it, and where it was sent. */
function Became(props: { detail: Detail; run: (act: string, body: object, words: string) => void; busy: boolean; allowed: boolean }): ReactNode {
  const { t, f } = useWords()
  const { counts, pushes, home, canPush, article } = props.detail
  const tone: Record<Push['state'], string> = { images: 'acquire', draft: 'acquire', publishing: 'acquire', published: 'ok', failed: 'danger', 'taken-down': 'danger' }
  const last = pushes[0]
  return (
    <Card span={4} title={t('article.became')} unit={t('article.becameUnit')}>
      <dl className="defs">
        <dt>{t('article.reads')}</dt><dd>{f.count(counts.reads)}</dd>
        <dt>{t('article.kept')}</dt><dd className="strong">{f.count(counts.keptReads)}</dd>
        <dt>{t('article.ratings')}</dt><dd>{counts.ratings === 0 ? <span className="third">—</span> : counts.ratingWeight < enoughVotes ? t('article.ratingsFew', { n: f.count(counts.ratings) }) : t('articles.stars', { n: (counts.rating / 1000).toFixed(1), ratings: f.count(counts.ratings) })}</dd>
        <dt>{t('article.comments')}</dt><dd><TextLink quiet to={`/retain/comments?article=${article.articleId}`}>{f.count(counts.comments)}</TextLink></dd>
        <dt>{t('article.favourites')}</dt><dd>{f.count(counts.favourites)}</dd>
        <dt>{t('article.shares')}</dt><dd>{f.count(counts.shares)}</dd>
        {counts.sales > 0 && <><dt>{t('article.sales')}</dt><dd>{f.count(counts.sales)}</dd></>}
      </dl>
      <div className="stack" style={{ marginTop: 16 }}>
        <div className="pair"><a className="textlink" href={home} target="_blank" rel="noreferrer">{t('article.home')}</a></div>
        {last && <div className="pair"><span><span className={`tag ${tone[last.state]}`}>{t(`push.${last.state}`)}</span> <When at={last.updatedAt} /></span>{last.url !== null && <a className="textlink" href={last.url} target="_blank" rel="noreferrer">{t('push.see')}</a>}</div>}
        {last?.detail && <p className="second">{last.detail}{last.code !== null && <span className="third"> {last.code}</span>}</p>}
        <Permitted allowed={props.allowed && canPush} who={canPush ? t('articles.noRight') : t('push.noAccount')}>{(disabled) => <Button disabled={disabled || article.state !== 'published' || (last !== undefined && ['images', 'draft', 'publishing'].includes(last.state))} loading={props.busy} onClick={() => props.run('push', {}, t('push.started'))}>{t('push.go')}</Button>}</Permitted>
      </div>
    </Card>
  )
}

type Diff = { lines: Array<{ op: 'same' | 'added' | 'removed'; text: string }> }

function Versions(props: { detail: Detail; allowed: boolean; restore: (version: number) => void }): ReactNode {
  const { t } = useWords()
  const { url, tenant } = useSession()
  const { versions, article } = props.detail
  const [compared, setCompared] = useState<number>()
  const before = compared === undefined ? undefined : versions.find((row) => row.version < compared)?.version
  const diff = useQuery({ queryKey: [tenant.slug, '/articles/diff', article.articleId, before, compared], enabled: before !== undefined, queryFn: () => request<Diff>('GET', url(`/articles/${article.articleId}/diff?from=${before}&to=${compared}`)) })
  const who = (row: Version): string => (row.writtenBy.startsWith('staff:') ? row.writtenBy.slice(6) : t('article.byAuthor'))
  const items: FactItem[] = versions.slice(0, 20).map((row) => ({
    key: String(row.version), at: row.writtenAt, kind: row.state === 'superseded' || row.state === 'rejected' ? 'ignored' : row.state === 'draft' || row.state === 'submitted' || row.state === 'held' ? 'wait' : 'fact',
    words: <span className="row wrap">{t('article.versionN', { n: row.version })}<span className={`tag ${versionTone[row.state]}`}>{t(`version.state.${row.state}`)}</span><span className="second">{who(row)}</span>{row.reason !== null && <span className="second">{row.reason}</span>}</span>,
    by: <>
      {versions.some((one) => one.version < row.version) && <TextLink quiet onClick={() => setCompared(row.version)}>{t('article.compare')}</TextLink>}
      {row.version !== article.latestVersion && <TextLink quiet disabled={!props.allowed} onClick={() => props.restore(row.version)}>{t('article.restore')}</TextLink>}
    </>,
  }))
  const lines = diff.data?.lines ?? []
  const near = lines.map((line, n) => line.op !== 'same' || lines.slice(Math.max(0, n - 2), n + 3).some((one) => one.op !== 'same'))
  return (
    <Card span={article.version !== null ? 8 : 12} title={t('article.versions', { n: versions.length })}>
      <FactLine items={items} />
      <Modal open={compared !== undefined} width={760} title={compared !== undefined && t('article.diff', { from: before ?? 0, to: compared })} footer={null} onCancel={() => setCompared(undefined)} destroyOnHidden>
        {lines.length > 0 && lines.every((line) => line.op === 'same') && <p className="second">{t('article.same')}</p>}
        <div className="diff">{lines.map((line, n) => (near[n] ? <div key={n} className={line.op}><span aria-hidden="true">{line.op === 'added' ? '+' : line.op === 'removed' ? '−' : ' '}</span>{line.op !== 'same' && <span className="sr">{t(`article.diff.${line.op}`)}</span>}{line.text}</div> : n > 0 && near[n - 1] ? <div key={n} className="same"><Icon name="down" size={14} /></div> : null))}</div>
      </Modal>
    </Card>
  )
}

