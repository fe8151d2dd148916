/** The cart lives on the phone (购物车): what was chosen, with what was seen then. */
export type CartLine = { skuId: string; productId: string; title: string; name: string; image: string; priceFen: number; quantity: number; chosen: boolean; gone?: boolean }

const key = 'cart'
export const readCart = (): CartLine[] => (wx.getStorageSync(key) as CartLine[]) || []
export const writeCart = (lines: CartLine[]): void => wx.setStorageSync(key, lines)

export function addToCart(line: Omit<CartLine, 'chosen'>): void {
  const lines = readCart()
  const same = lines.find((one) => one.skuId === line.skuId)
  if (same) Object.assign(same, line, { quantity: same.quantity + line.quantity, chosen: true })
  else lines.unshift({ ...line, chosen: true })
  writeCart(lines)
}

/** Fen as yuan with two digits, computed in integers. */
export const yuan = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`
