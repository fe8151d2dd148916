import { crc32, deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { addMedia, blockMedia, checkImage, findMedia, maxImageBytes, readMedia } from './index.ts'

const chunk = (type: string, body: Buffer): Buffer => {
  const head = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const out = Buffer.alloc(12 + body.length)
  out.writeUInt32BE(body.length, 0)
  head.copy(out, 4)
  out.writeUInt32BE(crc32(head), 8 + body.length)
  return out
}
/** A PNG of one colour, with whatever else is put in it. */
function png(width: number, height: number, more: { extra?: Buffer[]; rows?: number; claimedHeight?: number; tail?: Buffer; filter?: number } = {}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(more.claimedHeight ?? height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const line = Buffer.alloc(1 + 3 * width, 120)
  line[0] = more.filter ?? 0
  const data = deflateSync(Buffer.concat(Array.from({ length: more.rows ?? height }, () => line)))
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), ...(more.extra ?? []), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0)), more.tail ?? Buffer.alloc(0)])
}
/** 7×5, baseline and with a place of recording; made by a browser and a library, kept as they came. */
const jpeg = Buffer.from('/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wAARCAAFAAcDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAeEAABAwUBAQAAAAAAAAAAAAACAAEDBBIhMVEFEf/EABUBAQEAAAAAAAAAAAAAAAAAAAAE/8QAHhEBAAEEAgMAAAAAAAAAAAAAAQMAAgQhETFBUbH/2gAMAwEAAhEDEQA/AJlIReo9PH8C6c6YSfNrAN2NYfm26+kRFPmyMJEWBu0eh3y+xoY0cgNx4Plf/9k=', 'base64')
const progressive = Buffer.from('/9j/4QDWRXhpZgAASUkqAAgAAAAHABIBAwABAAAABgAAABoBBQABAAAAYgAAABsBBQABAAAAagAAACgBAwABAAAAAgAAABMCAwABAAAAAQAAAJiCAgANAAAAcgAAAGmHBAABAAAAgAAAAAAAAAA4YwAA6AMAADhjAADoAwAAc2VjcmV0IHBsYWNlAAAGAACQBwAEAAAAMDIxMAGRBwAEAAAAAQIDAACgBwAEAAAAMDEwMAGgAwABAAAA//8AAAKgBAABAAAAFAAAAAOgBAABAAAADgAAAAAAAAD/4gHwSUNDX1BST0ZJTEUAAQEAAAHgbGNtcwQgAABtbnRyUkdCIFhZWiAH4gADABQACQAOAB1hY3NwTVNGVAAAAABzYXdzY3RybAAAAAAAAAAAAAAAAAAA9tYAAQAAAADTLWhhbmR56b9WWj4BtoMjhVVG90+qAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAApkZXNjAAAA/AAAACRjcHJ0AAABIAAAACJ3dHB0AAABRAAAABRjaGFkAAABWAAAACxyWFlaAAABhAAAABRnWFlaAAABmAAAABRiWFlaAAABrAAAABRyVFJDAAABwAAAACBnVFJDAAABwAAAACBiVFJDAAABwAAAACBtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAYAAAAcAEMAQwAwAABYWVogAAAAAAAA9tYAAQAAAADTLXNmMzIAAAAAAAEMPwAABd3///MmAAAHkAAA/ZL///uh///9ogAAA9wAAMBxWFlaIAAAAAAAAG+gAAA48gAAA49YWVogAAAAAAAAYpYAALeJAAAY2lhZWiAAAAAAAAAkoAAAD4UAALbEcGFyYQAAAAAAAwAAAAJmaQAA8qcAAA1ZAAAT0AAAClv/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wgARCAAOABQDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAQAC/8QAFgEBAQEAAAAAAAAAAAAAAAAAAAEC/9oADAMBAAIQAxAAAAEjQTXP/8QAGRAAAwADAAAAAAAAAAAAAAAAAAIRARAi/9oACAEBAAEFAtTDFIcMf//EABURAQEAAAAAAAAAAAAAAAAAAAAS/9oACAEDAQE/AVP/xAAWEQEBAQAAAAAAAAAAAAAAAAAAARH/2gAIAQIBAT8BZX//xAAfEAABAwMFAAAAAAAAAAAAAAAAAQIREqHwMkFRYYH/2gAIAQEABj8CnY7NdIq5yWyxLmz6f//EACAQAAICAQQDAQAAAAAAAAAAAAEhETEAYYGR8EFRwfH/2gAIAQEAAT8hMQvvFdUjbGQY3hP9A5waQUAYEIKZl9Xzl1RLFkeOtMF6Iuwt/c//2gAMAwEAAgADAAAAEEAv/8QAGBEBAQADAAAAAAAAAAAAAAAAAQAhQZH/2gAIAQMBAT8QcSh1y//EABkRAAIDAQAAAAAAAAAAAAAAAAAxYXHwof/aAAgBAgEBPxBPaCzh/8QAGxABAQACAwEAAAAAAAAAAAAAAREAITFBcYH/2gAIAQEAAT8QggLkQMip5Xy4iWwhQCGS97v3gWo6rKOznsEPmIiErsNaeUPmLaW6Eg1x47XqyXX4OoARpO1n/9k=', 'base64')
const gif = Buffer.from('R0lGODlhAgACAPAAAP8AAAAAACH/C05FVFNDQVBFMi4wAwEAAAAh+QQACgD/ACwAAAAAAgACAAACAoRRADs=', 'base64')

const kind = (bytes: Buffer, claimed?: string): string => {
  const found = checkImage(bytes, claimed)
  return found.ok ? found.image.contentType : found.problem.kind
}

describe('an image', () => {
  test.each([['PNG', png(4, 3), 'image/png', 4, 3], ['baseline JPEG', jpeg, 'image/jpeg', 7, 5], ['progressive JPEG', progressive, 'image/jpeg', 20, 14], ['GIF', gif, 'image/gif', 2, 2]] as const)('%s is known by its bytes and decoded whole', (_name, bytes, contentType, width, height) => {
    const found = checkImage(bytes)
    expect(found).toMatchObject({ ok: true, image: { contentType, width, height } })
    // What is kept is itself an image, and cleaning it again changes nothing.
    if (found.ok) expect(checkImage(found.image.body)).toMatchObject({ ok: true, image: { body: found.image.body } })
  })

  test.each([
    ['nothing', Buffer.alloc(0), undefined, 'empty'],
    ['a script', Buffer.from('<script>alert(1)</script>'), 'image/png', 'other-type'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'image/svg+xml', 'vector'],
    ['an SVG behind a declaration and a comment', Buffer.from('\ufeff  <?xml version="1.0"?><!-- x --><svg/>'), 'image/png', 'vector'],
    ['an SVG that says it is a PNG', Buffer.from('<!-- a --><svg><script>1</script></svg>'), 'image/png', 'vector'],
    ['a page', Buffer.from('<!doctype html><html></html>'), 'image/gif', 'other-type'],
    ['a WebP', Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 '), Buffer.alloc(20)]), 'image/webp', 'other-type'],
    ['a PNG that says it is a JPEG', png(2, 2), 'image/jpeg', 'lying'],
    ['a JPEG that says it is a GIF', jpeg, 'image/gif', 'lying'],
    ['a PNG without its last lines', png(8, 8, { rows: 5 }), 'image/png', 'broken'],
    ['a PNG with a bomb of lines', png(2, 2, { rows: 4_000 }), 'image/png', 'broken'],
    ['a PNG with an unknown filter', png(2, 2, { filter: 9 }), 'image/png', 'broken'],
    ['a PNG of too many pixels', png(1, 1, { claimedHeight: 2_000_000_000 }), 'image/png', 'too-many-pixels'],
    ['a PNG without width', png(0, 1), 'image/png', 'broken'],
    ['a file that is too big', Buffer.concat([png(2, 2), Buffer.alloc(maxImageBytes)]), 'image/png', 'too-big'],
    ['a GIF that is cut off', gif.subarray(0, gif.length - 5), 'image/gif', 'broken'],
  ] as const)('%s is refused', (_name, bytes, claimed, expected) => expect(kind(bytes, claimed)).toBe(expected))

  test.each([['baseline', jpeg], ['progressive', progressive], ['PNG', png(9, 9)]])('cut off anywhere it is broken, never half a picture: %s', (_name, bytes) => {
    for (let length = 12; length < bytes.length; length += 7) expect(kind(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes`).toBe('broken')
    expect(kind(bytes)).not.toBe('broken')
  })

  test('a damaged byte in the data of a PNG is seen', () => {
    const bytes = Buffer.from(png(9, 9))
    bytes[bytes.length - 20] ^= 0x55
    expect(kind(bytes)).toBe('broken')
  })

  test('notes, comments and whatever lies behind the end do not come along', () => {
    const secret = 'shot at home, 31.2304N'
    const found = checkImage(png(3, 3, { extra: [chunk('tEXt', Buffer.from(`Comment\0${secret}`)), chunk('eXIf', Buffer.from(secret))], tail: Buffer.from(`PK<script>${secret}</script>`) }))
    expect(found.ok && found.image.body.includes(secret)).toBe(false)
    expect(found.ok && found.image.body.equals(png(3, 3))).toBe(true)
    expect(progressive.includes('secret place')).toBe(true)
    const cleaned = checkImage(progressive)
    expect(cleaned.ok && cleaned.image.body.includes('secret place')).toBe(false)
    // Which way up it is stays: without it the picture would lie on its side.
    expect(cleaned.ok && cleaned.image.body.includes(Buffer.from([1, 18, 0, 3, 0, 0, 0, 1, 0, 6]))).toBe(true)
  })
})

describe('the store of images', () => {
  let t: TestDb
  let a: number
  let b: number
  beforeAll(async () => {
    t = await openTestDb()
    ;[a, b] = [await makeTenant(t, 'media-a'), await makeTenant(t, 'media-b')]
  })
  afterAll(() => t.close())
  const add = (tenantId: number, bytes: Buffer, source = '自己拍的') => t.app(tenantId, (tx) => addMedia(tx, tenantId, { bytes, source, licence: 'CC BY 4.0', addedBy: 'staff:me' }, start))

  test('an image is named by what it is, kept once, and belongs to one merchant', async () => {
    const row = await add(a, png(5, 5))
    expect(row).toMatchObject({ contentType: 'image/png', width: 5, height: 5, source: '自己拍的', licence: 'CC BY 4.0' })
    expect((await add(a, png(5, 5, { tail: Buffer.from('x') }), '别处')).sha256).toBe(row.sha256)
    expect((await t.app(a, (tx) => findMedia(tx, a, [row.sha256]))).get(row.sha256)?.source).toBe('自己拍的')
    expect(await t.app(b, (tx) => readMedia(tx, b, row.sha256))).toBeUndefined()
    expect((await t.app(a, (tx) => readMedia(tx, a, row.sha256)))?.body.equals(png(5, 5))).toBe(true)
  })

  test('without a source it is not taken; a refusal says what was found and what to do', async () => {
    await expect(add(a, png(6, 6), '  ')).rejects.toMatchObject({ code: 'media/no-source' })
    await expect(add(a, Buffer.from('<svg/>'))).rejects.toMatchObject({ code: 'media/not-usable', zh: '这张图没有收下：它是 SVG，里面可以藏脚本。换成 JPEG、PNG 或 GIF 再传' })
  })

  test('a blocked image is not served, and served again when it is unblocked', async () => {
    const { sha256 } = await add(a, png(7, 7))
    await t.app(a, (tx) => blockMedia(tx, a, sha256, start))
    expect(await t.app(a, (tx) => readMedia(tx, a, sha256))).toBeUndefined()
    await t.app(a, (tx) => blockMedia(tx, a, sha256, null))
    expect(await t.app(a, (tx) => readMedia(tx, a, sha256))).toBeDefined()
  })
})
