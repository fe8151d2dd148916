import { contactBatchGet, contactGet, contactList, contactRemark, followUserList, servedContactList } from '../../wechat/spec/wecom/index.ts'
import { randomOf } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { atMost, limitOf, listAtMost, page, wecom } from './call.ts'
import { tellContact } from './event.ts'
import { customerOf, followerOf, isRelation, relationOf, relationsOf, seconds, type CorpState, type Customer, type Follow } from './state.ts'

function shownContact(corp: CorpState, customer: Customer) {
  return {
    external_userid: customer.id,
    name: customer.name,
    avatar: customer.avatar,
    type: customer.type,
    gender: customer.gender,
    ...(customer.type === 1 && corp.openPlatform !== null && customer.unionid !== undefined ? { unionid: customer.unionid } : {}),
    ...(customer.type === 2 ? { corp_name: customer.corpName ?? '', corp_full_name: customer.corpName ?? '' } : {}),
  }
}

function shownRelation(userid: string, follow: Follow) {
  return {
    userid,
    remark: follow.remark,
    description: follow.description,
    createtime: seconds(follow.createdAt),
    ...(follow.remarkCorp === undefined ? {} : { remark_corp_name: follow.remarkCorp }),
    remark_mobiles: follow.mobiles,
    oper_userid: follow.oper,
    add_way: follow.addWay,
    ...(follow.state === undefined ? {} : { state: follow.state }),
    ...(follow.channels ? { wechat_channels: follow.channels } : {}),
  }
}

function shownTags(corp: CorpState, follow: Follow) {
  return [
    ...follow.tags.map((id) => ({
      group_name: corp.tagGroups[corp.tags[id]?.group]?.name ?? '',
      tag_name: corp.tags[id]?.name ?? '',
      tag_id: id,
      type: 1,
    })),
    ...follow.personalTags.map((name) => ({ group_name: '', tag_name: name, type: 2 })),
  ]
}

export const contactRoutes = [
  wecom(followUserList, ({ corp }) => ({
    follow_user: Object.values(corp.members)
      .filter((member) => member.customerContact && member.status === 1)
      .map(({ userid }) => userid),
  })),
  wecom(contactList, ({ corp, input, call }) => {
    const member = followerOf(corp, input.userid)
    const all = relationsOf(corp, member.userid).map(([id]) => id)
    return { external_userid: call.faults.includes('partial') ? all.slice(0, Math.ceil(all.length / 2)) : all }
  }),
  wecom(contactGet, ({ corp, input }) => {
    const customer = customerOf(corp, input.external_userid)
    const followers = (corp.followers[customer.id] ?? []).filter((userid) => isRelation(corp.follows[userid]?.[customer.id]))
    if (followers.length === 0) throw new PlatformError(84061, 'not external contact relationship')
    const { items, next_cursor } = page(followers, (userid) => userid, input.cursor, 500)
    return {
      external_contact: shownContact(corp, customer),
      follow_user: items.map((userid) => ({
        ...shownRelation(userid, corp.follows[userid][customer.id]),
        tags: shownTags(corp, corp.follows[userid][customer.id]),
      })),
      ...(next_cursor === '' ? {} : { next_cursor }),
    }
  }),
  wecom(contactBatchGet, ({ corp, input, call }) => {
    const users = input.userid_list ?? []
    if (users.length === 0) throw new PlatformError(40063, 'userid_list is empty')
    listAtMost(users, 100, 'userid_list')
    for (const userid of users) followerOf(corp, userid)
    const pairs = users.flatMap((userid) => relationsOf(corp, userid).map(([id, follow]) => ({ userid, id, follow })))
    const { items, next_cursor } = page(pairs, (pair) => `${pair.userid}/${pair.id}`, input.cursor, limitOf(input.limit, 50, 100), call.faults)
    return {
      external_contact_list: items.map(({ userid, id, follow }) => ({
        external_contact: shownContact(corp, corp.customers[id]),
        follow_info: { ...shownRelation(userid, follow), tag_id: follow.tags },
      })),
      next_cursor,
    }
  }),
  wecom(servedContactList, ({ ns, corp, input, call }) => {
    const seats = [
      ...Object.keys(corp.members).flatMap((userid) =>
        relationsOf(corp, userid).map(([id, follow]) => ({
          key: `${userid}/${id}`,
          id,
          follow_userid: userid,
          chat_id: undefined as string | undefined,
          chat_name: undefined as string | undefined,
          at: follow.createdAt,
        })),
      ),
      ...Object.values(corp.groups)
        .filter((group) => group.dismissedAt === undefined)
        .flatMap((group) =>
          Object.entries(group.members)
            .filter(([, seat]) => seat.type === 2)
            .map(([id, seat]) => ({
              key: `${group.id}/${id}`,
              id,
              follow_userid: undefined,
              chat_id: group.id,
              chat_name: group.name,
              at: seat.joinedAt,
            })),
        ),
    ]
    const { items, next_cursor } = page(seats, (seat) => seat.key, input.cursor, limitOf(input.limit, 1_000, 1_000), call.faults)
    const window = Math.floor(ns.now / 14_400_000)
    return {
      info_list: items.map((seat) => {
        const customer = corp.customers[seat.id]
        const isCustomer = (corp.followers[seat.id] ?? []).some((userid) => isRelation(corp.follows[userid]?.[seat.id]))
        return {
          is_customer: isCustomer,
          tmp_openid: `tmp${randomOf(ns).bytes(18, 'tmp-openid', corp.id, seat.id, window).toString('base64url')}`,
          ...(isCustomer ? { external_userid: seat.id } : { name: `***${[...customer.name].at(-1) ?? ''}` }),
          ...(seat.follow_userid === undefined ? { chat_id: seat.chat_id, chat_name: seat.chat_name } : { follow_userid: seat.follow_userid }),
          add_time: seconds(seat.at),
        }
      }),
      next_cursor,
    }
  }),
  wecom(contactRemark, ({ ns, corp, input }) => {
    const follow = relationOf(corp, input.userid, input.external_userid)
    const given = [input.remark, input.description, input.remark_company, input.remark_mobiles, input.remark_pic_mediaid]
    if (given.every((field) => field === undefined)) throw new PlatformError(40063, 'nothing to change')
    atMost(input.remark, 20, 'remark')
    atMost(input.description, 150, 'description')
    atMost(input.remark_company, 20, 'remark_company')
    if (input.remark !== undefined) follow.remark = input.remark
    if (input.description !== undefined) follow.description = input.description
    if (input.remark_company !== undefined && corp.customers[input.external_userid ?? '']?.type === 1) follow.remarkCorp = input.remark_company
    if (input.remark_mobiles) follow.mobiles = input.remark_mobiles.filter((mobile) => mobile !== '')
    if (corp.settings.apiCallbacks)
      tellContact(ns, corp, { ChangeType: 'edit_external_contact', UserID: input.userid ?? '', ExternalUserID: input.external_userid ?? '' })
    return {}
  }),
]
