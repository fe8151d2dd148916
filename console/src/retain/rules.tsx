import type { ReactNode } from 'react'
import { Button, Input, InputNumber, Select } from 'antd'
import { useQueries } from '@tanstack/react-query'
import { Chip, Icon } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useSession } from '../lib/session.tsx'
import { named, useWords, type TextKey } from '../lib/words.tsx'

export type Condition = { field: string; op: string; value?: string | number | boolean | string[] }
export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | Condition
type Field = { key: string; zh: string; en: string; type: 'number' | 'instant' | 'text' | 'boolean' | 'set' }

const operators: Record<Field['type'], string[]> = {
  number: ['at-least', 'at-most', 'is', 'known', 'unknown'], instant: ['within-days', 'older-days', 'known', 'unknown'], text: ['is', 'is-not', 'known', 'unknown'], boolean: ['is'], set: ['is', 'is-not', 'known', 'unknown'],
}
export const presets: Array<{ key: 'all' | 'never' | 'once' | 'repeat' | 'quiet'; rules: Condition[] }> = [
  { key: 'all', rules: [] }, { key: 'never', rules: [{ field: 'orders.count', op: 'at-most', value: 0 }] }, { key: 'once', rules: [{ field: 'orders.count', op: 'is', value: 1 }] },
  { key: 'repeat', rules: [{ field: 'orders.count', op: 'at-least', value: 2 }] }, { key: 'quiet', rules: [{ field: 'orders.count', op: 'at-least', value: 2 }, { field: 'orders.last', op: 'older-days', value: 30 }] },
]
export const flat = (rule: Rule): Condition[] | undefined => ('all' in rule ? (rule.all.every((one) => 'field' in one) ? (rule.all as Condition[]) : undefined) : 'field' in rule ? [rule] : undefined)

/** Conditions that all hold; ready-made ones first, any fact of the house behind 加条件. */
export function Rules(props: { value: Condition[]; set: (value: Condition[]) => void; disabled?: boolean }): ReactNode {
  const { t, language } = useWords()
  const fields = useGet<{ fields: Field[] }>('/segment-fields')
  const { value, set } = props
  const known = fields.data?.fields ?? []
  const change = (n: number, next: Condition): void => set(value.map((one, at) => (at === n ? next : one)))
  const same = JSON.stringify(value)
  return (
    <div className="stack">
      <div className="row wrap">{presets.map((preset) => <Chip key={preset.key} label={t(`rules.preset.${preset.key}`)} on={JSON.stringify(preset.rules) === same} onClick={() => !props.disabled && set(preset.rules)} />)}</div>
      {value.map((one, n) => {
        const type = known.find((field) => field.key === one.field)?.type ?? 'number'
        const bare = one.op === 'known' || one.op === 'unknown'
        return (
          <div key={n} className="row wrap">
            <Select disabled={props.disabled} style={{ width: 132 }} value={one.field} options={known.map((field) => ({ value: field.key, label: named(field, language) }))} onChange={(field) => {
              const next = known.find((row) => row.key === field)!.type
              change(n, { field, op: operators[next][0], value: next === 'boolean' ? true : next === 'number' || next === 'instant' ? 1 : '' })
            }} />
            <Select disabled={props.disabled} style={{ width: 96 }} value={one.op} options={operators[type].map((op) => ({ value: op, label: t(`op.${op}` as TextKey) }))} onChange={(op) => change(n, op === 'known' || op === 'unknown' ? { field: one.field, op } : { ...one, op, value: one.value ?? 1 })} />
            {!bare && (type === 'boolean' ? <Select disabled={props.disabled} style={{ width: 80 }} value={one.value === true} options={[{ value: true, label: t('op.yes') }, { value: false, label: t('op.no') }]} onChange={(yes) => change(n, { ...one, value: yes })} />
              : type === 'number' || type === 'instant' ? <InputNumber disabled={props.disabled} style={{ width: 72 }} value={Number(one.value)} onChange={(count) => change(n, { ...one, value: count ?? 0 })} />
                : <Input disabled={props.disabled} style={{ width: 110 }} value={String(one.value ?? '')} onChange={(event) => change(n, { ...one, value: event.target.value })} />)}
            {!props.disabled && <button type="button" className="iconbutton" aria-label={t('rules.drop')} onClick={() => set(value.filter((_, at) => at !== n))}>×</button>}
          </div>
        )
      })}
      {!props.disabled && <div><Button size="small" type="text" icon={<Icon name="list" size={14} />} onClick={() => set([...value, { field: 'orders.count', op: 'at-least', value: 1 }])}>{t('rules.add')}</Button></div>}
    </div>
  )
}

/** How many people each of these rules chooses; undefined while not known. */
export function useCounts(rules: Rule[]): Array<{ count: number; personIds: string[] } | undefined> {
  const { tenant, url } = useSession()
  return useQueries({
    queries: rules.map((rule) => ({ queryKey: [tenant.slug, '/segments/preview', rule], queryFn: () => request<{ count: number; personIds: string[] }>('POST', url('/segments/preview'), { rules: rule }), staleTime: 20_000 })),
  }).map((query) => query.data)
}

/** Who would get it, and whom the gate would hold back today, one reason after another so that the parts add up. */
export function useAudience(rules: Condition[]): { rows: Array<{ key: 'stranger' | 'holdout' | 'today' | 'pressure'; less: number }>; chosen: number | undefined; left: number | undefined; personIds: string[]; /** Whom the gate would let through today. */ rule: Rule } {
  const { on } = useSession()
  const dosage = on('dosage')
  const pressure = useGet<{ pressureMax: number }>('/pressure', {}, { enabled: dosage })
  const steps: Array<{ key: 'stranger' | 'holdout' | 'today' | 'pressure'; rule: Rule }> = [
    { key: 'stranger', rule: { field: 'contact.active', op: 'is', value: true } },
    ...(dosage ? [{ key: 'holdout' as const, rule: { any: [{ field: 'dose.arm', op: 'unknown' }, { field: 'dose.arm', op: 'at-least', value: 1 }] } }] : []),
    { key: 'today', rule: { any: [{ field: 'messages.last', op: 'unknown' }, { field: 'messages.last', op: 'older-days', value: 1 }] } },
    ...(dosage && pressure.data ? [{ key: 'pressure' as const, rule: { any: [{ field: 'pressure.now', op: 'unknown' }, { field: 'pressure.now', op: 'at-most', value: Math.max(0, pressure.data.pressureMax - 1) }] } }] : []),
  ]
  const asked: Rule[] = [{ all: rules }, ...steps.map((_, n) => ({ all: [...rules, ...steps.slice(0, n + 1).map((step) => step.rule)] }))]
  const counts = useCounts(asked)
  const known = counts.every((one) => one !== undefined)
  return {
    chosen: counts[0]?.count, left: known ? counts.at(-1)!.count : undefined, personIds: counts.at(-1)?.personIds ?? [], rule: asked.at(-1)!,
    rows: known ? steps.map((step, n) => ({ key: step.key, less: counts[n]!.count - counts[n + 1]!.count })) : [],
  }
}
