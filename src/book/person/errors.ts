import { defineErrors } from '../../kernel/errors.ts'

export const personFault = defineErrors({
  'person/not-found': { status: 404, zh: '没有找到这个人（{personId}）。可能已按要求删除，或属于别的商家。', en: 'there is no person {personId}; erased on request, or of another merchant' },
  'person/merge-gone': { status: 409, zh: '这次合并（{mergeId}）已经撤销过了。', en: 'the merge {mergeId} has been undone already' },
})
