import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pageRoute, type AnyPageRoute } from '../../kernel/http/index.ts'
import { httpFault } from '../../kernel/http/index.ts'
import { z } from 'zod'
import { styleSheet } from './style.ts'

/** The two files every page loads, and the mark. Their names hold their version, so a browser asks for each once. */
const script = readFileSync(new URL('./page.js', import.meta.url), 'utf8')
export const scriptName = `page.${createHash('sha256').update(script).digest('hex').slice(0, 10)}.js`
export const styleSheetName = styleSheet.name
const markFile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><style>.h{fill:#14212B}.f{fill:#4A5966}@media (prefers-color-scheme:dark){.h{fill:#E8EEF2}.f{fill:#A9B7C3}}</style><path class="h" d="M4 26h32l-5.500 7H9.500z"/><path fill="#1B6DBC" d="M19 23V5c8 3 11 10 13 18z"/><path class="f" opacity=".55" d="M16.500 23V11C15 16 12 20 9 23z"/></svg>`

export const assetRoutes: AnyPageRoute[] = [
  pageRoute({
    method: 'GET', path: '/-/:name', what: 'style, script and mark of the pages', perMinute: 600, params: z.object({ name: z.string().max(60) }),
    async handle({ params: { name } }) {
      if (name === styleSheetName) return { kind: 'file', contentType: 'text/css; charset=utf-8', content: styleSheet.text, maxAge: 'forever' }
      if (name === scriptName) return { kind: 'file', contentType: 'text/javascript; charset=utf-8', content: script, maxAge: 'forever' }
      if (name === 'mark.svg') return { kind: 'file', contentType: 'image/svg+xml', content: markFile, maxAge: 86_400 }
      throw httpFault('http/not-found', { path: name })
    },
  }),
]
