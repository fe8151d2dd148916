import { afterAll, describe, expect, test } from 'vitest'
import { checksum } from '../math/touch-log/checksum.ts'
import { startThreads } from './threads.ts'

describe('threads', () => {
  const threads = startThreads(new URL('../math/touch-log/checksum.ts', import.meta.url), 'checksum', 2)
  afterAll(() => threads.close())
  test('outputs come in the order of the inputs and equal those of this thread', async () => {
    const inputs = Array.from({ length: 9 }, (_, i) => Uint8Array.from({ length: (9 - i) * 5000 }, (_, b) => (b * 31 + i) & 255))
    expect(await threads.run(inputs)).toEqual(inputs.map(checksum))
  })
  test('shared memory is read where it lies', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(1000)).fill(7)
    expect(await threads.run([bytes])).toEqual([checksum(bytes)])
    expect(bytes.length).toBe(1000)
  })
  test('a failure says why, and the threads go on', async () => {
    await expect(threads.run([null])).rejects.toThrow(/of null/)
    expect(await threads.run([new Uint8Array(3)])).toEqual([checksum(new Uint8Array(3))])
  })
  test('closed threads refuse', async () => {
    const one = startThreads(new URL('../math/touch-log/checksum.ts', import.meta.url), 'checksum', 1)
    await one.close()
    await expect(one.run([new Uint8Array(1)])).rejects.toThrow('has ended')
  })
})
