import type { ReactNode } from 'react'
import { Card, Loaded, PageHead, StageMark, StateBlock } from '../kit/index.ts'
import { useGet } from '../lib/session.tsx'
import { useWords, type TextKey, type Words } from '../lib/words.tsx'
import { text } from '../text/index.ts'
import { sourceName } from '../voyage/flow.tsx'

type Table = { model: string; rows: Array<{ channel: string; orders: number; valueFen: number }>; orders: number; valueFen: number }
type Credit = { channels: string[]; models: Table[]; touchpoints: Array<{ channel: string; touchpoints: number; persons: number }> }

/** `code/parcel`, `shop/scene-4`, `add-way/3`, `message/broadcast`: a channel in words; what has no word shows its own name. */
export function channelName(channel: string, t: Words['t']): string {
  const [kind, name = ''] = channel.split('/')
  if (kind === 'unknown') return t('channel.unknown')
  if (kind === 'live') return t('channel.live', { id: name.slice(-6) })
  if (kind === 'referral') return t('channel.referral')
  if (kind === 'code') return t('channel.code', { name })
  if (kind === 'add-way') return t('channel.addWay', { n: name })
  if (kind === 'shop') return `${t('shelf.shop')} · ${sourceName(name.replace('scene-', ''), t)}`
  if (kind === 'message' && (name === 'broadcast' || name === 'plan' || name === 'journey' || name === 'welcome')) return t(`channel.${name}`)
  return channel
}

/** 获客 › 归因: the same orders under every model side by side; each model's column adds up to all of them. */
export function CreditPage(): ReactNode {
  const { t, f } = useWords()
  const query = useGet<Credit>('/attribution', {}, { every: 60_000 })
  return (
    <Loaded query={query}>
      {({ channels, models, touchpoints }) => {
        const orders = Math.round(models[0]?.orders ?? 0)
        if (orders === 0) return <><PageHead kicker={t('credit.kicker')} sentence={t('credit.none')} why={t('credit.why')} /><Card><StateBlock title={t('credit.none')} what={t('credit.why')} /></Card></>
        const share = (model: Table, channel: string): number => (model.rows.find((row) => row.channel === channel)?.orders ?? 0) / model.orders
        const mean = (channel: string): number => models.reduce((sum, model) => sum + share(model, channel), 0) / models.length
        const shown = channels.filter((channel) => models.some((model) => share(model, channel) > 0)).toSorted((a, b) => (a === 'unknown' ? 1 : b === 'unknown' ? -1 : mean(b) - mean(a)))
        const best = shown.find((channel) => channel !== 'unknown') ?? shown[0]
        const ends = models.map((model) => share(model, best))
        const most = Math.max(...shown.flatMap((channel) => models.map((model) => share(model, channel))))
        return (
          <>
            <PageHead kicker={t('credit.kicker')} sentence={t('credit.sentence', { orders: f.count(orders), channel: channelName(best, t), low: f.percent(Math.min(...ends)), high: f.percent(Math.max(...ends)) })} why={t('credit.why')} />
            <div className="cards">
              <Card flush title={t('credit.table')} unit={t('credit.unit')}>
                <div className="tablewrap"><table className="data compact credit">
                  <thead><tr><th>{t('credit.col.channel')}</th>{models.map((model) => <th key={model.model} className="num">{`model.${model.model}` in text ? t(`model.${model.model}` as TextKey) : model.model}</th>)}</tr></thead>
                  <tbody>{shown.map((channel) => (
                    <tr key={channel}>
                      <td><StageMark stage={channel.startsWith('message/') ? 'retain' : 'acquire'} hatched={channel === 'unknown'}>{channelName(channel, t)}</StageMark></td>
                      {models.map((model) => {
                        const part = share(model, channel)
                        return <td key={model.model} className="num">{part === 0 ? <span className="third">0</span> : f.percent(part)}<i className="sharebar" style={{ width: `${(part / most) * 100}%` }} /></td>
                      })}
                    </tr>
                  ))}</tbody>
                  <tfoot><tr><td>{t('credit.total')}</td>{models.map((model) => <td key={model.model} className="num">{f.percent(shown.reduce((sum, channel) => sum + share(model, channel), 0))}</td>)}</tr></tfoot>
                </table></div>
              </Card>
              <Card title={t('channel.touch')} unit={t('channel.touchUnit')}>
                <div className="stack">{touchpoints.slice(0, 10).map((row, n) => <div key={n} className="pair"><span>{channelName(row.channel, t)}</span><span className="second nowrap">{t('channel.points', { n: f.count(row.touchpoints), persons: f.count(row.persons) })}</span></div>)}</div>
              </Card>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
