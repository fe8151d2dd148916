import { useState, type ReactNode } from 'react'
import { Button, Form, InputNumber, Modal, Select, Switch } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, StateBlock, TextLink, useBars, When } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { named, useWords } from '../lib/words.tsx'
import { Views } from './points.tsx'

type Mode = 'on' | 'off' | 'deliberate'
const surfaces = ['web', 'mini', 'api', 'wecom', 'moments'] as const
type Rule = {
  rule: string; zh: string; en: string; on: boolean; feathers: number; once: string; caps: { personDay: number | null; personArticle: number | null; articleDay: number | null; surfaceDay: number | null }
  surfaces: Record<(typeof surfaces)[number], Mode>; levels: number; secondLevel: number; vestHours: number; freeDay: number | null; expireDays: number | null
}
type RuleSet = { rules: Rule[]; personDay: number | null; budgetFen: number | null; audit: unknown }
export type Effect = {
  costPerFeather: { low: number; mean: number; high: number } | null; rules: Array<{ rule: string; acts28: number; feathersNow: number; feathersDraft: number | null; costDraftFen: number | null }>
  articleMost: number | null; cheapestBenefit: number | null; personDayMost: number | null; cost28Fen: number | null; cost28NowFen: number | null; most28Fen: number | null; budgetFen: number | null; over: boolean; held: number; liabilityFen: number | null; liabilityHighFen: number | null
}
type Rules = {
  live: { version: number; set: RuleSet; effect: Effect }
  draft?: { version: number; set: RuleSet; note: string; madeBy: string; madeAt: number; seen: string; effect: Effect }
  versions: Array<{ version: number; state: 'draft' | 'live' | 'past'; madeBy: string; madeAt: number; liveAt: number | null }>
}

/** Rules as data: read as a table, changed as a draft, live only after the cost was seen. */
export function RulesView(): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const [editing, setEditing] = useState<Rule>()
  const [limits, setLimits] = useState(false)
  const query = useGet<Rules>('/points/rules', {}, { every: 30_000 })
  const save = useSend<{ set: RuleSet; note: string }, { version: number }>('PUT', () => '/points/rules/draft', { refresh: ['/points'] })
  const live = useSend<{ version: number; seen: string }>('POST', () => '/points/rules/live', { refresh: ['/points'] })
  const drop = useSend<void>('DELETE', () => '/points/rules/draft', { refresh: ['/points'] })
  const onError = (error: Error): void => tell(error.message)
  const allowed = may('points.write')
  return (
    <Loaded query={query}>
      {(data) => {
        const { draft } = data
        const shown = draft ?? data.live
        const { set, effect } = shown
        const rows = set.rules.filter((rule) => rule.rule !== 'sale')
        const limit = (value: number | null): string => (value === null ? t('points.rule.noCap') : f.count(value))
        const when = (rule: Rule): string => (rule.vestHours > 0 ? t('points.rule.after', { time: f.duration(rule.vestHours * 3_600_000, language) }) : rule.freeDay !== null ? t('points.rule.free', { n: rule.freeDay }) : t('points.rule.atOnce'))
        const lives = (rule: Rule): string => (rule.expireDays === null ? t('points.rule.forever') : t('points.rule.lives', { n: rule.expireDays }))
        const where = (rule: Rule): string => {
          const on = surfaces.filter((key) => rule.surfaces[key] !== 'off')
          return on.length === surfaces.length ? t('points.rule.everywhere') : on.length === 0 ? t('points.rule.nowhere') : on.map((key) => t(`points.surface.${key}`)).join('、')
        }
        const each = (rule: Rule): string => (!rule.on ? t('points.rule.off') : rule.rule === 'order' ? t('points.rule.perYuan', { n: rule.feathers }) : f.countChange(rule.feathers))
        const acts = (rule: Rule): string => {
          const one = effect.rules.find((row) => row.rule === rule.rule)
          return one === undefined || one.acts28 === 0 ? '—' : t('points.rule.actsN', { n: f.count(one.acts28), feathers: f.count(one.feathersNow) })
        }
        const edit = (rule: Rule): ReactNode => <Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => <Button size="small" disabled={disabled} aria-label={t('points.rule.editOf', { rule: named(rule, language) })} onClick={() => setEditing(rule)}>{t('points.rule.edit')}</Button>}</Permitted>
        const keep = (next: RuleSet, done: () => void): void => save.mutate({ set: next, note: draft?.note ?? '' }, { onSuccess: ({ version }) => { tell(t('points.form.saved', { version })); done() }, onError })
        const figures = { article: limit(effect.articleMost), day: limit(effect.personDayMost) }
        return (
          <>
            <PageHead
              kicker={t('points.kicker')} why={t('points.rulesWhy')}
              sentence={draft ? t('points.rulesDraft', { version: draft.version, cost: effect.cost28Fen === null ? t('points.draftCostUnknown') : t('points.draftCost', { draft: f.moneySaid(effect.cost28Fen), now: effect.cost28NowFen === null ? '—' : f.moneySaid(effect.cost28NowFen) }) }) : data.live.version === 0 ? t('points.rulesDefault', figures) : t('points.rulesSentence', { version: data.live.version, ...figures })}
              actions={draft && <>
                <Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => <Button disabled={disabled} loading={drop.isPending} onClick={() => drop.mutate(undefined, { onSuccess: () => tell(t('points.dropped')), onError })}>{t('points.drop')}</Button>}</Permitted>
                <Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => <Button type="primary" disabled={disabled || effect.over} loading={live.isPending} onClick={() => live.mutate({ version: draft.version, seen: draft.seen }, { onSuccess: () => tell(t('points.lived', { version: draft.version })), onError })}>{t('points.live')}</Button>}</Permitted>
              </>}
            />
            <div className="row wrap" style={{ marginBottom: 16 }}><Views /></div>
            <div className="cards">
              <Card title={draft ? t('points.beforeLive') : t('points.cost')} end={<Permitted allowed={allowed} who={t('points.noWrite')}>{(disabled) => <Button size="small" disabled={disabled} onClick={() => setLimits(true)}>{t('points.budgetEdit')}</Button>}</Permitted>}>
                {effect.costPerFeather === null ? <p className="second">{t('points.noOffer')}</p> : (
                  <>
                    <div className="equation">
                      <div><div className="second">{t('points.effect.cost')}</div><div className="figure">{effect.cost28Fen === null ? '—' : f.moneySaid(effect.cost28Fen)}</div><div className="second">{effect.cost28NowFen === null ? '' : t('points.effect.now', { fen: f.moneySaid(effect.cost28NowFen) })}</div></div>
                      <div><div className="second">{t('points.effect.budget')}</div><div className="figure">{effect.budgetFen === null ? '—' : f.moneySaid(effect.budgetFen)}</div><div className="second">{effect.budgetFen === null ? t('points.effect.noBudget') : effect.over ? t('points.effect.over') : t('points.effect.within')}</div></div>
                      <div><div className="second">{t('points.effect.most')}</div><div className="figure">{effect.most28Fen === null ? '—' : f.moneySaid(effect.most28Fen)}</div><div className="second">{t('points.perFeather', { fen: f.money(Math.round(effect.costPerFeather.mean)), low: f.money(Math.round(effect.costPerFeather.low)), high: f.money(Math.round(effect.costPerFeather.high)) })}</div></div>
                      <div><div className="second">{t('points.liability')}</div><div className="figure">{effect.liabilityFen === null ? '—' : f.moneySaid(effect.liabilityFen)}</div><div className="second">{t('points.liabilityHigh', { fen: f.moneySaid(effect.liabilityHighFen ?? 0) })}</div></div>
                    </div>
                    {effect.articleMost !== null && effect.articleMost > 0 && effect.cheapestBenefit !== null && <p className="second" style={{ marginTop: 12 }}>{t('points.effect.articles', { cheapest: effect.cheapestBenefit, n: Math.ceil(effect.cheapestBenefit / effect.articleMost) })}</p>}
                  </>
                )}
              </Card>
              <Card flush title={t('points.view.rules')} unit={draft ? t('points.state.draft') : undefined}>
                <DataTable<Rule>
                  name="points-rules" rows={rows} rowKey={(row) => row.rule} empty={<StateBlock title={t('points.none')} />}
                  columns={[
                    { key: 'rule', title: t('points.rule'), cell: (row) => <span className={row.on ? 'strong' : 'third'}>{named(row, language)}</span> }, { key: 'each', title: t('points.rule.each'), right: true, cell: each },
                    { key: 'article', title: t('points.rule.article'), right: true, cell: (row) => limit(row.caps.personArticle) }, { key: 'day', title: t('points.rule.day'), right: true, cell: (row) => limit(row.caps.personDay) },
                    { key: 'when', title: t('points.rule.when'), cell: (row) => <span className="stack tight"><span>{when(row)}</span><span className="second">{lives(row)}</span></span> }, { key: 'where', title: t('points.rule.where'), cell: where }, { key: 'acts', title: t('points.rule.acts'), right: true, cell: acts },
                    { key: 'edit', title: '', right: true, cell: edit },
                  ]}
                  phone={(row) => ({ title: named(row, language), right: each(row), line: when(row), lineRight: where(row), actions: edit(row) })}
                />
              </Card>
              {data.versions.length > 0 && (
                <Card flush title={t('points.versions')}>
                  <DataTable
                    name="points-versions" rows={data.versions} rowKey={(row) => String(row.version)} empty={null}
                    columns={[{ key: 'version', title: t('points.version', { n: '' }), cell: (row) => t('points.version', { n: row.version }) }, { key: 'state', title: t('offers.state'), cell: (row) => t(`points.state.${row.state}`) }, { key: 'by', title: t('points.adjustBy'), cell: (row) => row.madeBy }, { key: 'at', title: t('offers.at'), cell: (row) => <When at={row.liveAt ?? row.madeAt} /> }]}
                    phone={(row) => ({ title: t('points.version', { n: row.version }), right: t(`points.state.${row.state}`), line: row.madeBy, lineRight: <When at={row.liveAt ?? row.madeAt} /> })}
                  />
                </Card>
              )}
            </div>
            {editing && <EditRule rule={editing} saving={save.isPending} close={() => setEditing(undefined)} save={(rule) => keep({ ...set, rules: set.rules.map((one) => (one.rule === rule.rule ? rule : one)) }, () => setEditing(undefined))} />}
            {limits && <EditLimits set={set} saving={save.isPending} close={() => setLimits(false)} save={(next) => keep(next, () => setLimits(false))} />}
          </>
        )
      }}
    </Loaded>
  )
}

function EditRule(props: { rule: Rule; saving: boolean; close: () => void; save: (rule: Rule) => void }): ReactNode {
  const { t, language } = useWords()
  const { rule } = props
  const [more, setMore] = useState(false)
  const number = (name: string | string[], label: string, min = 0): ReactNode => <Form.Item name={name} label={label}><InputNumber min={min} max={100_000} precision={0} style={{ width: 160 }} /></Form.Item>
  const shares = rule.rule === 'recommend' || rule.rule === 'share-read'
  return (
    <Modal open title={t('points.rule.editOf', { rule: named(rule, language) })} onCancel={props.close} footer={null} destroyOnHidden>
      <Form layout="vertical" initialValues={rule} onFinish={(input: Partial<Rule>) => props.save({ ...rule, ...input, feathers: input.feathers ?? 0, caps: { ...rule.caps, ...input.caps }, surfaces: { ...rule.surfaces, ...input.surfaces }, vestHours: input.vestHours ?? rule.vestHours })}>
        <Form.Item name="on" label={t('points.form.on')} valuePropName="checked"><Switch /></Form.Item>
        {number('feathers', t('points.form.feathers'))}
        {rule.rule !== 'order' && <>{number(['caps', 'personArticle'], t('points.form.article'))}{number(['caps', 'personDay'], t('points.form.day'))}</>}
        {shares && <><p className="second" style={{ marginBottom: 12 }}>{t('points.form.note')}</p><div className="row wrap top">{surfaces.map((key) => <Form.Item key={key} name={['surfaces', key]} label={t(`points.surface.${key}`)}><Select style={{ width: 168 }} options={(['on', 'deliberate', 'off'] as const).map((mode) => ({ value: mode, label: t(`points.mode.${mode}`) }))} /></Form.Item>)}</div></>}
        {more && <>
          {number('vestHours', t('points.form.vest'))}{number('freeDay', t('points.form.free'))}{number('expireDays', t('points.form.expire'), 1)}{number(['caps', 'articleDay'], t('points.form.articleAll'))}{number(['caps', 'surfaceDay'], t('points.form.surfaceAll'))}
          {shares && <>{<Form.Item name="levels" label={t('points.form.levels')}><InputNumber min={1} max={2} precision={0} /></Form.Item>}{number('secondLevel', t('points.form.second'))}</>}
        </>}
        <div className="row between"><Button type="primary" htmlType="submit" loading={props.saving}>{t('points.form.save')}</Button>{!more && <TextLink quiet onClick={() => setMore(true)}>{t('points.form.more')}</TextLink>}</div>
      </Form>
    </Modal>
  )
}

function EditLimits(props: { set: RuleSet; saving: boolean; close: () => void; save: (set: RuleSet) => void }): ReactNode {
  const { t } = useWords()
  const { set } = props
  return (
    <Modal open title={t('points.budgetEdit')} onCancel={props.close} footer={null} destroyOnHidden>
      <Form layout="vertical" initialValues={{ budget: set.budgetFen === null ? null : set.budgetFen / 100, personDay: set.personDay }} onFinish={(input: { budget: number | null; personDay: number | null }) => props.save({ ...set, budgetFen: input.budget == null ? null : Math.round(input.budget * 100), personDay: input.personDay ?? null })}>
        <Form.Item name="budget" label={t('points.budget')}><InputNumber min={0} max={100_000_000} style={{ width: 160 }} /></Form.Item>
        <Form.Item name="personDay" label={t('points.allDay')}><InputNumber min={0} max={100_000} precision={0} style={{ width: 160 }} /></Form.Item>
        <Button type="primary" htmlType="submit" loading={props.saving}>{t('points.form.save')}</Button>
      </Form>
    </Modal>
  )
}
