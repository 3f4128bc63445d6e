import { ApiError } from './operation.ts'
import type { CloudState } from './state.ts'

const SECOND = 1000

/**
 * Counts the calls of each account to each product in the last second, and refuses calls beyond the
 * limit. The vendor documents limits per API and account
 * (https://www.alibabacloud.com/en/notice/upgradenotification_of_request_limit_upgrade_of_sts_assumerole_api_175),
 * and refuses with `Throttling.User`.
 */
export function createRates(state: CloudState) {
  const recent = new Map<string, number[]>()
  /** @throws ApiError Throttling.User (429) */
  return (product: string, accountId: string): void => {
    const limit = state.settings.rates.get(product)
    if (limit === undefined) return
    const now = state.now()
    const key = `${accountId} ${product}`
    const calls = (recent.get(key) ?? []).filter((at) => at > now - SECOND)
    recent.set(key, calls)
    if (calls.length >= limit) {
      throw new ApiError(429, 'Throttling.User', 'Request was denied due to user flow control.')
    }
    calls.push(now)
  }
}
