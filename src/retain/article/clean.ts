import { escapeHtml } from '../../kernel/http/index.ts'
import { Parser } from 'htmlparser2'
import sanitize from 'sanitize-html'
import { marked } from 'marked'

/**
 * What somebody pasted becomes plain, safe HTML (净化): an allow-list of tags, no attribute but a link's address, no style, no script, no picture (pictures
 * are blocks of their own). Paste from Word and from the WeChat editor is understood first, then everything is put into paragraphs.
 */
export type Cleaned = { html: string; text: string; links: string[]; /** What was taken out, and how often. */ dropped: Dropped[] }
export type Dropped = { what: 'script' | 'style' | 'image' | 'frame' | 'vector' | 'form' | 'link' | 'handler'; count: number }

/** Characters of raw input: Word brings much that is not text. */
export const maxRaw = 2_000_000

const allowedTags = ['p', 'h2', 'h3', 'strong', 'em', 'u', 's', 'sub', 'sup', 'a', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code', 'br', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td']

const counted: ReadonlyArray<readonly [Dropped['what'], RegExp]> = [
  ['script', /<script[\s>]/gi], ['style', /<style[\s>]/gi], ['image', /<img[\s>]/gi], ['frame', /<(?:iframe|object|embed|video|audio|frame)[\s>]/gi], ['vector', /<(?:svg|math)[\s>]/gi],
  ['form', /<(?:form|input|button|select|textarea)[\s>]/gi], ['handler', /<[^>]*\son[a-z]+\s*=/gi], ['link', /(?:href|src)\s*=\s*["']?\s*(?:javascript|data|vbscript)\s*:/gi],
]

const isList = (style: string): boolean => /mso-list\s*:/i.test(style)
const isBold = (style: string): boolean => /font-weight\s*:\s*(?:bold|[6-9]00)/i.test(style)
const isItalic = (style: string): boolean => /font-style\s*:\s*italic/i.test(style)

/** An address that a reader may be sent to: the web, or a place of this site. */
export function safeLink(href: string): string | undefined {
  const trimmed = href.trim().replace(/[\p{Cc}\p{Cf}\s]/gu, '')
  if (/^#[\w-]{1,80}$/.test(trimmed)) return trimmed
  if (/^\/(?!\/)[\w\-./?=&%#~:+,;@!]*$/.test(trimmed)) return trimmed
  try {
    const url = new URL(trimmed)
    if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') return undefined
    return url.href.slice(0, 1000)
  } catch {
    return undefined
  }
}

export function cleanHtml(raw: string): Cleaned {
  const dropped = counted.flatMap(([what, pattern]) => {
    const count = raw.match(pattern)?.length ?? 0
    return count > 0 ? [{ what, count }] : []
  })
  const safe = sanitize(raw, {
    allowedTags, disallowedTagsMode: 'discard',
    nonTextTags: ['script', 'style', 'textarea', 'option', 'noscript', 'title', 'head', 'svg', 'math', 'template', 'iframe', 'object', 'xml', 'o:p', 'w:sdt', 'v:shape'],
    allowedAttributes: { a: ['href', 'rel', 'target'], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'] },
    allowedSchemes: ['http', 'https'], allowProtocolRelative: false, enforceHtmlBoundary: false,
    transformTags: {
      b: 'strong', i: 'em', strike: 's', del: 's', ins: 'u', h1: 'h2', h4: 'h3', h5: 'h3', h6: 'h3', section: 'p', div: 'p', article: 'p', figure: 'p', figcaption: 'p', main: 'p', header: 'p', footer: 'p', dd: 'p', dt: 'p',
      p: (_name, attribs) => ({ tagName: isList(attribs.style ?? '') || /MsoListParagraph/.test(attribs.class ?? '') ? 'li' : 'p', attribs: {} }),
      span: (_name, attribs) => {
        const style = attribs.style ?? ''
        // Word writes the bullet of a list as text.
        if (/mso-list\s*:\s*ignore/i.test(style)) return { tagName: 'template', attribs: {} }
        return { tagName: isBold(style) ? 'strong' : isItalic(style) ? 'em' : 'span', attribs: {} }
      },
      a: (_name, attribs): sanitize.Tag => {
        const href = safeLink(attribs.href ?? '')
        return href === undefined ? { tagName: 'span', attribs: {} } : { tagName: 'a', attribs: { href, ...(href.startsWith('#') ? {} : { rel: 'nofollow ugc noopener', target: '_blank' }) } }
      },
      td: cell('td'), th: cell('th'),
    },
  })
  const { html, text, links } = tidy(safe)
  return { html, text, links, dropped }
}

function cell(tagName: string): sanitize.Transformer {
  return (_name, attribs) => ({ tagName, attribs: Object.fromEntries(['colspan', 'rowspan'].flatMap((key) => (/^[1-9]\d?$/.test(attribs[key] ?? '') && attribs[key] !== '1' ? [[key, attribs[key]]] : []))) })
}

/** Markdown as its writers know it (GFM); HTML inside it is treated like any other paste. */
export function cleanMarkdown(raw: string): Cleaned {
  return cleanHtml(marked.parse(raw, { gfm: true, async: false }))
}

const blocks = new Set(['p', 'h2', 'h3', 'blockquote', 'pre', 'ul', 'ol', 'table', 'hr'])
const holders = new Set(['blockquote', 'ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td'])
const invisible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/g

/** Text in paragraphs, no paragraph inside another, no empty one, list items in a list: from HTML that has only allowed tags. */
function tidy(safe: string): { html: string; text: string; links: string[] } {
  let html = ''
  let text = ''
  const links: string[] = []
  const open: string[] = []
  /** Inline tags that want to be open; written when text comes. */
  let wanted: Array<{ name: string; mark: string }> = []
  let written = 0
  let looseItem = false
  const leaf = (): boolean => ['p', 'h2', 'h3', 'pre'].includes(open[open.length - 1] ?? '')
  const closeInline = (): void => {
    while (written > 0) html += `</${wanted[--written].name}>`
  }
  const line = (): void => {
    if (text !== '' && !text.endsWith('\n')) text += '\n'
  }
  const shut = (): void => {
    closeInline()
    const name = open.pop()!
    if (html.endsWith(`<${name}>`)) html = html.slice(0, -name.length - 2)
    else html += `</${name}>`
    line()
  }
  const start = (name: string, mark = `<${name}>`): void => {
    html += mark
    open.push(name)
  }
  const leaveLeaf = (): void => {
    if (leaf()) shut()
  }
  const parser = new Parser({
    onopentag(name, attribs) {
      if (name === 'br') {
        if (open.length === 0) return
        closeInline()
        html += '<br>'
        text += '\n'
        return
      }
      if (name === 'hr') {
        while (leaf()) shut()
        if (open.length === 0) html += '<hr>'
        return
      }
      if (blocks.has(name) || name === 'li') {
        leaveLeaf()
        if (name === 'li' && open[open.length - 1] === 'li') shut()
        if (name === 'li' && open[open.length - 1] !== 'ul' && open[open.length - 1] !== 'ol') {
          start('ul')
          looseItem = true
        } else if (looseItem && name !== 'li') {
          while (open.length > 0) shut()
          looseItem = false
        }
        // A paragraph in a cell or an item is its text.
        if (name === 'p' && (open[open.length - 1] === 'li' || open[open.length - 1] === 'td' || open[open.length - 1] === 'th')) {
          if (!html.endsWith('>')) {
            html += '<br>'
            line()
          }
          return
        }
        line()
        start(name)
        return
      }
      if (holders.has(name)) {
        leaveLeaf()
        if ((name === 'td' || name === 'th') && !open.includes('tr')) return
        if ((name === 'tr' || name === 'thead' || name === 'tbody') && !open.includes('table')) return
        start(name, `<${name}${Object.entries(attribs).map(([key, value]) => ` ${key}="${escapeHtml(value)}"`).join('')}>`)
        return
      }
      if (name === 'a' && attribs.href) links.push(attribs.href)
      wanted.push({ name, mark: `<${name}${Object.entries(attribs).map(([key, value]) => ` ${key}="${escapeHtml(value)}"`).join('')}>` })
    },
    ontext(raw) {
      const within = open[open.length - 1]
      const value = raw.replace(invisible, '')
      const shown = within === 'pre' ? value : value.replace(/[\s\u00a0]+/g, ' ')
      if (shown === '' || (shown === ' ' && (html.endsWith('>') && written === 0 && !leaf() || html === ''))) return
      if (within === undefined || within === 'blockquote' || ((within === 'ul' || within === 'ol') && shown.trim() !== '')) start(within === 'ul' || within === 'ol' ? 'li' : 'p')
      else if (within === 'ul' || within === 'ol' || within === 'table' || within === 'tr' || within === 'thead' || within === 'tbody') return
      const fresh = html.endsWith('>') && written === 0 && /<(p|h2|h3|li|td|th)>$/.test(html)
      const piece = fresh && within !== 'pre' ? shown.trimStart() : shown
      if (piece === '') return
      while (written < wanted.length) html += wanted[written++].mark
      html += escapeHtml(piece)
      text += piece
    },
    onclosetag(name) {
      if (name === 'br' || name === 'hr') return
      if (blocks.has(name) || holders.has(name)) {
        if (name === 'p' && !open.includes('p')) return
        if (name === 'li' && looseItem) {
          while (open[open.length - 1] !== 'li' && open.length > 0) shut()
          if (open.length > 0) shut()
          return
        }
        if (!open.includes(name)) return
        while (open.length > 0 && open[open.length - 1] !== name) shut()
        shut()
        return
      }
      const at = wanted.map((one) => one.name).lastIndexOf(name)
      if (at < 0) return
      while (written > at) html += `</${wanted[--written].name}>`
      wanted = wanted.filter((_, n) => n !== at)
    },
  }, { decodeEntities: true, recognizeSelfClosing: false })
  parser.write(safe)
  parser.end()
  while (open.length > 0) shut()
  // Marks around nothing, and paragraphs of nothing but a line break.
  let before = ''
  while (before !== html) {
    before = html
    html = html.replace(/<(strong|em|u|s|sub|sup|code|li|p|h2|h3|ul|ol|blockquote|pre)>(?:\s|<br>)*<\/\1>/g, '').replace(/(?:<br>)+(<\/(?:p|h2|h3|li)>)/g, '$1')
  }
  return { html, text: text.replace(/[ \t]+\n/g, '\n').trim(), links: [...new Set(links)] }
}
