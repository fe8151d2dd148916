import { XMLParser } from 'fast-xml-parser'
import { CodecError } from './codec-error.ts'

/** A WeChat XML document is one `<xml>` root whose leaves are text; a repeated element reads as an array. */
export type XmlValue = string | XmlObject | XmlValue[]
export type XmlObject = { [name: string]: XmlValue }

// Numbers stay text: ids such as MsgId exceed 2^53. Entities beyond the five of XML itself are never defined by WeChat.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  processEntities: true,
})

const cdata = /<!\[CDATA\[[\s\S]*?\]\]>/g
const blank = /^[\s]*$/

/**
 * Reads the content of the `<xml>` root.
 * @throws CodecError `malformed`: not XML, another root, or a document type (so no entity can be declared or expanded).
 */
export function readXml(text: string): XmlObject {
  if (text.includes('<!') && /<!(?!--)/.test(text.replace(cdata, ''))) {
    throw new CodecError('malformed', 'the XML carries a document type or an unclosed CDATA section; WeChat sends neither')
  }
  let parsed: Record<string, unknown>
  try {
    parsed = parser.parse(text, true) as Record<string, unknown>
  } catch (cause) {
    throw new CodecError('malformed', 'the text is not well-formed XML', cause)
  }
  const root = parsed.xml
  if (root === undefined) throw new CodecError('malformed', 'the XML has no <xml> root')
  const tidy = withoutBlanks(root)
  if (typeof tidy === 'string') {
    if (blank.test(tidy)) return {}
    throw new CodecError('malformed', 'the <xml> root holds text instead of elements')
  }
  if (Array.isArray(tidy)) throw new CodecError('malformed', 'the XML has several roots')
  return tidy
}

/** Line breaks between elements are layout, not content. */
function withoutBlanks(value: unknown): XmlValue {
  if (Array.isArray(value)) return value.map(withoutBlanks)
  if (typeof value !== 'object' || value === null) return String(value ?? '')
  const entries = Object.entries(value).filter(([name]) => name !== '#text')
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutBlanks(item)]))
}

/** An element that may come never, once or several times, as a list. */
export function xmlList(value: XmlValue | undefined): XmlValue[] {
  if (value === undefined || value === '') return []
  return Array.isArray(value) ? value : [value]
}

export type XmlInput = string | number | { [name: string]: XmlInput | undefined } | XmlInput[]

/** Writes `<xml>…</xml>` as the platform does: text in CDATA, numbers bare, arrays as repeated elements, `undefined` left out. */
export function writeXml(content: { [name: string]: XmlInput | undefined }): string {
  return `<xml>${elements(content)}</xml>`
}

function elements(content: { [name: string]: XmlInput | undefined }): string {
  let text = ''
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new CodecError('malformed', `${JSON.stringify(name)} cannot be an XML element name`)
    for (const item of Array.isArray(value) ? value : [value]) text += `<${name}>${inner(item)}</${name}>`
  }
  return text
}

function inner(value: XmlInput): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
  if (Array.isArray(value)) throw new CodecError('malformed', 'a list of lists has no XML form')
  return elements(value)
}
