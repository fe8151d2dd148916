/**
 * Numbers, money and time in words, once for all pages (no toLocaleString in pages). Money comes in fen, times in ms since the epoch;
 * merchants' days are Asia/Shanghai days.
 */
export type Language = 'zh' | 'en'
const minus = '\u2212'
const shanghai = 8 * 3_600_000

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',')

/** 2,318; negative with U+2212. */
export function count(value: number): string {
  const rounded = Math.round(value)
  return `${rounded < 0 ? minus : ''}${grouped(String(Math.abs(rounded)))}`
}

/** Ledgers and orders: always two decimals. */
export function money(fen: number): string {
  const whole = Math.abs(Math.round(fen))
  return `${fen < 0 && whole > 0 ? minus : ''}¥${grouped(String(Math.floor(whole / 100)))}.${String(whole % 100).padStart(2, '0')}`
}

/** Sentences: whole yuan from ¥100 up, half away from zero. */
export function moneySaid(fen: number): string {
  if (fen === 0) return '¥0'
  if (Math.abs(fen) < 10_000) return money(fen)
  return `${fen < 0 ? minus : ''}¥${grouped(String(Math.round(Math.abs(fen) / 100)))}`
}

/** Axes and tiles: ¥3.8 万, ¥1.2 亿; ¥38k, ¥120M. */
export function moneyShort(fen: number, language: Language): string {
  const yuan = Math.abs(fen) / 100
  const sign = fen < 0 ? minus : ''
  const scaled = (by: number): string => {
    const value = yuan / by
    return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : grouped(String(Math.round(value)))
  }
  if (language === 'zh') return `${sign}¥${yuan >= 1e8 ? `${scaled(1e8)} 亿` : yuan >= 1e4 ? `${scaled(1e4)} 万` : grouped(String(Math.round(yuan)))}`
  return `${sign}¥${yuan >= 1e6 ? `${scaled(1e6)}M` : yuan >= 1e4 ? `${scaled(1e3)}k` : grouped(String(Math.round(yuan)))}`
}

/** Changes and effects carry a sign; zero has none. */
export function moneyChange(fen: number): string {
  return fen > 0 ? `+${moneySaid(fen)}` : moneySaid(fen)
}

/** Share of a whole: one decimal under 10%; no whole is a dash. */
export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return '—'
  const value = ratio * 100
  return Math.abs(value) < 10 && value !== 0 ? `${value.toFixed(1).replace('-', minus)}%` : `${Math.round(value)}%`.replace('-', minus)
}

/** Under 30 people a percentage promises too much: both counts are said instead. */
export function shareOf(part: number, whole: number): string {
  if (whole === 0) return '—'
  return whole < 30 ? `${count(part)} / ${count(whole)}` : percent(part / whole)
}

/** Both ends of an interval rounded to two digits of its half-width. */
export function roundEnds(low: number, high: number): [number, number] {
  const half = (high - low) / 2
  if (!(half > 0)) return [low, high]
  const step = 10 ** (Math.floor(Math.log10(half)) - 1)
  return [Math.round(low / step) * step, Math.round(high / step) * step]
}

export type Parts = { year: number; month: number; day: number; weekday: number; hour: number; minute: number; second: number }
export function shanghaiParts(at: number): Parts {
  const d = new Date(at + shanghai)
  return { year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate(), weekday: d.getUTCDay(), hour: d.getUTCHours(), minute: d.getUTCMinutes(), second: d.getUTCSeconds() }
}
const two = (n: number): string => String(n).padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdaysEn = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const weekdaysZh = '日一二三四五六'

/** Tables: 06-25 14:05, with the year when it is not the present one. */
export function timeInTable(at: number, now: number): string {
  const p = shanghaiParts(at)
  const year = p.year === shanghaiParts(now).year ? '' : `${p.year}-`
  return `${year}${two(p.month)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}`
}
/** Fact lines: with seconds. */
export const timeExact = (at: number): string => {
  const p = shanghaiParts(at)
  return `${p.year}-${two(p.month)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}`
}
/** 6月25日 周三; Wed 25 Jun. With `clock` the time of day follows. */
export function dateSaid(at: number, language: Language, clock = false): string {
  const p = shanghaiParts(at)
  const time = clock ? `${two(p.hour)}:${two(p.minute)}` : ''
  if (language === 'zh') return `${p.month}月${p.day}日 周${weekdaysZh[p.weekday]}${time && ` ${time}`}`
  return `${weekdaysEn[p.weekday]} ${p.day} ${months[p.month - 1]}${time && `, ${time}`}`
}
/** 2024-06-25 of the merchant's day. */
export const dayKey = (at: number): string => {
  const p = shanghaiParts(at)
  return `${p.year}-${two(p.month)}-${two(p.day)}`
}
/** How long ago within 24 h, else the date. */
export function ago(at: number, now: number, language: Language): string {
  const minutes = Math.floor((now - at) / 60_000)
  if (minutes < 0 || minutes >= 24 * 60) return dateSaid(at, language, true)
  if (minutes < 1) return language === 'zh' ? '刚刚' : 'just now'
  if (minutes < 60) return language === 'zh' ? `${minutes} 分钟前` : `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return language === 'zh' ? `${hours} 小时前` : `${hours} h ago`
}
/** A duration in words: 0, 12 s, 3 min, 5 h, 2 days. */
export function duration(ms: number, language: Language): string {
  const zh = language === 'zh'
  if (ms < 1000) return '0'
  const s = ms / 1000
  if (s < 60) return zh ? `${Math.round(s)} 秒` : `${Math.round(s)} s`
  if (s < 3600) return zh ? `${Math.round(s / 60)} 分` : `${Math.round(s / 60)} min`
  if (s < 86_400) return zh ? `${Math.round(s / 3600)} 小时` : `${Math.round(s / 3600)} h`
  return zh ? `${Math.round(s / 86_400)} 天` : `${Math.round(s / 86_400)} ${Math.round(s / 86_400) === 1 ? 'day' : 'days'}`
}
/** A change of a count with its sign, U+2212 for minus: +5, −3; zero is 0. */
export const countChange = (n: number): string => (n === 0 ? '0' : `${n < 0 ? '−' : '+'}${count(Math.abs(n))}`)
/** The last five characters; copying gives all. */
export const shortId = (id: string): string => (id.length > 6 ? `…${id.slice(-5)}` : id)
