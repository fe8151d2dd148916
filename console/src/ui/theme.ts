import { theme, type ThemeConfig } from 'antd'
import { fontFamily, palettes, type Mode } from './tokens.ts'

/** antd derived from the tokens. Without these overrides its ink seeds give grey-brown rows, muddy warnings and invisible ticks. */
export function antdTheme(mode: Mode, language: 'zh' | 'en', stage: string): ThemeConfig {
  const p = palettes[mode]
  const inkAgain = { colorPrimary: p.ink, colorPrimaryHover: p.inkHover, colorPrimaryActive: p.ink }
  const field = { colorBorder: p.fieldBorder }
  return {
    algorithm: mode === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      // antd waits for its own animations to end, so they are switched off, not hidden.
      motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      colorPrimary: p.ink, colorInfo: p.ink2, colorSuccess: p.ok, colorWarning: p.warn, colorError: p.danger, colorLink: p.ink, colorLinkHover: p.ink, fontFamily: fontFamily[language],
      fontSize: 14, controlHeight: 34, controlHeightLG: 44, borderRadius: 8, borderRadiusLG: 12, borderRadiusSM: 6, motionDurationMid: '0.14s', motionDurationSlow: '0.2s',
      colorText: p.ink, colorTextHeading: p.ink, colorTextSecondary: p.ink2, colorTextDescription: p.ink2, colorTextTertiary: p.ink3, colorTextPlaceholder: p.ink3, colorTextLightSolid: p.onInk,
      colorBgLayout: p.page, colorBgContainer: p.card, colorBgElevated: p.popover, colorBorder: p.strongLine, colorBorderSecondary: p.line, colorSplit: p.line,
      colorPrimaryHover: p.inkHover, colorPrimaryActive: p.ink, colorPrimaryBg: p.selected, colorPrimaryBgHover: p.selectedHover, colorPrimaryBorder: p.strongLine,
      controlItemBgActive: p.selected, controlItemBgHover: p.rowHover, controlOutline: `${p.acquire}${mode === 'light' ? '40' : '59'}`,
      colorSuccessBg: p.okTint, colorSuccessBorder: p.okLine, colorWarningBg: p.warnTint, colorWarningBorder: p.warnLine, colorErrorBg: p.dangerTint, colorErrorBorder: p.dangerLine, colorInfoBg: p.selected,
      colorBgTooltip: p.ink, colorBgSpotlight: p.ink,
    } as ThemeConfig['token'],
    components: {
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', primaryColor: p.onInk, ...inkAgain, defaultBorderColor: p.strongLine },
      Checkbox: { colorWhite: p.onInk, ...field, ...inkAgain }, Radio: { colorWhite: p.onInk, ...inkAgain }, Switch: { handleBg: p.card, ...inkAgain, colorTextQuaternary: p.fieldBorder, colorTextTertiary: p.ink3 },
      Steps: inkAgain, Input: field, InputNumber: field, Select: field, DatePicker: field,
      Progress: { defaultColor: p.ink }, Tag: { defaultBg: p.selected, defaultColor: p.ink2 }, Segmented: { trackBg: p.page, itemSelectedBg: p.segment },
      Tabs: { inkBarColor: stage, itemSelectedColor: stage }, Tooltip: { colorTextLightSolid: p.onInk },
    },
  }
}
