/** Whoever opens what a friend shared came by that friend's code; it is told once, with the next login. What we share carries our own. */
const cameKey = 'ref'
const mineKey = 'my-code'

export function cameBy(options: Record<string, string>): void {
  if (options.ref) wx.setStorageSync(cameKey, options.ref)
}
export const takeRef = (): string => (wx.getStorageSync(cameKey) as string) || ''
export const toldRef = (): void => wx.removeStorageSync(cameKey)
export const keepMine = (code: string): void => wx.setStorageSync(mineKey, code)

/** A page's path with our code; without one (nobody signed in yet) the plain path. */
export function sharedPath(path: string): string {
  const code = wx.getStorageSync(mineKey) as string
  return code ? `${path}${path.includes('?') ? '&' : '?'}ref=${code}` : path
}
