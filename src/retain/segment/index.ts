/**
 * Segments (人群包): one builder for every choice of people. Rules are data; fields come from fact sources, the house's own and those of other stages.
 *
 * Owns: segment.  Reads: v_contact, v_follow, v_follow_tag, v_order, v_merged, v_message, v_points.  Asks: FactSource.
 */
export type { FactSource, SegmentField } from './fact-source.ts'
export { houseFacts } from './house-facts.ts'
export { compileRule, fieldsOf, ruleSchema, operators, type Rule, type Condition, type Operator } from './rules.ts'
export { countSegment, deleteSegment, listSegment, listSegments, saveSegment, type SegmentRow } from './store.ts'
export { segmentRoutes } from './routes.ts'
