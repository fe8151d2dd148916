import { Component, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { Button, Tooltip } from 'antd'
import { useNavigate } from 'react-router'
import { ApiError } from '../lib/api.ts'
import { useWords } from '../lib/words.tsx'
import { Mark } from './icons.tsx'

/** The head of a page: where and which window, the sentence that answers its question, one line of why, at most two actions (the primary last). */
export function PageHead(props: { kicker: ReactNode; sentence: ReactNode; why?: ReactNode; actions?: ReactNode; stale?: boolean }): ReactNode {
  const { t } = useWords()
  useEffect(() => {
    if (typeof props.sentence === 'string') document.title = `${props.sentence.slice(0, 40)} · ${t('app.name')}`
  }, [props.sentence, t])
  return (
    <div className="pagehead">
      <div className="kicker">{props.kicker}{props.stale && <span className="third"> · {t('state.loading')}</span>}</div>
      <div className="line">
        <div className="grow">
          <h1>{props.sentence}</h1>
          {props.why !== undefined && <p className="why">{props.why}</p>}
        </div>
        {props.actions && <div className="acts">{props.actions}</div>}
      </div>
    </div>
  )
}

/** A card whose title is itself a small answer, its unit beside it. `span` of twelve columns; `flush` for tables. */
export function Card(props: { title?: ReactNode; unit?: ReactNode; end?: ReactNode; span?: 3 | 4 | 5 | 6 | 7 | 8 | 12; flush?: boolean; stale?: boolean; children: ReactNode; id?: string }): ReactNode {
  return (
    <section id={props.id} className={`card${props.flush ? ' flush' : ''} c${props.span ?? 12}`}>
      {(props.title !== undefined || props.end !== undefined) && <header>{props.title !== undefined && <h2>{props.title}</h2>}{props.unit && <span className="unit">{props.unit}</span>}{props.end && <div className="end">{props.end}</div>}</header>}
      <div className={props.stale ? 'stale' : undefined}>{props.children}</div>
    </section>
  )
}

/** A state of a page or card: empty, too early, lost, without right. Says what, why, and one action. */
export function StateBlock(props: { title: ReactNode; what?: ReactNode; code?: string; actions?: ReactNode; small?: boolean }): ReactNode {
  return (
    <div className="state" role="status">
      {!props.small && <Mark size={40} />}
      <h2>{props.title}</h2>
      {props.what && <p>{props.what}</p>}
      {props.code && <span className="code">{props.code}</span>}
      {props.actions && <div className="acts">{props.actions}</div>}
    </div>
  )
}

/** What happened, what is safe, what to do; the code small. */
export function ErrorBlock(props: { error: Error; retry?: () => void; small?: boolean }): ReactNode {
  const { t } = useWords()
  const { error } = props
  const offline = error instanceof ApiError && error.status === 0
  return (
    <StateBlock
      small={props.small} title={offline ? t('state.offline') : t('state.errorTitle')} what={offline ? t('state.offlineWhat') : <>{error.message} {t('state.errorSafe')}</>}
      code={error instanceof ApiError ? error.code : undefined} actions={props.retry && <Button onClick={props.retry}>{t('state.retry')}</Button>}
    />
  )
}

/** The layout of a page before its first figures, shown after 150 ms. */
export function PageSkeleton(props: { cards?: number[] }): ReactNode {
  return (
    <div className="late" aria-busy="true">
      <div className="skeleton" style={{ width: 120, height: 14, margin: '3px 0 14px' }} />
      <div className="skeleton" style={{ width: 'min(560px, 90%)', height: 26, marginBottom: 14 }} />
      <div className="skeleton" style={{ width: 'min(360px, 70%)', height: 14, marginBottom: 24 }} />
      {(props.cards ?? [320]).map((height, n) => <div key={n} className="card" style={{ height, marginBottom: 16 }}><div className="skeleton" style={{ width: 180, height: 16 }} /></div>)}
    </div>
  )
}

/** Shows what the query gives: skeleton, error or the children; old figures stay when a refresh fails. */
export function Loaded<T>(props: { query: { data: T | undefined; error: Error | null; refetch: () => unknown }; skeleton?: ReactNode; children: (data: T) => ReactNode }): ReactNode {
  if (props.query.data !== undefined) return props.children(props.query.data)
  if (props.query.error) return <ErrorBlock error={props.query.error} retry={() => void props.query.refetch()} />
  return props.skeleton ?? <PageSkeleton />
}

/** A button that a role may not press stays visible, grey, and says who can. */
export function Permitted(props: { allowed: boolean; who: string; children: (disabled: boolean) => ReactNode }): ReactNode {
  return props.allowed ? props.children(false) : <Tooltip title={props.who}><span tabIndex={0} role="group" aria-label={props.who}>{props.children(true)}</span></Tooltip>
}

/** A drawing that fails takes nothing else with it. */
export class Guard extends Component<{ children: ReactNode; words: { title: string; what: string } }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined }
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }
  override render(): ReactNode {
    return this.state.error ? <StateBlock title={this.props.words.title} what={this.props.words.what} code={this.state.error.message.slice(0, 120)} /> : this.props.children
  }
}

type Notice = { words: ReactNode; undo?: () => void }
type Work = { id: string; name: string; done: number; total: number | undefined; stop?: () => void }
const BarsContext = createContext<{ tell: (words: ReactNode, undo?: () => void) => void; work: (work: Work) => void; finish: (id: string) => void } | undefined>(undefined)

/** Holds the bars that survive navigation: the undo bar (10 s) and long work at the bottom right. */
export function BarsProvider(props: { children: ReactNode }): ReactNode {
  const [notice, setNotice] = useState<Notice>()
  const [works, setWorks] = useState<Work[]>([])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const tell = useCallback((words: ReactNode, undo?: () => void) => {
    clearTimeout(timer.current)
    setNotice({ words, undo })
    timer.current = setTimeout(() => setNotice(undefined), undo ? 10_000 : 5_000)
  }, [])
  const value = useMemo(() => ({
    tell,
    work: (work: Work) => setWorks((all) => [...all.filter((row) => row.id !== work.id), work]),
    finish: (id: string) => setWorks((all) => all.filter((row) => row.id !== id)),
  }), [tell])
  return (
    <BarsContext.Provider value={value}>
      {props.children}
      {notice && <UndoBar words={notice.words} undo={notice.undo && (() => { notice.undo!(); setNotice(undefined) })} />}
      {works.map((work) => <WorkBar key={work.id} {...work} />)}
    </BarsContext.Provider>
  )
}
export function useBars() {
  const value = useContext(BarsContext)
  if (!value) throw new Error('used outside of the bars')
  return value
}

/** What was just done, with its way back where the world allows one. */
export function UndoBar(props: { words: ReactNode; undo?: () => void }): ReactNode {
  const { t } = useWords()
  return <div className="undo" role="status" aria-live="polite"><span>{props.words}</span>{props.undo && <button type="button" className="textlink" onClick={props.undo}>{t('kit.undo')}</button>}</div>
}

/** Work of more than 2 s: name, how far, a way to stop it. */
export function WorkBar(props: { name: string; done: number; total: number | undefined; stop?: () => void }): ReactNode {
  const { t, f } = useWords()
  return (
    <div className="workbar" role="status">
      <div className="row between"><span className="ellipsis">{props.name}</span><span className="second nowrap">{props.total === undefined ? f.count(props.done) : t('kit.of', { done: f.count(props.done), total: f.count(props.total) })}</span></div>
      {props.total !== undefined && <div className="bar"><i style={{ width: `${Math.min(100, (props.done / Math.max(1, props.total)) * 100)}%` }} /></div>}
      {props.stop && <TextButton onClick={props.stop}>{t('kit.stop')}</TextButton>}
    </div>
  )
}
function TextButton(props: { onClick: () => void; children: ReactNode }): ReactNode {
  return <button type="button" className="textlink second" onClick={props.onClick}>{props.children}</button>
}

/** A state with a way back to where the role starts. */
export function LostBlock(props: { title: string; what: string; to?: string; label: string }): ReactNode {
  const go = useNavigate()
  return <StateBlock title={props.title} what={props.what} actions={<Button type="primary" onClick={() => void go(props.to ?? '/')}>{props.label}</Button>} />
}
