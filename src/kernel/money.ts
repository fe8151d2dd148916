/**
 * Money (钱) is an integer number of fen (分). The one rounding rule: half up, away from zero at exactly half, applied once,
 * at the moment a decimal becomes fen. Sums and products of fen by integers are exact.
 */
export type Fen = number

/** Rounds a fraction of fen half away from zero. */
export function roundHalfUp(value: number): Fen {
  return value < 0 ? -Math.round(-value) : Math.round(value)
}

/**
 * Reads a decimal in yuan as fen, exactly by digits (no floating point), rounding the third decimal half up.
 * @returns `undefined` when the text is not a plain decimal number; `rounded` says that digits beyond fen were dropped.
 */
export function yuanToFen(text: string): { fen: Fen; rounded: boolean } | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text.trim())
  if (!match) return undefined
  const [, sign, whole, decimals = ''] = match
  const cents = Number(whole) * 100 + Number((decimals + '00').slice(0, 2))
  const rest = decimals.slice(2)
  const rounded = /[1-9]/.test(rest)
  const fen = cents + (rest !== '' && rest[0] >= '5' ? 1 : 0)
  if (!Number.isSafeInteger(fen)) return undefined
  return { fen: sign === '-' ? 0 - fen : fen, rounded }
}

/** Fen as yuan with exactly two decimals, for files and logs ("-12.30"). Screens use the console's formatter. */
export function fenToYuan(fen: Fen): string {
  const abs = Math.abs(fen)
  return `${fen < 0 ? '-' : ''}${Math.trunc(abs / 100)}.${String(abs % 100).padStart(2, '0')}`
}

/** Fen as whole yuan in a sentence of the server: "¥38,412", "−¥118" with U+2212. */
export function yuanSaid(fen: Fen): string {
  return `${fen < 0 ? '−' : ''}¥${Math.round(Math.abs(fen) / 100).toLocaleString('en-US')}`
}

/**
 * Splits `total` over `weights` so that the parts are integers and add up to `total` exactly (largest remainder, ties to the earlier part).
 * All weights zero: the whole goes to the first part.
 */
export function splitFen(total: Fen, weights: readonly number[]): Fen[] {
  if (weights.length === 0) return []
  const sum = weights.reduce((a, b) => a + b, 0)
  if (sum === 0) return weights.map((_, index) => (index === 0 ? total : 0))
  const exact = weights.map((weight) => (total * weight) / sum)
  const parts = exact.map((value) => Math.trunc(value))
  const left = total - parts.reduce((a, b) => a + b, 0)
  const order = exact.map((value, index) => ({ index, rest: Math.abs(value - Math.trunc(value)) })).sort((a, b) => b.rest - a.rest || a.index - b.index)
  for (let i = 0; i < Math.abs(left); i++) parts[order[i % order.length].index] += Math.sign(left)
  return parts
}
