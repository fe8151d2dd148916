import * as glassEasel from 'glass-easel'

/**
 * The base components (基础组件) as far as they go. The host element carries the tag's own name, so type selectors of WXSS hold without rewriting;
 * `paint` brings properties to that element, each time one changes.
 */
export type Host = glassEasel.GeneralComponent & { data: Record<string, any> }
type Base = { properties?: Record<string, any>; paint?(host: HTMLElement, data: Record<string, any>): void; attached?(host: HTMLElement, component: Host): void; template?: 'slot' | 'none' }

const on = (value: unknown): boolean => value !== false && value !== undefined && value !== null && value !== 'false'
const fire = (component: Host, name: string, detail: unknown, bubbles = false): void => glassEasel.triggerEvent(component as never, name, detail, { bubbles, composed: bubbles })

function field(host: HTMLElement, component: Host): void {
  const input = host as HTMLInputElement
  input.addEventListener('input', () => {
    component.data.value = input.value
    fire(component, 'input', { value: input.value, cursor: input.selectionStart })
  })
  input.addEventListener('change', () => fire(component, 'change', { value: input.value }))
  input.addEventListener('focus', () => fire(component, 'focus', { value: input.value, height: 0 }))
  input.addEventListener('blur', () => fire(component, 'blur', { value: input.value }))
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) fire(component, 'confirm', { value: input.value })
  })
}

function paintField(host: HTMLElement, data: Record<string, any>): void {
  const input = host as HTMLInputElement
  const value = data.value === undefined || data.value === null ? '' : String(data.value)
  if (input.value !== value) input.value = value
  input.placeholder = data.placeholder ?? ''
  input.disabled = on(data.disabled)
  if (Number(data.maxlength) > 0) input.maxLength = Number(data.maxlength)
  if (input.tagName === 'INPUT') {
    input.type = on(data.password) ? 'password' : 'text'
    input.inputMode = ({ number: 'numeric', digit: 'decimal', tel: 'tel' } as Record<string, string>)[data.type] ?? 'text'
    input.enterKeyHint = (data.confirmType || 'done') as 'done'
  }
}
const fieldProperties = { value: null, placeholder: String, disabled: null, maxlength: null, type: String, password: null, confirmType: String, name: String, focus: null, placeholderClass: String, placeholderStyle: String, adjustPosition: null, autoHeight: null }

export const baseComponents: Record<string, Base> = {
  view: {},
  'cover-view': {},
  text: { properties: { selectable: null, userSelect: null, space: String, decode: null } },
  button: {
    properties: { type: String, size: String, plain: null, disabled: null, loading: null, openType: String, formType: String },
    paint: (host, data) => ((host as HTMLButtonElement).disabled = on(data.disabled)),
  },
  image: {
    template: 'none',
    properties: { src: String, mode: String, lazyLoad: null },
    attached(host, component) {
      const image = document.createElement('img')
      image.alt = ''
      image.addEventListener('load', () => fire(component, 'load', { width: image.naturalWidth, height: image.naturalHeight }))
      image.addEventListener('error', () => {
        image.hidden = true
        fire(component, 'error', { errMsg: `image ${image.src} could not be loaded` })
      })
      host.append(image)
    },
    paint(host, data) {
      const image = host.querySelector('img')
      if (!image) return
      if (on(data.lazyLoad)) image.loading = 'lazy'
      image.hidden = !data.src
      if (data.src && image.getAttribute('src') !== data.src) image.src = data.src
      image.style.objectFit = ({ aspectFit: 'contain', aspectFill: 'cover' } as Record<string, string>)[data.mode] ?? 'fill'
      if (data.mode === 'widthFix') host.style.height = image.style.height = 'auto'
    },
  },
  input: { template: 'none', properties: fieldProperties, attached: field, paint: paintField },
  textarea: { template: 'none', properties: fieldProperties, attached: field, paint: paintField },
  'scroll-view': {
    properties: { scrollX: null, scrollY: null, scrollTop: null, scrollLeft: null, lowerThreshold: null, enhanced: null, showScrollbar: null },
    attached(host, component) {
      let below = false
      host.addEventListener('scroll', () => {
        fire(component, 'scroll', { scrollTop: host.scrollTop, scrollLeft: host.scrollLeft, scrollHeight: host.scrollHeight })
        const reached = host.scrollTop + host.clientHeight >= host.scrollHeight - Number(component.data.lowerThreshold || 50)
        if (reached && !below) fire(component, 'scrolltolower', { direction: 'bottom' })
        below = reached
      }, { passive: true })
    },
    paint(host, data) {
      host.classList.toggle('scroll-x', on(data.scrollX))
      host.classList.toggle('scroll-y', on(data.scrollY))
      if (data.scrollTop !== undefined && data.scrollTop !== null && data.scrollTop !== '') host.scrollTop = Number(data.scrollTop)
    },
  },
  swiper: {
    properties: { current: null, indicatorDots: null, autoplay: null, interval: null, duration: null, circular: null, vertical: null },
    attached(host, component) {
      let current = 0
      host.addEventListener('scroll', () => {
        const seen = Math.round(host.scrollLeft / Math.max(1, host.clientWidth))
        if (seen === current) return
        current = seen
        fire(component, 'change', { current, source: 'touch' })
      }, { passive: true })
    },
    paint: (host, data) => void (data.current > 0 && host.scrollTo({ left: Number(data.current) * host.clientWidth })),
  },
  'swiper-item': { properties: { itemId: String } },
  navigator: {
    properties: { url: String, openType: String, delta: null, hoverClass: String },
    attached(host, component) {
      const open = (): void => {
        const wx = (globalThis as unknown as { wx: Record<string, (options: unknown) => void> }).wx
        const { url, openType, delta } = component.data
        const act = ({ redirect: 'redirectTo', switchTab: 'switchTab', reLaunch: 'reLaunch', navigateBack: 'navigateBack' } as Record<string, string>)[openType] ?? 'navigateTo'
        wx[act]({ url, delta: Number(delta || 1), fail: () => {} })
      }
      host.setAttribute('role', 'link')
      host.addEventListener('click', open)
    },
  },
  icon: { properties: { type: String, size: null, color: String } },
  'rich-text': {
    template: 'none', properties: { nodes: null, space: String },
    // Nodes as text only: markup of others is shown, never run.
    paint: (host, data) => void (host.textContent = typeof data.nodes === 'string' ? (new DOMParser().parseFromString(data.nodes, 'text/html').body.textContent ?? '') : ''),
  },
  switch: {
    template: 'none', properties: { checked: null, disabled: null, color: String, type: String },
    attached(host, component) {
      const box = document.createElement('input')
      box.type = 'checkbox'
      box.addEventListener('change', () => fire(component, 'change', { value: box.checked }))
      host.append(box)
    },
    paint(host, data) {
      const box = host.querySelector('input')
      if (box) Object.assign(box, { checked: on(data.checked), disabled: on(data.disabled) })
    },
  },
}

/** Registers them in a space under `/wx/<tag>` and for every template there. */
export function registerBase(space: glassEasel.ComponentSpace, slot: unknown, none: unknown): void {
  for (const [tag, base] of Object.entries(baseComponents)) {
    const properties = { hidden: null, hoverClass: String, ...base.properties } as Record<string, any>
    const repaint = function (this: Host): void {
      const host = this.$$ as unknown as HTMLElement | null
      if (!host) return
      host.hidden = on(this.data.hidden)
      base.paint?.(host, this.data)
    }
    const definition = space.defineComponent({
      is: `/wx/${tag}`, properties, template: base.template === 'none' ? none : slot,
      observers: { '**': repaint },
      lifetimes: {
        attached(this: Host) {
          base.attached?.(this.$$ as unknown as HTMLElement, this)
          repaint.call(this)
        },
      },
    } as never)
    space.setGlobalUsingComponent(tag, definition as never)
  }
}
