import { defineErrors } from '../../kernel/errors.ts'

export const segmentFault = defineErrors({
  'segment/no-field': { status: 400, zh: '人群里用了不认识的字段「{field}」。请从列表里重新选择。', en: 'the segment asks for a field {field} that is not known; choose one of the list' },
  'segment/no-operator': { status: 400, zh: '字段「{field}」不能用「{op}」比较，可用：{expected}。', en: 'the field {field} cannot be compared by {op}; possible: {expected}' },
  'segment/bad-value': { status: 400, zh: '字段「{field}」的值 {found} 不对，应为 {expected}。', en: 'the field {field} has the value {found}, expected {expected}' },
  'segment/not-found': { status: 404, zh: '没有这个人群（{segmentId}），可能已被删除。', en: 'there is no segment {segmentId}; it may have been deleted' },
})
