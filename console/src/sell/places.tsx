import type { ReactNode } from 'react'
import { useWords } from '../lib/words.tsx'

export type Places = { mall: number; reserved: number; reserve: number; moving: number; shop: number; held: number }
export const placeKeys = ['mall', 'reserved', 'shop', 'held', 'moving', 'reserve'] as const
const looks: Record<(typeof placeKeys)[number], React.CSSProperties> = {
  mall: { background: 'var(--sell)' }, reserved: { background: 'var(--sell)', opacity: 0.45 }, shop: { background: 'var(--sellTint)', boxShadow: 'inset 0 0 0 2px var(--sell)' },
  held: { background: 'var(--sellTint)', boxShadow: 'inset 0 0 0 2px var(--sell)', opacity: 0.6 }, moving: { background: 'repeating-linear-gradient(45deg, var(--sell) 0 4px, var(--sellTint) 4px 8px)' }, reserve: { background: 'var(--ink3)', opacity: 0.35 },
}
export const unitsOf = (places: Places): number => placeKeys.reduce((sum, key) => sum + Math.max(0, places[key]), 0)

/** Where the units are: one bar, its width the units; below it, when asked for, the same order as a list, because labels on a bar collide. */
export function StockBar(props: { places: Places; height?: number; list?: boolean }): ReactNode {
  const { t, f } = useWords()
  const shown = placeKeys.filter((key) => props.places[key] > 0)
  const words = shown.map((key) => `${t(`place.${key}`)} ${f.count(props.places[key])}`).join(' · ')
  return (
    <>
      <div className="stockbar" role="img" aria-label={words || t('stock.empty')} title={words} style={{ height: props.height ?? 12 }}>
        {shown.length === 0 ? <i style={{ flex: 1, background: 'var(--selected)' }} /> : shown.map((key) => <i key={key} style={{ ...looks[key], flex: props.places[key] }} />)}
      </div>
      {props.list && <ul className="row wrap" style={{ marginTop: 12, gap: '8px 24px' }}>{placeKeys.filter((key) => props.places[key] !== 0 || key === 'mall' || key === 'shop' || key === 'reserve').map((key) => (
        <li key={key} className="row"><i style={{ ...looks[key], width: 12, height: 12, borderRadius: 2, display: 'inline-block' }} /><span className="second">{t(`place.${key}`)}</span><span className="strong">{f.count(props.places[key])}</span></li>
      ))}</ul>}
    </>
  )
}
