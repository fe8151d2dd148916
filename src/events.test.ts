import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { uuidIds } from './kernel/ids.ts'
import { manualClock } from './kernel/clock.ts'
import { seededRandom } from './kernel/random.ts'
import { events, makeEvent, payloadOf, type EventName } from './events.ts'

const folder = join(import.meta.dirname, '../docs/events')
const samples = readdirSync(folder).map((file) => {
  const [, name, v] = /^(.+)\.v(\d+)\.json$/.exec(file) ?? []
  return { file, name, v: Number(v), payload: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown> }
})
const source = (folderName: string): string[] => readdirSync(join(import.meta.dirname, folderName), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => readFileSync(join(import.meta.dirname, folderName, file), 'utf8'))
const stages = ['acquire', 'sell', 'retain', 'restrain', 'learn'].flatMap((stage) => {
  try {
    return source(stage)
  } catch {
    return []
  }
}).join('\n')

describe('the catalogue of events', () => {
  test('every event has a sample of each of its versions, and every sample an event', () => {
    for (const [name, row] of Object.entries(events)) for (let v = 1; v <= row.v; v++) expect(samples.some((one) => one.name === name && one.v === v), `docs/events/${name}.v${v}.json`).toBe(true)
    for (const one of samples) expect(events[one.name as EventName]?.v ?? 0, one.file).toBeGreaterThanOrEqual(one.v)
  })

  test.each(samples.map((one) => [one.file, one] as const))('%s is read', (_file, one) => {
    if (one.v === events[one.name as EventName].v) expect(payloadOf(one.name as EventName, one)).toEqual(one.payload)
  })

  test('control: a payload that lacks a field is not read', () => {
    for (const one of samples) {
      const { [Object.keys(one.payload)[0]]: _gone, ...rest } = one.payload
      expect(() => payloadOf(one.name as EventName, { name: one.name, payload: rest }), one.file).toThrow()
    }
  })

  test('an event that would not be readable is never made', () => {
    const ids = uuidIds(manualClock(1), seededRandom('events'))
    expect(() => makeEvent(ids, 1, 'person.merged', 'person/x', 1, { kept: 'not an id', gone: ids.next() })).toThrow()
    expect(makeEvent(ids, 1, 'person.merged', 'person/x', 1, { kept: ids.next(), gone: ids.next() })).toMatchObject({ name: 'person.merged', v: 1 })
  })

  test('every event is emitted by somebody', () => {
    for (const name of Object.keys(events)) expect(stages.includes(`'${name}'`), name).toBe(true)
  })

  test('no event carries the account of a person: events are kept when the person is erased', () => {
    for (const one of samples) expect(Object.keys(one.payload).filter((key) => /externalUserId|openid|unionid|phone|name$/i.test(key)), one.file).toEqual([])
  })
})
