import { describe, expect, test } from 'vitest'
import { start, world, wang } from './fixtures/world.ts'

describe('acquisition links', () => {
  test('the channel comes back as state, each customer uses a unit, and an empty quota closes the links', async () => {
    const { act, call, emulator, events } = await world()
    const { link } = await call('externalcontact/customer_acquisition/create_link', { link_name: '直播间', range: { user_list: [wang] } })
    expect(link.url).toBe(`https://work.weixin.qq.com/ca/${link.link_id}`)
    const added = await act('addContact', { person: 'p-1', link_id: link.link_id, customer_channel: 'room-7' })
    expect(added).toMatchObject({ added: true, state: 'room-7' })
    await act('clickLink', { link_id: link.link_id })
    const spoke = await act('chat', { userid: wang, person: 'p-1', from: 'customer' })
    expect((await call('externalcontact/customer_acquisition/customer', { link_id: link.link_id, limit: 10 })).customer_list).toEqual([
      { external_userid: added.external_userid, userid: wang, chat_status: 1, state: 'room-7' },
    ])
    expect(await call('externalcontact/customer_acquisition/get_chat_info', { chat_key: spoke.chat_key })).toMatchObject({
      userid: wang,
      chat_info: { recv_msg_cnt: 1, link_id: link.link_id, state: 'room-7' },
    })
    const quota = await call('externalcontact/customer_acquisition_quota')
    expect(quota).toMatchObject({ total: 1000, balance: 999 })
    expect(await call('externalcontact/customer_acquisition_quota', {})).toEqual(quota)
    expect(
      await call('externalcontact/customer_acquisition/statistic', { link_id: link.link_id, start_time: start / 1000, end_time: start / 1000 }),
    ).toMatchObject({ click_link_customer_cnt: 2, new_customer_cnt: 1 })
    expect(
      await call(`externalcontact/customer_acquisition/statistic?link_id=${link.link_id}&start_time=${start / 1000}&end_time=${start / 1000}`),
    ).toMatchObject({ click_link_customer_cnt: 2 })
    for (let n = 2; n <= 1000; n++) await act('addContact', { person: `p-${n}`, link_id: link.link_id })
    expect(await act('addContact', { person: 'p-late', link_id: link.link_id })).toMatchObject({ added: false, reason: 'link-unavailable' })
    await emulator.pump()
    expect(events.filter(({ Event }) => Event === 'customer_acquisition').map(({ ChangeType }) => ChangeType)).toEqual([
      'customer_start_chat',
      'balance_low',
      'balance_exhausted',
      'link_unavailable',
    ])
    expect((await call('externalcontact/customer_acquisition/get', { link_id: 'no' })).errcode).toBe(40058)
  })
})
