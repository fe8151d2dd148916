import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** All files below a folder of the project, as paths from its root, without what is installed or built. */
export function filesBelow(folder: string, suffix = ''): string[] {
  const found: string[] = []
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (['node_modules', 'dist', 'data', '.git', '.qz'].includes(entry.name)) continue
      const full = join(at, entry.name)
      if (entry.isDirectory()) walk(full)
      else if (entry.name.endsWith(suffix)) found.push(relative(root, full))
    }
  }
  walk(join(root, folder))
  return found.sort()
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** `code`: the program with comments and the insides of strings blanked out; `templates`: the template literals, `${…}` included. */
export type Source = { code: string; templates: Array<{ text: string; at: number }> }

/** Splits TypeScript into code, comments and texts. Enough of a scanner for rules about names; it is not a parser. */
export function scan(text: string): Source {
  const code = text.split('')
  const templates: Source['templates'] = []
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (code[i] !== '\n') code[i] = ' '
  }
  let at = 0
  let last = '' // last significant character, to tell a regular expression from a division
  const template = (from: number): number => {
    let i = from + 1
    let textFrom = i
    while (i < text.length && text[i] !== '`') {
      if (text[i] === '\\') i += 2
      else if (text.startsWith('${', i)) {
        blank(textFrom, i)
        i = skipCode(i + 2)
        textFrom = i
      } else i++
    }
    blank(textFrom, i)
    templates.push({ text: text.slice(from + 1, i), at: from })
    return i + 1
  }
  /** Scans code until the brace that closes the current one. */
  const skipCode = (from: number): number => {
    let depth = 1
    let i = from
    while (i < text.length) {
      const c = text[i]
      if (c === '}' && --depth === 0) return i + 1
      if (c === '{') depth++
      const next = token(i)
      last = (text[next - 1] ?? '').trim() === '' ? last : text[next - 1]
      i = next
    }
    return i
  }
  const token = (i: number): number => {
    const c = text[i]
    if (text.startsWith('//', i)) {
      const end = text.indexOf('\n', i)
      const to = end < 0 ? text.length : end
      blank(i, to)
      return to
    }
    if (text.startsWith('/*', i)) {
      const end = text.indexOf('*/', i + 2)
      const to = end < 0 ? text.length : end + 2
      blank(i, to)
      return to
    }
    if (c === "'" || c === '"') {
      let j = i + 1
      while (j < text.length && text[j] !== c) j += text[j] === '\\' ? 2 : 1
      blank(i + 1, j)
      return j + 1
    }
    if (c === '`') return template(i)
    if (c === '/' && (/[(,=:[!&|?{};>\n]|^$/.test(last) || /\breturn\s*$/.test(text.slice(Math.max(0, i - 10), i)))) {
      let j = i + 1
      let inClass = false
      while (j < text.length && (text[j] !== '/' || inClass)) {
        if (text[j] === '[') inClass = true
        else if (text[j] === ']') inClass = false
        j += text[j] === '\\' ? 2 : 1
      }
      blank(i + 1, j)
      return j + 1
    }
    return i + 1
  }
  while (at < text.length) {
    const next = token(at)
    const isComment = text.startsWith('//', at) || text.startsWith('/*', at)
    if (!isComment && (text[next - 1] ?? '').trim() !== '') last = text[next - 1]
    at = next
  }
  return { code: code.join(''), templates }
}

/**
 * Statements written as template literals, with constants of the same file filled in and other holes left out (`dynamic`: some were). A piece that only
 * other statements of the file use is looked at where it is used.
 */
export function sqlOf(path: string): Array<{ sql: string; line: number; dynamic: boolean }> {
  const text = read(path)
  const { templates } = scan(text)
  const constants = new Map([...text.matchAll(/const (\w+) = `([^`]*)`/g)].map((found) => [found[1], found[2]]))
  return templates
    .filter(({ text: sql }) => /^\s*(?:(?:--[^\n]*\n|\/\*[^*]*\*\/)\s*)?(select|insert|update|delete|with)\b/i.test(sql) && /\b(from|into|set|select)\b/i.test(sql))
    .filter(({ at }) => {
      const before = text.slice(Math.max(0, at - 80), at)
      if (/\bsql: $/.test(before)) return false // a field of the segment builder, correlated with the statement it is put into
      const name = /const (\w+) = $/.exec(before)?.[1]
      return name === undefined || !text.includes(`\${${name}}`)
    })
    .map(({ text: sql, at }) => ({
      dynamic: [...sql.matchAll(/(?<!\$)\$\{(\w*)([^}]?)/g)].some((hole) => !constants.has(hole[1]) || hole[2] !== '') || /\s:\w+::/.test(sql),
      sql: sql.replace(/\$\$\{[^}]*\}/g, '$$99').replace(/\$\{(\w+)\}/g, (whole, name: string) => constants.get(name) ?? whole).replace(/\$\{(\w+)\}/g, (_whole, name: string) => constants.get(name) ?? '').replace(/\$\{[^}]*\}/g, ''),
      line: text.slice(0, at).split('\n').length,
    }))
}
