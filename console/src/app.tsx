import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { BrowserRouter, Navigate, Route, Routes, useLocation } from 'react-router'
import { BarsProvider, ErrorBlock, LostBlock, Mark, StateBlock } from './kit/index.ts'
import { setRequestContext } from './lib/api.ts'
import type { Language } from './lib/format.ts'
import { SessionProvider, useGet, useMe, useSession } from './lib/session.tsx'
import { ThemeProvider } from './lib/theme.tsx'
import type { Block, Members } from './lib/types.ts'
import { LanguageProvider, named, useWords } from './lib/words.tsx'
import { pages, type Page } from './pages.ts'
import { Login, PasswordDialog } from './shell/login.tsx'
import { Shell } from './shell/shell.tsx'
import { antdTheme } from './ui/theme.ts'
import { cssVariables, palettes, type Mode } from './ui/tokens.ts'
import { Tour } from './voyage/tour.tsx'

const stored = (key: string): string => localStorage.getItem(key) ?? ''
const firstMode = (): Mode => (stored('qz.theme') === 'dark' || (stored('qz.theme') === '' && matchMedia('(prefers-color-scheme: dark)').matches) ? 'dark' : 'light')
const firstLanguage = (): Language => (stored('qz.language') === 'en' ? 'en' : 'zh')

export function App(): ReactNode {
  const [client] = useState(() => {
    const made: QueryClient = new QueryClient({
      // A session that ended elsewhere leads back to sign-in.
      queryCache: new QueryCache({ onError: (error, query) => { if ((error as { status?: number }).status === 401 && query.queryKey[0] !== 'me') void made.resetQueries({ queryKey: ['me'] }) } }),
      defaultOptions: { queries: { staleTime: 5_000, retry: (count, error) => count < 2 && !((error as { status?: number }).status! >= 400 && (error as { status?: number }).status! < 500), refetchOnWindowFocus: true } },
    })
    return made
  })
  const [mode, setMode] = useState(firstMode)
  const [language, setLanguage] = useState(firstLanguage)
  setRequestContext({ language })
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    let sheet = document.getElementById('tokens')
    if (!sheet) {
      sheet = document.createElement('style')
      sheet.id = 'tokens'
      document.head.append(sheet)
    }
    sheet.textContent = cssVariables(mode, language)
  }, [mode, language])
  const themeValue = useMemo(() => ({
    mode,
    setMode: (next: Mode) => { localStorage.setItem('qz.theme', next); setMode(next) },
    setLanguage: (next: Language) => { localStorage.setItem('qz.language', next); setLanguage(next) },
  }), [mode])
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider value={language}>
        <ThemeProvider value={themeValue}>
          <ConfigProvider theme={antdTheme(mode, language, palettes[mode].ink)} locale={language === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
            <BarsProvider>
              <BrowserRouter><Entrance /></BrowserRouter>
            </BarsProvider>
          </ConfigProvider>
        </ThemeProvider>
      </LanguageProvider>
    </QueryClientProvider>
  )
}

function Entrance(): ReactNode {
  const { t } = useWords()
  const me = useMe()
  if (me.data) {
    if (me.data.tenants.length === 0) return <main className="login"><StateBlock title={t('state.noTenant')} what={t('state.noTenantWhat')} /></main>
    return <SessionProvider me={me.data}><Inside /></SessionProvider>
  }
  if (me.error?.status === 401) return <Login />
  if (me.error) return <main className="login"><ErrorBlock error={me.error} retry={() => void me.refetch()} /></main>
  return <main className="login late"><Mark size={56} waiting /></main>
}

const skippedKey = 'qz.password.skipped'
function Inside(): ReactNode {
  const { t } = useWords()
  const { me, tenant, may } = useSession()
  const location = useLocation()
  const [ask, setAsk] = useState(() => !me.hasPassword && localStorage.getItem(skippedKey) === null)
  // A role opens where its work is; who may see Voyage can still go there afterwards.
  const [landing, setLanding] = useState(true)
  useEffect(() => setLanding(false), [])
  if (location.pathname === '/' && tenant.start !== '/' && (landing || !may('chain.read'))) return <Navigate to={tenant.start} replace />
  return (
    <Shell key={tenant.slug}>
      <Routes>
        {pages.map((row) => <Route key={row.path} path={row.path} element={<Gate page={row} />} />)}
        <Route path="*" element={<LostBlock title={t('state.lost')} what={t('state.lostWhat', { path: location.pathname })} to={tenant.start} label={t('state.home')} />} />
      </Routes>
      <Tour />
      <PasswordDialog open={ask} close={() => { localStorage.setItem(skippedKey, '1'); setAsk(false) }} />
    </Shell>
  )
}

/** A page without its right or block says so instead of failing. */
function Gate(props: { page: Page }): ReactNode {
  const { may, on } = useSession()
  if (!may(props.page.right)) return <NoRight page={props.page} />
  if (props.page.block !== undefined && !on(props.page.block)) return <BlockOff block={props.page.block} />
  const Shown = props.page.component
  return <Shown />
}
function NoRight(props: { page: Page }): ReactNode {
  const { t, language } = useWords()
  const { tenant, may } = useSession()
  const members = useGet<Members>('/members', {}, { enabled: may('connections.read') })
  const role = named(members.data?.roles.find((row) => row.key === tenant.role), language) || tenant.role
  return <LostBlock title={t('state.noRight', { role })} what={t('state.noRightWhat', { right: props.page.right })} to={tenant.start} label={t('state.home')} />
}
function BlockOff(props: { block: string }): ReactNode {
  const { t, language } = useWords()
  const blocks = useGet<{ blocks: Block[] }>('/blocks')
  const block = blocks.data?.blocks.find((row) => row.key === props.block)
  return <LostBlock title={t('state.blockOff', { block: named(block, language) || props.block })} what={t('state.blockOffWhat')} to="/settings/blocks" label={t('state.toBlocks')} />
}
