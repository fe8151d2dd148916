import type { ReactNode } from 'react'
import { Switch } from 'antd'
import { Card, FactLine, Permitted, useBars, type FactItem } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import { useWords, type TextKey } from '../lib/words.tsx'
import { text } from '../text/index.ts'

type Touch = { seq: number; occurredAt: number; kind: string; direction: 'outbound' | 'inbound'; weight: number; reason: string }
type Message = { messageId: string; campaign: string; messageKind: 'help' | 'news' | 'sell'; state: string; gateReason: string | null; clearAt: number | null; askedAt: number; sentAt: number | null; staff: string }
type Pressure = { pressure: number; reserved: number; optedOut: boolean; dose: { dose: number; used: number; endsAt: number } | null; pressureMax: number }

/** What reached a person and what they did; why each message went or did not; how hard they are touched, with the switch that leaves them in peace. */
export function Pressed(props: { personId: string }): ReactNode {
  const { t, f, language } = useWords()
  const { may, on } = useSession()
  const { tell } = useBars()
  const contacts = on('contacts') && may('people.read')
  const dosage = on('dosage') && may('people.read')
  const touches = useGet<{ rows: Touch[] }>(`/contacts/${props.personId}/touches`, {}, { enabled: contacts })
  const messages = useGet<{ rows: Message[] }>('/messages', { person: props.personId }, { enabled: contacts })
  const pressure = useGet<Pressure>(`/pressure/${props.personId}`, {}, { enabled: dosage })
  const optOut = useSend<boolean>('PUT', () => `/opt-outs/${props.personId}`, { refresh: [`/pressure/${props.personId}`], body: (yes) => ({ on: yes, evidence: 'console' }) })
  if (!contacts) return null
  const campaign = (reason: string): string => {
    const kind = reason.split('/')[0]
    return kind === 'broadcast' || kind === 'plan' || kind === 'journey' || kind === 'welcome' ? t(`channel.${kind}`) : reason
  }
  const touchWords = (kind: string): string => (`touch.${kind}` in text ? t(`touch.${kind}` as TextKey) : kind)
  const items = (touches.data?.rows ?? []).slice(0, 12).map((row): FactItem => ({ key: String(row.seq), at: row.occurredAt, words: touchWords(row.kind), by: row.direction === 'outbound' ? campaign(row.reason) : t('touch.theirs'), kind: row.kind === 'contact.lost' ? 'refund' : row.direction === 'outbound' ? 'wait' : 'fact' }))
  const why = (row: Message): string => (row.state === 'refused'
    ? `${row.gateReason !== null && `gate.${row.gateReason}` in text ? t(`gate.${row.gateReason}` as TextKey) : t('gateState.refused')}${row.clearAt === null ? '' : t('person.clear', { when: f.dateSaid(row.clearAt, language) })}`
    : `msg.${row.state}` in text ? t(`msg.${row.state}` as TextKey) : row.state)
  const p = pressure.data
  const share = p ? Math.min(1, p.pressure / p.pressureMax) : 0
  return (
    <div className="cards">
      <Card span={7} title={t('person.touches')} unit={t('person.touchesUnit')}>{items.length === 0 ? <p className="second">{t('person.noTouches')}</p> : <FactLine items={items} />}</Card>
      <Card span={5} title={p ? t('person.pressure', { n: p.pressure.toFixed(1), max: p.pressureMax }) : t('person.whyTitle')}>
        {p && (
          <div className="stack" style={{ marginBottom: 16 }}>
            <div className="stockbar" style={{ height: 8, background: 'var(--selected)', borderRadius: 2 }} role="img" aria-label={t('person.pressure', { n: p.pressure.toFixed(1), max: p.pressureMax })}><i style={{ width: `${share * 100}%`, background: p.pressure >= p.pressureMax ? 'var(--loss)' : 'var(--restrain)', minWidth: 2 }} /></div>
            {p.dose && <div className="pair"><span className="second">{t('person.dose')}</span><span>{p.dose.dose === 0 ? t('dosage.holdout') : t('person.doseUsed', { used: p.dose.used, n: p.dose.dose })}</span></div>}
            <div className="pair"><span className="second">{t('person.optOut')}</span><Permitted allowed={may('people.personal')} who={t('removals.noRight')}>{(disabled) => <Switch size="small" aria-label={t('person.optOut')} checked={p.optedOut} disabled={disabled} loading={optOut.isPending} onChange={(yes) => optOut.mutate(yes, { onSuccess: () => tell(yes ? t('person.optedOut') : t('person.optedIn'), () => optOut.mutate(!yes)), onError: (error) => tell(error.message) })} />}</Permitted></div>
          </div>
        )}
        <h3 className="second" style={{ marginBottom: 4 }}>{t('person.whyTitle')}</h3>
        {(messages.data?.rows ?? []).length === 0 ? <p className="second">{t('person.noMessages')}</p> : (
          <ul className="list">{messages.data!.rows.slice(0, 5).map((row) => (
            <li key={row.messageId}><div className="row between"><span>{campaign(row.campaign)} <span className="second">{t(`broadcast.kind.${row.messageKind}`)}</span></span><span className="axis third nowrap">{f.timeExact(row.askedAt).slice(5, 16)}</span></div><div className={row.state === 'sent' ? 'second' : 'axis third'}>{why(row)}</div></li>
          ))}</ul>
        )}
      </Card>
    </div>
  )
}
