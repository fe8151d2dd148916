import type { StageParts } from '../../src/stages.ts'
import type { Work } from '../../src/kernel/engine/index.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import type { Canary } from '../../src/simulation/index.ts'

/** One deliberate bug for each checker. A wrong handler writes when the first fact of the Shop comes, in the product's own transaction. */

function wrongHandler(write: (work: Work, tx: Tx) => Promise<unknown>): (parts: StageParts) => StageParts {
  return (parts) => ({
    ...parts,
    handlers: {
      ...parts.handlers,
      facts: [...parts.handlers.facts, {
        line: 'shop', accepts: (event) => event === 'channels_ec_order_pay',
        async handle(work, tx) {
          const done = await tx.query(`select 1 from setting where tenant_id = $1 and key = 'canary'`, [work.tenantId])
          if (done.length > 0) return
          if ((await write(work, tx)) === 0) return // nothing there yet to be wrong about
          await tx.run(`insert into setting (tenant_id, key, value, changed_at) values ($1, 'canary', 'true', $2)`, [work.tenantId, work.now])
        },
      }],
    },
  })
}

/** Statements of one kind are sent with other values. */
function changing(start: string, change: (params: readonly unknown[]) => unknown[]): (tx: Tx) => Tx {
  return (tx) => {
    const values = (text: string, params?: readonly unknown[]) => (params && text.startsWith(start) ? change(params) : params)
    return { ...tx, run: (text, params) => tx.run(text, values(text, params)), write: (text, params) => tx.write(text, values(text, params)) }
  }
}

/** A mass or welcome message that was sent, with the gate's answer or without. */
async function message(work: Work, tx: Tx, message: { key: string; purpose: string; kind: string; person: string; gate: boolean | 'unknown' }): Promise<void> {
  const gateId = work.ids.next()
  if (message.gate === true) {
    await tx.run(
      `insert into gate_answer (tenant_id, gate_id, key, person_id, line, purpose, message_kind, campaign, corp_id, staff, asked_at, state, reason, detail, weight, expires_at)
       values ($1, $2, $3, $4, 'wecom', $5, $6, 'canary', 'c', 's', $7, 'sent', 'ok', '{}', 1, $7)`,
      [work.tenantId, gateId, message.key, message.person, message.purpose, message.kind, work.now],
    )
  }
  await tx.run(
    `insert into outbound_message (tenant_id, message_id, key, campaign, purpose, message_kind, person_id, corp_id, external_userid, staff, state, gate_id, asked_at, weight, sent_at)
     values ($1, $2, $3, 'canary', $4, $5, $6, 'c', 'x', 's', 'sent', $7, $8, 1, $8)`,
    [work.tenantId, work.ids.next(), message.key, message.purpose, message.kind, message.person, message.gate ? gateId : null, work.now],
  )
}

const someone = '00000000-0000-7000-8000-0000000000c1'

const changed = (text: string, from: RegExp, to: string) => ({ body: Buffer.from(text.replace(from, to)) })

export const canaries: readonly Canary[] = [
  {
    checker: 'stock',
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      await tx.run(`insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at) values ($1, $2, 5, 0, 0, 0, 1, 0, 0, 7, $3)`, [tenantId, ids.next(), now])
    }),
  },
  {
    checker: 'stock', what: 'mall', // reserved for nobody
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      await tx.run(`insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at) values ($1, $2, 0, 1, 0, 0, 0, 0, 0, 1, $3)`, [tenantId, ids.next(), now])
    }),
  },
  {
    checker: 'money', // one fen of each posting is lost
    tx: changing('insert into entry', (params) => params.map((value, n) => (n === 5 ? (value as number[]).map((amount, k) => ((params[4] as string[])[k] === 'fen' && amount > 0 ? amount - 1 : amount)) : value))),
  },
  {
    checker: 'money', what: 'mall', // a payment that WeChat Pay knows nothing of
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      const id = ids.next()
      await tx.run(`insert into posting (tenant_id, posting_id, key, occurred_at, recorded_at, reason) values ($1, $2, 'order/mall/canary/paid', $3, $3, 'order paid')`, [tenantId, id, now])
      await tx.run(`insert into entry (tenant_id, posting_id, n, account, unit, amount) values ($1, $2, 0, 'till:pay', 'fen', 100), ($1, $2, 1, 'sales:mall', 'fen', -100)`, [tenantId, id])
    }),
  },
  {
    checker: 'money', what: 'wallet', // the Shop is said to have settled what it did not
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      const id = ids.next()
      await tx.run(`insert into posting (tenant_id, posting_id, key, occurred_at, recorded_at, reason) values ($1, $2, 'shop-fund/canary/1', $3, $3, 'wallet of the Shop')`, [tenantId, id, now])
      await tx.run(`insert into entry (tenant_id, posting_id, n, account, unit, amount) values ($1, $2, 0, 'wallet:shop', 'fen', 100), ($1, $2, 1, 'till:shop', 'fen', -100)`, [tenantId, id])
    }),
  },
  {
    checker: 'money', what: 'fee', // a fee for an order that WeChat Pay does not know
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      const id = ids.next()
      await tx.run(`insert into posting (tenant_id, posting_id, key, occurred_at, recorded_at, reason) values ($1, $2, 'fee/payment/canary', $3, $3, 'fee of WeChat Pay')`, [tenantId, id, now])
      await tx.run(`insert into entry (tenant_id, posting_id, n, account, unit, amount) values ($1, $2, 0, 'till:pay', 'fen', -6), ($1, $2, 1, 'fee:pay', 'fen', 6)`, [tenantId, id])
    }),
  },
  {
    checker: 'book', // whoever received his parcel still seems to wait
    http: (request, answer) => (request.url.includes('/ec/order/get') ? { ...answer, ...changed(answer.body.toString('utf8'), /"status":100,/, '"status":30,') } : answer),
  },
  {
    checker: 'book', what: 'mall', // an order that waits for ever
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      await tx.run(
        `insert into mall_order (tenant_id, order_id, person_id, buyer, buyer_known, client_key, mini_connection_id, pay_connection_id, state, lines, goods_fen, discount_fen, freight_fen, total_fen, placed_at, expires_at, shipping_report, version)
         values ($1, 'canary', $2, 'b', true, 'canary', $2, $2, 'unpaid', '[]', 1, 0, 0, 1, $3, $3, 'none', 1)`,
        [tenantId, ids.next(), now],
      )
    }),
  },
  {
    checker: 'points',
    stages: wrongHandler(async ({ tenantId, ids, now }, tx) => {
      await tx.run(`insert into points_account (tenant_id, person_id, balance, earned, spent, joined_at) values ($1, $2, 10, 10, 0, $3)`, [tenantId, ids.next(), now])
    }),
  },
  {
    checker: 'caps', // at first the client asks for a token again and again: 10,000 a minute are allowed (D90454)
    repeat: (request, made) => (made < 20 && request.url.includes('/cgi-bin/gettoken') ? 10_001 : 1),
  },
  { checker: 'gate', stages: wrongHandler((work, tx) => message(work, tx, { key: 'canary', purpose: 'journey', kind: 'news', person: someone, gate: false })) },
  { checker: 'gate', what: 'unknown answer', stages: wrongHandler((work, tx) => message(work, tx, { key: 'canary', purpose: 'journey', kind: 'news', person: someone, gate: 'unknown' })) },
  {
    checker: 'welcome',
    stages: wrongHandler(async (work, tx) => {
      for (const key of ['canary 1', 'canary 2']) await message(work, tx, { key, purpose: 'welcome', kind: 'help', person: someone, gate: true })
    }),
  },
  { checker: 'facts', drop: (n) => n % 5 === 0 },
  {
    checker: 'credit',
    stages: wrongHandler(async ({ tenantId, now }, tx) => {
      return tx.run(
        `insert into order_credit (tenant_id, shelf, order_id, model, channel, billionths, credit_fen, paid_at)
         select tenant_id, shelf, order_id, 'canary', 'nowhere', 999999999, paid_fen, $2 from shop_order where tenant_id = $1 and paid_fen > 0 order by order_id limit 1`,
        [tenantId, now],
      )
    }),
  },
  {
    checker: 'holdout',
    stages: wrongHandler(async (work, tx) => {
      const epoch = work.ids.next()
      await tx.run(
        `insert into dose_epoch (tenant_id, epoch_id, n, starts_at, ends_at, doses, habit_dose, design, cap_fen, roster, status) values ($1, $2, 9999, $3, $4, '{0,4}', 4, '{}', 1000, 1, 'closed')`,
        [work.tenantId, epoch, work.now - 1, work.now + 86_400_000],
      )
      await tx.run(`insert into dose_assignment (tenant_id, epoch_id, person_id, segment, arm, stratum, pre_fen, assigned_at) values ($1, $2, $3, 0, 0, '', 0, $4)`, [work.tenantId, epoch, someone, work.now - 1])
      await message(work, tx, { key: 'canary', purpose: 'journey', kind: 'sell', person: someone, gate: true })
    }),
  },
  {
    checker: 'people', // the first order of a batch is booked on somebody else
    tx: changing('insert into shop_order', (params) => params.map((value, n) => (n === 1 ? JSON.stringify((JSON.parse(String(value)) as Array<Record<string, unknown>>).map((row, k) => (k === 0 ? { ...row, person_id: someone } : row))) : value))),
  },
]
