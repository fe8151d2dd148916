import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BareNumber, canonicalJson, parseJson, writeJson } from './json.ts'

describe('reading', () => {
  test('an id beyond 2^53 keeps every digit, as text; other numbers stay numbers', () => {
    expect(parseJson('{"order_id":3705115058471208928,"n":12,"x":-1.5,"e":1e3}')).toEqual({ order_id: '3705115058471208928', n: 12, x: -1.5, e: 1000 })
    expect(parseJson('[9007199254740991,9007199254740992,-9007199254740993]')).toEqual([9007199254740991, '9007199254740992', '-9007199254740993'])
    expect(parseJson('3705115058471208928')).toBe('3705115058471208928')
    expect(parseJson('{"text":"id 3705115058471208928, as text"}')).toEqual({ text: 'id 3705115058471208928, as text' })
  })
  test('control: the plain reader loses digits', () => expect(String(JSON.parse('3705115058471208928'))).not.toBe('3705115058471208928'))

  test('any 64-bit id survives, wherever it stands and however it is spaced', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom('', ' ', '\n\t'), (id, space) => {
      expect(String((parseJson(`{"a":[{"id":${space}${id}}]}`) as { a: [{ id: unknown }] }).a[0].id)).toBe(String(id))
    }))
  })
  test('text that is no JSON is refused', () => expect(() => parseJson('{"a":')).toThrow())
})

describe('writing', () => {
  test('a bare number comes out as digits, and nothing else can be one', () => {
    expect(writeJson({ id: new BareNumber('3705115058471208928'), text: '3705115058471208928' })).toBe('{"id":3705115058471208928,"text":"3705115058471208928"}')
    expect(() => new BareNumber('1; drop')).toThrow(/needs digits/)
  })
  test('canonical text depends on the value, not on the order of keys', () => {
    expect(canonicalJson({ b: 1, a: [{ d: undefined, c: '二' }, null] })).toBe('{"a":[{"c":"二"},null],"b":1}')
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse())
      expect(canonicalJson(turned)).toBe(canonicalJson(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }))
  })
})
