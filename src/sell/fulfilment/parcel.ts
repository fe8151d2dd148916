/** Parcels (包裹) of an order: what is left to send, and whether a parcel may leave. Pure. */
export const methods = ['express', 'local', 'pickup', 'virtual'] as const
export type Method = (typeof methods)[number]

/** `logistics_type` of the mini program's shipping report: 1 express, 2 same city, 3 virtual, 4 pick-up (mini program sheet 4.6). */
export const logisticsType: Readonly<Record<Method, number>> = { express: 1, local: 2, virtual: 3, pickup: 4 }

/** [line number, pieces] */
export type Packed = Array<[number, number]>
export type LineToSend = { lineNo: number; quantity: number; /** Given back before they were sent. */ refunded: number }

/** Pieces of each line that have neither been sent nor given back. */
export function leftToSend(lines: readonly LineToSend[], parcels: ReadonlyArray<{ lines: Packed }>): Map<number, number> {
  const left = new Map(lines.map((line) => [line.lineNo, line.quantity]))
  for (const parcel of parcels) for (const [lineNo, pieces] of parcel.lines) left.set(lineNo, (left.get(lineNo) ?? 0) - pieces)
  // A refund after sending does not lower what is left below nought.
  for (const line of lines) left.set(line.lineNo, Math.max(0, Math.min(left.get(line.lineNo)!, line.quantity - line.refunded)))
  return left
}

export type PackProblem = { kind: 'nothing-left' } | { kind: 'no-line'; lineNo: number } | { kind: 'too-many'; lineNo: number; left: number; found: number }

/** What a parcel holds: what was named, or everything that is left. `whole`: after it nothing is left. */
export function pack(left: ReadonlyMap<number, number>, wanted: Packed | undefined): { packed: Packed; whole: boolean } | PackProblem {
  const open = [...left].filter(([, pieces]) => pieces > 0)
  if (open.length === 0) return { kind: 'nothing-left' }
  if (wanted === undefined) return { packed: open, whole: true }
  const sum = new Map<number, number>()
  for (const [lineNo, pieces] of wanted) sum.set(lineNo, (sum.get(lineNo) ?? 0) + pieces)
  for (const [lineNo, pieces] of sum) {
    const here = left.get(lineNo)
    if (here === undefined) return { kind: 'no-line', lineNo }
    if (pieces > here) return { kind: 'too-many', lineNo, left: here, found: pieces }
  }
  return { packed: [...sum], whole: open.every(([lineNo, pieces]) => sum.get(lineNo) === pieces) }
}

/** Couriers by the code the platform uses and the names people write; more come from the Shop's own list when one is connected. */
export const couriers: ReadonlyArray<{ code: string; zh: string; also: readonly string[] }> = [
  { code: 'SF', zh: '顺丰速运', also: ['顺丰', 'shunfeng'] }, { code: 'ZTO', zh: '中通快递', also: ['中通'] }, { code: 'YTO', zh: '圆通速递', also: ['圆通', '圆通快递'] }, { code: 'STO', zh: '申通快递', also: ['申通'] }, { code: 'YD', zh: '韵达速递', also: ['韵达', 'YUNDA', '韵达快递'] },
  { code: 'JD', zh: '京东快递', also: ['京东', '京东物流'] }, { code: 'EMS', zh: 'EMS', also: ['邮政EMS'] }, { code: 'YZPY', zh: '邮政快递包裹', also: ['邮政', '中国邮政', '邮政快递'] }, { code: 'JTSD', zh: '极兔速递', also: ['极兔', 'J&T', 'JT'] }, { code: 'DBL', zh: '德邦快递', also: ['德邦', '德邦物流'] },
]

/** The courier somebody meant by a code or a name; undefined: none of the list. */
export function courierOf(text: string, more: ReadonlyArray<{ code: string; zh: string }> = []): { code: string; zh: string } | undefined {
  const wanted = text.trim().toLowerCase()
  const known = couriers.find((one) => [one.code, one.zh, ...one.also].some((name) => name.toLowerCase() === wanted))
  return known ?? more.find((one) => one.code.toLowerCase() === wanted || one.zh.toLowerCase() === wanted)
}

/** Nothing but letters, digits and hyphens, as couriers print them. */
export const trackingPattern = /^[A-Za-z0-9-]{4,40}$/
