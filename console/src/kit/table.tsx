import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Dropdown } from 'antd'
import { Link, useNavigate } from 'react-router'
import { usePhone } from '../lib/device.ts'
import { singleKey } from '../lib/keys.ts'
import { useWords } from '../lib/words.tsx'
import { Icon } from './icons.tsx'

export type Column<R> = {
  key: string
  title: ReactNode
  cell: (row: R) => ReactNode
  /** Numbers stand right. */
  right?: boolean
  /** Not shown until chosen under 列. */
  optional?: boolean
  width?: number
  foot?: ReactNode
}
export type DataTableProps<R> = {
  /** Remembers density and columns under this name. */
  name: string
  columns: Column<R>[]
  rows: readonly R[] | undefined
  rowKey: (row: R) => string
  /** Where a row leads; Enter and the phone row open it. */
  to?: (row: R) => string
  /** The two lines of a row on a phone. */
  phone: (row: R) => { title: ReactNode; right?: ReactNode; line?: ReactNode; lineRight?: ReactNode; actions?: ReactNode }
  /** Server paging: all rows of the filter, page from 1. */
  page?: { page: number; size: number; total: number; go: (page: number) => void }
  stale?: boolean
  empty: ReactNode
  foot?: ReactNode
}

const remembered = <T,>(key: string, fallback: T): T => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '') as T
  } catch {
    return fallback
  }
}

/** A table that pages on the server: density and columns are remembered, j k move, Enter opens; on phones rows are two-line cards. */
export function DataTable<R>(props: DataTableProps<R>): ReactNode {
  const { t, f } = useWords()
  const phone = usePhone()
  const go = useNavigate()
  const [compact, setCompact] = useState(() => remembered(`qz.table.${props.name}.compact`, false))
  const [chosen, setChosen] = useState<string[]>(() => remembered(`qz.table.${props.name}.columns`, props.columns.filter((c) => !c.optional).map((c) => c.key)))
  const [at, setAt] = useState(-1)
  const body = useRef<HTMLTableSectionElement>(null)
  const { rows, to } = props

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = singleKey(event)
      if (key === undefined || rows === undefined) return
      if (key === 'j' || key === 'k') {
        event.preventDefault()
        setAt((now) => Math.max(0, Math.min(rows.length - 1, now + (key === 'j' ? 1 : -1))))
      } else if (key === 'Enter' && at >= 0 && rows[at] && to && !(event.target instanceof HTMLElement && event.target.closest('a,button'))) void go(to(rows[at]))
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [rows, at, to, go])
  useEffect(() => body.current?.children[at]?.scrollIntoView({ block: 'nearest' }), [at])

  if (rows === undefined) return <div className="late stack" style={{ padding: 24 }} aria-busy="true">{Array.from({ length: 6 }, (_, n) => <div key={n} className="skeleton" style={{ height: 18 }} />)}</div>
  if (rows.length === 0) return props.empty
  const columns = props.columns.filter((c, n) => n === 0 || chosen.includes(c.key))
  const optional = props.columns.some((c) => c.optional)
  const { page } = props
  const last = page ? Math.max(1, Math.ceil(page.total / page.size)) : 1
  const foot = (
    (page && page.total > 0) || !phone ? (
      <div className="tablefoot">
        {page && <span>{t('kit.range', { from: f.count((page.page - 1) * page.size + 1), to: f.count(Math.min(page.total, page.page * page.size)), total: f.count(page.total) })}</span>}
        {page && last > 1 && (
          <>
            <button type="button" className="iconbutton" aria-label={t('kit.previous')} disabled={page.page <= 1} onClick={() => page.go(page.page - 1)}><Icon name="left" size={18} /></button>
            <button type="button" className="iconbutton" aria-label={t('kit.next')} disabled={page.page >= last} onClick={() => page.go(page.page + 1)}><Icon name="right" size={18} /></button>
          </>
        )}
        <span className="grow" />
        {!phone && optional && (
          <Dropdown trigger={['click']} menu={{
            multiple: true, selectable: true, selectedKeys: chosen, items: props.columns.slice(1).map((c) => ({ key: c.key, label: c.title })),
            onClick: ({ key }) => {
              const next = chosen.includes(key) ? chosen.filter((k) => k !== key) : [...chosen, key]
              setChosen(next)
              localStorage.setItem(`qz.table.${props.name}.columns`, JSON.stringify(next))
            },
          }}><button type="button" className="iconbutton second">{t('kit.columns')}<Icon name="down" size={14} /></button></Dropdown>
        )}
        {!phone && rows.length > 5 && (
          <button type="button" className="iconbutton second" onClick={() => {
            setCompact(!compact)
            localStorage.setItem(`qz.table.${props.name}.compact`, JSON.stringify(!compact))
          }}>{compact ? t('kit.roomy') : t('kit.compact')}</button>
        )}
      </div>
    ) : null
  )
  if (phone) {
    return (
      <>
        <div className={`phonerows${props.stale ? ' stale' : ''}`}>
          {rows.map((row) => {
            const card = props.phone(row)
            const lines = (
              <>
                <div className="l1"><span className="ellipsis">{card.title}</span><span className="nowrap">{card.right}</span></div>
                {(card.line !== undefined || card.lineRight !== undefined) && <div className="l2"><span className="ellipsis">{card.line}</span><span className="nowrap">{card.lineRight}</span></div>}
                {card.actions}
              </>
            )
            return to ? <Link key={props.rowKey(row)} to={to(row)}>{lines}</Link> : <div key={props.rowKey(row)}>{lines}</div>
          })}
        </div>
        {foot}
      </>
    )
  }
  return (
    <>
      <div className={`tablewrap${props.stale ? ' stale' : ''}`}>
        <table className={`data${compact ? ' compact' : ''}`}>
          <thead><tr>{columns.map((c) => <th key={c.key} scope="col" className={c.right ? 'num' : ''} style={{ width: c.width }}>{c.title}</th>)}</tr></thead>
          <tbody ref={body}>
            {rows.map((row, n) => <tr key={props.rowKey(row)} className={n === at ? 'at' : ''}>{columns.map((c) => <td key={c.key} className={c.right ? 'num' : ''}>{c.cell(row)}</td>)}</tr>)}
          </tbody>
          {columns.some((c) => c.foot !== undefined) && <tfoot><tr>{columns.map((c) => <td key={c.key} className={c.right ? 'num' : ''}>{c.foot}</td>)}</tr></tfoot>}
        </table>
      </div>
      {(page || optional || rows.length > 5) && foot}
    </>
  )
}
