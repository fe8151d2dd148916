import { assert } from '../assert.ts'

/**
 * Markup (网页片段): text that is known to be HTML. Only `html` and `trusted` make one, so whatever people wrote is escaped unless somebody says
 * otherwise by name.
 */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type Part = Markup | string | number | null | undefined | false | readonly Part[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' }
/** Safe between tags and inside a quoted attribute. Characters that XML and HTML forbid are dropped. */
export function escapeHtml(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '').replace(/[&<>"'`]/g, (found) => entities[found])
}

/** An address that can be followed without running anything: https, http, mail, telephone, or a place of this site. Anything else becomes `#`. */
export function safeUrl(address: string): string {
  // Browsers drop tabs and line ends inside addresses, so `java\tscript:` would still run.
  const bare = address.replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]/g, '')
  if (/^(https?:\/\/|mailto:|tel:)/i.test(bare)) return bare
  if (/^[/?#]/.test(bare) && !/^\/[/\\]/.test(bare)) return bare
  return '#'
}

const addressAttribute = /\s(href|src|action|formaction|poster|srcset)="$/

/** A template whose holes are escaped by where they stand: between tags, in a quoted attribute, or as the whole of an address. Markup stays as it is. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  let out = strings[0]
  for (let n = 0; n < values.length; n++) {
    const before = strings[n]
    assert(!before.endsWith('='), 'an attribute of a page is always quoted')
    const value = values[n]
    out += typeof value === 'string' && before.endsWith('"') && addressAttribute.test(before) ? escapeHtml(safeUrl(value)) : write(value)
    out += strings[n + 1]
  }
  return new Markup(out)
}

function write(value: Part): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return (value as readonly Part[]).map(write).join('')
  return escapeHtml(String(value))
}

/** Says that a text is HTML already: made by this program, or cleaned by it. */
export function trusted(text: string): Markup {
  return new Markup(text)
}

export function joined(parts: readonly Part[], between: string): Markup {
  return new Markup(parts.filter((part) => part !== null && part !== undefined && part !== false).map(write).join(escapeHtml(between)))
}

/** Data for machines inside a page; a `script` of type application/ld+json is never run. */
export function jsonBlock(type: string, data: unknown): Markup {
  const body = JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return new Markup(`<script type="${escapeHtml(type)}">${body}</script>`)
}
