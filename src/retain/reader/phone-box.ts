import type { Clock, Instant } from '../../kernel/clock.ts'
import type { PhoneCodes } from './register.ts'

/**
 * The phones of a simulated sea (模拟手机): codes arrive here instead of on a real phone, so that a reader can be played from beginning to end. Only for
 * merchants of an emulated world; it never sends anything, and a real world answers "not configured".
 */
export type PhoneBox = PhoneCodes & { /** The codes of the last minutes, newest first. */ recent(tenantId: number): Array<{ phone: string; code: string; at: Instant }> }

const kept = 50

export function createPhoneBox(parts: { emulated(tenantId: number): boolean; clockOf(tenantId: number): Clock }): PhoneBox {
  const boxes = new Map<number, Array<{ phone: string; code: string; at: Instant }>>()
  return {
    configured: parts.emulated,
    async send(tenantId, phone, code) {
      const box = boxes.get(tenantId) ?? []
      boxes.set(tenantId, [{ phone, code, at: parts.clockOf(tenantId).now() }, ...box].slice(0, kept))
    },
    recent: (tenantId) => boxes.get(tenantId) ?? [],
  }
}
