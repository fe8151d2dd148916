/** Sheets (半屏): what WeChat draws over a page, here as one element with a sentence, perhaps a field, and rows to choose from. */
export type Asked = { title: string; text?: string; sum?: string; field?: { value: string; placeholder: string }; choices: ReadonlyArray<{ text: string; kind?: 'main' | 'quiet' | 'row'; name?: string }> }

/** The chosen row and the field's text; rejects with `cancel` when the shade or Esc is used. */
export function ask(root: HTMLElement, asked: Asked): Promise<{ index: number; text: string }> {
  return new Promise((resolve, reject) => {
    const line = (tag: string, name: string, text: string): HTMLElement => Object.assign(document.createElement(tag), { className: name, textContent: text })
    const shade = line('div', 'wx-shade', '')
    const box = line('div', 'wx-sheet', '')
    box.setAttribute('role', 'dialog')
    box.setAttribute('aria-label', asked.title || asked.text || '')
    if (asked.title) box.append(line('h2', '', asked.title))
    if (asked.sum) box.append(line('p', 'sum', asked.sum))
    if (asked.text) box.append(line('p', '', asked.text))
    const field = document.createElement('input')
    if (asked.field) box.append(Object.assign(field, asked.field))
    const end = (): void => {
      shade.remove()
      removeEventListener('keydown', key)
    }
    const cancel = (): void => {
      end()
      reject(new Error('cancel'))
    }
    const key = (event: KeyboardEvent): void => void (event.key === 'Escape' && cancel())
    asked.choices.forEach((choice, index) => {
      const button = line('button', `${choice.kind ?? 'row'} ${choice.name ?? ''}`.trim(), choice.text)
      button.addEventListener('click', () => {
        end()
        resolve({ index, text: field.value })
      })
      box.append(button)
    })
    shade.addEventListener('click', (event) => event.target === shade && cancel())
    addEventListener('keydown', key)
    shade.append(box)
    root.append(shade)
    ;(asked.field ? field : box.querySelector('button'))?.focus()
  })
}
