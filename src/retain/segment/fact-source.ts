/**
 * FactSource (事实来源): fields that a segment may ask about. Declared by the segment builder; other stages give theirs (pressure, dose arm, value
 * class, …) in `stages.ts`. A field is an SQL expression about one candidate, `p.person_id`. `p.tenant_id` stands for the tenant (`$1`), `:now` for the
 * instant of the question (`$2`, bigint milliseconds). Every table or view in it must be tied to the tenant.
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
