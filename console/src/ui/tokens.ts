/**
 * The one place of colours, type, space and motion. The antd theme, chart themes and CSS variables derive from it; nothing else in the console
 * holds a hex colour or a font size.
 */
export type Mode = 'light' | 'dark'
export type Stage = 'acquire' | 'sell' | 'retain' | 'restrain' | 'learn'

const light = {
  page: '#F4F6F7', card: '#FFFFFF', popover: '#FFFFFF', rowHover: '#FAFBFB', selected: '#E9EEF2', line: '#DFE5E9', strongLine: '#C6D0D7',
  ink: '#14212B', ink2: '#4A5966', ink3: '#5D6C79', fieldBorder: '#8696A2', onInk: '#FFFFFF', inkHover: '#2B3B47', selectedHover: '#DFE6EB',
  ok: '#0A7A4B', okTint: '#E3F3EA', okLine: '#A9D5BF', warn: '#8A5A00', warnTint: '#FBF1DC', warnLine: '#E2C98F', danger: '#C0271A', dangerTint: '#FBE7E4', dangerLine: '#EBB3AB',
  acquire: '#1B6DBC', acquireTint: '#E6F0FA', sell: '#926502', sellTint: '#FAF2DF', retain: '#07574A', retainTint: '#DDF0EA', restrain: '#6A2C8C', restrainTint: '#F1E7F6',
  learn: '#676C74', learnTint: '#ECEEF0', loss: '#8F170B', lossTint: '#FAE6E2', segment: '#FFFFFF',
}
export type Palette = { [key in keyof typeof light]: string }
const dark: Palette = {
  page: '#10181F', card: '#18222B', popover: '#202C37', rowHover: '#1C2731', selected: '#253340', line: '#2A3742', strongLine: '#3B4A57',
  ink: '#E8EEF2', ink2: '#A9B7C3', ink3: '#8F9EAB', fieldBorder: '#647685', onInk: '#10181F', inkHover: '#C9D3DA', selectedHover: '#2C3C4A',
  ok: '#4CC38A', okTint: '#17382C', okLine: '#2A5C48', warn: '#F0B849', warnTint: '#3A301A', warnLine: '#6B5726', danger: '#FF7A66', dangerTint: '#43231F', dangerLine: '#7A3A32',
  acquire: '#7DB4FC', acquireTint: '#17324B', sell: '#F4C852', sellTint: '#3A301A', retain: '#84ECC6', retainTint: '#17382F', restrain: '#BD8ABB', restrainTint: '#33253A',
  learn: '#D3DFEE', learnTint: '#2A333C', loss: '#EB6C55', lossTint: '#3D221C', segment: '#2C3C4A',
}
export const palettes: Record<Mode, Palette> = { light, dark }

/** Line patterns say the stage again, so that hue is never alone. */
export const strokes: Record<Stage | 'loss', { width: number; dash: string }> = {
  acquire: { width: 2, dash: '' }, sell: { width: 2, dash: '7 3' }, retain: { width: 2, dash: '' }, restrain: { width: 3, dash: '' }, learn: { width: 2, dash: '8 3 2 3' }, loss: { width: 2, dash: '2 3' },
}
/** Opacity of bands under lines, of the main line's band, and of flow bands. */
export const opacity: Record<Mode, { band: number; mainBand: number; flow: number; cohortMost: number }> = {
  light: { band: 0.15, mainBand: 0.18, flow: 0.26, cohortMost: 0.42 }, dark: { band: 0.22, mainBand: 0.28, flow: 0.34, cohortMost: 0.38 },
}

const zhStack = '"PingFang SC","HarmonyOS Sans SC","MiSans","Microsoft YaHei UI","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","WenQuanYi Micro Hei",system-ui,sans-serif'
export const fontFamily = { zh: zhStack, en: `-apple-system,"Segoe UI",Roboto,${zhStack}`, mono: 'ui-monospace,"SF Mono","Cascadia Mono",Consolas,"Noto Sans Mono CJK SC",monospace' }

/** size/line/weight in px. */
export const type = {
  sentence: [24, 36, 600], sentencePhone: [20, 30, 600], figure: [28, 36, 600], flow: [18, 26, 600], cardTitle: [16, 24, 600], body: [14, 22, 400], bodyPhone: [15, 24, 400], second: [13, 20, 400], axis: [12, 18, 400], tabBar: [11, 14, 400],
} as const
export const space = [4, 8, 12, 16, 24, 32, 48] as const
export const radius = { mark: 2, tag: 6, control: 8, card: 12, sheet: 16 } as const
export const breakpoints = { phone: 768, wide: 1200 } as const
export const motion = { place: 140, sheet: 200 } as const

/** All tokens as CSS variables of the document. */
export function cssVariables(mode: Mode, language: 'zh' | 'en'): string {
  const rows: string[] = []
  for (const [key, value] of Object.entries(palettes[mode])) rows.push(`--${key}:${value}`)
  for (const [key, [size, line, weight]] of Object.entries(type)) rows.push(`--t-${key}:${weight} ${size}px/${line}px var(--font)`)
  space.forEach((value) => rows.push(`--s${value}:${value}px`))
  for (const [key, value] of Object.entries(radius)) rows.push(`--r-${key}:${value}px`)
  rows.push(`--font:${fontFamily[language]}`, `--mono:${fontFamily.mono}`)
  rows.push(mode === 'light' ? '--shadow-card:0 1px 2px rgba(20,33,43,.05);--shadow-pop:0 6px 24px rgba(20,33,43,.12)' : '--shadow-card:none;--shadow-pop:0 0 0 1px var(--line)')
  return `:root{color-scheme:${mode};${rows.join(';')}}`
}
