import { describe, expect, test } from 'vitest'
import { start, day, type Json, world, wang, li } from './fixtures/world.ts'

describe('transfers', () => {
  test('a customer passes to the colleague after 24 hours, with a deletion that says so and no welcome code', async () => {
    const { add, call, events, after, use } = await world()
    const { external_userid } = await add('p-1')
    const sides = { handover_userid: wang, takeover_userid: li }
    const begin = await call('externalcontact/transfer_customer', {
      ...sides,
      external_userid: [external_userid, 'wmNo'],
      transfer_success_msg: '以后由小李',
    })
    expect(begin.customer).toEqual([
      { external_userid, errcode: 0 },
      { external_userid: 'wmNo', errcode: 40096 },
    ])
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 40129 },
    ])
    expect((await call('externalcontact/transfer_result', sides)).customer).toMatchObject([{ status: 2 }])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_result', sides)).customer).toEqual([
      { external_userid, status: 1, takeover_time: (start + day) / 1000 },
    ])
    expect(events.slice(1)).toMatchObject([
      { ChangeType: 'del_external_contact', UserID: wang, Source: 'DELETE_BY_TRANSFER' },
      { ChangeType: 'add_external_contact', UserID: li },
    ])
    expect(events[2].WelcomeCode).toBeUndefined()
    expect((await call(`externalcontact/get?external_userid=${external_userid}`)).follow_user).toMatchObject([{ userid: li, add_way: 202 }])
    expect(
      (await call('externalcontact/transfer_customer', { handover_userid: li, takeover_userid: li, external_userid: [external_userid] })).errcode,
    ).toBe(40130)
    expect(
      (await call('externalcontact/transfer_customer', { handover_userid: li, takeover_userid: wang, external_userid: [external_userid] })).customer,
    ).toEqual([{ external_userid, errcode: 0 }])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 40128 },
    ])
  })

  test('a refusal and a full successor fail with their reasons', async () => {
    const { add, act, call, events, after, use } = await world()
    const one = await add('p-1')
    const two = await add('p-2')
    const sides = { handover_userid: wang, takeover_userid: li }
    await call('externalcontact/transfer_customer', { ...sides, external_userid: [one.external_userid, two.external_userid] })
    await act('refuseTransfer', { external_userid: one.external_userid, takeover_userid: li })
    await act('configure', { contactMax: 1 })
    await add('p-3', li)
    await after(day)
    await use('contact')
    expect((await call('externalcontact/transfer_result', sides)).customer.map((row: Json) => row.status)).toEqual([3, 4])
    expect(events.filter(({ ChangeType }) => ChangeType === 'transfer_fail').map(({ FailReason, UserID }) => [FailReason, UserID])).toEqual([
      ['customer_refused', li],
      ['customer_limit_exceed', li],
    ])
    // Control: both stay with the first member.
    expect((await call(`externalcontact/list?userid=${wang}`)).external_userid).toHaveLength(2)
  })

  test('customers of somebody who left wait in the unassigned list and are handed over by the resigned endpoint only', async () => {
    const { add, act, call, after, use } = await world()
    const { external_userid } = await add('p-1')
    const sides = { handover_userid: wang, takeover_userid: li }
    expect((await call('externalcontact/resigned/transfer_customer', { ...sides, external_userid: [external_userid] })).errcode).toBe(40097)
    await act('resign', { userid: wang })
    expect(await call('externalcontact/get_unassigned_list', { page_size: 100 })).toMatchObject({
      info: [{ handover_userid: wang, external_userid }],
      is_last: true,
    })
    expect((await call('externalcontact/transfer_customer', { ...sides, external_userid: [external_userid] })).errcode).toBe(60111)
    expect((await call('externalcontact/resigned/transfer_customer', { ...sides, external_userid: [external_userid] })).customer).toEqual([
      { external_userid, errcode: 0 },
    ])
    await after(day)
    await use('contact')
    expect((await call('externalcontact/resigned/transfer_result', sides)).customer).toMatchObject([{ external_userid, status: 1 }])
    expect((await call('externalcontact/get_unassigned_list', {})).info).toEqual([])
    expect((await call(`externalcontact/list?userid=${li}`)).external_userid).toEqual([external_userid])
  })
})
