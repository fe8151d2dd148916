import { expect, test } from 'vitest'
import { backfillJobs } from './backfills.ts'

const kinds = (line: string, on: boolean): string[] => backfillJobs(line, 'c-1', 5_000, 1_000, () => on).map((job) => job.kind).sort()

test('every line whose callbacks can be lost has a job of its own per account', () => {
  expect(kinds('wecom', true)).toEqual(['wecom.contact.backfill', 'wecom.tag.sync'])
  expect(kinds('shop', false)).toEqual(['shop.backfill'])
  expect(kinds('shop', true).length).toBe(3)
  expect(kinds('pay', true)).toEqual(['pay.statement'])
})

test('a Shop is compared from the moment it was connected; the first look is when the caller says', () => {
  expect(backfillJobs('shop', 'c-1', 5_000, 1_000, () => false)).toEqual([{ kind: 'shop.backfill', key: 'c-1', dueAt: 5_000, state: { connectionId: 'c-1', doneUpTo: 999 } }])
})
