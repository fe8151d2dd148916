import { useState, type ReactNode } from 'react'
import { Button, Input, Modal, Select } from 'antd'
import { Card, DataTable, Loaded, PageHead, Permitted, ShortId, useBars } from '../kit/index.ts'
import { useGet, useSend, useSession } from '../lib/session.tsx'
import type { Members } from '../lib/types.ts'
import { named, useWords } from '../lib/words.tsx'

type Member = Members['members'][number]

/** 设置 › 成员与权限. */
export function MembersPage(): ReactNode {
  const { t, f, language } = useWords()
  const { me } = useSession()
  const { tell } = useBars()
  const query = useGet<Members>('/members')
  const put = useSend<{ login: string; name: string; role: string }, { link: string | null }>('POST', () => '/members', { refresh: ['/members', '/audit'] })
  const [adding, setAdding] = useState(false)
  return (
    <Loaded query={query}>
      {({ members, roles, mayChange }) => {
        const roleName = (key: string): string => named(roles.find((row) => row.key === key), language) || key
        const options = roles.map((row) => ({ value: row.key, label: named(row, language) }))
        const most = Math.max(...roles.map((row) => row.rights.length))
        const change = (row: Member, role: string): void => put.mutate({ login: row.login, name: row.name, role }, {
          onSuccess: () => tell(t('members.changed', { name: row.name, role: roleName(role) }), () => put.mutate({ login: row.login, name: row.name, role: row.role })),
          onError: (error) => tell(error.message),
        })
        const role = (row: Member): ReactNode => (mayChange ? <Select size="small" style={{ minWidth: 130 }} value={row.role} options={options} onChange={(next) => change(row, next)} aria-label={t('members.col.role')} /> : roleName(row.role))
        return (
          <>
            <PageHead
              kicker={t('members.kicker')} sentence={t('members.sentence', { n: f.count(members.length), owners: f.count(members.filter((row) => row.role === 'owner').length) })} why={t('members.why')}
              actions={<Permitted allowed={mayChange} who={t('members.noRight')}>{(disabled) => <Button type="primary" disabled={disabled} onClick={() => setAdding(true)}>{t('members.add')}</Button>}</Permitted>}
            />
            <div className="cards">
              <Card span={7} flush>
                <DataTable<Member>
                  name="members" rows={members} rowKey={(row) => row.userId} empty={null}
                  columns={[
                    { key: 'name', title: t('members.col.name'), cell: (row) => <>{row.name}{row.login === me.login && <span className="second"> · {t('members.you')}</span>}</> },
                    { key: 'login', title: t('members.col.login'), cell: (row) => <span className="mono">{row.login}</span> },
                    { key: 'role', title: t('members.col.role'), cell: role },
                  ]}
                  phone={(row) => ({ title: row.name, right: role(row), line: <span className="mono">{row.login}</span> })}
                />
              </Card>
              <Card span={5} title={t('members.rolesTitle')}>
                <ul className="list">{roles.map((row) => (
                  <li key={row.key}>
                    <div className="row between"><span className="strong">{named(row, language)}</span><span className="second">{row.rights.length === most ? t('members.mayAll') : t('members.rights', { n: row.rights.length })}</span></div>
                    {row.rights.length < most && <div className="axis third">{row.rights.map((right) => t(`right.${right}`)).join(language === 'zh' ? '、' : ', ')}</div>}
                  </li>
                ))}</ul>
              </Card>
            </div>
            {adding && <Add options={options} close={() => setAdding(false)} />}
          </>
        )
      }}
    </Loaded>
  )
}

function Add(props: { options: Array<{ value: string; label: string }>; close: () => void }): ReactNode {
  const { t } = useWords()
  const put = useSend<{ login: string; name: string; role: string }, { link: string | null }>('POST', () => '/members', { refresh: ['/members', '/audit'] })
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState('operator')
  const link = put.data?.link
  return (
    <Modal open onCancel={props.close} title={t('members.add')} width={440} footer={put.data ? [<Button key="ok" type="primary" onClick={props.close}>{t('shell.close')}</Button>] : [<Button key="no" onClick={props.close}>{t('kit.cancel')}</Button>, <Button key="go" type="primary" loading={put.isPending} disabled={login.trim().length < 2 || name.trim() === ''} onClick={() => put.mutate({ login: login.trim(), name: name.trim(), role })}>{t('members.form.go')}</Button>]}>
      {put.data ? <div className="stack"><p>{t('members.changed', { name, role: props.options.find((row) => row.value === role)?.label ?? role })}</p>{link && <><p className="second">{t('members.link')}</p><div className="callout"><ShortId id={location.origin + link} whole /></div></>}</div> : (
        <div className="stack wide">
          <label className="field"><span>{t('members.form.name')}</span><Input value={name} maxLength={40} onChange={(event) => setName(event.target.value)} /></label>
          <label className="field"><span>{t('members.form.login')}</span><Input className="mono" value={login} maxLength={60} onChange={(event) => setLogin(event.target.value)} /></label>
          <label className="field"><span>{t('members.form.role')}</span><Select value={role} onChange={setRole} options={props.options} /></label>
          {put.error && <div className="callout danger" role="alert">{put.error.message}</div>}
        </div>
      )}
    </Modal>
  )
}
