import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, minute, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import type { PlatformAnswer, Work } from '../../kernel/engine/index.ts'
import { claimCalls, type OutboxCall } from '../../kernel/outbox/index.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { writeSetting } from '../../kernel/tenancy/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { touchesOf } from '../../book/touch/index.ts'
import {
  allowAllSendGate, askToSend, campaignCounts, cancelTask, listMessages, remindTask, sendAsTasks, taskCancelled, taskFind, taskMade, taskPoll, tasksOfCampaign, welcomeFacts, welcomeSent, type GateOutcome, type SendGate, type SendRequest,
} from './index.ts'
import { nextPollAfter, stateOfResult, taskLifeMs } from './message.ts'

let t: TestDb
let tenantId: number
let seed = 0
const work = (now = start): ReturnType<typeof testWork> => testWork(tenantId, now, `outbound-${seed++}`)
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'outbound')
})
afterAll(() => t.close())

/** A gate that keeps what it was asked and told, and refuses whom it is told to. */
function watchingGate(refuse: (request: SendRequest) => boolean = () => false): SendGate & { asked: SendRequest[]; outcomes: GateOutcome[] } {
  const asked: SendRequest[] = []
  const outcomes: GateOutcome[] = []
  return {
    asked, outcomes,
    async ask(tx, at, requests) {
      asked.push(...requests)
      const answers = await allowAllSendGate.ask(tx, at, requests)
      return requests.map((request, n) => (refuse(request) ? { allowed: false, reason: 'over-pressure', clearAt: start + day } : answers[n]))
    },
    opensAt: async () => null,
    settle: async (_tx, _at, told) => void outcomes.push(...told),
  }
}

async function requests(campaign: string, names: readonly string[], staff = 'wang'): Promise<SendRequest[]> {
  const { personIds } = await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, names.map((value) => ({ local: { kind: 'external_userid' as const, scope: 'corp', value }, seenAt: start, evidence: 'test' })), work().ids))
  return names.map((externalUserId, n) => ({ key: `${campaign}/${externalUserId}`, personId: personIds[n], line: 'wecom', purpose: 'broadcast', messageKind: 'sell', campaign, corpId: 'corp', externalUserId, staff }))
}
const counts = async (campaign: string) => (await t.app(tenantId, (tx) => campaignCounts(tx, tenantId, [campaign]))).get(campaign)!
const openCalls = async (): Promise<OutboxCall[]> =>
  (await t.owner.query(`select outbox_id as "outboxId", connection_id as "connectionId", endpoint, request, reply, lane, attempts, due_at::float8 as "dueAt" from outbox where tenant_id = $1 order by due_at, seq`, [tenantId])).rows
const content = { text: '新茶到了' }

async function handedOut(campaign: string, names: readonly string[], gate: SendGate): Promise<{ call: OutboxCall; taskId: string }> {
  const asked = await requests(campaign, names)
  const [taskId] = await t.app(tenantId, async (tx) => {
    const at = work()
    return sendAsTasks(tx, at, { connectionId: connectionA, campaign, content, messages: await askToSend(tx, at, gate, asked) })
  })
  const call = (await openCalls()).find((one) => (one.reply as { taskId?: string } | null)?.taskId === taskId)!
  return { call, taskId }
}
const reply = (gate: SendGate, call: OutboxCall, outcome: PlatformAnswer & { final: boolean }, now = start) => t.app(tenantId, (tx) => taskMade(gate).handle(work(now), tx, call, outcome))
const ok = (result: unknown) => ({ kind: 'ok' as const, result, final: true })

async function poll(gate: SendGate, taskId: string, answers: Record<string, unknown>, now: number, at: Work = work(now)) {
  const handler = taskPoll({
    call: async (_tenant, _connection, endpoint) => (answers[endpoint] === undefined ? { kind: 'refused', retry: 'never', code: '41063', text: 'dispatching' } : { kind: 'ok', result: answers[endpoint] }),
    read: (tenant, read) => t.app(tenant, read),
  }, gate)
  const job = { kind: handler.kind, key: taskId, dueAt: now, state: {}, attempts: 0 }
  const prepared = await handler.prepare!(at, job)
  return t.app(tenantId, (tx) => handler.run(at, tx, job, prepared))
}

describe('the door', () => {
  test('each answer is stored with its message, a refusal with its reason and when it clears, and nothing refused leaves', async () => {
    const gate = watchingGate((request) => request.externalUserId === 'wm-2')
    const { call } = await handedOut('broadcast/door', ['wm-1', 'wm-2', 'wm-3'], gate)
    expect((call.request as { external_userid: string[] }).external_userid).toEqual(['wm-1', 'wm-3'])
    const messages = await t.app(tenantId, (tx) => listMessages(tx, tenantId, { campaign: 'broadcast/door' }, 10))
    expect(messages.find((one) => one.externalUserId === 'wm-2')).toMatchObject({ state: 'refused', gateReason: 'over-pressure', clearAt: start + day, gateId: null, taskId: null })
    expect(messages.filter((one) => one.state === 'queued').every((one) => one.gateId !== null && one.weight === 1 && one.askedAt === start)).toBe(true)
  })

  test('control: with the allow-all gate everybody gets it', async () => {
    const { call } = await handedOut('broadcast/open', ['wm-1', 'wm-2', 'wm-3'], allowAllSendGate)
    expect((call.request as { external_userid: string[] }).external_userid).toHaveLength(3)
  })

  test('a key is asked about once, also when two of the same come together', async () => {
    const gate = watchingGate()
    const asked = await requests('broadcast/once', ['wm-1'])
    expect(await t.app(tenantId, (tx) => askToSend(tx, work(), gate, [...asked, ...asked]))).toHaveLength(1)
    expect(await t.app(tenantId, (tx) => askToSend(tx, work(), gate, asked))).toEqual([])
    expect(gate.asked).toHaveLength(1)
  })

  test('a transaction that fails leaves neither answer nor call', async () => {
    const asked = await requests('broadcast/crash', ['wm-1'])
    await expect(t.app(tenantId, async (tx) => {
      const at = work()
      await sendAsTasks(tx, at, { connectionId: connectionA, campaign: 'broadcast/crash', content, messages: await askToSend(tx, at, allowAllSendGate, asked) })
      throw new Error('crash')
    })).rejects.toThrow('crash')
    expect((await counts('broadcast/crash')).asked).toBe(0)
    expect(await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/crash'))).toEqual([])
  })

  test('one task holds 10,000 contacts at most', async () => {
    const [one] = await requests('broadcast/big', ['wm-big'])
    const at = work()
    const messages = Array.from({ length: 10_001 }, (_, n) => ({
      ...one, externalUserId: `wm-big-${n}`, messageId: at.ids.next(), taskId: null, state: 'queued' as const, gateId: 'g', gateReason: null, clearAt: null, askedAt: start, weight: 1, sentAt: null,
    }))
    await t.app(tenantId, (tx) => sendAsTasks(tx, at, { connectionId: connectionA, campaign: 'broadcast/big', content, messages }))
    expect((await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/big'))).map((task) => task.targets).sort()).toEqual([1, 10_000])
  })
})

describe('what becomes of a task', () => {
  test('only what was really sent is a touch; the gate hears of every message once', async () => {
    const gate = watchingGate()
    const names = ['wm-t1', 'wm-t2', 'wm-t3', 'wm-t4']
    const { call, taskId } = await handedOut('broadcast/results', names, gate)
    await reply(gate, call, ok({ msgid: 'msg-1', fail_list: ['wm-t4'] }))
    expect(await counts('broadcast/results')).toMatchObject({ queued: 3, failed: 1 })
    expect(await poll(gate, taskId, {}, start + minute)).toMatchObject({ dueAt: start + 2 * minute }) // still being dispatched
    const waiting = { 'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status: 0 }] } }
    expect(await poll(gate, taskId, waiting, start + hour)).toMatchObject({ dueAt: start + hour + 30 * minute })
    expect(gate.outcomes).toHaveLength(1)
    const sentAt = start + 90 * minute
    const done = {
      'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status: 2, send_time: sentAt / 1000 }] },
      'wecom.broadcast.results': { send_list: [{ external_userid: 'wm-t1', userid: 'wang', status: 1, send_time: sentAt / 1000 }, { external_userid: 'wm-t2', userid: 'wang', status: 2 }, { external_userid: 'wm-t3', userid: 'wang', status: 3 }] },
    }
    expect(await poll(gate, taskId, done, start + 2 * hour)).toBeNull()
    expect(await counts('broadcast/results')).toMatchObject({ queued: 0, sent: 1, 'not-friend': 1, 'over-cap': 1, failed: 1 })
    const persons = (await requests('x', names)).map((request) => request.personId)
    expect((await t.app(tenantId, (tx) => touchesOf(tx, tenantId, persons, { direction: 'outbound' }))).filter((touch) => touch.reason === 'broadcast/results')).toMatchObject([{ personId: persons[0], occurredAt: sentAt, weight: 1 }])
    expect(gate.outcomes.map((one) => one.outcome).sort()).toEqual(['not-sent', 'not-sent', 'not-sent', 'sent'])
    expect(await poll(gate, taskId, done, start + 3 * hour)).toBeNull() // asked again by mistake: nothing moves
    expect(gate.outcomes).toHaveLength(4)
  })

  test('a refusal gives everything back, when it is final', async () => {
    const gate = watchingGate()
    const { call } = await handedOut('broadcast/failed', ['wm-u1', 'wm-u2'], gate)
    const refused = { kind: 'refused' as const, retry: 'later' as const, code: '45009', text: 'limit' }
    await reply(gate, call, { ...refused, final: false })
    expect(gate.outcomes).toEqual([]) // it will be tried again
    await reply(gate, call, { ...refused, final: true })
    expect(await counts('broadcast/failed')).toMatchObject({ queued: 0, failed: 2 })
    expect(gate.outcomes.map((one) => one.outcome)).toEqual(['not-sent', 'not-sent'])
  })

  describe('without an answer', () => {
    const found = (names: string[], more: { text?: string; userid?: string } = {}) => ({
      'wecom.broadcast.list': { group_msg_list: [{ msgid: `msg-of-${names[0]}`, create_type: 0, create_time: start / 1000, text: { content: more.text ?? '新茶到了' } }] },
      'wecom.broadcast.tasks': { task_list: [{ userid: more.userid ?? 'wang', status: 0 }] },
      'wecom.broadcast.results': { send_list: names.map((external_userid) => ({ external_userid, userid: 'wang', status: 0 })) },
    })
    async function look(gate: SendGate, taskId: string, answers: Record<string, unknown>, looks: number) {
      const at = work(start + hour)
      const handler = taskFind({ call: async (_tenant, _connection, endpoint) => ({ kind: 'ok', result: answers[endpoint] }), read: (tenant, read) => t.app(tenant, read) }, gate)
      const job = { kind: handler.kind, key: taskId, dueAt: start, state: { outboxId: work().ids.next(), looks }, attempts: 0 }
      const prepared = await handler.prepare!(at, job)
      return t.app(tenantId, (tx) => handler.run(at, tx, job, prepared))
    }
    const unanswered = async (name: string) => {
      const gate = watchingGate()
      const { call, taskId } = await handedOut(`broadcast/${name}`, [`wm-${name}`], gate)
      await reply(gate, call, { kind: 'no-answer', text: 'timeout', final: true })
      return { gate, taskId, state: async () => (await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, `broadcast/${name}`)))[0].state, counts: () => counts(`broadcast/${name}`) }
    }

    test('the task is looked for, and goes on when it is found; nothing is given back meanwhile', async () => {
      const one = await unanswered('lost-answer')
      expect(await one.state()).toBe('unknown')
      expect(one.gate.outcomes).toEqual([])
      expect(await look(one.gate, one.taskId, found(['wm-lost-answer']), 0)).toBeNull()
      expect(await one.state()).toBe('waiting')
      expect(await one.counts()).toMatchObject({ queued: 1 })
    })

    test.each([['another text', { text: '别的' }], ['another member', { userid: 'li' }]])('%s is not ours', async (_what, more) => {
      const one = await unanswered(`other-${Object.keys(more)[0]}`)
      expect(await look(one.gate, one.taskId, found([`wm-other-${Object.keys(more)[0]}`], more), 0)).toMatchObject({ state: { looks: 1 } })
      expect(await one.state()).toBe('unknown')
    })

    test('a send to anybody else is not ours, and what is not there after three looks was not made', async () => {
      const one = await unanswered('not-made')
      expect(await look(one.gate, one.taskId, found(['wm-not-made', 'wm-somebody']), 0)).toMatchObject({ state: { looks: 1 } })
      expect(await look(one.gate, one.taskId, { 'wecom.broadcast.list': { group_msg_list: [] } }, 2)).toBeNull()
      expect(await one.state()).toBe('failed')
      expect(await one.counts()).toMatchObject({ queued: 0, failed: 1 })
      expect(one.gate.outcomes.map((outcome) => outcome.outcome)).toEqual(['not-sent'])
    })
  })

  test('cancelling stops who has not sent; who has sent before is counted as sent', async () => {
    for (const [name, status] of [['stopped', 0], ['too-late', 2]] as const) {
      const gate = watchingGate()
      const campaign = `broadcast/cancel-${name}`
      const { call, taskId } = await handedOut(campaign, [`wm-c-${name}`], gate)
      await reply(gate, call, ok({ msgid: `msg-${name}` }))
      const [task] = await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, campaign))
      expect(await t.app(tenantId, (tx) => cancelTask(tx, work(), task))).toBe(true)
      const [cancelling] = await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, campaign))
      expect(await t.app(tenantId, (tx) => cancelTask(tx, work(), cancelling))).toBe(false)
      await t.app(tenantId, (tx) => taskCancelled().handle(work(), tx, { ...call, reply: { taskId } }, ok({})))
      expect(await poll(gate, taskId, {
        'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status, ...(status === 2 ? { send_time: start / 1000 } : {}) }] },
        'wecom.broadcast.results': { send_list: [{ external_userid: `wm-c-${name}`, userid: 'wang', status: 1, send_time: start / 1000 }] },
      }, start + hour)).toBeNull()
      expect(await counts(campaign), name).toMatchObject(status === 0 ? { cancelled: 1, sent: 0 } : { cancelled: 0, sent: 1 })
    }
  })

  describe('cancelling a task that no member has yet', () => {
    const state = async (campaign: string): Promise<string> => (await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, campaign)))[0].state
    const cancel = async (campaign: string): Promise<boolean> => t.app(tenantId, async (tx) => cancelTask(tx, work(), (await tasksOfCampaign(tx, tenantId, campaign))[0]))
    const claim = (): Promise<OutboxCall[]> => t.app(tenantId, (tx) => claimCalls(tx, tenantId, start + 1, minute, 1000))
    const takenBack = async (msgid: string): Promise<number> => (await openCalls()).filter((one) => one.endpoint === 'wecom.broadcast.cancel' && (one.request as { msgid: string }).msgid === msgid).length

    test('while it lies in the outbox it never leaves, and its people are free again; another one leaves (control)', async () => {
      const gate = watchingGate()
      const { taskId } = await handedOut('broadcast/in-outbox', ['wm-o1', 'wm-o2'], gate)
      const control = await handedOut('broadcast/goes-out', ['wm-o3'], gate)
      expect(await cancel('broadcast/in-outbox')).toBe(true)
      expect(await state('broadcast/in-outbox')).toBe('cancelled')
      const claimed = (await claim()).map((one) => (one.reply as { taskId?: string } | null)?.taskId)
      expect([claimed.includes(taskId), claimed.includes(control.taskId)]).toEqual([false, true])
      expect(await poll(gate, taskId, {}, start + minute)).toBeNull()
      expect(await counts('broadcast/in-outbox')).toMatchObject({ queued: 0, cancelled: 2, sent: 0 })
      expect(gate.outcomes.map((one) => one.outcome)).toEqual(['not-sent', 'not-sent'])
      expect(await cancel('broadcast/in-outbox')).toBe(false)
    })

    test('while the call is under way it is taken back as soon as the platform has named it', async () => {
      const gate = watchingGate()
      const { call } = await handedOut('broadcast/under-way', ['wm-u9'], gate)
      await claim()
      expect(await cancel('broadcast/under-way')).toBe(true)
      expect(await state('broadcast/under-way')).toBe('cancelling')
      await reply(gate, call, ok({ msgid: 'msg-under-way' }))
      expect([await state('broadcast/under-way'), await takenBack('msg-under-way')]).toEqual(['cancelling', 1])
    })

    test('while nobody knows whether it was made it is looked for and then taken back, or was never made', async () => {
      for (const there of [true, false]) {
        const gate = watchingGate()
        const name = `unsure-${there}`
        const { call, taskId } = await handedOut(`broadcast/${name}`, [`wm-${name}`], gate)
        await reply(gate, call, { kind: 'no-answer', text: 'timeout', final: true })
        expect(await cancel(`broadcast/${name}`)).toBe(true)
        const answers: Record<string, unknown> = {
          'wecom.broadcast.list': { group_msg_list: there ? [{ msgid: `msg-${name}`, create_type: 0, text: { content: '新茶到了' } }] : [] },
          'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status: 0 }] }, 'wecom.broadcast.results': { send_list: [{ external_userid: `wm-${name}`, userid: 'wang', status: 0 }] },
        }
        const at = work(start + hour)
        const handler = taskFind({ call: async (_tenant, _connection, endpoint) => ({ kind: 'ok', result: answers[endpoint] }), read: (tenant, read) => t.app(tenant, read) }, gate)
        const job = { kind: handler.kind, key: taskId, dueAt: start, state: { outboxId: work().ids.next(), looks: 2 }, attempts: 0 }
        const prepared = await handler.prepare!(at, job)
        await t.app(tenantId, (tx) => handler.run(at, tx, job, prepared))
        expect([await state(`broadcast/${name}`), await takenBack(`msg-${name}`)]).toEqual(there ? ['cancelling', 1] : ['cancelled', 0])
        expect(await counts(`broadcast/${name}`)).toMatchObject(there ? { queued: 1 } : { queued: 0, cancelled: 1 })
      }
    })
  })

  test('a task that nobody confirms in six days is taken back', async () => {
    const gate = watchingGate()
    const { call, taskId } = await handedOut('broadcast/week', ['wm-w'], gate)
    await reply(gate, call, ok({ msgid: 'msg-week' }))
    const waiting = { 'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status: 0 }] } }
    await poll(gate, taskId, waiting, start + taskLifeMs - 1)
    expect((await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/week')))[0].state).toBe('waiting')
    await poll(gate, taskId, waiting, start + taskLifeMs)
    expect((await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/week')))[0].state).toBe('cancelling')
    expect((await openCalls()).filter((one) => one.endpoint === 'wecom.broadcast.cancel' && (one.request as { msgid: string }).msgid === 'msg-week')).toHaveLength(1)
  })

  test('a task that nobody sends has given back its place before the same hour of the next week', async () => {
    const gate = watchingGate()
    const { call, taskId } = await handedOut('broadcast/weekly', ['wm-weekly'], gate)
    await reply(gate, call, ok({ msgid: 'msg-weekly' }))
    const waiting = { 'wecom.broadcast.tasks': { task_list: [{ userid: 'wang', status: 0 }] } }
    const stateNow = async (): Promise<string> => (await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/weekly')))[0].state
    let at = start + nextPollAfter(0)
    while ((await stateNow()) === 'waiting' && at < start + 8 * day) at = ((await poll(gate, taskId, waiting, at)) as { dueAt: number }).dueAt
    // The cancelling is answered and looked at as late as the next look is due: what a busy house may need.
    expect(at).toBeLessThan(start + 7 * day - 8 * hour)
    await t.app(tenantId, (tx) => taskCancelled().handle(work(), tx, { ...call, reply: { taskId } }, ok({})))
    expect(await poll(gate, taskId, waiting, at)).toBeNull()
    expect(await counts('broadcast/weekly')).toMatchObject({ cancelled: 1, queued: 0 })
    expect(gate.outcomes.map(({ outcome }) => outcome)).toEqual(['not-sent'])
  })

  test('three reminders a task, no more', async () => {
    const { call } = await handedOut('broadcast/remind', ['wm-r'], allowAllSendGate)
    await reply(allowAllSendGate, call, ok({ msgid: 'msg-remind' }))
    const reminded: boolean[] = []
    for (let n = 0; n < 4; n++) {
      const [task] = await t.app(tenantId, (tx) => tasksOfCampaign(tx, tenantId, 'broadcast/remind'))
      reminded.push(await t.app(tenantId, (tx) => remindTask(tx, work(), task)))
    }
    expect(reminded).toEqual([true, true, true, false])
  })

  test('results and the pace of asking', () => {
    expect([0, 1, 2, 3].map(stateOfResult)).toEqual(['missed', 'sent', 'not-friend', 'over-cap'])
    expect([0, 3 * hour, 3 * day].map(nextPollAfter)).toEqual([15 * minute, 90 * minute, 6 * hour])
  })
})

describe('the welcome', () => {
  const platform = {
    call: async (): Promise<PlatformAnswer> => ({ kind: 'no-answer', text: 'not called' }), accountOf: () => 'corp', blockOn: () => true, seal: createSeal(Buffer.alloc(32, 1), seededRandom('seal')), random: seededRandom('welcome'),
  }
  const fact = (external: string, code: string | undefined, at: number, state = '') => ({
    connectionId: connectionA, digest: `${external}/${code ?? ''}`, event: 'change_external_contact/add_external_contact', receivedAt: at, attempts: 0, line: 'wecom',
    message: JSON.stringify({ Event: 'change_external_contact', ChangeType: 'add_external_contact', UserID: 'wang', ExternalUserID: external, CreateTime: String(Math.floor(at / 1000)), State: state, ...(code === undefined ? {} : { WelcomeCode: code }) }),
  })
  const texts = async (_tx: unknown, _tenant: number, _corp: string, states: readonly string[]) => new Map(states.filter((state) => state === 'q-own').map((state) => [state, '门店的朋友']))
  const hear = (gate: SendGate, now: number, ...facts: Array<ReturnType<typeof fact>>) => t.app(tenantId, (tx) => welcomeFacts(platform, gate, texts).handle(work(now), tx, facts))
  const calls = async (code: string) => (await openCalls()).filter((one) => one.endpoint === 'wecom.welcome.send' && (one.request as { welcome_code: string }).welcome_code === code)

  test('without a text nobody is welcomed', async () => {
    await hear(allowAllSendGate, start, fact('wm-none', 'code-none', start))
    expect(await calls('code-none')).toEqual([])
  })

  test('a code is answered once, by the code\'s own text or the general one, ahead of what waits', async () => {
    await t.app(tenantId, (tx) => writeSetting(tx, tenantId, 'welcome.text', '你好', start))
    await hear(allowAllSendGate, start, fact('wm-a', 'code-a', start), fact('wm-b', 'code-b', start, 'q-own'), fact('wm-c', undefined, start))
    await hear(allowAllSendGate, start, fact('wm-a', 'code-a', start))
    expect((await calls('code-a')).map((call) => (call.request as { text: { content: string } }).text.content)).toEqual(['你好'])
    expect((await calls('code-b')).map((call) => (call.request as { text: { content: string } }).text.content)).toEqual(['门店的朋友'])
    expect((await openCalls())[0].endpoint).toBe('wecom.welcome.send')
  })

  test('a code that is 20 seconds old is not even tried', async () => {
    const gate = watchingGate()
    await hear(gate, start + 21_000, fact('wm-late', 'code-late', start), fact('wm-soon', 'code-soon', start + 2_000))
    expect([await calls('code-late'), await calls('code-soon')].map((found) => found.length)).toEqual([0, 1])
    expect(gate.outcomes.map((one) => one.outcome)).toEqual(['not-sent'])
  })

  test('the gate may say no to a welcome too', async () => {
    await hear(watchingGate(() => true), start, fact('wm-no', 'code-no', start))
    expect(await calls('code-no')).toEqual([])
  })

  test('too late for the platform is missed; sent is a touch', async () => {
    await hear(allowAllSendGate, start, fact('wm-x', 'code-x', start), fact('wm-y', 'code-y', start))
    const [[x], [y]] = [await calls('code-x'), await calls('code-y')]
    await t.app(tenantId, (tx) => welcomeSent(allowAllSendGate).handle(work(), tx, x, { kind: 'refused', retry: 'never', code: '41050', text: 'expired', final: true }))
    await t.app(tenantId, (tx) => welcomeSent(allowAllSendGate).handle(work(), tx, y, ok({})))
    const messages = await t.app(tenantId, (tx) => listMessages(tx, tenantId, { campaign: 'welcome' }, 50))
    expect(['wm-x', 'wm-y'].map((name) => messages.find((one) => one.externalUserId === name)!.state)).toEqual(['missed', 'sent'])
    const persons = ['wm-x', 'wm-y'].map((name) => messages.find((one) => one.externalUserId === name)!.personId)
    expect((await t.app(tenantId, (tx) => touchesOf(tx, tenantId, persons, { direction: 'outbound' }))).map((touch) => [touch.personId, touch.kind])).toEqual([[persons[1], 'message.welcome']])
  })
})
