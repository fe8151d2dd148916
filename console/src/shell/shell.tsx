import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { ConfigProvider, Drawer, Dropdown, Modal, Switch } from 'antd'
import { NavLink, useLocation, useNavigate, Link, matchPath } from 'react-router'
import { Guard, Icon, Mark, PageSkeleton, SeaBadge, useSeaControl } from '../kit/index.ts'
import { usePhone } from '../lib/device.ts'
import { setSingleKeysOff, singleKey, singleKeysOff } from '../lib/keys.ts'
import { request } from '../lib/api.ts'
import { useSea, useSession } from '../lib/session.tsx'
import { useTheme } from '../lib/theme.tsx'
import { useWords } from '../lib/words.tsx'
import { menu, pages, rail } from '../pages.ts'
import { antdTheme } from '../ui/theme.ts'
import { palettes } from '../ui/tokens.ts'
import { PasswordDialog } from './login.tsx'
import { SearchDialog } from './search.tsx'

/** The frame: rail, top bar, tabs of the stage; on the phone a bottom bar of five. */
export function Shell(props: { children: ReactNode }): ReactNode {
  const { t, language } = useWords()
  const { mode } = useTheme()
  const { tenant } = useSession()
  const location = useLocation()
  const phone = usePhone()
  const [dialog, setDialog] = useState<'search' | 'keys' | 'password' | 'more'>()
  const here = pages.find((row) => matchPath({ path: row.path, end: true }, location.pathname))
  const stage = rail(tenant).find((row) => row.stage === here?.stage)
  const colour = stage?.colour ? palettes[mode][stage.colour] : palettes[mode].ink
  const tabs = here ? menu(tenant).filter((row) => row.stage === here.stage) : []
  useShortcuts(here?.path, setDialog)
  const offline = useSea().error?.status === 0

  return (
    <ConfigProvider theme={antdTheme(mode, language, colour)}>
      <a className="skip" href="#content">{t('shell.skip')}</a>
      <div className="frame" style={{ '--stage': colour } as React.CSSProperties}>
        <TopBar open={setDialog} />
        <nav className="rail" aria-label={t('shell.allPages')}>
          {rail(tenant).map((row) => (
            <span key={row.stage} style={{ display: 'contents' }}>
              {row.stage === 'settings' && <span className="gap" />}
              <Link to={row.to} className={row.stage === here?.stage ? 'on' : ''} aria-current={row.stage === here?.stage ? 'page' : undefined}><Icon name={row.icon} />{t(`stage.${row.stage}`)}</Link>
            </span>
          ))}
        </nav>
        <main className="content" id="content">
          {tenant.role === 'provider-staff' && <div className="providerline" role="note">{t('shell.provider')}</div>}
          {offline && <div className="callout warn" style={{ marginBottom: 16 }} role="status">{t('shell.offline')}</div>}
          {tabs.length > 1 && <div className="tabs">{tabs.map((row) => <NavLink key={row.path} to={row.path} className={row.path === here?.path || row.path === here?.under ? 'on' : ''}>{t(row.name)}</NavLink>)}</div>}
          <Guard key={location.pathname} words={{ title: t('state.broken'), what: t('state.brokenWhat') }}>
            <Suspense fallback={<PageSkeleton />}>{props.children}</Suspense>
          </Guard>
        </main>
        {phone && <BottomBar here={here?.stage} more={() => setDialog('more')} />}
      </div>
      <SearchDialog open={dialog === 'search'} close={() => setDialog(undefined)} />
      <KeysDialog open={dialog === 'keys'} close={() => setDialog(undefined)} />
      <PasswordDialog open={dialog === 'password'} close={() => setDialog(undefined)} />
      <Drawer open={dialog === 'more'} onClose={() => setDialog(undefined)} placement="bottom" size="auto" title={t('shell.allPages')}>
        <div className="stack" onClick={() => setDialog(undefined)}>
          {rail(tenant).map((row) => (
            <div key={row.stage} className="row wrap top">
              <span className="second" style={{ width: 72, paddingTop: 8 }}>{t(`stage.${row.stage}`)}</span>
              <div className="row wrap grow">{menu(tenant).filter((p) => p.stage === row.stage).map((p) => <Link key={p.path} className="chip" style={{ textDecoration: 'none' }} to={p.path}>{t(p.name)}</Link>)}</div>
            </div>
          ))}
        </div>
      </Drawer>
    </ConfigProvider>
  )
}

function TopBar(props: { open: (dialog: 'search' | 'keys' | 'password') => void }): ReactNode {
  const { t, language } = useWords()
  const { mode, setMode, setLanguage } = useTheme()
  const { me, tenant, chooseTenant, may } = useSession()
  const go = useNavigate()
  return (
    <header className={`topbar${tenant.role === 'provider-staff' ? ' provider' : ''}`} title={tenant.role === 'provider-staff' ? t('shell.provider') : undefined}>
      <Link className="mark" to={tenant.start} aria-label={t('app.name')}><Mark size={32} /></Link>
      {me.tenants.length > 1 ? (
        <Dropdown trigger={['click']} menu={{ selectedKeys: [tenant.slug], items: [...me.tenants.map((row) => ({ key: row.slug, label: row.name })), ...(may('merchants.read') ? [{ type: 'divider' as const }, { key: '/merchants', label: t('merchants.all') }] : [])], onClick: ({ key }) => {
          if (key === '/merchants') return void go(key)
          // A provider who goes in is written down, whichever way it goes in.
          if (me.tenants.find((row) => row.slug === key)?.rights.includes('merchants.read')) void request('POST', `/api/merchants/${key}/enter`).catch(() => {})
          chooseTenant(key)
        } }}>
          <button type="button" className="iconbutton merchant" aria-label={t('shell.merchant')}><span className="ellipsis">{tenant.name}</span><Icon name="down" size={14} /></button>
        </Dropdown>
      ) : <span className="merchant ellipsis">{tenant.name}</span>}
      <SeaBadge />
      <span className="grow" />
      <button type="button" className="searchbox" onClick={() => props.open('search')} aria-label={t('shell.search')}><Icon name="search" size={18} /><span>{t('shell.search')}</span><kbd>Ctrl K</kbd></button>
      <button type="button" className="iconbutton onlywide" lang={language === 'zh' ? 'en' : 'zh-CN'} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>{t('shell.toLanguage')}</button>
      <button type="button" className="iconbutton onlywide" aria-label={t('shell.toTheme')} title={t('shell.toTheme')} onClick={() => setMode(mode === 'light' ? 'dark' : 'light')}><Icon name="theme" size={20} /></button>
      <Dropdown trigger={['click']} placement="bottomRight" menu={{
        items: [
          { key: 'who', type: 'group', label: me.name },
          { key: 'language', label: t('shell.toLanguage') }, { key: 'theme', label: t('shell.toTheme') }, { key: 'password', label: t('shell.setPassword') }, { key: 'keys', label: t('shell.keys') }, { type: 'divider' }, { key: 'out', label: t('shell.signOut') },
        ],
        onClick: ({ key }) => {
          if (key === 'language') setLanguage(language === 'zh' ? 'en' : 'zh')
          else if (key === 'theme') setMode(mode === 'light' ? 'dark' : 'light')
          else if (key === 'out') void request('POST', '/api/sign-out').finally(() => location.assign('/'))
          else props.open(key as 'keys' | 'password')
        },
      }}><button type="button" className="iconbutton" aria-label={me.name}><span className="ellipsis username" style={{ maxWidth: 80 }}>{me.name}</span><span className="username row"><Icon name="down" size={14} /></span><span className="phoneonly row"><Icon name="more" /></span></button></Dropdown>
    </header>
  )
}

function BottomBar(props: { here: string | undefined; more: () => void }): ReactNode {
  const { t } = useWords()
  const { tenant } = useSession()
  const all = rail(tenant)
  const shown = all.length <= 5 ? all : all.filter((row) => row.stage !== 'settings').slice(0, 4)
  return (
    <nav className="bottombar" aria-label={t('shell.allPages')}>
      {shown.map((row) => <Link key={row.stage} to={row.to} className={row.stage === props.here ? 'on' : ''}><Icon name={row.icon} />{t(`stage.${row.stage}`)}</Link>)}
      {shown.length < all.length && <button type="button" onClick={props.more} className={shown.some((row) => row.stage === props.here) ? '' : 'on'}><Icon name="more" />{t('shell.more')}</button>}
    </nav>
  )
}

function KeysDialog(props: { open: boolean; close: () => void }): ReactNode {
  const { t } = useWords()
  const [off, setOff] = useState(singleKeysOff)
  const rows = [['Ctrl K', 'keys.search'], ['g h', 'keys.go'], ['/', 'keys.filter'], ['j k', 'keys.move'], ['Enter', 'keys.open'], ['[ ]', 'keys.neighbours'], ['Space', 'keys.sea'], ['Esc', 'keys.out'], ['?', 'keys.list']] as const
  return (
    <Modal open={props.open} onCancel={props.close} footer={null} title={t('keys.title')} width={460}>
      <dl className="defs">{rows.map(([key, words]) => <span key={key} style={{ display: 'contents' }}><dt>{t(words)}</dt><dd><kbd>{key}</kbd></dd></span>)}</dl>
      <div className="row" style={{ marginTop: 16 }}><Switch size="small" checked={off} onChange={(next) => { setOff(next); setSingleKeysOff(next) }} aria-label={t('keys.off')} /><span>{t('keys.off')}</span></div>
    </Modal>
  )
}

function useShortcuts(path: string | undefined, open: (dialog: 'search' | 'keys') => void): void {
  const go = useNavigate()
  const { tenant } = useSession()
  const sea = useSeaControl()
  useEffect(() => {
    let after: ReturnType<typeof setTimeout> | undefined
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        return open('search')
      }
      const key = singleKey(event)
      if (key === undefined) return
      if (after !== undefined) {
        clearTimeout(after)
        after = undefined
        const to = rail(tenant).find((row) => row.key === key)?.to
        if (to) {
          event.preventDefault()
          void go(to)
        }
        return
      }
      if (key === 'g') after = setTimeout(() => { after = undefined }, 1500)
      else if (key === '?') open('keys')
      else if (key === '/') {
        const field = document.querySelector<HTMLElement>('[data-filter] input, input[data-filter]')
        event.preventDefault()
        if (field) field.focus()
        else open('search')
      } else if (key === ' ' && path === '/' && !(event.target as HTMLElement).closest('button,a')) {
        event.preventDefault()
        sea.toggle()
      }
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
      clearTimeout(after)
    }
  })
}
