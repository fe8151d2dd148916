import { ask } from './sheet.ts'
import { emulated, visitor } from './wx.ts'

/**
 * The pay sheet of the simulated sea (模拟收银台). The phone's part is played by the emulator: it checks the merchant's signature before an amount is
 * shown, and it books the payment. Cancelling is `requestPayment:fail cancel`, as in WeChat.
 */
export async function paySheet(root: HTMLElement, params: Record<string, string>): Promise<object> {
  const { timeStamp, nonceStr, package: prepay, signType, paySign, appId } = params
  const sheet = { appId, timeStamp, nonceStr, package: prepay, signType, paySign }
  const { totalFen, description } = await emulated<{ totalFen: number; description: string }>('sheet', { visitor: visitor(), sheet })
  const { index } = await ask(root, { title: description, sum: `¥${(totalFen / 100).toFixed(2)}`, text: '模拟海：不动真钱', choices: [{ text: '付款', kind: 'main', name: 'pay' }, { text: '不付了', kind: 'quiet' }] })
  if (index !== 0) throw new Error('cancel')
  await emulated('pay', { visitor: visitor(), sheet })
  return {}
}
