/** The kit: what pages are composed of. Pages do not style antd themselves. */
export { Icon, Mark, type IconName } from './icons.tsx'
export { Money, Interval, Percent, When, StageMark, TextLink, ShortId, PersonChip } from './say.tsx'
export { PageHead, Card, StateBlock, ErrorBlock, PageSkeleton, Loaded, Permitted, Guard, BarsProvider, useBars, UndoBar, WorkBar, LostBlock } from './page.tsx'
export { DataTable, type Column } from './table.tsx'
export { FactLine, type FactItem } from './facts.tsx'
export { BandChart, type BandLine } from './chart.tsx'
export { SeaBadge, useSeaControl } from './sea.tsx'
export { Filters, Chip, useFilter } from './filters.tsx'
