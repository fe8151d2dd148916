const offKey = 'qz.keys.off'
export const singleKeysOff = (): boolean => localStorage.getItem(offKey) === '1'
export const setSingleKeysOff = (off: boolean): void => localStorage.setItem(offKey, off ? '1' : '0')

/** The key of a single-key shortcut, or nothing while typing, composing, with a modifier, in a dialogue, or when switched off. */
export function singleKey(event: KeyboardEvent): string | undefined {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || singleKeysOff()) return undefined
  const target = event.target as HTMLElement | null
  if (target && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('[role=dialog],[role=menu],[role=listbox]'))) return undefined
  return event.key
}
