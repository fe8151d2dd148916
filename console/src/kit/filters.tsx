import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Dropdown, Input } from 'antd'
import { useSearchParams } from 'react-router'
import { useWords } from '../lib/words.tsx'
import { Icon } from './icons.tsx'

/** Filters live in the address, so that a page can be sent to a colleague and back works. Changing one goes to the first page. */
export function useFilter(): { get: (key: string) => string | undefined; set: (changes: Record<string, string | undefined>) => void; clear: (keep?: string[]) => void; page: number } {
  const [params, setParams] = useSearchParams()
  return {
    get: (key) => params.get(key) ?? undefined,
    page: Math.max(1, Number(params.get('page') ?? 1) || 1),
    set: (changes) => setParams((before) => {
      const next = new URLSearchParams(before)
      if (!('page' in changes)) next.delete('page')
      for (const [key, value] of Object.entries(changes)) {
        if (value === undefined || value === '') next.delete(key)
        else next.set(key, value)
      }
      return next
    }, { replace: 'search' in changes }),
    clear: (keep = []) => setParams((before) => new URLSearchParams([...before].filter(([key]) => keep.includes(key)))),
  }
}

/** One condition that reads as a word; with options it opens a list, set it shows its cross. */
export function Chip(props: { label: string; value?: string; options?: Array<{ key: string; label: string }>; onPick?: (key: string | undefined) => void; onClear?: () => void; onClick?: () => void; on?: boolean; children?: ReactNode }): ReactNode {
  const { t } = useWords()
  const on = props.on ?? props.value !== undefined
  const shown = props.options?.find((row) => row.key === props.value)?.label ?? props.children ?? props.label
  const clear = props.onClear ?? (props.onPick && (() => props.onPick!(undefined)))
  const face = <button type="button" className={on && clear ? 'chipface' : `chip${on ? ' on' : ''}`} aria-pressed={on} onClick={props.onClick}>{shown}{!(on && clear) && props.options && <Icon name="down" size={14} />}</button>
  const opened = props.options ? <Dropdown trigger={['click']} menu={{ items: props.options, selectedKeys: props.value === undefined ? [] : [props.value], onClick: ({ key }) => props.onPick?.(key) }}>{face}</Dropdown> : face
  // Two controls side by side: a button inside a button is none to a screen reader.
  return on && clear ? <span className="chip on">{opened}<button type="button" className="x" aria-label={t('kit.clearOne', { what: props.label })} onClick={clear}>×</button></span> : opened
}

/** The row of conditions over a table; `/` jumps to its search. */
export function Filters(props: { search?: { value: string | undefined; hint: string; set: (value: string | undefined) => void }; children?: ReactNode; onClear?: () => void; end?: ReactNode }): ReactNode {
  const { t } = useWords()
  const [typed, setTyped] = useState(props.search?.value ?? '')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setTyped(props.search?.value ?? ''), [props.search?.value])
  return (
    <div className="filters" role="search">
      {props.search && (
        <Input data-filter allowClear style={{ width: 240, flex: 'none' }} prefix={<Icon name="search" size={16} />} placeholder={props.search.hint} aria-label={props.search.hint} value={typed} onChange={(event) => {
          const value = event.target.value
          setTyped(value)
          clearTimeout(timer.current)
          timer.current = setTimeout(() => props.search!.set(value.trim() || undefined), 300)
        }} />
      )}
      {props.children}
      {props.onClear && <button type="button" className="textlink second nowrap" onClick={props.onClear}>{t('kit.clear')}</button>}
      {props.end && <><span className="grow" />{props.end}</>}
    </div>
  )
}
