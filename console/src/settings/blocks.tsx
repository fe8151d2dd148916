import { useState, type ReactNode } from 'react'
import { Switch } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { Card, Loaded, PageHead, Permitted, StageMark, useBars } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useNow, useSession } from '../lib/session.tsx'
import type { Block } from '../lib/types.ts'
import { named, useWords } from '../lib/words.tsx'
import type { LineKey } from './connections.tsx'

const presets = { 'blocks.shopOnly': ['shop'], 'blocks.wecomOnly': ['contacts', 'codes', 'broadcasts'] } as const

/** Two columns that end about together. */
const columns = [['acquire', 'sell', 'restrain'], ['retain', 'learn']] as const

/** 设置 › 积木: what is on and what each needs. */
export function Blocks(): ReactNode {
  const { t, f, language } = useWords()
  const { may, tenant, url } = useSession()
  const { tell } = useBars()
  const now = useNow()
  const client = useQueryClient()
  const query = useGet<{ blocks: Block[] }>('/blocks')
  const [busy, setBusy] = useState<string>()
  const allowed = may('blocks.write')
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: ['me'] })
    await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === tenant.slug })
  }
  const put = (key: string, on: boolean): Promise<unknown> => request('PUT', url(`/blocks/${key}`), { on })
  const toggle = async (block: Block, on: boolean): Promise<void> => {
    setBusy(block.key)
    try {
      await put(block.key, on)
      tell(t(on ? 'blocks.turnedOn' : 'blocks.turnedOff', { block: named(block, language) }), () => void put(block.key, !on).then(refresh, (error: Error) => tell(error.message)))
    } catch (error) {
      tell((error as Error).message)
    }
    await refresh()
    setBusy(undefined)
  }
  return (
    <Loaded query={query}>
      {({ blocks }) => {
        const isOn = (key: string): boolean => blocks.some((row) => row.key === key && row.onSince !== null)
        const on = blocks.filter((row) => row.onSince !== null)
        const needWord = (need: string): string => (need.startsWith('account:') ? t('blocks.account', { line: t(`line.${need.slice(8) as LineKey}`) }) : named(blocks.find((row) => row.key === need), language))
        const apply = async (wanted: readonly string[]): Promise<void> => {
          setBusy('preset')
          try {
            for (const row of on.toReversed()) if (!wanted.includes(row.key)) await put(row.key, false)
            for (const key of wanted) if (!isOn(key)) await put(key, true)
          } catch (error) {
            tell((error as Error).message)
          }
          await refresh()
          setBusy(undefined)
        }
        return (
          <>
            <PageHead kicker={t('blocks.kicker')} sentence={t('blocks.sentence', { all: blocks.length, on: on.length })} why={t('blocks.why')} />
            {allowed && <div className="filters"><span className="second nowrap">{t('blocks.only')}</span>{Object.entries(presets).map(([key, wanted]) => <button key={key} type="button" className="chip" disabled={busy !== undefined} onClick={() => void apply(wanted)}>{t(key as keyof typeof presets)}</button>)}</div>}
            <div className="cards">
              {columns.map((column) => <div key={column[0]} className="c6 stack wide">{column.map((stage) => (
                <Card key={stage} title={<StageMark stage={stage}>{t(`stage.${stage}`)}</StageMark>}>
                  <ul className="list">
                    {blocks.filter((row) => row.stage === stage).map((row) => {
                      const users = on.filter((other) => other.needs.includes(row.key))
                      const held = row.onSince !== null && users.length > 0
                      return (
                        <li key={row.key} className="blockrow">
                          <div>
                            <div><span className="strong">{named(row, language)}</span> <span className="second">{row.steps === 0 ? t('blocks.noSteps') : t('blocks.steps', { n: row.steps })}</span></div>
                            <div className="second">{named(row.what, language)}</div>
                            <div className="axis third">{row.onSince !== null ? t('blocks.onSince', { when: f.ago(row.onSince, now, language) }) : row.needs.length > 0 ? t('blocks.needs', { needs: row.needs.map(needWord).join(language === 'zh' ? '、' : ', ') }) : ''}</div>
                          </div>
                          <Permitted allowed={allowed && !held} who={held ? t('blocks.needed', { n: users.length, blocks: users.map((other) => named(other, language)).join(language === 'zh' ? '、' : ', ') }) : t('blocks.noRight')}>{(disabled) => <Switch checked={row.onSince !== null} disabled={disabled} loading={busy === row.key} onChange={(next) => void toggle(row, next)} aria-label={t('blocks.switch', { block: named(row, language) })} />}</Permitted>
                        </li>
                      )
                    })}
                  </ul>
                </Card>
              ))}</div>)}
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
