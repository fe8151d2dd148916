import type { ReactNode } from 'react'

export type Evidence = { where: string; from: number; to: number; found: string; how: string }
export type Snapshot = { title: string; text: string; links: string[]; media: Array<{ sha256: string; contentType: string; bytes: number }> } | null
export type PenaltyKind = 'silence-1' | 'silence-7' | 'silence-15' | 'silence-forever' | 'closure'

/** Text with the found places marked. */
export function Marked(props: { text: string; evidence: readonly Evidence[]; where: readonly string[] }): ReactNode {
  const spans = props.evidence.filter((one) => props.where.includes(one.where) && one.to > one.from && one.to <= props.text.length).toSorted((a, b) => a.from - b.from)
  const parts: ReactNode[] = []
  let at = 0
  for (const [n, one] of spans.entries()) {
    if (one.from < at) continue
    parts.push(props.text.slice(at, one.from), <mark key={n} style={{ background: 'var(--warnTint)', color: 'var(--warn)', borderRadius: 3, padding: '0 2px' }}>{props.text.slice(one.from, one.to)}</mark>)
    at = one.to
  }
  return <span style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{parts}{props.text.slice(at)}</span>
}
