import { useState, type ReactNode } from 'react'
import { Button, Input, Modal } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { Card, Loaded, PageHead, Permitted, ShortId, useBars, useFilter } from '../kit/index.ts'
import { request } from '../lib/api.ts'
import { useGet, useNow, useSend, useSession } from '../lib/session.tsx'
import type { CheckResult, Connection, Connections, GuideStep } from '../lib/types.ts'
import { named, useWords, type TextKey } from '../lib/words.tsx'

export const lines = ['wecom', 'shop', 'mini-program', 'pay', 'official-account', 'channels'] as const
export type LineKey = (typeof lines)[number]
type SecretKey = 'secret' | 'token' | 'aesKey' | 'agentId' | 'appSecret' | 'apiV3Key' | 'merchantPrivateKey' | 'merchantSerial' | 'payPublicKeyId' | 'payPublicKey'
/** What each line is asked for; the rest stays as it is. */
const secretsOf: Record<LineKey, SecretKey[]> = {
  wecom: ['secret', 'token', 'aesKey', 'agentId', 'appSecret'], shop: ['secret', 'token', 'aesKey'], 'mini-program': ['secret', 'token', 'aesKey'], 'official-account': ['secret', 'token', 'aesKey'], channels: ['secret'],
  pay: ['merchantSerial', 'merchantPrivateKey', 'apiV3Key', 'payPublicKeyId', 'payPublicKey'],
}
const longSecrets = new Set<SecretKey>(['merchantPrivateKey', 'payPublicKey'])

type StepState = 'ok' | 'bad' | 'wait'
const stateOf = (check: CheckResult | undefined): StepState => (check?.ok === true ? 'ok' : check?.ok === false ? 'bad' : 'wait')
/** Steps that somebody here can still do: not green, and not the platform's to grant. */
const stepsLeft = (connection: Connection | undefined, steps: GuideStep[]): number => (connection && !(connection.status === 'connected' && connection.checks.length === 0) ? steps.filter((step) => step.grant === 'you' && stateOf(connection.checks.find((c) => c.key === step.key)) !== 'ok').length : 0)

/** 设置 › 连接: which accounts are connected, step by step, each step checked live. */
export function ConnectionsPage(): ReactNode {
  const { t } = useWords()
  const { may, url } = useSession()
  const client = useQueryClient()
  const filter = useFilter()
  const { tell } = useBars()
  const query = useGet<Connections>('/connections')
  const [editing, setEditing] = useState<{ line: LineKey; connection?: Connection }>()
  const [checking, setChecking] = useState<string[]>([])
  const check = async (ids: string[]): Promise<void> => {
    setChecking(ids)
    for (const id of ids) {
      try {
        await request('POST', url(`/connections/${id}/check`), {})
      } catch (error) {
        tell((error as Error).message)
      }
    }
    setChecking([])
    await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === '/connections' })
  }
  return (
    <Loaded query={query}>
      {({ connections, guide, simulated }) => {
        const by = (line: string): Connection[] => connections.filter((row) => row.line === line)
        const okLines = lines.filter((line) => by(line).some((row) => row.status === 'connected')).length
        const left = connections.reduce((sum, row) => sum + stepsLeft(row, guide[row.line] ?? []), 0)
        const never = connections.filter((row) => row.checks.length === 0).length
        const chosen = (filter.get('line') ?? connections.find((row) => row.status !== 'connected')?.line ?? connections[0]?.line ?? 'wecom') as LineKey
        const steps = guide[chosen] ?? []
        return (
          <>
            <PageHead
              kicker={t('connect.kicker')} sentence={t('connect.sentence', { all: lines.length, ok: okLines, todo: left > 0 ? t('connect.todo', { n: left }) : never > 0 ? t('connect.neverTodo', { n: never }) : t('connect.nothingTodo') })} why={simulated ? t('connect.simulated') : t('connect.real')}
              actions={<Permitted allowed={may('connections.write')} who={t('connect.noRight')}>{(disabled) => <Button type="primary" disabled={disabled || connections.length === 0} loading={checking.length > 1} onClick={() => void check(connections.map((row) => row.connectionId))}>{t('connect.checkAll')}</Button>}</Permitted>}
            />
            <div className="cards">
              <Card span={4} title={t('connect.accounts')}>
                <div className="switcher" style={{ display: 'block' }}><nav>
                  {lines.map((line) => {
                    const [one] = by(line)
                    const n = stepsLeft(one, guide[line] ?? [])
                    return (
                      <button key={line} type="button" className={line === chosen ? 'on' : ''} aria-current={line === chosen} onClick={() => filter.set({ line })}>
                        <span aria-hidden="true" style={{ color: one ? (one.status === 'connected' ? 'var(--ok)' : one.status === 'broken' ? 'var(--danger)' : 'var(--ink2)') : 'var(--ink3)', width: 16 }}>{one ? (one.status === 'connected' ? '✓' : one.status === 'broken' ? '!' : '▸') : '—'}</span>
                        {t(`line.${line}`)}
                        <small>{!one ? t('connect.notConnected') : one.status === 'connected' ? t('connect.ok') : n > 0 ? t('connect.left', { n }) : t(`connect.${one.status}`)}</small>
                      </button>
                    )
                  })}
                </nav></div>
              </Card>
              <div className="c8 stack wide">
                {by(chosen).map((connection) => <Steps key={connection.connectionId} connection={connection} steps={steps} busy={checking.includes(connection.connectionId)} check={() => void check([connection.connectionId])} edit={() => setEditing({ line: chosen, connection })} />)}
                {by(chosen).length === 0 && (
                  <Card title={t(`line.${chosen}`)} unit={t('connect.notConnected')} end={<Permitted allowed={may('connections.write')} who={t('connect.noRight')}>{(disabled) => <Button disabled={disabled} onClick={() => setEditing({ line: chosen })}>{t('connect.add', { line: t(`line.${chosen}`) })}</Button>}</Permitted>}>
                    <ul className="list">{steps.filter((step) => step.grant === 'you').map((step, n) => <Step key={step.key} n={n + 1} step={step} check={undefined} />)}</ul>
                    <p className="second" style={{ marginTop: 12 }}>{t('connect.each')}</p>
                  </Card>
                )}
                <PlatformOnly steps={steps} connection={by(chosen)[0]} />
              </div>
            </div>
            {editing && <Edit {...editing} close={() => setEditing(undefined)} saved={(id) => { setEditing(undefined); void check([id]) }} />}
          </>
        )
      }}
    </Loaded>
  )
}

function Steps(props: { connection: Connection; steps: GuideStep[]; busy: boolean; check: () => void; edit: () => void }): ReactNode {
  const { t, f, language } = useWords()
  const { may } = useSession()
  const now = useNow()
  const { connection } = props
  const steps = props.steps.filter((step) => step.grant === 'you')
  const done = steps.filter((step) => stateOf(connection.checks.find((c) => c.key === step.key)) === 'ok').length
  const last = Math.max(0, ...connection.checks.map((c) => c.at))
  return (
    <Card title={connection.name} unit={t('connect.steps', { line: t(`line.${connection.line as LineKey}`), done, total: steps.length })} end={
      <Permitted allowed={may('connections.write')} who={t('connect.noRight')}>{(disabled) => <span className="row"><Button size="small" type="text" disabled={disabled} onClick={props.edit}>{t('connect.change')}</Button><Button size="small" disabled={disabled} loading={props.busy} onClick={props.check}>{connection.checks.length === 0 ? t('connect.check') : t('connect.recheck')}</Button></span>}</Permitted>
    }>
      <div className="row wrap second" style={{ marginBottom: 12 }}>
        <span>{t(`account.${connection.line as LineKey}`)} <ShortId id={connection.accountId} whole /></span><span>·</span><span>{last === 0 ? t('connect.neverChecked') : t('connect.checked', { when: f.ago(last, now, language) })}</span>
      </div>
      <ul className="list">{steps.map((step, n) => <Step key={step.key} n={n + 1} step={step} check={connection.checks.find((c) => c.key === step.key)} connection={step.key === 'callback' ? connection : undefined} />)}</ul>
    </Card>
  )
}

function Step(props: { n: number; step: GuideStep; check: CheckResult | undefined; connection?: Connection }): ReactNode {
  const { t, language } = useWords()
  const { step, check } = props
  const state = stateOf(check)
  // Checks of an older version have no English: what the platform said is shown in any language, our own words only in theirs.
  const said = language === 'zh' ? check?.detail : (check?.en ?? (/[\u4e00-\u9fff]/.test(check?.detail ?? '') ? undefined : check?.detail))
  return (
    <li className={`step ${state}`}>
      <span className="mark" aria-hidden="true">{state === 'ok' ? '✓' : state === 'bad' ? '!' : '○'}</span>
      <span>{props.n} {named(step, language)}</span>
      <span className="second">{said && state !== 'bad' && !/^[A-Z0-9_]+ /.test(said) ? said : ''}</span>
      {said && state === 'bad' && <span className="more" style={{ color: 'var(--danger)' }}>{said}</span>}
      {state !== 'ok' && <span className="more">{t('connect.youDo', { where: named(step.where, language) })}</span>}
      {props.connection && <span className="more">{props.connection.callbackUrl !== null ? <>{t('connect.callbackAddress')} <ShortId id={props.connection.callbackUrl} whole /></> : t(props.connection.simulated ? 'connect.simulatedAddress' : 'connect.noAddress', { path: props.connection.callbackPath })}</span>}
    </li>
  )
}

/** What we cannot do for anyone, said plainly, with how long it takes. */
function PlatformOnly(props: { steps: GuideStep[]; connection: Connection | undefined }): ReactNode {
  const { t, language } = useWords()
  const steps = props.steps.filter((step) => step.grant === 'platform')
  if (steps.length === 0) return null
  return (
    <Card title={t('connect.platformTitle')}>
      <p className="second" style={{ marginBottom: 8 }}>{t('connect.platformWhat')}</p>
      <ul className="list">{steps.map((step) => {
        const state = stateOf(props.connection?.checks.find((c) => c.key === step.key))
        return (
          <li key={step.key} className={`step ${state === 'bad' ? 'wait' : state}`}>
            <span className="mark" aria-hidden="true">{state === 'ok' ? '✓' : '◔'}</span><span>{named(step, language)}</span><span className="second nowrap">{t('connect.takes', { takes: named(step.takes, language) })}</span>
            <span className="more">{named(step.where, language)}{state !== 'ok' && props.connection && <> · {t('connect.waitsCheck')}</>}</span>
          </li>
        )
      })}</ul>
    </Card>
  )
}

function Edit(props: { line: LineKey; connection?: Connection; close: () => void; saved: (connectionId: string) => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const { line, connection } = props
  const [name, setName] = useState(connection?.name ?? t(`line.${line}`))
  const [account, setAccount] = useState(connection?.accountId ?? '')
  const [secrets, setSecrets] = useState<Partial<Record<SecretKey, string>>>({})
  const [removing, setRemoving] = useState(false)
  const put = useSend<object, Connection>('POST', () => '/connections', { refresh: ['/connections'] })
  const remove = useSend<string>('DELETE', (id) => `/connections/${id}`, { refresh: ['/connections', '/system', '/blocks'] })
  if (removing && connection) {
    return (
      <Modal open onCancel={() => setRemoving(false)} width={440} title={t('connect.removeTitle', { name: connection.name })} footer={[<Button key="no" onClick={() => setRemoving(false)}>{t('kit.cancel')}</Button>, <Button key="go" danger type="primary" loading={remove.isPending} onClick={() => remove.mutate(connection.connectionId, { onSuccess: props.close, onError: (error) => tell(error.message) })}>{t('connect.removeGo', { name: connection.name })}</Button>]}>
        <p>{t('connect.removeWhat')}</p>
      </Modal>
    )
  }
  return (
    <Modal open onCancel={props.close} width={520} title={t('connect.add', { line: t(`line.${line}`) })} footer={<div className="row between">{connection ? <Button type="text" danger onClick={() => setRemoving(true)}>{t('connect.remove')}</Button> : <span />}<span className="row"><Button onClick={props.close}>{t('kit.cancel')}</Button><Button type="primary" loading={put.isPending} disabled={account.trim().length < 3 || name.trim() === ''} onClick={() => put.mutate({ connectionId: connection?.connectionId, line, accountId: account.trim(), name: name.trim(), secrets }, { onSuccess: (saved) => props.saved(saved.connectionId) })}>{t('connect.save')}</Button></span></div>}>
      <div className="stack wide">
        <label className="field"><span>{t('connect.name')}</span><Input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} /></label>
        <label className="field"><span>{t(`account.${line}` as TextKey)}</span><Input className="mono" value={account} maxLength={64} onChange={(event) => setAccount(event.target.value)} /></label>
        {secretsOf[line].map((key) => {
          const held = connection?.has[key] === true
          const common = { value: secrets[key] ?? '', placeholder: held ? t('connect.keep') : '', autoComplete: 'off', 'aria-label': t(`secret.${key}`) }
          return <label key={key} className="field"><span>{t(`secret.${key}`)}</span>{longSecrets.has(key) ? <Input.TextArea {...common} rows={3} onChange={(event) => setSecrets({ ...secrets, [key]: event.target.value })} /> : <Input.Password {...common} onChange={(event) => setSecrets({ ...secrets, [key]: event.target.value.trim() })} />}</label>
        })}
        {put.error && <div className="callout danger" role="alert">{put.error.message}</div>}
      </div>
    </Modal>
  )
}
