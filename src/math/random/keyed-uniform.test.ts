import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyedUniform, randomStream } from './index.ts'

const mask = (1n << 64n) - 1n
function mixReference(word: bigint): bigint {
  let z = (word + 0x9e3779b97f4a7c15n) & mask
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask
  return z ^ (z >> 31n)
}
function uniformReference(seed: number, ...keys: number[]): number {
  let state = mixReference(BigInt.asUintN(64, BigInt(seed)))
  for (const key of keys) state = mixReference(state ^ BigInt.asUintN(64, BigInt(key)))
  return (Number(state >> 11n) + 0.5) / 9007199254740992
}

describe('keyed uniform', () => {
  it('equals SplitMix64 computed with big integers, for any safe integers', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 4 }), (seed, keys) => {
      expect(keyedUniform(seed)(keys[0], keys[1], keys[2], keys[3])).toBe(Math.min(uniformReference(seed, ...keys), 1 - 2 ** -53))
    }))
  })

  it('gives the published first outputs of SplitMix64 started at 0', () => {
    // The generator's own stream is mix(0), mix(golden), …; its first word for seed 0 is 0xe220a8397b1dcdaf.
    expect(mixReference(0n)).toBe(0xe220a8397b1dcdafn)
    expect(keyedUniform(0)(0)).toBe(uniformReference(0, 0))
  })

  it('does not depend on the order in which draws are asked', () => {
    const u = keyedUniform(7)
    const forward = [0, 1, 2, 3].map((i) => u(i, 5))
    const backward = [3, 2, 1, 0].map((i) => u(i, 5)).reverse()
    expect(backward).toEqual(forward)
  })

  it('refuses a key that is no safe integer and says which', () => {
    expect(() => keyedUniform(1)(0, 0.5)).toThrow(/key 2 is 0.5/)
    expect(() => keyedUniform(Number.NaN)).toThrow(/seed is NaN/)
  })

  it('is flat: 200,000 draws at neighbouring keys pass a chi-square over 100 cells', () => {
    const u = keyedUniform(11)
    const cells = new Float64Array(100)
    for (let i = 0; i < 200_000; i++) cells[Math.floor(u(i) * 100)]++
    const chi = cells.reduce((sum, cell) => sum + (cell - 2000) ** 2 / 2000, 0)
    expect(chi).toBeGreaterThan(50)
    expect(chi).toBeLessThan(165)
  })
})

describe('random stream', () => {
  it('has normals with mean 0, variance 1 and kurtosis 3', () => {
    const stream = randomStream(3)
    const n = 200_000
    let m1 = 0
    let m2 = 0
    let m4 = 0
    for (let i = 0; i < n; i++) {
      const z = stream.normal()
      m1 += z
      m2 += z * z
      m4 += z ** 4
    }
    expect(Math.abs(m1 / n)).toBeLessThan(0.01)
    expect(Math.abs(m2 / n - 1)).toBeLessThan(0.015)
    expect(Math.abs(m4 / n - 3)).toBeLessThan(0.12)
  })

  it('gives other draws for another stream of the same seed', () => {
    expect(randomStream(3, 1).uniform()).not.toBe(randomStream(3, 2).uniform())
    expect(randomStream(3, 1).uniform()).toBe(randomStream(3, 1).uniform())
  })
})
