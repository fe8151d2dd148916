/** After-sale states (售后状态), shop sheet 9, with the platform's own spelling. */
const closed = new Set(['USER_CANCELD', 'MERCHANT_REFUND_RETRY_FAIL', 'MERCHANT_FAIL', 'MERCHANT_REFUND_SUCCESS', 'MERCHANT_RETURN_SUCCESS'])

/** "After-sale in progress" as `order/search` means it. */
export function aftersaleOpen(status: string): boolean {
  return !closed.has(status)
}

/** The order shows a number. Which number means which state is UNCONFIRMED (shop sheet 21.6); this is our own order of the strings. */
export function aftersaleStatusCode(status: string): number {
  const known = [
    'USER_CANCELD', 'MERCHANT_PROCESSING', 'MERCHANT_REJECT_REFUND', 'MERCHANT_REJECT_RETURN', 'USER_WAIT_RETURN', 'RETURN_CLOSED', 'MERCHANT_WAIT_RECEIPT',
    'MERCHANT_OVERDUE_REFUND', 'MERCHANT_REFUND_SUCCESS', 'MERCHANT_RETURN_SUCCESS', 'PLATFORM_REFUNDING', 'PLATFORM_REFUND_FAIL', 'USER_WAIT_CONFIRM',
    'MERCHANT_REFUND_RETRY_FAIL', 'MERCHANT_FAIL', 'USER_WAIT_CONFIRM_UPDATE', 'USER_WAIT_HANDLE_MERCHANT_AFTER_SALE',
  ]
  const codes = [1, 2, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
  return codes[known.indexOf(status)] ?? 0
}
