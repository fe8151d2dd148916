import { useState, type ReactNode } from 'react'
import { Button, DatePicker, Input, Modal, Select, Switch } from 'antd'
import dayjs from 'dayjs'
import { Card, Chip, DataTable, Loaded, Money, PageHead, Permitted, StateBlock, useBars, useFilter, When } from '../kit/index.ts'
import { dayKey } from '../lib/format.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import type { Products } from './products.tsx'

type Step = { fromFen: number; fromPieces: number; offFen?: number; payBp?: number; capFen?: number }
type Price = { skuId: string; priceFen: number; quota?: number; depositFen?: number; worthFen?: number }
type Rule = { steps?: Step[]; prices?: Price[]; levels?: Array<{ name: string; fromFen: number; payBp: number }>; plans?: Array<{ key: string; payFen: number; giftFen: number }>; quota?: number; days?: number; size?: number; repeat?: boolean }
type Play = { promotionId: string; kind: (typeof kinds)[number]; name: string; state: 'draft' | 'on' | 'off'; rule: Rule; startsAt: number; endsAt: number }
type Promotions = {
  plays: Play[]; quotas: Array<{ promotionId: string; skuId: string; quota: number; taken: number }>; uses: Array<{ promotionId: string; name: string; kind: string; shelf: string; bearer: 'merchant' | 'platform' | 'partner'; orders: number; fen: number }>; coupons: Array<{ promotionId: string; claimed: number; used: number; held: number; expired: number }>
  groups: Array<{ promotionId: string; state: 'open' | 'formed' | 'failed'; groups: number }>; stored: { people: number; principalFen: number; giftFen: number }; now: number
}
const kinds = ['full-reduction', 'coupon', 'flash', 'group', 'presale', 'member-price', 'top-up', 'price-protection'] as const
const useKinds = [...kinds, 'shop-coupon', 'pay-coupon'] as const
/** Made with a short form here; the others need goods by goods, for which the API is the way. */
const simple = ['coupon', 'full-reduction', 'flash', 'group', 'top-up', 'member-price', 'price-protection'] as const

/** 成交 › 券与玩法: coupons and plays on one engine, what each gave and what it cost. */
export function CouponsPage(): ReactNode {
  const { t, f } = useWords()
  const { may } = useSession()
  const { tell } = useBars()
  const filter = useFilter()
  const query = useGet<Promotions>('/promotions', {}, { every: 20_000 })
  const change = useSend<{ promotionId: string; state: 'on' | 'off' }>('PUT', ({ promotionId }) => `/promotions/${promotionId}`, { refresh: ['/promotions'], body: ({ state }) => ({ state }) })
  const [making, setMaking] = useState(false)
  const allowed = may('products.write')
  const onError = (error: Error): void => tell(error.message)
  return (
    <Loaded query={query}>
      {(data) => {
        const { plays, quotas, uses, coupons, groups, stored, now } = data
        const running = plays.filter((play) => play.state === 'on' && play.startsAt <= now && play.endsAt > now)
        const shown = filter.get('all') === undefined ? plays.filter((play) => play.state !== 'off' && play.endsAt > now) : plays
        const cost = (play: Play): number => uses.filter((use) => use.promotionId === play.promotionId).reduce((sum, use) => sum + use.fen, 0)
        const orders = (play: Play): number => uses.filter((use) => use.promotionId === play.promotionId).reduce((sum, use) => sum + use.orders, 0)
        const own = uses.filter((use) => use.bearer === 'merchant').reduce((sum, use) => sum + use.fen, 0)
        const others = uses.filter((use) => use.bearer !== 'merchant').reduce((sum, use) => sum + use.fen, 0)
        const said = (play: Play): string => {
          const { rule } = play
          const step = rule.steps?.[0]
          if (step) return `${step.fromFen > 0 ? t('plays.from', { money: f.moneySaid(step.fromFen) }) : step.fromPieces > 0 ? t('plays.fromPieces', { n: step.fromPieces }) : ''}${step.offFen !== undefined ? t('plays.off', { money: f.moneySaid(step.offFen) }) : t('plays.pay', { n: f.count(step.payBp! / 100) })}${rule.repeat ? t('plays.repeat') : ''}`
          if (play.kind === 'group') return t('plays.group', { n: rule.size ?? 2, goods: rule.prices?.length ?? 0 })
          if (rule.prices) return t('plays.goods', { goods: rule.prices.length })
          if (rule.levels) return t('plays.levels', { n: rule.levels.length })
          if (rule.plans) return rule.plans.map((plan) => t('plays.plan', { pay: f.moneySaid(plan.payFen), gift: f.moneySaid(plan.giftFen) })).join(' · ')
          return t('plays.days', { n: rule.days ?? 0 })
        }
        const given = (play: Play): ReactNode => {
          const mine = quotas.filter((row) => row.promotionId === play.promotionId)
          const coupon = coupons.find((row) => row.promotionId === play.promotionId)
          const formed = groups.filter((row) => row.promotionId === play.promotionId)
          if (play.kind === 'coupon') return t('plays.claimed', { claimed: f.count(coupon?.claimed ?? 0), quota: f.count(play.rule.quota ?? 0), used: f.count(coupon?.used ?? 0) })
          if (play.kind === 'group') return t('plays.groups', { formed: f.count(formed.find((row) => row.state === 'formed')?.groups ?? 0), failed: f.count(formed.find((row) => row.state === 'failed')?.groups ?? 0) })
          return mine.length === 0 ? <span className="third">—</span> : t('plays.pieces', { taken: f.count(mine.reduce((sum, row) => sum + row.taken, 0)), quota: f.count(mine.reduce((sum, row) => sum + row.quota, 0)) })
        }
        const state = (play: Play): ReactNode => {
          const key = play.state !== 'on' ? play.state : play.endsAt <= now ? 'ended' : play.startsAt > now ? 'soon' : 'on'
          return <span className={`tag ${key === 'on' ? 'ok' : ''}`}>{t(`plays.state.${key}`)}</span>
        }
        const act = (play: Play): ReactNode => play.endsAt > now && (
          <Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button size="small" disabled={disabled} aria-label={t(play.state === 'on' ? 'plays.stopOf' : 'plays.startOf', { name: play.name })} onClick={() => {
            const to = play.state === 'on' ? 'off' : 'on'
            change.mutate({ promotionId: play.promotionId, state: to }, { onSuccess: () => tell(t(to === 'on' ? 'plays.started' : 'plays.stopped', { name: play.name }), () => change.mutate({ promotionId: play.promotionId, state: to === 'on' ? 'off' : 'on' }, { onError })), onError })
          }}>{t(play.state === 'on' ? 'plays.stop' : 'plays.start')}</Button>}</Permitted>
        )
        return (
          <>
            <PageHead
              kicker={t('plays.kicker')} sentence={plays.length === 0 ? t('plays.none') : t('plays.sentence', { n: running.length, money: f.moneySaid(own) })} why={t('plays.why')}
              actions={<Permitted allowed={allowed} who={t('products.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setMaking(true)}>{t('plays.make')}</Button>}</Permitted>}
            />
            <div className="cards">
              <Card flush title={t('plays.list')} unit={t('plays.listUnit')} end={<Chip label={t('plays.all')} on={filter.get('all') !== undefined} onClick={() => filter.set({ all: filter.get('all') === undefined ? '1' : undefined })} />}>
                <DataTable<Play>
                  name="plays" rows={shown} rowKey={(row) => row.promotionId} empty={<StateBlock title={t('plays.none')} what={t('plays.noneWhat')} />}
                  columns={[
                    { key: 'name', title: t('plays.col.name'), cell: (row) => <span className="ellipsis strong">{row.name}</span> }, { key: 'kind', title: t('plays.col.kind'), cell: (row) => t(`plays.kind.${row.kind}`) }, { key: 'rule', title: t('plays.col.rule'), cell: (row) => <span className="ellipsis second">{said(row)}</span> },
                    { key: 'given', title: t('plays.col.given'), cell: given }, { key: 'orders', title: t('plays.col.orders'), right: true, cell: (row) => f.count(orders(row)) }, { key: 'cost', title: t('plays.col.cost'), right: true, cell: (row) => <Money fen={cost(row)} /> },
                    { key: 'ends', title: t('plays.col.ends'), optional: true, cell: (row) => <When at={row.endsAt} as="date" /> }, { key: 'state', title: t('plays.col.state'), cell: state }, { key: 'act', title: '', right: true, cell: act },
                  ]}
                  phone={(row) => ({ title: row.name, right: <Money fen={cost(row)} />, line: said(row), lineRight: state(row) })}
                />
              </Card>
              <Card span={8} flush title={t('plays.costs')} unit={t('plays.costsUnit')}>
                <DataTable<Promotions['uses'][number]>
                  name="play-costs" rows={uses.toSorted((a, b) => b.fen - a.fen).slice(0, 30)} rowKey={(row) => `${row.promotionId} ${row.shelf} ${row.bearer}`} empty={<StateBlock small title={t('plays.noCosts')} />}
                  columns={[
                    { key: 'name', title: t('plays.col.name'), cell: (row) => row.name }, { key: 'kind', title: t('plays.col.kind'), cell: (row) => t(`plays.kind.${(useKinds as readonly string[]).includes(row.kind) ? (row.kind as 'coupon') : 'pay-coupon'}`) },
                    { key: 'shelf', title: t('money.col.shelf'), cell: (row) => t(row.shelf === 'shop' ? 'shelf.shop' : 'shelf.mall') }, { key: 'bearer', title: t('plays.col.bearer'), cell: (row) => t(`plays.bearer.${row.bearer}`) }, { key: 'orders', title: t('plays.col.orders'), right: true, cell: (row) => f.count(row.orders) }, { key: 'fen', title: t('plays.col.cost'), right: true, cell: (row) => <Money fen={row.fen} /> },
                  ]}
                  phone={(row) => ({ title: row.name, right: <Money fen={row.fen} />, line: t(`plays.bearer.${row.bearer}`), lineRight: f.count(row.orders) })}
                />
              </Card>
              <Card span={4} title={t('plays.borne')}>
                <dl className="defs">
                  <dt>{t('plays.bearer.merchant')}</dt><dd><Money fen={own} /></dd><dt>{t('plays.others')}</dt><dd><Money fen={others} /></dd>
                  <div className="rule" /><dt>{t('plays.stored')} <span className="second">{t('plays.storedPeople', { n: f.count(stored.people) })}</span></dt><dd><Money fen={stored.principalFen + stored.giftFen} /></dd><dt>{t('plays.storedGift')}</dt><dd><Money fen={stored.giftFen} /></dd>
                </dl>
              </Card>
            </div>
            {making && <Make close={() => setMaking(false)} />}
          </>
        )
      }}
    </Loaded>
  )
}

function Make(props: { close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const now = useNow()
  const products = useGet<Products>('/products', { pageSize: 200 })
  const send = useSend<unknown>('POST', () => '/promotions', { refresh: ['/promotions'] })
  const [kind, setKind] = useState<(typeof simple)[number]>('coupon')
  const [name, setName] = useState('')
  const [values, setValues] = useState<Record<string, string>>({ from: '', off: '', quota: '100', perPerson: '1', price: '', pieces: '10', size: '2', hours: '24', pay: '', gift: '', percent: '95', days: '7' })
  const [skuId, setSku] = useState<string>()
  const [stacks, setStacks] = useState(false)
  const [from, setFrom] = useState(() => dayKey(now))
  const [to, setTo] = useState(() => dayKey(now + 30 * 86_400_000))
  const fen = (key: string): number => Math.round(Number(values[key].trim()) * 100)
  const whole = (key: string): number => Math.round(Number(values[key].trim()))
  const rule = ((): unknown => {
    switch (kind) {
      case 'coupon': return { steps: [{ fromFen: fen('from'), offFen: fen('off') }], quota: whole('quota'), perPerson: whole('perPerson'), stacks }
      case 'full-reduction': return { steps: [{ fromFen: fen('from'), offFen: fen('off') }] }
      case 'flash': return { prices: [{ skuId, priceFen: fen('price'), quota: whole('pieces') }], perPerson: whole('perPerson') }
      case 'group': return { prices: [{ skuId, priceFen: fen('price'), quota: whole('pieces') }], size: whole('size'), hours: Number(values.hours), perPerson: whole('perPerson') }
      case 'top-up': return { plans: [{ key: '1', payFen: fen('pay'), giftFen: fen('gift') }] }
      case 'member-price': return { levels: [{ name, fromFen: fen('from'), payBp: whole('percent') * 100 }] }
      case 'price-protection': return { days: whole('days') }
    }
  })()
  const wanted: Record<(typeof simple)[number], string[]> = { coupon: ['from', 'off', 'quota', 'perPerson'], 'full-reduction': ['from', 'off'], flash: ['price', 'pieces', 'perPerson'], group: ['price', 'pieces', 'size', 'hours', 'perPerson'], 'top-up': ['pay', 'gift'], 'member-price': ['from', 'percent'], 'price-protection': ['days'] }
  const byGoods = kind === 'flash' || kind === 'group'
  const complete = name.trim() !== '' && wanted[kind].every((key) => /^\d{1,9}(\.\d{1,2})?$/.test(values[key].trim() || '0')) && (!byGoods || skuId !== undefined)
  const go = (): void => send.mutate({ kind, name: name.trim(), state: 'on', rule, startsAt: from === dayKey(now) ? now : Date.parse(`${from}T00:00:00+08:00`), endsAt: Date.parse(`${to}T23:59:59+08:00`) }, { onSuccess: () => { props.close(); tell(t('plays.made', { name: name.trim() })) } })
  const skus = (products.data?.rows ?? []).flatMap((product) => product.skus.map((sku) => ({ value: sku.skuId, label: `${product.title} ${sku.name}` })))
  return (
    <Modal open onCancel={props.close} title={t('plays.make')} width={480} footer={[<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" disabled={!complete} loading={send.isPending} onClick={go}>{t('plays.makeGo')}</Button>]}>
      <div className="stack wide">
        <p className="second">{t(`plays.what.${kind}`)}</p>
        <label className="field"><span>{t('plays.col.kind')}</span><Select value={kind} onChange={setKind} options={simple.map((value) => ({ value, label: t(`plays.kind.${value}`) }))} /></label>
        <label className="field"><span>{t('plays.name')}</span><Input name="name" maxLength={40} value={name} onChange={(event) => setName(event.target.value)} /></label>
        {byGoods && <label className="field"><span>{t('plays.sku')}</span><Select showSearch={{ optionFilterProp: 'label' }} value={skuId} onChange={setSku} options={skus} /></label>}
        <div className="row top stackphone" style={{ flexWrap: 'wrap' }}>
          {wanted[kind].map((key) => <label className="field grow" key={key}><span>{t(`plays.field.${key}` as TextKey)}</span><Input name={key} inputMode="decimal" value={values[key]} onChange={(event) => setValues({ ...values, [key]: event.target.value })} /></label>)}
        </div>
        {kind === 'coupon' && <label className="row"><Switch checked={stacks} onChange={setStacks} /> <span>{t('plays.stacks')}</span></label>}
        <div className="row top stackphone"><label className="field grow"><span>{t('plays.fromDay')}</span><DatePicker allowClear={false} value={dayjs(from)} onChange={(value) => value && setFrom(value.format('YYYY-MM-DD'))} /></label><label className="field grow"><span>{t('plays.toDay')}</span><DatePicker allowClear={false} value={dayjs(to)} onChange={(value) => value && setTo(value.format('YYYY-MM-DD'))} /></label></div>
        {send.error && <div className="callout danger" role="alert">{send.error.message}</div>}
      </div>
    </Modal>
  )
}
