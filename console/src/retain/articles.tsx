import { useState, type ReactNode } from 'react'
import { Button } from 'antd'
import { useNavigate } from 'react-router'
import { Card, Chip, DataTable, Filters, Loaded, Money, PageHead, Permitted, StateBlock, TextLink, useFilter, When, type Column } from '../kit/index.ts'
import { useGet, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { articleTone, enoughVotes, versionTone, type Desk, type DeskRow } from './article-types.ts'

const states = ['waiting', 'drafts', 'scheduled', 'published', 'gone'] as const

/** 留存 › 内容: what is written, what waits for a look, what readers made of it. */
export function ArticlesPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const go = useNavigate()
  const filter = useFilter()
  const state = states.find((one) => one === filter.get('state'))
  const search = filter.get('search')
  const [behind, setBehind] = useState<Array<{ at: number; id: string }>>([])
  const at = behind[behind.length - 1]
  const query = useGet<Desk>('/articles', { state, search, at: at?.at, id: at?.id }, { every: 20_000 })
  const write = <Permitted allowed={may('content.write')} who={t('articles.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => void go('/retain/content/new')}>{t('articles.write')}</Button>}</Permitted>
  const link = (row: DeskRow): string => `/retain/content/${row.articleId}`
  const where = (row: DeskRow): ReactNode => (row.state === 'published' && row.latestState !== 'published'
    ? <span className="row"><span className="tag ok">{t('article.state.published')}</span><span className={`tag ${versionTone[row.latestState]}`}>{t('articles.newer', { state: t(`version.state.${row.latestState}`) })}</span></span>
    : row.state === 'unpublished' ? <span className={`tag ${versionTone[row.latestState]}`}>{t(`version.state.${row.latestState}`)}</span> : <span className={`tag ${articleTone[row.state]}`}>{t(`article.state.${row.state}`)}</span>)
  const price = (row: DeskRow): ReactNode => (row.priceFeathers === null && row.priceFen === null ? <span className="third">{t('articles.free')}</span> : <span className="nowrap">{row.priceFeathers !== null && t('articles.feathers', { n: f.count(row.priceFeathers) })}{row.priceFeathers !== null && row.priceFen !== null && ' · '}{row.priceFen !== null && <Money fen={row.priceFen} />}</span>)
  const stars = (row: DeskRow): ReactNode => (row.ratings === 0 ? <span className="third">—</span> : t('articles.stars', { n: (row.rating / 1000).toFixed(1), ratings: f.count(row.ratings) }))
  const columns: Column<DeskRow>[] = [
    { key: 'title', title: t('articles.col.title'), cell: (row) => <span className="ellipsis"><TextLink quiet to={link(row)}>{row.title}</TextLink></span> }, { key: 'author', title: t('articles.col.author'), cell: (row) => row.author || t('articles.noName') },
    { key: 'state', title: t('articles.col.state'), cell: where }, { key: 'at', title: t('articles.col.changed'), cell: (row) => <When at={row.latestState === 'scheduled' ? row.scheduledAt : row.updatedAt} /> }, { key: 'price', title: t('articles.col.price'), cell: price },
    { key: 'kept', title: t('articles.col.kept'), right: true, cell: (row) => (row.keptReads === 0 ? <span className="third">0</span> : f.count(row.keptReads)) }, { key: 'rating', title: t('articles.col.rating'), right: true, cell: stars },
  ]
  return (
    <Loaded query={query}>
      {({ rows, next, totals }) => {
        const empty = totals.published + totals.waiting + totals.scheduled + totals.drafts === 0
        const sentence = empty ? t('articles.none') : totals.waiting > 0 ? t('articles.sentenceWaiting', { n: f.count(totals.waiting) }) : t('articles.sentence', { n: f.count(totals.published), kept: f.count(totals.keptReads) })
        return (
          <>
            <PageHead kicker={t('articles.kicker')} sentence={sentence} why={t('articles.why')} actions={write} stale={query.isPlaceholderData} />
            {!empty && (
              <Filters search={{ value: search, hint: t('articles.search'), set: (value) => { setBehind([]); filter.set({ search: value }) } }} onClear={state !== undefined || search !== undefined ? () => { setBehind([]); filter.clear() } : undefined}>
                {states.map((key) => <Chip key={key} label={t(`articles.filter.${key}`)} on={state === key} onClick={() => { setBehind([]); filter.set({ state: state === key ? undefined : key }) }} />)}
              </Filters>
            )}
            <Card flush>
              <DataTable<DeskRow>
                name="articles" columns={columns} rows={rows} rowKey={(row) => row.articleId} to={link} empty={<StateBlock title={empty ? t('articles.none') : t('articles.noMatch')} what={empty ? t('articles.noneWhat') : t('articles.noMatchWhat')} actions={empty ? undefined : <Button onClick={() => filter.clear()}>{t('kit.clear')}</Button>} />}
                phone={(row) => ({ title: row.title, right: <When at={row.updatedAt} />, line: <span className="row">{where(row)}{price(row)}</span>, lineRight: t('articles.keptN', { n: f.count(row.keptReads) }) })}
              />
              {(next !== null || behind.length > 0) && <div className="tablefoot"><span className="grow" />{behind.length > 0 && <Button onClick={() => setBehind(behind.slice(0, -1))}>{t('kit.previous')}</Button>}{next && <Button onClick={() => setBehind([...behind, next])}>{t('kit.next')}</Button>}</div>}
            </Card>
            {rows.some((row) => row.ratings > 0 && row.ratings * 1000 < enoughVotes) && <p className="third">{t('articles.fewVotes')}</p>}
          </>
        )
      }}
    </Loaded>
  )
}
