import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { switchBlock } from '../../kernel/tenancy/index.ts'
import { openTestHouse, type TestHouse } from '../../../tests/setup/test-house.ts'
import { qrModules } from './qr.ts'

describe('pages of the community', () => {
  let t: TestHouse
  let app: FastifyInstance
  let tenantId = 0
  beforeAll(async () => {
    t = await openTestHouse()
    tenantId = await t.merchant('tea', 'main')
    await t.merchant('off')
    await t.app(tenantId, async (tx) => {
      for (const block of ['community', 'points']) await switchBlock(tx, tenantId, block, true, t.clock.now())
    })
    await t.house.refresh()
    app = await t.server()
  })
  afterAll(() => t?.close())

  const paths = ['', '?order=popular', '?order=rated', '?order=friends', '?q=茶', '/login', '/shop', '/convention', '/courses', '/phone', '/feedback', '/feedback?kind=copyright', '/transparency', '/sitemap.xml', '/feed.xml']
  test.each(paths)('GET /c/tea%s answers a whole page to somebody who is not signed in', async (path) => {
    const answer = await app.inject({ url: `/c/tea${path}` })
    expect(answer.statusCode, answer.body).toBe(200)
    if (!path.includes('.xml')) expect(answer.body).toContain('</html>')
    expect(answer.body).not.toMatch(/undefined|\[object|NaN/)
  })

  test('pages of one’s own ask to sign in and come back', async () => {
    for (const path of ['/me', '/me/feathers', '/me/codes', '/me/library', '/me/bought', '/me/standing']) {
      const answer = await app.inject({ url: `/c/tea${path}` })
      expect([answer.statusCode, answer.headers.location]).toEqual([303, `/c/tea/login?back=${encodeURIComponent(`/c/tea${path}`)}`])
    }
  })

  test('English is one switch away, and what is not there is said in both', async () => {
    expect((await app.inject({ url: '/c/tea?lang=en' })).body).toContain('Newest')
    const lost = await app.inject({ url: '/c/tea/a/nowhere?lang=en' })
    expect(lost.statusCode).toBe(404)
    expect(lost.body).toContain('There is nothing here')
    expect((await app.inject({ url: '/c/off' })).statusCode).toBe(404)
  })
})

test('a QR code has its three finders, and its size follows the length of the address', () => {
  for (const [length, size] of [[10, 21], [60, 33], [200, 57]]) {
    const rows = qrModules('https://shop.example/c/tea/s/'.repeat(10).slice(0, length))
    expect(rows).toHaveLength(size)
    for (const [r, c] of [[0, 0], [0, size - 7], [size - 7, 0]]) expect(rows.slice(r, r + 7).map((row) => row.slice(c, c + 7).map(Number).join(''))).toEqual(['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'])
  }
})
