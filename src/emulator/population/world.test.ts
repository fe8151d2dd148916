import { describe, expect, it } from 'vitest'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { manualClock } from '../../kernel/clock.ts'
import type { Corp, WeixinAccount } from '../core/account.ts'
import { createEmulator, type Emulator } from '../core/emulator.ts'
import { miniProgramLine } from '../mini-program/line.ts'
import { shopLine, shopState } from '../shop/index.ts'
import { wecomLine } from '../wecom/index.ts'
import { populationModule } from './index.ts'

const start = startOfDay('2026-03-02')
type Totals = Record<string, number>

/** A world whose shop sells three teas, whose people like messages, and who are all contacts. */
async function world(create: Record<string, unknown> = {}): Promise<Emulator> {
  const emulator = createEmulator({
    seed: 'population', modules: [shopLine, miniProgramLine, wecomLine, populationModule], start, clock: { kind: 'queue' }, wireClock: manualClock(start), concurrency: 1, send: async () => ({ status: 200, body: 'success' }),
  })
  await emulator.act('main', 'shop.addProducts', { products: [3200, 5800, 9900].map((priceFen, n) => ({ title: `茶 ${n}`, outProductId: `t${n}`, skus: [{ outSkuId: `t${n}`, skuCode: `T${n}`, priceFen, stock: 90_000 }] })) })
  await emulator.act('main', 'population.create', { preset: 'tea', people: 400, seed: 5, contacts: 1, overrides: { common: { badWeek: 0, diligenceA: 5000, diligenceB: 1 } }, ...create })
  return emulator
}
async function live(emulator: Emulator, from: number, days: number): Promise<void> {
  for (let d = from; d < from + days; d++) {
    await emulator.act('main', 'population.day', { start: start + d * dayMs })
    await emulator.advanceTo(start + (d + 1) * dayMs)
  }
}

type Json = Record<string, unknown>
async function call(emulator: Emulator, path: string, body?: unknown): Promise<Json> {
  const answer = await emulator.handle({ method: body === undefined ? 'GET' : 'POST', url: path, headers: {}, body: Buffer.from(body === undefined ? '' : JSON.stringify(body)), ip: '10.0.0.1' })
  const value = JSON.parse(answer.body.toString('utf8')) as Json
  expect([path, value.errcode ?? 0, value.errmsg]).toEqual([path, 0, value.errmsg])
  return value
}
async function wecom(emulator: Emulator, path: string, body?: unknown): Promise<Json> {
  const corp = emulator.namespace().accounts.find((account): account is Corp => account.kind === 'wecom')!
  const { access_token: token } = await call(emulator, `/cgi-bin/gettoken?corpid=${corp.id}&corpsecret=${corp.apps.find((app) => app.kind === 'contact')!.secret}`)
  return call(emulator, `/cgi-bin/externalcontact/${path}${path.includes('?') ? '&' : '?'}access_token=${String(token)}`, body)
}
async function shop(emulator: Emulator, path: string, body: unknown): Promise<Json> {
  const account = emulator.namespace().accounts.find((one): one is WeixinAccount => one.kind === 'shop')!
  const { access_token: token } = await call(emulator, '/cgi-bin/stable_token', { grant_type: 'client_credential', appid: account.id, secret: account.secret })
  return call(emulator, `/channels/ec/${path}?access_token=${String(token)}`, body)
}
const shopOf = (emulator: Emulator) => shopState(emulator.namespace(), emulator.namespace().accounts.find((one) => one.kind === 'shop')!.id)
const ordersOf = (emulator: Emulator) => shopOf(emulator).orderIds.map((id) => shopOf(emulator).orders.get(id)!)
const totals = (emulator: Emulator): Totals => (emulator.namespace().slices.population as { current: { totals: Totals } }).current.totals
const corpOf = (emulator: Emulator) => Object.values((emulator.namespace().slices.wecom as { corps: Record<string, { groups: Record<string, { id: string; owner: string }>; media: Record<string, unknown> }> }).corps)[0]

/** A mass send by API to everybody whom each member holds, with what it carries; the members send it within the day. */
async function broadcast(emulator: Emulator, attachments: Array<Record<string, unknown>>): Promise<void> {
  for (const sender of ['WangXiaoHe', 'LiMingYue', 'ChenYiFan']) {
    const { external_userid: people } = (await wecom(emulator, `list?userid=${sender}`)) as { external_userid: string[] }
    await wecom(emulator, 'add_msg_template', { chat_type: 'single', sender, external_userid: people, text: { content: '新茶到了' }, attachments })
  }
}

describe('links in messages', () => {
  const played = async (attachments: (emulator: Emulator) => Array<Record<string, unknown>>, create: Record<string, unknown> = {}): Promise<Emulator> => {
    const emulator = await world(create)
    await live(emulator, 0, 2)
    for (const day of [2, 5, 8, 11]) {
      await broadcast(emulator, attachments(emulator))
      await live(emulator, day, 3)
    }
    return emulator
  }

  it('who comes by the link of a Shop product buys that product, and the order names the corp and the member; without a link nobody is known to have come (control)', async () => {
    const linked = await played((emulator) => {
      const [productId] = shopOf(emulator).productIds
      return [{ msgtype: 'link', link: { title: '新茶', url: `https://store.weixin.qq.com/shop/a/${productId}?corp=ww1&member=WangXiaoHe` } }]
    })
    expect(totals(linked).taps).toBeGreaterThan(10)
    const [first] = shopOf(linked).productIds
    const led = ordersOf(linked).filter((order) => order.sources.length > 0)
    expect(led.length).toBeGreaterThan(3)
    for (const order of led) expect([order.lines[0].productId, order.scene, order.sources]).toEqual([first, 4, [{ sku_id: order.lines[0].skuId, sale_channel: 0, account_type: 4, account_id: 'ww1', account_nickname: '', content_type: 1, content_id: 'WangXiaoHe' }]])
    const plain = await played(() => [])
    expect(ordersOf(plain).flatMap((order) => order.sources)).toEqual([])
    expect(totals(plain).taps ?? 0).toBe(0)
    // Taps tell where people come from; they do not make them buy.
    expect(totals(plain).caused).toBeGreaterThan(0)
    await Promise.all([linked.close(), plain.close()])
  })

  it('a card of the mall brings visits with its page and scene, most without an order; a card of somebody else\'s mini program brings none (control)', async () => {
    const card = (appid: string) => [{ msgtype: 'miniprogram', miniprogram: { title: '看看', pic_media_id: 'picture', appid, page: 'pages/product/product?id=7&ref=abc' } }]
    const errandsOf = async (appid: (emulator: Emulator) => string): Promise<Array<{ person: string; fen: number; page?: string; scene?: number }>> => {
      const emulator = await world({ mall: 0.2 })
      await live(emulator, 0, 2)
      for (const day of [2, 4]) {
        corpOf(emulator).media.picture = { type: 'image', purpose: 'temporary', at: start + day * dayMs, name: 'tea.png', size: 100 }
        await broadcast(emulator, card(appid(emulator)))
        await live(emulator, day, 2)
      }
      const { errands } = (await emulator.act('main', 'population.errands', { goods: 1 })) as { errands: Array<{ person: string; fen: number; page?: string; scene?: number }> }
      await emulator.close()
      return errands
    }
    const ours = await errandsOf((emulator) => emulator.namespace().accounts.find((account) => account.kind === 'mini-program')!.id)
    const led = ours.filter((one) => one.page !== undefined)
    expect(led.length).toBeGreaterThan(5)
    expect(led.every((one) => one.page === 'pages/product/product?id=7&ref=abc' && one.scene === 1007)).toBe(true)
    expect(led.filter((one) => one.fen === 0).length).toBeGreaterThan(led.length / 3)
    expect((await errandsOf(() => 'wxsomebodyelse')).every((one) => one.page === undefined && one.fen > 0)).toBe(true)
  })
})

describe('coupons and prices', () => {
  const coupon = async (emulator: Emulator, share: number): Promise<string> => {
    const { data } = (await shop(emulator, 'coupon/create', {
      type: 2, name: '春茶七折', discount_info: { discount_num: share }, receive_info: { start_time: start / 1000, end_time: start / 1000 + 40 * 86_400, limit_num_one_person: 1, total_num: 300 }, valid_info: { valid_type: 2, valid_day_num: 10 },
    })) as { data: { coupon_id: string } }
    await shop(emulator, 'coupon/update_status', { coupon_id: data.coupon_id, status: 2 })
    return data.coupon_id
  }

  it('people take a coupon that is out and use it; the Shop\'s own figures agree, and more is bought than without one (control)', async () => {
    const played = async (with_: boolean): Promise<{ emulator: Emulator; id: string }> => {
      const emulator = await world()
      const id = with_ ? await coupon(emulator, 7000) : ''
      await live(emulator, 0, 20)
      return { emulator, id }
    }
    const { emulator: reduced, id } = await played(true)
    const { emulator: plain } = await played(false)
    const { coupon: told } = (await shop(reduced, 'coupon/get', { coupon_id: id })) as { coupon: { stock_info: { receive_num: number; used_num: number } } }
    expect(told.stock_info).toMatchObject({ receive_num: totals(reduced).couponsTaken, used_num: totals(reduced).couponsUsed })
    expect(totals(reduced).couponsTaken).toBeGreaterThan(40)
    expect(totals(reduced).couponsUsed).toBeGreaterThan(10)
    expect(totals(reduced).orders).toBeGreaterThan(totals(plain).orders)
    expect(totals(plain).couponsTaken ?? 0).toBe(0)
    const cheaper = ordersOf(reduced).flatMap((order) => order.lines).filter((line) => line.couponId === id)
    expect(cheaper.length).toBe(totals(reduced).couponsUsed)
    for (const line of cheaper) expect(line.realFen).toBe(line.priceFen * line.count - line.discountFen)
    await Promise.all([reduced.close(), plain.close()])
  })

  it('dearer goods are bought less often, and the price in mind moves towards what is paid', async () => {
    const ordersAt = async (factor: number): Promise<{ orders: number; references: number[] }> => {
      const emulator = await world({ overrides: { common: { referencePull: 0.2 } } })
      await live(emulator, 0, 1)
      const { productIds, products } = shopOf(emulator)
      for (const id of productIds) for (const sku of products[id].online?.skus ?? []) sku.sale_price = Math.round((sku.sale_price ?? 0) * factor)
      await live(emulator, 1, 19)
      const { references } = (emulator.namespace().slices.population as { current: { references?: Record<string, number> } }).current
      const { orders } = totals(emulator)
      await emulator.close()
      return { orders, references: Object.values(references ?? {}) }
    }
    const [same, dearer, cheaper] = [await ordersAt(1), await ordersAt(1.4), await ordersAt(0.7)]
    expect(dearer.orders).toBeLessThan(0.85 * same.orders)
    expect(cheaper.orders).toBeGreaterThan(1.15 * same.orders)
    expect(same.references).toEqual([])
    expect(dearer.references.length).toBeGreaterThan(20)
    expect(dearer.references.every((one) => one > 0 && one < Math.log(1.4))).toBe(true)
  })

  it('a world with coupons, other prices and groups that is read back goes on the same', async () => {
    const one = await world({ groups: 1 })
    const id = await coupon(one, 7000)
    await live(one, 0, 3)
    for (const sku of shopOf(one).productIds.flatMap((product) => shopOf(one).products[product].online?.skus ?? [])) sku.sale_price = 4321
    await live(one, 3, 3)
    const kept = JSON.parse(JSON.stringify(one.snapshot())) as unknown
    expect(totals(one).couponsTaken).toBeGreaterThan(0)
    await live(one, 6, 4)
    const two = await world({ groups: 1 })
    await two.restore('main', kept)
    expect(shopOf(two).coupons[id].received).toBe(totals(two).couponsTaken)
    await live(two, 6, 4)
    expect(two.stateHash()).toBe(one.stateHash())
    await Promise.all([one.close(), two.close()])
  })
})

describe('customer groups', () => {
  it('people join by the code and by invitation, write and leave; sizes by the API are what joined less what left; without groups nobody does (control)', async () => {
    const emulator = await world({ groups: 1 })
    await live(emulator, 0, 4)
    const list = (await wecom(emulator, 'groupchat/list', { limit: 100 })) as { group_chat_list: Array<{ chat_id: string }> }
    expect(list.group_chat_list.length).toBeGreaterThan(0)
    await wecom(emulator, 'groupchat/add_join_way', { scene: 2, chat_id_list: [list.group_chat_list[0].chat_id], state: 'shelf' })
    await live(emulator, 4, 24)
    const sizes = await Promise.all(list.group_chat_list.map(async ({ chat_id }) => (await wecom(emulator, 'groupchat/get', { chat_id, need_name: 0 })) as { group_chat: { member_list: Array<{ type: number; join_scene: number; state?: string }> } }))
    const guests = sizes.flatMap(({ group_chat }) => group_chat.member_list).filter((member) => member.type === 2)
    expect(guests.length).toBe(totals(emulator).joined - (totals(emulator).leftGroup ?? 0))
    expect(totals(emulator).leftGroup).toBeGreaterThan(0)
    expect(guests.some((member) => member.join_scene === 3 && member.state === 'shelf')).toBe(true)
    expect(guests.some((member) => member.join_scene === 1)).toBe(true)
    await emulator.close()
    const without = await world()
    await live(without, 0, 6)
    expect(totals(without).joined ?? 0).toBe(0)
    await without.close()
  })

  it('what a group is sent drives people out of the group, not away from the member', async () => {
    const emulator = await world({ groups: 1, overrides: { common: { groupLeave: 0, groupMeet: 1 }, regimes: { 'loves-news': { delta: 0.5, lift: 1 } }, presets: { tea: { leaveNatural: 0 } } } })
    await live(emulator, 0, 6)
    const groups = Object.values(corpOf(emulator).groups)
    expect(groups.length).toBeGreaterThan(0)
    for (let day = 6; day < 16; day++) {
      for (const group of groups) await emulator.act('main', 'wecom.memberBroadcast', { userid: group.owner, chat_id_list: [group.id], text: `第 ${day} 天` })
      await live(emulator, day, 1)
    }
    expect(totals(emulator).leftGroup).toBeGreaterThan(3)
    expect(totals(emulator).deleted ?? 0).toBe(0)
    await emulator.close()
  })
})
