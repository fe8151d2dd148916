import type { Page } from 'playwright-core'

/**
 * What a screen reader and a tired eye would trip over on the open page: controls without a name, text with too little contrast, focusable things hidden
 * inside pictures, ids that stand twice, headings missing. Each finding names its element.
 */
// The name helper stands in for the one that the test runner leaves in compiled functions.
export const troubles = (page: Page): Promise<string[]> => page.evaluate<string[]>(`(() => { const __name = (f) => f; return (${inPage.toString()})() })()`)

function inPage(): string[] {
  const found: string[] = []
  const doc = (globalThis as never as { document: any }).document
  const view = globalThis as never as { getComputedStyle(e: any): any }
  const name = (e: any): string => {
    const by = (e.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(Boolean).map((id: string) => doc.getElementById(id)?.textContent ?? '').join(' ')
    const label = e.id ? doc.querySelector(`label[for="${e.id.replaceAll('"', '')}"]`)?.textContent : undefined
    const around = ['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName) ? e.closest('label')?.textContent : undefined
    return (e.getAttribute('aria-label') ?? '').trim() || by.trim() || (label ?? '').trim() || (around ?? '').trim() || (['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName) ? '' : (e.textContent ?? '').trim()) || (e.getAttribute('title') ?? '').trim() || e.querySelector?.('img[alt]')?.getAttribute('alt') || ''
  }
  const shown = (e: any): boolean => {
    const box = e.getBoundingClientRect()
    if (box.width === 0 || box.height === 0) return false
    const style = view.getComputedStyle(e)
    return style.visibility !== 'hidden' && style.display !== 'none' && Number(style.opacity) > 0 && e.closest('[hidden],[aria-hidden=true]') === null
  }
  const at = (e: any): string => `<${e.tagName.toLowerCase()}${e.className && typeof e.className === 'string' ? '.' + e.className.trim().split(/\s+/).slice(0, 3).join('.') : ''}> ${(e.textContent ?? '').trim().slice(0, 30)}`
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, [role=button], [role=combobox], [role=switch], [role=checkbox], [role=radio], [role=tab], [tabindex="0"]'
  for (const e of doc.querySelectorAll(controls)) if (shown(e) && name(e) === '') found.push(`no name: ${at(e)} ${e.outerHTML.slice(0, 120)}`)
  for (const e of doc.querySelectorAll('img')) if (!e.hasAttribute('alt')) found.push(`picture without words: ${at(e)}`)
  for (const e of doc.querySelectorAll('[role=img]')) if (e.querySelector('[tabindex],a[href],button')) found.push(`focus inside a picture: ${at(e)}`)
  for (const e of doc.querySelectorAll('[role=button]')) if (e.closest('button') && e.tagName !== 'BUTTON' && e.parentElement?.closest('button')) found.push(`a button inside a button: ${at(e)}`)
  for (const e of doc.querySelectorAll('[aria-hidden=true] a[href], [aria-hidden=true] button')) if (e.tabIndex >= 0 && e.getBoundingClientRect().width > 0) found.push(`hidden but focusable: ${at(e)}`)
  const ids = new Map<string, number>()
  for (const e of doc.querySelectorAll('[id]')) ids.set(e.id, (ids.get(e.id) ?? 0) + 1)
  for (const [id, count] of ids) if (count > 1 && id !== '') found.push(`id ${id} stands ${count} times`)
  if (doc.querySelectorAll('h1').length !== 1 && !doc.querySelector('.state')) found.push(`${doc.querySelectorAll('h1').length} first headings`)
  if (!doc.querySelector('main')) found.push('no main')
  // Contrast of text on what is really behind it.
  const parse = (colour: string): [number, number, number, number] | undefined => {
    const parts = /rgba?\(([^)]+)\)/.exec(colour)?.[1].split(/[,/ ]+/).filter(Boolean).map(Number)
    return parts && parts.length >= 3 ? [parts[0], parts[1], parts[2], parts[3] ?? 1] : undefined
  }
  const light = ([r, g, b]: number[]): number => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (e: any): number[] => {
    const layers: number[][] = []
    for (let p = e; p; p = p.parentElement) {
      const colour = parse(view.getComputedStyle(p).backgroundColor)
      if (colour && colour[3] > 0) {
        layers.push(colour)
        if (colour[3] >= 1) break
      }
    }
    return layers.reduceRight<number[]>((under, [r, g, b, a]) => [r * a + under[0] * (1 - a), g * a + under[1] * (1 - a), b * a + under[2] * (1 - a)], [255, 255, 255])
  }
  const seen = new Set<string>()
  for (const e of doc.querySelectorAll('body *')) {
    if (!shown(e) || e.closest('svg, [disabled], .ant-btn-disabled, .stale, [aria-disabled=true], .dim') || ![...e.childNodes].some((n: any) => n.nodeType === 3 && n.textContent.trim() !== '')) continue
    const colour = parse(view.getComputedStyle(e).color)
    if (!colour) continue
    const under = behind(e)
    const front = [0, 1, 2].map((n) => colour[n] * colour[3] + under[n] * (1 - colour[3]))
    const [a, b] = [light(front), light(under)].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    const key = at(e)
    if (ratio < 4.5 && !seen.has(key)) {
      seen.add(key)
      found.push(`contrast ${ratio.toFixed(1)}: ${key}`)
    }
  }
  return found
}
