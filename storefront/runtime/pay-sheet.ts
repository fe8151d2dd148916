import { emulated, visitor } from './wx.ts'

/**
 * The pay sheet of the simulated sea (模拟收银台). The phone's part is played by the emulator: it checks the merchant's signature before an amount is
 * shown, and it books the payment. Cancelling is `requestPayment:fail cancel`, as in WeChat.
 */
export async function paySheet(root: HTMLElement, params: Record<string, string>): Promise<object> {
  const { timeStamp, nonceStr, package: prepay, signType, paySign, appId } = params
  const sheet = { appId, timeStamp, nonceStr, package: prepay, signType, paySign }
  const { totalFen, description } = await emulated<{ totalFen: number; description: string }>('sheet', { visitor: visitor(), sheet })
  return new Promise((resolve, reject) => {
    const shade = document.createElement('div')
    shade.className = 'wx-shade'
    const box = document.createElement('div')
    box.className = 'wx-sheet'
    box.setAttribute('role', 'dialog')
    box.setAttribute('aria-label', '模拟收银台')
    const line = (tag: string, name: string, text: string): HTMLElement => {
      const element = document.createElement(tag)
      element.className = name
      element.textContent = text
      return element
    }
    const pay = line('button', 'pay', '付款') as HTMLButtonElement
    const cancel = line('button', 'quiet', '不付了') as HTMLButtonElement
    box.append(line('h2', '', description), line('p', 'sum', `¥${(totalFen / 100).toFixed(2)}`), pay, cancel, line('p', '', '模拟海：不动真钱'))
    shade.append(box)
    root.append(shade)
    const close = (): void => shade.remove()
    cancel.addEventListener('click', () => {
      close()
      reject(new Error('cancel'))
    })
    pay.addEventListener('click', () => {
      pay.disabled = cancel.disabled = true
      emulated('pay', { visitor: visitor(), sheet }).then(
        () => {
          close()
          resolve({})
        },
        (error: unknown) => {
          close()
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
    pay.focus()
  })
}
