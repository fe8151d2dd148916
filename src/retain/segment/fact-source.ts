/**
 * FactSource (事实来源): fields that a segment may ask about. Declared by the segment builder; other stages give theirs (pressure, dose arm, value
 * class, …) in `stages.ts`. A field is an SQL expression over one candidate person: `p.tenant_id` and `p.person_id` are in scope, and `:now` stands
 * for the instant of the question. It must tie every table or view it reads to `p.tenant_id`.
 */
export type FactSource = { name: string; fields: readonly SegmentField[] }

export type SegmentField = {
  /** `<noun>.<field>`, e.g. `orders.count`, `pressure.now`. */
  key: string
  zh: string
  en: string
  /** set: the expression is an array of text; instant: milliseconds. */
  type: 'number' | 'instant' | 'text' | 'boolean' | 'set'
  sql: string
}
