/** The part of WeChat's globals that this storefront uses, as its documentation gives them. */
type Done<T> = { success?(result: T): void; fail?(error: { errMsg: string }): void; complete?(): void }
type WxEvent<D = Record<string, any>> = { detail: D; currentTarget: { dataset: Record<string, any> } }
declare const wx: {
  login(options: Done<{ code: string }>): void
  request(options: { url: string; method?: 'GET' | 'POST'; data?: unknown; header?: Record<string, string> } & Done<{ data: any; statusCode: number }>): { abort(): void }
  requestPayment(options: Record<string, unknown> & Done<object>): void
  getExtConfigSync(): { api?: string; simulated?: boolean }
  scanCode(options: { onlyFromCamera?: boolean } & Done<{ result: string; path?: string }>): void
  showActionSheet(options: { itemList: string[]; alertText?: string } & Done<{ tapIndex: number }>): void
  chooseAddress(options: Done<{ userName: string; telNumber: string; provinceName: string; cityName: string; countyName: string; detailInfo: string }>): void
  setClipboardData(options: { data: string } & Done<object>): void
  getStorageSync(key: string): any
  setStorageSync(key: string, data: unknown): void
  removeStorageSync(key: string): void
  showToast(options: { title: string; icon?: 'success' | 'error' | 'loading' | 'none'; duration?: number }): void
  setNavigationBarTitle(options: { title: string }): void
  navigateTo(options: { url: string }): void
  redirectTo(options: { url: string }): void
  navigateBack(options?: { delta?: number }): void
  switchTab(options: { url: string }): void
}
type Instance<T> = T & { data: any; setData(data: Record<string, unknown>, done?: () => void): void; route: string; options: Record<string, string> }
declare function App<T>(options: T): void
declare function Page<T extends object>(options: T & ThisType<Instance<T>>): void
declare function Component<T extends object>(options: T & ThisType<any>): void
declare function getApp(): { globalData: Record<string, any> }
