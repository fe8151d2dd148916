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

/** What `open-type` of a button asks of the phone: wired by the runtime. */
export const openTypes: Record<string, (component: Host) => Promise<unknown>> = {}
const eventOfOpenType: Record<string, string> = { getPhoneNumber: 'getphonenumber', getRealtimePhoneNumber: 'getrealtimephonenumber', chooseAvatar: 'chooseavatar', getUserInfo: 'getuserinfo', openSetting: 'opensetting', launchApp: 'error', contact: 'contact' }
function opened(component: Host): void {
  const { openType } = component.data
  const act = openTypes[openType]
  if (!act) return void openTypes['*']?.(component)
  const event = eventOfOpenType[openType]
  act(component).then(
    (detail) => event && fire(component, event, { errMsg: `${openType}:ok`, ...(detail as object) }),
    (error: unknown) => event && fire(component, event, { errMsg: `${openType}:fail ${error instanceof Error ? error.message : String(error)}` }),
  )
}

type Owner = HTMLElement & { __wxElement?: Host }
const fieldTags = 'input, textarea, switch, slider, checkbox-group, radio-group, picker'
const valueOf = (field: Owner): unknown => {
  if (field.localName === 'checkbox-group') return chosen(field, 'checkbox')
  if (field.localName === 'radio-group') return chosen(field, 'radio')[0] ?? ''
  return field.localName === 'switch' ? field.querySelector('input')!.checked : field.__wxElement!.data.value
}
const chosen = (host: HTMLElement, tag: string): unknown[] => [...host.querySelectorAll<Owner>(tag)].filter((one) => one.querySelector('input')?.checked).map((one) => one.__wxElement?.data.value)

/** `form-type` of a button: the values of the named fields, or all of them emptied. */
function settle(form: Owner, type: string): void {
  const fields = [...form.querySelectorAll<Owner>(fieldTags)].filter((field) => field.__wxElement?.data.name)
  if (type === 'reset') for (const field of form.querySelectorAll<HTMLInputElement>('input, textarea')) field.type === 'checkbox' || field.type === 'radio' ? (field.checked = false) : (field.value = '')
  fire(form.__wxElement!, type, type === 'submit' ? { value: Object.fromEntries(fields.map((field) => [field.__wxElement!.data.name, valueOf(field)])) } : {})
}

const group = (tag: 'checkbox' | 'radio'): Base => ({
  properties: { name: String },
  attached: (host, component) => host.addEventListener('change', (event) => {
    if (tag === 'radio') for (const box of host.querySelectorAll<HTMLInputElement>('radio > input')) if (box !== event.target) box.checked = false
    fire(component, 'change', { value: tag === 'checkbox' ? chosen(host, tag) : (chosen(host, tag)[0] ?? '') })
  }),
})
const choice = (type: 'checkbox' | 'radio'): Base => ({
  properties: { value: null, checked: null, disabled: null, color: String },
  attached: (host) => host.prepend(Object.assign(document.createElement('input'), { type })),
  paint(host, data) {
    const box = host.querySelector('input')
    if (box) Object.assign(box, { checked: on(data.checked), disabled: on(data.disabled) })
  },
})

/** The browser's own control for a picker: a list, a date or a time, laid over it until something is chosen. */
function pickOf(host: HTMLElement, data: Record<string, any>): Promise<unknown> {
  const mode = data.mode || 'selector'
  return new Promise((resolve, reject) => {
    if (mode !== 'selector' && mode !== 'date' && mode !== 'time') return reject(new Error(`picker mode ${mode} is not in this runtime`))
    const control = document.createElement(mode === 'selector' ? 'select' : 'input') as HTMLSelectElement & HTMLInputElement
    if (mode === 'selector') (data.range ?? []).forEach((row: any, n: number) => control.append(new Option(String(data.rangeKey ? row?.[data.rangeKey] : row), String(n), false, n === Number(data.value ?? 0))))
    else Object.assign(control, { type: mode === 'date' && data.fields === 'month' ? 'month' : mode, value: data.value ?? '', min: data.start ?? '', max: data.end ?? '' })
    control.className = 'wx-picker'
    const end = (): void => control.remove()
    control.addEventListener('change', () => {
      resolve(control.value)
      end()
    })
    control.addEventListener('blur', () => {
      reject(new Error('cancel'))
      end()
    })
    control.addEventListener('click', (event) => event.stopPropagation())
    host.append(control)
    control.focus()
    try {
      control.showPicker()
    } catch {
      // Without it the control itself is on the screen.
    }
  })
}

export const baseComponents: Record<string, Base> = {
  view: {},
  'cover-view': {},
  'cover-image': { template: 'none', properties: { src: String }, paint: (host, data) => void (host.style.backgroundImage = data.src ? `url(${JSON.stringify(String(data.src))})` : '') },
  text: { properties: { selectable: null, userSelect: null, space: String, decode: null } },
  button: {
    properties: { type: String, size: String, plain: null, disabled: null, loading: null, openType: String, formType: String },
    attached(host, component) {
      host.addEventListener('click', () => {
        if (on(component.data.disabled)) return
        if (component.data.openType) opened(component)
        const form = component.data.formType ? host.closest('form') : null
        if (form) settle(form as HTMLElement, component.data.formType)
      })
    },
    paint(host, data) {
      Object.assign(host as HTMLButtonElement, { disabled: on(data.disabled), type: 'button' })
      for (const [kind, set] of [['primary', data.type === 'primary'], ['warn', data.type === 'warn'], ['mini', data.size === 'mini']] as const) host.classList.toggle(`wx-${kind}`, set)
    },
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
  form: { properties: { reportSubmit: null }, attached: (host) => host.addEventListener('submit', (event) => event.preventDefault()) },
  'checkbox-group': group('checkbox'),
  'radio-group': group('radio'),
  checkbox: choice('checkbox'),
  radio: choice('radio'),
  slider: {
    template: 'none', properties: { value: null, min: null, max: null, step: null, disabled: null, name: String, showValue: null },
    attached(host, component) {
      const range = document.createElement('input')
      range.type = 'range'
      const tell = (name: string) => (): void => {
        component.data.value = Number(range.value)
        fire(component, name, { value: Number(range.value) })
      }
      range.addEventListener('input', tell('changing'))
      range.addEventListener('change', tell('change'))
      host.append(range)
    },
    paint(host, data) {
      const range = host.querySelector('input')
      if (range) Object.assign(range, { min: String(data.min ?? 0), max: String(data.max ?? 100), step: String(data.step ?? 1), value: String(data.value ?? 0), disabled: on(data.disabled) })
    },
  },
  progress: {
    template: 'none', properties: { percent: null, showInfo: null, color: String, activeColor: String, backgroundColor: String },
    attached: (host) => host.append(Object.assign(document.createElement('progress'), { max: 100 })),
    paint: (host, data) => void Object.assign(host.querySelector('progress')!, { value: Number(data.percent ?? 0) }),
  },
  picker: {
    properties: { mode: String, range: null, rangeKey: String, value: null, start: String, end: String, fields: String, disabled: null, name: String },
    attached(host, component) {
      host.addEventListener('click', () => {
        if (on(component.data.disabled)) return
        pickOf(host, component.data).then((value) => {
          component.data.value = value
          fire(component, 'change', { value })
        }, () => fire(component, 'cancel', {}))
      })
    },
  },
  video: {
    template: 'none', properties: { src: String, controls: null, autoplay: null, loop: null, muted: null, poster: String },
    paint: (host, data) => Object.assign(host as HTMLVideoElement, { src: data.src ?? '', controls: true, loop: on(data.loop), muted: on(data.muted) }),
  },
  canvas: { template: 'none', properties: { type: String, canvasId: String, disableScroll: null } },
  'page-meta': { properties: { backgroundColor: String, pageStyle: String, rootFontSize: String } },
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

/** Registers them in a space under `/wx/<tag>` and for every template there; a tag that nobody has shows its name and what is inside it. */
export function registerBase(space: glassEasel.ComponentSpace, slot: unknown, none: unknown, absent: readonly string[] = []): void {
  const named = (tag: string): Base => ({ attached: (host) => Object.assign(host.dataset, { missing: `<${tag}>` }) })
  for (const [tag, base] of [...Object.entries(baseComponents), ...absent.map((tag) => [tag, named(tag)] as const)]) {
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
