import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanHtml, cleanMarkdown, safeLink } from './index.ts'

/** What may never be in what is shown, whatever was sent. */
const dangerous = /<(?:script|style|iframe|object|embed|svg|math|img|form|input|link|meta|base|template|video|audio|textarea)[\s>/]|\son\w+\s*=|javascript:|vbscript:|data:|srcdoc|style\s*=|<[^>]*expression\(/i
const allowed = /^(?:[^<]|<\/?(?:p|h2|h3|strong|em|u|s|sub|sup|ul|ol|li|blockquote|pre|code|br|hr|table|thead|tbody|tr|th|td)(?: (?:colspan|rowspan)="[1-9]\d?")*>|<a href="[^"<>]*"(?: rel="nofollow ugc noopener" target="_blank")?>|<\/a>)*$/

const attacks = [
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)>', '<svg><script>alert(1)</script></svg>', '<math><mi xlink:href="data:x,<script>alert(4)</script>">', '<iframe srcdoc="<script>1</script>">', '<a href="javascript:alert(1)">x</a>',
  '<a href=" java\nscript:alert(1)">x</a>', '<a href="JaVaScRiPt:alert(1)">x</a>', '<a href="&#106;avascript:alert(1)">x</a>', '<a href="data:text/html,<script>1</script>">x</a>', '<a href="//evil.example/x">x</a>', '<a href="https://user:pw@evil.example">x</a>',
  '<p style="background:url(javascript:alert(1))">x</p>', '<p onclick="alert(1)">x</p>', '<style>@import "x"</style>', '<link rel=stylesheet href=x>', '<base href="https://evil.example/">', '<form action=x><input autofocus onfocus=alert(1)></form>', '<textarea></textarea><img src=x onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<!--><img src=x onerror=alert(1)>-->', '<![CDATA[<img src=x onerror=alert(1)>]]>', '<p><a title="</p><script>alert(1)</script>">x', '<<script>script>alert(1)</script>', '<scr<script>ipt>alert(1)</scr</script>ipt>', '<object data=x>', '<embed src=x>',
  '<video><source onerror=alert(1)>', '<details open ontoggle=alert(1)>', '<template><script>1</script></template>', '<table><td background="javascript:alert(1)">', '<a href="https://x.example" onmouseover="alert(1)">x</a>', '<p>\u202egnp.exe</p>', '<xmp><script>alert(1)</script></xmp>', '<a href="https://x.example/&quot;onmouseover=&quot;alert(1)">x</a>',
]

describe('cleaning', () => {
  test.each(attacks)('%s leaves nothing that runs', (attack) => {
    for (const { html, links } of [cleanHtml(attack), cleanHtml(`<p>a${attack}b</p>`), cleanHtml(`<ul><li>${attack}</ul>`), cleanMarkdown(`x ${attack}`)]) {
      expect(html).not.toMatch(dangerous)
      expect(html).toMatch(allowed)
      for (const link of links) expect(link).toMatch(/^(https?:\/\/|\/|#)/)
    }
  })

  test('control: the patterns see what they must not see', () => {
    for (const bad of ['<p onclick="x">', '<script>', '<img src=x>', '<a href="javascript:x">', '<p style="x">']) expect(dangerous.test(bad) || !allowed.test(bad), bad).toBe(true)
    expect(allowed.test('<p>a<br></p><a href="https://x.example/" rel="nofollow ugc noopener" target="_blank">b</a>')).toBe(true)
  })

  test('whatever pieces of markup are put together, what comes out is allowed, and cleaning it again changes nothing', () => {
    const pieces = fc.constantFrom(...attacks, '<p>', '</p>', '<section>', '</section>', '<b>', '</b>', '<i>', '</i>', '<ul>', '<li>', '</li>', '</ul>', '<h1>', '</h1>', '<blockquote>', '</blockquote>', '<table>', '<tr>', '<td>', '</td>', '</table>', '<br>', '<hr>', '<pre>', '</pre>', '字', ' ', '&lt;', '&amp;', '"', "'", '<', '>')
    fc.assert(fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const { html } = cleanHtml(parts.join(''))
      expect(html).toMatch(allowed)
      expect(html).not.toMatch(dangerous)
      const again = cleanHtml(html).html
      expect(cleanHtml(again).html).toBe(again)
      expect(again).toMatch(allowed)
    }), { numRuns: 400 })
  })

  test('paste from the WeChat editor: sections are paragraphs, weight is bold, nothing else of the style stays', () => {
    const paste = '<section style="margin:0;" data-tools="135"><section style="text-align:center;"><span style="font-size:18px;font-weight: bold;color:red">一、选品</span></section><section><p><span style="font-size:15px;">先看复购，<strong>再看毛利</strong>。</span></p></section><section><img class="rich_pages" data-src="https://mmbiz.qpic.cn/x" src="x"></section></section>'
    expect(cleanHtml(paste)).toMatchObject({ html: '<p><strong>一、选品</strong></p><p>先看复购，<strong>再看毛利</strong>。</p>', text: '一、选品\n先看复购，再看毛利。', dropped: [{ what: 'image', count: 1 }] })
  })

  test('paste from Word: lists are lists, bullets and office marks are gone', () => {
    const word = `<html xmlns:o="urn:x"><head><style>p.MsoNormal{}</style></head><body><p class=MsoNormal><b><span lang=EN-US>Plan</span></b><o:p></o:p></p>
      <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>第一件<o:p></o:p></p>
      <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>第二件</p><p class=MsoNormal>完<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]--></p></body></html>`
    expect(cleanHtml(word).html).toBe('<p><strong>Plan</strong></p><ul><li>第一件</li><li>第二件</li></ul><p>完</p>')
  })

  test('Markdown with HTML in it is Markdown, and the HTML is cleaned', () => {
    expect(cleanMarkdown('# 题\n\n正文 **重点** <b onclick=x>粗</b>\n\n- 一\n- 二\n\n[站](https://a.example)').html).toBe('<h2>题</h2><p>正文 <strong>重点</strong> <strong>粗</strong></p><ul><li>一</li><li>二</li></ul><p><a href="https://a.example/" rel="nofollow ugc noopener" target="_blank">站</a></p>')
  })

  test('a huge paste is cleaned in time', () => {
    const paste = '<p class=MsoNormal style="mso-x:1;font-family:宋体"><span lang=EN-US>段落文字 </span><o:p></o:p></p>'.repeat(8_000)
    expect(cleanHtml(paste).html.length).toBe('<p>段落文字 </p>'.length * 8_000)
  })

  test.each([['https://a.example/x?y=1', true], ['http://a.example', true], ['/c/tea/a/abc', true], ['#part-2', true], ['//a.example', false], ['javascript:1', false], ['mailto:a@b.example', false], ['tel:1', false], ['ftp://a', false], ['\\\\a', false], ['', false]])('a link to %s: %s', (href, ok) => {
    expect(safeLink(href) !== undefined).toBe(ok)
  })
})
