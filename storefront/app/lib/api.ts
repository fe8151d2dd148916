import { api } from './config.ts'
import { keepMine, takeRef, toldRef } from './referral.ts'

export type Sku = { skuId: string; name: string; attrs: Record<string, string>; priceFen: number; soldOut: boolean; left?: number }
export type Goods = { productId: string; title: string; image: string; images: string[]; description: string; skus: Sku[]; fromFen: number; soldOut: boolean }
export type OrderLine = { lineNo: number; productId: string; skuId: string; title: string; name: string; image: string; quantity: number; unitFen: number; paidFen: number }
export type Order = {
  orderId: string; state: 'unpaid' | 'paid' | 'shipped' | 'received' | 'cancelled' | 'refunded'; stateName: string; lines: OrderLine[]; goodsFen: number; discountFen: number; freightFen: number; totalFen: number
  placedAt: number; payBefore: number | null; paidAt: number | null; shippedAt: number | null; shipping: { company?: string; trackingNo?: string } | null
}
export type PayParams = Record<string, string>
export type Placed =
  | { kind: 'placed'; order: Order; pay: PayParams | null }
  | { kind: 'stock-short'; skuId: string; title: string; available: number }
  | { kind: 'not-on-sale'; skuId: string }
  | { kind: 'total-changed'; totalFen: number }

/** What went wrong in words for the person; `status` 0: no network. */
export type Trouble = { status: number; message: string }

function ask<T>(method: 'GET' | 'POST', path: string, data: unknown, token: string): Promise<T> {
  return new Promise((resolve, reject) => {
    wx.request({
      url: api + path, method, data, header: token === '' ? {} : { authorization: `Bearer ${token}` },
      success: ({ data: body, statusCode }) => {
        if (statusCode >= 200 && statusCode < 300) resolve(body as T)
        else reject({ status: statusCode, message: body?.error?.message ?? `小店没有回答（${statusCode}），请再试一次` } satisfies Trouble)
      },
      // Only a mini program that is tried out is told an address (and what to do about it); a buyer's phone has no network.
      fail: ({ errMsg }) => reject({ status: 0, message: errMsg.includes('://') ? errMsg.replace(/^request:fail /, '') : '没网，先看看刚才看过的' } satisfies Trouble),
    })
  })
}

/** Login is asked where it is needed, and the session kept; one login at a time. */
let signingIn: Promise<string> | undefined
function signIn(): Promise<string> {
  signingIn ??= new Promise<string>((resolve, reject) => {
    wx.login({
      success: ({ code }) => {
        const ref = takeRef()
        ask<{ token: string }>('POST', '/login', ref === '' ? { code } : { code, ref }, '').then(({ token }) => {
          wx.setStorageSync('token', token)
          toldRef()
          resolve(token)
          // For what is shared later; without it a share carries no code, and that is all.
          ask<{ code: string }>('GET', '/referral', undefined, token).then(({ code: mine }) => keepMine(mine), () => {})
        }, reject)
      },
      fail: ({ errMsg }) => reject({ status: 0, message: errMsg.replace(/^login:fail /, '') } satisfies Trouble),
    })
  })
  const clear = (): void => void (signingIn = undefined)
  signingIn.then(clear, clear)
  return signingIn
}

async function asBuyer<T>(method: 'GET' | 'POST', path: string, data: unknown): Promise<T> {
  const token = (wx.getStorageSync('token') as string) || (await signIn())
  try {
    return await ask<T>(method, path, data, token)
  } catch (error) {
    if ((error as Trouble).status !== 401) throw error
    wx.removeStorageSync('token')
    return ask<T>(method, path, data, await signIn())
  }
}

/** A single spec without attributes has no name but its code, which is the shop's own. */
export const named = (item: Goods): Goods => ({ ...item, skus: item.skus.map((sku) => (Object.keys(sku.attrs ?? {}).length > 0 ? sku : { ...sku, name: '' })) })

export const shop = (): Promise<{ name: string; open: boolean }> => ask('GET', '/shop', undefined, '')
export const goods = (query: { search?: string; page: number }): Promise<{ goods: Goods[]; more: boolean }> => ask('GET', '/goods', query.search ? query : { page: query.page }, '')
export const product = (productId: string): Promise<Goods> => ask<Goods>('GET', `/goods/${productId}`, undefined, '').then(named)
export const checkout = (body: { key: string; lines: Array<{ skuId: string; quantity: number }>; totalFen: number; address: Address }): Promise<Placed> => asBuyer('POST', '/checkout', body)
export const orders = (before?: number): Promise<{ orders: Order[] }> => asBuyer('GET', '/orders', before === undefined ? undefined : { before })
export type Refund = { refundId: string; amountFen: number; status?: string; reason?: string; finishedAt?: number | null }
export type Member = { feathers: number; earned: Array<{ orderId: string; title: string; placedAt: number; feathers: number }> }
export const member = (): Promise<Member> => asBuyer('GET', '/member', undefined)
export const aftersale = (orderId: string, reason: string): Promise<{ kind: 'refunding' | 'ask-merchant' }> => asBuyer('POST', `/orders/${orderId}/aftersale`, { reason })
/** Only a simulated merchant has it: the past that its world still sails through. */
export const past = (): Promise<{ past: { daysLeft: number; secondsLeft: number | null } | null }> => ask('GET', '/emulated/sea', undefined, '')
export const order = (orderId: string): Promise<{ order: Order; refunds: Refund[] }> => asBuyer('GET', `/orders/${orderId}`, undefined)
export const payAgain = (orderId: string): Promise<{ pay: PayParams }> => asBuyer('POST', `/orders/${orderId}/pay`, {})
export const cancel = (orderId: string): Promise<unknown> => asBuyer('POST', `/orders/${orderId}/cancel`, {})

export type Address = { name: string; phone: string; region: string; detail: string }

export const say = (trouble: unknown): void => wx.showToast({ title: (trouble as Trouble).message ?? String(trouble), icon: 'none', duration: 3000 })
