import { useState, type ReactNode } from 'react'
import { Button, Form, Input, InputNumber, Modal, Segmented, Select } from 'antd'
import { Card, DataTable, Permitted, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'

export type StockSetting = { rebalance: 'off' | 'suggest' | 'auto'; everyHours: number; singleUnits: number; pull: 'off' | 'reserve' | 'shop'; last: { at: number; applied: boolean; moves: unknown[] } | null }
export type Warehouse = { warehouseId: string; name: string; position: number; regions: string[]; closedAt: number | null; mall: number; reserved: number; skus: number }
type Settings = { setting: StockSetting; warehouses: Warehouse[]; rules: unknown[] }
type Planned = { skuId: string; title: string; from: 'mall' | 'shop' | 'reserve'; to: 'mall' | 'shop'; quantity: number; why: string }
type Take = { takeId: string; state: 'counting' | 'counted' | 'booked' | 'dropped'; openedBy: string; openedAt: number; note: string; lines: number; differences: number }
type Difference = { skuId: string; expected: number; counted: number; difference: number; reason: string }
type Row = { skuId: string; title: string; name: string }

const reasons = ['miscounted', 'lost', 'damaged', 'expired', 'sample', 'found', 'other'] as const

/** Below the stock table: what the rebalancer would do, stock-takes in two steps, warehouses. */
export function StockDepth(props: { rows: readonly Row[] }): ReactNode {
  return (
    <>
      <div className="cards level" style={{ marginTop: 16 }}><Rebalance /><Takes rows={props.rows} /></div>
      <div className="cards"><Warehouses /></div>
    </>
  )
}

function Rebalance(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const plan = useGet<{ moves: Planned[] }>('/stock-rebalance', {}, { every: 60_000 })
  const settings = useGet<Settings>('/stock-setting')
  const apply = useSend<object, { moves: unknown[] }>('POST', () => '/stock-rebalance', { refresh: ['/stock'] })
  const save = useSend<Partial<StockSetting>>('PUT', () => '/stock-setting', { refresh: ['/stock-setting', '/stock-rebalance'] })
  const allowed = may('products.write')
  const onError = (error: Error): void => tell(error.message)
  const setting = settings.data?.setting
  const change = (part: Partial<StockSetting>): void => save.mutate(part, { onSuccess: () => tell(t('depth.saved')), onError })
  const moves = plan.data?.moves ?? []
  return (
    <Card span={7} title={t('depth.rebalance')} unit={setting?.last ? t('depth.lastRun', { when: f.timeExact(setting.last.at).slice(0, 16), n: setting.last.moves.length }) : t('depth.rebalanceUnit')} end={moves.length > 0 && <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" type="primary" disabled={disabled} loading={apply.isPending} onClick={() => apply.mutate({}, { onSuccess: (run) => tell(t('depth.applied', { n: run.moves.length })), onError })}>{t('depth.apply', { n: moves.length })}</Button>}</Permitted>}>
      <div className="stack wide">
        {moves.length === 0 ? <p className="second">{t('depth.nothing')}</p> : <ul className="list">{moves.slice(0, 8).map((move) => (
          <li key={`${move.skuId}/${move.from}`} className="row between"><span className="ellipsis">{move.title} <span className="second">{t(`depth.why.${move.why}` as TextKey)}</span></span><span>{t(`place.${move.from}`)} → {t(`place.${move.to}`)} {f.count(move.quantity)}</span></li>
        ))}</ul>}
        {setting && (
          <div className="stack">
            <label className="field"><span>{t('depth.how')}</span><Segmented disabled={!allowed} value={setting.rebalance} onChange={(rebalance) => change({ rebalance })} options={(['off', 'suggest', 'auto'] as const).map((value) => ({ value, label: t(`depth.${value}`) }))} /></label>
            <label className="field"><span>{t('depth.pull')}</span><Segmented disabled={!allowed} value={setting.pull} onChange={(pull) => change({ pull })} options={(['off', 'reserve', 'shop'] as const).map((value) => ({ value, label: t(`depth.pull.${value}`) }))} /></label>
            <label className="field"><span>{t('depth.every')}</span><InputNumber disabled={!allowed} min={1} max={168} precision={0} defaultValue={setting.everyHours} onBlur={(event) => { const hours = Number(event.target.value); if (hours >= 1 && hours !== setting.everyHours) change({ everyHours: hours }) }} /></label>
            <label className="field"><span>{t('depth.single')}</span><InputNumber disabled={!allowed} min={0} max={50} precision={0} defaultValue={setting.singleUnits} onBlur={(event) => { const units = Number(event.target.value); if (units >= 0 && units !== setting.singleUnits) change({ singleUnits: units }) }} /></label>
          </div>
        )}
      </div>
    </Card>
  )
}

function Takes(props: { rows: readonly Row[] }): ReactNode {
  const { t } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<{ takes: Take[] }>('/stock-takes')
  const [open, setOpen] = useState<string>()
  const start = useSend<object, { takeId: string }>('POST', () => '/stock-takes', { refresh: ['/stock-takes'] })
  const onError = (error: Error): void => tell(error.message)
  return (
    <Card span={5} title={t('depth.takes')} unit={t('depth.takesUnit')} end={<Permitted allowed={may('products.write')} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled || props.rows.length === 0} loading={start.isPending} onClick={() => start.mutate({}, { onSuccess: ({ takeId }) => setOpen(takeId), onError })}>{t('depth.newTake')}</Button>}</Permitted>}>
      {(query.data?.takes.length ?? 0) === 0 ? <p className="second">{t('depth.noTakes')}</p> : <ul className="list">{query.data!.takes.slice(0, 8).map((take) => (
        <li key={take.takeId} className="row between">
          <span><When at={take.openedAt} /> <span className="second">{take.openedBy}</span></span>
          <span className="row"><span className="second">{t('depth.takeLines', { lines: take.lines, n: take.differences })}</span><span className={`tag ${take.state === 'booked' ? 'ok' : take.state === 'counted' ? 'warn' : ''}`}>{t(`depth.take.${take.state}`)}</span>
            {(take.state === 'counting' || take.state === 'counted') && <Button size="small" onClick={() => setOpen(take.takeId)}>{t('depth.counted')}</Button>}</span>
        </li>
      ))}</ul>}
      {open !== undefined && <TakeForm takeId={open} rows={props.rows} close={() => setOpen(undefined)} />}
    </Card>
  )
}

/** Step one: numbers. Step two: the differences as they will be booked, and one button that books exactly these. */
function TakeForm(props: { takeId: string; rows: readonly Row[]; close: () => void }): ReactNode {
  const { t, f } = useWords()
  const { tell } = useBars()
  const [counts, setCounts] = useState<Record<string, { counted: number | null; reason: string }>>({})
  const [shown, setShown] = useState<{ confirm: string; differences: Difference[] }>()
  const refresh = { refresh: ['/stock'] }
  const count = useSend<{ lines: unknown[] }, { confirm: string; differences: Difference[] }>('PUT', () => `/stock-takes/${props.takeId}`, refresh)
  const book = useSend<{ confirm: string }>('POST', () => `/stock-takes/${props.takeId}/book`, refresh)
  const drop = useSend<object>('POST', () => `/stock-takes/${props.takeId}/drop`, refresh)
  const onError = (error: Error): void => tell(error.message)
  const lines = props.rows.flatMap((row) => (counts[row.skuId]?.counted == null ? [] : [{ skuId: row.skuId, counted: counts[row.skuId].counted, reason: counts[row.skuId].reason }]))
  const nameOf = (skuId: string): string => { const row = props.rows.find((one) => one.skuId === skuId); return row ? `${row.title} ${row.name}` : skuId }
  const set = (skuId: string, part: Partial<{ counted: number | null; reason: string }>): void => { setShown(undefined); setCounts({ ...counts, [skuId]: { ...(counts[skuId] ?? { counted: null, reason: '' }), ...part } }) }
  return (
    <Modal open title={t('depth.takeTitle')} footer={null} onCancel={props.close} width={640}>
      <p className="second">{t('depth.takeNote')}</p>
      <div style={{ maxHeight: 320, overflow: 'auto' }}>
        {props.rows.map((row) => (
          <div key={row.skuId} className="row between" style={{ padding: '6px 0', gap: 8 }}>
            <span className="ellipsis" style={{ flex: 1 }}>{row.title} <span className="second">{row.name}</span></span>
            <InputNumber aria-label={`${t('depth.counted')} ${row.title}`} min={0} precision={0} placeholder={t('depth.counted')} value={counts[row.skuId]?.counted ?? null} onChange={(counted) => set(row.skuId, { counted })} style={{ width: 96 }} />
            <Select aria-label={`${t('depth.reason')} ${row.title}`} allowClear placeholder={t('depth.reason')} value={counts[row.skuId]?.reason || undefined} onChange={(reason) => set(row.skuId, { reason: reason ?? '' })} options={reasons.map((value) => ({ value, label: t(`depth.r.${value}`) }))} style={{ width: 128 }} />
          </div>
        ))}
      </div>
      {shown && (shown.differences.length === 0 ? <p className="second">{t('depth.same')}</p> : <ul className="list">{shown.differences.map((line) => (
        <li key={line.skuId} className="row between"><span className="ellipsis">{nameOf(line.skuId)}</span><span>{t('depth.expected')} {f.count(line.expected)} · {t('depth.counted')} {f.count(line.counted)} · <b>{line.difference > 0 ? '+' : ''}{f.count(line.difference)}</b> {t(`depth.r.${line.reason}` as TextKey)}</span></li>
      ))}</ul>)}
      <div className="row" style={{ marginTop: 16, gap: 8 }}>
        <Button type={shown ? 'default' : 'primary'} disabled={lines.length === 0} loading={count.isPending} onClick={() => count.mutate({ lines }, { onSuccess: setShown, onError })}>{t('depth.show')}</Button>
        {shown && <Button type="primary" loading={book.isPending} onClick={() => book.mutate({ confirm: shown.confirm }, { onSuccess: () => { tell(t('depth.booked')); props.close() }, onError })}>{t('depth.confirm', { n: shown.differences.length })}</Button>}
        <Button danger onClick={() => drop.mutate({}, { onSuccess: props.close, onError })}>{t('depth.drop')}</Button>
      </div>
    </Modal>
  )
}

function Warehouses(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const query = useGet<Settings>('/stock-setting')
  const [adding, setAdding] = useState(false)
  const put = useSend<{ warehouseId?: string; name: string; regions: string[]; position?: number; closed?: boolean }>('POST', () => '/warehouses', { refresh: ['/stock'] })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('products.write')
  const rows = query.data?.warehouses ?? []
  return (
    <Card title={t('depth.warehouses')} unit={t('depth.warehousesUnit')} end={<Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setAdding(true)}>{t('depth.addWarehouse')}</Button>}</Permitted>}>
      {rows.length > 0 && (
        <div className="stack">
          <ul className="list">{rows.map((row) => (
            <li key={row.warehouseId} className="row between"><span>{row.name} <span className="second">{row.regions.join('、')}</span></span>
              <span className="row"><span>{f.count(row.mall)}{row.reserved > 0 ? ` · ${t('place.reserved')} ${f.count(row.reserved)}` : ''}</span>{row.closedAt !== null && <span className="tag">{t('depth.closed')}</span>}
                <Button size="small" disabled={!allowed} onClick={() => put.mutate({ warehouseId: row.warehouseId, name: row.name, regions: row.regions, position: row.position, closed: row.closedAt === null }, { onSuccess: () => tell(t('depth.saved')), onError })}>{t(row.closedAt === null ? 'depth.close' : 'depth.reopen')}</Button></span></li>
          ))}</ul>
          <p className="second">{t('depth.whRule')}</p>
        </div>
      )}
      <Modal open={adding} title={t('depth.addWarehouse')} footer={null} onCancel={() => setAdding(false)} destroyOnHidden>
        <Form layout="vertical" onFinish={(input: { name: string; regions?: string }) => put.mutate({ name: input.name, regions: (input.regions ?? '').split(/[,，、\s]+/).filter(Boolean), position: rows.length + 1 }, { onSuccess: () => { tell(t('depth.saved')); setAdding(false) }, onError })}>
          <Form.Item name="name" label={t('depth.whName')} rules={[{ required: true, message: t('codes.form.need') }]}><Input maxLength={40} /></Form.Item>
          <Form.Item name="regions" label={t('depth.whRegions')}><Input maxLength={120} /></Form.Item>
          <Button type="primary" htmlType="submit" loading={put.isPending}>{t('depth.addWarehouse')}</Button>
        </Form>
      </Modal>
    </Card>
  )
}

export type Alarm = { alarmId: string; kind: string; quantity: number; raisedAt: number; clearedAt: number | null; detail: { from?: number; to?: number; entries?: Note[] } }
type Note = { second: number; as: string; before: number; after: number; orderId: string }
export type Rule = { safety: number; home: 'auto' | 'both' | 'mall' | 'shop' }

/** One SKU: what did not agree with the platform, each with the exact entries that explain it; safety stock; where its mall units lie. */
export function SkuDepth(props: { skuId: string; alarms: readonly Alarm[]; rule: Rule; hasShop: boolean; mall: number; apart: ReadonlyArray<{ warehouseId: string; mall: number; reserved: number }>; warehouses: ReadonlyArray<{ warehouseId: string; name: string; closedAt: number | null }> }): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const allowed = may('products.write')
  const refresh = { refresh: ['/stock'] }
  const check = useSend<object>('POST', () => `/stock/${props.skuId}/check`, refresh)
  const clear = useSend<string>('POST', (id) => `/stock-alarms/${id}/clear`, { ...refresh, body: () => ({}) })
  const save = useSend<Rule>('PUT', () => `/stock-rules/${props.skuId}`, refresh)
  const relocate = useSend<{ from: string | null; to: string | null; quantity: number }>('POST', () => `/stock/${props.skuId}/relocate`, refresh)
  const [rule, setRule] = useState(props.rule)
  const [wish, setWish] = useState<{ from: string; to: string; quantity: number | null }>({ from: '', to: props.warehouses[0]?.warehouseId ?? '', quantity: null })
  const onError = (error: Error): void => tell(error.message)
  const open = props.alarms.filter((alarm) => alarm.clearedAt === null)
  const places = [{ value: '', label: `${t('depth.main')} ${f.count(props.mall - props.apart.reduce((sum, one) => sum + one.mall, 0))}` }, ...props.warehouses.map((one) => ({ value: one.warehouseId, label: `${one.name} ${f.count(props.apart.find((units) => units.warehouseId === one.warehouseId)?.mall ?? 0)}` }))]
  return (
    <div className="cards level">
      <Card span={7} flush title={t('depth.alarms')} end={props.hasShop && <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled} loading={check.isPending} onClick={() => check.mutate({}, { onSuccess: () => tell(t('depth.checking')), onError })}>{t('depth.check')}</Button>}</Permitted>}>
        {open.length === 0 ? <p className="second" style={{ padding: '0 24px 20px' }}>{t('depth.same')}</p> : open.map((alarm) => (
          <div key={alarm.alarmId} style={{ padding: '0 0 12px' }}>
            <div className="row between" style={{ padding: '0 24px 8px' }}><span><span className="tag danger">{t(`depth.alarm.${alarm.kind}` as TextKey, { n: f.count(Math.abs(alarm.quantity)) })}</span> <When at={alarm.raisedAt} /></span>
              {alarm.kind !== 'unbacked' && <Button size="small" disabled={!allowed} onClick={() => clear.mutate(alarm.alarmId, { onError })}>{t('depth.seen')}</Button>}</div>
            {(alarm.detail.entries?.length ?? 0) > 0 && <DataTable<Note>
              name="drift" rows={alarm.detail.entries!} rowKey={(row) => `${row.second}/${row.before}/${row.after}/${row.as}`} empty={null}
              columns={[{ key: 'at', title: t('sku.col.at'), cell: (row) => <When at={row.second * 1000} /> }, { key: 'what', title: t('sku.col.why'), cell: (row) => <span className={row.as === 'by-hand' || row.as === 'missing' ? 'strong' : 'second'}>{t(`depth.as.${row.as}` as TextKey)} {row.orderId !== '' && row.orderId !== '0' ? row.orderId : ''}</span> }, { key: 'from', title: t('depth.from'), right: true, cell: (row) => f.count(row.before) }, { key: 'to', title: t('depth.to'), right: true, cell: (row) => f.count(row.after) }]}
              phone={(row) => ({ title: t(`depth.as.${row.as}` as TextKey), right: `${row.before} → ${row.after}`, line: row.orderId, lineRight: <When at={row.second * 1000} /> })}
            />}
          </div>
        ))}
      </Card>
      <Card span={5} title={t('depth.rule')}>
        <div className="stack wide">
          <label className="field"><span>{t('depth.safety')}</span><InputNumber disabled={!allowed} min={0} precision={0} value={rule.safety} onChange={(safety) => setRule({ ...rule, safety: safety ?? 0 })} /></label>
          <label className="field"><span>{t('depth.home')}</span><Segmented disabled={!allowed} value={rule.home} onChange={(home) => setRule({ ...rule, home })} options={(['auto', 'both', 'mall', 'shop'] as const).map((value) => ({ value, label: t(`depth.home.${value}`) }))} /></label>
          <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button disabled={disabled} loading={save.isPending} onClick={() => save.mutate(rule, { onSuccess: () => tell(t('depth.saved')), onError })}>{t('depth.save')}</Button>}</Permitted>
          {props.warehouses.length > 0 && (
            <div className="stack">
              <div className="row wrap" style={{ gap: 8 }}>
                <Select aria-label={t('sku.form.from')} value={wish.from} onChange={(from) => setWish({ ...wish, from })} options={places} style={{ minWidth: 120 }} /><span>→</span>
                <Select aria-label={t('sku.form.to')} value={wish.to} onChange={(to) => setWish({ ...wish, to })} options={places} style={{ minWidth: 120 }} />
                <InputNumber aria-label={t('sku.form.units')} min={1} precision={0} value={wish.quantity} onChange={(quantity) => setWish({ ...wish, quantity })} style={{ width: 88 }} />
              </div>
              <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button disabled={disabled || !wish.quantity || wish.from === wish.to} loading={relocate.isPending} onClick={() => relocate.mutate({ from: wish.from || null, to: wish.to || null, quantity: wish.quantity! }, { onSuccess: () => tell(t('depth.saved')), onError })}>{t('depth.relocate')}</Button>}</Permitted>
            </div>
          )}
        </div>
      </Card>
    </div>
  )
}
