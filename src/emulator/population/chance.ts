/**
 * Chance by address: every draw is a uniform in (0, 1) named by (seed, merchant, person, day, slot, k). There is no sequential generator, so the
 * order of evaluation, the number of workers and what happens to other persons change nothing.
 *
 * SplitMix64's finaliser (Steele, Lea, Flood 2014) absorbs one key after the other: seed, merchant and person once (kept per person), the
 * day once a day, (slot, k) per draw. 64-bit words are two 32-bit halves.
 */

/** One per decision. Values are part of the draws' addresses: add at the end, never renumber. */
export const slot = {
  naturalLeave: 1, seen: 2, leave: 3, mute: 4, winBack: 5, buy: 6, dropOut: 7, value: 8, shelf: 9, returned: 10, returnDelay: 11, click: 12, sendTime: 13, add: 14, like: 15,
  refer: 16, coupon: 17, comeBack: 18, reply: 19, complain: 20, view: 21, basket: 22, basketSize: 23, pay: 24, tell: 25, partial: 26, show: 27, gift: 28, anonymous: 29, staffOf: 30, anger: 31,
  groupJoin: 32, groupLeave: 33, groupTalk: 34,
  // Traits, at day 0.
  rate: 40, drop: 41, spend: 42, heavy: 43, lift: 44, tolerance: 45, tie: 46, price: 47, coupons: 48, hour: 49, type: 50, taste: 51, everBought: 52, tenure: 53, group: 54, groupSize: 55, know: 56, hub: 57,
  // Staff, with the staff member in the person's place.
  diligence: 70, confirm: 71, confirmDelay: 72, badWeek: 73, resign: 74,
} as const

export type Chance = {
  /** Fixes (seed, merchant) as the root. */
  root(seed: number, merchant: number): void
  /** State after the person's key, as two halves: kept by the caller per person. */
  personHigh(person: number): number
  personLow(): number
  /** Fixes the person (by its halves) and the day. */
  at(high: number, low: number, day: number): void
  /** The uniform of a slot at the fixed person and day. */
  u(slot: number, k?: number): number
}

export function createChance(): Chance {
  let rh = 0
  let rl = 0
  let bh = 0
  let bl = 0
  let h = 0
  let l = 0

  const mix = (): void => {
    let y = (l + 0x7f4a7c15) | 0
    let x = (h + 0x9e3779b9 + (y >>> 0 < 0x7f4a7c15 ? 1 : 0)) | 0
    y ^= (y >>> 30) | (x << 2)
    x ^= x >>> 30
    // (x, y) · 0xbf58476d1ce4e5b9 mod 2^64; the high half of y · 0x1ce4e5b9 by 16-bit limbs, all in 32-bit integers.
    let a0 = y & 0xffff
    let a1 = y >>> 16
    let mid = (Math.imul(a1, 0xe5b9) + (Math.imul(a0, 0xe5b9) >>> 16)) | 0
    let other = (Math.imul(a0, 0x1ce4) + (mid & 0xffff)) | 0
    x = (Math.imul(a1, 0x1ce4) + (mid >>> 16) + (other >>> 16) + Math.imul(x, 0x1ce4e5b9) + Math.imul(y, 0xbf58476d)) | 0
    y = Math.imul(y, 0x1ce4e5b9)
    y ^= (y >>> 27) | (x << 5)
    x ^= x >>> 27
    // · 0x94d049bb133111eb
    a0 = y & 0xffff
    a1 = y >>> 16
    mid = (Math.imul(a1, 0x11eb) + (Math.imul(a0, 0x11eb) >>> 16)) | 0
    other = (Math.imul(a0, 0x1331) + (mid & 0xffff)) | 0
    x = (Math.imul(a1, 0x1331) + (mid >>> 16) + (other >>> 16) + Math.imul(x, 0x133111eb) + Math.imul(y, 0x94d049bb)) | 0
    y = Math.imul(y, 0x133111eb)
    l = y ^ ((y >>> 31) | (x << 1))
    h = x ^ (x >>> 31)
  }
  const absorb = (key: number): void => {
    h ^= Math.floor(key / 4294967296) | 0
    l ^= key | 0
    mix()
  }
  return {
    root(seed, merchant) {
      h = 0
      l = 0
      absorb(seed)
      absorb(merchant)
      rh = h
      rl = l
    },
    personHigh(person) {
      h = rh
      l = rl
      absorb(person)
      return h
    },
    personLow: () => l,
    at(high, low, day) {
      h = high
      l = low ^ day
      mix()
      bh = h
      bl = l
    },
    u(which, k = 0) {
      h = bh
      l = bl ^ (which + (k << 8))
      mix()
      // 53 bits, never 0 or 1.
      const value = ((h >>> 0) * 2097152 + (l >>> 11) + 0.5) / 9007199254740992
      return value < 1 ? value : 1 - 2 ** -53
    },
  }
}

/** A text as a seed: FNV-1a, 52 bits. */
export function seedOf(text: string): number {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193)
    b = Math.imul(b ^ text.charCodeAt(i) ^ (a >>> 15), 0x85ebca6b)
  }
  return (a >>> 0) * 1048576 + ((b >>> 0) & 0xfffff)
}

/** Cheap acquisition of one uniform at an address that has no person: pairs, staff, merchants. */
export function uniformAt(chance: Chance, seed: number, merchant: number, subject: number, day: number, which: number, k = 0): number {
  chance.root(seed, merchant)
  const high = chance.personHigh(subject)
  chance.at(high, chance.personLow(), day)
  return chance.u(which, k)
}
