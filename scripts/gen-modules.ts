import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** docs/modules.md: what each module is, owns, hears and emits, from the header comments of the front doors. */
const root = join(import.meta.dirname, '..')
export const areas = ['kernel', 'wechat', 'book', 'acquire', 'sell', 'retain', 'restrain', 'learn', 'math', 'simulation'] as const

export type ModuleCard = { path: string; what: string; owns: string[]; hears: string; emits: string[] }

export function moduleCards(): ModuleCard[] {
  return areas.flatMap((area) => readdirSync(join(root, 'src', area), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => `src/${area}/${entry.name}`).sort()).flatMap((path) => {
    const door = join(root, path, 'index.ts')
    const header = existsSync(door) ? /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(door, 'utf8'))?.[1] : undefined
    if (header === undefined) return []
    const text = header.replace(/^\s*\* ?/gm, '').trim()
    const facts = (word: string): string => (new RegExp(`${word}:\\s*((?:[^.]|\\.(?=\\w))+)\\.`).exec(text.replace(/\n/g, ' '))?.[1] ?? '').trim()
    const list = (word: string): string[] => facts(word).split(/,\s*/).map((one) => one.trim()).filter((one) => /^[a-z][\w.-]*$/.test(one))
    return [{ path, what: text.split(/\n\s*\n/)[0].replace(/\s+/g, ' ').trim(), owns: list('Owns'), hears: facts('Hears'), emits: list('Emits') }]
  })
}

export async function moduleDocument(): Promise<string> {
  const cards = moduleCards()
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  return [
    '# Modules 模块', '',
    'Made by `npm run gen` from the comments at the top of each `index.ts`, the only way into a module; do not edit. In the order of the flow: a module imports what stands above its area, never below.', '',
    ...areas.flatMap((area) => {
      const mine = cards.filter((card) => card.path.startsWith(`src/${area}/`))
      const withData = mine.some((card) => card.owns.length + card.emits.length + card.hears.length > 0)
      return [
        `## ${area}`, '',
        ...(withData
          ? ['| module | what it is | tables it owns | hears | emits |', '| --- | --- | --- | --- | --- |', ...mine.map((card) => `| \`${card.path.split('/')[2]}\` | ${cell(card.what)} | ${card.owns.map((table) => `\`${table}\``).join(', ')} | ${cell(card.hears)} | ${card.emits.join(', ')} |`)]
          : ['| module | what it is |', '| --- | --- |', ...mine.map((card) => `| \`${card.path.split('/')[2]}\` | ${cell(card.what)} |`)]),
        '',
      ]
    }),
  ].join('\n')
}
