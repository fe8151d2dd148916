const two = (n: number): string => String(n).padStart(2, '0')
/** The shop's time, Shanghai, wherever the phone is. */
export const when = (at: number): string => {
  const date = new Date(at + 8 * 3_600_000)
  return `${date.getUTCMonth() + 1}月${date.getUTCDate()}日 ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
}
