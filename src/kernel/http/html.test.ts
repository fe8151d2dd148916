import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html, joined, jsonBlock, safeUrl, trusted } from './html.ts'

describe('pages escape what people wrote', () => {
  test('between tags, in attributes, in lists; markup of ours stays', () => {
    const name = `<img src=x onerror="a('b')">\``
    expect(html`<p title="${name}">${name}</p>`.text).toBe('<p title="&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&#96;">&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&#96;</p>')
    expect(html`<ul>${[html`<li>${'<b>'}</li>`, false, null, undefined, 7]}</ul>`.text).toBe('<ul><li>&lt;b&gt;</li>7</ul>')
    expect(joined(['a<', false, html`<i>b</i>`], ' · ').text).toBe('a&lt; · <i>b</i>')
  })

  test('control: what is said to be trusted passes as it is', () => expect(html`<p>${trusted('<b>x</b>')}</p>`.text).toBe('<p><b>x</b></p>'))

  test.each([
    ['javascript:alert(1)', '#'], [' java\tscript:alert(1)', '#'], ['JaVaScRiPt:alert(1)', '#'], ['data:text/html,<script>', '#'], ['vbscript:x', '#'], ['//evil.example/x', '#'], ['/\\evil.example', '#'], ['\\\\evil', '#'], ['blob:x', '#'],
    ['https://a.example/?q=1', 'https://a.example/?q=1'], ['/c/tea/a/x', '/c/tea/a/x'], ['#part', '#part'], ['?page=2', '?page=2'], ['mailto:a@b.example', 'mailto:a@b.example'],
  ])('the address %j becomes %j', (address, expected) => {
    expect(safeUrl(address)).toBe(expected)
    expect(html`<a href="${address}">x</a>`.text).toBe(`<a href="${expected}">x</a>`)
  })

  test('an attribute without quotes is a mistake of ours, found when the page is first drawn', () => expect(() => html`<p title=${'x'}>`).toThrow('always quoted'))

  test('data inside a page cannot close its element', () => {
    const block = jsonBlock('application/ld+json', { name: '</script><script>alert(1)</script><!--' }).text
    expect(block.match(/<\/script>/g)).toHaveLength(1)
    expect(JSON.parse(block.slice(block.indexOf('>') + 1, block.lastIndexOf('<')))).toEqual({ name: '</script><script>alert(1)</script><!--' })
  })

  test('no text of anybody opens a tag or leaves its attribute', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '`', 'a', ' ', '/', '=', '\u0000', '{', 'x') }), (text) => {
      const page = html`<p title="${text}">${text}</p>`.text
      expect(page.match(/[<>]/g)).toHaveLength(4)
      expect(page.match(/"/g)).toHaveLength(2)
    }))
  })
})
