import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { train } from './train.ts'

let folder: string
const texts = Array.from({ length: 120 }, (_, i) => ({ label: i % 2, text: i % 2 ? `这种人真是讨厌第${i}个` : `今天天气很好第${i}天` }))
const csv = (list: typeof texts): Buffer => gzipSync(`topic,label,TEXT\n${list.map((row) => `x,${row.label},${row.text}`).join('\n')}\n`)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qz-train-test-'))
  writeFileSync(join(folder, 'train.csv.gz'), csv(texts))
  writeFileSync(join(folder, 'test.csv.gz'), csv(texts.slice(0, 20)))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Answer = { sha256: string; held: Array<{ part: string; accuracy: number }> }
async function trained(out: string, data = folder): Promise<Answer> {
  const write = process.stdout.write
  let text = ''
  process.stdout.write = ((chunk: string) => (text += chunk, true)) as typeof process.stdout.write
  try {
    await train('moderation', { out: join(folder, out), data, features: '500', json: true })
  } finally {
    process.stdout.write = write
  }
  return JSON.parse(text) as Answer
}

describe('training by command', () => {
  it('makes the same bytes from the same data, prints their SHA-256, and other bytes from other data', async () => {
    const [one, two] = [await trained('a.bin'), await trained('b.bin')]
    expect(one.sha256).toBe(createHash('sha256').update(readFileSync(join(folder, 'a.bin'))).digest('hex'))
    expect(readFileSync(join(folder, 'a.bin')).equals(readFileSync(join(folder, 'b.bin')))).toBe(true)
    expect(one.held).toMatchObject([{ part: 'test', accuracy: 1 }])
    const other = mkdtempSync(join(folder, 'other-'))
    writeFileSync(join(other, 'train.csv.gz'), csv(texts.slice(0, 100)))
    expect((await trained('c.bin', other)).sha256).not.toBe(two.sha256)
  })

  it('says what to fetch when the data are absent, and names what can be trained', async () => {
    await expect(train('moderation', { data: '/nowhere', features: '500' })).rejects.toMatchObject({ code: 'train/no-data', message: expect.stringContaining('/nowhere/train.csv.gz') })
    await expect(train('everything', { features: '500' })).rejects.toMatchObject({ code: 'cli/unknown' })
  })
})
