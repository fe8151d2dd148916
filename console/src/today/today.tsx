import { useState, type ReactNode } from 'react'
import { Button } from 'antd'
import { useNavigate } from 'react-router'
import { Card, Chip, Filters, Interval, PageHead, PageSkeleton, StateBlock, TextLink, useBars, useFilter } from '../kit/index.ts'
import { useNow } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import { useTodos, type Todo } from './items.ts'

const laterKey = 'qz.today.later'
function readLater(day: string): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(laterKey) ?? '') as { day: string; keys: string[] }
    return kept.day === day ? kept.keys : []
  } catch {
    return []
  }
}

/** 今日: one list, in order, with minutes and one act each. */
export function Today(): ReactNode {
  const { t, f, language } = useWords()
  const { tell } = useBars()
  const now = useNow()
  const day = f.dayKey(now)
  const filter = useFilter()
  const quick = filter.get('quick') !== undefined
  const [put, setPut] = useState(0)
  const { todos, ready } = useTodos()
  if (!ready) return <PageSkeleton cards={[420]} />
  const later = readLater(day)
  const setLater = (keys: string[]): void => {
    localStorage.setItem(laterKey, JSON.stringify({ day, keys }))
    setPut(put + 1)
  }
  const due = todos.filter((todo) => !later.includes(todo.key))
  const shown = due.filter((todo) => !quick || todo.minutes <= 5)
  const away = todos.filter((todo) => later.includes(todo.key))
  const minutes = due.reduce((sum, todo) => sum + todo.minutes, 0)
  return (
    <>
      <PageHead kicker={t('stage.today')} sentence={due.length === 0 ? t('today.none') : t('today.sentence', { n: due.length, m: minutes })} why={due.length === 0 ? t('today.noneWhat') : t('today.why')} />
      {due.length > 0 && <Filters onClear={quick ? () => filter.clear() : undefined}><Chip label={t('today.quick')} on={quick} onClick={() => filter.set({ quick: quick ? undefined : '1' })} /></Filters>}
      <Card flush title={f.dateSaid(now, language)} unit={due.length === 0 ? undefined : t('today.left', { m: minutes })}>
        {shown.length === 0 ? <StateBlock title={due.length === 0 ? t('today.none') : t('today.noQuick')} what={due.length === 0 ? t('today.noneWhat') : t('today.noQuickWhat', { m: minutes })} /> : shown.map((todo, n) => <Line key={todo.key} todo={todo} first={n === 0} later={() => { setLater([...later, todo.key]); tell(t('today.put'), () => setLater(later)) }} />)}
      </Card>
      {away.length > 0 && <p className="second" style={{ marginTop: 12 }}>{t('today.away', { n: away.length })} <TextLink onClick={() => setLater([])}>{t('today.bring')}</TextLink></p>}
    </>
  )
}

/** One thing to do; the bar at its left is the stage it belongs to. */
export function Line(props: { todo: Todo; first?: boolean; later?: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const go = useNavigate()
  const [busy, setBusy] = useState(false)
  const { todo } = props
  const act = (): void => {
    setBusy(true)
    todo.act!.go((words, undo) => { setBusy(false); tell(words, undo) }, (error) => { setBusy(false); tell(error.message) })
  }
  return (
    <div className="todo" style={{ '--c': `var(--${todo.stage})` } as React.CSSProperties}>
      <i aria-hidden="true" />
      <span className="what strong">{todo.what}</span>
      <span className="note second">{todo.note}</span>
      <span className="worth">{todo.worth && <Interval value={todo.worth.value} low={todo.worth.low} high={todo.worth.high} show={f.moneySaid} />}</span>
      <span className="mins second nowrap">{t('today.minutes', { n: todo.minutes })}</span>
      <span className="acts">
        {todo.act && <Button type={props.first ? 'primary' : 'default'} loading={busy} onClick={act}>{todo.act.label}</Button>}
        <Button type={!todo.act && props.first ? 'primary' : 'default'} onClick={() => void go(todo.look)}>{t('today.look')}</Button>
        {props.later && <button type="button" className="iconbutton" onClick={props.later}>{t('today.later')}</button>}
      </span>
    </div>
  )
}
