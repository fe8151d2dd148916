import type { FactSource } from './fact-source.ts'

const follow = `from v_follow f where f.tenant_id = $1 and f.person_id = p.person_id`
// Orders are booked for the person known at the time; a merge since then leaves them there.
const order = `from v_order o where o.tenant_id = $1 and o.paid_at is not null
  and o.person_id in (select p.person_id union all select g.person_id from v_merged g where g.tenant_id = $1 and g.merged_into = p.person_id)`
const touch = `from v_message m where m.tenant_id = $1 and m.person_id = p.person_id and m.state = 'sent'`

const messages = (more: string): string => `select count(*) ${touch} ${more}`

/** What the house itself knows of a person, from the read views. */
export const houseFacts: FactSource = {
  name: 'house',
  fields: [
    { key: 'contact.since', zh: '成为联系人', en: 'contact since', type: 'instant', sql: `select max(f.followed_at) ${follow} and f.active` },
    { key: 'contact.active', zh: '是好友', en: 'is a friend', type: 'boolean', sql: `exists (select 1 ${follow} and f.active)` },
    { key: 'contact.staff', zh: '跟进同事', en: 'followed by', type: 'set', sql: `select array_agg(distinct f.staff) ${follow} and f.active` },
    { key: 'contact.code', zh: '来源活码参数', en: 'channel code state', type: 'set', sql: `select array_agg(distinct f.state) ${follow} and f.state <> ''` },
    {
      key: 'contact.tag', zh: '标签', en: 'tag', type: 'set',
      sql: `select array_agg(distinct t.tag_id) from v_follow f join v_follow_tag t on t.tenant_id = f.tenant_id and t.corp_id = f.corp_id and t.external_userid = f.external_userid and t.staff = f.staff
            where f.tenant_id = $1 and f.person_id = p.person_id and f.active`,
    },
    { key: 'contact.known', zh: '能认出买家身份', en: 'joined to purchases', type: 'boolean', sql: 'exists (select 1 from v_contact c where c.tenant_id = $1 and c.person_id = p.person_id and c.has_unionid)' },
    { key: 'orders.count', zh: '付款订单数', en: 'paid orders', type: 'number', sql: `select count(*) ${order}` },
    { key: 'orders.net-fen', zh: '净付款（分）', en: 'net paid (fen)', type: 'number', sql: `select coalesce(sum(o.paid_fen - o.refunded_fen), 0) ${order}` },
    { key: 'orders.last', zh: '最近付款', en: 'last paid', type: 'instant', sql: `select max(o.paid_at) ${order}` },
    { key: 'orders.first', zh: '首次付款', en: 'first paid', type: 'instant', sql: `select min(o.paid_at) ${order}` },
    { key: 'messages.last', zh: '最近触达', en: 'last message', type: 'instant', sql: `select max(m.sent_at) ${touch}` },
    { key: 'messages.count-28d', zh: '28 天触达次数', en: 'messages in 28 days', type: 'number', sql: messages('and m.sent_at >= $2::bigint - 2419200000') },
    { key: 'points.balance', zh: '羽毛余额', en: 'feathers', type: 'number', sql: 'select a.balance from v_points a where a.tenant_id = $1 and a.person_id = p.person_id' },
  ],
}
