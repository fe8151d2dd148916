import { html, jsonBlock, trusted, type Markup, type PageAnswer, type Part } from '../../kernel/http/index.ts'
import { form, feathers, type Room } from './room.ts'
import { scriptName, styleSheetName } from './assets.ts'
import { themeColours } from './style.ts'

/** What a page says of itself: to the reader's tab, to search engines, and to whoever shares it. */
export type Head = {
  title: string
  description?: string
  /** Below the community's address, without a query; absent: the page is for one reader, or not worth finding. */
  canonical?: string
  image?: string
  kind?: 'website' | 'article' | 'profile'
  publishedAt?: string
  author?: string
  data?: unknown
  here?: 'home' | 'shop' | 'courses' | 'wallet' | 'me' | 'login'
  status?: number
}

const mark = '<svg viewBox="0 0 40 40" width="22" height="22" aria-hidden="true"><path fill="currentColor" d="M4 26h32l-5.500 7H9.500z"/><path fill="var(--acquire)" d="M19 23V5c8 3 11 10 13 18z"/><path fill="currentColor" opacity=".55" d="M16.500 23V11C15 16 12 20 9 23z"/></svg>'

export function page(room: Room, head: Head, content: Part): PageAnswer {
  const { call, t, base } = room
  const canonical = head.canonical === undefined ? undefined : `${call.origin}${base}${head.canonical}`
  const suffix = call.language === 'en' ? '?lang=en' : ''
  const name = t(`${call.tenantName} · 社区`, `${call.tenantName} · Community`)
  const title = head.here === 'home' ? name : `${head.title} · ${call.tenantName}`
  const nav = (to: string, here: Head['here'], word: string): Markup => html`<a href="${base + to}"${head.here === here ? html` aria-current="page"` : ''}>${word}</a>`
  const markup = html`<html lang="${t('zh-CN', 'en')}"${call.theme ? html` data-theme="${call.theme}"` : ''}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>${title}</title>
${head.description ? html`<meta name="description" content="${head.description}">` : ''}
${canonical === undefined ? html`<meta name="robots" content="noindex">` : html`<link rel="canonical" href="${canonical + suffix}">
<link rel="alternate" hreflang="zh-CN" href="${canonical}">
<link rel="alternate" hreflang="en" href="${`${canonical}?lang=en`}">
<meta property="og:url" content="${canonical}">`}
<meta property="og:title" content="${head.title}">
<meta property="og:site_name" content="${name}">
<meta property="og:type" content="${head.kind ?? 'website'}">
<meta property="og:locale" content="${t('zh_CN', 'en_US')}">
${head.description ? html`<meta property="og:description" content="${head.description}">` : ''}
${head.image ? html`<meta property="og:image" content="${call.origin + head.image}"><meta name="twitter:card" content="summary_large_image">` : html`<meta name="twitter:card" content="summary">`}
${head.publishedAt ? html`<meta property="article:published_time" content="${head.publishedAt}">` : ''}
${head.author ? html`<meta name="author" content="${head.author}">` : ''}
<meta name="theme-color" content="${themeColours.light}" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="${themeColours.dark}" media="(prefers-color-scheme: dark)">
<link rel="icon" href="${`${base}/-/mark.svg`}" type="image/svg+xml">
<link rel="alternate" type="application/rss+xml" title="${name}" href="${`${base}/feed.xml`}">
<link rel="stylesheet" href="${`${base}/-/${styleSheetName}`}">
<script src="${`${base}/-/${scriptName}`}" defer></script>
${head.data === undefined ? '' : jsonBlock('application/ld+json', head.data)}
</head>
<body>
<a class="skip" href="#main">${t('跳到正文', 'Skip to content')}</a>
<header class="top"><div>
<a class="brand" href="${base}">${trusted(mark)}${call.tenantName}</a>
<nav aria-label="${t('社区', 'Community')}">${nav('', 'home', t('文章', 'Articles'))}${nav('/courses', 'courses', t('课程', 'Courses'))}${nav('/shop', 'shop', t('羽毛精选', 'For feathers'))}</nav>
<div class="mine" id="mine">${call.simulated ? html`<span class="sea" title="${t('人是模拟的，协议是真的', 'The people are simulated, the protocols are real')}">${t('模拟', 'Simulated')}</span>` : ''}${room.reader === null
    ? html`<a href="${`${base}/login?back=${encodeURIComponent(call.path)}`}"${head.here === 'login' ? html` aria-current="page"` : ''}>${t('登录', 'Sign in')}</a>`
    : html`<a href="${`${base}/me/feathers`}"${head.here === 'wallet' ? html` aria-current="page"` : ''}>${feathers(room, room.feathers ?? 0)}</a><a href="${`${base}/me`}"${head.here === 'me' ? html` aria-current="page"` : ''}>${t('我的', 'Me')}</a>`}</div>
</div></header>
<main id="main">${content}</main>
<footer class="foot"><div>
<a href="${`${base}/convention`}">${t('公约', 'Convention')}</a><a href="${`${base}/transparency`}">${t('公示', 'Transparency')}</a><a href="${`${base}/feedback`}">${t('建议反馈', 'Feedback')}</a>
${form(room, '/look', html`<input type="hidden" name="back" value="${call.path}"><button class="linkish" name="language" value="${t('en', 'zh')}" lang="${t('en', 'zh-CN')}">${t('English', '中文')}</button><button class="linkish" name="theme" value="${call.theme === 'dark' ? 'light' : call.theme === 'light' ? 'auto' : 'dark'}">${call.theme === 'dark' ? t('改成亮色', 'Light') : call.theme === 'light' ? t('跟随设备', 'As my device') : t('改成暗色', 'Dark')}</button>`)}
<span class="last third">${t('轻舟', 'Qingzhou')}</span>
</div></footer>
</body>
</html>`
  return { kind: 'page', status: head.status, markup }
}

/** What an act came to, above everything; focus goes here after a form. */
export const said = (content: Part, kind: '' | 'ok' | 'warn' = ''): Markup =>
  html`<div id="said" tabindex="-1" aria-live="polite">${content === '' || content === null || content === undefined ? '' : html`<div class="note fresh${kind === '' ? '' : ` ${kind}`}">${content}</div>`}</div>`

export const tabs = (room: Room, label: string, rows: ReadonlyArray<{ to: string; word: string; here: boolean }>): Markup =>
  html`<nav class="tabs" aria-label="${label}">${rows.map((row) => html`<a href="${room.base + row.to}"${row.here ? html` aria-current="page"` : ''}>${row.word}</a>`)}</nav>`

/** The pages of one's own, always in the same order. */
export const mineTabs = (room: Room, here: string): Markup =>
  tabs(room, room.t('我的', 'Mine'), ([['', '资料', 'Profile'], ['/feathers', '羽毛', 'Feathers'], ['/codes', '兑换码', 'Codes'], ['/library', '收藏', 'Kept'], ['/bought', '买过', 'Bought'], ['/standing', '处罚申诉', 'Standing']] as const)
    .map(([to, zh, en]) => ({ to: `/me${to}`, word: room.t(zh, en), here: to === here })))
