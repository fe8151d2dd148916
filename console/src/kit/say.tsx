import { useState, type ReactNode } from 'react'
import { Tooltip } from 'antd'
import { Link } from 'react-router'
import { useNow } from '../lib/session.tsx'
import { useWords } from '../lib/words.tsx'
import type { Stage } from '../ui/tokens.ts'

/** Money of ledgers: two decimals; `change`: with its sign. */
export function Money(props: { fen: number; change?: boolean }): ReactNode {
  const { f } = useWords()
  return <span className="nowrap">{props.change && props.fen > 0 ? '+' : ''}{f.money(props.fen)}</span>
}

/** An estimate: value and both ends of its 95% interval, in fen or any unit given by `show`. Across zero it says that nothing can be told. */
export function Interval(props: { value: number; low: number; high: number; show?: (value: number) => string }): ReactNode {
  const { f, t } = useWords()
  const show = props.show ?? f.moneySaid
  const [low, high] = f.roundEnds(props.low, props.high)
  const ends = t('kit.interval', { low: show(low), high: show(high) })
  if (props.low < 0 && props.high > 0) return <span className="nowrap">{t('kit.cannotTell')}<span className="second">{ends}</span></span>
  return <span className="nowrap">{show(props.value)}<span className="second">{ends}</span></span>
}

/** A share of people; under 30 people both counts. */
export function Percent(props: { part: number; whole: number }): ReactNode {
  const { f } = useWords()
  return <span className="nowrap">{f.shareOf(props.part, props.whole)}</span>
}

/** A time: of tables (default), how long ago, or exact with seconds. Hovering or focusing shows it exactly. */
export function When(props: { at: number | null; as?: 'table' | 'ago' | 'exact' | 'date' }): ReactNode {
  const { f, language } = useWords()
  const now = useNow()
  if (props.at === null) return <span className="third">—</span>
  const at = props.at
  const said = props.as === 'ago' ? f.ago(at, now, language) : props.as === 'exact' ? f.timeExact(at) : props.as === 'date' ? f.dateSaid(at, language) : f.timeInTable(at, now)
  return <time className="nowrap" dateTime={new Date(at).toISOString()} title={f.timeExact(at)}>{said}</time>
}

/** A stage or another meaning of colour, as a small square with its name; `hatched` for the unknown. */
export function StageMark(props: { stage?: Stage | 'loss'; hatched?: boolean; children: ReactNode }): ReactNode {
  return <span className="stagemark" style={{ '--c': props.stage ? `var(--${props.stage})` : 'var(--ink3)' } as React.CSSProperties}><i className={props.hatched ? 'hatched' : ''} />{props.children}</span>
}

/** A link in running text: ink with a 1 px underline; a button of the same look when it acts. */
export function TextLink(props: { to?: string; onClick?: () => void; quiet?: boolean; children: ReactNode; title?: string; disabled?: boolean }): ReactNode {
  const className = `textlink${props.quiet ? ' quiet' : ''}`
  return props.to !== undefined ? <Link className={className} to={props.to} title={props.title} onClick={props.onClick}>{props.children}</Link> : <button type="button" className={className} title={props.title} onClick={props.onClick} disabled={props.disabled}>{props.children}</button>
}

/** The last five characters of an id in mono; a click copies the whole. */
export function ShortId(props: { id: string; whole?: boolean }): ReactNode {
  const { f, t } = useWords()
  const [copied, setCopied] = useState(false)
  const copy = (): void => {
    void navigator.clipboard?.writeText(props.id).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    })
  }
  return <Tooltip title={copied ? t('kit.copied') : props.whole ? t('kit.copy') : `${props.id} · ${t('kit.copy')}`}><button type="button" className="textlink quiet mono" onClick={copy} aria-label={`${t('kit.copy')} ${props.id}`}>{props.whole ? props.id : f.shortId(props.id)}</button></Tooltip>
}

/** One person, by number until a name is known; unknown people are said to be unknown. */
export function PersonChip(props: { personId: string; unknown?: boolean; link?: boolean }): ReactNode {
  const { f, t } = useWords()
  const words = props.unknown ? <StageMark hatched>{t('kit.unknownPerson')}</StageMark> : <span>{t('kit.person', { id: '' }).trim()} <span className="mono">{f.shortId(props.personId)}</span></span>
  return props.link === false ? words : <TextLink quiet to={`/retain/people/${props.personId}`}>{words}</TextLink>
}
