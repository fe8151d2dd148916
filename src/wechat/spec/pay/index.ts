/** WeChat Pay API v3 (微信支付) of a direct merchant, and of a service provider for a sub-merchant: endpoints and notices as rows. Money is integer fen, except in bill files (yuan). */
import { billDownload, fundFlowBill, tradeBill } from './bill.ts'
import { certificatesGet } from './certificate.ts'
import { favorRows } from './coupon.ts'
import { partnerRows } from './partner.ts'
import {
  splitAmounts,
  splitCreate,
  splitGet,
  splitReceiverAdd,
  splitReceiverDelete,
  splitReturnCreate,
  splitReturnGet,
  splitUnfreeze,
} from './profit-sharing.ts'
import { refundApplyAbnormal, refundCreate, refundGet } from './refund.ts'
import { appPrepay, h5Page, h5Prepay, jsapiPrepay, nativePrepay, transactionById, transactionByNumber, transactionClose } from './transaction.ts'
import { transferById, transferByNumber, transferCancel, transferCreate } from './transfer.ts'

export * from './bill.ts'
export * from './certificate.ts'
export * from './coupon.ts'
export * from './errors.ts'
export * from './notice.ts'
export * from './partner.ts'
export * from './profit-sharing.ts'
export * from './refund.ts'
export * from './transaction.ts'
export * from './transfer.ts'

export const payRows = [
  jsapiPrepay,
  appPrepay,
  h5Prepay,
  h5Page,
  nativePrepay,
  transactionByNumber,
  transactionById,
  transactionClose,
  refundCreate,
  refundGet,
  refundApplyAbnormal,
  tradeBill,
  fundFlowBill,
  billDownload,
  certificatesGet,
  splitReceiverAdd,
  splitReceiverDelete,
  splitCreate,
  splitGet,
  splitReturnCreate,
  splitReturnGet,
  splitUnfreeze,
  splitAmounts,
  transferCreate,
  transferByNumber,
  transferById,
  transferCancel,
  ...partnerRows,
  ...favorRows,
]
