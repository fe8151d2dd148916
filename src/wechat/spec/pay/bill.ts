import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { payErrors } from './errors.ts'

/** Bills (账单): CSV with a byte order mark, every cell after a back-tick, amounts in yuan. The hash is of the unzipped file. */

const billErrors = {
  ...payErrors,
  NO_STATEMENT_EXIST: { retry: 'never', en: 'nothing happened on that day (400)' },
  STATEMENT_CREATING: { retry: 'later', en: 'the bill is not ready, ask again in half an hour (400)' },
} as const

const billAnswer = z.looseObject({ hash_type: z.string(), hash_value: z.string(), download_url: z.string() })

export const tradeBill = endpoint({
  name: 'pay.bill.trade',
  line: 'pay',
  method: 'GET',
  path: '/v3/bill/tradebill',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({
    /** YYYY-MM-DD, the last three months; ready the next day after 10:00. */
    bill_date: z.string(),
    /** ALL, SUCCESS or REFUND. */
    bill_type: z.string().optional(),
    tar_type: z.string().optional(),
    sub_mchid: z.string().optional(),
  }),
  response: billAnswer,
  errors: billErrors,
  repeat: 'safe',
  doc: 'PD/4013071254',
  verified: 'reading',
  zh: '申请交易账单',
})

export const fundFlowBill = endpoint({
  name: 'pay.bill.fund-flow',
  line: 'pay',
  method: 'GET',
  path: '/v3/bill/fundflowbill',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({
    bill_date: z.string(),
    /** BASIC when absent; OPERATION, FEES. */
    account_type: z.string().optional(),
    tar_type: z.string().optional(),
  }),
  response: billAnswer,
  errors: billErrors,
  repeat: 'safe',
  doc: 'PD/4013071254',
  verified: 'reading',
  zh: '申请资金账单',
})

export const billDownload = endpoint({
  name: 'pay.bill.download',
  line: 'pay',
  method: 'GET',
  path: '/v3/billdownload/file',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ token: z.string() }),
  response: z.unknown(),
  body: 'binary',
  errors: billErrors,
  repeat: 'safe',
  doc: 'PD/4013071254',
  verified: 'reading',
  zh: '下载账单',
})
