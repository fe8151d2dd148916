import type { ReactNode } from 'react'

/** Own icon set: 24 grid, 1.6 stroke, round ends. */
const drawings = {
  boat: <><path d="M3 15.5h18l-3 4.5H6z" /><path d="M11.5 13V3.5c4.5 1.6 6.6 5.4 7 9.5z" /><path d="M9 13V7.5C8.4 10 7 12 5 13z" /></>,
  list: <><path d="M9 6h11M9 12h11M9 18h11" /><path d="M3.5 6l1 1 1.7-2M3.5 12l1 1 1.7-2M3.5 18l1 1 1.7-2" /></>,
  arrowIn: <><path d="M12 3v11" /><path d="M8 10.5l4 4 4-4" /><path d="M3 19c2-1.6 4-1.6 6 0s4 1.6 6 0 4-1.6 6 0" /></>,
  bag: <><path d="M5 8h14l-1 12H6z" /><path d="M9 10.5V7a3 3 0 0 1 6 0v3.5" /></>,
  turning: <><path d="M4.5 12a7.5 7.5 0 0 1 13-5.1L20 9.5" /><path d="M20 5v4.5h-4.5" /><path d="M19.5 12a7.5 7.5 0 0 1-13 5.1L4 14.5" /><path d="M4 19v-4.5h4.5" /></>,
  balance: <><path d="M12 4v16M8 20h8M5 7h14" /><path d="M5 7l-2.5 6a2.7 2.7 0 0 0 5 0zM19 7l-2.5 6a2.7 2.7 0 0 0 5 0z" /></>,
  flag: <><path d="M6 21V4" /><path d="M6 4.5c4-2 7 2 12 0v8c-5 2-8-2-12 0" /></>,
  gear: <><circle cx="12" cy="12" r="3" /><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1" /></>,
  merchants: <><path d="M4 10l1.5-5h13L20 10" /><path d="M4 10a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 10" /><path d="M5.5 13v7h13v-7M10 20v-4h4v4" /></>,
  search: <><circle cx="11" cy="11" r="6.5" /><path d="M16 16l4.5 4.5" /></>,
  theme: <><circle cx="12" cy="12" r="8.5" /><path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor" /></>,
  more: <><path d="M5 12h.01M12 12h.01M19 12h.01" strokeWidth="2.6" /></>,
  pause: <><path d="M9 6v12M15 6v12" strokeWidth="2.2" /></>,
  play: <path d="M8 5.5v13l10-6.5z" fill="currentColor" />,
  left: <path d="M14.5 6l-6 6 6 6" />,
  right: <path d="M9.5 6l6 6-6 6" />,
  down: <path d="M6 9.5l6 6 6-6" />,
  copy: <><rect x="8.5" y="8.5" width="11" height="11" rx="2" /><path d="M15.5 8.5v-2a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2" /></>,
} satisfies Record<string, ReactNode>
export type IconName = keyof typeof drawings

export function Icon(props: { name: IconName; size?: number }): ReactNode {
  return (
    <svg width={props.size ?? 22} height={props.size ?? 22} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">{drawings[props.name]}</svg>
  )
}

/** The mark: a light boat, three solids; under 20 px without the fore sail. */
export function Mark(props: { size: number; plain?: boolean; waiting?: boolean }): ReactNode {
  return (
    <svg className={props.waiting ? 'boatwait' : undefined} width={props.size} height={props.size} viewBox="0 0 40 40" aria-hidden="true">
      <path d="M4 26H36L30.5 33H9.5Z" fill="var(--ink)" />
      <path d="M19 23V5Q27 8 32 23Z" fill={props.plain ? 'var(--ink)' : 'var(--acquire)'} />
      {props.size >= 20 && <path d="M16.5 23V11Q14 19 9 23Z" fill="var(--ink2)" opacity=".55" />}
    </svg>
  )
}
