import { accountOf } from '../../emulator/core/namespace.ts'
import { shopState, type Aftersale, type FundsFlow, type Order } from '../../emulator/shop/state.ts'
import { merchantState, type PayOrder, type PayRefund } from '../../emulator/pay/state.ts'
import { corpOf, type CorpState } from '../../emulator/wecom/state.ts'
import type { Outputs } from './outputs.ts'

/** The emulated Shop as it is: orders, after-sales and its wallet, past every API. */
export function shopTruth({ emulator, world }: Outputs): { orders: Array<Readonly<Order>>; aftersales: Aftersale[]; funds: Iterable<Readonly<FundsFlow>> } {
  const ns = emulator.namespace(world)
  const account = accountOf(ns, 'shop')
  if (!account) return { orders: [], aftersales: [], funds: [] }
  const state = shopState(ns, account.id)
  return { orders: [...state.orders.values()], aftersales: Object.values(state.aftersales), funds: state.funds }
}

/** WeChat Pay as it is: the mall's orders that were made known to it, and their refunds. */
export function payTruth({ emulator, world }: Outputs): { orders: PayOrder[]; refunds: PayRefund[] } {
  const ns = emulator.namespace(world)
  const account = accountOf(ns, 'pay')
  if (!account) return { orders: [], refunds: [] }
  const state = merchantState(ns, account.id)
  return { orders: Object.values(state.orders), refunds: Object.values(state.refundsByNo) }
}

export function corpTruth({ emulator, world }: Outputs): CorpState | undefined {
  const ns = emulator.namespace(world)
  const account = accountOf(ns, 'wecom')
  return account && corpOf(ns, account.id).corp
}

export const refundedStates: ReadonlySet<string> = new Set(['MERCHANT_REFUND_SUCCESS', 'MERCHANT_RETURN_SUCCESS'])
