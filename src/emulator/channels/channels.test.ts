import { expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import type { WeixinAccount } from '../core/account.ts'
import { createEmulator } from '../core/emulator.ts'
import { shopLine } from '../shop/index.ts'
import { channelsLine } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')

async function open() {
  const emulator = createEmulator({ modules: [shopLine, channelsLine], seed: 'channels', start, clock: { kind: 'queue' }, wireClock: manualClock(start), send: async () => ({ status: 200, body: '' }) })
  const post = async (path: string, body: unknown) => JSON.parse((await emulator.handle({ method: 'POST', url: path, headers: {}, body: Buffer.from(JSON.stringify(body)), ip: '' })).body.toString()) as any
  const api = async (kind: 'shop' | 'channels', path: string, body: unknown = {}) => {
    const account = emulator.namespace().accounts.find((item): item is WeixinAccount => item.kind === kind)!
    const { access_token: token } = await post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: account.id, secret: account.secret })
    return post(`/channels/${path}?access_token=${token}`, body)
  }
  const act = (name: string, args: unknown): Promise<any> => emulator.act('main', name, args)
  return { emulator, api, act }
}

test('a live room shows its orders on the dashboard at once, in blocks that are JSON texts, and in the compass the day after', async () => {
  const { emulator, api, act } = await open()
  const { products } = await act('shop.addProducts', { products: [{ title: '茶', skus: [{ priceFen: 8_800, stock: 10 }] }] })
  const { exportId } = await act('channels.startLive', { title: '春茶' })
  await act('channels.watchLive', { exportId, audience: 100, follows: 7 })
  const { orderId } = await act('shop.placeOrder', { person: 'a', lines: [{ productId: products[0].productId, skuId: products[0].skus[0].skuId, count: 1 }], scene: 2, liveId: exportId })
  await act('shop.pay', { orderId })
  expect((await api('channels', 'livedashboard/getlivelist', { ds: 20260301 })).live_items).toEqual([{ export_id: exportId, create_time: start / 1_000 }])
  const data = await api('channels', 'livedashboard/getlivedata', { export_id: exportId })
  expect(JSON.parse(data.live_ec_data_summary)).toMatchObject({ total_gmv: 8_800, total_pay_pv: 1, total_pay_uv: 1, cumulative_audience_count: 100 })
  expect((await api('shop', 'ec/compass/shop/overall/get', { ds: '20260301' })).errcode).toBe(10021069)
  await emulator.advanceTo(start + 86_400_000)
  expect((await api('shop', 'ec/compass/shop/overall/get', { ds: '20260301' })).data).toMatchObject({ pay_gmv: '8800', live_pay_gmv: '8800', pay_order_cnt: '1' })
  expect((await api('channels', 'ec/compass/finder/overall/get', { ds: 20260301 })).data).toMatchObject({ pay_gmv: 8_800, live_pay_gmv: 8_800 })
  expect((await api('shop', 'livedashboard/getlivelist', { ds: 20260301 })).errcode).toBe(48001)
})

test('leads are read by component or by request, without any identity', async () => {
  const { api, act } = await open()
  const lead = await act('channels.submitLead', { data: [{ title: '手机', value: '13800000000' }] })
  const components = await api('channels', 'leads/get_leads_component_id')
  expect(components.item).toMatchObject([{ leads_component_id: lead.componentId, status: 4 }])
  const byComponent = await api('channels', 'leads/get_leads_info_by_component_id', { leads_component_id: lead.componentId, start_time: start / 1_000 - 1, end_time: start / 1_000 + 1, version: 1 })
  expect(byComponent.user_data[0].leads_data).toEqual([{ title: '手机', value: '13800000000' }])
  expect((await api('channels', 'leads/get_leads_info_by_request_id', { request_id: lead.requestId })).user_data.length).toBe(1)
  expect(JSON.stringify(byComponent)).not.toContain('openid')
})
