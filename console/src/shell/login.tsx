import { useState, type ReactNode } from 'react'
import { Button, Input, Modal } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { Mark, useBars } from '../kit/index.ts'
import { ApiError, request } from '../lib/api.ts'
import { useTheme } from '../lib/theme.tsx'
import { useWords } from '../lib/words.tsx'

/** Sign-in: the mark, one field at a time, no picture. */
export function Login(): ReactNode {
  const { t, language } = useWords()
  const { setLanguage } = useTheme()
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [step, setStep] = useState<'login' | 'password'>('login')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (): Promise<void> => {
    setError('')
    if (login.trim() === '') return setError(t('login.needLogin'))
    if (step === 'login') return setStep('password')
    if (password === '') return setError(t('login.needPassword'))
    setBusy(true)
    try {
      await request('POST', '/api/sign-in', { login: login.trim(), password })
      await client.invalidateQueries({ queryKey: ['me'] })
    } catch (problem) {
      setError(problem instanceof ApiError && problem.status === 0 ? t('state.offlineWhat') : (problem as Error).message)
    }
    setBusy(false)
  }
  return (
    <main className="login">
      <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <div className="row between"><span className="wordmark"><Mark size={40} />{t('app.name')}</span><button type="button" className="iconbutton" onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>{t('shell.toLanguage')}</button></div>
        <h1>{t('login.title')}</h1>
        <label className="field"><span>{t('login.login')}</span><Input size="large" name="login" autoComplete="username" autoFocus value={login} onChange={(event) => setLogin(event.target.value)} /></label>
        {step === 'password' && <label className="field"><span>{t('login.password')}</span><Input.Password size="large" name="password" autoComplete="current-password" autoFocus value={password} onChange={(event) => setPassword(event.target.value)} /></label>}
        {error !== '' && <div className="callout danger" role="alert">{error}</div>}
        <Button type="primary" size="large" htmlType="submit" loading={busy}>{step === 'login' ? t('login.next') : t('login.go')}</Button>
        <p className="second">{t('login.forgot', { command: 'npm run -s qz -- login-link' })}</p>
      </form>
    </main>
  )
}

/** Asks for a password; skippable, reachable again from the user menu. */
export function PasswordDialog(props: { open: boolean; close: () => void }): ReactNode {
  const { t } = useWords()
  const { tell } = useBars()
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const save = async (): Promise<void> => {
    setBusy(true)
    setError('')
    try {
      await request('POST', '/api/password', { password })
      await client.invalidateQueries({ queryKey: ['me'] })
      tell(t('password.done'))
      setPassword('')
      props.close()
    } catch (problem) {
      setError((problem as Error).message)
    }
    setBusy(false)
  }
  return (
    <Modal open={props.open} onCancel={props.close} title={t('password.title')} width={420} footer={[<Button key="skip" onClick={props.close}>{t('password.skip')}</Button>, <Button key="save" type="primary" loading={busy} disabled={password === ''} onClick={() => void save()}>{t('password.save')}</Button>]}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); void save() }}>
        <p className="second">{t('password.why')}</p>
        <label className="field"><span>{t('password.new')}</span><Input.Password size="large" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} /></label>
        {error !== '' && <div className="callout danger" role="alert">{error}</div>}
      </form>
    </Modal>
  )
}
