import { useState, type ReactNode } from 'react'
import { useWords } from '../lib/words.tsx'
import { TextLink } from './say.tsx'

export type FactItem = { key: string; at: number | null; words: ReactNode; by?: ReactNode; kind?: 'fact' | 'wait' | 'ignored' | 'refund'; raw?: unknown }

/** What happened, in the order it happened: full dots are facts, hollow ones are awaited or were ignored; 原文 opens the raw record. */
export function FactLine(props: { items: FactItem[] }): ReactNode {
  const { t, f } = useWords()
  const [open, setOpen] = useState<string>()
  return (
    <ol className="facts">
      {props.items.map((item) => (
        <li key={item.key}>
          <span className={`dot ${item.kind ?? 'fact'}`} />
          <span className="second nowrap at">{item.at === null ? '' : f.timeExact(item.at)}</span>
          <span className={item.kind === 'wait' || item.kind === 'ignored' ? 'third' : ''}>{item.words}</span>
          <span className="second row">{item.by}{item.raw !== undefined && <TextLink quiet onClick={() => setOpen(open === item.key ? undefined : item.key)}>{t('kit.raw')}</TextLink>}</span>
          {open === item.key && <pre className="raw">{JSON.stringify(item.raw, null, 1)}</pre>}
        </li>
      ))}
    </ol>
  )
}
