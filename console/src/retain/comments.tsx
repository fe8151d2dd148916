import { useState, type ReactNode } from 'react'
import { Button, Checkbox, Input, Modal } from 'antd'
import { Card, Chip, Filters, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, useFilter, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'

type State = 'pending' | 'approved' | 'rejected' | 'removed'
type Row = { commentId: string; articleId: string; parentId: string | null; state: State; text: string; rule: string | null; reason: string | null; createdAt: number; author: { name: string } | null; article: { title: string; slug: string } | null; inQueue: boolean }
type Answer = { rows: Row[]; next: { at: number; id: string } | null; totals: { pending: number; held: number; oldestAt: number | null; decided: number; removed: number } }
const states = ['pending', 'approved', 'rejected', 'removed'] as const

/** 留存 › 评论: every comment waits here first; what the convention holds is in its queue. */
export function CommentsPage(): ReactNode {
  const { t, f } = useWords()
  const { may, on } = useSession()
  const { tell } = useBars()
  const filter = useFilter()
  const state: State = states.find((one) => one === filter.get('state')) ?? 'pending'
  const articleId = filter.get('article')
  const [behind, setBehind] = useState<Array<{ at: number; id: string }>>([])
  const at = behind[behind.length - 1]
  const [chosen, setChosen] = useState<string[]>([])
  const [ask, setAsk] = useState<{ ids: string[]; decision: 'reject' | 'remove' }>()
  const [reason, setReason] = useState('')
  const query = useGet<Answer>('/comments', { state, articleId, at: at?.at, id: at?.id }, { every: 15_000 })
  const decide = useSend<{ commentIds: string[]; decision: string; reason?: string }, { changed: string[]; inQueue: string[] }>('POST', () => '/comments/decide', { refresh: ['/comments', '/articles'] })
  const allowed = may('content.write')
  const done = (ids: string[], decision: 'approve' | 'reject' | 'remove' | 'restore', why?: string): void => decide.mutate({ commentIds: ids, decision, ...(why === undefined ? {} : { reason: why }) }, {
    onSuccess: ({ changed, inQueue }) => {
      setChosen([])
      setAsk(undefined)
      setReason('')
      const back = decision === 'approve' ? 'remove' : decision === 'remove' ? 'restore' : decision === 'reject' ? 'approve' : 'remove'
      tell(inQueue.length > 0 ? t('comments.someInQueue', { n: changed.length, held: inQueue.length }) : t(`comments.done.${decision}`, { n: changed.length }), changed.length > 0 ? () => decide.mutate({ commentIds: changed, decision: back }) : undefined)
    },
    onError: (error) => tell(error.message),
  })
  const pick = (next: State): void => {
    setBehind([])
    setChosen([])
    filter.set({ state: next === 'pending' ? undefined : next })
  }
  return (
    <Loaded query={query}>
      {({ rows, next, totals }) => {
        const free = rows.filter((row) => !row.inQueue)
        const sentence = totals.pending === 0 ? t('comments.sentenceNone', { decided: f.count(totals.decided) }) : totals.held > 0 ? t('comments.sentenceHeld', { n: f.count(totals.pending), held: f.count(totals.held) }) : t('comments.sentence', { n: f.count(totals.pending) })
        const acts = (row: Row): ReactNode => (row.inQueue
          ? <span className="row"><span className="tag warn">{t('comments.inQueue')}</span>{may('moderation.decide') && on('community') && <TextLink to="/restrain/moderation">{t('comments.toQueue')}</TextLink>}</span>
          : <span className="row">
              {row.state !== 'approved' && <Button size="small" type={row.state === 'pending' ? 'primary' : 'default'} disabled={!allowed} loading={decide.isPending} onClick={() => done([row.commentId], row.state === 'pending' ? 'approve' : 'restore')}>{row.state === 'pending' ? t('comments.approve') : t('comments.restore')}</Button>}
              {row.state === 'pending' && <Button size="small" disabled={!allowed} onClick={() => setAsk({ ids: [row.commentId], decision: 'reject' })}>{t('comments.reject')}</Button>}
              {row.state === 'approved' && <Button size="small" disabled={!allowed} onClick={() => setAsk({ ids: [row.commentId], decision: 'remove' })}>{t('comments.remove')}</Button>}
            </span>)
        return (
          <>
            <PageHead kicker={t('comments.kicker')} sentence={sentence} why={totals.pending > 0 && totals.oldestAt !== null ? t('comments.whyOldest', { when: f.timeExact(totals.oldestAt) }) : t('comments.why')} stale={query.isPlaceholderData} />
            {chosen.length > 0
              ? <div className="filters" role="toolbar"><span>{t('comments.chosen', { n: chosen.length })}</span><Permitted allowed={allowed} who={t('articles.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} loading={decide.isPending} onClick={() => done(chosen, 'approve')}>{t('comments.approveN', { n: chosen.length })}</Button>}</Permitted><Button disabled={!allowed} onClick={() => setAsk({ ids: chosen, decision: 'reject' })}>{t('comments.reject')}</Button><button type="button" className="textlink second" onClick={() => setChosen([])}>{t('kit.clear')}</button></div>
              : <Filters onClear={articleId === undefined ? undefined : () => filter.clear(['state'])}>
                  {states.map((key) => <Chip key={key} label={t(`comments.state.${key}`)} on={state === key} onClick={() => pick(key)} />)}
                  {articleId !== undefined && <Chip label={t('comments.oneArticle')} on onClear={() => filter.set({ article: undefined })}>{rows[0]?.article?.title ?? t('comments.oneArticle')}</Chip>}
                </Filters>}
            <Card>
              {rows.length === 0 && <StateBlock title={state === 'pending' ? t('comments.noneWaiting') : t('comments.none')} what={t('comments.noneWhat')} />}
              {state === 'pending' && free.length > 1 && <Checkbox checked={chosen.length === free.length} indeterminate={chosen.length > 0 && chosen.length < free.length} onChange={(event) => setChosen(event.target.checked ? free.map((row) => row.commentId) : [])}>{t('comments.all', { n: free.length })}</Checkbox>}
              <ul className="list">
                {rows.map((row) => (
                  <li key={row.commentId} className="row top">
                    {state === 'pending' && <Checkbox disabled={row.inQueue || !allowed} checked={chosen.includes(row.commentId)} aria-label={t('comments.choose')} onChange={(event) => setChosen(event.target.checked ? [...chosen, row.commentId] : chosen.filter((id) => id !== row.commentId))} />}
                    <div className="grow stack">
                      <div className="row wrap"><span className="strong">{row.author?.name ?? ''}</span>{row.parentId !== null && <span className="second">{t('comments.answer')}</span>}<span className="third"><When at={row.createdAt} /></span>{row.article && <TextLink quiet to={`/retain/content/${row.articleId}`}>{row.article.title}</TextLink>}</div>
                      <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{row.text}</p>
                      {(row.rule !== null || row.reason !== null) && <span className="second">{[row.rule === null ? null : t('comments.rule', { rule: row.rule }), row.reason].filter((one) => one !== null).join(' · ')}</span>}
                      {acts(row)}
                    </div>
                  </li>
                ))}
              </ul>
              {(next !== null || behind.length > 0) && <div className="tablefoot"><span className="grow" />{behind.length > 0 && <Button onClick={() => setBehind(behind.slice(0, -1))}>{t('kit.previous')}</Button>}{next && <Button onClick={() => setBehind([...behind, next])}>{t('kit.next')}</Button>}</div>}
            </Card>
            <Modal open={ask !== undefined} title={ask && t(`comments.ask.${ask.decision}`, { n: ask.ids.length })} footer={null} onCancel={() => setAsk(undefined)} destroyOnHidden>
              <div className="stack wide">
                <p className="second">{t('comments.askWhat')}</p>
                <Input.TextArea rows={2} maxLength={200} value={reason} aria-label={t('comments.reason')} placeholder={t('comments.reason')} onChange={(event) => setReason(event.target.value)} />
                <div className="row"><Button type="primary" loading={decide.isPending} onClick={() => ask && done(ask.ids, ask.decision, reason.trim())}>{ask && t(`comments.${ask.decision}`)}</Button><Button onClick={() => setAsk(undefined)}>{t('piece.cancel')}</Button></div>
              </div>
            </Modal>
          </>
        )
      }}
    </Loaded>
  )
}
