import { expect, test } from 'vitest'
import { readXml } from '../../codec/xml.ts'
import { changeExternalChat, changeExternalContact, contactGet, eventSamples, wecomRows } from './index.ts'

test('row names are unique, and so are method and path together', () => {
  expect(new Set(wecomRows.map((row) => row.name)).size).toBe(wecomRows.length)
  expect(new Set(wecomRows.map((row) => `${row.method} ${row.path}`)).size).toBe(wecomRows.length)
})

test('each sample is accepted by its own schema', () => {
  for (const row of wecomRows) {
    if (row.sample?.request !== undefined) expect(row.request.safeParse(row.sample.request).error, `${row.name} request`).toBeUndefined()
    if (row.sample?.response !== undefined) expect(row.response.safeParse(row.sample.response).error, `${row.name} response`).toBeUndefined()
    expect(row.verified, row.name).toBe(row.sample ? 'sample' : 'reading')
  }
})

test('a probe names another row of the line', () => {
  const names = new Set(wecomRows.map((row) => row.name))
  for (const { repeat } of wecomRows) if (typeof repeat === 'object' && 'probe' in repeat) expect(names).toContain(repeat.probe)
})

test('event samples read as their schemas', () => {
  expect(changeExternalContact.parse(readXml(eventSamples.add)).WelcomeCode).toBe('WELCOMECODE')
  expect(changeExternalChat.parse(readXml(eventSamples.chat)).MemChangeList).toEqual({ Item: 'wmQingzhou00000000000000000000AA' })
})

test('control: an answer without external_contact is refused by the schema', () => {
  expect(contactGet.response.safeParse({ errcode: 0, errmsg: 'ok', follow_user: [] }).success).toBe(false)
})
